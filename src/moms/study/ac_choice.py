"""Which contingencies a request can change anything of, on grids too large to solve them all by AC.

With the request and without it the same contingency differs only as far as the two act on each other:
as far as the request changes what the contingency takes away, and as far as the contingency would
have sent power onto what the request takes out. Both are told from solved states and DC factors, in
MVA, for all contingencies at once. Those that exchange at least `LEAST_MVA` are looked at, the most
first, `MOST` of them an hour. What is left out is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow import elimination_order
from moms.powerflow.ac import unit_mvar
from moms.powerflow.sweeps import angles_across
from moms.study.state import stand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import Contingency, FloatArray, IntArray
    from moms.study.ac_state import SolvedHour
    from moms.study.slices import Slice

LEAST_MVA = 1.0
MOST = 200
BRIDGE = 1e-6
"""A branch that keeps less than this of a transfer across itself cuts something off when lost."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reach:
    """How the branches of a request hear of the rest of the grid, by DC without the request; m branches, n buses."""

    rows: IntArray
    """(r,) branches of the request that carry without it."""
    onto: FloatArray
    """(m,) the most that losing a branch puts on one of them, of what it carried; 0 where it cuts something off."""
    bus: FloatArray
    """(r, n) what 1 MW more at a bus puts on each, the balance taken at any one place."""

    @classmethod
    def of(cls, one: Slice) -> Reach:
        """Look at one topology of a DC study."""
        network = one.network
        lines, order = network.branches, elimination_order(network)
        case = stand(network, hours=one.hours_without, out=one.out, order=order)
        factor = case.factor
        rows = one.request.branches[factor.live[one.request.branches]]
        onto, bus = np.zeros(len(lines)), np.zeros((len(rows), len(network.buses)))
        if not len(rows):
            return cls(rows=rows, onto=onto, bus=bus)
        live = np.flatnonzero(factor.live)
        kept = np.zeros(len(lines))
        across = angles_across(factor, factor.from_position[live], factor.to_position[live])
        kept[live] = 1.0 - factor.b_mw[live] * across
        bus = factor.ptdf_rows(rows)
        meshed = live[np.abs(kept[live]) > BRIDGE]
        seen = bus[:, lines.from_bus[meshed]] - bus[:, lines.to_bus[meshed]]
        onto[meshed] = np.abs(seen / kept[meshed]).max(axis=0)
        return cls(rows=rows, onto=onto, bus=bus)


def exchanged(world: SolvedHour, other: SolvedHour, contingencies: Sequence[Contingency], reach: Reach) -> FloatArray:
    """Give what each contingency and the request exchange, (k,) MVA; `other` is the hour without the request."""
    m = len(reach.onto)
    now, before = (one.net.flows_mva(one.base.v) for one in (world, other))
    changed = np.maximum(np.abs(now[0] - before[0]), np.abs(now[1] - before[1]))[:m]
    mva = np.maximum(np.abs(before[0]), np.abs(before[1]))[:m]
    by_branch = np.maximum(changed, np.where(other.bridges[:m], _cut_off(other, reach, mva), reach.onto * mva))
    by_unit = _tripped(world, other, reach)
    return np.array(
        [
            sum((float(by_branch[k]) for k in one.branches), 0.0) + sum((float(by_unit[g]) for g in one.units), 0.0)
            for one in contingencies
        ]
    )


def _from_pick_up(other: SolvedHour, reach: Reach) -> FloatArray:
    """Give what 1 MW more at each bus puts on the request's branches, taken from where losses are shared, (r, n)."""
    n = reach.bus.shape[1]
    shared: FloatArray = reach.bus - (reach.bus @ other.point.share[:n])[:, None]
    return shared


def _cut_off(other: SolvedHour, reach: Reach, mva: FloatArray) -> FloatArray:
    """Give what losing a branch that cuts a part off puts on the request's branches, (m,) MVA at most."""
    lines = other.case.network.branches
    m = len(reach.onto)
    if not len(reach.rows):
        return np.zeros(m)
    heard = np.abs(_from_pick_up(other, reach)).max(axis=0)
    ends = np.minimum(lines.from_bus[:m], len(heard) - 1), np.minimum(lines.to_bus[:m], len(heard) - 1)
    found: FloatArray = mva * np.maximum(heard[ends[0]], heard[ends[1]])
    return found


def _tripped(world: SolvedHour, other: SolvedHour, reach: Reach) -> FloatArray:
    """Give what losing a unit exchanges with the request, (g,) MVA: put on its branches, or its own change."""
    units = other.case.network.units
    mva, had = (
        one.case.unit_mw[:, one.hour] + 1j * unit_mvar(one.net, one.point, one.base)[units.bus]
        for one in (world, other)
    )
    moved: FloatArray = np.abs(mva - had)
    if not len(reach.rows):
        return moved
    heard = np.abs(_from_pick_up(other, reach)).max(axis=0)
    inside = units.bus < len(heard)
    found: FloatArray = np.maximum(moved, np.where(inside, np.abs(had) * heard[np.where(inside, units.bus, 0)], 0.0))
    return found


def touched(
    world: SolvedHour, other: SolvedHour, contingencies: Sequence[Contingency], reach: Reach, *, always: frozenset[str]
) -> tuple[list[Contingency], int]:
    """Choose what is looked at, those in `always` too; count what exchanges `LEAST_MVA` and is left out."""
    mva = exchanged(world, other, contingencies, reach)
    order = np.argsort(-mva, kind="stable")
    able = order[mva[order] >= LEAST_MVA]
    taken = set(able[:MOST].tolist())
    return [one for k, one in enumerate(contingencies) if k in taken or one.id in always], max(len(able) - MOST, 0)
