"""The timeline: every outage of some months that an actor may see, beside what its equipment is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.values import Refused

if TYPE_CHECKING:
    from moms.desk.catalogue import Catalogue, Known
    from moms.desk.ports import Bar, Book
    from moms.values import Actor, Window

LONGEST_DAYS = 1100
MOST = 50_000
"""More than a year of the largest operators; an answer of some 10 MB before it is packed."""


class TooLong(Refused):
    """More days than one timeline shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Bars by start, at most `MOST`, and their equipment as far as the grid names it."""

    window: Window
    book_version: int
    bars: tuple[Bar, ...]
    assets: tuple[Known, ...]
    cut: bool
    """Whether there are more, which start later than the last one here."""


def timeline(*, book: Book, actor: Actor, catalogue: Catalogue, window: Window, most: int = MOST) -> Timeline:
    """Give what is out or asked for in a window, as far as this actor may see it.

    An outage lies where it stands in the book; one that is not back in time lies there until it is.

    Raises:
        TooLong: more than `LONGEST_DAYS`.
    """
    if window.hours > LONGEST_DAYS * 24:
        days = f"{window.hours / 24:.0f} days"
        raise TooLong(days, field="to", fix=f"give at most {LONGEST_DAYS} days")
    with book.as_(actor) as page:
        version, found = page.version(), page.bars(window, most=most + 1)
    shown = tuple(found[:most])
    ids = dict.fromkeys(asset for bar in shown for asset in bar.assets)
    return Timeline(window=window, book_version=version, bars=shown, assets=catalogue.named(ids), cut=len(found) > most)
