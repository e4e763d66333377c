"""Season plans that are asked for and made by a worker: asked, round after round, stopped or ended, all as entries.

A planning has no table: who asked for what, and what came of it, are entries of a register in the operator's
journal, and each round with the best plan so far is one of a register of its own. What a plan writes into the book
stands where `accept` enters it, under the plan's name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from moms.desk.accept import PLANS, as_document
from moms.desk.ports import NotYours, StaleRevision
from moms.desk.wishes import LONGEST_DAYS
from moms.outages.guards import ReasonMissing
from moms.values import OPERATOR, Refused, Role, digest, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.values import Actor

PLANNINGS = "plannings"
"""The register of plannings: asked, stopped, ended, failed."""
ASK = frozenset({Role.ENGINEER, Role.PLANNER, Role.SYSTEM})
"""Who of the operator has a plan made, and stops it; written it is by engineers alone (`accept`)."""
MOST_ROUNDS, MOST_NODES, MOST_FLEX = 20, 5_000, 60
LONGEST_REASON = 2000


class NotAPlanning(Refused):
    """What cannot be planned as it is asked for."""


class NoSuchPlanning(Refused):
    """No planning of that id that this actor may see."""


class PlanningUnderWay(Refused):
    """Another planning has not ended, or this one has not."""


class PlanningEnded(Refused):
    """The planning has ended: there is nothing to stop."""


class NoPlanYet(Refused):
    """No round has given a plan."""


class Became(StrEnum):
    """Where a planning stands."""

    OPEN = "open"
    """A worker makes it, or will."""
    ENDED = "ended"
    STOPPED = "stopped"
    """By a person; the best plan so far stands."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be planned, and how much work it may cost."""

    first: date
    last: date
    flex_days: int = 0
    """Suppose that every owner accepts a start so many days away: shown, never written."""
    rounds: int = 8
    work: int = 200
    """Nodes of one call of the solver."""
    nonce: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planning:
    """One planning as its entries tell."""

    id: str
    by: str
    at: datetime
    reason: str
    wanted: Wanted
    became: Became = Became.OPEN
    said: str = ""
    """Why it was stopped, or how it ended."""
    ended_at: datetime | None = None
    ended_by: str = ""
    plan: str = ""
    """The name of the best plan; empty while it is open, or where there is none."""
    written: Mapping[str, Any] | None = None
    """What stands in the book of that plan, as its entry has it."""
    taken_back: Mapping[str, Any] | None = None
    """The entry by which it was taken back, if that is the last of it."""
    revision: int = 1

    @property
    def open(self) -> bool:
        """Tell whether a worker makes it, or will."""
        return self.became == Became.OPEN


def register_of(planning: str) -> str:
    """Name the register of a planning's rounds."""
    return f"planning:{planning}"


def planning_id(actor: Actor, key: str) -> str:
    """Give the id of what an actor asks for under a key of its own: the same key gives the same."""
    return f"SP-{digest([actor.organisation, actor.role.value, actor.name, key])[:12]}"


def wanted_of(
    *, first: str, last: str, flex_days: int = 0, rounds: int = 8, work: int = 200, nonce: str = ""
) -> Wanted:
    """Read what is to be planned.

    Raises:
        NotAPlanning: days that are none, out of order or too many, or more work than one may ask for.
    """
    begin, end = _day(first, "from"), _day(last, "to")
    days = (end - begin).days + 1
    if not 1 <= days <= LONGEST_DAYS:
        says = f"{first} to {last} are {days} days" if days > 0 else f"{last} lies before {first}"
        raise NotAPlanning(says, field="to", fix=f"give a day on or after the first, {LONGEST_DAYS} days at most")
    for name, value, least, most in (
        ("flex", flex_days, 0, MOST_FLEX), ("rounds", rounds, 1, MOST_ROUNDS), ("work", work, 1, MOST_NODES),
    ):  # fmt: skip
        if not least <= value <= most:
            raise NotAPlanning(f"{name} is {value}", field=name, fix=f"give {least} to {most}")
    return Wanted(first=begin, last=end, flex_days=flex_days, rounds=rounds, work=work, nonce=nonce)


