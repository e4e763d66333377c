"""Where on a map some elements of the grid lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.values import ElementKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moms.gis.features import Features
    from moms.grid import Grid, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Lines and places of a map, by row; both empty where nothing of it is seen there."""

    lines: tuple[int, ...]
    places: tuple[int, ...]


def trace(features: Features, grid: Grid, assets: Iterable[str]) -> Trace:
    """Give the lines and places at which elements lie: a line's equipment whole, all else at its station.

    Raises:
        NoSuchElement: one of them is not in the grid.
    """
    lines: set[int] = set()
    places: set[int] = set()
    for asset in assets:
        kind, row = asset.partition(":")[0], grid.row(asset)
        if kind == ElementKind.BRANCH:
            rows = grid.network.rows((asset,), kind=ElementKind.BRANCH)
            lines.update(features.line_of[rows].tolist())
            places.update(features.inside[rows].tolist())
        else:
            places.update(_places(features, grid, kind, row).tolist())
    return Trace(lines=_rows(lines), places=_rows(places))


def _places(features: Features, grid: Grid, kind: str, row: int) -> IntArray:
    """Give the places of one element that is no branch."""
    network, buses = grid.network, [row]
    if kind == ElementKind.GEN:
        return np.atleast_1d(features.unit_place[row])
    if kind == ElementKind.DCLINE:
        buses = [int(network.dclines.from_bus[row]), int(network.dclines.to_bus[row])]
    if kind == ElementKind.BREAKER and grid.breakers is not None:
        buses = [int(grid.breakers.bus[row])]
    return np.atleast_1d(features.bus_place[buses])


def _rows(found: set[int]) -> tuple[int, ...]:
    return tuple(sorted(found - {-1}))
