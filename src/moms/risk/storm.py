"""A storm over a grid: which lines it is likely to take, hour by hour, and what it does to one that is alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from moms.grid import BranchKind
from moms.risk import fragility
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from moms.grid import FloatArray, Grid, IntArray
    from moms.risk.fragility import TowerCurve

PERILS = ("wind", "ice", "trips", "lightning", "wildfire", "flood")
EARTH_KM = 6371.0
POINTS = 3
"""Weather is read at both ends of a line and half way."""
ROUTE = 1.2
"""A line is longer than the straight line between its ends by about so much."""


class NoPlaces(Refused):
    """A grid of which nobody knows where its lines are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weather:
    """A forecast at places and hours. Absent perils are 0, absent temperature 15 C and humidity 100 %."""

    issued: datetime
    source: str
    hour: tuple[datetime, ...]
    latitude: FloatArray
    """(K,)."""
    longitude: FloatArray
    gust_ms: FloatArray
    """(K, H), three-second gust."""
    ice_mm: FloatArray
    """(K, H), radial."""
    flashes_km2: FloatArray
    """(K, H), to ground, in the hour."""
    temperature_c: FloatArray
    humidity_percent: FloatArray
    flood_m: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lines:
    """The lines whose place is known."""

    row: IntArray
    """(L,) in the grid's branches."""
    latitude: FloatArray
    """(L, 3): one end, half way, the other end."""
    longitude: FloatArray
    length_km: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StormRisk:
    """What a storm is likely to take."""

    lines: Lines
    hour: tuple[datetime, ...]
    by_hour: FloatArray
    """(L, H) probability of having failed by the end of each hour."""
    peril: FloatArray
    """(L, 6) of the whole storm, by `PERILS`."""
    gust_ms: FloatArray
    """(L,) the greatest."""
    rating: FloatArray
    """(L,) by what ratings are to be multiplied in the hottest hour; at most 1, that of 40 C."""
    calibrated: bool

    @property
    def probability(self) -> FloatArray:
        """Probability of failing in the storm, (L,)."""
        return self.by_hour[:, -1]

    def ranked(self) -> IntArray:
        """Give the places of the lines, likeliest first, ties by row."""
        order: IntArray = np.lexsort((self.lines.row, -self.probability))
        return order


def lines_of(grid: Grid) -> Lines:
    """Give the lines in service between two known places that are not equivalents.

    Raises:
        NoPlaces: the grid has no stations with coordinates.
    """
    if grid.stations is None:
        raise NoPlaces(f"grid {grid.name} has no coordinates", field="grid", fix="use a grid with stations")
    branches, buses, stations = grid.network.branches, grid.network.buses, grid.stations
    a, b = buses.station[branches.from_bus], buses.station[branches.to_bus]
    real = (branches.kind == BranchKind.LINE) & branches.in_service & (a >= 0) & (b >= 0) & (a != b)
    row = np.flatnonzero(real)
    ends = [(stations.latitude[s[row]], stations.longitude[s[row]]) for s in (a, b)]
    latitude, longitude = (np.column_stack([ends[0][k], (ends[0][k] + ends[1][k]) / 2.0, ends[1][k]]) for k in (0, 1))
    straight = distance_km(latitude[:, 0], longitude[:, 0], latitude[:, 2], longitude[:, 2])
    return Lines(row=row, latitude=latitude, longitude=longitude, length_km=np.maximum(straight * ROUTE, 0.1))


def only(lines: Lines, rows: Sequence[int]) -> Lines:
    """Give those of the lines that are in some rows of the grid's branches."""
    keep = np.isin(lines.row, np.asarray(rows, dtype=np.int64))
    return Lines(
        row=lines.row[keep], latitude=lines.latitude[keep], longitude=lines.longitude[keep],
        length_km=lines.length_km[keep],
    )  # fmt: skip


def distance_km(lat1: FloatArray, lon1: FloatArray, lat2: FloatArray, lon2: FloatArray) -> FloatArray:
    """Give great-circle distances between points in degrees (haversine)."""
    one, other = np.radians(lat1), np.radians(lat2)
    half = np.sin((other - one) / 2) ** 2 + np.cos(one) * np.cos(other) * np.sin(np.radians(lon2 - lon1) / 2) ** 2
    found: FloatArray = 2.0 * EARTH_KM * np.arcsin(np.sqrt(half))
    return found


