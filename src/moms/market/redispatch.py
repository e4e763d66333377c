"""Redispatch: the cheapest change of output that brings flows within their limits.

Preventive: one dispatch that holds before and after every contingency given. Each violated pair is
a row, |flow + sensitivity . change| <= limit (models 6.3); rows are added only as they are needed:
rates A of other branches that a solution would exceed, and whatever pairs the caller's own study
finds on the moved hours. Load is never shed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.grid import Hours
from moms.market.hour_program import ROUNDS, HourProgram, point_of
from moms.market.relief import Redispatch
from moms.market.rules import RedispatchRules
from moms.market.sensitivity import Over, Sensitivities

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from moms.grid import BoolArray, FloatArray
    from moms.powerflow import DcFactor


AT_ONCE = 128
"""Hours whose flows are solved together."""


def redispatch(
    *,
    factor: DcFactor,
    hours: Hours,
    over: Sequence[Over],
    units_out: BoolArray | None = None,
    derate_mw: FloatArray | None = None,
    again: Callable[[Hours, tuple[int, ...]], Sequence[Over]] | None = None,
    rules: RedispatchRules | None = None,
) -> Redispatch:
    """Give, for each hour with a pair over its limit, the cheapest dispatch that brings all within.

    `factor` is of the topology of the hours, with the request out; `units_out` and `derate_mw` are
    (g, H). `again(moved, at)` studies the moved hours anew, all at once: column k of `moved` is hour
    `at[k]`. It gives the pairs that are over, by hour as in `hours`: they are added and those hours
    solved again until it gives none. Without it nothing is checked after contingencies but the pairs
    given, and the caller must.
    """
    rules = rules or RedispatchRules()
    tasks = _tasks(
        factor=factor, hours=hours, over=over, units_out=units_out, derate_mw=derate_mw, rules=rules, by_cost=True
    )
    for _ in range(ROUNDS if again is not None else 0):
        still = tuple(task for task in tasks if task.found is None)
        if again is None or not still:
            break
        at = tuple(task.hour for task in still)
        studied = again(_moved(hours, at, np.column_stack([task.after for task in still])), at)
        for task in still:
            task.take([pair for pair in studied if pair.hour == task.hour])
        _settle(factor, still)
    found = tuple(task.outcome(checked=again is None) for task in tasks)
    return Redispatch(hours=found, source=rules.source)


def nearest(
    *,
    factor: DcFactor,
    hours: Hours,
    over: Sequence[Over],
    units_out: BoolArray | None = None,
    derate_mw: FloatArray | None = None,
    rules: RedispatchRules | None = None,
) -> Redispatch:
    """Give, for each hour with a pair over its limit, the dispatch nearest to it in MW that keeps all limits.

    Where none does, the one that is over by least, with what stays over: its `unit_mw` is given then too.
    """
    rules = rules or RedispatchRules()
    tasks = _tasks(
        factor=factor, hours=hours, over=over, units_out=units_out, derate_mw=derate_mw, rules=rules, by_cost=False
    )
    return Redispatch(hours=tuple(task.outcome(checked=True) for task in tasks), source=rules.source)


def _tasks(
    *,
    factor: DcFactor,
    hours: Hours,
    over: Sequence[Over],
    units_out: BoolArray | None,
    derate_mw: FloatArray | None,
    rules: RedispatchRules,
    by_cost: bool,
) -> list[HourProgram]:
    """Solve each hour with a pair, distribution factors solved once for all."""
    known = Sensitivities(factor)
    known.prepare(over)
    by_hour: dict[int, list[Over]] = {}
    for pair in over:
        by_hour.setdefault(pair.hour, []).append(pair)
    tasks, injection = [], hours.injection_mw(factor.network)
    for hour in sorted(by_hour):
        point = point_of(
            factor=factor, hours=hours, hour=hour, injection_mw=injection[:, hour],
            units_out=units_out, derate_mw=derate_mw, rules=rules,
        )  # fmt: skip
        task = HourProgram(known=known, hour=hour, point=point, rules=rules, by_cost=by_cost)
        task.begin(by_hour[hour])
        tasks.append(task)
    _settle(factor, tasks)
    return tasks


def _settle(factor: DcFactor, tasks: Sequence[HourProgram]) -> None:
    """Solve each waiting hour, add what comes over rate A, solve again, until nothing does; flows of many at once."""
    waiting = [task for task in tasks if task.waits]
    for at in range(0, len(waiting), AT_ONCE):
        some = waiting[at : at + AT_ONCE]
        before = factor.flows(np.column_stack([task.point.injection_mw for task in some]))
        columns = {task.hour: k for k, task in enumerate(some)}
        while some := [task for task in some if task.waits]:
            for task in some:
                task.step()
            solved = [task for task in some if task.waits]
            if solved:
                after = factor.flows(np.column_stack([task.injection() for task in solved]))
                for k, task in enumerate(solved):
                    task.check(before[:, columns[task.hour]], after[:, k])


def _moved(hours: Hours, at: tuple[int, ...], unit_mw: FloatArray) -> Hours:
    """Give some of the hours with other unit outputs."""
    some = list(at)
    return Hours(
        label=tuple(hours.label[k] for k in at),
        start=None if hours.start is None else tuple(hours.start[k] for k in at),
        load_mw=hours.load_mw[:, some],
        unit_mw=unit_mw,
        dcline_mw=hours.dcline_mw[:, some],
        season=tuple(hours.season[k] for k in at),
    )
