"""The scenario margin matrix M[place, day, scenario]: drawn once, asked of any book and window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from moms.adequacy.chain import draws, weather_stress
from moms.adequacy.fleet import SOLAR, STEADY, WIND, fleet_of
from moms.adequacy.margin import rows_of, zone_base_mw
from moms.adequacy.outlook import lost_by_day
from moms.adequacy.paths import Chances, add_lost, by_day, chances_of, is_down, nothing_lost
from moms.grid import shape_columns
from moms.values import Refused
from moms.values.clock import market_day_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    import numpy.typing as npt

    from moms.adequacy.fleet import Fleet, Taken
    from moms.adequacy.margin import MarginRules
    from moms.adequacy.weather_years import WeatherYears
    from moms.grid import BoolArray, FloatArray, Grid, IntArray

    Single = npt.NDArray[np.float32]

FORECAST = 0x10AD
"""The key of load forecast errors among the random streams."""
SIGMA_FAR, SIGMA_DAYS, SIGMA_DAILY = 0.04, 4.0, 0.8
"""Forecast error: 4 % of load far ahead, at a lead of l days sqrt(1 - exp(-l / 4)) of it, AR(1) 0.8 a day
(models 3.2 [M]: to be estimated again)."""
REPAIR_H = {"coal": 60.0, "ng": 40.0, "nuclear": 250.0, "hydro": 40.0, "dfo": 40.0}
"""Mean repair times by class, in hours: of the order of the RTS classes (models 3.10)."""
OTHER_REPAIR_H = 50.0


class NoScenarios(Refused):
    """A grid or an ask from which no scenarios can be made."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenarios:
    """Margins by place, market day and scenario, at each day's worst hour; with all that makes a path again."""

    place: tuple[str, ...]
    zones: tuple[tuple[int, ...], ...]
    """The zones whose capacity counts in each place."""
    day: tuple[date, ...]
    year: IntArray
    """(S,) weather year of each scenario."""
    margin_mw: Single
    """(P, D, S)."""
    stress: FloatArray
    """(Y, z, T) by how much weather multiplies failure rates on all the days that were drawn."""
    seed: int
    first: int = 0
    """Which of the days drawn the first of these is."""

    def quantiles_mw(self, shares: Sequence[float] = (0.1, 0.5, 0.9)) -> FloatArray:
        """Give the margins that are exceeded with probability 1 - share, (P, shares, D)."""
        found = np.quantile(self.margin_mw, shares, axis=2)
        return np.moveaxis(found, 0, 1).astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """What chance decides, drawn once for many questions: which units run, and how wrong the load forecast is.

    The units that the book takes are left out of what runs; a book that has changed since is made good
    unit by unit (`margins_of`), so that a question costs milliseconds.
    """

    day: tuple[date, ...]
    year: IntArray
    """(S,) weather year of each scenario."""
    stress: FloatArray
    """(Y, z, D) by how much weather multiplies failure rates."""
    running_mw: Single
    """(D, z, S) capacity of steady units that runs, the book's taken out."""
    lost_unit: IntArray
    """(n,) rows of units that the book took when it was drawn."""
    lost_mw: FloatArray
    """(D, n) what each of them lacked."""
    error: Single
    """(D, S) relative error of the load forecast."""
    seed: int
    lead_days: int
    """From the day of drawing to the first day."""
    rates: str = ""
    """The issue of outage rates it was drawn with; empty: those that the grid came with."""

    def covers(self, day: Sequence[date]) -> bool:
        """Tell whether these days in a row were drawn."""
        return bool(day) and self.day[0] <= day[0] and day[-1] <= self.day[-1]


