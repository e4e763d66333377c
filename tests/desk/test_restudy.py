"""All that was granted, studied again: what is at risk is named with what mends it, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from moms.desk import settle, submit
from moms.desk.operate import step
from moms.desk.ports import Search
from moms.desk.restudy import NotASpan, mark, restudy, span_of
from moms.desk.security import secure
from moms.desk.situation import read
from moms.outages import Kind, State, Status
from moms.outages.lifecycle import Verb
from moms.values import SYSTEM, Actor, Role
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from datetime import datetime

    from moms.desk.restudy import Restudied
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.store.book import PostgresBook

UNTIL = START + 5 * DAY
CLOSE = NOW + 7 * DAY
ROOM = Actor(name="rae", organisation="operator", role=Role.CONTROL_ROOM)


def granted(book: PostgresBook, world: World, *assets: str, days: float = 1) -> dict[str, Outage]:
    """File requests and decide them; give those that were granted, by equipment."""
    found = {}
    for k, asset in enumerate(assets):
        at = NOW + timedelta(minutes=k)
        filed = submit.submit(book=book, world=world, actor=OWNER, now=at, request=ask(asset, days=days))
        assert filed.outage is not None, filed.findings
        answer = settle.decide(book=book, world=world, now=at, outage_id=filed.outage.id, asked_by=SYSTEM)
        assert answer.outage is not None
        if answer.outage.holds:
            found[asset] = answer.outage
    return found


def lost(book: PostgresBook, world: World, asset: str, *, at: datetime) -> Outage:
    """Report a branch that failed and stays out past all windows."""
    request = ask(asset, start=at, days=20, kind=Kind.FORCED)
    filed = submit.submit(book=book, world=world, actor=ROOM, now=at, request=replace(request, contacts=()))
    assert filed.outage is not None, filed.findings
    settle.decide(book=book, world=world, now=at, outage_id=filed.outage.id, asked_by=SYSTEM)
    with book.as_(SYSTEM) as page:
        return page.outage(filed.outage.id)


def again(book: PostgresBook, world: World, *, remedies: int = 9) -> Restudied:
    return restudy(book=book, world=world, now=CLOSE + DAY / 24, until=UNTIL, remedies=remedies)


def alone(book: PostgresBook, world: World, outage: Outage) -> bool:
    """Tell whether an outage causes nothing beside all others that stand, by the study of one request."""
    now = CLOSE + DAY / 24
    with book.as_(SYSTEM) as page:
        there = read(page, outage, window=outage.window, now=now)
    found = secure(world, outage, there.holding, book="book", window=outage.window, now=now).security
    return not found.crossings and not found.cut_off


def a_loss_that_hurts(book: PostgresBook, world: World, those: dict[str, Outage]) -> str:
    """Find a branch whose loss leaves the standing outages insecure, and one of them secure."""
    for row in range(1, len(world.grid.network.branches) + 1):
        name = f"branch:{row}"
        if name in those:
            continue
        out = replace(next(iter(those.values())), id="lost", request=replace(ask(name), assets=(name,)))
        clean = []
        for one in those.values():
            others = [o for o in those.values() if o.id != one.id]
            seen = secure(world, one, (*others, out), book="book", window=one.window, now=CLOSE).security
            clean.append(not seen.crossings and not seen.cut_off)
        if not all(clean) and any(clean):
            return name
    pytest.fail("no loss hurts some of them only: this world shows nothing")


def test_what_stands_is_left_alone_until_a_branch_fails(book: PostgresBook) -> None:
    world = a_world(slack=0.9)
    those = granted(book, world, *(f"branch:{k}" for k in (2, 7, 15, 27, 45, 33)))
    assert len(those) >= 3
    before = again(book, world)
    assert before.found.secure
    assert before.at_risk == ()
    assert set(before.granted) == {o.id for o in those.values()}
    failed = lost(book, world, a_loss_that_hurts(book, world, those), at=CLOSE)
    after = again(book, world)
    assert failed.id in after.out_now
    assert not after.found.secure
    assert after.found.missing == ()
    named = {one.outage.id for one in after.at_risk}
    dirty = {o.id for o in those.values() if not alone(book, world, o)}
    assert dirty, "the loss hurts none of them: this shows nothing"
    # Whoever causes something beside all the rest is part of a set that was found, himself or with others.
    together = {name for one in after.at_risk for name in (one.outage.id, *one.beside)}
    assert named == together
    assert dirty & named
    assert named < {o.id for o in those.values()}, "an outage that has no part in it is named"


def test_each_set_needs_every_one_of_its_members(book: PostgresBook) -> None:
    world = a_world(slack=0.9)
    those = granted(book, world, *(f"branch:{k}" for k in (2, 7, 15, 27, 45, 33)))
    failed = lost(book, world, a_loss_that_hurts(book, world, those), at=CLOSE)
    by_id = {o.id: o for o in those.values()}
    for one in again(book, world).found.insecure:
        assert one.minimal
        members = [by_id[name] for name in one.outages]
        assert _causes(world, members, failed)
        for member in members:
            rest = [m for m in members if m.id != member.id]
            assert not rest or not _causes(world, rest, failed, label=one.at)


def _causes(world: World, some: list[Outage], failed: Outage, label: str | None = None) -> bool:
    """Tell whether outages cause something as one request beside what failed, at a point or anywhere."""
    first, *group = some
    now = CLOSE + DAY / 24
    found = secure(world, first, (failed,), book="book", window=first.window, now=now, group=group)
    if label is None:
        return bool(found.security.crossings or found.security.cut_off)
    at = {row.hour for row in found.result.violation_rows() if row.caused != "old"}
    return label in at | {row.hour for row in found.result.base_rows()}


def test_what_no_remedy_holds_is_put_at_risk_once_and_the_rest_stays(book: PostgresBook) -> None:
    world = a_world(slack=0.9)
    those = granted(book, world, *(f"branch:{k}" for k in (2, 7, 15, 27, 45, 33)))
    lost(book, world, a_loss_that_hurts(book, world, those), at=CLOSE)
    found, now = again(book, world), CLOSE + DAY / 24
    held = {one.outage.id for one in found.at_risk if one.held}
    assert found.stands == (len(held) == len(found.at_risk))
    for one in found.at_risk:
        assert one.remedy is not None
        assert one.remedy.says
    done = mark(book=book, world=world, now=now, found=found, why="line lost")
    assert set(done) == {one.outage.id for one in found.at_risk} - held
    with book.as_(SYSTEM) as page:
        for outage in those.values():
            there = page.outage(outage.id)
            assert (there.status == Status.AT_RISK) == (outage.id in done)
            assert there.state == State.DECIDED
        for name in done:
            assert "line lost: " in page.history(name)[-1].reason
    assert mark(book=book, world=world, now=now, found=again(book, world), why="line lost") == ()


def test_what_is_back_puts_nobody_at_risk(book: PostgresBook) -> None:
    world = a_world(slack=0.9)
    those = granted(book, world, *(f"branch:{k}" for k in (2, 7, 15, 27, 45, 33)))
    failed = lost(book, world, a_loss_that_hurts(book, world, those), at=CLOSE)
    assert again(book, world, remedies=0).at_risk
    step(book=book, world=world, actor=ROOM, now=CLOSE + DAY / 48, outage_id=failed.id, verb=Verb.END)
    assert again(book, world).found.secure


def test_the_remedy_is_asked_for_the_first_only_as_far_as_told(book: PostgresBook) -> None:
    world = a_world(slack=0.9)
    those = granted(book, world, *(f"branch:{k}" for k in (2, 7, 15, 27, 45, 33)))
    lost(book, world, a_loss_that_hurts(book, world, those), at=CLOSE)
    found = again(book, world, remedies=0)
    assert found.at_risk
    assert all(one.remedy is None for one in found.at_risk)
    assert not found.stands
    done = mark(book=book, world=world, now=CLOSE + DAY / 24, found=found, why="line lost")
    assert set(done) == {one.outage.id for one in found.at_risk}, "what nobody has asked about does not hold"


def test_an_empty_book_and_spans_that_cannot_be(book: PostgresBook) -> None:
    world = a_world()
    found = again(book, world)
    assert (found.granted, found.at_risk, found.found.secure) == ((), (), True)
    for days in (0, -3, 401):
        with pytest.raises(NotASpan, match="days"):
            span_of(NOW, days)


def test_the_same_twice_gives_the_same(book: PostgresBook) -> None:
    world = a_world(slack=0.9)
    those = granted(book, world, *(f"branch:{k}" for k in (2, 7, 15, 27)))
    lost(book, world, a_loss_that_hurts(book, world, those), at=CLOSE)
    with book.as_(ENGINEER) as page:
        version = page.version()
    assert again(book, world, remedies=2) == again(book, world, remedies=2)
    with book.as_(ENGINEER) as page:
        assert page.version() == version, "nothing is written"
        assert len(page.find(Search(holding=True))) == len(those) + 1
