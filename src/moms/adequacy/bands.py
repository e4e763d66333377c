"""P10, P50 and P90 of the margin by day and place, months ahead, with the booked schedule (models 3.3, 4.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.scenarios import NoScenarios, draw, margins_of
from moms.adequacy.weather_years import weather_years
from moms.grid import shape_columns
from moms.values.clock import market_day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from moms.adequacy.fleet import Taken
    from moms.adequacy.margin import MarginRules
    from moms.adequacy.recall import RecallRules
    from moms.grid import FloatArray, Grid

SHARES = (0.1, 0.5, 0.9)
"""P10 is exceeded with a probability of 90 %."""
CHUNK_DAYS = 91
"""Days drawn at once: the quantiles of a day need nothing of a day three months away, and so little memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bands:
    """How far the margin of each day and place may go either way."""

    day: tuple[date, ...]
    place: tuple[str, ...]
    mw: FloatArray
    """(P, 3, D): P10, P50, P90, at each scenario's worst hour of the day, reserve taken off."""
    scenarios: int
    weather_years: int

    def of(self, place: str) -> FloatArray:
        """Give the three quantiles of one place by day, (3, D)."""
        found: FloatArray = self.mw[self.place.index(place)]
        return found


def margin_bands(
    *,
    grid: Grid,
    starts: Sequence[datetime],
    taken: Sequence[Taken],
    rules: MarginRules,
    drawn: RecallRules,
    lead_days: int = 0,
    told: Callable[[int], None] = lambda _days: None,
) -> Bands:
    """Give the bands of whole market days, with the book's units out, from scenarios of `drawn`.

    `lead_days` is from the day of the forecast to the first day; `told` hears how many days are done.

    Raises:
        NoScenarios: the grid has no zones or no hourly shapes.
    """
    if grid.shapes is None or grid.zones is None:
        raise NoScenarios("the grid has no zones or no hourly shapes", field="grid", fix="use one that has both")
    parts, places, size = [], tuple[str, ...](), CHUNK_DAYS * 24
    for first in range(0, len(starts), size):
        hours = starts[first : first + size]
        years = weather_years(
            shapes=grid.shapes, years=drawn.weather_years, seed=drawn.seed,
            columns=shape_columns(shapes=grid.shapes, starts=hours),
        )  # fmt: skip
        chance = draw(grid=grid, starts=hours, taken=taken, years=years, scenarios=drawn.scenarios,
                      seed=drawn.seed + first // size, lead_days=lead_days + first // 24)  # fmt: skip
        found = margins_of(grid=grid, drawn=chance, starts=hours, taken=taken, rules=rules, years=years)
        parts.append(found.quantiles_mw(SHARES))
        places = found.place
        told(len(found.day))
    return Bands(
        day=tuple(market_day_of(start) for start in starts[::24]), place=places, mw=np.concatenate(parts, axis=2),
        scenarios=drawn.scenarios, weather_years=drawn.weather_years,
    )  # fmt: skip
