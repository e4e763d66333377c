"""Which process is which: a pid with its start time, so that a reused pid is not mistaken."""

from __future__ import annotations

import subprocess
from pathlib import Path

_STATE, _START = 0, 19  # fields of /proc/<pid>/stat counted after the closing parenthesis of the name


def identity(pid: int) -> str | None:
    """Give a text that no later process with the same pid will have; None where it is dead or a zombie."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[_STATE] in {"Z", "X"} else f"{_boot()}/{fields[_START]}"
    answer = subprocess.run(  # noqa: S603 - a number is all that is handed over
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=10
    )
    text = " ".join(answer.stdout.split())
    return None if not text or text.startswith("Z") else text.partition(" ")[2]


def folder_of(pid: int) -> Path | None:
    """Give the folder a process works in (a PostgreSQL server works in its data folder), where known."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def _boot() -> str:
    """Give the id of this run of the machine: start times count from it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "boot"
