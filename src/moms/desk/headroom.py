"""What room a season has: headroom of each place by market day, and what each request takes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy import margin
from moms.adequacy.fleet import fleet_of
from moms.desk.margins import booked, taken
from moms.outages import Category
from moms.schedule.season import Zone
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from moms.adequacy import MarginResult, Taken
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.values import Window

FOOTPRINT = "footprint"


class NotASeason(Refused):
    """Days between which nothing can be planned, or a grid that says too little to plan on."""


def places_and_sizes(world: World, outages: Sequence[Outage]) -> dict[str, tuple[str, float]]:
    """Give the place in which each outage takes capacity, and how much of the margin: c (1 - q), at the most.

    Units of several zones behind one outage count in the footprint alone; the margin of a whole plan is
    looked at zone by zone.
    """
    grid = world.rated
    if grid.shapes is None or grid.zones is None:
        return {o.id: (FOOTPRINT, 0.0) for o in outages}
    fleet, found = fleet_of(grid=grid, shapes=grid.shapes), {}
    best = fleet.p10.max(axis=2)
    for outage in outages:
        by_zone: dict[int, float] = {}
        for one in losses(world, outage):
            zone, share = int(fleet.zone[one.unit]), 1.0
            if one.derate_mw is not None:
                share = min(one.derate_mw / float(fleet.p_max_mw[one.unit]), 1.0)
            if zone >= 0:
                most = share * float(fleet.counts[one.unit] * best[fleet.kind[one.unit], zone])
                by_zone[zone] = by_zone.get(zone, 0.0) + most
        names = [f"zone {grid.zones.name[zone]}" for zone in by_zone]
        found[outage.id] = (names[0] if len(names) == 1 else FOOTPRINT, sum(by_zone.values()))
    return found


def losses(world: World, outage: Outage) -> tuple[Taken, ...]:
    """Give the units that an outage as asked takes from the margin, those that it cuts off included."""
    request = outage.asked
    cut_off = world.cut_off_units(request)
    return taken(world, replace(outage, request=request), outage.window, cut_off=cut_off)


def use_mw(world: World, outage: Outage) -> float:
    """Give what a day of an outage counts for in its ledger: capacity, or the published use of its class of line."""
    request = outage.asked
    if request.category == Category.GENERATION:
        units = world.grid.network.units
        left = request.derate_to_mw or 0.0
        return float(sum(max(float(units.p_max_mw[row]) - left, 0.0) for row in world.units(request)))
    return float(world.rules.ledger.standards.line(world.base_kv(request)).use_mw)


def margins(
    world: World, standing: Sequence[Outage], whole: Window, now: datetime
) -> tuple[MarginResult, MarginResult]:
    """Give the margin of the season with the book, and with nothing booked."""
    hours, rules = whole.clock_hours(), world.rules.margin
    rows = booked(world, standing, now=now, until=whole.end)
    with_book = margin(grid=world.rated, starts=hours, taken=rows, rules=rules)
    if with_book.unknown:
        raise NotASeason(
            f"the margin is not known: {with_book.unknown[0]}", field="grid", fix="plan on a grid that says it"
        )
    return with_book, margin(grid=world.rated, starts=hours, rules=rules)


def parents(world: World) -> Mapping[str, str | None]:
    """Give the place around each place of the margin: zones lie in areas, areas in the footprint."""
    zones = world.grid.zones
    found: dict[str, str | None] = {FOOTPRINT: None}
    if zones is None:
        return found
    for area in sorted(zones.region_import_limit_mw):
        found[f"region {area}"] = FOOTPRINT
        for row in zones.area(area):
            found.setdefault(f"zone {zones.name[row]}", f"region {area}")
    for name in zones.name:
        found.setdefault(f"zone {name}", FOOTPRINT)
    return found


def zones_of(result: MarginResult, around: Mapping[str, str | None]) -> Iterator[Zone]:
    """Give the headroom of each place by day: the less of its P50 and P90 rows."""
    least: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = {}
    for k, row in enumerate(result.rows):
        name = row.scope if row.scope == FOOTPRINT else f"{row.scope} {row.place}"
        least[name] = np.minimum(least.get(name, np.inf), result.day_margin_mw[k])
    for name, by_day in least.items():
        outer = around.get(name)
        while outer is not None and outer not in least:  # a place without an import limit has no row
            outer = around.get(outer)
        yield Zone(id=name, headroom_mw=tuple(by_day.tolist()), within=outer)
