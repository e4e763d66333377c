"""Give the memory that a study is done with back to the system.

A study of a large grid takes a gigabyte or two and frees it; the C library keeps what it thinks it may need again,
and a process that has studied a few requests stands at several times what it holds.
"""

from __future__ import annotations

import ctypes
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
