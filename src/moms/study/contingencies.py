"""Which losses to study, as lists made from the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.grid import BranchKind, Contingency, Grid
from moms.values import ElementKind, Refused, element

if TYPE_CHECKING:
    from moms.grid import Network

CHOICES = ("branches", "generators", "all", "equipment", "table")


class NoSuchList(Refused):
    """A word that names no list of contingencies."""


def contingencies_of(grid: Grid | Network, *, which: str = "all") -> tuple[Contingency, ...]:
    """Give the contingencies of a grid, in row order.

    `branches`: each branch by itself; `generators`: each unit; `all`: both; `equipment`: each
    equipment as a whole (semantics 1.6) and each unit; `table`: those the grid names. Several
    joined by commas give all of theirs, an id once. Only what is in service, may be tripped and is
    no equivalent counts.

    Raises:
        NoSuchList: another word, or `table` of a grid that names none.
    """
    network = grid.network if isinstance(grid, Grid) else grid
    found: dict[str, Contingency] = {}
    for word in which.split(","):
        match word.strip():
            case "branches":
                some = _branches(network)
            case "generators":
                some = _units(network)
            case "all":
                some = _branches(network) + _units(network)
            case "equipment":
                some = _equipment(network) + _units(network)
            case "table":
                some = _named(grid)
            case other:
                raise NoSuchList(f"{other!r} is no list of contingencies", field="contingencies", fix=_choices())
        for contingency in some:
            found.setdefault(contingency.id, contingency)
    return tuple(found.values())


def _choices() -> str:
    return "give " + ", ".join(CHOICES)


def _rows(network: Network) -> list[int]:
    lines = network.branches
    may = lines.in_service & lines.contingency & (lines.kind != BranchKind.EQUIVALENT)
    rows: list[int] = np.flatnonzero(may).tolist()
    return rows


def _branches(network: Network) -> tuple[Contingency, ...]:
    return tuple(Contingency(id=element(ElementKind.BRANCH, k), branches=(k,)) for k in _rows(network))


def _equipment(network: Network) -> tuple[Contingency, ...]:
    lines = network.branches
    members: dict[int, list[int]] = {}
    wanted = {int(lines.equipment[k]) for k in _rows(network)}
    for k in np.flatnonzero(lines.in_service & (lines.kind != BranchKind.EQUIVALENT)).tolist():
        if int(lines.equipment[k]) in wanted:
            members.setdefault(int(lines.equipment[k]), []).append(k)
    return tuple(
        Contingency(id=element(ElementKind.BRANCH, first), branches=tuple(rows))
        for first, rows in sorted(members.items())
    )


def _units(network: Network) -> tuple[Contingency, ...]:
    rows = np.flatnonzero(network.units.in_service).tolist()
    return tuple(Contingency(id=element(ElementKind.GEN, g), units=(g,)) for g in rows)


def _named(grid: Grid | Network) -> tuple[Contingency, ...]:
    if not isinstance(grid, Grid) or not grid.contingencies:
        raise NoSuchList("this grid names no contingencies", field="contingencies", fix=_choices())
    return grid.contingencies
