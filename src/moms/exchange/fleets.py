"""Tables of an adequacy question: units, hourly load by area, maintenance, a profile. CSV with a header.

Units: `name`, `capacity_mw`, `forced_outage_rate` (0 to 1), and if known `mttf_h`, `mttr_h`, `area` and
`states`, what a unit can be besides whole and out: MW available and probability, as `300:0.05 150:0.02`.
A rate that is left empty is taken from the times to failure and repair.

Load: one column of MW an area, a line an hour. A column `hour` (whole numbers that go up by one, or
instants with an offset) and a column `day` (a label) may stand beside them. Days are those of the column,
else market days of instants, else every 24 lines.

Maintenance: `name`, `start`, `end` (the first hour out and the first hour back) and if it is only a
derate `derate_mw`. Hours are those of the load's column `hour`; without one its lines, counted from 0.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, cast

import numpy as np

from moms.adequacy import Away, System, Unit
from moms.exchange._sheet import BadTable, Sheet, read_sheet
from moms.values import NoSuchZone, NotAnInstant, NoZone, market_day_of, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from moms.grid import FloatArray, IntArray

UNIT_COLUMNS = ("name", "capacity_mw", "forced_outage_rate", "mttf_h", "mttr_h", "area", "states")
AWAY_COLUMNS = ("name", "start", "end", "derate_mw")
TIME_COLUMNS = ("hour", "day")
HOUR_STEP = timedelta(hours=1)
RATES_APART = 0.005
"""A forced outage rate and one from the times to failure and repair that differ by more are noted."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourlyLoad:
    """The load of a file."""

    area: tuple[str, ...]
    load_mw: FloatArray
    """(A, H)."""
    day: IntArray
    """(H,)."""
    hour: tuple[int, ...] | tuple[datetime, ...] | None
    """Labels of the hours; None where the file has none."""
    notes: tuple[str, ...]


def read_units(path: Path) -> tuple[tuple[Unit, ...], tuple[str, ...]]:
    """Read units, with what is worth a note.

    Raises:
        BadTable: the file, line and column where it fails.
    """
    sheet = read_sheet(path, what="units", needs=("name", "capacity_mw"), knows=UNIT_COLUMNS)
    units, notes = [], list(sheet.notes)
    for line in sheet.lines:
        unit, note = _unit(sheet, line)
        units.append(unit)
        notes += note
    names = [unit.name for unit in units]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise BadTable(
                f"the unit {name!r} stands twice", field=f"units line {sheet.lines[place]}", fix="give each a name"
            )
    return tuple(units), tuple(notes)


def _unit(sheet: Sheet, line: int) -> tuple[Unit, list[str]]:
    name = sheet.text(line, "name")
    if not name:
        raise BadTable("the unit has no name", field=f"units line {line}", fix="give each unit a name")
    mttf, mttr = (sheet.number(line, c, least=0.0, above=True, needed=False) for c in ("mttf_h", "mttr_h"))
    rate, notes = _rate(sheet, line, name, mttf, mttr)
    capacity = sheet.number(line, "capacity_mw", least=0.0) or 0.0
    states, stays = _states(sheet, line, capacity)
    if rate + math.fsum(p for _, p in states) > 1.0 + 1e-12:
        raise BadTable(
            f"the states of {name} have a probability above 1 together", field=f"units line {line}, states",
            fix="let forced_outage_rate and the states add up to at most 1; the rest is the whole unit",
        )  # fmt: skip
    unit = Unit(name=name, capacity_mw=capacity, outage_rate=rate, area=sheet.text(line, "area"), mttf_h=mttf,
                mttr_h=mttr, partial=states, stay_h=stays)  # fmt: skip
    return unit, notes


def _rate(sheet: Sheet, line: int, name: str, mttf: float | None, mttr: float | None) -> tuple[float, list[str]]:
    """Give the forced outage rate, and a note where the times say otherwise."""
    given = sheet.number(line, "forced_outage_rate", least=0.0, needed=False)
    if given is not None and given > 1:
        raise BadTable(
            f"an outage rate of {given:g}", field=f"units line {line}, forced_outage_rate",
            fix=f"give a share from 0 to 1; if per cent is meant, {given / 100:g}",
        )  # fmt: skip
    timed = None if mttf is None or mttr is None else mttr / (mttf + mttr)
    if given is None and timed is None:
        raise BadTable(
            f"{name} has no outage rate", field=f"units line {line}, forced_outage_rate",
            fix="give a share from 0 to 1, or both mttf_h and mttr_h",
        )  # fmt: skip
    if given is None:
        return float(timed or 0.0), []
    if timed is not None and abs(timed - given) > RATES_APART:
        return given, [f"{name}: its outage rate {given:g} is used; its times to failure and repair say {timed:.4f}"]
    return given, []


