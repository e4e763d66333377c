"""Entries from the field: what fits, what a person must look at, and that nothing is lost in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.outages import Outage, State, Status
from moms.records.field import APART, LADDER, Entry, Received, What, looks, reached
from moms.values import Actor, Role
from tests.desk.worlds import NOW, START, ask

FAY = Actor(name="fay", organisation="TO-1", role=Role.FIELD)
MIN = timedelta(minutes=1)


def an_outage(state: State = State.ACTIVE, status: Status = Status.APPROVED) -> Outage:
    request = ask()
    return Outage(
        id="OTG-AAAAAAAA", request=request, state=state, status=status, window=request.window, stamp=NOW, filed_at=NOW
    )


def tapped(what: What, minute: int, *, name: str = "") -> Entry:
    at = START + minute * MIN
    return Entry(id=name or f"{what}-{minute}", outage_id="OTG-AAAAAAAA", what=what, tapped_at=at, sent_at=at)


def taken(*taps: tuple[What, int]) -> tuple[Received, ...]:
    return tuple(Received(entry=tapped(*tap), by=FAY, received_at=START + tap[1] * MIN) for tap in taps)


def rules(entry: Entry, *before: tuple[What, int], outage: Outage | None = None) -> list[str]:
    found = looks(entry, outage=outage or an_outage(), before=taken(*before), now=entry.tapped_at)
    return [look.rule for look in found]


def test_a_ladder_climbed_in_order_asks_for_nobody():
    for k, what in enumerate(LADDER):
        assert rules(tapped(what, k), *((w, i) for i, w in enumerate(LADDER[:k]))) == []


def test_a_rung_left_out_and_a_rung_after_a_higher_one_ask_for_a_person():
    assert rules(tapped(What.ISOLATED, 5), (What.ARRIVED, 1)) == ["FIELD-ORDER"]
    whole = [(w, i) for i, w in enumerate(LADDER[:4])]
    del whole[2]
    assert rules(tapped(What.ISOLATED, 9), *whole) == ["FIELD-ORDER"]


def test_what_comes_late_but_was_tapped_in_order_fits():
    before = [(What.ARRIVED, 0), (What.ISOLATED, 8)]
    assert rules(tapped(What.RELEASED, 4), *before) == []


def test_a_rung_tapped_on_two_phones_asks_for_a_person_and_the_first_stands():
    assert rules(tapped(What.ARRIVED, 3), (What.ARRIVED, 1)) == ["FIELD-TWICE"]
    both = taken((What.ARRIVED, 3), (What.ARRIVED, 1))
    assert reached(both)[What.ARRIVED].entry.tapped_at == START + MIN


@pytest.mark.parametrize(
    ("state", "status", "what", "found"),
    [
        (State.DECIDED, Status.REVOKED, What.ARRIVED, ["FIELD-OVER"]),
        (State.NEGOTIATING, Status.REVOKED, What.LATE, ["FIELD-OVER"]),
        (State.NEGOTIATING, Status.NONE, What.ARRIVED, ["FIELD-OVER"]),
        (State.CANCELLED, Status.APPROVED, What.ARRIVED, ["FIELD-OVER"]),
        (State.COMPLETED, Status.APPROVED, What.LATE, ["FIELD-OVER"]),
        (State.ACTIVE, Status.RECALLED, What.ARRIVED, ["FIELD-OVER"]),
        (State.ACTIVE, Status.RECALLED, What.LATE, []),
        (State.ACTIVE, Status.AT_RISK, What.ARRIVED, []),
        (State.PENDING_COMPLETE, Status.APPROVED, What.LATE, []),
        (State.DECIDED, Status.APPROVED, What.ARRIVED, []),
    ],
)
def test_an_outage_that_does_not_stand_any_more_asks_for_a_person(state, status, what, found):
    assert rules(tapped(what, 0), outage=an_outage(state, status)) == found


def test_equipment_grounded_that_the_book_has_in_service_asks_for_a_person():
    before = [(What.ARRIVED, 0), (What.RELEASED, 1)]
    granted = an_outage(State.DECIDED)
    assert rules(tapped(What.RELEASED, 1), (What.ARRIVED, 0), outage=granted) == []
    assert rules(tapped(What.ISOLATED, 2), *before, outage=granted) == ["FIELD-NOT-OUT"]
    assert rules(tapped(What.ISOLATED, 2), *before) == []


def test_a_tap_in_the_future_asks_for_a_person_and_a_late_one_says_that_it_waited():
    entry = tapped(What.ARRIVED, 30)
    assert [f.rule for f in looks(entry, outage=an_outage(), before=(), now=START)] == ["FIELD-CLOCK"]
    late = Received(entry=entry, by=FAY, received_at=entry.tapped_at + APART + MIN)
    assert (late.delayed, late.clock_off_s) == (True, -360)
    waited = replace(late, entry=replace(entry, sent_at=late.received_at))
    assert (waited.delayed, waited.clock_off_s) == (True, None)
    prompt = replace(late, received_at=entry.tapped_at + APART)
    assert (prompt.delayed, prompt.clock_off_s) == (False, None)


def test_who_will_be_late_is_always_looked_at_until_somebody_has():
    [late] = taken((What.LATE, 0))
    assert late.to_look
    assert not replace(late, seen_by="roy").to_look
    [fits] = taken((What.ARRIVED, 0))
    assert not fits.to_look


TAPS = st.lists(st.tuples(st.sampled_from(list(LADDER)), st.integers(0, 30)), max_size=8, unique=True)


@given(taps=TAPS, data=st.data())
def test_the_ladder_does_not_hang_on_the_order_in_which_entries_came_in(taps, data):
    came = data.draw(st.permutations(taps))
    assert {w: r.entry.id for w, r in reached(taken(*taps)).items()} == {
        w: r.entry.id for w, r in reached(taken(*came)).items()
    }


@given(taps=TAPS, what=st.sampled_from(list(LADDER)), minute=st.integers(0, 30))
def test_nothing_asks_for_a_person_only_where_the_ladder_up_to_it_is_whole_and_bare_above(taps, what, minute):
    before = [t for t in taps if t != (what, minute)]
    quiet = not rules(tapped(what, minute, name="this"), *before)
    place = LADDER.index(what)
    whole = all(any(w == step and m <= minute for w, m in before) for step in LADDER[:place])
    bare = not any(w in LADDER[place + 1 :] and m < minute for w, m in before)
    first = not any(w == what for w, _ in before)
    assert quiet == (whole and bare and first)
