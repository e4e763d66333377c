"""Which buses hang together, and which single branches hold them: found on the graph, before any matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import BusKind
from moms.powerflow._jit import compiled

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray, Network


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjacency:
    """The graph by bus: neighbours and branches of bus i stand at `start[i]` to `start[i + 1]`."""

    start: IntArray
    neighbour: IntArray
    branch: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BridgeTree:
    """A depth-first tree from one bus, with the branches whose loss cuts the graph.

    The buses below branch k (away from the root) are `walk[enter[c]:leave[c]]` with c = `below[k]`.
    Buses the root does not reach have `enter` -1.
    """

    walk: IntArray
    """Buses in the order they were met."""
    enter: IntArray
    """(n,) place in `walk`."""
    leave: IntArray
    """(n,) one past the last place of the buses below."""
    parent: IntArray
    """(n,) bus above; -1 at the root."""
    below: IntArray
    """(m,) for a bridge the bus at its far end, else -1."""


def live_branches(network: Network, *, out: IntArray | None = None) -> BoolArray:
    """Tell for each branch, (m,), whether it carries: in service, not out, both ends in use."""
    lines = network.branches
    used = network.buses.kind != BusKind.ISOLATED
    live: BoolArray = lines.in_service & used[lines.from_bus] & used[lines.to_bus] & (lines.from_bus != lines.to_bus)
    if out is not None and len(out):
        live = live.copy()
        live[out] = False
    return live


def adjacency(network: Network, live: BoolArray) -> Adjacency:
    """Build the graph of the live branches; neighbours in rising branch order."""
    row = np.flatnonzero(live)
    f, t = network.branches.from_bus[row], network.branches.to_bus[row]
    tail, head, branch = np.r_[f, t], np.r_[t, f], np.r_[row, row]
    by = np.lexsort((branch, tail))
    start = np.zeros(len(network.buses) + 1, np.int64)
    np.cumsum(np.bincount(tail, minlength=len(network.buses)), out=start[1:])
    return Adjacency(start=start, neighbour=head[by].astype(np.int64), branch=branch[by].astype(np.int64))


def islands_of(network: Network, *, out: IntArray | None = None) -> IntArray:
    """Number the islands, (n,), by their least bus row from 0 up; isolated (type 4) buses get -1."""
    graph = adjacency(network, live_branches(network, out=out))
    return label(graph, network.buses.kind != BusKind.ISOLATED, np.empty(0, np.int64))


def label(graph: Adjacency, used: BoolArray, without: IntArray) -> IntArray:
    """Number the islands of the used buses when the branches `without` (few) are lost too; others get -1."""
    return _label(graph.start, graph.neighbour, graph.branch, used, without)


@compiled
def _label(start: IntArray, neighbour: IntArray, branch: IntArray, used: BoolArray, without: IntArray) -> IntArray:
    n = len(start) - 1
    island = np.full(n, -1, np.int64)
    queue = np.empty(n, np.int64)
    found = 0
    for root in range(n):
        if island[root] >= 0 or not used[root]:
            continue
        island[root] = found
        queue[0] = root
        done, length = 0, 1
        while done < length:
            i = queue[done]
            done += 1
            for p in range(start[i], start[i + 1]):
                j = neighbour[p]
                if island[j] >= 0 or not used[j]:
                    continue
                lost = False
                for k in without:
                    if k == branch[p]:
                        lost = True
                if not lost:
                    island[j] = found
                    queue[length] = j
                    length += 1
        found += 1
    return island


def small_pieces(
    graph: Adjacency, used: BoolArray, without: IntArray, ends: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Find what the loss of a few branches splits off, looking only as far as needed.

    `ends` are the buses at the branches' ends. Gives for each end its piece, the buses of all pieces that
    were found whole, and the piece of each of these; -1 stands for what was not walked to its end, the
    one piece left over. Walks start at every end in turns and stop when all but one are whole or joined.
    """
    return pieces(graph.start, graph.neighbour, graph.branch, used, without, ends)


