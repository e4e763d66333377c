"""The measures are counted from the journal: by hand, on a real book, and in any order of chains."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.desk import operate, settle, submit
from moms.desk.measures import Count
from moms.desk.ports import Event, Told
from moms.values import SYSTEM, Actor, Role
from tests.desk.test_flow import through
from tests.desk.worlds import ENGINEER, NOW, OWNER, START, a_world, ask

HOUR = timedelta(hours=1)
ROOM = Actor(name="rosa", organisation="operator", role=Role.CONTROL_ROOM)


def line(outage: str, verb: str, hours: float = 0.0, *, owner: str = "TO-1", **after: object) -> Told:
    event = Event(
        at=NOW + hours * HOUR, actor=SYSTEM, verb=verb, outage_id=outage, reason="", rule_book="", before=None,
        after={"state": "decided", "status": "none", **after},
    )  # fmt: skip
    return Told(organisation=owner, sequence=1, revision=1, event=event)


def counted(*lines: Told):
    count = Count()
    count.hear(lines)
    return count.measures()


def granted(outage: str, hours: float, **how: str) -> tuple[Told, ...]:
    return line(outage, "submit", **how), line(outage, "decide:approve", hours, status="approved", **how)


def test_what_moms_decided_and_what_a_person_settled_are_told_apart():
    whole, *_ = counted(
        *granted("A", 1),
        line("B", "submit"), line("B", "decide:refer", 1), line("B", "settle:study", 4), line("B", "settle:deny", 5),
        line("C", "submit"), line("C", "decide:refer", 1),
        line("D", "submit"), line("D", "withdraw", 1, state="withdrawn"),
    )  # fmt: skip
    assert (whole.filed, whole.answered, whole.alone, whole.waiting, whole.taken_back) == (4, 2, 1, 1, 1)
    assert whole.outcomes == {"approve": 1, "deny": 1}
    assert (whole.median_h, whole.slowest_h) == (1.0, 5.0)


def test_the_first_answer_counts_and_a_later_one_does_not_change_it():
    whole, *_ = counted(
        *granted("A", 2), line("A", "change", 3), line("A", "decide:refer", 4), line("A", "settle:deny", 50)
    )
    assert (whole.alone, whole.median_h, whole.outcomes) == (1, 2.0, {"approve": 1})


@pytest.mark.parametrize("verb", ["revoke", "delay", "recall"])
def test_a_promise_is_broken_by_what_the_operator_does(verb):
    status = {"revoke": "revoked", "delay": "revoked", "recall": "recalled"}[verb]
    whole, *_ = counted(
        *granted("A", 1), line("A", verb, 2, status=status),
        *granted("B", 1), line("B", "start", 2, state="active", status="approved"),
        *granted("C", 1),
        *granted("D", 1), line("D", "cancel", 2, state="cancelled", status="approved"),
    )  # fmt: skip
    assert (whole.promised, whole.due, whole.kept) == (4, 2, 1), (
        "not begun is not due, and what its owner drops never is"
    )


def test_a_recall_after_the_start_breaks_it_too():
    whole, *_ = counted(
        *granted("A", 1), line("A", "start", 2, status="approved"), line("A", "recall", 3, status="recalled")
    )
    assert (whole.due, whole.kept) == (1, 0)


def test_what_nobody_asked_for_is_no_request():
    forced = line("F", "submit", request={"kind": "forced"})
    session = line("credential:1", "session.end")
    entry = Told(organisation="operator", sequence=9, revision=None, event=None)
    whole, *others = counted(forced, line("F", "decide:approve", 1), session, entry)
    assert (whole.filed, others) == (0, [])
    assert (whole.median_h, whole.slowest_h) == (None, None)


def test_all_together_come_first_then_each_owner_by_name():
    found = counted(*granted("A", 1, owner="Z"), *granted("B", 3, owner="A"))
    assert [one.organisation for one in found] == [None, "A", "Z"]
    assert [one.median_h for one in found] == [1.0, 3.0, 1.0]


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.floats(0, 100)), max_size=20))
def test_the_whole_is_the_sum_of_its_owners_and_nine_of_ten_are_within_the_time(asked):
    lines = [one for k, (owner, hours) in enumerate(asked) for one in granted(str(k), hours, owner=owner)]
    whole, *owners = counted(*lines)
    for name in ("filed", "answered", "alone", "waiting", "promised", "due", "kept"):
        assert getattr(whole, name) == sum(getattr(one, name) for one in owners)
    if asked:
        within = sum(hours <= whole.slowest_h + 1e-6 for _, hours in asked)
        assert within >= 0.9 * len(asked)


def test_on_a_real_book_it_counts_what_was_done(book):
    world = a_world()
    told = through(book, world, ask())
    other = ask(external_id="W-2", assets=("branch:5",), window=replace(ask().window, start=START + timedelta(days=30),
                                                                        end=START + timedelta(days=31)))  # fmt: skip
    filed = submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=other)
    operate.step(
        book=book, world=world, actor=ROOM, now=START, outage_id=told.outage.id, verb="start", reason="now", at=None
    )
    settle.by_person(book=book, world=world, actor=ENGINEER, now=NOW + 6 * HOUR, outage_id=filed.outage.id,
                     outcome="deny", reason="no", conditions=())  # fmt: skip
    with book.as_(SYSTEM) as page:
        whole, *_ = counted(*page.told({}, limit=1000))
    assert (whole.filed, whole.answered, whole.alone, whole.due, whole.kept) == (2, 2, 1, 1, 1)
    assert (whole.median_h, whole.slowest_h) == (0.0, 6.0)
