"""Imported grids, one compact file each, in the user's data folder: whole or not there at all."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from moms.exchange import gridfile
from moms.values import Refused

if TYPE_CHECKING:
    from moms.grid import Grid

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class BadGridName(Refused):
    """A name no grid can be kept under."""


class GridNameTaken(Refused):
    """Another grid is kept under that name."""


class NoSuchImport(Refused):
    """No grid was imported under that name."""


def folder(*, home: Path | None = None) -> Path:
    """Give where imported grids are kept: `grids` under `home`, else MOMS_HOME, else ~/.local/share/moms."""
    if home is None:
        given = os.environ.get("MOMS_HOME")
        home = Path(given) if given else Path.home() / ".local" / "share" / "moms"
    return home / "grids"


def keep(grid: Grid, *, name: str, replace: bool = False, home: Path | None = None) -> Path:
    """Keep a grid under a name; the file appears whole, by one rename, or not at all.

    Keeping the same grid again under its name changes nothing.

    Raises:
        BadGridName: not letters, digits, `_`, `.` or `-`, too long, or the name of a bundled grid.
        GridNameTaken: another grid has the name and `replace` is not set.
        Refused: the tables do not fit together (`gridfile.dump`).
    """
    _usable(name)
    content = gridfile.dump(grid)
    where = folder(home=home)
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = where / f"{name}{gridfile.ENDING}"
    handle, draft = tempfile.mkstemp(prefix=".", suffix=".part", dir=where)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(draft).replace(path)
        else:
            _place(Path(draft), path, content, name)
    finally:
        Path(draft).unlink(missing_ok=True)
    return path


def kept(*, home: Path | None = None) -> tuple[str, ...]:
    """Name the imported grids, in order."""
    where = folder(home=home)
    if not where.is_dir():
        return ()
    return tuple(sorted(f.name.removesuffix(gridfile.ENDING) for f in where.glob(f"[!.]*{gridfile.ENDING}")))


def fetch(name: str, *, home: Path | None = None) -> Grid:
    """Read an imported grid.

    Raises:
        NoSuchImport: none has that name.
        Refused: the file is damaged (`gridfile.load`).
    """
    if name not in kept(home=home):
        raise NoSuchImport(f"no grid {name!r} was imported", field="grid", fix="see `moms grid list`")
    return gridfile.load(folder(home=home) / f"{name}{gridfile.ENDING}")


def _usable(name: str) -> None:
    if not _NAME.fullmatch(name) or name.endswith((".m", gridfile.ENDING)):
        raise BadGridName(
            f"{name!r} cannot name a grid",
            field="name",
            fix="use up to 64 letters, digits, _, . or -, not ending in .m",
        )
    if name in gridfile.bundled():
        raise BadGridName(f"{name!r} is the name of a bundled grid", field="name", fix="choose another with --name")


def _place(draft: Path, path: Path, content: bytes, name: str) -> None:
    """Give the draft its name unless the name is taken, in one step."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        if path.read_bytes() != content:
            raise GridNameTaken(
                f"another grid is kept as {name!r}", field="name", fix="choose another with --name, or give --replace"
            ) from None
