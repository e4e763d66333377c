"""What a person asks first of a grid: how big, how loaded, how well rated, and where is a thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.grid.network import BranchKind, BusKind, RatingSource
from moms.grid.topology import islands
from moms.values import ElementKind, NotAnElement, element, mw, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.grid.network import Network
    from moms.grid.world import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element, named and described in one line."""

    id: str
    says: str
    in_service: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The first elements that match, and how many there are in all."""

    elements: tuple[Element, ...]
    total: int


def counts(network: Network) -> dict[str, int]:
    """Count elements, those in service, and ratings by source.

    Ratings are counted over branches in service that stand for real equipment (no equivalents).
    """
    lines, units = network.branches, network.units
    real = lines.in_service & (lines.kind != BranchKind.EQUIVALENT)
    rated = np.isfinite(lines.rate_a_mw)
    return {
        "buses": len(network.buses),
        "isolated_buses": int(np.sum(network.buses.kind == BusKind.ISOLATED)),
        "branches": len(lines),
        "branches_in_service": int(np.sum(lines.in_service)),
        "transformers": int(np.sum(np.isin(lines.kind, (BranchKind.TRANSFORMER, BranchKind.WINDING)))),
        "equivalents": int(np.sum(lines.kind == BranchKind.EQUIVALENT)),
        "rated": int(np.sum(real & rated)),
        "unrated": int(np.sum(real & ~rated)),
        "synthetic_ratings": int(np.sum(real & (lines.rating_source == RatingSource.SYNTHETIC))),
        "equipment": len(np.unique(lines.equipment)),
        "units": len(units),
        "units_in_service": int(np.sum(units.in_service)),
        "dclines": len(network.dclines),
        "islands": len(islands(network)),
    }


def power(network: Network) -> dict[str, float]:
    """Give load, output and capacity of what is in service, MW, rounded to 0.001."""
    units = network.units
    on = units.in_service
    return {
        "load_mw": mw(float(network.buses.load_mw.sum())),
        "generation_mw": mw(float(units.p_mw[on].sum())),
        "capacity_mw": mw(float(np.maximum(units.p_max_mw[on], 0.0).sum())),
    }


def find(grid: Grid, text: str, *, limit: int = 50) -> Found:
    """Give the elements whose id, bus number, name or fuel matches a text, upper and lower case alike.

    `branch:12` finds that element alone, a number the bus of that number with what is connected to it;
    anything else is looked for inside names and fuels.
    """
    hits = list(_hits(grid, text.strip()))
    return Found(elements=tuple(describe(grid, kind, row) for kind, row in hits[:limit]), total=len(hits))


def describe(grid: Grid, kind: ElementKind, row: int) -> Element:
    """Give one element in one line: ends, voltage, ratings or limits, and whether it is in service."""
    network = grid.network
    says, up = {
        ElementKind.BUS: _bus,
        ElementKind.BRANCH: _branch,
        ElementKind.GEN: _unit,
        ElementKind.DCLINE: _dcline,
        ElementKind.BREAKER: _breaker,
    }[kind](grid, row)
    return Element(id=network.name_of(kind, row), says=says if up else f"{says}, out of service", in_service=up)


def _hits(grid: Grid, text: str) -> Iterator[tuple[ElementKind, int]]:
    network = grid.network
    if ":" in text:
        try:
            kind, _ = parse(text)
        except NotAnElement:
            pass
        else:
            yield kind, grid.row(text)
            return
    if text.isascii() and text.isdecimal():
        yield from _around(network, int(text))
        return
    wanted = text.casefold()
    for kind, names in _names(grid).items():
        for row, name in enumerate(names):
            if wanted in name.casefold():
                yield kind, row


def _around(network: Network, number: int) -> Iterator[tuple[ElementKind, int]]:
    for bus in np.flatnonzero(network.buses.number == number).tolist():
        yield ElementKind.BUS, bus
        lines, dc = network.branches, network.dclines
        for row in np.flatnonzero((lines.from_bus == bus) | (lines.to_bus == bus)).tolist():
            yield ElementKind.BRANCH, row
        for row in np.flatnonzero(network.units.bus == bus).tolist():
            yield ElementKind.GEN, row
        for row in np.flatnonzero((dc.from_bus == bus) | (dc.to_bus == bus)).tolist():
            yield ElementKind.DCLINE, row


def _names(grid: Grid) -> dict[ElementKind, list[str]]:
    """Give what each element can be found by, row by row."""
    network = grid.network
    buses = [bus_name(grid, k) for k in range(len(network.buses))]
    ends = zip(network.branches.from_bus.tolist(), network.branches.to_bus.tolist(), strict=True)
    lines = [f"{buses[f]} {buses[t]}" for f, t in ends]
    at = network.units.bus.tolist()
    units = [f"{buses[b]} {fuel}" for b, fuel in zip(at, network.units.fuel.tolist(), strict=True)]
    if grid.register is not None:
        lines = [f"{a} {b}" for a, b in zip(grid.register.branch_name.tolist(), lines, strict=True)]
        units = [f"{a} {b}" for a, b in zip(grid.register.unit_name.tolist(), units, strict=True)]
    breakers = [] if grid.breakers is None else grid.breakers.name.tolist()
    return {ElementKind.BUS: buses, ElementKind.BRANCH: lines, ElementKind.GEN: units, ElementKind.BREAKER: breakers}


def bus_name(grid: Grid, row: int) -> str:
    """Give the name of a bus: its own, else its station's, else nothing."""
    names = grid.extras.get("bus_name")
    if isinstance(names, np.ndarray):
        return str(names[row])
    station = int(grid.network.buses.station[row])
    return str(grid.stations.name[station]) if grid.stations is not None and station >= 0 else ""


