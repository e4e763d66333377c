"""Checks of a network before anybody studies it: one function a rule, all findings at once.

A BLOCK keeps the network out; a FLAG is kept among the grid's notes. The rules:

GRID-1 bus numbers are unique · GRID-2 every element is at a bus that exists · GRID-3 numbers are
finite where they must be · GRID-4 no branch in service has zero reactance · GRID-5 every island with
load or generation has a slack bus · GRID-6 the network has a slack bus · GRID-7 an island has one
slack bus · GRID-8 no rating is negative · GRID-9 ratings rise from A to C · GRID-10 Pmin is not above
Pmax · GRID-11 some unit is in service · GRID-12 base MVA is positive · GRID-13 nothing in service
stands at an isolated bus · GRID-14 a branch joins two buses · GRID-15 bus types are known · GRID-16
taps are positive · GRID-17 dispatch lies within the units' limits · GRID-18 a DC line does not make
power · GRID-19 no part of the network is without load, generation and slack.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from moms.grid.network import BusKind
from moms.grid.topology import component_of
from moms.values import ElementKind, Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from moms.grid.network import BoolArray, FloatArray, IntArray, Network

SHOWN = 20
"""Rows that one rule names; the rest are counted."""
TOLERANCE_MW = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Origin:
    """Where the rows of a network stand in its file; empty where nobody knows."""

    line: Mapping[str, IntArray] = field(default_factory=dict)
    """Line of each row, by `bus`, `branch`, `gen` and `dcline`."""
    number: Mapping[str, IntArray] = field(default_factory=dict)
    """Bus numbers as written, by `branch.from_bus`, `branch.to_bus`, `gen.bus`, `dcline.from_bus`, ..."""

    def at(self, table: str, row: int) -> str:
        """Give `line 12: `, or nothing."""
        return f"line {self.line[table][row]}: " if table in self.line else ""


Check = Callable[["Network", Origin], "Iterable[Finding]"]


def check(network: Network, *, origin: Origin | None = None) -> tuple[Finding, ...]:
    """Give everything the rules find, in the order of the rules.

    Rules that walk the network (GRID-5, GRID-7) are asked only when every reference holds.
    """
    where = origin or Origin()
    found = [f for rule in REFERENCES for f in rule(network, where)]
    if any(f.level is Level.BLOCK for f in found):
        return tuple(found)
    return (*found, *(f for rule in RULES for f in rule(network, where)))


def duplicate_buses(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find bus numbers that stand twice."""
    numbers = network.buses.number
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[inverse] != np.arange(len(numbers)))
    yield from _rows(
        "GRID-1",
        again,
        "bus",
        origin,
        network,
        lambda k: f"bus {numbers[k]} stands twice in the file",
        fix="give each bus one row",
    )


