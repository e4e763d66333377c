"""Breakers of stations: what trips together when one of them is out (semantics 1.6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from moms.grid.contingency import Contingency
    from moms.grid.network import Branches, IntArray, TextArray

BAR = -1
"""A bus bar. The bars of one bus count as one: its other bays join them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Breakers:
    """Breakers, (k,) each, all of them closed in normal operation."""

    bus: IntArray
    """Row of the bus each stands at."""
    name: TextArray
    one: IntArray
    """Row of the branch on one side; `BAR` is a bus bar."""
    other: IntArray

    def __len__(self) -> int:
        return len(self.bus)

    @classmethod
    def of(cls, extras: Mapping[str, object]) -> Breakers | None:
        """Read the breakers that a grid carries; None where its station layouts are not known."""
        columns = [extras.get(f"breaker_{name}") for name in ("bus", "name", "one", "other")]
        if not all(isinstance(column, np.ndarray) for column in columns):
            return None
        bus, name, one, other = (np.asarray(column) for column in columns)
        return cls(bus=bus, name=name, one=one, other=other)

    def sides(self, row: int) -> tuple[int, ...]:
        """Give the branches a breaker stands between, bars left out."""
        return tuple(k for k in (int(self.one[row]), int(self.other[row])) if k != BAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tripped:
    """What a fault at a bus takes with some breakers out."""

    also: tuple[int, ...]
    """Rows of branches that hang on nothing any more at this bus: they trip too."""
    splits: bool
    """Whether what is left falls into two parts: nobody knows on which of them load and units hang."""


def tripped(breakers: Breakers, *, bus: int, out: frozenset[int], faulted: Iterable[int]) -> Tripped:
    """Give what a fault takes at a bus while breakers are out; no fault at all is an empty `faulted`.

    The breakers of what is faulted open. A branch that no closed breaker joins to anything else at the
    bus is gone. Two or more parts that each hold several branches, or a bar, are a split bus.
    """
    here = np.flatnonzero(breakers.bus == bus).tolist()
    lost = set(faulted)
    root = {int(k): int(k) for row in here for k in (breakers.one[row], breakers.other[row]) if int(k) not in lost}

    def top(k: int) -> int:
        while root[k] != k:
            k = root[k]
        return k

    for row in here:
        a, b = int(breakers.one[row]), int(breakers.other[row])
        if row not in out and a in root and b in root:
            root[top(a)] = top(b)
    parts: dict[int, list[int]] = {}
    for k in sorted(root):
        parts.setdefault(top(k), []).append(k)
    alone = [part[0] for part in parts.values() if len(part) == 1 and part[0] != BAR]
    return Tripped(also=tuple(sorted(alone)), splits=len(parts) - len(alone) > 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """The contingency list while breakers are out, and what their opening takes out by itself."""

    contingencies: tuple[Contingency, ...]
    """In the normal order and under the normal ids: each with what trips along with it now."""
    changed: tuple[str, ...]
    """Ids of those that take more than in normal operation."""
    opened: tuple[int, ...]
    """Rows of branches that the open breakers themselves disconnect."""
    unclear: tuple[str, ...]
    """What would split a bus: the contingency's id, or the bus where the breakers alone do it."""


def switched(
    contingencies: tuple[Contingency, ...], *, breakers: Breakers, lines: Branches, out: frozenset[int]
) -> Switched:
    """Give the contingency list with breakers out (semantics 1.6).

    Only faults at the breakers' own buses are looked at: elsewhere nothing has changed.
    """
    buses = sorted({int(breakers.bus[row]) for row in out})
    opened: set[int] = set()
    unclear: list[str] = []
    for bus in buses:
        found = tripped(breakers, bus=bus, out=out, faulted=())
        opened |= set(_whole(lines, found.also))
        if found.splits:
            unclear.append(f"the open breakers split the bus {breakers.name[_first(breakers, bus)]} stands at")
    listed, changed = [], []
    near = {bus: _positions(breakers, bus) for bus in buses}
    for one in contingencies:
        more, splits = _more(one, breakers=breakers, lines=lines, out=out, near=near)
        listed.append(replace(one, branches=tuple(sorted({*one.branches, *more}))) if more else one)
        changed += [one.id] if more else []
        unclear += [one.id] if splits else []
    return Switched(
        contingencies=tuple(listed), changed=tuple(changed), opened=tuple(sorted(opened)), unclear=tuple(unclear)
    )


def _more(
    one: Contingency, *, breakers: Breakers, lines: Branches, out: frozenset[int], near: dict[int, frozenset[int]]
) -> tuple[set[int], bool]:
    """Give the branches that trip along with a contingency, and whether it splits a bus."""
    firsts = {int(lines.equipment[k]) for k in one.branches}
    more: set[int] = set()
    splits = False
    for bus, here in near.items():
        faulted = {k for k in here if int(lines.equipment[k]) in firsts}
        if faulted:
            found = tripped(breakers, bus=bus, out=out, faulted=faulted)
            more |= set(_whole(lines, found.also))
            splits |= found.splits
    return more - set(one.branches), splits


def _positions(breakers: Breakers, bus: int) -> frozenset[int]:
    rows = breakers.bus == bus
    return frozenset({*breakers.one[rows].tolist(), *breakers.other[rows].tolist()} - {BAR})


def _first(breakers: Breakers, bus: int) -> int:
    return int(np.flatnonzero(breakers.bus == bus)[0])


def _whole(lines: Branches, firsts: Iterable[int]) -> list[int]:
    rows: list[int] = np.flatnonzero(
        np.isin(lines.equipment, lines.equipment[list(firsts)]) & lines.in_service
    ).tolist()
    return rows
