"""The picture of what binds a decision: the element over its limit, what is lost, and what is out, from bus to bus.

It is plain data, so that a page, a paper and a table show the same: a column for each bus, a row for each element.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from moms.grid.survey import bus_name
from moms.values import ElementKind, Refused, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from moms.grid import Grid
    from moms.values import Actor

AN_ELEMENT = re.compile(r"(?:branch|gen):\d+")
MOST_ROWS = 12
"""More equipment than this is counted, not drawn."""


class Part(StrEnum):
    """What an element is in the picture."""

    BINDS = "binds"
    LOST = "lost"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One element between two columns; a unit hangs on one, and has no second."""

    id: str
    part: Part
    start: int
    end: int | None


@dataclass(slots=True, kw_only=True)
class _Board:
    """The columns as they come up, and whom they are drawn for."""

    grid: Grid
    actor: Actor
    columns: list[str] = field(default_factory=list)
    _of_bus: dict[int, int] = field(default_factory=dict)

    def place(self, name: str, part: Part) -> Row | None:
        """Give the row of an element; None where the grid has no such branch or unit."""
        try:
            kind, _ = parse(name)
            row = self.grid.row(name)
        except Refused:
            return None
        network = self.grid.network
        if kind == ElementKind.GEN:
            owner = self.grid.owner_of(unit=row)
            return Row(id=name, part=part, start=self._column(int(network.units.bus[row]), owner), end=None)
        if kind != ElementKind.BRANCH:
            return None
        owner = self.grid.owner_of(branch=row)
        ends = (int(network.branches.from_bus[row]), int(network.branches.to_bus[row]))
        start, end = (self._column(bus, owner) for bus in ends)
        return Row(id=name, part=part, start=start, end=end)

    def _column(self, bus: int, owner: str | None) -> int:
        """Give the column of a bus; to an owner the buses of others' equipment are nameless, each its own."""
        if not self.actor.sees_all and owner != self.actor.organisation:
            self.columns.append("")
            return len(self.columns) - 1
        if bus not in self._of_bus:
            number = int(self.grid.network.buses.number[bus])
            self._of_bus[bus] = len(self.columns)
            self.columns.append(bus_name(self.grid, bus) or f"bus:{number}")
        return self._of_bus[bus]


def one_line(record: Mapping[str, Any] | None, *, grid: Grid, actor: Actor) -> dict[str, object] | None:
    """Give the picture of what binds a decision, as this actor may see it; None where no flow binds it."""
    binding = record.get("binding") if record else None
    if record is None or not binding or binding.get("kind") != "flow":
        return None
    board = _Board(grid=grid, actor=actor)
    lost = AN_ELEMENT.findall(binding["contingency"] or "")
    parts = [(binding["element"], Part.BINDS), *((one, Part.LOST) for one in lost)]
    parts += [(one, Part.OUT) for one in record["assets"]]
    rows = [row for row in (board.place(name, part) for name, part in _once(parts)[:MOST_ROWS]) if row is not None]
    facts = ("element", "contingency", "hour", "flow_mw", "limit_mw", "percent", "without_mw")
    return {
        **{name: binding[name] for name in facts},
        "columns": board.columns,
        "rows": [{"id": r.id, "part": r.part.value, "start": r.start, "end": r.end} for r in rows],
        "left_out": max(0, len(_once(parts)) - MOST_ROWS),
    }


def _once(parts: Iterable[tuple[str, Part]]) -> list[tuple[str, Part]]:
    """Keep each element once, as what it is first."""
    found: dict[str, Part] = {}
    for name, part in parts:
        found.setdefault(name, part)
    return list(found.items())
