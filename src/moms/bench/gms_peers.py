"""Maintenance problems handed whole to HiGHS alone, and plans of peers valued by themselves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from moms.schedule._mip import Budget
from moms.schedule.gms.fleet import breaks, out_kw
from moms.schedule.gms.model import KW_IN_MW, build, starts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.schedule.gms import Fleet


def highs_max_min(fleet: Fleet, *, seconds: float) -> tuple[float | None, float]:
    """Give the least weekly reserve, MW, of the plan that one program with the level as a column finds; and its CPU."""
    before = time.process_time()
    model = build(fleet)
    level = model.program.column(cost=-1.0, lower=-float(fleet.installed_kw), upper=float(fleet.installed_kw))
    for week, row in enumerate(model.out):
        spare = fleet.spare_kw[week] / KW_IN_MW
        model.program.row([*row, level], [*row.values(), 1.0], upper=spare)
    found = model.program.solve(budget=Budget(seconds=seconds))
    spent = time.process_time() - before
    return (least_reserve(fleet, starts_of(model, found.x)) if found.found else None), spent


def least_reserve(fleet: Fleet, starts: Mapping[str, int]) -> float:
    """Give the least weekly reserve of a plan, MW, from the plan alone."""
    _whole(fleet, starts)
    return min(s - o for s, o in zip(fleet.spare_kw, out_kw(fleet, starts), strict=True)) / KW_IN_MW


def squares(fleet: Fleet, starts: Mapping[str, int]) -> float:
    """Give the sum of squared weekly reserves of a plan, MW^2, from the plan alone."""
    _whole(fleet, starts)
    return sum(((s - o) / KW_IN_MW) ** 2 for s, o in zip(fleet.spare_kw, out_kw(fleet, starts), strict=True))


def _whole(fleet: Fleet, starts: Mapping[str, int]) -> None:
    if breaks(fleet, starts) or len(starts) != len(fleet.units):
        msg = "the plan of a peer breaks something: the two models differ"
        raise AssertionError(msg)
