"""Under which user the embedded server runs, and where that user's data can lie.

PostgreSQL refuses to run as root. Started by root, MOMS hands the server to a service user and puts
the data where that user can go: below MOMS_HOME if it is reachable, else below /var/lib/moms. The
mode of a folder that was there before is never changed; only folders made here get one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE_USERS = ("moms", "postgres", "nobody")
"""Who may serve when root starts MOMS, the first that exists."""
LEAVINGS = frozenset({"data.new", "first-password"})
STATE = Path("/var/lib/moms")


class NoServiceUser(Refused):
    """Root started MOMS and there is no user to hand the server to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The user that runs the server; `drop` tells whether the caller must step down to it."""

    uid: int
    gid: int
    name: str
    drop: bool

    def run(
        self, command: list[str], *, env: Mapping[str, str], timeout_s: float, fds: tuple[int, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, in a session of its own, with only this environment."""
        return subprocess.run(  # noqa: S603 - the programs are ours: PostgreSQL's and /bin/sh
            command,
            env=dict(env),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            pass_fds=fds,
            start_new_session=True,
            umask=0o077,
            user=self.uid if self.drop else None,
            group=self.gid if self.drop else None,
            extra_groups=[] if self.drop else None,
        )

    def can_enter(self, folder: Path) -> bool:
        """Tell, by trying, whether this user can go into a folder."""
        if not self.drop:
            return os.access(folder, os.X_OK)
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], env={}, timeout_s=30).returncode == 0

    def can_run(self, program: Path) -> bool:
        """Tell, by trying, whether this user can run a program that knows `--version`."""
        try:
            return self.run([str(program), "--version"], env={}, timeout_s=30).returncode == 0
        except OSError:
            return False

    def make_folder(self, folder: Path) -> None:
        """Make a folder of this user's own, closed to all others; leave one that is there as it is."""
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        # One that is empty but for the leavings of a first start that was killed is ours, if not yet handed over.
        if self.drop and folder.stat().st_uid != self.uid and {p.name for p in folder.iterdir()} <= LEAVINGS:
            os.chown(folder, self.uid, self.gid)


def service(*, place: Path | None, env: Mapping[str, str]) -> Service:
    """Give the user to serve: the owner of the data that is there, else the caller, else a service user.

    Raises:
        NoServiceUser: root, and no other user exists or may be used here.
    """
    if os.geteuid() != 0:
        me = os.geteuid()
        return Service(uid=me, gid=os.getegid(), name=_name_of(me), drop=False)
    if place is not None and place.is_dir() and place.stat().st_uid != 0:
        owner = place.stat()
        return Service(uid=owner.st_uid, gid=owner.st_gid, name=_name_of(owner.st_uid), drop=True)
    named = env.get("MOMS_SERVICE_USER")
    for name in (named,) if named else SERVICE_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        found = Service(uid=entry.pw_uid, gid=entry.pw_gid, name=name, drop=True)
        if entry.pw_uid != 0 and _usable(found):
            return found
    raise NoServiceUser(
        f"PostgreSQL does not run as root, and none of the users {named or ', '.join(SERVICE_USERS)} can be used here",
        field="MOMS_SERVICE_USER",
        fix="start MOMS as an ordinary user, name a user of this machine, or set MOMS_DATABASE_URL to a server",
    )


def choose_place(home: Path, *, who: Service) -> Path:
    """Choose where the data go: below home where the service user can reach it, else below /var/lib/moms."""
    if not who.drop or who.can_enter(home):
        return home / "postgres"
    return shared_folder() / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]


def shared_folder() -> Path:
    """Give the machine-wide folder for data and programs of a service user, made if it is not there.

    Raises:
        NoServiceUser: it cannot be made.
    """
    try:
        STATE.mkdir(mode=0o711, exist_ok=True)
    except OSError as why:
        raise NoServiceUser(
            f"{STATE} cannot be made ({why.strerror}), and the service user cannot reach MOMS_HOME",
            field="MOMS_HOME",
            fix="set MOMS_HOME to a folder that others may enter, for instance /srv/moms",
        ) from why
    return STATE


def _usable(who: Service) -> bool:
    """Tell whether root may become this user here (a container may forbid it)."""
    try:
        return who.run(["/bin/sh", "-c", ":"], env={}, timeout_s=30).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _name_of(uid: int) -> str:
    """Give a user's name, or its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
