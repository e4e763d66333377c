"""Operating points from an hours file, and the balance that leaves nothing to the slack.

The file is CSV with a header: `hour,scale`, then optional columns `area:1` and `bus:4` (factors on
load, on top of scale) and `gen:7` (MW). `hour` is a label: whole numbers, or instants with an offset
(`2027-03-01T05:00Z`), one kind in a file. `scale` multiplies loads and the output of units in service
alike; shunts and DC lines stay. An empty cell means 1, or the scaled dispatch.

Balance. What is left over in an AC island (losses of the file's dispatch, shunts, DC losses, loads moved
by a column) is taken up by its units in service with a positive Pmax whose output no column sets: upwards
in proportion to headroom (Pmax - P), first by the units that take part in pick-up and then by all;
downwards in proportion to P - Pmin, and what their Pmin does not allow in proportion to P. The MW moved
are reported. An island whose units cannot take it up is refused.
"""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import BusKind, Hours
from moms.grid.topology import component_of
from moms.grid.world import Season
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from moms.grid import BoolArray, FloatArray, Grid, IntArray, Network

ROWS = 100_000
"""More hours than this in one file are refused."""
EXACT_MW = 1e-9
SEASON_OF_MONTH = (1, 1, 2, 2, 2, 0, 0, 0, 0, 2, 2, 1)
"""Winter December to February, summer June to September, shoulder between."""


class BadHours(Refused):
    """An hours file that cannot be used, with the line where it fails."""

    def __init__(self, says: str, *, line: int | None = None, fix: str | None = None) -> None:
        super().__init__(says, field="hours" if line is None else f"hours line {line}", fix=fix)
        self.line = line


class CannotBalance(Refused):
    """An operating point whose load the units in service cannot meet within their limits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OperatingPoints:
    """Hours, and what the balance moved to make each add up."""

    hours: Hours
    moved_mw: FloatArray
    """(H,) sum over units of the change; 0 where generation met load as given."""
    below_min: IntArray
    """(H,) units pushed below their Pmin because nothing else was left."""


def read_hours(path: Path, *, grid: Grid) -> OperatingPoints:
    """Read an hours file for a grid.

    Raises:
        BadHours: the file cannot be read; the line is named.
        CannotBalance: an hour the units cannot meet.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as cause:
        raise BadHours(f"{path.name} cannot be opened: {cause.strerror}", fix="check the path") from cause
    except UnicodeDecodeError as cause:
        raise BadHours(f"{path.name} is not a text file in UTF-8", fix="save it as CSV in UTF-8") from cause
    return parse_hours(text, grid=grid)


def base_point(grid: Grid) -> OperatingPoints:
    """Give the grid's own dispatch, balanced, as one hour called `base`."""
    buses, units = grid.network.buses, grid.network.units
    return operating_points(
        grid.network,
        label=("base",),
        start=None,
        load_mw=buses.load_mw[:, None].copy(),
        unit_mw=np.where(units.in_service, units.p_mw, 0.0)[:, None],
        fixed=np.zeros((len(units), 1), dtype=np.bool_),
    )


def parse_hours(text: str, *, grid: Grid) -> OperatingPoints:
    """Give the operating points of the text of an hours file.

    Raises:
        BadHours, CannotBalance: as `read_hours`.
    """
    header, rows = _table(text)
    columns = _columns(header, grid)
    names, start = _labels([(line, row[header.index("hour")]) for line, row in rows])
    buses, units = grid.network.buses, grid.network.units
    scale = _numbers(rows, header.index("scale"), "scale", least=0.0)
    load = buses.load_mw[:, None] * scale
    output = np.where(units.in_service, units.p_mw, 0.0)[:, None] * scale
    fixed = np.zeros(output.shape, dtype=np.bool_)
    for k, (kind, which) in columns.items():
        if kind == "gen":
            values = _numbers(rows, k, header[k], empty=math.nan)
            given = ~np.isnan(values)
            _within(values, rows, header[k], network=grid.network, unit=int(which[0]))
            output[which[0], given] = values[given]
            fixed[which[0]] = given
        else:
            load[which] *= _numbers(rows, k, header[k], least=0.0, empty=1.0)
    return operating_points(grid.network, label=names, start=start, load_mw=load, unit_mw=output, fixed=fixed)


