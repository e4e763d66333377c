"""What a season plan rests on, and the mark by which it is seen whether that is still so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.desk.order import also_named
from moms.desk.rates import rated_by
from moms.desk.rounds import read_season
from moms.values import digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from moms.desk.ports import Book
    from moms.desk.world import World
    from moms.outages import Outage


@dataclass(frozen=True, slots=True, kw_only=True)
class RestsOn:
    """What a plan of some days rests on: while the mark is the same it holds, though the book has gone on elsewhere."""

    mark: str
    pending: Sequence[Outage]
    holding: Sequence[Outage]
    also: Sequence[Outage]
    """What those that wait have to follow besides."""


def read_what(*, book: Book, world: World, first: date, last: date) -> RestsOn:
    """Read what a plan of some days rests on now."""
    _, pending, holding = read_season(book, first, last)
    also = also_named(book, pending, holding)
    rows = [[o.id, o.revision] for o in (*pending, *holding, *also)]
    mark = digest([rows, ground_of(book, world)])
    return RestsOn(mark=mark, pending=pending, holding=holding, also=also)


def ground_of(book: Book, world: World) -> list[object]:
    """Give what tells one world from another: grid, rule book, what has landed on them, and the outage rates kept."""
    rates = rated_by(book, world).rates
    return [world.grid.digest, world.rules.name, book.landed(), None if rates is None else rates.id]


__all__ = ["RestsOn", "ground_of", "read_what"]
