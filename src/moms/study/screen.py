"""All contingencies of one case against all limits: bounds over all hours first, exact hour by hour where open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow.sweeps import angles_across, subtrees
from moms.study._kernels import ColumnArrays, Several, WatchArrays, evaluate, may_exceed, settle
from moms.study.compound import Compound, compound
from moms.study.pickup import NEAR_ZERO_MW, Shape
from moms.study.plan import plan
from moms.study.search import Question, amounts, search

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from moms.grid import BoolArray, Contingency, FloatArray, IntArray
    from moms.powerflow.sweeps import Subtrees
    from moms.study.kept_pairs import KeptPairs
    from moms.study.plan import Plan
    from moms.study.search import Pairs
    from moms.study.slices import Out
    from moms.study.state import Case

EDGE_MW = 1e-6
"""A flow is over its limit when it exceeds it by more than this, a watt: what lies closer is the
arithmetic's own noise, and would make answers differ between processors."""
SINGULAR = 1e-10
"""A removal that leaves less than this share of a transfer elsewhere has no reliable factor."""
BOUND = 1.0 + 1e-9
"""Bounds are widened by this, more than rounding can narrow them."""
CHUNK = 1 << 20
ENOUGH = 1 << 19
"""Flows found that are asked about together in the case without the request; more take memory."""
COMPOUND_COLUMNS = 256


class PickUps(NamedTuple):
    """Angles by position of 1 MW picked up in each hour, (n + 1, H), and of the reference, (n + 1,)."""

    up: FloatArray
    down: FloatArray
    reference: FloatArray

    @classmethod
    def of(cls, case: Case, reference: FloatArray | None = None) -> PickUps:
        """Solve them for one case, held against their middle unless another reference is given."""
        up, down = pick_up_angles(case, Shape.UP), pick_up_angles(case, Shape.DOWN)
        return cls(up, down, middle(case, up) if reference is None else reference)


class Found(NamedTuple):
    """Flows after contingencies, (e,): place of the contingency, of the branch in `Screen.rows`, hour, MW."""

    contingency: IntArray
    place: IntArray
    hour: IntArray
    flow: FloatArray


