"""How answers look: tables and sentences for people, JSON for machines, colour only for what is abnormal."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.values.digest import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a table; an abnormal one is shown in colour on a terminal and marked `!` elsewhere."""

    text: str
    abnormal: bool = False


def show_json(value: object) -> None:
    """Print a value as JSON, instants in UTC, keys sorted.

    >>> show_json({"b": 1, "a": None})
    {
      "a": null,
      "b": 1
    }
    """
    print(json.dumps(plain(value), indent=2, ensure_ascii=False, sort_keys=True, allow_nan=False))


def show_figures(value: object, *, digits: int) -> None:
    """Print a value of JSON's own kinds as JSON, its floats at so many significant digits.

    Answers of the desk are rounded to fixed units (`show_json`); a probability of 1e-12 would be
    nothing there.

    >>> show_figures({"lolp": 1.23456789e-12}, digits=3)
    {
      "lolp": 1.23e-12
    }
    """
    print(json.dumps(_significant(value, digits), indent=2, ensure_ascii=False, sort_keys=True, allow_nan=False))


def _significant(value: object, digits: int) -> object:
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, dict):
        return {key: _significant(one, digits) for key, one in value.items()}
    return [_significant(one, digits) for one in value] if isinstance(value, list) else value


def say(text: str, *, abnormal: bool = False) -> None:
    """Print one sentence; red on a terminal if it tells of something abnormal."""
    if abnormal and sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(text, style="bold red", markup=False)
    else:
        print(text)


def show_table(
    *,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell | str]],
    title: str | None = None,
    right: Sequence[str] = (),
) -> None:
    """Print a table, framed on a terminal, in plain columns elsewhere; `right` names the columns of numbers.

    >>> show_table(
    ...     columns=["line", "MW"],
    ...     rows=[["branch:6", "12.5"], ["branch:11", Cell(text="130.0", abnormal=True)]],
    ...     right=["MW"],
    ... )
    line           MW
    branch:6     12.5
    branch:11  130.0!
    """
    table = [[cell if isinstance(cell, Cell) else Cell(text=cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _framed(columns=columns, rows=table, title=title, right=right)
    else:
        _plain(columns=columns, rows=table, title=title, right=right)


def _framed(*, columns: Sequence[str], rows: Sequence[Sequence[Cell]], title: str | None, right: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left")
    for row in rows:
        table.add_row(*(Text(cell.text, style="bold red" if cell.abnormal else "") for cell in row))
    Console(highlight=False).print(table)


def _plain(*, columns: Sequence[str], rows: Sequence[Sequence[Cell]], title: str | None, right: Sequence[str]) -> None:
    texts = [list(columns), *([cell.text + "!" * cell.abnormal for cell in row] for row in rows)]
    widths = [max(len(row[k]) for row in texts) for k in range(len(columns))]
    if title:
        print(title)
    for row in texts:
        cells = (
            text.rjust(width) if column in right else text.ljust(width)
            for text, width, column in zip(row, widths, columns, strict=True)
        )
        print("  ".join(cells).rstrip())


@contextlib.contextmanager
def progress(label: str, *, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while a person watches; gives a function that is told how much more is done.

    >>> with progress("studying", total=2) as done:
    ...     done(1)
    ...     done(1)
    """
    if not sys.stderr.isatty():
        yield lambda _more: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda more: bar.update(task, advance=more)
