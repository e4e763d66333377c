"""Arithmetic of outage states: on a grid of equal steps, or on the distinct sums there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from scipy.signal import lfilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import FloatArray, IntArray

Law: TypeAlias = list[tuple[float, float]]
"""The states of one unit: MW out and probability, from none out to all."""

NANO = 1e-9
"""Capacities are taken to a thousandth of a watt: sums are then whole numbers, and exact."""

MOST_STATES = 1 << 22
MOST_SUMS = 1 << 20

SNAP = 1e-6
"""Steps within which a capacity counts as lying on the grid."""

NEGLIGIBLE = 1e-60
LARGE = 1 << 14
"""Of a table with more states than this, those at the far end less likely than 1e-60 are cut off:
far below what double precision can add to one, and without it the end of a large table is denormal
numbers, which are slow. Small tables keep everything."""


class Divide(Protocol):
    """A division of a table by one unit's law, upwards or downwards."""

    def __call__(self, probability: FloatArray, places: list[tuple[int, float]], *, sign: float) -> FloatArray:
        """Give the quotient; with `sign` 1 the sum of what every rounding error can become."""
        ...


def common_step_mw(laws: Sequence[Law]) -> float:
    """Give the largest step of which every state is a multiple, in whole nano-MW."""
    nanos = {round(mw / NANO) for law in laws for mw, _ in law}
    return math.gcd(*nanos) * NANO or 1.0


def reach_mw(laws: Sequence[Law]) -> float:
    """Give about how many MW out are still more likely than `NEGLIGIBLE`, at most all."""
    total = math.fsum(law[-1][0] for law in laws)
    mean = math.fsum(mw * p for law in laws for mw, p in law)
    square = math.fsum(mw * mw * p for law in laws for mw, p in law)
    largest = max((law[-1][0] for law in laws), default=0.0)
    return min(total, mean + 17.0 * math.sqrt(square) + 17.0 * largest)


def finest_step_mw(laws: Sequence[Law]) -> float:
    """Give the smallest power of ten, in MW, on which the table is no larger than it may be."""
    return float(10.0 ** math.ceil(math.log10(reach_mw(laws) / MOST_SUMS)))


def on_grid(laws: Sequence[Law], step: float) -> bool:
    """Tell whether every state of every unit lies on the grid."""
    places = np.array([mw for law in laws for mw, _ in law]) / step
    return bool((np.abs(places - np.round(places)) <= SNAP).all())


def convolved(laws: Sequence[Law], step: float) -> FloatArray:
    """Convolve units on a grid, the smallest first so that the table stays short for long."""
    probability = np.ones(1)
    for k, law in enumerate(sorted(laws, key=lambda law: law[-1])):
        probability = with_unit(probability, law, step)
        if k % 8 == 7:
            probability = trimmed(probability)
    return trimmed(probability)


def with_unit(probability: FloatArray, law: Law, step: float) -> FloatArray:
    """Add one unit's law to a grid; a state between two places is split linearly between them."""
    places = [(place, p * share) for mw, p in law if p > 0 for place, share in _split(mw / step)]
    size = len(probability)
    joined = np.zeros(size + max(place for place, _ in places))
    for place, weight in places:
        joined[place : place + size] += probability * weight
    return joined


def trimmed(probability: FloatArray) -> FloatArray:
    """Cut off the far end where it is nothing, or in a large table next to nothing."""
    live = np.flatnonzero(probability > (NEGLIGIBLE if len(probability) > LARGE else 0.0))
    return probability[: live[-1] + 1]


def _split(steps: float) -> list[tuple[int, float]]:
    below = math.floor(steps + SNAP)
    share = steps - below
    return [(below, 1.0)] if share < SNAP else [(below, 1.0 - share), (below + 1, share)]


def distinct_sums(laws: Sequence[Law]) -> tuple[FloatArray, FloatArray] | None:
    """Give every sum of outages there is with its probability, or None where there are too many."""
    out: IntArray = np.zeros(1, dtype=np.int64)
    probability: FloatArray = np.ones(1)
    for law in laws:
        sums = np.concatenate([out + round(mw / NANO) for mw, p in law if p > 0])
        weights = np.concatenate([probability * p for _, p in law if p > 0])
        if len(sums) > 2 * MOST_SUMS:
            return None
        out, place = np.unique(sums, return_inverse=True)
        probability = np.bincount(place, weights=weights, minlength=len(out)).astype(np.float64)
    return np.asarray(out * NANO, dtype=np.float64), probability


def divided_up(probability: FloatArray, places: list[tuple[int, float]], *, sign: float) -> FloatArray:
    """Divide from the state with nothing out upwards, a block as long as the smallest outage at a time.

    rest(x) = (p(x) - sum over the unit's outages d of p_d rest(x - d)) / p_0, models 4.1.
    """
    (_, stays), *others = places
    block, longest, size = others[0][0], others[-1][0], len(probability)
    if block < 64:
        taps = np.zeros(longest + 1)
        taps[0] = stays
        for place, p in others:
            taps[place] = -sign * p
        return np.asarray(lfilter([1.0], taps, probability), dtype=np.float64)
    rest = np.zeros(size)
    for start in range(0, size, block):
        stop = min(start + block, size)
        rest[start:stop] = probability[start:stop]
        for place, p in others:
            first = max(start, place)
            if first < stop:
                rest[first:stop] += sign * p * rest[first - place : stop - place]
        rest[start:stop] /= stays
    return rest


def divided_down(probability: FloatArray, places: list[tuple[int, float]], *, sign: float) -> FloatArray:
    """Divide from the state with all out downwards: the same, read from the other end."""
    last = places[-1][0]
    mirrored = [(last - place, p) for place, p in reversed(places)]
    return divided_up(probability[::-1], mirrored, sign=sign)[::-1][last:].copy()