def start(*, book: Book, actor: Actor, now: datetime, key: str, wanted: Wanted, reason: str) -> Planning:
    """Ask for a plan, which a worker makes; under the same key it is asked for once.

    Raises:
        NotYours, ReasonMissing. PlanningUnderWay: another has not ended. NotAPlanning: the key asked for another.
    """
    may_ask(actor)
    check_reason(reason)
    name = planning_id(actor, key)
    with book.as_(actor) as page:
        page.hold(page.version())
        there = all_plannings(page)
        if name in there:
            if there[name].wanted != wanted:
                raise NotAPlanning("this key asked for another plan", field="Idempotency-Key", fix="use a fresh key")
            return there[name]
        under_way = next((one for one in there.values() if one.open), None)
        if under_way is not None:
            says = f"{under_way.by} has {under_way.id} made, which has not ended"
            raise PlanningUnderWay(says, field="planning", fix="wait for it, or stop it")
        _enter(page, name, "asked", at=now, by=actor, reason=reason.strip(), wanted=wanted)
        return all_plannings(page)[name]


def stop(*, book: Book, actor: Actor, now: datetime, planning: str, revision: int, reason: str) -> Planning:
    """Stop a planning; the best plan so far stands. Stopped again at the revision that was read, it is stopped once.

    Raises:
        NotYours, ReasonMissing, NoSuchPlanning. PlanningEnded, StaleRevision: it has gone on meanwhile.
    """
    may_ask(actor)
    check_reason(reason)
    with book.as_(actor) as page:
        page.hold(page.version())
        there = find(page, planning)
        if again(there, revision, by=actor, said=there.ended_by, what=there.became == Became.STOPPED):
            return there
        check_revision(there, revision)
        if not there.open:
            raise PlanningEnded(f"{planning} has {there.became}", field="planning", fix="look at its plan")
        best = best_name(page, planning)
        _enter(page, planning, "stopped", at=now, by=actor, reason=reason.strip(), plan=best)
        return find(page, planning)


def end(*, book: Book, actor: Actor, now: datetime, planning: str, says: str, failed: bool = False) -> None:
    """Say that a planning has come to its end, unless somebody was quicker."""
    with book.as_(actor) as page:
        page.hold(page.version())
        if find(page, planning).open:
            what = "failed" if failed else "ended"
            _enter(page, planning, what, at=now, by=actor, reason=says, plan=best_name(page, planning))


def all_plannings(page: Page) -> dict[str, Planning]:
    """Give every planning as it stands, by id in the order they were asked for; none to who may not see them."""
    found = _as_entered(page)
    of_plan: dict[str, list[Mapping[str, Any]]] = {}
    wrote: Sequence[Mapping[str, Any]] = page.entries(PLANS) if any(one.plan for one in found.values()) else ()
    for entry in wrote:
        of_plan.setdefault(str(entry["plan"]), []).append(entry)
    return {name: _in_the_book(one, of_plan.get(one.plan, [])) for name, one in found.items()}


def open_plannings(page: Page) -> tuple[Planning, ...]:
    """Give those that a worker makes, or will."""
    return tuple(one for one in _as_entered(page).values() if one.open)


def _as_entered(page: Page) -> dict[str, Planning]:
    found: dict[str, Planning] = {}
    entries: Sequence[Mapping[str, Any]] = page.entries(PLANNINGS)
    for entry in entries:
        name = str(entry["planning"])
        found[name] = _asked(entry) if entry["what"] == "asked" else _after(found[name], entry)
    return found


