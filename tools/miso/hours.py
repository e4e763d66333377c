"""A synthetic year by hour and zone, in market time: temperature, load, wind, solar. Seeded.

All of it is drawn by the rules below; none of it is measured. Thirty further years of the same rule
give the P10 of wind and solar by month and hour of day, and the P90 of the annual peak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

HOURS = 8760
DAYS = 365
FIRST_WEEKDAY = 4
"""1 January 2027 is a Friday (Monday is 0)."""
MONTH_ENDS = np.cumsum([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
HOLIDAYS = (0, 150, 185, 248, 328, 358)
"""Days of the year with a Sunday's load: New Year, Memorial, Independence, Labor, Thanksgiving, Christmas."""
YEARS = 30

WEEKDAY = np.array(
    [78, 75, 73, 72, 73, 77, 85, 92, 95, 97, 98, 99, 99, 99, 99, 99, 100, 101, 101, 100, 99, 95, 89, 83]
) / 100.0  # fmt: skip
"""Load by hour of a mild working day, hour beginning, before weather."""
SATURDAY, SUNDAY = 0.93, 0.90

MONTH = np.searchsorted(MONTH_ENDS, np.arange(DAYS), side="right")
DAY_OF_HOUR = np.arange(HOURS) // 24
HOUR_OF_DAY = np.arange(HOURS) % 24
SEASON_ANGLE = 2 * np.pi * (np.arange(HOURS) / 24.0 - 197) / DAYS
"""Zero at the warmest day, 17 July."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """(z, 8760) each: Celsius, load relative to a mild day's peak, shares of installed capacity."""

    temperature: np.ndarray
    load: np.ndarray
    wind: np.ndarray
    solar: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Hourly:
    """What goes into the grid, and the hour whose load is the case's load."""

    load: np.ndarray
    wind: np.ndarray
    solar: np.ndarray
    wind_p10: np.ndarray
    solar_p10: np.ndarray
    temperature_c: np.ndarray
    p90_factor: float
    peak_hour: int


def noise(rng: np.random.Generator, *, zones: int, steps: int, memory: float, shared: float) -> np.ndarray:
    """Draw a first-order autoregression of unit variance for each zone, `shared` of its variance common to all."""
    draw = rng.standard_normal((zones + 1, steps + 50))
    series = lfilter([np.sqrt(1 - memory**2)], [1.0, -memory], draw, axis=1)[:, 50:]
    found: np.ndarray = np.sqrt(shared) * series[:1] + np.sqrt(1 - shared) * series[1:]
    return found


def temperature(rng: np.random.Generator, *, latitude: np.ndarray) -> np.ndarray:
    """Draw Celsius by hour: mean and swing by latitude, a day's swing, weather lasting days.

    Mean 20.5 - 0.9 (lat - 30), seasonal half swing 9 + 0.55 (lat - 30), daily half swing 5 (warmest
    at 16:00), weather of 2.5 (summer) to 5 (winter) degrees with memory 0.75 a day, four fifths of
    its variance shared.
    """
    away = latitude[:, None] - 30.0
    season = 20.5 - 0.9 * away + (9.0 + 0.55 * away) * np.cos(SEASON_ANGLE)
    day = 5.0 * np.cos(2 * np.pi * (HOUR_OF_DAY - 16) / 24)
    weather = noise(rng, zones=len(latitude), steps=DAYS + 1, memory=0.75, shared=0.8)
    at = np.arange(HOURS) / 24.0
    low = DAY_OF_HOUR
    between = weather[:, low] * (1 - (at - low)) + weather[:, low + 1] * (at - low)
    return season + day + between * (3.75 - 1.25 * np.cos(SEASON_ANGLE))


def load(rng: np.random.Generator, *, celsius: np.ndarray, south: np.ndarray) -> np.ndarray:
    """Draw load by hour, relative to a mild working day's peak.

    The working day's curve, less on Saturdays, Sundays and holidays; 2.6 % more for each degree of
    felt temperature (70 % now, 30 % of the last 24 hours) above 18, 0.9 % for each below 10 in the
    North and Central, 3.2 % below 12 in the South, where houses are heated with electricity; 0.8 %
    of noise.
    """
    weekday = (np.arange(DAYS) + FIRST_WEEKDAY) % 7
    of_day = np.where(weekday == 5, SATURDAY, np.where(weekday == 6, SUNDAY, 1.0))
    of_day[list(HOLIDAYS)] = SUNDAY
    curve = WEEKDAY[HOUR_OF_DAY] * of_day[DAY_OF_HOUR]
    last_day = lfilter(np.ones(24) / 24, [1.0], celsius - celsius[:, :1], axis=1) + celsius[:, :1]
    felt = 0.7 * celsius + 0.3 * last_day
    cold_from = np.where(south, 12.0, 10.0)[:, None]
    colder = np.where(south, 0.032, 0.009)[:, None]
    weather = 1.0 + 0.026 * np.maximum(felt - 18.0, 0.0) + colder * np.maximum(cold_from - felt, 0.0)
    small = 1.0 + 0.008 * noise(rng, zones=len(celsius), steps=HOURS, memory=0.9, shared=0.2)
    return curve * weather * small


