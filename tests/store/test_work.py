"""The list of duties on every PostgreSQL that MOMS supports: who takes which, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moms.desk.duties import Duty, Task
from moms.desk.work import Became, LostDuty, told
from moms.outages import State
from moms.store.acting import act_as
from moms.store.work import TRIES, PostgresWork, freer, sealer
from moms.values import SYSTEM
from tests.postgres import NOON, an_event, an_outage

LEASE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
ONE = Duty(task=Task.RESTUDY, subject="O-1", organisation="owner-a", at=NOON, cause="7d")


@pytest.fixture
def listed(book):
    return PostgresWork(book.engine)


def lapse(database):
    with database.admin() as admin:
        admin.execute("UPDATE moms.work SET free_from = made_at WHERE became = 'open'")


def take(listed, **more):
    return listed.take(holder="me", now=NOON, lease=LEASE, **more)


def test_a_duty_is_entered_once_and_not_before_it_is_due(listed):
    assert listed.enter([ONE], now=NOON - SECOND) == 0
    assert [listed.enter([ONE, ONE], now=NOON) for _ in range(2)] == [1, 0]
    assert listed.enter([], now=NOON) == 0


def test_one_that_is_held_is_nobody_elses_until_the_lease_has_lapsed(listed, database):
    listed.enter([ONE], now=NOON)
    first = take(listed)
    assert first.duty == ONE
    assert take(listed) is None
    lapse(database)
    second = take(listed)
    assert second.fence == first.fence + 1
    assert second.tries == 2
    with pytest.raises(LostDuty):
        listed.renew(first, lease=LEASE)
    listed.renew(second, lease=LEASE)


def test_one_entered_with_a_delay_waits_by_the_databases_clock(listed, database):
    listed.enter([replace(ONE, delay=timedelta(minutes=5))], now=NOON)
    assert take(listed) is None
    lapse(database)
    assert take(listed) is not None


def test_a_clock_that_went_back_takes_nothing_that_is_not_due_any_more(listed):
    listed.enter([ONE], now=NOON)
    assert listed.take(holder="me", now=NOON - SECOND, lease=LEASE) is None


def test_what_is_written_for_a_duty_and_that_it_is_done_are_one_transaction(listed, book):
    outage = an_outage(1)
    with book.as_(SYSTEM) as page:
        page.add(outage, an_event(outage))
    listed.enter([ONE], now=NOON)
    held = take(listed)
    sealed = book.marking(sealer(held, last=True))
    with pytest.raises(RuntimeError), sealed.as_(SYSTEM) as page:
        page.note(an_event(outage, "remind"))
        raise RuntimeError
    assert [row.became for row in listed.rows(became=tuple(Became), limit=9)] == [Became.OPEN]
    with sealed.as_(SYSTEM) as page:
        page.outage(outage.id)
    assert [row.became for row in listed.rows(became=tuple(Became), limit=9)] == [Became.OPEN], "it only looked"
    with sealed.as_(SYSTEM) as page:
        page.note(an_event(outage, "remind"))
    assert [row.became for row in listed.rows(became=tuple(Became), limit=9)] == [Became.DONE]
    with pytest.raises(LostDuty), sealed.as_(SYSTEM) as page:
        page.note(an_event(outage, "remind"))
    with book.as_(SYSTEM) as page:
        assert [e.verb for e in page.history(outage.id)].count("remind") == 1
    listed.renew(held, lease=LEASE)  # whoever looks after it asks before it hears that all is written
    listed.finish(held, says="", took_s=3.0)


def test_organisations_take_turns_however_much_one_has_waiting(listed):
    many = [replace(ONE, subject=f"O-{k}") for k in range(20)]
    few = [replace(ONE, subject=f"P-{k}", organisation=f"owner-{k}") for k in "bcd"]
    listed.enter(many + few, now=NOON)
    order = []
    while (held := take(listed)) is not None:
        listed.finish(held, says="", took_s=4.0)
        order.append(held.duty.organisation)
    assert sorted(order[:4]) == ["owner-a", "owner-b", "owner-c", "owner-d"]
    assert len(order) == 23


def test_of_one_organisation_what_takes_no_time_comes_first_and_then_what_was_due_first(listed):
    rows = [
        replace(ONE, subject="late"),
        replace(ONE, subject="early", at=NOON - SECOND),
        replace(ONE, subject="quick", task=Task.EXPIRE),
    ]
    listed.enter(rows, now=NOON)
    assert take(listed, studies=False).duty.subject == "quick"
    assert take(listed, studies=False) is None
    assert [take(listed).duty.subject for _ in range(2)] == ["early", "late"]


def test_what_wore_out_its_holders_is_put_aside_and_freed_by_a_person_alone(listed, book, database, eve):
    listed.enter([ONE], now=NOON)
    for _ in range(TRIES):
        assert take(listed) is not None
        lapse(database)
    assert take(listed) is None
    (row,) = listed.rows(became=(Became.ASIDE,), limit=9)
    assert "went silent" in row.says
    assert listed.enter([ONE], now=NOON) == 0
    told(book.marking(freer(ONE.name)), actor=eve, now=NOON, name=ONE.name, verb="duty.again", reason="mended")
    assert take(listed).tries == 1
    with book.as_(SYSTEM) as page:
        events = [t.event for t in page.told({}, limit=99) if t.event is not None]
    assert [(e.verb, e.actor, e.reason, e.after) for e in events] == [("duty.again", eve, "mended", {"duty": ONE.name})]


def test_what_was_given_back_without_blame_was_not_tried(listed, database):
    listed.enter([ONE], now=NOON)
    for _ in range(3 * TRIES):
        listed.give_back(take(listed), says="the book moved", wait=SECOND, blame=False)
        lapse(database)
    assert take(listed).tries == 1


def test_the_database_itself_keeps_what_is_over_and_lets_no_fence_fall(listed, database):
    listed.enter([ONE], now=NOON)
    held = take(listed)
    for change in ("revision = 0", "revision = revision - 1"):
        with pytest.raises(DBAPIError), database.engine().begin() as connection:
            act_as(connection, SYSTEM)
            connection.execute(text(f"UPDATE moms.work SET {change}"))
    listed.finish(held, says="done", took_s=1.0)
    with pytest.raises(DBAPIError), database.engine().begin() as connection:
        act_as(connection, SYSTEM)
        connection.execute(text("UPDATE moms.work SET became = 'open', ended_at = NULL"))


def test_only_what_ended_long_ago_and_whose_outage_is_over_is_forgotten(listed, book, database):
    for number, state in ((1, State.DECIDED), (2, State.CLOSED)):
        outage = an_outage(number, state=state, actual_start=NOON, actual_end=NOON + LEASE)
        with book.as_(SYSTEM) as page:
            page.add(outage, an_event(outage))
    rows = [replace(ONE, subject=name) for name in ("O-0001", "O-0002", "2027-03-01")]
    listed.enter([*rows, replace(ONE, subject="open")], now=NOON)
    for _ in rows:
        listed.finish(take(listed), says="", took_s=1.0)
    assert listed.forget(days=0) == 0, "a week at least"
    with database.admin() as admin:
        admin.execute("ALTER TABLE moms.work DISABLE TRIGGER work_keeps")
        admin.execute("UPDATE moms.work SET ended_at = ended_at - interval '30 days' WHERE became = 'done'")
        admin.execute("ALTER TABLE moms.work ENABLE TRIGGER work_keeps")
    assert listed.forget(days=40) == 0
    assert listed.forget(days=20) == 2
    assert {row.duty.subject for row in listed.rows(became=tuple(Became), limit=9)} == {"O-0001", "open"}
