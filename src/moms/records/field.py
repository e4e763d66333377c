"""What a crew reports from the field: entries on the ladder of a job, and what a person must look at.

An entry is a record, never a clearance: it moves no outage, and three-way talk with the control room stays. It
is kept whatever it says. Where it does not fit, it is kept with the reasons why a person must look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from moms.outages import OVER, State, Status
from moms.values import Actor, Finding, Level, instant_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from moms.outages import Outage


class What(StrEnum):
    """What a crew may report."""

    ARRIVED = "arrived"
    RELEASED = "released"
    """The control room has released the equipment to the crew, spoken and repeated back."""
    ISOLATED = "isolated"
    """Isolated and grounded."""
    DONE = "done"
    """Work done."""
    CLEAR = "clear"
    """Grounds off, ready to return."""
    LATE = "late"
    """Will be late: how late and why. It is no step of the ladder."""


LADDER = (What.ARRIVED, What.RELEASED, What.ISOLATED, What.DONE, What.CLEAR)
NAMES = {
    What.ARRIVED: "arrived",
    What.RELEASED: "released by the control room",
    What.ISOLATED: "isolated and grounded",
    What.DONE: "work done",
    What.CLEAR: "grounds off",
    What.LATE: "will be late",
}
APART = timedelta(minutes=5)
"""Where the phone's times and the service's lie further apart than this, the entry says so."""
CALLED_BACK = frozenset({Status.REVOKED, Status.RECALLED, Status.DENIED})
WAY_OUT = frozenset({What.DONE, What.CLEAR, What.LATE})
"""What a crew may well report after a recall: it is on its way out."""
PREFIX = "field:"
"""Before the kind of an entry, as a verb of the journal."""
SEEN = "field:seen"
"""The verb with which a person says that entries were looked at."""
LOOK_WORD, LATE_WORD = "field_look", "field_late"
"""What notices are told by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One tap on a phone. Its id is made there, once, and makes sending it again harmless."""

    id: str
    outage_id: str
    what: What
    tapped_at: datetime
    """By the phone's clock."""
    sent_at: datetime
    """By the phone's clock too, so that a wrong clock can be told from a late sending."""
    late_min: int | None = None
    """How late, beyond the end that stands; of `LATE` alone."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An entry as it was taken in."""

    entry: Entry
    by: Actor
    received_at: datetime
    """By the service's clock."""
    looks: tuple[Finding, ...] = ()
    """Why a person must look."""
    back_at: datetime | None = None
    """The end that a late crew names."""
    seen_by: str | None = None
    """Who of the operator has looked."""

    @property
    def delayed(self) -> bool:
        """Whether it came later than `APART` after the tap: it waited for a signal."""
        return self.received_at - self.entry.tapped_at > APART

    @property
    def clock_off_s(self) -> int | None:
        """How many seconds the phone's clock was ahead (behind: negative), None where within `APART`."""
        off = self.entry.sent_at - self.received_at
        return round(off.total_seconds()) if abs(off) > APART else None

    @property
    def to_look(self) -> bool:
        """Whether a person has still to look: what does not fit, and every delay."""
        return self.seen_by is None and (bool(self.looks) or self.entry.what == What.LATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What an entry is held against: the outage, and what was taken in of it before."""

    entry: Entry
    outage: Outage
    before: tuple[Received, ...]
    now: datetime


def looks(entry: Entry, *, outage: Outage, before: Sequence[Received], now: datetime) -> tuple[Finding, ...]:
    """Give every reason why a person must look at an entry; none where it fits."""
    seen = Situation(entry=entry, outage=outage, before=tuple(before), now=now)
    return tuple(found for check in CHECKS for found in check(seen))


def over_meanwhile(seen: Situation) -> Iterator[Finding]:
    """Find an entry on an outage that does not stand: revoked, recalled, cancelled or closed meanwhile."""
    state, status = seen.outage.state, seen.outage.status
    if state in OVER:
        yield _look("FIELD-OVER", f"the outage is {_words(state)}", "talk to the crew: nothing is to be open there")
    elif status in CALLED_BACK and not (status == Status.RECALLED and seen.entry.what in WAY_OUT):
        yield _look("FIELD-OVER", f"the outage is {_words(status)}", "call the crew at once")
    elif state not in {State.DECIDED, State.OPPORTUNITY_WAITING, State.ACTIVE, State.PENDING_COMPLETE}:
        yield _look("FIELD-OVER", f"the outage is not granted: {_words(state)}", "call the crew at once")


def not_out(seen: Situation) -> Iterator[Finding]:
    """Find equipment that a crew has grounded while the book still has it in service."""
    standing = seen.outage.state in {State.DECIDED, State.OPPORTUNITY_WAITING}
    if standing and seen.entry.what in {What.ISOLATED, What.DONE, What.CLEAR}:
        yield _look("FIELD-NOT-OUT", "the book has it in service: nobody has said that it is out", "report the start")


def out_of_order(seen: Situation) -> Iterator[Finding]:
    """Find a step that was tapped before those beneath it, or after one above it."""
    entry = seen.entry
    if entry.what not in LADDER:
        return
    place = LADDER.index(entry.what)
    beneath = {r.entry.what for r in seen.before if r.entry.tapped_at <= entry.tapped_at}
    missing = [step for step in LADDER[:place] if step not in beneath]
    above = [r for r in seen.before if r.entry.what in LADDER[place + 1 :] and r.entry.tapped_at < entry.tapped_at]
    if missing:
        names = ", ".join(NAMES[step] for step in missing)
        yield _look("FIELD-ORDER", f"not reported before it: {names}", "ask the crew what has been done")
    if above:
        names = ", ".join(dict.fromkeys(NAMES[r.entry.what] for r in above))
        yield _look("FIELD-ORDER", f"reported before it already: {names}", "ask the crew how it stands now")


def twice(seen: Situation) -> Iterator[Finding]:
    """Find a step that has been reported already, by another tap."""
    entry = seen.entry
    for other in seen.before if entry.what in LADDER else ():
        if other.entry.what == entry.what:
            at = instant_text(other.entry.tapped_at)
            yield _look("FIELD-TWICE", f"reported already by {other.by.name}, tapped {at}", "ask which of them holds")
            return


def clock_ahead(seen: Situation) -> Iterator[Finding]:
    """Find a tap in the future: the phone's clock is wrong."""
    if seen.entry.tapped_at - seen.now > APART:
        yield _look("FIELD-CLOCK", "tapped in the future: the phone's clock is ahead", "ask the crew when it was")


CHECKS: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    over_meanwhile, not_out, out_of_order, twice, clock_ahead,
)  # fmt: skip


def reached(received: Iterable[Received]) -> dict[What, Received]:
    """Give, for each step that was reported, the entry that was tapped first."""
    found: dict[What, Received] = {}
    for one in sorted(received, key=lambda r: (r.entry.tapped_at, r.received_at, r.entry.id)):
        if one.entry.what in LADDER:
            found.setdefault(one.entry.what, one)
    return found


def says(received: Received, *, outage: Outage) -> str:
    """Say an entry in one sentence, for a notice."""
    entry = received.entry
    tapped = f"{NAMES[entry.what]}, tapped {instant_text(entry.tapped_at)} by {received.by.name}"
    if received.back_at is not None:
        tapped += f", back at {instant_text(received.back_at)} instead of {instant_text(outage.window.end)}"
    parts = (tapped, entry.reason, *(look.says for look in received.looks))
    return "; ".join(part for part in parts if part)


def _look(rule: str, text: str, fix: str) -> Finding:
    return Finding(rule=rule, level=Level.REFER, says=text, field="what", fix=fix)


def _words(value: StrEnum) -> str:
    return value.value.replace("_", " ")
