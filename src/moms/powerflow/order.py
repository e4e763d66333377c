"""The order in which buses are eliminated: chosen once per grid, good for each of its topologies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from moms.powerflow._jit import compiled
from moms.powerflow._ldl import elimination_tree
from moms.values import Remembered

if TYPE_CHECKING:
    from moms.grid import IntArray, Network


def elimination_order(network: Network) -> IntArray:
    """Give bus rows, (n,), in an order that keeps the factor sparse: minimum degree, then postorder.

    It depends on which branches the file has, in service or not, never on what is out: so one order
    serves all topologies of a grid. Postorder makes neighbours in the tree neighbours in memory.
    """
    lines = network.branches
    return _ORDERS.of(lines.from_bus, lines.to_bus, network.buses.kind, make=lambda: _order(network))


_ORDERS: Remembered[IntArray] = Remembered()
"""Everything solved on a grid asks for its order again, the parts that contingencies leave too."""


def _order(network: Network) -> IntArray:
    n = len(network.buses)
    lines = network.branches
    ends = np.r_[lines.from_bus, lines.to_bus], np.r_[lines.to_bus, lines.from_bus]
    pattern = sparse.coo_matrix((np.full(2 * len(lines), -1.0), ends), shape=(n, n)).tocsc()
    pattern.setdiag(0.0)
    pattern.eliminate_zeros()
    pattern.data[:] = -1.0
    degree = np.asarray(-pattern.sum(axis=0)).ravel()
    dominant = (pattern + sparse.diags(degree + 1.0)).tocsc()
    lu = splu(dominant, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    order = np.argsort(lu.perm_c).astype(np.int64)
    ordered = dominant[order][:, order].tocsc()
    ordered.sort_indices()
    parent, _ = elimination_tree(ordered.indptr.astype(np.int64), ordered.indices.astype(np.int64))
    result: IntArray = order[postorder(parent)]
    return result


@compiled
def postorder(parent: IntArray) -> IntArray:
    """Give the nodes of a forest, each after all of its children, children in rising order."""
    n = len(parent)
    child = np.full(n, -1, np.int64)
    sibling = np.full(n, -1, np.int64)
    for k in range(n - 1, -1, -1):
        p = parent[k]
        if p >= 0:
            sibling[k] = child[p]
            child[p] = k
    result = np.empty(n, np.int64)
    done = 0
    stack = np.empty(n, np.int64)
    for root in range(n):
        if parent[root] >= 0:
            continue
        depth = 1
        stack[0] = root
        while depth > 0:
            k = stack[depth - 1]
            if child[k] >= 0:
                stack[depth] = child[k]
                child[k] = sibling[child[k]]
                depth += 1
            else:
                depth -= 1
                result[done] = k
                done += 1
    return result
