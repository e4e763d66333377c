"""A process that dies at a chosen word to its database.

Death is an exception that no code catches, and after it not one more word reaches the database: what is
left is what a killed process leaves, a transaction that the server rolls back, or one that was committed
though nobody was told. The points are before each statement, before each commit, and right after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import event as hooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine, PoolProxiedConnection


class Died(BaseException):
    """The process is gone."""


@dataclass
class Fate:
    """What befalls one process: at its n-th point (0: never) it dies, or the word that it sent gets no answer."""

    at: int = 0
    cut: bool = False
    """The connection breaks, and the process lives on."""
    points: list[str] = field(default_factory=list)
    dead: bool = False
    wrote: bool = False
    """Whether the transaction that is open has written."""

    def statement(self, sql: str) -> None:
        """Come to a statement."""
        self.wrote = self.wrote or sql.lstrip().startswith(("INSERT", "UPDATE"))
        self.point(f"before {sql[:50]}")

    def commit(self, really: Callable[[], None]) -> None:
        """Come to a commit, and past it."""
        self.point("before commit" if self.wrote else "before the end of a look")
        really()
        wrote, self.wrote = self.wrote, False
        self.point("after commit" if wrote else "after the end of a look")

    def point(self, name: str) -> None:
        """Come to a point, and die there if it is the one.

        Raises:
            Died: it is, or was before. psycopg.OperationalError: it is, and only the connection breaks.
        """
        if self.dead:
            raise Died
        self.points.append(name)
        if len(self.points) == self.at:
            self.dead = not self.cut
            raise psycopg.OperationalError("the server closed the connection") if self.cut else Died

    @property
    def writes(self) -> list[int]:
        """The points around each commit of something written."""
        return [at for at, name in enumerate(self.points, start=1) if name in {"before commit", "after commit"}]


@dataclass
class Lives:
    """An engine through which one process after another speaks to its database, each with a fate of its own."""

    engine: Engine
    fate: Fate = field(default_factory=Fate)
    """What befalls the process that lives now."""

    def __post_init__(self) -> None:
        """Let it befall all that goes through the engine."""
        hooks.listen(self.engine, "before_cursor_execute", lambda _c, _cur, sql, *_: self.fate.statement(sql))
        commit = self.engine.dialect.do_commit

        def told(dbapi_connection: PoolProxiedConnection) -> None:
            self.fate.commit(lambda: commit(dbapi_connection))

        self.engine.dialect.do_commit = told  # type: ignore[method-assign]  # this engine's own

    def end(self) -> None:
        """End the process that lives now: one that died takes its connections along."""
        if self.fate.dead:
            self.engine.dispose()
        self.fate = Fate()


def fated(engine: Engine, fate: Fate) -> Engine:
    """Let a fate befall all that goes through an engine."""
    return Lives(engine, fate).engine
