"""Annealing of the sum of squared reserves, compiled. What it computes is written in squares.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow._jit import compiled

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray


class Data(NamedTuple):
    """Units in rows: size in MW, weeks, starts allowed, crew by week of work; spare reserve by week."""

    size: FloatArray
    weeks: IntArray
    first: IntArray
    last: IntArray
    crew: FloatArray
    spare: FloatArray
    crew_limit: float


@compiled
def shift(  # noqa: PLR0917 - compiled code takes no keywords
    data: Data, unit: int, start: int, sign: float, out: FloatArray, people: FloatArray
) -> None:
    """Add a unit to the weeks from a start on, or with sign -1 take it off."""
    for age in range(data.weeks[unit]):
        out[start + age] += sign * data.size[unit]
        people[start + age] += sign * data.crew[unit, age]


@compiled
def worth(data: Data, out: FloatArray, people: FloatArray, price: float) -> tuple[float, float]:
    """Give the sum of squares with the price of people that are missing, and how many are missing."""
    total, missing = 0.0, 0.0
    for t in range(len(out)):
        left = data.spare[t] - out[t]
        total += left * left
        missing += max(people[t] - data.crew_limit, 0.0)
    return total + price * missing, missing


@compiled
def anneal(  # noqa: PLR0917 - compiled code takes no keywords
    data: Data, start: IntArray, moves: int, hot: float, cold: float, price: float, draws: FloatArray
) -> tuple[float, IntArray]:
    """Anneal from a plan over so many moves; gives the best plan without missing people, or infinity.

    A move shifts one unit to a random start, or one time in three makes two units change places as
    near as their weeks allow. `draws` has four uniform numbers a move.
    """
    units, now = len(data.size), start.copy()
    out, people = np.zeros(len(data.spare)), np.zeros(len(data.spare))
    for u in range(units):
        shift(data, u, now[u], 1.0, out, people)
    value, missing = worth(data, out, people, price)
    best, best_at = (value if missing == 0.0 else np.inf), now.copy()
    cooling = (cold / hot) ** (1.0 / max(moves, 1))
    heat = hot
    for k in range(moves):
        heat *= cooling
        u = int(draws[k, 0] * units)
        v = int(draws[k, 1] * units)
        at_u, at_v = now[u], now[v]
        to_u = data.first[u] + int(draws[k, 2] * (data.last[u] - data.first[u] + 1))
        to_v = at_v
        if draws[k, 3] < 1.0 / 3.0 and u != v:
            to_u = min(max(at_v, data.first[u]), data.last[u])
            to_v = min(max(at_u, data.first[v]), data.last[v])
        shift(data, u, at_u, -1.0, out, people)
        shift(data, u, to_u, 1.0, out, people)
        if v != u:
            shift(data, v, at_v, -1.0, out, people)
            shift(data, v, to_v, 1.0, out, people)
        then, lacks = worth(data, out, people, price)
        # The fraction of the fourth number above its third decides: one draw serves both questions.
        if then <= value or (draws[k, 3] * 3.0) % 1.0 < np.exp((value - then) / heat):
            value = then
            now[u] = to_u
            if v != u:
                now[v] = to_v
            if lacks == 0.0 and value < best:
                best = value
                best_at[:] = now
        else:
            shift(data, u, to_u, -1.0, out, people)
            shift(data, u, at_u, 1.0, out, people)
            if v != u:
                shift(data, v, to_v, -1.0, out, people)
                shift(data, v, at_v, 1.0, out, people)
    return best, best_at
