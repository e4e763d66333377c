"""Frequency and duration of loss of load by following units through years: maintenance, areas, uncertain load.

What the exact table cannot say, a sequential Monte Carlo can: how often and for how long load is lost where
maintenance changes the fleet, and how long the losses are one by one. Where both say something, tests hold
them against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.chain import draws
from moms.adequacy.copt import NotAFleet
from moms.adequacy.lole import STEPS
from moms.adequacy.sequential import BATCH, begun, can_be_followed, energy_of, shortage, unit_out

if TYPE_CHECKING:
    from moms.adequacy.chain import Single
    from moms.adequacy.system import System
    from moms.grid import BoolArray, FloatArray, IntArray

TOGETHER, ALONE, SPARED = "together", "alone", "spared"
LOAD = 0x10AD5
"""The key of the load's error among the random streams."""
FEWEST, MOST = 2, 100_000
"""Of the years."""
SHARES = (0.5, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """What was lost in one place in each of the years followed."""

    place: str
    """An area; empty for all together."""
    how: str
    """together, alone, or spared: with what the others have to spare, up to the import limit."""
    hours: FloatArray
    """(Y,) of loss."""
    energy_mwh: FloatArray
    """(Y,)."""
    losses: IntArray
    """(Y,) times that load begins to be lost."""
    lengths: IntArray
    """How many losses that began and ended within a year were so many steps long, from 0."""
    step_h: float

    @property
    def lole_h(self) -> tuple[float, float]:
        """Mean hours of loss a year, and its standard error."""
        return _mean(self.hours)

    @property
    def eue_mwh(self) -> tuple[float, float]:
        """Mean unserved energy, and its standard error."""
        return _mean(self.energy_mwh)

    @property
    def lolf(self) -> tuple[float, float]:
        """Mean number of losses, and its standard error."""
        return _mean(self.losses.astype(np.float64))

    @property
    def lold_h(self) -> float | None:
        """Mean hours of a loss; None where there was none."""
        count = int(self.losses.sum())
        return float(self.hours.sum()) / count if count else None

    def length_h(self, share: float) -> float | None:
        """Give the hours within which such a share of the whole losses ended; None where there was none."""
        if not self.lengths.sum():
            return None
        reached = np.cumsum(self.lengths) >= share * self.lengths.sum()
        return float(np.argmax(reached)) * self.step_h


def _mean(by_year: FloatArray) -> tuple[float, float]:
    return float(by_year.mean()), float(by_year.std(ddof=1) / np.sqrt(len(by_year)))


def followed(*, system: System, years: int, seed: int, step_h: float = 1.0) -> tuple[Followed, ...]:
    """Follow a system through so many years: all together, then each area alone and with what others spare.

    The load's error, where it has one, is drawn once a year. A year is the hours of the system; steps within
    an hour find losses that begin and end between two hours.

    Raises:
        NotAFleet: a unit whose path is not known, a number of years, or a step that does not divide the hour.
    """
    for unit in system.units:
        can_be_followed(unit)
    within = _within(years, step_h)
    sizes = max(BATCH // within, FEWEST)
    batches = [
        _batch(system, first, min(sizes, years - first), seed, within)
        for first in range(0, years, sizes)
    ]  # fmt: skip
    return tuple(_joined(parts) for parts in zip(*batches, strict=True))


def _within(years: int, step_h: float) -> int:
    """Give the steps an hour."""
    if not FEWEST <= years <= MOST:
        raise NotAFleet(f"{years} years", field="simulate", fix=f"give {FEWEST} to {MOST:,}")
    within = round(1.0 / step_h) if 0 < step_h <= 1 else 0
    if not 1 <= within <= 60 or abs(within * step_h - 1.0) > 1e-9:
        raise NotAFleet(f"a step of {step_h:g} h", field="step", fix="give a part of an hour, such as 1, 0.5 or 0.25")
    return within


def _joined(parts: tuple[Followed, ...]) -> Followed:
    longest = max(len(part.lengths) for part in parts)
    return Followed(
        place=parts[0].place, how=parts[0].how, step_h=parts[0].step_h,
        hours=np.concatenate([part.hours for part in parts]),
        energy_mwh=np.concatenate([part.energy_mwh for part in parts]),
        losses=np.concatenate([part.losses for part in parts]),
        lengths=np.sum([np.pad(part.lengths, (0, longest - len(part.lengths))) for part in parts], axis=0),
    )  # fmt: skip


def _batch(system: System, first: int, years: int, seed: int, within: int) -> list[Followed]:
    """Follow some years; what is spare may be negative."""
    load = _load(system, first, years, seed)
    out = {area: _out(system, area, first, years, seed, within) for area in system.area}
    left = {area: np.repeat(_installed(system, area), within) for area in system.area}
    spare = {area: left[area][:, None] - np.repeat(load[k], within, axis=0) for k, area in enumerate(system.area)}
    out_mw, spare_mw = np.sum(list(out.values()), axis=0), np.sum(list(spare.values()), axis=0)
    found = [_lost("", TOGETHER, *shortage(out_mw=out_mw, spare_mw=spare_mw), within)]
    if len(system.area) == 1:
        return found
    for area in system.area:
        found.append(_lost(area, ALONE, *shortage(out_mw=out[area], spare_mw=spare[area]), within))
        limit = system.import_limit_mw.get(area)
        if limit is not None:
            others = spare_mw - spare[area] - (out_mw - out[area])
            help_mw = np.clip(others, 0.0, limit)
            found.append(_lost(area, SPARED, *shortage(out_mw=out[area], spare_mw=spare[area] + help_mw), within))
    return found


def _load(system: System, first: int, years: int, seed: int) -> FloatArray:
    """Give the load by area, hour and year, (A, H, Y): a year's error is one of seven steps."""
    if not system.uncertainty_percent:
        return np.repeat(system.load_mw[:, :, None], years, axis=2)
    uniform = draws(seed=seed, key=LOAD, first=first, scenarios=years, steps=1)[0]
    edges = np.cumsum([p for _, p in STEPS])[:-1]
    step = np.array([k for k, _ in STEPS])[np.searchsorted(edges, uniform, side="right")]
    scaled: FloatArray = system.load_mw[:, :, None] * (1.0 + step * system.uncertainty_percent / 100.0)
    return scaled


def _installed(system: System, area: str) -> FloatArray:
    """Give what an area's units could give in each hour if none failed, (H,)."""
    total = np.zeros(len(system.day))
    for row in _rows(system, area):
        total += _whole(system, row)
    return total


def _whole(system: System, row: int) -> FloatArray:
    """Give what one unit could give in each hour, maintenance and derates taken off."""
    capacity, lost = system.units[row].capacity_mw, np.zeros(len(system.day))
    for one in system.away:
        if one.unit == row:
            lost[max(one.first, 0) : max(one.stop, 0)] += capacity if one.derate_mw is None else one.derate_mw
    return np.maximum(capacity - lost, 0.0)


def _rows(system: System, area: str) -> tuple[int, ...]:
    return system.rows(None if len(system.area) == 1 else area)


def _out(system: System, area: str, first: int, years: int, seed: int, within: int) -> Single:  # noqa: PLR0917
    """Give the MW of an area's units that have failed, (T, Y).

    Maintenance takes the top off: a unit that lacks less than that lacks nothing more, and one that fails wholly
    takes what is left of it.
    """
    steps = len(system.day) * within
    out = np.zeros((steps, years), dtype=np.float32)
    for row in _rows(system, area):
        unit = system.units[row]
        lacks = unit_out(unit=unit, row=row, first=first, years=years, steps=steps, seed=seed, step_h=1.0 / within)
        away = np.repeat(unit.capacity_mw - _whole(system, row), within).astype(np.float32)
        out += np.maximum(lacks - away[:, None], 0.0)
    return out


def _lost(place: str, how: str, short: Single, lost: BoolArray, within: int) -> Followed:
    return Followed(
        place=place, how=how, step_h=1.0 / within, hours=lost.sum(axis=0) / within,
        energy_mwh=energy_of(short, lost, 1.0 / within), losses=begun(lost), lengths=_lengths(lost),
    )  # fmt: skip


def _lengths(lost: BoolArray) -> IntArray:
    """Count the losses by length that begin and end within a year."""
    edge = np.diff(lost.astype(np.int8), axis=0)
    year, start = np.nonzero(edge.T == 1)
    other, stop = np.nonzero(edge.T == -1)
    # Ends of losses that ran when the year began have no beginning; beginnings at its end have no end.
    key = np.searchsorted(other * len(lost) + stop, year * len(lost) + start)
    whole = key < len(other)
    whole[whole] = other[key[whole]] == year[whole]
    lengths: IntArray = np.bincount(stop[key[whole]] - start[whole], minlength=1)
    return lengths
