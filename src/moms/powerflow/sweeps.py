"""Many transfers against many branches or buses, of one factor: only the pairs that may matter come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow._inverse import across, selected_inverse
from moms.powerflow._ldl import WIDTH
from moms.powerflow._sweep import (
    Candidates,
    Lanes,
    Subtrees,
    Targets,
    heaviest,
    heaviest_share,
    sweep,
    widths,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.grid import FloatArray, IntArray
    from moms.powerflow.dc import DcFactor

ROOM = 1 << 20


def subtrees(factor: DcFactor) -> Subtrees:
    """Give a factor's elimination tree, ready to be swept."""
    n, parent = len(factor.pivot), factor.parent
    live = factor.live
    f, t = factor.from_position[live], factor.to_position[live]
    tied = np.zeros(n + 1, np.bool_)
    tied[f[t == n]] = True
    tied[t[f == n]] = True
    stretch, growth, grounded = widths(factor.begin, factor.l_value, parent, tied[:n].copy())
    child = np.argsort(np.where(parent < 0, n, parent), kind="stable")
    child = child[parent[child] >= 0]
    return Subtrees(
        begin=factor.begin,
        l_row=factor.l_row,
        l_value=factor.l_value,
        pivot=factor.pivot,
        parent=parent,
        child_begin=np.searchsorted(parent[child], np.arange(n + 1)).astype(np.int64),
        child=child.astype(np.int64),
        root=np.flatnonzero(parent < 0).astype(np.int64),
        stretch=stretch,
        growth=growth,
        grounded=grounded,
    )


def angles_across(factor: DcFactor, f: IntArray, t: IntArray) -> FloatArray:
    """Give the angle, (k,) rad, across pairs of positions per MW sent from one to the other.

    Each pair is joined by a branch, or is a position and the ground.
    """
    below, diagonal = selected_inverse(factor.begin, factor.l_row, factor.l_value, factor.pivot)
    found: FloatArray = across(factor.begin, factor.l_row, below, diagonal, f, t)
    return found


def targets(
    tree: Subtrees, *, f: IntArray, t: IntArray, weight: FloatArray, at_bus: bool = False, close: bool = False
) -> Targets:
    """Sort pairs of positions f to t, (t,), by the one eliminated first; `weight` is (kinds, t).

    With `at_bus` they are positions f against the ground. `close` takes the closer bound: it costs a
    forward sweep of every target, and pays where many lanes are to come.
    """
    low = np.minimum(f, t)
    by = np.argsort(low, kind="stable")
    begin = np.searchsorted(low[by], np.arange(len(tree.pivot) + 1)).astype(np.int64)
    heavy = np.ascontiguousarray(weight[:, by])
    if close:
        most = heaviest_share(heavy, low[by], np.maximum(f, t)[by], tree)
    else:
        most = heaviest(heavy, begin, tree.parent)
        if not at_bus:
            most *= tree.stretch
    return Targets(
        begin=begin,
        name=by.astype(np.int64),
        other=np.maximum(f, t)[by],
        flipped=(f > t)[by],
        weight=heavy,
        heaviest=most,
        at_bus=at_bus,
    )


def lanes(
    *, source: IntArray, sink: IntArray, multiplier: FloatArray, kind: IntArray | None = None,
    offset: FloatArray | None = None, slop: FloatArray | None = None,
) -> tuple[Lanes, IntArray]:  # fmt: skip
    """Order transfers so that neighbours share a block, those of one kind and size together; give the order too."""
    none = np.zeros(len(source))
    kinds = np.zeros(len(source), np.int64) if kind is None else kind
    size = np.floor(np.log2(np.maximum(multiplier, 1.0)) / SIZES)
    by = np.lexsort((np.minimum(source, sink), size, kinds))
    return (
        Lanes(
            source=source[by],
            sink=sink[by],
            multiplier=multiplier[by],
            offset=(none if offset is None else offset)[by],
            slop=(none if slop is None else slop)[by],
            kind=kinds[by],
        ),
        by,
    )


SIZES = 2.0
"""Octaves of size that share a block: a large lane opens subtrees for all in its block."""


def candidates(tree: Subtrees, some: tuple[Lanes, IntArray], others: Targets) -> Iterator[Candidates]:
    """Give the pairs (lane, target, angle across the target per MW) that may matter, in chunks."""
    transfers, order = some
    if not len(others.name):
        return
    room = WIDTH * len(others.name) + ROOM
    found = Candidates(lane=np.empty(room, np.int64), name=np.empty(room, np.int64), drop=np.empty(room))
    block, blocks = 0, -(-len(transfers.source) // WIDTH)
    while block < blocks:
        block, count = sweep(block, tree, transfers, others, found)
        if count:
            yield Candidates(
                lane=order[found.lane[:count]], name=found.name[:count].copy(), drop=found.drop[:count].copy()
            )


__all__ = ["Candidates", "Lanes", "Subtrees", "angles_across", "candidates", "lanes", "subtrees", "targets"]
