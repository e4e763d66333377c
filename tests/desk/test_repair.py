"""A written plan after a forced outage: the fewest moves, and no fewer would have done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from moms.desk import submit
from moms.desk.accept import NotSecure, accept, bookings, ledger_of
from moms.desk.ports import NotYours
from moms.desk.repair import accept_repair, repair
from moms.desk.rounds import moved, read_season
from moms.desk.whole import whole
from moms.ledger import Kind
from moms.outages import Kind as Work
from moms.schedule._mip import Budget
from moms.values import SYSTEM, Window
from tests.desk.test_plan import FIRST, LAST, file, planned, wish
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from moms.desk.repair import Repair
    from moms.desk.world import World
    from moms.store.book import PostgresBook

LATER = NOW + DAY / 4
BRANCHES = (2, 12, 16, 36, 42)
FAILS = 7
"""Insecure beside branch 2 and beside branch 36, each by itself."""


def repaired(book: PostgresBook, world: World, **changes: object) -> Repair:
    given = {"first": FIRST, "last": LAST, "budget": Budget(nodes=100), **changes}
    return repair(book=book, world=world, now=LATER, **given)


def a_plan_and_a_failure(book: PostgresBook, world: World, **flex: int) -> None:
    """Write a plan of five, then let a line fail that two of them cannot stand beside."""
    file(book, world, *(wish(f"branch:{k}", **flex) for k in BRANCHES))
    plan = planned(book, world)
    assert plan.secure
    accept(book=book, world=world, actor=ENGINEER, now=NOW + DAY / 8, plan=plan)
    window = Window(start=NOW + DAY / 6, end=START + DAY)
    report = ask(f"branch:{FAILS}", kind=Work.FORCED)
    report = replace(report, window=window, discovered_at=window.start, external_id="forced")
    done = submit.submit(book=book, world=world, actor=OWNER, now=NOW + DAY / 6, request=report)
    assert done.outage is not None, done.findings
    assert done.outage.holds


def test_only_those_who_cannot_stand_beside_the_failure_move_and_no_fewer_would_do(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    a_plan_and_a_failure(book, world)
    found = repaired(book, world)
    assert found.secure
    assert found.fewest
    leave = {m.outage.request.assets[0] for m in found.moves}
    assert 0 < len(leave) < len(BRANCHES)
    assert all(m.accepted and m.says for m in found.moves)
    everyone = {j.id: j.preferred for j in found.season.problem.jobs}
    holding = read_season(book, FIRST, LAST)[2]
    assert not whole(world, planned=moved(found.season, everyone), holding=holding, now=LATER).secure
    for one in found.moves:  # each move is needed: with this one left where it was, something is caused
        less = {**found.kept.plan, one.outage.id: everyone[one.outage.id]}
        assert not whole(world, planned=moved(found.season, less), holding=holding, now=LATER).secure


def test_a_repair_is_written_with_stamps_kept_and_owners_paid(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    a_plan_and_a_failure(book, world)
    with book.as_(SYSTEM) as page:
        before = ledger_of(page, world, Kind.TRANSMISSION)
        stamps = {o.id: o.stamp for o in read_season(book, FIRST, LAST)[1]}
    found = repaired(book, world)
    for who in (OWNER, replace(ENGINEER, role="auditor")):
        with pytest.raises(NotYours):
            accept_repair(book=book, world=world, actor=who, now=LATER, found=found)
    names, kept = accept_repair(book=book, world=world, actor=ENGINEER, now=LATER, found=found)
    assert set(names) == {m.outage.id for m in found.moves}
    assert kept == ()
    with book.as_(SYSTEM) as page:
        after = ledger_of(page, world, Kind.TRANSMISSION)
        for one in found.moves:
            there = page.outage(one.outage.id)
            assert (there.asked.window, there.stamp) == (one.window, stamps[there.id])
            assert bookings(page)[there.id][1] == one.window
    assert after.total_milli == 0
    assert after.held_milli == before.held_milli, "one band of prices: a moved place costs what it did"
    paid = sum(-(-before.held_milli[name] * 750 // 1000) for name in names)
    assert after.of("TO-1") - before.of("TO-1") == paid, "seven to thirty days ahead: three quarters of the price"
    again = repaired(book, world)
    assert again.moves == (), "what was repaired needs no repair"


def test_where_no_place_is_accepted_the_owner_is_asked_and_nothing_is_written(book: PostgresBook) -> None:
    world = a_world(slack=0.8)
    a_plan_and_a_failure(book, world, either=0)
    found = repaired(book, world)
    assert found.secure
    lost = [m for m in found.moves if m.window is None]
    assert lost
    names, kept = accept_repair(book=book, world=world, actor=ENGINEER, now=LATER, found=found)
    assert names == ()
    assert {name for name, _ in kept} == {m.outage.id for m in lost}
    supposed = repaired(book, world, flex_days=3)
    assert all(m.window is not None and not m.accepted for m in supposed.moves)


def test_a_book_in_which_nothing_happened_needs_no_repair(book: PostgresBook) -> None:
    world = a_world(slack=2.0)
    file(book, world, wish("branch:2"), wish("branch:7"))
    found = repaired(book, world)
    assert (found.moves, found.stays, found.secure) == ((), 2, True)
    with pytest.raises(NotSecure):
        dirty = replace(found, kept=replace(found.kept, found=replace(found.kept.found, bad_points=1)))
        accept_repair(book=book, world=world, actor=ENGINEER, now=LATER, found=dirty)
