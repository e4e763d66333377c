"""How likely weather breaks or trips a line: wind, ice with wind, lightning, fire, heat, flood.

Curves and defaults are those of models 3.9, most of them recalled and none of them fitted to an owner's
damage: results are called uncalibrated until there are counts from five events (`calibrated`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.special import expit, ndtr, ndtri

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import FloatArray

TOWER_SPREAD = 0.2
"""beta of the tower curve, between the 0.15 and 0.24 of the two published ones."""
PRIOR_MEDIAN_MS, PRIOR_SPREAD = 60.0, 0.3
"""ln v50 before any damage is known: the published curves have 45 and 81 m/s."""
ENOUGH_EVENTS = 5
SPANS_ALIKE = 0.6
"""Correlation of the strengths of a line's sections: independence is badly wrong (200 towers at 35 m/s)."""
SECTION_KM = 20.0
ICE_MEDIAN, ICE_SPREAD = 1.6, 0.3
DESIGN_ICE_MM, DESIGN_GUST_MS = 25.0, 40.0
TRIP_RATE, TRIP_FROM_MS, TRIP_GROWTH = 1.24 / 8760.0, 12.0, 0.18
"""Sustained trips per 100 miles and hour (RTS), the wind from which they grow, and how fast."""
TRIP_WIND_MOST_MS = 40.0
"""Beyond it trips grow no further: there structures fail, and their curve speaks."""
TOWER_M, TOWER_WIDTH_M = 30.0, 10.0
FLASHOVER, LOCKOUT = 0.1, 0.05
FIRE_GUST_MS, FIRE_HUMIDITY = 20.0, 20.0
HEAT_C, HEAT_GROWTH = 35.0, 0.05
FLOOD_M, FLOOD_SPREAD_M = 0.75, 0.1
MILE_KM = 1.609344
NODES = 201
STRENGTHS = 31
"""Equally likely values of the median gust over which lines are averaged."""
MOST_SECTIONS = 60.0


class NotDamage(Refused):
    """Counts of damage that cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What one past event did: structures in a gust of that strength, and how many failed."""

    gust_ms: float
    structures: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TowerCurve:
    """What is known of the median gust at which a section fails: a distribution on a grid."""

    median_ms: FloatArray
    weight: FloatArray
    events: int

    @property
    def calibrated(self) -> bool:
        """Whether enough events with damage counts stand behind it."""
        return self.events >= ENOUGH_EVENTS

    def failure(self, gust_ms: FloatArray) -> FloatArray:
        """Give the probability that one section fails, the mean over what is not known."""
        mean: FloatArray = self._each(gust_ms) @ self.weight
        return mean

    def likely_median_ms(self, shares: Sequence[float] = (0.05, 0.5, 0.95)) -> tuple[float, ...]:
        """Give quantiles of the median gust: how much is not known."""
        summed = np.cumsum(self.weight)
        return tuple(float(np.interp(share, summed, self.median_ms)) for share in shares)

    def _each(self, gust_ms: FloatArray) -> FloatArray:
        v = np.maximum(np.asarray(gust_ms, dtype=np.float64), 1e-9)[..., None]
        each: FloatArray = ndtr(np.log(v / self.median_ms) / TOWER_SPREAD)
        return each


def tower_curve(damage: Sequence[Damage] = ()) -> TowerCurve:
    """Give the curve: the prior, and the binomial likelihood of each event's counts (models 3.9).

    Raises:
        NotDamage: counts that are negative, more failures than structures, or no gust.
    """
    z = np.linspace(-4.0, 4.0, 321)
    median = PRIOR_MEDIAN_MS * np.exp(PRIOR_SPREAD * z)
    log_weight = -0.5 * z * z
    for one in damage:
        if not (0 <= one.failed <= one.structures and one.structures > 0 and 0 < one.gust_ms < math.inf):
            raise NotDamage(
                f"{one.failed} of {one.structures} structures failed at {one.gust_ms} m/s", field="damage",
                fix="give a gust above 0 and no more failures than structures",
            )  # fmt: skip
        p = np.clip(ndtr(np.log(one.gust_ms / median) / TOWER_SPREAD), 1e-300, 1.0 - 1e-16)
        log_weight += one.failed * np.log(p) + (one.structures - one.failed) * np.log1p(-p)
    weight = np.exp(log_weight - log_weight.max())
    return TowerCurve(median_ms=median, weight=weight / weight.sum(), events=len(damage))


