"""The log of a running service: a line each on stderr, for people or as JSON, without a value that somebody sent."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moms.portal.watch import REQUEST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO


class Lines(logging.Formatter):
    """One JSON object a line: at, level, logger, says, request; then the facts and the trace, where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a line."""
        found = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "says": record.getMessage(),
            "request": REQUEST.get() or None,
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            found["trace"] = trace(record.exc_info[1])
        return json.dumps({k: v for k, v in found.items() if v is not None}, ensure_ascii=True, default=str)


class Words(logging.Formatter):
    """One line for a person, the trace below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a line."""
        at = datetime.fromtimestamp(record.created, UTC)
        says = "".join(c if c.isprintable() else "?" for c in record.getMessage())
        more = trace(record.exc_info[1]) if record.exc_info and record.exc_info[1] is not None else ()
        number = f" [{REQUEST.get()}]" if REQUEST.get() else ""
        return "\n  ".join([f"{at:%Y-%m-%dT%H:%M:%SZ} {record.levelname.lower()} {record.name}: {says}{number}", *more])


def trace(bug: BaseException) -> Sequence[str]:
    """Give the kinds of a failure and of its causes with where they came from, innermost first.

    Its own words are left out: a driver or a reader of JSON puts into them what somebody sent.
    """
    found: list[str] = []
    seen: set[int] = set()
    at: BaseException | None = bug
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        found.append(f"{type(at).__module__}.{type(at).__qualname__}")
        frames = traceback.extract_tb(at.__traceback__)
        found += [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
        at = at.__cause__ or at.__context__
    return found


def log_to(stream: TextIO = sys.stderr, *, as_json: bool) -> None:
    """Send the log of this process to a stream: as JSON with a line for each request, else warnings for a person."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines() if as_json else Words())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("moms.access", "moms.security"):
        logging.getLogger(name).setLevel(logging.INFO if as_json else logging.WARNING)
