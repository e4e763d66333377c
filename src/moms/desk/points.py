"""Which operating points one request is studied at, and what else is out at each (semantics 1.1, 1.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk.situation import spans
from moms.grid import season_of
from moms.market import study_hours
from moms.outages.hours import hours_of, merged
from moms.values import HOUR, Window, market_day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from moms.desk.world import World
    from moms.grid import Season
    from moms.outages import Outage


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPoint:
    """One operating point: an hour of the window, or an extreme that stands for a week of it."""

    start: datetime
    """The hour whose outages are out."""
    weather_at: datetime
    load_factor: float
    label: str
    is_hour: bool

    @property
    def window(self) -> Window:
        """The hour it stands in."""
        return Window(start=self.start, end=self.start + HOUR)

    @property
    def week(self) -> date:
        """The Monday of its market week."""
        day = market_day_of(self.start)
        return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Operating points that share one topology and one rating season."""

    points: tuple[StudyPoint, ...]
    out: tuple[Outage, ...]
    """What else is out at all of them, by id."""
    season: Season
    asked: tuple[Outage, ...]
    """What is asked for and out at all of them: the request, and those studied together with it."""


def points_of(
    world: World, asked: Sequence[Outage], *, now: datetime
) -> tuple[tuple[StudyPoint, ...], tuple[str, ...]]:
    """Give the points of what is asked for, and what is to be said about them.

    All clock hours in which any of it is out; further ahead also the extremes of their weeks.
    """
    out = [w for o in asked for w in hours_of(o.request, window=o.window)]
    rows: dict[tuple[datetime, str], StudyPoint] = {}
    notes: list[str] = []
    for window in merged(o.window for o in asked):
        found = study_hours(window=window, now=now, grid=world.grid, rules=world.rules.dispatch)
        notes += found.notes
        for start, weather, factor, label in zip(
            found.starts, found.weather_at, found.load_factor.tolist(), found.labels, strict=True
        ):
            is_hour = weather == start and factor == 1.0 and label[:1].isdigit()
            point = StudyPoint(start=start, weather_at=weather, load_factor=factor, label=label, is_hour=is_hour)
            if not is_hour or any(o.overlaps(point.window) for o in out):
                rows.setdefault((start if is_hour else weather, label), point)
    return tuple(rows.values()), tuple(dict.fromkeys(notes))


def stretches(
    *, points: Sequence[StudyPoint], asked: Sequence[Outage], others: Sequence[Outage], now: datetime
) -> tuple[Stretch, ...]:
    """Group the points by what is out and by season; each group is one topology to factor.

    An extreme is studied with every distinct set of outages that is out in its week.
    """
    until = max(p.window.end for p in points)
    known = [(o, spans(o, now=now, until=until)) for o in sorted(others, key=lambda o: o.id)]
    mine = [(o, hours_of(o.request, window=o.window)) for o in asked]
    weeks: dict[date, dict[_Sets, None]] = {}
    groups: dict[tuple[_Sets, Season], list[StudyPoint]] = {}
    members = {o.id: o for o in (*others, *asked)}

    def put(point: StudyPoint, sets: _Sets) -> None:
        groups.setdefault((sets, season_of(point.start)), []).append(point)

    for point in points:
        if point.is_hour:
            sets = (_out_in(point.window, known), _out_in(point.window, mine))
            weeks.setdefault(point.week, {})[sets] = None
            put(point, sets)
    for point in points:
        if not point.is_hour:
            for number, sets in enumerate(weeks.get(point.week, {}), start=1):
                label = point.label if number == 1 else f"{point.label} #{number}"
                put(replace(point, label=label), sets)
    return tuple(
        Stretch(
            points=tuple(rows),
            out=tuple(members[k] for k in sets[0]),
            asked=tuple(members[k] for k in sets[1]),
            season=season,
        )
        for (sets, season), rows in groups.items()
    )


_Sets = tuple[tuple[str, ...], tuple[str, ...]]
"""Ids of what else is out, and of what is asked for."""


def _out_in(window: Window, known: Iterable[tuple[Outage, tuple[Window, ...]]]) -> tuple[str, ...]:
    return tuple(o.id for o, out in known if any(w.overlaps(window) for w in out))