def line_failure(*, section: FloatArray, length_km: FloatArray, alike: float = SPANS_ALIKE) -> FloatArray:
    """Give the probability that a line fails, of n sections whose strengths have one factor in common.

    1 - integral of (1 - Phi((Phi^-1(p) + sqrt(r) u) / sqrt(1 - r)))^n phi(u) du, n = length / 20 km, at
    least 1, by the trapezoid rule, which is as exact as double precision for such integrands.
    """
    count = np.maximum(length_km / SECTION_KM, 1.0)
    u = np.linspace(-9.0, 9.0, NODES)
    density = np.exp(-0.5 * u * u) / math.sqrt(2.0 * math.pi) * (u[1] - u[0])
    with np.errstate(divide="ignore"):
        strength = ndtri(np.clip(section, 0.0, 1.0))
    each = ndtr((strength[..., None] + math.sqrt(alike) * u) / math.sqrt(1.0 - alike))
    with np.errstate(divide="ignore"):
        any_fails = -np.expm1(count[..., None] * np.log1p(-each))
    found: FloatArray = np.clip(any_fails @ density, 0.0, 1.0)
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineCurve:
    """The failure of whole lines, by what they suffer and how many sections they have: a table to read from."""

    suffered: FloatArray
    """(X,) gust, or ice load."""
    log_count: FloatArray
    """(N,)."""
    chance: FloatArray
    """(X, N)."""

    def failure(self, *, suffered: FloatArray, length_km: FloatArray) -> FloatArray:
        """Give the probability that a line fails, by linear interpolation."""
        count = np.log(np.clip(length_km / SECTION_KM, 1.0, MOST_SECTIONS))
        x = np.clip(suffered, self.suffered[0], self.suffered[-1])
        read = RegularGridInterpolator((self.suffered, self.log_count), self.chance)
        found: FloatArray = read(np.stack(np.broadcast_arrays(x, count), axis=-1))
        return found


def _line_curve(suffered: FloatArray, sections: Sequence[FloatArray]) -> LineCurve:
    """Average over what is not known of the strength: it is the same for every section, so outside the line."""
    log_count = np.linspace(0.0, math.log(MOST_SECTIONS), 20)
    length = np.exp(log_count) * SECTION_KM
    each = [line_failure(section=section[:, None], length_km=length[None, :]) for section in sections]
    return LineCurve(suffered=suffered, log_count=log_count, chance=np.mean(each, axis=0))


def wind_curve(curve: TowerCurve) -> LineCurve:
    """Give the failure of lines by the greatest gust."""
    gust = np.linspace(0.0, 90.0, 361)
    shares = (np.arange(STRENGTHS) + 0.5) / STRENGTHS
    medians = curve.likely_median_ms(shares.tolist())
    return _line_curve(gust, [ndtr(np.log(np.maximum(gust, 1e-9) / m) / TOWER_SPREAD) for m in medians])


def ice_curve() -> LineCurve:
    """Give the failure of lines by ice load (`ice_load`)."""
    load = np.linspace(0.0, 8.0, 401)
    return _line_curve(load, [ndtr(np.log(np.maximum(load, 1e-12) / ICE_MEDIAN) / ICE_SPREAD)])


def ice_load(*, ice_mm: FloatArray, gust_ms: FloatArray) -> FloatArray:
    """Give the load of ice and wind against the design's; without ice it is 0 and not this peril (models 3.9)."""
    load: FloatArray = np.where(ice_mm > 0, ice_mm / DESIGN_ICE_MM + 0.5 * (gust_ms / DESIGN_GUST_MS) ** 2, 0.0)
    return load


def trips(*, gust_ms: FloatArray, length_km: FloatArray, temperature_c: FloatArray) -> FloatArray:
    """Give the expected sustained trips in an hour: trees, galloping, debris; more in wind and great heat."""
    wind = np.minimum(gust_ms, TRIP_WIND_MOST_MS) - TRIP_FROM_MS
    heat = np.maximum(temperature_c - HEAT_C, 0.0)
    rate = TRIP_RATE * np.exp(TRIP_GROWTH * np.maximum(wind, 0.0) + HEAT_GROWTH * heat)
    expected: FloatArray = rate * length_km / (100.0 * MILE_KM)
    return expected


def lightning(*, flashes_km2: FloatArray, length_km: FloatArray) -> FloatArray:
    """Give the expected sustained outages by lightning from ground flashes a square kilometre (Eriksson's width)."""
    struck = flashes_km2 * (28.0 * TOWER_M**0.6 + TOWER_WIDTH_M) / 10.0 * length_km / 100.0
    expected: FloatArray = struck * FLASHOVER * LOCKOUT
    return expected


def wildfire(*, gust_ms: FloatArray, humidity_percent: FloatArray) -> FloatArray:
    """Give the probability of an outage, or a shut-off for safety, by fire weather in its worst hour."""
    odds = -6.0 + 0.15 * np.maximum(gust_ms - 15.0, 0.0) + 0.08 * np.maximum(FIRE_HUMIDITY - humidity_percent, 0.0)
    red_flag = (gust_ms >= FIRE_GUST_MS) & (humidity_percent <= FIRE_HUMIDITY)
    found: FloatArray = np.where(red_flag, expit(odds + 1.2), 0.0)
    return found


def flood(depth_m: FloatArray) -> FloatArray:
    """Give the probability that a station is lost under water of that depth; dry is safe."""
    found: FloatArray = np.where(depth_m > 0, expit((depth_m - FLOOD_M) / FLOOD_SPREAD_M), 0.0)
    return found


def heat_rating(*, temperature_c: FloatArray, most_c: float = 100.0, reference_c: float = 40.0) -> FloatArray:
    """Give by what a line's rating is to be multiplied at a temperature: less cooling, less current."""
    factor: FloatArray = np.sqrt(np.maximum(most_c - temperature_c, 0.0) / (most_c - reference_c))
    return factor
