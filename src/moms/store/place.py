"""Where this installation's database is: open it, ready to use, and close it again.

`MOMS_DATABASE_URL` names a server; without it the embedded one below `MOMS_HOME` is used, started and
migrated as needed.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg
from sqlalchemy import URL, create_engine, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from moms.store import tables
from moms.store.acting import act_as
from moms.store.audit import ANCHORS, now, read_anchors, set_anchor, verify
from moms.store.backup import NotEmpty, restore
from moms.store.book import PostgresBook
from moms.store.embedded import ADMIN, DATABASE, Address, Embedded
from moms.store.living import Pool, away, only_living, say_away
from moms.store.migrate import APP, OWNER, READER, fits, lifecycle, migrate
from moms.store.signing import public_key, signer_of, unsigned
from moms.values import SYSTEM, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from moms.records.journal import Anchor
    from moms.records.verify import Verdict
    from moms.store.backup import Backup


CONNECT_S = 10


class NotReady(Refused):
    """The database that was named cannot be used as it is."""


@dataclass(slots=True, kw_only=True)
class Place:
    """An open database: the book in it, and what has to be closed at the end."""

    home: Path
    engine: Engine
    book: PostgresBook
    embedded: Embedded | None = None
    sign: Callable[[str], str] | None = None
    """What signs the anchors that go into the copy; None: nothing does."""
    migrated: bool = False
    """Whether opening it changed its shape."""
    _closed: bool = field(default=False)

    def close(self) -> None:
        """Anchor the journal and close all connections; the last user of the embedded server stops it."""
        if self._closed:
            return
        self._closed = True
        try:
            # A server that is gone, a full disk or a damaged journal must not keep anybody from leaving:
            # the next close anchors what this one did not, and `moms verify` tells of damage.
            with contextlib.suppress(DBAPIError, OSError, Refused):
                self.anchor()
        finally:
            self.engine.dispose()
            if self.embedded is not None:
                self.embedded.close()

    def anchor(self, *, at: datetime | None = None) -> Anchor | None:
        """Anchor the journal if it grew, in the database and in MOMS_HOME; give the anchor that was made.

        Raises:
            NotAnchored: the journal no longer agrees with its last anchor.
        """
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return set_anchor(self.engine, file=self.anchors, at=at or now(), sign=self.sign)

    def verify(self, *, anchors: Path | None = None, keys: Sequence[Path] = ()) -> Verdict:
        """Examine the whole record, with a copy of the anchors kept elsewhere or the one in MOMS_HOME.

        With `keys`, files of public keys, the copy has also to be signed by one of them up to its end.

        Raises:
            NotAKey: a file holds none.
        """
        copy, known = anchors or self.anchors, [public_key(file) for file in keys]
        found = verify(self.engine, outside=read_anchors(copy))
        if not known:
            return found
        signed, faults = unsigned(copy, known)
        return replace(found, signed=signed, faults=(*found.faults, *faults))

    @property
    def anchors(self) -> Path:
        """The copy of the anchors in MOMS_HOME."""
        return self.home / ANCHORS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def home_of(env: Mapping[str, str]) -> Path:
    """Give the folder that `MOMS_HOME` names, by default `~/.local/share/moms`."""
    named = env.get("MOMS_HOME")
    if named:
        return Path(named).expanduser().absolute()
    base = env.get("XDG_DATA_HOME") or Path(env.get("HOME") or Path.home()) / ".local" / "share"
    return Path(base) / "moms"


def open_place(*, env: Mapping[str, str]) -> Place:
    """Open the database of this installation, ready to use.

    The embedded server is migrated as needed; a named one must have been (`moms migrate`).

    Raises:
        NotReady: the named server does not answer, lacks steps, or logs in with too many rights.
        Refused: whatever keeps the embedded server from starting (`embedded.Embedded.start`).
    """
    named, sign = env.get("MOMS_DATABASE_URL"), signer_of(env)
    if named:
        url = _url_of(named, field="MOMS_DATABASE_URL", env=env)
        return replace(_open_named(url, home=home_of(env), moves=lifecycle()), sign=sign)
    embedded = Embedded(home=home_of(env), env=env)
    try:
        return replace(open_embedded(embedded), sign=sign)
    except BaseException:
        embedded.close()
        raise


def open_embedded(embedded: Embedded) -> Place:
    """Open the database of an embedded server, started and migrated as needed."""
    address = embedded.start()
    migrated = prepare(address, database=DATABASE, moves=lifecycle())
    engine = _engine(url_of(address, login=APP, database=DATABASE), revive=embedded)
    book = PostgresBook(engine)
    return Place(home=embedded.home, engine=say_away(engine), book=book, embedded=embedded, migrated=migrated)


def migrate_named(*, env: Mapping[str, str]) -> bool:
    """Migrate the server that `MOMS_MIGRATE_URL` (or `MOMS_DATABASE_URL`) names; tell whether anything changed."""
    field_name = "MOMS_MIGRATE_URL" if env.get("MOMS_MIGRATE_URL") else "MOMS_DATABASE_URL"
    engine = create_engine(_url_of(env[field_name], field=field_name, env=env), poolclass=NullPool)
    try:
        return migrate(engine, moves=lifecycle())
    except OperationalError as why:
        raise _silent(field_name, why) from why
    finally:
        engine.dispose()


def restore_into(place: Place, file: Path, *, env: Mapping[str, str]) -> tuple[Backup, Verdict]:
    """Put a backup into an open place that is empty.

    Raises:
        NotEmpty: it is not, or holds anchors of another book. NotReady: a named server without `MOMS_MIGRATE_URL`.
        NotABackup, NotWhole: as `backup.restore`.
    """
    if read_anchors(place.anchors):
        says = f"{place.anchors} holds the anchors of another book"
        raise NotEmpty(says, field="MOMS_HOME", fix="restore into a fresh MOMS_HOME")
    engine = create_engine(_owners_url(place, env), poolclass=NullPool)
    try:
        return restore(engine, file)
    finally:
        engine.dispose()


def _owners_url(place: Place, env: Mapping[str, str]) -> URL:
    """Give the login that may do what only the owner may."""
    if place.embedded is not None:
        return url_of(place.embedded.start(), login=ADMIN, database=DATABASE)
    if not env.get("MOMS_MIGRATE_URL"):
        fix = "set MOMS_MIGRATE_URL to the login that runs: moms migrate"
        raise NotReady("only the database's owner restores", field="MOMS_MIGRATE_URL", fix=fix)
    return _url_of(env["MOMS_MIGRATE_URL"], field="MOMS_MIGRATE_URL", env=env)


def prepare(address: Address, *, database: str, moves: Iterable[tuple[str | None, str]]) -> bool:
    """Make a database on a server of our own, if it is not there, with logins and all steps."""
    login = {name: address.passwords[name] for name in (APP, READER)}
    with psycopg.connect(
        host=address.socket_folder,
        port=address.port,
        user=ADMIN,
        password=address.passwords[ADMIN],
        dbname="postgres",
        autocommit=True,
    ) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is None:
            _make(admin, database=database, login=login)
    engine = create_engine(url_of(address, login=ADMIN, database=database), poolclass=NullPool)
    return migrate(engine, moves=moves)


def url_of(address: Address, *, login: str, database: str) -> URL:
    """Give the address of a database on a server of our own."""
    return URL.create(
        "postgresql+psycopg",
        username=login,
        password=address.passwords[login],
        database=database,
        query={"host": address.socket_folder, "port": str(address.port)},
    )


def _make(admin: psycopg.Connection[tuple[object, ...]], *, database: str, login: Mapping[str, str]) -> None:
    """Make roles and an empty database that only they may enter."""
    there = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles")}
    for role in (OWNER, APP, READER):
        if role not in there:
            admin.execute(psycopg.sql.SQL("CREATE ROLE {} NOLOGIN").format(psycopg.sql.Identifier(role)))
    for role, password in login.items():
        admin.execute(
            psycopg.sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                psycopg.sql.Identifier(role), psycopg.sql.Literal(password)
            )
        )
    name = psycopg.sql.Identifier(database)
    admin.execute(psycopg.sql.SQL("CREATE DATABASE {} OWNER {}").format(name, psycopg.sql.Identifier(OWNER)))
    close_to_others(admin, database=database)


def close_to_others(admin: psycopg.Connection[tuple[object, ...]], *, database: str) -> None:
    """Let only the program's own logins into a database."""
    name = psycopg.sql.Identifier(database)
    admin.execute(psycopg.sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    admin.execute(psycopg.sql.SQL("GRANT CONNECT ON DATABASE {} TO moms_app, moms_reader").format(name))


def _engine(url: URL, *, revive: Embedded | None = None) -> Engine:
    """Give an engine; where the server is ours and has died, a new connection starts it again."""

    def connect() -> psycopg.Connection[tuple[object, ...]]:
        words = {
            "user": url.username,
            "password": url.password,
            "dbname": url.database,
            "host": url.host,
            "port": url.port,
            **{k: v for k, v in url.query.items() if isinstance(v, str)},
        }
        known = {k: v for k, v in words.items() if v is not None}
        known.setdefault("connect_timeout", CONNECT_S)
        try:
            return psycopg.connect(**known)  # type: ignore[arg-type]  # libpq takes all as text
        except psycopg.OperationalError:
            if revive is None:
                raise
            try:
                known["host"] = revive.start().socket_folder
            except Refused as why:
                raise away() from why
            return psycopg.connect(**known)  # type: ignore[arg-type]  # as above

    engine = create_engine(url, creator=connect, hide_parameters=True, poolclass=Pool, pool_size=5, max_overflow=15)
    return only_living(engine)


def _open_named(url: URL, *, home: Path, moves: Iterable[tuple[str | None, str]]) -> Place:
    """Open a server that somebody else keeps, once it is shown to be ready and its login to be modest."""
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            _check_login(connection)
            _check_shape(connection, {(before or "", after) for before, after in moves})
    except OperationalError as why:
        engine.dispose()
        raise _silent("MOMS_DATABASE_URL", why) from why
    except BaseException:
        engine.dispose()
        raise
    return Place(home=home, engine=say_away(engine), book=PostgresBook(engine))


def _check_login(connection: Connection) -> None:
    """See that row-level security binds this login.

    Raises:
        NotReady: it is a superuser, may pass row-level security by, or can become the owner.
    """
    row = connection.execute(
        text(
            "SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (SELECT 1 FROM pg_roles o WHERE o.rolname = :owner"
            " AND pg_has_role(r.oid, o.oid, 'MEMBER')) OR EXISTS (SELECT 1 FROM pg_roles o"
            " WHERE (o.rolsuper OR o.rolbypassrls) AND pg_has_role(r.oid, o.oid, 'MEMBER')), r.rolname"
            " FROM pg_roles r WHERE r.rolname = session_user"
        ),
        {"owner": OWNER},
    ).one()
    if row[0]:
        raise NotReady(
            f"the login {row[1]} may pass the database's own guards by",
            field="MOMS_DATABASE_URL",
            fix=f"use a login that has been granted {APP} and nothing else; keep the other for MOMS_MIGRATE_URL",
        )


def _check_shape(connection: Connection, moves: set[tuple[str, str]]) -> None:
    """See that the database has the steps and the lifecycle of this program.

    Raises:
        NotReady: it has not.
    """
    fix = "run: moms migrate"
    if not fits(connection):
        says = "the database lacks steps of this program, or has later ones that it cannot go with"
        raise NotReady(says, field="MOMS_DATABASE_URL", fix=fix)
    act_as(connection, SYSTEM)
    query = select(tables.lifecycle_move.c.from_state, tables.lifecycle_move.c.to_state)
    if {(before, after) for before, after in connection.execute(query)} != moves:
        raise NotReady("the database has another lifecycle than this program", field="MOMS_DATABASE_URL", fix=fix)


def _url_of(named: str, *, field: str, env: Mapping[str, str]) -> URL:
    """Read the address of a server.

    Raises:
        NotReady: it is none, or the way there leaves this machine without TLS that checks who answers.
    """
    fix = "write postgresql://user:password@host/database"
    try:
        url = make_url(named)
    except ArgumentError as why:
        raise NotReady("this is not the address of a server", field=field, fix=fix) from why
    if url.drivername.partition("+")[0] not in {"postgresql", "postgres"}:
        raise NotReady(f"{url.drivername} is not PostgreSQL", field=field, fix=fix)
    plain = frozenset(env.get("MOMS_DATABASE_PLAIN", "").replace(",", " ").split())
    bare = [host for host in _hosts_of(url) if not _is_here(host) and host not in plain]
    if bare and url.query.get("sslmode") != "verify-full":
        says = f"the way to {bare[0]} leaves this machine without TLS that checks who answers"
        how = "add ?sslmode=verify-full&sslrootcert=FILE, or name a host whose way is guarded in MOMS_DATABASE_PLAIN"
        raise NotReady(says, field=field, fix=how)
    return url.set(drivername="postgresql+psycopg")


def _hosts_of(url: URL) -> tuple[str, ...]:
    """Give every host that an address names, as libpq reads it: several by commas, and `host` or `hostaddr` beside."""
    said = [url.host or "", *(str(url.query.get(name, "")) for name in ("host", "hostaddr"))]
    return tuple(host for text in said for host in re.split(r"[,\s()']+", text) if host)


def _is_here(host: str) -> bool:
    """Tell whether a host is this machine.

    >>> [_is_here(h) for h in ("/run/postgresql", "localhost", "127.0.0.1", "::1", "10.0.0.5", "db.example")]
    [True, True, True, True, False, False]
    """
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _silent(name: str, why: OperationalError) -> NotReady:
    """Say that a server does not let us in, without its password."""
    says = f"the server cannot be used: {str(why.orig).strip().splitlines()[0]}"
    return NotReady(says, field=name, fix="see that it runs and the login is right")
