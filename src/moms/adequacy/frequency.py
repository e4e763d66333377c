"""How often a load is lost, and for how long: the frequency that belongs to an outage table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.adequacy.table import OutageTable
    from moms.grid import FloatArray

Visits: TypeAlias = tuple[float, tuple[tuple[int, float, float], ...]]
"""A unit's chance to be whole and, by other state, places out, probability and visits an hour."""


def outage_frequency(*, table: OutageTable, repair_h: FloatArray) -> FloatArray | None:
    """Give how often an hour the outage passes from less than each state to at least that much, (S + 1,).

    Exact for independent units with exponential stays that pass between whole and each other state, and not
    from one of those to another: adding a unit with states of c MW out, probability p and f = p / stay visits an
    hour, F(x) = sum of p F(x-c) + sum of f (P(x-c) - P(x)), the first over all its states and the second over
    those with something out; P is the chance of at least x out (Billinton and Allan, Reliability Evaluation
    of Power Systems, 2.4; Ayoub and Patton, IEEE Trans. PAS 95, 1976). None for a table off a grid, or one with a
    state of which nobody gave the stay.
    """
    laws = laws_of(table=table, repair_h=repair_h)
    return None if laws is None else with_units(NOTHING_OUT, laws, size=len(table.out_mw)).often


def laws_of(*, table: OutageTable, repair_h: FloatArray) -> list[Visits] | None:
    """Give each unit's chance to be whole and its other states; None where `outage_frequency` gives nothing."""
    if table.step_mw is None or not table.exact or any(p.probability > 0 and p.stay_h is None for p in table.partial):
        return None
    found: list[list[tuple[int, float, float]]] = []
    for c, q, mean_repair in zip(table.capacity_mw, table.outage_rate, repair_h, strict=True):
        # A unit that is always out never goes out.
        gone = (round(c / table.step_mw), float(q), q / mean_repair if q < 1 else 0.0)
        found.append([gone] if c > 0 and q > 0 else [])
    for one in table.partial:
        if one.probability > 0 and one.stay_h is not None:
            found[one.unit].append((round(one.out_mw / table.step_mw), one.probability, one.probability / one.stay_h))
    return [(1.0 - math.fsum(p for _, p, _ in states), tuple(sorted(states))) for states in found]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """Of some units on a grid: the chance of at least so much out, and how often an hour it passes there, (S + 1,)."""

    at_least: FloatArray
    often: FloatArray


NOTHING_OUT = Known(at_least=np.array([1.0, 0.0]), often=np.zeros(2))


def with_units(start: Known, laws: Sequence[Visits], *, size: int) -> Known:
    """Give the same with more units, up to a size: a state needs nothing of those beyond it."""
    at_least, often = start.at_least[: size + 1], start.often[: size + 1]
    for whole, states in sorted(law for law in laws if law[1]):
        longer = min(size + 1, len(at_least) + states[-1][0])
        at_least, often = _longer(at_least, longer), _longer(often, longer)
        before = [(p, visits, _shifted(at_least, c, 1.0), _shifted(often, c, 0.0)) for c, p, visits in states]
        often = whole * often
        for p, visits, more, moved in before:
            often += p * moved + visits * (more - at_least)
        at_least = whole * at_least
        for p, _, more, _ in before:
            at_least += p * more
    return Known(at_least=_longer(at_least, size + 1), often=_longer(often, size + 1))


def _longer(values: FloatArray, size: int) -> FloatArray:
    return np.concatenate([values, np.zeros(size - len(values))])


def _shifted(values: FloatArray, by: int, first: float) -> FloatArray:
    """Give the values `by` places further on; before them stands what holds at or below nothing out."""
    moved = np.full(len(values), first)
    if by < len(values):
        moved[by:] = values[: len(values) - by]
    return moved
