"""Back to a point in time: a base backup of the private server, and the log (WAL) it has archived since.

PostgreSQL's own programs do the work. The server archives each piece of its log into a folder that the installation
names; a base backup is a copy of the data by `pg_basebackup`; a fresh home is made of both, up to an instant. It is
there only once the whole record was examined, else nothing is.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from moms.store.audit import verify
from moms.store.backup import NotABackup, NotEmpty, NotWhole, NotWritten, hold_back
from moms.store.embedded import ADMIN, DATABASE, Embedded, archive_of, plain_path, tools_for
from moms.store.place import open_embedded, url_of
from moms.store.service import choose_place, service
from moms.values import Refused, instant_text, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from moms.records.verify import Verdict
    from moms.store.embedded import Address
    from moms.store.service import Service

ABOUT, DATA, SECRETS = "moms-base.json", "data", "passwords.json"
LONG_S = 24 * 3600.0
"""How long a copy, or a log that is read again, may take."""


class NotArchiving(Refused):
    """A server that keeps no log for a point in time, or one that is not ours to copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A base backup: from when on one may come back by it, and how big it is."""

    taken_at: datetime
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What came back: the newest line of the journal, and what `verify` says of all of it."""

    newest: datetime | None
    lines: int
    outages: int
    verdict: Verdict


def base_backup(embedded: Embedded, into: Path) -> Base:
    """Copy the data of a private server that archives its log into a folder that is not there yet.

    Raises:
        NotArchiving: it does not. NotWritten: the folder is there, or cannot be made; no half of one stays.
    """
    address = embedded.start()
    who = service(place=_place(embedded.home), env=embedded.env)
    archive = _archiving(embedded)
    if into.exists():
        raise NotWritten(f"{into} is there already", field="FILE", fix="name a folder that is not there yet")
    try:
        taken = _copied(embedded, address, into, who=who, archive=archive)
    except OSError as why:
        shutil.rmtree(into, ignore_errors=True)
        raise NotWritten(f"{into}: {why.strerror}", field="FILE", fix="name a folder that can be made") from why
    except BaseException:
        shutil.rmtree(into, ignore_errors=True)
        raise
    return Base(taken_at=taken, bytes=sum(p.stat().st_size for p in into.rglob("*") if p.is_file()))


def _copied(embedded: Embedded, address: Address, into: Path, *, who: Service, archive: Path) -> datetime:
    """Copy the data with what is needed to open them, and give from when on one may come back by it."""
    tools = tools_for(who, env=embedded.env)
    who.make_folder(into)
    done = who.run(
        [str(tools.folder / "pg_basebackup"), "-h", address.socket_folder, "-p", str(address.port), "-U", ADMIN,
         "-D", str(into / DATA), "-X", "stream", "-c", "fast"],
        env={"PGPASSWORD": address.passwords[ADMIN]}, timeout_s=LONG_S,
    )  # fmt: skip
    if done.returncode:
        raise NotWritten(f"{into}: {_first(done.stderr)}", field="FILE", fix="see that there is room, and try again")
    taken = _end_of(address)
    about = {"taken_at": instant_text(taken), "archive": str(archive), "major": tools.major}
    for name, body in ((SECRETS, dict(address.passwords)), (ABOUT, about)):
        _give(into / name, json.dumps(body), who=who)
    return taken


def come_back(base: Path, *, log: Path | None, at: datetime | None, home: Path, env: Mapping[str, str]) -> Back:
    """Make a fresh home of a base backup and the archived log, up to an instant (None: to the log's end).

    Letters still to be sent are held back, as after any restore.

    Raises:
        NotABackup: the base is not whole, the instant lies before it, or the log does not reach it.
        NotEmpty: the home has a database. NotWhole: what came back is damaged.
    """
    about = _about(base, env=env)
    taken = parse_instant(str(about["taken_at"]), field="taken_at")
    if at is not None and at < taken:
        says = f"the base backup was taken at {instant_text(taken)}, after {instant_text(at)}"
        raise NotABackup(says, field="--to", fix="use an earlier base backup")
    found = (log or Path(str(about["archive"]))).absolute()
    if not found.is_dir():
        raise NotABackup(
            f"there is no archived log in {found}", field="--log", fix="name the folder of MOMS_WAL_ARCHIVE"
        )
    with _fresh(home, base, env=env) as place:
        # Nobody gets in before it has come back whole: by default a server is open for looking long before.
        settings = {
            "hot_standby": "off",
            "restore_command": f"cp {shlex.quote(str(found))}/%f %p",
            "recovery_target_action": "promote",
        }
        if at is not None:
            settings["recovery_target_time"] = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
        plain_path(found, field="--log")
        server = Embedded(home=home, env=env, settings=settings, patience_s=LONG_S)
        try:
            return _opened(server)
        except Refused as why:
            with contextlib.suppress(Refused):
                server.close()
            if isinstance(why, NotWhole):
                raise
            raise NotABackup(f"it does not come back from {place.name}: {why.says}", field="--to",
                             fix="see that the log is whole, and name an instant that it reaches") from why  # fmt: skip
        finally:
            server.close()


