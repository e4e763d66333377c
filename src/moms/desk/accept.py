"""Write a season plan into the book when told, and take it back as one.

Nothing is decided: a request that moved waits at its planned dates and is decided like any other. Its stamp
stays, since the operator asked for the move and its owner had said that it accepts such dates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from moms.desk.order import following
from moms.desk.ports import Event, NotYours
from moms.desk.submit import entry_findings, event
from moms.ledger import Booking, Kind, post
from moms.ledger.events import book as booked
from moms.ledger.events import taken_back
from moms.outages import State
from moms.outages.change import change
from moms.outages.lifecycle import Verb, move
from moms.records.accounts import read_ledger, register_of, written
from moms.values import SYSTEM, Actor, Level, Refused, Role, Window, many, parse_instant, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from moms.desk.plan import Place, SeasonPlan
    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.ledger import Event as LedgerEvent
    from moms.ledger import Ledger
    from moms.outages import Outage

PLANS = "plans"
"""The register of plans that were written or taken back."""
MAY = frozenset({Role.ENGINEER, Role.SYSTEM})


class NotSecure(Refused):
    """A plan that the study does not find secure whole."""


class BookedAlready(Refused):
    """A request whose place an earlier plan has booked."""


class NoSuchPlan(Refused):
    """No plan of that name was written, or it was taken back already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """What came of writing or taking back, outage by outage."""

    plan: str
    moved: tuple[str, ...]
    """Whose asked dates are others now."""
    booked: tuple[str, ...]
    """Whose places were booked in a ledger, or unbooked."""
    kept: tuple[tuple[str, str], ...]
    """(outage, why) of those that were left as they are."""


def ledger_of(page: Page, world: World, kind: Kind) -> Ledger:
    """Give a ledger as the journal has it.

    Raises:
        Tampered: an entry is not what was written.
    """
    return read_ledger(page.entries(register_of(kind)), kind=kind, rules=world.rules.ledger.fingerprint)


def opening(page: Page, world: World) -> dict[Kind, dict[str, int]]:
    """Give the balances of both ledgers by owner, as a draft starts from them."""
    found: dict[Kind, dict[str, int]] = {}
    for kind in Kind:
        balances = ledger_of(page, world, kind).balance_milli
        found[kind] = {a.partition(":")[2]: m for a, m in balances.items() if a.startswith("owner:")}
    return found


def waited(page: Page) -> dict[str, int]:
    """Give in how many seasons each request found no place in a plan that was written and stands.

    Plans of days that overlap are one season: planning again makes nobody wait longer.
    """
    plans: dict[str, Mapping[str, Any]] = {}
    for entry in page.entries(PLANS):
        plans[str(entry["plan"])] = entry
    seasons: dict[str, list[tuple[date, int]]] = {}
    for plan in sorted(plans.values(), key=lambda p: str(p.get("first"))):
        if plan["what"] != "written":
            continue
        first, days = date.fromisoformat(plan["first"]), int(plan["days"])
        for name in plan["waits"]:
            known = seasons.setdefault(name, [])
            if not known or (first - known[-1][0]).days >= known[-1][1]:
                known.append((first, days))
    return {name: len(known) for name, known in sorted(seasons.items())}


def accept(*, book: Book, world: World, actor: Actor, now: datetime, plan: SeasonPlan) -> Wrote:
    """Write a plan: move what its owners let move, book every place, journal it all, in one transaction.

    Raises:
        NotYours: only the operator's engineers write a plan.
        NotSecure: the study of the whole plan found something.
        BookMoved: the book is not what was planned on.
    """
    may_write(actor)
    if not plan.secure:
        raise NotSecure(
            f"plan {plan.id} is not secure as a whole",
            field="plan",
            fix="plan again with more rounds, or fewer requests",
        )
    with book.as_(actor) as page:
        page.hold(plan.book_version)
        _none_booked(page, world, plan)
        moved, kept, rows = [], [], []
        stays = _stay(page, world, plan, actor=actor, now=now)
        for place in plan.places:
            before, why = page.outage(place.outage.id), stays.get(place.outage.id, "")
            after = None if why else _at_its_place(page, world, before, place, plan, actor=actor, now=now)
            if why or after is None:
                kept.append((before.id, why or "an entry rule forbids the planned dates"))
                continue
            if place.moved_days:
                moved.append(before.id)
            rows.append(_row(before, after, place))
        placed = {str(r["outage"]) for r in rows}
        for kind in Kind:
            mine = [_booking(p) for p in plan.places if p.kind is kind and p.outage.id in placed]
            post_to(page, world, kind, [booked(b) for b in mine], now=now)
        page.enter(PLANS, as_document({"plan": plan.id, "what": "written", "at": now, "by": str(actor), "rows": rows,
                                     "seed": plan.drafted.seed, "cuts": plan.cuts, "first": plan.first,
                                     "days": plan.days,
                                     "waits": [p.outage.id for p in plan.places if p.window is None]}))  # fmt: skip
    names = tuple(str(r["outage"]) for r in rows)
    return Wrote(plan=plan.id, moved=tuple(moved), booked=names, kept=tuple(kept))


