"""DC power flow: angles, flows, PTDF and LODF of one topology, from one sparse factor.

Convention (MATPOWER manual §3.7): with b = 1/(x tap), the flow from a branch's from bus is
Pf = baseMVA b (theta_f - theta_t - shift); losses and voltages play no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from moms.grid import BusKind
from moms.powerflow._ldl import WIDTH, differences, elimination_tree, factorise, solve_many, solve_transfers
from moms.powerflow.islands import adjacency, bridge_tree, islands_of, live_branches
from moms.powerflow.order import elimination_order
from moms.values import ElementKind, Refused

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray, Network

IMBALANCE_MW = 1e-6
"""Nothing is left to the slack (semantics 1.2)."""
SINGULAR = 1e-13
"""A pivot this small beside its diagonal means susceptances that cancel."""


class Disconnected(Refused):
    """The topology falls apart; one factor covers one island."""


class Unbalanced(Refused):
    """Injections of an hour do not add up to nothing."""


class NoReactance(Refused):
    """A branch in service without reactance, or reactances that cancel: the DC model has no answer."""


class CutsOff(Refused):
    """A distribution factor was asked of a branch whose loss cuts the island in two."""


class NotInService(Refused):
    """A factor was asked of a branch that is out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DcFactor:
    """The factorised susceptance matrix of one island of one topology.

    Positions are places in the elimination order; the ground (the slack bus, angle 0) and buses
    outside the island have position `len(pivot)`, a row of zeros in every solution by position.
    """

    network: Network
    live: BoolArray
    """(m,) branches that carry."""
    island: BoolArray
    """(n,) buses covered."""
    ground: int
    """Row of the bus at angle 0."""
    position: IntArray
    """(n,)"""
    from_position: IntArray
    to_position: IntArray
    b_mw: FloatArray
    """(m,) MW per radian, 0 where not live."""
    shift_mw: FloatArray
    """(m,) MW taken off the flow by the phase shift."""
    parent: IntArray
    begin: IntArray
    l_row: IntArray
    l_value: FloatArray
    pivot: FloatArray

    @classmethod
    def of(cls, network: Network, *, out: IntArray | None = None, order: IntArray | None = None) -> DcFactor:
        """Factorise the network with the branches `out` taken out (rows).

        `order` is `elimination_order(network)`, if the caller has it.

        Raises:
            Disconnected: the topology has more than one island (isolated, type 4, buses aside).
            NoReactance: a branch in service has x = 0, or reactances cancel.
        """
        island = islands_of(network, out=out)
        _refuse_pieces(network, island)
        live = live_branches(network, out=out)
        return cls.on_island(network, live=live, island=island == 0, order=order)

    @classmethod
    def on_island(
        cls, network: Network, *, live: BoolArray, island: BoolArray, order: IntArray | None = None
    ) -> DcFactor:
        """Factorise one connected island: `live` (m,) branches, `island` (n,) buses that hang together.

        Raises:
            NoReactance: as `of`.
        """
        lines = network.branches
        live = live & island[lines.from_bus]
        b_mw = _susceptance(network, live)
        slack = np.flatnonzero(island & (network.buses.kind == BusKind.SLACK))
        ground = int(slack[0]) if len(slack) else int(np.flatnonzero(island)[0])
        order = elimination_order(network) if order is None else order
        inside = order[island[order] & (order != ground)]
        n = len(inside)
        position = np.full(len(network.buses), n, np.int64)
        position[inside] = np.arange(n)
        f, t = position[lines.from_bus], position[lines.to_bus]
        start, row, value = _matrix(f[live], t[live], b_mw[live], n)
        parent, begin = elimination_tree(start, row)
        l_row, l_value, pivot = factorise(start, row, value, parent, begin)
        _refuse_cancelling(network, inside, pivot, value[start[1:] - 1])
        return cls(
            network=network,
            live=live,
            island=island,
            ground=ground,
            position=position,
            from_position=f,
            to_position=t,
            b_mw=b_mw,
            shift_mw=b_mw * np.deg2rad(lines.shift_deg),
            parent=parent,
            begin=begin,
            l_row=l_row,
            l_value=l_value,
            pivot=pivot,
        )

    def solve(self, injection_mw: FloatArray) -> FloatArray:
        """Give angles by position, (len(pivot) + 1, H) rad, for bus injections (n, H); no balance asked.

        Phase shifts are not in it; what does not add up leaves through the ground.
        """
        x = np.zeros((len(self.pivot) + 1, injection_mw.shape[1]))
        x[self.position] = injection_mw
        x[-1] = 0.0
        solve_many(self.begin, self.l_row, self.l_value, self.pivot, x)
        return x

    def solve_state(self, injection_mw: FloatArray) -> FloatArray:
        """Give angles by position with the phase shifts in, for balanced injections, (n, H).

        Raises:
            Unbalanced: some hour's injections of the island sum to more than 1e-6 MW.
        """
        off = injection_mw[self.island].sum(axis=0)
        worst = int(np.argmax(np.abs(off))) if len(off) else 0
        if len(off) and abs(off[worst]) > IMBALANCE_MW:
            raise Unbalanced(
                f"injections of hour {worst} sum to {off[worst]:.6f} MW",
                field="injection_mw",
                fix="dispatch the units so that they meet the load; nothing is left to the slack",
            )
        return self.solve(injection_mw + self.shift_injection_mw()[:, None])

    def shift_injection_mw(self) -> FloatArray:
        """Give what the phase shifters inject at their ends, (n,) MW."""
        lines, n = self.network.branches, len(self.network.buses)
        leaves = np.bincount(lines.from_bus, weights=self.shift_mw, minlength=n)
        enters = np.bincount(lines.to_bus, weights=self.shift_mw, minlength=n)
        result: FloatArray = np.subtract(leaves, enters, dtype=np.float64)
        return result

    def flows_at(self, x: FloatArray, rows: IntArray) -> FloatArray:
        """Give flows of some branches, (k, H) MW, at angles by position of `solve_state`."""
        return self.moved_at(x, rows, less=self.shift_mw[rows])

    def moved_at(self, x: FloatArray, rows: IntArray, *, less: FloatArray) -> FloatArray:
        """Give what angles by position, (n + 1, H), move over branches, (k, H) MW, less a constant (k,) each."""
        found: FloatArray = differences(x, self.from_position[rows], self.to_position[rows], self.b_mw[rows], less)
        return found

    def angles(self, injection_mw: FloatArray) -> FloatArray:
        """Give bus angles, (n, H) rad, for injections (n, H) MW; the slack and buses not covered are 0.

        Raises:
            Unbalanced: as `solve_state`.
        """
        result: FloatArray = self.solve_state(injection_mw)[self.position]
        return result

    def flows(self, injection_mw: FloatArray) -> FloatArray:
        """Give branch flows at the from end, (m, H) MW, for injections (n, H) MW; 0 on branches out.

        Raises:
            Unbalanced: as `solve_state`.
        """
        return self.flows_at(self.solve_state(injection_mw), np.arange(len(self.live)))

    def ptdf_rows(self, branches: IntArray) -> FloatArray:
        """Give, (k, n), the MW on each branch per MW injected at each bus and taken out at the slack."""
        ends = np.zeros((len(self.pivot) + 1, len(branches)))
        column = np.arange(len(branches))
        ends[self.from_position[branches], column] += self.b_mw[branches]
        ends[self.to_position[branches], column] -= self.b_mw[branches]
        ends[-1] = 0.0
        solve_many(self.begin, self.l_row, self.l_value, self.pivot, ends)
        result: FloatArray = np.ascontiguousarray(ends[self.position].T)
        return result

    def transfers(self, source: IntArray, sink: IntArray) -> FloatArray:
        """Give angles by position, (len(pivot) + 1, k) rad, of transfers of 1 MW between positions."""
        x = np.empty((len(self.pivot) + 1, len(source)))
        block = np.empty((len(self.pivot) + 1, WIDTH))
        mark = np.full(len(self.pivot), -1, np.int64)
        for at in range(0, len(source), WIDTH):
            some = slice(at, at + WIDTH)
            solve_transfers(
                self.begin,
                self.l_row,
                self.l_value,
                self.pivot,
                self.parent,
                source[some],
                sink[some],
                mark,
                at,
                block,
            )
            x[:, some] = block[:, : len(source[some])]
        return x

    def bridges(self) -> BoolArray:
        """Tell which branches, (m,), cut the island in two when lost."""
        graph = adjacency(self.network, self.live)
        return bridge_tree(graph, root=self.ground, branches=len(self.live)).below >= 0

    def lodf(self, contingencies: IntArray, monitored: IntArray | None = None) -> FloatArray:
        """Give line outage distribution factors, (len(monitored) or m, len(contingencies)).

        Column k times the flow of contingency k before it is lost gives the change of each flow;
        a branch's factor on itself is -1. Bridges have none: ask `bridges` first.

        Raises:
            CutsOff: a contingency is a bridge.
            NotInService: a contingency is out.
        """
        _refuse_bridges(self, contingencies)
        rows = np.arange(len(self.live)) if monitored is None else monitored
        x = self.transfers(self.from_position[contingencies], self.to_position[contingencies])
        moved = self.b_mw[rows, None] * (x[self.from_position[rows]] - x[self.to_position[rows]])
        f, t = self.from_position[contingencies], self.to_position[contingencies]
        column = np.arange(len(contingencies))
        stays = 1.0 - self.b_mw[contingencies] * (x[f, column] - x[t, column])
        result: FloatArray = moved / stays
        result[rows[:, None] == contingencies[None, :]] = -1.0
        return result


