"""Offers to move outages on a real book: nothing moves without its owner's word, and all of an offer or none of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.desk import offers, operate, settle, submit
from moms.desk.accept import ledger_of
from moms.desk.offer import ANOTHER, Became, NoSuchOffer, NotAnOffer, NotOpen, shown_to
from moms.desk.offers import NotGranted
from moms.desk.ports import NoSuchOutage, NotYours, StaleRevision
from moms.desk.whole import whole
from moms.ledger import Kind
from moms.outages import State, Status
from moms.outages.guards import NotYourRole, ReasonMissing
from moms.outages.lifecycle import Verb, begin
from moms.values import SYSTEM, Actor, Role
from tests.desk.test_bookings import booked
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from moms.desk.offer import Offer
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.store.book import PostgresBook

OTHER = Actor(name="bob", organisation="TO-2", role=Role.OWNER)
THIRD = Actor(name="cat", organisation="TO-3", role=Role.OWNER)
GEN = Actor(name="gil", organisation="GO-1", role=Role.OWNER)
LATER = NOW + timedelta(hours=1)
REASON = {"reason": "the crew is needed elsewhere"}


def shared(*, slack: float = 2.0) -> World:
    """Give a world in which three owners share the lines: the first ten, the next ten, and the rest."""
    world = a_world(slack=slack)
    register = world.grid.register
    assert register is not None
    lines = len(register.branch_owner)
    owner = np.where(np.arange(lines) < 10, 0, np.where(np.arange(lines) < 20, 2, 3))
    owners = ("TO-1", "GO-1", "TO-2", "TO-3")
    return replace(world, grid=replace(world.grid, register=replace(register, owners=owners, branch_owner=owner)))


def put(book: PostgresBook, world: World, asset: str, *, who: Actor = OWNER, decide: bool = True, **more) -> Outage:
    """File a request, decide it unless told not to, and give it as it stands."""
    request = ask(asset, organisation=who.organisation, **more)
    found = submit.submit(book=book, world=world, actor=who, now=NOW, request=request)
    assert found.outage is not None, found.findings
    if decide:
        settle.decide(book=book, world=world, now=NOW, outage_id=found.outage.id, asked_by=who)
    return there(book, found.outage.id)


def there(book: PostgresBook, name: str) -> Outage:
    with book.as_(SYSTEM) as page:
        return page.outage(name)


def a_move(book: PostgresBook, world: World, outage: Outage, *, days: float = 2, name: str = "OF-1", **more) -> Offer:
    given = {"actor": ENGINEER, "now": NOW, "until": None, **REASON, **more}
    start = outage.asked.window.start + days * DAY
    return offers.offer_move(book=book, world=world, offer=name, outage=outage.id, start=start, **given)


def answer(way, book: PostgresBook, world: World, offer: Offer, who: Actor, **more) -> Offer:
    given = {"revision": offer.revision, "now": LATER, **REASON, **more}
    return way(book=book, world=world, actor=who, offer=offer.id, **given)


def test_an_approved_outage_moves_when_its_owner_agrees_and_the_record_shows_the_study(book: PostgresBook) -> None:
    world = shared()
    outage = put(book, world, "branch:3")
    assert outage.status == Status.APPROVED
    offer = a_move(book, world, outage)
    assert there(book, outage.id).window == outage.window, "an offer by itself moves nothing"
    done = answer(offers.accept, book, world, offer, OWNER)
    after = there(book, outage.id)
    assert (done.became, after.state, after.status) == (Became.ACCEPTED, State.DECIDED, Status.APPROVED)
    assert after.window == outage.window.moved(2 * DAY)
    assert after.stamp == outage.stamp, "the operator asked: the place in the queue is kept (semantics 4)"
    assert after.decision_id != outage.decision_id
    with book.as_(OWNER) as page:
        record = page.decision(after.decision_id or "")
        told = [(e.verb, e.asked_by.name if e.asked_by else None) for e in page.history(outage.id)]
    assert record["outcome"] == "approve"
    assert record["window"]["start"] == "2027-02-12T05:00Z", "the record is of a study at the new dates"
    assert told[-5:] == [
        ("offer_made", None), ("change", "ann"), ("validate", None), ("decide:approve", "ann"), ("offer_done", None),
    ]  # fmt: skip


def test_who_declines_keeps_dates_stamp_and_decision(book: PostgresBook) -> None:
    world = shared()
    outage = put(book, world, "branch:3")
    offer = a_move(book, world, outage)
    done = answer(offers.decline, book, world, offer, OWNER)
    assert done.became == Became.DECLINED
    assert there(book, outage.id) == outage
    with pytest.raises(NotOpen):
        answer(offers.accept, book, world, done, OWNER)


def test_a_request_that_waits_is_decided_at_the_dates_agreed_to(book: PostgresBook) -> None:
    world = shared()
    outage = put(book, world, "branch:3", decide=False)
    done = answer(offers.accept, book, world, a_move(book, world, outage), OWNER)
    after = there(book, outage.id)
    assert done.became == Became.ACCEPTED
    assert (after.status, after.window) == (Status.APPROVED, outage.window.moved(2 * DAY))


def test_a_counter_asks_the_operator_again_and_its_word_does_it(book: PostgresBook) -> None:
    world = shared()
    outage = put(book, world, "branch:3")
    offer = a_move(book, world, outage)
    back = answer(offers.counter, book, world, offer, OWNER, start=START + 3 * DAY)
    assert back.waits_for == ("operator",)
    with pytest.raises(NotOpen):
        answer(offers.accept, book, world, back, OWNER)
    assert there(book, outage.id) == outage
    answer(offers.accept, book, world, back, ENGINEER)
    assert there(book, outage.id).window == outage.window.moved(3 * DAY)


def test_a_swap_is_done_when_both_agreed_and_both_move_at_once(book: PostgresBook) -> None:
    world = shared()
    mine = put(book, world, "branch:3")
    yours = put(book, world, "branch:12", who=OTHER, start=START + 4 * DAY, days=2)
    offer = offers.offer_swap(
        book=book, world=world, actor=OWNER, now=NOW, offer="OF-S", outage=mine.id, asks="TO-2", until=None, **REASON
    )
    assert offer.waits_for == ("TO-2",)
    with pytest.raises(NotAnOffer, match="which outage"):
        answer(offers.accept, book, world, offer, OTHER)
    given = answer(offers.counter, book, world, offer, OTHER, outage=yours.id)
    assert given.waits_for == ("TO-1",)
    assert (there(book, mine.id), there(book, yours.id)) == (mine, yours)
    done = answer(offers.accept, book, world, given, OWNER)
    assert done.became == Became.ACCEPTED
    one, two = there(book, mine.id), there(book, yours.id)
    assert (one.window.start, two.window.start) == (yours.window.start, mine.window.start)
    assert [o.window.end - o.window.start for o in (one, two)] == [DAY, 2 * DAY], "each keeps its own length"
    assert one.stamp == two.stamp == LATER, "moved on one's own wish: a new place in the queue (semantics 4)"


def test_nobody_else_sees_a_swap_and_each_sees_of_the_other_the_dates_alone(book: PostgresBook) -> None:
    world = shared()
    mine, yours = put(book, world, "branch:3"), put(book, world, "branch:12", who=OTHER, start=START + 4 * DAY)
    offer = offers.offer_swap(
        book=book, world=world, actor=ENGINEER, now=NOW, offer="OF-S", outage=mine.id, other=yours.id, until=None,
        **REASON,
    )  # fmt: skip
    assert offers.offers(book=book, actor=THIRD) == ()
    assert offers.offers(book=book, actor=replace(OWNER, role=Role.PUBLIC)) == ()
    for way in (offers.accept, offers.decline, offers.withdraw):
        with pytest.raises(NoSuchOffer):
            answer(way, book, world, offer, THIRD)
    with pytest.raises(NoSuchOffer):
        offers.look(book=book, world=world, actor=THIRD, now=NOW, offer=offer.id)
    seen = str(shown_to(offer, OWNER))
    for secret in (yours.id, "branch:12", "TO-2", yours.request.external_id):
        assert secret not in seen
    assert ANOTHER in seen
    with book.as_(OWNER) as page:
        assert "TO-2" not in str(page.history(mine.id))
        assert page.entries(offers.OFFERS) == ()
    with book.as_(THIRD) as page, pytest.raises(NoSuchOutage):
        page.outage(mine.id)


def test_a_swap_in_which_one_cannot_be_granted_moves_neither(book: PostgresBook) -> None:
    world = shared()
    mine, yours = put(book, world, "branch:3"), put(book, world, "branch:12", who=OTHER, start=START + 4 * DAY)
    offer = offers.offer_swap(
        book=book, world=world, actor=ENGINEER, now=NOW, offer="OF-S", outage=mine.id, other=yours.id, until=None,
        **REASON,
    )  # fmt: skip
    half = answer(offers.accept, book, world, offer, OWNER)
    assert (half.became, half.waits_for) == (Became.OFFERED, ("TO-2",))
    taken = put(book, world, "branch:3", start=yours.window.start, external_id="another of the same line")
    assert taken.status == Status.APPROVED, "somebody has the line on the day that was agreed"
    done = answer(offers.accept, book, world, half, OTHER)
    assert done.became == Became.FELL_THROUGH
    assert (there(book, mine.id), there(book, yours.id)) == (mine, yours)
    assert "another of the same line" not in str(shown_to(done, OTHER)["legs"]), "why is its own owner's to read"


def test_what_a_decision_would_not_grant_is_not_offered(book: PostgresBook) -> None:
    world = shared()
    outage = put(book, world, "branch:3")
    put(book, world, "branch:3", start=START + 2 * DAY, external_id="later")
    with pytest.raises(NotGranted):
        a_move(book, world, outage)
    assert offers.offers(book=book, actor=ENGINEER) == ()


def test_a_swap_that_makes_two_overlap_is_judged_with_both_out(book: PostgresBook) -> None:
    """Each at its new dates beside where the other was would be clean; beside where it would be it is not."""
    world, ours, theirs = _not_together()
    mine = put(book, world, ours, decide=False)
    yours = put(book, world, theirs, who=OTHER, start=START + DAY, days=5, decide=False)
    with pytest.raises(NotGranted):
        offers.offer_swap(
            book=book, world=world, actor=ENGINEER, now=NOW, offer="OF-S", outage=mine.id, other=yours.id, until=None,
            **REASON,
        )  # fmt: skip


def _not_together() -> tuple[World, str, str]:
    """Give a world with a line of each of two owners, clean by itself and insecure beside the other.

    No unit may be moved in it: else a redispatch would hold both.
    """
    world = shared(slack=0.8)
    still = replace(world.rules.redispatch, fixed_fuels=tuple(sorted(set(world.grid.network.units.fuel.tolist()))))
    world = replace(world, rules=replace(world.rules, redispatch=still))
    lines = range(len(world.grid.network.branches))
    drawn = [begin(ask(f"branch:{k + 1}"), outage_id=f"branch:{k + 1}", actor=OWNER, now=NOW) for k in lines]
    good = [o for o in drawn if whole(world, planned=[o], holding=(), now=NOW).secure]
    for one, two in combinations(good, 2):
        if not whole(world, planned=[one, two], holding=(), now=NOW).secure:
            register = world.grid.register
            assert register is not None
            owner = np.where([f"branch:{k + 1}" == two.id for k in lines], 2, 0)
            register = replace(register, branch_owner=owner)
            return replace(world, grid=replace(world.grid, register=register)), one.id, two.id
    pytest.fail("no such pair: the test shows nothing")


def test_a_lapsed_offer_moves_nothing_and_can_no_longer_be_accepted(book: PostgresBook) -> None:
    world = shared()
    outage = put(book, world, "branch:3")
    offer = a_move(book, world, outage, until=NOW + DAY)
    assert offers.lapse(book=book, world=world, now=NOW + DAY / 2, offer=offer.id) is None
    with pytest.raises(NotOpen):
        answer(offers.accept, book, world, offer, OWNER, now=NOW + DAY)
    gone = offers.lapse(book=book, world=world, now=NOW + DAY, offer=offer.id)
    assert gone is not None
    assert gone.became == Became.LAPSED
    assert offers.lapse(book=book, world=world, now=NOW + 2 * DAY, offer=offer.id) is None, "once"
    assert there(book, outage.id) == outage


def test_an_offer_overtaken_by_a_change_falls_through(book: PostgresBook) -> None:
    world = shared()
    outage = put(book, world, "branch:3")
    offer = a_move(book, world, outage)
    operate.step(
        book=book, world=world, actor=OWNER, now=LATER, outage_id=outage.id, verb=Verb.CANCEL, reason="no crew"
    )
    done = answer(offers.accept, book, world, offer, OWNER)
    assert done.became == Became.FELL_THROUGH
    assert there(book, outage.id).state == State.CANCELLED


def test_who_may_not_is_told_so_and_what_is_stale_or_doubled_is_refused(book: PostgresBook) -> None:
    world = shared()
    outage = put(book, world, "branch:3")
    with pytest.raises(NotYours):
        a_move(book, world, outage, actor=OWNER)
    with pytest.raises(NotYourRole):
        a_move(book, world, outage, actor=replace(ENGINEER, role=Role.AUDITOR))
    with pytest.raises(ReasonMissing):
        a_move(book, world, outage, reason=" ")
    for until in (NOW, NOW + 31 * DAY, outage.window.start + DAY):
        with pytest.raises(NotAnOffer):
            a_move(book, world, outage, until=until)
    offer = a_move(book, world, outage)
    assert a_move(book, world, outage) == offer, "asked twice under one key it is one offer"
    with pytest.raises(NotAnOffer, match="open already"):
        a_move(book, world, outage, name="OF-2", days=3)
    with pytest.raises(StaleRevision):
        answer(offers.accept, book, world, replace(offer, revision=7), OWNER)
    with pytest.raises(NotYourRole):
        answer(offers.accept, book, world, offer, replace(OWNER, role=Role.FIELD))
    with pytest.raises(NotYours):
        answer(offers.withdraw, book, world, offer, OWNER)
    done = answer(offers.withdraw, book, world, offer, ENGINEER)
    assert done.became == Became.WITHDRAWN


def test_units_are_swapped_by_the_operator_alone(book: PostgresBook) -> None:
    world = shared()
    unit = put(book, world, "gen:2", who=GEN, decide=False)
    with pytest.raises(NotAnOffer, match="confidential"):
        offers.offer_swap(
            book=book, world=world, actor=GEN, now=NOW, offer="OF-G", outage=unit.id, asks="TO-1", until=None, **REASON
        )
    line = put(book, world, "branch:3")
    with pytest.raises(NotAnOffer, match="kept apart"):
        offers.offer_swap(
            book=book, world=world, actor=ENGINEER, now=NOW, offer="OF-G", outage=unit.id, other=line.id, until=None,
            **REASON,
        )  # fmt: skip


def test_a_booked_place_moves_in_the_ledger_which_stays_zero_sum(book: PostgresBook) -> None:
    world = shared()
    (name,) = booked(book, world, "branch:2")
    settle.decide(book=book, world=world, now=NOW + DAY / 12, outage_id=name, asked_by=OWNER)
    outage = there(book, name)
    offer = a_move(book, world, outage, now=NOW + DAY / 6)
    with book.as_(SYSTEM) as page:
        before = ledger_of(page, world, Kind.TRANSMISSION)
    answer(offers.accept, book, world, offer, OWNER, now=NOW + DAY / 4)
    with book.as_(SYSTEM) as page:
        after = ledger_of(page, world, Kind.TRANSMISSION)
    assert sum(after.balance_milli.values()) == 0
    assert after.held_milli == before.held_milli, "never dearer"
    gained = after.balance_milli["owner:TO-1"] - before.balance_milli["owner:TO-1"]
    assert gained > 0, "the operator asked for the move, and pays for it from the pool"
    assert after.entries[-1].event.name == "move_accepted"
