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

from moms.powerflow import label
from moms.study.pickup import Shape, share_out
from moms.study.plan import CutOff
from moms.study.state import main_part

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, IntArray
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
    dead: BoolArray | None
    """(n,) buses cut off."""
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


def compound(case: Case, contingency: int, branches: IntArray, units: IntArray) -> Compound:
    """Work out what a contingency of any kind removes, cuts off, and who makes up for it."""
    removed, groups, dead = _fall_apart(case, branches)
    losses = [_part_lost(case, bus, part) for bus, part in groups]
    losses += [_unit_lost(case, int(u)) for u in units if dead is None or not dead[case.network.units.bus[u]]]
    losses += _dclines_stopped(case, dead)
    hours = case.theta.shape[1]
    appears = sum((loss.appears for loss in losses), np.zeros(hours))
    cut = {s: sum((loss.cut[s] for loss in losses if s in loss.cut), np.zeros(hours)) for s in Shape}
    totals = {s: case.weights.total(s) for s in Shape}
    factors, shortfall = share_out(appears, {s: totals[s] - cut[s] for s in Shape})
    alpha = [loss.appears - sum(factors[s] * loss.cut[s] for s in loss.cut) for loss in losses]
    return Compound(
        contingency=contingency,
        lost=branches,
        removed=removed,
        buses=np.array([loss.bus for loss in losses], np.int64),
        alpha=np.array(alpha).reshape(len(losses), hours),
        gamma={s: factors[s] * totals[s] for s in Shape if np.any(factors[s])},
        dead=dead,
        cut_off=None if dead is None else _cut_off(case, dead),
        shortfall=shortfall,
    )


def _fall_apart(case: Case, lost: IntArray) -> tuple[IntArray, list[tuple[int, BoolArray]], BoolArray | None]:
    """Split the lost branches: those to remove, and the parts cut off, each with the main bus it hung from."""
    if not len(lost):
        return lost, [], None
    island = label(case.graph, case.island, lost)
    count = int(island.max()) + 1
    if count == 1:
        return lost, [], None
    main = _main(case, island, count)
    joins, root = _join(case, island, lost, main, count)
    lines = case.network.branches
    groups = []
    for k in sorted(set(root.values())):
        f, t = int(lines.from_bus[k]), int(lines.to_bus[k])
        hangs = [part for part, by in root.items() if by == k]
        groups.append((f if island[f] == main else t, np.isin(island, hangs)))
    return np.setdiff1d(lost, joins), groups, case.island & (island != main)


def _main(case: Case, island: IntArray, count: int) -> int:
    at = island >= 0
    load = np.bincount(island[at], weights=case.bus_load_mw[at], minlength=count)
    size = np.bincount(island[at], minlength=count)
    parts = [(float(load[k]), int(size[k]), int(np.argmax(island == k))) for k in range(count)]
    return main_part(parts)


def _join(case: Case, island: IntArray, lost: IntArray, main: int, count: int) -> tuple[IntArray, dict[int, int]]:
    """Choose lost branches that join all parts to the main one, and name for each part the one at the main end."""
    lines = case.network.branches
    root: dict[int, int] = {}
    joins: list[int] = []
    while len(joins) < count - 1:
        for k in lost.tolist():
            a, b = int(island[lines.from_bus[k]]), int(island[lines.to_bus[k]])
            known_a, known_b = a == main or a in root, b == main or b in root
            if known_a == known_b:
                continue
            near, far = (a, b) if known_a else (b, a)
            root[far] = k if near == main else root[near]
            joins.append(k)
    return np.array(joins, np.int64), root


def _part_lost(case: Case, bus: int, part: BoolArray) -> _Loss:
    buses, units = np.flatnonzero(part), np.flatnonzero(part[case.network.units.bus])
    weights = case.weights
    cut = {s: table[units if by_unit else buses].sum(axis=0) for s in Shape for table, by_unit in [weights.of(s)]}
    return _Loss(bus=bus, appears=-case.injection_mw[buses].sum(axis=0), cut=cut)


def _unit_lost(case: Case, unit: int) -> _Loss:
    weights = case.weights
    return _Loss(
        bus=int(case.network.units.bus[unit]),
        appears=-case.unit_mw[unit],
        cut={Shape.UP: weights.up[unit], Shape.DOWN: weights.down[unit], Shape.CURTAIL: weights.curtail[unit]},
    )


def _dclines_stopped(case: Case, dead: BoolArray | None) -> list[_Loss]:
    if dead is None:
        return []
    dc, losses = case.network.dclines, []
    for d in np.flatnonzero(case.dcline_on & (dead[dc.from_bus] != dead[dc.to_bus])).tolist():
        sent = case.dcline_mw[d]
        if dead[dc.to_bus[d]]:
            losses.append(_Loss(bus=int(dc.from_bus[d]), appears=sent, cut={}))
        else:
            arrives = sent - float(dc.loss_mw[d] * dc.in_service[d])
            losses.append(_Loss(bus=int(dc.to_bus[d]), appears=-arrives, cut={}))
    return losses


def _cut_off(case: Case, dead: BoolArray) -> CutOff:
    return CutOff(
        size=int(dead.sum()),
        load_mw=case.load_mw[dead].sum(axis=0),
        generation_mw=case.unit_mw[dead[case.network.units.bus]].sum(axis=0),
        place=None,
        buses=np.flatnonzero(dead),
    )
