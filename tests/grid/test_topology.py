"""Components, bridges, islands and what bridges hold, against brute force and networkx."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.grid.topology import bridges, component_of, components, islands, radial
from tests.grid.networks import a_network

if TYPE_CHECKING:
    from moms.grid import Network


@st.composite
def networks(draw):
    n = draw(st.integers(1, 12))
    bus = st.integers(0, n - 1)
    ends = draw(st.lists(st.tuples(bus, bus).filter(lambda e: e[0] != e[1]), max_size=20)) if n > 1 else []
    out = draw(st.lists(st.integers(0, len(ends) - 1), unique=True, max_size=4)) if ends else []
    load = draw(st.lists(st.integers(0, 50), min_size=n, max_size=n))
    units = draw(st.lists(bus, max_size=4))
    return a_network(buses=n, ends=ends, load=load, unit_at=units, slack=[draw(bus)], out=out)


def _parts(network: Network, *, without: tuple[int, ...] = ()) -> list[frozenset[int]]:
    """Flood from each bus: slow, plain, and not the code under test."""
    lines = network.branches
    alive = [k for k in range(len(lines)) if lines.in_service[k] and k not in without]
    left, found = set(range(len(network.buses))), []
    while left:
        part, edge = {min(left)}, {min(left)}
        while edge:
            near = {int(b) for k in alive for a, b in _both(lines, k) if a in edge}
            edge = near - part
            part |= edge
        found.append(frozenset(part))
        left -= part
    return found


def _both(lines, k):
    f, t = int(lines.from_bus[k]), int(lines.to_bus[k])
    return ((f, t), (t, f))


@given(network=networks())
def test_components_are_those_of_a_flood_numbered_by_their_first_bus(network):
    label = component_of(network)
    parts = _parts(network)
    assert [frozenset(np.flatnonzero(label == k).tolist()) for k in range(len(parts))] == parts


@given(network=networks(), data=st.data())
def test_a_bridge_is_a_branch_whose_loss_makes_one_part_more(network, data):
    m = len(network.branches)
    taken = tuple(data.draw(st.lists(st.integers(0, m - 1), unique=True, max_size=3))) if m else ()
    before = len(_parts(network, without=taken))
    found = bridges(network, out_branches=taken)
    for k in range(m):
        stands = bool(network.branches.in_service[k]) and k not in taken
        assert found[k] == (stands and len(_parts(network, without=(*taken, k))) == before + 1)


@given(network=networks())
def test_what_a_bridge_holds_is_the_smaller_of_the_two_sides(network):
    held = radial(network)
    lines, slack = network.branches, np.flatnonzero(network.buses.kind == 3)
    for k in np.flatnonzero(held.bridge).tolist():
        sides = [p for p in _parts(network, without=(k,)) if {int(lines.from_bus[k]), int(lines.to_bus[k])} & p]
        dark = next(p for p in sides if int(held.far_bus[k]) in p)
        other = next(p for p in sides if p != dark)
        assert len(dark) <= len(other)
        if len(dark) == len(other):
            assert not (dark & set(slack.tolist()) and not other & set(slack.tolist()))
        assert held.buses[k] == len(dark)
        assert held.load_mw[k] == pytest.approx(network.buses.load_mw[sorted(dark)].sum())
        assert held.generation_mw[k] == pytest.approx(10.0 * np.isin(network.units.bus, sorted(dark)).sum())
    plain = ~held.bridge
    assert not held.buses[plain].any()
    assert (held.far_bus[plain] == -1).all()


@given(network=networks(), data=st.data())
def test_islands_share_out_all_buses_load_and_output(network, data):
    m = len(network.branches)
    taken = data.draw(st.lists(st.integers(0, m - 1), unique=True)) if m else []
    found = islands(network, out_branches=taken)
    assert sorted(b for island in found for b in island.buses.tolist()) == list(range(len(network.buses)))
    assert {frozenset(i.buses.tolist()) for i in found} == set(_parts(network, without=tuple(taken)))
    assert sum(i.load_mw for i in found) == pytest.approx(network.buses.load_mw.sum())
    assert sum(i.generation_mw for i in found) == pytest.approx(10.0 * len(network.units))
    assert sum(i.capacity_mw for i in found) == pytest.approx(20.0 * len(network.units))
    assert sum(i.has_slack for i in found) == 1
    assert [len(i.buses) for i in found] == sorted((len(i.buses) for i in found), reverse=True)


def test_parallel_circuits_are_no_bridge_until_one_is_out():
    network = a_network(buses=3, ends=[(0, 1), (1, 0), (1, 2)])
    assert bridges(network).tolist() == [False, False, True]
    assert bridges(network, out_branches=[0]).tolist() == [False, True, True]


def test_the_main_island_is_the_larger_one_and_among_equals_that_of_the_slack():
    network = a_network(buses=4, ends=[(0, 1), (1, 2), (2, 3)], slack=[3], load=[1, 2, 3, 4], unit_at=[3])
    assert [i.buses.tolist() for i in islands(network, out_branches=[2])] == [[0, 1, 2], [3]]
    assert [i.buses.tolist() for i in islands(network, out_branches=[1])] == [[2, 3], [0, 1]]
    held = radial(network)
    assert held.buses.tolist() == [1, 2, 1]
    assert held.load_mw.tolist() == [1, 3, 4]
    assert held.generation_mw.tolist() == [0, 0, 10]
    assert held.far_bus.tolist() == [0, 1, 3]


def test_isolated_buses_belong_to_no_island():
    network = a_network(buses=3, ends=[(0, 1)], isolated=[2])
    assert [i.buses.tolist() for i in islands(network)] == [[0, 1]]
    assert not islands(network)[0].dead


def test_a_long_chain_needs_no_recursion():
    n = 50_000
    chain = np.arange(n - 1)
    assert components(buses=n, from_bus=chain, to_bus=chain + 1).max() == 0
    network = a_network(buses=n, ends=[(k, k + 1) for k in range(n - 1)])
    held = radial(network)
    assert held.bridge.all()
    assert held.buses[0] == 1
    assert held.buses[n // 2 - 1] == n // 2


@pytest.mark.parametrize("seed", range(3))
def test_bridges_of_larger_random_networks_are_those_networkx_finds(seed):
    networkx = pytest.importorskip("networkx", reason="networkx is not installed: brute force above still holds")
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, 2000, size=(2600, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    network = a_network(buses=2000, ends=[(int(f), int(t)) for f, t in ends])
    graph = networkx.Graph()
    graph.add_nodes_from(range(2000))
    graph.add_edges_from(map(tuple, ends.tolist()))
    twice = {frozenset(e) for e in ends.tolist()}
    count = dict.fromkeys(twice, 0)
    for e in ends.tolist():
        count[frozenset(e)] += 1
    expected = {frozenset(e) for e in networkx.bridges(graph) if count[frozenset(e)] == 1}
    assert {frozenset(ends[k].tolist()) for k in np.flatnonzero(bridges(network))} == expected
