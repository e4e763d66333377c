"""Which operating points one request is studied at, and what else is out at each (semantics 1.1, 1.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk.situation import spans
from moms.grid import season_of
from moms.market import study_hours
from moms.outages.hours import hours_of
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
    asked: tuple[Outage, ...] = ()
    """What is asked for and out at all of them: the request, and those studied together with it."""


def points_of(
    world: World, asked: Outage, *, window: Window, now: datetime
) -> tuple[tuple[StudyPoint, ...], tuple[str, ...]]:
    """Give the points of a request in a window, and what is to be said about them.

    All clock hours in which it is out; further ahead also the extremes of their weeks.
    """
    found = study_hours(window=window, now=now, grid=world.grid, rules=world.rules.dispatch)
    out = hours_of(asked.request, window=window)
    rows = []
    for start, weather, factor, label in zip(
        found.starts, found.weather_at, found.load_factor.tolist(), found.labels, strict=True
    ):
        is_hour = weather == start and factor == 1.0 and label[:1].isdigit()
        point = StudyPoint(start=start, weather_at=weather, load_factor=factor, label=label, is_hour=is_hour)
        if not is_hour or any(o.overlaps(point.window) for o in out):
            rows.append(point)
    return tuple(rows), found.notes


def stretches(*, points: Sequence[StudyPoint], others: Sequence[Outage], now: datetime) -> tuple[Stretch, ...]:
    """Group the points by what else is out and by season; each group is one topology to factor.

    An extreme is studied with every distinct set of outages that the request meets in its week.
    """
    until = max(p.window.end for p in points)
    known = [(o, spans(o, now=now, until=until)) for o in sorted(others, key=lambda o: o.id)]
    weeks: dict[date, dict[tuple[str, ...], tuple[Outage, ...]]] = {}
    groups: dict[tuple[tuple[str, ...], Season], list[StudyPoint]] = {}
    members: dict[tuple[str, ...], tuple[Outage, ...]] = {}

    def put(point: StudyPoint, out: tuple[Outage, ...]) -> None:
        ids = tuple(o.id for o in out)
        members[ids] = out
        groups.setdefault((ids, season_of(point.start)), []).append(point)

    for point in points:
        if point.is_hour:
            out = _out_in(point.window, known)
            weeks.setdefault(point.week, {})[tuple(o.id for o in out)] = out
            put(point, out)
    for point in points:
        if not point.is_hour:
            for number, out in enumerate(weeks.get(point.week, {}).values(), start=1):
                label = point.label if number == 1 else f"{point.label} #{number}"
                put(replace(point, label=label), out)
    return tuple(Stretch(points=tuple(rows), out=members[ids], season=season) for (ids, season), rows in groups.items())


def _out_in(window: Window, known: Iterable[tuple[Outage, tuple[Window, ...]]]) -> tuple[Outage, ...]:
    return tuple(o for o, out in known if any(w.overlaps(window) for w in out))
