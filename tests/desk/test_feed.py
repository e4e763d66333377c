"""The demo's script: the same for the same seed and book, in order, and every event one that the desk allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.desk.answer import outage_id
from moms.desk.feed import APART, What, script, stands
from moms.exchange.season import bundled
from moms.outages import State, Status
from moms.outages.lifecycle import begin
from tests.desk.worlds import NOW, OWNER, ask

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def starter():
    season = bundled("starter")
    return season, [entry.request for entry in season.entries]


def told(starter, seed=7):
    season, requests = starter
    return script(seed=seed, requests=requests, begins=season.clock)


def test_the_same_seed_and_book_give_the_same_script_and_the_order_of_the_book_does_not_count(starter):
    season, requests = starter
    assert told(starter) == told(starter) == script(seed=7, requests=requests[::-1], begins=season.clock)
    assert told(starter) != told(starter, seed=8)


@pytest.mark.parametrize("seed", range(5))
def test_it_has_something_of_each_kind_in_order_and_soon(starter, seed):
    season, _ = starter
    found = told(starter, seed)
    assert {event.what for event in found} == set(What)
    assert [e.at for e in found] == sorted(e.at for e in found)
    assert len({e.id for e in found}) == len(found)
    first = [e for e in found if e.at <= season.clock + 2 * HOUR]
    assert {e.what for e in first} == {What.TRIP, What.STORM}


@pytest.mark.parametrize("seed", range(5))
def test_each_outage_goes_out_inside_its_window_comes_back_after_and_some_are_late(starter, seed):
    _, requests = starter
    windows = {outage_id(r.organisation, r.external_id): r.window for r in requests}
    by: dict[str, dict[What, datetime]] = {}
    for event in told(starter, seed):
        by.setdefault(event.outage_id, {})[event.what] = event.at
    late = 0
    for key, window in windows.items():
        what = by.get(key, {})
        if What.START in what:
            assert window.start <= what[What.START] < window.end
            assert what[What.START] < what[What.END] < what[What.CONFIRM]
            late += what[What.END] > window.end
        elif What.STORM in what:
            assert what[What.STORM] < what[What.CALL_OFF] < window.start
    assert late >= 5


@pytest.mark.parametrize("seed", range(5))
def test_what_trips_is_not_planned_to_be_out_near_it(starter, seed):
    _, requests = starter
    trips = [e for e in told(starter, seed) if e.what == What.TRIP]
    assert len(trips) > 3
    assert len({e.assets for e in trips}) == len(trips)
    for trip in trips:
        for request in requests:
            if set(request.assets) & set(trip.assets):
                assert request.window.start > trip.at + APART or request.window.end + APART < trip.at


def test_an_empty_book_has_no_script():
    assert script(seed=1, requests=[], begins=NOW) == ()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 400), st.integers(1, 6)), max_size=12), st.integers())
def test_no_book_brings_an_event_before_the_beginning_or_a_return_before_its_start(rows, seed):
    requests = [
        ask(f"branch:{branch}", start=NOW + timedelta(hours=hours), days=days, external_id=f"r{k}")
        for k, (branch, hours, days) in enumerate(rows)
    ]
    found = script(seed=seed, requests=requests, begins=NOW)
    assert all(event.at >= NOW for event in found)
    for what in (What.START, What.TRIP):
        for event in found:
            if event.what == what:
                [end] = [e for e in found if e.outage_id == event.outage_id and e.what == What.END]
                assert event.at < end.at


def test_an_event_is_due_done_or_passed_over_by_what_the_book_holds():
    request = ask("branch:3", start=NOW + timedelta(days=1))
    events = {e.what: e for e in script(seed=1, requests=[request], begins=NOW) if not e.reference}
    filed = begin(request, outage_id="OTG-A", actor=OWNER, now=NOW)
    granted = replace(filed, state=State.DECIDED, status=Status.APPROVED)
    active = replace(granted, state=State.ACTIVE)
    assert stands(events[What.START], granted) == "due"
    assert stands(events[What.START], active) == stands(events[What.END], replace(active, state=State.CLOSED)) == "done"
    assert stands(events[What.END], active) == "due"
    assert stands(events[What.START], replace(granted, state=State.CANCELLED)).startswith(
        "passed over: it is cancelled"
    )
    assert stands(events[What.END], None) == "passed over: the book has no such outage"
    assert stands(events[What.END], granted).startswith("passed over")
