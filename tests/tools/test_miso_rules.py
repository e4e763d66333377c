"""The rules by which the bundled grid is made, on grids small enough to check by brute force."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from miso import dc, fleet, hours, ratings, reduce, register, security


def a_mesh(rng: np.random.Generator, *, n: int, extra: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a connected network: a tree, and `extra` branches more, parallels allowed."""
    f = [int(rng.integers(0, k)) for k in range(1, n)]
    t = list(range(1, n))
    for _ in range(extra):
        i, j = rng.choice(n, size=2, replace=False)
        f.append(int(i))
        t.append(int(j))
    return np.array(f), np.array(t), rng.uniform(1.0, 50.0, n - 1 + extra)


def pieces(n: int, f: np.ndarray, t: np.ndarray) -> int:
    return int(connected_components(coo_matrix((np.ones(len(f)), (f, t)), shape=(n, n)), directed=False)[0])


def dense_flows(n: int, f: np.ndarray, t: np.ndarray, b: np.ndarray, injection: np.ndarray) -> np.ndarray:
    ends = np.zeros((len(f), n))
    ends[np.arange(len(f)), f] += 1
    ends[np.arange(len(f)), t] -= 1
    angle, *_ = np.linalg.lstsq(ends.T @ np.diag(b) @ ends, injection, rcond=1e-13)
    return b * (ends @ angle)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_bridges_are_the_branches_whose_loss_splits_the_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    f, t, _ = a_mesh(rng, n=12, extra=5)
    found, _, _ = dc.bridges(n=12, f=f, t=t)
    for k in range(len(f)):
        left = np.arange(len(f)) != k
        assert found[k] == (pieces(12, f[left], t[left]) > 1)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_outage_factors_give_the_flows_of_a_new_solution(seed: int) -> None:
    rng = np.random.default_rng(seed)
    f, t, b = a_mesh(rng, n=10, extra=8)
    net = dc.factored(n=10, f=f, t=t, b=b)
    injection = rng.normal(size=10)
    injection -= injection.mean()
    flows = net.flows(injection)
    groups = [np.sort(rng.choice(len(f), size=size, replace=False)) for size in (1, 2)]
    for group, factors, members in dc.outages(net, groups=groups, monitored=np.arange(len(f))):
        left = np.setdiff1d(np.arange(len(f)), groups[group])
        if pieces(10, f[left], t[left]) > 1:
            continue
        assert factors is not None
        after = flows + factors @ flows[members]
        assert after[left] == pytest.approx(dense_flows(10, f[left], t[left], b[left], injection), abs=1e-8)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_reducing_the_outside_changes_no_flow_inside_whatever_is_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 24
    f, t, b = a_mesh(rng, n=n, extra=20)
    inside = np.arange(n) < 8
    grid = SimpleNamespace(number=np.arange(n), inside=inside, f=f, t=t, susceptance=b)
    keep = (np.arange(n) == 12) | (np.arange(n) == 13)
    injection = rng.normal(size=n)
    injection -= injection.mean()
    small = reduce.reduced(grid, keep=keep, outside_mw=np.where(inside, 0.0, injection))
    assert len(small.bus) < n
    place = {int(k): i for i, k in enumerate(small.bus)}
    there = np.where(inside[small.bus], injection[small.bus], 0.0) + small.outside_mw
    ends = [np.array([place[int(k)] for k in side[small.real]], dtype=int) for side in (f, t)]
    out = int(rng.integers(0, len(small.real)))
    left = np.arange(len(small.real)) != out
    stay = np.arange(len(f)) != small.real[out]
    assume(pieces(n, f[stay], t[stay]) == 1)
    found = dense_flows(
        len(small.bus), np.r_[ends[0][left], small.f], np.r_[ends[1][left], small.t],
        np.r_[b[small.real][left], small.b], there,
    )  # fmt: skip
    whole = np.zeros(len(f))
    whole[stay] = dense_flows(n, f[stay], t[stay], b[stay], injection)
    assert found[: int(left.sum())] == pytest.approx(whole[small.real[left]], abs=1e-7)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_lole_is_the_sum_over_all_states(seed: int) -> None:
    rng = np.random.default_rng(seed)
    capacity = rng.integers(1, 30, 6) * 10.0
    q = rng.uniform(0.01, 0.4, 6)
    need = rng.uniform(0.3, 1.1, 5) * capacity.sum()
    exact = 0.0
    for state in itertools.product((0, 1), repeat=6):
        up = np.array(state)
        chance = float(np.prod(np.where(up, 1 - q, q)))
        exact += chance * float((capacity @ up < need).sum())
    assert fleet.lole(capacity_mw=capacity, outage_rate=q, need_mw=need) == pytest.approx(exact, abs=1e-9)


