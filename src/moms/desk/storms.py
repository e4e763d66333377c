"""Storm forecasts in the book: kept by the operator with age and source, the newest found again, none overwritten."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from moms.desk.ports import NotYours
from moms.risk import Damage, Weather, lines_of, only, storm_risk, tower_curve
from moms.values import HOUR, SYSTEM, Refused, Window, digest, parse_instant, plain
from moms.values.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.grid import Grid
    from moms.risk import StormRisk
    from moms.values import Actor

STORMS = "storms"
"""The operator's register of storm forecasts."""
MOST_VALUES = 20_000
"""Places times hours of one forecast."""
TABLES = ("gust_ms", "ice_mm", "flashes_km2", "temperature_c", "humidity_percent", "flood_m")
UNCALIBRATED = "UNCALIBRATED: fewer than five events with damage counts stand behind it; read it as a ranking"


class NotAStorm(Refused):
    """A storm forecast that cannot be kept."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Storm:
    """A storm forecast as it is kept, with the damage counts by which its curve is calibrated."""

    weather: Weather
    damage: tuple[Damage, ...] = ()

    @property
    def id(self) -> str:
        """Its name: the digest of all that it says."""
        return "S-" + digest(_body(self))[:16]

    @property
    def span(self) -> Window:
        """Its hours."""
        return Window(start=self.weather.hour[0], end=self.weather.hour[-1] + HOUR)


def keep_storm(*, book: Book, actor: Actor, now: datetime, storm: Storm, begins: datetime | None = None) -> Storm:
    """Keep a storm forecast as the newest; with `begins` its hours are moved to begin then, which is a drill.

    A table does not say when it was issued: that is its first hour, or now where that lies ahead.

    Raises:
        NotYours: only the operator keeps forecasts.
        NotAStorm: it is larger than the register takes, its hours are not in a row, or it is no newer than the last.
    """
    if actor.organisation != SYSTEM.organisation:
        raise NotYours(f"{actor} may not keep a storm forecast", field="actor", fix="the operator keeps forecasts")
    weather = storm.weather if begins is None else _moved(storm.weather, begins)
    if weather.gust_ms.size > MOST_VALUES:
        raise NotAStorm(f"{weather.gust_ms.size:,} places times hours", field="storm",
                        fix=f"give {MOST_VALUES:,} at most: a coarser grid, or fewer hours")  # fmt: skip
    if any(b - a != HOUR for a, b in zip(weather.hour, weather.hour[1:], strict=False)):
        raise NotAStorm("its hours are not in a row", field="hour", fix="give every hour from the first to the last")
    kept = replace(storm, weather=replace(weather, issued=min(weather.issued, now)))
    with book.as_(actor) as page:
        last = newest_storm(page)
        if last is not None and kept.weather.issued <= last.weather.issued:
            raise NotAStorm(f"the newest kept was issued at {last.weather.issued:%Y-%m-%d %H:%MZ}", field="issued",
                            fix="keep a newer one")  # fmt: skip
        page.enter(STORMS, cast("dict[str, object]", plain({**_body(kept), "id": kept.id})))
    return kept


def _moved(weather: Weather, begins: datetime) -> Weather:
    by = begins.replace(minute=0, second=0, microsecond=0) - weather.hour[0]
    return replace(weather, hour=tuple(hour + by for hour in weather.hour), issued=weather.issued + by,
                   source=f"{weather.source}; moved to begin at {begins:%Y-%m-%d %H:%MZ}, a drill")  # fmt: skip


def newest_storm(page: Page) -> Storm | None:
    """Give the newest storm forecast kept; None where there is none, or this actor may not see it."""
    found = page.entries(STORMS, last=1)
    return _storm(cast("dict[str, Any]", found[-1])) if found else None


def risk_of(*, grid: Grid, storm: Storm, rows: Sequence[int] | None = None) -> StormRisk:
    """Give what the storm is likely to take of the grid's lines, or of those in some rows of its branches.

    Raises:
        NoPlaces: nobody knows where the lines are.
    """
    if rows is not None:
        return storm_risk(lines=only(lines_of(grid), rows), weather=storm.weather, curve=tower_curve(storm.damage))
    kept = _WHOLE.of(grid, make=dict)
    if storm.id not in kept:
        kept.clear()
        kept[storm.id] = storm_risk(lines=lines_of(grid), weather=storm.weather, curve=tower_curve(storm.damage))
    return kept[storm.id]


_WHOLE: Remembered[dict[str, StormRisk]] = Remembered()
"""The last storm over each grid: asked for again by whoever opens the map."""


def _body(storm: Storm) -> dict[str, object]:
    weather = storm.weather
    return {
        "issued": weather.issued, "source": weather.source, "hour": weather.hour, "latitude": weather.latitude,
        "longitude": weather.longitude, **{name: getattr(weather, name) for name in TABLES}, "damage": storm.damage,
    }  # fmt: skip


def _storm(entry: dict[str, Any]) -> Storm:
    weather = Weather(
        issued=parse_instant(entry["issued"], field="issued"), source=str(entry["source"]),
        hour=tuple(parse_instant(hour, field="hour") for hour in entry["hour"]),
        latitude=np.array(entry["latitude"]), longitude=np.array(entry["longitude"]),
        **{name: np.array(entry[name]) for name in TABLES},
    )  # fmt: skip
    return Storm(weather=weather, damage=tuple(Damage(**one) for one in entry["damage"]))
