"""One way to write a value as bytes, and its fingerprint.

Values are rounded to fixed units where they are made (`quantity.mw`: 0.001 MW) and once more to
nine decimals here, so that equal answers have equal bytes (architecture decision 10).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum

DECIMALS = 9


def plain(value: object) -> object:
    """Turn a value into JSON's own kinds: sorted keys, instants in UTC, floats at nine decimals.

    >>> plain({"b": 1.0000000001, "a": (True, None)})
    {'a': [True, None], 'b': 1.0}
    >>> plain(date(2027, 3, 1))
    '2027-03-01'

    Raises:
        ValueError: a float that is not finite (absent is None, never NaN).
        TypeError: a kind that has no plain form.
    """
    if value is None or (isinstance(value, (bool, int)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            msg = f"{value} is not a finite number"
            raise ValueError(msg)
        return round(value, DECIMALS) + 0.0
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return round(value.total_seconds(), DECIMALS)
    if isinstance(value, Mapping):
        return {str(plain(k)): plain(value[k]) for k in sorted(value, key=str)}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v) for v in value), key=str)
    if isinstance(value, Sequence):
        return [plain(v) for v in value]
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return plain(value.tolist())
    msg = f"cannot write {type(value).__name__} as canonical JSON"
    raise TypeError(msg)


def instant_text(instant: datetime) -> str:
    """Write an instant in UTC, seconds when there are any.

    >>> instant_text(datetime(2027, 3, 1, 5, tzinfo=UTC))
    '2027-03-01T05:00Z'
    """
    utc = instant.astimezone(UTC)
    return utc.strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ" if utc.microsecond else "%Y-%m-%dT%H:%M:%SZ" if utc.second else "%Y-%m-%dT%H:%MZ"
    )


def canonical(value: object) -> bytes:
    """Write a value as canonical JSON: sorted keys, no spaces, UTF-8."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: object) -> str:
    """Give the SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()
