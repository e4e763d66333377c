"""One grid in one compact file: `save` writes it, `load` reads it whole or refuses it.

Layout, all little endian: the magic `MOMSGRID`; the format version (uint32); the length of the
header (uint64); the SHA-256 of the header; the header, JSON in UTF-8, readable by eye: name, title,
source, licence, notes, the plain values of each part and, for each column, how it is written; then
the columns' blocks one after the other. Nothing in it is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import fields, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from moms.exchange import acfile
from moms.exchange._columns import Array, Column, GridFileDamaged, decode, encode
from moms.grid import (
    Branches,
    Buses,
    Contingency,
    DcLines,
    Grid,
    IntArray,
    Network,
    Register,
    Shapes,
    Stations,
    Units,
    Zones,
)
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"MOMSGRID"
FORMAT = 1
LEAD = struct.Struct("<8sIQ32s")
ENDING = ".momsgrid"

TABLES: dict[str, type[Any]] = {"buses": Buses, "branches": Branches, "units": Units, "dclines": DcLines}
PARTS: dict[str, type[Any]] = {"zones": Zones, "stations": Stations, "register": Register, "shapes": Shapes}
PLAIN = ("name", "title", "base_date", "source", "licence", "notes")
ENDLESS = frozenset(
    {"branches.rate_a_mw", "branches.rate_b_mw", "branches.rate_c_mw", "units.q_max_mvar", "units.q_min_mvar",
     "zones.import_limit_mw", "zones.export_limit_mw"}
)  # fmt: skip
"""Columns in which infinity means "no limit"; everywhere else it is an error."""
WITHOUT_LAYER = " It has no AC boundary yet."
"""What a grid's file says of itself, and its layer makes untrue: the file stays as it is, and so does its digest."""


class NotAGridFile(Refused):
    """A file that does not begin as a grid file does."""


class GridFileTooNew(Refused):
    """A grid file of a format this program does not know."""


class GridFileColumns(Refused):
    """A grid file with a part or column that is unknown, missing or of the wrong kind."""


class GridInconsistent(Refused):
    """A grid whose tables do not fit together."""


class NoSuchGrid(Refused):
    """A name for which no grid is bundled."""


def bundled() -> tuple[str, ...]:
    """Name the grids that come with MOMS."""
    folder = resources.files("moms") / "data" / "grids"
    if not folder.is_dir():
        return ()
    return tuple(sorted(f.name.removesuffix(ENDING) for f in folder.iterdir() if f.name.endswith(ENDING)))


def load_bundled(name: str) -> Grid:
    """Read one of the grids that come with MOMS, with its AC layer where it has one.

    Raises:
        NoSuchGrid: none has that name.
    """
    if name not in bundled():
        raise NoSuchGrid(f"no grid {name!r} is bundled", field="grid", fix=f"choose from {', '.join(bundled())}")
    grid = read((resources.files("moms") / "data" / "grids" / f"{name}{ENDING}").read_bytes(), says=name)
    layer = acfile.bundled(grid)
    if layer is None:
        return grid
    notes = tuple(note.removesuffix(WITHOUT_LAYER) for note in grid.notes)
    return replace(grid, ac=layer, notes=(*notes, *acfile.NOTES))


def save(grid: Grid, path: Path) -> str:
    """Write the grid to one file, replacing it only when whole, and give its digest.

    The same grid gives the same bytes. Nothing about this machine or the time goes in.

    Raises:
        GridInconsistent: the tables do not fit together; nothing is written.
    """
    content = dump(grid)
    path = Path(path)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)
    return hashlib.sha256(content).hexdigest()


