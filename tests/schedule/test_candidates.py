"""Which other windows are looked at, and in what order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from moms.outages import Category
from moms.schedule import Candidate, candidates, owner_allows, patterns, pick, shorter
from moms.schedule.candidates import DAYS, NIGHTS
from moms.values import Window
from tests.decide.builders import START, a_request

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = timedelta(days=1)
NOW = START - 3 * DAY


def test_nearest_first_later_before_earlier_and_never_in_the_past() -> None:
    found = candidates(request=a_request(), now=NOW, limit_days=5)
    assert [c.shift_days for c in found] == [1, -1, 2, -2, 3, 4, 5]


def test_what_the_owner_allows_comes_before_what_is_nearer() -> None:
    ask = a_request(earliest_start=START, latest_end=START + 20 * DAY)
    found = candidates(request=ask, now=NOW, limit_days=14)
    inside = [c.shift_days for c in found if c.within_owner]
    assert inside == list(range(1, 14))
    assert [c.within_owner for c in found] == sorted((c.within_owner for c in found), reverse=True)


def test_an_owner_without_limits_allows_the_asked_window_alone() -> None:
    ask = a_request()
    assert owner_allows(ask, ask.window)
    assert not any(c.within_owner for c in candidates(request=ask, now=NOW, limit_days=9))


def test_blackout_days_are_left_out() -> None:
    off = Window(start=START + 8 * DAY, end=START + 9 * DAY)
    found = candidates(request=a_request(blackout=(off,)), now=NOW, limit_days=10)
    assert found
    assert not any(c.window.overlaps(off) for c in found)


def test_shorter_windows_keep_whole_days() -> None:
    assert [c.window.hours for c in shorter(request=a_request(), now=NOW)] == [72.0, 24.0]


def test_nights_and_days_are_offered_to_lines_that_can_be_given_back_soon() -> None:
    quick = a_request(recall_h=2.0)
    assert [c.recurrence for c in patterns(request=quick, now=NOW)] == [NIGHTS, DAYS]
    assert [c.recurrence for c in patterns(request=a_request(recall_h=2.5), now=NOW)] == [DAYS]
    for no in (a_request(recall_h=4.0), a_request(recall_h=None), replace(quick, category=Category.GENERATION)):
        assert patterns(request=no, now=NOW) == ()
    daily = replace(quick, recurrence=DAYS)
    assert [c.recurrence for c in patterns(request=daily, now=NOW)] == [NIGHTS]
    assert not any(c.within_owner for c in patterns(request=quick, now=NOW)), "nobody asked for them"
    short = replace(quick, window=Window(start=START, end=START + DAY / 2))
    assert patterns(request=short, now=NOW) == ()


def test_a_candidate_keeps_the_daily_hours_of_the_request_unless_it_has_its_own() -> None:
    daily = a_request(recurrence=DAYS)
    assert candidates(request=daily, now=NOW, limit_days=1)[0].of(daily).recurrence == DAYS
    assert patterns(request=replace(daily, recall_h=1.0), now=NOW)[0].of(daily).recurrence == NIGHTS


@given(st.sets(st.integers(-20, 20)), st.integers(1, 4))
def test_picked_windows_are_distinct_free_and_a_day_apart(free: set[int], count: int) -> None:
    looks_free: Callable[[Candidate], bool] = lambda c: c.shift_days in free  # noqa: E731 - one line says it
    taken = pick(candidates(request=a_request(), now=NOW - 30 * DAY, limit_days=20), looks_free=looks_free, count=count)
    starts = [c.window.start for c in taken]
    assert len(taken) == min(count, len(free - {0}))
    assert all(looks_free(c) for c in taken)
    assert all(abs(a - b) >= DAY for i, a in enumerate(starts) for b in starts[:i])
