"""Change sets at a desk on a real book: a small world whose rule book is that of the file."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moms.desk import changes, merging
from moms.desk.change_set import ChangeSet, Table
from moms.desk.changes import Ground, Wanted
from moms.exchange.rulebook import open_rule_book
from moms.values import Actor, Role
from moms.wiring.landed import ReadFiles
from moms.wiring.settings import Settings
from tests.desk.worlds import ENGINEER, NOW, OWNER, a_world

if TYPE_CHECKING:
    from moms.desk.ports import Book
    from moms.desk.world import World

RULES = "miso-demo-1"
ADMIN = Actor(name="adm", organisation="operator", role=Role.ADMINISTRATOR)
SECOND = Actor(name="zoe", organisation="operator", role=Role.ENGINEER)
_key = itertools.count(1)


def chosen(actor: Actor = ENGINEER, now: datetime = NOW, home: Path = Path("/nowhere")) -> Settings:
    return Settings(home=home, actor=actor, now=now, simulated=True, grid="", rule_book=RULES, fixed=True)


def base_world(*, slack: float = 2.0, **rules: Any) -> World:
    """Give the small world under the rule book of the file; keywords replace parts of the file's decision rules."""
    book = open_rule_book(RULES)
    return replace(a_world(slack=slack), rules=replace(book, decision=replace(book.decision, search_days=3, **rules)))


def asset(row: str, column: str, value: object, **more: str) -> Wanted:
    return Wanted(table=Table.ASSET, row=row, column=column, value=value, **more)


def rule(section: str, field: str, value: object, source: str = "a test") -> Wanted:
    return Wanted(table=Table.RULES, row=section, column=field, value=value, source=source)


def outage(row: str, column: str, value: object) -> Wanted:
    return Wanted(table=Table.OUTAGE, row=row, column=column, value=value)


@dataclass
class Changing:
    """Steps of change sets with what tests do not care about filled in."""

    ground: Ground

    @classmethod
    def on(cls, book: Book, base: World | None = None) -> Changing:
        return cls(Ground(book=book, base=base or base_world(), files=ReadFiles(chosen=chosen())))

    def opened(self, *wanted: Wanted, actor: Actor = ENGINEER, now: datetime = NOW) -> ChangeSet:
        """Open one and put edits in it."""
        made = changes.open_set(
            ground=self.ground, actor=actor, now=now, key=f"k{next(_key)}", title="a test", reason="to see"
        )
        return self.edited(made, *wanted, actor=actor, now=now) if wanted else made

    def edited(
        self, there: ChangeSet, *wanted: Wanted, actor: Actor = ENGINEER, now: datetime = NOW,
        drop: tuple[tuple[str, str, str], ...] = (),
    ) -> ChangeSet:  # fmt: skip
        return changes.edit(**self._step(there, actor, now), wanted=wanted, drop=drop)

    def rebased(self, there: ChangeSet, *, actor: Actor = ENGINEER, now: datetime = NOW) -> ChangeSet:
        return merging.rebase(**self._step(there, actor, now))

    def merged(self, there: ChangeSet, *, actor: Actor = ENGINEER, now: datetime = NOW) -> merging.Merged:
        return merging.merge(**self._step(there, actor, now))

    def abandoned(self, there: ChangeSet, *, actor: Actor = ENGINEER, now: datetime = NOW) -> ChangeSet:
        return changes.abandon(**self._step(there, actor, now))

    def diff(self, there: ChangeSet, *, actor: Actor = ENGINEER, now: datetime = NOW) -> merging.Diff:
        return merging.diff(ground=self.ground, actor=actor, now=now, name=there.id)

    def world(self, now: datetime = NOW) -> World:
        """Give the world as it is."""
        return changes.main_world(self.ground, changes.all_landed(self.ground), now=now)

    def branch(self, there: ChangeSet, now: datetime = NOW) -> World:
        return changes.branch_world(self.ground, changes.all_landed(self.ground), there, now=now)

    def _step(self, there: ChangeSet, actor: Actor, now: datetime) -> dict[str, Any]:
        return {
            "ground": self.ground, "actor": actor, "now": now, "name": there.id, "revision": there.revision,
            "key": f"k{next(_key)}", "reason": "to see",
        }  # fmt: skip


__all__ = ["ADMIN", "OWNER", "SECOND", "Changing", "asset", "base_world", "chosen", "date", "outage", "rule"]
