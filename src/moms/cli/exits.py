"""What the exit code of every command means; scripts rely on these."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes (architecture: the command line is a contract)."""

    DONE = 0
    """Done; where a decision was asked for, it is approve or accept."""
    NO = 1
    """Done, and the answer is counter, deny or refer."""
    WRONG_USE = 2
    """What was asked cannot be done as asked; the sentence says what to change."""
    BROKEN = 3
    """Something that should work does not; nothing the caller wrote would mend it."""
    INTERRUPTED = 130
    """Ctrl-C."""
    PIPE_CLOSED = 141
    """Whoever read the output stopped reading."""
