"""Units that need maintenance in some weeks of a horizon, all in whole kilowatts so that proofs are exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping


class UnitDoesNotFit(Refused):
    """A unit whose maintenance cannot be placed whatever the others do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit: its maintenance is in one piece, inside its weeks."""

    id: str
    size_kw: int
    weeks: int
    first: int
    """First week it may start, counted from 0."""
    end: int
    """Week after the last it may be out."""
    crew: tuple[int, ...] = ()
    """People needed in each week of its maintenance; empty: none."""
    outage_rate: float | None = None

    @property
    def starts(self) -> range:
        """Give the weeks it may start."""
        return range(self.first, self.end - self.weeks + 1)

    @property
    def twin(self) -> tuple[object, ...]:
        """Give what makes two units the same to a planner: all but the name."""
        return (self.size_kw, self.weeks, self.first, self.end, self.crew)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The units, the load of each week, and how many people there are."""

    name: str
    units: tuple[Unit, ...]
    installed_kw: int
    load_kw: tuple[int, ...]
    crew_limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse units that cannot be placed."""
        for k, unit in enumerate(self.units):
            _check(unit, at=f"units[{k}]", weeks=len(self.load_kw), crew_limit=self.crew_limit)

    @property
    def spare_kw(self) -> tuple[int, ...]:
        """Give installed capacity less load, by week: the reserve if nothing were out."""
        return tuple(self.installed_kw - load for load in self.load_kw)


def _check(unit: Unit, *, at: str, weeks: int, crew_limit: int | None) -> None:
    if not 0 <= unit.first <= unit.end <= weeks:
        raise UnitDoesNotFit(
            f"{unit.id} may be out in weeks {unit.first + 1} to {unit.end} of {weeks}", field=f"{at}.first_week",
            fix="give weeks inside the horizon",
        )  # fmt: skip
    if not unit.starts:
        raise UnitDoesNotFit(
            f"{unit.id} needs {unit.weeks} weeks and may be out for {unit.end - unit.first}",
            field=f"{at}.maintenance_weeks", fix="widen its weeks or shorten the work",
        )  # fmt: skip
    if unit.crew and len(unit.crew) != unit.weeks:
        raise UnitDoesNotFit(
            f"{unit.id} has crew for {len(unit.crew)} weeks and needs {unit.weeks}",
            field=f"{at}.crew", fix="give one number a week",
        )  # fmt: skip
    if crew_limit is not None and max(unit.crew, default=0) > crew_limit:
        raise UnitDoesNotFit(
            f"{unit.id} alone needs {max(unit.crew)} people of {crew_limit}", field=f"{at}.crew", fix="raise crew_limit"
        )


def out_kw(fleet: Fleet, starts: Mapping[str, int]) -> list[int]:
    """Give what is out in each week under a plan."""
    out = [0] * len(fleet.load_kw)
    for unit in fleet.units:
        for week in range(starts[unit.id], starts[unit.id] + unit.weeks):
            out[week] += unit.size_kw
    return out


def crew_at_work(fleet: Fleet, starts: Mapping[str, int]) -> list[int]:
    """Give how many people work in each week under a plan."""
    people = [0] * len(fleet.load_kw)
    for unit in fleet.units:
        for age, number in enumerate(unit.crew):
            people[starts[unit.id] + age] += number
    return people


def breaks(fleet: Fleet, starts: Mapping[str, int]) -> tuple[str, ...]:
    """Say what a plan breaks, in whole numbers, so that a solver's tolerance cannot hide it."""
    found = [u.id for u in fleet.units if starts.get(u.id) not in u.starts]
    if found or fleet.crew_limit is None:
        return tuple(f"{name} starts outside its weeks" for name in found)
    people = crew_at_work(fleet, starts)
    return tuple(f"week {w + 1} needs {n} people" for w, n in enumerate(people) if n > fleet.crew_limit)
