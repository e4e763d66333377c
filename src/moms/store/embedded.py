"""A private PostgreSQL server below MOMS_HOME, started by the first process and stopped by the last.

No TCP port is opened; the socket lies in a 0700 folder and every login needs a random password that
only the owner of MOMS_HOME can read. Who uses the server holds a shared lock on `users.lock`; the
server itself, from its first to its last process, holds `server.lock`, which it inherits. Both are
kept by the kernel, so a killed process leaves no lock behind: a server whose users were all killed is
adopted by the next start, and a stale `postmaster.pid` is told from a live one with certainty.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from moms.store import binaries as programs
from moms.store.locks import STEP_S, FileLock, held
from moms.store.processes import folder_of, identity
from moms.store.service import Service, choose_place, service, shared_folder
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.store.binaries import Binaries

PORT = 5432
"""Names the socket file only; nothing listens on it."""
ADMIN = "moms_admin"
DATABASE = "moms"
LOGINS = (ADMIN, "moms_app", "moms_reader")
START_S, STOP_S, LOCK_S, INITDB_S = 120.0, 60.0, 300.0, 300.0
LONGEST_SOCKET = 100
"""Bytes; the kernel takes 107 on Linux and 103 on macOS for the whole path."""
LOG_BYTES = 10_000_000
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "60",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


ARCHIVE_S = 60
"""The longest that a written line stays on one disk alone: an unfinished piece of the log is sent off after that."""
ARCHIVE = (
    'if [ -e "FOLDER/%f" ]; then cmp -s "%p" "FOLDER/%f"; else'
    ' cp "%p" "FOLDER/%f.half" && sync "FOLDER/%f.half" && mv "FOLDER/%f.half" "FOLDER/%f" && sync "FOLDER"; fi'
)
"""A piece appears whole and on the disk or not at all; the same again is done already, and another is refused."""


class ServerTrouble(Refused):
    """The embedded server cannot be made, started or stopped."""


OF_HOME = "of-home"
"""Names the home of data that lie elsewhere."""


class OtherVersion(Refused):
    """The data were made by another major version of PostgreSQL than the programs at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is reached, and by whom."""

    socket_folder: str
    passwords: Mapping[str, str] = field(repr=False)
    port: int = PORT


@dataclass(slots=True, kw_only=True)
class Embedded:
    """This process's use of the embedded server of one home.

    `settings` are added to the server's own when this process is the one to start it.
    """

    home: Path
    env: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    patience_s: float = START_S
    """How long a start may take: one that reads a log again takes longer."""
    _users: FileLock | None = None

    def start(self) -> Address:
        """Give the address of the running server, made and started if it is not there.

        Raises:
            OtherVersion: the data belong to another major version.
            ServerTrouble: it cannot be made or does not come up in time; says why.
            NoPostgres, NoServiceUser: as `binaries.find`, `service.service`.
        """
        _make_home(self.home)
        with held(self.home / "start.lock", timeout_s=LOCK_S):
            address = self._up()
            if self._users is None:
                self._users = FileLock(self.home / "users.lock")
                self._users.wait(timeout_s=LOCK_S, shared=True)
        return address

    def close(self) -> None:
        """End this process's use; the last to go stops the server."""
        if self._users is None:
            return
        with held(self.home / "start.lock", timeout_s=LOCK_S):
            self._users.close()
            self._users = None
            last = FileLock(self.home / "users.lock")
            try:
                if last.take():
                    self._down()
            finally:
                last.close()

    def _up(self) -> Address:
        """Adopt the server that runs, or start it."""
        facts = _read(self.home / "database.json")
        place = Path(str(facts["place"])) if facts else None
        who = service(place=place, env=self.env)
        passwords = self._passwords(fresh=place is None)
        if place is None:
            place = choose_place(self.home, who=who)
        server = _Server(home=self.home, place=place, who=who, env=self.env, settings=self.settings,
                         patience_s=self.patience_s)  # fmt: skip
        if facts is None:
            server.make(password=passwords[ADMIN])
            _write(self.home / "database.json", {"place": str(place)})
        return Address(socket_folder=server.run(), passwords=passwords)

    def _down(self) -> None:
        """Stop the server if it runs."""
        facts = _read(self.home / "database.json")
        if facts:
            place = Path(str(facts["place"]))
            who = service(place=place, env=self.env)
            _Server(home=self.home, place=place, who=who, env=self.env, settings={}).stop()

    def _passwords(self, *, fresh: bool) -> dict[str, str]:
        """Read the passwords, made at the first start.

        Raises:
            ServerTrouble: there is a database, and its passwords are gone or closed to this user.
        """
        file = self.home / "passwords.json"
        try:
            found = _read(file)
        except PermissionError as why:
            raise ServerTrouble(
                f"{file} belongs to another user",
                field="MOMS_HOME",
                fix="run as its owner, or set MOMS_HOME to a folder of yours",
            ) from why
        if found is None and not fresh:
            raise ServerTrouble(
                f"{file} is gone, and without it nobody can log in to the database",
                field="MOMS_HOME",
                fix="put it back from a backup of MOMS_HOME",
            )
        if found is None:
            found = {login: secrets.token_urlsafe(32) for login in LOGINS}
            _write(file, found)
        return {str(k): str(v) for k, v in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    """The server of one home; call its methods only under `start.lock`."""

    home: Path
    place: Path
    who: Service
    env: Mapping[str, str]
    settings: Mapping[str, str]
    patience_s: float = START_S

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.place / "data"

    def make(self, *, password: str) -> None:
        """Make an empty cluster; it appears whole or not at all."""
        if self.data.is_dir():  # made, but the process died before it was noted: the passwords are older still
            return
        self.who.make_folder(self.place)
        if self.home not in self.place.parents:  # so that somebody who tidies up can tell whose they are
            (self.place / OF_HOME).write_text(f"{self.home}\n", encoding="utf-8")
        tools = self._tools()
        half = self.place / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        secret = self.place / "first-password"
        careless = ("--no-sync",) if self.settings.get("fsync") == "off" else ()
        try:
            _write_secret(secret, password, who=self.who)
            for locale in _locales(tools.major):
                done = self.who.run(
                    [
                        *(str(tools.initdb), "-D", str(half), "-U", ADMIN, f"--pwfile={secret}"),
                        *(
                            "--auth=scram-sha-256",
                            "--encoding=UTF8",
                            "--data-checksums",
                            "--no-instructions",
                            *careless,
                            *locale,
                        ),
                    ],
                    env=_clean(),
                    timeout_s=INITDB_S,
                )
                if done.returncode == 0:
                    break
                shutil.rmtree(half, ignore_errors=True)
        finally:
            secret.unlink(missing_ok=True)
        if done.returncode != 0:
            raise ServerTrouble(
                f"initdb failed in {self.place}: {_last_line(done.stderr or done.stdout)}",
                field="MOMS_HOME",
                fix="see that the disk has 100 MB free and the folder can be written",
            )
        half.rename(self.data)

    def run(self) -> str:
        """Give the socket folder of the running server, started if it does not run."""
        self._check_version()
        until = time.monotonic() + START_S
        while self.alive():
            folder = self._ready()
            if folder and Path(folder, f".s.PGSQL.{PORT}").exists():
                return folder
            if folder:  # its socket was swept away: nobody can reach it any more
                self.stop()
                break
            if time.monotonic() > until:
                raise ServerTrouble(
                    f"the server of {self.data} runs but takes no connections after {START_S:.0f} s",
                    field="MOMS_HOME",
                    fix=f"read {self._log}, and end the process that holds it",
                )
            time.sleep(STEP_S)
        return self._start()

    def alive(self) -> bool:
        """Tell whether any process of this server lives.

        Its lock says so; where locks are not inherited (some network file systems) the recorded pid
        with its start time says so, and so does a server that somebody else started on these data.
        """
        return self._locked() or self._pid() is not None

    def stop(self) -> None:
        """Stop it and wait until its last process is gone.

        Raises:
            ServerTrouble: it does not go.
        """
        pid = self._pid()
        if pid is None:  # not running, or running where this process cannot signal it (another container)
            return
        folder = self._ready()
        for how in (signal.SIGINT, signal.SIGQUIT):  # fast, then at once
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            until = time.monotonic() + STOP_S
            while time.monotonic() < until:
                if not self.alive():
                    self._swept(folder)
                    return
                time.sleep(STEP_S)
        raise ServerTrouble(f"the server (process {pid}) does not stop", field="MOMS_HOME", fix=f"read {self._log}")

    def _swept(self, folder: str | None) -> None:
        """Remove what a stopped server leaves outside its place."""
        (self.home / "server.json").unlink(missing_ok=True)
        if folder and Path(folder).name.startswith("moms-") and Path(folder).parent != self.place:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def _log(self) -> Path:
        return self.place / "server.log"

    def _start(self) -> str:
        """Start the server and wait until it takes connections."""
        tools = self._tools()
        folder = self._socket_folder()
        self._clear_stale(folder)
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES:
            self._log.replace(self.place / "server.log.1")
        lock = FileLock(self.home / "server.lock")
        try:
            lock.wait(timeout_s=STOP_S)
            options = {
                **SETTINGS,
                **self._archiving(),
                **self.settings,
                "unix_socket_directories": folder,
                "port": str(PORT),
            }
            arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
            done = self.who.run(
                # The shell leaves the server without a parent here: nobody has to wait for it.
                [
                    *("/bin/sh", "-c", 'log=$1; shift; "$@" >>"$log" 2>&1 </dev/null & echo $!', "sh"),
                    *(str(self._log), str(tools.postgres), "-D", str(self.data), *arguments),
                ],
                env=_clean(),
                timeout_s=START_S,
                fds=(lock.fd,),
            )
            pid = int(done.stdout) if done.stdout.strip().isdigit() else 0
        finally:
            lock.close()  # the server's own copy stays
        _write(self.home / "server.json", {"pid": pid, "identity": identity(pid) if pid else None})
        until = time.monotonic() + self.patience_s
        while time.monotonic() < until:
            if self._ready():
                return folder
            if not pid or identity(pid) is None:
                break
            time.sleep(STEP_S)
        raise ServerTrouble(
            f"the database server does not start: {self._why()}", field="MOMS_HOME", fix=f"read {self._log}"
        )

    def _archiving(self) -> dict[str, str]:
        """Give the settings by which the server archives its log, where the installation names a folder for it."""
        archive = archive_of(self.env)
        if archive is None:
            return {}
        self.who.make_folder(archive)
        return {
            "wal_level": "replica", "archive_mode": "on", "archive_timeout": f"{ARCHIVE_S}",
            "archive_command": ARCHIVE.replace("FOLDER", str(archive)),
        }  # fmt: skip

    def _ready(self) -> str | None:
        """Give the socket folder once the server takes connections."""
        lines = self._pid_file()
        return lines[4] if len(lines) >= 8 and lines[7].strip() == "ready" else None  # the eighth line is the state

    def _pid(self) -> int | None:
        """Give the postmaster's pid if it lives here and serves these data."""
        lines = self._pid_file()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        now = identity(pid)
        if now is None:
            return None
        noted = _read(self.home / "server.json") or {}
        ours = noted.get("pid") == pid and noted.get("identity") == now
        return pid if ours or folder_of(pid) == self.data.resolve() else None

    def _pid_file(self) -> list[str]:
        """Read postmaster.pid."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _locked(self) -> bool:
        """Tell whether a process of the server holds its lock."""
        lock = FileLock(self.home / "server.lock")
        try:
            return not lock.take()
        finally:
            lock.close()

    def _clear_stale(self, folder: str) -> None:
        """Remove the pid files of a dead server, whose pid another process may have by now.

        PostgreSQL would refuse to start while any process has that pid, be it a zombie. Only called
        when neither the lock nor the start time shows a live server.
        """
        for name in (self.data / "postmaster.pid", *Path(folder).glob(f".s.PGSQL.{PORT}*")):
            name.unlink(missing_ok=True)

    def _check_version(self) -> None:
        """Compare the data with the programs.

        Raises:
            ServerTrouble: the data are gone. OtherVersion: they are of another major version.
        """
        try:
            made_by = (self.data / "PG_VERSION").read_text().strip()
        except OSError as why:
            raise ServerTrouble(
                f"the database that MOMS_HOME names is not in {self.data}",
                field="MOMS_HOME",
                fix=f"put the folder back, or remove {self.home / 'database.json'} to begin an empty one",
            ) from why
        tools = programs.find(self.env)
        if made_by != str(tools.major):
            raise OtherVersion(
                f"{self.data} was made by PostgreSQL {made_by}, and {tools.folder} is {tools.version}",
                field="MOMS_HOME",
                fix=f"set MOMS_POSTGRES_BIN to PostgreSQL {made_by}, or back up with it and restore into a new home",
            )

    def _tools(self) -> Binaries:
        """Give programs that the service user can run."""
        return tools_for(self.who, env=self.env)

    def _socket_folder(self) -> str:
        """Give a short folder of the service user's own for the socket."""
        beside = self.place / "run"
        if _plain(beside):
            self.who.make_folder(beside)
            if _takes_sockets(beside):
                return str(beside)
        for base in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - mkdtemp makes a new 0700 folder of our own in it
            if _plain(Path(base, "moms-12345678")) and self.who.can_enter(Path(base)):
                made = tempfile.mkdtemp(prefix="moms-", dir=base)
                if self.who.drop:
                    os.chown(made, self.who.uid, self.who.gid)
                return made
        raise ServerTrouble("no folder with a path short enough for a socket", field="TMPDIR", fix="set TMPDIR to /tmp")

    def _why(self) -> str:
        """Give the last thing the server said."""
        try:
            lines = self._log.read_text(errors="replace").splitlines()
        except OSError:
            return "it said nothing"
        grave = [line for line in lines[-20:] if "FATAL" in line or "PANIC" in line]
        return _last_line("\n".join(grave or lines))


def tools_for(who: Service, *, env: Mapping[str, str]) -> Binaries:
    """Give PostgreSQL's programs where a user can run them."""
    found = programs.find(env)
    if who.drop and not who.can_run(found.postgres):
        found = programs.copied(found, under=shared_folder())
    return found


def archive_of(env: Mapping[str, str]) -> Path | None:
    """Give the folder into which the log is archived, None where none is named.

    Raises:
        ServerTrouble: it cannot be one.
    """
    named = env.get("MOMS_WAL_ARCHIVE")
    if not named:
        return None
    return plain_path(Path(named).expanduser(), field="MOMS_WAL_ARCHIVE")


def plain_path(path: Path, *, field: str) -> Path:
    """Give a path that a shell and PostgreSQL read as it is written.

    Raises:
        ServerTrouble: it is not whole, or has other characters.
    """
    if not path.is_absolute() or not re.fullmatch(r"[A-Za-z0-9_./-]+", str(path)):
        fix = "name a folder from / on, of letters, digits and . _ - alone"
        raise ServerTrouble(f"{str(path)!r} is no folder for the log", field=field, fix=fix)
    return path


def _make_home(home: Path) -> None:
    """Make MOMS_HOME and its parents if they are not there.

    Root's may be entered by others, who still cannot list it: the service user must pass through.
    """
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    except OSError as why:
        fix = "set MOMS_HOME to a folder of yours"
        raise ServerTrouble(f"{home} cannot be made: {why.strerror}", field="MOMS_HOME", fix=fix) from why
    if not os.access(home, os.W_OK | os.X_OK):
        fix = "run as its owner, or set MOMS_HOME to a folder of yours"
        raise ServerTrouble(f"{home} cannot be written", field="MOMS_HOME", fix=fix)


def _locales(major: int) -> tuple[tuple[str, ...], ...]:
    """Give the initdb words for the locale C.UTF-8, the best first."""
    if major >= 17:  # brought the builtin provider
        return (("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),)
    return (("--locale=C.UTF-8",), ("--locale=C",))


def _plain(folder: Path) -> bool:
    """Tell whether a folder's path can name a socket: short, and nothing a setting would have to quote."""
    text = str(folder)
    fits = len(os.fsencode(f"{text}/.s.PGSQL.{PORT}.lock")) <= LONGEST_SOCKET
    return fits and text.isascii() and all(c.isalnum() or c in "/._-" for c in text)


def _takes_sockets(folder: Path) -> bool:
    """Tell, by trying, whether a socket can be made in a folder (some mounted folders refuse)."""
    name = folder / f".try{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(str(name))
        except OSError:
            return False
    name.unlink()
    return True


def _clean() -> dict[str, str]:
    """Give the environment of the server: nothing of the caller's."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _last_line(text: str) -> str:
    """Give the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _read(file: Path) -> dict[str, object] | None:
    """Read a small JSON file, or None where there is none."""
    try:
        found: dict[str, object] = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    return found


def _write(file: Path, value: Mapping[str, object]) -> None:
    """Write a small JSON file, 0600, whole or not at all."""
    half = file.with_name(f".{file.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    fd = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as out:
        json.dump(value, out, indent=1, sort_keys=True)
        out.flush()
        os.fsync(out.fileno())
    half.replace(file)


def _write_secret(file: Path, secret: str, *, who: Service) -> None:
    """Write a secret that only the service user can read."""
    file.unlink(missing_ok=True)
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as out:
        out.write(secret)
        if who.drop:
            os.fchown(out.fileno(), who.uid, who.gid)
