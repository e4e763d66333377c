"""From where something is asked: through which door, from which address, with which credential.

The one thing that is not handed on as an argument: it belongs to whoever asks, as a thread belongs to a process, and
no use case may look at it. An outer room says it once, where somebody comes in; the store writes it beside each line.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Door(StrEnum):
    """How somebody came in."""

    PORTAL = "portal"
    """The pages, by a session."""
    REST = "rest"
    """A program, by a token or certificate."""
    FIELD = "field"
    """A crew's phone."""
    COMMAND_LINE = "command_line"
    WORKER = "worker"
    """By the clock."""
    SERVER = "server"
    """What a server finishes that another had begun."""
    DEMO = "demo"
    """What happens in the demo by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """From where."""

    door: Door
    address: str = ""
    """Of the connection, as a named proxy tells it; at the shell the login and machine."""
    credential: str = ""
    """The public id of the session, token or certificate: by it the log names it too, and nothing opens with it."""


FROM_WHERE: ContextVar[Origin | None] = ContextVar("from_where", default=None)
"""None: nobody has said; then nothing is written of it."""


@contextmanager
def asked_from(origin: Origin) -> Iterator[None]:
    """Say from where what happens inside is asked."""
    token = FROM_WHERE.set(origin)
    try:
        yield
    finally:
        FROM_WHERE.reset(token)
