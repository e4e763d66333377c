"""Beside the server: a worker, or more servers; each a process, started again where it ends by itself."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOG = logging.getLogger("moms.beside")
AGAIN_S = 5.0
PATIENCE_S = 20.0


@contextlib.contextmanager
def beside(words: Sequence[str], *, fds: tuple[int, ...] = ()) -> Iterator[None]:
    """Run `moms` with these words for as long as this lasts; without words nothing is run.

    What it says goes to stderr: stdout is the server's own. It inherits `fds` under the same numbers.
    """
    if not words:
        yield
        return
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(list(words), done, fds), name="beside", daemon=True)
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join()


def _watch(words: list[str], done: threading.Event, fds: tuple[int, ...]) -> None:
    """Start it, and again some seconds after it has ended, until all is done."""
    while not done.is_set():
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "moms", *words],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            pass_fds=fds,
        )
        while process.poll() is None and not done.wait(0.2):
            pass
        if done.is_set():
            _end(process)
            return
        LOG.error("the %s beside the server ended with %s; it is started again", words[0], process.returncode)
        done.wait(AGAIN_S)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
