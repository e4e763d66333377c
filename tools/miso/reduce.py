"""The outside world made small, exactly for DC: Kron elimination of the buses nobody looks at."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from miso import dc
from miso.eastern import Eastern

LARGEST_DEGREE = 8
"""Buses with more neighbours than this are left: eliminating them makes more branches than it saves."""
HOPS = 2
"""Outside buses within this many branches of a tie are kept as they are (semantics 10.3)."""
EHV_KV = 345.0
MOVED = 0.05
"""An outside element of 345 kV and up is kept if an outage inside moves it by this share of its rating."""
NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """What is left: rows of kept buses, rows of real branches, equivalent branches, injections."""

    bus: np.ndarray
    """Rows of the interconnection's buses, inside first."""
    real: np.ndarray
    """Rows of the interconnection's branches kept as they are."""
    neighbour: np.ndarray
    """Of `real`: those with both ends outside."""
    f: np.ndarray
    """Equivalent branches: rows into `bus`."""
    t: np.ndarray
    b: np.ndarray
    outside_mw: np.ndarray
    """(len(bus),) the outside's injections mapped to the kept buses."""


def near(grid: Eastern) -> np.ndarray:
    """Find the outside buses within `HOPS` branches of the outer end of a tie."""
    tie = grid.inside[grid.f] ^ grid.inside[grid.t]
    found = np.zeros(len(grid.number), dtype=bool)
    found[grid.f[tie]] = found[grid.t[tie]] = True
    found &= ~grid.inside
    for _ in range(HOPS):
        outside = ~grid.inside[grid.f] & ~grid.inside[grid.t]
        grown = found.copy()
        grown[grid.t[outside & found[grid.f]]] = True
        grown[grid.f[outside & found[grid.t]]] = True
        found = grown
    return found


def reduced(grid: Eastern, *, keep: np.ndarray, outside_mw: np.ndarray) -> Reduced:
    """Eliminate outside buses not in `keep`, fewest neighbours first, until `LARGEST_DEGREE`.

    `outside_mw` are the injections of all outside buses, (n,). Eliminating bus k adds
    b_ki b_kj / d_k between its neighbours and sends the share b_kj / d_k of its injection to each:
    flows on what is left are unchanged, whatever is switched there.
    """
    must = grid.inside | keep
    real = must[grid.f] & must[grid.t]
    beside: list[dict[int, float]] = [{} for _ in range(len(must))]
    for i, j, b in zip(grid.f[~real].tolist(), grid.t[~real].tolist(), grid.susceptance[~real].tolist(), strict=True):
        beside[i][j] = beside[i].get(j, 0.0) + b
        beside[j][i] = beside[j].get(i, 0.0) + b
    power = np.where(grid.inside, 0.0, outside_mw)
    left = _eliminate(beside, power, must)
    bus = np.r_[np.flatnonzero(grid.inside), np.flatnonzero(left & ~grid.inside)]
    place = np.full(len(must), -1)
    place[bus] = np.arange(len(bus))
    pairs = [
        (place[i], place[j], b)
        for i in np.flatnonzero(left).tolist()
        for j, b in beside[i].items()
        if i < j and abs(b) > NEGLIGIBLE
    ]
    return Reduced(
        bus=bus,
        real=np.flatnonzero(real),
        neighbour=(~grid.inside[grid.f] & ~grid.inside[grid.t])[real],
        f=np.array([p[0] for p in pairs], dtype=np.int64),
        t=np.array([p[1] for p in pairs], dtype=np.int64),
        b=np.array([p[2] for p in pairs]),
        outside_mw=power[bus],
    )


def _eliminate(beside: list[dict[int, float]], power: np.ndarray, must: np.ndarray) -> np.ndarray:
    """Eliminate in place, ties by row so that the result never varies; tell which buses are left."""
    left = np.ones(len(must), dtype=bool)
    queue = [(len(beside[k]), k) for k in np.flatnonzero(~must).tolist()]
    heapq.heapify(queue)
    while queue:
        degree, k = heapq.heappop(queue)
        if not left[k] or degree != len(beside[k]):
            continue
        if degree > LARGEST_DEGREE:
            break
        around = sorted(beside[k].items())
        pivot = sum(b for _, b in around)
        if abs(pivot) < NEGLIGIBLE * 1e3:
            continue
        left[k] = False
        for i, b in around:
            del beside[i][k]
            power[i] += power[k] * (b / pivot)
        power[k] = 0.0
        for one, (i, b) in enumerate(around):
            for j, c in around[one + 1 :]:
                more = beside[i].get(j, 0.0) + b * c / pivot
                beside[i][j] = beside[j][i] = more
        for i, _ in around:
            if not must[i]:
                heapq.heappush(queue, (len(beside[i]), i))
    return left


def network(grid: Eastern, small: Reduced) -> dc.Dc:
    """Factor the reduced network: real branches first, then equivalents."""
    place = np.full(len(grid.number), -1)
    place[small.bus] = np.arange(len(small.bus))
    return dc.factored(
        n=len(small.bus),
        f=np.r_[place[grid.f[small.real]], small.f],
        t=np.r_[place[grid.t[small.real]], small.t],
        b=np.r_[grid.susceptance[small.real], small.b],
    )


def burdened(grid: Eastern, *, rating: np.ndarray) -> tuple[np.ndarray, int]:
    """Find outside elements of 345 kV and up that an outage inside can move by over `MOVED` of their rating.

    For each such element e and each single branch k that touches the footprint, |LODF_ek| A_k is the
    most that losing k can send to e while k keeps its own rating A_k; e is kept where that exceeds
    `MOVED` A_e for some k. This asks less of the operating point than one base flow would: what is
    kept holds for all hours. Elements without a rating in the data are judged by the rating that the
    rule for unrated branches gives them. `rating` is (m,) MW. Returns the buses to keep, and how many
    elements were found.
    """
    outside = ~grid.inside[grid.f] & ~grid.inside[grid.t]
    high = np.minimum(grid.kv[grid.f], grid.kv[grid.t]) >= EHV_KV
    keep = near(grid)
    candidate = outside & high & ~(keep[grid.f] & keep[grid.t])
    wide = keep.copy()
    wide[grid.f[candidate]] = wide[grid.t[candidate]] = True
    small = reduced(grid, keep=wide, outside_mw=np.zeros(len(grid.number)))
    model = network(grid, small)
    touches = ~small.neighbour
    is_bridge, _, _ = dc.bridges(n=model.n, f=model.f, t=model.t)
    lost = np.flatnonzero(touches & ~is_bridge[: len(small.real)])
    watched = np.flatnonzero(candidate[small.real])
    moved = np.zeros(len(watched))
    groups = [np.array([k]) for k in lost]
    limit = rating[small.real]
    for _, factors, members in dc.outages(model, groups=groups, monitored=watched):
        if factors is not None:
            np.maximum(moved, np.abs(factors[:, 0]) * limit[members[0]] / limit[watched], out=moved)
    chosen = small.real[watched[moved > MOVED]]
    keep[grid.f[chosen]] = keep[grid.t[chosen]] = True
    return keep, len(chosen)
