"""Move outages by agreement: the windows decided on the book of this instant, all of them or none written.

The outages of a swap are decided beside each other at their new windows, and nowhere at their old ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.desk.accept import PLANS, as_document, bookings, ledger_of, post_to
from moms.desk.assess import as_asked
from moms.desk.offer import NotAnOffer, Offer
from moms.desk.settle import think, write_one
from moms.desk.situation import read
from moms.desk.submit import entry_findings, event
from moms.ledger import Kind as LedgerKind
from moms.ledger.events import move_accepted
from moms.outages import OVER, Kind, State, Status
from moms.outages.change import change
from moms.outages.lifecycle import Verb, move
from moms.values import SYSTEM, Level, Refused, Window, many

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from moms.desk.answer import Answer
    from moms.desk.offer import Leg
    from moms.desk.ports import Book, Page
    from moms.desk.situation import Situation
    from moms.desk.world import World
    from moms.outages import Outage, Request
    from moms.values import Actor

MAY_MOVE = frozenset({State.SUBMITTED, State.VALIDATED, State.IN_STUDY, State.NEGOTIATING, State.DECIDED})
GRANTS = frozenset({"approve", "accept"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One outage of an offer as it would be, and the decision on it; without one, why there is none."""

    before: Outage
    changed: Outage | None
    """With the new window asked for."""
    valid: Outage | None
    """The same, past the entry rules."""
    answer: Answer | None
    says: str

    @property
    def granted(self) -> bool:
        """Whether a decision grants it, with the exemption that it has."""
        return self.answer is not None and not self._refused()

    def _refused(self) -> str:
        outage, record = self._decided()
        if record["outcome"] not in GRANTS:
            return str(record["says"])
        if self.before.status == Status.ACCEPTED_EXEMPT and outage.status != Status.ACCEPTED_EXEMPT:
            return "it would lose its exemption there, which no agreement takes from anybody"
        return ""

    def _decided(self) -> tuple[Outage, dict[str, object]]:
        if self.answer is None or self.answer.outage is None or self.answer.record is None:
            msg = "a decision has its outage and its record"
            raise ValueError(msg)
        return self.answer.outage, self.answer.record


def check_movable(outage: Outage, *, now: datetime) -> None:
    """See that an outage can be moved by agreement: it waits or is granted, by itself, and has not begun.

    Raises:
        NotAnOffer: it cannot.
    """
    asked = outage.asked
    why = None
    if outage.state in OVER or outage.state not in MAY_MOVE or outage.status == Status.DENIED:
        why = f"it is {outage.state}, {outage.status}"
    elif outage.wish is not None:
        why = "a change of it waits for its decision"
    elif asked.group is not None:
        why = "it belongs to a group, which moves as a whole"
    elif asked.urgent_report or asked.kind == Kind.OPPORTUNITY or not asked.takes_out:
        why = f"{asked.kind} outages are not moved by agreement"
    elif asked.window.start <= now:
        why = "its start has passed"
    if why:
        raise NotAnOffer(f"{outage.id} cannot be moved: {why}", field="outage", fix="name another outage")


def studied(*, book: Book, world: World, now: datetime, offer: Offer) -> tuple[Moved, ...]:
    """Decide each outage of an offer at its new window, the others of it at theirs. Nothing is written."""
    with book.as_(SYSTEM) as page:
        found = [_asked(page, world, one, now=now, operators=offer.operators) for one in offer.legs]
        there = [_around(page, one, now=now) for one in found]
    if any(one is None for one in there):
        return tuple(found)
    valid = [as_asked(one.valid) for one in found if one.valid is not None]
    decided = []
    for one, situation in zip(found, there, strict=True):
        assert situation is not None  # noqa: S101 - as above
        beside = _beside(situation, valid)
        answer = think(world=world, situation=beside, now=now, book=book, search=False)
        moved = replace(one, answer=answer)
        decided.append(replace(moved, says=moved._refused() or str(moved._decided()[1]["says"])))  # noqa: SLF001 - its own
    return tuple(decided)


