"""How much of the map who may see (semantics 9, decision 0026)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from moms.gis.features import Features
    from moms.grid import BoolArray, Grid, IntArray

BACKBONE_KV = 200.0
"""Lines of others are shown to an owner from here on: what any printed map of the grid has."""
COARSE_DEG = 0.1
"""To which others' places are rounded for an owner, about ten kilometres."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """The part of the features that somebody sees; what it does not have cannot be told from what is not there."""

    features: Features
    whole: BoolArray
    """(p,) places that are shown with name and to the metre; the others are anonymous and rounded."""
    branch_known: BoolArray
    """(m,) branches whose id is told."""
    own_line: BoolArray
    """(k,) lines with a circuit of one's own; all False for those who see everything."""
    coarse: bool
    """Whether anything was left out or made coarse."""


def all_of(features: Features) -> Seen:
    """Give all of the map: the operator's."""
    p, m, k = len(features.name), len(features.line_of), len(features.ends)
    return Seen(
        features=features, whole=np.ones(p, np.bool_), branch_known=np.ones(m, np.bool_),
        own_line=np.zeros(k, np.bool_), coarse=False,
    )  # fmt: skip


def seen_by(features: Features, grid: Grid, owner: str) -> Seen:
    """Give what an owner sees: its own equipment in full, of all else the backbone, nameless and coarse."""
    own_branch, own_unit = _owned(grid, owner)
    own_line, whole = np.zeros(len(features.ends), np.bool_), np.zeros(len(features.name), np.bool_)
    own_line[_there(features.line_of[own_branch])] = True
    whole[features.ends[own_line].ravel()] = True
    whole[_there(features.inside[own_branch])] = True
    whole[_there(features.unit_place[own_unit])] = True
    return _less(features, own_line=own_line, whole=whole, known=own_branch, units=own_unit)


def _owned(grid: Grid, owner: str) -> tuple[BoolArray, BoolArray]:
    """Tell of each branch and unit whether it is the owner's; without a register nothing is anybody's."""
    register, network = grid.register, grid.network
    if register is None or owner not in register.owners:
        return np.zeros(len(network.branches), np.bool_), np.zeros(len(network.units), np.bool_)
    number = register.owners.index(owner)
    return register.branch_owner == number, register.unit_owner == number


def _there(rows: IntArray) -> IntArray:
    return rows[rows >= 0]


def _less(features: Features, *, own_line: BoolArray, whole: BoolArray, known: BoolArray, units: BoolArray) -> Seen:
    """Leave out what is not seen, renumber the rest, round what is not one's own."""
    from_ = features
    kept_line = own_line | (from_.line_kv >= BACKBONE_KV)
    kept_place = whole.copy()
    kept_place[from_.ends[kept_line].ravel()] = True
    place, line = _renumbered(kept_place), _renumbered(kept_line)
    near = whole[kept_place]
    latitude, longitude = from_.latitude[kept_place], from_.longitude[kept_place]
    left = type(from_)(
        name=np.where(near, from_.name[kept_place], ""),
        latitude=np.where(near, latitude, _coarse(latitude)),
        longitude=np.where(near, longitude, _coarse(longitude)),
        place_kv=np.where(near, from_.place_kv[kept_place], 0.0),
        place_zone=np.where(near, from_.place_zone[kept_place], -1),
        zones=from_.zones,
        ends=place[from_.ends[kept_line]],
        line_kv=from_.line_kv[kept_line],
        line_of=np.where(known, _at(line, from_.line_of), -1),
        inside=np.where(known, _at(place, from_.inside), -1),
        unit_place=np.where(units, _at(place, from_.unit_place), -1),
        bus_place=_at(np.where(whole, place, -1), from_.bus_place),
    )
    return Seen(features=left, whole=near, branch_known=known, own_line=own_line[kept_line], coarse=True)


def _renumbered(kept: BoolArray) -> IntArray:
    numbers: IntArray = np.where(kept, np.cumsum(kept) - 1, -1)
    return numbers


def _at(numbers: IntArray, rows: IntArray) -> IntArray:
    found: IntArray = np.where(rows >= 0, numbers[rows], -1)
    return found


def _coarse(degrees: np.ndarray) -> np.ndarray:
    return np.round(np.round(degrees / COARSE_DEG) * COARSE_DEG, 4)
