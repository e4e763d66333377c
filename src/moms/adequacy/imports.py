"""What others can give: the loss of an area that may draw on what the rest of the system has to spare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.table import first_lost, loss_of_load

if TYPE_CHECKING:
    from moms.adequacy.table import OutageTable
    from moms.grid import FloatArray

NOTHING = 1e-18
"""An hour whose load is lost less often than this even without help is passed over: 1e-14 hours in a year."""


def helped(
    *, table: OutageTable, load_mw: FloatArray, others: OutageTable, others_load_mw: FloatArray, limit_mw: float
) -> tuple[FloatArray, FloatArray]:
    """Give LOLP and energy of an area that gets the others' spare capacity, up to a limit.

    Exact for two areas; with more, the others count as one copper plate. They serve themselves
    first. With m MW short in the area, s to spare with the others and limit T, load is lost if
    m > min(T, s+); over the states of the area with 0 < m <= T that is P(s < m), beyond it is certain.
    The energy is m - min(T, s+): U(s - m) - U(s) in the first case, m - T + U(s - T) - U(s) in the
    second, U(s) being the others' expected shortfall with s to spare.
    """
    beyond, energy = loss_of_load(table=table, load_mw=load_mw - limit_mw)
    lolp, unserved = beyond.copy(), energy.copy()
    alone, _ = loss_of_load(table=table, load_mw=load_mw)
    for place in np.ndindex(load_mw.shape):
        if alone[place] < NOTHING:
            continue
        near = _near(table, float(load_mw[place]), limit_mw)
        if near is None and beyond[place] == 0:
            continue
        theirs = float(others_load_mw[place])
        _, base = _at(others, theirs)
        if near is not None:
            short, weight = near
            lost, gone = _at(others, theirs + short)
            lolp[place] += float(weight @ lost)
            unserved[place] += float(weight @ (gone - base))
        unserved[place] += float(beyond[place] * (_at(others, theirs + limit_mw)[1] - base))
    return np.minimum(lolp, 1.0), unserved


def _near(table: OutageTable, load_mw: float, limit_mw: float) -> tuple[FloatArray, FloatArray] | None:
    """Give the MW short in the area's states that the limit could cover, and their probabilities."""
    spare = np.array([table.installed_mw - load_mw, table.installed_mw - load_mw + limit_mw])
    first, stop = first_lost(table=table, spare_mw=spare)
    if first >= stop:
        return None
    return table.out_mw[first:stop] - spare[0], table.probability[first:stop]


def _at(others: OutageTable, load_mw: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    # The others lose load at "more out than spare"; help falls short of m at "spare less than m".
    return loss_of_load(table=others, load_mw=np.asarray(load_mw))
