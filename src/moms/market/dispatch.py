"""Operating points of hours: the data's own dispatch, moved as little as the hour asks.

The rule, in order (semantics 1.2):

1. A bus's load is the case's times the load shape of its zone. Injections of the outside world
   scale with the outside load shape, so the exchange over the ties scales with it.
2. Each zone is to generate what it does in the data, times its load shape; one common factor then
   makes the footprint meet what is left of load after the outside world and the DC lines.
3. Wind and solar give capacity times their zone's shape. The other running units of the zone move
   in proportion to the data's dispatch, between their Pmin and Pmax, to the zone's total; fuels
   that do not follow load stay where they are.
4. Units out give nothing and derated ones no more than is left of them. What that takes away is
   filled in merit order (units that do not follow load, then emergency-only ones, come last) within
   the zone, then the sub-region, then the footprint; a surplus is taken from other units in
   proportion to their room above Pmin, in the same order of places; both within the import and
   export limits of zones and sub-regions.
5. Surplus still left: units of the zone below Pmin, then its wind and solar spilled. Shortfall still left: load of
   the zone is cut by it and it is reported; a study that meets one refers.

Every megawatt is placed, so the slack bus does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import Grid, Hours, season_of, shape_columns
from moms.market.balance import Balance, settle
from moms.market.rules import DispatchRules
from moms.values import Refused, instant_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.grid import BoolArray, FloatArray, IntArray, Network, Shapes, Zones


class NoHours(Refused):
    """A grid that has no hourly load, wind and solar cannot be dispatched by the hour."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dispatched:
    """Operating points and what it took to make them. MW, (H,) each."""

    hours: Hours
    shortfall_mw: FloatArray
    """Load that no unit could serve within the zonal limits; above 0 the hour refers."""
    moved_mw: FloatArray
    """Half the sum of what units differ from the data's dispatch scaled with their zone's load."""
    spilled_mw: FloatArray
    """Wind and solar turned down: neither units of their zone nor room elsewhere was left."""
    below_minimum_mw: FloatArray
    """What units give less than their Pmin together."""
    notes: tuple[str, ...]


def dispatch(
    *,
    grid: Grid,
    starts: Sequence[datetime],
    units_out: BoolArray | None = None,
    derate_mw: FloatArray | None = None,
    load_factor: FloatArray | None = None,
    weather_at: Sequence[datetime] | None = None,
    labels: Sequence[str] | None = None,
    rules: DispatchRules | None = None,
) -> Dispatched:
    """Give the operating point of each hour with these units out (g, H) or derated (g, H) MW.

    `load_factor` (H,) multiplies load (P90 over P50); `weather_at` takes load, wind and solar from
    other hours than `starts`. Without the request: call again without its units out. A
    transmission outage changes nothing here, so its two sides share one set of hours.

    Raises:
        NoHours: the grid has no zones or no hourly shapes.
    """
    if grid.shapes is None or grid.zones is None:
        raise NoHours(
            f"grid {grid.name} has no hourly load, wind and solar", field="grid", fix="hand in its hours as a file"
        )
    count = len(starts)
    columns = shape_columns(shapes=grid.shapes, starts=starts if weather_at is None else weather_at)
    factor = np.ones(count) if load_factor is None else load_factor
    world = _World(grid.network, grid.zones, grid.shapes, rules or DispatchRules())
    out = np.zeros((len(grid.network.units), count), dtype=bool) if units_out is None else units_out
    room = np.maximum(world.ceiling[:, None] - (0.0 if derate_mw is None else derate_mw), 0.0)
    stopped = out | ~world.runs[:, None]
    return _dispatched(
        world=world,
        starts=starts,
        columns=columns,
        factor=factor,
        available=np.where(stopped, 0.0, room),
        absorbed=np.where(stopped, 0.0, np.minimum(world.base, 0.0)[:, None]),
        labels=labels,
    )


class _World:
    """What the dispatch of every hour has in common."""

    def __init__(self, network: Network, zones: Zones, shapes: Shapes, rules: DispatchRules) -> None:
        buses, units = network.buses, network.units
        self.network, self.zones, self.shapes, self.rules = network, zones, shapes, rules
        self.live_bus = buses.kind != 4
        self.runs = units.in_service & self.live_bus[units.bus]
        self.zone = buses.zone[units.bus]
        self.base = np.where(self.runs, units.p_mw, 0.0)
        self.ceiling = np.where(self.runs, np.maximum(units.p_max_mw, self.base), 0.0)
        self.inside = self.runs & (self.zone >= 0)
        self.weather = self.inside & np.isin(units.fuel, rules.weather_fuels)
        self.follows = self.inside & ~self.weather
        held = np.isin(units.fuel, rules.steady_fuels)
        floor = np.where(held, self.base, np.minimum(units.p_min_mw, self.base))
        self.floor = np.where(self.follows & (self.base > 0), floor, np.minimum(self.base, 0.0))
        price = units.cost_c1 + units.cost_c2 * (self.base + self.ceiling)
        self.merit = np.lexsort((np.arange(len(units)), price, held, units.emergency_only))
        self.held = self.follows & held
        self.net_fixed = np.where(self.live_bus, buses.shunt_mw, 0.0)
        self.bus_load = np.where(self.live_bus, buses.load_mw, 0.0)
        self.dc = np.where(network.dclines.in_service, network.dclines.p_mw, 0.0)

    @property
    def zone_count(self) -> int:
        return len(self.zones.name)

    def by_zone(self, values: FloatArray, zone: IntArray) -> FloatArray:
        """Sum rows by zone, (z + 1, ...); the outside world is last."""
        total = np.zeros((self.zone_count + 1, *values.shape[1:]))
        np.add.at(total, zone, values)
        return total


