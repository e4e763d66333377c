"""AC on a grid with a layer: the states of `miso`, its banks, and what choosing contingencies leaves out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.exchange.gridfile import load_bundled
from moms.exchange.hours import base_point
from moms.exchange.matpower import read_case
from moms.grid import NO_BAND, BranchKind
from moms.powerflow import elimination_order
from moms.powerflow.ac import AcRules, solve_ac
from moms.powerflow.ac_near import NearSolver
from moms.study import Out, Slice, contingencies_of
from moms.study import ac_choice as choice
from moms.study.ac_check import WIDER, _near_values, check_ac
from moms.study.ac_outside import carried
from moms.study.ac_rows import UNLIMITED, AcLimits, AcResult, AcStatus, limits_of
from moms.study.ac_state import SolvedHour, after, radial
from moms.study.state import stand
from tests.study.layers import layered
from tests.study.test_ac_check import a_case

if TYPE_CHECKING:
    from moms.grid import Grid

KNOWN_OUT = {56375, 56575}
"""Tertiary windings that nothing is connected to (docs/miso-ac.md)."""


@cache
def miso() -> Grid:
    return load_bundled("miso")


def at_level(grid: Grid, level: float, *out: int) -> Slice:
    hours = base_point(grid).hours
    hours = replace(hours, load_mw=level * hours.load_mw, unit_mw=level * hours.unit_mw,
                    dcline_mw=level * hours.dcline_mw)  # fmt: skip
    off = hours.injection_mw(grid.network).sum()  # losses of DC lines are fixed
    hours.unit_mw[int(np.argmax(hours.unit_mw[:, 0])), 0] -= off
    request = Out(branches=np.array(out, np.int64) - 1)
    return Slice(network=grid.network, hours=hours, hours_without=hours, out=Out(), request=request,
                 contingencies=contingencies_of(grid, which="all"))  # fmt: skip


def solved(one: Slice, grid: Grid) -> SolvedHour:
    assert grid.ac is not None
    found = carried(one, grid.ac)
    assert not isinstance(found, str)
    case = stand(found[0].network, hours=found[0].hours, out=Out(), order=elimination_order(found[0].network),
                 lossy=True)  # fmt: skip
    world = SolvedHour.of(found[0], case, 0, Out(), AcLimits())
    assert isinstance(world, SolvedHour), world
    return world


@pytest.mark.parametrize("level", [1.0, 0.85, 0.7, 0.6, 0.5])
def test_hours_of_miso_have_a_state_with_voltages_inside_their_bands(level: float) -> None:
    world = solved(at_level(miso(), level), miso())
    buses = world.case.network.buses
    volt, inside = np.abs(world.base.v), buses.zone >= 0
    beyond = inside & ((volt > buses.vmax + 1e-6) | (volt < buses.vmin - 1e-6))
    assert set(buses.number[beyond].tolist()) <= KNOWN_OUT
    own = np.arange(len(buses)) < len(miso().network.buses)
    assert volt[own & inside].min() > 0.9
    # losses are those of the branches: told by what each takes in and gives out
    at_from, at_to = world.net.flows_mva(world.base.v)
    shunts = (buses.shunt_mw * volt**2).sum()
    lost = (at_from + at_to).real.sum() + shunts
    given = (world.point.p_mw[world.net.rows]).sum() + world.base.slack_mw
    assert given == pytest.approx(lost, abs=0.5)


def test_a_locked_bank_leaves_the_state_a_solution_and_holds_no_voltage() -> None:
    world = solved(at_level(miso(), 0.7), miso())
    model = miso().ac
    assert model is not None
    assert not world.point.holds[model.bank_bus].any()
    again = solve_ac(world.net, world.point, start=world.base, rules=AcRules(slack_mw=1.0))
    assert again.converged
    assert np.abs(np.abs(again.v) - np.abs(world.base.v)).max() < 1e-6
    taken = world.case.network.buses.shunt_mvar[model.bank_bus] - model.shunt_mvar[model.bank_bus]
    assert (taken >= model.bank_low_mvar * 1.25 - 1.0).all()
    assert (taken <= model.bank_high_mvar * 1.25 + 1.0).all()


def test_after_a_loss_every_bus_of_miso_is_in_balance_by_the_plain_formula_of_a_branch() -> None:
    world = solved(at_level(miso(), 0.7), miso())
    lines, buses, units = world.case.network.branches, world.case.network.buses, world.case.network.units
    flow = np.abs(world.net.flows_mva(world.base.v)[0])
    able = np.flatnonzero(lines.contingency & ~world.bridges)
    row = int(able[np.argmax(flow[able])])
    state = solve_ac(world.net, world.point, start=world.base, lost=np.array([row]), rules=AcRules(slack_mw=0.01))
    assert state.converged
    live = lines.in_service.copy()
    live[row] = False
    drawn = np.zeros(len(buses), complex)
    for k in np.flatnonzero(live).tolist():  # what a branch draws at both ends, MATPOWER manual 3.2
        f, t = int(lines.from_bus[k]), int(lines.to_bus[k])
        y, tap = 1.0 / complex(lines.r[k], lines.x[k]), complex(lines.tap[k])
        half = 0.5j * lines.b[k]
        vf, vt = state.v[f] / tap, state.v[t]
        drawn[f] += vf * np.conj((y + half) * vf - y * vt)
        drawn[t] += vt * np.conj((y + half) * vt - y * vf)
    drawn *= 100.0
    drawn += np.abs(state.v) ** 2 * (buses.shunt_mw - 1j * buses.shunt_mvar)
    given = np.zeros(len(buses))
    np.add.at(given, units.bus[world.case.units_on], world.case.unit_mw[world.case.units_on, 0])
    given += world.point.share * state.slack_mw - world.case.load_mw[:, 0]
    apart = np.abs(drawn.real - given)
    apart[state.reference] = 0.0  # up to 0.01 MW of losses stay there
    assert apart.max() < 1e-3
    q = drawn.imag + buses.load_mvar
    most, least = np.zeros(len(buses)), np.zeros(len(buses))
    np.add.at(most, units.bus[world.case.units_on], units.q_max_mvar[world.case.units_on])
    np.add.at(least, units.bus[world.case.units_on], units.q_min_mvar[world.case.units_on])
    assert (q <= most + 0.01).all()
    assert (q >= least - 0.01).all()


def test_dc_never_sees_the_layer() -> None:
    grid = miso()
    assert grid.ac is not None
    assert not (grid.network.branches.kind == BranchKind.AC_EQUIVALENT).any()
    assert grid.ac.grid == grid.digest
    assert len(grid.ac.vmin) == len(grid.network.buses) + len(grid.ac.number)


def seen(result: AcResult) -> set[tuple[object, ...]]:
    rows = {(row.contingency, row.element, row.quantity, row.caused) for row in result.rows if row.caused != "old"}
    return rows | {(one.contingency, one.caused) for one in result.failures}


@pytest.mark.parametrize(("name", "out"), [("case118", 8), ("case118", 38), ("case_ACTIVSg200", 44),
                                           ("case_ACTIVSg500", 40)])  # fmt: skip
def test_choosing_contingencies_misses_nothing_that_all_of_them_in_full_find(name, out, monkeypatch):
    grid = layered(read_case(a_case(name)))
    one = at_level(grid, 1.0, out)
    chosen = check_ac(slices=[one], model=grid.ac)
    monkeypatch.setattr(choice, "LEAST_MVA", -1.0)
    monkeypatch.setattr(choice, "MOST", 10**6)
    full = check_ac(slices=[one], model=grid.ac, screen=False)
    assert full.counts.untouched == 0
    assert chosen.status == full.status
    assert seen(chosen) == seen(full)


def test_what_is_left_out_is_counted(monkeypatch):
    grid = layered(read_case(a_case("case_ACTIVSg200")))
    monkeypatch.setattr(choice, "MOST", 3)
    counts = check_ac(slices=[at_level(grid, 1.0, 44)], model=grid.ac).counts
    assert counts.contingencies == 3
    assert counts.left_out > 0
    assert counts.untouched == len(contingencies_of(grid, which="all")) - 3


def test_an_outside_that_follows_no_one_level_is_not_available():
    grid = layered(read_case(a_case("case_ACTIVSg200")))
    one = at_level(grid, 1.0, 44)
    load = one.hours.load_mw.copy()
    row = int(np.flatnonzero((grid.network.buses.zone < 0) & (load[:, 0] > 0.0))[0])
    load[row] += 5.0
    hours = replace(one.hours, load_mw=load)
    found = check_ac(slices=[replace(one, hours=hours, hours_without=hours)], model=grid.ac)
    assert found.status is AcStatus.NOT_AVAILABLE
    assert "one level of load" in found.why


@pytest.mark.parametrize("name", ["case118", "case_ACTIVSg200", "case_ACTIVSg500"])
def test_a_part_cut_off_is_solved_near_the_base_state_as_without_it(name: str) -> None:
    grid = layered(read_case(a_case(name)))
    world = solved(at_level(grid, 1.0), grid)
    solver = NearSolver.of(world.net, world.point, world.base)
    n, m = len(world.case.network.buses), len(world.case.network.branches)
    limits, compared = AcLimits(), 0
    for contingency in contingencies_of(grid, which="all"):
        loss = radial(world, contingency)
        if loss is None:
            continue
        near, full = solver.solve([loss])[0], after(world, contingency)
        if not near.settled or full is None or full.values is None:
            continue
        ours = _near_values(world, near, loss)
        on = full.values.on
        assert np.array_equal(ours.on[m:], on[m:])  # the same buses are dark
        assert np.abs(ours.value - full.values.value)[m : m + n][on[m : m + n]].max() < WIDER * limits.near_pu
        limit = world.limit[:m]
        assert (np.abs(ours.value - full.values.value)[:m] / np.minimum(limit, 1e6)).max() < WIDER * limits.near_loading
        compared += 1
    assert compared > 5


def test_a_bus_that_is_not_judged_has_no_limit_and_its_neighbours_keep_theirs() -> None:
    network = read_case(a_case("case118")).network
    vmin, vmax = network.buses.vmin.copy(), network.buses.vmax.copy()
    vmin[5], vmax[5] = NO_BAND
    changed = replace(network, buses=replace(network.buses, vmin=vmin, vmax=vmax))
    limit = limits_of(changed, network.branches.rate_b_mw, AcLimits())[-len(vmin) :]
    assert limit[5] == UNLIMITED
    assert (np.delete(limit, 5) == AcLimits().deviation_pu).all()