@dataclass(slots=True, kw_only=True, eq=False)
class Screen:
    """One case with its contingencies sorted, ready to be asked."""

    case: Case
    plan: Plan
    compounds: list[Compound]
    rows: IntArray
    """Monitored live branches with a limit after contingencies, (q,)."""
    limit: FloatArray
    watch: WatchArrays
    picked: PickUps
    columns: ColumnArrays
    tree: Subtrees
    unsolved: set[int] = field(default_factory=set)
    """Contingencies whose flows have no reliable answer; whoever reads the result must refer."""
    kept: KeptPairs | None = None
    """Pairs of this topology, where they are to be kept."""
    shapes: dict[Shape, FloatArray] = field(default_factory=dict)
    """Angles by position of what a shape takes, less the reference, (n + 1, H)."""
    strays: dict[Shape, FloatArray] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        case: Case,
        contingencies: tuple[Contingency, ...],
        *,
        own: Out,
        only: BoolArray | None = None,
        rows: IntArray | None = None,
        picked: PickUps | None = None,
        kept: KeptPairs | None = None,
    ) -> Screen:
        """Sort the contingencies and solve what all of them share.

        `only` (c,) tells which contingencies are asked for and `rows` which live branches, all (that are
        monitored and have a limit) where they are not given; `picked` is `PickUps.of(case)`, if the caller has it.
        `kept` are pairs of this topology and list, which the search takes from and adds to.
        """
        factor = case.factor
        sorted_ = plan(case, contingencies, own=own, only=only)
        compounds = [compound(case, k, b, u) for k, b, u in sorted_.compounds]
        for one in compounds:
            if one.cut_off is not None:
                sorted_.islanding.others[one.contingency] = one.cut_off
            if np.any(one.shortfall > 0.0):
                sorted_.shortfall[one.contingency] = one.shortfall
        rows = watchable(case) if rows is None else rows
        if picked is None:
            picked = PickUps.of(case, None if kept is None else kept.reference_of(factor, contingencies))
        if kept is not None:
            kept.reference = picked.reference
        return cls(
            case=case,
            plan=sorted_,
            compounds=compounds,
            rows=rows,
            limit=case.network.branches.rate_b_mw[rows],
            watch=watched(case, rows, picked),
            picked=picked,
            columns=_columns(case, sorted_),
            tree=subtrees(factor),
            kept=kept,
        )

    def over(self, *, share: float, counted: IntArray) -> Iterator[Found]:
        """Find all flows over `share` of their limit, in chunks; `counted` (H,) grows by those over the limit.

        Nothing over the threshold is left out, whatever the contingency's own effect (semantics 1.4).
        With `share` infinite nothing is given and only the count is made.
        """
        threshold = share * self.limit + EDGE_MW if np.isfinite(share) else np.full(len(self.limit), np.inf)
        least = np.minimum(threshold, self.limit + EDGE_MW)
        margin = (least[:, None] - np.abs(self.watch.base)).min(axis=1) - EDGE_MW
        yield from self._singles_over(threshold, margin, counted)
        for some, x in self._solved(self.compounds):
            yield from self._compounds_over(some, x, threshold, margin, counted)

    def flows(self, asked: Found) -> tuple[FloatArray, BoolArray]:
        """Give flows at (contingency, place, hour) of `asked`, and whether there is one there.

        There is none where the contingency loses the branch itself or the part it lies in.
        """
        flow, alive = np.zeros(len(asked.hour)), np.zeros(len(asked.hour), np.bool_)
        by = np.argsort(asked.contingency, kind="stable")
        every, start = np.unique(asked.contingency[by], return_index=True)
        stop = np.r_[start[1:], len(by)]
        spans = dict(zip(every.tolist(), zip(start.tolist(), stop.tolist(), strict=True), strict=True))
        self._singles_at(spans, by, asked, flow, alive)
        wanted = [one for one in self.compounds if one.contingency in spans]
        for some, x in self._solved(wanted):
            for one, columns in some:
                first, last = spans[one.contingency]
                entries = by[first:last]
                places, inverse = np.unique(asked.place[entries], return_inverse=True)
                flows, lives = self._after(one, x[:, columns], places)
                flow[entries] = flows[inverse, asked.hour[entries]]
                alive[entries] = lives[inverse]
        flow[~alive] = 0.0
        return flow, alive

    def place_of(self, rows: IntArray) -> IntArray:
        """Give the places in `rows` of branch rows; -1 where not watched here."""
        place = np.full(len(self.case.network.branches), -1, np.int64)
        place[self.rows] = np.arange(len(self.rows))
        found: IntArray = place[rows]
        return found

    def _singles_over(self, threshold: FloatArray, margin: FloatArray, counted: IntArray) -> Iterator[Found]:
        self.unsolved.update(self.plan.singles.contingency[self.columns.stays == 0.0].tolist())
        hours = self.watch.base.shape[1]
        size = max(CHUNK, 2 * hours)
        found = (np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size))
        for pairs in self._pairs(margin):
            at = 0
            while at < len(pairs.column):
                at, n = settle(
                    at, *pairs, self.columns, self.watch, threshold, self.limit + EDGE_MW, counted, *found
                )  # fmt: skip
                if n:
                    c, q, h, flow = (column[:n].copy() for column in found)
                    yield Found(self.plan.singles.contingency[c], q, h, flow)

    def _pairs(self, margin: FloatArray) -> Iterator[Pairs]:
        if self.kept is None:
            return search(Question(self.tree, self.columns, self.watch, margin, amounts(self.columns)))
        contingency = self.plan.singles.contingency
        return self.kept.of(
            self.tree, self.columns, self.watch, contingency=contingency, margin=margin, limit=self.limit
        )

    def over_rows(self, rows: IntArray) -> Screen:
        """Give this screen over other live branches of its case, whether they are monitored or not."""
        return replace(
            self,
            rows=rows,
            limit=self.case.network.branches.rate_b_mw[rows],
            watch=watched(self.case, rows, self.picked),
            strays={},
        )

    def compound_flows(self) -> Iterator[tuple[Compound, FloatArray, BoolArray]]:
        """Give flows after each compound contingency on all rows, (q, H), and which of these it leaves alive, (q,)."""
        for some, x in self._solved(self.compounds):
            for one, columns in some:
                yield one, *self._after(one, x[:, columns], np.arange(len(self.rows)))

    def _solved(self, compounds: Sequence[Compound]) -> Iterator[tuple[list[tuple[Compound, slice]], FloatArray]]:
        """Solve the transfers of compounds in batches: each with its columns, and the angles by position."""
        at = 0
        while at < len(compounds):
            some: list[tuple[Compound, slice]] = []
            width = 0
            while at < len(compounds) and (not some or width + compounds[at].columns <= COMPOUND_COLUMNS):
                some.append((compounds[at], slice(width, width + compounds[at].columns)))
                width += compounds[at].columns
                at += 1
            factor, ground = self.case.factor, len(self.case.factor.pivot)
            removed = [one.removed for one, _ in some]
            buses = [factor.position[one.buses] for one, _ in some]
            pairs = zip(removed, buses, strict=True)
            source = np.concatenate([np.r_[factor.from_position[r], b] for r, b in pairs])
            pairs = zip(removed, buses, strict=True)
            sink = np.concatenate([np.r_[factor.to_position[r], np.full(len(b), ground)] for r, b in pairs])
            yield some, factor.transfers(source, sink)

    def _compounds_over(
        self,
        some: list[tuple[Compound, slice]],
        x: FloatArray,
        threshold: FloatArray,
        margin: FloatArray,
        counted: IntArray,
    ) -> Iterator[Found]:
        open_ = self._open(some, x, margin)
        for (one, columns), places in zip(some, open_, strict=True):
            if not len(places):
                continue
            flows, lives = self._after(one, x[:, columns], places)
            flows[~lives] = 0.0
            counted += (np.abs(flows) > self.limit[places, None] + EDGE_MW).sum(axis=0)
            place, hour = np.nonzero(np.abs(flows) > threshold[places, None])
            if len(place):
                yield Found(np.full(len(place), one.contingency), places[place], hour, flows[place, hour])

    def _effects(self, one: Compound, x: FloatArray, rows: IntArray) -> FloatArray:
        """Give the MW on some branches per MW of each column, (k, columns), injections less the reference."""
        factor = self.case.factor
        f, t = factor.from_position[rows], factor.to_position[rows]
        y = x[f] - x[t]
        y[:, len(one.removed) :] -= (self.picked.reference[f] - self.picked.reference[t])[:, None]
        return factor.b_mw[rows, None] * y

    def _amounts(self, one: Compound, x: FloatArray) -> FloatArray | None:
        """Give the MW of each column, (columns, H); None where the removal is singular."""
        r = len(one.removed)
        if not r:
            return one.alpha
        y = self._effects(one, x, one.removed)
        factor = self.case.factor
        moved = factor.flows_at(self.case.theta, one.removed) + y[:, r:] @ one.alpha
        for shape, taken in one.gamma.items():
            moved = moved + taken * self._shape_flows(shape, one.removed)
        left = np.eye(r) - y[:, :r]
        if np.abs(np.linalg.svd(left, compute_uv=False)).min() < SINGULAR:
            self.unsolved.add(one.contingency)
            return None
        return np.concatenate([np.linalg.solve(left, moved), one.alpha])

    def _open(self, some: list[tuple[Compound, slice]], x: FloatArray, margin: FloatArray) -> list[IntArray]:
        """Give the places whose flow each compound could move by more than their margin."""
        most, picked, more = np.zeros(x.shape[1]), np.zeros(len(some)), np.zeros((len(some), len(margin)))
        answered = np.ones(len(some), np.bool_)
        for m, (one, columns) in enumerate(some):
            amounts = self._amounts(one, x[:, columns])
            if amounts is None:
                answered[m] = False
                continue
            most[columns] = np.abs(amounts).max(axis=1) * BOUND
            for shape, taken in one.gamma.items():
                if shape <= Shape.DOWN:
                    picked[m] += np.abs(taken).max()
                else:
                    more[m] += np.abs(taken).max() * self._strays(shape)
        several = Several(
            begin=np.array([0, *(columns.stop for _, columns in some)], np.int64),
            removed=np.array([len(one.removed) for one, _ in some], np.int64),
            most=most,
            picked=picked,
        )
        found = may_exceed(x, several, more if more.any() else more[:, :0], margin, self.watch)
        found[~answered] = False
        return [np.flatnonzero(row) for row in found]

    def _after(self, one: Compound, x: FloatArray, places: IntArray) -> tuple[FloatArray, BoolArray]:
        """Give flows after a compound contingency, (k, H), and which branches it leaves alive."""
        rows = self.rows[places]
        lives = ~np.isin(rows, one.lost)
        if len(one.dead):
            lives &= ~np.isin(self.case.network.branches.from_bus[rows], one.dead)
        flows = self.watch.base[places].copy()
        amounts = self._amounts(one, x)
        if amounts is None:
            return flows, np.zeros(len(places), np.bool_)
        flows += self._effects(one, x, rows) @ amounts
        for shape, taken in one.gamma.items():
            flows += taken * self._shape_flows(shape, rows)
        return flows, lives

    def _shape_flows(self, shape: Shape, rows: IntArray) -> FloatArray:
        """Give the MW on some branches per MW that a shape takes, less the reference, (k, H)."""
        if shape not in self.shapes:
            known = {Shape.UP: self.picked.up, Shape.DOWN: self.picked.down}.get(shape)
            angles = pick_up_angles(self.case, shape) if known is None else known
            self.shapes[shape] = angles - self.picked.reference[:, None]
        return self.case.factor.moved_at(self.shapes[shape], rows, less=np.zeros(len(rows)))

    def _strays(self, shape: Shape) -> FloatArray:
        """Give how far what a shape takes strays from the reference on each watched branch, (q,) MW per MW."""
        if shape not in self.strays:
            self.strays[shape] = np.abs(self._shape_flows(shape, self.rows)).max(axis=1)
        return self.strays[shape]

    def _singles_at(
        self, spans: dict[int, tuple[int, int]], by: IntArray, asked: Found, flow: FloatArray, alive: BoolArray
    ) -> None:
        some = np.flatnonzero(np.isin(self.plan.singles.contingency, np.fromiter(spans, np.int64, len(spans))))
        if not len(some):
            return
        pieces = [by[slice(*spans[int(k)])] for k in self.plan.singles.contingency[some]]
        start = np.zeros(len(pieces) + 1, np.int64)
        np.cumsum([len(piece) for piece in pieces], out=start[1:])
        entries = np.concatenate(pieces)
        flows, lives = np.zeros(len(entries)), np.zeros(len(entries), np.bool_)
        evaluate(
            some, start, asked.place[entries], asked.hour[entries], self.tree, self.columns, self.watch, flows, lives
        )
        flow[entries], alive[entries] = flows, lives


