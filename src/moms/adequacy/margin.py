"""The margin of an hour: what is left of available capacity after load, reserve and uncertainty.

Semantics 5.1, to the letter: available capacity times one less the outage rate, of the units not
out, with wind and solar at their hourly P10 and emergency-only units left aside; plus firm imports,
less firm exports, load (P50 and P90), reserve and uncertainty. A zone and a sub-region add what
they can import; the footprint, each sub-region and each zone are rows of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.fleet import Taken, fleet_of, removed_mw
from moms.grid import shape_columns
from moms.values.clock import market_day_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from moms.grid import FloatArray, Grid, IntArray, Shapes, Zones

FOOTPRINT = "footprint"
P50 = "P50"
P90 = "P90"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRules:
    """What the rule book says of a margin: all of it policy, none of it in the code.

    Reserve and uncertainty are a share of a row's own load plus MW of the footprint, of which a
    row carries the part that its load is of the footprint's.
    """

    reserve_share: float = 0.0
    reserve_mw: float = 0.0
    uncertainty_share: float = 0.0
    uncertainty_mw: float = 0.0
    loads: tuple[str, ...] = (P50, P90)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRow:
    """One row of a margin: a place, and the load it is held against."""

    scope: str
    """footprint, region or zone."""
    place: str
    load: str
    """P50 or P90."""
    zones: tuple[int, ...]
    """The zones whose capacity counts in it."""
    import_limit_mw: float
    """0 for the footprint."""

    @property
    def name(self) -> str:
        """Name the row as it is shown, e.g. `zone MISO-4 P90`."""
        return f"{FOOTPRINT if self.scope == FOOTPRINT else f'{self.scope} {self.place}'} {self.load}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMargin:
    """The margin of one row on one market day: that of its least hour."""

    day: date
    row: MarginRow
    margin_mw: float
    hour: datetime
    """The start of that hour; the earliest if several are equal."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarginResult:
    """Margins by row and hour, and by row and market day. MW.

    `unknown` says what was missing; where it is not empty nothing may be approved on this result.
    """

    rows: tuple[MarginRow, ...]
    start: tuple[datetime, ...]
    """(H,) hours."""
    margin_mw: FloatArray
    """(R, H)."""
    capacity_mw: FloatArray
    """(R, H) capacity counted, after outages, times one less the outage rate."""
    load_mw: FloatArray
    """(R, H)."""
    buffer_mw: FloatArray
    """(R, H) reserve and uncertainty."""
    day: tuple[date, ...]
    """(D,) market days, in order."""
    day_margin_mw: FloatArray
    """(R, D) the least hour of each day."""
    day_hour: IntArray
    """(R, D) which column of `start` that hour is."""
    unknown: tuple[str, ...]
    notes: tuple[str, ...]
    cut_off: tuple[Taken, ...]
    """Units counted as out because an outage of other equipment cuts them off: the reverse link."""

    @property
    def known(self) -> bool:
        """Whether everything the margin needs was there."""
        return not self.unknown

    def of(self, *, row: int, day: int) -> DayMargin:
        """Give the margin of one row on one day."""
        return DayMargin(
            day=self.day[day],
            row=self.rows[row],
            margin_mw=float(self.day_margin_mw[row, day]),
            hour=self.start[int(self.day_hour[row, day])],
        )

    def binding(self) -> tuple[DayMargin, ...]:
        """Give each day's least row, the first in order if several are equal."""
        if not self.rows:
            return ()
        return tuple(self.of(row=int(r), day=d) for d, r in enumerate(np.argmin(self.day_margin_mw, axis=0)))

    def least(self) -> DayMargin | None:
        """Give the least of all days and rows, or None where nothing could be computed."""
        return min(self.binding(), key=lambda m: (m.margin_mw, m.day), default=None)

    def row_named(self, name: str) -> int:
        """Give the place of the row of that name.

        Raises:
            KeyError: there is none.
        """
        for k, row in enumerate(self.rows):
            if row.name == name:
                return k
        raise KeyError(name)


def margin(*, grid: Grid, starts: Sequence[datetime], taken: Sequence[Taken] = (), rules: MarginRules) -> MarginResult:
    """Give the margin at each hour with these units out or derated (semantics 5.1).

    `starts` are the hours' starts, in order. A unit taken for part of an hour is taken for the hour.

    Raises:
        NoSuchElement: `taken` names a row that is no unit.
    """
    if grid.shapes is None or grid.zones is None:
        return _nothing(grid, starts, taken)
    fleet = fleet_of(grid=grid, shapes=grid.shapes)
    columns = shape_columns(shapes=grid.shapes, starts=starts)
    by_zone = fleet.capacity_mw(columns) - removed_mw(fleet=fleet, taken=taken, starts=starts, columns=columns)
    load = zone_load_mw(grid, grid.shapes, columns)
    rows, notes = rows_of(grid.zones, rules)
    return _result(
        rows=rows,
        notes=notes,
        starts=starts,
        capacity=by_zone,
        load=load,
        grid_zones=grid.zones,
        p90=grid.shapes.load_p90_factor,
        rules=rules,
        unknown=fleet.unknown,
        taken=taken,
    )


