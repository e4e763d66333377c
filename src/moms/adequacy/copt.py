"""Building the capacity outage probability table, and taking a unit out of one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy import _states
from moms.adequacy._states import NANO, Law
from moms.adequacy.table import OutageTable, Partial, table_of, tail_sum
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from moms.grid import FloatArray

SOUND_RELATIVE, SOUND_ABSOLUTE = 1e-9, 1e-18
"""A division is kept if its rounding error in every tail is proven to be below this share of the
tail plus this much; otherwise the table is built again. 1e-18 an hour is 1e-14 hours in a year."""

DIVIDES_FROM = 0.55
"""The division runs along the unit's likeliest end state, which must be this likely: each step then
shrinks what rounding the step before left (models 4.1; near q = 0.5 nothing shrinks)."""

ROUNDING = 2.0**-53


class NotAFleet(Refused):
    """Capacities or outage rates from which no table can be made."""


def capacity_outage(
    *,
    capacity_mw: npt.ArrayLike,
    outage_rate: npt.ArrayLike,
    partial: Sequence[Partial] = (),
    step_mw: float | None = None,
) -> OutageTable:
    """Give the table of a fleet by convolving its units one by one (models 4.1).

    Exact without `step_mw`: the states lie on the greatest common step of all capacities or, if that
    would be too many, on the distinct sums there are. A fleet too large for both is put on the finest
    grid that fits, and the table says `exact=False`. On a grid with a given step a capacity between
    two of its states is split linearly between them, which keeps its mean.

    Raises:
        NotAFleet: lengths differ, a capacity is negative or not finite, a rate is outside [0, 1], a
            partial state is not part of its unit, or the step is not above 0.
    """
    capacity, rate = _checked(capacity_mw, outage_rate, step_mw)
    laws = _laws(capacity, rate, partial)
    if step_mw is not None:
        return _on_grid(laws, step_mw, capacity, rate, partial)
    step = _states.common_step_mw(laws)
    if _states.reach_mw(laws) / step <= _states.MOST_STATES:
        return _on_grid(laws, step, capacity, rate, partial)
    sums = _states.distinct_sums(laws)
    if sums is None:
        return _on_grid(laws, _states.finest_step_mw(laws), capacity, rate, partial)
    out, probability = sums
    return table_of(
        probability=probability, out_mw=out, step_mw=None, capacity_mw=capacity, outage_rate=rate, partial=partial,
        exact=True,
    )  # fmt: skip


def bracket(table: OutageTable) -> tuple[OutageTable, OutageTable]:
    """Give two tables between whose losses the fleet's own must lie: outages rounded down, and up.

    Of an exact table both are the table itself.
    """
    if table.exact or table.step_mw is None:
        return table, table
    laws = _laws(table.capacity_mw, table.outage_rate, table.partial)
    rounded = [_rounded(laws, table.step_mw, up=up) for up in (False, True)]
    low, high = (_on_grid(one, table.step_mw, table.capacity_mw, table.outage_rate, table.partial) for one in rounded)
    return low, high


def _rounded(laws: list[Law], step: float, *, up: bool) -> list[Law]:
    """Give the laws with every outage moved to the next state of the grid, all down or all up."""
    whole, snap = (math.ceil, -_states.SNAP) if up else (math.floor, _states.SNAP)
    return [[(whole(mw / step + snap) * step, p) for mw, p in law] for law in laws]


def add_unit(*, table: OutageTable, capacity_mw: float, outage_rate: float) -> OutageTable:
    """Give the table with one more unit.

    Raises:
        NotAFleet: as `capacity_outage`.
    """
    capacity, rate = _checked(
        np.append(table.capacity_mw, capacity_mw), np.append(table.outage_rate, outage_rate), table.step_mw
    )
    law: Law = [(0.0, 1.0 - outage_rate), (capacity_mw, outage_rate)]
    if table.step_mw is None or (table.exact and not _states.on_grid([law], table.step_mw)):
        return capacity_outage(capacity_mw=capacity, outage_rate=rate, partial=table.partial)
    probability = _states.trimmed(_states.with_unit(table.probability, law, table.step_mw))
    return _gridded(probability, table.step_mw, capacity, rate, table.partial, exact=table.exact)


def remove_unit(*, table: OutageTable, unit: int) -> OutageTable:
    """Give the table without the unit at this place in it, as if it had never been convolved.

    By division where that is proven to be sound, by building the others again where it is not.

    Raises:
        NotAFleet: there is no such unit.
    """
    if not 0 <= unit < len(table.capacity_mw):
        raise NotAFleet(f"the table has no unit {unit}", field="unit", fix=f"give 0 to {len(table.capacity_mw) - 1}")
    capacity, rate = np.delete(table.capacity_mw, unit), np.delete(table.outage_rate, unit)
    partial = tuple(replace(p, unit=p.unit - (p.unit > unit)) for p in table.partial if p.unit != unit)
    step = table.step_mw
    divided = None if step is None else _divided(table, unit, step)
    if divided is not None and step is not None:
        return _gridded(divided, step, capacity, rate, partial, exact=table.exact)
    return capacity_outage(capacity_mw=capacity, outage_rate=rate, partial=partial, step_mw=step)


def _divided(table: OutageTable, unit: int, step: float) -> FloatArray | None:
    """Divide one unit out of the table, or None where the division cannot be shown to be sound."""
    law = _laws(table.capacity_mw, table.outage_rate, table.partial)[unit]
    if law[-1][0] == 0:
        return table.probability.copy()
    if not _states.on_grid([law], step):
        return None
    places = [(round(mw / step), p) for mw, p in law if p > 0]
    if len(places) == 1:
        return table.probability[places[0][0] :].copy()
    if places[0][0] == 0 and places[0][1] >= DIVIDES_FROM:
        return _sound(_states.divided_up, table, unit, places, step)
    if places[-1][1] >= DIVIDES_FROM:
        return _sound(_states.divided_down, table, unit, places, step)
    return None


def _sound(
    divide: _states.Divide, table: OutageTable, unit: int, places: list[tuple[int, float]], step: float
) -> FloatArray | None:
    """Divide the table and, by the same recursion with all signs added up, the error it can have."""
    # Nothing can be where the others together do not reach; splitting may move each one place up.
    live = table.outage_rate > 0
    live[[p.unit for p in table.partial]] = True
    live[unit] = False
    others = math.ceil(math.fsum(table.capacity_mw[live]) / step - _states.SNAP) + 1
    others += 0 if table.exact else len(table.capacity_mw)
    rest = divide(table.probability, places, sign=-1.0)[:others]
    own = (3.0 * len(table.capacity_mw) + 8.0) * ROUNDING
    error = tail_sum(divide(table.probability * own, places, sign=1.0)[:others])
    np.maximum(rest, 0.0, out=rest)
    sound = error <= SOUND_RELATIVE * tail_sum(rest) + SOUND_ABSOLUTE
    return _states.trimmed(rest) if sound.all() else None


def _checked(
    capacity_mw: npt.ArrayLike, outage_rate: npt.ArrayLike, step_mw: float | None
) -> tuple[FloatArray, FloatArray]:
    capacity, rate = np.array(capacity_mw, dtype=np.float64), np.array(outage_rate, dtype=np.float64)
    if step_mw is not None and not 0 < step_mw < math.inf:
        raise NotAFleet(f"a step of {step_mw} MW makes no grid", field="step_mw", fix="give a step above 0")
    if capacity.shape != rate.shape or capacity.ndim != 1:
        raise NotAFleet("capacities and outage rates differ in number", field="outage_rate", fix="give one for each")
    if not (np.isfinite(capacity) & (capacity >= 0)).all():
        raise NotAFleet("a capacity is negative or not a number", field="capacity_mw", fix="give MW of 0 or more")
    if not ((rate >= 0) & (rate <= 1)).all():
        raise NotAFleet("an outage rate lies outside [0, 1]", field="outage_rate", fix="give a forced outage rate")
    return capacity, rate


def _laws(capacity: FloatArray, rate: FloatArray, partial: Iterable[Partial]) -> list[Law]:
    """Give each unit's states: MW out, ascending, with their probabilities."""
    between: list[Law] = [[] for _ in capacity]
    for one in partial:
        if not 0 <= one.unit < len(capacity):
            raise NotAFleet(f"there is no unit {one.unit}", field="partial", fix="give the place of a unit")
        if not (0 < one.out_mw < capacity[one.unit] and one.probability >= 0):
            raise NotAFleet(
                f"a state with {one.out_mw:g} MW out, probability {one.probability:g}, of {capacity[one.unit]:g} MW",
                field="partial", fix="give MW between 0 and the capacity, and a probability",
            )  # fmt: skip
        between[one.unit].append((one.out_mw, one.probability))
    return [_law(float(c), float(q), inner) for c, q, inner in zip(capacity, rate, between, strict=True)]


