"""The AC layer of a grid in one compact file beside the grid's own: `save` writes it, `load` reads it whole or refuses.

Layout, little endian: the magic `MOMSACML`; the format version (uint32); the length of the header
(uint64); the SHA-256 of header and body; the header, JSON in UTF-8: the digest of the grid it belongs
to and how each column is written; then the columns' blocks. Nothing in it is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from moms.exchange._columns import GridFileDamaged, decode, encode
from moms.grid import AcModel
from moms.values import Refused

if TYPE_CHECKING:
    from moms.exchange._columns import Array
    from moms.grid import Grid

MAGIC = b"MOMSACML"
FORMAT = 1
LEAD = struct.Struct("<8sIQ32s")
ENDING = ".momsac"
NOTES = (
    "For AC the outside is reduced at three levels of load, and switched banks are invented.",
    "AC looks at the contingencies that a request can change anything of, not at all.",
)
"""What is synthetic in a bundled grid's layer: said wherever the grid's own notes are."""
COLUMNS = tuple(spec.name for spec in fields(AcModel) if spec.name not in {"grid", "digest"})


class NotAnAcFile(Refused):
    """A file that does not begin as an AC layer does, or of a format this program does not know."""


class OtherGridsLayer(Refused):
    """An AC layer that belongs to another grid, or to another version of it."""


class AcModelInconsistent(Refused):
    """An AC layer whose columns do not fit together, or not on its grid."""


def bundled(grid: Grid) -> AcModel | None:
    """Give the AC layer that comes with a bundled grid; None where there is none.

    Raises:
        Refused: as `read`.
    """
    file = resources.files("moms") / "data" / "grids" / f"{grid.name}{ENDING}"
    return fitted(read(file.read_bytes(), says=file.name), grid) if file.is_file() else None


def save(model: AcModel, path: Path) -> str:
    """Write a layer to one file, replacing it only when whole, and give the SHA-256 of the file."""
    content = dump(model)
    path = Path(path)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    draft.replace(path)
    return hashlib.sha256(content).hexdigest()


def dump(model: AcModel) -> bytes:
    """Give the bytes of a layer's file: the same layer gives the same bytes."""
    columns, blocks = {}, []
    for name in COLUMNS:
        columns[name], packed = encode(getattr(model, name))
        blocks += packed
    header = json.dumps({"grid": model.grid, "columns": columns}, indent=0, sort_keys=True).encode()
    rest = header + b"".join(blocks)
    return LEAD.pack(MAGIC, FORMAT, len(header), hashlib.sha256(rest).digest()) + rest


def read(content: bytes, *, says: str = "the file") -> AcModel:
    """Give the layer held by the bytes of its file; `says` names the file in refusals.

    Raises:
        NotAnAcFile, GridFileDamaged, AcModelInconsistent: nothing is half-loaded.
    """
    if len(content) < LEAD.size or content[: len(MAGIC)] != MAGIC:
        raise NotAnAcFile(f"{says} is no AC layer", field="ac", fix="build it with tools/build_miso_ac.py")
    _, version, length, fingerprint = LEAD.unpack_from(content)
    if version != FORMAT:
        raise NotAnAcFile(f"{says} has format {version}, this program reads {FORMAT}", field="ac", fix="update MOMS")
    rest = content[LEAD.size :]
    if hashlib.sha256(rest).digest() != fingerprint:
        raise GridFileDamaged(f"{says} is cut off or changed", field="ac", fix="fetch or build the file again")
    header = json.loads(rest[:length])
    found = _columns(header["columns"], rest[length:], says)
    model = AcModel(grid=header["grid"], digest=hashlib.sha256(content).hexdigest(), **found)
    _fits_together(model)
    return model


def _columns(described: dict[str, Any], body: bytes, says: str) -> dict[str, Any]:
    if set(described) != set(COLUMNS):
        odd = ", ".join(sorted(set(described) ^ set(COLUMNS)))
        raise AcModelInconsistent(f"{says}: columns unknown or missing: {odd}", field="ac", fix="build it again")
    found: dict[str, Array] = {}
    at = 0
    for name in COLUMNS:
        blocks = []
        for size in described[name]["bytes"]:
            blocks.append(body[at : at + size])
            at += size
        found[name] = decode(described[name], blocks)
    return found


def _fits_together(model: AcModel) -> None:
    """Refuse columns of lengths that do not fit, rows that do not exist, levels that do not fall."""
    n, size = len(model.vmin), {"level": len(model.level), "slack_mw": len(model.level)}
    size |= dict.fromkeys(("vmin", "vmax", "shunt_mw", "shunt_mvar", "outside_mw", "outside_mvar"), n)
    size |= dict.fromkeys(("vm", "va_deg", "limited"), n) | dict.fromkeys(("number", "base_kv"), len(model.number))
    for head in ("from_bus", "held_bus", "bank_bus", "unit_v_set"):
        kin = {"from_bus": ("to_bus", "r", "x"), "unit_v_set": ("unit_reactive",)}
        alike = kin.get(head) or tuple(name for name in COLUMNS if name.startswith(head.partition("_")[0]))
        size |= dict.fromkeys((head, *alike), len(getattr(model, head)))
    for name in COLUMNS:
        column = getattr(model, name)
        wide = (size[name], len(model.level)) if column.ndim == 2 else (size[name],)
        if column.shape != wide:
            raise AcModelInconsistent(f"{name} has shape {column.shape}, not {wide}", field=name, fix="build it again")
        if name.endswith("_bus") and np.any((column < 0) | (column >= n)):
            raise AcModelInconsistent(f"{name} names no row (there are {n})", field=name, fix="build it again")
    if len(model.level) < 2 or np.any(np.diff(model.level) >= 0.0):
        raise AcModelInconsistent("level: at least two, falling", field="level", fix="build it again")


def fitted(model: AcModel, grid: Grid) -> AcModel:
    """Give a layer that belongs to a grid.

    Raises:
        OtherGridsLayer: it was made for another one. AcModelInconsistent: it does not fit on it.
    """
    if model.grid != grid.digest:
        raise OtherGridsLayer(
            f"the AC layer was made for the grid {model.grid[:12]}; here is {grid.digest[:12]}",
            field="ac",
            fix="build it again with tools/build_miso_ac.py",
        )
    n, g = len(grid.network.buses), len(grid.network.units)
    if len(model.vmin) != n + len(model.number) or len(model.unit_v_set) != g:
        raise AcModelInconsistent("the AC layer has other buses or units than its grid", field="ac",
                                  fix="build it again")  # fmt: skip
    return model
