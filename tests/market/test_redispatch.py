from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from moms.grid import Contingency
from moms.market import Over, RedispatchRules, Relief, Reliefs, dispatch, redispatch
from moms.powerflow import DcFactor

from . import dense
from .room import room
from .worlds import hours, world

RULES = RedispatchRules()


def single(k):
    return Contingency(id=f"branch:{k + 1}", branches=(k,))


def over_pairs(network, injection, *, limit):
    """Find every pair over its limit after the loss of one branch that cuts nothing off, by dense solves."""
    found = []
    for k in np.flatnonzero(network.branches.in_service):
        if len(set(dense.pieces(network, lost=(k,)).tolist())) > 1:
            continue
        after = np.abs(dense.flows(network, injection, lost=(k,)))
        found += [(int(k), int(r)) for r in np.flatnonzero(after > limit[:, 0] + 1e-7) if r != k]
    return found


def problem(seed, *, tightness=0.93, count=1):
    """Give a world whose limits after a contingency are a little below its worst flows."""
    grid = world(seed=seed, loose=True)
    made = dispatch(grid=grid, starts=hours(count)).hours
    injection = made.injection_mw(grid.network)
    worst = np.zeros(len(grid.network.branches))
    for k in range(len(worst)):
        worst = np.maximum(worst, np.abs(dense.flows(grid.network, injection[:, 0], lost=(k,))))
    tight = np.argsort(-worst)[:3]
    rate_b = worst + 60.0
    rate_b[tight] = tightness * worst[tight]
    network = grid.network.with_ratings(a=rate_b + 200.0, b=rate_b, c=rate_b)
    return replace(grid, network=network), made, injection


def studied(grid, limit):
    """Give the `again` of a study: dense flows of the moved hours, every single-branch contingency."""

    def again(moved, at):
        injection = moved.injection_mw(grid.network)
        return [
            Over(contingency=single(k), element=r, hour=hour, limit_mw=float(limit[r, 0]))
            for column, hour in enumerate(at)
            for k, r in over_pairs(grid.network, injection[:, column], limit=limit)
        ]

    return again


def whole_program(grid, made, injection, limit):
    """Give the cheapest relief with every pair and every rate A as a row at once: scipy, dense factors."""
    network, units = grid.network, grid.network.units
    p = made.unit_mw[:, 0]
    rise, fall = room(network, p)
    marginal = units.cost_c1 + 2 * units.cost_c2 * p
    going = np.flatnonzero(p > 0)
    order = going[np.argsort(marginal[going], kind="stable")]
    price = marginal[order[np.searchsorted(np.cumsum(p[order]), 0.5 * p[order].sum())]]
    least = RULES.least_move_price
    cost = np.r_[np.maximum(marginal - price, 0) + least, np.maximum(price - marginal, 0) + least]
    rows, bounds = [], []
    for lost in [(), *((int(k),) for k in range(len(network.branches)))]:
        if len(set(dense.pieces(network, lost=lost).tolist())) > 1:
            continue
        base = dense.flows(network, injection[:, 0], lost=lost)
        slack_free = np.zeros((len(network.branches), len(units)))
        for u in range(len(units)):
            probe = injection[:, 0].copy()
            probe[units.bus[u]] += 1.0
            probe[0] -= 1.0
            slack_free[:, u] = dense.flows(network, probe, lost=lost) - base
        bound = np.maximum(network.branches.rate_a_mw, np.abs(base)) if not lost else limit[:, 0]
        rows += [slack_free, -slack_free]
        bounds += [bound - base, bound + base]
    a = np.vstack(rows)
    return linprog(
        cost,
        A_ub=np.hstack([a, -a]),
        b_ub=np.concatenate(bounds),
        A_eq=np.r_[np.ones(len(units)), -np.ones(len(units))][None, :],
        b_eq=[0.0],
        bounds=[(0, m) for m in np.r_[rise, fall]],
    )


@given(st.integers(0, 300), st.sampled_from((0.95, 0.8, 0.5)))
@settings(max_examples=8, deadline=None)
def test_relief_costs_what_the_program_with_every_row_at_once_costs(seed, tightness):
    grid, made, injection = problem(seed, tightness=tightness)
    limit = grid.network.branches.rate_b_mw[:, None]
    pairs = studied(grid, limit)(made, (0,))
    assume(pairs)
    found = redispatch(
        factor=DcFactor.of(grid.network), hours=made, over=pairs, again=studied(grid, limit), rules=RULES
    )
    oracle = whole_program(grid, made, injection, limit)
    (hour,) = found.hours
    if oracle.status == 2:
        assert hour.relief is Relief.CANNOT
        return
    assert oracle.status == 0
    assert hour.relief is Relief.RELIEVED
    assert hour.cost_per_h + 2 * RULES.least_move_price * hour.moved_mw == pytest.approx(oracle.fun, rel=1e-3, abs=0.05)


