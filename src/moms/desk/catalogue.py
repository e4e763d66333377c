"""The equipment that can be asked for, by the words a person knows it by."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import BranchKind
from moms.grid.survey import bus_name
from moms.outages import Category
from moms.values import ElementKind, element

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from moms.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One piece of equipment as a person knows it."""

    id: str
    name: str
    """Empty where the grid gives it none."""
    owner: str | None
    category: Category
    detail: str
    """Kind, voltage or MW."""
    area: str = ""
    """The zone it lies in, a branch by its first end; empty where the grid has none there."""


class Catalogue:
    """All of a grid's branches and units that somebody in this book may ask for, made once and only read."""

    def __init__(self, known: Iterable[Known]) -> None:
        self._known = tuple(known)
        self._by_id = {one.id: one for one in self._known}
        self._texts = [f"{one.id} {one.name} {one.detail} {one.owner or ''}".casefold() for one in self._known]

    def __len__(self) -> int:
        """Give how many there are."""
        return len(self._known)

    def named(self, ids: Iterable[str]) -> tuple[Known, ...]:
        """Give those of these ids that are there, in the order asked."""
        return tuple(self._by_id[one] for one in ids if one in self._by_id)

    def search(self, text: str, *, owner: str | None = None, limit: int = 20) -> tuple[Known, ...]:
        """Give what has every word of `text`: the one with that very id first, then `owner`'s own, then the others."""
        words = text.casefold().split()
        exact = self._by_id.get(text.strip())
        found = [one for one in self._matching(words) if one is not exact]
        own = [one for one in found if one.owner == owner]
        others = (one for one in found if one.owner != owner)
        first = [] if exact is None else [exact]
        return tuple(islice((*first, *own, *others), limit))

    def _matching(self, words: list[str]) -> Iterator[Known]:
        for one, text in zip(self._known, self._texts, strict=True):
            if all(word in text for word in words):
                yield one


def catalogue_of(grid: Grid) -> Catalogue:
    """Read the catalogue of a grid, less equivalents and, where there is a register, what nobody in it owns."""
    return Catalogue([*_branches(grid), *_units(grid)])


def _branches(grid: Grid) -> Iterator[Known]:
    lines, kv, register = grid.network.branches, grid.network.buses.base_kv, grid.register
    high = np.maximum(kv[lines.from_bus], kv[lines.to_bus])
    for row in np.flatnonzero(lines.kind != BranchKind.EQUIVALENT).tolist():
        owner = grid.owner_of(branch=row)
        if register is not None and owner is None:
            continue
        kind = BranchKind(int(lines.kind[row])).name.lower()
        yield Known(
            id=element(ElementKind.BRANCH, row),
            name=_ends(grid, row) if register is None else str(register.branch_name[row]),
            owner=owner,
            category=Category.TRANSMISSION,
            detail=f"{kind} {high[row]:g} kV",
            area=_area(grid, int(lines.from_bus[row])),
        )


def _units(grid: Grid) -> Iterator[Known]:
    units, register = grid.network.units, grid.register
    for row in range(len(units.bus)):
        owner = grid.owner_of(unit=row)
        if register is not None and owner is None:
            continue
        yield Known(
            id=element(ElementKind.GEN, row),
            name=bus_name(grid, int(units.bus[row])) if register is None else str(register.unit_name[row]),
            owner=owner,
            category=Category.GENERATION,
            detail=f"{units.fuel[row]} unit {units.p_max_mw[row]:g} MW".strip(),
            area=_area(grid, int(units.bus[row])),
        )


def _area(grid: Grid, bus: int) -> str:
    zone = int(grid.network.buses.zone[bus])
    return "" if grid.zones is None or zone < 0 else grid.zones.name[zone]


def _ends(grid: Grid, row: int) -> str:
    lines, number = grid.network.branches, grid.network.buses.number
    ends = (int(lines.from_bus[row]), int(lines.to_bus[row]))
    return " - ".join(bus_name(grid, bus) or f"bus:{number[bus]}" for bus in ends)