def wind(rng: np.random.Generator, *, zones: int) -> np.ndarray:
    """Draw wind's share of installed capacity: more in winter and at night, lasting for hours.

    A Gaussian with memory 0.97 an hour, 0.55 of its variance shared, raised in winter (+0.35) and at
    night (+0.20, more in summer), through 0.95 / (1 + exp(-1.35 (z - 0.45))).
    """
    z = noise(rng, zones=zones, steps=HOURS, memory=0.97, shared=0.55)
    season = -0.35 * np.cos(SEASON_ANGLE)
    night = 0.20 * np.cos(2 * np.pi * (HOUR_OF_DAY - 2) / 24) * (1.25 + 0.5 * np.cos(SEASON_ANGLE))
    return 0.95 / (1.0 + np.exp(-1.35 * (z + season + night - 0.45)))


def solar(rng: np.random.Generator, *, latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
    """Draw solar's share of installed capacity: the sun's height by latitude, date and clock, times clouds.

    Declination 23.45 degrees; the sun stands highest when local solar time (market time is UTC-5) is
    noon; a day's clouds let through 1 - 0.65 u^2 of it, u from a daily autoregression.
    """
    declination = np.radians(23.45) * np.cos(2 * np.pi * (np.arange(HOURS) / 24.0 - 172) / DAYS)
    clock = HOUR_OF_DAY + 0.5 + (longitude[:, None] + 75.0) / 15.0
    angle = 2 * np.pi * (clock - 12.0) / 24.0
    lat = np.radians(latitude)[:, None]
    height = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(angle)
    cloudy = noise(rng, zones=len(latitude), steps=DAYS, memory=0.4, shared=0.4)
    u = 1.0 / (1.0 + np.exp(-1.7 * cloudy))
    return np.clip(np.maximum(height, 0.0) ** 1.15 * (1.0 - 0.65 * u[:, DAY_OF_HOUR] ** 2), 0.0, 1.0)


def year(rng: np.random.Generator, *, latitude: np.ndarray, longitude: np.ndarray, south: np.ndarray) -> Year:
    """Draw one year."""
    celsius = temperature(rng, latitude=latitude)
    return Year(
        temperature=celsius,
        load=load(rng, celsius=celsius, south=south),
        wind=wind(rng, zones=len(latitude)),
        solar=solar(rng, latitude=latitude, longitude=longitude),
    )


def peak_of(relative: np.ndarray, case_mw: np.ndarray) -> int:
    """Find the hour that is the footprint's peak once every zone's load there is the case's load.

    Scaling each zone to 1 at an hour changes the weights of the zones and with them, perhaps, the
    hour: the summer hour is repeated until it stays. `relative` and `case_mw` are the zones' alone.
    """
    hour = int(np.argmax(case_mw @ (relative / relative.max(axis=1, keepdims=True))))
    for _ in range(50):
        total = case_mw @ (relative / relative[:, [hour]])
        best = int(np.argmax(total))
        if best == hour:
            return hour
        hour = best
    msg = "no hour is its own peak: take another seed"
    raise RuntimeError(msg)


def low_tenth(values: np.ndarray) -> np.ndarray:
    """Give, by month and hour of day, what nine values in ten exceed; `values` is (years, z, 8760)."""
    found = np.zeros(values.shape[1:])
    for month in range(12):
        for hour in range(24):
            here = (MONTH[DAY_OF_HOUR] == month) & (hour == HOUR_OF_DAY)
            found[:, here] = np.quantile(values[:, :, here], 0.1, axis=(0, 2))[:, None]
    return found


def hourly(*, latitude: np.ndarray, longitude: np.ndarray, south: np.ndarray, case_mw: np.ndarray, seed: int) -> Hourly:
    """Draw the year of the grid; the last row of every argument is the outside world.

    Load is 1 in every row at the footprint's peak hour, so that the case's loads are that hour's.
    P10 rows come from `YEARS` further years; the P90 factor is the ratio of the ninth decile to the
    median of the annual peaks of all of them.
    """
    place = {"latitude": latitude, "longitude": longitude, "south": south}
    base = year(np.random.default_rng([seed, 3, 0]), **place)
    more = [year(np.random.default_rng([seed, 3, k]), **place) for k in range(1, YEARS + 1)]
    peak_hour = peak_of(base.load[:-1], case_mw)
    unit = base.load[:, [peak_hour]]
    peaks = [float((case_mw @ (y.load / unit)[:-1]).max()) for y in (base, *more)]
    return Hourly(
        load=np.round(base.load / unit, 4),
        wind=np.round(base.wind, 4),
        solar=np.round(base.solar, 4),
        wind_p10=np.round(low_tenth(np.stack([y.wind for y in more])), 4),
        solar_p10=np.round(low_tenth(np.stack([y.solar for y in more])), 4),
        temperature_c=np.round(base.temperature, 1),
        p90_factor=round(float(np.quantile(peaks, 0.9) / np.median(peaks)), 4),
        peak_hour=peak_hour,
    )
