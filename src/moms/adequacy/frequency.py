"""How often a load is lost, and for how long: the frequency that belongs to an outage table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.table import first_lost

if TYPE_CHECKING:
    from moms.adequacy.table import OutageTable
    from moms.grid import FloatArray


def outage_frequency(*, table: OutageTable, repair_h: FloatArray) -> FloatArray | None:
    """Give how often an hour the outage passes from less than each state to at least that much, (S + 1,).

    Exact for independent two-state units with exponential up and down times: adding a unit that fails
    f = q / repair times an hour, F(x) = (1-q) F(x) + q F(x-c) + f (P(x-c) - P(x)), with P the chance
    of at least x out (Billinton and Allan, Reliability Evaluation of Power Systems, 2.4). None for a
    table off a grid, or one with units that have states in between.
    """
    if table.step_mw is None or table.partial or not table.exact:
        return None
    size = len(table.out_mw)
    at_least, often = np.zeros(size), np.zeros(size)
    at_least[0] = 1.0
    places = np.round(table.capacity_mw / table.step_mw).astype(np.int64)
    for c, q, mean_repair in sorted(zip(places, table.outage_rate, repair_h, strict=True)):
        if c == 0 or q == 0:
            continue
        rate = q / mean_repair if q < 1 else 0.0
        before, moved = _shifted(at_least, int(c), 1.0), _shifted(often, int(c), 0.0)
        often = (1.0 - q) * often + q * moved + rate * (before - at_least)
        at_least = (1.0 - q) * at_least + q * before
    return np.append(often, 0.0)


def _shifted(values: FloatArray, by: int, first: float) -> FloatArray:
    """Give the values `by` places further on; before them stands what holds at or below nothing out."""
    moved = np.full(len(values), first)
    if by < len(values):
        moved[by:] = values[: len(values) - by]
    return moved


def loss_frequency(*, table: OutageTable, repair_h: FloatArray, load_mw: FloatArray) -> float | None:
    """Give the expected number of times that load begins to be lost over these hours.

    Units fail within hours, where the load stands still; between two hours only the load moves. The
    hours are taken as a circle, so that a loss in the first hour is not counted as a new one if the
    last hour had it too.
    """
    often = outage_frequency(table=table, repair_h=repair_h)
    if often is None or not len(load_mw):
        return None
    first = first_lost(table=table, spare_mw=table.installed_mw - np.asarray(load_mw, dtype=np.float64))
    lolp = np.minimum(table.s0[first], 1.0)
    return math.fsum(often[first]) + math.fsum(np.maximum(lolp - np.roll(lolp, 1), 0.0))