def load(path: Path) -> Grid:
    """Read a grid from its file; `digest` is the SHA-256 of the file.

    Raises:
        Refused: one of `NotAGridFile`, `GridFileTooNew`, `GridFileDamaged`, `GridFileColumns`,
            `GridInconsistent`, each saying what is wrong; nothing is half-loaded.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotAGridFile(f"{path.name} is not there", field="grid", fix="check the path") from None
    return read(content, says=path.name)


def dump(grid: Grid) -> bytes:
    """Give the bytes of a grid file.

    Raises:
        GridInconsistent: the tables do not fit together.
    """
    check(grid)
    columns: dict[str, Column] = {}
    blocks: list[bytes] = []
    for name, column in _columns_of(grid):
        columns[name], packed = encode(column)
        blocks += packed
    body = b"".join(blocks)
    header = {
        **{name: getattr(grid, name) for name in PLAIN},
        "base_mva": grid.network.base_mva,
        "parts": [name for name in PARTS if getattr(grid, name) is not None],
        "plain": {name: _plain_of(getattr(grid, name)) for name in PARTS if getattr(grid, name) is not None},
        "contingencies": [c.id for c in grid.contingencies],
        "extras": {k: v for k, v in grid.extras.items() if not isinstance(v, np.ndarray)},
        "columns": columns,
        "body": {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()},
    }
    text = json.dumps(header, ensure_ascii=False, allow_nan=False, indent=0, sort_keys=True).encode()
    return LEAD.pack(MAGIC, FORMAT, len(text), hashlib.sha256(text).digest()) + text + body


def read(content: bytes, *, says: str = "the file") -> Grid:
    """Give the grid held by the bytes of a grid file; `says` names the file in refusals.

    Raises:
        Refused: as `load`.
    """
    header, body = _opened(content, says)
    columns = _columns(header, body, says)
    _known_columns(header, columns, says)
    try:
        grid = _assembled(header, columns, hashlib.sha256(content).hexdigest())
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as cause:
        raise GridFileColumns(f"{says}: the header does not describe a grid: {cause}", field="grid") from cause
    check(grid)
    return grid


def _opened(content: bytes, says: str) -> tuple[dict[str, Any], bytes]:
    """Split a file into header and body, both proven whole by their fingerprints."""
    again = "fetch or build the file again"
    if content[: len(MAGIC)] != MAGIC:
        raise NotAGridFile(f"{says} is not a grid file", field="grid", fix="give a file made by `moms grid import`")
    if len(content) < LEAD.size:
        raise GridFileDamaged(f"{says} is cut off", field="grid", fix=again)
    _, version, length, fingerprint = LEAD.unpack_from(content)
    if version != FORMAT:
        raise GridFileTooNew(
            f"{says} has format {version}, this program reads {FORMAT}", field="grid", fix="update MOMS or rebuild it"
        )
    text = content[LEAD.size : LEAD.size + length]
    if len(text) != length or hashlib.sha256(text).digest() != fingerprint:
        raise GridFileDamaged(f"{says} is cut off or changed in its header", field="grid", fix=again)
    header = json.loads(text)
    body = content[LEAD.size + length :]
    said = header.get("body", {})
    if len(body) != said.get("bytes") or hashlib.sha256(body).hexdigest() != said.get("sha256"):
        raise GridFileDamaged(f"{says} is cut off or changed in its columns", field="grid", fix=again)
    return header, body


def _columns(header: dict[str, Any], body: bytes, says: str) -> dict[str, Array]:
    """Decode every column; they lie in the body in the order of `_order`."""
    found: dict[str, Array] = {}
    at = 0
    described: dict[str, Column] = header.get("columns", {})
    for name in _order(described):
        blocks = []
        for length in described[name]["bytes"]:
            blocks.append(body[at : at + length])
            at += length
        try:
            found[name] = decode(described[name], blocks)
        except GridFileDamaged as cause:
            raise GridFileDamaged(f"{says}: {name}: {cause.says}", field="grid", fix=cause.fix) from cause
    if at != len(body):
        raise GridFileDamaged(f"{says}: {len(body) - at} bytes belong to no column", field="grid")
    return found


def _order(names: dict[str, Column]) -> list[str]:
    return sorted(names)


def _columns_of(grid: Grid) -> Iterator[tuple[str, Array]]:
    """Give every array of the grid with its name in the file, in the file's order."""
    found: dict[str, Array] = {}
    for table in TABLES:
        found |= _arrays(table, getattr(grid.network, table))
    for part in PARTS:
        if getattr(grid, part) is not None:
            found |= _arrays(part, getattr(grid, part))
    if grid.rating_factor is not None:
        found["rating_factor"] = grid.rating_factor
    for kind in ("branches", "units"):
        rows: list[tuple[int, ...]] = [getattr(c, kind) for c in grid.contingencies]
        found[f"contingencies.{kind}"] = np.array([r for row in rows for r in row], dtype=np.int64)
        found[f"contingencies.{kind}_count"] = np.array([len(row) for row in rows], dtype=np.int64)
    found |= {f"extras.{k}": v for k, v in grid.extras.items() if isinstance(v, np.ndarray)}
    for name in sorted(found):
        yield name, found[name]


