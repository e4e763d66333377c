"""Annealing of the challenge's objective, compiled: shifts, swaps and ejections with prices for what is broken.

A move is up to three changes. Prices of resources and exclusions and the mean risk are cheap and are taken
first; the excess is never negative, so most moves are turned down before any quantile is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow._jit import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from moms.grid import FloatArray, IntArray

MOST = 3
"""Changes in one move."""


class Instance(NamedTuple):
    """The problem's arrays, with each intervention's resources and exclusions listed."""

    alpha: float
    cum: IntArray
    rank: IntArray
    starts: IntArray
    length: IntArray
    risk: FloatArray
    risk_at: IntArray
    cost: FloatArray
    work: FloatArray
    work_at: IntArray
    upper: FloatArray
    lower: FloatArray
    scale: FloatArray
    """(r,) what a unit of each resource weighs: one over its mean bound."""
    uses: IntArray
    uses_at: IntArray
    foe: IntArray
    foe_season: IntArray
    foe_at: IntArray
    season_sum: IntArray
    """(seasons, T + 1) periods of the season before t."""


class State(NamedTuple):
    """A plan and all that follows from it."""

    plan: IntArray
    total: FloatArray
    use: FloatArray
    excess: FloatArray
    sums: FloatArray
    """[mean part, excess part, resources broken, exclusions broken]"""
    price: FloatArray
    """[per resource broken, per exclusion broken]"""
    best: IntArray
    marks: FloatArray
    """[best value without anything broken, least broken so far, value there]"""


@compiled
def draw(seed: npt.NDArray[np.uint64]) -> float:
    """Give a number in [0, 1): xorshift64*, so that a run is the same on every machine."""
    x = seed[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    seed[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def kth(values: FloatArray, count: int, k: int) -> float:
    """Give the k-th smallest (from 0) of the first `count`, by Hoare's selection; the order is lost."""
    low, high = 0, count - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    found: float = values[k]
    return found


@compiled
def over(p: Instance, r: int, t: int, use: float) -> float:
    """Give by how much a use breaks the bounds, in shares of the resource; a hair inside the checker's tolerance."""
    high, low = use - p.upper[r, t] - 5e-6, p.lower[r, t] - use - 5e-6
    broken: float = max(high, low, 0.0) * p.scale[r]
    return broken


@compiled
def clashes(p: Instance, plan: IntArray, i: int, s: int) -> int:
    """Count the exclusions that i breaks when it starts at s."""
    found = 0
    end = s + p.length[i, s]
    for k in range(p.foe_at[i], p.foe_at[i + 1]):
        j = p.foe[k]
        first, last = max(s, plan[j]), min(end, plan[j] + p.length[j, plan[j]])
        if first < last and p.season_sum[p.foe_season[k], last] > p.season_sum[p.foe_season[k], first]:
            found += 1
    return found


@compiled
def put(p: Instance, st: State, i: int, s: int) -> None:
    """Start i at s: plan, mean, resources and exclusions, but not yet totals and excess."""
    old = st.plan[i]
    st.sums[3] += clashes(p, st.plan, i, s) - clashes(p, st.plan, i, old)
    st.sums[0] += p.cost[i, s] - p.cost[i, old]
    for k in range(p.uses_at[i], p.uses_at[i + 1]):
        r = p.uses[k]
        for sign, at in ((-1.0, old), (1.0, s)):
            d = p.length[i, at]
            base = p.work_at[i, at] + r * d
            for age in range(d):
                w = sign * p.work[base + age]
                if w != 0.0:
                    t = at + age
                    st.sums[2] -= over(p, r, t, st.use[r, t])
                    st.use[r, t] += w
                    st.sums[2] += over(p, r, t, st.use[r, t])
    st.plan[i] = s


@compiled
def carry(p: Instance, total: FloatArray, i: int, s: int, sign: float) -> None:
    """Add the risks of a start to the totals, or take them off."""
    at, first = p.risk_at[i, s], p.cum[s]
    for k in range(p.cum[s + p.length[i, s]] - first):
        total[first + k] += sign * p.risk[at + k]


