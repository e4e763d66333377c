"""Losses of more than one column, each held against every asset of a board at once.

Let loss c remove branches R, cut parts off and move MW at buses. f^c is computed once, exactly, for all
branches and hours. What asset j carries then, it moves by its factors on the grid that R has left:

    f^jc_m = f^c_m + b_m phi^c_mj f^c_j / (1 - b_j phi^c_jj),      phi^c_mj = phi_mj + sum_r phi_mr S_rj,
    S = (1 - Y_RR)^-1 b_R phi_Rj,                                  Y = b phi,

since who makes up for what c cuts off is the same with and without j. Where j hangs together with R the
factor has no denominator: these pairs come back (together.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.study import _several
from moms.study._board import LOSS
from moms.study.screen import Screen
from moms.study.slices import Out
from moms.study.together import Pair

if TYPE_CHECKING:
    from moms.grid import BoolArray, Contingency, FloatArray, IntArray
    from moms.study._board import Cells, Day
    from moms.study._several import Loss
    from moms.study.state import Case

NO_FACTOR = 1e-7
"""A denominator of less than this share of what it is without the loss: the pair goes to the screen."""


def hold_several(  # noqa: PLR0917 - one caller
    case: Case, rows: IntArray, losses: tuple[Contingency, ...], places: IntArray, day: Day, cells: Cells
) -> list[Pair]:
    """Hold these losses, places in the list, against all active cells; gives the pairs that have no factor."""
    if not len(places):
        return []
    screen = Screen.of(case, tuple(losses[k] for k in places.tolist()), own=Out()).over_rows(rows)
    place = np.full(len(case.network.branches), -1, np.int64)
    place[rows] = np.arange(len(rows))
    far = _several.far_flows(day, cells)
    reach = _several.reaches(day, far)
    open_: list[Pair] = []
    for one, flow, alive in screen.compound_flows():
        if one.contingency in screen.unsolved:
            cells.unsolved[cells.active] = True
            continue
        k, loss = int(places[one.contingency]), _loss(flow, alive, place[one.removed], day)
        near = _several.without_factor(loss, day, cells, NO_FACTOR)
        open_ += [Pair(int(rows[j]), k) for j in near.tolist()]
        _several.hold(loss, day, cells, far, reach, LOSS - k)
    return open_


def _loss(flow: FloatArray, alive: BoolArray, removed: IntArray, day: Day) -> Loss:
    """Give what a loss that removes branches, by place, does to all branches of the day."""
    y = day.b[removed, None] * day.phi[removed]
    s = np.linalg.solve(np.eye(len(removed)) - y[:, removed], y)
    return _several.loss_of(flow, alive, removed, np.ascontiguousarray(s), day)