def _dispatched(
    *,
    world: _World,
    starts: Sequence[datetime],
    columns: IntArray,
    factor: FloatArray,
    available: FloatArray,
    absorbed: FloatArray,
    labels: Sequence[str] | None,
) -> Dispatched:
    network, z = world.network, world.zone_count
    shape = world.shapes.load[:, columns] * factor
    load = world.bus_load[:, None] * shape[network.buses.zone]
    fixed = _fixed_by_zone(world, load, world.dc)
    unit_mw = _outside(world, shape[-1], available, absorbed)
    outside_gives = unit_mw[world.zone < 0].sum(axis=0) + fixed[z]
    generated = world.by_zone(world.base[:, None], world.zone)[:z]
    scaled = generated * shape[:z]
    want = scaled * _ratio(-(fixed[:z].sum(axis=0) + outside_gives), scaled.sum(axis=0))
    in_data = _exchange_in_data(world, generated, shape[:z])
    import_limit = np.maximum(world.zones.import_limit_mw[:, None], in_data)
    export_limit = np.maximum(world.zones.export_limit_mw[:, None], -in_data)
    want = _within_area_limits(want, -fixed[:z], in_data, world.zones)
    want = _within_limits(want, -fixed[:z], import_limit, export_limit)
    takes = -fixed[:z] - want
    unit_mw += _weather(world, columns, available) + np.where(world.inside[:, None], absorbed, 0.0)
    unit_mw += _following(world, want - world.by_zone(unit_mw, world.zone)[:z], available)
    balance = Balance(
        unit_mw=unit_mw,
        available=available,
        want=want,
        floor=np.minimum(world.floor[:, None], available),
        follows=world.follows,
        held=world.held,
        weather=world.weather,
        zone=world.zone,
        merit=world.merit,
        takes=takes,
        import_room=np.maximum(import_limit - takes, 0.0),
        export_room=np.maximum(export_limit + takes, 0.0),
    )
    settled = settle(balance=balance, zones=world.zones)
    _cut_load(world, load, settled.shortfall)
    reference = np.where(world.inside[:, None], world.base[:, None] * shape[world.zone], settled.unit_mw)
    hours = Hours(
        label=tuple(labels) if labels is not None else tuple(instant_text(start) for start in starts),
        start=tuple(starts),
        load_mw=load,
        unit_mw=settled.unit_mw,
        dcline_mw=np.repeat(world.dc[:, None], len(starts), axis=1),
        season=tuple(season_of(start) for start in starts),
    )
    return Dispatched(
        hours=hours,
        shortfall_mw=settled.shortfall.sum(axis=0),
        moved_mw=0.5 * np.abs(settled.unit_mw - reference).sum(axis=0),
        spilled_mw=settled.spilled,
        below_minimum_mw=np.maximum(balance.floor - settled.unit_mw, 0.0)[world.follows].sum(axis=0),
        notes=_notes(world),
    )


def _fixed_by_zone(world: _World, load: FloatArray, dc: FloatArray) -> FloatArray:
    """Give what each zone's buses inject without any unit: less load and shunts, DC lines, (z + 1, H)."""
    network = world.network
    lines = network.dclines
    bus = -world.net_fixed
    np.add.at(bus, lines.from_bus, -dc)
    np.add.at(bus, lines.to_bus, dc - lines.loss_mw * lines.in_service)
    return world.by_zone(bus[:, None] - load, network.buses.zone)


def _outside(world: _World, shape: FloatArray, available: FloatArray, absorbed: FloatArray) -> FloatArray:
    """Give the outside world's units: the data's output scaled, what is out filled by the others."""
    rows = world.zone < 0
    unit_mw = np.zeros_like(available)
    target = np.maximum(world.base[rows, None], 0.0) * shape
    given = np.minimum(target, available[rows])
    room = np.where(world.base[rows, None] > 0, available[rows] - given, 0.0)
    lost = (target - given).sum(axis=0)
    unit_mw[rows] = given + room * np.minimum(_ratio(lost, room.sum(axis=0)), 1.0) + absorbed[rows] * shape
    return unit_mw


