"""Connections that are dead are not handed out, and those that live are not asked each time whether they do."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import event as hooks
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as WaitedTooLong
from sqlalchemy.pool import QueuePool

from moms.desk.ports import DatabaseAway, DatabaseFull

if TYPE_CHECKING:
    from sqlalchemy import Engine, ExceptionContext
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

SURE_S = 5.0
"""A connection that rested longer may have been cut on the way without a word: it is asked."""
RESTED = "moms.rested_since"
ENDING = ("08", "57P", "53300")
"""How the codes begin by which a server says that it ends, starts, or takes nobody more."""
FULL = ("53100", "53200")
"""Disk and memory: the server lives, and has no room for this."""


class Pool(QueuePool):
    """Connections kept; who waits too long for one is told so in the desk's words."""

    def connect(self) -> PoolProxiedConnection:
        """Give a connection.

        Raises:
            DatabaseAway: all are taken, and none came back while this one waited.
        """
        try:
            return super().connect()
        except WaitedTooLong as why:
            raise away("all connections to the database are taken just now") from why


def only_living(engine: Engine) -> Engine:
    """Let an engine's pool hand out connections that live; a dead one is made anew.

    A server that ends says so or closes the socket, and both can be seen without asking.
    """

    def rested(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info[RESTED] = time.monotonic()

    def wanted(
        connection: psycopg.Connection[object], entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        since = entry.info.get(RESTED)
        if since is None or (time.monotonic() - since < SURE_S and not has_spoken(connection)):
            return
        try:
            alive = engine.dialect.do_ping(connection)  # type: ignore[arg-type]  # the driver's own connection
        except psycopg.Error:
            alive = False
        if not alive:
            raise DisconnectionError

    hooks.listen(engine, "checkin", rested)
    hooks.listen(engine, "checkout", wanted)
    return engine


def has_spoken(connection: psycopg.Connection[object]) -> bool:
    """Tell whether there is something to be read from a connection that nobody has asked anything."""
    if connection.closed:
        return True
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


def say_away(engine: Engine) -> Engine:
    """Let an engine say `DatabaseAway` where its server ended or cannot be reached, `DatabaseFull` where it is full."""

    def heard(found: ExceptionContext) -> None:
        why = found.original_exception
        never_there = found.connection is None and isinstance(why, psycopg.OperationalError)
        state = str(getattr(why, "sqlstate", None))
        if state in FULL:
            raise DatabaseFull(
                "the database has no room left, and nothing of this was written",
                fix="whoever runs this service has to give it room; then ask the same again, under the same key",
            ) from why
        if found.is_disconnect or never_there or state.startswith(ENDING):
            raise away() from why

    hooks.listen(engine, "handle_error", heard)
    return engine


def away(says: str = "the database does not answer just now") -> DatabaseAway:
    """Say that the database does not answer, and no word of what it is or where."""
    return DatabaseAway(says, fix="ask the same again shortly, under the same key")
