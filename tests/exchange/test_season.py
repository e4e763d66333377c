"""The season books: what is in them, that it enters a book once, and that it keeps what it promises."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.desk import settle, submit
from moms.desk.answer import outage_id
from moms.desk.ports import Search
from moms.desk.season import NotEmpty, enter
from moms.desk.situation import Situation
from moms.exchange.grids import open_grid
from moms.exchange.season import NotASeason, bundled, bundled_names, read, save
from moms.outages.lifecycle import Verb, begin, move
from moms.values import SYSTEM, Actor, Role
from moms.wiring.worlds import open_world
from tests.desk.worlds import NOW, OWNER, a_world, ask
from tests.postgres import book, database, servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from moms.desk.season import Entry
    from moms.outages import Outage
    from moms.store.book import PostgresBook

__all__ = ["book", "database", "servers"]


EVERY = pytest.mark.parametrize("name", bundled_names())
AGAIN, SHORT_H = 2, 48
"""Outages of each season that are decided again, and for how many hours at most: more would cost minutes."""


@EVERY
def test_a_season_comes_back_as_it_was_written(name: str, tmp_path: Path) -> None:
    season = bundled(name)
    save(season, tmp_path / "again.json.xz")
    again = read((tmp_path / "again.json.xz").read_bytes())
    assert again == season
    with pytest.raises(NotASeason):
        read((tmp_path / "again.json.xz").read_bytes()[:-20])


@EVERY
def test_every_outage_of_it_was_granted_on_this_very_grid(name: str) -> None:
    season = bundled(name)
    assert season.name == name
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


def test_two_seasons_never_mix(book: PostgresBook) -> None:
    season = bundled("starter")
    assert enter(book=book, entries=season.entries[::2], rule_book=season.rule_book) == len(season.entries[::2])
    with pytest.raises(NotEmpty):
        enter(book=book, entries=season.entries, rule_book=season.rule_book)
    with book.as_(SYSTEM) as page:
        assert len(page.find(Search())) == len(season.entries[::2])


@EVERY
def test_some_are_granted_again_on_the_book_that_they_were_asked_on(name: str, tmp_path: Path) -> None:
    """The engine as it is now says of some, drawn at random, what the season says it said when it was built."""
    season = bundled(name)
    world = open_world(grid="miso", rule_book="miso-demo-1", home=tmp_path)
    assert world.rules.name == season.rule_book
    short = [k for k, entry in enumerate(season.entries) if entry.request.window.hours <= SHORT_H]
    for k in np.random.default_rng(5).choice(short, AGAIN, replace=False).tolist():
        entry = season.entries[k]
        before = [stands(e) for e in season.entries[:k] if e.request.window.overlaps(entry.request.window)]
        situation = Situation(outage=asked(entry), holding=tuple(before), queue=(), version=0)
        found = settle.think(world=world, situation=situation, now=entry.stamp, book=NoStorms(), search=False)
        assert found.record is not None
        assert found.record["outcome"] == entry.record["outcome"], entry.request.external_id


def asked(entry: Entry) -> Outage:
    owner = Actor(name=entry.requester, organisation=entry.request.organisation, role=Role.OWNER)
    key = outage_id(entry.request.organisation, entry.request.external_id)
    filed = replace(begin(entry.request, outage_id=key, actor=owner, now=entry.stamp), findings=entry.findings)
    return move(filed, verb=Verb.VALIDATE, actor=SYSTEM, now=entry.stamp)


def stands(entry: Entry) -> Outage:
    return move(
        asked(entry), verb=entry.verb, actor=SYSTEM, now=entry.stamp, decision_id=str(entry.record["id"]),
        conditions=entry.conditions, system_may=True,
    )  # fmt: skip


class NoStorms:
    """A book of which a decision asks only whether a storm is forecast."""

    @contextmanager
    def as_(self, _actor: Actor) -> Iterator[NoStorms]:
        yield self

    def entries(self, _register: str, *, last: int) -> list[object]:
        return [][:last]


def test_a_book_with_outages_of_its_own_is_left_alone(book: PostgresBook) -> None:
    submit.submit(book=book, world=a_world(), actor=OWNER, now=NOW, request=ask())
    season = bundled("starter")
    with pytest.raises(NotEmpty):
        enter(book=book, entries=season.entries, rule_book=season.rule_book)
    with book.as_(SYSTEM) as page:
        assert len(page.find(Search())) == 1
