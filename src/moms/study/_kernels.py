"""The screen's inner loops, compiled. What they compute is written in plan.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow._jit import compiled
from moms.powerflow._ldl import WIDTH, solve_transfers

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray

SINGULAR = 1e-10
"""A removal that leaves less than this share of a transfer elsewhere has no reliable factor."""


class FactorArrays(NamedTuple):
    """The factor, and which positions have to be solved for."""

    begin: IntArray
    l_row: IntArray
    l_value: FloatArray
    pivot: FloatArray
    parent: IntArray
    wanted: BoolArray


class ColumnArrays(NamedTuple):
    """Singles, (c,): see plan.Singles."""

    branch: IntArray
    b_mw: FloatArray
    is_removal: BoolArray
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
    below_from = columns.part_from[i] <= enter_from < columns.part_to[i]
    below_to = columns.part_from[i] <= enter_to < columns.part_to[i]
    if columns.part_is_rest[i]:
        return not below_from and not below_to
    return below_from and below_to


@compiled
def flow_after(c: int, factor: float, q: int, h: int, columns: ColumnArrays, watch: WatchArrays) -> float:
    """Give the flow on q in hour h after the loss of column c, MW; `factor` is its MW per MW of alpha."""
    flow = watch.base[q, h] + factor * columns.alpha[c, h]
    i = columns.injection[c]
    if i >= 0:
        flow += columns.gamma_up[i, h] * watch.up[q, h] + columns.gamma_down[i, h] * watch.down[q, h]
    return flow


@compiled
def stays(c: int, w: int, columns: ColumnArrays, x: FloatArray) -> float:
    """Give what multiplies the transfer's effect: 1 for an injection, 1 / (1 - y_kk) for a removal, 0 if singular."""
    if not columns.is_removal[c]:
        return 1.0
    left = 1.0 - columns.b_mw[c] * (x[columns.source[c], w] - x[columns.sink[c], w])
    if abs(left) < SINGULAR:
        return 0.0
    return 1.0 / left


@compiled
def screen(
    block: int,
    at: int,
    factor: FactorArrays,
    columns: ColumnArrays,
    watch: WatchArrays,
    margin: FloatArray,
    over: FloatArray,
    limit: FloatArray,
    mark: IntArray,
    unsolved: BoolArray,
    count: IntArray,
    found_c: IntArray,
    found_q: IntArray,
    found_h: IntArray,
    found_flow: FloatArray,
) -> tuple[int, int, int]:
    """Find every (column, monitored, hour) whose flow exceeds `over`, from block and monitored branch on.

    The bound over all hours settles most pairs; what it cannot settle is computed hour by hour.
    `margin` (q,) is the least over hours of over - |base|; `count` (H,) grows by one for each flow
    over `limit`. Gives where it stopped (block, monitored, found): at the end, or when the arrays
    `found_*` are full; they need room for WIDTH x H.
    """
    n = len(factor.pivot)
    x = np.empty((n + 1, WIDTH))
    scale = np.zeros(WIDTH)
    bound = np.zeros(WIDTH)
    rest = np.zeros(WIDTH)
    shifted = np.zeros(WIDTH)
    hours = watch.base.shape[1]
    total = len(columns.source)
    found = 0
    while block * WIDTH < total:
        first = block * WIDTH
        width = min(WIDTH, total - first)
        solve_transfers(
            factor.begin, factor.l_row, factor.l_value, factor.pivot, factor.parent, factor.wanted,
            columns.source[first : first + width], columns.sink[first : first + width], mark, block, x,
        )  # fmt: skip
        mark[:] = -1
        bound[:] = 0.0
        rest[:] = 0.0
        for w in range(width):
            c = first + w
            scale[w] = stays(c, w, columns, x)
            if scale[w] == 0.0:
                unsolved[c] = True
            bound[w] = abs(scale[w]) * columns.largest[c]
            i = columns.injection[c]
            rest[w] = columns.picked[i] if i >= 0 else 0.0
            shifted[w] = 1.0 if i >= 0 else 0.0
        for q in range(at, len(watch.row)):
            f, t = watch.from_position[q], watch.to_position[q]
            b, reference, spread, room = watch.b_mw[q], watch.reference[q], watch.spread[q], margin[q]
            open_pairs = 0
            for w in range(WIDTH):
                moved = b * (x[f, w] - x[t, w]) - shifted[w] * reference
                open_pairs += 1 if abs(moved) * bound[w] + rest[w] * spread > room else 0
            if open_pairs == 0:
                continue
            if found + width * hours > len(found_c):
                return block, q, found
            for w in range(width):
                c = first + w
                moved = b * (x[f, w] - x[t, w]) - shifted[w] * reference
                if abs(moved) * bound[w] + rest[w] * spread <= room or scale[w] == 0.0:
                    continue
                if columns.branch[c] == watch.row[q] or in_part(c, columns, watch.from_enter[q], watch.to_enter[q]):
                    continue
                for h in range(hours):
                    flow = flow_after(c, moved * scale[w], q, h, columns, watch)
                    if abs(flow) > limit[q]:
                        count[h] += 1
                    if abs(flow) > over[q]:
                        found_c[found] = c
                        found_q[found] = q
                        found_h[found] = h
                        found_flow[found] = flow
                        found += 1
        at = 0
        block += 1
    return block, 0, found


@compiled
def evaluate(
    some: IntArray,
    start: IntArray,
    asked_q: IntArray,
    asked_h: IntArray,
    factor: FactorArrays,
    columns: ColumnArrays,
    watch: WatchArrays,
    flow: FloatArray,
    alive: BoolArray,
) -> None:
    """Compute flows of columns `some` at given (monitored, hour): those of column some[j] stand at start[j]."""
    n = len(factor.pivot)
    x = np.empty((n + 1, WIDTH))
    mark = np.full(n, -1, np.int64)
    source = np.empty(WIDTH, np.int64)
    sink = np.empty(WIDTH, np.int64)
    for first in range(0, len(some), WIDTH):
        width = min(WIDTH, len(some) - first)
        for w in range(width):
            source[w] = columns.source[some[first + w]]
            sink[w] = columns.sink[some[first + w]]
        solve_transfers(
            factor.begin, factor.l_row, factor.l_value, factor.pivot, factor.parent, factor.wanted,
            source[:width], sink[:width], mark, first, x,
        )  # fmt: skip
        for w in range(width):
            c = some[first + w]
            scale = stays(c, w, columns, x)
            for e in range(start[first + w], start[first + w + 1]):
                q, h = asked_q[e], asked_h[e]
                out = columns.branch[c] == watch.row[q] or scale == 0.0
                if out or in_part(c, columns, watch.from_enter[q], watch.to_enter[q]):
                    continue
                moved = watch.b_mw[q] * (x[watch.from_position[q], w] - x[watch.to_position[q], w])
                if columns.injection[c] >= 0:
                    moved -= watch.reference[q]
                flow[e] = flow_after(c, moved * scale, q, h, columns, watch)
                alive[e] = True
