"""A backup of the whole book in one file, and its restore into an empty place, of whatever version the server is.

Logical: each table's rows as PostgreSQL's own text, as one transaction saw them, with a fingerprint each. The restore
is one transaction too, which examines the whole record before it ends: all of it is there, or nothing is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moms.records.notices import State
from moms.store import tables
from moms.store.acting import act_as
from moms.store.audit import read_verdict
from moms.store.migrate import HEAD, LOCK, OWNER
from moms.values import SYSTEM, Refused, instant_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from moms.records.verify import Verdict

FORMAT = "moms-backup-1"
MANIFEST = "manifest.json"
LEFT = frozenset({"lifecycle_move", "calendar_day", "challenge_key"})
"""The lifecycle is the program's, and comes with it; days of the calendar are computed from the book, and again; the
key of challenges, which hold for minutes, is of the installation and stays in it."""
ORDER = tuple(table.name for table in tables.metadata.sorted_tables if table.name not in LEFT)
"""Every table of the record after those it refers to."""
CHUNK = 1 << 20
PLAIN = "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL client_encoding = 'UTF8'"
BROKEN = (OSError, KeyError, ValueError, TypeError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile)
"""What reading a file that is no whole backup raises."""
HELD_BACK = "held back by a restore: send it again if it was not sent before"


class NotABackup(Refused):
    """A file that is no backup, or not a whole one, or one of another program."""


class NotEmpty(Refused):
    """A place that holds a book already."""


class NotWhole(Refused):
    """A record in which something is wrong, so that it is not put in the place of a book."""


class NotWritten(Refused):
    """A file that cannot be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a file holds: when it was made, by which program, and how many rows of each table."""

    made_at: str
    version: str
    rows: Mapping[str, int]


def back_up(engine: Engine, file: Path, *, at: datetime, version: str) -> tuple[Backup, Verdict]:
    """Write the whole book into a file that is not there yet, for its owner's eyes alone, and examine what was written.

    The file appears whole or not at all.

    Raises:
        NotWritten: it is there already, or cannot be made.
    """
    half = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as out:
            found = _write(engine, out, at=at, version=version)
            out.flush()
            os.fsync(out.fileno())
        os.link(half, file)
    except OSError as why:
        raise NotWritten(f"{file}: {why.strerror}", field="FILE", fix="name a file that is not there yet") from why
    finally:
        half.unlink(missing_ok=True)
    return found


def restore(engine: Engine, file: Path, *, step: Callable[[str], None] = lambda _: None) -> tuple[Backup, Verdict]:
    """Put a backup into an empty place, as one transaction; `engine` logs in as who may migrate.

    `step` is told what comes next: `read`, each table, `examine`, `end`.

    What was still to be sent is held back for a person: it may have been sent before, or this may be a trial.

    Raises:
        NotABackup: as it says. NotEmpty: there is a book. NotWhole: what the file holds is damaged.
    """
    with _opened(file) as (archive, manifest):
        step("read")
        try:
            with engine.begin() as connection:
                verdict = _restore(connection, archive, manifest, step)
        except DBAPIError as why:
            says = f"the database refused it: {str(why.orig).splitlines()[0]}"
            raise NotABackup(says, field="FILE", fix="nothing was written; use another backup") from why
    return _backup_of(manifest), verdict


def _write(engine: Engine, out: Any, *, at: datetime, version: str) -> tuple[Backup, Verdict]:  # noqa: ANN401 - a file
    with engine.connect() as connection, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        reading = connection.execution_options(isolation_level="REPEATABLE READ")
        with reading.begin():
            reading.exec_driver_sql(PLAIN)
            act_as(reading, SYSTEM)
            kept = {name: _dump(reading, archive, name) for name in ORDER}
            verdict = read_verdict(reading, outside=())
        manifest = {
            "format": FORMAT,
            "step": HEAD,
            "made_at": instant_text(at),
            "version": version,
            "tables": kept,
        }
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
    return _backup_of(manifest), verdict


def _dump(connection: Connection, archive: zipfile.ZipFile, name: str) -> dict[str, object]:
    table = tables.metadata.tables[f"{tables.SCHEMA}.{name}"]
    columns, keys = ", ".join(c.name for c in table.c), ", ".join(c.name for c in table.primary_key)
    query = f"COPY (SELECT {columns} FROM moms.{name} ORDER BY {keys}) TO STDOUT"  # noqa: S608 - our own names
    mark, rows = hashlib.sha256(), 0
    with archive.open(f"{name}.copy", "w", force_zip64=True) as out, _cursor(connection).copy(query) as copy:
        for part in copy:
            mark.update(part)
            rows += bytes(part).count(b"\n")  # within a row PostgreSQL writes it as two characters
            out.write(part)
    return {"columns": [c.name for c in table.c], "rows": rows, "sha256": mark.hexdigest()}


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    """Open a file once it is shown to be a whole backup of this program's step."""
    with contextlib.ExitStack() as open_:
        try:
            archive = open_.enter_context(zipfile.ZipFile(file))
            manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
            _check(archive, manifest)
        except BROKEN as why:
            says = f"{file} is no whole backup"
            raise NotABackup(says, field="FILE", fix="use the file as `moms backup` wrote it") from why
        yield archive, manifest


