"""Units that fail and are repaired from day to day, drawn eight days at a time: the law of `chain`, fewer numbers.

The number of a unit, a scenario and a block of days is a place in Philox's counter, so that any path can be made
again by itself (models 3.2). Of the 256 paths through a block one is chosen with its exact probability: one number
and one look into a table, where day by day it would be eight of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy._paths import DAYS, take_down
from moms.adequacy.chain import step_probabilities

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray

DRAWN_BY = "drawn in blocks of eight days"
"""How scenarios are drawn, for the record: the same seed gives other scenarios in another way."""
DAY_H = 24.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chances:
    """How likely units of one kind fail and are mended from day to day, by kind of weather."""

    days: int
    row: IntArray
    """(B, Y) which of the weathers below each weather year has in each block of eight days."""
    first_down: FloatArray
    """(R,) the chance to be down in the long run, under the weather of the block's first day."""
    fails: FloatArray
    """(R, 8)."""
    mends: FloatArray
    """(R, 8)."""


def chances_of(*, outage_rate: float, repair_h: float, stress: FloatArray) -> Chances:
    """Give the chances of a unit; `stress` (Y, T) is what weather multiplies its failure rate by, day by day."""
    years, days = stress.shape
    blocks = -(-days // DAYS)
    padded = np.ones((years, blocks * DAYS))
    padded[:, :days] = stress
    rows = padded.reshape(years, blocks, DAYS).transpose(1, 0, 2).reshape(blocks * years, DAYS)
    if (rows == 1.0).all():
        kinds, row = rows[:1], np.zeros(len(rows), dtype=np.int64)
    else:
        kinds, row = np.unique(rows, axis=0, return_inverse=True)
    if outage_rate == 1.0:
        fails, mends = np.ones(kinds.shape), np.zeros(kinds.shape)
    else:
        fails, mends = step_probabilities(outage_rate=outage_rate, repair_h=repair_h, step_h=DAY_H, stress=kinds)
    return Chances(
        days=days, row=np.asarray(row, dtype=np.int64).reshape(blocks, years), fails=fails, mends=mends,
        first_down=fails[:, 0] / (fails[:, 0] + mends[:, 0]),
    )  # fmt: skip


def nothing_lost(*, scenarios: int, days: int) -> FloatArray:
    """Give room for what is lost by day, for `add_lost`, (B, S, 8)."""
    return np.zeros((-(-days // DAYS), scenarios, DAYS))


def add_lost(
    *, chances: Chances, units: IntArray, year: IntArray, seed: int, mw: FloatArray, into: FloatArray
) -> None:  # fmt: skip
    """Add to `into` (B, S, 8) what units that could give `mw` (n, T) do not give, because they are down.

    They are found on the first day as in the long run; `year` (S,) is the weather year of each scenario.
    """
    blocks = len(chances.row)
    could = np.zeros((len(units), blocks * DAYS))
    could[:, : chances.days] = mw
    halves = np.array([seed & 0xFFFFFFFF, seed >> 32], dtype=np.int64)
    take_down(halves, np.asarray(units, dtype=np.int64), np.ascontiguousarray(chances.row[:, year]),
              chances.first_down, chances.fails, chances.mends, could.reshape(-1, blocks, DAYS), into)  # fmt: skip


def by_day(lost: FloatArray, *, days: int) -> FloatArray:
    """Give what `add_lost` has added up by day and scenario, (T, S)."""
    found: FloatArray = lost.transpose(0, 2, 1).reshape(-1, lost.shape[1])[:days]
    return found


def is_down(*, chances: Chances, unit: int, year: IntArray, seed: int) -> BoolArray:
    """Give when one unit is down, (T, S): the same path as among others."""
    lost = nothing_lost(scenarios=len(year), days=chances.days)
    add_lost(chances=chances, units=np.array([unit]), year=year, seed=seed, mw=np.ones((1, chances.days)), into=lost)
    down: BoolArray = by_day(lost, days=chances.days) > 0.0
    return down
