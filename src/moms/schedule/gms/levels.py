"""The largest reserve that every week can have: bisected in whole kW, each step proved by the solver.

*max-min* asks it of every week: installed - load - out >= z. *Water-filling* asks it only of weeks in which
something is out: out <= max(0, installed - load - z); "no week has less than z unless nobody is out".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.schedule._mip import Budget, Status
from moms.schedule.gms.fleet import breaks, out_kw
from moms.schedule.gms.model import KW_IN_MW, build, starts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moms.schedule.gms.fleet import Fleet


@dataclass(frozen=True, slots=True, kw_only=True)
class Levelled:
    """A plan with its value, and the bound that was proved."""

    value: float
    bound: float | None
    """No plan is better than this; None: nothing was proved."""
    proved: bool
    starts: Mapping[str, int]


def in_every_week(fleet: Fleet, level_kw: int) -> list[int]:
    """Give what may be out if every week keeps the level."""
    return [spare - level_kw for spare in fleet.spare_kw]


def where_out(fleet: Fleet, level_kw: int) -> list[int]:
    """Give what may be out if each week keeps the level or has nothing out."""
    return [max(spare - level_kw, 0) for spare in fleet.spare_kw]


def largest_level(fleet: Fleet, *, where_out_only: bool, budget: Budget) -> Levelled | None:
    """Find the largest level and prove it; None where even the lowest level was not found in the budget."""
    room = where_out if where_out_only else in_every_week
    spare = fleet.spare_kw
    high = (max(spare) if where_out_only else min(spare)) + 1
    low = min(spare) - sum(unit.size_kw for unit in fleet.units)
    starts, _ = _at(fleet, low, room, budget)
    if starts is None:
        return None
    low, proved = _level(fleet, starts, where_out_only=where_out_only), True
    while high - low > 1:
        # The way up first: most of the width is infeasible at a glance, and feasible steps jump.
        middle = (low + high) // 2
        better, settled = _at(fleet, middle, room, budget)
        if better is not None:
            starts, low = better, _level(fleet, better, where_out_only=where_out_only)
        elif settled:
            high = middle
        else:
            proved = False
            break
    return Levelled(value=low / KW_IN_MW, bound=(high - 1) / KW_IN_MW, proved=proved, starts=starts)


def _level(fleet: Fleet, starts: Mapping[str, int], *, where_out_only: bool) -> int:
    """Give the level a plan keeps, which may be above the one it was asked for."""
    out = out_kw(fleet, starts)
    kept = [s - o for s, o in zip(fleet.spare_kw, out, strict=True) if o or not where_out_only]
    return min(kept)


def _at(
    fleet: Fleet, level_kw: int, room: Callable[[Fleet, int], list[int]], budget: Budget
) -> tuple[dict[str, int] | None, bool]:
    """Find a plan at a level; the second value tells whether the answer, yes or no, is proved."""
    most = room(fleet, level_kw)
    if min(most) < 0:
        return None, True
    model = build(fleet)
    for week, row in enumerate(model.out):
        if row:
            model.program.row(list(row), list(row.values()), upper=most[week] / KW_IN_MW)
    solved = model.program.solve(budget=budget)
    if not solved.found:
        return None, solved.status is Status.INFEASIBLE
    starts = starts_of(model, solved.x)
    good = not breaks(fleet, starts) and all(o <= m for o, m in zip(out_kw(fleet, starts), most, strict=True))
    return (starts, True) if good else (None, False)