@compiled
def pieces(  # noqa: PLR0917 - one walk; split, its five tables would travel
    start: IntArray, neighbour: IntArray, branch: IntArray, used: BoolArray, without: IntArray, ends: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Do the work of `small_pieces`, for compiled callers."""
    count = len(ends)
    owner = {ends[c]: c for c in range(count)}  # by bus: of the few that are met
    joined = np.arange(count)
    ahead = [np.full(1, ends[c]) for c in range(count)]
    length, done = np.ones(count, np.int64), np.zeros(count, np.int64)
    taken = [np.empty(1, np.int64) for _ in range(count)]  # looked around by walks that this one took over
    extra = np.zeros(count, np.int64)
    going = count
    while going > 1:
        for c in range(count):
            if joined[c] != c or done[c] == length[c] or going <= 1:
                continue
            i = ahead[c][done[c]]
            done[c] += 1
            for p in range(start[i], start[i + 1]):
                j = neighbour[p]
                if not used[j] or np.any(without == branch[p]):
                    continue
                if j not in owner:
                    owner[j] = c
                    ahead[c] = _push(ahead[c], length, c, j)
                    continue
                met = _root(joined, owner[j])
                if met != c:  # a walk still under way: one that was whole could not be met
                    going -= 1
                    for k in range(extra[met]):
                        taken[c] = _push(taken[c], extra, c, taken[met][k])
                    for k in range(done[met]):
                        taken[c] = _push(taken[c], extra, c, ahead[met][k])
                    for k in range(done[met], length[met]):
                        ahead[c] = _push(ahead[c], length, c, ahead[met][k])
                    joined[met] = c
            going -= 1 if done[c] == length[c] else 0
    piece = np.empty(count, np.int64)
    for c in range(count):
        root = _root(joined, c)
        piece[c] = root if done[root] == length[root] else -1
    whole = (joined == np.arange(count)) & (done == length)
    buses, of = np.empty(((length + extra) * whole).sum(), np.int64), np.empty(0, np.int64)
    at = 0
    for c in range(count):
        if whole[c]:
            buses[at : at + length[c]] = ahead[c][: length[c]]
            buses[at + length[c] : at + length[c] + extra[c]] = taken[c][: extra[c]]
            at += length[c] + extra[c]
            of = np.concatenate((of, np.full(length[c] + extra[c], c)))
    return piece, buses, of


@compiled
def _root(joined: IntArray, c: int) -> int:
    while joined[c] != c:
        c = int(joined[c])
    return c


@compiled
def _push(row: IntArray, length: IntArray, c: int, bus: int) -> IntArray:
    if length[c] == len(row):
        longer = np.empty(2 * length[c], np.int64)
        longer[: length[c]] = row
        row = longer
    row[length[c]] = bus
    length[c] += 1
    return row


def bridge_tree(graph: Adjacency, *, root: int, branches: int) -> BridgeTree:
    """Walk depth first from the root and find the bridges (Tarjan 1974); parallel circuits are no bridge."""
    walk, enter, leave, parent, below = _bridge_tree(graph.start, graph.neighbour, graph.branch, root, branches)
    return BridgeTree(walk=walk, enter=enter, leave=leave, parent=parent, below=below)


@compiled
def _bridge_tree(
    start: IntArray, neighbour: IntArray, branch: IntArray, root: int, branches: int
) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
    n = len(start) - 1
    enter = np.full(n, -1, np.int64)
    leave = np.full(n, -1, np.int64)
    low = np.zeros(n, np.int64)
    parent = np.full(n, -1, np.int64)
    came = np.full(n, -1, np.int64)
    below = np.full(branches, -1, np.int64)
    at = start[:n].copy()
    walk = np.empty(n, np.int64)
    stack = np.empty(n, np.int64)
    stack[0] = root
    enter[root] = 0
    walk[0] = root
    clock, depth = 1, 1
    while depth > 0:
        i = stack[depth - 1]
        if at[i] < start[i + 1]:
            p = at[i]
            at[i] += 1
            j = neighbour[p]
            if branch[p] == came[i]:
                continue
            if enter[j] >= 0:
                low[i] = min(low[i], enter[j])
                continue
            enter[j] = clock
            low[j] = clock
            walk[clock] = j
            clock += 1
            parent[j] = i
            came[j] = branch[p]
            stack[depth] = j
            depth += 1
        else:
            depth -= 1
            leave[i] = clock
            if depth > 0:
                above = parent[i]
                low[above] = min(low[above], low[i])
                if low[i] > enter[above]:
                    below[came[i]] = i
    return walk[:clock].copy(), enter, leave, parent, below


@compiled
def least_below(walk: IntArray, parent: IntArray) -> IntArray:
    """Give the least number among each bus and all buses below it in the tree, (n,)."""
    least = np.arange(len(parent))
    for place in range(len(walk) - 1, 0, -1):
        i = walk[place]
        above = parent[i]
        least[above] = min(least[above], least[i])
    return least


@compiled
def sums_below(walk: IntArray, parent: IntArray, amount: FloatArray) -> FloatArray:
    """Sum `amount`, (n, H), over each bus and all buses below it in the tree."""
    total = amount.copy()
    for place in range(len(walk) - 1, 0, -1):
        i = walk[place]
        above = parent[i]
        for h in range(total.shape[1]):
            total[above, h] += total[i, h]
    return total