def operating_points(
    network: Network,
    *,
    label: Sequence[str],
    start: Sequence[datetime] | None,
    load_mw: FloatArray,
    unit_mw: FloatArray,
    fixed: BoolArray,
) -> OperatingPoints:
    """Give balanced hours from loads (n, H) and unit outputs (g, H); `fixed` (g, H) units are not moved.

    Raises:
        CannotBalance: an hour and island whose units cannot take up what is left over.
    """
    dc = network.dclines
    hours = Hours(
        label=tuple(label),
        start=None if start is None else tuple(start),
        load_mw=load_mw,
        unit_mw=unit_mw.copy(),
        dcline_mw=np.repeat((dc.p_mw * dc.in_service)[:, None], load_mw.shape[1], axis=1),
        season=tuple(_season(start[h] if start else None) for h in range(len(label))),
    )
    part = component_of(network)
    left = np.zeros((int(part.max()) + 1, len(hours)))
    np.add.at(left, part, hours.injection_mw(network))
    below = np.zeros(len(hours), dtype=np.int64)
    home = part[network.units.bus]
    for island, hour in np.argwhere(np.abs(left) > EXACT_MW).tolist():
        rows = np.flatnonzero(
            (home == island) & network.units.in_service & (network.units.p_max_mw > 0) & ~fixed[:, hour]
        )
        surplus = float(left[island, hour])
        rest, pushed = _balance(hours.unit_mw[:, hour], rows, surplus, network=network)
        if rest > EXACT_MW:
            first = int(network.buses.number[np.flatnonzero(part == island)[0]])
            raise CannotBalance(
                f"hour {hours.label[hour]}: the island of bus {first} is {rest:.3f} MW "
                f"{'short' if surplus < 0 else 'over'} with its units at their limits",
                field="hours",
                fix="lower the scale, or put units in service" if surplus < 0 else "raise the load of that island",
            )
        below[hour] += pushed
    return OperatingPoints(hours=hours, moved_mw=np.abs(hours.unit_mw - unit_mw).sum(axis=0), below_min=below)


def _season(start: datetime | None) -> Season:
    """Give the rating season of an instant; a point without a date gets summer, the least."""
    return Season.SUMMER if start is None else Season(SEASON_OF_MONTH[start.month - 1])


def _balance(output: FloatArray, rows: IntArray, surplus: float, *, network: Network) -> tuple[float, int]:
    """Move the units `rows` in place to take up a surplus; give the MW left and how many fell below Pmin."""
    units = network.units
    top, low = units.p_max_mw[rows], units.p_min_mw[rows]
    steps: tuple[Callable[[], FloatArray], ...]
    if surplus < 0:
        steps = (
            lambda: np.where(units.picks_up[rows], np.maximum(top - output[rows], 0.0), 0.0),
            lambda: np.maximum(top - output[rows], 0.0),
        )
    else:
        steps = (lambda: np.maximum(output[rows] - low, 0.0), lambda: np.maximum(output[rows], 0.0))
    left, pushed = abs(surplus), 0
    for k, room_of in enumerate(steps):
        room = room_of()
        total = float(room.sum())
        if left <= EXACT_MW or total <= 0:
            continue
        move = min(1.0, left / total) * room
        output[rows] += move if surplus < 0 else -move
        left -= float(move.sum())
        pushed = int(np.sum(output[rows] < low - EXACT_MW)) if surplus > 0 and k else 0
    return left, pushed


# -- the file -------------------------------------------------------------------------------------


