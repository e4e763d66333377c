"""The capacity outage probability table as a value, and what a load loses against it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moms.grid import FloatArray, IntArray

TIE_MW = 1e-6
"""A load within one watt of the capacity left is served: nothing is measured finer, and sums of
decimal numbers in double precision come out a little above or below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """A state in between: the unit runs with `out_mw` of its capacity missing."""

    unit: int
    """Place of the unit in the fleet."""
    out_mw: float
    probability: float
    stay_h: float | None = None
    """Mean time of a stay; None where nobody gave it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutageTable:
    """The distribution of capacity on forced outage.

    `probability[i]` is that of exactly `out_mw[i]` out, `s0[i]` of at least that much, `s1[i]` the
    MW out expected over those states; `s0` and `s1` end with a zero.
    """

    step_mw: float | None
    """Distance of the states; None where they lie at any distance."""
    capacity_mw: FloatArray
    """(g,) of the units in the table."""
    outage_rate: FloatArray
    """(g,) probability of being wholly out."""
    partial: tuple[Partial, ...]
    exact: bool
    """Whether every unit's states lie on the table's; otherwise they were split between neighbours."""
    out_mw: FloatArray
    """(S,) ascending, from 0."""
    probability: FloatArray
    s0: FloatArray
    s1: FloatArray

    def __post_init__(self) -> None:
        for column in (self.capacity_mw, self.outage_rate, self.out_mw, self.probability, self.s0, self.s1):
            column.flags.writeable = False

    @property
    def installed_mw(self) -> float:
        """Sum of the units' capacities."""
        return math.fsum(self.capacity_mw)

    @property
    def expected_out_mw(self) -> float:
        """Mean capacity on forced outage."""
        return float(self.s1[0])


def table_of(
    *,
    probability: FloatArray,
    out_mw: FloatArray,
    step_mw: float | None,
    capacity_mw: FloatArray,
    outage_rate: FloatArray,
    partial: Iterable[Partial],
    exact: bool,
) -> OutageTable:
    """Give the table of these states, with its sums from each state to the end."""
    return OutageTable(
        step_mw=step_mw,
        capacity_mw=capacity_mw,
        outage_rate=outage_rate,
        partial=tuple(partial),
        exact=exact,
        out_mw=out_mw,
        probability=probability,
        s0=tail_sum(probability),
        s1=tail_sum(probability * out_mw),
    )


def tail_sum(values: FloatArray) -> FloatArray:
    """Sum from each place to the end, smallest first so that small tails keep their digits."""
    return np.append(np.cumsum(values[::-1])[::-1], 0.0)


def loss_of_load(*, table: OutageTable, load_mw: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the probability that capacity falls short of each load and the energy expected to go unserved.

    Both of the shape of the load, the energy in MWh for hours. A load equal to the capacity left is
    served.
    """
    spare = table.installed_mw - np.asarray(load_mw, dtype=np.float64)
    first = first_lost(table=table, spare_mw=spare)
    lolp = np.minimum(table.s0[first], 1.0)
    return lolp, np.maximum(table.s1[first] - spare * lolp, 0.0)


def first_lost(*, table: OutageTable, spare_mw: FloatArray) -> IntArray:
    """Give the place of the first state in which more is out than can be spared."""
    places: IntArray = np.searchsorted(table.out_mw, spare_mw + TIE_MW, side="right")
    return places


def lole_days(*, table: OutageTable, daily_peaks_mw: FloatArray) -> float:
    """Give the expected number of days on which the day's peak is not served (never LOLH / 24)."""
    lolp, _ = loss_of_load(table=table, load_mw=daily_peaks_mw)
    return math.fsum(lolp)