def joined(some: Iterator[Found]) -> Iterator[Found]:
    """Join what is found in small pieces, so that the case without the request is asked about it seldom."""
    held, count = list[Found](), 0
    for found in some:
        held.append(found)
        count += len(found.flow)
        if count >= ENOUGH:
            yield _one(held)
            held, count = [], 0
    if held:
        yield _one(held)


def _one(held: list[Found]) -> Found:
    return Found(*(np.concatenate(columns) for columns in zip(*held, strict=True)))


def pick_up_angles(case: Case, shape: Shape) -> FloatArray:
    """Give angles by position of 1 MW spread by a shape's weights in each hour; zero where it has none."""
    total = case.weights.total(shape)
    spread = case.weights.by_bus(shape, case.network)
    spread = np.divide(spread, total, out=np.zeros_like(spread), where=total > NEAR_ZERO_MW)
    return case.factor.solve(spread)


def middle(case: Case, up: FloatArray) -> FloatArray:
    """Give the reference among the angles of all hours' pick-up: their mean where anybody picks up."""
    has = case.weights.total(Shape.UP) > NEAR_ZERO_MW
    middle: FloatArray = up[:, has].mean(axis=1) if has.any() else np.zeros(len(up))
    return middle


def watchable(case: Case) -> IntArray:
    """Give the rows of monitored live branches with a limit after contingencies."""
    lines = case.network.branches
    return np.flatnonzero(lines.monitored & case.factor.live & np.isfinite(lines.rate_b_mw))


