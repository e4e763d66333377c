"""Which of the outages that wait must follow others: the order their owners gave, as the planner takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.desk.ports import Search
from moms.outages.rules.order import DONE
from moms.schedule.season import Before
from moms.values import SYSTEM, market_day, market_day_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from moms.desk.ports import Book
    from moms.outages import Outage

Reference = tuple[str, str]
"""Organisation and its own reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What the order of some outages comes to."""

    before: tuple[Before, ...]
    """Among those planned."""
    not_before: Mapping[str, datetime]
    """By outage: the end of what it waits for and what stands already."""
    left: Mapping[str, str]
    """By outage: why its order leaves it out."""


def named(outage: Outage) -> tuple[Reference, ...]:
    """Give what an outage waits for."""
    return tuple((outage.asked.organisation, one) for one in outage.asked.after)


def also_named(book: Book, pending: Sequence[Outage], holding: Sequence[Outage]) -> tuple[Outage, ...]:
    """Read what the waiting outages wait for and is not among them, nor among what stands: done, ahead, given up."""
    known = {_reference(o) for o in (*pending, *holding)}
    wanted = sorted({one for o in pending for one in named(o)} - known)
    with book.as_(SYSTEM) as page:
        return tuple(o for org, one in wanted for o in page.find(Search(organisation=org, external_id=one)))


def ordered(planned: Sequence[Outage], others: Sequence[Outage]) -> Ordered:
    """Read the order of what is planned; `others` are all that it may wait for besides.

    Left out is what waits for something that has no end to wait for: not filed, given up, not planned, or
    waiting for itself by way of others.
    """
    mine, beside = {_reference(o): o for o in planned}, {_reference(o): o for o in others}
    left: dict[str, str] = {}
    not_before: dict[str, datetime] = {}
    before: list[Before] = []
    for outage in planned:
        for reference in named(outage):
            first = mine.get(reference)
            if first is not None:
                before.append(Before(first=first.id, then=outage.id, lag_days=_lag(first, outage)))
                continue
            end, why = _end(reference[1], beside.get(reference))
            if why:
                left[outage.id] = why
            elif end is not None:
                not_before[outage.id] = max(end, not_before.get(outage.id, end))
    left |= dict.fromkeys(_in_rings(before), "it waits for itself, by way of what it waits for")
    return Ordered(before=tuple(before), not_before=not_before, left=left)


def following(left: Mapping[str, str], planned: Sequence[Outage], *, says: str = "is not planned") -> dict[str, str]:
    """Add to what is left out what waits for it."""
    found, names = dict(left), {_reference(o): o.id for o in planned}
    grown = True
    while grown:
        grown = False
        for outage in planned:
            gone = next((one for one in named(outage) if names.get(one) in found), None)
            if gone is not None and outage.id not in found:
                found[outage.id] = f"it waits for {gone[1]}, which {says}"
                grown = True
    return found


def _reference(outage: Outage) -> Reference:
    return (outage.asked.organisation, outage.asked.external_id)


def _end(reference: str, other: Outage | None) -> tuple[datetime | None, str]:
    """Give when something that is not planned ends, or why that is not known; neither: it has ended."""
    if other is None:
        return None, f"it waits for {reference}, and no outage of that reference is filed"
    if other.state in DONE:
        return None, ""
    if other.holds:
        return other.window.end, ""
    waits = f"it waits for {reference}, which is "
    return None, waits + ("not planned" if other.pending else f"{other.state}, {other.status}")


def _lag(first: Outage, then: Outage) -> int:
    """Give -1 where the second may begin on the day on which the first ends, by their hours; else 0."""
    end, start = first.asked.window.end, then.asked.window.start
    last = market_day(market_day_of(end))
    if end == last.start:  # it ends at midnight: the day before is its last
        return 0
    return -1 if end - last.start <= _into_day(start) else 0


def _into_day(at: datetime) -> timedelta:
    return at - market_day(market_day_of(at)).start


def _in_rings(before: Sequence[Before]) -> set[str]:
    """Name what waits for itself: whoever can be reached from itself."""
    after: dict[str, set[str]] = {}
    for one in before:
        after.setdefault(one.first, set()).add(one.then)
    reached: dict[str, set[str]] = {}
    for name in after:
        seen, ahead = set[str](), [name]
        while ahead:
            fresh = after.get(ahead.pop(), set()) - seen
            seen |= fresh
            ahead += fresh
        reached[name] = seen
    return {name for name, seen in reached.items() if name in seen}


def in_turn(names: Sequence[str], before: Sequence[Before]) -> list[str]:
    """Give names in their order, but each after what it waits for.

    >>> in_turn("cba", [Before(first="a", then="c")])
    ['b', 'a', 'c']
    """
    waits: dict[str, set[str]] = {name: set() for name in names}
    for one in before:
        if one.first in waits and one.then in waits:
            waits[one.then].add(one.first)
    found: list[str] = []
    while waits:
        ready = next((name for name, others in waits.items() if not others & waits.keys()), next(iter(waits)))
        found.append(ready)
        del waits[ready]
    return found
