"""The world as files and change sets make it: what the files say, and over it what has landed, in order.

A rating that changes by date is held at its least from now on: a lower one counts from the day it lands, a higher one
from the day it holds. So no study approves on a rating that is still to come, or on one that goes before the outage
ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from moms.desk.change_set import LANDING, Became, Edit, Table
from moms.grid.overlay import RATINGS, identity_of, overlaid, value_of
from moms.study import contingencies_of
from moms.values import Refused, market_day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from moms.adequacy import Drawn
    from moms.desk.change_set import ChangeSet
    from moms.desk.rulebook import RuleBook
    from moms.desk.world import World
    from moms.grid import Contingency, Grid


class OtherGrid(Refused):
    """What has landed is about equipment that the grid of this name no longer has there."""


class Files(Protocol):
    """What the desk asks of the files that the world was read from."""

    def number(self, section: str, field: str) -> Mapping[str, object] | None:
        """Give a number of the rule book's file with its source; None where the file leaves it out."""
        ...

    def rules(
        self, numbers: Mapping[tuple[str, str], Mapping[str, object]], *, name: str, version: int, valid_from: date
    ) -> RuleBook:
        """Give the rule book of the file with other numbers, read whole.

        Raises:
            Refused: no such number, or not one that it can have.
        """
        ...

    def drawn(self, grid: str) -> Drawn | None:
        """Give the scenarios that were drawn for a grid of this digest."""
        ...


def ours(sets: Iterable[ChangeSet], world: World, *, known_at: datetime | None = None) -> tuple[ChangeSet, ...]:
    """Give what has landed for this grid and rule book, in order; with `known_at`, what had by then."""
    landed = [s for s in sets if s.landing is not None and s.became == Became.MERGED]
    there = [s for s in landed if known_at is None or (s.ended_at is not None and s.ended_at <= known_at)]
    in_order = sorted(there, key=lambda s: s.landing or 0)
    return tuple(replace(s, edits=tuple(e for e in s.edits if _about(s, e, world))) for s in in_order)


def _about(there: ChangeSet, edit: Edit, world: World) -> bool:
    """Tell whether an edit is about this grid, or this rule book."""
    return there.grid == world.grid.name if edit.table == Table.ASSET else there.rule_book == world.rules.id


def world_with(
    base: World, sets: Sequence[ChangeSet], *, files: Files, now: datetime, draft: ChangeSet | None = None,
    landed: int = 0,
) -> World:  # fmt: skip
    """Give the world of the files with what has landed, and over it a draft.

    `landed` is the number of the newest landing there is, for this grid or another.

    Raises:
        OtherGrid: as it says. Refused: numbers that the rule book cannot have.
    """
    edits = [e for s in (*sets, *([draft] if draft else [])) for e in s.of(*LANDING)]
    if not edits:
        return replace(base, landed=landed)
    grid = overlaid(base.grid, asset_values(base.grid, edits, now=now))
    if grid is not base.grid:
        base = replace(base, grid=grid, contingencies=studied(grid), drawn=files.drawn(grid.digest))
    return replace(base, rules=rules_with(base.rules, sets, draft, files=files, now=now), landed=landed)


def asset_values(grid: Grid, edits: Iterable[Edit], *, now: datetime) -> dict[tuple[str, str], object]:
    """Give what each column of the equipment is held at from now on, where that is not what the file says.

    Raises:
        OtherGrid: an asset stands elsewhere in the grid than when it was changed.
    """
    values = {cell: held(value_of(grid, *cell), found, now=now) for cell, found in _by_cell(grid, edits).items()}
    return {cell: value for cell, value in values.items() if value != value_of(grid, *cell)}


def asset_values_at(grid: Grid, edits: Iterable[Edit], *, instant: datetime) -> dict[tuple[str, str], object]:
    """Give what each column of the equipment says at one instant, where that is not what the file says.

    Raises:
        OtherGrid: as `asset_values`.
    """
    cells = _by_cell(grid, edits)
    values = {cell: at_instant(value_of(grid, *cell), found, instant) for cell, found in cells.items()}
    return {cell: value for cell, value in values.items() if value != value_of(grid, *cell)}


def turns_of(edits: Iterable[Edit], *, now: datetime) -> tuple[datetime, ...]:
    """Give the instants from now on at which a value begins or ends to hold, now first."""
    ahead = {t for e in edits for t in (e.valid_from, e.valid_to) if t is not None and t > now}
    return (now, *sorted(ahead))


def _by_cell(grid: Grid, edits: Iterable[Edit]) -> dict[tuple[str, str], list[Edit]]:
    found: dict[tuple[str, str], list[Edit]] = {}
    for edit in edits:
        if edit.table == Table.ASSET:
            _same_equipment(grid, edit)
            found.setdefault((edit.row, edit.column), []).append(edit)
    return found


def held(base: object, edits: Sequence[Edit], *, now: datetime) -> object:
    """Give what a column is held at from now on: of a rating the least that will be, else what is so now."""
    if edits[0].column not in RATINGS:
        return at_instant(base, edits, now)
    told = [at_instant(base, edits, t) for t in turns_of(edits, now=now)]
    rated = [float(value) for value in told if value is not None]  # type: ignore[arg-type]  # a rating is a number
    return min(rated) if rated else None


def at_instant(base: object, edits: Iterable[Edit], instant: datetime) -> object:
    """Give what is so at an instant: what landed last of what holds then, else what the file says."""
    found = base
    for edit in edits:
        if edit.holds_at(instant):
            found = edit.value
    return found


def numbers_of(sets: Iterable[ChangeSet]) -> dict[tuple[str, str], Edit]:
    """Give the newest edit of each number of the rule book, by section and field."""
    return {(e.row, e.column): e for s in sets for e in s.of(Table.RULES)}


def studied(grid: Grid) -> tuple[Contingency, ...]:
    """Give what a decision is studied against: each equipment, each unit, and what the grid says is lost together."""
    return contingencies_of(grid, which="equipment,table" if grid.contingencies else "equipment")


def rules_with(
    base: RuleBook, sets: Sequence[ChangeSet], draft: ChangeSet | None, *, files: Files, now: datetime
) -> RuleBook:
    """Give the rule book with its changed numbers: each landing that changed one makes another version of it."""
    turned = [s for s in sets if s.of(Table.RULES) and s.rule_book == base.id]
    drafted = draft is not None and bool(draft.of(Table.RULES))
    if not turned and not drafted:
        return base
    found = numbers_of((*turned, *([draft] if draft else [])))
    numbers = {cell: {"value": e.value, "source": e.source} for cell, e in found.items()}
    since = turned[-1].ended_at if turned and not drafted else now
    name = f"{base.id} (draft {draft.id})" if drafted and draft else base.id
    return files.rules(numbers, name=name, version=base.version + len(turned) + drafted,
                       valid_from=market_day_of(since or now))  # fmt: skip


def _same_equipment(grid: Grid, edit: Edit) -> None:
    found = identity_of(grid, edit.row)
    if found != edit.identity:
        says = f"{edit.row} was {edit.identity} when it was changed, and is {found} in the grid {grid.name}"
        raise OtherGrid(says, field="grid", fix="import the file under another name, or the one it was changed on")


__all__ = [
    "Files", "OtherGrid", "asset_values", "asset_values_at", "at_instant", "held", "numbers_of", "ours", "rules_with",
    "studied", "turns_of", "world_with",
]  # fmt: skip
