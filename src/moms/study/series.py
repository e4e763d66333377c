"""Losses of several branches that amount to the loss of one, told apart all at once.

A piece of equipment in series through empty buses is lost with any one of its sections: the others
then hang and carry nothing. What hangs by one lost branch only is lost as with that branch. The rest
is general (compound.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow._jit import compiled
from moms.powerflow.islands import pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import BoolArray, FloatArray, IntArray
    from moms.study.state import Case

GENERAL, HANGING, BEYOND = range(3)
"""More than one column; one removal and empty parts; one branch with all that lies beyond it."""
CLEAR_MW = 1e-3
"""A load larger by this than another is larger whatever the order of its sum."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """What each of some losses of several branches amounts to, (k,)."""

    kind: IntArray
    branch: IntArray
    """The one branch to lose instead."""
    begin: IntArray
    dead: IntArray
    """Rows of the buses cut off by loss k, from begin[k] to begin[k + 1]."""

    def dead_of(self, k: int) -> IntArray:
        """Give the buses that loss k cuts off, rising."""
        found: IntArray = np.sort(self.dead[self.begin[k] : self.begin[k + 1]])
        return found


def sort_out(case: Case, lost: Sequence[IntArray]) -> Series:
    """Tell which losses of several live branches are the loss of one."""
    lines, graph = case.network.branches, case.graph
    begin = np.zeros(len(lost) + 1, np.int64)
    np.cumsum([len(rows) for rows in lost], out=begin[1:])
    flat = np.concatenate(lost) if lost else np.empty(0, np.int64)
    kind, branch, sizes, dead = _sort_out(
        graph.start, graph.neighbour, graph.branch, case.island, lines.from_bus, lines.to_bus, begin, flat,
        case.bus_load_mw, float((case.bus_load_mw * case.island).sum()), case.quiet,
    )  # fmt: skip
    place = np.zeros(len(lost) + 1, np.int64)
    np.cumsum(sizes, out=place[1:])
    return Series(kind=kind, branch=branch, begin=place, dead=dead)


@compiled
def _sort_out(  # noqa: PLR0917 - compiled code takes no keywords
    start: IntArray,
    neighbour: IntArray,
    by: IntArray,
    island: BoolArray,
    from_bus: IntArray,
    to_bus: IntArray,
    begin: IntArray,
    flat: IntArray,
    load: FloatArray,
    all_load: float,
    quiet: BoolArray,
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    count = len(begin) - 1
    kind, branch, sizes = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64)
    dead = np.empty(1024, np.int64)
    filled = 0
    for k in range(count):
        lost = flat[begin[k] : begin[k + 1]]
        ends = np.unique(np.concatenate((from_bus[lost], to_bus[lost])))
        piece, buses, _ = pieces(start, neighbour, by, island, lost, ends)
        if len(buses) == 0 or not _left_is_main(load, all_load, buses):
            continue
        hanging, root, removed, count_removed = _hanging(from_bus, to_bus, lost, ends, piece)
        if not hanging:
            continue
        if count_removed == 1 and quiet[buses].all():
            kind[k], branch[k] = HANGING, removed
        elif count_removed == 0 and root >= 0:
            kind[k], branch[k] = BEYOND, root
        else:
            continue
        while filled + len(buses) > len(dead):
            dead = np.concatenate((dead, np.empty(len(dead), np.int64)))
        dead[filled : filled + len(buses)] = buses
        filled += len(buses)
        sizes[k] = len(buses)
    return kind, branch, sizes, dead[:filled].copy()


@compiled
def _left_is_main(load: FloatArray, all_load: float, buses: IntArray) -> bool:
    """Tell whether the piece that was not walked to its end has clearly more load than all that were together.

    More than the largest of them would make it the main one here, but not if only one branch were lost.
    """
    beyond = 0.0
    for bus in buses:
        beyond += load[bus]
    return all_load - beyond > beyond + CLEAR_MW


@compiled
def _hanging(
    from_bus: IntArray, to_bus: IntArray, lost: IntArray, ends: IntArray, piece: IntArray
) -> tuple[bool, int, int, int]:
    """Join the pieces to the one left over by lost branches, one for each.

    Gives whether that was done, the one branch they all hang by (-1 if several), the last branch that
    joins nothing and so has to be removed, and how many do.
    """
    near_from = piece[np.searchsorted(ends, from_bus[lost])]
    near_to = piece[np.searchsorted(ends, to_bus[lost])]
    root = np.full(len(ends), -2, np.int64)
    joins = np.zeros(len(lost), np.bool_)
    grew = True
    while grew:
        grew = False
        for e in range(len(lost)):
            a, b = near_from[e], near_to[e]
            known_a, known_b = a < 0 or root[a] >= 0, b < 0 or root[b] >= 0
            if known_a == known_b:
                continue
            inner, far = (a, b) if known_a else (b, a)
            root[far] = lost[e] if inner < 0 else root[inner]
            joins[e] = True
            grew = True
    one, removed, count = -1, -1, 0
    for p in piece:
        if p < 0:
            continue
        if root[p] < 0:
            return False, -1, -1, 0
        if one >= 0 and one != root[p]:
            one = len(from_bus)  # several
        elif one < 0:
            one = root[p]
    for e in range(len(lost)):
        if not joins[e]:
            removed = lost[e]
            count += 1
    return True, one if one < len(from_bus) else -1, removed, count
