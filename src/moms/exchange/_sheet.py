"""A CSV file with a header, read cell by cell with its line numbers."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from moms.values import Refused

if TYPE_CHECKING:
    from pathlib import Path

MOST_LINES = 1_000_000
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


class BadTable(Refused):
    """A table that cannot be used, with the line and the column where it fails."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """The cells of a table; lines are numbered as in the file."""

    what: str
    header: tuple[str, ...]
    lines: tuple[int, ...]
    cells: dict[int, tuple[str, ...]]
    notes: tuple[str, ...]

    def text(self, line: int, column: str) -> str:
        """Give a cell; empty where the table has no such column."""
        return self.cells[line][self.header.index(column)] if column in self.header else ""

    def number(
        self, line: int, column: str, *, least: float = -math.inf, above: bool = False, needed: bool = True
    ) -> float | None:
        """Give a cell as a finite number of at least `least`, or above it; None for an empty cell not needed.

        Raises:
            BadTable: it is missing, no number, or too small.
        """
        text, where = self.text(line, column), f"{self.what} line {line}, {column}"
        if not text and not needed:
            return None
        if not text:
            raise BadTable("the cell is empty", field=where, fix="give a number")
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            raise BadTable(f"{text!r} is not a number", field=where, fix="give a plain number, as 12.5")
        if value < least or (above and value == least):
            raise BadTable(
                f"{text} is too small", field=where, fix=f"give a number {'above' if above else 'from'} {least:g}"
            )
        return value


def read_sheet(
    path: Path, *, what: str, needs: tuple[str, ...], knows: tuple[str, ...] | None, empty: bool = False
) -> Sheet:
    """Read a table. `knows` are the columns that are used, None for any; `empty`: it may have no line.

    Raises:
        BadTable: no file, no text, no header, a column missing or twice, a ragged line, or no line.
    """
    rows = _rows(path, what)
    if not rows:
        raise BadTable(f"{path.name} is empty", field=what, fix="give a header and a line for each")
    (_, first), body = rows[0], rows[1:]
    header = tuple(cell.strip().lower() if knows else cell.strip() for cell in first)
    header = tuple(_time_column(cell) for cell in header) if knows is None else header
    for name in header:
        if _NUMBER.fullmatch(name):
            raise BadTable(f"{name!r} is no name of a column", field=f"{what} header", fix="begin with a line of names")
        if header.count(name) > 1:
            raise BadTable(f"the column {name!r} stands twice", field=f"{what} header", fix="give each column once")
    for name in needs:
        if name not in header:
            near = get_close_matches(name, header, n=1, cutoff=0.5)
            fix = f"is {near[0]!r} meant? Call it {name}" if near else f"add a column {name}"
            raise BadTable(f"there is no column {name}", field=f"{what} header", fix=fix)
    if not body and not empty:
        raise BadTable(f"{path.name} has no line under its header", field=what, fix="give at least one")
    for line, row in body:
        if len(row) != len(header):
            raise BadTable(f"{len(row)} cells where the header has {len(header)}", field=f"{what} line {line}",
                           fix="give one cell a column")  # fmt: skip
    unused = [name for name in header if knows is not None and name not in knows]
    notes = (f"columns of {path.name} that are not used: {', '.join(unused)}",) if unused else ()
    cells = {line: tuple(cell.strip() for cell in row) for line, row in body}
    return Sheet(what=what, header=header, lines=tuple(cells), cells=cells, notes=notes)


def _time_column(cell: str) -> str:
    return cell.lower() if cell.lower() in {"hour", "day"} else cell


def _rows(path: Path, what: str) -> list[tuple[int, list[str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as cause:
        raise BadTable(f"{path} cannot be opened: {cause.strerror}", field=what, fix="check the path") from cause
    except UnicodeDecodeError as cause:
        raise BadTable(f"{path.name} is not text in UTF-8", field=what, fix="save it as CSV in UTF-8") from cause
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as cause:
        raise BadTable(f"{path.name} is not CSV: {cause}", field=what, fix="save it as CSV in UTF-8") from cause
    if len(rows) > MOST_LINES:
        raise BadTable(f"{len(rows)} lines are more than {MOST_LINES}", field=what, fix="split the file")
    return rows
