"""An opportunity: approved, waiting for its unit, started while that is off, or lapsed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from moms.desk import operate, settle, submit
from moms.outages import Kind, State, Status
from moms.outages.guards import NoTrigger
from moms.outages.lifecycle import Verb
from moms.values import SYSTEM, Actor, Role
from tests.desk.test_flow import ROOM, everything, through
from tests.desk.worlds import DAY, ENGINEER, NOW, START, a_world, ask

if TYPE_CHECKING:
    from moms.desk.answer import Answer
    from moms.desk.world import World
    from moms.outages import Request
    from moms.store.book import PostgresBook

HOUR = timedelta(hours=1)
UNIT = "gen:3"
PLANT = Actor(name="gus", organisation="GO-1", role=Role.OWNER)


def wish(asset: str = "branch:3", **changes: object) -> Request:
    return ask(asset, days=2, kind=Kind.OPPORTUNITY, designated_units=(UNIT,), **changes)


def trip(book: PostgresBook, world: World, *, now=START + HOUR) -> Answer:
    request = replace(
        ask(UNIT), kind=Kind.FORCED, external_id="trip", window=replace(ask().window, start=now, end=now + DAY)
    )
    return through(book, world, request, now=now, actor=PLANT)


def start(book: PostgresBook, world: World, key: str, *, now=START + 2 * HOUR) -> Answer:
    return operate.step(book=book, world=world, actor=ROOM, now=now, outage_id=key, verb=Verb.START)


def test_an_approved_opportunity_waits_and_starts_while_its_unit_is_off(book: PostgresBook) -> None:
    world = a_world()
    key = through(book, world, wish()).outage.id
    with book.as_(SYSTEM) as page:
        stored = page.outage(key)
        assert (stored.state, stored.status) == (State.OPPORTUNITY_WAITING, Status.APPROVED)
        assert [e.verb for e in page.history(key)] == ["submit", "validate", "decide:approve", "await_opportunity"]
    with pytest.raises(NoTrigger, match="none of its units is off"):
        start(book, world, key)
    trip(book, world)
    done = start(book, world, key)
    assert done.outage.state == State.ACTIVE
    assert done.says.startswith(f"{UNIT} is off")


def test_a_unit_that_is_back_starts_nothing(book: PostgresBook) -> None:
    world = a_world()
    key = through(book, world, wish()).outage.id
    unit = trip(book, world).outage.id
    operate.step(book=book, world=world, actor=ROOM, now=START + 2 * HOUR, outage_id=unit, verb=Verb.END)
    with pytest.raises(NoTrigger, match="none of its units is off"):
        start(book, world, key, now=START + 3 * HOUR)


def test_a_derated_unit_is_not_off(book: PostgresBook) -> None:
    world = a_world()
    key = through(book, world, wish()).outage.id
    p_max = float(world.grid.network.units.p_max_mw[2])
    derate = replace(ask(UNIT), kind=Kind.DERATE, derate_to_mw=p_max / 2)
    unit = through(book, world, derate, actor=PLANT).outage.id
    operate.step(book=book, world=world, actor=ROOM, now=START, outage_id=unit, verb=Verb.START)
    with pytest.raises(NoTrigger, match="none of its units is off"):
        start(book, world, key)


def test_a_study_that_no_longer_holds_starts_nothing(book: PostgresBook) -> None:
    key = through(book, a_world(), wish()).outage.id
    trip(book, a_world())
    tight = a_world(slack=0.4)  # the same grid with what it can carry taken away since
    with pytest.raises(NoTrigger, match="its study no longer holds"):
        start(book, tight, key)
    assert start(book, a_world(), key).outage.state == State.ACTIVE


def test_an_opportunity_that_never_came_lapses_and_what_can_still_start_does_not(book: PostgresBook) -> None:
    world = a_world()
    key = through(book, world, wish()).outage.id
    later = through(book, world, wish("branch:12", start=START + 3 * DAY)).outage.id
    before = everything(book)
    assert operate.expire(book=book, world=world, now=START + 2 * DAY - HOUR) == ()
    assert everything(book) == before
    assert operate.expire(book=book, world=world, now=START + 2 * DAY) == (key,)
    with book.as_(SYSTEM) as page:
        assert page.outage(key).state == State.EXPIRED
        assert not page.outage(key).holds
        assert page.outage(later).state == State.OPPORTUNITY_WAITING


def test_what_runs_never_lapses(book: PostgresBook) -> None:
    world = a_world()
    key = through(book, world, ask("branch:3")).outage.id
    operate.step(book=book, world=world, actor=ROOM, now=START, outage_id=key, verb=Verb.START)
    assert operate.expire(book=book, world=world, now=START + 30 * DAY) == ()


def test_one_that_a_person_approves_waits_too(book: PostgresBook) -> None:
    world = a_world(decision=replace(a_world().rules.decision, voltage_kv=200.0))
    filed = through(book, world, wish())
    assert filed.record["outcome"] == "refer"
    done = settle.by_person(
        book=book, world=world, actor=ENGINEER, now=NOW, outage_id=filed.outage.id, outcome="approve", reason="checked"
    )
    assert done.outage.state == State.OPPORTUNITY_WAITING


def test_a_refused_change_leaves_it_waiting_for_its_unit_all_the_same(book: PostgresBook) -> None:
    world, request = a_world(), wish()
    key = through(book, world, request).outage.id
    strict = a_world(decision=replace(world.rules.decision, voltage_kv=200.0))
    moved = replace(request, window=request.window.moved(DAY))
    owner = Actor(name="ann", organisation="TO-1", role=Role.OWNER)
    operate.change(book=book, world=strict, actor=owner, now=NOW, outage_id=key, request=moved, reason="crew")
    back = operate.change(book=book, world=strict, actor=owner, now=NOW, outage_id=key, request=request, reason="no")
    assert back.outage.holds
    with pytest.raises(NoTrigger):
        start(book, world, key)
    again = submit.submit(book=book, world=world, actor=owner, now=NOW, request=request)
    assert again.again
