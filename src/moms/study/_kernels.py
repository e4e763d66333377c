"""The screen's inner loops, compiled. What they compute is written in plan.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow._jit import compiled
from moms.powerflow._ldl import WIDTH
from moms.powerflow._sweep import Subtrees, ahead, behind, climb

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray

BOUND_MW = 1e-9
"""Bounds are widened by this, more than rounding can narrow them."""


class ColumnArrays(NamedTuple):
    """Singles, (c,): see plan.Singles."""

    branch: IntArray
    is_removal: BoolArray
    stays: FloatArray
    """(c,) what multiplies the transfer's effect: 1 for an injection, 1 / (1 - y_kk) for a removal, 0 if singular."""
    source: IntArray
    sink: IntArray
    alpha: FloatArray
    largest: FloatArray
    """(c,) max over hours of |alpha|."""
    injection: IntArray
    gamma_up: FloatArray
    gamma_down: FloatArray
    picked: FloatArray
    """(i,) max over hours of |gamma_up| + |gamma_down|."""
    part_from: IntArray
    part_to: IntArray
    part_is_rest: BoolArray


class WatchArrays(NamedTuple):
    """Monitored branches, (q,): ends, limits, and flows before any contingency."""

    row: IntArray
    from_position: IntArray
    to_position: IntArray
    from_enter: IntArray
    to_enter: IntArray
    b_mw: FloatArray
    reference: FloatArray
    """MW per MW of the reference pick-up."""
    spread: FloatArray
    """How far the pick-up of any hour strays from the reference, MW per MW."""
    base: FloatArray
    """(q, H)"""
    up: FloatArray
    """(q, H) MW per MW picked up, less the reference."""
    down: FloatArray


@compiled
def in_part(c: int, columns: ColumnArrays, enter_from: int, enter_to: int) -> bool:
    """Tell whether a branch lies in the part that column c cuts off."""
    i = columns.injection[c]
    if i < 0 or columns.part_from[i] == columns.part_to[i]:
        return False
    below_from: bool = columns.part_from[i] <= enter_from < columns.part_to[i]
    below_to: bool = columns.part_from[i] <= enter_to < columns.part_to[i]
    if columns.part_is_rest[i]:
        return not below_from and not below_to
    return below_from and below_to


@compiled
def flow_after(  # noqa: PLR0917 - compiled code takes no keywords
    c: int, factor: float, q: int, h: int, columns: ColumnArrays, watch: WatchArrays
) -> float:
    """Give the flow on q in hour h after the loss of column c, MW; `factor` is its MW per MW of alpha."""
    flow: float = watch.base[q, h] + factor * columns.alpha[c, h]
    i = columns.injection[c]
    if i >= 0:
        flow += columns.gamma_up[i, h] * watch.up[q, h] + columns.gamma_down[i, h] * watch.down[q, h]
    return flow


@compiled
def settle(  # noqa: PLR0917 - as above
    at: int,
    some_c: IntArray,
    some_q: IntArray,
    moved: FloatArray,
    columns: ColumnArrays,
    watch: WatchArrays,
    over: FloatArray,
    limit: FloatArray,
    count: IntArray,
    found_c: IntArray,
    found_q: IntArray,
    found_h: IntArray,
    found_flow: FloatArray,
) -> tuple[int, int]:
    """Compute pairs hour by hour from `at` on, and keep each (column, monitored, hour) whose flow exceeds `over`.

    `moved` is the MW on the monitored branch per MW of the column. `count` (H,) grows by one for each
    flow over `limit`. Gives where it stopped (all done, or `found_*` full) and how many it found.
    """
    base, up, down = watch.base, watch.up, watch.down  # looked up once: the loop runs for millions of hours
    alpha, gamma_up, gamma_down = columns.alpha, columns.gamma_up, columns.gamma_down
    hours = base.shape[1]
    found = 0
    for e in range(at, len(some_c)):
        if found + hours > len(found_c):
            return e, found
        c, q = some_c[e], some_q[e]
        if columns.branch[c] == watch.row[q] or in_part(c, columns, watch.from_enter[q], watch.to_enter[q]):
            continue
        factor, i = moved[e] * columns.stays[c], columns.injection[c]
        least, most = over[q], limit[q]
        for h in range(hours):
            flow = base[q, h] + factor * alpha[c, h]
            if i >= 0:
                flow += gamma_up[i, h] * up[q, h] + gamma_down[i, h] * down[q, h]
            size = abs(flow)
            if size > most:
                count[h] += 1
            if size > least:
                found_c[found] = c
                found_q[found] = q
                found_h[found] = h
                found_flow[found] = flow
                found += 1
    return len(some_c), found