def test_a_unit_between_two_steps_keeps_its_mean() -> None:
    table = fleet.capacity_outage(capacity_mw=np.array([37.0]), outage_rate=np.array([0.1]))
    assert table.sum() == pytest.approx(1.0)
    assert float(np.arange(len(table)) @ table) * fleet.STEP_MW == pytest.approx(3.7)


def test_plants_that_do_not_run_are_mothballed_first_then_oil_then_the_dear_and_small() -> None:
    kind = np.array(["coal", "oil", "coal", "nuclear", "coal", "gas turbine"])
    queue = fleet.order(
        running=np.array([True, True, False, False, True, True]),
        kind=kind,
        cost=np.array([30.0, 130.0, 10.0, 1.0, 20.0, 25.0]),
        p_max=np.array([50.0, 1.0, 900.0, 1000.0, 500.0, 400.0]),
    )
    assert queue[:2].tolist() == [2, 1]
    assert 3 not in queue
    assert queue.tolist().index(0) < queue.tolist().index(4)


def test_mothballing_stops_with_the_footprint_and_every_zone_under_the_criterion() -> None:
    units = 60
    capacity, q = np.full(units, 100.0), np.full(units, 0.08)
    zone = np.arange(units) % 2
    need = np.stack([np.full(365, 1000.0), np.full(365, 900.0)])
    made = fleet.scarce(
        queue=np.arange(units), zone=zone, capacity=capacity, outage_rate=q, counted=np.ones(units, dtype=bool),
        emergency=np.zeros(units, dtype=bool), zone_need=need, import_limit=np.array([500.0, 500.0]), firm_import=0.0,
    )  # fmt: skip
    assert made.mothballed.any()
    assert made.before[-1] < 1e-6
    assert (made.after <= fleet.CRITERION).all()
    one_more = ~made.mothballed
    one_more[np.flatnonzero(one_more)[0]] = False
    worse = fleet.lole(capacity_mw=capacity[one_more], outage_rate=q[one_more], need_mw=need.sum(axis=0))
    assert worse > made.after[-1]


def test_series_sections_and_windings_are_one_equipment_and_a_loaded_bus_parts_them() -> None:
    f, t = np.array([0, 1, 2, 3, 4, 4]), np.array([1, 2, 3, 4, 5, 6])
    kind = np.array([0, 0, 0, 2, 2, 2])
    busy = np.array([True, False, True, True, False, True, True])
    star = np.arange(7) == 4
    found = register.equipment(n=7, f=f, t=t, kind=kind, busy=busy, star=star)
    assert found.tolist() == [0, 0, 2, 3, 3, 3]


def test_a_bus_with_a_third_branch_or_an_equivalent_joins_nothing() -> None:
    f, t = np.array([0, 1, 1, 2]), np.array([1, 2, 3, 4])
    assert register.equipment(
        n=5, f=f, t=t, kind=np.array([0, 0, 0, 3]), busy=np.zeros(5, dtype=bool), star=np.zeros(5, dtype=bool)
    ).tolist() == [0, 1, 2, 3]


def test_three_parallel_circuits_share_one_tower_line_by_pairs() -> None:
    f, t = np.array([0, 1, 0, 0]), np.array([1, 0, 1, 2])
    pairs = register.towers(
        f=f, t=t, kv=np.full(4, 345.0), kind=np.zeros(4, dtype=int), watched=np.ones(4, dtype=bool),
        equipment=np.arange(4),
    )  # fmt: skip
    assert pairs == [(0, 1)]


def test_the_sole_outlet_is_the_nearest_branch_that_cuts_the_unit_off() -> None:
    f, t = np.array([0, 1, 2, 2, 3]), np.array([1, 2, 0, 3, 4])
    bridge, reached, order = dc.bridges(n=5, f=f, t=t)
    outlet = register.sole_outlets(
        n=5, f=f, t=t, bridge=bridge, reached=reached, order=order, root=0, unit_bus=np.array([4, 3, 1])
    )
    assert outlet.tolist() == [4, 3, -1]