def draw(
    *,
    grid: Grid,
    starts: Sequence[datetime],
    taken: Sequence[Taken],
    years: WeatherYears,
    scenarios: int,
    seed: int,
    lead_days: int = 0,
    rates: str = "",
) -> Drawn:
    """Draw so many scenarios of whole market days, with the book's units out.

    Scenario s has weather year s modulo their number, whole: years are never mixed by hour. Units go from
    day to day by their Markov chain. `years` are at the hours of `starts`.

    Raises:
        NoScenarios: the grid has no zones or no hourly shapes, or there are fewer scenarios than years.
    """
    if grid.shapes is None or grid.zones is None:
        raise NoScenarios("the grid has no zones or no hourly shapes", field="grid", fix="use one that has both")
    if scenarios < len(years):
        raise NoScenarios(f"{scenarios} scenarios of {len(years)} weather years", field="scenarios",
                          fix="give as many scenarios as years, or more")  # fmt: skip
    fleet = fleet_of(grid=grid, shapes=grid.shapes)
    year = np.arange(scenarios, dtype=np.int64) % len(years)
    stress = weather_stress_by_day(years)
    lost = lost_by_day(fleet=fleet, taken=taken, starts=starts, rows=np.arange(len(fleet.counts)))
    units = np.flatnonzero(lost.any(axis=0))
    return Drawn(
        day=tuple(market_day_of(start) for start in starts[::24]),
        year=year,
        stress=stress,
        running_mw=_running(grid, fleet, lost, stress, year, seed),
        lost_unit=units,
        lost_mw=lost[:, units],
        error=forecast_error(scenarios=scenarios, days=lost.shape[0], seed=seed, lead_days=lead_days),
        seed=seed,
        lead_days=lead_days,
        rates=rates,
    )


def margins_of(
    *,
    grid: Grid,
    drawn: Drawn,
    starts: Sequence[datetime],
    taken: Sequence[Taken],
    rules: MarginRules,
    years: WeatherYears,
    touching: Sequence[int] | None = None,
) -> Scenarios:
    """Give the margins of whole market days that were drawn, with these units out.

    A day's margin is that at its greatest net load. `years` are at the hours of `starts`. With `touching`,
    only places that count one of those zones are given.

    Raises:
        NoScenarios: the days were not drawn, or the grid has no zones or no hourly shapes.
    """
    days = tuple(market_day_of(start) for start in starts[::24])
    if grid.shapes is None or grid.zones is None or not drawn.covers(days):
        raise NoScenarios("scenarios were not drawn for these days", field="window", fix="draw them for its days")
    first = (days[0] - drawn.day[0]).days
    span = slice(first, first + len(days))
    fleet = fleet_of(grid=grid, shapes=grid.shapes)
    lost = lost_by_day(fleet=fleet, taken=taken, starts=starts, rows=np.arange(len(fleet.counts)))
    running = _made_good(grid, fleet, drawn, span, lost)
    weather = _weather(grid, fleet, years, lost)
    firm = grid.zones.firm_import_mw - grid.zones.firm_export_mw
    places = _places(grid, rules, touching)
    table = np.empty((len(places), len(days), len(drawn.year)), dtype=np.float32)
    for p, (_, members, limit) in enumerate(places):
        inside = list(members)
        table[p] = running[:, inside].sum(axis=1) + np.float32(firm[inside].sum() + limit)
        net = weather.net_mw(members, rules.reserve_share)
        table[p] -= net[drawn.year].T.astype(np.float32) * (1.0 + drawn.error[span])
    return Scenarios(
        place=tuple(name for name, _, _ in places),
        zones=tuple(zones for _, zones, _ in places),
        day=days,
        year=drawn.year,
        margin_mw=table,
        stress=drawn.stress,
        seed=drawn.seed,
        first=first,
    )


def _places(grid: Grid, rules: MarginRules, touching: Sequence[int] | None) -> list[tuple[str, tuple[int, ...], float]]:
    """Give the name, zones and import limit of each place, in the order of the margin's rows."""
    known = {} if grid.zones is None else {
        (row.scope, row.place): (row.place, row.zones, row.import_limit_mw) for row in rows_of(grid.zones, rules)[0]
    }  # fmt: skip
    return [one for one in known.values() if touching is None or set(one[1]) & set(touching)]


