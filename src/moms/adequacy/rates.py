"""Outage rates as they were issued: for every unit that counts, in place of those the grid came with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import NoSuchElement
from moms.values import HOUR, ElementKind, Refused, digest, parse

if TYPE_CHECKING:
    from datetime import datetime

    from moms.grid import BoolArray, FloatArray, Grid

SHOWN = 3
"""Units that a refusal names; of how many more is said."""
DAY_H = 24


class NotRates(Refused):
    """Outage rates that do not fit the grid they are for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RatesIssue:
    """One issue of outage rates."""

    issued: datetime
    source: str
    unit: tuple[str, ...]
    """As gen:12, in order of rows."""
    outage_rate: FloatArray
    """(n,) probability of being wholly out, 0 to 1."""
    id: str = ""
    """Its name: the digest of all that it says, made where it is not given."""

    def __post_init__(self) -> None:
        """Name it.

        Raises:
            NotRates: a rate is no number.
        """
        if not np.isfinite(self.outage_rate).all():
            raise NotRates("a rate is no number", field="outage_rate", fix="give 0 to 1")
        if self.id:
            return
        body = {"issued": self.issued, "source": self.source, "unit": self.unit, "rate": self.outage_rate}
        object.__setattr__(self, "id", "R-" + digest(body)[:16])

    def age_d(self, now: datetime) -> float:
        """Give how many days ago it was issued."""
        return (now - self.issued) / HOUR / DAY_H


def counts(grid: Grid) -> BoolArray:
    """Tell which units count towards a margin: in service, in a zone, not for emergencies alone (semantics 5.1)."""
    units = grid.network.units
    found: BoolArray = units.in_service & (grid.network.buses.zone[units.bus] >= 0) & ~units.emergency_only
    return found & (units.p_max_mw > 0)


def check_rates(*, issue: RatesIssue, grid: Grid) -> None:
    """Make sure that an issue has a rate for each unit of a grid that counts, once, and none for what is no unit.

    Raises:
        NotRates: a unit that is not there, stands twice or is missing, or a rate that is no share.
    """
    rows = [_row(grid, unit) for unit in issue.unit]
    twice = [unit for k, unit in enumerate(issue.unit) if rows[k] in rows[:k]] if len(set(rows)) < len(rows) else []
    if twice:
        raise NotRates(f"{_named(twice)} twice", field="unit", fix="give each unit once")
    bad = ~((issue.outage_rate >= 0) & (issue.outage_rate <= 1))
    if bad.any():
        names = [issue.unit[k] for k in np.flatnonzero(bad)]
        raise NotRates(f"the rate of {_named(names)} is no share", field="outage_rate", fix="give 0 to 1")
    there = np.zeros(len(grid.network.units), dtype=np.bool_)
    there[rows] = True
    missing = [f"{ElementKind.GEN}:{row + 1}" for row in np.flatnonzero(counts(grid) & ~there)]
    if missing:
        raise NotRates(f"no rate for {_named(missing)}", field="unit",
                       fix=f"give a rate for every unit of {grid.name} that counts towards the margin")  # fmt: skip


def _row(grid: Grid, unit: str) -> int:
    try:
        if parse(unit)[0] == ElementKind.GEN:
            return grid.row(unit)
    except (NoSuchElement, Refused):
        pass
    raise NotRates(f"{unit!r} is no unit of {grid.name}", field="unit", fix="name units of the grid, as gen:12")


def _named(units: list[str]) -> str:
    more = f" and {len(units) - SHOWN:,} more" if len(units) > SHOWN else ""
    return ", ".join(units[:SHOWN]) + more


def rated(*, grid: Grid, issue: RatesIssue) -> Grid:
    """Give the same grid with these outage rates and no others; its digest tells that it is another one.

    The grid may have changed since they were kept: a unit that has come since has no known rate, and with that no
    margin is known.
    """
    units = grid.network.units
    rate, known = np.zeros(len(units)), np.zeros(len(units), dtype=np.bool_)
    for unit, share in zip(issue.unit, issue.outage_rate, strict=True):
        row = parse(unit)[1] - 1
        if row < len(units):
            rate[row], known[row] = share, True
    network = replace(grid.network, units=replace(units, outage_rate=rate, outage_rate_known=known))
    return replace(grid, network=network, digest=digest((grid.digest, issue.id)))
