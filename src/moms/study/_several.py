"""Losses of more than one column against all cells, compiled. What is computed is written in several.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow._jit import compiled
from moms.study._board import CLEAN, FAR, FAR_MW, GUARD, OVER, Cells, Day, caused, note, room, weigh

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray


MOST_NEAR = 64
"""Assets a removed branch that are held everywhere; moves work, not results."""


class Losses(NamedTuple):
    """Some losses: what all k branches of the day carry after each, and how the grid that it leaves differs."""

    flow: FloatArray
    """(q, k, H) MW"""
    alive: BoolArray
    """(q, k)"""
    removed: IntArray
    """Places of the branches that they remove, one after another."""
    begin: IntArray
    """(q + 1,) where each one's begin."""
    s: FloatArray
    """(removed, k): phi after loss q is phi + phi[:, its removed] @ its s."""
    stays: FloatArray
    """(q, k) as the day's, on the grid that is left."""
    kept: FloatArray
    """(q, k) its denominator as a share of the day's own."""
    most: FloatArray
    """(q, k) MW that an asset moves along itself when it goes out, in its worst hour; 0 where it may not be asked."""
    room: FloatArray
    """(q, k) MW by which a branch's flow may still change; infinite where it is not held."""
    strongest: FloatArray
    """(removed,) the most that any asset but those near the loss moves along a removed branch."""


@compiled
def losses_of(  # noqa: PLR0917 - compiled code takes no keywords
    flow: FloatArray, alive: BoolArray, removed: IntArray, begin: IntArray, s: FloatArray, day: Day
) -> Losses:
    """Work out what all assets move after some losses, and what room these leave."""
    count, k, hours = flow.shape
    stays, kept, most = np.empty((count, k)), np.empty((count, k)), np.zeros((count, k))
    left, strongest = np.full((count, k), np.inf), np.zeros(len(removed))
    for q in range(count):
        for j in range(k):
            own = day.phi[j, j]
            for r in range(begin[q], begin[q + 1]):
                own += day.phi[j, removed[r]] * s[r, j]
            denominator = 1.0 - day.b[j] * own
            kept[q, j] = abs(denominator * day.stays[j])
            stays[q, j] = 1.0 / denominator if denominator != 0.0 else np.inf
            if not alive[q, j]:
                continue
            top, least = 0.0, np.inf
            for h in range(hours):
                f = flow[q, j, h]
                top = max(top, abs(f))
                least = min(least, room(f, day.watch[j], day.limit[j], day.worse_share * day.limit[j]))
            most[q, j], left[q, j] = top * abs(stays[q, j]), least
    return Losses(flow, alive, removed, begin, s, stays, kept, most, left, strongest)


@compiled
def far_flows(day: Day, cells: Cells) -> FloatArray:
    """Give what each asset's far flow moves along itself, (k,) MW, 0 for those that need no more."""
    far = np.zeros(len(day.b))
    for j in range(len(far)):
        if cells.active[j] and cells.level[j] < OVER:
            far[j] = (FAR * day.most[j] + FAR_MW) * abs(day.stays[j])
    return far


@compiled
def without_factor(losses: Losses, q: int, day: Day, cells: Cells, least: float) -> IntArray:
    """Give the active assets that hang together with what a loss removes; they are not held below."""
    found = np.empty(len(day.b), np.int64)
    count = 0
    for j in range(len(day.b)):
        asked = cells.active[j] and cells.level[j] < OVER and losses.alive[q, j]
        if asked and not losses.kept[q, j] >= least:
            found[count] = j
            count += 1
            losses.most[q, j] = 0.0
    return found[:count]


@compiled
def _moved(m: int, j: int, q: int, losses: Losses, day: Day) -> float:
    """Give MW on m per MW along j, over b_m, on the grid that a loss leaves."""
    x: float = day.phi[m, j]
    for r in range(losses.begin[q], losses.begin[q + 1]):
        x += day.phi[m, losses.removed[r]] * losses.s[r, j]
    return x