def _arrays(prefix: str, table: object) -> dict[str, Array]:
    columns = {spec.name: getattr(table, spec.name) for spec in fields(cast("Any", table))}
    return {f"{prefix}.{name}": value for name, value in columns.items() if isinstance(value, np.ndarray)}


def _plain_of(part: object) -> dict[str, object]:
    values = {spec.name: getattr(part, spec.name) for spec in fields(cast("Any", part))}
    return {name: value for name, value in values.items() if not isinstance(value, np.ndarray)}


def _known_columns(header: dict[str, Any], columns: dict[str, Array], says: str) -> None:
    """Refuse a column, part or key that this program would ignore, and one that it would miss.

    Raises:
        GridFileColumns: naming all of them.
    """
    unknown_parts = set(header.get("parts", ())) - set(PARTS)
    wanted = {f"{t}.{spec.name}" for t, cls in TABLES.items() for spec in fields(cls)}
    wanted |= {f"contingencies.{k}" for k in ("branches", "branches_count", "units", "units_count")}
    plain = header.get("plain", {})
    for part in header.get("parts", ()):
        if part in PARTS:
            names = {spec.name for spec in fields(PARTS[part])}
            unknown_parts |= {f"{part}.{name}" for name in set(plain.get(part, {})) - names}
            wanted |= {f"{part}.{name}" for name in names - set(plain.get(part, {}))}
    optional = {"rating_factor"} | {name for name in columns if name.startswith("extras.")}
    unknown = sorted((set(columns) - wanted - optional) | unknown_parts)
    missing = sorted(wanted - set(columns))
    if unknown:
        raise GridFileColumns(f"{says} has unknown columns: {', '.join(unknown)}", field="grid", fix="update MOMS")
    if missing:
        raise GridFileColumns(f"{says} lacks the columns {', '.join(missing)}", field="grid", fix="build it again")


def _assembled(header: dict[str, Any], columns: dict[str, Array], digest: str) -> Grid:
    def table(cls: type[Any], prefix: str) -> Any:  # noqa: ANN401 - one of the tables, by its class
        plain = {k: tuple(v) if isinstance(v, list) else v for k, v in header["plain"].get(prefix, {}).items()}
        arrays = {s.name: columns[f"{prefix}.{s.name}"] for s in fields(cls) if f"{prefix}.{s.name}" in columns}
        return cls(**plain, **arrays)

    extras = dict(header["extras"]) | {
        name.removeprefix("extras."): value for name, value in columns.items() if name.startswith("extras.")
    }
    parts = {name: table(PARTS[name], name) for name in header["parts"]}
    said = {name: header[name] for name in PLAIN} | {"notes": tuple(header["notes"])}
    factor = columns.get("rating_factor")
    return Grid(
        network=Network(base_mva=float(header["base_mva"]), **{name: table(cls, name) for name, cls in TABLES.items()}),
        rating_factor=None if factor is None else factor.astype(np.float64),
        contingencies=_contingencies(header["contingencies"], columns),
        digest=digest,
        extras=extras,
        **said,
        **parts,
    )


def _contingencies(ids: list[str], columns: dict[str, Array]) -> tuple[Contingency, ...]:
    rows: dict[str, list[tuple[int, ...]]] = {}
    for kind in ("branches", "units"):
        ends = np.cumsum(columns[f"contingencies.{kind}_count"].astype(np.int64))
        parts = np.split(columns[f"contingencies.{kind}"].astype(np.int64), ends)
        rows[kind] = [tuple(int(r) for r in part) for part in parts[: len(ids)]]
    return tuple(
        Contingency(id=name, branches=rows["branches"][k], units=rows["units"][k]) for k, name in enumerate(ids)
    )


