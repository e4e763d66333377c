"""Deeds of offers in any order on a real book: what moved had every owner's word, all else is as it was."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from moms.desk import offers
from moms.desk.accept import ledger_of
from moms.desk.duties import Task, duties
from moms.desk.offer import Became, read_offer
from moms.desk.timely import MOVED_ON, do
from moms.ledger import Kind
from moms.store.audit import verify
from moms.values import SYSTEM, Refused
from tests.desk.test_offers import OTHER, OWNER, THIRD, a_move, put, shared, there
from tests.desk.worlds import DAY, ENGINEER, NOW, START

if TYPE_CHECKING:
    from moms.store.book import PostgresBook

PEOPLE = (OWNER, OTHER, THIRD, ENGINEER)  # each organisation once
DEEDS = 40


@pytest.mark.parametrize("seed", [1, 2])
def test_no_sequence_of_offers_moves_a_granted_outage_without_its_owners_word(book: PostgresBook, seed: int) -> None:
    world, rng = shared(), random.Random(seed)
    granted = [
        put(book, world, "branch:3"), put(book, world, "branch:12", who=OTHER, start=START + 3 * DAY, days=2),
        put(book, world, "branch:25", who=THIRD, start=START + 6 * DAY),
    ]  # fmt: skip
    standing = {o.id: o for o in granted}
    moved, now = 0, NOW
    for number in range(DEEDS):
        now += DAY / 48
        who = rng.choice((*PEOPLE, ENGINEER))
        with book.as_(SYSTEM) as page:
            before = len(page.entries(offers.OFFERS))
        with suppress(Refused):
            _a_deed(rng, book, world, who, now=now, number=number, granted=granted)
        with book.as_(SYSTEM) as page:
            entries = page.entries(offers.OFFERS)
            changed = [o for o in (page.outage(name) for name in standing) if o != standing[o.id]]
            for kind in Kind:
                assert sum(ledger_of(page, world, kind).balance_milli.values()) == 0
        assert len(entries) - before <= 1, "a deed is one entry, or none"
        if changed:
            last = read_offer(entries[-1]["after"])
            assert last.became == Became.ACCEPTED
            assert {o.id for o in changed} == {leg.outage for leg in last.legs}, "all of an offer"
            _all_said_yes(entries, last)
            for leg in last.legs:
                after = there(book, leg.outage)
                assert (after.window, after.holds) == (leg.after, True)
                standing[leg.outage] = after
            moved += 1
    assert moved, "some were moved, or this shows nothing"


def _a_deed(rng, book, world, who, *, now, number, granted) -> None:
    common = {"book": book, "world": world, "actor": who, "now": now}
    outage = rng.choice(granted)
    found = [o for o in offers.offers(book=book, actor=ENGINEER) if o.open]
    if not found or rng.random() < 0.25:
        more = {"offer": f"OF-{number}", "until": now + DAY, "reason": "r", "outage": outage.id}
        if rng.random() < 0.5:
            start = there(book, outage.id).window.start + rng.choice((-1, 1, 2)) * DAY
            offers.offer_move(**common, start=start, **more)
        else:
            offers.offer_swap(**common, other=rng.choice(granted).id, asks=rng.choice(("TO-1", "TO-2", "TO-3")), **more)
        return
    one = rng.choice(found)
    asked = [p for p in PEOPLE if p.organisation in one.waits_for]
    if asked and rng.random() < 0.8:  # now and then somebody else tries
        common["actor"] = rng.choice(asked)
    given = {**common, "offer": one.id, "revision": one.revision, "reason": "r"}
    word = rng.choice(("accept",) * 6 + ("counter", "decline", "withdraw"))
    if word == "counter":
        start = START + rng.randint(2, 9) * DAY
        offers.counter(**given, **({"outage": outage.id} if one.asks else {"start": start}))
    else:
        getattr(offers, word)(**given)


def _all_said_yes(entries, last) -> None:
    """See in the register, read as plain rows, that each party spoke for these windows since they were last changed."""
    wanted = [leg.after for leg in last.legs]
    said = set()
    for row in entries:
        offer = read_offer(row["after"])
        if offer.id == last.id and [leg.after for leg in offer.legs] == wanted:
            said.add(row["by"].rpartition(", ")[2].rstrip(")"))
    assert {leg.organisation for leg in last.legs} <= said, (said, last)


def test_an_offer_lapses_by_the_clock_once_and_the_chains_are_whole(book: PostgresBook) -> None:
    world = shared()
    outage = put(book, world, "branch:3")
    offer = a_move(book, world, outage, until=NOW + DAY)
    with book.as_(SYSTEM) as page:
        [duty] = [d for d in duties(page, rules=world.rules.clock, now=NOW) if d.task == Task.LAPSE_OFFER]
    assert (duty.subject, duty.at, duty.organisation) == (offer.id, NOW + DAY, "operator")
    assert do(duty, book=book, world=world, now=NOW + DAY / 2) == MOVED_ON, "before its time nothing is done"
    assert "nothing moves" in do(duty, book=book, world=world, now=NOW + DAY)
    assert do(duty, book=book, world=world, now=NOW + DAY) == MOVED_ON
    with book.as_(SYSTEM) as page:
        assert [d for d in duties(page, rules=world.rules.clock, now=NOW + DAY) if d.task == Task.LAPSE_OFFER] == []
    assert there(book, outage.id) == outage
    assert verify(book.engine, outside=()).whole
