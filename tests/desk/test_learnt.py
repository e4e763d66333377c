"""What a study teaches the planner: sets apart for the weeks between, a request by itself each week alone."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

from moms.desk.rounds import ALONE_WEEKS, Cut, _learnt

FIRST = date(2027, 3, 1)  # a Monday
SEASON = SimpleNamespace(first=FIRST, out_by_day=[()] * 3 + [("O-1",)] * 4 + [()] * 63)


def found(day: int, *outages: str):
    return SimpleNamespace(outages=outages, day=FIRST + timedelta(days=day))


def days(cuts):
    return [(c.name, c.requests, c.first_day, c.end_day) for c in cuts]


def test_a_set_is_kept_apart_for_the_weeks_it_was_seen_in_and_those_between():
    first = _learnt((), [found(1, "A", "B")], SEASON)
    assert days(first) == [("C1", ("A", "B"), 0, 3)]  # the days with the same outages out
    second = _learnt(first, [found(22, "A", "B"), found(22, "C", "D")], SEASON)
    assert days(second) == [("C1", ("A", "B"), 0, 28), ("C2", ("C", "D"), 21, 28)]


def test_a_request_by_itself_is_kept_from_each_week_it_was_seen_in_and_from_no_other():
    cuts = _learnt((), [found(1, "A")], SEASON)
    assert days(cuts) == [("C1", ("A",), 0, 3)]
    cuts = _learnt(cuts, [found(5, "A")], SEASON)  # the same week, beside other outages: all of it
    assert days(cuts) == [("C1", ("A",), 0, 7)]
    cuts = _learnt(cuts, [found(22, "A")], SEASON)
    assert days(cuts) == [("C1", ("A",), 0, 7), ("C2", ("A",), 21, 28)]


def test_the_search_for_another_week_ends():
    cuts: tuple[Cut, ...] = ()
    for week in range(ALONE_WEEKS):
        cuts = _learnt(cuts, [found(14 * week, "A")], SEASON)
    assert len(cuts) == ALONE_WEEKS
    cuts = _learnt(cuts, [found(63, "A")], SEASON)
    assert days(cuts) == [("C1", ("A",), 0, 70)]
