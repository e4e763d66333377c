"""A forecast of load, wind and sun as it was issued: for some hours it stands in place of the weather years."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.margin import zone_base_mw
from moms.values import HOUR, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.adequacy.weather_years import WeatherYears
    from moms.grid import FloatArray, Grid, IntArray


class NotAForecast(Refused):
    """A forecast that does not fit the grid it is for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForecastIssue:
    """One forecast as it was issued, for consecutive hours of every zone."""

    issued: datetime
    source: str
    start: datetime
    """The first hour."""
    zones: tuple[str, ...]
    """As the grid names them, in its order."""
    load_mw: FloatArray
    """(z, H)."""
    wind: FloatArray
    """(z, H) share of installed capacity; so is `solar`."""
    solar: FloatArray

    @property
    def end(self) -> datetime:
        """The end of the last hour."""
        return self.start + timedelta(hours=int(self.load_mw.shape[1]))

    def age_h(self, now: datetime) -> float:
        """Give how many hours ago it was issued."""
        return (now - self.issued) / HOUR


def check_forecast(*, issue: ForecastIssue, grid: Grid) -> None:
    """Make sure that a forecast is for the zones of a grid, and that each share is one.

    Raises:
        NotAForecast: other zones, a share outside 0 to 1, a negative load, or load in a zone that has none.
    """
    names = () if grid.zones is None else grid.zones.name
    if issue.zones != names:
        raise NotAForecast(f"its zones are {', '.join(issue.zones)}", field="zone",
                           fix=f"give those of {grid.name}: {', '.join(names) or 'none'}")  # fmt: skip
    for name, share in (("wind_share", issue.wind), ("solar_share", issue.solar)):
        if not ((share >= 0) & (share <= 1)).all():
            raise NotAForecast("a share lies outside 0 to 1", field=name, fix="give the share of installed capacity")
    base = zone_base_mw(grid)
    if (issue.load_mw < 0).any() or (issue.load_mw[base <= 0] > 0).any():
        raise NotAForecast("a load is negative, or in a zone without load", field="load_mw", fix="give MW of its zones")


def with_forecast(
    *, years: WeatherYears, issue: ForecastIssue | None, starts: Sequence[datetime], grid: Grid
) -> WeatherYears:
    """Give weather years at these hours in which the forecast hours are those of the issue, in every year.

    Temperature, and with it how often units fail, stays that of the weather years.
    """
    if issue is None:
        return years
    hours = np.array([(start - issue.start) // HOUR for start in starts], dtype=np.int64)
    here = np.flatnonzero((hours >= 0) & (hours < issue.load_mw.shape[1]))
    if not len(here):
        return years
    base = zone_base_mw(grid)[:, None]
    shares = np.divide(issue.load_mw, base, out=np.zeros_like(issue.load_mw), where=base > 0)
    at = hours[here]
    return replace(
        years,
        load=_told(years.load, here, shares[:, at]),
        wind=_told(years.wind, here, issue.wind[:, at]),
        solar=_told(years.solar, here, issue.solar[:, at]),
    )


def _told(table: FloatArray, here: IntArray, told: FloatArray) -> FloatArray:
    changed = np.array(table)
    changed[:, :, here] = told
    return changed