def _law(capacity: float, rate: float, inner: Law) -> Law:
    whole = 1.0 - rate - math.fsum(p for _, p in inner)
    if whole < -1e-12:
        raise NotAFleet(
            f"the states of a unit of {capacity:g} MW have probability {1 - whole:g}", field="partial",
            fix="let the forced outage rate and the states in between add up to at most 1",
        )  # fmt: skip
    return [(0.0, max(whole, 0.0)), *sorted(inner), (capacity, rate)]


def _on_grid(
    laws: list[Law], step: float, capacity: FloatArray, rate: FloatArray, partial: Iterable[Partial]
) -> OutageTable:
    probability = _states.convolved(laws, step)
    exact = _states.on_grid(laws, step)
    return _gridded(probability, step, capacity, rate, partial, exact=exact)


def _gridded(
    probability: FloatArray,
    step: float,
    capacity: FloatArray,
    rate: FloatArray,
    partial: Iterable[Partial],
    *,
    exact: bool,
) -> OutageTable:
    # Whole nano-MW, so that 3 * 0.1 is the same state wherever it comes from.
    nanos = round(step / NANO)
    out: FloatArray = np.arange(len(probability), dtype=np.float64) * (
        nanos * NANO if abs(nanos * NANO - step) < NANO / 8 else step
    )
    return table_of(
        probability=probability, out_mw=out, step_mw=step, capacity_mw=capacity, outage_rate=rate, partial=partial,
        exact=exact,
    )  # fmt: skip
