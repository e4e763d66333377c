"""The capacity outage probability table: how likely it is that so many megawatts are forced out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

from moms.values import Refused

if TYPE_CHECKING:
    import numpy.typing as npt

    from moms.grid import FloatArray

NEGLIGIBLE = 1e-60
"""States at the far end less likely than this are cut off: far below what double precision can add
to one, and without it the end of a large table is denormal numbers, which are slow."""

DECONVOLVE_BELOW = 0.45
"""Removing a unit divides its factor out, which multiplies rounding errors by at most
1 / (1 - 2q); it is done for q below this and the table is built again above."""

SNAP = 1e-9
"""Steps within which a capacity or a margin counts as lying on the grid."""


class NotAFleet(Refused):
    """Capacities or outage rates from which no table can be made."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutageTable:
    """The distribution of capacity on forced outage, on a grid of `step_mw`.

    `probability[i]` is that of exactly `i * step_mw` MW out, `s0[i]` of at least that much, `s1[i]`
    the MW out expected over those states; `s0` and `s1` end with a zero.
    """

    step_mw: float
    capacity_mw: FloatArray
    """(g,) of the units in the table."""
    outage_rate: FloatArray
    probability: FloatArray
    s0: FloatArray
    s1: FloatArray

    @property
    def installed_mw(self) -> float:
        """Sum of the units' capacities."""
        return math.fsum(self.capacity_mw)

    @property
    def expected_out_mw(self) -> float:
        """Mean capacity on forced outage."""
        return float(self.s1[0])


def capacity_outage(*, capacity_mw: FloatArray, outage_rate: FloatArray, step_mw: float = 1.0) -> OutageTable:
    """Give the table of a fleet by convolving its units one by one (models 4.1).

    Exact where every capacity is a multiple of the step; any other is split linearly between its
    two neighbours on the grid, which keeps its mean.

    Raises:
        NotAFleet: lengths differ, a capacity is negative or not finite, a rate is outside [0, 1),
            or the step is not above 0.
    """
    capacity, rate = _checked(capacity_mw, outage_rate, step_mw)
    order = np.argsort(capacity, kind="stable")
    probability = np.ones(1)
    for row in order:
        probability = _with_unit(probability, capacity[row] / step_mw, rate[row])
    return _table(probability, capacity, rate, step_mw)


def add_unit(*, table: OutageTable, capacity_mw: float, outage_rate: float) -> OutageTable:
    """Give the table with one more unit.

    Raises:
        NotAFleet: as `capacity_outage`.
    """
    capacity, rate = _checked(
        np.append(table.capacity_mw, capacity_mw), np.append(table.outage_rate, outage_rate), table.step_mw
    )
    probability = _with_unit(table.probability, capacity_mw / table.step_mw, outage_rate)
    return _table(probability, capacity, rate, table.step_mw)


def remove_unit(*, table: OutageTable, unit: int) -> OutageTable:
    """Give the table without the unit at this place in it, as if it had never been convolved.

    Block deconvolution below `DECONVOLVE_BELOW`, a new build above.

    Raises:
        NotAFleet: there is no such unit.
    """
    if not 0 <= unit < len(table.capacity_mw):
        raise NotAFleet(f"the table has no unit {unit}", field="unit", fix=f"give 0 to {len(table.capacity_mw) - 1}")
    capacity, rate = np.delete(table.capacity_mw, unit), np.delete(table.outage_rate, unit)
    q = float(table.outage_rate[unit])
    if q >= DECONVOLVE_BELOW:
        return capacity_outage(capacity_mw=capacity, outage_rate=rate, step_mw=table.step_mw)
    probability = _without_unit(table.probability, float(table.capacity_mw[unit]) / table.step_mw, q)
    return _table(probability, capacity, rate, table.step_mw)


