"""The outside world made small for AC: Ward's elimination, with every bus that holds its voltage left.

A bus k without control is eliminated from I = Y V as from any linear system: between its neighbours
-Y_ki Y_kj / Y_kk is added, and of its current -Y_ik / Y_kk goes to each neighbour i. Loads count as
currents, so that the solved state is given exactly and what happens inside changes them to first order
half as a load of fixed power would and half as an admittance would. A bus that holds its voltage is
no linear element: it stays, with its unit and its reactive limits, unless it lies too far away to matter.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from scipy import sparse

LARGEST_DEGREE = 8
"""Buses with more neighbours than this are left: eliminating them makes more branches than it saves."""
NEGLIGIBLE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ward:
    """What is left: buses, the admittances between them, the currents into them."""

    left: np.ndarray
    """(n,) whether a bus is left."""
    f: np.ndarray
    """Pairs of buses left, f < t, by row of the full model."""
    t: np.ndarray
    y: np.ndarray
    """(pairs,) off-diagonal element of the admittance matrix, per unit."""
    own: np.ndarray
    """(n,) diagonal element; 0 where eliminated."""
    current: np.ndarray
    """Into the network, per unit, (n,) or a column a state; 0 where eliminated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """What a Ward reduction adds to the real branches that are left."""

    f: np.ndarray
    t: np.ndarray
    y: np.ndarray
    """(pairs,) series admittance of each equivalent branch, per unit."""
    shunt: np.ndarray
    """(n,) admittance to ground at each bus left, beyond the charging of real branches."""


def hops(inside: np.ndarray, f: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Count the branches from each bus to the nearest inside; n where there is no way."""
    found = np.where(inside, 0, len(inside))
    at = 0
    while (found == at).any():
        for one, other in ((f, t), (t, f)):
            reached = other[(found[one] == at) & (found[other] > at + 1)]
            found[reached] = at + 1
        at += 1
    return found


def reduced(matrix: sparse.csc_matrix, v: np.ndarray, *, keep: np.ndarray, most: int = LARGEST_DEGREE) -> Ward:
    """Eliminate the buses not in `keep`, fewest neighbours first, until all that are left have more than `most`.

    `matrix` is the symmetric (n, n) bus admittance, `v` the solved voltages, per unit, (n,), or several states
    side by side: what is made of the network is the same for all.
    """
    beside, own = _rows(matrix)
    current = matrix @ v
    left = _eliminate(beside, own, current, keep, most)
    pairs = [(i, j, y) for i in np.flatnonzero(left).tolist() for j, y in beside[i].items() if i < j]
    f, t, y = zip(*pairs, strict=True)
    return Ward(
        left=left,
        f=np.array(f, np.int64),
        t=np.array(t, np.int64),
        y=np.array(y),
        own=np.where(left, own, 0.0),
        current=np.where(left if current.ndim == 1 else left[:, None], current, 0.0),
    )


def equivalent(ward: Ward, *, f: np.ndarray, t: np.ndarray, mutual: np.ndarray, own: np.ndarray) -> Equivalent:
    """Take the real branches out of a reduction: what stays are equivalent branches and shunts.

    `f`, `t`, `mutual` give the ends and the off-diagonal element of each real branch left, `own` (n,) the
    sum of their diagonal elements at each bus.
    """
    size = len(ward.left)
    low, high = np.minimum(f, t), np.maximum(f, t)
    real = sparse.coo_matrix((mutual, (low, high)), shape=(size, size))
    rest = (sparse.coo_matrix((ward.y, (ward.f, ward.t)), shape=(size, size)).tocsr() - real.tocsr()).tocoo()
    real_pairs = np.abs(rest.data) > NEGLIGIBLE
    a, b, y = rest.row[real_pairs].astype(np.int64), rest.col[real_pairs].astype(np.int64), -rest.data[real_pairs]
    shunt = ward.own - own
    np.subtract.at(shunt, a, y)
    np.subtract.at(shunt, b, y)
    return Equivalent(f=a, t=b, y=y, shunt=np.where(ward.left, shunt, 0.0))


def _rows(matrix: sparse.csc_matrix) -> tuple[list[dict[int, complex]], np.ndarray]:
    """Give each bus's off-diagonal elements by neighbour, and the diagonal."""
    rows = sparse.csr_matrix(matrix)
    beside: list[dict[int, complex]] = []
    for i in range(rows.shape[0]):
        part = slice(rows.indptr[i], rows.indptr[i + 1])
        beside.append(
            {j: y for j, y in zip(rows.indices[part].tolist(), rows.data[part].tolist(), strict=True) if j != i}
        )
    return beside, rows.diagonal().astype(np.complex128)


def _eliminate(
    beside: list[dict[int, complex]], own: np.ndarray, current: np.ndarray, keep: np.ndarray, most: int
) -> np.ndarray:
    """Eliminate in place, ties by row so that the result never varies; tell which buses are left."""
    left = np.ones(len(own), dtype=bool)
    queue = [(len(beside[k]), k) for k in np.flatnonzero(~keep).tolist()]
    heapq.heapify(queue)
    while queue:
        degree, k = heapq.heappop(queue)
        if not left[k] or degree != len(beside[k]):
            continue
        if degree > most:
            break
        left[k] = False
        around = sorted(beside[k].items())
        _fold(beside, own, current, k, around)
        for i, _ in around:
            if not keep[i]:
                heapq.heappush(queue, (len(beside[i]), i))
    return left


def _fold(
    beside: list[dict[int, complex]], own: np.ndarray, current: np.ndarray, k: int, around: list[tuple[int, complex]]
) -> None:
    """Put a bus into its neighbours."""
    for at, (i, y) in enumerate(around):
        del beside[i][k]
        own[i] -= y * y / own[k]
        current[i] -= y / own[k] * current[k]
        for j, other in around[at + 1 :]:
            beside[i][j] = beside[j][i] = beside[i].get(j, 0.0) - y * other / own[k]
