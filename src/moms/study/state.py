"""One case of a study: which island stands, what it is injected with, and its flows before any contingency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import BusKind
from moms.powerflow import Adjacency, BridgeTree, DcFactor, Unbalanced, adjacency, bridge_tree, label, live_branches
from moms.study.pickup import Shape, Weights, share_out, weigh

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, Hours, IntArray, Network
    from moms.study.slices import Out

IMBALANCE_MW = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """The operating points of one topology: with the request, or without it."""

    network: Network
    factor: DcFactor
    graph: Adjacency
    tree: BridgeTree
    units_on: BoolArray
    """(g,) in service, not out, on the island."""
    load_mw: FloatArray
    """(n, H), zero off the island."""
    unit_mw: FloatArray
    """(g, H)"""
    dcline_mw: FloatArray
    """(d, H)"""
    dcline_on: BoolArray
    """(d,) both ends on the island; a DC line that loses an end stops."""
    quiet: BoolArray
    """(n,) nothing is injected in any hour, no load or unit in use, no DC line: to lose it moves no MW."""
    bus_load_mw: FloatArray
    """(n,) load summed over the hours: what decides which part is the main one."""
    weights: Weights
    shortfall_mw: FloatArray
    """(H,) what headroom could not cover when this topology lost what it cuts off."""
    injection_mw: FloatArray
    """(n, H) net injections, zero off the island."""
    theta: FloatArray
    """Angles by position, (len(pivot) + 1, H)."""
    spare_mw: FloatArray
    """(H,) what the hours' injections do not add up to: 0 in DC; in AC what losses take, left to the slack."""

    @property
    def island(self) -> BoolArray:
        """Buses that stand, (n,)."""
        return self.factor.island


def main_part(parts: list[tuple[float, int, int]]) -> int:
    """Choose the main one of parts given as (load over all hours, buses, least bus row).

    The part with the most load goes on, whoever holds the slack: what is studied is who stays
    supplied. Ties go to more buses, then to the least row.
    """
    return max(range(len(parts)), key=lambda k: (round(parts[k][0], 6), parts[k][1], -parts[k][2]))


def stand(
    network: Network,
    *,
    hours: Hours,
    out: Out,
    order: IntArray,
    inside: BoolArray | None = None,
    lossy: bool = False,
) -> Case:
    """Make a case: find its island, balance it, factorise it, solve it.

    `inside` limits the choice of the main island: that of the case without the request, so that
    both cases speak of the same part of the grid. `lossy` hours leave their losses to the slack.

    Raises:
        Unbalanced: the hours' injections do not add up.
        NoReactance: from the factor.
    """
    spare = np.zeros(len(hours))
    if lossy:
        spare = hours.injection_mw(network)[network.buses.kind != BusKind.ISOLATED].sum(axis=0)
    else:
        _refuse_unbalanced(network, hours)
    live = live_branches(network, out=out.branches)
    graph = adjacency(network, live)
    bus_load = np.maximum(hours.load_mw, 0.0).sum(axis=1)
    island = _main_island(network, graph, bus_load, inside)
    unit_out = np.zeros(len(network.units), np.bool_)
    unit_out[out.units] = True
    units_on = network.units.in_service & ~unit_out & island[network.units.bus]
    dc = network.dclines
    dcline_on = island[dc.from_bus] & island[dc.to_bus]
    load = np.where(island[:, None], hours.load_mw, 0.0)
    unit = np.where(island[network.units.bus][:, None], hours.unit_mw, 0.0)
    load, unit, shortfall = _balance(
        network, hours, load=load, unit=unit, units_on=units_on, island=island, dcline_on=dcline_on,
        spare=spare,
    )  # fmt: skip
    factor = DcFactor.on_island(network, live=live, island=island, order=order)
    injection = injections(network, load=load, unit=unit, dcline=hours.dcline_mw, island=island, dcline_on=dcline_on)
    return Case(
        network=network,
        factor=factor,
        graph=graph,
        tree=bridge_tree(graph, root=factor.ground, branches=len(live)),
        units_on=units_on,
        load_mw=load,
        unit_mw=unit,
        dcline_mw=hours.dcline_mw,
        dcline_on=dcline_on,
        quiet=_quiet(network, load=load, unit=unit, units_on=units_on, injection=injection),
        bus_load_mw=bus_load,
        weights=weigh(network, load_mw=load, unit_mw=unit, units_on=units_on, island=island),
        shortfall_mw=shortfall,
        injection_mw=injection,
        theta=factor.solve(injection + factor.shift_injection_mw()[:, None]),
        spare_mw=spare,
    )