def zone_load_mw(grid: Grid, shapes: Shapes, columns: IntArray) -> FloatArray:
    """Give each zone's load by hour, (z, H)."""
    loads: FloatArray = zone_base_mw(grid)[:, None] * shapes.load[:-1][:, columns]
    return loads


def zone_base_mw(grid: Grid) -> FloatArray:
    """Give the load of each zone in the case, (z,), which the hourly shapes multiply."""
    buses = grid.network.buses
    inside = (buses.zone >= 0) & (buses.kind != 4)
    count = 0 if grid.zones is None else len(grid.zones.name)
    base = np.bincount(buses.zone[inside], weights=buses.load_mw[inside], minlength=count)[:count]
    return base.astype(np.float64)


def rows_of(zones: Zones, rules: MarginRules) -> tuple[tuple[MarginRow, ...], tuple[str, ...]]:
    """Give the rows, footprint first, then sub-regions, then zones, each for every load."""
    places = [(FOOTPRINT, FOOTPRINT, tuple(range(len(zones.name))), 0.0)]
    notes = []
    limits = zones.region_import_limit_mw
    places.extend(("region", area, zones.area(area), limits[area]) for area in sorted(limits))
    places.extend(("zone", name, (k,), float(zones.import_limit_mw[k])) for k, name in enumerate(zones.name))
    rows = []
    for scope, place, members, limit in places:
        if not members or not np.isfinite(limit):
            notes.append(f"{scope} {place} has no row: {'no zones' if not members else 'no import limit'}")
            continue
        rows += [
            MarginRow(scope=scope, place=place, load=load, zones=members, import_limit_mw=limit) for load in rules.loads
        ]
    return tuple(rows), tuple(notes)


def _result(
    *,
    rows: tuple[MarginRow, ...],
    notes: tuple[str, ...],
    starts: Sequence[datetime],
    capacity: FloatArray,
    load: FloatArray,
    grid_zones: Zones,
    p90: float,
    rules: MarginRules,
    unknown: tuple[str, ...],
    taken: Sequence[Taken],
) -> MarginResult:
    member = np.zeros((len(rows), len(grid_zones.name)))
    for k, row in enumerate(rows):
        member[k, list(row.zones)] = 1.0
    factor = np.array([p90 if row.load == P90 else 1.0 for row in rows])[:, None]
    firm = member @ (grid_zones.firm_import_mw - grid_zones.firm_export_mw)
    limit = np.array([row.import_limit_mw for row in rows])
    row_load = factor * (member @ load)
    part = np.divide(row_load, factor * load.sum(axis=0), out=np.zeros_like(row_load), where=load.sum(axis=0) > 0)
    share, fixed = rules.reserve_share + rules.uncertainty_share, rules.reserve_mw + rules.uncertainty_mw
    buffer = share * row_load + fixed * part
    row_capacity = member @ capacity
    margins = row_capacity + (firm + limit)[:, None] - row_load - buffer
    day, day_margin, day_hour = _least_of_days(margins, starts)
    return MarginResult(
        rows=rows,
        start=tuple(starts),
        margin_mw=margins,
        capacity_mw=row_capacity,
        load_mw=row_load,
        buffer_mw=buffer,
        day=day,
        day_margin_mw=day_margin,
        day_hour=day_hour,
        unknown=unknown,
        notes=notes,
        cut_off=tuple(t for t in taken if t.cut_off_by),
    )


def _least_of_days(margins: FloatArray, starts: Sequence[datetime]) -> tuple[tuple[date, ...], FloatArray, IntArray]:
    """Give the market days, each row's least margin of the day, and the column it stands in."""
    spans = [(day, [k for k, _ in hours]) for day, hours in groupby(enumerate(starts), lambda e: market_day_of(e[1]))]
    worst = np.empty((len(margins), len(spans)), dtype=np.int64)
    for d, (_, columns) in enumerate(spans):
        worst[:, d] = columns[0] + np.argmin(margins[:, columns[0] : columns[-1] + 1], axis=1)
    return tuple(day for day, _ in spans), np.take_along_axis(margins, worst, axis=1), worst


def _nothing(grid: Grid, starts: Sequence[datetime], taken: Sequence[Taken]) -> MarginResult:
    """Say that no margin can be computed, and why."""
    missing = []
    if grid.zones is None:
        missing.append(f"grid {grid.name} has no zones with import limits and firm exchanges")
    if grid.shapes is None:
        missing.append(f"grid {grid.name} has no hourly load, wind and solar")
    none = np.empty((0, len(starts)))
    day, day_margin, day_hour = _least_of_days(none, starts)
    return MarginResult(
        rows=(),
        start=tuple(starts),
        margin_mw=none,
        capacity_mw=none,
        load_mw=none,
        buffer_mw=none,
        day=day,
        day_margin_mw=day_margin,
        day_hour=day_hour,
        unknown=tuple(missing),
        notes=(),
        cut_off=tuple(t for t in taken if t.cut_off_by),
    )
