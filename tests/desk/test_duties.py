"""Which duties follow from an outage and a rule book: at which instants, under which names, and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from moms.desk.clock import AnswerRow, ClockRules, NotAClock
from moms.desk.duties import AHEAD, Shake, Task, last_start, nights, of_completed, of_standing, of_waiting
from moms.exchange.rulebook import open_rule_book, rule_books
from moms.outages import State, Status
from moms.values import MARKET, Window
from tests.postgres import an_outage

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2027, 3, 20, 5, tzinfo=UTC)
RULES = ClockRules(answers=(AnswerRow(from_days=9, before_days=4), AnswerRow(from_days=3, before_days=2)))
GRANTED = an_outage(1, window=Window(start=START, end=START + DAY), filed_at=START - 60 * DAY, stamp=START - 60 * DAY)
CHANGES = (date(2027, 3, 14), date(2027, 11, 7))
"""The days on which local clocks in the United States change in 2027."""


def at_of(found):
    return {duty.task: duty.at for duty in found}


def test_a_granted_outage_is_reminded_of_overdue_and_expires_at_the_instants_of_the_rule_book():
    found = at_of(of_standing(GRANTED, rules=RULES, now=START - 40 * DAY))
    assert found == {
        Task.REMIND_START: START - DAY,
        Task.OVERDUE_START: START,
        Task.EXPIRE: START + DAY,
        Task.RESTUDY: START - 30 * DAY,
    }


def test_what_may_still_move_expires_when_its_last_start_that_ends_in_time_has_passed():
    free = replace(GRANTED, request=replace(GRANTED.request, latest_end=START + 5 * DAY))
    assert last_start(free) == START + 4 * DAY
    assert at_of(of_standing(free, rules=RULES, now=START))[Task.EXPIRE] == START + 4 * DAY


def test_what_is_at_risk_does_not_expire_and_is_studied_again_all_the_same():
    risky = replace(GRANTED, status=Status.AT_RISK, granted=Status.APPROVED)
    found = at_of(of_standing(risky, rules=RULES, now=START - 2 * DAY))
    assert Task.EXPIRE not in found
    assert Task.RESTUDY in found


@pytest.mark.parametrize(
    ("days", "due", "next_"),
    [(40, None, 30), (30, 30, 7), (8, 30, 7), (7, 7, 3), (2, 3, 1), (0.5, 1, None)],
)
def test_of_the_studies_again_that_are_due_the_newest_is_made_and_the_next_is_to_come(days, due, next_):
    now = START - days * DAY
    found = [d for d in of_standing(GRANTED, rules=RULES, now=now) if d.task == Task.RESTUDY]
    wanted = [START - d * DAY for d in (due, next_) if d is not None]
    assert [d.at for d in found] == wanted


def test_what_was_asked_for_late_is_not_studied_again_for_what_came_before():
    late = replace(GRANTED, filed_at=START - 2 * DAY, stamp=START - 2 * DAY)
    found = [d for d in of_standing(late, rules=RULES, now=START - 2 * DAY) if d.task == Task.RESTUDY]
    assert [d.at for d in found] == [START - DAY]


def test_a_forced_outage_calls_for_a_study_of_what_begins_soon_but_not_of_itself():
    now = START - 10 * DAY
    shakes = (Shake(at=now - HOUR, cause="OTG-9", but="OTG-9"), Shake(at=now - 2 * HOUR, cause="F-1"))
    past = [d for d in of_standing(GRANTED, rules=RULES, now=now, shakes=shakes) if d.at <= now]
    assert [(d.task, d.cause) for d in past] == [(Task.RESTUDY, "OTG-9")]
    itself = replace(GRANTED, id="OTG-9")
    past = [d for d in of_standing(itself, rules=RULES, now=now, shakes=shakes) if d.at <= now]
    assert [d.cause for d in past] == ["F-1"]
    far = [d for d in of_standing(GRANTED, rules=RULES, now=now - 10 * DAY, shakes=shakes) if d.at <= now]
    assert not {d.cause for d in far} & {"OTG-9", "F-1"}


def test_one_that_runs_is_reminded_of_its_end_and_told_when_it_is_not_back():
    runs = replace(GRANTED, state=State.ACTIVE, actual_start=START, decision_id="D")
    assert at_of(of_standing(runs, rules=RULES, now=START)) == {
        Task.REMIND_END: START + 20 * HOUR,
        Task.OVERDUE_END: START + DAY,
    }
    extended = replace(runs, window=Window(start=START, end=START + 2 * DAY))
    names = {d.name for d in of_standing(runs, rules=RULES, now=START)}
    assert not names & {d.name for d in of_standing(extended, rules=RULES, now=START)}, "a later end is told of anew"


def test_what_waits_is_decided_and_its_deadline_is_that_of_the_rule_book():
    waits = replace(GRANTED, state=State.VALIDATED, status=Status.NONE)
    assert at_of(of_waiting(waits, {}, rules=RULES)) == {
        Task.DECIDE: waits.stamp,
        Task.ANSWER_OVERDUE: START - 4 * DAY,
    }
    late = replace(waits, stamp=START - 3 * DAY)
    assert at_of(of_waiting(late, {}, rules=RULES))[Task.ANSWER_OVERDUE] == START - 2 * DAY
    too_late = replace(waits, stamp=START - 1 * DAY)
    assert Task.ANSWER_OVERDUE not in at_of(of_waiting(too_late, {}, rules=RULES))


def test_what_was_referred_is_not_decided_by_the_clock_and_an_offer_taken_is():
    referred = replace(GRANTED, state=State.IN_STUDY, status=Status.NONE, decision_id="D")
    assert Task.DECIDE not in at_of(of_waiting(referred, {"outcome": "refer"}, rules=RULES))
    assert Task.DECIDE in at_of(of_waiting(referred, {"outcome": "counter"}, rules=RULES))


def test_an_offer_lapses_but_not_what_had_been_granted_before_it():
    offered = replace(GRANTED, state=State.NEGOTIATING, status=Status.NONE, decision_id="D")
    record = {"outcome": "counter", "decided_at": "2027-03-01T00:00:00+00:00"}
    assert at_of(of_waiting(offered, record, rules=RULES)) == {Task.LAPSE: datetime(2027, 3, 4, tzinfo=UTC)}
    granted = replace(offered, status=Status.APPROVED)
    assert of_waiting(granted, record, rules=RULES) == ()
    delayed = replace(offered, status=Status.NONE)
    assert of_waiting(delayed, {"outcome": "approve"}, rules=RULES) == ()


def test_what_has_ended_is_closed_unless_it_was_called_back():
    ended = replace(GRANTED, state=State.COMPLETED, actual_start=START, actual_end=START + DAY)
    assert at_of(of_completed(ended, rules=RULES)) == {Task.CLOSE: START + 15 * DAY}
    assert of_completed(replace(ended, status=Status.RECALLED), rules=RULES) == ()


@pytest.mark.parametrize("day", CHANGES)
@pytest.mark.parametrize("quarter", range(0, 96, 1))
@pytest.mark.parametrize("task", [Task.FIRMNESS, Task.MARGIN])
def test_each_market_day_has_one_night_at_each_quarter_hour_of_the_days_the_clocks_change(day, quarter, task):
    """The market's clock does not change: every day has its night at the same hour, and each only one."""
    now = datetime(day.year, day.month, day.day, tzinfo=MARKET) + quarter * timedelta(minutes=15)
    today, tomorrow = (one for one in nights(rules=RULES, now=now.astimezone(UTC)) if one.task == task)
    assert today.subject == day.isoformat()
    assert tomorrow.at - today.at == DAY
    assert today.at.astimezone(MARKET).hour == 1
    assert today.name != tomorrow.name


