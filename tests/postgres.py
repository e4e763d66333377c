"""Fresh databases for tests: a real server per run, a template per server, a copy per test.

In another folder's conftest.py: `from tests.postgres import book, database, servers`; then a test that
asks for `book` gets an empty book on a database of its own, as the program's own login. Nothing is
faked: roles, row-level security, constraints and triggers are those of production.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import create_engine

from moms.desk.ports import Event
from moms.outages import Category, Kind, Nature, Outage, Request, State, Status
from moms.store.book import PostgresBook
from moms.store.embedded import ADMIN, Address, Embedded
from moms.store.migrate import lifecycle
from moms.store.place import close_to_others, prepare, url_of
from moms.values import SYSTEM, Actor, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""A test database need not survive a power cut."""
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
ANY_FIRST = frozenset((before, after) for before, after in lifecycle() if before is not None)
"""The lifecycle, but a new outage may be in any state, so that a test need not lead it there."""
_number = itertools.count(1)


@dataclass
class Server:
    """One running server with a migrated template."""

    address: Address
    embedded: Embedded
    templates: set[str] = field(default_factory=set)

    def admin(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Log in as the superuser: what a test of tampering needs, and no program."""
        return psycopg.connect(
            host=self.address.socket_folder,
            port=self.address.port,
            user=ADMIN,
            password=self.address.passwords[ADMIN],
            dbname=database,
            autocommit=True,
        )

    def fresh(self, *, any_first: bool = False) -> Database:
        """Give a new database, copied from a template that is migrated once a run."""
        name, template = f"t{next(_number)}", "template_any_first" if any_first else "template_moms"
        if template not in self.templates:
            prepare(self.address, database=template, moves=ANY_FIRST if any_first else lifecycle())
            self.templates.add(template)
        with self.admin() as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER moms_owner STRATEGY FILE_COPY")
            close_to_others(admin, database=name)
        return Database(server=self, name=name)


@dataclass
class Database:
    """One test's own database."""

    server: Server
    name: str
    engines: list[Engine] = field(default_factory=list)

    def engine(self, login: str = "moms_app") -> Engine:
        """Give an engine of one login."""
        engine = create_engine(url_of(self.server.address, login=login, database=self.name), pool_size=5)
        self.engines.append(engine)
        return engine

    def admin(self) -> psycopg.Connection[tuple[object, ...]]:
        """Log in as the superuser."""
        return self.server.admin(self.name)

    def drop(self) -> None:
        """Remove it."""
        for engine in self.engines:
            engine.dispose()
        with self.server.admin() as admin:
            admin.execute(f"DROP DATABASE {self.name} WITH (FORCE)")


class Servers:
    """The servers of this run, started when first asked for."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.running: dict[str, Server] = {}

    def named(self, name: str) -> Server:
        """Give the server on the programs of the wheel (`wheel`) or of Debian's PostgreSQL 15 (`debian15`)."""
        if name not in self.running:
            env = {k: v for k, v in os.environ.items() if k not in {"MOMS_HOME", "MOMS_DATABASE_URL"}}
            if name == "debian15":
                need_debian_15()
                env["MOMS_POSTGRES_BIN"] = str(DEBIAN_15)
            embedded = Embedded(home=self.base / name, env=env, settings=QUICK)
            address = embedded.start()
            self.running[name] = Server(address=address, embedded=embedded)
        return self.running[name]

    def close(self) -> None:
        """Stop them all."""
        for server in self.running.values():
            server.embedded.close()


def need_debian_15() -> None:
    """Skip where PostgreSQL 15 is not installed; on CI its absence is a failure."""
    if (DEBIAN_15 / "postgres").exists():
        return
    says = f"PostgreSQL 15 is not in {DEBIAN_15}: apt-get install postgresql-15"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(says)
    pytest.skip(says)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Give the servers of this run."""
    base = Path(tempfile.mkdtemp(prefix="moms-test-"))
    base.chmod(0o711)  # as root, the server's own user has to pass through
    found = Servers(base)
    yield found
    found.close()
    shutil.rmtree(base)


@pytest.fixture
def database(servers: Servers) -> Iterator[Database]:
    """Give a database of this test's own on the wheel's server."""
    found = servers.named("wheel").fresh()
    yield found
    found.drop()


@pytest.fixture
def book(database: Database) -> PostgresBook:
    """Give an empty book."""
    return PostgresBook(database.engine())


NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def an_outage(number: int = 1, **changes) -> Outage:
    """Build an outage: approved work on one line, four hours on day `number` of March 2027."""
    day = NOON + timedelta(days=number - 1)
    window = changes.pop("window", Window(start=day, end=day + timedelta(hours=4)))
    asked = {
        "external_id": f"EXT-{number}",
        "organisation": "owner-a",
        "category": Category.TRANSMISSION,
        "kind": Kind.PLANNED,
        "nature": Nature.LINE_MAINTENANCE,
        "assets": ("branch:1",),
        "window": window,
    }
    stands = {"state": State.DECIDED, "status": Status.APPROVED, "stamp": NOON, "filed_at": NOON, "requester": "ann"}
    for name in list(changes):
        if name in Request.__dataclass_fields__ and name != "window":
            asked[name] = changes.pop(name)
    name = changes.pop("id", f"O-{number:04d}")
    return Outage(id=name, request=Request(**asked), window=window, **{**stands, **changes})


def an_event(outage: Outage | str, verb: str = "submit", *, actor: Actor = SYSTEM, **changes) -> Event:
    """Build the event that goes with a change."""
    after = {} if isinstance(outage, str) else {"state": outage.state.value, "revision": outage.revision}
    return Event(
        at=changes.pop("at", NOON),
        actor=actor,
        verb=verb,
        outage_id=outage if isinstance(outage, str) else outage.id,
        reason=changes.pop("reason", "because"),
        rule_book="miso-demo-1",
        before=None,
        after=changes.pop("after", after),
    )
