"""Groups of hours, or whole studies, at once on two cores: compiled code and numpy leave Python free meanwhile.

The one place of the thinking rooms that knows of threads: nothing is shared, and results come in the order asked.
Who is asked to stand still inside one (a preview gives way) holds nobody else up: there is no count of all threads.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")

MOST = 2
"""Each holds some hundred megabytes on a large grid."""


def at_once(work: Callable[[T], R], some: Sequence[T]) -> Iterator[R]:
    """Give the results in the order of what they are of."""
    threads = min(MOST, len(some), _cores())
    if threads < 2:
        yield from map(work, some)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="hours") as pool:
        yield from pool.map(work, some)


def _cores() -> int:
    """Give how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
