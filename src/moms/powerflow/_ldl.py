"""Sparse LDL' of a symmetric matrix, and solves with it, as compiled loops.

The matrix comes already permuted, as the upper triangle by column (CSC, diagonal included). Method:
up-looking factorisation along the elimination tree (Liu 1990; Davis, *Direct Methods for Sparse
Linear Systems*, ch. 4). L is unit lower triangular, kept by column without its diagonal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow._jit import compiled

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray

WIDTH = 16
"""Right-hand sides solved side by side: four AVX2 registers of doubles."""


@compiled
def elimination_tree(start: IntArray, row: IntArray) -> tuple[IntArray, IntArray]:
    """Give each column's parent in the elimination tree (-1 for a root) and where its part of L begins."""
    n = len(start) - 1
    parent = np.full(n, -1, np.int64)
    seen = np.full(n, -1, np.int64)
    count = np.zeros(n, np.int64)
    for k in range(n):
        seen[k] = k
        for p in range(start[k], start[k + 1]):
            i = row[p]
            while i < k and seen[i] != k:
                if parent[i] < 0:
                    parent[i] = k
                count[i] += 1
                seen[i] = k
                i = parent[i]
    begin = np.zeros(n + 1, np.int64)
    for k in range(n):
        begin[k + 1] = begin[k] + count[k]
    return parent, begin


@compiled
def factorise(
    start: IntArray, row: IntArray, value: FloatArray, parent: IntArray, begin: IntArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Give L's row numbers and values by column, and the pivots D."""
    n = len(start) - 1
    l_row = np.empty(begin[n], np.int32)
    l_value = np.empty(begin[n])
    pivot = np.empty(n)
    filled = begin[:n].copy()
    work = np.zeros(n)
    seen = np.full(n, -1, np.int64)
    stack = np.empty(n, np.int64)
    path = np.empty(n, np.int64)
    for k in range(n):
        top = n
        seen[k] = k
        for p in range(start[k], start[k + 1]):
            i = row[p]
            if i > k:
                continue
            work[i] += value[p]
            length = 0
            while seen[i] != k:
                path[length] = i
                length += 1
                seen[i] = k
                i = parent[i]
            while length > 0:
                length -= 1
                top -= 1
                stack[top] = path[length]
        d = work[k]
        work[k] = 0.0
        for s in range(top, n):
            i = stack[s]
            y = work[i]
            work[i] = 0.0
            for p in range(begin[i], filled[i]):
                work[l_row[p]] -= l_value[p] * y
            share = y / pivot[i]
            d -= share * y
            l_row[filled[i]] = k
            l_value[filled[i]] = share
            filled[i] += 1
        pivot[k] = d
    return l_row, l_value, pivot


@compiled
def solve_many(begin: IntArray, l_row: IntArray, l_value: FloatArray, pivot: FloatArray, x: FloatArray) -> None:
    """Solve in place for all columns of x, (n + 1, H); the last row stands for the ground and stays."""
    n = len(pivot)
    width = x.shape[1]
    for j in range(n):
        for p in range(begin[j], begin[j + 1]):
            i = l_row[p]
            v = l_value[p]
            for w in range(width):
                x[i, w] -= v * x[j, w]
    for j in range(n - 1, -1, -1):
        d = pivot[j]
        for w in range(width):
            x[j, w] /= d
        for p in range(begin[j], begin[j + 1]):
            i = l_row[p]
            v = l_value[p]
            for w in range(width):
                x[j, w] -= v * x[i, w]


@compiled
def solve_transfers(  # noqa: PLR0917 - compiled code takes no keywords
    begin: IntArray,
    l_row: IntArray,
    l_value: FloatArray,
    pivot: FloatArray,
    parent: IntArray,
    source: IntArray,
    sink: IntArray,
    mark: IntArray,
    stamp: int,
    x: FloatArray,
) -> None:
    """Solve for at most `WIDTH` transfers of 1 from `source[w]` to `sink[w]` (positions; n is the ground).

    The forward sweep touches only the paths from the ends to the root of the tree. x is (n + 1, WIDTH).
    """
    n = len(pivot)
    x[:, :] = 0.0
    first = n
    for w in range(len(source)):
        x[source[w], w] += 1.0
        x[sink[w], w] -= 1.0
        for end in (source[w], sink[w]):
            first = min(first, end)
            i = end
            while 0 <= i < n and mark[i] != stamp:
                mark[i] = stamp
                i = parent[i]
    for w in range(WIDTH):
        x[n, w] = 0.0
    for j in range(first, n):
        if mark[j] == stamp:
            for p in range(begin[j], begin[j + 1]):
                i = l_row[p]
                v = l_value[p]
                for w in range(WIDTH):
                    x[i, w] -= v * x[j, w]
    for j in range(n - 1, -1, -1):
        d = pivot[j]
        for w in range(WIDTH):
            x[j, w] /= d
        for p in range(begin[j], begin[j + 1]):
            i = l_row[p]
            v = l_value[p]
            for w in range(WIDTH):
                x[j, w] -= v * x[i, w]


@compiled
def differences(x: FloatArray, f: IntArray, t: IntArray, b: FloatArray, less: FloatArray) -> FloatArray:
    """Give b (x at f - x at t) - less, (k, H): the flows of k branches at angles by position, in one pass."""
    result = np.empty((len(f), x.shape[1]))
    for k in range(len(f)):
        i, j, v, c = f[k], t[k], b[k], less[k]
        for h in range(x.shape[1]):
            result[k, h] = v * (x[i, h] - x[j, h]) - c
    return result
