"""The maintenance margin months ahead: what may still be taken out, by day, in every nested place.

Three rooms a day and place, the smallest binding (models 4.5): deterministic (the margin of
semantics 5.1, P50 and P90 load), the same limited by the network for zones and sub-regions, and
probabilistic (the LOLE criterion by week). Always with the booked schedule, never a perfect one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.copt import capacity_outage
from moms.adequacy.fleet import STEADY, fleet_of, removed_mw
from moms.adequacy.margin import FOOTPRINT, MarginRules, margin, zone_load_mw
from moms.adequacy.table import loss_of_load
from moms.grid import shape_columns
from moms.values import HOUR
from moms.values.clock import market_day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from moms.adequacy.fleet import Fleet, Taken
    from moms.adequacy.margin import MarginResult
    from moms.adequacy.table import OutageTable
    from moms.grid import FloatArray, Grid, IntArray, Shapes, Zones

DETERMINISTIC = "deterministic"
NETWORK = "network-limited"
PROBABILISTIC = "probabilistic"
ACCURACY_MW = 0.01
WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookRules:
    """What the outlook is held to."""

    margin: MarginRules
    criterion_d: float = 0.1
    """Days of loss a year from daily peaks (semantics 5.2: one day in ten years)."""
    step_mw: float = 10.0
    """Of the outage tables; a capacity between is split (models 4.2: tails agree to 3e-9)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Room:
    """One kind of room in one place: its limit with nothing booked, and what the book leaves of it."""

    scope: str
    """footprint, region or zone."""
    place: str
    method: str
    """deterministic, network-limited or probabilistic."""
    load: str
    """P50 or P90."""
    limit_mw: FloatArray
    """(D,)."""
    margin_mw: FloatArray
    """(D,) MW of load, or of capacity times one less its outage rate, that could still be done without."""

    @property
    def name(self) -> str:
        """Name it as it is shown."""
        where = self.place if self.scope == FOOTPRINT else f"{self.scope} {self.place}"
        return f"{where}, {self.method} {self.load}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """The rooms of every place by market day."""

    day: tuple[date, ...]
    rooms: tuple[Room, ...]
    lole_d: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Expected days of loss by place, for each 365 days from the first, the last perhaps shorter."""
    closed: dict[str, int] = field(default_factory=dict)
    """By place, days in weeks whose booked outages alone use up the week's share of the criterion."""
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def binding(self, *, place: str | None = None) -> tuple[Room, ...]:
        """Give the smallest room of each day, of one place or of all."""
        rooms = [room for room in self.rooms if place is None or room.place == place]
        if not rooms:
            return ()
        least = np.argmin(np.stack([room.margin_mw for room in rooms]), axis=0)
        return tuple(rooms[int(k)] for k in least)


def outlook(
    *,
    grid: Grid,
    starts: Sequence[datetime],
    taken: Sequence[Taken],
    rules: OutlookRules,
    told: Callable[[int], None] = lambda _days: None,
) -> Outlook:
    """Give the maintenance margin of these hours, whole market days in order, with the book's outages.

    `told` hears how many days of probabilistic room have been done.

    Raises:
        NoSuchElement: `taken` names a row that is no unit.
    """
    booked = margin(grid=grid, starts=starts, taken=taken, rules=rules.margin)
    if grid.shapes is None or grid.zones is None:
        return Outlook(day=booked.day, rooms=(), unknown=booked.unknown)
    empty = margin(grid=grid, starts=starts, taken=(), rules=rules.margin)
    rooms = [_sure(booked, empty, row) for row in range(len(booked.rows))]
    chances = [
        _chance(
            scope,
            place,
            _Peaks.of(
                grid=grid,
                shapes=grid.shapes,
                zones=grid.zones,
                starts=starts,
                taken=taken,
                members=members,
                limit_mw=limit,
            ),
            rules,
            told,
        )
        for scope, place, members, limit in _places(booked)
    ]
    return Outlook(
        day=booked.day,
        rooms=(*rooms, *(room for room, _, _ in chances)),
        lole_d={room.place: lole for room, lole, _ in chances},
        closed={room.place: shut for room, _, shut in chances if shut},
        unknown=booked.unknown,
        notes=booked.notes,
    )


