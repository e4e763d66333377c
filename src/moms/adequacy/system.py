"""A system whose loss of load is asked: units, load by area and hour, maintenance, import limits."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.copt import NotAFleet, capacity_outage
from moms.adequacy.table import OutageTable, Partial

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from moms.grid import BoolArray, FloatArray, IntArray


class NotALoad(NotAFleet):
    """A load from which no loss can be computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One generating unit."""

    name: str
    capacity_mw: float
    outage_rate: float
    """Probability of being wholly out, 0 to 1."""
    area: str = ""
    mttf_h: float | None = None
    """Mean time to failure."""
    mttr_h: float | None = None
    """Mean time to repair."""
    partial: tuple[tuple[float, float], ...] = ()
    """States in between: MW that are out, and their probability."""
    stay_h: tuple[float, ...] = ()
    """Mean time of a stay in each of those; empty where nobody gave them."""

    @property
    def repair_h(self) -> float | None:
        """Mean time of one outage, from the time to repair, or from that to failure and the rate."""
        if self.mttr_h is not None or self.mttf_h is None or self.outage_rate >= 1:
            return self.mttr_h
        return self.mttf_h * self.outage_rate / (1.0 - self.outage_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A unit out for maintenance, or derated, from hour `first` up to before hour `stop`."""

    unit: int
    first: int
    stop: int
    derate_mw: float | None = None
    """None: wholly out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class System:
    """What the loss of load of some hours needs to know.

    Raises:
        NotALoad: a load is negative, missing or not finite, or the columns differ in length.
        NotAFleet: maintenance of a unit that is not there, or an uncertainty that is none.
    """

    units: tuple[Unit, ...]
    area: tuple[str, ...]
    load_mw: FloatArray
    """(A, H)."""
    day: IntArray
    """(H,) which day each hour belongs to."""
    away: tuple[Away, ...] = ()
    uncertainty_percent: float = 0.0
    """Standard deviation of the load forecast, of the load."""
    import_limit_mw: Mapping[str, float] = field(default_factory=dict)
    """By area; an area that is not named has none."""

    def __post_init__(self) -> None:
        if self.load_mw.shape != (len(self.area), len(self.day)):
            raise NotALoad("the load is not one row an area and one column an hour", field="load", fix="give (A, H)")
        if not len(self.day):
            raise NotALoad("there is no hour", field="load", fix="give the load of an hour or more")
        if not (np.isfinite(self.load_mw) & (self.load_mw >= 0)).all():
            raise NotALoad("a load is negative or not a number", field="load", fix="give MW of 0 or more")
        if not 0 <= self.uncertainty_percent < 100 / 3:
            raise NotAFleet(
                f"a load uncertainty of {self.uncertainty_percent:g} %", field="uncertainty",
                fix="give the standard deviation in per cent of load, from 0 to 33 (three of them are taken off)",
            )  # fmt: skip
        for one in self.away:
            if not 0 <= one.unit < len(self.units):
                raise NotAFleet(f"there is no unit {one.unit}", field="maintenance", fix="name a unit of the system")
        for place, limit in self.import_limit_mw.items():
            if place not in self.area or not limit >= 0:
                raise NotAFleet(
                    f"an import limit of {limit:g} MW for {place!r}", field="imports",
                    fix=f"give MW of 0 or more for one of {', '.join(self.area)}",
                )  # fmt: skip

    def rows(self, area: str | None) -> tuple[int, ...]:
        """Give the units of one area; of all for None."""
        return tuple(k for k, unit in enumerate(self.units) if area is None or unit.area == area)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Left:
    """What maintenance leaves of some units, and when."""

    hours: BoolArray
    """(H,) in which it is so."""
    row: tuple[int, ...]
    """The rows of those that can give something."""
    units: tuple[Unit, ...]
    """What is left of each of them."""
    lost_mw: dict[int, float]
    """By row of the system's units, what maintenance takes."""


def fleets(system: System, members: Sequence[int]) -> Iterator[Left]:
    """Give each different fleet that maintenance leaves, with the hours (H,) in which it stands."""
    inside = set(members)
    away = [one for one in system.away if one.unit in inside]
    hours = len(system.day)
    edges = sorted({0, hours, *(min(max(e, 0), hours) for one in away for e in (one.first, one.stop))})
    found: dict[tuple[tuple[int, float], ...], BoolArray] = {}
    for start, stop in itertools.pairwise(edges):
        gone: dict[int, float] = {}
        for one in away:
            if one.first <= start < one.stop:
                whole = system.units[one.unit].capacity_mw
                lost = whole if one.derate_mw is None else one.derate_mw
                gone[one.unit] = min(gone.get(one.unit, 0.0) + lost, whole)
        mask = found.setdefault(tuple(sorted(gone.items())), np.zeros(hours, dtype=np.bool_))
        mask[start:stop] = True
    for key, mask in found.items():
        lost_mw = dict(key)
        row = tuple(k for k in members if lost_mw.get(k, 0.0) < system.units[k].capacity_mw)
        yield Left(hours=mask, row=row, units=units_left(system, row, lost_mw), lost_mw=lost_mw)


def units_left(system: System, members: Sequence[int], lost_mw: Mapping[int, float]) -> tuple[Unit, ...]:
    """Give some units with what maintenance takes of them by row taken off; one of which nothing is left is not there.

    A unit without capacity gives nothing whatever is taken of it.
    """
    there = [k for k in members if lost_mw.get(k, 0.0) < system.units[k].capacity_mw]
    return tuple(_left(system.units[k], lost_mw.get(k, 0.0)) for k in there)


def _left(unit: Unit, lost_mw: float) -> Unit:
    """Give the unit with its top taken off: it fails as before, and can give so much less."""
    if not lost_mw:
        return unit
    kept = [k for k, (mw, _) in enumerate(unit.partial) if mw > lost_mw]
    return Unit(
        name=unit.name, capacity_mw=unit.capacity_mw - lost_mw, outage_rate=unit.outage_rate, area=unit.area,
        mttf_h=unit.mttf_h, mttr_h=unit.mttr_h,
        partial=tuple((unit.partial[k][0] - lost_mw, unit.partial[k][1]) for k in kept),
        stay_h=tuple(unit.stay_h[k] for k in kept) if unit.stay_h else (),
    )  # fmt: skip


def table_of_units(units: Sequence[Unit]) -> OutageTable:
    """Give the outage table of some units.

    Raises:
        NotAFleet: a capacity, a rate or a state that cannot be.
    """
    return capacity_outage(
        capacity_mw=[unit.capacity_mw for unit in units],
        outage_rate=[unit.outage_rate for unit in units],
        partial=[
            Partial(unit=k, out_mw=mw, probability=p, stay_h=unit.stay_h[j] if unit.stay_h else None)
            for k, unit in enumerate(units)
            for j, (mw, p) in enumerate(unit.partial)
        ],
    )


def states_of(unit: Unit) -> list[tuple[float, float]]:
    """Give the states of a unit: MW out and probability, whole first."""
    others = [*unit.partial, (unit.capacity_mw, unit.outage_rate)]
    return [(0.0, 1.0 - math.fsum(p for _, p in others)), *others]
