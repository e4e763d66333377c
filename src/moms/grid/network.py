"""The network as frozen tables: buses, branches, units, DC lines.

Rows stand as in the case file, out-of-service rows included, so that row k is `branch:<k+1>`.
Every table is a struct of equally long numpy arrays that nobody writes to after the import.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from moms.values import ElementKind, Refused, element, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.str_]

UNRATED = np.inf
"""The rating of a branch that has none in its file: it can be loaded without limit, and every study
says how many such branches it monitored."""


class BusKind(IntEnum):
    """MATPOWER's bus types."""

    PQ = 1
    PV = 2
    SLACK = 3
    ISOLATED = 4


class BranchKind(IntEnum):
    """What a branch row stands for."""

    LINE = 0
    TRANSFORMER = 1
    WINDING = 2
    """One leg of a three-winding transformer's star."""
    EQUIVALENT = 3
    """Made by reducing the outside world for DC: neither monitored nor tripped."""
    AC_EQUIVALENT = 4
    """Made by reducing it for AC (`AcModel`); no DC study sees one."""


class RatingSource(IntEnum):
    """Where a branch's ratings come from."""

    NONE = 0
    DATA = 1
    SYNTHETIC = 2


def _freeze(table: object) -> None:
    lengths = set()
    for spec in fields(table):  # type: ignore[arg-type]
        column = getattr(table, spec.name)
        if isinstance(column, np.ndarray):
            column.flags.writeable = False
            lengths.add(len(column))
    if len(lengths) > 1:
        msg = f"{type(table).__name__}: columns of unequal length {sorted(lengths)}"
        raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Buses:
    """Buses, (n,) each. Powers in MW and MVAr at nominal voltage, voltages in kV or per unit."""

    number: IntArray
    kind: IntArray
    load_mw: FloatArray
    load_mvar: FloatArray
    shunt_mw: FloatArray
    shunt_mvar: FloatArray
    base_kv: FloatArray
    vm: FloatArray
    va_deg: FloatArray
    vmax: FloatArray
    vmin: FloatArray
    zone: IntArray
    """Index into the grid's zones; -1 is the outside world."""
    station: IntArray
    """Index into the grid's stations; -1 where the data name none."""

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Branches:
    """Branches, (m,) each. Impedances per unit on the system base, ratings in MW (inf: none)."""

    from_bus: IntArray
    """Row of the bus in `Buses`, not its number."""
    to_bus: IntArray
    r: FloatArray
    x: FloatArray
    b: FloatArray
    tap: FloatArray
    """Off-nominal ratio at the from end; 1 where the file says 0."""
    shift_deg: FloatArray
    rate_a_mw: FloatArray
    rate_b_mw: FloatArray
    rate_c_mw: FloatArray
    in_service: BoolArray
    kind: IntArray
    """`BranchKind`."""
    rating_source: IntArray
    """`RatingSource`."""
    monitored: BoolArray
    """Whether a flow here over its limit counts."""
    contingency: BoolArray
    """Whether its loss is studied."""
    equipment: IntArray
    """Row of the first branch of the equipment this one belongs to (semantics 1.6); itself if alone."""

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return len(self.from_bus)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """Generating units, (g,) each. MW, MVAr; cost $/h = c2 p^2 + c1 p + c0."""

    bus: IntArray
    p_mw: FloatArray
    q_mvar: FloatArray
    p_max_mw: FloatArray
    p_min_mw: FloatArray
    q_max_mvar: FloatArray
    q_min_mvar: FloatArray
    v_set: FloatArray
    in_service: BoolArray
    """False for units out in the file and for mothballed ones."""
    fuel: TextArray
    """coal, ng, nuclear, hydro, wind, solar, dfo, other, unknown ..."""
    cost_c2: FloatArray
    cost_c1: FloatArray
    cost_c0: FloatArray
    outage_rate: FloatArray
    """Forced outage rate q in [0, 1); NaN-free: a unit without one has `outage_rate_known` False."""
    outage_rate_known: BoolArray
    picks_up: BoolArray
    """Whether it takes part in the pick-up after a trip (the rule book names which)."""
    emergency_only: BoolArray

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return len(self.bus)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DcLines:
    """HVDC lines as injections: `p_mw` leaves the from bus, `p_mw - loss_mw` arrives."""

    from_bus: IntArray
    to_bus: IntArray
    p_mw: FloatArray
    loss_mw: FloatArray
    in_service: BoolArray

    def __post_init__(self) -> None:
        _freeze(self)

    def __len__(self) -> int:
        return len(self.from_bus)


class NoSuchElement(Refused):
    """An id of the right form that names nothing in this grid."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """One network model: what a power flow needs, nothing about owners or hours."""

    base_mva: float
    buses: Buses
    branches: Branches
    units: Units
    dclines: DcLines

    def rows(self, assets: Iterable[str], *, kind: ElementKind) -> IntArray:
        """Give the sorted rows of the assets of one kind, equipment made whole for branches.

        Raises:
            NoSuchElement: an id that names nothing here.
        """
        wanted = sorted({self.row(a) for a in assets if a.startswith(f"{kind}:")})
        rows = np.array(wanted, dtype=np.int64)
        if kind == ElementKind.BRANCH and len(rows):
            whole = np.isin(self.branches.equipment, self.branches.equipment[rows])
            rows = np.flatnonzero(whole & self.branches.in_service | np.isin(np.arange(len(whole)), rows))
        return rows

    def row(self, asset: str) -> int:
        """Give the row of one element.

        Raises:
            NoSuchElement: nothing here has that id.
        """
        kind, number = parse(asset)
        if kind == ElementKind.BUS:
            found = np.flatnonzero(self.buses.number == number)
            if len(found):
                return int(found[0])
        elif kind != ElementKind.BREAKER:  # the layout of stations is the grid's, not the network's
            table: dict[ElementKind, Branches | Units | DcLines] = {
                ElementKind.BRANCH: self.branches,
                ElementKind.GEN: self.units,
                ElementKind.DCLINE: self.dclines,
            }
            if number <= len(table[kind]):
                return number - 1
        raise NoSuchElement(
            f"the grid has no {asset}", field="asset", fix="look it up with `moms grid show NAME --find TEXT`"
        )

    def branches_at(self, bus: int) -> IntArray:
        """Give the rows of the branches in service that end at a bus."""
        lines = self.branches
        rows: IntArray = np.flatnonzero(lines.in_service & ((lines.from_bus == bus) | (lines.to_bus == bus)))
        return rows

    def name_of(self, kind: ElementKind, row: int) -> str:
        """Name the element at a row."""
        return f"bus:{self.buses.number[row]}" if kind == ElementKind.BUS else element(kind, row)

    def with_ratings(self, *, a: FloatArray, b: FloatArray, c: FloatArray) -> Network:
        """Give the same network with other ratings, MW, (m,) each."""
        return replace(self, branches=replace(self.branches, rate_a_mw=a, rate_b_mw=b, rate_c_mw=c))
