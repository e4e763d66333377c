"""Repairs of single hours, kept while the process lives: the same hour of the same topology is repaired once.

Every decision in a week repairs its base states, and alone, or beside the same outages, they are the same ones.
An hour is found again by the content of all that its repair rests on, never by who asked.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.market.relief import Move

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, Hours, IntArray
    from moms.market.relief import HourRelief
    from moms.market.rules import RedispatchRules
    from moms.powerflow import DcFactor

MOST = 16_384
"""Hours kept, more than a year of them: some 50 MB on a grid of the size of MISO."""


class _Kept(NamedTuple):
    """A relief without what is told by the few units that it moves."""

    relief: HourRelief
    unit: IntArray
    after_mw: FloatArray
    moved: bool
    """Whether there is a moved dispatch at all."""
    named: bool
    """Whether the relief names its moves."""


class KeptHours:
    """Reliefs by the fingerprint of their hour; what was asked for longest ago goes first.

    Each step on the dictionary is whole by itself, so threads may share one: who loses a race solves an hour again.
    """

    def __init__(self, most: int = MOST) -> None:
        self._found: dict[bytes, _Kept] = {}
        self._most = most

    def get(self, key: bytes, *, hour: int, unit_mw: FloatArray) -> HourRelief | None:
        """Give what is kept, as the relief of hour `hour` of whoever asks now; `unit_mw` (g,) is the hour as it was."""
        found = self._found.pop(key, None)
        if found is None:
            return None
        self._found[key] = found
        relief, unit, after_mw, moved, named = found
        after = unit_mw.copy()
        after[unit] = after_mw
        rows = zip(unit.tolist(), unit_mw[unit].tolist(), after_mw.tolist(), strict=True) if named else ()
        moves = tuple(Move(unit=u, before_mw=before, after_mw=now) for u, before, now in rows)
        return replace(_at(relief, hour), moves=moves, unit_mw=after if moved else None)

    def put(self, key: bytes, relief: HourRelief, *, unit_mw: FloatArray) -> None:
        """Keep a relief of an hour whose units gave `unit_mw`, (g,)."""
        after = unit_mw if relief.unit_mw is None else relief.unit_mw
        unit = np.flatnonzero(after != unit_mw)
        bare = replace(relief, moves=(), unit_mw=None)
        self._found[key] = _Kept(bare, unit, after[unit], relief.unit_mw is not None, bool(relief.moves))
        for oldest in list(self._found)[: -self._most]:
            self._found.pop(oldest, None)


def _at(relief: HourRelief, hour: int) -> HourRelief:
    def moved(some: tuple) -> tuple:  # type: ignore[type-arg]  # of Remaining
        return tuple(replace(one, pair=replace(one.pair, hour=hour)) for one in some)

    return replace(relief, hour=hour, remaining=moved(relief.remaining), clash=moved(relief.clash))


def fingerprints(
    *,
    factor: DcFactor,
    hours: Hours,
    at: list[int],
    units_out: BoolArray | None,
    derate_mw: FloatArray | None,
    rules: RedispatchRules,
) -> list[bytes]:
    """Give the fingerprint of all that the repair of each hour `at` rests on."""
    network, whole = factor.network, hashlib.sha256(repr(rules).encode())
    for table in (network.buses, network.branches, network.units, network.dclines):
        for one in fields(table):
            _take(whole, getattr(table, one.name))
    for array in (factor.live, factor.island, factor.position):
        _take(whole, array)
    found = []
    for hour in at:
        mine = whole.copy()
        for column in (hours.load_mw, hours.unit_mw, hours.dcline_mw, units_out, derate_mw):
            _take(mine, None if column is None else column[:, hour])
        found.append(mine.digest())
    return found


def _take(digest: hashlib._Hash, value: object) -> None:
    """Take an array whole, with its kind and length; a network's names and the like do not move a flow."""
    if value is None:
        digest.update(b"none")
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype} {value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
