"""The live demo: its script is played at the desk, goes on after a stop or a kill, and begins again in a fresh book."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from moms.desk.feed import What
from moms.desk.ports import NoSuchOutage, Search
from moms.outages import State
from moms.store.place import open_place, restore_into
from moms.values import SYSTEM, Actor, Role
from moms.wiring.clock import read_clock, set_demo_clock, ticks
from moms.wiring.live import Live
from moms.wiring.office import Office
from moms.wiring.replay import UNDER_WAY, DemoHome, NotADemo, begin_again
from moms.wiring.settings import settings
from tests.demos import NOW, PLANNED, WORLD, a_demo_home, a_live, environ, in_home

OWNER = Actor(name="ann", organisation="TO-1", role=Role.OWNER)
LOOKS = 6000


@pytest.fixture
def place(tmp_path):
    with a_demo_home(tmp_path / "home") as found:
        yield found


def desk_of(place):
    def desk(actor, **_):
        chosen = settings(environ=environ(place.home))
        return Office(settings=type(chosen)(**{**_fields(chosen), "actor": actor}), book=place.book, opened=WORLD)

    return desk


def _fields(chosen):
    return {name: getattr(chosen, name) for name in chosen.__dataclass_fields__}


def played(place, *, until, speed=0.0):
    """Play the script until an instant, moving the clock on from event to event."""
    live = a_live(place.home, speed=speed)
    with in_home(place.home), live.at_work(register=None, desk=desk_of(place), stop=lambda: None):
        for event in live.events:
            if event.at > until:
                break
            live.clock.move_on(event.at)
            waits(live.caught_up)
    return live


def waits(true):
    for _ in range(LOOKS):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it never came")


def states(place):
    with place.book.as_(SYSTEM) as page:
        return {o.id: (str(o.state), str(o.status)) for o in page.find(Search())}


def test_every_event_is_done_at_the_desk_and_the_record_is_whole(place):
    live = played(place, until=NOW + timedelta(days=47))
    assert {one.how for one in live._told} == {"done"}, [o for o in live._told if o.how != "done"]
    assert {one.event.what for one in live._told} == set(What)
    found = states(place)
    assert sorted(state for state, _ in found.values()).count("cancelled") == 1
    assert {state for state, _ in found.values()} == {"completed", "cancelled"}
    verdict = place.verify()
    assert verdict.whole, verdict.faults
    with place.book.as_(SYSTEM) as page:
        actors = {event.actor for key in found for event in page.history(key)}
    assert {a.role for a in actors if a.name.startswith("demo-feed")} == {Role.OWNER, Role.CONTROL_ROOM}


def test_one_that_is_killed_and_started_again_does_nothing_twice(place):
    played(place, until=NOW + timedelta(hours=2))
    there = states(place)
    with place.book.as_(SYSTEM) as page:
        heads = dict(page.heads())
    again = played(place, until=NOW + timedelta(hours=2))
    assert {one.how for one in again._told} == {"done"}
    assert states(place) == there
    with place.book.as_(SYSTEM) as page:
        assert dict(page.heads()) == heads


def test_what_a_visitor_did_holds_and_the_event_is_passed_over(place):
    first = min(PLANNED, key=lambda r: r.window.start)
    desk = desk_of(place)(OWNER)
    desk.operate(desk.find(first.external_id).id, "cancel", reason="not this week")
    live = played(place, until=first.window.end)
    hows = {one.event.what: one.how for one in live._told if one.event.outage_id == desk.find(first.external_id).id}
    assert hows
    assert all(how.startswith("passed over: it is cancelled") for how in hows.values())
    assert desk.find(first.external_id).state == State.CANCELLED


def test_stopped_it_stands_and_started_again_it_goes_on_from_there(place):
    live = a_live(place.home, speed=600.0)
    with in_home(place.home), live.at_work(register=None, desk=desk_of(place), stop=lambda: None):
        waits(lambda: live.clock.now >= NOW + timedelta(minutes=20))
    left = read_clock(place.home)
    assert left.reading(ticks() + 1000) == left.base  # nobody winds it
    with in_home(place.home):
        again = a_live(place.home)
        with again.at_work(register=None, desk=desk_of(place), stop=lambda: None):
            assert again.clock.now >= left.base
            assert again.clock.speed_now == 600.0
            waits(lambda: again.clock.now > left.base)


def test_the_clock_waits_for_what_is_not_done(place, monkeypatch):
    live = a_live(place.home, speed=3600.0)
    monkeypatch.setattr(Live, "_play", lambda _: None)  # a feed that hangs
    first = live.events[0]
    with in_home(place.home), live.at_work(register=None, desk=desk_of(place), stop=lambda: None):
        waits(lambda: live.clock.now >= first.at + timedelta(minutes=15))
        time.sleep(1.2)
        assert live.clock.now == first.at + timedelta(minutes=15)


@pytest.mark.parametrize("dies", ["", "before", "after"])
def test_it_begins_again_and_what_was_entered_is_in_the_backup(tmp_path, dies):
    home = tmp_path / "home"
    with a_demo_home(home) as place:
        begun = states(place)
        played(place, until=NOW + timedelta(hours=2))
        entered = states(place)
    env, there = environ(home), DemoHome(home=home)
    if dies:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f"moms.wiring.replay.{'afresh' if dies == 'before' else 'set_demo_clock'}", _dies)
            with pytest.raises(MemoryError):
                begin_again(there, env=env, clock=NOW)
        assert there.under_way
    begin_again(there, env=env, clock=NOW)
    assert not there.under_way
    assert read_clock(home).base == NOW
    with open_place(env=env) as place:
        assert states(place) == begun
        assert place.verify().whole
    kept = sorted(there.folder.glob("kept-*.zip"))
    assert kept
    with open_place(env=environ(tmp_path / "other")) as other:
        restore_into(other, kept[0], env=environ(tmp_path / "other"))
        assert states(other) == entered


def _dies(*_, **__):
    raise MemoryError


def test_a_home_that_the_demo_did_not_begin_is_left_as_it_is(tmp_path):
    home = tmp_path / "home"
    with a_demo_home(home) as place:
        there = states(place)
    (home / "demo" / "began.json").unlink()
    (home / "demo" / UNDER_WAY).write_text("{}")
    assert not DemoHome(home=home).under_way
    with pytest.raises(NotADemo):
        begin_again(DemoHome(home=home), env=environ(home), clock=NOW)
    named = environ(home) | {"MOMS_DATABASE_URL": "postgresql://somebody@host/moms"}
    assert "named server" in DemoHome(home=home).why_not(named)
    with open_place(env=environ(home)) as place:
        assert states(place) == there
        with pytest.raises(NoSuchOutage), place.book.as_(SYSTEM) as page:
            page.outage("OTG-NOWHERE")
    set_demo_clock(home, None)
