"""Synthetic weather years: load, wind, solar and temperature that belong together, by a seeded rule.

The rule (all of it synthetic; semantics 5.3). A year is the grid's one weather year with its days
dealt anew and a spell of warm or cold laid over it:

1. Blocks of 5 days. The weather of a block is that of the block 15 days earlier to 15 days later that the
   draw names, all zones, wind, solar and temperature together, so that what belongs together stays.
2. Over it lies a temperature anomaly, the same in all zones: AR(1) by day, 0.8 a day, 3.5 degrees.
3. Load keeps its own calendar. It grows by 1.1 % a degree above 21 C and by 0.7 % a degree below 10 C, against
   the temperature of the grid's own year at that hour (summer and winter sensitivities of the order
   that MISO and PJM publish, recalled).
4. Year 0 is the grid's own year, untouched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

from moms.adequacy.chain import generator
from moms.values import Refused

if TYPE_CHECKING:
    from moms.grid import FloatArray, IntArray, Shapes

BLOCK_DAYS, REACH_DAYS = 5, 15
ANOMALY_C, ANOMALY_DAILY = 3.5, 0.8
WARM_C, WARM_SHARE = 21.0, 0.011
COLD_C, COLD_SHARE = 10.0, 0.007
YEAR_DAYS = 365
FEWEST = 2
WEATHER = 0x57EA7E
"""The key of weather among the random streams; units have theirs by row."""


class TooFewYears(Refused):
    """A number of weather years from which nothing could be said."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeatherYears:
    """Weather of some years by hour, in market time: of the whole year, or of some of its hours. All synthetic."""

    load: FloatArray
    """(Y, z, H), multiplies the buses' load of the case."""
    wind: FloatArray
    """(Y, z, H), share of installed capacity; so is `solar`."""
    solar: FloatArray
    temperature_c: FloatArray
    """(Y, z, H)."""
    seed: int

    def __len__(self) -> int:
        return len(self.load)

    def at(self, columns: IntArray) -> WeatherYears:
        """Give the same years at some hours of the year only, in that order."""
        return replace(
            self,
            load=self.load[:, :, columns],
            wind=self.wind[:, :, columns],
            solar=self.solar[:, :, columns],
            temperature_c=self.temperature_c[:, :, columns],
        )


def weather_years(*, shapes: Shapes, years: int = 40, seed: int, columns: IntArray | None = None) -> WeatherYears:
    """Give so many weather years around that of a grid; the first is its own.

    With `columns`, hours of the year, only those are made, and they are what they are in the whole years.

    Raises:
        TooFewYears: fewer than two.
    """
    if years < FEWEST:
        raise TooFewYears(f"{years} weather years", field="years", fix="give 30 or more")
    at = np.arange(YEAR_DAYS * 24) if columns is None else columns
    base = [np.asarray(a)[:-1] for a in (shapes.load, shapes.wind, shapes.solar, shapes.temperature_c)]
    made = [_year(base, at, seed=seed, year=year) for year in range(years)]
    load, wind, solar, temperature = (np.stack([one[k] for one in made]) for k in range(4))
    return WeatherYears(load=load, wind=wind, solar=solar, temperature_c=temperature, seed=seed)


def _year(base: list[FloatArray], at: IntArray, *, seed: int, year: int) -> list[FloatArray]:
    load, wind, solar, temperature = base
    if year == 0:
        return [one[:, at] for one in base]
    rng = generator(seed=seed, key=WEATHER, scenario=year, width=1 << 12)
    hours = _dealt(rng)[at // 24] * 24 + at % 24
    warm = temperature[:, hours] + _anomaly(rng)[at // 24]
    factor = (1.0 + _extra(warm)) / (1.0 + _extra(temperature[:, at]))
    return [load[:, at] * factor, wind[:, hours], solar[:, hours], warm]


def _dealt(rng: np.random.Generator) -> IntArray:
    """Give which day's weather each day has."""
    blocks = -(-YEAR_DAYS // BLOCK_DAYS)
    moved = rng.integers(-REACH_DAYS, REACH_DAYS + 1, size=blocks)
    days: IntArray = (np.arange(YEAR_DAYS) + np.repeat(moved, BLOCK_DAYS)[:YEAR_DAYS]) % YEAR_DAYS
    return days


def _anomaly(rng: np.random.Generator) -> FloatArray:
    """Give a temperature anomaly by day: AR(1), stationary from the first day."""
    shocks = rng.standard_normal(YEAR_DAYS) * ANOMALY_C * np.sqrt(1.0 - ANOMALY_DAILY**2)
    shocks[0] /= np.sqrt(1.0 - ANOMALY_DAILY**2)
    found: FloatArray = lfilter([1.0], [1.0, -ANOMALY_DAILY], shocks)
    return found


def _extra(temperature_c: FloatArray) -> FloatArray:
    """Give the share of load that weather adds at a temperature."""
    warm, cold = np.maximum(temperature_c - WARM_C, 0.0), np.maximum(COLD_C - temperature_c, 0.0)
    extra: FloatArray = WARM_SHARE * warm + COLD_SHARE * cold
    return extra
