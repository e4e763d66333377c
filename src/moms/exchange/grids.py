"""Any grid by what a person calls it: a file, an imported name, or a grid that comes with MOMS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from moms.exchange import gridfile, gridstore, matpower
from moms.values import Refused

if TYPE_CHECKING:
    from moms.grid import Grid


class UnknownGrid(Refused):
    """A text that names no grid MOMS can open."""


def open_grid(name_or_path: str | Path, *, home: Path | None = None) -> Grid:
    """Give the grid of a MATPOWER case (`case1.m`), a grid file, an imported or a bundled name.

    What ends in `.m` or `.momsgrid` is a path; anything else is a name.

    Raises:
        UnknownGrid: no grid of that name, or a file of a kind that is not read.
        Refused: the file is not a grid that can be studied; nothing is half-loaded.
    """
    text = str(name_or_path)
    path = Path(text)
    if path.suffix == ".m":
        return matpower.read_case(path)
    if path.suffix == gridfile.ENDING:
        return gridfile.load(path)
    if text in gridfile.bundled():
        return gridfile.load_bundled(text)
    if text in gridstore.kept(home=home):
        return gridstore.fetch(text, home=home)
    if path.exists():
        raise UnknownGrid(f"{path.name} is no kind of grid file", field="grid", fix="give a MATPOWER case (.m)")
    raise UnknownGrid(
        f"no grid is called {text!r}; there is {', '.join(names(home=home)) or 'none'}",
        field="grid",
        fix="import one with `moms grid import FILE`",
    )


def names(*, home: Path | None = None) -> tuple[str, ...]:
    """Name every grid that can be opened by name, bundled ones first."""
    return (*gridfile.bundled(), *gridstore.kept(home=home))