@pytest.mark.parametrize("day", CHANGES)
def test_a_day_before_the_start_is_24_hours_on_the_days_the_clocks_change_too(day):
    start = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    one = replace(GRANTED, window=Window(start=start, end=start + DAY), filed_at=start - 90 * DAY)
    assert at_of(of_standing(one, rules=RULES, now=start - 90 * DAY))[Task.REMIND_START] == start - DAY


@given(
    st.sampled_from(sorted(AHEAD)),
    st.integers(-200, 200), st.integers(1, 400), st.integers(0, 100 * 24),
)  # fmt: skip
def test_whoever_looks_whenever_gives_a_duty_the_same_name_and_instant(state, ahead_h, long_h, filed_h):
    start = START + ahead_h * HOUR
    one = replace(
        GRANTED, state=state, window=Window(start=start, end=start + long_h * HOUR), filed_at=start - filed_h * HOUR
    )
    seen: dict[str, datetime] = {}
    for now in (START - 50 * DAY, START - 3 * DAY, START, START + 9 * DAY):
        for duty in of_standing(one, rules=RULES, now=now):
            assert seen.setdefault(duty.name, duty.at) == duty.at


@pytest.mark.parametrize("name", rule_books())
def test_the_rule_books_that_come_along_say_when_with_a_source_for_each_number(name):
    found = open_rule_book(name)
    assert found.clock.restudy_days == (30.0, 7.0, 3.0, 1.0)
    assert all(found.sources[f"clock.{field}"] for field in ClockRules.__dataclass_fields__)
    ahead = [found.clock.answer_due(filed=START - days * DAY, start=START) for days in (0, 3, 8, 45, 90, 91)]
    assert ahead == [START - days * DAY for days in (0, 2, 3, 4, 30, 75)]


@pytest.mark.parametrize(
    "wrong", [{"night_at_h": 24.0}, {"restudy_days": (-1.0,)}, {"firmness_days": 0.0}, {"offer_lapses_h": -1.0}]
)
def test_numbers_of_time_that_cannot_be_are_refused(wrong):
    with pytest.raises(NotAClock):
        ClockRules(**wrong)


def test_an_answer_that_is_due_before_the_request_can_have_come_is_refused():
    with pytest.raises(NotAClock):
        AnswerRow(from_days=3, before_days=4)