@given(st.integers(0, 300))
@settings(max_examples=10, deadline=None)
def test_after_relief_an_independent_power_flow_finds_every_limit_kept(seed):
    grid, made, injection = problem(seed)
    limit = grid.network.branches.rate_b_mw[:, None]
    again = studied(grid, limit)
    (hour,) = redispatch(factor=DcFactor.of(grid.network), hours=made, over=again(made, (0,)), again=again).hours
    assume(hour.relief is Relief.RELIEVED)
    assert hour.unit_mw is not None
    units = grid.network.units
    moved = injection[:, 0].copy()
    np.add.at(moved, units.bus, hour.unit_mw - made.unit_mw[:, 0])
    assert abs(moved.sum()) < 1e-6
    assert over_pairs(grid.network, moved, limit=limit) == []
    before, after = (np.abs(dense.flows(grid.network, i)) for i in (injection[:, 0], moved))
    assert (after <= np.maximum(grid.network.branches.rate_a_mw, before) + 1e-6).all()
    assert (hour.unit_mw <= np.maximum(units.p_max_mw, made.unit_mw[:, 0]) + 1e-6).all()
    assert (hour.unit_mw >= -1e-6).all()
    changed = np.flatnonzero(np.abs(hour.unit_mw - made.unit_mw[:, 0]) > 0)
    assert changed.tolist() == [m.unit for m in hour.moves]
    assert not (units.fuel[changed] == "nuclear").any()
    assert (grid.network.buses.zone[units.bus[changed]] >= 0).all()
    assert sum(m.after_mw - m.before_mw for m in hour.moves if m.after_mw > m.before_mw) == pytest.approx(hour.moved_mw)


@given(st.integers(0, 300))
@settings(max_examples=4, deadline=None)
def test_what_stays_over_is_the_least_that_can(seed):
    grid, made, injection = problem(seed, tightness=0.3)
    free = np.full(len(grid.network.branches), 1e6)
    network = grid.network.with_ratings(a=free, b=grid.network.branches.rate_b_mw, c=free)
    pairs = studied(grid, grid.network.branches.rate_b_mw[:, None])(made, (0,))
    (hour,) = redispatch(factor=DcFactor.of(network), hours=made, over=pairs).hours
    assume(hour.relief is Relief.CANNOT)
    units, p = network.units, made.unit_mw[:, 0]
    rise, fall = room(network, p)
    effect, flow = np.zeros((len(pairs), len(units))), np.zeros(len(pairs))
    for k, pair in enumerate(pairs):
        flow[k] = dense.flows(network, injection[:, 0], lost=pair.contingency.branches)[pair.element]
        for u in range(len(units)):
            probe = injection[:, 0].copy()
            probe[units.bus[u]] += 1.0
            probe[0] -= 1.0
            effect[k, u] = dense.flows(network, probe, lost=pair.contingency.branches)[pair.element] - flow[k]
    limit, one = np.array([pair.limit_mw for pair in pairs]), np.eye(len(pairs))
    oracle = linprog(
        np.r_[np.zeros(2 * len(units)), np.ones(len(pairs))],
        A_ub=np.vstack([np.hstack([effect, -effect, -one]), np.hstack([-effect, effect, -one])]),
        b_ub=np.r_[limit - flow, limit + flow],
        A_eq=np.r_[np.ones(len(units)), -np.ones(len(units)), np.zeros(len(pairs))][None, :],
        b_eq=[0.0],
        bounds=[*((0, m) for m in np.r_[rise, fall]), *[(0, None)] * len(pairs)],
    )
    assert hour.over_mw == pytest.approx(oracle.fun, rel=2e-3, abs=0.02)


