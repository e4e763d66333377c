"""The calendar of a grid's hours: the column of the weather year and the rating season of an instant."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from moms.grid.world import Season
from moms.values.clock import MARKET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.grid.network import IntArray
    from moms.grid.world import Shapes

YEAR_DAYS = 365
WEEK_DAYS = 7
_COMMON_YEAR = 2001


def shape_columns(*, shapes: Shapes, starts: Sequence[datetime]) -> IntArray:
    """Give the column of the weather year for each instant, (H,).

    The same month, day and hour of the market clock; 29 February takes the column of the 28th.
    Where the shapes know the weekday of their 1 January, the nearest day of the same weekday
    stands in, at most three days away (six at the ends of the year), so that week-ends fall on
    week-ends.
    """
    return np.array([_column(start, shapes.first_weekday) for start in starts], dtype=np.int64)


def _column(start: datetime, first_weekday: int | None) -> int:
    local = start.astimezone(MARKET)
    leap_day = (local.month, local.day) == (2, 29)
    day = date(_COMMON_YEAR, local.month, 28 if leap_day else local.day).timetuple().tm_yday - 1
    if first_weekday is not None:
        ahead = (local.weekday() - first_weekday - day) % WEEK_DAYS
        day += ahead if ahead <= WEEK_DAYS // 2 else ahead - WEEK_DAYS
        day += WEEK_DAYS if day < 0 else -WEEK_DAYS if day >= YEAR_DAYS else 0
    return day * 24 + local.hour


def season_of(instant: datetime) -> Season:
    """Give the rating season of an instant: June to August summer, December to February winter.

    >>> from moms.values import parse_instant
    >>> season_of(parse_instant("2027-06-01T04:00Z"))
    <Season.SHOULDER: 2>
    """
    month = instant.astimezone(MARKET).month
    if month in {6, 7, 8}:
        return Season.SUMMER
    return Season.WINTER if month in {12, 1, 2} else Season.SHOULDER
