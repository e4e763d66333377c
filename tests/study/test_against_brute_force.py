"""Every row of a study against the slow way, on random grids: branches, bridges, units, several at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moms.grid import Contingency, DcLines, Hours, Network
from moms.study import Out, Slice, StudyRules, _at_once, contingencies_of, study
from moms.values import digest
from tests.study.grids import some_hours
from tests.study.plain import plain_study, random_network

EDGE = 1e-5


def a_slice(rng: np.random.Generator) -> Slice:
    """Draw a grid, hours, what is out, a request, and contingencies of every kind."""
    network = random_network(rng)
    m, g = len(network.branches), len(network.units)
    picks = rng.random(g) < 0.8
    network = replace(network, units=replace(network.units, picks_up=picks))
    hours = _hours(rng, network, hours=int(rng.integers(1, 4)))
    if rng.random() < 0.3:
        network, hours = _with_dcline(rng, network, hours)
    request = Out(branches=rng.choice(m, int(rng.integers(0, 3)), replace=False))
    without = hours
    if rng.random() < 0.3 and g > 1:
        without, hours, request = (
            hours,
            _redispatched(hours, unit=0),
            Out(branches=request.branches, units=np.array([0])),
        )
    twos = [rng.choice(m, 2, replace=False).tolist() for _ in range(6)]
    threes = [rng.choice(m, 3, replace=False).tolist() for _ in range(3)]
    several = [Contingency(id=f"lines {k}", branches=tuple(k)) for k in twos + threes]
    pairs = [(int(b), int(rng.integers(0, g))) for b in rng.choice(m, 3)]
    several += [Contingency(id=f"line {b}, unit {u}", branches=(b,), units=(u,)) for b, u in pairs]
    several.append(Contingency(id="two units", units=tuple(rng.choice(g, min(g, 2), replace=False).tolist())))
    return Slice(
        network=network,
        hours=hours,
        hours_without=without,
        out=Out(branches=rng.choice(m, int(rng.integers(0, 2)), replace=False)),
        request=request,
        contingencies=contingencies_of(network) + tuple({one.id: one for one in several}.values()),
    )


def _hours(rng: np.random.Generator, network: Network, *, hours: int) -> Hours:
    load = network.buses.load_mw[:, None] * rng.uniform(0.5, 1.2, (len(network.buses), hours))
    unit = network.units.p_mw[:, None] * rng.uniform(0.5, 1.5, (len(network.units), hours))
    return some_hours(network, load=load, unit=unit / unit.sum(axis=0) * load.sum(axis=0))


def _with_dcline(rng: np.random.Generator, network: Network, hours: Hours) -> tuple[Network, Hours]:
    a, b = (np.array([int(bus)]) for bus in rng.choice(len(network.buses), 2, replace=False))
    loss = np.array([float(rng.choice([0.0, 2.0]))])
    dc = DcLines(from_bus=a, to_bus=b, p_mw=np.array([30.0]), loss_mw=loss, in_service=np.array([True]))
    load = hours.load_mw.copy()
    load[b[0]] -= loss[0]
    return replace(network, dclines=dc), replace(hours, load_mw=load, dcline_mw=rng.uniform(5, 30, (1, len(hours))))


def _redispatched(hours: Hours, *, unit: int) -> Hours:
    output = hours.unit_mw.copy()
    lost = output[unit].copy()
    output[unit] = 0.0
    output[1] += lost
    return replace(hours, unit_mw=output)


def near(flow: float, without: float | None, limit: float, share: float) -> bool:
    """Tell whether arithmetic noise decides this row."""
    if abs(abs(flow) - limit) < EDGE:
        return True
    if without is None:
        return False
    return abs(abs(without) - limit) < EDGE or abs(abs(flow) - abs(without) - share * limit) < EDGE


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9))
@example(seed=6977)  # an empty bus is cut off with a unit that nobody can make up for: all buses share, but it
@example(seed=159)  # a branch over its limit in a part that the contingency cuts off without the request
@example(seed=269)  # a DC line stops with the part it feeds, and nothing is missing
@example(seed=15532)  # a million MW: what is left of the digits is the larger of the two tolerances
def test_all_rows_equal_those_of_brute_force(seed: int) -> None:
    one = a_slice(np.random.default_rng(seed))
    result = study(slices=[one], rules=StudyRules(), keep_old=True)
    violations, islanding, base, short = plain_study(one)
    assert result.unsolved == ()
    rate_a, rate_b = one.network.branches.rate_a_mw, one.network.branches.rate_b_mw
    t = result.violations
    found = {
        (result.contingencies[t.contingency[e]], int(t.element[e]), int(t.hour[e])): (
            float(t.flow_mw[e]),
            float(t.without_mw[e]) if t.compared[e] else None,
            ("old", "new", "worse")[t.caused[e]],
        )
        for e in range(len(t))
    }
    for key in found.keys() | violations.keys():
        flow, without, caused = violations.get(key) or found[key]
        if near(flow, without, rate_b[key[1]], 0.01):
            continue
        assert key in found, f"missed {key}: {violations[key]}"
        assert key in violations, f"made up {key}: {found[key]}"
        assert found[key][0] == pytest.approx(flow, abs=1e-5, rel=1e-10)
        assert (found[key][1] is None) == (without is None), f"{key}: {found[key]}, {violations[key]}"
        if without is not None:
            assert found[key][1] == pytest.approx(without, abs=1e-5, rel=1e-10)
        assert found[key][2] == caused
    _islanding_agrees(one, result, islanding)
    lacking = {k: float(mw.max()) for k, mw in short.items() if mw.max() > 1e-3}
    assert {r.contingency: r.shortfall_mw for r in result.shortfalls if r.shortfall_mw > 1e-3} == pytest.approx(
        lacking, abs=2e-3
    )
    b = result.base
    rows = {(int(b.element[e]), int(b.hour[e])): ("old", "new", "worse")[b.caused[e]] for e in range(len(b))}
    clear = {key: row[2] for key, row in base.items() if not near(row[0], row[1], rate_a[key[0]], 0.01)}
    assert {key: caused for key, caused in rows.items() if key in clear or key not in base} == clear


def _islanding_agrees(one: Slice, result, islanding) -> None:
    rows = {row.contingency: row for row in result.islanding}
    assert rows.keys() == islanding.keys()
    for k, (after, without) in islanding.items():
        h = one.hours.label.index(rows[k].hour)
        assert abs(rows[k].load_mw - after.lost_load[h]) < 2e-3
        assert abs(rows[k].generation_mw - after.lost_generation[h]) < 2e-3
        before = len(without.lost) if without.islanded else None
        if before is None:
            assert rows[k].caused == "new"
        else:
            assert rows[k].caused == ("worse" if len(after.lost) > before else "old")
        assert rows[k].buses == tuple(f"bus:{one.network.buses.number[b]}" for b in sorted(after.lost))


@given(st.integers(0, 10_000), st.sampled_from((0.8, 0.95)))
@settings(max_examples=40, deadline=None)
def test_what_is_watched_is_what_a_study_against_that_share_of_the_limits_finds(seed: int, share: float) -> None:
    one = a_slice(np.random.default_rng(seed))
    lines = one.network.branches
    lower = one.network.with_ratings(a=lines.rate_a_mw, b=share * lines.rate_b_mw, c=lines.rate_c_mw)
    watched = study(slices=[one], rules=StudyRules(watch_share=share)).watched
    held = study(slices=[replace(one, network=lower)], rules=StudyRules(watch_share=1.0)).violations
    for name in watched.__slots__:
        np.testing.assert_allclose(getattr(watched, name), getattr(held, name), rtol=1e-12, atol=1e-9)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_groups_of_hours_at_once_are_one_after_the_other_to_the_byte(seed: int) -> None:
    """Slices with the book, with less, and with more hours of the first: as one study, on one thread and on two."""
    rng = np.random.default_rng(seed)
    one = a_slice(rng)
    scale = float(rng.uniform(0.8, 1.1))
    several = [one, replace(one, out=Out()), *([_scaled(one, scale)] if len(one.network.dclines) == 0 else [])]

    def found(threads: int) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_at_once, "MOST", threads)
            patch.setattr(_at_once, "_cores", lambda: threads)
            result = study(slices=several, rules=StudyRules(), keep_old=True)
        return digest([
            result.islanding, result.request_cuts_off, result.shortfalls, result.near, result.counts, result.unsolved,
            *(getattr(table, name).tolist() for table in (result.violations, result.watched, result.base)
              for name in table.__slots__),
            result.caused_by_hour.tolist(), result.standing_by_hour.tolist(), result.request_load_mw.tolist(),
        ])  # fmt: skip

    assert found(1) == found(3)


def _scaled(one: Slice, by: float) -> Slice:
    hours = replace(one.hours, load_mw=by * one.hours.load_mw, unit_mw=by * one.hours.unit_mw)
    without = one.hours_without
    less = replace(without, load_mw=by * without.load_mw, unit_mw=by * without.unit_mw)
    return replace(one, hours=hours, hours_without=hours if one.hours is without else less)
