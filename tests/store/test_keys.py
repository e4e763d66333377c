"""Keys under which answers are kept: held by a lease, taken over from the silent, told what was done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from moms.desk.keys import Claim, KeptAnswer, LostClaim, Mark
from moms.desk.ports import Search
from moms.store.acting import act_as
from moms.store.book import PostgresBook
from moms.store.keys import TRIES, PostgresKeys, marker
from moms.values import SYSTEM
from tests.postgres import an_event, an_outage

LEASE = timedelta(minutes=1)
OWN = {"principal": "owner-a/owner/ann", "key": "k", "organisation": "owner-a", "asked": "a"}


@pytest.fixture
def keys(database):
    return PostgresKeys(database.engine())


def lapse(database):
    with database.admin() as admin:
        admin.execute("UPDATE moms.kept_answer SET leased_until = now() - interval '1 ms'")


def test_a_key_is_taken_once_and_its_answer_kept(keys):
    mine = keys.claim(**OWN, lease=LEASE)
    assert mine == Claim(principal=OWN["principal"], key="k", fence=1)
    assert keys.claim(**OWN, lease=LEASE) == KeptAnswer(asked="a", answer=None)
    keys.keep(mine, answer={"status": 201})
    assert keys.claim(**OWN, lease=LEASE) == KeptAnswer(asked="a", answer={"status": 201})
    assert keys.claim(**{**OWN, "asked": "b"}, lease=LEASE).asked == "a"
    assert isinstance(keys.claim(**{**OWN, "principal": "owner-a/owner/bob"}, lease=LEASE), Claim)


def test_a_key_that_was_let_go_or_whose_holder_is_silent_is_taken_over(keys, database):
    first = keys.claim(**OWN, lease=LEASE)
    keys.let_go(first)
    second = keys.claim(**OWN, lease=LEASE)
    assert second.fence == 2
    lapse(database)
    assert isinstance(keys.claim(**{**OWN, "asked": "b"}, lease=LEASE), KeptAnswer), "for another request it is no key"
    third = keys.claim(**OWN, lease=LEASE)
    assert third.fence == 3
    for lost in (first, second):
        with pytest.raises(LostClaim):
            keys.keep(lost, answer={"status": 500})
        keys.let_go(lost)  # it has nothing to let go
    assert isinstance(keys.claim(**OWN, lease=LEASE), KeptAnswer)
    keys.keep(third, answer={"status": 200})
    with pytest.raises(LostClaim):
        keys.keep(third, answer={"status": 500})


def test_who_gives_a_sign_of_life_keeps_its_key(keys, database):
    mine = keys.claim(**OWN, lease=LEASE)
    lapse(database)
    keys.renew([mine], lease=LEASE)
    assert isinstance(keys.claim(**OWN, lease=LEASE), KeptAnswer)
    lapse(database)
    keys.claim(**OWN, lease=LEASE)
    lapse(database)
    keys.renew([mine], lease=LEASE)  # another has it: this sign says nothing
    assert isinstance(keys.claim(**OWN, lease=LEASE), Claim)
    keys.renew([], lease=LEASE)


def test_what_is_written_is_marked_with_it_or_not_at_all(keys, database, ann):
    mine = keys.claim(**OWN, lease=LEASE)
    book = PostgresBook(database.engine()).marking(marker(mine))
    outage = an_outage(1)
    with book.as_(ann) as page:
        page.add(outage, an_event(outage, actor=ann))
    with pytest.raises(ZeroDivisionError), book.as_(ann) as page:
        page.add(an_outage(2), an_event(an_outage(2), actor=ann))
        raise ZeroDivisionError
    with book.as_(ann) as page:  # a look marks nothing
        page.outage(outage.id)
    lapse(database)
    found = keys.stranded(lease=LEASE)
    assert found.marks == (Mark(outage_id=outage.id, revision=1, verb="submit"),)
    assert found.actor == ann
    with pytest.raises(LostClaim), book.as_(ann) as page:
        page.add(an_outage(3), an_event(an_outage(3), actor=ann))
    with PostgresBook(database.engine()).as_(ann) as page:
        assert len(page.find(Search())) == 1


def test_what_was_begun_and_left_is_found_and_what_was_not_begun_waits_for_its_caller(keys, database, ann):
    keys.claim(**OWN, lease=LEASE)
    lapse(database)
    assert keys.stranded(lease=LEASE) is None
    begun = keys.claim(**{**OWN, "key": "begun"}, lease=LEASE)
    with PostgresBook(database.engine()).marking(marker(begun)).as_(ann) as page:
        page.add(an_outage(1), an_event(an_outage(1), actor=ann))
    assert keys.stranded(lease=LEASE) is None, "its holder lives"
    for fence in range(2, TRIES + 2):
        lapse(database)
        assert keys.stranded(lease=LEASE).fence == fence
        assert keys.stranded(lease=LEASE) is None
    lapse(database)
    assert keys.stranded(lease=LEASE) is None, "it wore out all its holders: a person has to look"


def test_answers_are_forgotten_after_thirty_days_and_not_before(keys, database):
    for key in ("old", "young"):
        keys.claim(**{**OWN, "key": key}, lease=LEASE)
    with database.admin() as admin:
        admin.execute("UPDATE moms.kept_answer SET made_at = now() - interval '30 days 1 s' WHERE key = 'old'")
        admin.execute("UPDATE moms.kept_answer SET made_at = now() - interval '29 days' WHERE key = 'young'")
    assert keys.forget() == 1
    with database.engine().begin() as connection:
        act_as(connection, SYSTEM)
        assert connection.scalars(text("SELECT key FROM moms.kept_answer")).all() == ["young"]
