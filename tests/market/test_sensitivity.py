from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.grid import Contingency
from moms.market import Over, Sensitivities, dispatch
from moms.powerflow import DcFactor

from . import dense
from .worlds import hours, world


def point(seed, *, ring_only=False):
    grid = world(seed=seed, loose=True)
    if ring_only:  # a ring less one branch: every branch is a bridge
        lines = grid.network.branches
        live = np.arange(len(lines)) < len(grid.network.buses) - 1
        grid = replace(grid, network=replace(grid.network, branches=replace(lines, in_service=live)))
    made = dispatch(grid=grid, starts=hours(1)).hours
    return grid.network, made.injection_mw(grid.network)[:, 0], made.unit_mw[:, 0]


def answers(network, injection, unit_mw, *, branches=(), units=()):
    contingency = Contingency(id="test", branches=tuple(branches), units=tuple(units)) if branches or units else None
    known = Sensitivities(DcFactor.of(network))
    live = [k for k in np.flatnonzero(network.branches.in_service) if k not in branches]
    running = network.units.in_service
    return {
        int(k): known.answer(
            Over(contingency=contingency, element=int(k), hour=0, limit_mw=1.0),
            injection_mw=injection,
            unit_mw=unit_mw,
            running=running,
        )
        for k in live
    }


@given(
    st.integers(0, 60), st.lists(st.integers(0, 47), max_size=3, unique=True), st.lists(st.integers(0, 29), max_size=2)
)
@settings(max_examples=25, deadline=None)
def test_the_flow_after_a_contingency_is_that_of_a_solve_without_it(seed, branches, units):
    network, injection, unit_mw = point(seed)
    expected = dense.after(network, injection, unit_mw, branches=branches, units=units)
    found = answers(network, injection, unit_mw, branches=branches, units=units)
    if expected is None:
        assert any(a is None for a in found.values())
        return
    for k, answer in found.items():
        assert answer.flow_mw == pytest.approx(expected[k], abs=1e-6)


@given(st.integers(0, 60), st.integers(0, 22))
@settings(max_examples=30, deadline=None)
def test_a_contingency_that_cuts_buses_off_is_solved_on_each_island_left(seed, bridge):
    network, injection, unit_mw = point(seed, ring_only=True)
    expected = dense.after(network, injection, unit_mw, branches=(bridge,))
    found = answers(network, injection, unit_mw, branches=(bridge,))
    for k, answer in found.items():
        if answer is not None and expected is not None:
            assert answer.flow_mw == pytest.approx(expected[k], abs=1e-6)


@given(st.integers(0, 60), st.lists(st.integers(0, 47), max_size=2, unique=True), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_a_flow_moves_with_the_dispatch_as_its_sensitivities_say(seed, branches, draw):
    network, injection, unit_mw = point(seed)
    change = np.random.default_rng(draw).normal(0, 10, len(unit_mw))
    change -= change.mean()
    moved = injection.copy()
    np.add.at(moved, network.units.bus, change)
    expected = dense.flows(network, moved, lost=branches)
    if len(set(dense.pieces(network, lost=branches).tolist())) > 1:
        return
    for k, answer in answers(network, injection, unit_mw, branches=branches).items():
        assert answer.flow_mw + answer.per_mw @ change == pytest.approx(expected[k], abs=1e-6)


def test_a_trip_hides_the_tripped_units_own_change():
    network, injection, unit_mw = point(3)
    lost = int(np.argmax(unit_mw))
    before = answers(network, injection, unit_mw, units=(lost,))
    moved, more = injection.copy(), unit_mw.copy()
    other = int(np.argsort(unit_mw)[-2])
    for unit, mw in ((lost, 1.0), (other, -1.0)):
        moved[network.units.bus[unit]] += mw
        more[unit] += mw
    after = answers(network, moved, more, units=(lost,))
    for k, answer in before.items():
        assert answer.per_mw[lost] == 0.0
        said = answer.flow_mw + answer.per_mw[lost] - answer.per_mw[other]
        assert said == pytest.approx(after[k].flow_mw, abs=0.05)  # the shares of headroom move a little
