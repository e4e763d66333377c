"""Weather forecasts and damage counts as tables.

Weather: `hour` (an instant), `latitude`, `longitude`, `gust_ms` and if known `ice_mm`, `flashes_km2`,
`temperature_c`, `humidity_percent`, `flood_m`; one line a place and hour, every place in every hour.
Damage: `gust_ms`, `structures`, `failed`, one line an event.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from moms.exchange._sheet import BadTable, read_sheet
from moms.risk import Damage, Weather
from moms.values import NoSuchZone, NotAnInstant, NoZone, parse_instant

if TYPE_CHECKING:
    from datetime import datetime

SAMPLE = "sample"
NEEDED = ("hour", "latitude", "longitude", "gust_ms")
ABSENT = {"ice_mm": 0.0, "flashes_km2": 0.0, "temperature_c": 15.0, "humidity_percent": 100.0, "flood_m": 0.0}
LEAST = {"temperature_c": -90.0}


def read_weather(name: str | Path) -> Weather:
    """Read a forecast, or the sample storm that comes with MOMS.

    Raises:
        BadTable: the line and column where it fails.
    """
    bundled = str(name) == SAMPLE
    path = Path(__file__).parents[1] / "data" / "storms" / "sample.csv" if bundled else Path(name)
    sheet = read_sheet(path, what="storm", needs=NEEDED, knows=(*NEEDED, *ABSENT))
    hours = [_instant(sheet.text(line, "hour"), line) for line in sheet.lines]
    numbers = {
        column: np.array([sheet.number(line, column, least=least) for line in sheet.lines], dtype=np.float64)
        for column, least in (("latitude", -90.0), ("longitude", -180.0), ("gust_ms", 0.0))
    }
    for column, value in ABSENT.items():
        given = [sheet.number(line, column, least=LEAST.get(column, 0.0), needed=False) for line in sheet.lines]
        numbers[column] = np.array([value if one is None else one for one in given])
    hour = sorted(set(hours))
    places = sorted(set(zip(numbers["latitude"].tolist(), numbers["longitude"].tolist(), strict=True)))
    at = {place: k for k, place in enumerate(places)}
    table = {c: np.full((len(places), len(hour)), np.nan) for c in ("gust_ms", *ABSENT)}
    for row, (when, lat, lon) in enumerate(zip(hours, numbers["latitude"], numbers["longitude"], strict=True)):
        for column, values in table.items():
            values[at[float(lat), float(lon)], hour.index(when)] = numbers[column][row]
    if len(hours) != len(places) * len(hour) or np.isnan(table["gust_ms"]).any():
        raise BadTable(
            f"{len(places)} places and {len(hour)} hours in {len(hours)} lines", field="storm",
            fix="give every place once in every hour",
        )  # fmt: skip
    source = "sample storm, made up: nothing in it ever happened" if bundled else path.name
    where = {name: np.array([place[k] for place in places]) for k, name in enumerate(("latitude", "longitude"))}
    return Weather(issued=hour[0], source=source, hour=tuple(hour), **where, **table)


def _instant(text: str, line: int) -> datetime:
    try:
        return parse_instant(text, field="hour")
    except (NotAnInstant, NoZone, NoSuchZone) as refused:
        raise BadTable(refused.says, field=f"storm line {line}, hour", fix="write 2027-05-12T12:00Z") from None


def read_damage(path: Path) -> tuple[Damage, ...]:
    """Read what past events did.

    Raises:
        BadTable: the line and column where it fails.
    """
    sheet = read_sheet(path, what="damage", needs=("gust_ms", "structures", "failed"),
                       knows=("gust_ms", "structures", "failed"))  # fmt: skip
    return tuple(
        Damage(
            gust_ms=sheet.number(line, "gust_ms", least=0.0, above=True) or 0.0,
            structures=int(sheet.number(line, "structures", least=0.0, above=True) or 0),
            failed=int(sheet.number(line, "failed", least=0.0) or 0),
        )
        for line in sheet.lines
    )
