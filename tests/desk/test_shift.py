"""The hand-over on a real book: given once with what stood, taken once by somebody else, and never lost."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from moms.desk import operate, room, shift
from moms.desk.notices import AskedOtherwise
from moms.desk.ports import NotYours
from moms.desk.room import NotANote, NotOfTheRoom
from moms.desk.shift import HandedOverAnew, NoSuchHandOver, NotAShift, OwnHandOver
from moms.outages.lifecycle import Verb
from moms.values import Role
from tests.desk.test_flow import ROOM, through
from tests.desk.worlds import DAY, OWNER, START, a_world, ask

HOUR = timedelta(hours=1)
NEXT = replace(ROOM, name="nora")


@pytest.fixture
def day(book):
    """Give an outage that is out, and one that goes out two hours later."""
    world = a_world()
    out, soon = (through(book, world, ask(asset, start=at)).outage for asset, at in (
        ("branch:2", START), ("branch:20", START + 2 * HOUR),
    ))  # fmt: skip
    out = operate.step(book=book, world=world, actor=ROOM, now=START, outage_id=out.id, verb=Verb.START).outage
    return out, soon


def given(book, *, actor=ROOM, now=START + HOUR, key="a key", **more):
    return shift.give(book=book, actor=actor, now=now, key=key, **more)


def entries(book):
    with book.as_(ROOM) as page:
        return page.entries(shift.REGISTER)


def test_the_sheet_has_what_is_out_and_what_starts_and_comes_back_within_the_hours(book, day):
    out, soon = day
    found = shift.sheet(book=book, actor=ROOM, now=START + HOUR, hours=4)
    assert [o.id for o in found.out] == [out.id]
    assert [o.id for o in found.starts] == [soon.id]
    assert found.back == ()
    near_end = shift.sheet(book=book, actor=ROOM, now=out.window.end - HOUR, hours=4)
    assert [o.id for o in near_end.back] == [out.id]
    assert shift.sheet(book=book, actor=ROOM, now=START + HOUR, hours=1).starts == ()  # half-open


def test_it_is_given_once_with_what_was_abnormal_and_taken_once_by_somebody_else(book, day):
    out, _ = day
    late = out.window.end + HOUR
    room.acknowledge(book=book, actor=ROOM, now=late, outage_id=out.id, what="late", note="crew called")
    first = given(book, now=late, notes=" mind the ice ")
    assert given(book, now=late + HOUR, notes="mind the ice") == first
    assert (first.by, first.notes, first.taken_by) == ("rosa", "mind the ice", None)
    [odd] = first.sheet["alarms"]
    assert (odd["outage"], odd["acknowledged"]["note"]) == (out.id, "crew called")
    assert first.sheet["out_ids"] == [out.id]
    assert shift.last(book=book, actor=NEXT) == first
    done = shift.take(book=book, actor=NEXT, now=late + HOUR, hand_over=first.id)
    again = shift.take(book=book, actor=replace(ROOM, name="otto"), now=late + DAY, hand_over=first.id)
    assert done == again
    assert (done.taken_by, done.taken_at) == ("nora", late + HOUR)
    assert [e["what"] for e in entries(book)] == ["given", "taken"]


def test_many_who_take_it_at_once_are_one(book, day):
    first, gate, got = given(book), threading.Barrier(5), []

    def take(name: str) -> None:
        gate.wait()
        got.append(shift.take(book=book, actor=replace(ROOM, name=name), now=START + DAY, hand_over=first.id))

    crowd = [threading.Thread(target=take, args=(f"nora-{k}",)) for k in range(5)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert len(got) == 5
    assert len({h.taken_by for h in got}) == 1
    assert [e["what"] for e in entries(book)] == ["given", "taken"]


def test_what_cannot_be_is_refused_and_nothing_is_written(book, day):
    first = given(book)
    second = given(book, key="another", notes="forgot the ice")
    tries = [
        (OwnHandOver, ROOM, second.id), (HandedOverAnew, NEXT, first.id), (NoSuchHandOver, NEXT, "0" * 16),
        (NoSuchHandOver, NEXT, "x"), (NotOfTheRoom, OWNER, second.id),
        (NotOfTheRoom, replace(ROOM, role=Role.AUDITOR), second.id),
    ]  # fmt: skip
    for why, actor, name in tries:
        with pytest.raises(why):
            shift.take(book=book, actor=actor, now=START + HOUR, hand_over=name)
    with pytest.raises(AskedOtherwise):
        given(book, notes="something else")
    for hours in (0, 25):
        with pytest.raises(NotAShift):
            given(book, key="k", hours=hours)
    with pytest.raises(NotANote):
        given(book, key="k", notes="x" * 4001)
    with pytest.raises(NotOfTheRoom):
        given(book, actor=OWNER)
    for look in (shift.last, shift.sheet):
        with pytest.raises(NotYours):
            look(book=book, actor=OWNER, **({"now": START, "hours": 12} if look is shift.sheet else {}))
    assert [e["what"] for e in entries(book)] == ["given", "given"]
