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
    from moms.study.state import Case

AT_ONCE = 32
"""Losses held together: moves memory and, of equally bad proofs, which one is told."""
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
    far, open_ = _several.far_flows(day, cells), list[Pair]()
    some: list[tuple[int, FloatArray, BoolArray, IntArray]] = []
    for one, flow, alive in screen.compound_flows():
        if one.contingency in screen.unsolved:
            cells.unsolved[cells.active] = True
            continue
        some.append((int(places[one.contingency]), flow, alive, place[one.removed]))
        if len(some) == AT_ONCE:
            open_ += _hold(some, rows, day, cells, far)
            some = []
    return open_ + _hold(some, rows, day, cells, far)


def _hold(
    some: list[tuple[int, FloatArray, BoolArray, IntArray]], rows: IntArray, day: Day, cells: Cells, far: FloatArray
) -> list[Pair]:
    """Hold some losses, given by place, flows, what they leave alive and what they remove."""
    if not some:
        return []
    removed = [lost for *_, lost in some]
    losses = _several.losses_of(
        np.stack([flow for _, flow, _, _ in some]),
        np.stack([alive for _, _, alive, _ in some]),
        np.concatenate(removed),
        np.r_[0, np.cumsum([len(lost) for lost in removed])],
        np.ascontiguousarray(np.concatenate([_responses(lost, day) for lost in removed])),
        day,
    )
    open_: list[Pair] = []
    for q, (k, *_) in enumerate(some):
        near = _several.without_factor(losses, q, day, cells, NO_FACTOR)
        open_ += [Pair(int(rows[j]), k) for j in near.tolist()]
    _several.hold(losses, LOSS - np.array([k for k, *_ in some]), day, cells, far)
    return open_


def _responses(removed: IntArray, day: Day) -> FloatArray:
    """Give S, (removed, k)."""
    y = day.b[removed, None] * day.phi[removed]
    return np.asarray(np.linalg.solve(np.eye(len(removed)) - y[:, removed], y), np.float64)
