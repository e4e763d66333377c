"""Verify by AC what a study found clean, in the hours that matter, and keep of it what a decision rests on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from moms.decide import AcCrossing, AtLimit, Unsolved, Voltage
from moms.study.ac_check import check_ac
from moms.study.ac_hours import hours_that_matter
from moms.values import ElementKind, Refused, digest, many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.decide import Security
    from moms.desk.security import Studied
    from moms.desk.world import World
    from moms.grid import BoolArray, Grid, Network
    from moms.study import Slice
    from moms.study.ac_hours import Picked
    from moms.study.ac_rows import AcFailure, AcResult, AcRow


class OtherGrid(Refused):
    """A saved case belongs to another grid."""


KEPT = 200
"""Rows a record keeps, the farthest beyond their limits; how many there are is told."""
OLD = "old"


def verified(world: World, studied: Studied, slices: Sequence[Slice] | None = None) -> Security:
    """Give what a study found with its AC verification; `slices` are its hours with a redispatch, where one holds."""
    return replace(studied.security, voltage=_voltage(world, studied, slices or studied.slices))


def _voltage(world: World, studied: Studied, slices: Sequence[Slice]) -> Voltage:
    rules, near = world.rules.ac, studied.result.near
    nearest = None if near is None else near.hour
    picked = hours_that_matter(slices, nearest=nearest, weather=_weather(world), most=rules.hours_most)
    points = sum(len(one.hours) for one in slices)
    if picked is None:
        why = f"{many(len(slices), 'topology')} are out in turn, and the rule book verifies {rules.hours_most} hours"
        return _not_available(f"AC not available: {why} at most", points)
    result = check_ac(slices=picked.slices, limits=rules, model=world.grid.ac)
    if result.status == "not available":
        return _not_available(result.why, points)
    return _condensed(world, result, picked)


def _not_available(why: str, points: int) -> Voltage:
    return Voltage(status="not available", why=why, points=points, digest=digest([why, points]))


def _weather(world: World) -> BoolArray:
    """Tell which units run as the weather lets them."""
    blows: BoolArray = np.isin(world.grid.network.units.fuel, world.rules.dispatch.weather_fuels)
    return blows


def _condensed(world: World, result: AcResult, picked: Picked) -> Voltage:
    """Keep of a verification what a decision rests on."""
    counts = result.counts
    rows = _worst(world, result.rows)
    network = world.grid.network
    return Voltage(
        status=str(result.status),
        why=result.why,
        crossings=rows[:KEPT],
        found=len(rows),
        unsolved=_unsolved(world, result.failures),
        at_limit=tuple(
            AtLimit(element=one.element, base_kv=_kv(network, one.element), hour=one.hour,
                    volt_pu=one.volt_pu, set_pu=one.set_pu, mvar=one.mvar, without_mvar=one.without_mvar)
            for one in result.limited
        ),
        old=round(sum(row.caused == OLD for row in result.rows) / max(counts.hours, 1)),
        contingencies=result.answered,
        in_full=counts.near_limit + counts.not_settled + counts.islanding,
        hours=tuple(f"{one.label}: {one.why}" for one in picked.hours),
        points=picked.of,
        shed_mw=max((one.shed_mw for one in result.sheds), default=0.0),
        unbanded=counts.unbanded,
        unrated=counts.unrated,
        untouched=counts.untouched,
        left_out=counts.left_out,
        layer=world.grid.ac.digest if world.grid.ac is not None else "",
        digest=digest([result.rows, result.limited, result.sheds, result.hours, counts,
                       [(one.contingency, one.hour, one.why, one.without_why) for one in result.failures]]),
    )  # fmt: skip


def _kv(network: Network, name: str) -> float | None:
    """Give the base voltage of a bus; None for a branch, or where it is not known."""
    if not name.startswith(f"{ElementKind.BUS}:"):
        return None
    found = float(network.buses.base_kv[network.row(name)])
    return found if found > 0.0 else None


def _worst(world: World, rows: Sequence[AcRow]) -> tuple[AcCrossing, ...]:
    """Give each value that the request takes beyond its limit at its worst hour, the farthest beyond first."""
    kept: dict[tuple[str | None, str, str], AcCrossing] = {}
    hours: Counter[tuple[str | None, str, str]] = Counter()
    network = world.grid.network
    for row in rows:
        if row.caused == OLD:
            continue
        key = (row.contingency, row.element, str(row.quantity))
        hours[key] += 1
        one = AcCrossing(
            contingency=row.contingency, element=row.element, quantity=str(row.quantity),
            base_kv=_kv(network, row.element), hour=row.hour, value=row.value, limit=row.limit, without=row.without,
            caused=str(row.caused), hours=1,
        )  # fmt: skip
        seen = kept.get(key)
        if seen is None or one.beyond > seen.beyond:
            kept[key] = one
    found = [replace(one, hours=hours[key]) for key, one in kept.items()]
    return tuple(sorted(found, key=lambda one: (-one.beyond, one.contingency or "", one.element, one.quantity)))


def _unsolved(world: World, failures: Sequence[AcFailure]) -> tuple[Unsolved, ...]:
    """Give the states without a solution, what is caused first; the first has its case."""
    ordered = sorted(failures, key=lambda one: (one.caused == OLD, one.contingency is not None))
    return tuple(
        Unsolved(
            contingency=one.contingency,
            hour=one.hour,
            why=one.why,
            without_why=one.without_why,
            caused=str(one.caused),
            case=saved(world, one.case) if place == 0 else None,
        )
        for place, one in enumerate(ordered[:KEPT])
    )


def saved(world: World, case: Network) -> dict[str, object]:
    """Give how a state differs from the grid it was studied on: all that is needed to study it again.

    Columns are whole where any of their values differ, MW and MVAr rounded to 0.001. Where AC has a model
    of its own of the grid, they are those of that model, with its banks as they stand.
    """
    grid, model = world.grid.network, world.grid.ac
    own: dict[str, object] = {}
    if model is not None:
        grid = model.on(grid, level=1.0, load_mw=case.buses.load_mw, load_mvar=case.buses.load_mvar)
        own = {"ac": model.digest, "bus.shunt_mvar": np.round(case.buses.shunt_mvar, 3).tolist(),
               "bus.kind": case.buses.kind.tolist()}  # fmt: skip
    gone = np.flatnonzero(grid.branches.in_service & ~case.branches.in_service)
    off = np.flatnonzero(grid.units.in_service & ~case.units.in_service)
    return {
        "grid": world.grid.digest,
        "branches_out": [grid.name_of(ElementKind.BRANCH, k) for k in gone.tolist()],
        "units_out": [grid.name_of(ElementKind.GEN, k) for k in off.tolist()],
        "bus.load_mw": np.round(case.buses.load_mw, 3).tolist(),
        "bus.load_mvar": np.round(case.buses.load_mvar, 3).tolist(),
        "gen.p_mw": np.round(case.units.p_mw, 3).tolist(),
    } | own


def again(grid: Grid, case: Mapping[str, Any]) -> Network:
    """Give the state that `saved` kept, on the grid it was studied on.

    Raises:
        OtherGrid: this is another grid, or another version of it or of its AC layer.
    """
    layer = grid.ac.digest if grid.ac is not None else None
    if case["grid"] != grid.digest or case.get("ac") != layer:
        raise OtherGrid(
            f"the case was saved on another version of the grid ({case['grid'][:12]}; here is {grid.digest[:12]})",
            field="grid",
            fix="open it with the grid the record names under versions",
        )
    network, load_mw, load_mvar = grid.network, np.array(case["bus.load_mw"]), np.array(case["bus.load_mvar"])
    if grid.ac is not None:
        network = grid.ac.on(network, level=1.0, load_mw=load_mw, load_mvar=load_mvar)
        shunt, kind = np.array(case["bus.shunt_mvar"]), np.array(case["bus.kind"], np.int64)
        network = replace(network, buses=replace(network.buses, shunt_mvar=shunt, kind=kind))
    lines, units = network.branches, network.units
    live, on = lines.in_service.copy(), units.in_service.copy()
    live[[network.row(name) for name in case["branches_out"]]] = False
    on[[network.row(name) for name in case["units_out"]]] = False
    return replace(
        network,
        buses=replace(network.buses, load_mw=load_mw, load_mvar=load_mvar),
        branches=replace(lines, in_service=live),
        units=replace(units, in_service=on, p_mw=np.array(case["gen.p_mw"])),
    )


__all__ = ["OtherGrid", "again", "saved", "verified"]