def _made_good(grid: Grid, fleet: Fleet, drawn: Drawn, span: slice, lost: FloatArray) -> Single:
    """Give what runs on some of the days with these losses in place of those it was drawn with, (D, z, S)."""
    before = np.zeros_like(lost)
    before[:, drawn.lost_unit] = drawn.lost_mw[span]
    running = np.array(drawn.running_mw[span])
    steady = (fleet.counts > 0) & (fleet.kind == STEADY)
    for unit in np.flatnonzero((lost != before).any(axis=0) & steady).tolist():
        more = (lost[:, unit] - before[:, unit]).astype(np.float32)
        up = ~_down(grid, fleet, unit, drawn.stress, drawn.year, drawn.seed)[span]
        running[:, int(fleet.zone[unit])] -= more[:, None] * up
    return running


def scenario_margins(
    *,
    grid: Grid,
    starts: Sequence[datetime],
    taken: Sequence[Taken],
    rules: MarginRules,
    years: WeatherYears,
    scenarios: int,
    seed: int,
    lead_days: int = 0,
) -> Scenarios:
    """Give the margins of so many scenarios on whole market days, with the book's units out: drawn and asked at once.

    `years` are whole.

    Raises:
        NoScenarios: the grid has no zones or no hourly shapes, or there are fewer scenarios than years.
    """
    if grid.shapes is None:
        raise NoScenarios("the grid has no zones or no hourly shapes", field="grid", fix="use one that has both")
    there = years.at(shape_columns(shapes=grid.shapes, starts=starts))
    drawn = draw(grid=grid, starts=starts, taken=taken, years=there, scenarios=scenarios, seed=seed,
                 lead_days=lead_days)  # fmt: skip
    return margins_of(grid=grid, drawn=drawn, starts=starts, taken=taken, rules=rules, years=there)


def weather_stress_by_day(years: WeatherYears) -> FloatArray:
    """Give each day's greatest stress on units by year and zone, (Y, z, D), of years at whole days."""
    hourly = weather_stress(years.temperature_c)
    worst: FloatArray = hourly.reshape(*hourly.shape[:2], -1, 24).max(axis=3)
    return worst


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Weather:
    """Load and what wind and sun give, by weather year, zone and hour of the days asked for."""

    load_mw: FloatArray
    """(Y, z, H)."""
    given_mw: FloatArray
    """(Y, z, H)."""

    def net_mw(self, members: tuple[int, ...], reserve_share: float) -> FloatArray:
        """Give a place's greatest load with reserve, less wind and sun, by year and day, (Y, D)."""
        inside = list(members)
        hourly = (1.0 + reserve_share) * self.load_mw[:, inside].sum(axis=1) - self.given_mw[:, inside].sum(axis=1)
        most: FloatArray = hourly.reshape(len(hourly), -1, 24).max(axis=2)
        return most


def _weather(grid: Grid, fleet: Fleet, years: WeatherYears, lost: FloatArray) -> _Weather:
    """Join weather with the plant there is; `lost` is what units lack by day, (D, g)."""
    base = zone_base_mw(grid)
    given = np.zeros(years.load.shape)
    for kind, shape in ((WIND, years.wind), (SOLAR, years.solar)):
        rows = np.flatnonzero((fleet.kind == kind) & (fleet.counts > 0))
        left = fleet.counts[rows] * (1.0 - lost[:, rows] / fleet.p_max_mw[rows])
        by_zone = np.zeros((len(base), len(lost)))
        np.add.at(by_zone, fleet.zone[rows], left.T)
        given += np.repeat(by_zone, 24, axis=1) * shape
    return _Weather(load_mw=base[:, None] * years.load, given_mw=given)


def forecast_error(*, scenarios: int, days: int, seed: int, lead_days: int = 0) -> Single:
    """Give the load forecast's relative error by day and scenario, (D, S): it grows with the lead.

    `lead_days` is from the day of the forecast to the first of the days.
    """
    uniform = np.clip(draws(seed=seed, key=FORECAST, scenarios=scenarios, steps=days), 1e-7, 1.0 - 1e-7)
    shocks = ndtri(uniform.astype(np.float64))
    path = np.empty_like(shocks)
    path[0] = shocks[0]
    for d in range(1, days):
        path[d] = SIGMA_DAILY * path[d - 1] + np.sqrt(1.0 - SIGMA_DAILY**2) * shocks[d]
    sigma = SIGMA_FAR * np.sqrt(1.0 - np.exp(-(np.arange(days) + lead_days + 1.0) / SIGMA_DAYS))
    scaled: Single = (sigma[:, None] * path).astype(np.float32)
    return scaled


