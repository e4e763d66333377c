"""Booked places to their end: what each outage's fate posts, on a real book."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from moms.desk import operate, settle
from moms.desk.accept import accept, ledger_of, opening, waited
from moms.desk.bookings import accounts, became, close_season, settle_bookings
from moms.desk.plan import plan_season
from moms.desk.ports import NotYours
from moms.desk.turns import needs
from moms.ledger import Booking, Kind, LedgerRules
from moms.outages import State, Status
from moms.outages.lifecycle import Verb
from moms.schedule._mip import Budget
from moms.values import SYSTEM, Actor, Role
from tests.desk.test_kinds import filed as an_outage
from tests.desk.test_plan import FIRST, LAST, file, planned, wish
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, a_world, ask

if TYPE_CHECKING:
    from moms.desk.world import World
    from moms.store.book import PostgresBook

ROOM = Actor(name="rosa", organisation="operator", role=Role.CONTROL_ROOM)


def booked(book: PostgresBook, world: World, *assets: str) -> dict[str, int]:
    """File, plan and write; give the price of each place."""
    file(book, world, *(wish(a) for a in assets))
    plan = planned(book, world)
    accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY / 12, plan=plan)
    return {p.outage.id: p.price_milli for p in plan.places}


def step(book, world, name, verb, *, now, actor, **more):
    return operate.step(book=book, world=world, actor=actor, now=now, outage_id=name, verb=verb, **more)


def of(book: PostgresBook, world: World):
    found = {a.ledger: a for a in accounts(book=book, world=world, actor=ENGINEER)}[Kind.TRANSMISSION]
    assert sum(found.balances.values()) == 0
    return found


def test_each_end_of_an_outage_settles_its_place_once(book: PostgresBook) -> None:
    world = a_world(slack=2.0)
    prices = booked(book, world, "branch:2", "branch:7", "branch:12", "branch:15")
    gone, used, refused, still = prices
    whole = sum(prices.values())
    assert of(book, world).balances["owner:TO-1"] == -whole
    assert settle_bookings(book=book, world=world, actor=ENGINEER, now=NOW + DAY) == (), "all are open"
    step(book, world, gone, Verb.CANCEL, now=NOW + DAY, actor=OWNER, reason="no crew")
    settle.by_person(
        book=book, world=world, actor=ENGINEER, now=NOW + DAY, outage_id=refused, outcome="deny", reason="x"
    )
    assert (
        settle.decide(book=book, world=world, now=NOW + DAY, outage_id=used, asked_by=SYSTEM).record["outcome"]
        == "approve"
    )
    with book.as_(SYSTEM) as page:
        window = page.outage(used).window
    step(book, world, used, Verb.START, now=window.start, actor=ROOM, at=window.start)
    step(book, world, used, Verb.END, now=window.end, actor=ROOM, at=window.end)
    later = window.end + DAY
    done = {s.outage: s.events for s in settle_bookings(book=book, world=world, actor=ENGINEER, now=later)}
    assert done == {gone: ("cancel",), used: ("used",), refused: ("taken_back",)}
    assert settle_bookings(book=book, world=world, actor=ENGINEER, now=later) == ()
    after = of(book, world)
    assert after.open == {still: prices[still]}
    # 8 whole days of notice: three quarters are forfeit to the pool; the denied place is free.
    lost = -(-prices[gone] * 750 // 1000)
    assert after.balances["pool"] == lost
    assert after.balances["season"] == prices[used] + prices[still]
    assert after.balances["owner:TO-1"] == -(lost + prices[used] + prices[still])


def test_a_closed_season_shares_what_was_used_and_leaves_what_is_open(book: PostgresBook) -> None:
    world = a_world(slack=2.0)
    prices = booked(book, world, "branch:2", "branch:7")
    gone, still = prices
    step(book, world, gone, Verb.CANCEL, now=NOW + DAY, actor=OWNER, reason="no crew")
    settle_bookings(book=book, world=world, actor=ENGINEER, now=NOW + 2 * DAY)
    close_season(book=book, world=world, actor=ENGINEER, now=NOW + 3 * DAY, weights=needs(world))
    after = of(book, world)
    assert after.open == {still: prices[still]}
    assert after.balances["season"] == prices[still], "nothing was used yet, so nothing is shared out"


@pytest.mark.parametrize(
    ("state", "status", "events"),
    [
        (State.VALIDATED, Status.NONE, ()),
        (State.DECIDED, Status.APPROVED, ()),
        (State.ACTIVE, Status.RECALLED, ()),
        (State.DECIDED, Status.DENIED, ("taken_back",)),
        (State.WITHDRAWN, Status.NONE, ("cancel",)),
        (State.CANCELLED, Status.APPROVED, ("cancel",)),
        (State.CANCELLED, Status.AT_RISK, ("recall",)),
        (State.WITHDRAWN, Status.REVOKED, ("recall",)),
        (State.EXPIRED, Status.APPROVED, ("no_show",)),
        (State.COMPLETED, Status.APPROVED, ("used",)),
        (State.CLOSED, Status.RECALLED, ("recall",)),
    ],
)
def test_what_became_of_a_place_follows_from_state_and_status(state, status, events) -> None:
    outage = replace(an_outage(ask()), state=state, status=status)
    booking = Booking(request=outage.id, owner="TO-1", size_kw=100, start=2, days=1, price_milli=1000)
    found = became(outage, booking, outage.window, since=NOW, rules=LedgerRules())
    assert tuple(e.name for e in found) == events
    assert all(e.settles for e in found)


def test_a_late_return_is_charged_beyond_the_tolerance_of_a_day() -> None:
    outage = replace(an_outage(ask()), state=State.COMPLETED, status=Status.APPROVED)
    booking = Booking(request=outage.id, owner="TO-1", size_kw=100, start=2, days=1, price_milli=1000)

    def events(late: timedelta):
        back = replace(outage, actual_end=outage.window.end + late)
        return became(back, booking, outage.window, since=NOW, rules=LedgerRules())

    assert [e.name for e in events(timedelta(hours=20))] == ["used"]
    _, late = events(timedelta(hours=30))
    assert late.name == "overrun"
    assert [p.amount_milli for p in late.postings] == [2 * 2 * 1000], "twice the price of two begun days"


def test_who_waited_two_seasons_rises_a_class_and_planning_twice_is_one_season(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    file(book, world, ask("branch:2"), ask("branch:7"))
    plan = planned(book, world)
    waits = next(p.outage.id for p in plan.places if p.window is None)
    accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY / 12, plan=plan)
    with book.as_(ENGINEER) as page:
        assert waited(page) == {waits: 1}
        for shift in (2, 100):
            page.enter("plans", {"plan": f"P-{shift}", "what": "written", "first": str(FIRST + shift * DAY),
                                 "days": 7, "rows": [], "waits": [waits]})  # fmt: skip
        assert waited(page) == {waits: 2}, "two days later is the same season"
        balances, seasons = opening(page, world), waited(page)
    again = plan_season(
        book=book, world=world, now=NOW + DAY / 8, first=FIRST, last=LAST, opening=balances, waited=seasons,
        budget=Budget(nodes=50),
    )  # fmt: skip
    turn = again.drafted.turns[waits]
    assert (turn.need, turn.start) == ("P1", 2), "served first now, it has the day that both want"


def test_only_the_operators_engineers_post(book: PostgresBook) -> None:
    world = a_world()
    for who in (OWNER, ROOM):
        with pytest.raises(NotYours):
            settle_bookings(book=book, world=world, actor=who, now=NOW)
        with pytest.raises(NotYours):
            close_season(book=book, world=world, actor=who, now=NOW, weights=needs(world))
    with book.as_(OWNER) as page:
        assert ledger_of(page, world, Kind.TRANSMISSION).entries == ()
