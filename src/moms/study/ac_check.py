"""AC verification of a study: the contingencies that matter, solved with and without the request.

Every contingency is first solved near the base state (`powerflow.ac_near`). What settles there with no
limit near is screened out; the rest is solved in full. Nothing is left out by a guess: what did not
settle, cuts off a part, or comes near a limit is always solved in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow import elimination_order
from moms.powerflow.ac_near import Loss, NearSolver
from moms.powerflow.ac_point import no_ac
from moms.study.ac_rows import (
    UNLIMITED,
    AcCounts,
    AcFailure,
    AcLimits,
    AcResult,
    AcRow,
    AcShed,
    AcStatus,
    Limited,
    Values,
    beyond,
    limits_of,
    named,
)
from moms.study.ac_state import After, SolvedHour, after, case_of, limited, made_up, shed_mw, values_of
from moms.study.result import Caused
from moms.study.state import stand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import BoolArray, Contingency, FloatArray, Network
    from moms.study.slices import Out, Slice
    from moms.study.state import Case

EDGE = 1e-6
"""A value this close to its limit is at it."""
MATTERS = ("near_limit", "not_settled", "islanding")


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
        self.limited: list[Limited] = []
        self.sheds: list[AcShed] = []
        self.hours: list[str] = []
        self.answered: set[str] = set()
        self.counts = AcCounts()

    def slice(self, one: Slice) -> None:
        order = elimination_order(one.network)
        lossy = one.ac is not None
        without = stand(one.network, hours=one.hours_without, out=one.out, order=order, lossy=lossy)
        out = one.out.plus(one.request)
        same = not len(one.request) and one.hours is one.hours_without
        case = without
        if not same:
            case = stand(one.network, hours=one.hours, out=out, order=order, inside=without.island, lossy=lossy)
        buses = one.network.buses
        banded = ~without.island | ((buses.vmax > buses.vmin) & (buses.vmin > 0.0))
        rated = np.isfinite(one.network.branches.rate_b_mw) | ~one.network.branches.monitored
        self.counts = self.counts.plus(unbanded=int(np.sum(~banded)), unrated=int(np.sum(~rated)))
        for hour in range(len(one.hours)):
            self.hour(one, case, without, hour, out)

    def hour(self, one: Slice, case: Case, without: Case, hour: int, out: Out) -> None:
        label = one.hours.label[hour]
        self.counts = self.counts.plus(hours=1)
        self.hours.append(label)
        world = SolvedHour.of(one, case, hour, out, self.limits)
        other = world if case is without else SolvedHour.of(one, without, hour, one.out, self.limits)
        if isinstance(world, str):
            stands = other if isinstance(other, str) else None
            self.fail(None, label, world, stands, case_of(case, hour, out))
            return
        self.base_rows(world, other, label)
        chosen = _chosen(world, one.contingencies, limits=self.limits, screen=self.screen)
        self.counts = self.counts.plus(**chosen.counts)
        self.answered |= chosen.ids
        listed = {c.id: c for c in one.contingencies_without or ()}
        for contingency in chosen.full:
            self.after(world, other, contingency, listed.get(contingency.id, contingency), label)
        for contingency, mw in chosen.sheds:
            self.shed(other, contingency.id, listed.get(contingency.id, contingency), label, mw)

    def base_rows(self, world: SolvedHour, other: SolvedHour | str, hour: str) -> None:
        limit = limits_of(world.case.network, world.case.network.branches.rate_a_mw, self.limits)
        values = None if isinstance(other, str) else other.before
        self.keep(world, world.before, values, contingency=None, hour=hour, limit=limit, standing=None)
        if isinstance(other, SolvedHour) and other is not world:
            self.limited += limited(world, other, hour, self.limits)
        before = world.case.shortfall_mw[world.hour]
        if before > 0.0:
            was = None if isinstance(other, str) else float(other.case.shortfall_mw[other.hour])
            self.sheds.append(_shed(None, hour, float(before), was))

    def after(
        self, world: SolvedHour, other: SolvedHour | str, contingency: Contingency, listed: Contingency, hour: str
    ) -> None:
        """Solve one contingency in full and keep what it brings; `listed` is what its id takes without the request."""
        found = after(world, contingency)
        if found is None:
            return
        if found.values is not None and not _beyond_after(world, found.values, self.limits.worsened_share).any():
            return
        same = other is world and listed is contingency
        normal = None if isinstance(other, str) else found if same else after(other, listed)
        if found.values is None:
            without = other if isinstance(other, str) else _why(normal)
            case = case_of(world.case, world.hour, world.out, contingency)
            self.fail(contingency.id, hour, found.why, without, case)
            return
        compared = None if normal is None else normal.values
        limit, before = world.limit, world.before
        self.keep(world, found.values, compared, contingency=contingency.id, hour=hour, limit=limit, standing=before)

    def shed(self, other: SolvedHour | str, name: str, listed: Contingency, hour: str, mw: float) -> None:
        self.sheds.append(_shed(name, hour, mw, None if isinstance(other, str) else shed_mw(other, listed)))

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
            status=status, why=why, rows=tuple(self.rows), failures=tuple(self.failures), limited=tuple(self.limited),
            sheds=tuple(self.sheds), hours=tuple(self.hours), answered=len(self.answered), counts=self.counts,
        )  # fmt: skip


def _why(found: After | None) -> str | None:
    """Say why the same contingency has no solution without the request; None where it has one, or is none."""
    return None if found is None or found.values is not None else found.why


def _shed(contingency: str | None, hour: str, mw: float, without: float | None) -> AcShed:
    known = None if without is None else round(without, 3)
    return AcShed(contingency=contingency, hour=hour, shed_mw=round(mw, 3), without_mw=known)


# -- which contingencies matter -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    full: list[Contingency]
    counts: dict[str, int]
    ids: set[str]
    """All that take anything here."""
    sheds: list[tuple[Contingency, float]]
    """Those that shed load, MW."""


def _chosen(world: SolvedHour, contingencies: Sequence[Contingency], *, limits: AcLimits, screen: bool) -> _Chosen:
    """Sort out what has to be solved in full, and count why."""
    counts = dict.fromkeys(("contingencies", "skipped", "screened_out", *MATTERS), 0)
    full: list[Contingency] = []
    near: list[tuple[Contingency, Loss]] = []
    sheds: list[tuple[Contingency, float]] = []
    ids: set[str] = set()
    for contingency in contingencies:
        rows, units = world.live(contingency), world.running(contingency)
        counts["contingencies"] += 1
        if not rows and not units:
            counts["skipped"] += 1
            continue
        ids.add(contingency.id)
        if world.splits(rows):
            counts["islanding"] += 1
            full.append(contingency)
            mw = shed_mw(world, contingency)
        else:
            lost = made_up(world, units) if units else None
            mw = lost.shed_mw if lost is not None else 0.0
            point = lost.point(world.case.network) if lost is not None else None
            if lost is not None and point is None:
                counts["not_settled"] += 1
                full.append(contingency)
            else:
                near.append((contingency, Loss(branches=rows, point=point)))
        if mw > 0.0:
            sheds.append((contingency, mw))
    reasons = _screened(world, [loss for _, loss in near], limits) if screen else ["near_limit"] * len(near)
    for (contingency, _), reason in zip(near, reasons, strict=True):
        counts[reason] += 1
        if reason != "screened_out":
            full.append(contingency)
    return _Chosen(full=full, counts=counts, ids=ids, sheds=sheds)


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
        values = values_of(world.net, v, world.base.v, network, np.array(loss.branches, np.int64))
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
