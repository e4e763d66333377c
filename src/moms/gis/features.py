"""What a map draws of a grid: places, and the lines between them, parallel circuits as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import BranchKind

if TYPE_CHECKING:
    from moms.grid import FloatArray, Grid, IntArray, TextArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """The map of one grid. Degrees north and east, kV; rows of branches and units are those of the network.

    A line is all circuits of one voltage between the same two places. Branches whose ends are at one place
    (transformers, mostly) are no lines. Equivalents stand for a reduced world and are nowhere.
    """

    name: TextArray
    """(p,) of each place: a station."""
    latitude: FloatArray
    longitude: FloatArray
    place_kv: FloatArray
    """(p,) highest voltage of its buses; 0 where it has none."""
    place_zone: IntArray
    """(p,) zone of its buses; -1: the outside world."""
    zones: tuple[str, ...]
    ends: IntArray
    """(k, 2) places of each line, the lower row first."""
    line_kv: FloatArray
    """(k,) the higher voltage of its ends."""
    line_of: IntArray
    """(m,) the line of each branch; -1: none."""
    inside: IntArray
    """(m,) the place of each branch that lies at one place; -1: none."""
    unit_place: IntArray
    """(g,)."""
    bus_place: IntArray
    """(n,)."""


def features_of(grid: Grid) -> Features | None:
    """Give the map of a grid; None where the grid does not say where its stations are."""
    stations, buses, lines = grid.stations, grid.network.buses, grid.network.branches
    if stations is None or not len(stations.name):
        return None
    place = np.sort(np.stack([buses.station[lines.from_bus], buses.station[lines.to_bus]], axis=1), axis=1)
    drawn = (lines.kind != BranchKind.EQUIVALENT) & (place[:, 0] >= 0)
    apart = place[:, 0] != place[:, 1]
    kv = np.maximum(buses.base_kv[lines.from_bus], buses.base_kv[lines.to_bus])
    ends, line_kv, line_of = _merged(place, kv, drawn & apart)
    return Features(
        name=stations.name, latitude=stations.latitude, longitude=stations.longitude,
        place_kv=_highest(buses.station, buses.base_kv, len(stations.name), least=0.0),
        place_zone=_highest(buses.station, buses.zone, len(stations.name), least=-1).astype(np.int64),
        zones=() if grid.zones is None else grid.zones.name,
        ends=ends, line_kv=line_kv, line_of=line_of,
        inside=np.where(drawn & ~apart, place[:, 0], -1),
        unit_place=buses.station[grid.network.units.bus], bus_place=buses.station,
    )  # fmt: skip


def _merged(place: IntArray, kv: FloatArray, is_line: np.ndarray) -> tuple[IntArray, FloatArray, IntArray]:
    """Join branches of the same ends and voltage: ends and kV of each line, and the line of each branch."""
    rows = np.flatnonzero(is_line)
    keys = np.column_stack([kv[rows], place[rows]])
    found, number = np.unique(keys, axis=0, return_inverse=True)
    line_of = np.full(len(kv), -1, np.int64)
    line_of[rows] = number.ravel()
    return found[:, 1:].astype(np.int64), found[:, 0], line_of


def _highest(station: IntArray, value: np.ndarray, count: int, *, least: float) -> FloatArray:
    """Give the highest value among the buses of each station."""
    found = np.full(count, float(least))
    there = station >= 0
    np.maximum.at(found, station[there], value[there])
    return found
