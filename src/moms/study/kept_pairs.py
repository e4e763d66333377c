"""Pairs that may exceed a limit, kept for the next study of the same topology: rounds of a redispatch, other hours.

Which pairs matter depends on the topology, and on the hours only by bounds: the least margin of each branch, the
most MW of each contingency, how far pick-ups stray. Bounds are kept a little wider than they were asked for. What
lies within them later needs no search; what has outgrown them is searched alone, the contingency against all
branches or the branch against all contingencies. Pairs are settled hour by hour each time, so that one too many
costs a moment and changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.study.search import Pairs, Question, amounts, search, search_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.grid import BoolArray, Contingency, FloatArray, IntArray
    from moms.powerflow import DcFactor
    from moms.powerflow.sweeps import Subtrees
    from moms.study._kernels import ColumnArrays, WatchArrays

WIDER = 0.02
"""Of the limit, and of the MW of a contingency: twice as many pairs at most, found in the same time."""
WIDER_MW = 0.5
WIDER_SPREAD = 1e-3
SEARCHED_ANEW = 0.25
"""Where more of the grid than this has outgrown its bounds, all of it is searched."""
NONE = -1.0
"""The bound of a contingency that nothing is known of."""


class KeptPairs:
    """The pairs of one topology and one list of contingencies. Not to be shared by threads."""

    def __init__(self) -> None:
        self._clear()
        self._factor: DcFactor | None = None
        self._contingencies: tuple[Contingency, ...] = ()

    def _clear(self) -> None:
        self.reference: FloatArray | None = None
        """Angles by position that injections are held against: the first study's, for all that follow."""
        self._amount = self._margin = self._spread = np.empty(0)
        self._contingency = self._row = np.empty(0, np.int64)
        self._moved = np.empty(0)

    def reference_of(self, factor: DcFactor, contingencies: tuple[Contingency, ...]) -> FloatArray | None:
        """Give the reference of what is kept; all of it is forgotten where it is of another topology or list.

        The list is the very one: places in it are what is kept. Which part of a grid is studied may depend on the
        hours, too.
        """
        same = self._factor is not None and self._contingencies is contingencies and _alike(self._factor, factor)
        if not same:
            self._clear()
            self._factor, self._contingencies = factor, contingencies
        return self.reference

    def of(
        self,
        tree: Subtrees,
        columns: ColumnArrays,
        watch: WatchArrays,
        *,
        contingency: IntArray,
        margin: FloatArray,
        limit: FloatArray,
    ) -> Iterator[Pairs]:
        """Give all pairs that may exceed `margin`, (q,) MW, in some hour, and some that do not; none twice.

        `contingency` (c,) are the columns' places in the list, `limit` (q,) MW tells how much wider bounds are kept.
        """
        amount, row = amounts(columns), watch.row
        self._make_room(int(contingency.max(initial=-1)) + 1, int(row.max(initial=-1)) + 1)
        self._forget_others(contingency, row)
        grown = amount > self._amount[contingency]
        less = (margin < self._margin[row]) | (watch.spread > self._spread[row])
        if _share(grown) + _share(less) > SEARCHED_ANEW:
            grown[:], less[:] = True, True
        self._amount[contingency[grown]] = _more(amount, columns)[grown]
        self._margin[row[less]] = (margin - WIDER * limit)[less]
        self._spread[row[less]] = ((1.0 + WIDER) * watch.spread + WIDER_SPREAD)[less]
        bounded = watch._replace(spread=self._spread[row])
        asked = Question(tree, columns, bounded, self._margin[row], self._amount[contingency])
        self._drop(np.isin(self._contingency, contingency[grown]) | np.isin(self._row, row[less]))
        fresh = []
        if grown.any():
            fresh += list(search(asked, grown))
        if less.any() and not grown.all():
            fresh += list(search_rows(asked, np.flatnonzero(less), ~grown))
        self._take(fresh, contingency, row)
        yield self._as_placed(contingency, row)

    def _make_room(self, contingencies: int, rows: int) -> None:
        more = max(contingencies - len(self._amount), 0)
        self._amount = np.r_[self._amount, np.full(more, NONE)]
        more = max(rows - len(self._margin), 0)
        self._margin = np.r_[self._margin, np.full(more, np.inf)]
        self._spread = np.r_[self._spread, np.full(more, -np.inf)]

    def _forget_others(self, contingency: IntArray, row: IntArray) -> None:
        """Forget what is not asked about: it would miss what is searched now."""
        gone, unseen = np.ones(len(self._amount), np.bool_), np.ones(len(self._margin), np.bool_)
        gone[contingency], unseen[row] = False, False
        self._amount[gone] = NONE
        self._margin[unseen] = np.inf
        self._drop(gone[self._contingency] | unseen[self._row])

    def _drop(self, some: BoolArray) -> None:
        if some.any():
            keep = ~some
            self._contingency, self._row = self._contingency[keep], self._row[keep]
            self._moved = self._moved[keep]

    def _take(self, fresh: list[Pairs], contingency: IntArray, row: IntArray) -> None:
        if fresh:
            self._contingency = np.concatenate([self._contingency, *(contingency[p.column] for p in fresh)])
            self._row = np.concatenate([self._row, *(row[p.place] for p in fresh)])
            self._moved = np.concatenate([self._moved, *(p.moved for p in fresh)])

    def _as_placed(self, contingency: IntArray, row: IntArray) -> Pairs:
        column, place = np.full(len(self._amount), -1, np.int64), np.full(len(self._margin), -1, np.int64)
        column[contingency], place[row] = np.arange(len(contingency)), np.arange(len(row))
        return Pairs(column[self._contingency], place[self._row], self._moved)


def _alike(one: DcFactor, other: DcFactor) -> bool:
    """Tell whether two factors are of one topology, with their buses in the same places."""
    return (
        np.array_equal(one.live, other.live)
        and np.array_equal(one.position, other.position)
        and np.array_equal(one.b_mw, other.b_mw)
    )


def _share(some: BoolArray) -> float:
    """Give how much of all that is, 0 of nothing: a grid may have no limit, or nothing that may fail."""
    return float(some.sum()) / max(len(some), 1)


def _more(amount: FloatArray, columns: ColumnArrays) -> FloatArray:
    """Give amounts as they are kept: wider by a share, and by what a small flow may become."""
    stays = np.where(columns.is_removal, np.abs(columns.stays), 1.0)
    return (1.0 + WIDER) * amount + WIDER_MW * stays
