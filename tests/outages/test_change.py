"""Changes: the place in the queue, the exemption, and what must be decided again (semantics 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from moms.outages import Contact, Kind, Outage, Recurrence, Request, State, Status, move
from moms.outages.change import Changed, NotAChange, change
from moms.outages.guards import NotAllowedNow, NotYours
from moms.outages.hours import hours_of
from moms.outages.stamp import stamp_at
from moms.values import Refused, Window
from tests.outages.builders import ANN, BOB, DEE, NOW, a_request, a_unit_request, a_window, an_outage, at

LATER = NOW + timedelta(days=10)
DAY = timedelta(days=1)


def asked(*, hours: float = 100, start: str = "2027-03-01T13:00") -> Outage:
    return an_outage(request=a_request(window=a_window(start, hours=hours)), state=State.VALIDATED)


def granted(**changes: Any) -> Outage:
    return replace(asked(), state=State.DECIDED, status=Status.APPROVED, **changes)


def exempt() -> Outage:
    request = a_unit_request(window=a_window(hours=100))
    return an_outage(request=request, state=State.DECIDED, status=Status.ACCEPTED_EXEMPT)


def to(
    outage: Outage, window: Window | None = None, *, operator: bool = False, now: Any = LATER, **fields: Any
) -> Changed:
    request = replace(outage.request, window=window or outage.request.window, **fields)
    actor = DEE if request.organisation == "River Power" else ANN
    return change(outage, request, now=now, actor=actor, asked_by_operator=operator)


@pytest.mark.parametrize("outage", [asked(), granted(), exempt()])
def test_a_comment_or_a_contact_keeps_everything(outage: Outage) -> None:
    done = to(outage, description="at last", contacts=(Contact(name="Night desk", phone="5550199"),))
    assert done.keeps_stamp
    assert not done.needs_decision
    assert (done.outage.state, done.outage.status) == (outage.state, outage.status)
    assert done.outage.request.description == "at last"
    assert done.keeps_exemption is (True if outage.status == Status.ACCEPTED_EXEMPT else None)


@pytest.mark.parametrize("window", [a_window(hours=80), a_window("2027-03-02T09:00", hours=80)])
def test_a_shortening_of_a_fifth_keeps_stamp_and_exemption(window: Window) -> None:
    done = to(exempt(), window)
    assert done.keeps_stamp
    assert done.keeps_exemption is True
    assert not done.needs_decision
    assert done.outage.window == window
    assert done.outage.status == Status.ACCEPTED_EXEMPT


def test_a_shortening_of_more_than_a_fifth_loses_stamp_and_exemption_and_says_so() -> None:
    done = to(exempt(), a_window(hours=79))
    assert not done.keeps_stamp
    assert done.keeps_exemption is False
    assert done.outage.stamp == LATER
    assert done.outage.status == Status.ACCEPTED_NOT_EXEMPT
    assert any("loses its exemption" in one for one in done.says)
    assert any("21 %" in one for one in done.says)


def test_two_shortenings_count_together() -> None:
    once = to(exempt(), a_window(hours=85)).outage
    done = to(once, a_window(hours=75))
    assert not done.keeps_stamp
    assert done.keeps_exemption is False


def test_a_start_moved_on_ones_own_wish_takes_a_new_stamp() -> None:
    done = to(asked(), a_window("2027-03-02T13:00", hours=100))
    assert not done.keeps_stamp
    assert done.outage.stamp == LATER
    assert (done.outage.state, done.needs_decision) == (State.SUBMITTED, True)


def test_a_move_the_operator_asked_for_keeps_stamp_and_exemption() -> None:
    done = to(exempt(), a_window("2027-04-02T13:00", hours=100), operator=True)
    assert done.keeps_stamp
    assert done.keeps_exemption is True
    assert done.outage.wish is not None
    assert done.outage.wish.stamp == NOW
    assert done.needs_decision


def test_added_hours_take_the_time_of_the_change_and_the_old_ones_keep_theirs() -> None:
    done = to(asked(), a_window(hours=130))
    assert done.keeps_stamp
    assert done.added_hours == (Window(start=a_window(hours=100).end, end=a_window(hours=130).end),)
    assert stamp_at(done.outage, a_window().start) == NOW
    assert stamp_at(done.outage, a_window(hours=100).end) == LATER
    assert done.needs_decision


def test_hours_added_and_given_back_cost_nothing() -> None:
    longer = to(asked(), a_window(hours=150)).outage
    done = to(longer, a_window(hours=100))
    assert done.keeps_stamp
    assert done.outage.added == ()


def test_hours_given_back_and_asked_for_again_stand_at_the_end() -> None:
    shorter = to(asked(), a_window(hours=80)).outage
    done = to(shorter, a_window(hours=100), now=LATER + DAY)
    assert stamp_at(done.outage, a_window(hours=99).end) == LATER + DAY


def test_added_hours_moved_by_the_operator_stay_added() -> None:
    longer = to(asked(), a_window(hours=150)).outage
    done = to(longer, a_window("2027-04-01T13:00", hours=150), operator=True, now=LATER + DAY)
    assert stamp_at(done.outage, at("2027-04-01T13:00")) == NOW
    assert stamp_at(done.outage, at("2027-04-01T13:00") + timedelta(hours=120)) == LATER


def test_an_approval_stands_until_its_change_is_decided() -> None:
    done = to(granted(), a_window("2027-03-20T13:00", hours=100))
    assert done.needs_decision
    assert (done.outage.state, done.outage.status) == (State.SUBMITTED, Status.APPROVED)
    assert (done.outage.window, done.outage.stamp) == (a_window(hours=100), NOW)
    assert done.outage.request == granted().request
    assert done.outage.holds
    decided = replace(done.outage, state=State.IN_STUDY)
    kept = move(decided, verb="refuse_change", actor=BOB, now=LATER, decision_id="D-2", reason="limit")
    assert replace(kept, revision=1, decision_id=None) == granted()
    moved = move(decided, verb="approve", actor=BOB, now=LATER, decision_id="D-2")
    assert moved.window == moved.request.window == a_window("2027-03-20T13:00", hours=100)
    assert (moved.stamp, moved.wish) == (LATER, None)


def test_a_change_back_to_what_is_granted_withdraws_the_one_that_waits() -> None:
    waiting = to(granted(), a_window("2027-03-20T13:00", hours=100)).outage
    done = to(waiting, now=LATER + DAY)
    assert replace(done.outage, revision=1) == granted()
    assert (done.withdraws, done.needs_decision, done.keeps_stamp) == (True, False, True)
    assert done.says[0].startswith("It withdraws the change that waited")
    again = to(done.outage, a_window("2027-03-20T13:00", hours=100), now=LATER + 2 * DAY).outage
    assert again.wish is not None
    assert again.wish.stamp == LATER + 2 * DAY, "asked for again it stands at the end of the queue"


def test_a_withdrawn_change_keeps_the_exemption_and_the_new_comment() -> None:
    waiting = to(exempt(), a_window("2027-03-20T13:00", hours=100)).outage
    done = to(waiting, description="we stay", now=LATER + DAY)
    assert done.keeps_exemption is True
    assert done.outage.status == Status.ACCEPTED_EXEMPT
    assert done.outage.request.description == "we stay"


def test_a_comment_on_a_change_that_waits_keeps_its_place() -> None:
    window = a_window("2027-03-20T13:00", hours=100)
    waiting = replace(to(granted(), window).outage, state=State.IN_STUDY)
    done = to(waiting, window, description="a crew is found", now=LATER + DAY)
    assert done.outage.wish is not None
    assert waiting.wish is not None
    assert done.outage.wish == replace(waiting.wish, request=done.outage.wish.request)
    assert done.outage.wish.request.description == "a crew is found"
    assert (done.outage.state, done.needs_decision) == (State.IN_STUDY, False)


@pytest.mark.parametrize(
    "more",
    [{"assets": ("branch:1", "branch:2")}, {"assets": ("branch:2",)}, {"kind": Kind.URGENT}],
)
def test_asking_for_more_takes_a_new_stamp(more: dict[str, Any]) -> None:
    done = to(granted(), **more)
    assert not done.keeps_stamp
    assert done.needs_decision


def test_a_deeper_derate_asks_for_more_and_a_lighter_one_does_not() -> None:
    unit = an_outage(request=a_unit_request(kind=Kind.DERATE, derate_to_mw=50.0), state=State.VALIDATED)
    assert not to(unit, derate_to_mw=40.0).keeps_stamp
    assert not to(unit, derate_to_mw=None).keeps_stamp
    assert to(unit, derate_to_mw=60.0).keeps_stamp


def test_nights_off_are_a_shortening_and_nights_on_a_lengthening() -> None:
    days = Recurrence(start="08:00", end="20:00", zone="EST")
    whole = an_outage(request=a_request(window=a_window("2027-03-01T13:00", hours=96)), state=State.VALIDATED)
    assert not to(whole, recurrence=days).keeps_stamp  # half of the hours are gone
    daily = an_outage(request=replace(whole.request, recurrence=days), state=State.VALIDATED)
    done = to(daily, recurrence=None)
    assert done.keeps_stamp
    assert sum(one.hours for one in done.added_hours) == 48


@pytest.mark.parametrize("field", ["external_id", "organisation", "category"])
def test_another_request_is_no_change(field: str) -> None:
    new: Any = {"external_id": "X", "organisation": "River Power", "category": a_unit_request().category}[field]
    with pytest.raises(NotAChange):
        to(asked(), **{field: new})


def test_a_planned_outage_does_not_become_a_forced_one() -> None:
    with pytest.raises(NotAChange):
        to(asked(), kind=Kind.FORCED)


def test_of_an_outage_under_way_only_the_end_changes_and_by_another_verb() -> None:
    with pytest.raises(NotAChange, match="under way"):
        to(
            granted(actual_start=a_window().start).__class__(**{**_fields(granted()), "state": State.ACTIVE}),
            a_window(hours=130),
        )


def _fields(outage: Outage) -> dict[str, Any]:
    return {name: getattr(outage, name) for name in outage.__dataclass_fields__}


@pytest.mark.parametrize("state", [State.COMPLETED, State.CLOSED, State.WITHDRAWN, State.CANCELLED, State.EXPIRED])
def test_what_is_over_is_not_changed(state: State) -> None:
    with pytest.raises(NotAllowedNow):
        to(replace(granted(), state=state), a_window(hours=130))


def test_another_owner_changes_nothing() -> None:
    with pytest.raises(NotYours):
        change(asked(), replace(asked().request, description="mine"), now=LATER, actor=DEE)


class Queue(RuleBasedStateMachine):
    """Any sequence of changes, moves the operator asks for and verdicts, on one outage."""

    @initialize(hours=st.integers(min_value=1, max_value=60))
    def file(self, hours: int) -> None:
        request = a_request(window=a_window("2027-06-01T00:00", hours=hours))
        self.outage = replace(an_outage(request=request, state=State.VALIDATED), id="O-1")
        self.now = NOW
        self.original_h = float(hours)
        """Hours that may still stand from the outage's own stamp."""

    def _tick(self) -> None:
        self.now += timedelta(minutes=7)

    def _try(self, request: Request, *, operator: bool) -> None:
        self._tick()
        before = self.outage
        try:
            done = change(before, request, now=self.now, actor=ANN, asked_by_operator=operator)
        except Refused:
            return
        self.outage = done.outage
        if before.wish is not None and request == before.request:
            assert done.withdraws
            assert replace(done.outage, state=before.state, revision=before.revision, wish=before.wish) == before
            return
        if done.outage.wish is None or done.outage.wish != before.wish:  # else an earlier wish goes on waiting
            self.changed_at, self.last_by_operator = self.now, operator
        if before.holds and done.needs_decision:
            standing = replace(done.outage, state=before.state, revision=before.revision, wish=before.wish)
            assert standing == before
        else:
            self._compare(before, done.outage, operator=operator)
            assert done.needs_decision or not before.holds or not _new_hours(before, done.outage)

    def _compare(self, before: Outage, after: Outage, *, operator: bool) -> None:
        assert after.stamp >= before.stamp
        if not operator:
            _no_hour_moves_up(before, after, now=self.changed_at)
        asked_h = sum(one.hours for one in hours_of(after.request))
        first = asked_h - sum(one.window.hours for one in after.added)
        if after.stamp > before.stamp:
            self.original_h = asked_h
        assert first <= self.original_h + 1e-6
        self.original_h = min(self.original_h, first)

    @rule(
        shift=st.integers(min_value=-30, max_value=30),
        stretch=st.integers(min_value=-30, max_value=30),
        operator=st.booleans(),
        asset=st.sampled_from(["branch:1", "branch:2"]),
    )
    def change(self, shift: int, stretch: int, operator: bool, asset: str) -> None:
        window = self.outage.request.window
        start = window.start + timedelta(hours=shift)
        end = max(start + timedelta(hours=1), window.end + timedelta(hours=shift + stretch))
        request = replace(self.outage.request, window=Window(start=start, end=end), assets=(asset,))
        self._try(request, operator=operator)

    @rule()
    def change_back(self) -> None:
        self._try(self.outage.request, operator=False)

    @rule()
    def grant(self) -> None:
        self._tick()
        before = self.outage
        for verb in ("validate", "study", "approve"):
            try:
                self.outage = move(self.outage, verb=verb, actor=BOB, now=self.now, decision_id="D")
            except Refused:
                continue
        if before.wish is not None:
            self._compare(before, self.outage, operator=self.last_by_operator)

    @rule()
    def refuse(self) -> None:
        self._tick()
        before = self.outage
        try:
            self.outage = move(before, verb="refuse_change", actor=BOB, now=self.now, decision_id="D", reason="no")
        except Refused:
            return
        assert (self.outage.request, self.outage.window) == (before.request, before.window)
        assert (self.outage.stamp, self.outage.added) == (before.stamp, before.added)

    @invariant()
    def what_is_decided_waits_for_nothing(self) -> None:
        if hasattr(self, "outage"):
            assert (self.outage.wish is not None) <= (self.outage.state != State.DECIDED)

    @invariant()
    def stamps_are_ordered(self) -> None:
        if hasattr(self, "outage"):
            assert all(one.stamp >= self.outage.stamp for one in self.outage.added)
            assert self.outage.stamp <= self.now


def _each_hour(outage: Outage) -> list[Any]:
    return [one for span in hours_of(outage.request) for one in span.clock_hours()]


def _no_hour_moves_up(before: Outage, after: Outage, *, now: datetime) -> None:
    had = {hour: stamp_at(before, hour) for hour in _each_hour(before)}
    for hour in _each_hour(after):
        assert stamp_at(after, hour) >= had.get(hour, now)


def _new_hours(before: Outage, after: Outage) -> set[Any]:
    stood = set(before.window.clock_hours())
    return set(_each_hour(after)) - stood


TestNoSequenceOfChangesGivesAnEarlierStamp = Queue.TestCase
TestNoSequenceOfChangesGivesAnEarlierStamp.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
