"""Detectors against chance computed otherwise, and how often they cry wolf."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.ledger.alarms import alarm_rates, honest
from moms.ledger.detect import Filed, at_least, one_hand, split


@given(chances=st.lists(st.floats(0, 1), max_size=7), count=st.integers(0, 8))
def test_the_chance_of_so_many_events_is_the_sum_over_all_ways(chances, count):
    ways = product((0, 1), repeat=len(chances))
    expected = sum(
        prod(p if hit else 1 - p for hit, p in zip(way, chances, strict=True)) for way in ways if sum(way) >= count
    )
    assert at_least(count, chances) == pytest.approx(expected, abs=1e-12)


def test_honest_seasons_raise_the_alarm_of_two_names_no_more_often_than_promised():
    rng = np.random.default_rng(11)
    alarms = sum(bool(one_hand(honest(rng), chance=0.05)) for _ in range(200))
    # 200 seasons at 5 %: more than 22 would come by chance less than once in a thousand.
    assert alarms <= 22


def test_every_split_job_is_found_and_most_second_names_are_not_missed_altogether():
    found = {one.rule: one for one in alarm_rates(seasons=60, rng=np.random.default_rng(3))}
    assert found["LEDGER-SPLIT"].found == 60
    assert found["LEDGER-ONE"].found >= 15
    assert found["LEDGER-ONE"].false_seasons <= 4
    assert found["LEDGER-SPLIT"].requests == sum(len(honest(np.random.default_rng(0))) for _ in range(60))


def filed(name, owner, start, end):
    return Filed(request=name, owner=owner, asset=name, work_order=name, start=start, end=end, firm=True)


def test_followers_in_a_week_in_which_all_start_are_not_suspected():
    crowd = [filed(f"{o}{k}", o, 20 * k, 20 * k + 5) for o in "abcdef" for k in range(4)]
    follow = [filed(f"{o}{k}x", o, 20 * k + 5, 20 * k + 9) for o in "ghijkl" for k in range(4)]
    assert one_hand([*crowd, *follow]) == ()


def test_one_who_alone_always_takes_over_is_named_with_the_requests():
    rng = np.random.default_rng(1)
    others = [
        filed(f"{o}{k}", o, int(s), int(s) + 3) for o in "cdefghij" for k, s in enumerate(rng.integers(0, 300, 8))
    ]
    lead = [filed(f"a{k}", "a", 31 * k + 3, 31 * k + 9) for k in range(8)]
    after = [filed(f"b{k}", "b", 31 * k + 9, 31 * k + 12) for k in range(8)]
    found = one_hand([*others, *lead, *after])
    assert [s.owner for s in found] == ["a and b"]
    assert set(found[0].requests) == {f"b{k}" for k in range(8)}
    assert one_hand([*lead, *after]) == (), "with nobody else there is nothing to compare with"
    assert split([*lead, *after]) == ()