def _weather(world: _World, columns: IntArray, available: FloatArray) -> FloatArray:
    """Give wind and solar output: what is left of the unit times its zone's shape, (g, H)."""
    fuel, unit_mw = world.network.units.fuel, np.zeros_like(available)
    for name, shape in (("wind", world.shapes.wind), ("solar", world.shapes.solar)):
        rows = np.flatnonzero(world.weather & (fuel == name))
        unit_mw[rows] = available[rows] * np.clip(shape[world.zone[rows]][:, columns], 0.0, 1.0)
    return unit_mw


def _following(world: _World, target: FloatArray, available: FloatArray) -> FloatArray:
    """Give the other units: k times the data's output, between floor and ceiling, k by zone and hour.

    The target is met as if nothing were out; then what is out or derated is taken away, so that an
    outage moves nothing but itself and what replaces it.
    """
    unit_mw = np.zeros_like(available)
    for zone in range(world.zone_count):
        rows = np.flatnonzero(world.follows & (world.zone == zone) & (world.base > 0))
        if not len(rows):
            continue
        base, low, high = world.base[rows], world.floor[rows], world.ceiling[rows]
        knots = np.unique(np.concatenate([low / base, high / base]))
        total = np.clip(knots[:, None] * base, low, high).sum(axis=1)
        k = np.interp(target[zone], total, knots)
        unit_mw[rows] = np.minimum(np.clip(k * base[:, None], low[:, None], high[:, None]), available[rows])
    return unit_mw


def _exchange_in_data(world: _World, generated: FloatArray, shape: FloatArray) -> FloatArray:
    """Give what each zone takes in in the data, scaled with its load, (z, H).

    A zone or area whose exchange there is beyond its limit keeps that exchange.
    """
    fixed = _fixed_by_zone(world, world.bus_load[:, None], world.dc)[: world.zone_count]
    scaled: FloatArray = (-fixed - generated) * shape
    return scaled


def _within_area_limits(want: FloatArray, fixed_load: FloatArray, in_data: FloatArray, zones: Zones) -> FloatArray:
    """Shift generation into each sub-region that would take in more than it may, from the others, in proportion.

    Where one side generates nothing there is nothing to shift: what the sub-region lacks is found, or not, when
    units are moved (`balance`).
    """
    for area in sorted(zones.region_import_limit_mw):
        inside = np.isin(np.arange(len(want)), zones.area(area))
        if not inside.any() or inside.all():
            continue
        limit = np.maximum(zones.region_import_limit_mw[area], in_data[inside].sum(axis=0))
        over = np.maximum((fixed_load - want)[inside].sum(axis=0) - limit, 0.0)
        own, others = want[inside].sum(axis=0), want[~inside].sum(axis=0)
        over[(own <= 0.0) | (others <= 0.0)] = 0.0
        want = want + over * np.where(inside[:, None], _ratio(want, own), -_ratio(want, others))
    return want


def _within_limits(
    want: FloatArray, fixed_load: FloatArray, import_limit: FloatArray, export_limit: FloatArray
) -> FloatArray:
    """Shift what zones are to generate so that none takes in or sends out more than it may, the sum kept."""
    takes = fixed_load - want
    want = want + _shifted(np.maximum(takes - import_limit, 0.0), np.maximum(import_limit - takes, 0.0))
    takes = fixed_load - want
    shifted: FloatArray = want - _shifted(np.maximum(-takes - export_limit, 0.0), np.maximum(export_limit + takes, 0.0))
    return shifted


def _shifted(over: FloatArray, room: FloatArray) -> FloatArray:
    """Give what zones over a limit gain and those with room lose, (z, H), adding up to nothing."""
    room = np.where(np.isfinite(room), room, 1e12)
    total, able = over.sum(axis=0), room.sum(axis=0)
    moved = np.minimum(total, able)
    return over * _ratio(moved, total) - room * _ratio(moved, able)


def _cut_load(world: _World, load: FloatArray, shortfall: FloatArray) -> None:
    """Take the shortfall of each zone off its loads, in place, in proportion."""
    bus_zone = world.network.buses.zone
    for zone, hour in np.argwhere(shortfall > 0):
        rows = (bus_zone == zone) & (load[:, hour] > 0)
        load[rows, hour] *= 1.0 - shortfall[zone, hour] / load[rows, hour].sum()


def _notes(world: _World) -> tuple[str, ...]:
    units = world.network.units
    over = world.inside & (world.base > units.p_max_mw)
    notes = ["hours by rule from one bundled weather year"]
    if over.any():
        excess = float((world.base - units.p_max_mw)[over].sum())
        notes.append(f"{int(over.sum())} units give {excess:.1f} MW more in the data than their Pmax; kept as given")
    return tuple(notes)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    result: FloatArray = np.divide(part, whole, out=np.zeros_like(part), where=np.abs(whole) > 0)
    return result
