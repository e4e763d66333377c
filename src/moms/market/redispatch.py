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
from moms.market.relief import HourRelief, Redispatch
from moms.market.rules import RedispatchRules
from moms.market.sensitivity import Over, Sensitivities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from moms.grid import BoolArray, FloatArray
    from moms.powerflow import DcFactor


AT_ONCE = 128
"""Hours whose flows are solved together."""


class Reliefs:
    """The reliefs of hours of one topology: begun with the pairs that are over, grown by what a study finds.

    By cost, or (`by_cost` False) as near to the dispatch as can be.
    """

    def __init__(
        self,
        *,
        factor: DcFactor,
        hours: Hours,
        units_out: BoolArray | None = None,
        derate_mw: FloatArray | None = None,
        rules: RedispatchRules | None = None,
        by_cost: bool = True,
    ) -> None:
        self.factor, self.hours, self.by_cost = factor, hours, by_cost
        self.rules = rules or RedispatchRules()
        self._units_out, self._derate_mw = units_out, derate_mw
        self._injection_mw = hours.injection_mw(factor.network)
        self._known = Sensitivities(factor)  # distribution factors are solved once for all
        self._tasks: dict[int, HourProgram] = {}

    @property
    def open(self) -> tuple[int, ...]:
        """Hours with a dispatch that nothing has settled yet, rising."""
        return tuple(hour for hour, task in sorted(self._tasks.items()) if task.found is None)

    def begin(self, over: Sequence[Over]) -> None:
        """Solve hours that were not begun before, each with its pairs."""
        self._known.prepare_if_few(over)
        fresh = []
        for hour, pairs in _by_hour(over).items():
            point = point_of(
                factor=self.factor, hours=self.hours, hour=hour, injection_mw=self._injection_mw[:, hour],
                units_out=self._units_out, derate_mw=self._derate_mw, rules=self.rules,
            )  # fmt: skip
            task = HourProgram(known=self._known, hour=hour, point=point, rules=self.rules, by_cost=self.by_cost)
            task.begin(pairs)
            self._tasks[hour] = task
            fresh.append(task)
        _settle(self.factor, fresh)

    def take(self, over: Sequence[Over], *, at: Sequence[int]) -> None:
        """Take what a study found at the moved hours `at`, and solve those again; an hour without pairs is settled."""
        found = _by_hour(over)
        some = [self._tasks[hour] for hour in at]
        for task in some:
            task.take(found.get(task.hour, []))
        _settle(self.factor, some)

    def moved(self, at: tuple[int, ...]) -> Hours:
        """Give some of the hours with their moved dispatch."""
        return _moved(self.hours, at, np.column_stack([self._tasks[hour].after for hour in at]))

    def outcome(self, hour: int, *, checked: bool) -> HourRelief:
        """Give what came of an hour; with `checked` what no study has settled counts as relieved."""
        return self._tasks[hour].outcome(checked=checked)

    def let_go(self, at: Iterable[int]) -> None:
        """Forget hours that are over and done with: a program of one hour takes megabytes."""
        for hour in at:
            self._tasks.pop(hour, None)

    def outcomes(self, *, checked: bool) -> tuple[HourRelief, ...]:
        """Give what came of all hours, in order."""
        return tuple(self.outcome(hour, checked=checked) for hour in sorted(self._tasks))


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
    found = Reliefs(factor=factor, hours=hours, units_out=units_out, derate_mw=derate_mw, rules=rules)
    found.begin(over)
    for _ in range(ROUNDS if again is not None else 0):
        at = found.open
        if again is None or not at:
            break
        found.take([pair for pair in again(found.moved(at), at) if pair.hour in at], at=at)
    return Redispatch(hours=found.outcomes(checked=again is None), source=found.rules.source)


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
    found = Reliefs(factor=factor, hours=hours, units_out=units_out, derate_mw=derate_mw, rules=rules, by_cost=False)
    by_hour, done = _by_hour(over), list[HourRelief]()
    every = list(by_hour)
    # Hours stand for themselves: no more programs at once than have their flows solved together.
    for some in (every[at : at + AT_ONCE] for at in range(0, len(every), AT_ONCE)):
        found.begin([pair for hour in some for pair in by_hour[hour]])
        done += found.outcomes(checked=True)
        found.let_go(some)
    return Redispatch(hours=tuple(done), source=found.rules.source)


def _by_hour(over: Sequence[Over]) -> dict[int, list[Over]]:
    found: dict[int, list[Over]] = {}
    for pair in sorted(over, key=lambda one: one.hour):
        found.setdefault(pair.hour, []).append(pair)
    return found


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
