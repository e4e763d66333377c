"""Transfers against many places at once: solved from the top of the elimination tree down, only where it can matter.

Inside a subtree of the elimination tree that holds no end of a transfer, its angles follow from those
on the subtree's boundary (the rows of L's column at its top): the drop across a target inside is
sum_p r_p x_p over the boundary, where r is what the forward sweep of the target's own transfer leaves
there. Since the r_p add up to nothing, the drop is at most the range of x on the boundary times half
the sum of |r_p|. A subtree in which that reaches no target's bound is left out whole. This is exact
linear algebra: it holds for negative reactances too. Where it would cost more than it saves, a coarser
bound serves: angles inside stay within the boundary's range, widened by `Subtrees.stretch` where
reactances are negative.

A *lane* is a transfer, a *target* a pair of positions (a branch's ends) or one position (a bus). The
pair is a candidate when  multiplier(lane) * weight(target) * (|drop - offset(lane)| + slop(lane)) > 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow._jit import compiled
from moms.powerflow._ldl import WIDTH

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray

GUARD = 1.0 + 1e-6
"""Bounds are widened by this, far more than rounding can narrow them."""
TINY = 1e-300
SMALL = 0.2
"""Once a share is this small it is no longer followed up; what it is set to moves work, not results."""


class Subtrees(NamedTuple):
    """The elimination tree with what its factor says of each subtree, (n,)."""

    begin: IntArray
    l_row: IntArray
    l_value: FloatArray
    pivot: FloatArray
    parent: IntArray
    child_begin: IntArray
    """(n + 1,)"""
    child: IntArray
    root: IntArray
    stretch: FloatArray
    """How much wider than on its boundary the range inside can be; 1 where all reactances are positive."""
    growth: FloatArray
    """How much more of a transfer the elimination of this position can leave on the boundary; 1 likewise."""
    grounded: BoolArray
    """Some bus of the subtree has a branch to the ground: its angle, 0, is on the boundary."""


class Lanes(NamedTuple):
    """Transfers of 1 MW from source to sink, (k,), those of one `kind` together."""

    source: IntArray
    sink: IntArray
    multiplier: FloatArray
    offset: FloatArray
    """Taken off every drop, rad."""
    slop: FloatArray
    """Added to every drop's size, rad."""
    kind: IntArray
    """Row of `Targets.weight` that holds for this lane."""


class Targets(NamedTuple):
    """Pairs of positions (t,), by the one that is eliminated first."""

    begin: IntArray
    """(n + 1,) the targets of position j stand at begin[j] to begin[j + 1]."""
    name: IntArray
    other: IntArray
    """The other end: above in the tree, or the ground."""
    flipped: BoolArray
    """The pair runs from `other` to the position."""
    weight: FloatArray
    """(kinds, t)"""
    heaviest: FloatArray
    """(kinds, n) what a range on the subtree's boundary is multiplied by at most."""
    at_bus: bool
    """Targets are single positions against the ground: not differences inside the subtree."""


class Candidates(NamedTuple):
    """Room for what is found, (r,)."""

    lane: IntArray
    name: IntArray
    drop: FloatArray


