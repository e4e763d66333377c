"""MATPOWER change tables: contingencies (`contab_*`) and hourly area loads (`scenarios_*`).

A contingency table becomes contingencies of branches and units that are lost together, by label. A row
that changes anything else is named and counted, and with it its whole label is left out: half a
contingency would be another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.exchange import _mfile
from moms.exchange._mcase import BRANCH, BUS, GEN
from moms.exchange._mfile import BadCaseFile, Code, Matrix
from moms.exchange.hours import operating_points
from moms.grid import Contingency

if TYPE_CHECKING:
    from pathlib import Path

    from moms.exchange.hours import OperatingPoints
    from moms.grid import FloatArray, Grid, IntArray, Network

LABEL, PROBABILITY, TABLE, ROW, COLUMN, KIND, VALUE = range(7)
T_BUS, T_GEN, T_BRANCH, T_AREA_BUS, T_AREA_GEN, T_AREA_BRANCH, T_LOAD, T_AREA_LOAD, T_COST, T_AREA_COST = range(1, 11)
REPLACE, RELATIVE, ADD = 1, 2, 3
ALL_P = 4
TABLE_NAMES = (
    "bus", "gen", "branch", "buses of an area", "units of an area", "branches of an area", "load of a bus",
    "load of an area", "cost", "costs of an area")  # fmt: skip

NAMES: dict[str, float] = {
    **{name: k for k, name in enumerate(BUS, start=1)},
    **{name: k for k, name in enumerate(GEN, start=1)},
    **{name: k for k, name in enumerate(BRANCH, start=1)},
    "CT_TBUS": T_BUS, "CT_TGEN": T_GEN, "CT_TBRCH": T_BRANCH, "CT_TAREABUS": T_AREA_BUS, "CT_TAREAGEN": T_AREA_GEN,
    "CT_TAREABRCH": T_AREA_BRANCH, "CT_TLOAD": T_LOAD, "CT_TAREALOAD": T_AREA_LOAD, "CT_TGENCOST": T_COST,
    "CT_TAREAGENCOST": T_AREA_COST, "CT_REP": REPLACE, "CT_REL": RELATIVE, "CT_ADD": ADD,
    "CT_LOAD_ALL_PQ": 1, "CT_LOAD_FIX_PQ": 2, "CT_LOAD_DIS_PQ": 3, "CT_LOAD_ALL_P": ALL_P, "CT_LOAD_FIX_P": 5,
    "CT_LOAD_DIS_P": 6, "CT_MODCOST_F": -1, "CT_MODCOST_X": -2,
}  # fmt: skip
"""MATPOWER's names of table columns and change codes (idx_bus, idx_gen, idx_brch, idx_ct)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingencyTable:
    """What a contingency table holds, and what of it cannot be studied."""

    contingencies: tuple[Contingency, ...]
    unsupported: tuple[str, ...]
    """One sentence a row that is not an outage, with its line."""
    left_out: tuple[str, ...]
    """Labels left out because of such a row, or because nothing of them is in service."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaLoads:
    """Load of areas hour by hour."""

    label: tuple[str, ...]
    """(H,)."""
    area: IntArray
    """(a,) area numbers, ascending."""
    load_mw: FloatArray
    """(a, H); NaN-free: an hour that leaves an area out keeps the case's load, `given` False."""
    given: np.ndarray[tuple[int, int], np.dtype[np.bool_]]


def read_contingencies(path: Path, *, network: Network) -> ContingencyTable:
    """Read a contingency table made for this network.

    Raises:
        BadCaseFile: it is no change table, or names a row the network does not have (made for another case).
    """
    return parse_contingencies(_text(path), network=network)


