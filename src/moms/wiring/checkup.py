"""Look at one installation without changing it: its home, secrets, disk, clock, database, pages, grid, open work."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sqlalchemy import Engine

LEAST_FREE_BYTES = 2**30
MOST_APART = timedelta(seconds=2)
"""Between this machine's clock and the database's; a worker refuses at two minutes."""
MOST_LATE = timedelta(minutes=5)
SECRET_FILES = ("passwords.json",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at: whether it is as MOMS needs it, what was found, what would mend it."""

    name: str
    ok: bool
    found: str
    fix: str | None = None


def installation(env: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Look at all of it; a database that is not there yet is not made."""
    from moms.store.place import home_of

    home = home_of(env)
    yield from (folder(home), secrets(home), disk(home), pages())
    yield _said("grid", lambda: grid(env))
    yield _said("scanner", lambda: scanner(env))
    yield from database(home, env)


def folder(home: Path) -> Check:
    """Check that MOMS_HOME can be written to, by its user alone."""
    if not home.exists():
        return Check(name="home", ok=True, found=f"{home} is not there yet: the first command makes it")
    others = stat.S_IMODE(home.stat().st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    if others:
        return Check(name="home", ok=False, found=f"{home} can be changed by others", fix=f"chmod go-w {home}")
    ours = os.access(home, os.W_OK | os.X_OK)
    return Check(name="home", ok=ours, found=f"{home}{'' if ours else ' cannot be written to'}",
                 fix="give it to the user that runs MOMS")  # fmt: skip


def secrets(home: Path) -> Check:
    """Check that files with secrets are their user's alone."""
    there = [home / name for name in SECRET_FILES if (home / name).exists()]
    open_ = [path for path in there if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_:
        names = " ".join(str(path) for path in open_)
        return Check(name="secrets", ok=False, found=f"others can read {names}", fix=f"chmod 600 {names}")
    found = ", ".join(path.name for path in there)
    return Check(name="secrets", ok=True, found=f"{found}: of mode 600" if found else "none in files")


def disk(home: Path) -> Check:
    """Check that there is room where the data lie."""
    place = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 2**30:.1f} GiB free at {place}"
    fix = "make room: a database on a full disk stops"
    return Check(name="disk", ok=free >= LEAST_FREE_BYTES, found=found, fix=fix)


def scanner(env: Mapping[str, str]) -> Check:
    """Check that what looks into files answers, by having it look at a few bytes of ours."""
    from moms.desk.files import scans
    from moms.exchange.scanner import scanner_of

    named = scanner_of(env, clock=lambda: datetime.now(UTC))
    if named is None:
        return Check(name="scanner", ok=True, found="none is named: no files are taken")
    if not scans(named):
        return Check(name="scanner", ok=True, found="none is wanted: files are given out unscanned")
    found = named.look(b"moms doctor")
    well = found is not None and found.clean
    return Check(name="scanner", ok=well, found="it answers" if well else "it finds something in harmless bytes",
                 fix="look at what is set up there")  # fmt: skip


def pages() -> Check:
    """Check that the pages are built."""
    from moms.portal.pages import DIST, START

    there = (DIST / START).is_file()
    fix = "in a checkout run: .venv/bin/python hatch_build.py (all else works without)"
    return Check(name="pages", ok=there, found="built" if there else "not built", fix=fix)


def grid(env: Mapping[str, str]) -> Check:
    """Check that the grid that is used by default can be read."""
    from moms.exchange.grids import open_grid
    from moms.store.place import home_of

    name = env.get("MOMS_GRID") or "miso"
    found = open_grid(name, home=home_of(env))
    return Check(name="grid", ok=True, found=f"{name}: {found.title}")


def database(home: Path, env: Mapping[str, str]) -> Iterator[Check]:
    """Check what lies in the database, where there is one."""
    if not env.get("MOMS_DATABASE_URL") and not (home / "database.json").exists():
        yield Check(name="book", ok=True, found="none yet: the first command makes it")
        return
    with contextlib.ExitStack() as until:
        try:
            engine = _engine(home, env, until)
        except Refused as why:
            yield Check(name="book", ok=False, found=why.says, fix=why.fix)
            return
        shape = _said("book", lambda: step(engine))
        yield shape
        if shape.ok:
            yield _said("clock", lambda: clock(engine))
            yield _said("work", lambda: late(engine, env))
            if env.get("MOMS_WAL_ARCHIVE") and not env.get("MOMS_DATABASE_URL"):
                yield _said("archive", lambda: archive(engine))


def _engine(home: Path, env: Mapping[str, str], until: contextlib.ExitStack) -> Engine:
    """Give a way in as the program's own login, without migrating."""
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError
    from sqlalchemy.pool import NullPool

    from moms.store.embedded import DATABASE, Embedded
    from moms.store.migrate import APP
    from moms.store.place import url_of

    named = env.get("MOMS_DATABASE_URL")
    if named:
        try:
            return create_engine(make_url(named).set(drivername="postgresql+psycopg"), poolclass=NullPool)
        except ArgumentError:
            fix = "write postgresql://LOGIN@HOST/DATABASE"
            raise Refused("this is no address of a database", field="MOMS_DATABASE_URL", fix=fix) from None
    embedded = Embedded(home=home, env=env)
    until.callback(embedded.close)
    return create_engine(url_of(embedded.start(), login=APP, database=DATABASE), poolclass=NullPool)


def step(engine: Engine) -> Check:
    """Check that the database has the shape that this program needs."""
    from moms.store.migrate import HEAD, fits, step_of

    with engine.connect() as connection:
        at, ok = step_of(connection), fits(connection)
    fix = "run: moms migrate" if at is None or at < HEAD else "use the program that made it, or a newer one"
    return Check(name="book", ok=ok, found=f"at step {at or 'none'}, this program needs {HEAD}", fix=fix)


def clock(engine: Engine) -> Check:
    """Check this machine's clock against the database's."""
    from moms.store.work import PostgresWork

    before = datetime.now(UTC)
    theirs = PostgresWork(engine).clock()
    after = datetime.now(UTC)
    apart = max(before - theirs, theirs - after, timedelta(0))
    fix = "set both machines' clocks by the network (NTP): what lapses by a wrong clock cannot be taken back"
    found = f"{apart.total_seconds():.1f} s from the database's"
    return Check(name="clock", ok=apart <= MOST_APART, found=found, fix=fix)


def late(engine: Engine, env: Mapping[str, str]) -> Check:
    """Check that what is due is being done: nobody sees a worker but by its work."""
    from moms.store.work import PostgresWork
    from moms.wiring.settings import settings

    became, since = PostgresWork(engine).standing()
    aside = became.get("aside", 0)
    behind = timedelta(0) if since is None else settings(environ=env).now - since
    if behind > MOST_LATE:
        says = f"a duty has been due for {behind / timedelta(minutes=1):.0f} min: no worker seems to live"
        return Check(name="work", ok=False, found=says, fix="start one: moms worker, or moms serve --work")
    found = f"nothing is late, {became.get('open', 0)} open"
    fix = "look at them: moms due"
    return Check(
        name="work", ok=not aside, found=f"{found}, {aside} put aside for a person" if aside else found, fix=fix
    )


def archive(engine: Engine) -> Check:
    """Check that the private server's log gets where it is archived: what does not get there fills the disk."""
    from sqlalchemy import text

    query = (
        "SELECT current_setting('archive_mode') = 'on', last_failed_time > coalesce(last_archived_time, '-infinity'),"
        " failed_count FROM pg_stat_archiver"
    )
    with engine.connect() as connection:
        on, failing, failed = connection.execute(text(query)).one()
    if not on:
        fix = "end all processes of MOMS once, so that the server starts anew"
        return Check(name="archive", ok=False, found="the server runs without archiving its log", fix=fix)
    if failing:
        fix = "see that MOMS_WAL_ARCHIVE has room and is the server's user's to write: the log stays on disk until then"
        return Check(name="archive", ok=False, found=f"the log is not archived: {failed} tries failed", fix=fix)
    return Check(name="archive", ok=True, found="the log is archived")


def _said(name: str, look: Callable[[], Check]) -> Check:
    """Look, and tell a refusal or a database that fails as a check that is not as it should be."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return look()
    except Refused as why:
        return Check(name=name, ok=False, found=why.says, fix=why.fix)
    except (SQLAlchemyError, OSError) as why:  # its words may hold a login: the kind is enough
        return Check(name=name, ok=False, found=f"does not answer ({type(why).__name__})", fix="see `database` above")