def _states(sheet: Sheet, line: int, capacity: float) -> tuple[tuple[tuple[float, float], ...], tuple[float, ...]]:
    """Read `300:0.05 150:0.02` or `300:0.05:40`: MW available, probability and hours of a stay; MW out are given."""
    found, stays = [], []
    for word in sheet.text(line, "states").replace(";", " ").split():
        try:
            available, p, *stay = (float(part) for part in word.split(":"))
        except ValueError:
            available, p, stay = math.nan, math.nan, []
        hours = [h for h in stay[:1] if 0 < h < math.inf]
        if not (0 < available < capacity and 0 <= p <= 1 and len(stay) <= 1 and len(hours) == len(stay)):
            raise BadTable(
                f"{word!r} is no state of a unit of {capacity:g} MW", field=f"units line {line}, states",
                fix="write MW available, between 0 and the capacity, a probability, and, if known, the mean hours of a "
                "stay, as 300:0.05:40",
            )  # fmt: skip
        found.append((capacity - available, p))
        stays += hours
    if stays and len(stays) < len(found):
        raise BadTable("only some of its states say how long it stays in them", field=f"units line {line}, states",
                       fix="give the mean hours of a stay for all of them, or for none")  # fmt: skip
    return tuple(found), tuple(stays)


def read_load(path: Path, *, day_hours: int = 24) -> HourlyLoad:
    """Read the load of each area by hour.

    Raises:
        BadTable: the file, line and column where it fails.
    """
    sheet = read_sheet(path, what="load", needs=(), knows=None)
    areas = tuple(column for column in sheet.header if column not in TIME_COLUMNS)
    if not areas:
        raise BadTable("there is no column of load", field="load", fix="add a column of MW named for its area")
    load = np.array([[sheet.number(line, area, least=0.0) for line in sheet.lines] for area in areas], dtype=np.float64)
    hour = _labels(sheet) if "hour" in sheet.header else None
    day, notes = _days(sheet, hour, day_hours)
    if hour is not None and not _counted_on(hour):
        hour, notes = None, [*notes, "its hours begin anew: maintenance counts the lines of the load, from 0"]
    return HourlyLoad(area=areas, load_mw=load, day=day, hour=hour, notes=(*sheet.notes, *notes))


def _labels(sheet: Sheet) -> tuple[int, ...] | tuple[datetime, ...]:
    texts = [sheet.text(line, "hour") for line in sheet.lines]
    if all(text.isascii() and text.isdecimal() for text in texts):
        numbers = tuple(int(text) for text in texts)
        _unbroken(sheet, [b - a == 1 or anew for (a, b), anew in zip(itertools.pairwise(numbers), _anew(sheet),
                                                                     strict=True)], texts)  # fmt: skip
        return numbers
    starts = tuple(_instant(text, f"load line {line}, hour") for line, text in zip(sheet.lines, texts, strict=True))
    _unbroken(sheet, [b - a == HOUR_STEP for a, b in itertools.pairwise(starts)], texts)
    return starts


def _anew(sheet: Sheet) -> list[bool]:
    """Tell before which lines a new day begins, where days are named: hours may be counted anew there."""
    if "day" not in sheet.header:
        return [False] * (len(sheet.lines) - 1)
    return [a != b for a, b in itertools.pairwise(sheet.text(line, "day") for line in sheet.lines)]


def _counted_on(hour: Sequence[int] | Sequence[datetime]) -> bool:
    """Tell whether every hour has a label of its own that follows the one before."""
    return isinstance(hour[0], datetime) or all(b == a + 1 for a, b in itertools.pairwise(cast("Sequence[int]", hour)))


def _unbroken(sheet: Sheet, follows: Sequence[bool], texts: Sequence[str]) -> None:
    """Refuse hours that do not follow one another: missing, twice, or out of order."""
    if not all(follows):
        k = follows.index(False) + 1
        raise BadTable(
            f"hour {texts[k]} does not follow {texts[k - 1]}", field=f"load line {sheet.lines[k]}, hour",
            fix="give every hour once, in order",
        )  # fmt: skip


def _instant(text: str, where: str) -> datetime:
    try:
        return parse_instant(text, field=where)
    except (NotAnInstant, NoZone, NoSuchZone) as refused:
        raise BadTable(refused.says, field=where, fix="write 2027-03-01T05:00Z or with an offset, or number the hours"
                       ) from None  # fmt: skip