def _place(grid: Grid, row: int) -> str:
    name = bus_name(grid, row)
    return f"bus:{grid.network.buses.number[row]}" + (f" {name}" if name else "")


def _bus(grid: Grid, row: int) -> tuple[str, bool]:
    buses = grid.network.buses
    kind = BusKind(int(buses.kind[row])).name.lower()
    name = bus_name(grid, row)
    text = f"{kind} bus, {buses.base_kv[row]:g} kV, load {buses.load_mw[row]:g} MW"
    return (f"{name}: {text}" if name else text), bool(buses.kind[row] != BusKind.ISOLATED)


def _branch(grid: Grid, row: int) -> tuple[str, bool]:
    lines, buses = grid.network.branches, grid.network.buses
    f, t = int(lines.from_bus[row]), int(lines.to_bus[row])
    volts = (
        f"{buses.base_kv[f]:g}"
        if buses.base_kv[f] == buses.base_kv[t]
        else f"{buses.base_kv[f]:g}/{buses.base_kv[t]:g}"
    )
    if np.isfinite(lines.rate_a_mw[row]):
        rating = f"A {lines.rate_a_mw[row]:g} B {lines.rate_b_mw[row]:g} C {lines.rate_c_mw[row]:g} MW"
        rating += " (synthetic)" if lines.rating_source[row] == RatingSource.SYNTHETIC else ""
    else:
        rating = "no rating"
    kind = BranchKind(int(lines.kind[row])).name.lower()
    name = f"{grid.register.branch_name[row]}: " if grid.register is not None else ""
    return f"{name}{kind} {_place(grid, f)} - {_place(grid, t)}, {volts} kV, {rating}", bool(lines.in_service[row])


def _unit(grid: Grid, row: int) -> tuple[str, bool]:
    units = grid.network.units
    name = f"{grid.register.unit_name[row]}: " if grid.register is not None else ""
    limits = f"{units.p_min_mw[row]:g} to {units.p_max_mw[row]:g} MW, at {units.p_mw[row]:g} MW"
    return f"{name}{units.fuel[row]} unit at {_place(grid, int(units.bus[row]))}, {limits}", bool(units.in_service[row])


def _dcline(grid: Grid, row: int) -> tuple[str, bool]:
    dc = grid.network.dclines
    ends = f"{_place(grid, int(dc.from_bus[row]))} - {_place(grid, int(dc.to_bus[row]))}"
    return f"DC line {ends}, {dc.p_mw[row]:g} MW, loss {dc.loss_mw[row]:g} MW", bool(dc.in_service[row])


def _breaker(grid: Grid, row: int) -> tuple[str, bool]:
    breakers = grid.breakers
    if breakers is None:
        msg = "a breaker was found in a grid that has none"
        raise ValueError(msg)
    sides = " and ".join(element(ElementKind.BRANCH, k) for k in breakers.sides(row))
    between = f"between {sides}" if len(breakers.sides(row)) > 1 else f"between a bus bar and {sides}"
    return f"{breakers.name[row]}: breaker at {_place(grid, int(breakers.bus[row]))}, {between}, closed", True