@compiled
def widths(
    begin: IntArray, l_value: FloatArray, parent: IntArray, tied: BoolArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Give `stretch`, `growth` and `grounded`; `tied` (n,) tells which buses have a branch to the ground.

    In a subtree without ends x_j = -sum L_ij x_i, weights that add up to 1 with the ground's. Where some
    are negative, together -N, x_j can leave the range by N times its width on either side; and what a forward
    sweep has at j goes to the boundary with weights whose sizes add up to 1 + 2 N.
    """
    n = len(parent)
    stretch, growth = np.ones(n), np.ones(n)
    grounded = tied.copy()
    for j in range(n):
        negative, total = 0.0, 0.0
        for p in range(begin[j], begin[j + 1]):
            total -= l_value[p]
            negative += max(l_value[p], 0.0)
        ground = 1.0 - total
        if grounded[j]:
            negative += max(-ground, 0.0)
        if negative > 1e-12:  # less is the rounding of sums of nothing
            growth[j] = 1.0 + 2.0 * negative
            stretch[j] *= growth[j]
        above = parent[j]
        if above >= 0:
            stretch[above] = max(stretch[above], stretch[j])
            grounded[above] |= grounded[j]
    return stretch, growth, grounded


@compiled
def heaviest(weight: FloatArray, begin: IntArray, parent: IntArray) -> FloatArray:
    """Give the largest weight of targets in each subtree, (kinds, n)."""
    kinds, n = weight.shape[0], len(parent)
    most = np.zeros((kinds, n))
    for kind in range(kinds):
        for j in range(n):
            for e in range(begin[j], begin[j + 1]):
                most[kind, j] = max(most[kind, j], weight[kind, e])
            if parent[j] >= 0:
                most[kind, parent[j]] = max(most[kind, parent[j]], most[kind, j])
    return most


@compiled
def heaviest_share(weight: FloatArray, at: IntArray, other: IntArray, tree: Subtrees) -> FloatArray:
    """Give the largest weight times share of targets in each subtree, or a little more, (kinds, n).

    Targets join positions `at`, rising, and `other`. The share is half the sum of what their forward
    sweep leaves on the boundary, the ground's part included. Further up it can grow by no more than
    `tree.growth`: once it is small for a whole block, that bound is carried up instead.
    """
    n, kinds = len(tree.pivot), weight.shape[0]
    most, carried = np.zeros((n, kinds)), np.zeros((n + 1, kinds))
    by_target = np.ascontiguousarray(weight.T)
    x = np.zeros((n + 1, WIDTH))
    size, left = np.empty(WIDTH), np.empty(WIDTH)
    share, last = np.empty(WIDTH), np.empty(WIDTH, np.int64)
    above = np.empty(WIDTH, np.int64)  # the next of each target's own ancestors: the path is of all of the block
    mark = np.full(n, -1, np.int64)
    path = np.empty(n, np.int64)
    for first in range(0, len(at), WIDTH):
        width = min(WIDTH, len(at) - first)
        length = climb(at[first : first + width], tree.parent, mark, first, path, 0)
        way = np.sort(path[:length])
        for j in way:
            for w in range(WIDTH):
                x[j, w] = 0.0
        for w in range(width):
            x[at[first + w], w] += 1.0
            if other[first + w] < n:
                x[other[first + w], w] -= 1.0
            share[w], last[w], above[w] = 1.0, at[first + w], at[first + w]
        for j in way:
            _eliminate(j, tree.begin, tree.l_row, tree.l_value, x, size, left)
            going = False
            for w in range(width):
                e = first + w
                if j == above[w]:
                    above[w] = tree.parent[j]
                    share[w] = max(0.5 * (size[w] + abs(left[w])), TINY)  # an infinite weight stays infinite
                    last[w] = j
                    for kind in range(kinds):  # in place: a call for each would cost as much as the work
                        most[j, kind] = max(most[j, kind], by_target[e, kind] * share[w])
                going |= share[w] > SMALL
            if not going:
                break
        for w in range(width):
            _at_least(carried[tree.parent[last[w]]], by_target[first + w], share[w])
    for j in range(n):
        carried[j] *= tree.growth[j]
        _at_least(most[j], carried[j], 1.0)
        _at_least(carried[tree.parent[j]], carried[j], 1.0)
    return np.ascontiguousarray(most.T)


@compiled
def _eliminate(  # noqa: PLR0917 - as above
    j: int, begin: IntArray, l_row: IntArray, l_value: FloatArray, x: FloatArray, size: FloatArray, left: FloatArray
) -> None:
    """Take position j out of a forward sweep; give the sizes of what is left on the boundary, and its sum."""
    for w in range(WIDTH):
        size[w], left[w] = 0.0, 0.0
    for p in range(begin[j], begin[j + 1]):
        i, v = l_row[p], l_value[p]
        for w in range(WIDTH):
            y = x[i, w] - v * x[j, w]
            x[i, w] = y
            size[w] += abs(y)
            left[w] += y


@compiled
def _at_least(most: FloatArray, weight: FloatArray, share: float) -> None:
    """Raise `most`, (kinds,), to `weight` times `share` where that is more."""
    for kind in range(len(most)):
        most[kind] = max(most[kind], weight[kind] * share)


@compiled
def climb(  # noqa: PLR0917 - compiled code takes no keywords
    ends: IntArray, parent: IntArray, mark: IntArray, stamp: int, path: IntArray, count: int
) -> int:
    """Add the positions from each end to its root to `path`, those already marked left out; give the new count."""
    n = len(parent)
    for end in ends:
        i = end
        while 0 <= i < n and mark[i] != stamp:
            mark[i] = stamp
            path[count] = i
            count += 1
            i = parent[i]
    return count


@compiled
def ahead(tree: Subtrees, path: IntArray, source: IntArray, sink: IntArray, x: FloatArray) -> None:
    """Sweep forward: L z = the transfers, on their sorted path only. x is (n + 1, WIDTH)."""
    for j in path:
        for w in range(WIDTH):
            x[j, w] = 0.0
    n = len(tree.pivot)
    for w in range(len(source)):
        if source[w] < n:
            x[source[w], w] += 1.0
        if sink[w] < n:
            x[sink[w], w] -= 1.0
    for j in path:
        for p in range(tree.begin[j], tree.begin[j + 1]):
            i, v = tree.l_row[p], tree.l_value[p]
            for w in range(WIDTH):
                x[i, w] -= v * x[j, w]


@compiled
def behind(j: int, tree: Subtrees, x: FloatArray) -> None:
    """Give x at position j, which holds its share of the forward sweep, from those above it."""
    d = tree.pivot[j]
    for w in range(WIDTH):
        x[j, w] /= d
    for p in range(tree.begin[j], tree.begin[j + 1]):
        i, v = tree.l_row[p], tree.l_value[p]
        for w in range(WIDTH):
            x[j, w] -= v * x[i, w]


@compiled
def bounds(k: int, tree: Subtrees, x: FloatArray, low: FloatArray, high: FloatArray) -> None:
    """Give the range of x on the boundary of the subtree at k."""
    start = np.inf
    if tree.grounded[k] or tree.begin[k] == tree.begin[k + 1]:
        start = 0.0
    for w in range(WIDTH):
        low[w], high[w] = start, -start
    for p in range(tree.begin[k], tree.begin[k + 1]):
        i = tree.l_row[p]
        for w in range(WIDTH):
            y = x[i, w]
            low[w] = min(low[w], y)
            high[w] = max(high[w], y)


@compiled
def widen(j: int, x: FloatArray, low: FloatArray, high: FloatArray) -> None:
    """Widen a range by x at position j."""
    for w in range(WIDTH):
        y = x[j, w]
        low[w] = min(low[w], y)
        high[w] = max(high[w], y)


@compiled
def spans(low: FloatArray, high: FloatArray, own: FloatArray, at_bus: bool) -> tuple[float, float]:  # noqa: FBT001 - as above
    """Give how far a range takes the block's lanes from their offsets at most, and how wide it is, multiplied.

    `own` (3, WIDTH) holds the block's multipliers (0 for lanes it does not have), offsets and slops.
    """
    far, wide = 0.0, 0.0
    for w in range(WIDTH):
        width = high[w] - low[w]
        reach = max(abs(low[w] - own[1, w]), abs(high[w] - own[1, w])) if at_bus else width
        far = max(far, own[0, w] * (reach + own[2, w]))
        wide = max(wide, own[0, w] * width)
    return far, wide


@compiled
def reaches(weight: float, stretch: float, far: float, wide: float, at_bus: bool) -> bool:  # noqa: FBT001 - as above
    """Tell whether a range of such `spans` could make a lane reach a target of a subtree with this heaviest weight.

    It is given numbers, not the tuples they stand in: to hand those on costs as much as a node itself.
    """
    if weight == 0.0:
        return False
    most = far + (stretch - 1.0) * wide if at_bus else far
    return not most * weight * GUARD <= 1.0


@compiled
def collect(  # noqa: PLR0917 - as above
    j: int,
    kind: int,
    x: FloatArray,
    first: int,
    width: int,
    own: FloatArray,
    targets: Targets,
    found: Candidates,
    count: int,
) -> int:
    """Add the pairs of this block and the targets at j that may matter; give the new count."""
    for e in range(targets.begin[j], targets.begin[j + 1]):
        o, weight = targets.other[e], targets.weight[kind, e] * GUARD
        hits = 0
        for w in range(WIDTH):
            size = abs(x[j, w] - x[o, w] - own[1, w]) + own[2, w]
            hits += 0 if own[0, w] * size * weight <= 1.0 else 1
        if hits == 0:
            continue
        sign = -1.0 if targets.flipped[e] else 1.0
        for w in range(width):
            drop = x[j, w] - x[o, w]
            size = abs(drop - own[1, w]) + own[2, w]
            if not own[0, w] * size * weight <= 1.0:
                found.lane[count] = first + w
                found.name[count] = targets.name[e]
                found.drop[count] = sign * drop
                count += 1
    return count


@compiled
def sweep(block: int, tree: Subtrees, lanes: Lanes, targets: Targets, found: Candidates) -> tuple[int, int]:
    """Find the candidates of the blocks of `WIDTH` lanes from `block` on; give the next block and how many were found.

    Stops before a block that might not fit into `found`, which holds at least WIDTH times the targets.
    """
    n = len(tree.pivot)
    x = np.zeros((n + 1, WIDTH))
    mark = np.full(n, -1, np.int64)
    path = np.empty(n, np.int64)
    stack = np.empty(n, np.int64)
    own = np.zeros((3, WIDTH))
    low, high = np.empty(WIDTH), np.empty(WIDTH)
    inner_low, inner_high = np.empty(WIDTH), np.empty(WIDTH)
    wide_low, wide_high = np.empty(WIDTH), np.empty(WIDTH)
    total, count = len(lanes.source), 0
    while block * WIDTH < total:
        if count + WIDTH * len(targets.name) > len(found.lane):
            return block, count
        first = block * WIDTH
        width = min(WIDTH, total - first)
        source, sink = lanes.source[first : first + width], lanes.sink[first : first + width]
        kind = lanes.kind[first : first + width].max()
        heavy = targets.heaviest[kind]
        own[:, :] = 0.0
        own[0, :width] = lanes.multiplier[first : first + width]
        own[1, :width] = lanes.offset[first : first + width]
        own[2, :width] = lanes.slop[first : first + width]
        length = climb(source, tree.parent, mark, block, path, 0)
        length = climb(sink, tree.parent, mark, block, path, length)
        way = np.sort(path[:length])
        ahead(tree, way, source, sink, x)
        wide_low[:], wide_high[:] = 0.0, 0.0  # of the ground and all positions above: the ends come last
        for root in tree.root:
            if mark[root] != block:
                stack[0] = root
                count = _descend(
                    1, stack, kind, tree, x, inner_low, inner_high, first, width, own, targets, found, count
                )
        for place in range(length - 1, -1, -1):
            j = way[place]
            behind(j, tree, x)
            widen(j, x, wide_low, wide_high)
            count = collect(j, kind, x, first, width, own, targets, found, count)
            far, wide = spans(wide_low, wide_high, own, targets.at_bus)
            depth, near = 0, False
            for p in range(tree.child_begin[j], tree.child_begin[j + 1]):
                k = tree.child[p]
                if mark[k] == block or not reaches(heavy[k], tree.stretch[k], far, wide, targets.at_bus):
                    continue
                if not near:  # a boundary lies among what is above: looked at only where that does not settle it
                    bounds(j, tree, x, low, high)
                    widen(j, x, low, high)
                    far, wide = spans(low, high, own, targets.at_bus)
                    near = True
                if reaches(heavy[k], tree.stretch[k], far, wide, targets.at_bus):
                    stack[depth] = k
                    depth += 1
            if depth > 0:  # a call costs as much as the node itself
                count = _descend(
                    depth, stack, kind, tree, x, inner_low, inner_high, first, width, own, targets, found, count
                )
        block += 1
    return block, count


@compiled
def _descend(  # noqa: PLR0917 - as above
    depth: int,
    stack: IntArray,
    kind: int,
    tree: Subtrees,
    x: FloatArray,
    low: FloatArray,
    high: FloatArray,
    first: int,
    width: int,
    own: FloatArray,
    targets: Targets,
    found: Candidates,
    count: int,
) -> int:
    """Go down the subtrees on the stack, none of which holds an end, as far as they can matter."""
    heavy = targets.heaviest[kind]
    while depth > 0:
        depth -= 1
        j = stack[depth]
        bounds(j, tree, x, low, high)
        far, wide = spans(low, high, own, targets.at_bus)
        if not reaches(heavy[j], tree.stretch[j], far, wide, targets.at_bus):
            continue
        for w in range(WIDTH):
            x[j, w] = 0.0
        behind(j, tree, x)
        widen(j, x, low, high)
        far, wide = spans(low, high, own, targets.at_bus)
        count = collect(j, kind, x, first, width, own, targets, found, count)
        for p in range(tree.child_begin[j], tree.child_begin[j + 1]):
            k = tree.child[p]
            if reaches(heavy[k], tree.stretch[k], far, wide, targets.at_bus):
                stack[depth] = k
                depth += 1
    return count
