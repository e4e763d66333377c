"""The depth-first walk under `topology`: low links and what hangs below every bus, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from moms.grid.network import FloatArray, IntArray


@njit(cache=True)
def low_links(  # noqa: PLR0915 - one walk, compiled as one function
    n: int, from_bus: IntArray, to_bus: IntArray, held: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Give the upper and lower bus of each bridge, (m,), -1 elsewhere, and the sums below each bus, (n, k).

    The walk starts at each component's first bus; `held` (n, k) is what each bus holds. Circuits are
    told apart by row, so a second circuit is a way back. Source: Tarjan, "A note on finding the bridges
    of a graph", 1974, made iterative.
    """
    m = len(from_bus)
    start = np.zeros(n + 1, dtype=np.int64)
    for k in range(m):
        start[from_bus[k] + 1] += 1
        start[to_bus[k] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    fill = start[:-1].copy()
    edge = np.empty(2 * m, dtype=np.int64)
    for k in range(m):
        edge[fill[from_bus[k]]] = k
        fill[from_bus[k]] += 1
        edge[fill[to_bus[k]]] = k
        fill[to_bus[k]] += 1
    seen = np.full(n, -1, dtype=np.int64)
    low = np.zeros(n, dtype=np.int64)
    came_by = np.full(n, -1, dtype=np.int64)
    came_from = np.full(n, -1, dtype=np.int64)
    next_edge = start[:-1].copy()
    above = np.full(m, -1, dtype=np.int64)
    below = np.full(m, -1, dtype=np.int64)
    sums = held.copy()
    stack = np.empty(n, dtype=np.int64)
    clock = 0
    for root in range(n):
        if seen[root] >= 0:
            continue
        depth = 0
        stack[0] = root
        seen[root] = low[root] = clock
        clock += 1
        while depth >= 0:
            bus = stack[depth]
            if next_edge[bus] < start[bus + 1]:
                k = edge[next_edge[bus]]
                next_edge[bus] += 1
                if k == came_by[bus]:
                    continue
                other = to_bus[k] if from_bus[k] == bus else from_bus[k]
                if seen[other] >= 0:
                    low[bus] = min(low[bus], seen[other])
                    continue
                came_by[other] = k
                came_from[other] = bus
                seen[other] = low[other] = clock
                clock += 1
                depth += 1
                stack[depth] = other
                continue
            depth -= 1
            up = came_from[bus]
            if up < 0:
                continue
            low[up] = min(low[up], low[bus])
            sums[up] += sums[bus]
            if low[bus] > seen[up]:
                above[came_by[bus]] = up
                below[came_by[bus]] = bus
    return above, below, sums
