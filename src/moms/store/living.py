"""Connections that are dead are not handed out, and those that live are not asked each time whether they do."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import event as hooks
from sqlalchemy.exc import DisconnectionError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

SURE_S = 5.0
"""A connection that rested longer may have been cut on the way without a word: it is asked."""
RESTED = "moms.rested_since"


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