def find(page: Page, planning: str) -> Planning:
    """Give one planning.

    Raises:
        NoSuchPlanning: none of that id that this actor may see.
    """
    found = all_plannings(page).get(planning)
    if found is None:
        raise NoSuchPlanning(f"there is no plan {planning!r}", field="planning", fix="list them")
    return found


def rounds_of(page: Page, planning: str) -> Sequence[Mapping[str, Any]]:
    """Give the entries of a planning's rounds, oldest first."""
    return page.entries(register_of(planning))


def best_of(entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Give the best plan so far: the last that was better than those before it."""
    return next((entry["plan"] for entry in reversed(entries) if entry["plan"] is not None), None)


def best_name(page: Page, planning: str) -> str:
    """Give the name of the best plan so far; empty where there is none."""
    best = best_of(rounds_of(page, planning))
    return "" if best is None else str(best["id"])


def may_ask(actor: Actor) -> None:
    """Refuse who has no plans made.

    Raises:
        NotYours: anybody but the operator's engineers and planners.
    """
    if actor.organisation != OPERATOR or actor.role not in ASK:
        fix = "an outage engineer or a planner of the operator does"
        raise NotYours(f"{actor} may not have a season planned", field="actor", fix=fix)


def check_reason(reason: str) -> None:
    """Require a reason.

    Raises:
        ReasonMissing: none, or too long a one.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        fix = f"say why in up to {LONGEST_REASON} characters, for the record"
        raise ReasonMissing("no reason is given, or too long a one", field="reason", fix=fix)


def check_revision(there: Planning, revision: int) -> None:
    """See that a planning is as it was read.

    Raises:
        StaleRevision: it has gone on.
    """
    if there.revision != revision:
        says = f"{there.id} is at revision {there.revision}, not {revision}"
        raise StaleRevision(says, field="If-Match", fix="read it again")


def again(there: Planning, revision: int, *, by: Actor, said: str, what: bool) -> bool:
    """Tell whether what an actor asks for is the very step it has taken already, as one whose answer was lost does."""
    return what and there.revision == revision + 1 and said == str(by)


def _enter(page: Page, planning: str, what: str, *, at: datetime, by: Actor, **more: object) -> None:
    page.enter(PLANNINGS, as_document({"planning": planning, "what": what, "at": at, "by": str(by), **more}))


def _asked(entry: Mapping[str, Any]) -> Planning:
    found = entry["wanted"]
    days = {name: date.fromisoformat(found[name]) for name in ("first", "last")}
    return Planning(
        id=entry["planning"], by=entry["by"], at=parse_instant(entry["at"]), reason=entry["reason"],
        wanted=Wanted(**{**found, **days}),
    )  # fmt: skip


def _after(there: Planning, entry: Mapping[str, Any]) -> Planning:
    return replace(
        there, became=Became(entry["what"]), said=entry["reason"], ended_at=parse_instant(entry["at"]),
        ended_by=entry["by"], plan=entry["plan"], revision=there.revision + 1,
    )  # fmt: skip


def _in_the_book(there: Planning, entries: Sequence[Mapping[str, Any]]) -> Planning:
    """Add what was written of its plan, and whether that was taken back."""
    if not entries:
        return there
    last = entries[-1]
    wrote = next(e for e in reversed(entries) if e["what"] == "written")
    back = last if last["what"] == "taken back" else None
    return replace(there, written=wrote, taken_back=back, revision=there.revision + len(entries))


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotAPlanning(f"{text!r} is no day", field=field, fix="write it as 2027-03-01") from None


__all__ = [
    "PLANNINGS", "Became", "NoPlanYet", "NoSuchPlanning", "NotAPlanning", "Planning", "PlanningEnded",
    "PlanningUnderWay", "Wanted", "again", "all_plannings", "best_of", "check_reason", "check_revision", "end", "find",
    "may_ask", "open_plannings", "planning_id", "register_of", "rounds_of", "start", "stop", "wanted_of",
]  # fmt: skip
