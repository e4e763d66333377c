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
from moms.study.ac_choice import Reach, touched
from moms.study.ac_outside import carried
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
from moms.study.ac_state import After, SolvedHour, after, case_of, limited, made_up, radial, shed_mw, values_of
from moms.study.result import Caused
from moms.study.state import stand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.grid import AcModel, BoolArray, Contingency, FloatArray, Network
    from moms.powerflow.ac_near import Near
    from moms.study.slices import AcStart, Out, Slice
    from moms.study.state import Case

EDGE = 1e-6
"""A value this close to its limit is at it."""
WIDER = 2.0
"""Near is twice as wide where a part is cut off: what its lines still charge is undone at base voltages."""
MATTERS = ("near_limit", "not_settled", "islanding")


def check_ac(
    *, slices: Sequence[Slice], limits: AcLimits | None = None, screen: bool = True, model: AcModel | None = None
) -> AcResult:
    """Verify a request by AC in all hours of its slices; `screen` False solves every contingency in full.

    `model` is what AC has of a grid that is reduced for DC: there only the contingencies are looked at
    that the request can change anything of (`ac_choice`).

    Raises:
        Unbalanced, NoReactance: as `study`.
    """
    limits = limits or AcLimits()
    if model is not None:
        parts = [carried(one, model) for one in slices]
        strange = next((part for part in parts if isinstance(part, str)), None)
        if strange is not None:
            return AcResult(status=AcStatus.NOT_AVAILABLE, why=f"AC not available: {strange}")
        slices = [one for part in parts for one in part if not isinstance(one, str)]
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
        self.reach: dict[int, Reach] = {}
        """By the DC slice, all of which live as long as this."""

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
        other = SolvedHour.of(one, without, hour, one.out, self.limits)
        near = other if isinstance(other, SolvedHour) else None
        world = other if case is without else SolvedHour.of(one, case, hour, out, self.limits, near=near)
        if isinstance(world, str):
            stands = other if isinstance(other, str) else None
            self.fail(None, label, world, stands, case_of(case, hour, out))
            return
        if one.ac is not None and isinstance(other, str):
            self.fail(None, label, other, other, case_of(without, hour, one.out))
            return
        self.base_rows(world, other, label)
        listed = {c.id: c for c in one.contingencies_without or ()}
        asked: Sequence[Contingency] = one.contingencies
        compared = None
        if one.ac is not None and isinstance(other, SolvedHour):
            asked, compared = self.touched(one, one.ac, world, other), other
        chosen = _chosen(world, asked, limits=self.limits, screen=self.screen, other=compared, listed=listed)
        self.counts = self.counts.plus(**chosen.counts)
        self.answered |= chosen.ids
        for contingency in chosen.full:
            self.after(world, other, contingency, listed.get(contingency.id, contingency), label)
        for contingency, mw in chosen.sheds:
            self.shed(other, contingency.id, listed.get(contingency.id, contingency), label, mw)

    def touched(self, one: Slice, start: AcStart, world: SolvedHour, other: SolvedHour) -> Sequence[Contingency]:
        """Choose the contingencies that the request can change anything of, on a grid too large for all."""
        key = id(start.dc)
        if key not in self.reach:
            self.reach[key] = Reach.of(start.dc)
        normal = {c.id: c for c in one.contingencies_without or ()}
        always = frozenset(c.id for c in one.contingencies if normal.get(c.id, c) != c)
        found, left_out = touched(world, other, one.contingencies, self.reach[key], always=always)
        self.counts = self.counts.plus(untouched=len(one.contingencies) - len(found), left_out=left_out)
        return found

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


def _chosen(
    world: SolvedHour,
    contingencies: Sequence[Contingency],
    *,
    limits: AcLimits,
    screen: bool,
    other: SolvedHour | None,
    listed: Mapping[str, Contingency],
) -> _Chosen:
    """Sort out what has to be solved in full, and count why.

    With `other`, the hour without the request, what the request surely does not cause is screened out too.
    """
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
            part = radial(world, contingency) if screen and world.layered else None
            if part is None:
                counts["islanding"] += 1
                full.append(contingency)
            else:
                near.append((contingency, part))
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
    if screen and other is not None:
        both = [(listed.get(one.id, one), loss) for one, loss in near]
        reasons = _not_caused(world, other, both, reasons, limits)
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
        values = _near_values(world, near, loss)
        spare = margin if loss.dark is None else WIDER * margin
        over = beyond(values, world.limit, buses=len(network.buses)) + spare
        matters = _not_standing(world, over, world.limit, limits.worsened_share, spare=spare).any()
        reasons.append("near_limit" if matters else "screened_out")
    return reasons


def _not_caused(
    world: SolvedHour,
    other: SolvedHour,
    near: list[tuple[Contingency, Loss]],
    reasons: list[str],
    limits: AcLimits,
) -> list[str]:
    """Screen out too what comes near a limit but stands there as far without the request, beyond both errors."""
    found = list(reasons)
    places = [k for k, reason in enumerate(reasons) if reason == "near_limit"]
    without = [(k, _loss_of(other, near[k][0])) for k in places]
    pairs = [(k, loss) for k, loss in without if loss is not None]
    if not pairs:
        return found
    network = world.case.network
    margin, buses = _margins(network, world.limit, limits), len(network.buses)
    had = NearSolver.of(other.net, other.point, other.base).solve([loss for _, loss in pairs])
    now = NearSolver.of(world.net, world.point, world.base).solve([near[k][1] for k, _ in pairs])
    for (k, loss), was, one in zip(pairs, had, now, strict=True):
        if not was.settled or not one.settled:
            continue
        over = beyond(_near_values(world, one, near[k][1]), world.limit, buses=buses)
        stood = beyond(_near_values(other, was, loss), other.limit, buses=buses)
        cuts = loss.dark is not None or near[k][1].dark is not None
        spare = WIDER * margin if cuts else margin
        hit = _not_standing(world, over + spare, world.limit, limits.worsened_share, spare=spare)
        new = stood <= spare
        worse = over - stood + 2.0 * spare >= limits.worsened_share * world.limit
        if not (hit & (new | worse)).any():
            found[k] = "screened_out"
    return found


def _loss_of(world: SolvedHour, contingency: Contingency) -> Loss | None:
    """Give what a contingency takes in an hour; None where it has to be solved in full."""
    rows, units = world.live(contingency), world.running(contingency)
    if world.splits(rows):
        return radial(world, contingency)
    if not (rows or units):
        return None
    if not units:
        return Loss(branches=rows)
    point = made_up(world, units).point(world.case.network)
    return None if point is None else Loss(branches=rows, point=point)


def _near_values(world: SolvedHour, near: Near, loss: Loss) -> Values:
    v = np.zeros(len(world.case.network.buses), np.complex128)
    v[world.net.rows] = near.v
    if loss.dark is not None:
        v[loss.dark] = 0.0
    lost = np.array((*loss.branches, *loss.cut), np.int64)
    return values_of(world.net, v, world.base.v, world.case.network, lost)


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
