"""Planning problems as JSON, plain or packed (.gz, .xz), read strictly: the first fault is named with its field."""

from __future__ import annotations

import gzip
import json
import lzma
import math
import os
from typing import TYPE_CHECKING, Any, NoReturn

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST_BYTES = 1 << 31
"""Of the text once unpacked: a packed file of a few kB can hold more than any machine has."""


class UnreadableProblem(Refused):
    """A file that holds no planning problem."""


def bad(says: str, *, at: str, fix: str) -> NoReturn:
    """Refuse a field.

    Raises:
        UnreadableProblem: always.
    """
    raise UnreadableProblem(f"{at} {says}", field=at, fix=fix)


def load(path: Path) -> Mapping[str, Any]:
    """Read the one object in a JSON file.

    Raises:
        UnreadableProblem: not there, not JSON, a name given twice, NaN or infinity, or no object.
    """
    try:
        value = json.loads(_text(path), parse_constant=_no_constant, object_pairs_hook=_each_name_once)
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError, gzip.BadGzipFile) as why:
        raise UnreadableProblem(f"{path.name} cannot be read: {why}", field="file", fix="give a JSON file") from why
    except json.JSONDecodeError as why:
        says = f"{path.name} is not JSON: {why.msg} on line {why.lineno}"
        raise UnreadableProblem(says, field="file", fix="mend the file") from why
    except RecursionError as why:
        raise UnreadableProblem(f"{path.name} is nested too deep", field="file", fix="give a planning problem") from why
    return an_object(value, at=path.name)


def _text(path: Path) -> str:
    opened: Any = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opened(path, "rb") as file:
        data: bytes = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise UnreadableProblem(f"{path.name} holds more than 2 GB", field="file", fix="give a smaller problem")
    return data.decode("utf-8-sig")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that whoever reads meanwhile, or after a crash, sees the old or the new whole.

    Raises:
        UnreadableProblem: it cannot be written.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}.half")
    try:
        half.write_bytes(data)
        half.replace(path)
    except OSError as why:
        raise UnreadableProblem(f"{path} cannot be written: {why.strerror}", field="out", fix="name another") from why


def _no_constant(name: str) -> NoReturn:
    raise UnreadableProblem(f"the file says {name}, which is no number", field=name, fix="leave out what is not known")


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for k, (name, _) in enumerate(pairs) if name in {n for n, _ in pairs[:k]})
        raise UnreadableProblem(f"{twice!r} is given twice in one object", field=twice, fix="give each name once")
    return found


def an_object(value: object, *, at: str) -> Mapping[str, Any]:
    """Give a value that has to be an object."""
    return value if isinstance(value, dict) else bad("is not an object", at=at, fix="give an object, as { ... }")


def a_list(value: object, *, at: str, length: int | None = None) -> list[Any]:
    """Give a value that has to be a list, of a length if one is given."""
    if not isinstance(value, list):
        bad("is not a list", at=at, fix="give a list, as [ ... ]")
    if length is not None and len(value) != length:
        bad(f"has {len(value)} entries", at=at, fix=f"give {length}")
    return value


def part(whole: Mapping[str, Any], name: str, *, at: str = "") -> Any:  # noqa: ANN401 - any kind of JSON
    """Give a field that has to be there."""
    where = f"{at}.{name}" if at else name
    return whole[name] if whole.get(name) is not None else bad("is missing", at=where, fix="give it")


def only(whole: Mapping[str, Any], known: set[str], *, at: str) -> None:
    """Refuse a field nobody knows: a misspelt limit would be no limit."""
    other = sorted(set(whole) - known)
    if other:
        where = f"{at}.{other[0]}" if at else other[0]
        bad("is not a field here", at=where, fix=f"there are {', '.join(sorted(known))}")


def number(value: object, *, at: str, least: float = -math.inf, most: float = math.inf) -> float:
    """Give a finite number between two bounds; text that is a number will do, as the challenge's files have it."""
    try:
        found = math.nan if isinstance(value, bool) or value is None else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        bad(f"is {value!r}, not a number", at=at, fix="give a number")
    if not math.isfinite(found):
        bad(f"is {value!r}, not a finite number", at=at, fix="give a number")
    if not least <= found <= most:
        bad(f"is {found:g}", at=at, fix=f"give {_span(least, most)}")
    return found


def whole_number(value: object, *, at: str, least: int, most: int = 1_000_000) -> int:
    """Give a whole number between two bounds."""
    found = number(value, at=at, least=least, most=most)
    return int(found) if found == int(found) else bad(f"is {found:g}, not a whole number", at=at, fix="round it")


def _span(least: float, most: float) -> str:
    if math.isinf(most):
        return f"{least:g} or more"
    return f"{most:g} or less" if math.isinf(least) else f"{least:g} to {most:g}"


def a_text(value: object, *, at: str) -> str:
    """Give a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        bad(f"is {value!r}, not a name", at=at, fix="give a text")
    return value
