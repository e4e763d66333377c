"""Files that hold many things: a JSON array, or one JSON value a line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from moms.exchange.requests import UnreadableFile, parse_json

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 16_000_000


def read_many(path: Path | None) -> tuple[object, ...]:
    """Give the values of a file, or of stdin, in their order.

    Raises:
        UnreadableFile: not there, not text, too big, or not JSON; the message names the line.
    """
    name = "stdin" if path is None else path.name
    try:
        text = sys.stdin.read(MOST_BYTES + 1) if path is None else path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise UnreadableFile(f"{name} cannot be read: {why}", field="file", fix="give JSON in UTF-8") from why
    if len(text) > MOST_BYTES:
        raise UnreadableFile(f"{name} is too big", field="file", fix=f"give at most {MOST_BYTES} characters")
    return values_of(text, name=name)


def values_of(text: str, *, name: str) -> tuple[object, ...]:
    r"""Give the values of a text: those of the array that it is, or one a line.

    >>> values_of("[1, 2]", name="a"), values_of('{"a": 1}\n\n{"a": 2}\n', name="a")
    ((1, 2), ({'a': 1}, {'a': 2}))
    """
    if text.lstrip().startswith("["):
        found = parse_json(text, name=name)
        assert isinstance(found, list)  # noqa: S101 - what begins so and is JSON is an array
        return tuple(found)
    lines = enumerate(text.splitlines(), start=1)
    return tuple(parse_json(line, name=f"{name}, line {number}") for number, line in lines if line.strip())
