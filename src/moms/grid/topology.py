"""What hangs together: components, bridges, islands, what each bridge holds, and equipment in series.

All of it is about AC branches in service; DC lines carry power between islands and join nothing.
Parallel circuits are told apart by row: two circuits between the same buses are no bridge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from moms.grid.network import BranchKind, BusKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid.network import BoolArray, Branches, FloatArray, IntArray, Network


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Island:
    """Buses that hang together, with what they hold at the given dispatch."""

    buses: IntArray
    """Rows, ascending."""
    load_mw: float
    generation_mw: float
    """Output of the units in service."""
    capacity_mw: float
    """Their largest output; infinite where a unit has no limit."""
    has_slack: bool

    @property
    def dead(self) -> bool:
        """Whether nothing is lost when it goes dark: no load, no generation, no capacity."""
        return self.load_mw == 0 and self.generation_mw == 0 and self.capacity_mw == 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Radial:
    """What the loss of each branch cuts off, (m,) each; zero where the branch is no bridge."""

    bridge: BoolArray
    buses: IntArray
    """How many buses the smaller side has."""
    load_mw: FloatArray
    generation_mw: FloatArray
    far_bus: IntArray
    """The end of the branch that goes dark; -1 where the branch is no bridge."""


def standing(network: Network, *, out_branches: Sequence[int] | IntArray = ()) -> BoolArray:
    """Give which branches carry power, (m,): in service, and not among the rows taken out."""
    up: BoolArray = network.branches.in_service.copy()
    up[np.asarray(out_branches, dtype=np.int64)] = False
    return up


def components(*, buses: int, from_bus: IntArray, to_bus: IntArray) -> IntArray:
    """Label each of `buses` buses with its component, (n,), numbered by their first bus."""
    graph = coo_array((np.ones(len(from_bus), dtype=np.int8), (from_bus, to_bus)), shape=(buses, buses))
    _, label = connected_components(graph, directed=False)
    _, first = np.unique(label, return_index=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first, kind="stable")] = np.arange(len(first))
    return np.asarray(order[label], dtype=np.int64)


def component_of(network: Network, *, out_branches: Sequence[int] | IntArray = ()) -> IntArray:
    """Label each bus with its component, (n,), with these branches out as well."""
    up, lines = standing(network, out_branches=out_branches), network.branches
    return components(buses=len(network.buses), from_bus=lines.from_bus[up], to_bus=lines.to_bus[up])


def islands(network: Network, *, out_branches: Sequence[int] | IntArray = ()) -> tuple[Island, ...]:
    """Give the parts the network falls into, the main one first.

    The main island has the most buses; among equals the one with the slack, then the one with the
    first bus. Isolated buses (type 4) belong to none.
    """
    label = component_of(network, out_branches=out_branches)
    buses, units = network.buses, network.units
    alive = buses.kind != BusKind.ISOLATED
    count = int(label.max()) + 1 if len(label) else 0
    size = np.bincount(label[alive], minlength=count)
    load = np.bincount(label, weights=buses.load_mw, minlength=count)
    on, place = units.in_service, label[units.bus]
    output = np.bincount(place[on], weights=units.p_mw[on], minlength=count)
    room = np.bincount(place[on], weights=np.maximum(units.p_max_mw[on], 0.0), minlength=count)
    slack = np.zeros(count, dtype=np.bool_)
    slack[label[buses.kind == BusKind.SLACK]] = True
    order = sorted(np.flatnonzero(size).tolist(), key=lambda k: (-size[k], not slack[k], k))
    members = np.argsort(label, kind="stable")
    ends = np.cumsum(np.bincount(label, minlength=count))
    return tuple(
        Island(
            buses=(rows := members[ends[k] - (ends[k] - (ends[k - 1] if k else 0)) : ends[k]])[alive[rows]],
            load_mw=float(load[k]),
            generation_mw=float(output[k]),
            capacity_mw=float(room[k]),
            has_slack=bool(slack[k]),
        )
        for k in order
    )


def bridges(network: Network, *, out_branches: Sequence[int] | IntArray = ()) -> BoolArray:
    """Tell which branches are bridges, (m,): in service, and their loss splits their island.

    Source: Tarjan, "A note on finding the bridges of a graph", 1974; made iterative.
    """
    return radial(network, out_branches=out_branches).bridge


def radial(network: Network, *, out_branches: Sequence[int] | IntArray = ()) -> Radial:
    """Give what each bridge cuts off: the side with fewer buses; among equals the one without the slack."""
    up, lines, buses, units = standing(network, out_branches=out_branches), network.branches, network.buses, network.units
    output = np.zeros(len(buses))
    on = units.in_service
    np.add.at(output, units.bus[on], units.p_mw[on])
    rows = np.flatnonzero(up)
    bridge, parent_side, below, load, generation, slacks, size = _low_links(
        len(buses),
        lines.from_bus[rows],
        lines.to_bus[rows],
        buses.load_mw.astype(np.float64),
        output,
        (buses.kind == BusKind.SLACK).astype(np.int64),
    )
    found = np.flatnonzero(bridge)
    down, top = below[found], parent_side[found]
    whole = component_of(network, out_branches=out_branches)
    total = np.bincount(whole, minlength=1)
    whole_load = np.bincount(whole, weights=buses.load_mw)
    whole_output = np.bincount(whole, weights=output)
    part = whole[down]
    rest = total[part] - size[down]
    flip = (rest < size[down]) | ((rest == size[down]) & (slacks[down] > 0))
    m = len(lines)
    answer = Radial(
        bridge=np.zeros(m, dtype=np.bool_),
        buses=np.zeros(m, dtype=np.int64),
        load_mw=np.zeros(m),
        generation_mw=np.zeros(m),
        far_bus=np.full(m, -1, dtype=np.int64),
    )
    at = rows[found]
    answer.bridge[at] = True
    answer.buses[at] = np.where(flip, rest, size[down])
    answer.load_mw[at] = np.where(flip, whole_load[part] - load[down], load[down])
    answer.generation_mw[at] = np.where(flip, whole_output[part] - generation[down], generation[down])
    answer.far_bus[at] = np.where(flip, top, down)
    return answer


@njit(cache=True)
def _low_links(  # type: ignore[no-untyped-def]  # numba infers; called once, above
    n, from_bus, to_bus, load, output, slack
):  # noqa: ANN001, ANN202 - as above
    """Walk each component depth first; mark bridges and sum what hangs below every bus."""
    m = len(from_bus)
    start = np.zeros(n + 1, dtype=np.int64)
    for k in range(m):
        start[from_bus[k] + 1] += 1
        start[to_bus[k] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    fill = start[:-1].copy()
    edge = np.empty(2 * m, dtype=np.int64)
    for k in range(m):
        edge[fill[from_bus[k]]] = k
        fill[from_bus[k]] += 1
        edge[fill[to_bus[k]]] = k
        fill[to_bus[k]] += 1
    seen = np.full(n, -1, dtype=np.int64)
    low = np.zeros(n, dtype=np.int64)
    came_by = np.full(n, -1, dtype=np.int64)
    came_from = np.full(n, -1, dtype=np.int64)
    next_edge = start[:-1].copy()
    bridge = np.zeros(m, dtype=np.bool_)
    above = np.full(m, -1, dtype=np.int64)
    below = np.full(m, -1, dtype=np.int64)
    load_below, output_below, slack_below = load.copy(), output.copy(), slack.copy()
    size = np.ones(n, dtype=np.int64)
    stack = np.empty(n, dtype=np.int64)
    clock = 0
    for root in range(n):
        if seen[root] >= 0:
            continue
        depth = 0
        stack[0] = root
        seen[root] = clock
        low[root] = clock
        clock += 1
        while depth >= 0:
            bus = stack[depth]
            if next_edge[bus] < start[bus + 1]:
                k = edge[next_edge[bus]]
                next_edge[bus] += 1
                if k == came_by[bus]:
                    continue
                other = to_bus[k] if from_bus[k] == bus else from_bus[k]
                if seen[other] >= 0:
                    low[bus] = min(low[bus], seen[other])
                    continue
                came_by[other] = k
                came_from[other] = bus
                seen[other] = clock
                low[other] = clock
                clock += 1
                depth += 1
                stack[depth] = other
                continue
            depth -= 1
            up = came_from[bus]
            if up < 0:
                continue
            low[up] = min(low[up], low[bus])
            load_below[up] += load_below[bus]
            output_below[up] += output_below[bus]
            slack_below[up] += slack_below[bus]
            size[up] += size[bus]
            if low[bus] > seen[up]:
                k = came_by[bus]
                bridge[k] = True
                above[k] = up
                below[k] = bus
    return bridge, above, below, load_below, output_below, slack_below, size


def equipment(
    *, from_bus: IntArray, to_bus: IntArray, kind: IntArray, plain_bus: BoolArray
) -> IntArray:
    """Give the equipment each branch belongs to, (m,): the row of its first branch (semantics 1.6).

    Branches in series through a bus with no injection and no third branch are one equipment, and so
    are the three windings that meet in a star bus. `plain_bus` (n,) tells which buses have no load,
    shunt, unit or DC line; branches out of service count as branches. Circuits that share both end
    buses stay apart.
    """
    m, n = len(from_bus), len(plain_bus)
    ends = np.concatenate([from_bus, to_bus])
    rows = np.concatenate([np.arange(m), np.arange(m)])
    order = np.argsort(ends, kind="stable")
    start = np.searchsorted(ends[order], np.arange(n + 1))
    degree = np.diff(start)
    here = rows[order]
    pairs: list[tuple[int, int]] = []
    for bus in np.flatnonzero(plain_bus & (degree == 2)).tolist():
        a, b = here[start[bus]], here[start[bus] + 1]
        if from_bus[a] + to_bus[a] != from_bus[b] + to_bus[b]:
            pairs.append((int(a), int(b)))
    for bus in np.flatnonzero(plain_bus & (degree == 3)).tolist():
        legs = here[start[bus] : start[bus] + 3]
        if np.all(kind[legs] == BranchKind.WINDING):
            pairs += [(int(legs[0]), int(legs[1])), (int(legs[0]), int(legs[2]))]
    joined = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    label = components(buses=m, from_bus=joined[:, 0], to_bus=joined[:, 1])
    _, first = np.unique(label, return_index=True)
    return np.asarray(first[label], dtype=np.int64)


def star_buses(*, lines: Branches, plain_bus: BoolArray) -> BoolArray:
    """Tell which buses are the star point of a three-winding transformer, (n,).

    A star point has no injection and exactly three branches, all of them transformers that lead to
    three different buses.
    """
    n = len(plain_bus)
    is_transformer = np.isin(lines.kind, (BranchKind.TRANSFORMER, BranchKind.WINDING))
    degree = np.bincount(lines.from_bus, minlength=n) + np.bincount(lines.to_bus, minlength=n)
    legs = np.bincount(lines.from_bus[is_transformer], minlength=n) + np.bincount(
        lines.to_bus[is_transformer], minlength=n
    )
    star: BoolArray = plain_bus & (degree == 3) & (legs == 3)
    touching = np.flatnonzero(star[lines.from_bus] | star[lines.to_bus])
    others: dict[int, set[int]] = {}
    for k in touching.tolist():
        f, t = int(lines.from_bus[k]), int(lines.to_bus[k])
        for bus, other in ((f, t), (t, f)):
            if star[bus]:
                others.setdefault(bus, set()).add(other)
    for bus, far in others.items():
        star[bus] = len(far) == 3  # noqa: PLR2004 - three windings
    return star
