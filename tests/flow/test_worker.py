"""What is due by the clock is done, once, by whoever lives; and nothing before it is due."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from moms.desk import submit
from moms.desk.duties import Task, duties
from moms.desk.ports import Search
from moms.desk.work import Became, LostDuty
from moms.outages import Kind, State, Status
from moms.outages.lifecycle import Verb
from moms.store.audit import verify
from moms.store.book import PostgresBook
from moms.values import SYSTEM
from tests.desk.worlds import DAY, ENGINEER, NOW, START, ask
from tests.flow.workers import CLOCK, LAX, STRICT, TIGHT, a_worker, filed, lapse, offered, stepped, told
from tests.wiring.crashing import Died, Fate

HOUR = timedelta(hours=1)


def become(book, name):
    with book.as_(SYSTEM) as page:
        found = page.outage(name)
    return found.state, found.status


def nothing_else(verbs):
    """Give the events that no owner and no desk has written."""
    return [v for v, _ in verbs if v in {str(t) for t in Task} | {"put_at_risk"}]


# ------------------------------------------------------------ each duty, at its instant and not before


@pytest.mark.parametrize(
    ("at", "verb"),
    [
        (START - 7 * DAY, "restudy"),
        (START - 1 * DAY, "restudy"),
        (START - 24 * HOUR, "remind_start"),
        (START, "overdue_start"),
        (START + 1 * DAY, "expire"),
    ],
)
def test_a_granted_outage_has_its_duties_at_their_instants_and_not_before(database, book, at, verb):
    filed(book, "a")
    with a_worker(database, now=at - timedelta(seconds=1)) as early:
        early.run()
    assert verb not in nothing_else(told(database)) or verb == "restudy"
    before = len(told(database))
    with a_worker(database, now=at) as worker:
        worker.run()
    assert verb in [v for v, _ in told(database, since=before)]
    with a_worker(database, now=at) as again:
        assert again.run().done == 0
    assert verify(book.engine, outside=()).whole


def test_one_that_runs_has_its_reminder_is_overdue_and_is_closed_at_last(database, book):
    name = filed(book, "a")
    stepped(book, name, Verb.START, at=START)
    end = START + DAY
    for at, verb in ((end - 4 * HOUR, "remind_end"), (end, "overdue_end")):
        before = len(told(database))
        with a_worker(database, now=at - timedelta(seconds=1)) as early:
            early.run()
        assert told(database, since=before) == []
        with a_worker(database, now=at) as worker:
            worker.run()
        assert told(database, since=before) == [(verb, "a")]
    stepped(book, name, Verb.END, at=end + HOUR)
    with a_worker(database, now=end + HOUR + 14 * DAY - timedelta(seconds=1)) as early:
        early.run()
    assert become(book, name)[0] == State.COMPLETED
    with a_worker(database, now=end + HOUR + 14 * DAY) as worker:
        worker.run()
    assert become(book, name)[0] == State.CLOSED


def test_an_opportunity_that_never_came_lapses(database, book):
    name = filed(book, "a", kind=Kind.OPPORTUNITY, designated_units=("gen:1",))
    assert become(book, name)[0] == State.OPPORTUNITY_WAITING
    with a_worker(database, now=START + DAY) as worker:
        worker.run()
    assert become(book, name)[0] == State.EXPIRED


@pytest.mark.parametrize(("asset", "status"), [("branch:3", Status.DENIED), ("gen:1", Status.ACCEPTED_NOT_EXEMPT)])
def test_an_offer_nobody_answers_lapses_as_if_it_were_declined(database, book, asset, status):
    name = offered(book, "a", asset=asset)
    with a_worker(database, now=NOW + 72 * HOUR - timedelta(seconds=1)) as early:
        early.run()
    assert become(book, name)[0] == State.NEGOTIATING
    with a_worker(database, now=NOW + 72 * HOUR) as worker:
        worker.run()
    assert become(book, name) == (State.DECIDED, status)
    with book.as_(SYSTEM) as page:
        record = page.decision(page.outage(name).decision_id)
    assert record["lapsed"] is True
    assert "lapsed unanswered" in record["says"]


def test_what_was_filed_and_not_decided_is_decided(database, book):
    name = filed(book, "a", decided=False)
    with a_worker(database) as worker:
        worker.run()
    assert become(book, name) == (State.DECIDED, Status.APPROVED)


def test_what_was_referred_waits_for_a_person_whom_the_deadline_reminds(database, book):
    name = filed(book, "a", world=STRICT)
    with a_worker(database, world=STRICT, now=START - 2 * DAY - timedelta(seconds=1)) as early:
        early.run()
    assert nothing_else(told(database)) == []
    with a_worker(database, world=STRICT, now=START - 2 * DAY) as worker:
        worker.run()
    assert nothing_else(told(database)) == ["answer_overdue"]
    assert become(book, name)[0] == State.IN_STUDY


def test_what_no_longer_holds_is_put_at_risk_with_what_was_found(database, book):
    name = filed(book, "a")
    with a_worker(database, world=TIGHT, now=START - 1 * DAY) as worker:
        worker.run()
    assert become(book, name)[1] == Status.AT_RISK
    with book.as_(SYSTEM) as page:
        said = [e.reason for e in page.history(name) if e.verb == "put_at_risk"]
    assert len(said) == 1
    assert said[0].startswith("studied again: ")


def test_a_forced_outage_calls_what_begins_soon_into_question(database, book):
    near, far = filed(book, "near"), filed(book, "far", start=START + 20 * DAY)
    at = START - 3 * DAY
    with a_worker(database, now=at) as worker:
        worker.run()
    before = len(told(database))
    report = replace(ask("branch:5", start=at), external_id="broken", kind=Kind.FORCED)
    submit.submit(book=book, world=LAX, actor=ENGINEER, now=at + HOUR, request=report)
    with a_worker(database, now=at + 2 * HOUR) as worker:
        worker.run()
    again = [ref for verb, ref in told(database, since=before) if verb == "restudy"]
    assert again == ["near"], (near, far)


# ------------------------------------------------------------ machines die


def the_book(book):
    """Give a book in which many things are due at once."""
    filed(book, "granted")
    filed(book, "undecided", start=START + 2 * DAY, decided=False)
    offered(book, "offered", start=START + 30 * DAY)
    filed(book, "soon", start=START - 4 * DAY)
    name = filed(book, "running", start=START - 2 * DAY)
    stepped(book, name, Verb.START, at=START - 2 * DAY)


def undisturbed(servers):
    database = servers.named("wheel").fresh()
    the_book(PostgresBook(database.engine()))
    fate = Fate()
    with a_worker(database, now=START, fate=fate) as worker:
        worker.run()
    found = sorted(told(database)), fate.points
    database.drop()
    return found


def test_a_worker_that_dies_around_any_commit_loses_nothing_and_does_nothing_twice(servers):
    wanted, points = undisturbed(servers)
    writes = [at for at, point in enumerate(points, start=1) if point in {"before commit", "after commit"}]
    assert len(writes) > 40
    for at in writes[:: max(1, len(writes) // 10)]:
        database = servers.named("wheel").fresh()
        book = PostgresBook(database.engine())
        the_book(book)
        with a_worker(database, now=START, fate=Fate(at=at)) as worker, pytest.raises(Died):
            worker.run()
        lapse(database)
        with a_worker(database, now=START) as other:
            other.run()
        assert sorted(told(database)) == wanted, (at, points[at - 1])
        assert verify(book.engine, outside=()).whole
        database.drop()


def test_a_connection_that_breaks_loses_nothing_and_does_nothing_twice(servers):
    wanted, points = undisturbed(servers)
    writes = [at for at, point in enumerate(points, start=1) if point == "after commit"]
    for at in writes[:: max(1, len(writes) // 4)]:
        database = servers.named("wheel").fresh()
        book = PostgresBook(database.engine())
        the_book(book)
        with a_worker(database, now=START, fate=Fate(at=at, cut=True)) as worker, contextlib.suppress(DBAPIError):
            worker.run()
        lapse(database)
        with a_worker(database, now=START) as other:
            other.run()
        assert sorted(told(database)) == wanted, (at, points[at - 1])
        database.drop()


def test_a_worker_that_was_frozen_and_thaws_writes_nothing_more(database, book):
    name, at = filed(book, "a"), START - HOUR
    with a_worker(database, now=at, name="frozen") as frozen, a_worker(database, now=at, name="other") as other:
        needs = frozen.needs
        needs.look(at)
        held = needs.work.take(holder="frozen", now=at, lease=needs.lease)
        lapse(database)
        other.run()
        before = told(database)
        with pytest.raises(LostDuty):
            needs.quick(held, at)
        with pytest.raises(LostDuty):
            needs.work.renew(held, lease=needs.lease)
        with pytest.raises(LostDuty):
            needs.work.finish(held, says="", took_s=1.0)
        with pytest.raises(LostDuty):
            needs.work.give_back(held, says="", wait=HOUR, blame=True)
        assert told(database) == before
    assert become(book, name)[0] == State.DECIDED


def test_two_workers_share_what_is_due_and_do_nothing_twice(database, book):
    for k in range(12):
        filed(book, f"o{k}", start=START + 3 * k * DAY)
    at = START + 60 * DAY
    workers = (a_worker(database, now=at, name=name) for name in ("one", "two"))
    with contextlib.ExitStack() as open_, ThreadPoolExecutor(2) as pool:
        one, two = (open_.enter_context(worker) for worker in workers)
        both = list(pool.map(lambda w: w.run(), (one, two)))
    assert sum(t.done for t in both) == len({*one.done(), *two.done()}) == len([*one.done(), *two.done()])
    expired = [ref for verb, ref in told(database) if verb == "expire"]
    assert sorted(expired) == sorted(f"o{k}" for k in range(12))


# ------------------------------------------------------------ poison, and what a person does


def test_what_fails_again_and_again_is_put_aside_with_the_reason_and_the_others_are_done(database, book):
    for k in range(3):
        filed(book, f"o{k}", start=START + 3 * k * DAY)

    def poisoned(held, at):
        if "remind" in held.duty.name:
            raise RuntimeError("no such pump")
        return "done"

    with a_worker(database, now=START - DAY, doing=poisoned) as worker:
        for _ in range(8):
            worker.run()
            lapse(database)
        rows = worker.needs.work.rows(became=(Became.ASIDE,), limit=10)
        assert [row.duty.task for row in rows] == [Task.REMIND_START]
        assert rows[0].tries == 5
        assert "no such pump" in rows[0].says
        assert worker.needs.work.rows(became=(Became.OPEN,), limit=10) == ()
        assert len(worker.done()) == len(set(worker.done()))


def test_a_clock_that_is_doubted_does_nothing(database, book):
    filed(book, "a")
    before = told(database)
    with a_worker(database, now=START + 9 * DAY, doubt=lambda: "the clock has jumped") as worker:
        assert worker.run().done == 0
    assert told(database) == before


def test_a_clock_that_goes_back_does_nothing_again(database, book):
    filed(book, "a")
    with a_worker(database, now=START) as worker:
        worker.run()
    before = told(database)
    for back in (HOUR, DAY, 5 * DAY):
        with a_worker(database, now=START - back) as worker:
            worker.run()
        extra = [v for v, _ in told(database)[len(before) :]]
        assert set(extra) <= {"restudy"}, extra
    assert sorted(set(told(database))) == sorted(set(before) | {("restudy", "a")})


def test_all_that_is_told_as_due_is_told_alike_by_whoever_looks(database, book):
    the_book(book)
    with book.as_(SYSTEM) as page:
        first, second = (duties(page, rules=CLOCK, now=START) for _ in range(2))
        assert first == second
        assert len({d.name for d in first}) == len(first)
        assert page.find(Search()) != ()
