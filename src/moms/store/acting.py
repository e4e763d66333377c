"""For whom a transaction acts: the database's own guards go by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, true

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from moms.values import Actor

LOCK_WAIT = "20s"
IDLE_LIMIT = "600s"
"""A page left open longer than this is rolled back by the server: it may hold the book."""


def act_as(connection: Connection, actor: Actor) -> None:
    """Say for whom this transaction acts; at its end the database has forgotten."""
    settings = {
        "moms.organisation": actor.organisation,
        "moms.role": actor.role.value,
        "moms.actor": actor.name,
        "lock_timeout": LOCK_WAIT,
        "idle_in_transaction_session_timeout": IDLE_LIMIT,
    }
    of_transaction = true()
    connection.execute(select(*(func.set_config(name, value, of_transaction) for name, value in settings.items())))
