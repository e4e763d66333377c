"""The bounds by which a search leaves out whole subtrees are bounds, on grids with negative reactances too."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.powerflow import DcFactor, NoReactance
from moms.powerflow.sweeps import subtrees, targets
from tests.study.plain import random_network


def shares(factor: DcFactor, low: int, high: int) -> dict[int, float]:
    """Sweep a transfer from position `low` to `high` forward by hand: what it leaves at each position on its way."""
    n = len(factor.pivot)
    x = np.zeros(n + 1)
    x[low] += 1.0
    x[high] -= 1.0
    x[n] = 0.0
    found, j = {}, low
    while j >= 0:
        rows = slice(factor.begin[j], factor.begin[j + 1])
        boundary = factor.l_row[rows]
        x[boundary] -= factor.l_value[rows] * x[j]
        found[j] = 0.5 * (np.abs(x[boundary]).sum() + abs(x[boundary].sum()))
        j = int(factor.parent[j])
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_no_target_weighs_more_on_a_boundary_than_the_bound_of_its_subtree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, n=int(rng.integers(4, 40)))
    try:
        factor = DcFactor.of(network)
    except NoReactance:
        return
    f, t = factor.from_position, factor.to_position
    some = np.flatnonzero(factor.live & (f != t))
    weight = rng.uniform(0.0, 10.0, (3, len(some))) ** rng.integers(1, 5)
    weight[2, rng.random(len(some)) < 0.2] = np.inf
    tree = subtrees(factor)
    bound = targets(tree, f=f[some], t=t[some], weight=weight, close=True).heaviest
    assert bound.shape == (3, len(factor.pivot))
    for e, k in enumerate(some):
        low, high = sorted((int(f[k]), int(t[k])))
        for j, share in shares(factor, low, high).items():
            if share > 1e-12:  # less is the rounding of sums of nothing
                assert (bound[:, j] >= weight[:, e] * share * (1 - 1e-9)).all(), (k, j)