def parse_contingencies(text: str, *, network: Network) -> ContingencyTable:
    """Give the contingencies of the text of a change table.

    Raises:
        BadCaseFile: as `read_contingencies`.
    """
    table = _change_table(text)
    branches: dict[int, set[int]] = {}
    units: dict[int, set[int]] = {}
    order: dict[int, None] = {}
    unsupported: list[str] = []
    broken: set[int] = set()
    for row, line in zip(table.values.tolist(), table.line.tolist(), strict=True):
        label = int(row[LABEL])
        order[label] = None
        lost = _lost(row, line, network)
        if lost is None:
            unsupported.append(f"line {line}: label {label} {_says(row)}")
            broken.add(label)
        else:
            kind, k = lost
            (branches if kind == T_BRANCH else units).setdefault(label, set()).add(k)
    up, on = network.branches.in_service, network.units.in_service
    found, left_out = [], []
    for label in order:
        b, g = sorted(branches.get(label, ())), sorted(units.get(label, ()))
        if label in broken or not (up[b].any() or on[g].any()):
            left_out.append(str(label))
        else:
            found.append(Contingency(id=f"label:{label}", branches=tuple(b), units=tuple(g)))
    return ContingencyTable(contingencies=tuple(found), unsupported=tuple(unsupported), left_out=tuple(left_out))


def read_area_loads(path: Path) -> AreaLoads:
    """Read hourly loads by area.

    Raises:
        BadCaseFile: it is no change table, or changes anything but all active load of an area to a value.
    """
    return parse_area_loads(_text(path))


def parse_area_loads(text: str) -> AreaLoads:
    """Give the hourly area loads of the text of a change table.

    Raises:
        BadCaseFile: as `read_area_loads`.
    """
    table = _change_table(text)
    values = table.values
    wrong = np.flatnonzero(
        (values[:, TABLE] != T_AREA_LOAD)
        | (np.abs(values[:, COLUMN]) != ALL_P)
        | (values[:, KIND] != REPLACE)
        | ~np.isfinite(values[:, VALUE])
        | (values[:, VALUE] < 0)
    )
    if len(wrong):
        k = int(wrong[0])
        raise BadCaseFile(
            f"label {values[k, LABEL]:g} {_says(values[k].tolist())}: not an area's load in MW",
            line=int(table.line[k]),
            fix="give CT_TAREALOAD, area, CT_LOAD_ALL_P, CT_REP, MW",
        )
    labels, hour = np.unique(values[:, LABEL].astype(np.int64), return_inverse=True)
    areas, area = np.unique(values[:, ROW].astype(np.int64), return_inverse=True)
    load = np.zeros((len(areas), len(labels)))
    given = np.zeros(load.shape, dtype=np.bool_)
    place = area * len(labels) + hour
    _, first = np.unique(place, return_index=True)
    again = np.setdiff1d(np.arange(len(place)), first)
    if len(again):
        raise BadCaseFile(
            "an area's load is given twice for one label", line=int(table.line[again[0]]), fix="give it once"
        )
    load[area, hour] = values[:, VALUE]
    given[area, hour] = True
    return AreaLoads(label=tuple(str(k) for k in labels.tolist()), area=areas, load_mw=load, given=given)


