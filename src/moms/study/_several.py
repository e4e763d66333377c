"""Losses of more than one column against all cells, compiled. What is computed is written in several.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow._jit import compiled
from moms.study._board import CLEAN, FAR, FAR_MW, GUARD, OVER, Cells, Day, caused, note, room

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray


class Loss(NamedTuple):
    """One loss: what all k branches of the day carry after it, and how the grid that it leaves differs."""

    flow: FloatArray
    """(k, H) MW"""
    alive: BoolArray
    removed: IntArray
    """(r,) places of the branches removed."""
    s: FloatArray
    """(r, k): phi after the loss is phi + phi[:, removed] @ s."""
    stays: FloatArray
    """(k,) as the day's, on the grid that is left."""
    kept: FloatArray
    """(k,) its denominator as a share of the day's own."""
    most: FloatArray
    """(k,) MW that an asset moves along itself when it goes out, in its worst hour; 0 where it may not be asked."""
    room: FloatArray
    """(k,) MW by which a branch's flow may still change; infinite where it is not held."""
    strongest: FloatArray
    """(r,) the most that any asset moves along a removed branch."""


@compiled
def loss_of(flow: FloatArray, alive: BoolArray, removed: IntArray, s: FloatArray, day: Day) -> Loss:
    """Work out what all assets move after a loss, and what room it leaves."""
    k, hours = flow.shape
    stays, kept, most, left = np.empty(k), np.empty(k), np.zeros(k), np.full(k, np.inf)
    strongest = np.zeros(len(removed))
    for j in range(k):
        own = day.phi[j, j]
        for r in range(len(removed)):
            own += day.phi[j, removed[r]] * s[r, j]
        denominator = 1.0 - day.b[j] * own
        kept[j] = abs(denominator * day.stays[j])
        stays[j] = 1.0 / denominator if denominator != 0.0 else np.inf
        top, least = 0.0, np.inf
        for h in range(hours):
            top = max(top, abs(flow[j, h]))
            least = min(least, room(flow[j, h], day.watch[j], day.limit[j], day.worse_share * day.limit[j]))
        if not alive[j]:
            continue
        most[j], left[j] = top * abs(stays[j]), least
        for r in range(len(removed)):
            strongest[r] = max(strongest[r], abs(s[r, j]) * most[j])
    return Loss(flow, alive, removed, s, stays, kept, most, left, strongest)


@compiled
def far_flows(day: Day, cells: Cells) -> FloatArray:
    """Give what each asset's far flow moves along itself, (k,) MW, 0 for those that need no more."""
    far = np.zeros(len(day.b))
    for j in range(len(far)):
        if cells.active[j] and cells.level[j] < OVER:
            far[j] = (FAR * day.most[j] + FAR_MW) * abs(day.stays[j])
    return far


@compiled
def reaches(day: Day, far: FloatArray) -> FloatArray:
    """Give the most that the far flow of any other asset moves each branch by, over its |b|, (k,)."""
    reach = np.zeros(len(far))
    for m in range(len(far)):
        row, top = day.phi[m], 0.0
        for j in range(len(far)):
            if j != m:
                top = max(top, abs(row[j]) * far[j])
        reach[m] = top
    return reach


@compiled
def without_factor(loss: Loss, day: Day, cells: Cells, least: float) -> IntArray:
    """Give the active assets that hang together with what the loss removes; they are not held below."""
    found = np.empty(len(day.b), np.int64)
    count = 0
    for j in range(len(day.b)):
        if cells.active[j] and cells.level[j] < OVER and loss.alive[j] and not loss.kept[j] >= least:
            found[count] = j
            count += 1
            loss.most[j] = 0.0
    return found[:count]


@compiled
def _moved(m: int, j: int, loss: Loss, day: Day) -> float:
    """Give MW on m per MW along j, over b_m, on the grid that is left."""
    x: float = day.phi[m, j]
    for r in range(len(loss.removed)):
        x += day.phi[m, loss.removed[r]] * loss.s[r, j]
    return x


@compiled
def _hold_one(j: int, m: int, name: int, loss: Loss, day: Day, cells: Cells) -> None:  # noqa: PLR0917 - compiled code takes no keywords
    factor = day.b[m] * loss.stays[j] * _moved(m, j, loss, day)
    level, hour, largest = CLEAN, -1, 0.0
    for h in range(loss.flow.shape[1]):
        without = loss.flow[m, h]
        after = without + factor * loss.flow[j, h]
        here = caused(after, without, day.watch[m], day.limit[m], day.worse_share * day.limit[m])
        if here > level or (here == level and level > CLEAN and abs(after) > largest):
            level, hour, largest = here, h, abs(after)
    cells.work[5] += 1
    note(j, level, name, m, hour, cells)


@compiled
def hold(loss: Loss, day: Day, cells: Cells, far: FloatArray, reach: FloatArray, name: int) -> None:  # noqa: PLR0917
    """Hold a loss against all assets: the far ones where some branch is within their reach, the others everywhere."""
    near = np.empty(len(far), np.int64)
    count = 0
    for j in range(len(far)):
        if far[j] > 0.0 and loss.most[j] > far[j] * GUARD:
            near[count] = j
            count += 1
    for m in range(len(far)):
        if not np.isfinite(loss.room[m]):
            continue
        need = loss.room[m] / abs(day.b[m]) * GUARD
        more = 0.0
        for r in range(len(loss.removed)):
            more += abs(day.phi[m, loss.removed[r]]) * loss.strongest[r]
        every = reach[m] + more >= need
        for q in range(len(far) if every else count):
            j = q if every else near[q]
            if far[j] == 0.0 or j == m or cells.level[j] == OVER:
                continue
            if abs(_moved(m, j, loss, day)) * loss.most[j] >= need:
                _hold_one(j, m, name, loss, day, cells)
