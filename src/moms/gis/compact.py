"""The map as a document that is small enough to send: columns of whole numbers, delta-coded, in base64.

A column is `{"type": "u16", "delta": true, "data": "..."}`: little-endian, and with `delta` each number is the
difference to the one before it. Degrees are ten-thousandths (about ten metres).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.gis.seen import Seen
    from moms.grid import IntArray

FORMAT = 1
PER_DEGREE = 10_000
TYPES: dict[str, np.dtype[Any]] = {
    "u8": np.dtype("<u1"), "u16": np.dtype("<u2"), "u32": np.dtype("<u4"),
    "i8": np.dtype("<i1"), "i16": np.dtype("<i2"), "i32": np.dtype("<i4"),
}  # fmt: skip
"""Narrowest first, those without a sign before the others."""


def packed(numbers: IntArray, *, delta: bool = False) -> dict[str, object]:
    """Write whole numbers as a column in the narrowest type that holds them.

    Raises:
        ValueError: a number that no type of the format holds.
    """
    values = np.diff(numbers, prepend=0) if delta else np.asarray(numbers)
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    for name, kind in TYPES.items():
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            data = base64.b64encode(values.astype(kind).tobytes()).decode()
            return {"type": name, "delta": delta, "data": data}
    msg = f"{low} to {high} fits no column"
    raise ValueError(msg)


def unpacked(column: Mapping[str, object]) -> IntArray:
    """Read a column back."""
    found = np.frombuffer(base64.b64decode(str(column["data"])), TYPES[str(column["type"])]).astype(np.int64)
    read: IntArray = np.cumsum(found) if column["delta"] else found
    return read


def document_of(seen: Seen) -> dict[str, object]:
    """Write what somebody sees of the map: places, lines, and which branches and units lie where.

    `lines.branches` are rows of branches in order of lines, `lines.count` how many each line has (none of those
    that are another's); `inside` and `units` pair rows with places.
    """
    features = seen.features
    p = len(features.name)
    kv, level = np.unique(np.concatenate([features.place_kv, features.line_kv]), return_inverse=True)
    rows = np.flatnonzero(seen.branch_known & (features.line_of >= 0))
    rows = rows[np.argsort(features.line_of[rows], kind="stable")]
    return {
        "format": FORMAT,
        "coarse": seen.coarse,
        "bounds": _bounds(seen),
        "kv": kv.tolist(),
        "zones": list(features.zones),
        "places": {
            "name": features.name.tolist(),
            "longitude": packed(_whole(features.longitude), delta=True),
            "latitude": packed(_whole(features.latitude), delta=True),
            "kv": packed(level[:p]),
            "zone": packed(features.place_zone),
            "own": packed(seen.whole.astype(np.int64)),
        },
        "lines": {
            "from": packed(features.ends[:, 0], delta=True),
            "to": packed(features.ends[:, 1] - features.ends[:, 0]),
            "kv": packed(level[p:]),
            "own": packed(seen.own_line.astype(np.int64)),
            "count": packed(np.bincount(features.line_of[rows], minlength=len(features.ends))),
            "branches": packed(rows, delta=True),
        },
        "inside": _pairs(np.where(seen.branch_known, features.inside, -1)),
        "units": _pairs(features.unit_place),
    }


def _pairs(place: IntArray) -> dict[str, object]:
    rows = np.flatnonzero(place >= 0)
    return {"row": packed(rows, delta=True), "place": packed(place[rows])}


def _whole(degrees: np.ndarray) -> IntArray:
    found: IntArray = np.round(degrees * PER_DEGREE).astype(np.int64)
    return found


def _bounds(seen: Seen) -> list[float] | None:
    """Give west, south, east, north; None where nothing is seen."""
    lon, lat = seen.features.longitude, seen.features.latitude
    if not len(lon):
        return None
    return [float(np.round(v, 4)) for v in (lon.min(), lat.min(), lon.max(), lat.max())]
