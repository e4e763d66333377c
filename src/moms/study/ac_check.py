"""AC verification of a study: the contingencies that matter, solved with and without the request.

Every contingency is first solved near the base state (`powerflow.ac_near`). What settles there with no
limit near is screened out; the rest is solved in full. Nothing is left out by a guess: what did not
settle, cuts off a part, or comes near a limit is always solved in full.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow import DcFactor, elimination_order, label
from moms.powerflow.ac import AcRules, solve_ac
from moms.powerflow.ac_near import Loss, NearSolver
from moms.powerflow.ac_point import ac_point, no_ac
from moms.powerflow.admittance import Admittance
from moms.study.ac_rows import (
    UNLIMITED,
    AcCounts,
    AcFailure,
    AcLimits,
    AcResult,
    AcRow,
    AcStatus,
    Values,
    beyond,
    limits_of,
    named,
)
from moms.study.pickup import Shape, share_out, weigh
from moms.study.result import Caused
from moms.study.state import injections, main_part, stand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import BoolArray, Contingency, FloatArray, IntArray, Network
    from moms.powerflow.ac import AcPoint, AcState
    from moms.powerflow.admittance import ComplexArray
    from moms.study.slices import Out, Slice
    from moms.study.state import Case

BASE = AcRules(slack_mw=0.1)
AFTER = AcRules(slack_mw=1.0)
"""The change of losses by a contingency is small: up to a MW of it may stay at the reference."""
EDGE = 1e-6
"""A value this close to its limit is at it."""
MATTERS = ("near_limit", "not_settled", "islanding")


@dataclass(slots=True, kw_only=True, eq=False)
class SolvedHour:
    """One hour with the request, or without it: its network, dispatch and base state."""

    case: Case
    hour: int
    out: Out
    net: Admittance
    point: AcPoint
    base: AcState
    limit: FloatArray
    before: Values
    bridges: BoolArray

    @classmethod
    def of(cls, one: Slice, case: Case, hour: int, out: Out, limits: AcLimits) -> SolvedHour | str:
        """Solve one hour before any contingency, or say why it has no solution."""
        network = case.network
        point = ac_point(network, island=case.island, load_mw=case.load_mw[:, hour], unit_mw=case.unit_mw[:, hour],
                         units_on=case.units_on)  # fmt: skip
        if point is None:
            return "no bus of the main island holds its voltage"
        net = Admittance.of(network, island=case.island, out=out.branches)
        base = _solved(net, point, None, None)
        if not base.converged:
            return base.why
        before = _values(net, base.v, base.v, one.network, None)
        limit = limits_of(network, one.network.branches.rate_b_mw, limits)
        bridges = case.tree.below >= 0
        return cls(case=case, hour=hour, out=out, net=net, point=point, base=base, limit=limit, before=before,
                   bridges=bridges)  # fmt: skip


def check_ac(*, slices: Sequence[Slice], limits: AcLimits | None = None, screen: bool = True) -> AcResult:
    """Verify a request by AC in all hours of its slices; `screen` False solves every contingency in full.

    Raises:
        Unbalanced, NoReactance: as `study`.
    """
    limits = limits or AcLimits()
    for one in slices:
        why = no_ac(one.network)
        if why is not None:
            return AcResult(status=AcStatus.NOT_AVAILABLE, why=f"AC not available: {why}")
    check = _Check(limits=limits, screen=screen)
    for one in slices:
        check.slice(one)
    return check.result()


class _Check:
    """Findings on their way."""

    def __init__(self, *, limits: AcLimits, screen: bool) -> None:
        self.limits, self.screen = limits, screen
        self.rows: list[AcRow] = []
        self.failures: list[AcFailure] = []
        self.counts = AcCounts()

    def slice(self, one: Slice) -> None:
        order = elimination_order(one.network)
        without = stand(one.network, hours=one.hours_without, out=one.out, order=order)
        out = one.out.plus(one.request)
        same = not len(one.request) and one.hours is one.hours_without
        case = without if same else stand(one.network, hours=one.hours, out=out, order=order, inside=without.island)
        buses = one.network.buses
        banded = (buses.vmax > buses.vmin) & (buses.vmin > 0.0)
        rated = np.isfinite(one.network.branches.rate_b_mw) | ~one.network.branches.monitored
        self.counts = self.counts.plus(unbanded=int(np.sum(~banded)), unrated=int(np.sum(~rated)))
        for hour in range(len(one.hours)):
            self.hour(one, case, without, hour, out)

    def hour(self, one: Slice, case: Case, without: Case, hour: int, out: Out) -> None:
        label_ = one.hours.label[hour]
        self.counts = self.counts.plus(hours=1)
        world = SolvedHour.of(one, case, hour, out, self.limits)
        other = world if case is without else SolvedHour.of(one, without, hour, one.out, self.limits)
        if isinstance(world, str):
            stands = other if isinstance(other, str) else None
            self.fail(None, label_, world, stands, _case_of(case, hour, out))
            return
        self.base_rows(world, other, label_)
        chosen = _chosen(world, one.contingencies, limits=self.limits, screen=self.screen)
        self.counts = self.counts.plus(**chosen.counts)
        for contingency in chosen.full:
            self.after(world, other, contingency, label_)

    def base_rows(self, world: SolvedHour, other: SolvedHour | str, hour: str) -> None:
        limit = limits_of(world.case.network, world.case.network.branches.rate_a_mw, self.limits)
        values = None if isinstance(other, str) else other.before
        self.keep(world, world.before, values, contingency=None, hour=hour, limit=limit, standing=None)

    def after(self, world: SolvedHour, other: SolvedHour | str, contingency: Contingency, hour: str) -> None:
        values = _after(world, contingency)
        if values is None:
            return
        found = _beyond_after(world, values, self.limits.worsened_share) if isinstance(values, Values) else None
        if found is not None and not found.any():
            return
        normal = other if isinstance(other, str) else (values if other is world else _after(other, contingency))
        if isinstance(values, str):
            case = _case_of(world.case, world.hour, world.out, contingency)
            self.fail(contingency.id, hour, values, normal if isinstance(normal, str) else None, case)
            return
        compared = normal if isinstance(normal, Values) else None
        limit, before = world.limit, world.before
        self.keep(world, values, compared, contingency=contingency.id, hour=hour, limit=limit, standing=before)

    def keep(
        self,
        world: SolvedHour,
        values: Values,
        without: Values | None,
        *,
        contingency: str | None,
        hour: str,
        limit: FloatArray,
        standing: Values | None,
    ) -> None:
        n = len(world.case.network.buses)
        over = beyond(values, limit, buses=n)
        was = np.full(len(limit), -UNLIMITED) if without is None else beyond(without, limit, buses=n)
        found = over > EDGE if standing is None else _not_standing(world, over, limit, self.limits.worsened_share)
        grown = over - was >= self.limits.worsened_share * limit - EDGE
        for e in np.flatnonzero(found).tolist():
            element, quantity = named(world.case.network, e)
            caused = Caused.NEW if was[e] <= EDGE else Caused.WORSE if grown[e] else Caused.OLD
            self.rows.append(
                AcRow(
                    contingency=contingency,
                    element=element,
                    hour=hour,
                    quantity=quantity,
                    value=round(float(values.value[e]), 5),
                    limit=round(float(limit[e]), 5),
                    without=None if without is None or not without.on[e] else round(float(without.value[e]), 5),
                    caused=caused,
                )
            )

    def fail(self, contingency: str | None, hour: str, why: str, without: str | None, case: Network) -> None:
        caused = Caused.NEW if without is None else Caused.OLD
        self.failures.append(
            AcFailure(contingency=contingency, hour=hour, why=why, without_why=without, caused=caused, case=case)
        )

    def result(self) -> AcResult:
        caused = [row for row in self.rows if row.caused is not Caused.OLD]
        fresh = [one for one in self.failures if one.caused is Caused.NEW or one.contingency is None]
        status, why = AcStatus.CLEAN, ""
        if fresh:
            status, why = AcStatus.NOT_CONVERGED, f"{fresh[0].contingency or 'before any contingency'}: {fresh[0].why}"
        elif caused:
            status, why = AcStatus.VIOLATIONS, f"{len(caused)} values beyond their limits that the request causes"
        return AcResult(
            status=status, why=why, rows=tuple(self.rows), failures=tuple(self.failures), counts=self.counts
        )


# -- which contingencies matter -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    full: list[Contingency]
    counts: dict[str, int]


def _chosen(world: SolvedHour, contingencies: Sequence[Contingency], *, limits: AcLimits, screen: bool) -> _Chosen:
    """Sort out what has to be solved in full, and count why."""
    counts = dict.fromkeys(("contingencies", "skipped", "screened_out", *MATTERS), 0)
    full: list[Contingency] = []
    near: list[tuple[Contingency, Loss]] = []
    for contingency in contingencies:
        rows = tuple(k for k in contingency.branches if world.net.live[k])
        units = [g for g in contingency.units if world.case.units_on[g]]
        counts["contingencies"] += 1
        if not rows and not units:
            counts["skipped"] += 1
        elif _splits(world, rows):
            counts["islanding"] += 1
            full.append(contingency)
        else:
            near.append((contingency, Loss(branches=rows, point=_lost_units(world, units) if units else None)))
    reasons = _screened(world, [loss for _, loss in near], limits) if screen else ["near_limit"] * len(near)
    for (contingency, _), reason in zip(near, reasons, strict=True):
        counts[reason] += 1
        if reason != "screened_out":
            full.append(contingency)
    return _Chosen(full=full, counts=counts)


def _screened(world: SolvedHour, losses: list[Loss], limits: AcLimits) -> list[str]:
    """Say of each loss why it has to be solved in full, or that it is screened out."""
    if not losses:
        return []
    network = world.case.network
    margin = _margins(network, world.limit, limits)
    reasons: list[str] = []
    solver = NearSolver.of(world.net, world.point, world.base)
    for loss, near in zip(losses, solver.solve(losses), strict=True):
        if not near.settled:
            reasons.append("not_settled")
            continue
        v = np.zeros(len(network.buses), np.complex128)
        v[world.net.rows] = near.v
        values = _values(world.net, v, world.base.v, network, np.array(loss.branches, np.int64))
        over = beyond(values, world.limit, buses=len(network.buses)) + margin
        matters = _not_standing(world, over, world.limit, limits.worsened_share, spare=margin).any()
        reasons.append("near_limit" if matters else "screened_out")
    return reasons


def _margins(network: Network, limit: FloatArray, limits: AcLimits) -> FloatArray:
    """Give how near is near, in the order of `Values`."""
    m = len(network.branches)
    loading = np.where(limit[:m] < UNLIMITED, limits.near_loading * limit[:m], 0.0)
    result: FloatArray = np.r_[loading, np.full(len(limit) - m, limits.near_pu)]
    return result


def _not_standing(
    world: SolvedHour, over: FloatArray, limit: FloatArray, share: float, *, spare: FloatArray | float = 0.0
) -> BoolArray:
    """Tell what is beyond its limit after a contingency and did not stand there, nearly as far, before it."""
    was = beyond(world.before, limit, buses=len(world.case.network.buses))
    stood = (was > EDGE) & (over - was < share * limit - spare)
    result: BoolArray = (over > EDGE) & ~stood
    return result


def _beyond_after(world: SolvedHour, values: Values, share: float) -> BoolArray:
    over = beyond(values, world.limit, buses=len(world.case.network.buses))
    return _not_standing(world, over, world.limit, share)


def _splits(world: SolvedHour, rows: tuple[int, ...]) -> bool:
    if len(rows) == 1:
        return bool(world.bridges[rows[0]])
    if not rows:
        return False
    parts = label(world.case.graph, world.case.island, np.array(rows, np.int64))
    return int(parts.max()) > 0


# -- one state ------------------------------------------------------------------------------------


def _values(net: Admittance, v: ComplexArray, before: ComplexArray, network: Network, lost: IntArray | None) -> Values:
    """Hold a solved state against nothing yet: its values in the order of `Values`."""
    at_from, at_to = net.flows_mva(v, lost=lost)
    vm = np.abs(v)
    on = vm > 0.0
    live = net.live & network.branches.monitored
    moved = np.where(on, np.abs(vm - np.abs(before)), 0.0)
    return Values(value=np.r_[np.maximum(np.abs(at_from), np.abs(at_to)), vm, vm, moved], on=np.r_[live, on, on, on])


def _flat(net: Admittance, point: AcPoint) -> ComplexArray:
    network = net.network
    balanced = np.where(net.place >= 0, point.p_mw, 0.0)
    balanced = balanced - point.share * balanced.sum()
    factor = DcFactor.on_island(network, live=net.live, island=net.place >= 0)
    angle = factor.angles(balanced[:, None])[:, 0]
    return np.asarray(np.where(point.holds, point.v_set, 1.0) * np.exp(1j * angle), np.complex128)


def _solved(net: Admittance, point: AcPoint, lost: IntArray | None, start: AcState | None) -> AcState:
    """Solve from the state near by, then from the file's voltages, then from DC angles."""
    buses = net.network.buses
    rules = BASE if start is None else AFTER
    if start is not None:
        state = solve_ac(net, point, start=start, lost=lost, rules=rules)
        if state.converged:
            return state
        state = solve_ac(net, point, start=start.v, lost=lost, rules=rules)
    elif np.all(buses.vm[net.rows] > 0.0):
        start_v = np.asarray(buses.vm * np.exp(1j * np.deg2rad(buses.va_deg)), np.complex128)
        state = solve_ac(net, point, start=start_v, lost=lost, rules=rules)
    else:
        state = solve_ac(net, point, start=_flat(net, point), lost=lost, rules=rules)
    return state if state.converged else solve_ac(net, point, start=_flat(net, point), lost=lost, rules=rules)