def loss_of_load(*, table: OutageTable, load_mw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the probability that capacity falls short of each load and the energy expected to go unserved.

    Both (H,), the energy in MWh for hours. A load equal to the capacity left is served.
    """
    spare = table.installed_mw - np.asarray(load_mw, dtype=np.float64)
    first = np.floor(spare / table.step_mw + SNAP).astype(np.int64) + 1
    first = np.clip(first, 0, len(table.probability))
    lolp = table.s0[first]
    return lolp, np.maximum(table.s1[first] - spare * lolp, 0.0)


def lole_days(*, table: OutageTable, daily_peaks_mw: FloatArray) -> float:
    """Give the expected number of days on which the day's peak is not served (never LOLH / 24)."""
    lolp, _ = loss_of_load(table=table, load_mw=daily_peaks_mw)
    return math.fsum(lolp)


def _checked(capacity_mw: npt.ArrayLike, outage_rate: npt.ArrayLike, step_mw: float) -> tuple[FloatArray, FloatArray]:
    capacity, rate = np.asarray(capacity_mw, dtype=np.float64), np.asarray(outage_rate, dtype=np.float64)
    if not step_mw > 0:
        raise NotAFleet(f"a step of {step_mw} MW makes no grid", field="step_mw", fix="give a step above 0")
    if capacity.shape != rate.shape or capacity.ndim != 1:
        raise NotAFleet("capacities and outage rates differ in number", field="outage_rate", fix="give one for each")
    if not (np.isfinite(capacity) & (capacity >= 0)).all():
        raise NotAFleet("a capacity is negative or not a number", field="capacity_mw", fix="give MW of 0 or more")
    if not ((rate >= 0) & (rate < 1)).all():
        raise NotAFleet("an outage rate lies outside [0, 1)", field="outage_rate", fix="give a forced outage rate")
    return capacity, rate


def _table(probability: FloatArray, capacity: FloatArray, rate: FloatArray, step_mw: float) -> OutageTable:
    live = np.flatnonzero(probability > NEGLIGIBLE)
    probability = probability[: live[-1] + 1]
    out_mw = np.arange(len(probability)) * step_mw
    table = OutageTable(
        step_mw=step_mw,
        capacity_mw=capacity,
        outage_rate=rate,
        probability=probability,
        s0=_tail_sum(probability),
        s1=_tail_sum(probability * out_mw),
    )
    for column in (table.capacity_mw, table.outage_rate, table.probability, table.s0, table.s1):
        column.flags.writeable = False
    return table


def _tail_sum(values: FloatArray) -> FloatArray:
    """Sum from each place to the end, smallest first so that small tails keep their digits."""
    return np.append(np.cumsum(values[::-1])[::-1], 0.0)


def _split(steps: float) -> tuple[int, float]:
    """Give the grid place below a capacity and the share that goes one place further."""
    below = math.floor(steps + SNAP)
    share = steps - below
    return below, 0.0 if abs(share) < SNAP else share


def _with_unit(probability: FloatArray, steps: float, q: float) -> FloatArray:
    below, share = _split(steps)
    if q == 0 or (below == 0 and share == 0):
        return probability
    size = len(probability)
    joined = np.zeros(size + below + (share > 0))
    joined[:size] = probability * (1.0 - q)
    joined[below : below + size] += probability * (q * (1.0 - share))
    if share > 0:
        joined[below + 1 : below + 1 + size] += probability * (q * share)
    live = np.flatnonzero(joined > NEGLIGIBLE)
    return joined[: live[-1] + 1]


def _without_unit(probability: FloatArray, steps: float, q: float) -> FloatArray:
    """Divide (1-q) + q z^c out of the table, a block of the unit's own length at a time (models 4.1)."""
    below, share = _split(steps)
    if q == 0 or (below == 0 and share == 0):
        return probability
    if below == 0:
        left: FloatArray = lfilter([1.0], [1.0 - q * share, q * share], probability)
        return np.maximum(left, 0.0)
    size = len(probability)
    rest = np.zeros(size + 1)  # one place before the first, always zero, for the split share
    for start in range(0, size, below):
        stop = min(start + below, size)
        block = probability[start:stop].copy()
        if start:
            block -= q * (1.0 - share) * rest[start - below + 1 : stop - below + 1]
            if share > 0:
                block -= q * share * rest[start - below : stop - below]
        rest[start + 1 : stop + 1] = block / (1.0 - q)
    return np.maximum(rest[1:], 0.0)
