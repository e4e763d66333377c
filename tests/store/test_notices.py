"""Notices on a real database: written with the deed or not at all, to whom may know, once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moms.desk import notices as desk
from moms.desk.notices import NoSuchNotice, NoSuchSubscription, NotASubscription
from moms.desk.ports import EquipmentTaken, NotYours
from moms.outages import State as OutageState
from moms.outages import Status
from moms.records.notices import Channel, State, Subscription
from moms.records.told import Severity
from moms.store.acting import act_as
from moms.store.audit import verify
from moms.store.notices import PostgresNotices
from moms.values import SYSTEM, Actor, Role
from tests.postgres import NOON, an_event, an_outage

URL = "https://hooks.example.org/moms"


@pytest.fixture
def database(servers):
    """Give a database on one server: the tests of rights, tampering and backup ask both versions."""
    found = servers.named("wheel").fresh(any_first=True)
    yield found
    found.drop()


@pytest.fixture
def notices(database):
    return PostgresNotices(database.engine())


def denied(book, *, number=1, verb="deny", **changes):
    outage = an_outage(number, state=OutageState.DECIDED, status=Status.DENIED, **changes)
    with book.as_(SYSTEM) as page:
        page.add(outage, an_event(outage, verb=verb))
    return outage


def verbs(notices, actor, **changes):
    return [k.notice.body["verb"] for k in desk.inbox(notices=notices, actor=actor, **changes)]


def raw(database, query):
    with database.admin() as admin:
        return admin.execute(query).fetchall()


def follow(notices, actor, **changes):
    own = {"id": "s1", "organisation": actor.organisation, "person": actor.name, "sees_all": actor.sees_all}
    sub = Subscription(**{**own, **changes})
    secret = "x" * 32 if sub.channel == Channel.WEBHOOK else None
    desk.follow(notices=notices, actor=actor, now=NOON, subscription=sub, secret=secret)
    return sub


def test_the_owner_is_told_of_a_denial_and_no_other_owner_is(book, notices, ann, bob):
    denied(book)
    assert verbs(notices, ann) == ["deny"]
    assert verbs(notices, bob) == []


def test_a_deed_that_is_rolled_back_tells_nobody(database, book, notices, ann):
    outage = an_outage()
    with pytest.raises(ZeroDivisionError), book.as_(SYSTEM) as page:
        page.add(outage, an_event(outage, verb="deny"))
        raise ZeroDivisionError
    assert raw(database, "SELECT count(*) FROM moms.notice") == [(0,)]
    assert verbs(notices, ann) == []


def test_what_was_refused_inside_a_page_that_goes_on_tells_nobody(database, book):
    first, second = an_outage(1), an_outage(2, window=an_outage(1).window)
    with book.as_(SYSTEM) as page:
        page.add(first, an_event(first, verb="approve"))
        with pytest.raises(EquipmentTaken):
            page.add(second, an_event(second, verb="approve"))
    assert {o for (o,) in raw(database, "SELECT outage_id FROM moms.notice")} == {first.id}


def test_a_notice_that_cannot_be_written_takes_the_deed_with_it(database, book):
    with database.admin() as admin:
        admin.execute("ALTER TABLE moms.notice ADD CONSTRAINT none CHECK (false)")
    with pytest.raises(DBAPIError):
        denied(book)
    assert raw(database, "SELECT count(*) FROM moms.outage") == [(0,)]


def test_nobody_is_told_what_their_own_did(book, notices, ann):
    outage = an_outage(state=OutageState.SUBMITTED, status=Status.NONE)
    with book.as_(ann) as page:
        page.add(outage, an_event(outage, actor=ann))
    assert verbs(notices, ann) == []


def test_the_steps_of_the_machinery_are_not_told(database, book):
    denied(book, verb="study")
    assert raw(database, "SELECT count(*) FROM moms.notice") == [(0,)]


def test_engineers_hear_of_what_is_referred_and_the_control_room_of_what_is_urgent(book, notices, eve):
    roy = Actor(name="roy", organisation="operator", role=Role.CONTROL_ROOM)
    denied(book, number=1, verb="refer")
    denied(book, number=2, verb="recall")
    denied(book, number=3, verb="deny")
    assert sorted(verbs(notices, eve)) == ["recall", "refer"]
    assert verbs(notices, roy) == ["recall"]


def test_what_moms_or_a_person_decided_is_told_like_the_step_of_that_name(book, notices, eve, ann):
    for number, verb in enumerate(("decide:refer", "settle:deny", "decide:counter"), start=1):
        denied(book, number=number, verb=verb)
    assert verbs(notices, eve) == ["refer"]
    assert verbs(notices, ann) == ["counter", "deny", "refer"]
    assert {k.notice.severity for k in desk.inbox(notices=notices, actor=ann)} == {Severity.ACTION}


def test_an_owner_is_not_told_which_other_outage_it_was_and_the_operator_is(book, notices, ann, eve):
    outage = an_outage(id="OTG-AAAAAAAA", state=OutageState.DECIDED, status=Status.DENIED)
    with book.as_(SYSTEM) as page:
        page.add(outage, an_event(outage, verb="recall", reason="OTG-AAAAAAAA beside OTG-BBBBBBBB"))
    [owners] = desk.inbox(notices=notices, actor=ann)
    [desks] = desk.inbox(notices=notices, actor=eve)
    assert owners.notice.body["reason"] == "OTG-AAAAAAAA beside another outage"
    assert "OTG-BBBBBBBB" not in str(owners.notice.body)
    assert desks.notice.body["reason"] == "OTG-AAAAAAAA beside OTG-BBBBBBBB"


def test_each_line_of_the_journal_meets_each_subscription_once_and_ids_are_made_of_both(database, book, notices, eve):
    follow(notices, eve)
    follow(notices, eve, id="s2", channel=Channel.MAIL, target="eve@example.org")
    for number in range(1, 6):
        denied(book, number=number)
    rows = raw(database, "SELECT id, chain, seq, subscription FROM moms.notice")
    assert len(rows) == len({i for i, *_ in rows}) == len({tuple(r) for _, *r in rows}) == 5 * 4  # two of the plan
    lines = raw(database, "SELECT organisation, seq FROM moms.journal WHERE outage_id LIKE 'O-%'")
    assert {(c, n) for _, c, n, _ in rows} == set(lines)


def test_a_subscription_asks_by_owner_asset_verb_and_severity(book, notices, eve):
    follow(notices, eve, id="owner", owners=("owner-b",))
    follow(notices, eve, id="asset", assets=("branch:7",))
    follow(notices, eve, id="verb", verbs=("approve",))
    follow(notices, eve, id="severe", severity=Severity.ACTION)
    denied(book, number=1, verb="approve")
    denied(book, number=2, verb="submit", organisation="owner-b")
    denied(book, number=3, verb="submit", assets=("branch:7", "branch:8"))
    denied(book, number=4, verb="deny")
    told = {k.notice.subscription: k.notice.outage_id for k in desk.inbox(notices=notices, actor=eve)}
    assert told == {"verb": "O-0001", "owner": "O-0002", "asset": "O-0003", "severe": "O-0004"}


def test_an_owner_who_asks_for_everything_hears_of_its_own_alone(book, notices, ann):
    follow(notices, ann)
    denied(book, number=1)
    denied(book, number=2, organisation="owner-b")
    found = desk.inbox(notices=notices, actor=ann)
    assert {k.notice.body["owner"] for k in found} == {"owner-a"}


def test_nobody_follows_for_another_or_with_the_eyes_of_the_operator(notices, ann, bob):
    for changes in ({"sees_all": True}, {"person": "bob"}, {"person": "", "role": "engineer"}):
        with pytest.raises(NotASubscription):
            follow(notices, ann, **changes)
    with pytest.raises(NotASubscription):
        follow(notices, replace(bob, organisation="operator", role=Role.FIELD), sees_all=True)


@pytest.mark.parametrize(
    ("channel", "target"),
    [("inbox", "x"), ("mail", "ann"), ("mail", "a@b\nBcc: c@d"), ("webhook", "ftp://x/y"), ("webhook", "http://u@h/")],
)
def test_a_target_that_is_none_is_refused(notices, ann, channel, target):
    with pytest.raises(NotASubscription) as why:
        follow(notices, ann, channel=Channel(channel), target=target)
    assert (why.value.field, bool(why.value.fix)) == ("target", True)


def test_who_unfollows_is_told_no_more_and_nobody_ends_anothers(book, notices, ann, bob, eve):
    follow(notices, eve)
    denied(book, number=1)
    for other in (bob, ann):
        with pytest.raises(NoSuchSubscription):
            desk.unfollow(notices=notices, actor=other, now=NOON, subscription_id="s1")
    desk.unfollow(notices=notices, actor=eve, now=NOON, subscription_id="s1")
    denied(book, number=2)
    assert [k.notice.outage_id for k in desk.inbox(notices=notices, actor=eve)] == ["O-0001"]


def test_one_acknowledges_for_all_in_the_role_once_and_the_journal_says_who(database, book, notices, ann):
    outage = denied(book)
    [told] = desk.inbox(notices=notices, actor=ann)
    again = replace(ann, name="amy")
    done = desk.acknowledge(notices=notices, actor=again, now=NOON, notice_id=told.notice.id)
    assert (done.state, done.done_by) == (State.ACKNOWLEDGED, "amy")
    assert desk.acknowledge(notices=notices, actor=ann, now=NOON, notice_id=told.notice.id) == done
    assert verbs(notices, ann, open_only=True) == []
    with book.as_(ann) as page:
        assert [(e.verb, e.actor.name) for e in page.history(outage.id)][1:] == [("acknowledge", "amy")]
    assert verify(database.engine(), outside=()).whole


def test_an_acknowledgement_stops_the_mail_of_the_same_and_no_webhook(database, book, notices, eve):
    follow(notices, eve)
    follow(notices, eve, id="s2", channel=Channel.MAIL, target="eve@example.org")
    follow(notices, eve, id="s3", channel=Channel.WEBHOOK, target=URL)
    follow(notices, replace(eve, name="ed"), id="s4", channel=Channel.MAIL, target="ed@example.org")
    denied(book, number=1)
    denied(book, number=2)
    first = desk.inbox(notices=notices, actor=eve)[-1].notice
    desk.acknowledge(notices=notices, actor=eve, now=NOON, notice_id=first.id)
    found = raw(database, "SELECT outage_id, subscription FROM moms.notice WHERE state = 'stopped'")
    assert found == [(first.outage_id, "s2")]


def test_what_is_anothers_is_not_there_to_acknowledge(book, notices, ann, bob, eve):
    denied(book)
    [told] = desk.inbox(notices=notices, actor=ann)
    for other in (bob, eve, replace(ann, role=Role.FIELD)):
        with pytest.raises(NoSuchNotice):
            desk.acknowledge(notices=notices, actor=other, now=NOON, notice_id=told.notice.id)


def test_who_only_looks_acknowledges_and_follows_nothing(notices):
    auditor = Actor(name="aud", organisation="operator", role=Role.AUDITOR)
    with pytest.raises(NotYours):
        follow(notices, auditor, sees_all=True)


def test_the_inbox_is_read_in_pages_newest_first_each_notice_once(book, notices, ann):
    for number in range(1, 8):
        denied(book, number=number)
    seen, before = [], None
    while found := desk.inbox(notices=notices, actor=ann, before=before, limit=3):
        seen += [k.notice.outage_id for k in found]
        before = found[-1].notice.id
    assert seen == [f"O-{number:04d}" for number in range(7, 0, -1)]


def test_the_database_keeps_a_notice_that_is_done_as_it_is(database, book, notices, ann):
    denied(book)
    [told] = desk.inbox(notices=notices, actor=ann)
    desk.acknowledge(notices=notices, actor=ann, now=NOON, notice_id=told.notice.id)
    for change in ("state = 'open', revision = revision + 1", "answer = 'x'"):
        with pytest.raises(DBAPIError, match=r"stays so|at revision"), database.engine().begin() as connection:
            act_as(connection, SYSTEM)
            connection.execute(text(f"UPDATE moms.notice SET {change}"))
