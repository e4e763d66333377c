"""The search leaves nothing out: against dense factors on whole cases, and however its work is split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import splu

from moms.powerflow import (
    DcFactor,
    adjacency,
    bridge_tree,
    elimination_order,
    label,
    live_branches,
    small_pieces,
)
from moms.powerflow.sweeps import Subtrees, angles_across, subtrees, targets
from moms.study import Out, Slice, StudyRules, contingencies_of, search, study
from moms.study.state import stand
from tests.study.grids import a_case, scaled_hours
from tests.study.plain import random_network
from tests.study.test_against_brute_force import a_slice

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray, Network

Rows = dict[tuple[str, int, int], float]


def rows_of(one: Slice, rules: StudyRules) -> Rows:
    result = study(slices=[one], rules=rules, keep_old=True)
    t = result.violations
    return {
        (result.contingencies[t.contingency[e]], int(t.element[e]), int(t.hour[e])): float(t.flow_mw[e])
        for e in range(len(t))
    }


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_how_many_branches_are_rows_moves_work_and_not_results(seed: int) -> None:
    one = a_slice(np.random.default_rng(seed))
    found = []
    with pytest.MonkeyPatch.context() as patch:
        for share in (0.0, 0.5, 1.0):
            patch.setattr(search, "ROW_SHARE", share)
            found.append(rows_of(one, StudyRules()))
    assert found[0].keys() == found[1].keys() == found[2].keys()
    for key, flow in found[0].items():
        assert flow == pytest.approx(found[1][key], abs=1e-7)
        assert flow == pytest.approx(found[2][key], abs=1e-7)


def dense(network: Network, rows: IntArray, flows: FloatArray) -> FloatArray:
    """Give flows on all branches after the loss of each of `rows`, (m, k, H), by one dense inverse of scipy's."""
    lines, n = network.branches, len(network.buses)
    live = live_branches(network)
    b = np.where(live, network.base_mva / np.where(live, lines.x * lines.tap, 1.0), 0.0)
    m = len(lines)
    place = np.tile(np.arange(m), 2), np.r_[lines.from_bus, lines.to_bus]
    ends = sparse.coo_matrix((np.r_[np.ones(m), -np.ones(m)], place), shape=(m, n)).tocsc()[:, 1:]
    matrix = (ends.T @ sparse.diags(b) @ ends).tocsc()
    moved = b[:, None] * (ends @ splu(matrix).solve(ends.tocsr()[rows].T.toarray()))
    lodf = moved / (1.0 - moved[rows, np.arange(len(rows))])
    after: FloatArray = flows[:, None, :] + lodf[:, :, None] * flows[rows][None, :, :]
    after[rows, np.arange(len(rows))] = 0.0
    return after


@pytest.mark.parametrize(("name", "scale"), [("case118", (0.6, 1.0)), ("case_ACTIVSg500", (1.0, 0.7)),
                                             ("case1354pegase", (1.0,)), ("case_ACTIVSg2000", (1.0,))])  # fmt: skip
def test_no_pair_of_a_published_case_is_missed_or_made_up(name: str, scale: tuple[float, ...]) -> None:
    network = a_case(name)
    hours = scaled_hours(network, np.array(scale))
    flows = DcFactor.of(network).flows(hours.injection_mw(network))
    lines = network.branches
    # Ratings drawn near what is carried, some below it, so that margins of every size stand: tiny, none, negative.
    rng = np.random.default_rng(7)
    worst = np.abs(flows).max(axis=1)
    rating = np.maximum(worst * rng.choice([0.99, 1.0, 1.0001, 1.05, 1.3, 2.0], len(lines)), 1.0)
    network = network.with_ratings(a=rating, b=rating, c=rating)
    factor = DcFactor.of(network)
    live = np.flatnonzero(factor.live & ~factor.bridges())
    if len(live) > 900:  # a dense table of all would not fit
        live = np.sort(rng.choice(live, 900, replace=False))
    wanted = {f"branch:{k + 1}" for k in live.tolist()}
    asked = tuple(c for c in contingencies_of(network, which="branches") if c.id in wanted)
    one = Slice(network=network, hours=hours, hours_without=hours, out=Out(), request=Out(), contingencies=asked)
    found = rows_of(one, StudyRules(watch_share=1.0))
    after = dense(network, live, flows)
    watched = lines.monitored & factor.live
    over = watched[:, None, None] & (np.abs(after) > rating[:, None, None] + 1e-6)
    close = np.abs(np.abs(after) - rating[:, None, None]) < 1e-5
    expected = {(f"branch:{live[k] + 1}", int(row), int(h)) for row, k, h in np.argwhere(over & ~close)}
    allowed = expected | {(f"branch:{live[k] + 1}", int(row), int(h)) for row, k, h in np.argwhere(close)}
    assert expected <= found.keys()
    assert found.keys() <= allowed
    place = {f"branch:{row + 1}": k for k, row in enumerate(live.tolist())}
    assert expected
    for (contingency, row, h), flow in found.items():
        assert flow == pytest.approx(after[row, place[contingency], h], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_angles_across_branches_are_those_of_a_dense_inverse(seed: int) -> None:
    network = random_network(np.random.default_rng(seed))
    factor = DcFactor.of(network)
    rows = np.flatnonzero(factor.live)
    f, t = factor.from_position[rows], factor.to_position[rows]
    x = factor.transfers(f, t)
    at = np.arange(len(rows))
    assert angles_across(factor, f, t) == pytest.approx(x[f, at] - x[t, at], rel=1e-9, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**9))
