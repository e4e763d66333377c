"""What hangs together: components, bridges, islands, and what each bridge holds.

All of it is about AC branches in service; DC lines carry power between islands and join nothing.
Parallel circuits are told apart by row: two circuits between the same buses are no bridge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from moms.grid._depth_first import low_links
from moms.grid.network import BusKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from moms.grid.network import BoolArray, FloatArray, IntArray, Network

T = TypeVar("T", bound=np.generic)


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
    members = np.split(np.argsort(label, kind="stable"), np.cumsum(np.bincount(label, minlength=count))[:-1])
    return tuple(
        Island(
            buses=members[k][alive[members[k]]],
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
    """Give what each bridge cuts off: the side with fewer buses; among equals the one without the slack.

    Where both sides are equal in size and both or neither hold a slack bus, it is the side farther from
    the first bus of the island.
    """
    up, lines, buses = standing(network, out_branches=out_branches), network.branches, network.buses
    rows = np.flatnonzero(up)
    held = np.column_stack([np.ones(len(buses)), buses.load_mw, _output(network), buses.kind == BusKind.SLACK])
    top, low, below = low_links(len(buses), lines.from_bus[rows], lines.to_bus[rows], held)
    found = np.flatnonzero(low >= 0)
    at, near, far = rows[found], top[found], low[found]
    part = component_of(network, out_branches=out_branches)
    whole = np.zeros_like(held)
    np.add.at(whole, part, held)
    inner = below[far]
    outer = whole[part[far]] - inner
    size, slack = 0, 3
    flip = (outer[:, size] < inner[:, size]) | (
        (outer[:, size] == inner[:, size]) & (inner[:, slack] > 0) & (outer[:, slack] == 0)
    )
    dark = np.where(flip[:, None], outer, inner)
    return Radial(
        bridge=_spread(len(lines), at, np.ones(len(at), dtype=np.bool_)),
        buses=_spread(len(lines), at, dark[:, size].astype(np.int64)),
        load_mw=_spread(len(lines), at, dark[:, 1]),
        generation_mw=_spread(len(lines), at, dark[:, 2]),
        far_bus=_spread(len(lines), at, np.where(flip, near, far), elsewhere=-1),
    )


def _output(network: Network) -> FloatArray:
    """Give the output in service at each bus, (n,) MW."""
    on = network.units.in_service
    total = np.bincount(network.units.bus[on], weights=network.units.p_mw[on], minlength=len(network.buses))
    return total.astype(np.float64, copy=False)


def _spread(size: int, at: IntArray, values: npt.NDArray[T], *, elsewhere: int = 0) -> npt.NDArray[T]:
    column = np.full(size, elsewhere, dtype=values.dtype)
    column[at] = values
    return column