def _sure(booked: MarginResult, empty: MarginResult, row: int) -> Room:
    one = booked.rows[row]
    return Room(
        scope=one.scope,
        place=one.place,
        method=DETERMINISTIC if one.scope == FOOTPRINT else NETWORK,
        load=one.load,
        limit_mw=empty.day_margin_mw[row],
        margin_mw=booked.day_margin_mw[row],
    )


def _places(result: MarginResult) -> list[tuple[str, str, tuple[int, ...], float]]:
    places = {(row.scope, row.place): (row.zones, row.import_limit_mw) for row in result.rows}
    return [(scope, place, *rest) for (scope, place), rest in places.items()]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Peaks:
    """What a place's outage tables are held against: the day's greatest load net of what is not in a table."""

    capacity_mw: FloatArray
    """(u,) of the units in the table."""
    rate: FloatArray
    lost_mw: FloatArray
    """(D, u) most that is out or derated in any hour of the day."""
    booked_mw: FloatArray
    """(D,) P50 load less firm imports, import limit, wind and solar at P10, with the book."""
    empty_mw: FloatArray
    """(D,) with nothing booked."""

    @classmethod
    def of(
        cls,
        *,
        grid: Grid,
        shapes: Shapes,
        zones: Zones,
        starts: Sequence[datetime],
        taken: Sequence[Taken],
        members: tuple[int, ...],
        limit_mw: float,
    ) -> _Peaks:
        fleet = fleet_of(grid=grid, shapes=shapes)
        columns, inside = shape_columns(shapes=shapes, starts=starts), list(members)
        firm = float((zones.firm_import_mw - zones.firm_export_mw)[inside].sum()) + limit_mw
        load = zone_load_mw(grid, shapes, columns)[inside].sum(axis=0) - firm
        varying = fleet.capacity_mw(columns) - fleet.by_kind[STEADY][:, None]
        weather = [t for t in taken if fleet.kind[t.unit] != STEADY]
        gone = removed_mw(fleet=fleet, taken=weather, starts=starts, columns=columns)
        rows = np.flatnonzero((fleet.counts > 0) & (fleet.kind == STEADY) & np.isin(fleet.zone, inside))
        day = _day_numbers(starts)
        return cls(
            capacity_mw=fleet.p_max_mw[rows],
            rate=grid.network.units.outage_rate[rows],
            lost_mw=lost_by_day(fleet=fleet, taken=taken, starts=starts, rows=rows),
            booked_mw=_most_of_days(load - (varying - gone)[inside].sum(axis=0), day),
            empty_mw=_most_of_days(load - varying[inside].sum(axis=0), day),
        )


def _day_numbers(starts: Sequence[datetime]) -> IntArray:
    days = [market_day_of(start).toordinal() for start in starts]
    return np.array(days, dtype=np.int64) - days[0]


def _most_of_days(values: FloatArray, day: IntArray) -> FloatArray:
    most = np.full(int(day[-1]) + 1, -np.inf)
    np.maximum.at(most, day, values)
    return most