def booking_held(page: Page, outage_id: str) -> Booking | None:
    """Give the last booking of a request, as plans and repairs have written it."""
    found = bookings(page).get(outage_id)
    return None if found is None else found[0]


def bookings(page: Page) -> dict[str, tuple[Booking, Window]]:
    """Give the last booking of each request, and the window it is for."""
    found: dict[str, tuple[Booking, Window]] = {}
    plans: Sequence[Mapping[str, Any]] = page.entries(PLANS)
    for plan in plans:
        for row in plan.get("rows", ()):
            if "booking" in row:
                window = Window(start=parse_instant(row["to"]["start"]), end=parse_instant(row["to"]["end"]))
                found[row["outage"]] = (Booking(**row["booking"]), window)
    return found


def operators_only(actor: Actor) -> None:
    """Refuse anybody who may not see the outages of all owners (semantics 9).

    Raises:
        NotYours: an actor of another organisation.
    """
    if actor.organisation != SYSTEM.organisation:
        raise NotYours(f"{actor} may not see a plan of all owners", field="actor", fix="the operator plans the season")


def may_write(actor: Actor) -> None:
    """Refuse anybody but the operator's engineers.

    Raises:
        NotYours: anybody else.
    """
    if actor.organisation != SYSTEM.organisation or actor.role not in MAY:
        raise NotYours(f"{actor} may not write a plan", field="actor", fix="an outage engineer of the operator does")


def _why_not(place: Place) -> str:
    if place.window is None:
        return "it found no place and waits"
    if not place.accepted:
        return "its owner has not said that it accepts these dates"
    return ""


def _stay(page: Page, world: World, plan: SeasonPlan, *, actor: Actor, now: datetime) -> dict[str, str]:
    """Say of each request that is not written why; of a group all or nothing is."""
    found = {}
    for place in plan.places:
        why = _why_not(place)
        if not why and place.moved_days and place.window is not None:
            before = page.outage(place.outage.id)
            if as_moved(page, world, before, place.window, actor=actor, now=now) is None:
                why = "an entry rule forbids the planned dates"
        if why:
            found[place.outage.id] = why
    return all_that_stays(found, [p.outage for p in plan.places])


def all_that_stays(stays: Mapping[str, str], outages: Sequence[Outage]) -> dict[str, str]:
    """Add to what stays where it is the rest of its groups, which move as one, and what waits for it."""
    found, before = dict(stays), -1
    while before != len(found):
        before = len(found)
        torn = {(o.asked.organisation, o.asked.group): o for o in outages if o.id in found}
        for outage in outages:
            other = torn.get((outage.asked.organisation, outage.asked.group)) if outage.asked.group else None
            if other is not None and outage.id not in found:
                found[outage.id] = f"{other.asked.external_id} of its group stays: {found[other.id]}"
        found = following(found, outages, says="stays where it is")
    return found


def _at_its_place(
    page: Page, world: World, before: Outage, place: Place, plan: SeasonPlan, *, actor: Actor, now: datetime
) -> Outage | None:
    """Move a request to its planned window; None where an entry rule blocks that."""
    if place.window is None or not place.moved_days:
        _tell(page, world, before, f"plan {plan.id}: {place.says}", actor=actor, now=now)
        return before
    return moved_to(page, world, before, place.window, f"plan {plan.id}: {place.says}", actor=actor, now=now)


def moved_to(
    page: Page, world: World, before: Outage, window: Window, reason: str, *, actor: Actor, now: datetime
) -> Outage | None:
    """Move a request that waits to another window, its stamp kept; None where an entry rule blocks that."""
    after = as_moved(page, world, before, window, actor=actor, now=now)
    if after is None:
        return None
    page.revise(after, event(after, actor=actor, now=now, verb=Verb.CHANGE, world=world, reason=reason, before=before))
    if after.state == State.SUBMITTED:
        valid = move(after, verb=Verb.VALIDATE, actor=SYSTEM, now=now)
        page.revise(valid, event(valid, actor=SYSTEM, now=now, verb=Verb.VALIDATE, world=world, before=after))
        return valid
    return after


def as_moved(page: Page, world: World, before: Outage, window: Window, *, actor: Actor, now: datetime) -> Outage | None:
    """Give a request that waits as it would be at another window; None where an entry rule blocks that."""
    request = replace(before.asked, window=window)
    after = change(before, request, now=now, actor=actor, asked_by_operator=True).outage
    findings = entry_findings(page, world=world, now=after.stamp, outage=after)
    return None if any(f.level == Level.BLOCK for f in findings) else replace(after, findings=findings)