def two_areas(*, rise=50.0, limit=100.0):
    """Give two buses joined by two lines, 150 MW across; one line may carry `limit` when the other is lost."""
    grid = world(seed=0, zones=1, buses=2, units=2)
    n, lines = grid.network, grid.network.branches
    buses = replace(n.buses, load_mw=np.array([0.0, 250.0]), shunt_mw=np.zeros(2), zone=np.zeros(2, dtype=np.int64))
    units = replace(
        n.units,
        bus=np.array([0, 1]),
        p_mw=np.array([150.0, 100.0]),
        p_max_mw=np.array([300.0, 100.0 + rise]),
        p_min_mw=np.array([20.0, 20.0]),
        fuel=np.array(["coal", "ng"]),
        emergency_only=np.zeros(2, dtype=bool),
        cost_c1=np.array([20.0, 50.0]),
        cost_c2=np.zeros(2),
    )
    branches = replace(
        lines,
        **{
            name: getattr(lines, name)[:2].copy()
            for name in ("r", "b", "tap", "in_service", "kind", "rating_source", "monitored", "contingency")
        },
        from_bus=np.array([0, 0]),
        to_bus=np.array([1, 1]),
        x=np.array([0.1, 0.1]),
        shift_deg=np.zeros(2),
        rate_a_mw=np.full(2, limit),
        rate_b_mw=np.full(2, limit),
        rate_c_mw=np.full(2, limit),
        equipment=np.arange(2),
    )
    none = replace(
        n.dclines,
        **{f: getattr(n.dclines, f)[:0].copy() for f in ("from_bus", "to_bus", "p_mw", "loss_mw", "in_service")},
    )
    network = replace(n, buses=buses, units=units, branches=branches, dclines=none)
    shapes = grid.shapes
    flat = np.ones_like(shapes.load)
    grid = replace(grid, network=network, shapes=replace(shapes, load=flat))
    return network, dispatch(grid=grid, starts=hours(1)).hours


def pair_of(limit, hour=0):
    return Over(contingency=single(0), element=1, hour=hour, limit_mw=limit)


def test_two_areas_by_hand():
    # 150 MW cross; with one line lost the other may carry 100: 50 MW move, each $30 dearer.
    network, made = two_areas(rise=60.0)
    (hour,) = redispatch(factor=DcFactor.of(network), hours=made, over=[pair_of(100.0)]).hours
    assert hour.relief is Relief.RELIEVED
    assert hour.moved_mw == pytest.approx(50.0, abs=1e-3)
    assert hour.production_per_h == pytest.approx(1500.0, abs=0.05)
    assert hour.cost_per_h == pytest.approx(1500.0, abs=0.05)
    assert [(m.unit, round(m.before_mw), round(m.after_mw)) for m in hour.moves] == [(0, 150, 100), (1, 100, 150)]
    assert hour.says == "50.0 MW moved between 2 units; production cost +1,500 $/h"


def test_relief_that_takes_every_last_megawatt_is_still_relief():
    network, made = two_areas(rise=50.0)
    (hour,) = redispatch(factor=DcFactor.of(network), hours=made, over=[pair_of(100.0)]).hours
    assert hour.relief is Relief.RELIEVED
    assert hour.moves[1].after_mw == pytest.approx(150.0, abs=1e-6)


def test_a_pair_stays_over_by_what_it_yields_where_no_dispatch_keeps_it_and_only_there():
    network, made = two_areas(rise=30.0)
    factor = DcFactor.of(network)
    for yields, crosses in ((25.0, 125.0), (20.0, 120.0)):
        (hour,) = redispatch(factor=factor, hours=made, over=[replace(pair_of(100.0), yields_mw=yields)]).hours
        assert hour.relief is Relief.RELIEVED
        assert hour.moves[0].after_mw == pytest.approx(crosses, abs=1e-3)
    (short,) = redispatch(factor=factor, hours=made, over=[replace(pair_of(100.0), yields_mw=15.0)]).hours
    assert short.relief is Relief.CANNOT
    assert short.over_mw == pytest.approx(5.0, abs=1e-3)
    network, made = two_areas(rise=60.0)
    (kept,) = redispatch(factor=DcFactor.of(network), hours=made, over=[replace(pair_of(100.0), yields_mw=25.0)]).hours
    assert kept.moves[0].after_mw == pytest.approx(100.0, abs=1e-3)


@pytest.mark.parametrize("by_cost", [True, False])
def test_an_hour_that_is_let_go_is_gone_at_once(by_cost):
    network, made = two_areas(rise=30.0)
    found = Reliefs(factor=DcFactor.of(network), hours=made, by_cost=by_cost)
    found.begin([pair_of(100.0)])
    assert found.outcome(0, checked=True).relief is Relief.CANNOT
    program = weakref.ref(found._tasks[0])
    gc.disable()  # or whatever holds itself would be gone in time: megabytes an hour, until somebody looks for it
    try:
        found.let_go([0])
        assert program() is None
    finally:
        gc.enable()


def test_a_unit_below_its_least_output_goes_further_down_and_one_above_it_does_not():
    for low, left in ((20.0, 0.0), (140.0, 40.0), (160.0, 0.0)):
        network, made = two_areas(rise=60.0)
        units = replace(network.units, p_min_mw=np.array([low, 20.0]))
        (hour,) = redispatch(factor=DcFactor.of(replace(network, units=units)), hours=made, over=[pair_of(100.0)]).hours
        # From 150 MW, 50 have to go: a Pmin of 140 leaves 10 of them, one of 160 was not held in the first place.
        assert hour.over_mw == pytest.approx(left, abs=1e-3)
        assert (hour.relief is Relief.CANNOT) == (left > 0)


