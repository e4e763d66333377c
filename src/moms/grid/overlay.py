"""What is known of equipment besides the grid's file: ratings, limits, whether it is in service, its name and owner.

A grid with other values is another grid: the tables are made anew, and its digest says so. What may not be is found
by one function a rule (`faults`), on the rows that differ:

CHANGE-1 ratings are above zero and rise from A to C · CHANGE-2 Pmin is not above Pmax · CHANGE-3 nothing that was fed
loses its feed · CHANGE-4 what is put in service can be studied · CHANGE-5 the network as a whole is one that can be
studied (`grid.check`).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from moms.grid.check import check
from moms.grid.network import UNRATED, BranchKind, RatingSource
from moms.grid.topology import component_of
from moms.values import ElementKind, Finding, Level, Refused, digest, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from moms.grid.network import BoolArray, Branches, FloatArray, IntArray, Units
    from moms.grid.world import Grid, Register

RATINGS = ("rate_a_mw", "rate_b_mw", "rate_c_mw")
LIMITS = ("p_max_mw", "p_min_mw")
COLUMNS: dict[ElementKind, tuple[str, ...]] = {
    ElementKind.BRANCH: (*RATINGS, "in_service", "name", "owner"),
    ElementKind.GEN: (*LIMITS, "in_service", "name", "owner"),
}
"""What can be changed of which kind of equipment. Ratings stand before the factor of the season."""
LONGEST_NAME = 100
MOST_MW = 1e6
SHOWN = 5

T = TypeVar("T", "Branches", "Units")


class NoSuchColumn(Refused):
    """Equipment of that kind has no such column that can be changed."""


class NotAValue(Refused):
    """A value that this column cannot have."""


def check_value(asset: str, column: str, value: object) -> object:
    """Give a value as the column keeps it.

    Raises:
        NoSuchColumn: not a column of that kind of equipment. NotAValue: not a value of it.
    """
    kind, _ = parse(asset)
    known = COLUMNS.get(kind, ())
    if column not in known:
        fix = f"one of {', '.join(known)}" if known else "give a branch or a unit, as branch:12 or gen:7"
        raise NoSuchColumn(f"{asset} has no {column!r} that can be changed", field="column", fix=fix)
    if column == "in_service":
        return _yes_no(value)
    if column in {"name", "owner"}:
        return _words(column, value)
    return _megawatts(column, value)


def value_of(grid: Grid, asset: str, column: str) -> object:
    """Give what a grid says of one column; None where it says nothing (no rating, no owner, no register).

    Raises:
        NoSuchElement, NoSuchColumn.
    """
    kind, row = parse(asset)[0], grid.row(asset)
    if column not in COLUMNS.get(kind, ()):
        check_value(asset, column, None)
    if column in {"name", "owner"}:
        return _registered(grid, kind, row, column)
    table: Branches | Units = grid.network.branches if kind == ElementKind.BRANCH else grid.network.units
    found = getattr(table, column)[row]
    if column == "in_service":
        return bool(found)
    return float(found) if math.isfinite(found) else None


def identity_of(grid: Grid, asset: str) -> str:
    """Say which equipment this is by where it stands: a file with its rows in another order is found out.

    Raises:
        NoSuchElement: nothing here has that id.
    """
    kind, row = parse(asset)[0], grid.row(asset)
    number = grid.network.buses.number
    if kind == ElementKind.BRANCH:
        lines = grid.network.branches
        return f"branch {number[lines.from_bus[row]]}-{number[lines.to_bus[row]]} of x {lines.x[row]:.6g}"
    units = grid.network.units
    return f"unit at {number[units.bus[row]]} ({units.fuel[row]})"


def overlaid(grid: Grid, values: Mapping[tuple[str, str], object]) -> Grid:
    """Give the grid in which these columns have these values; the grid itself where there are none.

    Raises:
        NoSuchElement: an asset that the grid does not have.
    """
    if not values:
        return grid
    by_kind: dict[ElementKind, dict[str, dict[int, object]]] = {}
    for (asset, column), value in values.items():
        by_kind.setdefault(parse(asset)[0], {}).setdefault(column, {})[grid.row(asset)] = value
    branches, units = by_kind.get(ElementKind.BRANCH, {}), by_kind.get(ElementKind.GEN, {})
    network = replace(
        grid.network,
        branches=_sourced(_with(grid.network.branches, branches), branches),
        units=_with(grid.network.units, units),
    )
    written = sorted([asset, column, value] for (asset, column), value in values.items())
    return replace(
        grid,
        network=network,
        register=_register(grid.register, branches, units),
        digest=digest(["overlay", grid.digest or grid.name, written]),
    )


def faults(before: Grid, after: Grid, assets: Sequence[str]) -> tuple[Finding, ...]:
    """Give what is wrong with a grid in which these assets differ from what they were, each rule in turn."""
    rows: dict[ElementKind, list[int]] = {}
    for asset in sorted(set(assets)):
        rows.setdefault(parse(asset)[0], []).append(after.row(asset))
    changed = {kind: np.array(found, dtype=np.int64) for kind, found in rows.items()}
    none = np.zeros(0, dtype=np.int64)
    lines, units = changed.get(ElementKind.BRANCH, none), changed.get(ElementKind.GEN, none)
    found = [*falling_ratings(after, lines), *crossed_limits(after, units), *lost_feed(before, after)]
    found += unstudied(after, lines)
    return tuple(found) if found else tuple(_whole(before, after))


def falling_ratings(grid: Grid, rows: IntArray) -> Iterator[Finding]:
    """Find branches whose ratings are not above zero, or fall from A to C, in any season."""
    lines = grid.network.branches
    a, b, c = (getattr(lines, name)[rows] for name in RATINGS)
    for k in np.flatnonzero(~((a > 0) & (a <= b) & (b <= c))):
        says = f"branch:{rows[k] + 1} would have ratings A {_mw(a[k])}, B {_mw(b[k])}, C {_mw(c[k])} MW"
        yield _finding("CHANGE-1", says, "rate_b_mw", "let them be above zero and rise from A to C")


def crossed_limits(grid: Grid, rows: IntArray) -> Iterator[Finding]:
    """Find units whose least output is above their largest."""
    units = grid.network.units
    for k in rows[units.p_min_mw[rows] > units.p_max_mw[rows]]:
        says = f"gen:{k + 1} would give {units.p_min_mw[k]:g} MW at least and {units.p_max_mw[k]:g} MW at most"
        yield _finding("CHANGE-2", says, "p_max_mw", "let the least not be above the largest")


def lost_feed(before: Grid, after: Grid) -> Iterator[Finding]:
    """Find buses with load that hung together with the largest part of the network, and no longer do."""
    fed, now = _fed(before), _fed(after)
    lost = np.flatnonzero((before.network.buses.load_mw > 0) & fed & ~now)
    if len(lost):
        number = before.network.buses.number
        names = ", ".join(f"bus:{number[k]}" for k in lost[:SHOWN])
        more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
        load = float(before.network.buses.load_mw[lost].sum())
        says = f"{names}{more} would lose the feed: {load:,.1f} MW of load in service without one"
        yield _finding("CHANGE-3", says, "in_service", "leave one way to it in service")


def unstudied(grid: Grid, rows: IntArray) -> Iterator[Finding]:
    """Find branches put in service that no power flow can have: without reactance, or an equivalent."""
    lines = grid.network.branches
    on = rows[lines.in_service[rows]]
    for k in on[(lines.x[on] == 0) | (lines.kind[on] == BranchKind.EQUIVALENT)]:
        says = f"branch:{k + 1} has no reactance of its own, or stands for the network outside"
        yield _finding("CHANGE-4", says, "in_service", "leave it as it is")


def _whole(before: Grid, after: Grid) -> Iterator[Finding]:
    """Find the rules that keep a network out and that it met before."""
    had = {f.rule for f in check(before.network) if f.level is Level.BLOCK}
    for found in check(after.network):
        if found.level is Level.BLOCK and found.rule not in had:
            says = f"{found.rule}: {found.says}"
            yield _finding("CHANGE-5", says, found.field or "in_service", found.fix or "leave it as it is")


def _fed(grid: Grid) -> BoolArray:
    """Tell which buses hang together with the part of the network that has the most load."""
    part, load = component_of(grid.network), np.maximum(grid.network.buses.load_mw, 0.0)
    there = part >= 0
    total = np.bincount(part[there], weights=load[there])
    fed: BoolArray = part == int(np.argmax(total))
    return fed


def _finding(rule: str, says: str, field: str, fix: str) -> Finding:
    return Finding(rule=rule, level=Level.BLOCK, says=says, field=field, fix=fix)


def _mw(value: float) -> str:
    return f"{value:g}" if value < UNRATED else "none"


def _with(table: T, columns: Mapping[str, Mapping[int, object]]) -> T:
    there = {name: rows for name, rows in columns.items() if name not in {"name", "owner"}}
    made: dict[str, Any] = {name: _column(getattr(table, name), rows) for name, rows in there.items()}
    return replace(table, **made)


def _column(values: FloatArray | BoolArray, rows: Mapping[int, Any]) -> FloatArray | BoolArray:
    found = values.copy()
    for row, value in rows.items():
        found[row] = UNRATED if value is None else value
    return found


def _sourced(lines: Branches, columns: Mapping[str, Mapping[int, object]]) -> Branches:
    """Say of branches whose rating was given here that it is data."""
    rows = sorted({row for name in RATINGS for row in columns.get(name, ())})
    if not rows:
        return lines
    source = lines.rating_source.copy()
    source[rows] = int(RatingSource.DATA)
    return replace(lines, rating_source=source)


def _register(
    register: Register | None,
    branches: Mapping[str, Mapping[int, object]],
    units: Mapping[str, Mapping[int, object]],
) -> Register | None:
    if register is None:
        return None
    told = {str(v) for columns in (branches, units) for v in columns.get("owner", {}).values()}
    owners = (*register.owners, *sorted(told - set(register.owners)))
    number = {name: k for k, name in enumerate(owners)}
    made: dict[str, Any] = {}
    for kind, columns in (("branch", branches), ("unit", units)):
        if "owner" in columns:
            of: Callable[[object], int] = lambda name: number[str(name)]  # noqa: E731 - one line, one use
            made[f"{kind}_owner"] = _set(getattr(register, f"{kind}_owner"), columns["owner"], of)
        if "name" in columns:
            names = getattr(register, f"{kind}_name")
            longest = max(len(str(v)) for v in columns["name"].values())
            wide = names.astype(f"<U{max(longest, names.dtype.itemsize // 4, 1)}")
            made[f"{kind}_name"] = _set(wide, columns["name"], str)
    return replace(register, owners=owners, **made)


def _set(values: Any, rows: Mapping[int, object], of: Callable[[object], object]) -> Any:  # noqa: ANN401 - a column
    found = values.copy()
    for row, value in rows.items():
        found[row] = of(value)
    return found


def _registered(grid: Grid, kind: ElementKind, row: int, column: str) -> str | None:
    if grid.register is None:
        return None
    branch = kind == ElementKind.BRANCH
    if column == "owner":
        return grid.owner_of(branch=row) if branch else grid.owner_of(unit=row)
    names = grid.register.branch_name if branch else grid.register.unit_name
    return str(names[row])


def _yes_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise NotAValue(f"{value!r} is neither true nor false", field="value", fix="write true or false")
    return value


def _words(column: str, value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > LONGEST_NAME or not text.isprintable():
        fix = f"give up to {LONGEST_NAME} visible characters"
        raise NotAValue(f"{value!r} is no {column}", field="value", fix=fix)
    return text


def _megawatts(column: str, value: object) -> float:
    given = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    least = -MOST_MW if column in LIMITS else 0.0
    if not given or not least <= float(value) <= MOST_MW or (column in RATINGS and float(value) == 0):  # type: ignore[arg-type]  # a number
        what = "above zero" if column in RATINGS else "finite"
        raise NotAValue(f"{value!r} is no {column}", field="value", fix=f"give a number of MW, {what}")
    return float(value)  # type: ignore[arg-type]  # as above


__all__ = [
    "COLUMNS", "LIMITS", "RATINGS", "NoSuchColumn", "NotAValue", "check_value", "faults", "identity_of", "overlaid",
    "value_of",
]  # fmt: skip
