"""Contingencies of more than one column: several branches or units, parts cut off through several branches.

Exact and general. Let K be the branches lost. If what remains falls apart, a tree of branches of K
that joins the parts stays for the computation: with the parts' injections taken away (and given
back to the main one by those who pick up) nothing flows on it. The rest of K leaves the island
whole and goes by the block form of the outage factors (Güler, Gross and Liu 2007):

    (I - Y_KK) t = f_K + Y_Kb alpha + sum_s gamma_s psi_s,K        df = Y_K t + Y_b alpha + sum_s gamma_s psi_s
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow import label, small_pieces
from moms.study.pickup import Shape, share_out
from moms.study.plan import CutOff
from moms.study.series import CLEAR_MW
from moms.study.state import main_part

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray
    from moms.study.state import Case


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compound:
    """One contingency of several columns in one case."""

    contingency: int
    lost: IntArray
    """All branches lost."""
    removed: IntArray
    """Those whose removal leaves the island whole: the first columns."""
    buses: IntArray
    """Where MW appear or vanish: the other columns."""
    alpha: FloatArray
    """(len(buses), H) MW, those taking part in the pick-up counted out."""
    gamma: dict[Shape, FloatArray]
    """(H,) MW each shape takes."""
    dead: IntArray
    """Rows of buses cut off, rising."""
    cut_off: CutOff | None
    shortfall: FloatArray

    @property
    def columns(self) -> int:
        """Count the transfers to solve for."""
        return len(self.removed) + len(self.buses)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Loss:
    """MW that appear at a bus, and what goes with them of each shape's weights, (H,) each."""

    bus: int
    appears: FloatArray
    cut: dict[Shape, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Apart:
    """What the loss of branches leaves: those to remove, and the parts that hang from the main one."""

    removed: IntArray
    groups: list[tuple[int, IntArray]]
    """Bus at the main end, buses of the part that hung there."""
    dead: IntArray


def compound(case: Case, contingency: int, branches: IntArray, units: IntArray) -> Compound:
    """Work out what a contingency of any kind removes, cuts off, and who makes up for it."""
    apart = _fall_apart(case, branches)
    losses = [_part_lost(case, bus, part) for bus, part in apart.groups]
    unit_bus = case.network.units.bus
    losses += [_unit_lost(case, int(u)) for u in units if not np.any(apart.dead == unit_bus[u])]
    losses += _dclines_stopped(case, apart.dead)
    hours = case.theta.shape[1]
    appears = sum((loss.appears for loss in losses), np.zeros(hours))
    if np.any(appears):
        cut = {s: sum((loss.cut[s] for loss in losses if s in loss.cut), np.zeros(hours)) for s in Shape}
        totals = {s: case.weights.total(s) for s in Shape}
        factors, shortfall = share_out(appears, {s: totals[s] - cut[s] for s in Shape})
    else:
        factors, shortfall, totals = dict.fromkeys(Shape, np.zeros(hours)), np.zeros(hours), {}
    alpha = [loss.appears - sum(factors[s] * loss.cut[s] for s in loss.cut) for loss in losses]
    return Compound(
        contingency=contingency,
        lost=branches,
        removed=apart.removed,
        buses=np.array([loss.bus for loss in losses], np.int64),
        alpha=np.array(alpha).reshape(len(losses), hours),
        gamma={s: factors[s] * totals[s] for s in Shape if np.any(factors[s])},
        dead=apart.dead,
        cut_off=_cut_off(case, apart.dead) if len(apart.dead) else None,
        shortfall=shortfall,
    )


def cut_off_by(case: Case, branches: IntArray) -> CutOff | None:
    """Tell what the loss of some branches cuts off, None where it is nothing."""
    dead = _fall_apart(case, branches).dead
    return _cut_off(case, dead) if len(dead) else None


def _fall_apart(case: Case, lost: IntArray) -> _Apart:
    """Split the lost branches: those to remove, and the parts cut off, each with the main bus it hung from."""
    whole = _Apart(removed=lost, groups=[], dead=np.empty(0, np.int64))
    if not len(lost):
        return whole
    lines = case.network.branches
    ends = np.unique(np.r_[lines.from_bus[lost], lines.to_bus[lost]])
    piece, buses, of = small_pieces(case.graph, case.island, lost, ends)
    if not len(buses):
        return whole
    main = _main(case, buses, of)
    if main is None:
        piece, buses, of, main = _all_pieces(case, lost, ends)
    near = dict(zip(ends.tolist(), piece.tolist(), strict=True))
    joins, root = _join(case, near, lost, main)
    groups = []
    for k in sorted(set(root.values())):
        f, t = int(lines.from_bus[k]), int(lines.to_bus[k])
        hangs = [part for part, by in root.items() if by == k]
        groups.append((f if near[f] == main else t, np.sort(buses[np.isin(of, hangs)])))
    return _Apart(removed=np.setdiff1d(lost, joins), groups=groups, dead=np.sort(buses[of != main]))


def _main(case: Case, buses: IntArray, of: IntArray) -> int | None:
    """Give the main piece, -1 for the one left over; None where that takes a look at all of it."""
    load = np.bincount(of, weights=case.bus_load_mw[buses])
    size = np.bincount(of)
    left = float((case.bus_load_mw * case.island).sum()) - float(load.sum())
    if left > float(load.max()) + CLEAR_MW and int(case.island.sum()) - int(size.sum()) > 0:
        return -1
    return None


def _all_pieces(case: Case, lost: IntArray, ends: IntArray) -> tuple[IntArray, IntArray, IntArray, int]:
    """Give the pieces as `small_pieces` does, every one walked to its end, and which is the main one."""
    island = label(case.graph, case.island, lost)
    buses = np.flatnonzero(island >= 0)
    of = island[buses]
    load, size = np.bincount(of, weights=case.bus_load_mw[buses]), np.bincount(of)
    parts = [(float(load[k]), int(size[k]), int(buses[np.argmax(of == k)])) for k in range(len(size))]
    return island[ends], buses, of, main_part(parts)


def _join(case: Case, near: dict[int, int], lost: IntArray, main: int) -> tuple[IntArray, dict[int, int]]:
    """Choose lost branches that join all parts to the main one, and name for each part the one at the main end."""
    lines = case.network.branches
    root: dict[int, int] = {}
    joins: list[int] = []
    while len(joins) < len(set(near.values()) | {main}) - 1:
        for k in lost.tolist():
            a, b = near[int(lines.from_bus[k])], near[int(lines.to_bus[k])]
            known_a, known_b = a == main or a in root, b == main or b in root
            if known_a == known_b:
                continue
            inner, far = (a, b) if known_a else (b, a)
            root[far] = k if inner == main else root[inner]
            joins.append(k)
    return np.array(joins, np.int64), root


def _part_lost(case: Case, bus: int, buses: IntArray) -> _Loss:
    appears = -case.injection_mw[buses].sum(axis=0)
    cut: dict[Shape, FloatArray] = {Shape.EVEN: case.weights.even[buses].sum(axis=0)}
    if not case.quiet[buses].all():
        units = np.flatnonzero(np.isin(case.network.units.bus, buses))
        tables = ((s, *case.weights.of(s)) for s in Shape)
        cut = {s: table[units if by_unit else buses].sum(axis=0) for s, table, by_unit in tables}
    return _Loss(bus=bus, appears=appears, cut=cut)


def _unit_lost(case: Case, unit: int) -> _Loss:
    weights = case.weights
    return _Loss(
        bus=int(case.network.units.bus[unit]),
        appears=-case.unit_mw[unit],
        cut={Shape.UP: weights.up[unit], Shape.DOWN: weights.down[unit], Shape.CURTAIL: weights.curtail[unit]},
    )


def _dclines_stopped(case: Case, dead: IntArray) -> list[_Loss]:
    dc, losses = case.network.dclines, list[_Loss]()
    if not len(dead):
        return losses
    from_dead, to_dead = np.isin(dc.from_bus, dead), np.isin(dc.to_bus, dead)
    for d in np.flatnonzero(case.dcline_on & (from_dead != to_dead)).tolist():
        sent = case.dcline_mw[d]
        if to_dead[d]:
            losses.append(_Loss(bus=int(dc.from_bus[d]), appears=sent, cut={}))
        else:
            arrives = sent - float(dc.loss_mw[d] * dc.in_service[d])
            losses.append(_Loss(bus=int(dc.to_bus[d]), appears=-arrives, cut={}))
    return losses


def _cut_off(case: Case, dead: IntArray) -> CutOff:
    quiet = bool(case.quiet[dead].all())
    none = np.zeros(case.theta.shape[1])
    return CutOff(
        size=len(dead),
        load_mw=none if quiet else case.load_mw[dead].sum(axis=0),
        generation_mw=none if quiet else case.unit_mw[np.isin(case.network.units.bus, dead)].sum(axis=0),
        place=None,
        buses=dead,
    )
