"""The control room on a real book: what is not as planned, taken once, in the journal, until the alarm ends."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from moms.desk import operate, room
from moms.desk.ports import NoSuchOutage, StaleRevision
from moms.desk.room import NotANote, NothingAbnormal, NotOfTheRoom
from moms.outages import State, Status
from moms.outages.lifecycle import Verb
from moms.records.room import What
from moms.values import SYSTEM, Actor, Role
from tests.desk.test_flow import ROOM, through
from tests.desk.worlds import DAY, ENGINEER, OWNER, START, a_world, ask
from tests.postgres import an_event, an_outage

HOUR = timedelta(hours=1)
OTHER = Actor(name="bob", organisation="TO-2", role=Role.OWNER)


@pytest.fixture
def out(book):
    world = a_world()
    key = through(book, world, ask()).outage.id
    return operate.step(book=book, world=world, actor=ROOM, now=START, outage_id=key, verb=Verb.START).outage


def late(out):
    return out.window.end + HOUR


def seen(book, now, actor=ROOM):
    return room.alarms(book=book, actor=actor, now=now)


def taken(book, outage, now, *, what="late", actor=ROOM, **more):
    return room.acknowledge(book=book, actor=actor, now=now, outage_id=outage.id, what=what, **more)


def lines(book, outage):
    with book.as_(SYSTEM) as page:
        return [e for e in page.history(outage.id) if e.verb == "room:acknowledge"]


def test_nothing_is_told_of_what_is_as_planned(book, out):
    assert seen(book, START + HOUR) == ()
    with pytest.raises(NothingAbnormal, match="as planned, not late back"):
        taken(book, out, START + HOUR)
    assert lines(book, out) == []


def test_what_is_late_is_taken_once_by_name_and_moves_no_outage(book, out):
    now = late(out)
    [alarm] = seen(book, now)
    assert (alarm.what, alarm.since, alarm.taken) == (What.LATE, out.window.end, None)
    got = taken(book, out, now, revision=out.revision, note="  the crew is on its way  ")
    again = taken(book, out, now + HOUR, actor=ENGINEER, note="me too", revision=1)
    assert got.taken == again.taken
    assert (got.taken.by, got.taken.at, got.taken.note) == (ROOM, now, "the crew is on its way")
    [line] = lines(book, out)
    assert (line.actor, line.reason) == (ROOM, "the crew is on its way")
    with book.as_(SYSTEM) as page:
        assert page.outage(out.id) == out
    assert seen(book, now)[0].taken == got.taken


def test_what_is_taken_by_many_at_once_is_one_line(book, out):
    gate, got = threading.Barrier(6), []

    def take(name: str) -> None:
        gate.wait()
        got.append(taken(book, out, late(out), actor=replace(ROOM, name=name)))

    crowd = [threading.Thread(target=take, args=(f"roy-{k}",)) for k in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert len(lines(book, out)) == 1
    assert len({a.taken for a in got}) == 1
    assert len(got) == 6


def test_late_again_after_an_extension_is_a_new_alarm(book, out):
    taken(book, out, late(out))
    operate.extend(
        book=book, world=a_world(), actor=OWNER, now=late(out), outage_id=out.id, until=late(out) + DAY, forced=True,
        reason="a bolt is stuck",
    )  # fmt: skip
    assert seen(book, late(out) + HOUR) == ()
    [alarm] = seen(book, late(out) + DAY + HOUR)
    assert (alarm.since, alarm.taken) == (late(out) + DAY, None)


def test_what_was_read_before_it_changed_is_not_taken(book, out):
    with pytest.raises(StaleRevision):
        taken(book, out, late(out), revision=out.revision - 1)
    assert lines(book, out) == []


def test_recalled_is_another_alarm_than_late_and_begins_with_the_recall(book, out):
    taken(book, out, late(out))
    called = late(out) + HOUR
    operate.step(
        book=book, world=a_world(), actor=ROOM, now=called, outage_id=out.id, verb=Verb.RECALL, reason="a storm comes"
    )
    [alarm] = seen(book, called)
    assert (alarm.what, alarm.since, alarm.taken) == (What.RECALLED, called, None)
    with pytest.raises(NothingAbnormal, match="recalled, not late back"):
        taken(book, out, called)
    assert taken(book, out, called, what="recalled").taken.at == called


def test_recalled_or_at_risk_a_second_time_is_a_new_alarm():
    risky = an_outage(state=State.DECIDED, status=Status.AT_RISK)
    words = ("approved", "at_risk", "at_risk", "approved", None, "at_risk", None)
    events = [
        an_event(risky, at=risky.filed_at + k * HOUR, after={} if word is None else {"status": word})
        for k, word in enumerate(words)
    ]
    first, second = (room._alarm(risky, events[:n], now=risky.filed_at) for n in (3, 7))
    assert (first.since, second.since) == (risky.filed_at + HOUR, risky.filed_at + 5 * HOUR)


def test_an_owner_sees_its_own_with_who_has_taken_it_and_takes_nothing(book, out):
    taken(book, out, late(out), note="called")
    [own] = seen(book, late(out), OWNER)
    assert own.taken.by == ROOM
    assert seen(book, late(out), OTHER) == ()
    for actor in (OWNER, replace(ROOM, role=Role.PLANNER), replace(ROOM, organisation="TO-1")):
        with pytest.raises(NotOfTheRoom):
            taken(book, out, late(out), actor=actor)


def test_what_cannot_be_taken_says_why(book, out):
    with pytest.raises(NoSuchOutage):
        room.acknowledge(book=book, actor=ROOM, now=late(out), outage_id="OTG-ZZZZZZZZ", what="late")
    with pytest.raises(NotANote):
        taken(book, out, late(out), note="x" * 501)
    with pytest.raises(NothingAbnormal, match="not 'asleep'"):
        taken(book, out, late(out), what="asleep")
    assert lines(book, out) == []


def test_the_first_by_priority_then_the_longest_standing(book, out):
    world = a_world()
    common = {"book": book, "world": world, "actor": ROOM}
    other = through(book, world, ask("branch:20")).outage
    operate.step(**common, now=START, outage_id=other.id, verb=Verb.START)
    operate.step(**common, now=START + HOUR, outage_id=other.id, verb=Verb.RECALL, reason="a storm")
    assert [(a.outage.id, a.what) for a in seen(book, late(out))] == [
        (other.id, What.RECALLED), (out.id, What.LATE),
    ]  # fmt: skip
