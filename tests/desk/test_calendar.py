"""The calendar says free only where the full decision would approve now, and what it proves the study finds too."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.desk import settle, submit
from moms.desk.calendar import NotOnTheBoard, calendar
from moms.desk.windows import FREE, NOT, STUDY, NoSpan, windows
from moms.values import SYSTEM
from moms.wiring.pool import mapped
from tests.desk.test_flow import through
from tests.desk.test_windows import TEMPLATE
from tests.desk.worlds import DAY, NOW, OWNER, a_world, ask

if TYPE_CHECKING:
    from moms.desk.world import World
    from moms.store.book import PostgresBook

FIRST = date(2027, 2, 8)
LAST = FIRST + timedelta(days=3)


def with_book(book: PostgresBook, *, seed: int, slack: float) -> World:
    """Put some outages on the book: approved, and one that waits."""
    decision = replace(a_world().rules.decision, search_days=0)
    world = a_world(seed=seed, slack=slack, template=TEMPLATE, decision=decision)
    through(book, world, ask("branch:20", days=2, start=NOW + 8 * DAY))
    submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=ask("branch:11", days=1, start=NOW + 9 * DAY))
    return world


def branches(world: World) -> tuple[str, ...]:
    return tuple(f"branch:{k + 1}" for k in range(len(world.grid.network.branches)))


@pytest.mark.parametrize(("seed", "slack"), [(0, 0.8), (1, 1.1), (2, 2.0)])
def test_a_free_cell_is_one_the_decision_approves(book: PostgresBook, seed: int, slack: float) -> None:
    world = with_book(book, seed=seed, slack=slack)
    found = calendar(book=book, world=world, now=NOW, assets=branches(world), first=FIRST, last=LAST)
    free = [(row.asset, cell) for row in found.rows for cell in row.days if cell.state == FREE]
    assert free
    assert sum(found.share(s) for s in (FREE, STUDY, NOT)) == pytest.approx(1.0)
    for k in np.random.default_rng(seed).permutation(len(free))[:12].tolist():
        asset, cell = free[k]
        outcome, record = decided(book, world, asset, cell.day)
        assert outcome == "approve", (asset, cell, record["says"])


def decided(book: PostgresBook, world: World, asset: str, day: date) -> tuple[str, dict[str, object]]:
    """Decide on a day without writing anything."""
    window = windows(book=book, world=world, now=NOW, assets=(asset,), days=1, first=day, last=day).starts[0].window
    request = replace(ask(asset), window=window, external_id=f"{asset} {day}")
    filed = submit.preview(book=book, world=world, actor=OWNER, now=NOW, request=request)
    assert filed.outage is not None
    seen = settle.decide(
        book=book, world=world, now=NOW, outage_id="", asked_by=SYSTEM, preview=True, unfiled=filed.outage
    )
    assert seen.record is not None
    return str(seen.record["outcome"]), seen.record


@pytest.mark.parametrize(("seed", "slack"), [(2, 1.0), (4, 1.5)])
def test_a_cell_that_is_not_free_is_not_free_in_windows_without_a_redispatch(
    book: PostgresBook, seed: int, slack: float
) -> None:
    """Windows may free it by a redispatch, on that condition; else both say no, and the same on what blocks."""
    world = with_book(book, seed=seed, slack=slack)
    found = calendar(book=book, world=world, now=NOW, assets=branches(world)[:24], first=FIRST, last=FIRST)
    said: Counter[tuple[str, str]] = Counter()
    for row in found.rows:
        seen = windows(book=book, world=world, now=NOW, assets=(row.asset,), days=1, first=FIRST, last=FIRST).starts[0]
        if any("redispatch" in condition for condition in seen.conditions):
            assert row.days[0].state == STUDY
            continue
        said[row.days[0].state, seen.state] += 1
        assert (row.days[0].state == FREE) == (seen.state == FREE), (row, seen)
    assert said[FREE, FREE]


def test_days_taken_by_another_outage_of_the_equipment_are_not_available_and_say_so(book: PostgresBook) -> None:
    world = with_book(book, seed=0, slack=2.0)
    found = calendar(
        book=book, world=world, now=NOW, assets=("branch:20",), first=FIRST, last=FIRST + timedelta(days=4)
    )
    states = {cell.day: cell for cell in found.rows[0].days}
    taken = [c for d, c in states.items() if (NOW + 8 * DAY).date() <= d <= (NOW + 9 * DAY).date()]
    assert taken
    assert all(cell.state == NOT and cell.reason for cell in taken)


def test_the_same_calendar_comes_from_one_process_and_from_two(book: PostgresBook) -> None:
    world = with_book(book, seed=0, slack=0.8)
    asked = {"book": book, "world": world, "now": NOW, "assets": branches(world)[:6], "first": FIRST, "last": LAST}
    alone = calendar(**asked)
    with mapped(cores=2) as each:
        assert calendar(**asked, each=each) == alone


def test_what_the_calendar_does_not_hold_is_refused(book: PostgresBook) -> None:
    world = a_world(template=TEMPLATE)
    with pytest.raises(NotOnTheBoard):
        calendar(book=book, world=world, now=NOW, assets=("gen:2",), first=FIRST, last=LAST)
    with pytest.raises(NoSpan):
        calendar(book=book, world=world, now=NOW, assets=("branch:3",), first=FIRST, last=FIRST - DAY)