def test_ring_and_breaker_and_a_half_have_their_breakers() -> None:
    f = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    t = np.arange(2, 12)
    kv = np.r_[230.0, 345.0, np.full(10, 100.0)]
    laid = register.breakers(
        station=np.arange(12), station_name=np.array([f"S{k}" for k in range(12)]), kv=kv, f=f, t=t,
        real=np.ones(10, dtype=bool),
    )  # fmt: skip
    assert laid.layout[:3].tolist() == ["ring", "breaker-and-a-half", "straight-bus"]
    ring = laid.bus == 0
    assert list(zip(laid.one[ring].tolist(), laid.other[ring].tolist(), strict=True)) == [(0, 1), (1, 2), (2, 0)]
    assert int((laid.bus == 1).sum()) == 3 * 3 + 2


def test_unrated_branches_take_the_median_of_their_class_and_carry_their_flow() -> None:
    rate = np.array([100.0, 120.0, 0.0, 0.0])
    found = ratings.base_ratings(
        rate=rate, kv=np.full(4, 138.0), x=np.full(4, 0.1), device=np.zeros(4, dtype=int),
        flow_mw=np.array([10.0, 10.0, 10.0, -200.0]),
    )  # fmt: skip
    assert found.tolist() == [100.0, 120.0, 110.0, 250.0]


@given(seed=st.integers(0, 2**16))
@settings(max_examples=20, deadline=None)
def test_emergency_ratings_lie_in_their_bands(seed: int) -> None:
    a = np.full(2000, 1000.0)
    device = np.arange(2000) % 2
    made = ratings.ratings(a=a, data=a > 0, device=device, group=np.arange(2000), seed=seed)
    over = made.b / made.a
    line = device == 0
    terminal = line & (over == 1.0)
    assert 0.25 < terminal.sum() / line.sum() < 0.42
    assert over[line & ~terminal].min() >= 1.05
    assert over[line].max() <= 1.25
    assert over[~line].min() >= 1.10
    assert over[~line].max() <= 1.30
    assert (made.c >= made.b).all()
    assert (made.c <= made.b * 1.15 + 0.1).all()
    assert made.factor.shape == (3, 2000)
    assert (made.factor[1] >= made.factor[2]).all()
    assert (made.factor[2] >= made.factor[0]).all()


def test_the_sun_is_down_at_night_and_low_tenths_lie_under_the_mean() -> None:
    rng = np.random.default_rng(0)
    sun = np.stack([hours.solar(rng, latitude=np.array([40.0]), longitude=np.array([-90.0])) for _ in range(3)])
    assert sun[:, :, hours.HOUR_OF_DAY == 0].max() == 0.0
    low = hours.low_tenth(sun)
    for month in range(12):
        for hour in range(24):
            here = (hours.MONTH[hours.DAY_OF_HOUR] == month) & (hour == hours.HOUR_OF_DAY)
            assert low[0, here][0] <= sun[:, 0, here].mean() + 1e-12


def test_the_program_keeps_a_line_within_its_limit_at_the_least_move() -> None:
    f, t, b = np.array([0, 0, 1]), np.array([1, 2, 2]), np.ones(3)
    net = dc.factored(n=3, f=f, t=t, b=b)
    limit = np.array([100.0, 50.0, 100.0])
    grid = security.model(
        net=net, monitored=np.arange(3), a=limit, b=limit * 9, unit_bus=np.array([0, 1]),
        groups=[np.array([k]) for k in range(3)],
    )  # fmt: skip
    fixed = net.flows(np.array([0.0, 0.0, -90.0]))
    program = security.Program(
        grid=grid, fixed=fixed, low=np.zeros(2), high=np.full(2, 200.0), need_mw=90.0, start=np.array([90.0, 0.0])
    )
    output = program.secure(base_limit=limit, pair_floor=None, n1=False, hard_n1=False)
    assert output.sum() == pytest.approx(90.0)
    assert abs(program.flows(output)[1]) <= 50.0
    assert output[1] == pytest.approx(30.0, abs=1.0)