def _opened(server: Embedded) -> Back:
    place = open_embedded(server)
    try:
        engine = create_engine(url_of(server.start(), login=ADMIN, database=DATABASE), poolclass=NullPool)
        with engine.begin() as connection:
            hold_back(connection)
            newest = connection.scalar(text("SELECT max(body::json->>'written_at') FROM moms.journal"))
            outages = connection.scalar(text("SELECT count(*) FROM moms.outage"))
        verdict = verify(place.engine, outside=())
    finally:
        place.engine.dispose()
    if not verdict.whole:
        first = verdict.faults[0]
        says = f"what came back is damaged in {len(verdict.faults)} places: {first.table} {first.row}: {first.says}"
        raise NotWhole(says, field="--to", fix="use an earlier instant, or an earlier base backup")
    at = None if newest is None else parse_instant(newest, field="written_at")
    return Back(newest=at, lines=verdict.lines, outages=int(outages or 0), verdict=verdict)


@contextlib.contextmanager
def _fresh(home: Path, base: Path, *, env: Mapping[str, str]) -> Iterator[Path]:
    """Put a copy of the base into a home without a database, and take it away again where what follows fails."""
    if (home / "database.json").exists():
        raise NotEmpty(f"{home} has a database", field="MOMS_HOME", fix="restore into a fresh MOMS_HOME")
    home.parent.mkdir(parents=True, exist_ok=True)
    home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    who = service(place=None, env=env)
    place = choose_place(home, who=who)
    if (place / DATA).exists():
        raise NotEmpty(f"{place} has data", field="MOMS_HOME", fix="restore into a fresh MOMS_HOME")
    made = (home / "database.json", home / "passwords.json")
    try:
        who.make_folder(place)
        shutil.copytree(base / DATA, place / DATA, symlinks=True)
        (place / DATA / "recovery.signal").touch(mode=0o600)
        for path in (place / DATA, *(place / DATA).rglob("*")) if who.drop else ():
            os.chown(path, who.uid, who.gid, follow_symlinks=False)
        _give(made[1], (base / SECRETS).read_text(), who=None)
        _give(made[0], json.dumps({"place": str(place)}), who=None)
        yield place
    except BaseException:
        shutil.rmtree(place / DATA, ignore_errors=True)
        for file in made:
            file.unlink(missing_ok=True)
        raise


def _about(base: Path, *, env: Mapping[str, str]) -> dict[str, object]:
    """Read what a base backup says of itself, once PostgreSQL finds all of it as it was.

    Raises:
        NotABackup: it is none, or not whole.
    """
    fix = "use the folder as `moms backup --base` wrote it"
    try:
        about: dict[str, object] = json.loads((base / ABOUT).read_text())
        major = int(str(about["major"]))
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise NotABackup(f"{base} is no base backup", field="FILE", fix=fix) from why
    who = service(place=base, env=env)
    tools = tools_for(who, env=env)
    if tools.major != major:
        says = f"it is of PostgreSQL {major}, and {tools.folder} is {tools.version}"
        raise NotABackup(says, field="FILE", fix=f"set MOMS_POSTGRES_BIN to PostgreSQL {major}")
    done = who.run([str(tools.folder / "pg_verifybackup"), "-q", str(base / DATA)], env={}, timeout_s=LONG_S)
    if done.returncode:
        raise NotABackup(f"{base} is not whole: {_first(done.stderr)}", field="FILE", fix=fix)
    return about


def _archiving(embedded: Embedded) -> Path:
    """Give the folder of the log, once the running server says that it archives."""
    archive = archive_of(embedded.env)
    if archive is None:
        fix = "set MOMS_WAL_ARCHIVE to a folder, and start the server anew"
        raise NotArchiving("no log is archived", field="MOMS_WAL_ARCHIVE", fix=fix)
    address = embedded.start()
    with psycopg.connect(host=address.socket_folder, port=address.port, user=ADMIN,
                         password=address.passwords[ADMIN], dbname="postgres") as connection:  # fmt: skip
        row = connection.execute("SHOW archive_mode").fetchone()
    if row != ("on",):
        fix = "end all processes of MOMS once, so that the server starts anew"
        raise NotArchiving("the server runs without archiving", field="MOMS_WAL_ARCHIVE", fix=fix)
    return archive


def _end_of(address: Address) -> datetime:
    """Give an instant from which on the base can be come back to: after its end, with its log sent off."""
    with psycopg.connect(
        host=address.socket_folder, port=address.port, user=ADMIN, password=address.passwords[ADMIN], dbname="postgres",
        autocommit=True,
    ) as connection:  # fmt: skip
        row = connection.execute("SELECT clock_timestamp() FROM pg_switch_wal()").fetchone()
    assert row is not None  # noqa: S101 - one row
    return row[0]  # type: ignore[no-any-return]  # a timestamp


def _give(file: Path, body: str, *, who: Service | None) -> None:
    """Write a file for its owner's eyes alone."""
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    if who is not None and who.drop:
        os.chown(file, who.uid, who.gid)


def _place(home: Path) -> Path:
    return Path(str(json.loads((home / "database.json").read_text())["place"]))


def _first(said: str) -> str:
    lines = [line for line in said.strip().splitlines() if line]
    return lines[0] if lines else "it said nothing"
