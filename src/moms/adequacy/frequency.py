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

    Exact for independent units with exponential stays that pass between whole and each other state, and not
    from one of those to another: adding a unit with states of c MW out, probability p and f = p / stay visits an
    hour, F(x) = sum of p F(x-c) + sum of f (P(x-c) - P(x)), the first over all its states and the second over
    those with something out; P is the chance of at least x out (Billinton and Allan, Reliability Evaluation
    of Power Systems, 2.4; Ayoub and Patton, IEEE Trans. PAS 95, 1976). None for a table off a grid, or one with a
    state of which nobody gave the stay.
    """
    if table.step_mw is None or not table.exact or any(p.probability > 0 and p.stay_h is None for p in table.partial):
        return None
    size = len(table.out_mw)
    at_least, often = np.zeros(size), np.zeros(size)
    at_least[0] = 1.0
    for whole, states in _states(table, repair_h):
        before = [(p, visits, _shifted(at_least, c, 1.0), _shifted(often, c, 0.0)) for c, p, visits in states]
        often = whole * often + np.sum([p * moved + visits * (more - at_least) for p, visits, more, moved in before], 0)
        at_least = whole * at_least + np.sum([p * more for p, _, more, _ in before], axis=0)
    return np.append(often, 0.0)


def _states(table: OutageTable, repair_h: FloatArray) -> list[tuple[float, list[tuple[int, float, float]]]]:
    """Give each unit's chance to be whole and its other states: places out, probability, visits an hour."""
    step = table.step_mw or 1.0
    found: list[list[tuple[int, float, float]]] = []
    for c, q, mean_repair in zip(table.capacity_mw, table.outage_rate, repair_h, strict=True):
        # A unit that is always out never goes out.
        found.append([(round(c / step), float(q), q / mean_repair if q < 1 else 0.0)] if c > 0 and q > 0 else [])
    for one in table.partial:
        if one.probability > 0 and one.stay_h is not None:
            found[one.unit].append((round(one.out_mw / step), one.probability, one.probability / one.stay_h))
    return [(1.0 - math.fsum(p for _, p, _ in states), sorted(states)) for states in sorted(found) if states]


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
