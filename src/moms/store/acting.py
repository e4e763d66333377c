"""For whom a transaction acts: the database's own guards go by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from moms.values import Actor

LOCK_WAIT = "20s"
IDLE_LIMIT = "600s"
"""A page left open longer than this is rolled back by the server: it may hold the book."""
SETTINGS = (
    "set_config('moms.organisation', :organisation, true), set_config('moms.role', :role, true),"
    " set_config('moms.actor', :actor, true), set_config('lock_timeout', :lock_wait, true),"
    " set_config('idle_in_transaction_session_timeout', :idle_limit, true)"
)
ACT = text(f"SELECT {SETTINGS}")
SOON = text(f"SELECT {SETTINGS}, set_config('synchronous_commit', 'off', true)")
"""The same, and nobody waits at the end until it is on the disk."""
OPEN = text("SELECT moms.opened(:organisation, :role, :actor, :lock_wait, :idle_limit)")
"""Written once: each transaction begins with one of them."""


def act_as(connection: Connection, actor: Actor, *, soon: bool = False) -> None:
    """Say for whom this transaction acts; at its end the database has forgotten.

    With `soon` its end is not waited for until it is on the disk: only for what nobody misses if the machine fails
    at once. It is there before whatever is committed after it, also on the disk.
    """
    connection.execute(SOON if soon else ACT, _words(actor))


def open_as(connection: Connection, actor: Actor) -> int:
    """Say for whom this transaction acts, and give the version that the book had then, in one word."""
    version: int = connection.execute(OPEN, _words(actor)).scalar_one()
    return version


def _words(actor: Actor) -> dict[str, str]:
    return {
        "organisation": actor.organisation, "role": actor.role.value, "actor": actor.name, "lock_wait": LOCK_WAIT,
        "idle_limit": IDLE_LIMIT,
    }  # fmt: skip
