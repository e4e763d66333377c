"""Processes for thinking rooms, which start none themselves."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


@dataclass(slots=True)
class Mapped:
    """Maps a function over jobs, in order, in this process or over forked ones; counts their CPU."""

    cores: int
    tick: Callable[[int], None]
    cpu_s: float = 0.0

    def __call__(self, work: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterable[Any]:
        """Give what the work makes of each job, in order."""
        if self.cores < 2 or len(jobs) < 2:
            yield from self._here(work, jobs)
            return
        first, *rest = jobs
        yield from self._here(work, [first])  # compiles and orders once, before the fork
        _WORK.clear()
        _WORK.append(work)
        with multiprocessing.get_context("fork").Pool(min(self.cores, len(rest))) as pool:
            for found, cpu in pool.imap(_timed, rest, chunksize=1):
                self.cpu_s += cpu
                self.tick(1)
                yield found

    def _here(self, work: Callable[[Any], Any], jobs: Sequence[Any]) -> Iterable[Any]:
        for job in jobs:
            found = work(job)
            self.tick(1)
            yield found


_WORK: list[Callable[[Any], Any]] = []
"""Handed to forked processes by memory: a world is large and is not sent over a pipe."""


def _timed(job: Any) -> tuple[Any, float]:  # noqa: ANN401 - any job
    before = time.process_time()
    found = _WORK[0](job)
    return found, time.process_time() - before


@contextlib.contextmanager
def mapped(*, cores: int, tick: Callable[[int], None] = lambda _more: None) -> Iterator[Mapped]:
    """Give a map over `cores` processes (0: all there are)."""
    yield Mapped(cores or len(os.sched_getaffinity(0)), tick)
