"""A private server is destroyed and comes back to an instant: what was committed by then, and nothing after."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from moms.desk import notices as desk
from moms.desk.ports import Search
from moms.outages import State, Status
from moms.records.notices import Channel, Subscription
from moms.records.notices import State as NoticeState
from moms.store.audit import now, verify
from moms.store.backup import NotABackup, NotEmpty, NotWritten
from moms.store.embedded import ADMIN, Embedded, ServerTrouble
from moms.store.notices import PostgresNotices
from moms.store.place import open_embedded
from moms.store.point import NotArchiving, base_backup, come_back
from moms.values import SYSTEM, Actor, Role
from tests.postgres import DEBIAN_15, NOON, an_event, an_outage, need_debian_15

EVE = Actor(name="eve", organisation="operator", role=Role.ENGINEER)


@pytest.fixture(params=["wheel", "debian15"])
def env(request):
    """Give an installation that archives its log, on each version of the server."""
    found = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")}
    if request.param == "debian15":
        need_debian_15()
        found["MOMS_POSTGRES_BIN"] = str(DEBIAN_15)
    # Not below pytest's own folder, which each run closes anew to the user that serves.
    with tempfile.TemporaryDirectory(prefix="moms-point-", ignore_cleanup_errors=True) as base:
        shelf = Path(base, "shelf")
        shelf.mkdir()
        for folder in (Path(base), shelf):
            folder.chmod(0o777)
        yield {**found, "MOMS_HOME": f"{base}/home", "MOMS_WAL_ARCHIVE": str(shelf / "log")}


def home(env) -> Path:
    return Path(env["MOMS_HOME"])


def filed(place, number):
    outage = an_outage(number, state=State.SUBMITTED, status=Status.NONE)
    with place.book.as_(SYSTEM) as page:
        page.add(outage, an_event(outage))
    return now()


def destroyed(env, place):
    """Kill the server outright, and take its data away."""
    place.engine.dispose()
    facts = json.loads((home(env) / "database.json").read_text())
    data = Path(facts["place"]) / "data"
    os.kill(int((data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    time.sleep(0.5)
    shutil.rmtree(facts["place"], ignore_errors=True)
    shutil.rmtree(home(env))


def sent_off(place):
    """Have the log sent off up to here."""
    address = place.embedded.start()
    with psycopg.connect(host=address.socket_folder, port=address.port, user=ADMIN, password=address.passwords[ADMIN],
                         dbname="postgres", autocommit=True) as admin:  # fmt: skip
        [(last,)] = admin.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchall()
        for _ in range(1200):
            [(done, failed)] = admin.execute("SELECT last_archived_wal, failed_count FROM pg_stat_archiver").fetchall()
            assert failed == 0
            if done is not None and done >= last:
                return
            time.sleep(0.05)
    raise AssertionError((done, last))


def there(env, base, *, at, into):
    """Bring it back into a fresh home, and give the outages that are there and what came of it."""
    fresh = {**env, "MOMS_HOME": str(home(env).parent / into)}
    fresh.pop("MOMS_WAL_ARCHIVE")
    found = come_back(base, log=None, at=at, home=Path(fresh["MOMS_HOME"]), env=fresh)
    embedded = Embedded(home=Path(fresh["MOMS_HOME"]), env=fresh)
    place = open_embedded(embedded)
    try:
        with place.book.as_(SYSTEM) as page:
            names = {o.request.external_id for o in page.find(Search())}
        assert verify(place.engine, outside=()).whole
        outgoing = desk.outgoing(notices=PostgresNotices(place.engine), actor=EVE)
        filed(place, 200)  # life goes on
    finally:
        place.engine.dispose()
        embedded.close()
        if into != "newest":  # a disk is not for ever
            shutil.rmtree(fresh["MOMS_HOME"])
    return names, found, {k.state for k in outgoing}


def test_it_comes_back_to_any_instant_with_what_was_committed_by_then_and_nothing_after(env):
    embedded = Embedded(home=home(env), env=env, settings={"archive_timeout": "2"})
    place = open_embedded(embedded)
    desk.follow(notices=PostgresNotices(place.engine), actor=EVE, now=NOON,
                subscription=Subscription(id="s1", organisation="operator", person="eve", channel=Channel.MAIL,
                                          target="eve@example.org", sees_all=True))  # fmt: skip
    for number in range(1, 4):
        filed(place, number)
    base = home(env).parent / "shelf" / "base"
    made = base_backup(embedded, base)
    assert made.taken_at <= now()
    at = {number: filed(place, number) for number in range(4, 10)}
    sent_off(place)
    for number in range(10, 60):  # seconds of work, the last of which are on one disk alone when it is destroyed
        last = filed(place, number)
        time.sleep(0.1)
    destroyed(env, place)
    for number in (4, 7):
        names, found, letters = there(env, base, at=at[number], into=f"back{number}")
        assert names == {f"EXT-{n}" for n in range(1, number + 1)}
        assert found.newest is not None
        assert found.newest <= at[number]
        assert letters == {NoticeState.DEAD}, "held back for a person"
    names, found, _ = there(env, base, at=None, into="newest")
    assert {f"EXT-{n}" for n in range(1, 10)} <= names
    lost = last - found.newest
    assert timedelta(0) <= lost < timedelta(seconds=2 + 10), "2 s, and what a loaded machine needs"
    assert len(names) > 10, "and it had got some of it"
    with pytest.raises(NotABackup, match="reach"):
        there(env, base, at=now() + timedelta(days=1), into="ahead")
    assert not (home(env).parent / "ahead" / "database.json").exists()
    with pytest.raises(NotABackup, match="was taken at"):
        there(env, base, at=made.taken_at - timedelta(seconds=1), into="before")
    with pytest.raises(NotEmpty):
        come_back(base, log=None, at=None, home=home(env).parent / "newest", env=env)


def test_what_cannot_be_copied_or_is_no_base_is_refused_and_leaves_nothing(env):
    bare = {k: v for k, v in env.items() if k != "MOMS_WAL_ARCHIVE"}
    embedded = Embedded(home=home(env), env=bare)
    place = open_embedded(embedded)
    into, fresh = home(env).parent / "shelf" / "base", home(env).parent / "fresh"
    try:
        with pytest.raises(NotArchiving, match="no log"):
            base_backup(embedded, into)
        embedded.env = env
        with pytest.raises(NotArchiving, match="runs without"):  # it was started before the folder was named
            base_backup(embedded, into)
    finally:
        place.engine.dispose()
        embedded.close()
    assert not into.exists()
    place = open_embedded(embedded)
    try:
        base_backup(embedded, into)
        with pytest.raises(NotWritten, match="there already"):
            base_backup(embedded, into)
    finally:
        place.engine.dispose()
        embedded.close()
    [piece] = list((into / "data" / "global").glob("pg_control"))
    piece.write_bytes(piece.read_bytes()[:-1] + b"x")
    with pytest.raises(NotABackup, match="not whole"):
        come_back(into, log=None, at=None, home=fresh, env=env)
    with pytest.raises(NotABackup, match="no base backup"):
        come_back(fresh.parent, log=None, at=None, home=fresh, env=env)
    assert not fresh.exists()


@pytest.mark.parametrize("folder", ["log", "/srv/my log", "/srv/a'b", "/srv/%f"])
def test_a_folder_that_a_shell_would_read_otherwise_is_refused(env, folder):
    with pytest.raises(ServerTrouble) as why:
        Embedded(home=home(env), env={**env, "MOMS_WAL_ARCHIVE": folder}).start()
    assert why.value.field == "MOMS_WAL_ARCHIVE"