def watched(case: Case, rows: IntArray, picked: PickUps) -> WatchArrays:
    """Give ends, flows and the pick-up's effect of branches of one case."""
    factor, lines = case.factor, case.network.branches
    up, down, reference = picked
    f, t = factor.from_position[rows], factor.to_position[rows]
    b = factor.b_mw[rows]
    mean = b * (reference[f] - reference[t])
    ups, downs = factor.moved_at(up, rows, less=mean), factor.moved_at(down, rows, less=mean)
    ups[:, case.weights.total(Shape.UP) <= NEAR_ZERO_MW] = 0.0
    downs[:, case.weights.total(Shape.DOWN) <= NEAR_ZERO_MW] = 0.0
    spread = np.maximum(np.abs(ups).max(axis=1, initial=0.0), np.abs(downs).max(axis=1, initial=0.0))
    return WatchArrays(
        row=rows,
        from_position=f,
        to_position=t,
        from_enter=case.tree.enter[lines.from_bus[rows]],
        to_enter=case.tree.enter[lines.to_bus[rows]],
        b_mw=b,
        reference=mean,
        spread=spread,
        base=factor.flows_at(case.theta, rows),
        up=ups,
        down=downs,
    )


def _columns(case: Case, sorted_: Plan) -> ColumnArrays:
    s = sorted_.singles
    return ColumnArrays(
        branch=s.branch,
        is_removal=s.is_removal,
        stays=_stays(case, sorted_),
        source=s.source,
        sink=s.sink,
        alpha=s.alpha,
        largest=np.abs(s.alpha).max(axis=1, initial=0.0),
        injection=s.injection,
        gamma_up=s.gamma_up,
        gamma_down=s.gamma_down,
        picked=(np.abs(s.gamma_up) + np.abs(s.gamma_down)).max(axis=1, initial=0.0),
        part_from=s.part_from,
        part_to=s.part_to,
        part_is_rest=s.part_is_rest,
    )


def _stays(case: Case, sorted_: Plan) -> FloatArray:
    """Give what multiplies each transfer's effect, (c,): 1 / (1 - y_kk) for a removal, 0 where that is singular."""
    s = sorted_.singles
    stays = np.ones(len(s.source))
    some = np.flatnonzero(s.is_removal)
    y = case.factor.b_mw[s.branch[some]] * angles_across(case.factor, s.source[some], s.sink[some])
    left = 1.0 - y
    stays[some] = np.divide(1.0, left, out=np.zeros_like(left), where=np.abs(left) >= SINGULAR)
    return stays
