"""What may fail next."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Contingency:
    """Elements that are lost together, by row.

    A single branch is `branch:12`, a unit `gen:7`; others carry the label of their table.
    """

    id: str
    branches: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
