"""What becomes of a plan that was made: shown, compared, proposed, written as one, taken back as one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from moms.desk import proposal
from moms.desk.accept import accept, may_write, take_back
from moms.desk.planning import (
    NoPlanYet,
    NoSuchPlanning,
    Planning,
    PlanningUnderWay,
    again,
    all_plannings,
    best_of,
    check_reason,
    check_revision,
    find,
    rounds_of,
)
from moms.desk.planning_document import compared, read, shown
from moms.desk.planning_ground import read_what
from moms.desk.ports import NoSuchOutage
from moms.values import SYSTEM, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from moms.desk.plan import SeasonPlan
    from moms.desk.ports import Book, Page
    from moms.desk.work import Row
    from moms.desk.world import World
    from moms.values import Actor

SHOWN = 50
"""So many plannings are listed, newest first."""
HEAD = ("round", "at", "id", "requests", "placed", "moved", "secure", "insecure", "missing", "points", "cuts", "levels")


class PlanIsOld(Refused):
    """What the plan rests on has changed since it was made."""


def listed(*, book: Book, actor: Actor) -> list[dict[str, object]]:
    """Give the plannings an actor may see, newest first: the operator's people all, an owner those it is told of."""
    with book.as_(SYSTEM) as page:
        there = tuple(reversed(all_plannings(page).values()))
        told = _told(page, actor)
        return [_head(one, actor) for one in there if told is None or one.plan in told][:SHOWN]


def seen(*, book: Book, world: World, actor: Actor, planning: str, duty: Row | None = None) -> dict[str, object]:
    """Give one planning with its rounds and the best plan, as far as it is an actor's to see.

    Raises:
        NoSuchPlanning: none of that id that this actor may see.
    """
    with book.as_(SYSTEM) as page:
        there, entries = _visible(page, planning, actor)
        last = tuple(page.entries(proposal.PROPOSALS, last=1))
    best = best_of(entries)
    rows = [{name: e[name] for name in HEAD} for e in entries if e["round"] is not None] if actor.sees_all else []
    return {
        **_head(there, actor), "rounds_done": rows,
        "plan": None if best is None else shown(best, actor),
        "as_planned": best is not None and _holds(book, world, there, best),
        "proposed": best is not None and bool(last) and last[0]["plan"] == best["id"],
        "worker": _worker(duty) if actor.sees_all and there.open else None,
    }  # fmt: skip


def explained(*, book: Book, actor: Actor, planning: str, outage: str) -> dict[str, object]:
    """Say of one request of a plan why it is where it is, what binds, what a week earlier takes, who gave way for it.

    Raises:
        NoSuchPlanning, NoPlanYet. NoSuchOutage: not in it, or not this actor's to see.
    """
    with book.as_(SYSTEM) as page:
        there, entries = _visible(page, planning, actor)
    best = _best(there, entries)
    rows = {row["outage"]: row for row in best["places"]}
    row = rows.get(outage)
    if row is None or not (actor.sees_all or row["owner"] == actor.organisation):
        raise NoSuchOutage(f"{outage!r} is not in plan {best['id']}", field="outage", fix="name one of its requests")
    cuts = [cut for cut in best["cuts"] if outage in cut["requests"]]
    found = {
        "planning": there.id, "plan": best["id"], "row": row,
        "binding": [{"name": c["name"], "outages": c["requests"], "says": c["seen"][0]["says"],
                     "minimal": c["seen"][0]["minimal"]} for c in cuts],
        "in_the_way": [_other(rows[n], actor) for n in row["in_the_way"] if n in rows],
        "displaced": [_other(rows[n], actor) for n in row["displaced"] if n in rows],
        "nearer": row["nearer"], "week_earlier": row["week_earlier"],
    }  # fmt: skip
    return found if actor.sees_all else _without_sums(found)


def diff(*, book: Book, actor: Actor, before: str, after: str) -> dict[str, object]:
    """Compare the plans of two plannings, for the operator's people.

    Raises:
        NoSuchPlanning, NoPlanYet.
    """
    with book.as_(actor) as page:
        found = [(find(page, name), rounds_of(page, name)) for name in (before, after)]
    one, other = (_best(there, entries) for there, entries in found)
    return compared(one, other)


