"""The world as it is by now: read from files once, and made again where a change set has landed since.

Whoever keeps a world for long, a server or a worker, keeps the one of the files, and asks here for what it is now. That
costs one small question to the database; the world is put together again only when its answer has changed, or when
a rating begins or ends to hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from moms.desk.changes import Ground
from moms.desk.landed import ours, rules_with, turns_of, world_with
from moms.exchange.drawnfile import read_drawn
from moms.exchange.rulebook import open_rule_book, read_rule_book, rule_document, with_numbers
from moms.values import SYSTEM
from moms.wiring.worlds import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from moms.adequacy import Drawn
    from moms.desk.change_set import ChangeSet
    from moms.desk.ports import Book
    from moms.desk.rulebook import RuleBook
    from moms.desk.world import World
    from moms.wiring.settings import Settings

MOST = 4
"""Worlds that one process keeps: an installation has one, tests have more."""


@dataclass(slots=False, kw_only=True)
class ReadFiles:
    """The files that a world was read from (`desk.landed.Files`), read again when first asked for."""

    chosen: Settings

    @cached_property
    def _document(self) -> Mapping[str, Any]:
        found = rule_document(self.chosen.rule_book)
        return found if isinstance(found, dict) else {}

    def number(self, section: str, field: str) -> Mapping[str, object] | None:
        """Give a number of the rule book's file with its source; None where the file leaves it out."""
        there = self._document.get(section)
        found = there.get(field) if isinstance(there, dict) else None
        return found if isinstance(found, dict) and "value" in found else None

    def rules(
        self, numbers: Mapping[tuple[str, str], Mapping[str, object]], *, name: str, version: int, valid_from: date
    ) -> RuleBook:
        """Give the rule book of the file with other numbers, read whole.

        Raises:
            BadRuleBook: no such number, or not one that it can have.
        """
        head = {"id": name, "version": version, "valid_from": valid_from.isoformat()}
        return read_rule_book({**with_numbers(self._document, numbers), **head}, name=name)

    def drawn(self, grid: str) -> Drawn | None:
        """Give the scenarios that were drawn for a grid of this digest."""
        return read_drawn(self.chosen.home / SCENARIOS, grid=grid)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    base: World
    world: World
    since: datetime
    until: datetime | None


@dataclass(slots=True)
class _Kept:
    worlds: dict[int, _Made] = field(default_factory=dict)

    def keep(self, made: _Made) -> None:
        others = [one for one in self.worlds.items() if one[0] != id(made.base)][1 - MOST :]
        self.worlds = dict([*others, (id(made.base), made)])


KEPT = _Kept()


def ground_of(book: Book, base: World, chosen: Settings) -> Ground:
    """Give what change sets rest on: the book, the world of the files, and the files."""
    return Ground(book=book, base=base, files=ReadFiles(chosen=chosen))


def current(book: Book, base: World, chosen: Settings, *, now: datetime) -> World:
    """Give the world of the files with all that has landed by now.

    Raises:
        OtherGrid: what landed is about equipment that the grid no longer has there.
    """
    landed, there = book.landed(), KEPT.worlds.get(id(base))
    if there is not None and there.world.landed == landed and _holds(there, now):
        return there.world
    landings: Sequence[ChangeSet] = ()
    if landed:
        with book.as_(SYSTEM) as page:
            landings = page.change_sets(landed_after=0)
    sets = ours(landings, base)
    newest = max((s.landing or 0 for s in landings), default=0)
    world = world_with(base, sets, files=ReadFiles(chosen=chosen), now=now, landed=newest)
    ahead = turns_of([e for s in sets for e in s.edits], now=now)[1:]
    KEPT.keep(_Made(base=base, world=world, since=now, until=ahead[0] if ahead else None))
    return world


def _holds(made: _Made, now: datetime) -> bool:
    return made.since <= now and (made.until is None or now < made.until)


def current_rules(book: Book, chosen: Settings, *, now: datetime) -> RuleBook:
    """Give the rule book by now, without the grid."""
    base = open_rule_book(chosen.rule_book)
    with book.as_(SYSTEM) as page:
        landings = page.change_sets(landed_after=0)
    return rules_with(base, landings, None, files=ReadFiles(chosen=chosen), now=now)
