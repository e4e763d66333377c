"""The start-indexed model: how many of a group of twin units start in a week. Twins in one column leave no symmetry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.schedule._mip import Program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.grid import FloatArray
    from moms.schedule.gms.fleet import Fleet, Unit

KW_IN_MW = 1000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """The program, and where each start of each group stands in it."""

    program: Program
    groups: tuple[tuple[Unit, ...], ...]
    column: tuple[Mapping[int, int], ...]
    """By group: the column of each start week."""
    out: tuple[Mapping[int, float], ...]
    """By week: MW out for each unit that has started, by column."""


def build(fleet: Fleet) -> Model:
    """Give the model with the rows that every objective has: each unit once, and people enough."""
    twins: dict[tuple[object, ...], list[Unit]] = {}
    for unit in fleet.units:
        twins.setdefault(unit.twin, []).append(unit)
    groups = tuple(tuple(group) for group in twins.values())
    program = Program()
    column = tuple({s: program.column(upper=len(group), whole=True) for s in group[0].starts} for group in groups)
    model = Model(program=program, groups=groups, column=column, out=_out(fleet, groups, column))
    each_unit_once(model)
    people_enough(model, fleet)
    return model


def _out(
    fleet: Fleet, groups: tuple[tuple[Unit, ...], ...], column: tuple[Mapping[int, int], ...]
) -> tuple[Mapping[int, float], ...]:
    out: list[dict[int, float]] = [{} for _ in fleet.load_kw]
    for group, places in zip(groups, column, strict=True):
        unit = group[0]
        for start, place in places.items():
            for week in range(start, start + unit.weeks):
                out[week][place] = unit.size_kw / KW_IN_MW
    return tuple(out)


def each_unit_once(model: Model) -> None:
    """Every unit of a group starts in some week."""
    for group, places in zip(model.groups, model.column, strict=True):
        cols = list(places.values())
        model.program.row(cols, [1.0] * len(cols), lower=len(group), upper=len(group))


def people_enough(model: Model, fleet: Fleet) -> None:
    """In no week do more people work than there are."""
    if fleet.crew_limit is None:
        return
    need: list[dict[int, float]] = [{} for _ in fleet.load_kw]
    for group, places in zip(model.groups, model.column, strict=True):
        for start, place in places.items():
            for age, number in enumerate(group[0].crew):
                need[start + age][place] = number
    for row in need:
        if row:
            model.program.row(list(row), list(row.values()), upper=fleet.crew_limit)


def starts_of(model: Model, x: FloatArray) -> dict[str, int]:
    """Read a plan from a solution; which of two twins goes first is a matter of their ids."""
    found: dict[str, int] = {}
    for group, places in zip(model.groups, model.column, strict=True):
        weeks = [s for s, place in places.items() for _ in range(round(x[place]))]
        found.update({unit.id: week for unit, week in zip(group, weeks, strict=True)})
    return found


def point_of(model: Model, starts: Mapping[str, int]) -> FloatArray:
    """Give a plan as a point of the program's first columns."""
    x = np.zeros(len(model.program.cost))
    for group, places in zip(model.groups, model.column, strict=True):
        for unit in group:
            x[places[starts[unit.id]]] += 1
    return x
