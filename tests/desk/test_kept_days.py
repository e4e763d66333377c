"""Kept days of the calendar: the same cells as computed now, and never one that a change may have touched."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.desk import operate, submit
from moms.desk.board_day import Seen
from moms.desk.calendar import calendar, keep_day, on_the_board, stale_days
from moms.desk.kept_days import PART, Answer, KeptMark, KeptPart, NotReadable, in_parts, packed, unpacked
from moms.desk.situation import read, read_days
from moms.desk.windows import FREE, day_window, unfiled
from moms.store.calendar import PostgresDays
from moms.values import SYSTEM
from tests.desk.test_calendar import FIRST, with_book
from tests.desk.test_flow import through
from tests.desk.worlds import DAY, NOW, OWNER, ask

if TYPE_CHECKING:
    from moms.desk.world import World
    from moms.store.book import PostgresBook

DAYS = 5
THEN = NOW + timedelta(minutes=1)
"""What was filed at NOW stands before whoever asks then."""
LAST = FIRST + timedelta(days=DAYS - 1)


@pytest.fixture
def kept(book: PostgresBook) -> PostgresDays:
    return PostgresDays(book.engine)


def keep(book: PostgresBook, world: World, kept: PostgresDays) -> None:
    for k in range(DAYS):
        keep_day(book=book, world=world, kept=kept, now=THEN, day=FIRST + timedelta(days=k))


def stale(book: PostgresBook, world: World, kept: PostgresDays, now=THEN) -> list[int]:
    found = stale_days(book=book, world=world, kept=kept, now=now, first=FIRST, days=DAYS)
    return [(one.day - FIRST).days for one in found]


@pytest.mark.parametrize(("seed", "slack"), [(0, 0.8), (2, 1.0), (3, 2.0)])
def test_what_is_kept_gives_the_cells_that_are_computed_now(book, kept, seed, slack):
    world = with_book(book, seed=seed, slack=slack)
    asked = {"book": book, "world": world, "now": THEN, "assets": on_the_board(world), "first": FIRST, "last": LAST}
    computed = calendar(**asked)
    assert calendar(**asked, kept=kept) == computed, "nothing is kept yet"
    keep(book, world, kept)
    later = THEN + timedelta(hours=1)
    found = calendar(**(asked | {"now": later}), kept=kept, kept_only=True)
    assert found.rows == computed.rows
    assert found.points == 0
    assert [(one.day, one.at, one.kept) for one in found.reckoned] == [
        (FIRST + timedelta(days=k), THEN, True) for k in range(DAYS)
    ]
    assert any(cell.state == FREE for row in found.rows for cell in row.days)


def test_a_change_makes_the_days_stale_on_which_it_is_out_and_no_others(book, kept):
    world = with_book(book, seed=0, slack=2.0)
    assert stale(book, world, kept) == [0, 1, 2, 3, 4]
    keep(book, world, kept)
    assert stale(book, world, kept) == []
    granted = through(book, world, ask("branch:15", days=1, start=NOW + 10 * DAY)).outage
    touched = sorted({k for k in range(DAYS) if granted.window.overlaps(day_window(FIRST + timedelta(days=k)))})
    assert touched
    assert stale(book, world, kept) == touched
    some = {"assets": ("branch:3",), "first": FIRST, "last": LAST, "kept": kept, "kept_only": True}
    given_days = {one.day for one in calendar(book=book, world=world, now=THEN, **some).reckoned}
    assert given_days == {FIRST + timedelta(days=k) for k in range(DAYS) if k not in touched}
    mixed = calendar(book=book, world=world, now=THEN, **(some | {"kept_only": False}))
    assert [one.kept for one in mixed.reckoned] == [k not in touched for k in range(DAYS)]
    assert mixed.rows == calendar(book=book, world=world, now=THEN, **(some | {"kept": None, "kept_only": False})).rows
    keep(book, world, kept)
    assert stale(book, world, kept) == []


def test_what_waits_counts_and_so_does_what_is_late_but_a_comment_does_not(book, kept):
    world = with_book(book, seed=0, slack=2.0)
    keep(book, world, kept)
    waits = submit.submit(
        book=book, world=world, actor=OWNER, now=THEN, request=ask("branch:17", days=1, start=NOW + 11 * DAY)
    ).outage
    keep_again = THEN + timedelta(minutes=1)
    touched = stale(book, world, kept, keep_again)
    assert touched
    for k in touched:
        keep_day(book=book, world=world, kept=kept, now=keep_again, day=FIRST + timedelta(days=k))
    told = replace(waits.request, description="the other crew comes")
    operate.change(
        book=book, world=world, actor=OWNER, now=keep_again, outage_id=waits.id, request=told, reason="told us"
    )
    assert stale(book, world, kept, keep_again) == []


def test_other_rules_another_grid_and_another_version_of_moms_make_all_stale(book, kept):
    world = with_book(book, seed=0, slack=2.0)
    keep(book, world, kept)
    others = (
        replace(world, rules=replace(world.rules, study=replace(world.rules.study, watch_share=0.9))),
        replace(world, grid=replace(world.grid, digest="of another")),
        replace(world, versions={**world.versions, "moms": "later"}),
    )
    for other in others:
        assert stale(book, other, kept) == [0, 1, 2, 3, 4]


def test_many_days_are_read_as_each_by_itself(book):
    world = with_book(book, seed=0, slack=2.0)
    through(book, world, ask("branch:15", days=3, start=NOW + 9 * DAY))
    outage = unfiled(world, ("branch:3",), window=day_window(FIRST), now=THEN)
    windows = [day_window(FIRST + timedelta(days=k)) for k in range(-2, DAYS)]
    with book.as_(SYSTEM) as page:
        together = read_days(page, outage, windows, now=THEN)
        assert list(together) == [read(page, outage, window=w, now=THEN) for w in windows]
    assert any(one.holding for one in together)
    assert any(one.queue for one in together)


seen = st.builds(
    Seen, standing=st.integers(0, 5), before=st.booleans(), contingency=st.none() | st.text(max_size=5),
    element=st.none() | st.text(max_size=5), hour=st.none() | st.text(max_size=5),
    cut_by=st.none() | st.text(max_size=5),
    load_mw=st.floats(0, 1e5), generation_mw=st.floats(0, 1e5), critical_load=st.booleans(),
    shortfall_mw=st.floats(0, 1e5),
)  # fmt: skip


@settings(max_examples=50)
@given(
    st.lists(st.tuples(seen, seen), min_size=1, max_size=4), st.booleans(), st.lists(st.text(max_size=4), max_size=2)
)
def test_answers_are_read_back_as_they_were(pairs, beside, missing):
    answers = [Answer(book=a, queue=b if beside else None, missing=tuple(missing), points=27) for a, b in pairs]
    part = KeptPart(day=FIRST, part=0, mark="x", body=packed(answers), book_version=1, computed_at=NOW)
    assert list(unpacked(part)) == answers
    assert packed(answers) == part.body


@pytest.mark.parametrize("body", [b"", b"{}", zlib.compress(b"{}"), zlib.compress(b'{"book":{},"queue":null}')])
def test_a_part_that_was_spoilt_is_refused_by_name(body):
    part = KeptPart(day=FIRST, part=3, mark="x", body=body, book_version=1, computed_at=NOW)
    with pytest.raises(NotReadable, match="part 3"):
        unpacked(part)


def test_a_day_is_whole_or_not_there_and_another_grids_rest_is_no_part_of_it(kept):
    one = Answer(book=Seen(standing=0, before=False), queue=None, missing=(), points=1)
    long = in_parts([one] * (2 * PART + 1), day=FIRST, mark="long", book_version=1, computed_at=NOW)
    assert [part.part for part in long] == [0, 1, 2]
    kept.put(long)
    short = in_parts([one] * PART, day=FIRST, mark="short", book_version=2, computed_at=NOW)
    kept.put(short)
    assert kept.marks(FIRST, LAST) == {FIRST: KeptMark(mark="short", times=2)}
    assert [(part.mark, part.book_version) for part in kept.parts([0], FIRST, FIRST)] == [("short", 2)]
    assert kept.parts([7], FIRST, FIRST) == []
    assert kept.forget(before=FIRST) == 0
    assert kept.forget(before=LAST) == 3
    assert kept.marks(FIRST, LAST) == {}
