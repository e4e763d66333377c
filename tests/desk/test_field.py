"""Entries from the field on a real book: each once, in the journal, told to a person where one must look."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from moms.desk import field, operate
from moms.desk.catalogue import catalogue_of
from moms.desk.field import EntryChanged, NoSuchEntry, NotACrew, NotALooker, NotAnEntry, Places, entry_of
from moms.desk.ports import NoSuchOutage
from moms.gis import features_of
from moms.outages import State
from moms.outages.lifecycle import Verb
from moms.records.field import LADDER, Entry, What
from moms.values import SYSTEM, Actor, Role
from tests.desk.test_flow import ROOM, through
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask, placed

FAY = Actor(name="fay", organisation="TO-1", role=Role.FIELD)
MIN = timedelta(minutes=1)


def an_entry(outage, what=What.ARRIVED, *, name="0123456789abcdef", minute=0, **more) -> Entry:
    at = START + minute * MIN
    return Entry(id=name, outage_id=outage.id, what=what, tapped_at=at, sent_at=at, **more)


def sent(book, entry, *, actor=FAY, now=START):
    return field.report(book=book, actor=actor, now=now, entry=entry)


def lines(book, outage, verb="field:"):
    with book.as_(SYSTEM) as page:
        return [e for e in page.history(outage.id) if e.verb.startswith(verb)]


@pytest.fixture
def granted(book):
    answer = through(book, a_world(), ask())
    assert answer.outage.state == State.DECIDED
    return answer.outage


@pytest.fixture
def out(book, granted):
    step = {"book": book, "world": a_world(), "now": START, "outage_id": granted.id}
    return operate.step(**step, actor=ROOM, verb=Verb.START).outage


def test_a_ladder_is_kept_line_by_line_and_moves_no_outage(book, out):
    for k, what in enumerate(LADDER):
        got = sent(book, an_entry(out, what, name=f"entry-{what}", minute=k), now=START + k * MIN)
        assert got.looks == ()
    assert [e.verb for e in lines(book, out)] == [f"field:{w}" for w in LADDER]
    with book.as_(SYSTEM) as page:
        assert page.outage(out.id) == out
        told = field.of_outage(page, out)
    assert [step["entry"] for step in told["ladder"]] == [f"entry-{w}" for w in LADDER]
    assert told["to_look"] == 0


def test_the_same_entry_sent_again_is_one_line_and_another_content_is_refused(book, out):
    first = sent(book, an_entry(out))
    again = sent(book, replace(an_entry(out), sent_at=START + 9 * MIN), now=START + 9 * MIN)
    assert again == first
    with pytest.raises(EntryChanged):
        sent(book, replace(an_entry(out), tapped_at=START + MIN))
    assert len(lines(book, out)) == 1


def test_the_same_entry_sent_by_many_at_once_is_one_line(book, out):
    gate, got = threading.Barrier(6), []

    def send() -> None:
        gate.wait()
        got.append(sent(book, an_entry(out)))

    crowd = [threading.Thread(target=send) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert len(got) == 6
    assert len(lines(book, out)) == 1


def test_two_phones_of_a_crew_that_report_the_same_rung_are_both_kept_for_a_person(book, out):
    sent(book, an_entry(out))
    other = sent(book, an_entry(out, minute=3), actor=replace(FAY, name="flo"), now=START + 3 * MIN)
    assert [look.rule for look in other.looks] == ["FIELD-TWICE"]
    assert len(lines(book, out)) == 2


def test_an_entry_on_an_outage_that_was_cancelled_meanwhile_is_kept_for_a_person(book, granted):
    step = {"book": book, "world": a_world(), "now": START, "outage_id": granted.id}
    operate.step(**step, actor=OWNER, verb=Verb.CANCEL, reason="not needed")
    got = sent(book, an_entry(granted))
    assert [look.rule for look in got.looks] == ["FIELD-OVER"]
    assert len(lines(book, granted)) == 1


def test_a_crew_that_will_be_late_says_when_it_is_back(book, out):
    got = sent(book, an_entry(out, What.LATE, late_min=90, reason="a bolt is stuck"))
    assert got.back_at == out.window.end + 90 * MIN
    assert got.to_look


def test_a_person_of_the_operator_looks_once_for_all(book, out):
    sent(book, an_entry(out, What.DONE))
    look = {"book": book, "now": START, "outage_id": out.id, "entries": ["0123456789abcdef"]}
    for other in (FAY, OWNER, replace(ENGINEER, role=Role.PLANNER)):
        with pytest.raises(NotALooker):
            field.seen(**look, actor=other)
    [got] = field.seen(**look, actor=ROOM)
    assert (got.seen_by, got.to_look) == ("rosa", False)
    field.seen(**look, actor=ENGINEER)
    assert len(lines(book, out, "field:seen")) == 1
    with pytest.raises(NoSuchEntry):
        field.seen(**{**look, "entries": ["nothing-of-the-kind"]}, actor=ROOM)


@pytest.mark.parametrize(
    "who",
    [ROOM, ENGINEER, replace(FAY, role=Role.AUDITOR, organisation="operator"), replace(FAY, role=Role.PUBLIC)],
)
def test_only_the_owners_people_report(book, out, who):
    with pytest.raises(NotACrew):
        sent(book, an_entry(out), actor=who)


def test_another_organisations_outage_is_nobodys(book, out):
    with pytest.raises(NoSuchOutage):
        sent(book, an_entry(out), actor=replace(FAY, organisation="GO-1"))
    assert lines(book, out) == []


def test_one_bad_entry_of_a_batch_stops_no_other(book, out):
    good = {
        "id": "entry-good",
        "outage": out.id,
        "what": "arrived",
        "tapped_at": START.isoformat(),
        "sent_at": START.isoformat(),
    }
    bad = [
        ({**good, "id": "x"}, "id"), ({**good, "what": "asleep"}, "what"),
        ({**good, "tapped_at": "eight"}, "tapped_at"),
        ({**good, "id": "entry-late", "what": "late"}, "late_min"), ({**good, "late_min": 5}, "late_min"),
        ({**good, "id": "entry-far", "outage": "OTG-ZZZZZZZZ"}, "outage"), ({**good, "reason": "x" * 501}, "reason"),
        ({}, "what"),
    ]  # fmt: skip
    done = field.report_all(book=book, actor=FAY, now=START, documents=[*(b for b, _ in bad), good])
    assert [t.refused.field for t in done[:-1]] == [name for _, name in bad]
    assert done[-1].received is not None
    assert len(lines(book, out)) == 1


def test_what_a_phone_sends_is_read_to_the_millisecond():
    sent_at = "2027-02-10T13:00:00.250Z"
    found = entry_of({"id": "12345678", "outage": "O", "what": "arrived", "tapped_at": sent_at, "sent_at": sent_at})
    assert found.tapped_at.microsecond == 250_000
    with pytest.raises(NotAnEntry):
        entry_of(
            {"id": "12345678", "outage": "O", "what": "late", "tapped_at": sent_at, "sent_at": sent_at, "late_min": 0}
        )


def a_day(book, actor, now=START):
    world = placed(a_world())
    places = Places(world.grid, features_of(world.grid))
    return field.day(book=book, actor=actor, now=now, catalogue=catalogue_of(world.grid), places=places)


def test_a_crews_day_has_what_is_granted_and_near_with_place_and_contact(book, granted):
    through(book, a_world(), ask("branch:9", start=START + 9 * DAY))
    through(book, a_world(), ask("gen:1"))
    found = a_day(book, FAY)
    [job] = found["items"]
    assert (job["outage"], job["stop"], job["documents"]) == (granted.id, None, [])
    assert job["assets"][0]["name"] == "line 3"
    assert 1 <= len(job["places"]) <= 2
    assert job["contacts"][0].phone == "+1 555 0100"
    assert a_day(book, FAY, now=NOW)["items"] == []


def test_what_was_taken_back_is_shown_as_a_stop_to_who_has_begun(book, granted):
    sent(book, an_entry(granted))
    step = {"book": book, "world": a_world(), "now": START, "outage_id": granted.id}
    operate.step(**step, actor=OWNER, verb=Verb.CANCEL, reason="not needed")
    [job] = a_day(book, FAY)["items"]
    assert "cancelled" in job["stop"]


def test_the_operator_sees_those_from_which_something_came(book, granted):
    assert a_day(book, ROOM)["items"] == []
    sent(book, an_entry(granted))
    found = a_day(book, ROOM)
    assert [job["outage"] for job in found["items"]] == [granted.id]
    assert not found["may_report"]
    assert a_day(book, replace(FAY, organisation="GO-1"))["items"] == []