def _lost_units(world: SolvedHour, units: list[int], island: BoolArray | None = None) -> AcPoint | None:
    """Give the point when units are lost, or all that is off an island: others make up for it (semantics 1.2)."""
    case, h, network = world.case, world.hour, world.case.network
    island = case.island if island is None else island
    on = case.units_on & island[network.units.bus]
    on[units] = False
    load = np.where(island, case.load_mw[:, h], 0.0)[:, None]
    unit = np.where(on, case.unit_mw[:, h], 0.0)[:, None]
    none, stopped = case.dcline_mw[:, [h]], np.zeros(len(network.dclines), np.bool_)
    off = injections(network, load=load, unit=unit, dcline=none, island=island, dcline_on=stopped).sum(axis=0)
    weights = weigh(network, load_mw=load, unit_mw=unit, units_on=on, island=island)
    factors, _ = share_out(off, {shape: weights.total(shape) for shape in Shape})
    unit = unit + sum(factors[s] * weights.of(s)[0] for s in (Shape.UP, Shape.DOWN, Shape.CURTAIL))
    load = load - sum(factors[s] * weights.of(s)[0] for s in (Shape.SHED, Shape.EVEN))
    return ac_point(network, island=island, load_mw=load[:, 0], unit_mw=unit[:, 0], units_on=on)


