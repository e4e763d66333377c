"""Which branches are one piece of equipment: windings of a transformer, sections in series (semantics 1.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.grid.network import BranchKind
from moms.grid.topology import components

if TYPE_CHECKING:
    from moms.grid.network import BoolArray, Branches, IntArray


def equipment(*, from_bus: IntArray, to_bus: IntArray, kind: IntArray, plain_bus: BoolArray) -> IntArray:
    """Give the equipment each branch belongs to, (m,): the row of its first branch (semantics 1.6).

    Branches in series through a bus with no injection and no third branch are one equipment, and so
    are the three windings that meet in a star bus. `plain_bus` (n,) tells which buses have no load,
    shunt, unit or DC line; branches out of service count as branches. Circuits that share both end
    buses stay apart.
    """
    m, n = len(from_bus), len(plain_bus)
    ends = np.concatenate([from_bus, to_bus])
    rows = np.concatenate([np.arange(m), np.arange(m)])
    order = np.argsort(ends, kind="stable")
    start = np.searchsorted(ends[order], np.arange(n + 1))
    degree = np.diff(start)
    here = rows[order]
    pairs: list[tuple[int, int]] = []
    for bus in np.flatnonzero(plain_bus & (degree == 2)).tolist():
        a, b = here[start[bus]], here[start[bus] + 1]
        if from_bus[a] + to_bus[a] != from_bus[b] + to_bus[b]:
            pairs.append((int(a), int(b)))
    for bus in np.flatnonzero(plain_bus & (degree == 3)).tolist():
        legs = here[start[bus] : start[bus] + 3]
        if np.all(kind[legs] == BranchKind.WINDING):
            pairs += [(int(legs[0]), int(legs[1])), (int(legs[0]), int(legs[2]))]
    joined = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    label = components(buses=m, from_bus=joined[:, 0], to_bus=joined[:, 1])
    _, first = np.unique(label, return_index=True)
    return np.asarray(first[label], dtype=np.int64)


def star_buses(*, lines: Branches, plain_bus: BoolArray) -> BoolArray:
    """Tell which buses are the star point of a three-winding transformer, (n,).

    A star point has no injection and exactly three branches, all of them transformers that lead to
    three different buses.
    """
    n = len(plain_bus)
    is_transformer = np.isin(lines.kind, (BranchKind.TRANSFORMER, BranchKind.WINDING))
    degree = np.bincount(lines.from_bus, minlength=n) + np.bincount(lines.to_bus, minlength=n)
    legs = np.bincount(lines.from_bus[is_transformer], minlength=n) + np.bincount(
        lines.to_bus[is_transformer], minlength=n
    )
    star: BoolArray = plain_bus & (degree == 3) & (legs == 3)
    touching = np.flatnonzero(star[lines.from_bus] | star[lines.to_bus])
    others: dict[int, set[int]] = {}
    for k in touching.tolist():
        f, t = int(lines.from_bus[k]), int(lines.to_bus[k])
        for bus, other in ((f, t), (t, f)):
            if star[bus]:
                others.setdefault(bus, set()).add(other)
    for bus, far in others.items():
        star[bus] = len(far) == 3
    return star