@compiled
def excess_of(p: Instance, st: State, t: int, scratch: FloatArray) -> float:
    """Give (1 - alpha) max(0, Q_t - mean_t) / T."""
    first, count = p.cum[t], p.cum[t + 1] - p.cum[t]
    mean = 0.0
    for k in range(count):
        scratch[k] = st.total[first + k]
        mean += scratch[k]
    gap = kth(scratch, count, p.rank[t]) - mean / count
    excess: float = (1.0 - p.alpha) * max(gap, 0.0) / len(p.rank)
    return excess


@compiled
def rebuild(p: Instance, st: State, scratch: FloatArray) -> None:
    """Compute everything again from the plan: rounding of many moves is forgotten."""
    st.total[:] = 0.0
    st.use[:] = 0.0
    st.sums[:] = 0.0
    for i in range(len(st.plan)):
        s = st.plan[i]
        d = p.length[i, s]
        carry(p, st.total, i, s, 1.0)
        st.sums[0] += p.cost[i, s]
        st.sums[3] += 0.5 * clashes(p, st.plan, i, s)
        for r in range(len(p.scale)):
            for age in range(d):
                st.use[r, s + age] += p.work[p.work_at[i, s] + r * d + age]
    for t in range(len(p.rank)):
        st.excess[t] = excess_of(p, st, t, scratch)
        st.sums[1] += st.excess[t]
        for r in range(len(p.scale)):
            st.sums[2] += over(p, r, t, st.use[r, t])


@compiled
def priced(st: State) -> float:
    """Give all but the excess."""
    value: float = st.sums[0] + st.price[0] * st.sums[2] + st.price[1] * st.sums[3]
    return value


@compiled
def propose(p: Instance, st: State, seed: npt.NDArray[np.uint64], who: IntArray, to: IntArray) -> int:
    """Choose a move; gives the number of its changes."""
    n = len(st.plan)
    i = int(draw(seed) * n)
    kind = draw(seed)
    who[0] = i
    if kind < 0.45:
        to[0] = int(draw(seed) * p.starts[i])
        return 1
    if kind < 0.65:
        step = 1 + int(draw(seed) * 4)
        to[0] = min(max(st.plan[i] + (step if draw(seed) < 0.5 else -step), 0), p.starts[i] - 1)
        return 1
    j = int(draw(seed) * n)
    if kind < 0.8:
        if j == i:
            return 0
        who[1] = j
        to[0] = min(st.plan[j], p.starts[i] - 1)
        to[1] = min(st.plan[i], p.starts[j] - 1)
        return 2
    return eject(p, st, seed, who, to)


@compiled
def eject(p: Instance, st: State, seed: npt.NDArray[np.uint64], who: IntArray, to: IntArray) -> int:
    """Put i somewhere and send away one or two of those that are out at the same time, to starts of their own."""
    n, i = len(st.plan), who[0]
    s = int(draw(seed) * p.starts[i])
    to[0] = s
    if p.length[i, s] == 0:
        return 0
    t = s + int(draw(seed) * p.length[i, s])
    changes, first = 1, int(draw(seed) * n)
    most = 2 if draw(seed) < 0.7 else MOST
    for k in range(n):
        j = (first + k) % n
        if j != i and st.plan[j] <= t < st.plan[j] + p.length[j, st.plan[j]]:
            who[changes] = j
            to[changes] = int(draw(seed) * p.starts[j])
            changes += 1
            if changes == most:
                break
    return changes


