"""Redispatch: the cheapest change of output that brings flows within their limits.

Preventive: one dispatch that holds before and after every contingency given. Each violated pair is
a row, |flow + sensitivity . change| <= limit (models 6.3); rows are added only as they are needed:
rates A of other branches that a solution would exceed, and whatever pairs the caller's own study
finds on the moved hour. Load is never shed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from moms.market._program import Program, Solution, Status
from moms.market.rules import RedispatchRules
from moms.market.sensitivity import Answer, Over, Sensitivities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from moms.grid import BoolArray, FloatArray, Hours
    from moms.powerflow import DcFactor

WITHIN_MW = 1e-6
"""A flow this near its limit holds it."""
INSIDE_MW = 1e-4
"""Rows keep this far inside the limit, so that rounding in the check never finds the pair over again."""
ROUNDS = 20
"""Rounds of adding rows before giving up: a bound, far above the two to five it takes."""


class Relief(StrEnum):
    """What came of it."""

    NOT_NEEDED = "not needed"
    RELIEVED = "relieved"
    CANNOT = "cannot"
    """No change of output within the units' limits brings all pairs within theirs."""
    NOT_KNOWN = "not known"
    """The solver failed, or the rounds ran out, or a contingency has no pick-up: a person looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One unit's change."""

    unit: int
    before_mw: float
    after_mw: float

    @property
    def starts(self) -> bool:
        """Whether the unit has to be started for it."""
        return self.before_mw <= 0.0 < self.after_mw


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """A pair that stays over its limit when the total over is as small as it can be, or that binds then."""

    pair: Over
    flow_mw: float
    over_mw: float
    """0 for a pair that is within its limit but stands in the way of another."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourRelief:
    """What one hour needs."""

    hour: int
    relief: Relief
    says: str
    moves: tuple[Move, ...] = ()
    """By unit, the MW changed."""
    moved_mw: float = 0.0
    """MW up (as many go down)."""
    cost_per_h: float = 0.0
    """$/h paid to move units away from the hour's price: never negative."""
    production_per_h: float = 0.0
    """$/h by which the units' own cost curves change: negative where the dispatch was dear."""
    remaining: tuple[Remaining, ...] = ()
    clash: tuple[Remaining, ...] = ()
    """The pairs that bind together with the remaining ones."""
    pairs: int = 0
    """Rows in the last program."""
    rounds: int = 0
    unit_mw: FloatArray | None = None
    """(g,) the moved dispatch, for the study that checks it; None where there is none."""

    @property
    def over_mw(self) -> float:
        """Sum of MW that stay over limits."""
        return sum(r.over_mw for r in self.remaining)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redispatch:
    """What the hours of a slice need, worst first where one is named."""

    hours: tuple[HourRelief, ...]
    source: str

    @property
    def relief(self) -> Relief:
        """The worst outcome of all hours."""
        found = {h.relief for h in self.hours}
        return next((r for r in (Relief.CANNOT, Relief.NOT_KNOWN, Relief.RELIEVED) if r in found), Relief.NOT_NEEDED)

    @property
    def worst(self) -> HourRelief | None:
        """The hour that stays over by most, else the one that moves most; the earliest of equals."""
        return max(self.hours, key=lambda h: (h.over_mw, h.moved_mw, -h.hour), default=None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Point:
    """One hour as the program sees it."""

    unit_mw: FloatArray
    injection_mw: FloatArray
    running: BoolArray
    rise: FloatArray
    """(g,) what each unit can go up."""
    fall: FloatArray


def redispatch(
    *,
    factor: DcFactor,
    hours: Hours,
    over: Sequence[Over],
    units_out: BoolArray | None = None,
    derate_mw: FloatArray | None = None,
    again: Callable[[int, FloatArray], Sequence[Over]] | None = None,
    rules: RedispatchRules | None = None,
) -> Redispatch:
    """Give, for each hour with a pair over its limit, the cheapest dispatch that brings all within.

    `factor` is of the topology of the hours, with the request out; `units_out` and `derate_mw` are
    (g, H). `again(hour, unit_mw)` studies a moved hour anew and gives the pairs that are over: they
    are added and the hour is solved again until it gives none. Without it the caller must check.
    """
    rules = rules or RedispatchRules()
    tasks = _tasks(factor=factor, hours=hours, over=over, units_out=units_out, derate_mw=derate_mw, rules=rules)
    found = tuple(
        _Hour(known=known, hour=hour, point=point, rules=rules, again=again).relieve(pairs)
        for known, hour, point, pairs in tasks
    )
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
    tasks = _tasks(factor=factor, hours=hours, over=over, units_out=units_out, derate_mw=derate_mw, rules=rules)
    found = tuple(
        _Hour(known=known, hour=hour, point=point, rules=rules, by_cost=False).relieve(pairs)
        for known, hour, point, pairs in tasks
    )
    return Redispatch(hours=found, source=rules.source)


def _tasks(
    *,
    factor: DcFactor,
    hours: Hours,
    over: Sequence[Over],
    units_out: BoolArray | None,
    derate_mw: FloatArray | None,
    rules: RedispatchRules,
) -> Iterator[tuple[Sensitivities, int, _Point, list[Over]]]:
    """Give what each hour with a pair needs, distribution factors solved once for all."""
    known = Sensitivities(factor)
    known.prepare(over)
    by_hour: dict[int, list[Over]] = {}
    for pair in over:
        by_hour.setdefault(pair.hour, []).append(pair)
    injection = hours.injection_mw(factor.network) if by_hour else np.zeros((0, 0))
    for hour in sorted(by_hour):
        point = _point(
            factor=factor,
            hours=hours,
            injection=injection,
            hour=hour,
            units_out=units_out,
            derate_mw=derate_mw,
            rules=rules,
        )
        yield known, hour, point, by_hour[hour]


def _point(
    *,
    factor: DcFactor,
    hours: Hours,
    injection: FloatArray,
    hour: int,
    units_out: BoolArray | None,
    derate_mw: FloatArray | None,
    rules: RedispatchRules,
) -> _Point:
    network = factor.network
    units, p = network.units, hours.unit_mw[:, hour]
    off = np.zeros(len(units), dtype=bool) if units_out is None else units_out[:, hour]
    less = np.zeros(len(units)) if derate_mw is None else derate_mw[:, hour]
    running = units.in_service & ~off & factor.island[units.bus]
    asked = running & (network.buses.zone[units.bus] >= 0) & ~np.isin(units.fuel, rules.fixed_fuels)
    may_rise = asked & ~np.isin(units.fuel, rules.weather_fuels) & ~units.emergency_only
    may_rise &= (p > 0) | rules.may_start
    lowest = np.where(np.isin(units.fuel, rules.weather_fuels), 0.0, units.p_min_mw)
    return _Point(
        unit_mw=p,
        injection_mw=injection[:, hour],
        running=running,
        rise=np.where(may_rise, np.maximum(units.p_max_mw - less - p, 0.0), 0.0),
        fall=np.where(asked & (p > 0), np.maximum(p - np.maximum(lowest, 0.0), 0.0), 0.0),
    )


class _Hour:
    """The relief of one hour: a program that grows by rows."""

    def __init__(
        self,
        *,
        known: Sensitivities,
        hour: int,
        point: _Point,
        rules: RedispatchRules,
        again: Callable[[int, FloatArray], Sequence[Over]] | None = None,
        by_cost: bool = True,
    ) -> None:
        self.known, self.hour, self.point, self.rules, self.again = known, hour, point, rules, again
        self.by_cost = by_cost
        self.network = known.factor.network
        self.free = np.flatnonzero((point.rise > 0) | (point.fall > 0))
        self.pairs: list[Over] = []
        self.answers: list[Answer] = []
        self.up_price, self.down_price = self._prices()
        self.program = Program(
            cost=np.concatenate([self.up_price, self.down_price]),
            upper=np.concatenate([point.rise[self.free], point.fall[self.free]]),
        )
        ones = np.ones(len(self.free))
        self.program.add_row(lower=0.0, upper=0.0, value=np.concatenate([ones, -ones]))

    def _prices(self) -> tuple[FloatArray, FloatArray]:
        """Give what a MW up and a MW down costs each free unit beside the hour's price, never negative.

        The price is the middle marginal cost of what runs, so that a dispatch which is not the
        cheapest in the first place is not rebuilt under the name of relief.
        """
        units, p, rules = self.network.units, self.point.unit_mw, self.rules
        if not self.by_cost:
            return np.ones(len(self.free)), np.ones(len(self.free))
        marginal = units.cost_c1 + 2.0 * units.cost_c2 * p
        priced = (units.cost_c1 != 0) | (units.cost_c2 != 0) | np.isin(units.fuel, rules.weather_fuels)
        marginal = np.where(priced, marginal, rules.price_without_cost)
        going = np.flatnonzero(self.point.running & (p > 0) & priced)
        order = going[np.argsort(marginal[going], kind="stable")]
        half = np.searchsorted(np.cumsum(p[order]), 0.5 * p[order].sum())
        price = marginal[order[min(int(half), len(order) - 1)]] if len(order) else 0.0
        gap = (marginal - price)[self.free]
        least = rules.least_move_price
        return np.maximum(gap, 0.0) + least, np.maximum(-gap, 0.0) + least

    def relieve(self, pairs: Sequence[Over]) -> HourRelief:
        """Solve, look again, add what is over, until nothing is."""
        if not self._add(pairs):
            return self._not_known("a contingency leaves no unit to pick up what it takes away")
        if all(abs(a.flow_mw) <= p.limit_mw + WITHIN_MW for a, p in zip(self.answers, self.pairs, strict=True)):
            return HourRelief(hour=self.hour, relief=Relief.NOT_NEEDED, says="every pair holds", pairs=len(pairs))
        for count in range(1, ROUNDS + 1):
            solution = self.program.solve()
            if solution.status is Status.INFEASIBLE:
                return self._cannot(count)
            if solution.status is Status.FAILED:
                return self._not_known(f"the solver stopped: {solution.says}")
            change = self._change(solution.x)
            more = self._over_after(change)
            if not more:
                return self._relieved(change, count)
            if not self._add(more, change):
                return self._not_known("a contingency leaves no unit to pick up what it takes away")
        return self._not_known(f"still new pairs after {ROUNDS} rounds")

    def _add(self, pairs: Sequence[Over], change: FloatArray | None = None) -> bool:
        """Add a row for each pair, taken at the changed dispatch; False if one has no answer.

        Shares of pick-up move with the dispatch: a pair that is found over again gets a second row.
        """
        point, bus = self.point, self.network.units.bus
        unit_mw, injection_mw = point.unit_mw, point.injection_mw
        if change is not None:
            unit_mw, injection_mw = unit_mw + change, injection_mw.copy()
            np.add.at(injection_mw, bus, change)
        self.known.prepare(pairs)
        for pair in pairs:
            at = self.known.answer(pair, injection_mw=injection_mw, unit_mw=unit_mw, running=point.running)
            if at is None:
                return False
            back = 0.0 if change is None else float(at.per_mw @ change)
            answer = Answer(flow_mw=at.flow_mw - back, per_mw=at.per_mw)
            effect, limit = answer.per_mw[self.free], max(pair.limit_mw - INSIDE_MW, 0.0)
            self.program.add_row(
                lower=-limit - answer.flow_mw, upper=limit - answer.flow_mw, value=np.concatenate([effect, -effect])
            )
            self.pairs.append(pair)
            self.answers.append(answer)
        return True

    def _change(self, x: FloatArray) -> FloatArray:
        """Give the change by unit, (g,), as the units' limits allow it, adding up to nothing."""
        change = np.zeros(len(self.point.unit_mw))
        change[self.free] = x[: len(self.free)] - x[len(self.free) :]
        change[np.abs(change) < WITHIN_MW] = 0.0
        largest = int(np.argmax(np.abs(change))) if change.any() else 0
        change[largest] -= change.sum()
        return change

    def _over_after(self, change: FloatArray) -> list[Over]:
        """Give the pairs that the changed dispatch exceeds: before contingencies, then by the caller's study."""
        found = self._base_over(change)
        if not found and self.again is not None:
            found = list(self.again(self.hour, self.point.unit_mw + change))
        return found

    def _base_over(self, change: FloatArray) -> list[Over]:
        """Find branches that come over rate A, or further over it, before any contingency."""
        lines, bus = self.network.branches, self.network.units.bus
        moved = self.point.injection_mw.copy()
        np.add.at(moved, bus, change)
        flows = np.abs(self.known.factor.flows(np.column_stack([self.point.injection_mw, moved])))
        limit = np.maximum(lines.rate_a_mw, flows[:, 0])
        rows = np.flatnonzero(lines.monitored & self.known.factor.live & (flows[:, 1] > limit + WITHIN_MW))
        return [Over(contingency=None, element=int(r), hour=self.hour, limit_mw=float(limit[r])) for r in rows]

    def _relieved(self, change: FloatArray, rounds: int) -> HourRelief:
        units, p = self.network.units, self.point.unit_mw
        after = p + change
        rows = np.flatnonzero(change)
        up, down = np.maximum(change[self.free], 0.0), np.maximum(-change[self.free], 0.0)
        least = self.rules.least_move_price if self.by_cost else 1.0
        paid = (self.up_price - least) @ up + (self.down_price - least) @ down
        production = (units.cost_c2 * (after**2 - p**2) + units.cost_c1 * change).sum()
        moved = float(up.sum())
        return HourRelief(
            hour=self.hour,
            relief=Relief.RELIEVED,
            says=f"{moved:.1f} MW moved between {len(rows)} units, ${paid:.0f}/h",
            moves=tuple(Move(unit=int(r), before_mw=float(p[r]), after_mw=float(after[r])) for r in rows),
            moved_mw=moved,
            cost_per_h=float(paid),
            production_per_h=float(production),
            pairs=len(self.pairs),
            rounds=rounds,
            unit_mw=after,
        )

    def _cannot(self, rounds: int) -> HourRelief:
        """Say what stays over when the total over is made as small as it can be, and what stands in its way.

        More branches may come over rate A on the way there: they are added until none does.
        """
        for _ in range(ROUNDS):
            solution = self._soft_program().solve()
            if solution.status is not Status.OPTIMAL:
                return self._not_known(f"the solver stopped: {solution.says}")
            change, have = self._change(solution.x[: 2 * len(self.free)]), {pair.key for pair in self.pairs}
            more = [pair for pair in self._base_over(change) if pair.key not in have]
            if not more:
                return self._left_over(solution, change, rounds)
            self._add(more, change)
        return self._not_known(f"still new pairs after {ROUNDS} rounds")

    def _soft_program(self) -> Program:
        """Build the program in which every row may stay over, at a price far above any move."""
        free, rows = len(self.free), len(self.pairs)
        program = Program(
            cost=np.concatenate([np.full(2 * free, 1e-4), np.ones(rows)]),
            upper=np.concatenate([self.point.rise[self.free], self.point.fall[self.free], np.full(rows, np.inf)]),
        )
        ones = np.ones(free)
        program.add_row(lower=0.0, upper=0.0, value=np.concatenate([ones, -ones, np.zeros(rows)]))
        for k, (pair, answer) in enumerate(zip(self.pairs, self.answers, strict=True)):
            effect, limit = answer.per_mw[self.free], max(pair.limit_mw - INSIDE_MW, 0.0)
            slack = np.zeros(rows)
            slack[k] = 1.0
            above, below = np.concatenate([effect, -effect, -slack]), np.concatenate([effect, -effect, slack])
            program.add_row(lower=-np.inf, upper=limit - answer.flow_mw, value=above)
            program.add_row(lower=-limit - answer.flow_mw, upper=np.inf, value=below)
        return program

    def _left_over(self, solution: Solution, change: FloatArray, rounds: int) -> HourRelief:
        over = solution.x[2 * len(self.free) :]
        if (over <= INSIDE_MW + WITHIN_MW).all() and not self._over_after(change):
            return self._relieved(change, rounds)  # only the margin inside the limits is missing
        dual = np.abs(solution.row_dual[1:]).reshape(len(over), 2).max(axis=1)
        left = [
            Remaining(pair=pair, flow_mw=self._flow(answer, change), over_mw=float(over[k]))
            for k, (pair, answer) in enumerate(zip(self.pairs, self.answers, strict=True))
        ]
        remaining = tuple(r for r in left if r.over_mw > WITHIN_MW)
        clash = tuple(r for k, r in enumerate(left) if r.over_mw <= WITHIN_MW and dual[k] > WITHIN_MW)
        return HourRelief(
            hour=self.hour,
            relief=Relief.CANNOT,
            says=f"{sum(r.over_mw for r in remaining):.1f} MW stay over {len(remaining)} limits whatever the units do",
            moved_mw=0.0 if self.by_cost else float(np.maximum(change, 0.0).sum()),
            remaining=remaining,
            clash=clash,
            pairs=len(self.pairs),
            rounds=rounds,
            unit_mw=None if self.by_cost else self.point.unit_mw + change,
        )

    def _flow(self, answer: Answer, change: FloatArray) -> float:
        return answer.flow_mw + float(answer.per_mw @ change)

    def _not_known(self, says: str) -> HourRelief:
        return HourRelief(hour=self.hour, relief=Relief.NOT_KNOWN, says=says, pairs=len(self.pairs))
