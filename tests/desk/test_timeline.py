"""The timeline names what it shows and says where it was cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from moms.desk import submit
from moms.desk.catalogue import catalogue_of
from moms.desk.timeline import LONGEST_DAYS, TooLong, timeline
from moms.values import Window
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_grid, a_world, ask

CATALOGUE = catalogue_of(a_grid())
ALL = Window(start=START - 30 * DAY, end=START + 60 * DAY)


def filed(book, count):
    for k in range(count):
        request = ask(f"branch:{k + 2}", start=START + k * timedelta(hours=6))
        assert submit.submit(book=book, world=a_world(), actor=OWNER, now=NOW, request=request).outage is not None


def test_the_bars_come_by_start_with_their_equipment_named_once(book):
    filed(book, 5)
    found = timeline(book=book, actor=ENGINEER, catalogue=CATALOGUE, window=ALL)
    assert [bar.window.start for bar in found.bars] == [START + k * timedelta(hours=6) for k in range(5)]
    assert [(known.id, known.name, known.owner) for known in found.assets] == [
        (f"branch:{k + 2}", f"line {k + 2}", "TO-1") for k in range(5)
    ]
    assert not found.cut
    with book.as_(ENGINEER) as page:
        assert found.book_version == page.version() > 0


def test_where_there_are_more_it_gives_the_first_and_says_so(book):
    filed(book, 5)
    found = timeline(book=book, actor=ENGINEER, catalogue=CATALOGUE, window=ALL, most=3)
    assert (len(found.bars), found.cut, len(found.assets)) == (3, True, 3)
    assert not timeline(book=book, actor=ENGINEER, catalogue=CATALOGUE, window=ALL, most=5).cut


def test_another_owner_sees_nothing_of_it(book):
    filed(book, 2)
    other = replace(OWNER, name="bob", organisation="TO-2")
    found = timeline(book=book, actor=other, catalogue=CATALOGUE, window=ALL)
    assert (found.bars, found.assets) == ((), ())


def test_more_days_than_it_shows_are_refused_with_the_fix(book):
    window = Window(start=START, end=START + (LONGEST_DAYS + 1) * DAY)
    with pytest.raises(TooLong, match="1101 days") as refused:
        timeline(book=book, actor=ENGINEER, catalogue=CATALOGUE, window=window)
    assert refused.value.fix == "give at most 1100 days"