def test_what_cannot_be_relieved_says_how_much_stays_over_and_where():
    network, made = two_areas(rise=30.0)
    found = redispatch(factor=DcFactor.of(network), hours=made, over=[pair_of(100.0)])
    (hour,) = found.hours
    assert found.relief is Relief.CANNOT
    (left,) = hour.remaining
    assert left.pair.element == 1
    assert hour.exact
    assert left.over_mw == pytest.approx(20.0, abs=1e-3)
    assert left.flow_mw == pytest.approx(120.0, abs=1e-3)
    assert hour.unit_mw is None


def test_pairs_that_pull_against_each_other_are_named_as_a_clash():
    network, made = two_areas()
    # The receiving area may not be raised beyond 20 MW by a second limit: flow back of the other element.
    pairs = [pair_of(100.0), Over(contingency=None, element=0, hour=0, limit_mw=40.0)]
    wrong_way = replace(network, units=replace(network.units, p_max_mw=np.array([300.0, 110.0])))
    (hour,) = redispatch(factor=DcFactor.of(wrong_way), hours=made, over=pairs).hours
    assert hour.relief is Relief.CANNOT
    assert {r.pair.element for r in (*hour.remaining, *hour.clash)} == {0, 1}


def test_a_pair_within_its_limit_needs_nothing():
    network, made = two_areas()
    found = redispatch(factor=DcFactor.of(network), hours=made, over=[pair_of(150.0)])
    assert found.relief is Relief.NOT_NEEDED
    assert redispatch(factor=DcFactor.of(network), hours=made, over=[]).relief is Relief.NOT_NEEDED


def test_units_out_or_derated_are_not_asked():
    network, made = two_areas()
    out = np.array([[False], [True]])
    derate = np.array([[0.0], [40.0]])
    factor = DcFactor.of(network)
    assert redispatch(factor=factor, hours=made, over=[pair_of(100.0)], units_out=out).relief is Relief.CANNOT
    (hour,) = redispatch(factor=factor, hours=made, over=[pair_of(100.0)], derate_mw=derate).hours
    assert hour.over_mw == pytest.approx(40.0, abs=1e-3)


def test_a_unit_that_stands_still_starts_only_where_the_rules_let_it():
    network, made = two_areas()
    stands = replace(made, unit_mw=np.array([[250.0], [0.0]]))
    factor = DcFactor.of(network)
    (hour,) = redispatch(factor=factor, hours=stands, over=[pair_of(200.0)]).hours
    assert [m.starts for m in hour.moves] == [False, True]
    rules = RedispatchRules(may_start=False)
    assert redispatch(factor=factor, hours=stands, over=[pair_of(200.0)], rules=rules).relief is Relief.CANNOT


def test_a_contingency_whose_loss_nobody_can_pick_up_is_not_known():
    network, made = two_areas(rise=10.0)
    trip = Contingency(id="gen:1", units=(0,))
    over = [Over(contingency=trip, element=0, hour=0, limit_mw=1.0)]
    assert redispatch(factor=DcFactor.of(network), hours=made, over=over).relief is Relief.NOT_KNOWN


def test_a_study_that_always_finds_more_ends_as_not_known():
    network, made = two_areas(rise=60.0)
    found = redispatch(
        factor=DcFactor.of(network), hours=made, over=[pair_of(100.0)], again=lambda _, at: [pair_of(100.0, at[0])]
    )
    assert found.relief is Relief.NOT_KNOWN
    assert found.hours[0].says == "still new pairs after 20 rounds"


def test_each_hour_is_relieved_by_itself_and_the_worst_is_named():
    grid, made, _ = problem(11, count=6)
    limit = grid.network.branches.rate_b_mw[:, None]
    again = studied(grid, limit)
    pairs = again(made, tuple(range(6)))
    factor = DcFactor.of(grid.network)
    found = redispatch(factor=factor, hours=made, over=pairs, again=again)
    assert [h.hour for h in found.hours] == sorted({p.hour for p in pairs})
    assert found.worst is not None
    assert found.worst.moved_mw == max(h.moved_mw for h in found.hours)
    for hour in found.hours:
        alone = redispatch(factor=factor, hours=made, over=[p for p in pairs if p.hour == hour.hour], again=again)
        assert alone.hours[0].moved_mw == pytest.approx(hour.moved_mw)


def test_the_same_input_gives_the_same_moves():
    grid, made, _ = problem(5)
    limit = grid.network.branches.rate_b_mw[:, None]
    again = studied(grid, limit)
    pairs = again(made, (0,))
    one, two = (redispatch(factor=DcFactor.of(grid.network), hours=made, over=pairs, again=again) for _ in range(2))
    assert one.hours[0].moves == two.hours[0].moves
