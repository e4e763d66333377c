#!/usr/bin/env python3
"""Make the sample storm that comes with MOMS: src/moms/data/storms/sample.csv. Nothing in it ever happened.

A squall line runs from west to east over the upper Midwest for twelve hours, the strongest gusts (46 m/s) in
its middle, lightning along it; behind it in the north-west freezing rain. Every degree and hour; values
rounded as forecasts are.
"""

from __future__ import annotations

import math
from pathlib import Path

PLACE = Path(__file__).resolve().parents[1] / "src" / "moms" / "data" / "storms" / "sample.csv"
HOURS = 12
COLUMNS = "hour,latitude,longitude,gust_ms,ice_mm,flashes_km2,temperature_c,humidity_percent"


def line(hour: int, latitude: float, longitude: float) -> str:
    """Give one place in one hour."""
    front = -97.0 + 1.1 * hour
    near = math.exp(-(((longitude - front) / 1.0) ** 2)) * math.exp(-(((latitude - 41.0) / 2.2) ** 2))
    gust = 9.0 + 37.0 * near
    behind = 1.0 / (1.0 + math.exp(longitude - front + 2.0)) * math.exp(-(((latitude - 46.0) / 1.5) ** 2))
    ice = max(0.0, 2.2 * hour * behind - 0.5)
    cold = 14.0 - 3.0 * max(latitude - 42.0, 0.0) * behind - 1.2 * (latitude - 40.0)
    return (
        f"2027-05-12T{12 + hour:02d}:00Z,{latitude:.1f},{longitude:.1f},{gust:.1f},{ice:.1f},{0.08 * near:.3f},"
        f"{cold:.1f},{70 + 25 * near:.0f}"
    )


def main() -> None:
    """Write it."""
    rows = [
        line(hour, float(latitude), float(longitude))
        for hour in range(HOURS)
        for latitude in range(36, 49)
        for longitude in range(-98, -82)
    ]
    PLACE.write_text("\n".join([COLUMNS, *rows]) + "\n")


if __name__ == "__main__":
    main()