def lost_by_day(*, fleet: Fleet, taken: Sequence[Taken], starts: Sequence[datetime], rows: IntArray) -> FloatArray:
    """Give what each unit lacks on each day: a unit out for an hour is out for the day of a daily criterion, (D, u)."""
    day = _day_numbers(starts)
    place = {int(row): k for k, row in enumerate(rows)}
    begin = np.array([start.timestamp() for start in starts])
    hourly: dict[int, FloatArray] = {}
    for one in taken:
        if one.unit in place:
            lost = hourly.setdefault(one.unit, np.zeros(len(starts)))
            touched = (begin < one.window.end.timestamp()) & (
                begin + HOUR.total_seconds() > one.window.start.timestamp()
            )
            lost[touched] += fleet.p_max_mw[one.unit] if one.derate_mw is None else one.derate_mw
    by_day = np.zeros((int(day[-1]) + 1, len(rows)))
    for unit, lost in hourly.items():
        by_day[:, place[unit]] = np.minimum(_most_of_days(lost, day), fleet.p_max_mw[unit])
    return by_day


def _chance(
    scope: str, place: str, peaks: _Peaks, rules: OutlookRules, told: Callable[[int], None]
) -> tuple[Room, tuple[float, ...], int]:
    """Give the probabilistic room of a place, its expected days of loss by year, and its days in closed weeks."""
    tables = _tables(peaks, rules.step_mw, told)
    whole = [_table(peaks, np.zeros(len(peaks.rate)), rules.step_mw)] * len(tables)
    share = rules.criterion_d / 365.0
    left, closed = _rooms(tables, peaks.booked_mw, share)
    limit, _ = _rooms(whole, peaks.empty_mw, share)
    lolp = [_lolp(table, load) for table, load in zip(tables, peaks.booked_mw, strict=True)]
    years = tuple(math.fsum(lolp[k : k + 365]) for k in range(0, len(lolp), 365))
    room = Room(scope=scope, place=place, method=PROBABILISTIC, load="P50", limit_mw=limit, margin_mw=left)
    return room, years, closed


def _tables(peaks: _Peaks, step_mw: float, told: Callable[[int], None]) -> list[OutageTable]:
    """Give each day's table: its units are taken out of it, and no MW are subtracted."""
    known: dict[bytes, OutageTable] = {}
    tables = []
    for lost in peaks.lost_mw:
        key = lost.tobytes()
        if key not in known:
            known[key] = _table(peaks, lost, step_mw)
        tables.append(known[key])
        told(1)
    return tables


def _table(peaks: _Peaks, lost_mw: FloatArray, step_mw: float) -> OutageTable:
    left = peaks.capacity_mw - lost_mw
    stays = left > 0
    return capacity_outage(capacity_mw=left[stays], outage_rate=peaks.rate[stays], step_mw=step_mw)


def _lolp(table: OutageTable, load_mw: float) -> float:
    return float(loss_of_load(table=table, load_mw=np.array([load_mw]))[0][0])


def _rooms(tables: Sequence[OutageTable], load_mw: FloatArray, share_d: float) -> tuple[FloatArray, int]:
    """Give by day the most load that could be added in all days of its week within the week's share.

    Negative where the week is over it as booked: how much too much. Such a week is closed, and its
    days are counted.
    """
    rooms, closed = np.empty(len(tables)), 0
    for first in range(0, len(tables), WEEK):
        days = slice(first, min(first + WEEK, len(tables)))
        room = _week(tables[days], load_mw[days], share_d * (days.stop - first))
        rooms[days] = room
        closed += (days.stop - first) if room < 0 else 0
    return rooms, closed


def _week(tables: Sequence[OutageTable], load_mw: FloatArray, share_d: float) -> float:
    """Bisect: the week's expected days of loss grow with the load added."""
    high = max(table.installed_mw for table in tables) + float(np.abs(load_mw).max()) + 1.0
    low = -high
    # Most weeks have one fleet: its seven days are looked up at once.
    alike = [
        (table, [d for d, one in enumerate(tables) if one is table]) for table in {id(t): t for t in tables}.values()
    ]
    while high - low > ACCURACY_MW:
        middle = (low + high) / 2.0
        lost = math.fsum(
            float(loss_of_load(table=table, load_mw=load_mw[days] + middle)[0].sum()) for table, days in alike
        )
        low, high = (middle, high) if lost <= share_d else (low, middle)
    return low
