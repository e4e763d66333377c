"""Locks on files, kept by the kernel: a process that dies, however it dies, lets go of them."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STEP_S = 0.01


class LockBusy(Refused):
    """Another process has held a lock for longer than was waited."""


class FileLock:
    """One lock on one file, shared or for one alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, *, shared: bool = False) -> bool:
        """Try once; tell whether it is held now."""
        try:
            fcntl.flock(self.fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self, *, timeout_s: float, shared: bool = False) -> None:
        """Take it, waiting.

        Raises:
            LockBusy: not free in time.
        """
        until = time.monotonic() + timeout_s
        while not self.take(shared=shared):
            if time.monotonic() > until:
                raise LockBusy(
                    f"another process has held {self.path} for {timeout_s:.0f} s",
                    field="MOMS_HOME",
                    fix="wait for it, or end it, and try again",
                )
            time.sleep(STEP_S)

    def close(self) -> None:
        """Let go."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


@contextmanager
def held(path: Path, *, timeout_s: float) -> Iterator[None]:
    """Hold the lock for one alone while inside."""
    lock = FileLock(path)
    try:
        lock.wait(timeout_s=timeout_s)
        yield
    finally:
        lock.close()