def write(*, book: Book, world: World, actor: Actor, now: datetime, planning: str, revision: int) -> Planning:
    """Write the best plan into the book as one; asked again for the same by the same it has been done.

    Raises:
        NotYours, NoSuchPlanning, StaleRevision. PlanningUnderWay: it has not ended. PlanIsOld: the book went on.
        NoPlanYet. NotSecure, BookedAlready, BookMoved: as `accept`.
    """
    may_write(actor)
    with book.as_(actor) as page:
        there, entries = find(page, planning), rounds_of(page, planning)
    done = there.written is not None and there.taken_back is None
    if again(there, revision, by=actor, said="" if there.written is None else there.written["by"], what=done):
        return there
    check_revision(there, revision)
    plan = _as_made(book, world, there, entries)
    accept(book=book, world=world, actor=actor, now=now, plan=plan)
    with book.as_(actor) as page:
        return find(page, planning)


def propose(*, book: Book, world: World, actor: Actor, now: datetime, planning: str, revision: int) -> Planning:
    """Show the best plan to the owners it concerns; nothing moves. Proposed twice, it is proposed once.

    Raises:
        NotYours, NoSuchPlanning, StaleRevision, PlanningUnderWay, PlanIsOld, NoPlanYet.
    """
    may_write(actor)
    with book.as_(actor) as page:
        there, entries = find(page, planning), rounds_of(page, planning)
        last = tuple(page.entries(proposal.PROPOSALS, last=1))
    check_revision(there, revision)
    plan = _as_made(book, world, there, entries)
    if not last or last[0]["plan"] != plan.id:
        proposal.propose(book=book, actor=actor, now=now, plan=plan)
    return there


def back(
    *, book: Book, world: World, actor: Actor, now: datetime, planning: str, revision: int, reason: str
) -> Planning:
    """Take the written plan back as one; asked again for the same by the same it has been done.

    Raises:
        NotYours, ReasonMissing, NoSuchPlanning, StaleRevision. NoSuchPlan: it does not stand.
    """
    may_write(actor)
    check_reason(reason)
    with book.as_(actor) as page:
        there = find(page, planning)
    gone = there.taken_back
    if again(there, revision, by=actor, said="" if gone is None else gone["by"], what=gone is not None):
        return there
    check_revision(there, revision)
    take_back(book=book, world=world, actor=actor, now=now, plan=there.plan, reason=reason.strip())
    with book.as_(actor) as page:
        return find(page, planning)


def step_document(there: Planning, actor: Actor) -> dict[str, object]:
    """Give a planning in few words after a step, always the same for the same step."""
    return _head(there, actor)


def _as_made(book: Book, world: World, there: Planning, entries: Sequence[Mapping[str, Any]]) -> SeasonPlan:
    """Give the plan on the book as it is, if what it rests on is still so."""
    best = _best(there, entries)
    if there.open:
        raise PlanningUnderWay(f"{there.id} is still being made", field="planning", fix="stop it first, or wait")
    with book.as_(SYSTEM) as page:
        version = page.version()
    if not _holds(book, world, there, best):
        says = "requests, outages or rules that the plan rests on have changed since it was made"
        raise PlanIsOld(says, field="planning", fix="plan again")
    with book.as_(SYSTEM) as page:
        return read(best, outage=page.outage, book_version=version)


def _holds(book: Book, world: World, there: Planning, best: Mapping[str, Any]) -> bool:
    wanted = there.wanted
    mark = read_what(book=book, world=world, first=wanted.first, last=wanted.last).mark
    return bool(best["rests_on"]) and mark == best["rests_on"]


