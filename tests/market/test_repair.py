from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from moms.market import HourRelief, Move, RedispatchRules, Relief, dispatch, repair
from moms.market._repaired import KeptHours, fingerprints
from moms.powerflow import DcFactor, islands_of
from moms.study import some_hours

from . import dense
from .room import room
from .worlds import hours, world

redispatch = sys.modules["moms.market.redispatch"]  # the package has a function of that name


def tight(seed, *, share, count=4):
    grid = world(seed=seed, loose=True)
    made = dispatch(grid=grid, starts=hours(count)).hours
    flows = np.abs(dense_flows(grid.network, made))
    rate = flows.max(axis=1) + 20.0
    worst = np.argsort(-flows[:, 0])[:2]
    rate[worst] = share * flows[worst].max(axis=1)
    network = grid.network.with_ratings(a=rate, b=rate, c=rate)
    return replace(grid, network=network), made


def dense_flows(network, made):
    injection = made.injection_mw(network)
    return np.column_stack([dense.flows(network, injection[:, h]) for h in range(injection.shape[1])])


@given(st.integers(0, 200), st.sampled_from((0.97, 0.85)))
@settings(max_examples=15, deadline=None)
def test_a_repaired_hour_keeps_rate_a_and_balance_by_an_independent_flow(seed, share):
    grid, made = tight(seed, share=share)
    found = repair(factor=DcFactor.of(grid.network), hours=made)
    assert np.abs(found.hours.injection_mw(grid.network).sum(axis=0)).max() < 1e-6
    after = np.abs(dense_flows(grid.network, found.hours))
    over = np.maximum(after - grid.network.branches.rate_a_mw[:, None], 0.0).sum(axis=0)
    assert over == pytest.approx(found.over_mw, abs=1e-2)
    assert (over[[h.hour for h in found.reliefs if h.relief is Relief.RELIEVED]] < 1e-6).all()
    assert (found.hours.load_mw == made.load_mw).all()


@given(st.integers(0, 200))
@settings(max_examples=10, deadline=None)
def test_no_dispatch_is_nearer_for_what_it_leaves_over(seed):
    grid, made = tight(seed, share=0.9, count=1)
    network, units, least = grid.network, grid.network.units, RedispatchRules().least_effect
    found = repair(factor=DcFactor.of(network), hours=made)
    p, injection = made.unit_mw[:, 0], made.injection_mw(network)[:, 0]
    base = dense.flows(network, injection)
    effect = np.zeros((len(base), len(units)))
    for u in range(len(units)):
        probe = injection.copy()
        probe[units.bus[u]] += 1.0
        probe[0] -= 1.0
        effect[:, u] = dense.flows(network, probe) - base
    rate, one = network.branches.rate_a_mw, np.eye(len(base))
    oracle = linprog(
        np.r_[np.full(2 * len(units), least), np.ones(len(base))],
        A_ub=np.vstack([np.hstack([effect, -effect, -one]), np.hstack([-effect, effect, -one])]),
        b_ub=np.r_[rate - base, rate + base],
        A_eq=np.r_[np.ones(len(units)), -np.ones(len(units)), np.zeros(len(base))][None, :],
        b_eq=[0.0],
        bounds=[*((0, m) for m in np.concatenate(room(network, p))), *[(0, None)] * len(base)],
    )
    assert oracle.status == 0
    assert 2 * least * found.moved_mw[0] + found.over_mw[0] == pytest.approx(oracle.fun, rel=1e-3, abs=1e-2)


def test_hours_within_their_limits_come_back_as_they_are():
    grid, made = tight(3, share=1.5)
    found = repair(factor=DcFactor.of(grid.network), hours=made)
    assert found.hours.unit_mw.tobytes() == made.unit_mw.tobytes()
    assert found.reliefs == ()
    assert (found.moved_mw == 0).all()


def test_an_hour_that_cannot_be_repaired_says_how_much_stays_over_and_moves_as_near_as_it_can():
    grid, made = tight(3, share=0.05)
    found = repair(factor=DcFactor.of(grid.network), hours=made)
    before = np.maximum(np.abs(dense_flows(grid.network, made)) - grid.network.branches.rate_a_mw[:, None], 0).sum(
        axis=0
    )
    stuck = [h.hour for h in found.reliefs if h.relief is Relief.CANNOT]
    assert stuck
    assert (found.over_mw[stuck] > 0).all()
    assert (found.over_mw[stuck] < before[stuck]).all()
    assert all("2 %" in h.says for h in found.reliefs if h.relief is Relief.CANNOT)
    assert np.abs(found.hours.injection_mw(grid.network).sum(axis=0)).max() < 1e-6


def the_same(one, other):
    assert one.hours.unit_mw.tobytes() == other.hours.unit_mw.tobytes()
    assert one.moved_mw.tobytes() == other.moved_mw.tobytes()
    assert one.over_mw.tobytes() == other.over_mw.tobytes()
    assert [replace(h, unit_mw=None).__repr__() for h in one.reliefs] == [
        replace(h, unit_mw=None).__repr__() for h in other.reliefs
    ]


