"""Unit costs of a MATPOWER case as one quadratic a unit, and how far that is from the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.exchange._mfile import BadCaseFile

if TYPE_CHECKING:
    from moms.exchange._mfile import Matrix
    from moms.grid import FloatArray

MODEL, STARTUP, SHUTDOWN, NCOST, COST = range(5)
PIECEWISE, POLYNOMIAL = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Costs:
    """$/h = c2 p^2 + c1 p + c0, (g,) each, p in MW."""

    c2: FloatArray
    c1: FloatArray
    c0: FloatArray
    startup: FloatArray
    shutdown: FloatArray
    notes: tuple[str, ...]


def costs(table: Matrix, *, units: int) -> Costs:
    """Give the cost of each unit.

    Polynomials up to the second degree are exact; higher coefficients that are not zero are refused.
    A piecewise linear cost becomes the convex quadratic through its first and last point that is
    nearest its corners (least squares); the largest distance at a corner is among the notes.

    Raises:
        BadCaseFile: as many rows as neither units nor twice the units; an unknown model; too few or
            unfinished numbers; points that do not rise.
    """
    rows = len(table.values)
    if rows not in {units, 2 * units}:
        raise BadCaseFile(
            f"mpc.gencost has {rows} rows for {units} units",
            line=int(table.line[0]) if rows else None,
            fix="give one row a unit (or two, the second half for reactive power)",
        )
    coefficients = np.zeros((units, 3))
    worst, bent = 0.0, 0
    for k in range(units):
        row, line = table.values[k], int(table.line[k])
        coefficients[k], miss = _of_row(row, line)
        bent += row[MODEL] == PIECEWISE
        worst = max(worst, miss)
    notes = []
    if bent:
        notes.append(
            f"{bent} piecewise linear costs stand as quadratics through their end points, at most {worst:.6g} $/h off"
        )
    if rows == 2 * units and units:
        notes.append("costs of reactive power are not used")
    return Costs(
        c2=coefficients[:, 0].copy(),
        c1=coefficients[:, 1].copy(),
        c0=coefficients[:, 2].copy(),
        startup=table.values[:units, STARTUP].copy() if units else np.zeros(0),
        shutdown=table.values[:units, SHUTDOWN].copy() if units else np.zeros(0),
        notes=tuple(notes),
    )


def _of_row(row: FloatArray, line: int) -> tuple[FloatArray, float]:
    if len(row) <= COST or not np.all(np.isfinite(row[:COST])) or row[NCOST] != int(row[NCOST]):
        raise BadCaseFile("mpc.gencost: the row has no count of its numbers", line=line)
    model, count = row[MODEL], int(row[NCOST])
    if model not in {PIECEWISE, POLYNOMIAL}:
        raise BadCaseFile(
            f"mpc.gencost: model {model:g} is unknown", line=line, fix="give 1 (points) or 2 (polynomial)"
        )
    needed = count * (2 if model == PIECEWISE else 1)
    numbers = row[COST : COST + needed]
    if count < (2 if model == PIECEWISE else 1) or len(numbers) < needed:
        raise BadCaseFile(f"mpc.gencost: {count} is not the count of the numbers that follow", line=line)
    if not np.all(np.isfinite(numbers)):
        raise BadCaseFile("mpc.gencost: a cost is not a finite number", line=line, fix="give numbers")
    if model == POLYNOMIAL:
        return _polynomial(numbers, line), 0.0
    return _through_ends(numbers[0::2], numbers[1::2], line)


def _polynomial(numbers: FloatArray, line: int) -> FloatArray:
    if np.any(numbers[:-3] != 0):
        raise BadCaseFile(
            f"mpc.gencost: a polynomial of degree {len(numbers) - 1} is not read",
            line=line,
            fix="give degree 2 at most",
        )
    low = numbers[-3:]
    return np.concatenate([np.zeros(3 - len(low)), low])


def _through_ends(p: FloatArray, cost: FloatArray, line: int) -> tuple[FloatArray, float]:
    """Give c(p) = chord + c2 (p - first)(p - last), c2 >= 0, and its largest distance at a corner."""
    if np.any(np.diff(p) <= 0):
        raise BadCaseFile("mpc.gencost: the points do not rise in MW", line=line, fix="give points in rising order")
    slope = (cost[-1] - cost[0]) / (p[-1] - p[0])
    chord = cost[0] + slope * (p - p[0])
    shape = (p - p[0]) * (p - p[-1])
    square = float(shape @ shape)
    c2 = max(0.0, float((cost - chord) @ shape) / square) if square else 0.0
    c1 = slope - c2 * (p[0] + p[-1])
    c0 = cost[0] - slope * p[0] + c2 * p[0] * p[-1]
    return np.array([c2, c1, c0]), float(np.max(np.abs(chord + c2 * shape - cost)))
