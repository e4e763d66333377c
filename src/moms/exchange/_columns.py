"""How one array becomes bytes and comes back exactly: small integers, decimals, packed flags, text.

Every encoding is lossless to the bit. A float column whose values are all multiples of 10^-d (as
numbers typed into a data file are) is kept as integers; others keep their eight bytes, like bytes
side by side. All are deflated.
"""

from __future__ import annotations

import json
import zlib
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from moms.values import Refused

LEVEL = 9
MOST_DECIMALS = 9
MOST_INTEGER = 2**52
INTEGERS = ("i1", "i2", "i4", "i8")
MOST_BYTES = 1 << 31


class GridFileDamaged(Refused):
    """A grid file whose bytes are not what its header says."""


class Column(TypedDict):
    """What the header says about one column: how it is written, its shape, its bytes on file."""

    how: str
    shape: list[int]
    bytes: list[int]
    """Length of each deflated block."""
    kinds: list[str]
    """The integer or byte type of each block before deflating."""
    decimals: int


Array = npt.NDArray[np.generic]


def encode(column: Array) -> tuple[Column, list[bytes]]:
    """Write one array of floats, integers, flags or text as deflated blocks.

    Raises:
        ValueError: a float that is not a number (absent is None, never NaN), or another kind.
    """
    flat = np.ascontiguousarray(column).ravel()
    if column.dtype.kind == "f":
        how, kinds, decimals, blocks = _floats(flat.astype(np.float64))
    elif column.dtype.kind in "iu":
        kind, block = _integers(flat.astype(np.int64))
        how, kinds, decimals, blocks = "int", [kind], 0, [block]
    elif column.dtype.kind == "b":
        how, kinds, decimals, blocks = "flag", ["u1"], 0, [np.packbits(flat.astype(bool)).tobytes()]
    elif column.dtype.kind == "U":
        how, kinds, decimals, blocks = _text([str(word) for word in flat])
    else:
        msg = f"no way to write a column of {column.dtype}"
        raise ValueError(msg)
    packed = [zlib.compress(block, LEVEL) for block in blocks]
    said = Column(how=how, shape=list(column.shape), bytes=[len(p) for p in packed], kinds=kinds, decimals=decimals)
    return said, packed


def decode(said: Column, blocks: list[bytes]) -> Array:
    """Read one array back.

    Raises:
        GridFileDamaged: the blocks do not hold what the header says.
    """
    size = int(np.prod(said["shape"], dtype=np.int64))
    how, kinds = said["how"], said["kinds"]
    if size < 0 or size * 8 > MOST_BYTES or len(blocks) != len(kinds):
        raise GridFileDamaged("a column has an impossible shape", fix="fetch the file again")
    try:
        flat = _READERS[how](blocks, kinds, said["decimals"], size)
    except (KeyError, ValueError, TypeError, IndexError, zlib.error, UnicodeDecodeError) as cause:
        raise GridFileDamaged(f"a column written as {how!r} does not read back", fix="fetch the file again") from cause
    return flat.reshape(said["shape"])


def _integers(values: npt.NDArray[np.int64]) -> tuple[str, bytes]:
    """Choose between the values and their steps, each in the narrowest type, whichever deflates smaller."""
    with np.errstate(over="ignore"):
        steps = np.diff(values, prepend=np.int64(0))
    choices = []
    for prefix, row in (("", values), ("d", steps)):
        low, high = (int(row.min()), int(row.max())) if len(row) else (0, 0)
        kind = next(k for k in INTEGERS if np.iinfo(k).min <= low and high <= np.iinfo(k).max)
        choices.append((prefix + kind, _shuffled(row.astype("<" + kind))))
    return min(choices, key=lambda choice: len(zlib.compress(choice[1], 6)))