def _table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Give the header and the rows with their lines, blank lines left out."""
    if "\0" in text:
        raise BadHours("this is not a text file", fix="give CSV with the header hour,scale")
    try:
        lines = [
            (number, [cell.strip() for cell in row])
            for number, row in enumerate(csv.reader(io.StringIO(text), strict=True), start=1)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as cause:
        raise BadHours(f"this is not CSV: {cause}", fix="give CSV with the header hour,scale") from cause
    if not lines:
        raise BadHours("the file is empty", line=1, fix="give the header hour,scale and one line an hour")
    (first, header), rows = lines[0], lines[1:]
    for name in ("hour", "scale"):
        if name not in header:
            raise BadHours(f"the header has no column {name}", line=first, fix="begin with hour,scale")
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise BadHours(f"the column {twice[0]} stands twice", line=first, fix="give each column once")
    if not rows:
        raise BadHours("there is no hour under the header", line=first, fix="add a line such as 0,1.0")
    if len(rows) > ROWS:
        raise BadHours(f"{len(rows)} hours are more than {ROWS}", fix="split the file")
    for number, row in rows:
        if len(row) != len(header):
            raise BadHours(
                f"{len(row)} cells where the header has {len(header)}", line=number, fix="give one cell a column"
            )
    return header, rows


def _columns(header: list[str], grid: Grid) -> dict[int, tuple[str, IntArray]]:
    """Give what each further column moves: its kind and the rows of buses or the row of the unit."""
    found = {}
    for k, name in enumerate(header):
        if name in {"hour", "scale"}:
            continue
        if not (match := re.fullmatch(r"(area|bus|gen):([1-9]\d{0,11})", name)):
            raise BadHours(f"the column {name!r} is unknown", line=1, fix="use area:<n>, bus:<number> or gen:<row>")
        found[k] = (match[1], _moved(match[1], int(match[2]), grid))
    return found


def _moved(kind: str, number: int, grid: Grid) -> IntArray:
    network = grid.network
    if kind == "gen":
        if number > len(network.units):
            raise BadHours(f"the grid has no gen:{number}", line=1, fix=f"give a row from 1 to {len(network.units)}")
        if not network.units.in_service[number - 1]:
            raise BadHours(f"gen:{number} is out of service", line=1, fix="leave the column out")
        return np.array([number - 1])
    areas = grid.extras.get("bus_area")
    if kind == "area" and not isinstance(areas, np.ndarray):
        raise BadHours("the grid has no areas", line=1, fix="use bus:<number> columns")
    rows = np.flatnonzero((areas if kind == "area" else network.buses.number) == number)
    if not len(rows):
        raise BadHours(f"the grid has no {kind}:{number}", line=1, fix="give one that the grid has")
    if kind == "bus" and network.buses.kind[rows[0]] == BusKind.ISOLATED:
        raise BadHours(f"bus:{number} is isolated and has no load", line=1, fix="leave the column out")
    return rows


def _numbers(
    rows: list[tuple[int, list[str]]], k: int, name: str, *, least: float = -math.inf, empty: float | None = None
) -> FloatArray:
    values = np.empty(len(rows))
    for at, (line, row) in enumerate(rows):
        if not row[k] and empty is not None:
            values[at] = empty
            continue
        if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", row[k], re.ASCII):
            raise BadHours(f"{name} is {row[k]!r}, not a number", line=line, fix="give a plain number")
        values[at] = float(row[k])
        if not math.isfinite(values[at]) or values[at] < least:
            raise BadHours(
                f"{name} is {row[k]}, below {least:g} or too large", line=line, fix="give a number that can be"
            )
    return values


def _within(values: FloatArray, rows: list[tuple[int, list[str]]], name: str, *, network: Network, unit: int) -> None:
    """Refuse an output that the unit cannot have: it is off (0) or between Pmin and Pmax."""
    low, top = float(network.units.p_min_mw[unit]), float(network.units.p_max_mw[unit])
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero((values != 0) & ((values < low) | (values > top)))
    if len(bad):
        k = int(bad[0])
        raise BadHours(
            f"{name} is {values[k]:g} MW, outside {low:g} to {top:g} MW",
            line=rows[k][0],
            fix="give 0 or MW within limits",
        )


def _labels(cells: list[tuple[int, str]]) -> tuple[tuple[str, ...], tuple[datetime, ...] | None]:
    """Give the hours' names and, where they are instants, the instants."""
    seen: dict[str, int] = {}
    starts: list[datetime] = []
    for line, text in cells:
        if text.isascii() and text.isdecimal():
            name = str(int(text))
        else:
            instant = _instant(text, line)
            starts.append(instant)
            name = instant.strftime("%Y-%m-%dT%H:%MZ")
        if len(starts) not in {0, len(seen) + 1}:
            raise BadHours("some hours are numbers and some are instants", line=line, fix="use one kind")
        if name in seen:
            raise BadHours(
                f"hour {name} stands twice, first on line {seen[name]}", line=line, fix="give each hour once"
            )
        seen[name] = line
    return tuple(seen), tuple(starts) if starts else None


def _instant(text: str, line: int) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadHours(
            f"hour is {text!r}, neither a whole number nor an instant",
            line=line,
            fix="give 0, 1, 2 ... or 2027-03-01T05:00Z",
        ) from None
    if found.tzinfo is None:
        raise BadHours(f"hour {text} has no offset", line=line, fix="add Z or an offset such as -05:00")
    return found.astimezone(UTC)