@given(st.integers(0, 200), st.sampled_from((0.97, 0.85, 0.05)))
@settings(max_examples=15, deadline=None)
def test_a_kept_hour_is_the_repair_made_now_to_the_byte_wherever_it_stands(seed, share):
    grid, made = tight(seed, share=share)
    factor, kept = DcFactor.of(grid.network), KeptHours()
    plain = repair(factor=factor, hours=made, kept=None)
    backwards = some_hours(made, np.arange(len(made))[::-1])
    for k in range(len(made)):
        repair(factor=DcFactor.of(grid.network), hours=some_hours(made, np.array([k])), kept=kept)
    the_same(repair(factor=factor, hours=made, kept=kept), plain)
    the_same(repair(factor=factor, hours=backwards, kept=kept), repair(factor=factor, hours=backwards, kept=None))


@given(st.integers(0, 200), st.sampled_from((0.97, 0.85, 0.05)))
@settings(max_examples=15, deadline=None)
def test_an_hour_is_repaired_alike_however_many_are_held_at_once(seed, share):
    grid, made = tight(seed, share=share)
    factor = DcFactor.of(grid.network)
    whole = repair(factor=factor, hours=made, kept=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redispatch, "AT_ONCE", 1)
        the_same(repair(factor=factor, hours=made, kept=None), whole)


def test_whatever_a_repair_rests_on_makes_another_fingerprint():
    grid, made = tight(3, share=0.85, count=1)
    network = grid.network
    lines, units, buses = network.branches, network.units, network.buses
    more = lines.rate_a_mw + np.eye(len(lines))[0]
    others = [
        network.with_ratings(a=more, b=lines.rate_b_mw, c=lines.rate_c_mw),
        replace(network, branches=replace(lines, x=lines.x * 1.01)),
        replace(network, branches=replace(lines, monitored=~lines.monitored)),
        replace(network, units=replace(units, p_max_mw=units.p_max_mw + 1.0)),
        replace(network, units=replace(units, fuel=np.roll(units.fuel, 1))),
        replace(network, buses=replace(buses, zone=buses.zone + 1)),
    ]
    out, none = np.zeros((len(units), 1), np.bool_), np.zeros((len(units), 1))
    base = {"factor": DcFactor.of(network), "hours": made, "at": [0], "units_out": out, "derate_mw": none}
    base["rules"] = RedispatchRules()
    changed = [base | {"factor": DcFactor.of(one)} for one in others]
    changed += [
        base | {"hours": replace(made, load_mw=made.load_mw + 1.0)},
        base | {"hours": replace(made, unit_mw=made.unit_mw + 1.0)},
        base | {"units_out": ~out},
        base | {"derate_mw": none + 1.0},
        base | {"derate_mw": None},
        base | {"rules": RedispatchRules(may_start=False)},
    ]
    rows = [r for r in range(len(lines)) if len(np.unique(islands_of(network, out=np.array([r])))) == 1]
    changed.append(base | {"factor": DcFactor.of(network, out=np.array(rows[:1]))})
    every = [fingerprints(**one)[0] for one in (base, *changed)]
    assert len(set(every)) == len(every)
    assert fingerprints(**(base | {"factor": DcFactor.of(network)})) == every[:1]


def test_the_hour_asked_for_longest_ago_is_forgotten_first():
    kept = KeptHours(most=2)
    reliefs = [HourRelief(hour=k, relief=Relief.RELIEVED, says="") for k in range(3)]
    was = np.array([10.0, 20.0])
    for key, one in zip((b"a", b"b"), reliefs, strict=False):
        kept.put(key, one, unit_mw=was)
    assert kept.get(b"a", hour=7, unit_mw=was).hour == 7
    kept.put(b"c", reliefs[2], unit_mw=was)
    assert kept.get(b"b", hour=0, unit_mw=was) is None
    assert kept.get(b"a", hour=0, unit_mw=was) is not None


@pytest.mark.parametrize("moves", [(), (Move(unit=1, before_mw=20.0, after_mw=25.0),)])
@pytest.mark.parametrize("after", [None, np.array([10.0, 25.0])])
def test_what_is_kept_of_an_hour_is_given_back_whole(moves, after):
    kept, was = KeptHours(), np.array([10.0, 20.0])
    relief = HourRelief(
        hour=3, relief=Relief.RELIEVED, says="", moves=moves if after is not None else (), unit_mw=after
    )
    kept.put(b"a", relief, unit_mw=was)
    found = kept.get(b"a", hour=3, unit_mw=was)
    assert found is not None
    assert repr(replace(found, unit_mw=None)) == repr(replace(relief, unit_mw=None))
    assert (found.unit_mw is None) == (after is None)
    assert after is None or found.unit_mw.tobytes() == after.tobytes()
