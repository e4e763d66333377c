"""What all branches of one factor carry of each other's transfers, and which of them cut the grid together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow._jit import compiled
from moms.powerflow._mutual import mutual

if TYPE_CHECKING:
    import numpy.typing as npt

    from moms.grid import BoolArray, FloatArray, IntArray
    from moms.powerflow.dc import DcFactor
    from moms.powerflow.islands import BridgeTree

    Labels = npt.NDArray[np.uint64]


def mutual_order(factor: DcFactor, rows: IntArray) -> IntArray:
    """Put branches in the order `mutual_angles` asks for: by the end eliminated first."""
    low = np.minimum(factor.from_position[rows], factor.to_position[rows])
    ordered: IntArray = rows[np.lexsort((rows, low))]
    return ordered


def mutual_angles(factor: DcFactor, rows: IntArray, *, into: FloatArray | None = None) -> FloatArray:
    """Give the angle across each of `rows` per MW sent along each other one, (k, k) rad, symmetric.

    `rows` stand as `mutual_order` puts them. With `into`, a flat array of at least k * k, no new
    memory is taken.
    """
    count = len(rows)
    made = np.empty(count * count) if into is None else into[: count * count]
    angles: FloatArray = made.reshape(count, count)
    mutual(
        factor.begin,
        factor.l_row,
        factor.l_value,
        factor.pivot,
        factor.parent,
        factor.from_position[rows],
        factor.to_position[rows],
        angles,
    )
    return angles


def cycle_labels(factor: DcFactor, tree: BridgeTree) -> Labels:
    """Label branches, (m,), so that two cut the island together where their labels are equal; 0 for a bridge.

    Each branch outside a spanning tree gets 64 mixed bits of its row; each branch of the tree the
    exclusive or of those whose cycle it lies on (cycle space; Pritchard and Thurimella 2011). Equal
    cycles give equal labels always; others with a chance of 2^-64 a pair, so that whoever uses them
    also looks at the factors. Branches that do not carry get 0.
    """
    lines = factor.network.branches
    f, t = lines.from_bus.astype(np.int64), lines.to_bus.astype(np.int64)
    return _labels(tree.walk, tree.parent, factor.live, f, t, tree_children(factor, tree))


def tree_children(factor: DcFactor, tree: BridgeTree) -> IntArray:
    """Give the bus below each branch of the walk's tree, (m,); -1 for all others, as for all but one in parallel."""
    lines = factor.network.branches
    return _children(tree.parent, factor.live, lines.from_bus.astype(np.int64), lines.to_bus.astype(np.int64))


@compiled
def _children(parent: IntArray, live: BoolArray, f: IntArray, t: IntArray) -> IntArray:
    child = np.full(len(live), -1, np.int64)
    taken = np.zeros(len(parent), np.bool_)
    for k in range(len(live)):
        if not live[k]:
            continue
        for low, high in ((f[k], t[k]), (t[k], f[k])):
            if child[k] < 0 and parent[low] == high and not taken[low]:
                child[k], taken[low] = low, True
    return child


@compiled
def _labels(  # noqa: PLR0917 - compiled code takes no keywords
    walk: IntArray, parent: IntArray, live: BoolArray, f: IntArray, t: IntArray, child: IntArray
) -> Labels:
    label = np.zeros(len(live), np.uint64)
    through = np.zeros(len(parent), np.uint64)
    up = np.full(len(parent), -1, np.int64)
    for k in range(len(live)):
        if child[k] >= 0:
            up[child[k]] = k
        elif live[k]:
            label[k] = _mixed(np.uint64(k))
            through[f[k]] ^= label[k]
            through[t[k]] ^= label[k]
    for place in range(len(walk) - 1, 0, -1):
        i = walk[place]
        label[up[i]] = through[i]
        through[parent[i]] ^= through[i]
    return label


@compiled
def _mixed(k: np.uint64) -> np.uint64:
    """Mix 64 bits (splitmix64, Steele, Lea and Flood 2014)."""
    z = (k + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