def _best(there: Planning, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    best = best_of(entries)
    if best is None:
        raise NoPlanYet(f"{there.id} has no plan yet", field="planning", fix="wait for its first round")
    return best


def _visible(page: Page, planning: str, actor: Actor) -> tuple[Planning, Sequence[Mapping[str, Any]]]:
    there, told = find(page, planning), _told(page, actor)
    if told is not None and there.plan not in told:
        raise NoSuchPlanning(f"there is no plan {planning!r}", field="planning", fix="list them")
    return there, rounds_of(page, planning)


def _told(page: Page, actor: Actor) -> frozenset[str] | None:
    """Name the plans that an owner has been told of: proposed or written, with a request of its own. None: all."""
    if actor.sees_all:
        return None
    proposed = {str(p["plan"]): {row["owner"] for row in p["places"]} for p in page.entries(proposal.PROPOSALS)}  # type: ignore[attr-defined]  # as `propose` enters it
    found = {plan for plan, owners in proposed.items() if actor.organisation in owners}
    for one in all_plannings(page).values():
        if one.written is None or one.plan in found:
            continue
        best = best_of(rounds_of(page, one.id))
        if best is not None and any(row["owner"] == actor.organisation for row in best["places"]):
            found.add(one.plan)
    return frozenset(found - {""})


def _head(there: Planning, actor: Actor) -> dict[str, object]:
    ours = actor.sees_all
    return {
        "id": there.id, "by": there.by, "at": there.at, "reason": there.reason if ours else "",
        "wanted": there.wanted if ours else {"first": there.wanted.first, "last": there.wanted.last},
        "became": there.became, "said": there.said, "ended_at": there.ended_at, "ended_by": there.ended_by,
        "best": there.plan or None, "revision": there.revision, "in_the_book": _in_the_book(there, actor),
    }  # fmt: skip


def _in_the_book(there: Planning, actor: Actor) -> dict[str, object] | None:
    """Say what of it was written, and whether it was taken back."""
    wrote, gone = there.written, there.taken_back
    if wrote is None:
        return None
    mine = (
        wrote["rows"] if actor.sees_all else [r for r in wrote["rows"] if r["booking"]["owner"] == actor.organisation]
    )
    kept = [] if gone is None else [row for row in gone["kept"] if row[0] in {r["outage"] for r in mine}]
    return {
        "by": wrote["by"], "at": wrote["at"], "booked": [r["outage"] for r in mine],
        "moved": [r["outage"] for r in mine if r["from"] != r["to"]],
        "taken_back": None if gone is None else {"by": gone["by"], "at": gone["at"], "reason": gone["reason"],
                                                 "kept": kept},
    }  # fmt: skip


def _other(row: Mapping[str, Any], actor: Actor) -> dict[str, object]:
    """Give another request of the plan: whole to the operator; to an owner whether it moved, where it is another's."""
    if not actor.sees_all and row["owner"] != actor.organisation:
        return {"outage": row["outage"], "reference": None, "owner": None, "assets": [], "asked": None,
                "planned": None, "moved_days": None, "burden": None}  # fmt: skip
    return {name: row[name] for name in ("outage", "reference", "owner", "assets", "asked", "planned", "moved_days",
                                         "burden")}  # fmt: skip


def _without_sums(found: dict[str, Any]) -> dict[str, object]:
    """Leave out what only tells of others: whom a week earlier would move, what they bear, what they leave over."""
    found["row"] = {**found["row"], "says": _coarse(found["row"]["says"]), "nearer": None, "week_earlier": None}
    found["nearer"] = found["nearer"] and [
        {**row, "against": row["against"] and _coarse(row["against"])} for row in found["nearer"]
    ]
    earlier = found["week_earlier"]
    if earlier is not None:
        own = {key: earlier[key] for key in ("possible", "window", "fewest")}
        many = len(earlier["moves"])
        says = (
            earlier["says"] if not earlier["possible"] or not many else f"{many} others would move or lose their place"
        )
        found["week_earlier"] = {**own, "says": _coarse(says), "moves": [], "burden": []}
    return found


def _coarse(says: str) -> str:
    """Say that too little is left, and not how much: that would tell what others take out.

    >>> _coarse("120 MW, 5.5 MW left in zone 3 on 12 Feb")
    '120 MW, too little left in zone 3 on 12 Feb'
    """
    return re.sub(r"-?[0-9.e+]+ MW left", "too little left", says)


def _worker(duty: Row | None) -> dict[str, object]:
    """Say whether a worker has it under way."""
    if duty is None:
        return {"state": "unseen", "says": ""}
    state = "at work" if duty.holder else str(duty.became)
    return {"state": state, "says": duty.says}


__all__ = ["PlanIsOld", "back", "diff", "explained", "listed", "propose", "seen", "step_document", "write"]
