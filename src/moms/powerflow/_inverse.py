"""The entries of B^-1 that lie in the pattern of L, all at once: what every branch sees across itself.

Takahashi, Fagan and Chen 1973; Erisman and Tinney 1975. From the root down, with S(j) the rows of
column j of L:  Z_ij = -sum_{k in S(j)} L_kj Z_ik  and  Z_jj = 1/d_j - sum_{k in S(j)} L_kj Z_kj.
Every Z_ik it needs lies in the pattern too, because S(j) is a clique there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow._jit import compiled

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray


@compiled
def selected_inverse(
    begin: IntArray, l_row: IntArray, l_value: FloatArray, pivot: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give the inverse's entries below the diagonal, placed as L's, and its diagonal."""
    n = len(pivot)
    below = np.empty(len(l_value))
    diagonal = np.empty(n)
    gathered = np.zeros(n)
    place = np.full(n, -1, np.int64)
    for j in range(n - 1, -1, -1):
        first, last = begin[j], begin[j + 1]
        for p in range(first, last):
            i = l_row[p]
            gathered[i] = 0.0
            place[i] = p
        for p in range(first, last):
            i, v = l_row[p], l_value[p]
            gathered[i] -= v * diagonal[i]
            for e in range(begin[i], begin[i + 1]):
                k = l_row[e]
                if place[k] >= 0:  # both in S(j): Z_ki serves row k and row i
                    gathered[k] -= v * below[e]
                    gathered[i] -= l_value[place[k]] * below[e]
        total = 1.0 / pivot[j]
        for p in range(first, last):
            i = l_row[p]
            below[p] = gathered[i]
            total -= l_value[p] * gathered[i]
            place[i] = -1
        diagonal[j] = total
    return below, diagonal


@compiled
def across(  # noqa: PLR0917 - compiled code takes no keywords
    begin: IntArray, l_row: IntArray, below: FloatArray, diagonal: FloatArray, f: IntArray, t: IntArray
) -> FloatArray:
    """Give the angle across each pair of positions per MW sent from one to the other, (k,) rad.

    Each pair is joined by a branch (or one is the ground, position n), so its entry is in the pattern.
    """
    n = len(diagonal)
    result = np.empty(len(f))
    for k in range(len(f)):
        low, high = min(f[k], t[k]), max(f[k], t[k])
        if low in (n, high):
            result[k] = 0.0
            continue
        if high == n:
            result[k] = diagonal[low]
            continue
        left, right = begin[low], begin[low + 1]
        while right - left > 1:
            middle = (left + right) // 2
            if l_row[middle] <= high:
                left = middle
            else:
                right = middle
        result[k] = diagonal[low] + diagonal[high] - 2.0 * below[left]
    return result
