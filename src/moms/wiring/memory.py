"""How this process takes memory from the system, gives it back, and leaves alone what stays for good.

A study of a large grid makes and drops arrays of tens of megabytes by the hundred. As a rule the C library asks the
system for each and gives each back, and the system clears every page of it again: that was a quarter of a study's
work (decision 0052). So a process keeps what it has freed, and gives it back once a study is over; else it would
stand at several times what it holds.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8
"""Names of `mallopt`'s settings, from glibc's malloc.h."""
KEPT_BYTES = 1 << 30
"""More than this that is free at the end of the heap is given back at once."""


def keep_freed() -> bool:
    """Use what was freed again before the system is asked; False where the C library has no such setting."""
    adjust = _of_libc("mallopt")
    if adjust is None:
        return False
    # One heap for all threads, and no mapping of its own for a large array: either would be given back at once.
    wanted = ((MMAP_MAX, 0), (TRIM_THRESHOLD, KEPT_BYTES), (ARENA_MAX, 1))
    done = [adjust(name, value) == 1 for name, value in wanted]
    return all(done)


def give_back() -> bool:
    """Give back what is free; False where the C library has no way to (only glibc has)."""
    trim = _of_libc("malloc_trim")
    if trim is None:
        return False
    trim(0)
    return True


def _of_libc(name: str) -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)


def leave_alone() -> None:
    """Leave what is there now, a grid above all, out of each later search for garbage.

    With a grid of 20,000 buses such a search takes 0.15 s, and all threads of the process wait for it. A process
    that is forked then shares these pages for longer, too.
    """
    gc.collect()
    gc.freeze()
