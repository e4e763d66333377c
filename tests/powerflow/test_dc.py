"""DC flows and factors against published figures and against a plain dense re-solve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.grid import FloatArray, Network
from moms.powerflow import CutsOff, DcFactor, Disconnected, NoReactance, NotInService, Unbalanced, islands_of
from moms.powerflow.order import elimination_order
from tests.study.grids import a_case, a_network, scaled_hours
from tests.study.plain import plain_flows, random_network

B7 = {
    (1, 2): 25.328, (1, 4): 41.567, (1, 5): 33.104, (2, 3): 1.854, (2, 4): 32.478, (2, 5): 16.219,
    (2, 6): 24.778, (3, 5): 16.932, (3, 6): 44.922, (4, 5): 4.045, (5, 6): 0.300,
}  # fmt: skip
B7_LODF = {
    (1, 4): 0.5948, (1, 5): 0.4052, (2, 3): -0.1029, (2, 4): -0.5884, (2, 5): -0.1875, (2, 6): -0.1213,
    (3, 5): -0.1175, (3, 6): 0.0146, (4, 5): 0.0065, (5, 6): 0.1067,
}  # fmt: skip
B8 = {(4, 5): 28.967, (5, 6): -61.033, (6, 7): 23.967, (7, 8): -76.033, (8, 9): 86.967, (9, 4): -38.033}
B10 = {(8, 9), (9, 10), (71, 73), (85, 86), (86, 87), (110, 111), (110, 112), (68, 116), (12, 117)}


def slack_balanced(network: Network) -> FloatArray:
    """Give the case's own injections with the slack taking the rest, as MATPOWER's DC flow does."""
    injection = -network.buses.load_mw - network.buses.shunt_mw
    np.add.at(injection, network.units.bus, network.units.p_mw * network.units.in_service)
    injection[network.buses.kind == 3] -= injection.sum()
    return injection[:, None]


def by_ends(network: Network, column: FloatArray) -> dict[tuple[int, int], float]:
    ends = zip(network.branches.from_bus, network.branches.to_bus, strict=True)
    number = network.buses.number
    return {(int(number[f]), int(number[t])): float(v) for (f, t), v in zip(ends, column, strict=True)}


def test_the_six_bus_case_has_its_textbook_flows() -> None:
    network = a_case("case6ww")
    flows = by_ends(network, DcFactor.of(network).flows(slack_balanced(network))[:, 0])
    assert flows == pytest.approx(B7, abs=6e-4)


def test_the_six_bus_case_has_its_textbook_outage_factors() -> None:
    network = a_case("case6ww")
    factors = by_ends(network, DcFactor.of(network).lodf(np.array([0]))[:, 0])
    assert factors.pop((1, 2)) == -1.0
    assert factors == pytest.approx(B7_LODF, abs=6e-5)


def test_the_nine_bus_case_has_its_flows_and_three_bridges() -> None:
    network = a_case("case9")
    factor = DcFactor.of(network)
    flows = by_ends(network, factor.flows(slack_balanced(network))[:, 0])
    assert {ends: flows[ends] for ends in B8} == pytest.approx(B8, abs=6e-4)
    assert factor.bridges().sum() == 3


def test_the_118_bus_case_has_its_nine_bridges_and_its_largest_flow() -> None:
    network = a_case("case118")
    factor = DcFactor.of(network)
    number, lines = network.buses.number, network.branches
    found = {(int(number[lines.from_bus[k]]), int(number[lines.to_bus[k]])) for k in np.flatnonzero(factor.bridges())}
    flows = by_ends(network, factor.flows(slack_balanced(network))[:, 0])
    assert len(lines) == 186
    assert found == B10
    assert max(flows.items(), key=lambda item: abs(item[1])) == ((8, 9), pytest.approx(-450.0))


@pytest.mark.parametrize("name", ["case118", "case300", "case1354pegase", "case_ACTIVSg500"])
def test_flows_equal_a_dense_solution(name: str) -> None:
    network = a_case(name)
    injection = scaled_hours(network, np.array([0.7, 1.0])).injection_mw(network)
    assert DcFactor.of(network).flows(injection) == pytest.approx(plain_flows(network, injection), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_outage_factors_equal_a_new_solution_on_random_grids(seed: int) -> None:
    network = random_network(np.random.default_rng(seed))
    factor = DcFactor.of(network)
    injection = scaled_hours(network, np.array([1.0])).injection_mw(network)
    before, bridge = factor.flows(injection), factor.bridges()
    for k in np.flatnonzero(factor.live):
        alone = np.array([k])
        if bridge[k]:
            assert islands_of(network, out=alone).max() == 1
            with pytest.raises(CutsOff):
                factor.lodf(alone)
        else:
            expected = plain_flows(network, injection, out=alone)
            assert islands_of(network, out=alone).max() == 0
            assert before + factor.lodf(alone) * before[k] == pytest.approx(expected, abs=1e-6)
            assert DcFactor.of(network, out=alone).flows(injection) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_ptdf_rows_give_the_flows_of_any_balanced_injection(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    factor = DcFactor.of(network)
    injection = rng.normal(0, 50, (len(network.buses), 3))
    injection -= injection.mean(axis=0)
    zero = factor.flows(np.zeros_like(injection))
    every = np.arange(len(network.branches))
    assert factor.ptdf_rows(every) @ injection + zero == pytest.approx(factor.flows(injection), abs=1e-7)


def test_one_order_serves_every_topology() -> None:
    network = a_case("case118")
    order, out = elimination_order(network), np.array([5, 60])
    injection = slack_balanced(network)
    assert sorted(order) == list(range(118))
    assert DcFactor.of(network, out=out, order=order).flows(injection) == pytest.approx(
        plain_flows(network, injection, out=out), abs=1e-8
    )


def test_a_topology_in_pieces_is_refused_by_name_before_any_matrix_is_made() -> None:
    network = a_case("case9")
    with pytest.raises(Disconnected, match="bus:1 .*8 buses"):
        DcFactor.of(network, out=np.array([0]))


def test_an_isolated_bus_is_no_piece() -> None:
    network = a_network(
        bus=[[1, 3, 0, 0, 0, 0, 1, 1, 0, 345], [2, 1, 50, 0, 0, 0, 1, 1, 0, 345], [3, 4, 9, 0, 0, 0, 1, 1, 0, 345]],
        gen=[[1, 50, 0, 9, -9, 1, 100, 1, 80, 0]],
        branch=[[1, 2, 0, 0.1, 0, 90, 90, 90, 0, 0, 1], [2, 3, 0, 0.1, 0, 90, 90, 90, 0, 0, 1]],
    )
    injection = np.array([[50.0], [-50.0], [-9.0]])
    assert DcFactor.of(network).flows(injection)[:, 0].tolist() == pytest.approx([50.0, 0.0])


def test_what_does_not_add_up_is_refused() -> None:
    network = a_case("case9")
    with pytest.raises(Unbalanced, match="hour 1 sum to 3"):
        DcFactor.of(network).angles(np.array([[0.0, 3.0]] + [[0.0, 0.0]] * 8))


@pytest.mark.parametrize("x", [[0.0, 0.1], [0.1, -0.1]])
def test_no_reactance_and_reactances_that_cancel_are_refused(x: list[float]) -> None:
    with pytest.raises(NoReactance):
        DcFactor.of(
            a_network(
                bus=[[1, 3, 0, 0, 0, 0, 1, 1, 0, 345], [2, 1, 0, 0, 0, 0, 1, 1, 0, 345]],
                gen=[[1, 0, 0, 9, -9, 1, 100, 1, 80, 0]],
                branch=[[1, 2, 0, each, 0, 90, 90, 90, 0, 0, 1] for each in x],
            )
        )


def test_a_factor_of_a_branch_that_is_out_is_refused() -> None:
    with pytest.raises(NotInService, match="branch:3"):
        DcFactor.of(a_case("case118"), out=np.array([2])).lodf(np.array([2]))
