"""Which hours a study of a window looks at (semantics 1.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import shape_columns
from moms.market.rules import DispatchRules
from moms.values import HOUR, instant_text
from moms.values.clock import market_day, market_day_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from moms.grid import FloatArray, Grid, Shapes
    from moms.values import Window

WEEK_HOURS = 168


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyHours:
    """The points of a study, (H,) each; hand them to `dispatch` as they are."""

    starts: tuple[datetime, ...]
    """The hour whose outages are out. An extreme stands for the first hour of the window in its week."""
    weather_at: tuple[datetime, ...]
    """The hour whose load, wind and solar are taken."""
    load_factor: FloatArray
    labels: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    start: datetime
    weather_at: datetime
    load_factor: float
    label: str


def study_hours(*, window: Window, now: datetime, grid: Grid, rules: DispatchRules | None = None) -> StudyHours:
    """Give every clock hour of the window and, for its weeks that lie further ahead, their extremes.

    An extreme is the P90 load, the least load or the most wind of the whole market week (Monday to
    Sunday), in the one weather year that is bundled. They stand beside the hours, never instead of
    them: hours are not picked by load. Give the window of one slice of equal outages at a time.

    Raises:
        NoHours: by `dispatch`, if the grid has no shapes; here only the clock hours are given.
    """
    rules = rules or DispatchRules()
    hours = window.clock_hours()
    points = [_Point(start=h, weather_at=h, load_factor=1.0, label=instant_text(h)) for h in hours]
    later = now + timedelta(days=rules.extremes_after_days)
    notes = ["weather of one bundled year; semantics asks for every weather year"]
    if grid.shapes is not None:
        weeks: dict[date, datetime] = {}
        for hour in hours:
            if hour >= later:
                weeks.setdefault(_monday(hour), hour)
        for monday, hour in weeks.items():
            points += _extremes(grid, grid.shapes, monday, hour)
        if weeks:
            notes.append(f"{len(weeks)} weeks beyond {rules.extremes_after_days} days: P90 load, least load, high wind")
    return StudyHours(
        starts=tuple(p.start for p in points),
        weather_at=tuple(p.weather_at for p in points),
        load_factor=np.array([p.load_factor for p in points]),
        labels=tuple(p.label for p in points),
        notes=tuple(notes),
    )


def _monday(hour: datetime) -> date:
    day = market_day_of(hour)
    return day - timedelta(days=day.weekday())


def _extremes(grid: Grid, shapes: Shapes, monday: date, hour: datetime) -> list[_Point]:
    """Give the three extremes of one market week."""
    first = market_day(monday).start
    week = [first + k * HOUR for k in range(WEEK_HOURS)]
    load, wind = _load_and_wind(grid, shapes, week)
    year, number, _ = monday.isocalendar()
    name = f"{year}-W{number:02d}"
    found = (
        ("P90 load", int(np.argmax(load)), shapes.load_p90_factor),
        ("minimum load", int(np.argmin(load)), 1.0),
        ("high wind", int(np.argmax(wind)), 1.0),
    )
    return [
        _Point(start=hour, weather_at=week[k], load_factor=factor, label=f"{what} {name}") for what, k, factor in found
    ]


def _load_and_wind(grid: Grid, shapes: Shapes, starts: Sequence[datetime]) -> tuple[FloatArray, FloatArray]:
    """Give load and wind of the footprint by hour, MW, (H,)."""
    buses, units = grid.network.buses, grid.network.units
    zones = len(shapes.load) - 1
    columns = shape_columns(shapes=shapes, starts=starts)
    inside = (buses.zone >= 0) & (buses.kind != 4)
    base = np.bincount(buses.zone[inside], weights=buses.load_mw[inside], minlength=zones)
    blows = (units.fuel == "wind") & units.in_service & (buses.zone[units.bus] >= 0)
    built = np.bincount(buses.zone[units.bus[blows]], weights=units.p_max_mw[blows], minlength=zones)
    load: FloatArray = base @ shapes.load[:zones][:, columns]
    wind: FloatArray = built @ shapes.wind[:zones][:, columns]
    return load, wind