def injections(
    network: Network,
    *,
    load: FloatArray,
    unit: FloatArray,
    dcline: FloatArray,
    island: BoolArray,
    dcline_on: BoolArray,
) -> FloatArray:
    """Give net injections of an island, (n, H) MW, zero elsewhere."""
    dc = network.dclines
    total = -load - network.buses.shunt_mw[:, None]
    np.add.at(total, network.units.bus, unit)
    if len(dc):
        runs = dcline_on[:, None]
        np.add.at(total, dc.from_bus, np.where(runs, -dcline, 0.0))
        np.add.at(total, dc.to_bus, np.where(runs, dcline - (dc.loss_mw * dc.in_service)[:, None], 0.0))
    total[~island] = 0.0
    return total


def _quiet(
    network: Network, *, load: FloatArray, unit: FloatArray, units_on: BoolArray, injection: FloatArray
) -> BoolArray:
    quiet: BoolArray = ~np.any(load, axis=1) & ~np.any(injection, axis=1)
    quiet[network.units.bus[units_on | np.any(unit, axis=1)]] = False
    for ends in (network.dclines.from_bus, network.dclines.to_bus):
        quiet[ends] = False
    return quiet


def _refuse_unbalanced(network: Network, hours: Hours) -> None:
    used = network.buses.kind != BusKind.ISOLATED
    off = hours.injection_mw(network)[used].sum(axis=0)
    bad = np.flatnonzero(~(np.abs(off) <= IMBALANCE_MW))
    if len(bad):
        raise Unbalanced(
            f"injections of {hours.label[int(bad[0])]} sum to {off[bad[0]]:.6f} MW",
            field="hours",
            fix="dispatch the units so that they meet the load; nothing is left to the slack",
        )


def _main_island(network: Network, graph: Adjacency, bus_load: FloatArray, inside: BoolArray | None) -> BoolArray:
    used: BoolArray = network.buses.kind != BusKind.ISOLATED
    if inside is not None:
        used &= inside
    island = label(graph, used, np.empty(0, np.int64))
    count = int(island.max(initial=-1)) + 1
    if count == 1:
        return used
    at = island[used]
    load = np.bincount(at, weights=bus_load[used], minlength=count)
    size = np.bincount(at, minlength=count)
    least = np.full(count, len(island))
    np.minimum.at(least, at, np.flatnonzero(used))
    parts = [(float(load[k]), int(size[k]), int(least[k])) for k in range(count)]
    chosen: BoolArray = np.isin(island, main_part(parts))
    return chosen


def _balance(
    network: Network,
    hours: Hours,
    *,
    load: FloatArray,
    unit: FloatArray,
    units_on: BoolArray,
    island: BoolArray,
    dcline_on: BoolArray,
    spare: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Balance an island that lost its other parts; what the hours gave stays untouched if it adds up."""
    given = injections(network, load=load, unit=unit, dcline=hours.dcline_mw, island=island, dcline_on=dcline_on)
    off = given.sum(axis=0) - spare
    if np.all(np.abs(off) <= IMBALANCE_MW):
        return load, unit, np.zeros_like(off)
    weights = weigh(network, load_mw=load, unit_mw=unit, units_on=units_on, island=island)
    factors, shortfall = share_out(off, {shape: weights.total(shape) for shape in Shape})
    unit = unit + sum(factors[s] * weights.of(s)[0] for s in (Shape.UP, Shape.DOWN, Shape.CURTAIL))
    load = load - sum(factors[s] * weights.of(s)[0] for s in (Shape.SHED, Shape.EVEN))
    return load, unit, shortfall
