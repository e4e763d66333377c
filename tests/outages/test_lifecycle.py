"""How an outage moves: the table, its guards, and any path through it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.outages import MOVES, OVER, STATE_PAIRS, Kind, Outage, Recurrence, State, Status, Verb, Wish, begin, may, move
from moms.outages.guards import (
    GUARDS,
    ConditionsMissing,
    DecisionMissing,
    InTheFuture,
    NotAllowedNow,
    NotAuthorised,
    NothingWaits,
    NotLonger,
    NotReleased,
    NoTrigger,
    NotYourRole,
    NotYours,
    OwnRequest,
    ReasonMissing,
    StillBlocked,
    StillOut,
    TooEarly,
    TooLate,
    WindowMissing,
    WrongCategory,
)
from moms.outages.lifecycle import TABLE
from moms.outages.stamp import stamp_at
from moms.values import Actor, Finding, Level, Refused, Role, Window
from tests.outages.builders import ANN, BOB, CAL, DEE, MOMS, NOW, a_request, a_unit_request, a_window, an_outage, at

START = a_window().start
AFTER = a_window().end + timedelta(hours=1)


def study(**changes: Any) -> Outage:
    return an_outage(**{"state": State.IN_STUDY} | changes)


def approved(**changes: Any) -> Outage:
    return an_outage(**{"state": State.DECIDED, "status": Status.APPROVED} | changes)


def active(**changes: Any) -> Outage:
    return approved(state=State.ACTIVE, actual_start=START, **changes)


def settle(outage: Outage, verb: Verb = Verb.APPROVE, **facts: Any) -> Outage:
    usual: dict[str, Any] = {"verb": verb, "actor": BOB, "now": NOW, "decision_id": "D-1"}
    return move(outage, **usual | facts)


def test_a_simple_outage_goes_from_draft_to_closed() -> None:
    outage = begin(a_request(), outage_id="O-1", actor=ANN, now=NOW, draft=True)
    later = NOW + timedelta(days=1)
    outage = move(outage, verb="submit", actor=ANN, now=later)
    assert outage.stamp == later
    outage = move(outage, verb="validate", actor=MOMS, now=later)
    outage = move(outage, verb="approve", actor=MOMS, now=later, system_may=True, decision_id="D-1")
    assert outage.holds
    outage = move(outage, verb="start", actor=ANN, now=START, released_by="cal")
    outage = move(outage, verb="end", actor=ANN, now=AFTER)
    outage = move(outage, verb="confirm_end", actor=CAL, now=AFTER)
    outage = move(outage, verb="close", actor=MOMS, now=AFTER + timedelta(days=9), wait=timedelta(days=7))
    assert (outage.state, outage.status, outage.revision) == (State.CLOSED, Status.APPROVED, 8)
    assert (outage.actual_start, outage.actual_end) == (START, AFTER)


def test_a_forced_outage_enters_the_book_active() -> None:
    outage = begin(a_request(kind=Kind.FORCED), outage_id="O-2", actor=CAL, now=START)
    assert (outage.state, outage.status, outage.actual_start) == (State.ACTIVE, Status.NONE, START)
    assert outage.holds


def test_who_only_looks_files_nothing() -> None:
    with pytest.raises(NotYourRole):
        begin(a_request(), outage_id="O-1", actor=replace(BOB, role=Role.AUDITOR), now=NOW)


def test_an_owner_touches_only_its_own_outages() -> None:
    with pytest.raises(NotYours):
        move(study(), verb="withdraw", actor=DEE, now=NOW)
    with pytest.raises(NotYours):
        begin(a_request(), outage_id="O-1", actor=DEE, now=NOW)
    lets = move(study(), verb="withdraw", actor=DEE, now=NOW, acts_for=frozenset({"Prairie Wires"}))
    assert lets.state == State.WITHDRAWN


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.PRE_APPROVE, Verb.DENY, Verb.NEGOTIATE])
def test_who_asked_never_settles(verb: Verb) -> None:
    with pytest.raises(OwnRequest, match="bob asked for it"):
        settle(study(requester="bob"), verb, reason="limit")
    with pytest.raises(OwnRequest, match="not known"):
        settle(study(requester=""), verb, reason="limit")


def test_an_owner_settles_nothing_at_all() -> None:
    with pytest.raises(NotYourRole):
        settle(study(), actor=ANN)


def test_moms_decides_only_where_the_rule_book_gives_it_authority() -> None:
    with pytest.raises(NotAuthorised):
        settle(study(), actor=MOMS)
    assert settle(study(), actor=MOMS, system_may=True).status == Status.APPROVED


@pytest.mark.parametrize(
    ("outage", "verb", "actor"),
    [
        (an_outage(), Verb.RETURN, MOMS),
        (study(), Verb.DENY, BOB),
        (approved(), Verb.PUT_AT_RISK, BOB),
        (approved(status=Status.AT_RISK), Verb.REVOKE, CAL),
        (approved(), Verb.CANCEL, ANN),
        (active(), Verb.RECALL, CAL),
        (active(), Verb.EXTEND_FORCED, ANN),
        (approved(), Verb.DELAY, CAL),
    ],
)
def test_what_needs_a_reason_is_refused_without_one(outage: Outage, verb: Verb, actor: Actor) -> None:
    for reason in (None, "  "):
        with pytest.raises(ReasonMissing):
            move(outage, verb=verb, actor=actor, now=AFTER, reason=reason, decision_id="D-1", window=a_window(hours=99))


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.DENY, Verb.NEGOTIATE, Verb.REFER, Verb.PRE_APPROVE])
def test_no_verdict_stands_without_its_decision_record(verb: Verb) -> None:
    with pytest.raises(DecisionMissing):
        settle(study(), verb, decision_id=None, reason="limit")


def test_a_blocking_finding_stops_the_request() -> None:
    blocked = an_outage(findings=(Finding(rule="WINDOW-1", level=Level.BLOCK, says="it is over"),))
    with pytest.raises(StillBlocked, match="WINDOW-1"):
        move(blocked, verb="validate", actor=MOMS, now=NOW)
    with pytest.raises(StillBlocked):
        settle(replace(blocked, state=State.IN_STUDY))
    referred = replace(blocked, findings=(Finding(rule="FLAG-1", level=Level.REFER, says="nuclear"),))
    assert move(referred, verb="validate", actor=MOMS, now=NOW).state == State.VALIDATED


def test_an_approval_with_conditions_names_them() -> None:
    with pytest.raises(ConditionsMissing):
        settle(study(), Verb.APPROVE_WITH_CONDITIONS)
    assert settle(study(), Verb.APPROVE_WITH_CONDITIONS, conditions=("recall 4 h",)).conditions == ("recall 4 h",)


def test_a_generator_is_never_denied() -> None:
    unit = study(request=a_unit_request())
    with pytest.raises(WrongCategory):
        settle(unit, Verb.DENY, reason="margin")
    with pytest.raises(WrongCategory):
        settle(study(request=a_request(kind=Kind.EMERGENCY)), Verb.DENY, reason="limit")
    assert settle(study(), Verb.DENY, reason="limit").status == Status.DENIED


def test_only_generators_are_accepted_with_or_without_exemption() -> None:
    with pytest.raises(WrongCategory):
        settle(study(), Verb.ACCEPT_EXEMPT)
    unit = study(request=a_unit_request())
    assert settle(unit, Verb.ACCEPT_EXEMPT).status == Status.ACCEPTED_EXEMPT
    lapsed = replace(unit, state=State.NEGOTIATING)
    assert settle(lapsed, Verb.ACCEPT_NOT_EXEMPT).status == Status.ACCEPTED_NOT_EXEMPT
    with pytest.raises(NotAllowedNow):
        settle(lapsed, Verb.ACCEPT_EXEMPT)


def test_new_dates_are_needed_to_take_an_offer() -> None:
    offered = study(state=State.NEGOTIATING)
    with pytest.raises(WindowMissing):
        move(offered, verb="take_offer", actor=ANN, now=NOW)
    window = a_window("2027-04-05T13:00")
    taken = move(offered, verb="take_offer", actor=ANN, now=NOW + timedelta(days=3), window=window)
    assert (taken.state, taken.window, taken.request.window) == (State.IN_STUDY, window, window)
    assert stamp_at(taken, window.start) == offered.stamp


def test_an_extension_ends_later_and_starts_the_same() -> None:
    longer = a_window(hours=60)
    for window in (None, a_window(), a_window(hours=40), a_window("2027-03-01T14:00", hours=60)):
        with pytest.raises(NotLonger):
            move(active(), verb="extend_forced", actor=ANN, now=AFTER, reason="rain", window=window)
    extended = move(active(), verb="extend_forced", actor=ANN, now=AFTER, reason="rain", window=longer)
    assert (extended.state, extended.window) == (State.ACTIVE, longer)
    assert stamp_at(extended, START) == NOW
    assert stamp_at(extended, longer.end - timedelta(minutes=1)) == AFTER
    again = settle(extended, Verb.EXTEND, now=AFTER, window=a_window(hours=70))
    assert again.window.hours == 70


def test_an_outage_starts_inside_its_window() -> None:
    with pytest.raises(TooEarly):
        move(approved(), verb="start", actor=CAL, now=START - timedelta(minutes=1))
    with pytest.raises(TooLate):
        move(approved(), verb="start", actor=CAL, now=AFTER)
    assert move(approved(), verb="start", actor=CAL, now=START).state == State.ACTIVE


def test_nothing_is_reported_before_it_happens() -> None:
    with pytest.raises(InTheFuture):
        move(approved(), verb="start", actor=CAL, now=START, at=START + timedelta(minutes=5))
    with pytest.raises(TooEarly):
        move(active(), verb="end", actor=ANN, now=AFTER, at=START)


def test_an_owner_starts_only_what_the_control_room_released() -> None:
    with pytest.raises(NotReleased):
        move(approved(), verb="start", actor=ANN, now=START)


def test_an_opportunity_starts_when_its_unit_is_off_and_its_study_holds() -> None:
    waiting = move(approved(), verb="await_opportunity", actor=MOMS, now=NOW)
    tries: list[dict[str, Any]] = [{}, {"trigger_off": True}, {"study_valid": True}]
    for facts in tries:
        with pytest.raises(NoTrigger):
            move(waiting, verb="start", actor=CAL, now=START, **facts)
    started = move(waiting, verb="start", actor=CAL, now=START, trigger_off=True, study_valid=True)
    assert started.state == State.ACTIVE


def test_an_outage_expires_only_when_it_can_no_longer_be_done() -> None:
    loose = approved(request=a_request(latest_end=at("2027-03-20T00:00")))
    for outage, last in ((approved(), a_window().end), (loose, at("2027-03-18T00:00"))):
        with pytest.raises(TooEarly):
            move(outage, verb="expire", actor=MOMS, now=last - timedelta(minutes=1))
        assert move(outage, verb="expire", actor=MOMS, now=last).state == State.EXPIRED


def test_a_recalled_outage_is_negotiated_again_once_it_is_back() -> None:
    recalled = move(active(), verb="recall", actor=CAL, now=START, reason="storm")
    assert (recalled.status, recalled.holds) == (Status.RECALLED, True)
    pending = move(recalled, verb="end", actor=ANN, now=AFTER)
    with pytest.raises(StillOut):
        move(replace(pending, actual_end=None), verb="renegotiate", actor=ANN, now=AFTER)
    again = move(pending, verb="renegotiate", actor=ANN, now=AFTER)
    assert (again.state, again.status, again.stamp) == (State.NEGOTIATING, Status.NONE, recalled.stamp)
    assert again.actual_start is None


def test_a_completed_outage_closes_after_its_days_of_correction() -> None:
    done = approved(state=State.COMPLETED, actual_end=AFTER)
    tries: list[dict[str, Any]] = [{}, {"wait": timedelta(days=7)}]
    for facts in tries:
        with pytest.raises(TooEarly):
            move(done, verb="close", actor=MOMS, now=AFTER + timedelta(days=6), **facts)


def test_only_a_forced_or_emergency_outage_starts_undecided() -> None:
    with pytest.raises(NotAllowedNow):
        move(study(), verb="start", actor=CAL, now=START)
    emergency = study(request=a_request(kind=Kind.EMERGENCY))
    assert move(emergency, verb="start", actor=CAL, now=START).state == State.ACTIVE


def test_a_cleared_risk_gives_back_what_was_granted() -> None:
    unit = approved(request=a_unit_request(), status=Status.ACCEPTED_EXEMPT)
    shaken = move(unit, verb="put_at_risk", actor=BOB, now=NOW, reason="forced outage nearby")
    assert (shaken.status, shaken.holds) == (Status.AT_RISK, True)
    assert settle(shaken, Verb.CLEAR_RISK).status == Status.ACCEPTED_EXEMPT


def test_a_refused_change_leaves_the_old_approval() -> None:
    asked = replace(approved(), state=State.IN_STUDY, request=a_request(window=a_window(hours=90)))
    kept = settle(asked, Verb.REFUSE_CHANGE, reason="limit")
    assert (kept.state, kept.status, kept.window) == (State.DECIDED, Status.APPROVED, a_window())


def test_an_offer_of_nights_keeps_the_stamp_and_works_at_night() -> None:
    nights = Recurrence(start="22:00", end="06:00", zone="EST")
    offered = study(state=State.NEGOTIATING)
    taken = move(offered, verb="take_offer", actor=ANN, now=AFTER, window=offered.window, recurrence=nights)
    assert taken.request.recurrence == nights
    assert (taken.stamp, taken.added) == (offered.stamp, ())


def test_only_a_change_that_waits_is_withdrawn() -> None:
    asked = approved(state=State.IN_STUDY)
    with pytest.raises(NothingWaits):
        move(asked, verb="withdraw_change", actor=ANN, now=NOW)
    wish = Wish(request=a_request(window=a_window(hours=90)), stamp=NOW, added=(), stamped_h=90.0)
    kept = move(replace(asked, wish=wish), verb="withdraw_change", actor=ANN, now=NOW)
    assert (kept.state, kept.status, kept.window, kept.wish) == (State.DECIDED, Status.APPROVED, a_window(), None)


def test_what_stands_can_be_at_risk_while_its_change_waits() -> None:
    wish = Wish(request=a_request(window=a_window(hours=90)), stamp=NOW, added=(), stamped_h=90.0)
    asked = approved(state=State.SUBMITTED, wish=wish)
    shaken = move(asked, verb="put_at_risk", actor=BOB, now=NOW, reason="a line nearby failed")
    assert (shaken.state, shaken.status, shaken.granted) == (State.SUBMITTED, Status.AT_RISK, Status.APPROVED)
    assert shaken.wish == wish


def test_a_denied_or_finished_outage_goes_nowhere_else() -> None:
    assert may(approved(status=Status.DENIED), role=Role.OWNER) == ()
    for state in (State.WITHDRAWN, State.CANCELLED, State.EXPIRED):
        assert not [row for row in TABLE if state in row.states]


def test_a_refusal_names_what_is_possible_instead() -> None:
    with pytest.raises(NotAllowedNow) as refused:
        move(approved(), verb="submit", actor=ANN, now=NOW)
    assert "start" in str(refused.value)


def test_the_pairs_for_the_database_are_those_of_the_table() -> None:
    assert {(a, c) for a, _, c, _ in MOVES} == STATE_PAIRS
    assert (State.DECIDED, State.ACTIVE) in STATE_PAIRS
    assert (State.DRAFT, State.DECIDED) not in STATE_PAIRS
    assert not [pair for pair in STATE_PAIRS if pair[0] in OVER - {State.COMPLETED, State.CLOSED}]


def test_every_state_and_status_can_be_reached() -> None:
    reached = {(State.DRAFT, Status.NONE), (State.SUBMITTED, Status.NONE), (State.ACTIVE, Status.NONE)}
    while True:
        more = reached | {(c, d) for a, b, c, d in MOVES if (a, b) in reached}
        if more == reached:
            break
        reached = more
    assert {state for state, _ in reached} == set(State)
    assert {status for _, status in reached} == set(Status)


def test_every_guard_stands_in_the_table() -> None:
    assert {one.id for row in TABLE for one in row.guards} == {one.id for one in GUARDS}


PEOPLE = [ANN, BOB, CAL, DEE, MOMS, replace(BOB, role=Role.AUDITOR), replace(BOB, name="eve", role=Role.ADMINISTRATOR)]


@settings(max_examples=150)
@given(data=st.data(), generation=st.booleans(), kind=st.sampled_from([Kind.PLANNED, Kind.EMERGENCY]))
def test_no_path_skips_a_guard(data: st.DataObject, *, generation: bool, kind: Kind) -> None:
    request = (a_unit_request if generation else a_request)(kind=kind)
    owner = DEE if generation else ANN
    outage = begin(request, outage_id="O-1", actor=owner, now=NOW, draft=data.draw(st.booleans()))
    now = NOW
    for _ in range(data.draw(st.integers(min_value=1, max_value=25))):
        now += data.draw(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=20)))
        verb = data.draw(st.sampled_from(may(outage, role=data.draw(st.sampled_from(Role))) or tuple(Verb)))
        actor = data.draw(st.sampled_from(PEOPLE))
        longer = Window(start=outage.window.start, end=outage.window.end + timedelta(hours=5))
        facts: dict[str, Any] = data.draw(
            st.fixed_dictionaries(
                {
                    "reason": st.sampled_from([None, "because"]),
                    "decision_id": st.sampled_from([None, "D-9"]),
                    "conditions": st.sampled_from([(), ("recall 4 h",)]),
                    "window": st.sampled_from([None, request.window.moved(timedelta(days=3)), longer]),
                    "released_by": st.sampled_from([None, "cal"]),
                    "system_may": st.booleans(),
                    "trigger_off": st.booleans(),
                    "study_valid": st.booleans(),
                    "wait": st.sampled_from([None, timedelta(days=7)]),
                }
            )
        )  # fmt: skip
        try:
            after = move(outage, verb=verb, actor=actor, now=now, **facts)
        except Refused:
            continue
        _hold(outage, after, actor=actor, facts=facts)
        outage = after


def _hold(before: Outage, after: Outage, *, actor: Actor, facts: dict[str, Any]) -> None:
    """State again, in other words than the table, what may never happen."""
    assert (before.state, before.status, after.state, after.status) in MOVES
    assert after.revision == before.revision + 1
    assert after.stamp >= before.stamp
    assert actor.role not in {Role.AUDITOR, Role.PLANNER, Role.PUBLIC}
    if actor.role == Role.OWNER:
        assert actor.organisation == after.request.organisation
    granted = {Status.APPROVED, Status.APPROVED_WITH_CONDITIONS, Status.ACCEPTED_EXEMPT, Status.ACCEPTED_NOT_EXEMPT}
    if after.status in granted and before.status != after.status:
        assert actor.role in {Role.ENGINEER, Role.SYSTEM, Role.CONTROL_ROOM}
        assert facts["decision_id"]
        assert actor.name != after.requester
        assert actor.role != Role.SYSTEM or facts["system_may"]
    if after.state == State.ACTIVE and before.state != State.ACTIVE:
        assert after.request.urgent_report or before.status in granted
    if after.status == Status.DENIED:
        assert after.request.category == "transmission"
        assert not after.request.urgent_report
    if after.status == Status.RECALLED and before.status != Status.RECALLED:
        assert before.state == State.ACTIVE
    if before.state in {State.WITHDRAWN, State.CANCELLED, State.EXPIRED}:
        pytest.fail("it was over")