def _running(  # noqa: PLR0917 - one caller, above
    grid: Grid, fleet: Fleet, lost: FloatArray, stress: FloatArray, year: IntArray, seed: int
) -> Single:
    """Give each zone's running capacity by day and scenario, (D, z, S)."""
    days, zones = stress.shape[2], stress.shape[1]
    there = np.zeros((days, zones))
    gone = [nothing_lost(scenarios=len(year), days=days) for _ in range(zones)]
    for rows in _alike(grid, fleet):
        left, zone = (fleet.p_max_mw[rows] - lost[:, rows]).T, int(fleet.zone[rows[0]])
        some = left.any(axis=1)
        there[:, zone] += left.sum(axis=0)
        add_lost(chances=_chances(grid, fleet, int(rows[0]), stress), units=rows[some], year=year, seed=seed,
                 mw=left[some], into=gone[zone])  # fmt: skip
    down_mw = np.stack([by_day(one, days=days) for one in gone], axis=1)
    running: Single = (there[:, :, None] - down_mw).astype(np.float32)
    return running


def _alike(grid: Grid, fleet: Fleet) -> list[IntArray]:
    """Give the rows of the steady units that count, those of one zone, outage rate and repair time together."""
    units, found = grid.network.units, dict[tuple[int, float, float], list[int]]()
    for row in np.flatnonzero((fleet.counts > 0) & (fleet.kind == STEADY)).tolist():
        key = (int(fleet.zone[row]), float(units.outage_rate[row]), _repair_h(grid, row))
        found.setdefault(key, []).append(row)
    return [np.array(rows, dtype=np.int64) for rows in found.values()]


def _repair_h(grid: Grid, unit: int) -> float:
    return REPAIR_H.get(str(grid.network.units.fuel[unit]), OTHER_REPAIR_H)


def _chances(grid: Grid, fleet: Fleet, unit: int, stress: FloatArray) -> Chances:
    """Give how likely a unit fails and is mended through the days drawn, with the weather of its zone."""
    return chances_of(
        outage_rate=float(grid.network.units.outage_rate[unit]),
        repair_h=_repair_h(grid, unit),
        stress=stress[:, int(fleet.zone[unit])],
    )


def _down(  # noqa: PLR0917 - two callers, in this file
    grid: Grid, fleet: Fleet, unit: int, stress: FloatArray, year: IntArray, seed: int
) -> BoolArray:
    """Make the path of one unit over all the days drawn, (T, S); the same whenever it is made."""
    return is_down(chances=_chances(grid, fleet, unit, stress), unit=unit, year=year, seed=seed)


def running_mw(*, grid: Grid, scenarios: Scenarios, unit: int) -> Single:
    """Give what one steady unit has running by day and scenario, (D, S): what taking it out removes.

    Raises:
        NoScenarios: the unit is wind or sun, or counts in no margin.
    """
    if grid.shapes is None:
        raise NoScenarios("the grid has no hourly shapes", field="grid", fix="use one that has them")
    fleet = fleet_of(grid=grid, shapes=grid.shapes)
    if not (fleet.counts[unit] > 0 and fleet.kind[unit] == STEADY):
        raise NoScenarios(f"gen:{unit + 1} is in no scenario as a unit that fails", field="unit",
                          fix="name a unit in service that is neither wind nor sun")  # fmt: skip
    path = _down(grid, fleet, unit, scenarios.stress, scenarios.year, scenarios.seed)
    up = ~path[scenarios.first : scenarios.first + len(scenarios.day)]
    return up * np.float32(fleet.p_max_mw[unit])
