"""Paths of eight days at a time: published numbers, the chain's own matrix, and all paths one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.linalg import expm

from moms.adequacy._paths import PATHS, alias, paths_of, philox
from moms.adequacy.paths import add_lost, by_day, chances_of, is_down, nothing_lost

ONES, PI = (0xFFFFFFFF,) * 6, (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
RATE, REPAIR_H, SCENARIOS = 0.1, 60.0, 60_000


@pytest.mark.parametrize(
    ("given", "published"),
    [((0,) * 6, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"), (ONES, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
     (PI, "d16cfe09 94fdcceb 5001e420 24126ea1")],
)  # fmt: skip
def test_numbers_are_the_known_answers_of_random123(given, published):
    assert [f"{int(word):08x}" for word in philox(*given)] == published.split()


def test_each_path_of_a_block_has_the_product_of_its_steps_and_the_table_gives_it_back():
    rng = np.random.default_rng(5)
    fails, mends = rng.uniform(0.0, 0.3, 8), rng.uniform(0.05, 1.0, 8)
    for before in (0.0, 1.0, 0.37):
        expected = np.zeros(PATHS)
        for steps in itertools.product((0, 1), repeat=9):
            chance = before if steps[0] else 1.0 - before
            for day, (was, now) in enumerate(itertools.pairwise(steps)):
                leaves = mends[day] if was else fails[day]
                chance *= leaves if now != was else 1.0 - leaves
            expected[sum(bit << day for day, bit in enumerate(steps[1:]))] += chance
        found = paths_of(before, fails, mends)
        assert found == pytest.approx(expected, abs=1e-15)
        share, other = np.empty(PATHS), np.empty(PATHS, dtype=np.uint8)
        alias(found, share, other)
        again = share / PATHS
        np.add.at(again, other, (1.0 - share) / PATHS)
        assert again == pytest.approx(expected, abs=1e-15)


def down(days: int, *, stress=None, unit=7, seed=3, scenarios=SCENARIOS, rate=RATE):
    stress = np.ones((1, days)) if stress is None else stress
    chances = chances_of(outage_rate=rate, repair_h=REPAIR_H, stress=stress)
    return is_down(chances=chances, unit=unit, year=np.arange(scenarios) % len(stress), seed=seed)


@pytest.mark.parametrize("days", [1, 8, 9, 30])
def test_a_unit_fails_and_mends_as_the_exponential_of_its_generator_says(days):
    b = 1.0 / REPAIR_H
    a = b * RATE / (1.0 - RATE)
    step = expm(np.array([[-a, a], [b, -b]]) * 24.0)
    path = down(days)
    assert path.shape == (days, SCENARIOS)
    for day in {0, days - 1}:
        assert path[day].mean() == pytest.approx(RATE, abs=5 * np.sqrt(RATE * (1 - RATE) / SCENARIOS))
    never = (1.0 - RATE) * step[0, 0] ** (days - 1)
    assert (~path).all(axis=0).mean() == pytest.approx(never, abs=5 * np.sqrt(never * (1 - never) / SCENARIOS))
    for day in range(1, days):  # across the edge of a block as within it
        for state, p in ((False, step[0, 1]), (True, step[1, 0])):
            came = path[day - 1] == state
            moved = (path[day, came] != state).mean()
            assert moved == pytest.approx(p, abs=6 * np.sqrt(p * (1 - p) / came.sum()))


def test_units_scenarios_and_seeds_are_independent():
    one, other, another = down(9), down(9, unit=8), down(9, seed=4)
    for pair in ((one, other), (one, another), (one[:, :-1], one[:, 1:])):
        both = (pair[0] & pair[1]).mean(axis=1)
        assert both == pytest.approx(np.full(9, RATE**2), abs=5 * np.sqrt(RATE**2 / SCENARIOS))
    assert (down(9, seed=3 + 2**32)[:, :400] != one[:, :400]).any()


def test_a_path_is_the_same_alone_in_company_and_in_any_number_of_scenarios():
    days, year = 20, np.arange(500) % 2
    stress = np.ones((2, days))
    stress[1, 5:9] = 3.0
    chances = chances_of(outage_rate=RATE, repair_h=REPAIR_H, stress=stress)
    mw = np.random.default_rng(1).uniform(0.0, 300.0, (3, days))
    lost = nothing_lost(scenarios=500, days=days)
    add_lost(chances=chances, units=np.array([4, 9, 2]), year=year, seed=6, mw=mw, into=lost)
    alone = sum(mw[k][:, None] * is_down(chances=chances, unit=u, year=year, seed=6) for k, u in enumerate((4, 9, 2)))
    assert by_day(lost, days=days) == pytest.approx(alone, abs=1e-9)
    fewer = is_down(chances=chances, unit=4, year=year[:37], seed=6)
    assert (fewer == is_down(chances=chances, unit=4, year=year, seed=6)[:, :37]).all()


def test_cold_makes_units_fail_more_and_only_in_its_years():
    stress = np.ones((2, 30))
    stress[1, 10:20] = 4.0
    cold, calm = (down(30, stress=s, scenarios=4000) for s in (stress, np.ones((2, 30))))
    assert (cold[:, ::2] == calm[:, ::2]).all()
    assert cold[10:20, 1::2].mean() > 2 * calm[10:20, 1::2].mean()
    first = np.full((1, 3), 4.0)  # a cold first day: as in the long run under its own weather
    a = 4.0 * RATE / (1.0 - RATE)
    assert down(3, stress=first)[0].mean() == pytest.approx(a / (1 + a), abs=0.01)


def test_rates_of_nought_and_one_never_and_always():
    assert not down(17, rate=0.0, scenarios=100).any()
    assert down(17, rate=1.0, scenarios=100).all()
