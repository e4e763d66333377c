"""Give the memory that a study is done with back to the system, and leave alone what stays for good.

A study of a large grid takes a gigabyte or two and frees it; the C library keeps what it thinks it may need again,
and a process that has studied a few requests stands at several times what it holds.
"""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> bool:
    """Give back what is free; False where the C library has no way to (only glibc has)."""
    if not sys.platform.startswith("linux"):
        return False
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return False
    trim(0)
    return True


def leave_alone() -> None:
    """Leave what is there now, a grid above all, out of each later search for garbage.

    With a grid of 20,000 buses such a search takes 0.15 s, and all threads of the process wait for it. A process
    that is forked then shares these pages for longer, too.
    """
    gc.collect()
    gc.freeze()