def check(grid: Grid) -> None:
    """Refuse a grid whose tables do not fit together: rows that do not exist, lengths, numbers.

    What makes a network unfit for a power flow (islands, zero impedance, no slack) is asked where
    networks are imported, not here.

    Raises:
        GridInconsistent: naming the column, the row counted from 1, and what is wrong.
    """
    for name, column in _columns_of(grid):
        if column.dtype.kind == "f":
            bad = np.isnan(column) if name in ENDLESS else ~np.isfinite(column)
            _refuse_first(name, bad, "is not a finite number")
    n, m, g = len(grid.network.buses), len(grid.network.branches), len(grid.network.units)
    zones = len(grid.zones.name) if grid.zones else 0
    stations = len(grid.stations.name) if grid.stations else 0
    for name, column, low, size in _references(grid, n=n, m=m, zones=zones, stations=stations):
        _refuse_first(name, (column < low) | (column >= size), f"names no row (there are {size})")
    for name, found, wanted in _shapes(grid, n=n, m=m, g=g, zones=zones):
        if found != wanted:
            raise GridInconsistent(f"{name} has shape {found}, not {wanted}", field=name)


def _references(grid: Grid, *, n: int, m: int, zones: int, stations: int) -> Iterator[tuple[str, IntArray, int, int]]:
    """Give each column of row numbers with the least and the size of what it points into."""
    net = grid.network
    if grid.zones is not None:
        yield "buses.zone", net.buses.zone, -1, zones
    if grid.stations is not None:
        yield "buses.station", net.buses.station, -1, stations
    for table, name in ((net.branches, "branches"), (net.dclines, "dclines")):
        yield f"{name}.from_bus", table.from_bus, 0, n
        yield f"{name}.to_bus", table.to_bus, 0, n
    yield "branches.equipment", net.branches.equipment, 0, m
    yield "units.bus", net.units.bus, 0, n
    if grid.register is not None:
        owners = len(grid.register.owners)
        yield "register.branch_owner", grid.register.branch_owner, -1, owners
        yield "register.unit_owner", grid.register.unit_owner, -1, owners
        yield "register.sole_outlet", grid.register.sole_outlet, -1, m
    for kind, size in (("branches", m), ("units", len(net.units))):
        rows = np.array([r for c in grid.contingencies for r in getattr(c, kind)], dtype=np.int64)
        yield f"contingencies.{kind}", rows, 0, size


def _shapes(
    grid: Grid, *, n: int, m: int, g: int, zones: int
) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Give each part's column with the shape it has and the shape it must have."""
    if grid.register is not None:
        lengths = {"branch_owner": m, "branch_name": m, "branch_flags": m, "critical_load": n}
        lengths |= {"unit_owner": g, "unit_name": g, "unit_flags": g, "sole_outlet": g}
        for name, wanted in lengths.items():
            yield f"register.{name}", getattr(grid.register, name).shape, (wanted,)
    if grid.rating_factor is not None:
        yield "rating_factor", grid.rating_factor.shape, (3, m)
    if grid.zones is not None:
        yield "zones.region", (len(grid.zones.region),), (zones,)
        for name, column in _arrays("zones", grid.zones).items():
            yield name, column.shape, (zones,)
    if grid.stations is not None:
        for name, column in _arrays("stations", grid.stations).items():
            yield name, column.shape, (len(grid.stations.name),)
    if grid.shapes is not None:
        for name, column in _arrays("shapes", grid.shapes).items():
            yield name, column.shape, (zones + 1, column.shape[-1])


def _refuse_first(name: str, bad: Array, says: str) -> None:
    where = np.argwhere(bad)
    if len(where):
        row = ", ".join(str(int(k) + 1) for k in where[0])
        raise GridInconsistent(f"{name}, row {row}: {says}", field=name, fix="correct the source and import it again")
