"""Forecast issues as tables: hour by hour and zone by zone, all of one issue.

Columns: `issued` (an instant, the same in every line), `hour` (an instant), `zone`, `load_mw`, `wind_share`,
`solar_share`; one line a zone and hour, every zone in every hour, hours in a row. Outage rates: `issued`, `unit` (as
gen:12), `outage_rate`; one line a unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy import ForecastIssue, RatesIssue
from moms.exchange._sheet import BadTable, read_sheet
from moms.values import HOUR, NoSuchZone, NotAnInstant, NoZone, parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from moms.exchange._sheet import Sheet

RATE_COLUMNS = ("issued", "unit", "outage_rate")
COLUMNS = ("issued", "hour", "zone", "load_mw", "wind_share", "solar_share")


def read_issue(path: Path, *, zones: Sequence[str]) -> ForecastIssue:
    """Read a forecast issue for these zones.

    Raises:
        BadTable: the line and column where it fails.
    """
    sheet = read_sheet(path, what="forecast", needs=COLUMNS, knows=COLUMNS)
    issued = _issued(sheet, "forecast")
    hours = [_instant(sheet, line, "hour") for line in sheet.lines]
    first, last = min(hours), max(hours)
    count = (last - first) // HOUR + 1
    if len(sheet.lines) != count * len(zones):
        raise BadTable(f"{len(sheet.lines)} lines for {len(zones)} zones and {count} hours", field="forecast",
                       fix="give every zone once in every hour, hours in a row")  # fmt: skip
    table = {name: np.full((len(zones), count), np.nan) for name in COLUMNS[3:]}
    for line, hour in zip(sheet.lines, hours, strict=True):
        at = _zone(sheet, line, zones), (hour - first) // HOUR
        if (hour - first) % HOUR or not np.isnan(table["load_mw"][at]):
            raise BadTable("it stands there twice, or is no whole hour", field=f"forecast line {line}, hour",
                           fix="give every zone once in every hour, hours in a row")  # fmt: skip
        for name, values in table.items():
            values[at] = sheet.number(line, name, least=0.0)
    return ForecastIssue(
        issued=issued, source=path.name, start=first, zones=tuple(zones), load_mw=table["load_mw"],
        wind=table["wind_share"], solar=table["solar_share"],
    )  # fmt: skip


def read_rates(path: Path) -> RatesIssue:
    """Read an issue of outage rates; whether it fits a grid is asked where it is kept.

    Raises:
        BadTable: the line and column where it fails.
    """
    sheet = read_sheet(path, what="rates", needs=RATE_COLUMNS, knows=RATE_COLUMNS)
    issued = _issued(sheet, "rates")
    rates = []
    for line in sheet.lines:
        rate = sheet.number(line, "outage_rate", least=0.0) or 0.0
        if rate > 1:
            raise BadTable(f"an outage rate of {rate:g}", field=f"rates line {line}, outage_rate",
                           fix=f"give a share from 0 to 1; if per cent is meant, {rate / 100:g}")  # fmt: skip
        rates.append(rate)
    units = tuple(sheet.text(line, "unit") for line in sheet.lines)
    return RatesIssue(issued=issued, source=path.name, unit=units, outage_rate=np.array(rates))


def _issued(sheet: Sheet, what: str) -> datetime:
    issued = {_instant(sheet, line, "issued", what=what) for line in sheet.lines}
    if len(issued) != 1:
        raise BadTable(f"{len(issued)} issues in one table", field=f"{what}, issued", fix="give one issue a table")
    return issued.pop()


def _zone(sheet: Sheet, line: int, zones: Sequence[str]) -> int:
    name = sheet.text(line, "zone")
    if name not in zones:
        raise BadTable(f"{name!r} is no zone", field=f"forecast line {line}, zone", fix=f"one of {', '.join(zones)}")
    return list(zones).index(name)


def _instant(sheet: Sheet, line: int, column: str, *, what: str = "forecast") -> datetime:
    try:
        return parse_instant(sheet.text(line, column), field=column)
    except (NotAnInstant, NoZone, NoSuchZone) as refused:
        where = f"{what} line {line}, {column}"
        raise BadTable(refused.says, field=where, fix="write 2027-03-01T06:00-05:00") from None
