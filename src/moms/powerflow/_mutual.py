"""What each branch carries of a MW sent along each other one: all pairs at once, from the sparse factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow._jit import compiled
from moms.powerflow._ldl import WIDTH

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray

TILE = 64


@compiled
def mutual(  # noqa: PLR0917 - compiled code takes no keywords
    begin: IntArray,
    l_row: IntArray,
    l_value: FloatArray,
    pivot: FloatArray,
    parent: IntArray,
    f: IntArray,
    t: IntArray,
    into: FloatArray,
) -> None:
    """Fill `into`, (k, k), with the angle across branch q per MW sent along branch p; symmetric.

    Branches stand by their ends' positions f and t, (k,), in rising order of the lower one: no later
    branch then reads below the block's lowest, so that the sweep down stops there. One half is
    computed, the other mirrored.
    """
    n, count = len(pivot), len(f)
    x = np.zeros((n + 1, WIDTH))
    mark = np.full(n, -1, np.int64)
    for at in range(0, count, WIDTH):
        width = min(WIDTH, count - at)
        lowest = _forward(at, width, begin, l_row, l_value, parent, f, t, mark, x)
        _backward(lowest, begin, l_row, l_value, pivot, x)
        for w in range(width):
            for q in range(at, count):
                into[at + w, q] = x[f[q], w] - x[t[q], w]
    _mirror(into)


@compiled
def _forward(  # noqa: PLR0917 - as above
    at: int,
    width: int,
    begin: IntArray,
    l_row: IntArray,
    l_value: FloatArray,
    parent: IntArray,
    f: IntArray,
    t: IntArray,
    mark: IntArray,
    x: FloatArray,
) -> int:
    n = len(parent)
    x[:, :] = 0.0
    lowest = n
    for w in range(width):
        x[f[at + w], w] += 1.0
        x[t[at + w], w] -= 1.0
        for end in (f[at + w], t[at + w]):
            lowest = min(lowest, end)
            i = end
            while 0 <= i < n and mark[i] != at:
                mark[i] = at
                i = parent[i]
    for w in range(WIDTH):
        x[n, w] = 0.0
    for j in range(lowest, n):
        if mark[j] == at:
            for p in range(begin[j], begin[j + 1]):
                i, v = l_row[p], l_value[p]
                for w in range(WIDTH):
                    x[i, w] -= v * x[j, w]
    return lowest


@compiled
def _backward(  # noqa: PLR0917 - as above
    lowest: int, begin: IntArray, l_row: IntArray, l_value: FloatArray, pivot: FloatArray, x: FloatArray
) -> None:
    for j in range(len(pivot) - 1, lowest - 1, -1):
        d = pivot[j]
        for w in range(WIDTH):
            x[j, w] /= d
        for p in range(begin[j], begin[j + 1]):
            i, v = l_row[p], l_value[p]
            for w in range(WIDTH):
                x[j, w] -= v * x[i, w]


@compiled
def _mirror(into: FloatArray) -> None:
    count = len(into)
    for top in range(0, count, TILE):
        for left in range(0, top + TILE, TILE):
            for i in range(top, min(top + TILE, count)):
                for j in range(left, min(left + TILE, i)):
                    into[i, j] = into[j, i]
