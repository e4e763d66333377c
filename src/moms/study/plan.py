"""How each contingency is computed in one case: sorted into the few kinds that the screen knows.

A loss changes flows by removing branches that leave the island whole, and by MW that appear or
vanish at buses (a unit trips; a part is cut off, which its last branch then no longer feeds). With
y_lj the flow on l per MW of column j (a transfer along a removed branch, or an injection at a bus):

    branch      df = y_lk / (1 - y_kk) f_k                               (line outage distribution factor)
    injection   df = (y_la - psi_l) alpha + gamma_up (psi_up - psi) + gamma_down (psi_down - psi)

psi_up and psi_down are the flows per MW spread over the units that pick up, by headroom or output;
psi a fixed reference among them, which keeps bounds over many hours tight. Unit trips and bridges
are injections of one column; whatever is more than that is a `Compound` (compound.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow.islands import least_below, sums_below
from moms.study.listed import listed
from moms.study.pickup import NEAR_ZERO_MW, Shape, at_buses, share_out
from moms.study.series import GENERAL, HANGING, sort_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.grid import BoolArray, Contingency, FloatArray, IntArray
    from moms.study.slices import Out
    from moms.study.state import Case


class Skipped(StrEnum):
    """Why a contingency was not studied."""

    OWN = "own"
    """All of it is out by the request itself."""
    ALREADY_OUT = "already out"
    """All of it is out of service, out by the book, or on a part that is cut off."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Singles:
    """Contingencies of one column each, (c,)."""

    contingency: IntArray
    """Place in the study's list."""
    branch: IntArray
    """(c,) row of the branch lost, -1 for a unit."""
    is_removal: BoolArray
    """True: the branch leaves the island whole; False: an injection."""
    source: IntArray
    """Position of the column's source."""
    sink: IntArray
    """Position of its sink; the ground for an injection."""
    alpha: FloatArray
    """(c, H)"""
    injection: IntArray
    """(c,) row in gamma and part, -1 for removals."""
    gamma_up: FloatArray
    """(i, H)"""
    gamma_down: FloatArray
    part_from: IntArray
    """(i,) the part cut off: places `part_from` to `part_to` of the walk, or all others if `part_is_rest`."""
    part_to: IntArray
    part_is_rest: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutOff:
    """What the loss of one contingency cuts off, (H,) MW each."""

    size: int
    """How many buses."""
    load_mw: FloatArray
    generation_mw: FloatArray
    place: tuple[int, int, bool] | None
    """Where its buses are in the walk (as in `Singles`); None where `buses` says it."""
    buses: IntArray
    """Rows, empty where `place` says it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Islanding:
    """What contingencies cut off, by their place in the list; of single branches it is made when asked for."""

    bridges: IntArray
    """(k,) places of those that lose one branch, rising."""
    parts: _Parts
    others: dict[int, CutOff] = field(default_factory=dict)

    def sizes(self, count: int) -> IntArray:
        """Give how many buses each of so many contingencies cuts off, (count,), 0 where it is none."""
        found = np.zeros(count, np.int64)
        found[self.bridges] = self.parts.size
        for k, one in self.others.items():
            found[k] = one.size
        return found

    def of(self, k: int) -> CutOff | None:
        """Give what one cuts off, None where it is nothing."""
        if k in self.others:
            return self.others[k]
        row = int(np.searchsorted(self.bridges, k))
        return self.parts.cut_off(row) if row < len(self.bridges) and self.bridges[row] == k else None


@dataclass(slots=True, kw_only=True, eq=False)
class Plan:
    """All contingencies of a study, sorted, for one case."""

    singles: Singles
    compounds: list[tuple[int, IntArray, IntArray]]
    """(place in the list, live branch rows, live unit rows)."""
    islanding: Islanding
    shortfall: dict[int, FloatArray] = field(default_factory=dict)
    """(H,) MW that headroom cannot cover, only where some is: compounds all (compound.py)."""
    skipped: dict[int, Skipped] = field(default_factory=dict)


def plan(case: Case, contingencies: tuple[Contingency, ...], *, own: Out, only: BoolArray | None = None) -> Plan:
    """Sort contingencies by how they are computed in this case.

    `own` is what the request itself takes out; `only` (c,) the contingencies asked for, all where it is not given.
    """
    asked = _Asked.of(case, contingencies, only)
    lost, several, hanging = _as_one(case, asked)
    result = _sorted(case, lost, asked.single_units())
    result.compounds.extend(several)
    result.compounds.sort(key=lambda item: item[0])
    result.islanding.others.update(hanging)
    own_rows = {(0, b) for b in own.branches.tolist()} | {(1, u) for u in own.units.tolist()}
    for k in np.flatnonzero(asked.nothing_left).tolist():
        rows = {(0, b) for b in contingencies[k].branches} | {(1, u) for u in contingencies[k].units}
        result.skipped[k] = Skipped.ALREADY_OUT if own_rows.isdisjoint(rows) else Skipped.OWN
    return result


def cut_off_by(
    case: Case, contingencies: tuple[Contingency, ...], only: BoolArray
) -> tuple[Islanding, list[tuple[int, IntArray, IntArray]]]:
    """Tell what some contingencies, `only` (c,), cut off, and nothing more of them.

    Gives also those of several columns, as in `Plan`, which `compound.cut_off_by` can tell of.
    """
    lost, several, hanging = _as_one(case, _Asked.of(case, contingencies, only))
    bridges = lost[case.tree.below[lost[:, 1]] >= 0]
    return Islanding(bridges=bridges[:, 0], parts=_Parts.of(case, bridges[:, 1]), others=hanging), several


def _as_one(case: Case, asked: _Asked) -> tuple[IntArray, list[tuple[int, IntArray, IntArray]], dict[int, CutOff]]:
    """Give what amounts to the loss of one branch, (place, row) by place, what does not, and the parts left hanging."""
    several = asked.several()
    plain = np.array([k for k, _, units in several if not len(units)], np.int64)
    series = sort_out(case, [branches for _, branches, units in several if not len(units)])
    as_one = series.kind != GENERAL
    lost = np.concatenate([asked.single_branches(), np.c_[plain[as_one], series.branch[as_one]]])
    taken = set(plain[as_one].tolist())
    none = np.zeros(case.theta.shape[1])
    hanging = {}
    for row in np.flatnonzero(series.kind == HANGING).tolist():
        buses = series.dead_of(row)
        hanging[int(plain[row])] = CutOff(size=len(buses), load_mw=none, generation_mw=none, place=None, buses=buses)
    return lost[np.argsort(lost[:, 0], kind="stable")], [one for one in several if one[0] not in taken], hanging


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """What contingencies lose that is there to lose: (place in the list, row), flat as in `Listed`."""

    branch: IntArray
    branch_at: IntArray
    unit: IntArray
    unit_at: IntArray
    branches: IntArray
    """(c,) how many branches each loses."""
    units: IntArray
    only: BoolArray
    """(c,) which are asked for."""

    @classmethod
    def of(cls, case: Case, contingencies: tuple[Contingency, ...], only: BoolArray | None) -> _Asked:
        count, every = len(contingencies), listed(contingencies)
        some = np.ones(count, np.bool_) if only is None else only
        branch = case.factor.live[every.branch] & some[every.branch_at]
        unit = case.units_on[every.unit] & some[every.unit_at]
        return cls(
            branch=every.branch[branch],
            branch_at=every.branch_at[branch],
            unit=every.unit[unit],
            unit_at=every.unit_at[unit],
            branches=np.bincount(every.branch_at[branch], minlength=count),
            units=np.bincount(every.unit_at[unit], minlength=count),
            only=some,
        )

    @property
    def nothing_left(self) -> BoolArray:
        nothing: BoolArray = self.only & (self.branches == 0) & (self.units == 0)
        return nothing

    def single_branches(self) -> IntArray:
        """Give (place, row) of those that lose one branch only."""
        some = (self.branches == 1)[self.branch_at] & (self.units == 0)[self.branch_at]
        found: IntArray = np.c_[self.branch_at[some], self.branch[some]]
        return found

    def single_units(self) -> IntArray:
        """Give (place, row) of those that lose one unit only."""
        some = (self.units == 1)[self.unit_at] & (self.branches == 0)[self.unit_at]
        found: IntArray = np.c_[self.unit_at[some], self.unit[some]]
        return found

    def several(self) -> list[tuple[int, IntArray, IntArray]]:
        """Give (place, branch rows, unit rows) of all others."""
        first_b, first_u = np.cumsum(self.branches) - self.branches, np.cumsum(self.units) - self.units
        found = []
        for k in np.flatnonzero(self.branches + self.units > 1).tolist():
            b, u = int(first_b[k]), int(first_u[k])
            found.append((k, self.branch[b : b + self.branches[k]], self.unit[u : u + self.units[k]]))
        return found


def _sorted(case: Case, lost: IntArray, tripped: IntArray) -> Plan:
    bridge = case.tree.below[lost[:, 1]] >= 0
    removal, cutting = lost[~bridge], lost[bridge]
    parts = _Parts.of(case, cutting[:, 1])
    injected = _Injections.of_bridges(case, cutting, parts).plus(_Injections.of_units(case, tripped))
    factors, _ = share_out(
        injected.appears,
        {Shape.UP: injected.room_up, Shape.DOWN: injected.room_down} | _no_more(injected.appears.shape),
    )
    covered = injected.appears + factors[Shape.UP] * injected.room_up + factors[Shape.DOWN] * injected.room_down
    simple = np.all(np.abs(covered) <= NEAR_ZERO_MW, axis=1) & ~injected.stops_dcline
    cut_off = Islanding(bridges=cutting[:, 0], parts=parts)
    result = Plan(singles=_singles(case, removal, injected, factors, simple), compounds=[], islanding=cut_off)
    nothing = np.empty(0, np.int64)
    for row in np.flatnonzero(~simple).tolist():
        k, branch, unit = int(injected.contingency[row]), injected.branch[row], injected.unit[row]
        result.compounds.append(
            (k, nothing if branch < 0 else np.array([branch]), nothing if unit < 0 else np.array([unit]))
        )
    return result


def _no_more(shape: tuple[int, ...]) -> dict[Shape, FloatArray]:
    return {s: np.zeros(shape) for s in (Shape.SHED, Shape.CURTAIL, Shape.EVEN)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parts:
    """The part each bridge cuts off, (k,); MW of it, (k, H), are summed when they are asked for."""

    case: Case
    child: IntArray
    """Bus below each bridge."""
    start: IntArray
    stop: IntArray
    is_rest: BoolArray
    """The part is all but the buses below: the main one lies below."""
    sums: dict[str, FloatArray] = field(default_factory=dict)

    @classmethod
    def of(cls, case: Case, bridges: IntArray) -> _Parts:
        tree = case.tree
        child = tree.below[bridges]
        start, stop = tree.enter[child], tree.leave[child]
        whole = len(tree.walk)
        ranked = case.bus_load_mw * case.island
        load_below = _below(case, ranked[:, None], child)[:, 0]
        least_below = _least_below(case)[child]
        first = int(tree.walk.min())
        part = (np.round(load_below, 6), stop - start, -least_below)
        other_load = np.round(float(ranked.sum()) - load_below, 6)
        rest = (other_load, whole - (stop - start), -np.where(least_below != first, first, first + 1))
        is_rest = _before(rest, part)  # as `main_part`: the main one lies below
        return cls(case=case, child=child, start=start, stop=stop, is_rest=is_rest)

    @property
    def size(self) -> IntArray:
        """Buses of each."""
        inside = self.stop - self.start
        found: IntArray = np.where(self.is_rest, len(self.case.tree.walk) - inside, inside)
        return found

    @property
    def load(self) -> FloatArray:
        """Load of each."""
        return self._sum("load", lambda: self._in_part(self.case.load_mw))

    @property
    def generation(self) -> FloatArray:
        """Output of each."""
        return self._sum("generation", lambda: self._in_part(at_buses(self.case.network, self.case.unit_mw)))

    def room(self, shape: Shape) -> FloatArray:
        """Give the headroom left in the main part."""
        return self._in_main(self.case.weights.by_bus(shape, self.case.network))

    def cut_off(self, row: int) -> CutOff:
        """Give what one bridge cuts off."""
        return CutOff(
            size=int(self.size[row]),
            load_mw=self.load[row],
            generation_mw=self.generation[row],
            place=(int(self.start[row]), int(self.stop[row]), bool(self.is_rest[row])),
            buses=np.empty(0, np.int64),
        )

    def _sum(self, name: str, make: Callable[[], FloatArray]) -> FloatArray:
        if name not in self.sums:
            self.sums[name] = make()
        return self.sums[name]

    def _in_part(self, amount: FloatArray) -> FloatArray:
        inside = _below(self.case, amount, self.child)
        rest: FloatArray = np.where(self.is_rest[:, None], amount.sum(axis=0)[None, :] - inside, inside)
        return rest

    def _in_main(self, amount: FloatArray) -> FloatArray:
        inside = _below(self.case, amount, self.child)
        rest: FloatArray = np.where(self.is_rest[:, None], inside, amount.sum(axis=0)[None, :] - inside)
        return rest


def _below(case: Case, amount: FloatArray, child: IntArray) -> FloatArray:
    """Sum amounts by bus, (n, H), at and below some buses of the tree."""
    sums: FloatArray = sums_below(case.tree.walk, case.tree.parent, np.ascontiguousarray(amount))[child]
    return sums


def _least_below(case: Case) -> IntArray:
    """Give the least bus row at or below each bus of the tree, (n,)."""
    return least_below(case.tree.walk, case.tree.parent)


def _before(first: tuple[FloatArray | IntArray, ...], then: tuple[FloatArray | IntArray, ...]) -> BoolArray:
    """Tell where tuples of columns come before others."""
    before, equal = np.zeros(len(first[0]), np.bool_), np.ones(len(first[0]), np.bool_)
    for a, b in zip(first, then, strict=True):
        before |= equal & (a < b)
        equal &= a == b
    return before


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Injections:
    """Losses that only move MW at one bus, (i,) and (i, H)."""

    contingency: IntArray
    branch: IntArray
    unit: IntArray
    bus: IntArray
    appears: FloatArray
    """MW that appear at the bus (+) or vanish (-) before anybody picks up."""
    room_up: FloatArray
    room_down: FloatArray
    start: IntArray
    stop: IntArray
    is_rest: BoolArray
    stops_dcline: BoolArray

    @classmethod
    def of_bridges(cls, case: Case, cutting: IntArray, parts: _Parts) -> _Injections:
        lines, tree = case.network.branches, case.tree
        rows = cutting[:, 1]
        child = tree.below[rows]
        main_end = np.where(parts.is_rest, child, tree.parent[child])
        flow = case.factor.flows_at(case.theta, rows)
        return cls(
            contingency=cutting[:, 0],
            branch=rows,
            unit=np.full(len(rows), -1),
            bus=main_end,
            appears=np.where((lines.from_bus[rows] == main_end)[:, None], flow, -flow),
            room_up=parts.room(Shape.UP),
            room_down=parts.room(Shape.DOWN),
            start=parts.start,
            stop=parts.stop,
            is_rest=parts.is_rest,
            stops_dcline=_cuts_dcline(case, parts),
        )

    @classmethod
    def of_units(cls, case: Case, tripped: IntArray) -> _Injections:
        rows, weights = tripped[:, 1], case.weights
        none = np.zeros(len(rows), np.int64)
        return cls(
            contingency=tripped[:, 0],
            branch=np.full(len(rows), -1),
            unit=rows,
            bus=case.network.units.bus[rows],
            appears=-case.unit_mw[rows],
            room_up=weights.total(Shape.UP)[None, :] - weights.up[rows],
            room_down=weights.total(Shape.DOWN)[None, :] - weights.down[rows],
            start=none,
            stop=none,
            is_rest=none.astype(np.bool_),
            stops_dcline=none.astype(np.bool_),
        )

    def plus(self, other: _Injections) -> _Injections:
        return _Injections(
            **{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__slots__}
        )


def _cuts_dcline(case: Case, parts: _Parts) -> BoolArray:
    """Tell which bridges leave a running DC line with one end on each side."""
    dc, enter = case.network.dclines, case.tree.enter
    cut = np.zeros(len(parts.start), np.bool_)
    for d in np.flatnonzero(case.dcline_on).tolist():
        a, b = enter[dc.from_bus[d]], enter[dc.to_bus[d]]
        cut |= ((a >= parts.start) & (a < parts.stop)) != ((b >= parts.start) & (b < parts.stop))
    return cut


def _singles(
    case: Case, removal: IntArray, injected: _Injections, factors: dict[Shape, FloatArray], simple: BoolArray
) -> Singles:
    factor, weights = case.factor, case.weights
    ground = len(factor.pivot)
    up, down = factors[Shape.UP][simple], factors[Shape.DOWN][simple]
    cut_up = weights.total(Shape.UP) - injected.room_up[simple]
    cut_down = weights.total(Shape.DOWN) - injected.room_down[simple]
    alpha = injected.appears[simple] - up * cut_up - down * cut_down
    source = np.r_[factor.from_position[removal[:, 1]], factor.position[injected.bus[simple]]]
    sink = np.r_[factor.to_position[removal[:, 1]], np.full(len(alpha), ground)]
    is_removal = np.r_[np.ones(len(removal), np.bool_), np.zeros(len(alpha), np.bool_)]
    flows = factor.flows_at(case.theta, removal[:, 1])
    contingency = np.r_[removal[:, 0], injected.contingency[simple]]
    return Singles(
        contingency=contingency,
        branch=np.r_[removal[:, 1], injected.branch[simple]],
        is_removal=is_removal,
        source=source,
        sink=sink,
        alpha=np.concatenate([flows, alpha]),
        injection=np.r_[np.full(len(removal), -1), np.arange(len(alpha))],
        gamma_up=up * weights.total(Shape.UP),
        gamma_down=down * weights.total(Shape.DOWN),
        part_from=injected.start[simple],
        part_to=injected.stop[simple],
        part_is_rest=injected.is_rest[simple],
    )
