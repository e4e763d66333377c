"""A list of contingencies as arrays, made once: every study of a desk asks the same list again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.values import Remembered

if TYPE_CHECKING:
    from moms.grid import Contingency, IntArray

NOTHING, BRANCH, UNIT, SEVERAL = range(4)
"""What a contingency loses."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listed:
    """What the contingencies of a list lose, flat: those of one stand together, rising, each row once."""

    ids: tuple[str, ...]
    place: dict[str, int]
    """By id; shorter than `ids` where one is given twice."""
    kind: IntArray
    """(c,) NOTHING, BRANCH, UNIT or SEVERAL."""
    branch: IntArray
    branch_at: IntArray
    """Whose each entry of `branch` is, a place in the list."""
    unit: IntArray
    unit_at: IntArray


def listed(contingencies: tuple[Contingency, ...]) -> Listed:
    """Give a list of contingencies as arrays."""
    return _LISTS.of(contingencies, make=lambda: _listed(contingencies))


_LISTS: Remembered[Listed] = Remembered()


def _listed(contingencies: tuple[Contingency, ...]) -> Listed:
    ids = tuple(one.id for one in contingencies)
    branch, branch_at = _flat([one.branches for one in contingencies])
    unit, unit_at = _flat([one.units for one in contingencies])
    count = len(contingencies)
    branches, units = np.bincount(branch_at, minlength=count), np.bincount(unit_at, minlength=count)
    kind = np.full(count, SEVERAL)
    kind[(branches == 0) & (units == 0)] = NOTHING
    kind[(branches == 1) & (units == 0)] = BRANCH
    kind[(branches == 0) & (units == 1)] = UNIT
    return Listed(
        ids=ids,
        place={name: k for k, name in enumerate(ids)},
        kind=kind,
        branch=branch,
        branch_at=branch_at,
        unit=unit,
        unit_at=unit_at,
    )


def _flat(rows: list[tuple[int, ...]]) -> tuple[IntArray, IntArray]:
    """Give all rows, and whose they are."""
    count = np.array([len(some) for some in rows], np.int64)
    flat = np.array([row for some in rows for row in some], np.int64)
    at = np.repeat(np.arange(len(rows)), count)
    order = np.lexsort((flat, at))
    flat, at = flat[order], at[order]
    first = np.r_[True, (np.diff(flat) != 0) | (np.diff(at) != 0)][: len(flat)]
    return flat[first], at[first]
