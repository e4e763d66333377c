"""Which operating points one request is studied at, and what else is out at each (semantics 1.1, 1.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.desk.situation import spans
from moms.values import HOUR, Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.grid import Season
    from moms.market import StudyPoint
    from moms.outages import Outage


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Operating points that share one topology and one rating season."""

    points: tuple[StudyPoint, ...]
    out: tuple[Outage, ...]
    """What else is out at all of them, by id."""
    season: Season


def stretches(
    *, points: Sequence[StudyPoint], others: Sequence[Outage], seasons: Sequence[Season], now: datetime
) -> tuple[Stretch, ...]:
    """Group the points by what else is out and by season; each group is one topology to factor.

    A point that stands for a whole week (P90 load, minimum load, high wind) is studied with every
    distinct set of outages that the request meets in that week.
    """
    until = max(p.window.end for p in points)
    known = [(o, spans(o, now=now, until=until)) for o in sorted(others, key=lambda o: o.id)]
    hours = [p for p in points if p.is_hour]
    sets = {p: _out_in(p.window, known) for p in hours}
    groups: dict[tuple[tuple[str, ...], Season], list[StudyPoint]] = {}
    members: dict[tuple[str, ...], tuple[Outage, ...]] = {}
    for point, season in zip(points, seasons, strict=True):
        found = [sets[point]] if point.is_hour else _distinct(sets[h] for h in hours if h.window.overlaps(point.window))
        for out in found or [_out_in(point.window, known)]:
            ids = tuple(o.id for o in out)
            members[ids] = out
            groups.setdefault((ids, season), []).append(point)
    return tuple(
        Stretch(points=tuple(rows), out=members[ids], season=season) for (ids, season), rows in groups.items()
    )


def _out_in(window: Window, known: Sequence[tuple[Outage, tuple[Window, ...]]]) -> tuple[Outage, ...]:
    return tuple(o for o, out in known if any(w.overlaps(window) for w in out))


def _distinct(sets: Sequence[tuple[Outage, ...]]) -> list[tuple[Outage, ...]]:
    return list({tuple(o.id for o in s): s for s in sets}.values())


def hour_window(start: datetime) -> Window:
    """Give the hour that starts here."""
    return Window(start=start, end=start + HOUR)
