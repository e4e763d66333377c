"""What a request does to the margin: before, after, which days it hurts, and what room is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.margin import DayMargin, MarginResult, MarginRules, margin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.adequacy.fleet import Taken
    from moms.grid import FloatArray, Grid

SAME_MW = 1e-6
"""Two margins nearer than this are the same: rounding, not an effect of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HurtDay:
    """A row and day whose margin is below zero with the request, and less than without it."""

    before: DayMargin
    after: DayMargin

    @property
    def is_new(self) -> bool:
        """Whether the request alone makes the day short; otherwise it makes a short day worse."""
        return self.before.margin_mw >= 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarginChange:
    """The margin with and without a request."""

    before: MarginResult
    after: MarginResult
    hurt: tuple[HurtDay, ...]
    """By day, then row."""

    @property
    def known(self) -> bool:
        """Whether both could be computed; if not, the request refers."""
        return self.before.known and self.after.known

    def cost_mw(self) -> FloatArray:
        """Give what the request takes from each row and hour, (R, H)."""
        return self.before.margin_mw - self.after.margin_mw


def margin_with_request(
    *,
    grid: Grid,
    starts: Sequence[datetime],
    taken: Sequence[Taken] = (),
    asked: Sequence[Taken],
    rules: MarginRules,
) -> MarginChange:
    """Give the margin of the book, that with the request too, and the rows and days the request hurts.

    `asked` holds the units of the request and those that it cuts off.
    """
    before = margin(grid=grid, starts=starts, taken=taken, rules=rules)
    after = margin(grid=grid, starts=starts, taken=(*taken, *asked), rules=rules)
    worse = (after.day_margin_mw < 0.0) & (after.day_margin_mw < before.day_margin_mw - SAME_MW)
    hurt = tuple(
        HurtDay(before=before.of(row=int(r), day=int(d)), after=after.of(row=int(r), day=int(d)))
        for d, r in np.argwhere(worse.T)
    )
    return MarginChange(before=before, after=after, hurt=hurt)


def headroom_mw(*, result: MarginResult, zone: int) -> FloatArray:
    """Give what could still be taken out in a zone on each market day, MW of capacity x (1 - q), (D,).

    The least day margin of the rows the zone counts in, never below zero. A unit of Pmax c and
    outage rate q needs c (1 - q) of it.
    """
    rows = [k for k, row in enumerate(result.rows) if zone in row.zones]
    if not rows:
        return np.zeros(len(result.day))
    room: FloatArray = np.maximum(result.day_margin_mw[rows].min(axis=0), 0.0)
    return room