def _check(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """See that each part is what the manifest says.

    Raises:
        NotABackup: of another step of the database. ValueError: a part is not what it was.
    """
    if manifest["format"] != FORMAT or manifest["step"] != HEAD:
        says = f"it was made at step {manifest['step']} of the database, this program is at {HEAD}"
        raise NotABackup(says, field="FILE", fix=f"restore it with MOMS {manifest['version']}, then run: moms migrate")
    if set(manifest["tables"]) != set(ORDER):
        msg = "tables are missing"
        raise ValueError(msg)
    for name, about in manifest["tables"].items():
        mark = hashlib.sha256()
        for part in _parts(archive, name):
            mark.update(part)
        known = [c.name for c in tables.metadata.tables[f"{tables.SCHEMA}.{name}"].c]
        if mark.hexdigest() != about["sha256"] or about["columns"] != known:
            msg = f"{name} is not what it was"
            raise ValueError(msg)


def _restore(
    connection: Connection, archive: zipfile.ZipFile, manifest: dict[str, Any], step: Callable[[str], None]
) -> Verdict:
    run = connection.exec_driver_sql
    run(f"SELECT pg_advisory_xact_lock({LOCK})")
    run(f"SET LOCAL ROLE {OWNER}; {PLAIN}")
    for name in ORDER:
        run(f"LOCK TABLE moms.{name} IN ACCESS EXCLUSIVE MODE")
        run(f"ALTER TABLE moms.{name} NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER USER")
    _check_empty(connection)
    run("DELETE FROM moms.book")
    for name in ORDER:
        step(name)
        _load(connection, archive, name, rows=int(manifest["tables"][name]["rows"]))
    hold_back(connection)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    for name in ORDER:
        run(f"ALTER TABLE moms.{name} FORCE ROW LEVEL SECURITY, ENABLE TRIGGER USER")
    step("examine")
    act_as(connection, SYSTEM)
    verdict = read_verdict(connection, outside=())
    if not verdict.whole:
        first = verdict.faults[0]
        says = f"what it holds is damaged in {len(verdict.faults)} places: {first.table} {first.row}: {first.says}"
        raise NotWhole(says, field="FILE", fix="nothing was written; use an earlier backup")
    step("end")
    return verdict


def _check_empty(connection: Connection) -> None:
    for name in ORDER:
        if name != "book" and connection.exec_driver_sql(f"SELECT 1 FROM moms.{name} LIMIT 1").first() is not None:  # noqa: S608 - our own names
            says = f"there is a book here already: {name} is not empty"
            raise NotEmpty(says, field="MOMS_HOME", fix="restore into a fresh MOMS_HOME or an empty database")


def _load(connection: Connection, archive: zipfile.ZipFile, name: str, *, rows: int) -> None:
    columns = ", ".join(c.name for c in tables.metadata.tables[f"{tables.SCHEMA}.{name}"].c)
    with _cursor(connection) as cursor:
        with cursor.copy(f"COPY moms.{name} ({columns}) FROM STDIN") as copy:
            for part in _parts(archive, name):
                copy.write(part)
        if cursor.rowcount != rows:
            says = f"{name} has {cursor.rowcount} rows of {rows}"
            raise NotABackup(says, field="FILE", fix="nothing was written; use another backup")


def hold_back(connection: Connection) -> None:
    """Hold back what was still to be sent, for a person: it may have been sent since, or this may be a trial."""
    held = (
        "UPDATE moms.notice SET state = :dead, answer = :says, leased_until = NULL, revision = revision + 1"
        " WHERE channel <> 'inbox' AND state = :open"
    )
    connection.execute(text(held), {"dead": State.DEAD.value, "open": State.OPEN.value, "says": HELD_BACK})


def _parts(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(f"{name}.copy") as part:
        while found := part.read(CHUNK):
            yield found


def _cursor(connection: Connection) -> Any:  # noqa: ANN401 - psycopg's, which knows COPY
    return connection.connection.driver_connection.cursor()  # type: ignore[union-attr]  # it is open


def _backup_of(manifest: Mapping[str, Any]) -> Backup:
    rows = {name: int(about["rows"]) for name, about in manifest["tables"].items()}
    return Backup(made_at=manifest["made_at"], version=manifest["version"], rows=rows)