@compiled
def _hold_one(j: int, m: int, q: int, name: int, losses: Losses, day: Day, cells: Cells) -> None:  # noqa: PLR0917 - as above
    factor = day.b[m] * losses.stays[q, j] * _moved(m, j, q, losses, day)
    level, hour, largest = CLEAN, -1, 0.0
    for h in range(losses.flow.shape[2]):
        without = losses.flow[q, m, h]
        after = without + factor * losses.flow[q, j, h]
        here = caused(after, without, day.watch[m], day.limit[m], day.worse_share * day.limit[m])
        if here > level or (here == level and level > CLEAN and abs(after) > largest):
            level, hour, largest = here, h, abs(after)
    cells.work[5] += 1
    note(j, level, name, m, hour, cells)


@compiled
def _near(losses: Losses, q: int, far: FloatArray) -> IntArray:
    """Give the assets to hold against every branch after a loss, and note the most that the others send over it.

    They move more after it than their far flow, or are among those that send most over what it removes.
    """
    k = len(far)
    near, sent = np.empty(k, np.bool_), np.empty(k)
    for j in range(k):
        near[j] = losses.most[q, j] > far[j] * GUARD
    for r in range(losses.begin[q], losses.begin[q + 1]):
        for j in range(k):
            sent[j] = 0.0 if near[j] or far[j] == 0.0 else abs(losses.s[r, j]) * losses.most[q, j]
        least = np.sort(sent)[max(k - MOST_NEAR, 0)]
        for j in range(k):
            near[j] = near[j] or sent[j] > least
    for r in range(losses.begin[q], losses.begin[q + 1]):
        for j in range(k):
            if not near[j] and far[j] > 0.0:
                losses.strongest[r] = max(losses.strongest[r], abs(losses.s[r, j]) * losses.most[q, j])
    return np.flatnonzero(near & (far > 0.0))


@compiled
def hold(losses: Losses, names: IntArray, day: Day, cells: Cells, far: FloatArray) -> None:
    """Hold losses against all assets: the far ones where some branch is within their reach, the others everywhere.

    `names` are the losses' in `Cells.next`.
    """
    k, count = len(far), len(names)
    need = np.empty((count, k))
    for q in range(count):
        for m in range(k):
            need[q, m] = losses.room[q, m] / abs(day.b[m]) * GUARD
        for j in _near(losses, q, far):
            _hold_near(j, q, names[q], need[q], losses, day, cells)
    _hold_far(need, names, losses, day, cells, far)


@compiled
def _hold_near(j: int, q: int, name: int, need: FloatArray, losses: Losses, day: Day, cells: Cells) -> None:  # noqa: PLR0917 - as above
    """Hold one asset after one loss against every branch."""
    moved = day.phi[j].copy()
    for r in range(losses.begin[q], losses.begin[q + 1]):
        row, share = day.phi[losses.removed[r]], losses.s[r, j]
        for m in range(len(moved)):
            moved[m] += row[m] * share
    most = losses.most[q, j]
    for m in range(len(moved)):
        if abs(moved[m]) * most >= need[m] and m != j and cells.level[j] < OVER:
            _hold_one(j, m, q, name, losses, day, cells)


@compiled
def _hold_far(need: FloatArray, names: IntArray, losses: Losses, day: Day, cells: Cells, far: FloatArray) -> None:  # noqa: PLR0917 - as above
    """Hold those assets against a branch whose far flow, with all they send over what is lost, may use up its room."""
    k, count = len(far), len(names)
    cut, reach = np.empty(count), np.empty(k)
    for m in range(k):
        least = np.inf
        for q in range(count):
            cut[q] = need[q, m]
            for r in range(losses.begin[q], losses.begin[q + 1]):
                cut[q] -= abs(day.phi[m, losses.removed[r]]) * losses.strongest[r]
            least = min(least, cut[q])
        if least == np.inf or weigh(day.phi[m], far, m, reach) < least:
            continue
        for one in np.flatnonzero(reach >= least):
            j = int(one)
            for q in range(count):
                if reach[j] < cut[q] or cells.level[j] == OVER or j == m:
                    continue
                if abs(_moved(m, j, q, losses, day)) * losses.most[q, j] >= need[q, m]:
                    _hold_one(j, m, q, names[q], losses, day, cells)