def _matrix(f: IntArray, t: IntArray, b: FloatArray, n: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Build B without the ground's row as an upper triangle by column, the diagonal last in each."""
    both = np.maximum(f, t) < n
    ends = np.r_[f, t]
    inside = ends < n
    rows = np.r_[np.minimum(f, t)[both], ends[inside]]
    columns = np.r_[np.maximum(f, t)[both], ends[inside]]
    values = np.r_[-b[both], np.r_[b, b][inside]]
    matrix = sparse.coo_matrix((values, (rows, columns)), shape=(n, n)).tocsc()
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data


def _susceptance(network: Network, live: BoolArray) -> FloatArray:
    lines = network.branches
    zero = np.flatnonzero(live & (lines.x == 0.0))
    if len(zero):
        name = network.name_of(ElementKind.BRANCH, int(zero[0]))
        raise NoReactance(f"{name} is in service with x = 0", field=name, fix="give it a reactance or merge its buses")
    b_mw = np.zeros(len(lines))
    b_mw[live] = network.base_mva / (lines.x[live] * lines.tap[live])
    return b_mw


def _refuse_pieces(network: Network, island: IntArray) -> None:
    if island.max(initial=-1) == 0:
        return
    if island.max(initial=-1) < 0:
        raise Disconnected("the network has no bus in use", field="bus", fix="give a bus of type 1, 2 or 3")
    sizes = np.bincount(island[island >= 0])
    main = int(np.argmax(sizes))
    lost = np.flatnonzero((island >= 0) & (island != main))
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    raise Disconnected(
        f"{network.name_of(ElementKind.BUS, int(lost[0]))}{more} are cut off from the {int(sizes[main])} buses"
        " of the largest island",
        field="branch",
        fix="study each island by itself, or put a branch back in service",
    )


def _refuse_cancelling(network: Network, inside: IntArray, pivot: FloatArray, diagonal: FloatArray) -> None:
    bad = np.flatnonzero(~(np.abs(pivot) > SINGULAR * np.abs(diagonal)))
    if len(bad):
        name = network.name_of(ElementKind.BUS, int(inside[bad[0]]))
        raise NoReactance(f"the reactances around {name} cancel", field=name, fix="check the signs of x there")


def _refuse_bridges(factor: DcFactor, contingencies: IntArray) -> None:
    network = factor.network
    dead = contingencies[~factor.live[contingencies]]
    if len(dead):
        name = network.name_of(ElementKind.BRANCH, int(dead[0]))
        raise NotInService(f"{name} is not in service", field=name, fix="ask for branches in service only")
    cut = contingencies[factor.bridges()[contingencies]]
    if len(cut):
        name = network.name_of(ElementKind.BRANCH, int(cut[0]))
        raise CutsOff(f"the loss of {name} cuts the island in two", field=name, fix="leave out what `bridges` names")