class Several(NamedTuple):
    """Contingencies of several columns side by side, (m,), and their columns, (w,)."""

    begin: IntArray
    """(m + 1,) the columns of one stand from begin[m] to begin[m + 1]."""
    removed: IntArray
    """(m,) how many of its first columns are removed branches; the others are injections."""
    most: FloatArray
    """(w,) MW of each column at most."""
    picked: FloatArray
    """(m,) MW that units pick up at most, which strays from the reference by `WatchArrays.spread`."""


@compiled
def may_exceed(x: FloatArray, some: Several, more: FloatArray, margin: FloatArray, watch: WatchArrays) -> BoolArray:
    """Tell which flows contingencies of several columns could move by more than their margin, (m, q).

    x is (n + 1, w); `more` (m, q) is what else may move a branch, MW, or has no columns where nothing does. All
    contingencies are held against one branch after the other, so that each of x's long rows is read once.
    """
    count = len(some.removed)
    found = np.zeros((count, len(margin)), np.bool_)
    size = np.empty(len(some.most))
    for q in range(len(margin)):
        b = watch.b_mw[q]
        at, to = x[watch.from_position[q]], x[watch.to_position[q]]
        for k in range(len(size)):
            size[k] = b * (at[k] - to[k])
        for m in range(count):
            bound = BOUND_MW + some.picked[m] * watch.spread[q]
            if more.shape[1] > 0:
                bound += more[m, q]
            first = some.begin[m] + some.removed[m]
            for k in range(some.begin[m], first):
                bound += abs(size[k]) * some.most[k]
            for k in range(first, some.begin[m + 1]):
                bound += abs(size[k] - watch.reference[q]) * some.most[k]
            found[m, q] = not bound <= margin[q]
    return found


@compiled
def evaluate(  # noqa: PLR0917 - as above
    some: IntArray,
    start: IntArray,
    asked_q: IntArray,
    asked_h: IntArray,
    tree: Subtrees,
    columns: ColumnArrays,
    watch: WatchArrays,
    flow: FloatArray,
    alive: BoolArray,
) -> None:
    """Compute flows of columns `some` at given (monitored, hour): those of column some[j] stand at start[j].

    Only the positions between the ends of columns and asked branches and the root are solved.
    """
    n = len(tree.pivot)
    x = np.zeros((n + 1, WIDTH))
    mark = np.full(n, -1, np.int64)
    path = np.empty(n, np.int64)
    source = np.empty(WIDTH, np.int64)
    sink = np.empty(WIDTH, np.int64)
    for first in range(0, len(some), WIDTH):
        width = min(WIDTH, len(some) - first)
        for w in range(width):
            source[w] = columns.source[some[first + w]]
            sink[w] = columns.sink[some[first + w]]
        length = climb(source[:width], tree.parent, mark, first, path, 0)
        length = climb(sink[:width], tree.parent, mark, first, path, length)
        asked = asked_q[start[first] : start[first + width]]
        length = climb(watch.from_position[asked], tree.parent, mark, first, path, length)
        length = climb(watch.to_position[asked], tree.parent, mark, first, path, length)
        way = np.sort(path[:length])
        ahead(tree, way, source[:width], sink[:width], x)
        for place in range(length - 1, -1, -1):
            behind(way[place], tree, x)
        for w in range(width):
            c = some[first + w]
            for e in range(start[first + w], start[first + w + 1]):
                q, h = asked_q[e], asked_h[e]
                out = columns.branch[c] == watch.row[q] or columns.stays[c] == 0.0
                if out or in_part(c, columns, watch.from_enter[q], watch.to_enter[q]):
                    continue
                moved = watch.b_mw[q] * (x[watch.from_position[q], w] - x[watch.to_position[q], w])
                if columns.injection[c] >= 0:
                    moved -= watch.reference[q]
                flow[e] = flow_after(c, moved * columns.stays[c], q, h, columns, watch)
                alive[e] = True
