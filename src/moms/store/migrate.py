"""Bring a database to the shape that this program needs: roles, schema, steps, lifecycle.

Works as a superuser (the embedded server) and as an ordinary login that may create roles or finds
them made. Steps run as `moms_owner`, who owns everything and logs in nowhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from moms.outages.lifecycle import FIRST, STATE_PAIRS
from moms.store.tables import lifecycle_move
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Engine

HEAD = "0017"
"""The last step. Known without reading the steps, so that a start with nothing to do is quick."""
OWNER, APP, READER = "moms_owner", "moms_app", "moms_reader"
LOCK = 0x6D6F6D73
"""Number of the advisory lock that lets one process migrate at a time ("moms")."""

OF_THE_OPERATOR = {"organisation": "operator", "classification": "public", "revision": 1}
ROLES_BY_HAND = " ".join(
    f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;" for role in (OWNER, APP, READER)
)


def lifecycle() -> frozenset[tuple[str | None, str]]:
    """Give the states that may follow each other, None before the first, from the one table in `outages`."""
    first = {(None, state.value) for state in FIRST}
    return frozenset(first | {(before.value, after.value) for before, after in STATE_PAIRS})


class CannotMigrate(Refused):
    """The login may not do what a step needs, or the database is newer than the program."""


def migrate(engine: Engine, *, moves: Iterable[tuple[str | None, str]]) -> bool:
    """Run the steps that are missing and load the lifecycle; tell whether anything changed.

    `moves` are the pairs of states that may follow each other, None first for a new outage; without
    any pair that begins with None, an outage may begin in any state.

    Raises:
        CannotMigrate: the login lacks a right, or the database was made by a later program.
    """
    wanted = {(before or "", after) for before, after in moves}
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        try:
            found = step_of(connection)
            connection.rollback()
            if found is not None and found > HEAD:
                raise CannotMigrate(
                    f"the database is at step {found}, this program knows steps up to {HEAD}",
                    field="MOMS_DATABASE_URL",
                    fix="use the program that made it, or a later one",
                )
            if found != HEAD:
                _prepare(connection)
                _climb(connection)
            return _load(connection, wanted) or found != HEAD
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
            connection.commit()


def step_of(connection: Connection) -> str | None:
    """Give the step the database is at, or None where it is empty."""
    try:
        found = connection.execute(text("SELECT to_regclass('moms.migration')")).scalar()
        return None if found is None else connection.execute(text("SELECT version_num FROM moms.migration")).scalar()
    except ProgrammingError as why:
        raise CannotMigrate(
            "this login may not see the schema moms", field="MOMS_DATABASE_URL", fix=f"GRANT {APP} TO the login"
        ) from why


def fits(connection: Connection) -> bool:
    """Tell whether this program may run on a database: at its own step, or at a later one that says that it may."""
    found = step_of(connection)
    if found is None or found <= HEAD:
        return found == HEAD
    oldest: str = connection.execute(text("SELECT moms.oldest_program()")).scalar_one()
    return oldest <= HEAD


def _prepare(connection: Connection) -> None:
    """Make roles, schema and extensions where they are missing."""
    try:
        with connection.begin():
            there = set(connection.scalars(text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'moms\\_%'")))
            for role in (OWNER, APP, READER):
                if role not in there:
                    connection.execute(
                        text(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB")
                    )
            if not connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
                member = connection.scalar(text("SELECT pg_has_role(current_user, :owner, 'MEMBER')"), {"owner": OWNER})
                if not member:
                    connection.execute(text(f"GRANT {OWNER} TO CURRENT_USER"))
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS moms AUTHORIZATION {OWNER}"))
            for extension in ("btree_gist", "pg_trgm"):
                connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
    except DBAPIError as why:
        raise CannotMigrate(
            f"the database cannot be prepared: {str(why.orig).splitlines()[0]}",
            field="MOMS_MIGRATE_URL",
            fix=f"let a superuser run once: {ROLES_BY_HAND} GRANT {OWNER} TO the login;"
            " ALTER DATABASE the database OWNER TO the login",
        ) from why


def _climb(connection: Connection, *, to: str = "head") -> None:
    """Run the missing steps up to one in one transaction, as the owner."""
    # Half a second of imports that a start with nothing to do should not pay.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with connection.begin():
        connection.execute(text(f"SET LOCAL ROLE {OWNER}"))
        connection.execute(text("SET LOCAL search_path = moms, public"))
        command.upgrade(config, to)


def _load(connection: Connection, wanted: set[tuple[str, str]]) -> bool:
    """Make the lifecycle table equal to the code's; tell whether it was not."""
    with connection.begin():
        connection.execute(
            text("SELECT set_config('moms.organisation', 'operator', true), set_config('moms.role', 'system', true)")
        )
        rows = connection.execute(select(lifecycle_move.c.from_state, lifecycle_move.c.to_state))
        found = {(before, after) for before, after in rows}
        if found == wanted:
            return False
        connection.execute(text(f"SET LOCAL ROLE {OWNER}"))
        connection.execute(lifecycle_move.delete())
        if wanted:
            connection.execute(
                lifecycle_move.insert(),
                [{**OF_THE_OPERATOR, "from_state": before, "to_state": after} for before, after in sorted(wanted)],
            )
        return True
