"""Which pairs of contingency and branch may exceed a limit in some hour: bounds over all hours at once.

A pair is safe in every hour when the contingency's MW, at their most, times its effect on the branch
stay below the branch's least margin. Two searches cover all pairs. Branches with little margin (for
their susceptance) are *rows*: a transfer along the branch gives its row of all factors at once. For
all the other branches each contingency is a *column*. So the few branches that stand near a limit do
not keep the search for all the others from leaving out whole parts of the grid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.powerflow.sweeps import candidates, lanes, targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.grid import BoolArray, FloatArray, IntArray
    from moms.powerflow.sweeps import Lanes, Subtrees
    from moms.study._kernels import ColumnArrays, WatchArrays

ROW_SHARE = 1 / 32
"""Share of the branches searched as rows; what it is set to moves work, not results."""
LEAST_MW = 1e-6
"""A branch with less margin than this is held against every contingency."""
OCTAVES = 16
"""Injections up to 2^16 MW are told apart by size."""


class Pairs(NamedTuple):
    """Column, watched branch, and MW on the branch per MW of the column (an injection's less the reference)."""

    column: IntArray
    place: IntArray
    moved: FloatArray


class Question(NamedTuple):
    """What is searched: contingencies of one column each, watched branches, and how much each of these has left."""

    tree: Subtrees
    columns: ColumnArrays
    watch: WatchArrays
    margin: FloatArray
    """(q,) MW, the least of all hours."""
    amount: FloatArray
    """(c,) MW, the most of all hours, as `amounts` gives it."""


def amounts(columns: ColumnArrays) -> FloatArray:
    """Give what a unit effect of each column is multiplied by at most, (c,) MW, the pick-up's part included."""
    amount: FloatArray = np.where(columns.is_removal, np.abs(columns.largest * columns.stays), columns.largest)
    injected = columns.injection >= 0
    amount[injected] = np.maximum(amount[injected], columns.picked[columns.injection[injected]])
    return amount


def search(asked: Question, some: BoolArray | None = None) -> Iterator[Pairs]:
    """Give all pairs of `some` columns (c,), all where not given, that may exceed a margin; none twice, in chunks."""
    columns, watch = asked.columns, asked.watch
    is_row = _rows(watch, asked.margin)
    rows, others = np.flatnonzero(is_row), np.flatnonzero(~is_row)
    removal, injection = _kinds(columns, some)
    yield from _by_row(asked, rows, removal)
    yield from _by_row_at_bus(asked, rows, injection)
    yield from _by_column(asked, np.r_[removal, injection], others)


def search_rows(asked: Question, rows: IntArray, some: BoolArray) -> Iterator[Pairs]:
    """Give the pairs of some watched branches, by place, with `some` columns, (c,): as `search` does."""
    removal, injection = _kinds(asked.columns, some)
    yield from _by_row(asked, rows, removal)
    yield from _by_row_at_bus(asked, rows, injection)


def _kinds(columns: ColumnArrays, some: BoolArray | None) -> tuple[IntArray, IntArray]:
    """Give those columns that remove a branch, and those that move MW at a bus."""
    every = np.ones(len(columns.source), np.bool_) if some is None else some
    removal = np.flatnonzero(every & columns.is_removal & (columns.stays != 0.0))
    return removal, np.flatnonzero(every & ~columns.is_removal)


def _rows(watch: WatchArrays, margin: FloatArray) -> BoolArray:
    """Choose the branches that would keep subtrees open most, and all that have no margin."""
    stiff = np.abs(watch.b_mw) / np.maximum(margin, LEAST_MW)
    chosen = margin <= LEAST_MW
    chosen[np.argsort(-stiff, kind="stable")[: int(len(margin) * ROW_SHARE)]] = True
    return chosen


def _row_lanes(
    watch: WatchArrays, margin: FloatArray, rows: IntArray, *, at_bus: bool = False
) -> tuple[Lanes, IntArray]:
    """Give the transfers along rows; those without margin (kind 1) reach every target whatever its weight."""
    without = margin[rows] <= LEAST_MW
    b = watch.b_mw[rows]
    return lanes(
        source=watch.from_position[rows],
        sink=watch.to_position[rows],
        multiplier=np.where(without, 1.0, np.abs(b) / np.maximum(margin[rows], LEAST_MW)),
        kind=without.astype(np.int64),
        offset=watch.reference[rows] / b if at_bus else None,
        slop=without + watch.spread[rows] / np.abs(b) if at_bus else without.astype(np.float64),
    )


def _weights(amount: FloatArray) -> FloatArray:
    return np.stack([amount, np.full(len(amount), np.inf)])


def _by_row(asked: Question, rows: IntArray, some: IntArray) -> Iterator[Pairs]:
    tree, columns, watch, margin, amount = asked
    ends = targets(tree, f=columns.source[some], t=columns.sink[some], weight=_weights(amount[some]))
    for found in candidates(tree, _row_lanes(watch, margin, rows), ends):
        place = rows[found.lane]
        yield Pairs(some[found.name], place, watch.b_mw[place] * found.drop)


def _by_row_at_bus(asked: Question, rows: IntArray, some: IntArray) -> Iterator[Pairs]:
    tree, columns, watch, margin, amount = asked
    ground = len(tree.pivot)
    grounded = some[columns.source[some] == ground]
    some = some[columns.source[some] != ground]
    at = columns.source[some]
    buses = targets(tree, f=at, t=np.full(len(at), ground), weight=_weights(amount[some]), at_bus=True)
    for found in candidates(tree, _row_lanes(watch, margin, rows, at_bus=True), buses):
        place = rows[found.lane]
        yield Pairs(some[found.name], place, watch.b_mw[place] * found.drop - watch.reference[place])
    if len(grounded):  # what enters at the ground itself moves no angle
        place, column = np.repeat(rows, len(grounded)), np.tile(grounded, len(rows))
        yield Pairs(column, place, -watch.reference[place])


def _by_column(asked: Question, some: IntArray, others: IntArray) -> Iterator[Pairs]:
    """Search removals (kind 0) and injections (by size: what they move by the reference is taken off the margin)."""
    tree, columns, watch, margin, amount = asked
    some = some[amount[some] > 0.0]
    injected = ~columns.is_removal[some]
    octave = np.ceil(np.log2(np.clip(amount[some], 1.0, 2.0**OCTAVES))).astype(np.int64)
    most = np.r_[0.0, 2.0 ** np.arange(int(octave.max(initial=0)) + 1)]
    most[-1] = max(most[-1], float(amount[some].max(initial=0.0)))
    left = margin[others] - most[:, None] * (np.abs(watch.reference[others]) + watch.spread[others])
    weight = np.divide(np.abs(watch.b_mw[others]), left, out=np.full(left.shape, np.inf), where=left > LEAST_MW)
    ends = targets(tree, f=watch.from_position[others], t=watch.to_position[others], weight=weight, close=True)
    kind = np.where(injected, octave + 1, 0)
    transfers = lanes(source=columns.source[some], sink=columns.sink[some], multiplier=amount[some], kind=kind)
    for found in candidates(tree, transfers, ends):
        place, column = others[found.name], some[found.lane]
        moved = watch.b_mw[place] * found.drop
        yield Pairs(column, place, np.where(columns.is_removal[column], moved, moved - watch.reference[place]))
