"""The program of one hour: rows for the pairs that are over, added as they are found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.market._program import Program, Solution, Status
from moms.market.relief import HourRelief, Move, Relief, Remaining
from moms.market.sensitivity import Answer, Over, Sensitivities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import BoolArray, FloatArray, Hours
    from moms.market.rules import RedispatchRules
    from moms.powerflow import DcFactor

WITHIN_MW = 1e-6
"""A flow this near its limit holds it."""
INSIDE_MW = 1e-4
"""Rows keep this far inside the limit, so that rounding in the check never finds the pair over again."""
ROUNDS = 20
"""Rounds of adding rows before giving up: a bound, far above the two to five it takes."""
ANY_EFFECT = 1e-4
"""MW that come off limits for a MW moved: where it is asked what can be done at all, nearly nothing is too little."""
NO_PICK_UP = "a contingency leaves no unit to pick up what it takes away"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Point:
    """One hour as the program sees it."""

    unit_mw: FloatArray
    injection_mw: FloatArray
    running: BoolArray
    rise: FloatArray
    """(g,) what each unit can go up."""
    fall: FloatArray


def point_of(
    *,
    factor: DcFactor,
    hours: Hours,
    hour: int,
    injection_mw: FloatArray,
    units_out: BoolArray | None,
    derate_mw: FloatArray | None,
    rules: RedispatchRules,
) -> Point:
    """Give one hour, of bus injections (n,), as its program sees it: what each unit may rise and fall by."""
    network = factor.network
    zone = network.buses.zone[network.units.bus]
    units, p = network.units, hours.unit_mw[:, hour]
    off = np.zeros(len(units), dtype=bool) if units_out is None else units_out[:, hour]
    less = np.zeros(len(units)) if derate_mw is None else derate_mw[:, hour]
    running = units.in_service & ~off & factor.island[units.bus]
    asked = running & ((zone >= 0) | (zone < 0).all()) & ~np.isin(units.fuel, rules.fixed_fuels)
    may_rise = asked & ~np.isin(units.fuel, rules.weather_fuels) & ~units.emergency_only
    may_rise &= (p > 0) | rules.may_start
    # Below its Pmin a unit is where the dispatch has let it go for want of load (its step 5): whatever moved it there
    # without asking for its Pmin may be undone. Held at that output it would leave what others do there no way back.
    below = p < units.p_min_mw - WITHIN_MW
    lowest = np.where(np.isin(units.fuel, rules.weather_fuels) | below, 0.0, units.p_min_mw)
    return Point(
        unit_mw=p,
        injection_mw=injection_mw,
        running=running,
        rise=np.where(may_rise, np.maximum(units.p_max_mw - less - p, 0.0), 0.0),
        fall=np.where(asked & (p > 0), np.maximum(p - np.maximum(lowest, 0.0), 0.0), 0.0),
    )


class HourProgram:
    """The relief of one hour: a program that grows by rows.

    It is solved a step at a time: whoever drives it checks the flows of many hours at once (`redispatch`).
    """

    def __init__(
        self,
        *,
        known: Sensitivities,
        hour: int,
        point: Point,
        rules: RedispatchRules,
        by_cost: bool,
    ) -> None:
        self.known, self.hour, self.point, self.rules = known, hour, point, rules
        self.by_cost, self.rounds, self.tries = by_cost, 0, 0
        self.waits = False  # for another solution
        self.yields = False  # pairs may stay over by what they yield, since no dispatch keeps all of them
        self.soft: _Soft | None = None
        self.solution: Solution  # of the last step
        self.found: HourRelief | None = None  # the outcome, once nothing can change it any more
        self.change = np.zeros(len(point.unit_mw))
        self.network = known.factor.network
        self.free = np.flatnonzero((point.rise > 0) | (point.fall > 0))
        self.pairs: list[Over] = []
        self.answers: list[Answer] = []
        self.up_price, self.down_price = self._prices()
        self.program: Program | None = None  # where a dispatch is sought that is near, limits give way from the first
        if by_cost:
            self.program = Program(
                cost=np.concatenate([self.up_price, self.down_price]),
                upper=np.concatenate([point.rise[self.free], point.fall[self.free]]),
            )
            _balance(self.program, len(self.free))

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

    @property
    def after(self) -> FloatArray:
        """The moved dispatch as it stands, (g,)."""
        return self.point.unit_mw + self.change

    def begin(self, pairs: Sequence[Over]) -> None:
        """Take the first pairs; solve, unless they hold already."""
        if not self._add(pairs):
            self.found = self._not_known(NO_PICK_UP)
        elif all(abs(a.flow_mw) <= p.limit_mw + WITHIN_MW for a, p in zip(self.answers, self.pairs, strict=True)):
            says = "every pair holds"
            self.found = HourRelief(hour=self.hour, relief=Relief.NOT_NEEDED, says=says, pairs=len(self.pairs))
        else:
            self.waits = True

    def take(self, more: Sequence[Over]) -> None:
        """Take what a study of the moved hour found: nothing settles it, pairs are solved for."""
        if not more:
            self.found = self._relieved()
        elif not self._add(more):
            self.found = self._not_known(NO_PICK_UP)
        else:
            self.waits, self.soft, self.tries, self.found = True, None, 0, None

    def outcome(self, *, checked: bool) -> HourRelief:
        """Give the outcome; an hour whose study still found pairs when the rounds ran out is not known."""
        if self.found is not None:
            return self.found
        return self._relieved() if checked else self._not_known(f"still new pairs after {ROUNDS} rounds")

    def step(self) -> None:
        """Solve once; then `check` what comes over rate A by it, unless it does not wait any more."""
        if self.soft is None:
            self.rounds += 1
            if self.program is not None:
                solution = self.program.solve()
                if solution.status is Status.INFEASIBLE and self._yield(self.program):
                    solution = self.program.solve()
                if solution.status is not Status.INFEASIBLE:
                    self._solved(solution)
                    return
            self.soft, self.tries = _Soft(self), 0
        self.soft.take(self)
        self._solved(self.soft.program.solve())

    def _yield(self, program: Program) -> bool:
        """Let pairs stay over by what they yield, from now on; False if none yields, or they do so already."""
        some = np.flatnonzero([pair.yields_mw > 0.0 for pair in self.pairs])
        if self.yields or not len(some):
            return False
        self.yields = True
        rows = self.rows([self.pairs[k] for k in some], [self.answers[k] for k in some])
        program.widen(some + 1, lower=rows["lower"], upper=rows["upper"])  # the first row is the balance
        return True

    def _solved(self, solution: Solution) -> None:
        if solution.status is not Status.OPTIMAL:
            self._end(self._not_known(f"the solver stopped: {solution.says}"))
            return
        self.change, self.solution = self._change(solution.x[: 2 * len(self.free)]), solution

    def check(self, before_mw: FloatArray, after_mw: FloatArray) -> None:
        """Take branches that come over rate A, or further over it, by the last step; (m,) flows without it and with."""
        more = self._base_over(before_mw, after_mw)
        if self.soft is not None:
            have = {pair.key for pair in self.pairs}
            more = [pair for pair in more if pair.key not in have]
        if more:
            self._add(more)
            self.tries += 1
            if self.tries == ROUNDS:
                self._end(self._not_known(f"still new pairs after {ROUNDS} rounds"))
            return
        self.waits = False
        if self.soft is not None:
            over = self.soft.over(self.solution)
            if (over > INSIDE_MW + WITHIN_MW).any():  # else only the margin inside the limits is missing
                self.found = self._cannot(over, np.abs(self.solution.row_dual[1:]))

    def _end(self, found: HourRelief) -> None:
        self.found, self.waits = found, False

    def _add(self, pairs: Sequence[Over]) -> bool:
        """Add a row for each pair, taken at the changed dispatch; False if one has no answer.

        Shares of pick-up move with the dispatch: a pair that is found over again gets a second row.
        """
        point, unit_mw, injection_mw = self.point, self.after, self.injection()
        self.known.prepare(pairs)
        fresh: list[Answer] = []
        for pair in pairs:
            at = self.known.answer(pair, injection_mw=injection_mw, unit_mw=unit_mw, running=point.running)
            if at is None:
                return False
            fresh.append(Answer(flow_mw=at.flow_mw - float(at.per_mw @ self.change), per_mw=at.per_mw, exact=at.exact))
        if fresh and self.program is not None:
            self.program.add_rows(**self.rows(pairs, fresh))
        self.pairs.extend(pairs)
        self.answers.extend(fresh)
        return True

    def rows(self, pairs: Sequence[Over], answers: Sequence[Answer]) -> dict[str, FloatArray]:
        """Give the rows that hold pairs within their limits: `lower`, `upper` (r,) and `value` (r, 2 free)."""
        effect = np.array([answer.per_mw[self.free] for answer in answers])
        flow = np.array([answer.flow_mw for answer in answers])
        most = [pair.limit_mw + (pair.yields_mw if self.yields else 0.0) for pair in pairs]
        limit = np.maximum(np.array(most) - INSIDE_MW, 0.0)
        return {"lower": -limit - flow, "upper": limit - flow, "value": np.concatenate([effect, -effect], axis=1)}

    def _change(self, x: FloatArray) -> FloatArray:
        """Give the change by unit, (g,), as the units' limits allow it, adding up to nothing."""
        change = np.zeros(len(self.point.unit_mw))
        change[self.free] = x[: len(self.free)] - x[len(self.free) :]
        change[np.abs(change) < WITHIN_MW] = 0.0
        largest = int(np.argmax(np.abs(change))) if change.any() else 0
        change[largest] -= change.sum()
        return change

    def injection(self) -> FloatArray:
        """Give the bus injections of the changed dispatch, (n,)."""
        moved = self.point.injection_mw.copy()
        np.add.at(moved, self.network.units.bus, self.change)
        return moved

    def _base_over(self, before_mw: FloatArray, after_mw: FloatArray) -> list[Over]:
        lines = self.network.branches
        limit = np.maximum(lines.rate_a_mw, np.abs(before_mw))
        rows = np.flatnonzero(lines.monitored & self.known.factor.live & (np.abs(after_mw) > limit + WITHIN_MW))
        return [Over(contingency=None, element=int(r), hour=self.hour, limit_mw=float(limit[r])) for r in rows]

    def _relieved(self) -> HourRelief:
        units, p, change, after = self.network.units, self.point.unit_mw, self.change, self.after
        rows = np.flatnonzero(change)
        up, down = np.maximum(change[self.free], 0.0), np.maximum(-change[self.free], 0.0)
        least = self.rules.least_move_price if self.by_cost else 1.0
        paid = (self.up_price - least) @ up + (self.down_price - least) @ down
        production = (units.cost_c2 * (after**2 - p**2) + units.cost_c1 * change).sum()
        moved = float(up.sum())
        return HourRelief(
            hour=self.hour,
            relief=Relief.RELIEVED,
            says=f"{moved:.1f} MW moved between {len(rows)} units; production cost {production:+,.0f} $/h",
            moves=tuple(Move(unit=int(r), before_mw=float(p[r]), after_mw=float(after[r])) for r in rows),
            moved_mw=moved,
            cost_per_h=float(paid),
            production_per_h=float(production),
            exact=all(answer.exact for answer in self.answers),
            pairs=len(self.pairs),
            rounds=self.rounds,
            unit_mw=after,
        )

    def _cannot(self, over: FloatArray, dual: FloatArray) -> HourRelief:
        """Say what stays over, and what stands in its way."""
        change = self.change
        left = [
            Remaining(pair=pair, flow_mw=self._flow(answer, change), over_mw=float(over[k]))
            for k, (pair, answer) in enumerate(zip(self.pairs, self.answers, strict=True))
        ]
        remaining = tuple(r for r in left if r.over_mw > WITHIN_MW)
        clash = tuple(r for k, r in enumerate(left) if r.over_mw <= WITHIN_MW and dual[k] > WITHIN_MW)
        near = f"whatever units with an effect of {100 * self.rules.least_effect:g} % do"
        whatever = "whatever the units do" if self.by_cost else near
        return HourRelief(
            hour=self.hour,
            relief=Relief.CANNOT,
            says=f"{sum(r.over_mw for r in remaining):.1f} MW stay over {len(remaining)} limits {whatever}",
            moved_mw=0.0 if self.by_cost else float(np.maximum(change, 0.0).sum()),
            exact=all(answer.exact for answer in self.answers),
            remaining=remaining,
            clash=clash,
            pairs=len(self.pairs),
            rounds=self.rounds,
            unit_mw=None if self.by_cost else self.after,
        )

    def _flow(self, answer: Answer, change: FloatArray) -> float:
        return answer.flow_mw + float(answer.per_mw @ change)

    def _not_known(self, says: str) -> HourRelief:
        return HourRelief(hour=self.hour, relief=Relief.NOT_KNOWN, says=says, pairs=len(self.pairs))


