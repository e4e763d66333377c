"""`moms doctor` on an installation: what is well is said to be, each fault is seen, and nothing is changed."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from moms.desk.duties import Duty, Task
from moms.store.embedded import ADMIN
from moms.store.migrate import HEAD
from moms.store.place import open_place, url_of
from moms.store.work import PostgresWork
from moms.wiring import checkup
from moms.wiring.checkup import installation
from moms.wiring.settings import set_demo_clock
from tests.desk.worlds import NOW
from tests.exchange.casefiles import FIVE_BUSES
from tests.scanners import scanning


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    found = tmp_path_factory.mktemp("home")
    found.chmod(0o700)
    (found / "case1.m").write_text(FIVE_BUSES)
    set_demo_clock(found, NOW)
    with open_place(env={"MOMS_HOME": str(found)}):
        pass
    return found


@pytest.fixture
def env(home):
    return {"MOMS_HOME": str(home), "MOMS_GRID": str(home / "case1.m")}


def seen(env):
    return {check.name: check for check in installation(env)}


def test_an_installation_that_is_well_is_said_to_be(env):
    found = seen(env)
    assert set(found) == {"home", "secrets", "disk", "pages", "grid", "scanner", "book", "clock", "work"}
    assert [name for name, check in found.items() if not check.ok and name not in {"pages", "disk"}] == []
    assert HEAD in found["book"].found


def test_a_scanner_that_answers_is_said_to_and_one_that_does_not_is_seen(env):
    assert "none is named" in seen(env)["scanner"].found
    assert "unscanned" in seen({**env, "MOMS_SCANNER": "none"})["scanner"].found
    with scanning() as real:
        named = {**env, "MOMS_SCANNER": real.setting, "MOMS_SCANNER_DAYS": "3650"}
        assert (seen(named)["scanner"].ok, seen(named)["scanner"].found) == (True, "it answers")
        for mode in ("closes", "nonsense", "listless"):
            real.mode = mode
            told = seen(named)["scanner"]
            assert (told.ok, bool(told.found), bool(told.fix)) == (False, True, True), mode
    assert not seen(named)["scanner"].ok  # it is gone
    wrong = seen({**env, "MOMS_SCANNER": "ftp://x"})["scanner"]
    assert (wrong.ok, bool(wrong.fix)) == (False, True)


def test_where_nothing_is_yet_nothing_is_made(tmp_path):
    place = tmp_path / "not there"
    found = seen({"MOMS_HOME": str(place), "MOMS_GRID": "miso"})
    assert found["home"].ok
    assert found["book"].ok
    assert "clock" not in found
    assert not place.exists()


def test_what_others_can_read_or_change_is_seen(tmp_path):
    (tmp_path / "passwords.json").write_text("{}")
    for mode, good in ((0o600, True), (0o640, False), (0o604, False), (0o400, True)):
        (tmp_path / "passwords.json").chmod(mode)
        assert checkup.secrets(tmp_path).ok == good, oct(mode)
    assert "chmod 600" in (checkup.secrets(tmp_path.parent).fix or "chmod 600")
    for mode, good in ((0o700, True), (0o755, True), (0o775, False), (0o707, False)):
        tmp_path.chmod(mode)
        assert checkup.folder(tmp_path).ok == good, oct(mode)


def test_a_full_disk_is_seen(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil gives it
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12 - 1, 1))
    assert not checkup.disk(tmp_path / "not" / "there").ok


def test_a_grid_that_is_not_there_is_seen(env):
    assert not seen(env | {"MOMS_GRID": "nowhere"})["grid"].ok


def test_a_database_of_another_step_is_seen_and_not_migrated(servers):
    database = servers.named("wheel").fresh()
    url = url_of(database.server.address, login="moms_app", database=database.name).render_as_string(False)
    env = {"MOMS_DATABASE_URL": url, "MOMS_HOME": "/nonexistent", "MOMS_GRID": "miso"}
    assert seen(env)["book"].ok
    with database.admin() as admin:
        admin.execute("UPDATE moms.migration SET version_num = '0001'")
    found = seen(env)
    assert not found["book"].ok
    assert "moms migrate" in found["book"].fix
    assert "work" not in found
    with database.admin() as admin:
        assert admin.execute("SELECT version_num FROM moms.migration").fetchone() == ("0001",)
    database.drop()
    gone = seen(env)["book"]
    assert not gone.ok
    assert database.server.address.passwords["moms_app"] not in gone.found


def test_a_clock_apart_from_the_databases_is_seen(database, monkeypatch):
    engine = database.engine()
    assert checkup.clock(engine).ok
    really = PostgresWork.clock
    for by, good in ((timedelta(seconds=1), True), (timedelta(minutes=1), False), (-timedelta(minutes=1), False)):
        monkeypatch.setattr(PostgresWork, "clock", lambda self, by=by: really(self) + by)
        assert checkup.clock(engine).ok == good, by


def test_work_that_nobody_does_is_seen(database, tmp_path):
    engine, env = database.engine(), {"MOMS_HOME": str(tmp_path)}
    set_demo_clock(tmp_path, NOW)
    assert checkup.late(engine, env).ok
    duty = Duty(task=Task.RESTUDY, subject="x", organisation="TO-1", at=NOW - timedelta(minutes=4), cause="c")
    PostgresWork(engine).enter([duty], now=NOW)
    assert checkup.late(engine, env).ok, "four minutes are not yet late"
    set_demo_clock(tmp_path, NOW + timedelta(minutes=10))
    found = checkup.late(engine, env)
    assert not found.ok
    assert "14 min" in found.found
    with database.admin() as admin:
        admin.execute("UPDATE moms.work SET became = 'aside', ended_at = clock_timestamp()")
    found = checkup.late(engine, env)
    assert not found.ok
    assert "1 put aside" in found.found


def test_no_word_of_a_database_is_shown(monkeypatch):
    def broken():
        raise OSError("hunter2")

    assert "hunter2" not in checkup._said("book", broken).found


def test_a_log_that_is_not_archived_is_seen_before_it_fills_the_disk():
    with tempfile.TemporaryDirectory(prefix="moms-log-", ignore_cleanup_errors=True) as base:
        Path(base).chmod(0o777)
        plain = {"MOMS_HOME": f"{base}/home", "MOMS_WAL_ARCHIVE": ""}
        named = {**plain, "MOMS_WAL_ARCHIVE": f"{base}/log"}

        def told(place):
            """Have a piece of the log sent off, and look until the server has tried."""
            with place.engine.connect() as connection:
                before = connection.exec_driver_sql(
                    "SELECT archived_count + failed_count FROM pg_stat_archiver"
                ).scalar()
            with psycopg.connect(**admin_of(place)) as admin:
                admin.execute("CREATE TABLE IF NOT EXISTS public.filler (n int)")
                admin.execute("INSERT INTO public.filler VALUES (1)")
                admin.commit()
                admin.execute("SELECT pg_switch_wal()")
            for _ in range(600):
                time.sleep(0.05)
                with place.engine.connect() as connection:
                    query = "SELECT archived_count + failed_count FROM pg_stat_archiver"
                    if connection.exec_driver_sql(query).scalar() > before:
                        break
            return checkup.archive(place.engine)

        with open_place(env=plain) as place:
            assert "without archiving" in checkup.archive(place.engine).found
        with open_place(env=named) as place:
            assert told(place).ok
            Path(base, "log").rename(Path(base, "gone"))
            found = told(place)
            assert (found.ok, "failed" in found.found) == (False, True)
            assert "archive" in {check.name for check in checkup.database(Path(plain["MOMS_HOME"]), named)}
            Path(base, "gone").rename(Path(base, "log"))


def admin_of(place):
    address = place.embedded.start()
    return {"host": address.socket_folder, "port": address.port, "user": ADMIN, "dbname": "postgres",
            "password": address.passwords[ADMIN]}  # fmt: skip
