"""The least sum of squared weekly reserves: annealing for the plan, tangents in a mixed-integer program for the bound.

minimise  sum over weeks of (spare_w - out_w)^2        out_w = sum of the sizes out
bound     q_w >= 2 a (spare_w - out_w) - a^2           at a grid of a: each tangent lies below the square
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from moms.schedule._mip import Status
from moms.schedule.gms._anneal import Data, anneal
from moms.schedule.gms.fleet import breaks, out_kw
from moms.schedule.gms.levels import Levelled
from moms.schedule.gms.model import KW_IN_MW, build, starts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.grid import IntArray
    from moms.schedule._mip import Budget
    from moms.schedule.gms.fleet import Fleet, Unit
    from moms.schedule.gms.model import Model

TANGENTS = 24
HOT, COLD, MISSING = 0.2, 0.0065, 0.13
"""First and last temperature and the price of a person missing, in squares of the largest unit: the scale of a
move. Tried over five settings and four seeds on the 21-unit system."""


def squares_mw2(fleet: Fleet, starts: Mapping[str, int]) -> float:
    """Give the sum of squared reserves of a plan, in MW^2."""
    left = (s - o for s, o in zip(fleet.spare_kw, out_kw(fleet, starts), strict=True))
    return sum(one * one for one in left) / KW_IN_MW**2


def least_squares(
    fleet: Fleet, *, budget: Budget, rng: np.random.Generator, moves: int, rounds: int
) -> Levelled | None:
    """Find a plan of small squares in so many rounds of annealing, then a bound within the budget.

    None where no round ended with people enough and the solver found no plan either.
    """
    parts = [_annealed(part, rng=rng, moves=moves, rounds=rounds) for part in apart(fleet)]
    best = None if None in parts else {name: week for part in parts if part for name, week in part.items()}
    model, offset = _tangents(fleet)
    solved = model.program.solve(budget=budget)
    bound = None if solved.bound is None else solved.bound + offset
    if solved.found:
        other = starts_of(model, solved.x)
        if not breaks(fleet, other) and (best is None or squares_mw2(fleet, other) < squares_mw2(fleet, best)):
            best = other
    if best is None or solved.status is Status.INFEASIBLE:
        return None
    value = squares_mw2(fleet, best)
    proved = bound is not None and value <= bound * (1 + 1e-9)
    return Levelled(value=value, bound=None if bound is None else min(bound, value), proved=proved, starts=best)


def apart(fleet: Fleet) -> tuple[Fleet, ...]:
    """Split a fleet into parts whose weeks never meet, since each can be planned by itself."""
    parts: list[list[Unit]] = []
    reach = 0
    for unit in sorted(fleet.units, key=lambda u: u.first):
        if not parts or unit.first >= reach:
            parts.append([])
        parts[-1].append(unit)
        reach = max(reach, unit.end)
    return tuple(replace(fleet, units=tuple(part)) for part in parts)


def _data(fleet: Fleet) -> Data:
    longest = max(u.weeks for u in fleet.units)
    crew = np.zeros((len(fleet.units), longest))
    for k, unit in enumerate(fleet.units):
        crew[k, : len(unit.crew)] = unit.crew
    return Data(
        size=np.array([u.size_kw / KW_IN_MW for u in fleet.units]),
        weeks=np.array([u.weeks for u in fleet.units]),
        first=np.array([u.starts[0] for u in fleet.units]),
        last=np.array([u.starts[-1] for u in fleet.units]),
        crew=crew,
        spare=np.array(fleet.spare_kw) / KW_IN_MW,
        crew_limit=np.inf if fleet.crew_limit is None else float(fleet.crew_limit),
    )


def _annealed(fleet: Fleet, *, rng: np.random.Generator, moves: int, rounds: int) -> dict[str, int] | None:
    data, found = _data(fleet), None
    least = np.inf
    scale = float(np.square(data.size).max())
    for _ in range(rounds):
        start = rng.integers(data.first, data.last + 1)
        value, at = anneal(data, start, moves, HOT * scale, COLD * scale, MISSING * scale, rng.random((moves, 4)))
        if value < least:
            least, found = value, at
    return None if found is None else _named(fleet, found)


def _named(fleet: Fleet, at: IntArray) -> dict[str, int]:
    return {unit.id: int(start) for unit, start in zip(fleet.units, at, strict=True)}


def _tangents(fleet: Fleet) -> tuple[Model, float]:
    """Give the model whose value is a lower bound of the squares; weeks in which nothing can be out are the offset."""
    model = build(fleet)
    offset = 0.0
    for week, row in enumerate(model.out):
        spare = fleet.spare_kw[week] / KW_IN_MW
        if not row:
            offset += spare * spare
            continue
        square = model.program.column(cost=1.0)
        most = sum(u.size_kw for u in fleet.units if u.first <= week < u.end) / KW_IN_MW
        for a in np.linspace(max(spare - most, -abs(spare)), spare, TANGENTS):
            # q + 2 a out >= 2 a spare - a^2
            model.program.row([square, *row], [1.0, *(2 * a * mw for mw in row.values())], lower=2 * a * spare - a * a)
    return model, offset