class _Soft:
    """The program in which every row may stay over, at a price far above any move; it grows with the hour's.

    It holds nothing of its hour: two that hold each other stay, megabytes each, until somebody looks for such rings.
    """

    def __init__(self, hour: HourProgram) -> None:
        self.free, self.taken = len(hour.free), list[int]()
        self.program = Program(
            cost=np.full(2 * self.free, ANY_EFFECT if hour.by_cost else hour.rules.least_effect),
            upper=np.concatenate([hour.point.rise[hour.free], hour.point.fall[hour.free]]),
        )
        _balance(self.program, self.free)

    def take(self, hour: HourProgram) -> None:
        """Take the pairs of the hour that came since."""
        rows = sum(self.taken)
        if len(hour.pairs) > rows:
            self.program.add_soft_rows(**hour.rows(hour.pairs[rows:], hour.answers[rows:]))
            self.taken.append(len(hour.pairs) - rows)

    def over(self, solution: Solution) -> FloatArray:
        """Give by how much each pair stays over, (r,) MW: of each time that some were taken, over beside under."""
        slack = solution.x[2 * self.free :]
        found: list[FloatArray] = []
        for count in self.taken:
            found.append(slack[:count] + slack[count : 2 * count])
            slack = slack[2 * count :]
        return np.concatenate(found)


def _balance(program: Program, free: int) -> None:
    """What goes up goes down."""
    ones = np.ones((1, free))
    program.add_rows(lower=np.zeros(1), upper=np.zeros(1), value=np.concatenate([ones, -ones], axis=1))
