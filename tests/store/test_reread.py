"""Who reads the whole book again and again reads of it only what has changed, and sees the same as who reads it all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from sqlalchemy import event as hooks

from moms.desk.clock import ClockRules
from moms.desk.duties import duties
from moms.desk.reread import Known
from moms.outages import Outage, State, Status
from moms.store.work import PostgresWork
from moms.values import SYSTEM, Window
from moms.wiring.work import Lookout
from tests.postgres import NOON, an_event, an_outage

RULES = ClockRules()
MODES = (
    (State.VALIDATED, Status.NONE),
    (State.DECIDED, Status.APPROVED),
    (State.ACTIVE, Status.APPROVED),
    (State.COMPLETED, Status.APPROVED),
    (State.IN_STUDY, Status.NONE),
    (State.NEGOTIATING, Status.NONE),
    (State.CANCELLED, Status.NONE),
)
RECORD = {"format": "moms-decision-1", "outcome": "counter", "decided_at": "2027-01-04T12:00:00Z"}


def an_other(number: int, rng: Random, now):
    """Give an outage on equipment of its own, in some state."""
    state, status = rng.choice(MODES)
    start = now + timedelta(hours=rng.randint(-48, 2000))
    over = start + timedelta(hours=9) if state == State.COMPLETED else None
    return an_outage(number, window=Window(start=start, end=start + timedelta(hours=8)), filed_at=now, stamp=now,
                     state=state, status=status, actual_end=over, assets=(f"branch:{number}",))  # fmt: skip


def put(book, outage):
    with book.as_(SYSTEM) as page:
        page.add(outage, an_event(outage))


def test_reading_again_gives_the_same_duties_as_reading_all(book, database):
    with database.admin() as admin:  # any state may follow any other: what is read is held, not the lifecycle
        admin.execute("ALTER TABLE moms.outage DISABLE TRIGGER outage_check")
    rng, known, now = Random(7), Known(), NOON
    there: list[Outage] = []
    for number in range(1, 61):
        now += timedelta(hours=rng.randint(0, 30))
        if there and rng.random() < 0.5:
            at = rng.randrange(len(there))
            state, status = rng.choice(MODES)
            after = replace(there[at], revision=there[at].revision + 1, state=state, status=status)
            with book.as_(SYSTEM) as page:
                if state in {State.NEGOTIATING, State.IN_STUDY}:
                    after = replace(after, decision_id=f"D-{number}")
                    page.keep_decision(f"D-{number}", after.id, {**RECORD, "id": number})
                page.revise(after, an_event(after))
            there[at] = after
        else:
            there.append(an_other(number, rng, now))
            put(book, there[-1])
        with book.as_(SYSTEM) as page:
            asked = known.over(page)
            again = duties(asked.as_page, rules=RULES, now=now)
            asked.close()
            assert again == duties(page, rules=RULES, now=now), number
    assert again


def counted(engine) -> list[int]:
    """Count the outages and records that are read whole."""
    found = list[int]()
    hooks.listen(
        engine, "after_cursor_execute",
        lambda _c, cur, sql, *_: found.append(cur.rowcount) if "AS document" in sql or "AS record" in sql else None,
    )  # fmt: skip
    return found


def test_of_a_book_in_which_one_outage_changes_a_worker_reads_one(book):
    rng, work = Random(3), PostgresWork(book.engine)
    for number in range(1, 41):
        put(book, replace(an_other(number, rng, NOON), state=State.VALIDATED, status=Status.NONE, actual_end=None))
    look = Lookout(book, work, lambda: RULES)
    assert look(NOON + timedelta(minutes=1)) >= 40
    read = counted(book.engine)
    put(book, an_outage(99, window=Window(start=NOON + timedelta(days=50), end=NOON + timedelta(days=51)),
                        filed_at=NOON, stamp=NOON, state=State.VALIDATED, status=Status.NONE))  # fmt: skip
    assert look(NOON + timedelta(minutes=2)) == 1
    assert sum(read) <= 2, "the new one; its other line is that of who put it there"


def test_a_worker_looks_for_a_tenth_of_its_time_while_one_request_after_another_comes_in(book):
    tick = iter(range(0, 10**6, 1))
    look = Lookout(book, PostgresWork(book.engine), lambda: RULES, ticks=lambda: float(next(tick)))
    put(book, an_outage(1, state=State.VALIDATED, status=Status.NONE))
    looked = 0
    for number in range(2, 60):
        put(book, an_outage(number, state=State.VALIDATED, status=Status.NONE, filed_at=NOON, stamp=NOON))
        looked += look(NOON + timedelta(minutes=number)) > 0
    assert 3 <= looked <= 58 // 5
    for _ in range(30):
        look(NOON + timedelta(hours=9))
    assert len(PostgresWork(book.engine).rows(became=("open",), limit=1000)) >= 59, "none is forgotten"