def _floats(values: npt.NDArray[np.float64]) -> tuple[str, list[str], int, list[bytes]]:
    if np.isnan(values).any():
        msg = "a value is not a number; absent is None"
        raise ValueError(msg)
    endless = np.isinf(values)
    signs = (np.sign(values) * endless).astype(np.int64)
    finite = np.where(endless, 0.0, values)
    bits = finite.view(np.int64)
    extra = [_integers(signs)] if endless.any() else []
    for decimals in range(MOST_DECIMALS + 1):
        scaled = np.round(finite * 10.0**decimals)
        if np.abs(scaled).max(initial=0.0) >= MOST_INTEGER:
            break
        whole = scaled.astype(np.int64)
        if np.array_equal((whole / 10.0**decimals).view(np.int64), bits):
            parts = [_integers(whole), *extra]
            return "decimal", [k for k, _ in parts], decimals, [b for _, b in parts]
    parts = [("f8", _shuffled(finite.astype("<f8"))), *extra]
    return "float", [k for k, _ in parts], 0, [b for _, b in parts]


def _text(words: list[str]) -> tuple[str, list[str], int, list[bytes]]:
    known: dict[str, int] = {}
    codes = np.array([known.setdefault(word, len(known)) for word in words], dtype=np.int64)
    kind, block = _integers(codes)
    return "text", ["json", kind], 0, [json.dumps(list(known), ensure_ascii=False).encode(), block]


def _shuffled(values: Array) -> bytes:
    """Put the first bytes of all values first, then the second: like bytes deflate better."""
    return values.view(np.uint8).reshape(len(values), values.itemsize).T.tobytes()


def _inflate(block: bytes, size: int) -> bytes:
    """Inflate exactly `size` bytes; a block that holds more or less is damaged."""
    reader = zlib.decompressobj()
    plain = reader.decompress(block, size + 1)
    if len(plain) != size:
        msg = f"{len(plain)} bytes where {size} were announced"
        raise ValueError(msg)
    return plain


def _numbers(block: bytes, kind: str, size: int) -> npt.NDArray[np.float64] | npt.NDArray[np.int64]:
    steps, bare = kind.startswith("d"), kind.removeprefix("d")
    if bare not in {*INTEGERS, "f8"}:
        msg = f"no number type {kind!r}"
        raise ValueError(msg)
    dtype = np.dtype("<" + bare)
    plain = np.frombuffer(_inflate(block, size * dtype.itemsize), dtype=np.uint8)
    values = np.ascontiguousarray(plain.reshape(dtype.itemsize, size).T).view(dtype).ravel()
    if bare == "f8":
        return values.astype(np.float64)
    whole = values.astype(np.int64)
    return np.cumsum(whole) if steps else whole


def _read_floats(blocks: list[bytes], kinds: list[str], decimals: int, size: int) -> Array:
    values = _numbers(blocks[0], kinds[0], size) / 10.0**decimals
    if len(blocks) > 1:
        signs = _numbers(blocks[1], kinds[1], size)
        values[signs != 0] = np.inf * signs[signs != 0]
    return values


def _read_integers(blocks: list[bytes], kinds: list[str], _decimals: int, size: int) -> Array:
    return _numbers(blocks[0], kinds[0], size)


def _read_flags(blocks: list[bytes], _kinds: list[str], _decimals: int, size: int) -> Array:
    packed = np.frombuffer(_inflate(blocks[0], -(-size // 8)), dtype=np.uint8)
    return np.unpackbits(packed, count=size).astype(np.bool_)


def _read_text(blocks: list[bytes], kinds: list[str], _decimals: int, size: int) -> Array:
    reader = zlib.decompressobj()
    words = np.array(json.loads(reader.decompress(blocks[0], MOST_BYTES)), dtype=np.str_)
    codes = _numbers(blocks[1], kinds[1], size).astype(np.int64)
    if size and (codes.min() < 0 or codes.max() >= len(words)):
        msg = "a word that is not in the list"
        raise ValueError(msg)
    return words[codes] if size else np.array([], dtype=np.str_)


_READERS = {
    "float": _read_floats,
    "decimal": _read_floats,
    "int": _read_integers,
    "flag": _read_flags,
    "text": _read_text,
}
