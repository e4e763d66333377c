"""The starter book: what is in it, that it enters a book once, and that it keeps what it promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from moms.desk import submit
from moms.desk.ports import Search
from moms.desk.season import NotEmpty, enter
from moms.exchange.grids import open_grid
from moms.exchange.season import NotASeason, bundled, read, save
from moms.values import SYSTEM
from tests.desk.worlds import NOW, OWNER, a_world, ask
from tests.postgres import book, database, servers

if TYPE_CHECKING:
    from pathlib import Path

    from moms.store.book import PostgresBook

__all__ = ["book", "database", "servers"]


def test_the_starter_book_comes_back_as_it_was_written(tmp_path: Path) -> None:
    season = bundled("starter")
    save(season, tmp_path / "again.json.xz")
    again = read((tmp_path / "again.json.xz").read_bytes())
    assert again == season
    with pytest.raises(NotASeason):
        read((tmp_path / "again.json.xz").read_bytes()[:-20])


def test_every_outage_of_it_was_granted_on_this_very_grid() -> None:
    season = bundled("starter")
    assert season.made["grid"] == open_grid("miso").digest, "the grid has changed: build the season again"
    assert season.made["counts"]["approve"] + season.made["counts"].get("accept", 0) == len(season.entries)
    for entry in season.entries:
        assert entry.record["outcome"] in {"approve", "accept"}
        assert entry.stamp < season.clock
        assert entry.request.window.start > season.clock


def test_it_enters_an_empty_book_once_and_never_mixes_with_another(book: PostgresBook) -> None:
    season = bundled("starter")
    assert enter(book=book, entries=season.entries, rule_book=season.rule_book) == len(season.entries)
    assert enter(book=book, entries=season.entries, rule_book=season.rule_book) == 0
    with book.as_(SYSTEM) as page:
        found = page.find(Search(holding=True))
        assert len(found) == len(season.entries)
        first = found[0]
        assert page.decision(first.decision_id)["outage"] == first.id


def test_a_book_with_outages_of_its_own_is_left_alone(book: PostgresBook) -> None:
    submit.submit(book=book, world=a_world(), actor=OWNER, now=NOW, request=ask())
    season = bundled("starter")
    with pytest.raises(NotEmpty):
        enter(book=book, entries=season.entries, rule_book=season.rule_book)
    with book.as_(SYSTEM) as page:
        assert len(page.find(Search())) == 1
