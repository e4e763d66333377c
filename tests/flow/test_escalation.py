"""Where nobody acknowledges, who is next is told; one acknowledgement ends it by every way."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.desk import notices as desk
from moms.desk import operate, settle
from moms.desk.duties import escalations, remembered
from moms.outages.lifecycle import Verb
from moms.records.notices import Channel, Subscription, Unanswered
from moms.records.room import TOLD, What
from moms.records.told import EscalationRow, NoticeRules, Severity, Side
from moms.store.audit import verify
from moms.store.book import PostgresBook
from moms.store.notices import PostgresNotices
from moms.values import Actor, Role
from tests.desk.worlds import DAY, ENGINEER, START
from tests.flow.workers import LAX, STRICT, a_worker, filed, lapse, stepped, told
from tests.wiring.crashing import ROOM, Died, Fate

MINUTE = timedelta(minutes=1)
BACK = START + DAY
"""When the outage of these tests was to be back."""
RULES = NoticeRules(
    escalation=(
        EscalationRow(silent=Side.OPERATOR, severity=Severity.URGENT, after_min=10, role=Role.PLANNER),
        EscalationRow(silent=Side.OPERATOR, severity=Severity.URGENT, after_min=30, role=Role.ADMINISTRATOR),
        EscalationRow(silent=Side.OPERATOR, severity=Severity.ACTION, after_min=240, role=Role.PLANNER),
        EscalationRow(silent=Side.OWNER, severity=Severity.URGENT, after_min=15, role=Role.CONTROL_ROOM),
    )
)
PLANNER = Actor(name="pat", organisation="operator", role=Role.PLANNER)
CHIEF = Actor(name="cal", organisation="operator", role=Role.ADMINISTRATOR)
OWNER = Actor(name="ann", organisation="TO-1", role=Role.OWNER)
NUMBER = "+13175550100"


def at(database, when, *, world=LAX, **more):
    with a_worker(database, world=world, now=when, notices=RULES, **more) as worker:
        return worker.run()


def inbox(database, actor, *, open_only=False):
    notices = PostgresNotices(database.engine())
    return [k for k in desk.inbox(notices=notices, actor=actor, open_only=open_only) if not k.done_at or not open_only]


def words(database, actor, *, open_only=False):
    return [k.notice.body["verb"] for k in inbox(database, actor, open_only=open_only)][::-1]


def take(database, actor, word, *, when):
    [found] = [k for k in inbox(database, actor, open_only=True) if k.notice.body["verb"] == word]
    desk.acknowledge(notices=PostgresNotices(database.engine()), actor=actor, now=when, notice_id=found.notice.id)


def late(database, book):
    """Have an outage that is not back, of which everybody was told who is told at once."""
    name = filed(book, "a")
    stepped(book, name, Verb.START, at=START)
    at(database, BACK)
    assert words(database, ROOM) == words(database, ENGINEER) == ["overdue_end"]
    assert words(database, OWNER)[-1] == "overdue_end"
    return name


def test_who_is_next_is_told_at_its_minute_and_not_before_and_once(database, book):
    late(database, book)
    at(database, BACK + 10 * MINUTE - timedelta(seconds=1))
    assert words(database, PLANNER) == []
    for _ in range(2):
        at(database, BACK + 10 * MINUTE)
        assert (words(database, PLANNER), words(database, CHIEF)) == (["escalate"], [])
    at(database, BACK + 30 * MINUTE)
    assert (words(database, PLANNER), words(database, CHIEF)) == (["escalate"], ["escalate"])
    [said] = inbox(database, CHIEF)
    assert said.notice.severity == Severity.URGENT
    assert said.notice.body["reason"] == "overdue end: nobody of the operator has acknowledged it for 30 min"
    assert "escalate" not in words(database, OWNER), "who sleeps at the operator is not told to owners"
    assert verify(book.engine, outside=()).whole


@pytest.mark.parametrize("who", [ROOM, ENGINEER], ids=["control room", "engineer"])
def test_one_who_acknowledges_in_time_keeps_everybody_else_asleep(database, book, who):
    late(database, book)
    take(database, who, "overdue_end", when=BACK + 5 * MINUTE)
    at(database, BACK + DAY / 2)
    assert words(database, PLANNER) == words(database, CHIEF) == []


def test_who_takes_the_alarm_in_the_room_has_acknowledged_it(database, book):
    name = late(database, book)
    notices = PostgresNotices(database.engine())
    desk.acknowledge_all(notices=notices, actor=ROOM, now=BACK, outage_id=name, words=TOLD[What.LATE])
    at(database, BACK + DAY / 2)
    assert words(database, PLANNER) == []


def test_one_acknowledgement_of_what_went_on_ends_it_for_all_by_every_way(database, book):
    notices = PostgresNotices(database.engine())
    for name, actor, channel, target in (
        ("s1", PLANNER, Channel.SMS, NUMBER), ("s2", ENGINEER, Channel.MAIL, "eve@example.org"),
        ("s3", CHIEF, Channel.WEBHOOK, "https://hooks.example.org/x"),
    ):  # fmt: skip
        desk.follow(
            notices=notices, actor=actor, now=START, secret="s" * 32 if channel == Channel.WEBHOOK else None,
            subscription=Subscription(id=name, organisation="operator", person=actor.name, channel=channel,
                                      target=target, severity=Severity.URGENT, sees_all=True),
        )  # fmt: skip
    late(database, book)
    at(database, BACK + 10 * MINUTE)
    take(database, PLANNER, "escalate", when=BACK + 12 * MINUTE)
    for actor in (ROOM, ENGINEER, PLANNER):
        assert words(database, actor, open_only=True) == []
        assert {k.done_by for k in inbox(database, actor)} == {"pat"}
    with database.admin() as admin:
        rows = admin.execute("SELECT channel, state FROM moms.notice WHERE channel <> 'inbox' AND severity = 'urgent'")
        found = sorted(rows.fetchall())
    assert found == [
        ("mail", "stopped"), ("mail", "stopped"), ("sms", "stopped"), ("sms", "stopped"),
        ("webhook", "open"), ("webhook", "open"),
    ]  # fmt: skip
    assert words(database, OWNER, open_only=True)[-1] == "overdue_end", "an owner's own is the owner's to acknowledge"
    at(database, BACK + DAY / 2)
    assert words(database, CHIEF) == []
    assert words(database, ROOM, open_only=True) == ["escalate"], "that the owner says nothing is another matter"


def test_an_owner_that_does_not_acknowledge_a_recall_is_told_of_to_the_control_room(database, book):
    name = filed(book, "a")
    stepped(book, name, Verb.START, at=START)
    operate.step(book=book, world=LAX, actor=ROOM, now=START + 60 * MINUTE, outage_id=name, verb=Verb.RECALL,
                 reason="a line tripped")  # fmt: skip
    take(database, ENGINEER, "recall", when=START + 61 * MINUTE)  # the operator knows; the owner says nothing
    at(database, START + 74 * MINUTE)
    assert words(database, ROOM, open_only=True) == ["recall"]
    at(database, START + 75 * MINUTE)
    assert words(database, ROOM, open_only=True) == ["recall", "escalate"]
    assert words(database, PLANNER) == []
    take(database, OWNER, "recall", when=START + 80 * MINUTE)
    assert words(database, ROOM, open_only=True) == ["recall"], "what the owner's silence began is over"


def test_an_answer_that_is_late_goes_on_until_it_is_given(database, book):
    due = START - 2 * DAY
    first, second = filed(book, "a", world=STRICT), filed(book, "b", world=STRICT, asset="branch:4")
    at(database, due, world=STRICT)
    assert sorted(words(database, ENGINEER)) == ["answer_overdue", "answer_overdue", "refer", "refer"]
    settle.by_person(book=book, world=STRICT, actor=ENGINEER, now=due + MINUTE, outage_id=first, outcome="deny",
                     reason="voltage")  # fmt: skip
    at(database, due + 240 * MINUTE, world=STRICT)
    found = [(k.notice.body["reason"].partition(":")[0], k.notice.outage_id) for k in inbox(database, PLANNER)]
    assert sorted(found) == sorted([("refer", first), ("refer", second), ("answer overdue", second)]), (
        "both were referred long ago; what was answered is late no more"
    )


def test_a_worker_that_dies_around_any_commit_tells_who_is_next_once(servers):
    def lived(fate):
        database = servers.named("wheel").fresh()
        late(database, PostgresBook(database.engine()))
        with contextlib.suppress(Died):
            at(database, BACK + 10 * MINUTE, fate=fate, name="first")
        lapse(database)
        at(database, BACK + 10 * MINUTE, name="second")
        found = words(database, PLANNER), [v for v, _ in told(database)].count("escalate")
        database.drop()
        return found

    whole = Fate()
    assert lived(whole) == (["escalate"], 1)
    writes = [n for n, point in enumerate(whole.points, start=1) if point in {"before commit", "after commit"}]
    assert len(writes) >= 4
    for n in writes:
        fate = Fate(at=n)
        assert lived(fate) == (["escalate"], 1), whole.points[n - 1]
        assert fate.dead


SILENCES = st.builds(
    Unanswered, chain=st.sampled_from(["TO-1", "a:b", "operator"]), sequence=st.integers(1, 9),
    side=st.sampled_from(list(Side)), severity=st.sampled_from([Severity.ACTION, Severity.URGENT]),
    outage_id=st.just("OTG-1"), word=st.just("recall"), at=st.just(datetime(2027, 3, 1, tzinfo=UTC)),
)  # fmt: skip


@given(st.lists(SILENCES, unique_by=lambda one: one.matter, max_size=8))
def test_each_silence_meets_each_row_of_its_side_and_severity_once_and_its_name_tells_them_apart(silences):
    found = escalations(silences, notices=RULES)
    assert len({duty.name for duty in found}) == len(found)
    brute = [
        (one.at + timedelta(minutes=row.after_min), f"{row.role}:{one.side}:{one.sequence}:{one.chain}")
        for one in silences for row in RULES.escalation if row.silent == one.side and row.severity == one.severity
    ]  # fmt: skip
    assert [(duty.at, duty.cause) for duty in found] == brute
    for duty in found:
        role, side, sequence, chain = duty.cause.split(":", 3)
        assert (side, int(sequence), chain) in {(o.side, o.sequence, o.chain) for o in silences}
        assert role in set(Role)


def test_what_is_remembered_outlasts_the_last_row():
    assert remembered(RULES) > timedelta(minutes=240)
    assert all(a.after_min < b.after_min for a, b in pairwise(RULES.escalation[:2]))