def _days(
    sheet: Sheet, hour: tuple[int, ...] | tuple[datetime, ...] | None, day_hours: int
) -> tuple[IntArray, list[str]]:
    """Give the day of each hour, and a note where the last is not whole."""
    if "day" in sheet.header:
        return _named_days(sheet), []
    instants = [one for one in hour or () if isinstance(one, datetime)]
    if instants:
        first = market_day_of(instants[0])
        day = np.array([(market_day_of(one) - first).days for one in instants])
    else:
        day = np.arange(len(sheet.lines)) // day_hours
    short = [f"day {k + 1} has {n} hours" for k, n in enumerate(np.bincount(day)) if n != day_hours]
    return day, [f"not every day is whole: {', '.join(short[:2])}"] if short else []


def _named_days(sheet: Sheet) -> IntArray:
    """Give the day of each line by its label.

    A label that comes back after another would join two days into one, as years of weather laid one
    after the other do that name their days by date alone.
    """
    seen: dict[str, int] = {}
    before = ""
    for line in sheet.lines:
        label = sheet.text(line, "day")
        if label in seen and label != before:
            raise BadTable(f"the day {label!r} comes back after {before!r}", field=f"load line {line}, day",
                           fix="give each day a label of its own, such as the year and the date")  # fmt: skip
        seen.setdefault(label, len(seen))
        before = label
    return np.array([seen[sheet.text(line, "day")] for line in sheet.lines])


def read_maintenance(
    path: Path, *, units: Sequence[Unit], load: HourlyLoad
) -> tuple[tuple[Away, ...], tuple[str, ...]]:
    """Read which units are out or derated when.

    Raises:
        BadTable: the file, line and column where it fails.
    """
    sheet = read_sheet(path, what="maintenance", needs=("name", "start", "end"), knows=AWAY_COLUMNS, empty=True)
    row = {unit.name: k for k, unit in enumerate(units)}
    found, notes = [], list(sheet.notes)
    for line in sheet.lines:
        name = sheet.text(line, "name")
        if name not in row:
            near = get_close_matches(name, list(row), n=1)
            fix = f"did you mean {near[0]}?" if near else "name a unit of the units file"
            raise BadTable(f"there is no unit {name!r}", field=f"maintenance line {line}, name", fix=fix)
        first, stop = (_place(sheet, line, column, load) for column in ("start", "end"))
        if stop <= first:
            raise BadTable("it ends before it starts", field=f"maintenance line {line}, end",
                           fix="give the first hour in which the unit is back")  # fmt: skip
        if first >= len(load.day) or stop <= 0:
            notes.append(f"maintenance of {name} on line {line} lies outside the hours of the load")
        derate = sheet.number(line, "derate_mw", least=0.0, above=True, needed=False)
        found.append(Away(unit=row[name], first=max(first, 0), stop=max(stop, 0), derate_mw=derate))
    return tuple(found), tuple(notes)


def _place(sheet: Sheet, line: int, column: str, load: HourlyLoad) -> int:
    """Give which hour of the load a start or an end means; before the first it is negative."""
    text = sheet.text(line, column)
    where = f"maintenance line {line}, {column}"
    first = load.hour[0] if load.hour else 0
    if isinstance(first, datetime):
        return math.floor((_instant(text, where) - first) / HOUR_STEP)
    if not (text.isascii() and text.removeprefix("-").isdecimal()):
        raise BadTable(f"{text!r} is no hour", field=where, fix="give a whole number, as the load counts its hours")
    return int(text) - first


def system_of(
    *,
    units: Sequence[Unit],
    load: HourlyLoad,
    away: Sequence[Away] = (),
    uncertainty_percent: float = 0.0,
    import_limit_mw: Mapping[str, float] | None = None,
) -> tuple[System, tuple[str, ...]]:
    """Join the tables. One column of load serves every unit; with several each unit needs one of them.

    Raises:
        BadTable: a unit whose area has no load.
        NotAFleet: what `System` refuses.
    """
    notes: tuple[str, ...] = ()
    if len(load.area) == 1:
        others = sorted({unit.area for unit in units} - {"", load.area[0]})
        if others:
            notes = (f"areas {', '.join(others)} have no load of their own; all units serve the one there is",)
    else:
        for unit in units:
            if unit.area not in load.area:
                raise BadTable(
                    f"the area {unit.area!r} of {unit.name} has no load", field="units, area",
                    fix=f"give one of the load's columns: {', '.join(load.area)}",
                )  # fmt: skip
    system = System(
        units=tuple(units), area=load.area, load_mw=load.load_mw, day=load.day, away=tuple(away),
        uncertainty_percent=uncertainty_percent, import_limit_mw=import_limit_mw or {},
    )  # fmt: skip
    return system, notes