@example(seed=0)
def test_pieces_found_nearby_are_those_of_the_whole_graph(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, n=int(rng.integers(4, 40)))
    live = live_branches(network)
    graph = adjacency(network, live)
    used = label(graph, np.ones(len(network.buses), np.bool_), np.empty(0, np.int64)) == 0
    there = np.flatnonzero(live & used[network.branches.from_bus])
    lost = np.sort(rng.choice(there, min(int(rng.integers(1, 6)), len(there)), replace=False))
    lines = network.branches
    ends = np.unique(np.r_[lines.from_bus[lost], lines.to_bus[lost]])
    piece, buses, of = small_pieces(graph, used, lost, ends)
    island = label(graph, used, lost)
    same = island[ends][:, None] == island[ends][None, :]
    assert ((piece[:, None] == piece[None, :]) == same).all()
    for number in np.unique(of):
        mine = buses[of == number]
        whole = np.flatnonzero(island == island[mine[0]])
        assert np.array_equal(np.sort(mine), whole)
    assert bridge_tree(graph, root=int(ends[0]), branches=len(live)).walk.size == used.sum()


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**9))
@example(seed=543)
def test_what_has_no_margin_is_seen_from_every_subtree_that_holds_it(seed: int) -> None:
    """The order is the network's: with outages it is no postorder, and a subtree's positions do not stand together."""
    rng = np.random.default_rng(seed)
    one = a_slice(rng)
    out = Out(branches=rng.choice(len(one.network.branches), int(rng.integers(0, 5)), replace=False))
    order = elimination_order(one.network)
    factor = stand(one.network, hours=one.hours, out=out, order=order).factor
    tree, live = subtrees(factor), np.flatnonzero(factor.live)
    f, t = factor.from_position[live], factor.to_position[live]
    for k in range(len(live)):
        some = np.unique(np.r_[k, rng.choice(len(live), min(3, len(live)))])
        weight = np.where(some == k, np.inf, 1e-9)[None, :]
        seen = targets(tree, f=f[some], t=t[some], weight=weight, close=True).heaviest[0]
        j = int(min(f[k], t[k]))
        while j >= 0:
            assert seen[j] == np.inf, (k, j)
            j = int(tree.parent[j]) if j < len(tree.parent) else -1


def test_two_trees_whose_positions_stand_between_each_other_are_told_apart() -> None:
    """0 hangs from 2 and 1 from 3: what has no margin at 1 is seen from 3, though 2 comes after it."""
    tree = Subtrees(
        begin=np.array([0, 1, 2, 2, 2]), l_row=np.array([2, 3]), l_value=np.array([-0.5, -0.5]), pivot=np.ones(4),
        parent=np.array([2, 3, -1, -1]), child_begin=np.array([0, 0, 0, 1, 2]), child=np.array([0, 1]),
        root=np.array([2, 3]), stretch=np.ones(4), growth=np.ones(4), grounded=np.array([False, False, True, True]),
    )  # fmt: skip
    ends = targets(tree, f=np.array([1, 0]), t=np.array([4, 2]), weight=np.array([[np.inf, 1e-9]]), close=True)
    assert ends.heaviest[0][1] == np.inf
    assert ends.heaviest[0][3] == np.inf
    assert ends.heaviest[0][0] < 1.0
    assert ends.heaviest[0][2] < 1.0