def area_hours(loads: AreaLoads, *, grid: Grid, column: str = "bus_area") -> OperatingPoints:
    """Give operating points from hourly area loads: buses in proportion, then units as the case balances.

    `column` is `bus_area` or `bus_zone` (the loads of ACTIVSg200 are by zone). Units in service follow the
    total load in proportion; what their limits leave over is balanced as `hours` does.

    Raises:
        BadCaseFile: an area that the grid does not have, or has no load to scale.
        CannotBalance: an hour the units cannot meet.
    """
    network = grid.network
    area = grid.extras.get(column)
    if not isinstance(area, np.ndarray):
        raise BadCaseFile(f"the grid has no column {column}", fix="import it from its case file")
    base = network.buses.load_mw
    load = np.repeat(base[:, None], len(loads.label), axis=1)
    for k, number in enumerate(loads.area.tolist()):
        rows = np.flatnonzero(area == number)
        total = float(base[rows].sum())
        if total <= 0:
            raise BadCaseFile(f"area {number} has no load in this grid ({column})", fix="try column bus_zone")
        factor = np.where(loads.given[k], loads.load_mw[k] / total, 1.0)
        load[rows] *= factor
    units = network.units
    scale = load.sum(axis=0) / float(base.sum())
    followed = np.where(units.in_service, units.p_mw, 0.0)[:, None] * scale
    limited = np.clip(
        followed, np.minimum(units.p_min_mw, units.p_mw)[:, None], np.maximum(units.p_max_mw, units.p_mw)[:, None]
    )
    output = np.where(units.in_service[:, None], limited, 0.0)
    fixed = np.zeros(output.shape, dtype=np.bool_)
    return operating_points(network, label=loads.label, start=None, load_mw=load, unit_mw=output, fixed=fixed)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as cause:
        raise BadCaseFile(f"{path.name} cannot be opened: {cause.strerror}", fix="check the path") from cause
    except UnicodeDecodeError as cause:
        raise BadCaseFile(f"{path.name} is not a text file in UTF-8", fix="give a change table (.m)") from cause


def _change_table(text: str) -> Matrix:
    document = _mfile.read(text, names=NAMES)
    found: Matrix | None = None
    for statement in document.statements:
        if isinstance(statement, Code):
            if statement.text not in {"define_constants", "end", "return"}:
                raise BadCaseFile(f"code that MOMS does not run: {statement.text[:60]}", line=statement.line)
        elif statement.name != document.returns or not isinstance(statement.value, Matrix) or found is not None:
            raise BadCaseFile(f"{statement.name} is not the one change table", line=statement.line)
        else:
            found = statement.value
    if found is None or not len(found.values):
        raise BadCaseFile(
            "there is no change in the table", fix="give rows of label, prob, table, row, col, chgtype, newval"
        )
    if found.values.shape[1] != VALUE + 1:
        raise BadCaseFile(f"{found.values.shape[1]} columns where a change table has 7", line=int(found.line[0]))
    whole = found.values[:, [LABEL, TABLE, ROW, COLUMN, KIND]]
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero(~np.all(np.isfinite(whole) & (whole == np.floor(whole)), axis=1))
    if len(bad):
        raise BadCaseFile("a label, table, row, column or kind is not a whole number", line=int(found.line[bad[0]]))
    return found


def _lost(row: list[float], line: int, network: Network) -> tuple[int, int] | None:
    """Give (table, row) of what a change takes out of service, or None if it does something else."""
    table, k, col = int(row[TABLE]), int(row[ROW]), int(row[COLUMN])
    status = {T_BRANCH: BRANCH.index("BR_STATUS") + 1, T_GEN: GEN.index("GEN_STATUS") + 1}
    if table not in status or k == 0 or row[VALUE] != 0 or row[KIND] not in {REPLACE, RELATIVE}:
        return None
    stops = col == status[table] or (table == T_GEN and col == GEN.index("PG") + 1)
    if not stops:
        return None
    size = len(network.branches) if table == T_BRANCH else len(network.units)
    if not 1 <= k <= size:
        name = "branch" if table == T_BRANCH else "gen"
        raise BadCaseFile(
            f"{name}:{k} does not exist ({size} rows): the table is for another case",
            line=line,
            fix="give its own table",
        )
    return table, k - 1


def _says(row: list[float]) -> str:
    """Say in words what a change does."""
    table, kind = int(row[TABLE]), int(row[KIND])
    what = TABLE_NAMES[table - 1] if 1 <= table <= len(TABLE_NAMES) else f"table {table}"
    verb = {REPLACE: "sets", RELATIVE: "multiplies", ADD: "adds to"}.get(kind, f"changes (kind {kind})")
    which = "all rows" if row[ROW] == 0 else f"row {row[ROW]:g}"
    return f"{verb} column {row[COLUMN]:g} of {what} {which} by {row[VALUE]:g}"