def _after(world: SolvedHour, contingency: Contingency) -> Values | str | None:
    """Solve one contingency in full: its values, why it has none, or None where nothing of it is in use."""
    rows = np.array([k for k in contingency.branches if world.net.live[k]], np.int64)
    units = [g for g in contingency.units if world.case.units_on[g]]
    if not len(rows) and not units:
        return None
    network = world.case.network
    if not _splits(world, tuple(rows.tolist())):
        point = _lost_units(world, units) if units else world.point
        if point is None:
            return "no bus of the main island holds its voltage"
        state = _solved(world.net, point, rows, world.base)
        return _values(world.net, state.v, world.base.v, network, rows) if state.converged else state.why
    island = _main(world, rows)
    point = _lost_units(world, units, island)
    if point is None:
        return "no bus of the main island holds its voltage"
    net = Admittance.of(network, island=island, out=np.r_[world.out.branches, rows])
    state = _solved(net, point, None, world.base)
    return _values(net, state.v, world.base.v, network, None) if state.converged else state.why


def _main(world: SolvedHour, rows: IntArray) -> BoolArray:
    """Give the part that goes on when the loss of some branches cuts the island: as in the DC study."""
    case = world.case
    parts = label(case.graph, case.island, rows)
    load = np.bincount(parts[case.island], weights=case.bus_load_mw[case.island])
    size = np.bincount(parts[case.island])
    least = [int(np.flatnonzero(parts == k)[0]) for k in range(len(size))]
    chosen: BoolArray = parts == main_part([(float(load[k]), int(size[k]), least[k]) for k in range(len(size))])
    return chosen


def _case_of(case: Case, hour: int, out: Out, contingency: Contingency | None = None) -> Network:
    """Give the network as it stands in one hour, with what is out and lost out of service."""
    network = case.network
    branches = network.branches.in_service.copy()
    branches[np.r_[out.branches, np.array(contingency.branches if contingency else (), np.int64)]] = False
    units = case.units_on.copy()
    units[list(contingency.units if contingency else ())] = False
    load = case.load_mw[:, hour]
    scale = np.divide(load, network.buses.load_mw, out=np.ones(len(load)), where=network.buses.load_mw != 0.0)
    return replace(
        network,
        buses=replace(network.buses, load_mw=load, load_mvar=network.buses.load_mvar * scale),
        branches=replace(network.branches, in_service=branches),
        units=replace(network.units, in_service=units, p_mw=case.unit_mw[:, hour]),
    )
