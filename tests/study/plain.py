"""The slow way: dense matrices, every contingency solved by itself. What the engine is checked against.

Written from the definitions alone, with nothing of the engine in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tests.study.grids import a_network

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, Hours, IntArray, Network
    from moms.study import Slice


def plain_flows(network: Network, injection: FloatArray, out: IntArray | None = None) -> FloatArray:
    """Solve B theta = P with a dense matrix, the slack grounded; (m, H) MW, 0 on branches out."""
    lines, n = network.branches, len(network.buses)
    used = network.buses.kind != 4
    on = lines.in_service & used[lines.from_bus] & used[lines.to_bus]
    if out is not None:
        on = on.copy()
        on[out] = False
    b = np.where(on, network.base_mva / (lines.x * lines.tap), 0.0)
    incidence = np.zeros((len(lines), n))
    incidence[np.arange(len(lines)), lines.from_bus] = 1.0
    incidence[np.arange(len(lines)), lines.to_bus] -= 1.0
    matrix = incidence.T @ (b[:, None] * incidence)
    shift = (b * np.deg2rad(lines.shift_deg))[:, None]
    slack = int(np.flatnonzero(network.buses.kind == 3)[0])
    keep = np.flatnonzero(used & (np.arange(n) != slack))
    theta = np.zeros((n, injection.shape[1]))
    theta[keep] = np.linalg.solve(matrix[np.ix_(keep, keep)], (injection + incidence.T @ shift)[keep])
    flows: FloatArray = b[:, None] * (incidence @ theta) - shift
    return flows


def random_network(rng: np.random.Generator, *, n: int | None = None) -> Network:
    """Draw a connected grid with parallel circuits, phase shifters, taps, bridges, some negative reactances."""
    n = int(rng.integers(4, 14)) if n is None else n
    pairs = [(int(rng.integers(0, k)), k) for k in range(1, n)]
    for _ in range(int(rng.integers(1, n + 2))):
        a, b = rng.choice(n, 2, replace=False)
        pairs.append((int(a), int(b)))
    pairs += [pairs[int(k)] for k in rng.integers(0, len(pairs), 2)]
    branch = []
    for a, b in pairs:
        x = float(rng.uniform(0.02, 0.4)) * (-0.35 if rng.random() < 0.04 else 1.0)
        ends = (a, b) if rng.random() < 0.5 else (b, a)
        tap = float(rng.choice([0.0, 0.95, 1.04]))
        shift = float(rng.choice([0.0, 0.0, 0.0, 0.0, 3.0, -5.0]))
        rate = float(rng.choice([0.0, 60.0, 90.0, 140.0]))
        branch.append(
            [
                ends[0] + 1,
                ends[1] + 1,
                0,
                x,
                0,
                rate,
                rate * 1.1,
                rate * 1.2,
                tap,
                shift,
                float(rng.random() < 0.97 or (a, b) in pairs[: n - 1]),
            ]
        )
    load = rng.choice([0.0, 0.0, 30.0, 55.0, 80.0], n)
    load[int(rng.integers(0, n))] += 40.0
    bus = [[k + 1, 3 if k == 0 else 1, float(load[k]), 0, 0, 0, 1, 1, 0, 345] for k in range(n)]
    at = rng.choice(n, int(rng.integers(1, 5)), replace=True)
    share = rng.uniform(0.2, 1.0, len(at))
    output = share / share.sum() * load.sum()
    spare = rng.choice([0.0, 5.0, 60.0, 200.0], len(at))
    gen = [
        [int(b) + 1, float(p), 0, 9, -9, 1, 100, 1, float(p + s), 0] for b, p, s in zip(at, output, spare, strict=True)
    ]
    return a_network(bus=bus, gen=gen, branch=branch)


def parts_of(network: Network, on: BoolArray, buses: set[int]) -> list[set[int]]:
    """Find the connected parts of some buses by plain flood fill, by least bus."""
    parts, left = [], set(buses)
    ends = [
        (int(f), int(t))
        for f, t, live in zip(network.branches.from_bus, network.branches.to_bus, on, strict=True)
        if live
    ]
    while left:
        part, edge = set(), {min(left)}
        while edge:
            part |= edge
            edge = {b for f, t in ends for a, b in ((f, t), (t, f)) if a in edge and b in left} - part
        parts.append(part)
        left -= part
    return parts


def most_load(parts: list[set[int]], hours: Hours) -> set[int]:
    load = np.maximum(hours.load_mw, 0).sum(axis=1)
    return max(parts, key=lambda part: (round(sum(load[b] for b in part), 6), len(part), -min(part)))


@dataclass
class World:
    """What stands after something was lost: buses, load, output, DC flow by hour, and flows."""

    buses: set[int]
    on: BoolArray
    units: set[int]
    load: FloatArray
    unit: FloatArray
    flow: FloatArray
    lost_load: FloatArray
    lost_generation: FloatArray
    islanded: bool
    short: FloatArray
    lost: set[int]


def lose(network: Network, hours: Hours, before: World | None, branches: set[int], units: set[int]) -> World:
    """Lose elements from a world (None: the whole network as the hours give it), hour by hour, by definition."""
    lines, table = network.branches, network.units
    if before is None:
        every = {b for b in range(len(network.buses)) if network.buses.kind[b] != 4}
        on = lines.in_service.copy()
        on &= np.array([int(f) in every and int(t) in every for f, t in zip(lines.from_bus, lines.to_bus, strict=True)])
        running = {g for g in range(len(table)) if table.in_service[g]}
        nothing = np.zeros(0)
        before = World(
            every, on, running, hours.load_mw, hours.unit_mw, nothing, nothing, nothing, False, nothing, set()
        )
        start = True
    else:
        start = False
    on = before.on.copy()
    on[list(branches)] = False
    parts = parts_of(network, on, before.buses)
    main = most_load(parts, hours)
    inside = np.array([b in main for b in range(len(network.buses))])
    on &= inside[lines.from_bus] & inside[lines.to_bus]
    running = {g for g in before.units - units if inside[table.bus[g]]}
    load = np.where(inside[:, None], before.load, 0.0)
    gone = {g for g in range(len(table)) if not inside[table.bus[g]]} | (set() if start else units & before.units)
    unit = before.unit.copy()
    unit[list(gone)] = 0.0
    dc = network.dclines
    sent = np.array(
        [
            hours.dcline_mw[d] if inside[dc.from_bus[d]] and inside[dc.to_bus[d]] else 0 * hours.dcline_mw[d]
            for d in range(len(dc))
        ]
    )
    arrive = np.array(
        [
            sent[d] - dc.loss_mw[d] if inside[dc.from_bus[d]] and inside[dc.to_bus[d]] else sent[d]
            for d in range(len(dc))
        ]
    )
    short = np.zeros(load.shape[1])
    for h in range(load.shape[1]):
        short[h] = _rebalance(network, load, unit, running=running, main=main, h=h, sent=sent, arrive=arrive)
    injection = np.where(inside[:, None], -load - network.buses.shunt_mw[:, None], 0.0)
    np.add.at(injection, table.bus, unit)
    for d in range(len(dc)):
        injection[dc.from_bus[d]] -= sent[d]
        injection[dc.to_bus[d]] += arrive[d]
    lost = np.array([not inside[b] and b in before.buses for b in range(len(network.buses))])
    return World(
        main, on, running, load, unit, _island_flows(network, on, main, injection),
        before.load[lost].sum(axis=0), before.unit[lost[table.bus]].sum(axis=0),
        len(parts) > 1, short, before.buses - main,
    )  # fmt: skip


def _rebalance(network, load, unit, *, running, main, h, sent, arrive) -> float:
    """Make up for what is missing or too much in one hour, in place; give the shortfall."""
    table, dc = network.units, network.dclines
    at_home = [g for g in range(len(table)) if int(table.bus[g]) in main]
    buses = sorted(main)
    need = load[buses, h].sum() + network.buses.shunt_mw[buses].sum() - unit[at_home, h].sum()
    need += sent[:, h].sum() - arrive[:, h].sum() if len(dc) else 0.0
    if abs(need) < 1e-9:
        return 0.0
    picks = [g for g in running if table.picks_up[g]]
    others = [g for g in running if not table.picks_up[g]]
    if need > 0:
        room = {g: max(table.p_max_mw[g] - unit[g, h], 0.0) for g in picks}
        taken = min(need, sum(room.values()))
        for g in picks:
            unit[g, h] += taken * room[g] / sum(room.values()) if taken else 0.0
        short = need - taken
        shed = {b: max(load[b, h], 0.0) for b in buses}
        taken = min(short, sum(shed.values()))
        for b in buses:
            load[b, h] -= taken * shed[b] / sum(shed.values()) if taken else 0.0
        for b in buses:
            load[b, h] -= (short - taken) / len(buses)
        return float(short)
    for group in (picks, others):
        output = {g: max(unit[g, h], 0.0) for g in group}
        taken = min(-need, sum(output.values()))
        for g in group:
            unit[g, h] -= taken * output[g] / sum(output.values()) if taken else 0.0
        need += taken
    for b in buses:
        load[b, h] -= need / len(buses)
    return 0.0


def _island_flows(network: Network, on: BoolArray, main: set[int], injection: FloatArray) -> FloatArray:
    lines = network.branches
    buses = sorted(main)
    b = np.where(on, network.base_mva / (lines.x * lines.tap), 0.0)
    incidence = np.zeros((len(lines), len(network.buses)))
    incidence[np.arange(len(lines)), lines.from_bus] = 1.0
    incidence[np.arange(len(lines)), lines.to_bus] -= 1.0
    shift = (b * np.deg2rad(lines.shift_deg))[:, None]
    matrix = incidence.T @ (b[:, None] * incidence)
    theta = np.zeros_like(injection)
    keep = buses[1:]
    theta[keep] = np.linalg.solve(matrix[np.ix_(keep, keep)], (injection + incidence.T @ shift)[keep])
    flows: FloatArray = b[:, None] * (incidence @ theta) - shift
    return flows


def plain_study(one: Slice, *, share: float = 0.01) -> tuple[dict, dict, dict, dict]:
    """Give violations, islanding, base rows and shortfalls by brute force: {(contingency, element, hour): row}."""
    lines = one.network.branches
    gone, asked = set(one.out.branches.tolist()), set(one.request.branches.tolist())
    idle, off = set(one.out.units.tolist()), set(one.request.units.tolist())
    without = lose(one.network, one.hours_without, None, gone, idle)
    # the island with the request is looked for inside the one without it
    within = replace(without, load=one.hours.load_mw, unit=one.hours.unit_mw)
    outside = np.array([b not in without.buses for b in range(len(one.network.buses))])
    within.load = np.where(outside[:, None], 0.0, within.load)
    within.unit = np.where(outside[one.network.units.bus][:, None], 0.0, within.unit)
    after = lose_request(one, within, asked, off)
    base = _compare(after.flow, without.flow, on=after.on, on_without=without.on, limit=lines.rate_a_mw, share=share)
    violations, islanding, short = {}, {}, {}
    for k in one.contingencies:
        branches = {b for b in k.branches if after.on[b]}
        units = {g for g in k.units if g in after.units}
        if not branches and not units:
            continue
        then = {b for b in k.branches if without.on[b]}, {g for g in k.units if g in without.units}
        worlds = [
            lose(one.network, one.hours, after, branches, units),
            lose(one.network, one.hours_without, without, *then),
        ]
        short[k.id] = worlds[0].short
        if worlds[0].islanded:
            islanding[k.id] = worlds
        rows = _compare(
            worlds[0].flow,
            worlds[1].flow,
            on=worlds[0].on,
            on_without=worlds[1].on,
            limit=lines.rate_b_mw,
            share=share,
        )
        for (element, h), row in rows.items():
            violations[k.id, element, h] = row
    return violations, islanding, base, short


def lose_request(one: Slice, within: World, branches: set[int], units: set[int]) -> World:
    """Take out the request: its units' output is zero in its hours already."""
    return lose(one.network, one.hours, within, {b for b in branches if within.on[b]}, units)


def _compare(flow, without, *, on, on_without, limit, share):
    rows = {}
    for e in np.flatnonzero(on):
        for h in range(flow.shape[1]):
            if abs(flow[e, h]) <= limit[e] + 1e-6:
                continue
            then = abs(without[e, h])
            if not on_without[e] or then <= limit[e] + 1e-6:
                caused = "new"
            elif abs(flow[e, h]) - then >= share * limit[e] - 1e-6:
                caused = "worse"
            else:
                caused = "old"
            rows[int(e), h] = (flow[e, h], without[e, h] if on_without[e] else None, caused)
    return rows