def _asked(page: Page, world: World, leg: Leg, *, now: datetime, operators: bool) -> Moved:
    """Ask for the new window in thought, as a change that goes through the entry rules."""
    before = page.outage(leg.outage)
    nothing = Moved(before=before, changed=None, valid=None, answer=None, says="")
    try:
        check_movable(before, now=now)
        if before.asked.window != leg.before:
            return replace(nothing, says="it is not where it was when this was offered")
        request = _within(before.asked, leg.after or leg.before)
        after = change(before, request, now=now, actor=SYSTEM, asked_by_operator=operators).outage
    except Refused as refusal:
        return replace(nothing, says=refusal.says)
    stamp = (after.wish or after).stamp
    findings = entry_findings(page, world=world, now=stamp, outage=as_asked(after))
    blocks = [f.says for f in findings if f.level == Level.BLOCK]
    if blocks:
        return replace(nothing, says="; ".join(blocks))
    after = replace(after, findings=findings)
    valid = move(after, verb=Verb.VALIDATE, actor=SYSTEM, now=now)
    return replace(nothing, changed=after, valid=valid)


def _within(request: Request, window: Window) -> Request:
    """Give a request at another window; the limits of its owner, who agrees to it, are widened to hold it."""
    first, last = request.earliest_start, request.latest_end
    return replace(
        request, window=window, earliest_start=None if first is None else min(first, window.start),
        latest_end=None if last is None else max(last, window.end),
    )  # fmt: skip


def _around(page: Page, one: Moved, *, now: datetime) -> Situation | None:
    return None if one.valid is None else read(page, one.valid, window=one.valid.asked.window, now=now)


def _beside(situation: Situation, valid: list[Outage]) -> Situation:
    """Put the other outages of the offer where they would be, out for certain, and nowhere else."""
    mine = {o.id for o in valid}
    window = situation.outage.asked.window
    others = [o for o in valid if o.id != situation.outage.id and o.window.overlaps(window)]
    holding = [o for o in situation.holding if o.id not in mine] + others
    return replace(
        situation, holding=tuple(sorted(holding, key=lambda o: o.id)),
        queue=tuple(o for o in situation.queue if o.id not in mine),
    )  # fmt: skip


def enough(moved: tuple[Moved, ...]) -> str:
    """Say why not all of it can be done, empty where it can; which outage, and why, is its own owner's to read."""
    short = sum(not one.granted for one in moved)
    return f"a decision made now would not grant {many(short, 'move')} of it" if short else ""


def done(page: Page, world: World, offer: Offer, moved: tuple[Moved, ...], *, actor: Actor, now: datetime) -> str:
    """Write every move with its decision on a page that is held, and post what is booked; say what was paid."""
    rows: list[dict[str, object]] = []
    for one in moved:
        if one.changed is None or one.valid is None or one.answer is None:
            msg = "only what was decided is written"
            raise ValueError(msg)
        by = actor if actor.sees_all or one.before.asked.organisation == actor.organisation else SYSTEM
        asked_by = None if by == SYSTEM else by
        reason = f"agreed in {offer.id}: {offer.reason}"
        line = event(one.changed, actor=SYSTEM, now=now, verb=Verb.CHANGE, world=world, reason=reason,
                     before=one.before, asked_by=asked_by)  # fmt: skip
        page.revise(one.changed, line)
        page.revise(
            one.valid,
            event(one.valid, actor=SYSTEM, now=now, verb=Verb.VALIDATE, world=world, before=one.changed),
        )
        write_one(page, one.answer, world=world, now=now, asked_by=by)
        rows += _booked(page, world, one, offer, now=now)
    if rows:
        page.enter(PLANS, as_document({"plan": offer.id, "what": "moved by agreement", "at": now, "by": str(actor),
                                       "rows": rows}))  # fmt: skip
    return f"; {many(len(rows), 'booked place')} moved in the ledger" if rows else ""


def _booked(page: Page, world: World, one: Moved, offer: Offer, *, now: datetime) -> list[dict[str, object]]:
    """Move a booked place that the operator asked to be moved (semantics 8): at its price, and paid for.

    What two owners agreed among themselves keeps its places and prices: credits do not change hands.
    """
    before, after = one.before.asked.window, one.valid.asked.window if one.valid else one.before.asked.window
    kind = LedgerKind(str(one.before.asked.category))
    if not offer.operators or one.before.id not in ledger_of(page, world, kind).held_milli:
        return []
    booking = bookings(page)[one.before.id][0]
    by: timedelta = after.start - before.start
    there = replace(booking, start=booking.start + by.days)
    lead = max((before.start - now).days, 0)
    post_to(page, world, kind, [move_accepted(booking, there, lead_days=lead, rules=world.rules.ledger)], now=now)
    return [{"outage": one.before.id, "from": before, "to": after, "ledger": kind, "booking": there}]


__all__ = ["Moved", "check_movable", "done", "enough", "studied"]