@compiled
def attempt(  # noqa: C901, PLR0912, PLR0917 - compiled code: no keywords, and one loop is one pass over memory
    p: Instance,
    st: State,
    who: IntArray,
    to: IntArray,
    changes: int,
    limit: float,
    was: IntArray,
    dirty: IntArray,
    fresh: FloatArray,
    scratch: FloatArray,
) -> bool:
    """Make a move if it ends at or below the limit; else leave everything as it was."""
    keep0, keep2, keep3 = st.sums[0], st.sums[2], st.sums[3]
    for c in range(changes):
        was[c] = st.plan[who[c]]
        put(p, st, who[c], to[c])
    if priced(st) <= limit:
        count, excess = 0, st.sums[1]
        for c in range(changes):
            carry(p, st.total, who[c], was[c], -1.0)
            carry(p, st.total, who[c], to[c], 1.0)
            for s in (was[c], to[c]):
                for t in range(s, s + p.length[who[c], s]):
                    if fresh[t] < 0.0:
                        dirty[count] = t
                        count += 1
                        fresh[t] = 0.0
        base, good = priced(st), True
        for k in range(count):
            excess -= st.excess[dirty[k]]
        for k in range(count):
            fresh[dirty[k]] = excess_of(p, st, dirty[k], scratch)
            excess += fresh[dirty[k]]
            if base + excess > limit:  # what is still to come is not negative
                good = False
                break
        if good:
            for k in range(count):
                st.excess[dirty[k]] = fresh[dirty[k]]
            st.sums[1] = excess
        else:
            for c in range(changes):
                carry(p, st.total, who[c], to[c], -1.0)
                carry(p, st.total, who[c], was[c], 1.0)
        for k in range(count):
            fresh[dirty[k]] = -1.0
        if good:
            return True
    for back in range(changes):
        c = changes - 1 - back
        put(p, st, who[c], was[c])
    st.sums[0], st.sums[2], st.sums[3] = keep0, keep2, keep3
    return False


@compiled
def note(st: State) -> None:
    """Keep the plan if it is the best so far: first what breaks least, then what costs least."""
    broken, value = st.sums[2] + st.sums[3], st.sums[0] + st.sums[1]
    if broken < 1e-9:
        if value < st.marks[0] - 1e-10 * abs(value):
            st.marks[0] = value
            st.marks[1] = 0.0
            st.best[:] = st.plan
    elif broken < st.marks[1] - 1e-9:
        st.marks[1] = broken
        st.best[:] = st.plan


@compiled
def anneal(  # noqa: PLR0917 - compiled code takes no keywords
    p: Instance, st: State, seed: npt.NDArray[np.uint64], first: int, last: int, moves: int, hot: float, cold: float
) -> int:
    """Make the moves from `first` to `last` of a round of `moves`; gives how many were accepted."""
    longest = 0
    for t in range(len(p.rank)):
        longest = max(longest, p.cum[t + 1] - p.cum[t])
    scratch, fresh = np.empty(longest), np.full(len(p.rank), -1.0)
    dirty = np.empty(len(p.rank), dtype=np.int64)
    who, to, was = np.empty(MOST, dtype=np.int64), np.empty(MOST, dtype=np.int64), np.empty(MOST, dtype=np.int64)
    rebuild(p, st, scratch)
    note(st)
    accepted = 0
    for k in range(first, last):
        heat = hot * (cold / hot) ** (k / moves)
        changes = propose(p, st, seed, who, to)
        for c in range(changes):
            if p.length[who[c], to[c]] == 0:
                changes = 0
        if changes == 0:
            continue
        now = priced(st) + st.sums[1]
        limit = now - heat * np.log(1.0 - draw(seed))
        if attempt(p, st, who, to, changes, limit, was, dirty, fresh, scratch):
            accepted += 1
            note(st)
        if (k + 1) % 5000 == 0:
            settle_prices(st, hot)
    rebuild(p, st, scratch)
    note(st)
    return accepted


@compiled
def settle_prices(st: State, hot: float) -> None:
    """Raise the price of what is broken and lower that of what is not, so that plans stay near the border."""
    for k in range(2):
        if st.sums[2 + k] > 1e-9:
            st.price[k] = min(st.price[k] * 1.25, 1e4 * hot)
        else:
            st.price[k] = max(st.price[k] * 0.9, hot)
