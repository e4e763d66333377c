"""Other windows worth studying for one request: nearest first, inside limits, apart from each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.outages import Category, Recurrence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from moms.outages import Request
    from moms.values import Window

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A window to look at, and how it differs from the asked one."""

    window: Window
    shift_days: int
    within_owner: bool
    """Inside the owner's own earliest start and latest end."""
    shorter: bool = False
    recurrence: Recurrence | None = None
    """Daily hours in place of the asked ones; None keeps those of the request."""

    def of(self, request: Request) -> Request:
        """Give the request as it would be."""
        return replace(request, window=self.window, recurrence=self.recurrence or request.recurrence)


def shifts(limit_days: int) -> Iterator[int]:
    """Give 1, -1, 2, -2, ... up to the limit either side.

    >>> list(shifts(2))
    [1, -1, 2, -2]
    """
    for days in range(1, limit_days + 1):
        yield days
        yield -days


def candidates(*, request: Request, now: datetime, limit_days: int) -> tuple[Candidate, ...]:
    """Give the windows of the asked length that start whole days away, nearest first.

    None starts before `now` or touches the owner's blackout. Those inside the owner's own limits come
    first whatever their distance, since only they can answer a request by a counter-offer
    (semantics 2.0, 2.7); an owner who gave no limits allows the asked window alone.
    """
    found = []
    for days in shifts(limit_days):
        window = request.window.moved(days * DAY)
        if window.start <= now or any(window.overlaps(b) for b in request.blackout):
            continue
        found.append(Candidate(window=window, shift_days=days, within_owner=owner_allows(request, window)))
    return tuple(sorted(found, key=lambda c: not c.within_owner))  # stable: distance kept inside each part


def owner_allows(request: Request, window: Window) -> bool:
    """Tell whether the owner's own limits hold this window."""
    if request.earliest_start is None and request.latest_end is None:
        return window == request.window
    early = request.earliest_start is None or window.start >= request.earliest_start
    late = request.latest_end is None or window.end <= request.latest_end
    return early and late and not any(window.overlaps(b) for b in request.blackout)


def shorter(*, request: Request, now: datetime) -> tuple[Candidate, ...]:
    """Give windows of half and a quarter of the asked length (whole days) at the asked start."""
    days = request.duration // DAY
    found = []
    for part in (2, 4):
        length = max(days // part, 1)
        if length >= days or request.window.start <= now:
            continue
        window = type(request.window)(start=request.window.start, end=request.window.start + length * DAY)
        found.append(Candidate(window=window, shift_days=0, within_owner=owner_allows(request, window), shorter=True))
    return tuple(found)


NIGHTS = Recurrence(start="22:00", end="06:00", zone="EST")
DAYS = Recurrence(start="08:00", end="18:00", zone="EST")
"""Nights only, and days with the equipment back each evening, on the market clock."""
NIGHT_H, DAY_H = 8.0, 10.0
GIVEN_BACK_SHARE = 0.25
"""Giving the equipment back may take at most this share of the daily hours: else nothing is left for the work."""


def patterns(*, request: Request, now: datetime) -> tuple[Candidate, ...]:
    """Give the asked dates with nights only, and with a return each evening (semantics 2.7).

    Of lines only, of a day and more, whose owner says that they can be given back soon enough. Where the
    work comes back each day already, only nights are another way. The owner has not asked for either.
    """
    if request.category != Category.TRANSMISSION or request.duration < DAY or request.window.start <= now:
        return ()
    soon = request.recall_h
    ways = [(NIGHTS, NIGHT_H)] if request.recurrence else [(NIGHTS, NIGHT_H), (DAYS, DAY_H)]
    return tuple(
        Candidate(window=request.window, shift_days=0, within_owner=False, shorter=True, recurrence=way)
        for way, length_h in ways
        if way != request.recurrence and soon is not None and soon <= GIVEN_BACK_SHARE * length_h
    )


def pick(
    found: tuple[Candidate, ...], *, looks_free: Callable[[Candidate], bool], count: int, spacing: timedelta = DAY
) -> tuple[Candidate, ...]:
    """Take the first `count` candidates that look free and start at least `spacing` apart."""
    taken: list[Candidate] = []
    for candidate in found:
        if len(taken) == count:
            break
        apart = all(abs(candidate.window.start - t.window.start) >= spacing for t in taken)
        if apart and looks_free(candidate):
            taken.append(candidate)
    return tuple(taken)
