"""Pairs of branches that cut a part off only together, compiled. What is computed is written in cut_pairs.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow._jit import compiled
from moms.study._board import CLEAN, Day, caused
from moms.study.screen import BOUND, EDGE_MW

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray


class Watched(NamedTuple):
    """What is held against limits: the day's k branches, then the bridges, (q,)."""

    from_position: IntArray
    to_position: IntArray
    from_enter: IntArray
    to_enter: IntArray
    b: FloatArray
    base: FloatArray
    """(q, H) MW before anything is lost."""
    most: FloatArray
    """(q,) max over hours of |base|."""
    up: FloatArray
    """(q, H) MW per MW picked up, less the reference; down likewise."""
    down: FloatArray
    reference: FloatArray
    stray: FloatArray
    watch: FloatArray
    limit: FloatArray


class Joint(NamedTuple):
    """Pairs of places (one, other), unordered, (u,), and what goes when both are lost."""

    one: IntArray
    other: IntArray
    column: IntArray
    """The main end of `other`: its position, and for the kernel its row of `x`."""
    start: IntArray
    """(u, 2) the buses between: places of the walk in one of two spans but not in both."""
    stop: IntArray
    is_rest: BoolArray
    """The part cut off is all but these."""
    alpha: FloatArray
    """(u, H) MW that appear at the main end of `other`, those who pick up in the part counted out."""
    gamma_up: FloatArray
    gamma_down: FloatArray
    as_one: IntArray
    """(u,) which answer is that of `one` out and `other` lost next, -1 for none; and the other way round."""
    as_other: IntArray


class Answers(NamedTuple):
    """The worst that each pair causes, (p,)."""

    level: IntArray
    element: IntArray
    """Place among the watched, -1 for none."""
    hour: IntArray
    loading: FloatArray


@compiled
def between(place: int, start: IntArray, stop: IntArray) -> bool:
    """Tell whether a place of the walk is in one of two spans but not in both."""
    return bool((start[0] <= place < stop[0]) != (start[1] <= place < stop[1]))


@compiled
def sums_between(walk: IntArray, start: IntArray, stop: IntArray, rest: BoolArray, amount: FloatArray) -> FloatArray:
    """Give the sums, (u, c), of amounts at buses, (n, c), over the buses between, or over all but these.

    Each is added up bus by bus: a difference of sums would leave a trace of what is not there.
    """
    found = np.zeros((len(start), amount.shape[1]))
    for u in range(len(start)):
        first, last = 0, len(walk)
        if not rest[u]:
            first, last = _hull(start[u], stop[u])
        low, high = max(start[u, 0], start[u, 1]), min(stop[u, 0], stop[u, 1])
        place = first
        while place < last:
            if not rest[u] and low <= place < high:  # in both: as much as the grid at worst
                place = high
                continue
            if between(place, start[u], stop[u]) != rest[u]:
                row = amount[walk[place]]
                for c in range(amount.shape[1]):
                    found[u, c] += row[c]
            place += 1
    return found


@compiled
def _hull(start: IntArray, stop: IntArray) -> tuple[int, int]:
    """Give the least span that holds two, of which one may be empty."""
    if start[1] == stop[1]:
        return int(start[0]), int(stop[0])
    if start[0] == stop[0]:
        return int(start[1]), int(stop[1])
    return min(start[0], start[1]), max(stop[0], stop[1])


@compiled
def _note(p: int, m: int, h: int, flow: float, without: float, worse: float, w: Watched, found: Answers) -> None:  # noqa: PLR0917 - compiled code takes no keywords
    level = caused(flow, without, w.watch[m], w.limit[m], worse * w.limit[m])
    loading = abs(flow) / max(w.limit[m], EDGE_MW)
    if level > found.level[p] or (level == found.level[p] and level > CLEAN and loading > found.loading[p]):
        found.level[p], found.element[p], found.hour[p], found.loading[p] = level, m, h, loading


@compiled
def _moved(u: int, x: FloatArray, w: Watched, out: FloatArray) -> None:
    """Fill `out`, (q,), with the MW on each branch per MW at the main end of the other, less the reference."""
    column = x[u]
    for m in range(len(out)):
        out[m] = w.b[m] * (column[w.from_position[m]] - column[w.to_position[m]]) - w.reference[m]


@compiled
def hold_joint(joint: Joint, x: FloatArray, day: Day, w: Watched, found: Answers) -> None:
    """Hold pairs against every limit; `x` are angles by column, (columns, positions)."""
    k, hours = day.flow.shape
    moved, along = np.empty(len(w.b)), np.empty(hours)
    for u in range(len(joint.one)):
        j, c = joint.one[u], joint.other[u]
        alpha, gamma_up, gamma_down = joint.alpha[u], joint.gamma_up[u], joint.gamma_down[u]
        _moved(joint.column[u], x, w, moved)
        size = picked = far = 0.0
        for h in range(hours):
            along[h] = w.base[j, h] + moved[j] * alpha[h] + gamma_up[h] * w.up[j, h] + gamma_down[h] * w.down[j, h]
            size, far = max(size, abs(alpha[h])), max(far, abs(along[h]))
            picked = max(picked, abs(gamma_up[h]) + abs(gamma_down[h]))
        row, stays = day.phi[j], day.stays[j]
        for m in range(len(w.b)):
            share = w.b[m] * stays * row[m] if m < k else 0.0
            top = w.most[m] + abs(moved[m]) * size + w.stray[m] * picked + abs(share) * far
            if top * BOUND <= w.watch[m] or m in (j, c):
                continue
            dead = between(w.from_enter[m], joint.start[u], joint.stop[u]) != joint.is_rest[u]
            if dead:
                continue
            to_c = w.b[m] * day.stays[c] * day.phi[c, m] if m < k else 0.0
            for h in range(hours):
                flow = w.base[m, h] + moved[m] * alpha[h] + share * along[h]
                flow += gamma_up[h] * w.up[m, h] + gamma_down[h] * w.down[m, h]
                if abs(flow) <= w.watch[m] + EDGE_MW:
                    continue
                if joint.as_one[u] >= 0:
                    without = w.base[m, h] + to_c * w.base[c, h]
                    _note(joint.as_one[u], m, h, flow, without, day.worse_share, w, found)
                if joint.as_other[u] >= 0:
                    without = w.base[m, h] + share * w.base[j, h]
                    _note(joint.as_other[u], m, h, flow, without, day.worse_share, w, found)
