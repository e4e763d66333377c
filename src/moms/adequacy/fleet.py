"""What each unit counts for, and what the units that are taken out take with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.rates import counts as counts_of
from moms.grid import NoSuchElement
from moms.values import HOUR, Remembered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.grid import FloatArray, Grid, IntArray, Shapes
    from moms.values import Window

STEADY, WIND, SOLAR = 0, 1, 2
_KIND = {"wind": WIND, "solar": SOLAR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One unit out, or derated by `derate_mw`, over a window."""

    unit: int
    """Row in the grid's units."""
    window: Window
    derate_mw: float | None = None
    """None: wholly out."""
    cut_off_by: str = ""
    """The equipment whose outage cuts the unit off, e.g. `branch:12`; empty for an outage of its own."""
    outage_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fleet:
    """The units that count towards a margin: those in service, inside, not for emergencies only."""

    counts: FloatArray
    """(g,) MW of Pmax times one less the outage rate; 0 for units that do not count."""
    p_max_mw: FloatArray
    """(g,)."""
    zone: IntArray
    """(g,) zone of the unit's bus; -1 outside."""
    kind: IntArray
    """(g,) STEADY, WIND or SOLAR."""
    by_kind: FloatArray
    """(3, z) `counts` summed by kind and zone."""
    p10: FloatArray
    """(3, z, 8760) what multiplies `counts`: 1, and the P10 shapes."""
    unknown: tuple[str, ...]

    def capacity_mw(self, columns: IntArray) -> FloatArray:
        """Give what each zone counts with nothing taken, (z, H)."""
        total: FloatArray = (self.by_kind[:, :, None] * self.p10[:, :, columns]).sum(axis=0)
        return total


def fleet_of(*, grid: Grid, shapes: Shapes) -> Fleet:
    """Give what each unit counts for. A unit without a known outage rate counts nothing, and is said."""
    return _FLEETS.of(grid, shapes, make=lambda: _made(grid, shapes))


_FLEETS: Remembered[Fleet] = Remembered()
"""A question asks for it several times, and the next one again."""


def _made(grid: Grid, shapes: Shapes) -> Fleet:
    units, zone = grid.network.units, grid.network.buses.zone[grid.network.units.bus]
    eligible = counts_of(grid)
    nameless = eligible & ~units.outage_rate_known
    counts = np.where(eligible & ~nameless, units.p_max_mw * (1.0 - units.outage_rate), 0.0)
    kind = np.array([_KIND.get(str(fuel), STEADY) for fuel in units.fuel], dtype=np.int64)
    zones = len(shapes.load) - 1
    by_kind = np.zeros((3, zones))
    inside = zone >= 0
    np.add.at(by_kind, (kind[inside], zone[inside]), counts[inside])
    return Fleet(
        counts=counts,
        p_max_mw=units.p_max_mw,
        zone=zone,
        kind=kind,
        by_kind=by_kind,
        p10=np.stack([np.ones((zones, shapes.load.shape[1])), shapes.wind_p10[:zones], shapes.solar_p10[:zones]]),
        unknown=_unknown(int(nameless.sum()), float(units.p_max_mw[nameless].sum())),
    )


def _unknown(count: int, total_mw: float) -> tuple[str, ...]:
    if not count:
        return ()
    return (f"{count} units with {total_mw:.1f} MW have no known outage rate; they count for nothing",)


def removed_mw(*, fleet: Fleet, taken: Sequence[Taken], starts: Sequence[datetime], columns: IntArray) -> FloatArray:
    """Give what each zone loses to these outages and derates by hour, (z, H).

    Outages of one unit that overlap take it once; derates add up to no more than the unit.

    Raises:
        NoSuchElement: a row that is no unit.
    """
    lost = np.zeros((fleet.by_kind.shape[1], len(starts)))
    by_unit: dict[int, list[Taken]] = {}
    for one in taken:
        if not 0 <= one.unit < len(fleet.counts):
            raise NoSuchElement(f"the grid has no unit in row {one.unit}", field="unit", fix="give a row of its units")
        by_unit.setdefault(one.unit, []).append(one)
    begin = np.array([start.timestamp() for start in starts])
    for unit, spans in sorted(by_unit.items()):
        zone, kind = int(fleet.zone[unit]), int(fleet.kind[unit])
        if zone < 0 or fleet.counts[unit] == 0:
            continue
        lost[zone] += fleet.counts[unit] * _share_gone(fleet, spans, begin) * fleet.p10[kind, zone, columns]
    return lost


def _share_gone(fleet: Fleet, spans: Sequence[Taken], begin: FloatArray) -> FloatArray:
    """Give the share of one unit that is gone at each hour, 0 to 1, (H,)."""
    gone = np.zeros(len(begin))
    for one in spans:
        touched = (begin < one.window.end.timestamp()) & (begin + HOUR.total_seconds() > one.window.start.timestamp())
        gone[touched] += 1.0 if one.derate_mw is None else one.derate_mw / fleet.p_max_mw[one.unit]
    return np.clip(gone, 0.0, 1.0)