def storm_risk(*, lines: Lines, weather: Weather, curve: TowerCurve) -> StormRisk:
    """Give what the storm is likely to take.

    A structure has one strength: over hours its failure is that of the greatest gust so far, never a
    product over hours. Trips and strokes come anew each hour. Perils are taken as independent.
    """
    at = _nearest(lines, weather)
    seen = {name: _worst(getattr(weather, name), at) for name in ("gust_ms", "ice_mm", "flashes_km2", "temperature_c",
                                                                   "flood_m")}  # fmt: skip
    dry = -_worst(-weather.humidity_percent, at)
    length = lines.length_km[:, None]
    gust = np.maximum.accumulate(seen["gust_ms"], axis=1)
    load = fragility.ice_load(ice_mm=seen["ice_mm"], gust_ms=seen["gust_ms"])
    fire = fragility.wildfire(gust_ms=seen["gust_ms"], humidity_percent=dry)
    come = {
        "wind": fragility.wind_curve(curve).failure(suffered=gust, length_km=length),
        "ice": fragility.ice_curve().failure(suffered=np.maximum.accumulate(load, axis=1), length_km=length),
        "trips": _expected(
            fragility.trips(gust_ms=seen["gust_ms"], length_km=length, temperature_c=seen["temperature_c"])
        ),
        "lightning": _expected(fragility.lightning(flashes_km2=seen["flashes_km2"], length_km=length)),
        "wildfire": np.maximum.accumulate(fire, axis=1),
        "flood": np.maximum.accumulate(fragility.flood(seen["flood_m"]), axis=1),
    }
    stays = np.prod([1.0 - come[name] for name in PERILS], axis=0)
    return StormRisk(
        lines=lines,
        hour=weather.hour,
        by_hour=1.0 - stays,
        peril=np.column_stack([come[name][:, -1] for name in PERILS]),
        gust_ms=gust[:, -1],
        rating=np.minimum(fragility.heat_rating(temperature_c=seen["temperature_c"].max(axis=1)), 1.0),
        calibrated=curve.calibrated,
    )


def _expected(rate: FloatArray) -> FloatArray:
    """Give the probability that something with this expectation each hour has come by the end of each."""
    return -np.expm1(-np.cumsum(rate, axis=1))


def _nearest(lines: Lines, weather: Weather) -> IntArray:
    """Give for each of a line's points the nearest place of the forecast, (L, 3)."""
    scale = np.cos(np.radians(weather.latitude.mean()))
    tree = cKDTree(np.column_stack([weather.latitude, weather.longitude * scale]))
    _, at = tree.query(np.column_stack([lines.latitude.ravel(), lines.longitude.ravel() * scale]))
    return np.asarray(at, dtype=np.int64).reshape(lines.latitude.shape)


def _worst(values: FloatArray, at: IntArray) -> FloatArray:
    """Give the greatest value along each line, by hour, (L, H)."""
    worst: FloatArray = values[at].max(axis=1)
    return worst


@dataclass(frozen=True, slots=True, kw_only=True)
class WhileOut:
    """What the weather of a window threatens while an asset is out."""

    label: str
    expected_mw: float
    worst: str
    """The asset that adds most."""


def while_out(*, label: str, probability: Mapping[str, float], consequence_mw: Mapping[str, float]) -> WhileOut:
    """Give the risk of N-1-1 under weather, sum of P_k times consequence_k (models 3.9).

    What the loss of k means while the asset is out is handed in by whoever studies the network.
    """
    parts = {k: probability.get(k, 0.0) * mw for k, mw in consequence_mw.items()}
    worst = min(parts, key=lambda k: (-parts[k], k)) if parts else ""
    return WhileOut(label=label, expected_mw=float(sum(parts.values())), worst=worst)


def ranked_windows(windows: Sequence[WhileOut]) -> tuple[WhileOut, ...]:
    """Give windows with the least risk while out first."""
    return tuple(sorted(windows, key=lambda one: (one.expected_mw, one.label)))