def _tell(page: Page, world: World, outage: Outage, says: str, *, actor: Actor, now: datetime) -> None:
    """Write a line into the journal of an outage's owner that changes nothing."""
    page.note(
        Event(at=now, actor=actor, verb="plan", outage_id=outage.id, reason=says, rule_book=world.rules.name,
              before=None, after={"state": str(outage.state), "status": str(outage.status)})
    )  # fmt: skip


def _row(before: Outage, after: Outage, place: Place) -> dict[str, object]:
    return {
        "outage": before.id, "revision": after.revision, "from": before.asked.window, "to": after.asked.window,
        "ledger": place.kind, "booking": _booking(place), "turn": place.turn,
    }  # fmt: skip


def _booking(place: Place) -> Booking:
    asked = place.outage.asked
    use_kw = place.use_kw
    return Booking(request=place.outage.id, owner=asked.organisation, size_kw=use_kw, start=place.start or 0,
                   days=place.days, price_milli=place.price_milli)  # fmt: skip


def post_to(page: Page, world: World, kind: Kind, events: Sequence[LedgerEvent], *, now: datetime) -> None:
    """Post events to a ledger and write each entry into its register."""
    ledger = ledger_of(page, world, kind)
    for one in events:
        ledger = post(ledger, one, at=now)
        page.enter(register_of(kind), written(ledger.entries[-1]))


def _none_booked(page: Page, world: World, plan: SeasonPlan) -> None:
    held = {name for kind in Kind for name in ledger_of(page, world, kind).held_milli}
    twice = sorted(p.outage.id for p in plan.places if p.outage.id in held)
    if twice:
        raise BookedAlready(
            f"{many(len(twice), 'request')} of this plan have a place booked already ({twice[0]})",
            field="plan",
            fix="take the earlier plan back first: moms plan back PLAN",
        )


def take_back(*, book: Book, world: World, actor: Actor, now: datetime, plan: str, reason: str) -> Wrote:
    """Take a written plan back as one: what still waits where the plan put it goes back to its asked dates.

    Raises:
        NotYours: as `accept`.
        NoSuchPlan: none of that name stands.
    """
    may_write(actor)
    with book.as_(actor) as page:
        page.hold(page.version())
        rows = _standing_plan(page, plan)
        moved: list[str] = []
        undone: list[Mapping[str, Any]] = []
        kept: list[tuple[str, str]] = []
        for row in rows:
            why = _back(page, world, row, f"plan {plan} was taken back: {reason}", moved, actor=actor, now=now)
            if why:
                kept.append((str(row["outage"]), why))
            else:
                undone.append(row)
        for kind in Kind:
            held = ledger_of(page, world, kind).held_milli
            mine = [Booking(**row["booking"]) for row in undone if row["ledger"] == str(kind)]
            post_to(page, world, kind, [taken_back(b) for b in mine if b.request in held], now=now)
        entry = {"plan": plan, "what": "taken back", "at": now, "by": str(actor), "reason": reason, "kept": kept}
        page.enter(PLANS, as_document(entry))
    return Wrote(plan=plan, moved=tuple(moved), booked=tuple(str(r["outage"]) for r in undone), kept=tuple(kept))


def _standing_plan(page: Page, plan: str) -> Sequence[Mapping[str, Any]]:
    last = next((e for e in reversed(page.entries(PLANS)) if e["plan"] == plan), None)
    if last is None or last["what"] != "written":
        raise NoSuchPlan(
            f"no plan {plan!r} stands", field="plan", fix="give the name that `moms plan book --write` printed"
        )
    rows = last["rows"]
    return rows if isinstance(rows, list) else []


def _back(
    page: Page, world: World, row: Mapping[str, Any], reason: str, moved: list[str], *, actor: Actor, now: datetime
) -> str:
    """Put one outage back where it was asked for; give why not, where it is not as the plan left it."""
    outage = page.outage(str(row["outage"]))
    window = Window(start=parse_instant(row["from"]["start"]), end=parse_instant(row["from"]["end"]))
    planned = Window(start=parse_instant(row["to"]["start"]), end=parse_instant(row["to"]["end"]))
    if not outage.pending or outage.asked.window != planned:
        return f"it is {outage.state} and no longer waits where the plan put it"
    if window == planned:
        _tell(page, world, outage, reason, actor=actor, now=now)
        return ""
    if moved_to(page, world, outage, window, reason, actor=actor, now=now) is None:
        return "an entry rule forbids its asked dates now"
    moved.append(outage.id)
    return ""


def as_document(value: object) -> dict[str, object]:
    """Write a value as an entry of a register."""
    found = plain(value)
    if not isinstance(found, dict):
        msg = "an entry is a mapping"
        raise TypeError(msg)
    return found