def missing_buses(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find elements at a bus that does not exist."""
    n = len(network.buses)
    columns = (
        ("branch", "from_bus", network.branches.from_bus),
        ("branch", "to_bus", network.branches.to_bus),
        ("gen", "bus", network.units.bus),
        ("dcline", "from_bus", network.dclines.from_bus),
        ("dcline", "to_bus", network.dclines.to_bus),
    )
    for table, column, rows in columns:
        lost = np.flatnonzero((rows < 0) | (rows >= n))
        named = origin.number.get(f"{table}.{column}", rows)
        yield from _rows(
            "GRID-2",
            lost,
            table,
            origin,
            network,
            lambda k, named=named: f"is at bus {named[k]}, which does not exist",  # type: ignore[misc]
            column=column,
            fix="add the bus or correct the number",
        )


def unfinished_numbers(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find numbers that are NaN, or infinite where only a rating or a reactive limit may be."""
    endless = {"rate_a_mw", "rate_b_mw", "rate_c_mw", "q_max_mvar", "q_min_mvar"}
    tables = (("bus", network.buses), ("branch", network.branches), ("gen", network.units), ("dcline", network.dclines))
    for name, table in tables:
        for column in table.__slots__:
            values = getattr(table, column)
            if values.dtype.kind != "f":
                continue
            bad = np.isnan(values) if column in endless else ~np.isfinite(values)
            yield from _rows(
                "GRID-3",
                np.flatnonzero(bad),
                name,
                origin,
                network,
                lambda k, v=values, c=column: f"{c} is {v[k]}, not a finite number",  # type: ignore[misc]
                column=column,
                fix="give a number",
            )


def zero_impedance(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find branches in service without reactance: a DC power flow divides by it."""
    lines = network.branches
    yield from _rows(
        "GRID-4",
        np.flatnonzero((lines.x == 0) & lines.in_service),
        "branch",
        origin,
        network,
        lambda _: "has zero reactance and is in service",
        column="x",
        fix="give its reactance, or merge its two buses",
    )


def islands_without_slack(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find islands with load or generation but no slack bus; buses of type 4 may stand alone."""
    part, buses = component_of(network), network.buses
    alive = buses.kind != BusKind.ISOLATED
    if not (buses.kind == BusKind.SLACK).any():
        return
    count = int(part.max()) + 1
    slack = np.bincount(part[buses.kind == BusKind.SLACK], minlength=count)
    load = np.bincount(part[alive], weights=np.abs(buses.load_mw[alive]), minlength=count)
    on = network.units.in_service
    units = np.bincount(part[network.units.bus[on]], minlength=count)
    size = np.bincount(part[alive], minlength=count)
    lost = np.flatnonzero((slack == 0) & ((load > 0) | (units > 0)) & (size > 0))
    first = np.full(count, len(buses), dtype=np.int64)
    np.minimum.at(first, part, np.arange(len(buses)))
    which = {int(first[k]): int(k) for k in lost}
    yield from _rows(
        "GRID-5",
        np.array(sorted(which), dtype=np.int64),
        "bus",
        origin,
        network,
        lambda k: (
            f"an island of {size[which[k]]} buses from bus {buses.number[k]} on has {load[which[k]]:g} MW load, "
            f"{units[which[k]]} units and no slack bus"
        ),
        fix="connect it, give it a slack bus (type 3), or mark its buses isolated (type 4)",
    )


def dead_islands(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find parts that hang on nothing and hold nothing: no load, no unit in service, no slack bus."""
    part, buses = component_of(network), network.buses
    count = int(part.max()) + 1
    alive = (buses.kind == BusKind.SLACK) | (buses.load_mw != 0)
    alive[network.units.bus[network.units.in_service]] = True
    first = np.full(count, len(buses), dtype=np.int64)
    np.minimum.at(first, part, np.arange(len(buses)))
    alone = np.bincount(part[buses.kind != BusKind.ISOLATED], minlength=count)
    dead = (np.bincount(part[alive], minlength=count) == 0) & (alone > 0)
    yield from _rows(
        "GRID-19",
        np.sort(first[dead]),
        "bus",
        origin,
        network,
        lambda k: f"bus {buses.number[k]} and what hangs on it hold no load, no unit and no slack",
        level=Level.FLAG,
    )


def no_slack(network: Network, origin: Origin) -> Iterator[Finding]:  # noqa: ARG001 - as every rule
    """Find a network without any slack bus."""
    if not (network.buses.kind == BusKind.SLACK).any():
        yield Finding(
            rule="GRID-6",
            level=Level.BLOCK,
            says="no bus is the slack (type 3)",
            field="bus",
            fix="set one bus to type 3",
        )


def many_slacks(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find islands with more than one slack bus."""
    slack = np.flatnonzero(network.buses.kind == BusKind.SLACK)
    part = component_of(network)[slack]
    _, first = np.unique(part, return_index=True)
    more = np.setdiff1d(np.arange(len(slack)), first)
    yield from _rows(
        "GRID-7",
        slack[more],
        "bus",
        origin,
        network,
        lambda k: f"bus {network.buses.number[k]} is a second slack bus of its island",
        fix="keep one bus of type 3 an island",
    )


def negative_ratings(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find ratings below zero."""
    for column in ("rate_a_mw", "rate_b_mw", "rate_c_mw"):
        values: FloatArray = getattr(network.branches, column)
        yield from _rows(
            "GRID-8",
            np.flatnonzero(values < 0),
            "branch",
            origin,
            network,
            lambda k, v=values, c=column: f"{c} is {v[k]:g}, below zero",  # type: ignore[misc]
            column=column,
            fix="give the rating in MW, or 0 for none",
        )


def falling_ratings(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find branches whose rating B is below A, or C below B."""
    lines = network.branches
    yield from _rows(
        "GRID-9",
        np.flatnonzero((lines.rate_a_mw > lines.rate_b_mw) | (lines.rate_b_mw > lines.rate_c_mw)),
        "branch",
        origin,
        network,
        lambda k: f"ratings fall: A {lines.rate_a_mw[k]:g}, B {lines.rate_b_mw[k]:g}, C {lines.rate_c_mw[k]:g} MW",
        level=Level.FLAG,
    )


def crossed_limits(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find units whose least output is above their largest."""
    units = network.units
    yield from _rows(
        "GRID-10",
        np.flatnonzero(units.p_min_mw > units.p_max_mw),
        "gen",
        origin,
        network,
        lambda k: f"Pmin {units.p_min_mw[k]:g} is above Pmax {units.p_max_mw[k]:g} MW",
        column="p_min_mw",
        fix="correct the limits",
    )


def no_units(network: Network, origin: Origin) -> Iterator[Finding]:  # noqa: ARG001 - as every rule
    """Find a network in which nothing generates."""
    if not network.units.in_service.any():
        yield Finding(
            rule="GRID-11", level=Level.BLOCK, says="no unit is in service", field="gen", fix="put a unit in service"
        )


def base_power(network: Network, origin: Origin) -> Iterator[Finding]:  # noqa: ARG001 - as every rule
    """Find a system base that is not a positive number of MVA."""
    if not (np.isfinite(network.base_mva) and network.base_mva > 0):
        yield Finding(
            rule="GRID-12",
            level=Level.BLOCK,
            says=f"the system base is {network.base_mva:g} MVA",
            field="baseMVA",
            fix="give a positive base, usually 100",
        )


def alive_at_isolated(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find branches, units and DC lines in service at a bus of type 4."""
    alone = network.buses.kind == BusKind.ISOLATED
    tables: tuple[tuple[str, BoolArray], ...] = (
        ("branch", network.branches.in_service & (alone[network.branches.from_bus] | alone[network.branches.to_bus])),
        ("gen", network.units.in_service & alone[network.units.bus]),
        ("dcline", network.dclines.in_service & (alone[network.dclines.from_bus] | alone[network.dclines.to_bus])),
    )
    for name, bad in tables:
        yield from _rows(
            "GRID-13",
            np.flatnonzero(bad),
            name,
            origin,
            network,
            lambda _: "is in service at an isolated bus (type 4)",
            fix="take it out of service or change the bus type",
        )


def loops(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find branches that begin and end at one bus."""
    lines = network.branches
    yield from _rows(
        "GRID-14",
        np.flatnonzero(lines.from_bus == lines.to_bus),
        "branch",
        origin,
        network,
        lambda k: f"begins and ends at bus {network.buses.number[lines.from_bus[k]]}",
        fix="correct its buses or leave it out",
    )


def unknown_kinds(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find bus types other than 1, 2, 3 and 4."""
    kinds = network.buses.kind
    yield from _rows(
        "GRID-15",
        np.flatnonzero(~np.isin(kinds, list(BusKind))),
        "bus",
        origin,
        network,
        lambda k: f"bus {network.buses.number[k]} has type {kinds[k]}",
        column="kind",
        fix="give 1 (load), 2 (generator), 3 (slack) or 4 (isolated)",
    )


def bad_taps(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find off-nominal ratios that are not positive."""
    taps = network.branches.tap
    yield from _rows(
        "GRID-16",
        np.flatnonzero(taps <= 0),
        "branch",
        origin,
        network,
        lambda k: f"the tap ratio is {taps[k]:g}",
        column="tap",
        fix="give a positive ratio, or 0 in a MATPOWER file for none",
    )


def dispatch_outside_limits(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find units in service that stand outside their own limits in the given dispatch."""
    u = network.units
    over = (u.p_mw > u.p_max_mw + TOLERANCE_MW) | (u.p_mw < u.p_min_mw - TOLERANCE_MW)
    yield from _rows(
        "GRID-17",
        np.flatnonzero(over & u.in_service),
        "gen",
        origin,
        network,
        lambda k: f"its dispatch {u.p_mw[k]:g} MW lies outside {u.p_min_mw[k]:g} to {u.p_max_mw[k]:g} MW",
        level=Level.FLAG,
    )


def dc_lines_that_make_power(network: Network, origin: Origin) -> Iterator[Finding]:
    """Find DC lines in service whose loss is negative."""
    dc = network.dclines
    yield from _rows(
        "GRID-18",
        np.flatnonzero(dc.in_service & (dc.loss_mw < 0)),
        "dcline",
        origin,
        network,
        lambda k: f"its loss is {dc.loss_mw[k]:g} MW at {dc.p_mw[k]:g} MW: it makes power",
        column="loss_mw",
        fix="correct the loss coefficients or the direction",
    )


REFERENCES: tuple[Check, ...] = (duplicate_buses, missing_buses, unfinished_numbers, base_power, unknown_kinds)
RULES: tuple[Check, ...] = (
    zero_impedance,
    islands_without_slack,
    no_slack,
    many_slacks,
    negative_ratings,
    falling_ratings,
    crossed_limits,
    no_units,
    alive_at_isolated,
    loops,
    bad_taps,
    dispatch_outside_limits,
    dc_lines_that_make_power,
    dead_islands,
)


def _rows(  # noqa: PLR0917 - one row of a rule: which, rows, where, and what to say
    rule: str,
    rows: IntArray,
    table: str,
    origin: Origin,
    network: Network,
    says: Callable[[int], str],
    *,
    column: str | None = None,
    level: Level = Level.BLOCK,
    fix: str | None = None,
) -> Iterator[Finding]:
    """Give one finding a row, at most `SHOWN`, and one that counts the rest."""
    for k in rows[:SHOWN].tolist():
        name = network.name_of(ElementKind(table), k)
        sentence = says(k)
        subject = "" if table == "bus" and sentence.startswith(("bus ", "an island")) else f"{name} "
        yield Finding(
            rule=rule,
            level=level,
            says=f"{origin.at(table, k)}{subject}{sentence}",
            field=name + (f" {column}" if column else ""),
            fix=fix,
        )
    if len(rows) > SHOWN:
        yield Finding(
            rule=rule, level=level, says=f"and {len(rows) - SHOWN} more rows like these", field=table, fix=fix
        )
