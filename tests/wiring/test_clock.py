"""The demo's clock: runs while it is wound, never goes back, and all who read its file agree."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.wiring.clock import (
    WOUND_S,
    NotAnInstant,
    NotASpeed,
    SimulatedClock,
    read_clock,
    set_demo_clock,
    ticks,
    write_clock,
)
from moms.wiring.settings import settings

NOON = datetime(2027, 2, 1, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)


def running(*, speed=60.0, at=NOON, tick=100.0):
    return SimulatedClock(base=at, tick_s=tick, speed=speed, wound_s=WOUND_S)


def test_it_runs_as_fast_as_it_was_set():
    assert running(speed=600.0).reading(101.0) == NOON + timedelta(minutes=10)


def test_it_stops_by_itself_when_nobody_winds_it():
    assert running().reading(100_000.0) == running().reading(100.0 + WOUND_S) == NOON + timedelta(minutes=3)


def test_it_does_not_pass_what_has_to_happen_first():
    held = running(speed=3600.0).wound(100.0, held_at=NOON + HOUR)
    assert held.reading(100.5) == NOON + HOUR / 2
    assert held.reading(102.5) == NOON + HOUR
    assert held.wound(102.5).reading(103.0) == NOON + 1.5 * HOUR


def test_one_wound_twice_a_second_loses_no_time_at_the_pace_of_life():
    clock = running(speed=1.0)
    for step in range(1, 400):
        clock = clock.wound(100.0 + 0.37 * step)
    assert clock.reading(100.0 + 0.37 * 399) == NOON + timedelta(seconds=int(0.37 * 399))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["wind", "speed", "stop", "on", "read"]),
            st.floats(min_value=-5, max_value=50),
            st.floats(min_value=0, max_value=3600),
        ),
        max_size=40,
    )
)
def test_whatever_is_done_to_it_it_never_goes_back(deeds):
    clock, tick, last = running(), 100.0, NOON
    for what, later, number in deeds:
        tick += later  # a machine that was started again counts from nought: `later` may be below it
        if what == "wind":
            clock = clock.wound(tick, held_at=NOON + timedelta(seconds=number))
        elif what == "speed":
            clock = clock.at_speed(tick, number)
        elif what == "stop":
            clock = clock.stopped(tick)
        elif what == "on":
            clock = clock.moved_on(tick, NOON + timedelta(seconds=number))
        if later >= 0 or what != "read":
            found = clock.reading(tick)
            assert found >= last or later < 0
            last = max(last, found) if later >= 0 else found
            assert clock.reading(tick) >= clock.base


@pytest.mark.parametrize("speed", [-1.0, 3601.0, float("nan"), float("inf")])
def test_a_speed_that_cannot_be_is_refused(speed):
    with pytest.raises(NotASpeed) as refused:
        running().at_speed(100.0, speed)
    assert refused.value.field == "speed"


def test_the_file_holds_it_whole(tmp_path):
    clock = SimulatedClock(base=NOON + timedelta(seconds=7), tick_s=5.25, speed=60.0, wound_s=3.0, held_at=NOON + HOUR)
    write_clock(tmp_path, clock)
    assert read_clock(tmp_path) == clock
    assert [file.name for file in tmp_path.iterdir()] == ["demo-clock.json"]


def test_another_process_reads_the_same_time(tmp_path):
    write_clock(tmp_path, SimulatedClock(base=NOON, tick_s=ticks(), speed=3600.0, wound_s=0.001))
    environ = {"MOMS_HOME": str(tmp_path)}
    code = "from moms.wiring.settings import settings; print(settings().now.isoformat())"
    other = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert datetime.fromisoformat(other.stdout.strip()) == settings(environ=environ).now == NOON + timedelta(seconds=3)


def test_one_that_was_only_set_stands_still_and_none_is_the_wall(tmp_path):
    set_demo_clock(tmp_path, NOON)
    assert settings(environ={"MOMS_HOME": str(tmp_path)}).now == NOON
    set_demo_clock(tmp_path, None)
    assert not settings(environ={"MOMS_HOME": str(tmp_path)}).simulated


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"now": "noon"}', '{"now": "2027-02-01T12:00"}', '{"now": null}', '{"speed": 1}',
             json.dumps({"now": "2027-02-01T12:00Z", "speed": float("nan")})],
)  # fmt: skip
def test_a_file_that_is_no_clock_is_said_to_be_none(tmp_path, text):
    (tmp_path / "demo-clock.json").write_text(text)
    with pytest.raises(NotAnInstant) as refused:
        settings(environ={"MOMS_HOME": str(tmp_path)})
    assert "demo-clock.json" in refused.value.fix
