"""Sequential Monte Carlo of loss of load: frequency and duration, and a check on what is computed exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import f

from moms.adequacy.chain import down_path, draws, state_path
from moms.adequacy.copt import NotAFleet
from moms.adequacy.table import TIE_MW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.adequacy.chain import Single
    from moms.adequacy.system import Unit
    from moms.grid import BoolArray, FloatArray, IntArray

BATCH = 250
FEWEST_EVENTS = 30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulated:
    """What was lost in each of the simulated years."""

    hours: FloatArray
    """(Y, P) hours of loss in each period, such as a week."""
    energy_mwh: FloatArray
    """(Y,)."""
    losses: IntArray
    """(Y,) times that load began to be lost; one running at the start of a year is not counted."""


def simulate(
    *,
    units: Sequence[Unit],
    load_mw: FloatArray,
    period: IntArray,
    years: int,
    seed: int,
    step_h: float = 1.0,
) -> Simulated:
    """Give so many years of units that fail and are repaired against the same load.

    `load_mw` and `period` (which period each belongs to, from 0) are (T,) for steps of `step_h`.

    Raises:
        NotAFleet: a unit that can fail has no repair time.
    """
    for unit in units:
        can_be_followed(unit)
    parts = [
        _batch(units, load_mw, period, first, min(BATCH, years - first), seed, step_h)
        for first in range(0, years, BATCH)
    ]
    return Simulated(
        hours=np.concatenate([part.hours for part in parts]),
        energy_mwh=np.concatenate([part.energy_mwh for part in parts]),
        losses=np.concatenate([part.losses for part in parts]),
    )


def can_be_followed(unit: Unit) -> None:
    """Refuse a unit whose path through time is not known.

    Raises:
        NotAFleet: it can fail and has no repair time, or has states whose durations nobody gave.
    """
    if unit.repair_h is None and 0 < unit.outage_rate < 1:
        raise NotAFleet(f"{unit.name} has no time to repair", field="mttr_h", fix="give mttr_h or mttf_h")
    states = [p for _, p in unit.partial if p > 0]
    if states and not unit.stay_h:
        raise NotAFleet(f"{unit.name} has states in between, and nobody says how long it stays in them",
                        field="states", fix="add the mean hours of a stay to each, as 300:0.05:40")  # fmt: skip
    if states and unit.outage_rate + math.fsum(states) > 1.0 - 1e-9:
        raise NotAFleet(
            f"{unit.name} is never whole, so nothing says how it comes from state to state", field="states",
            fix="leave some probability to the whole unit, or ask without a simulation",
        )  # fmt: skip


def joint_p(*, simulated: Simulated, exact_h: FloatArray) -> float:
    """Give the p-value of the simulated periods' mean hours of loss against the exact ones (Hotelling's T2).

    Weeks are not independent, so their covariance is estimated from the years. Periods with fewer than 30
    expected events are pooled, an event being a loss and not one of its hours: of a week that had one or
    two losses in all years no spread can be estimated.
    """
    years, begun = len(simulated.hours), float(simulated.losses.sum())
    large = exact_h * years * begun >= FEWEST_EVENTS * simulated.hours.sum()
    hours = np.column_stack([simulated.hours[:, large], simulated.hours[:, ~large].sum(axis=1)])
    expected = np.append(exact_h[large], exact_h[~large].sum())
    varies = hours.std(axis=0) > 0
    hours, expected = hours[:, varies], expected[varies]
    k = hours.shape[1]
    gap = hours.mean(axis=0) - expected
    t2 = years * float(gap @ np.linalg.solve(np.cov(hours.T).reshape(k, k), gap))
    return float(f.sf(t2 * (years - k) / (k * (years - 1)), k, years - k))


def _batch(  # noqa: PLR0917 - one caller, above
    units: Sequence[Unit], load_mw: FloatArray, period: IntArray, first: int, years: int, seed: int, step_h: float
) -> Simulated:
    out = np.zeros((len(load_mw), years), dtype=np.float32)
    for row, unit in enumerate(units):
        out += unit_out(unit=unit, row=row, first=first, years=years, steps=len(load_mw), seed=seed, step_h=step_h)
    short, lost = shortage(out_mw=out, spare_mw=sum(unit.capacity_mw for unit in units) - load_mw)
    hours = np.zeros((years, int(period.max()) + 1))
    for p in range(hours.shape[1]):
        hours[:, p] = lost[period == p].sum(axis=0) * step_h
    return Simulated(hours=hours, energy_mwh=energy_of(short, lost, step_h), losses=begun(lost))


def unit_out(*, unit: Unit, row: int, first: int, years: int, steps: int, seed: int, step_h: float) -> Single:
    """Give how many MW a unit lacks in each step of some years, (T, Y); the same in any batch of years."""
    uniform = draws(seed=seed, key=row, first=first, scenarios=years, steps=steps)
    stays = unit.stay_h or (1.0,) * len(unit.partial)
    between = [(mw, p, stay) for (mw, p), stay in zip(unit.partial, stays, strict=True) if p > 0]
    if not between:
        down = down_path(uniform=uniform, outage_rate=unit.outage_rate, repair_h=unit.repair_h or 1.0, step_h=step_h)
        return np.float32(unit.capacity_mw) * down
    if unit.outage_rate > 0:
        between.append((unit.capacity_mw, unit.outage_rate, unit.repair_h or 1.0))
    lacks, probability, stay_h = (np.array([0.0, *column]) for column in zip(*between, strict=True))
    probability[0] = 1.0 - probability.sum()
    path = state_path(uniform=uniform, probability=probability, stay_h=stay_h, step_h=step_h)
    out: Single = lacks.astype(np.float32)[path]
    return out


def shortage(*, out_mw: Single, spare_mw: FloatArray) -> tuple[Single, BoolArray]:
    """Give the MW that are out beyond what can be spared, (T, Y), and whether that is a loss."""
    # Single precision holds sums of megawatts to a few watts; a thousand times the tie is below any capacity.
    short: Single = out_mw - (spare_mw if spare_mw.ndim == 2 else spare_mw[:, None]).astype(np.float32)
    return short, short > 1000.0 * TIE_MW


def energy_of(short: Single, lost: BoolArray, step_h: float) -> FloatArray:
    """Give the energy not served in each year, MWh."""
    energy: FloatArray = np.where(lost, short, 0.0).sum(axis=0, dtype=np.float64) * step_h
    return energy


def begun(lost: BoolArray) -> IntArray:
    """Give how often load begins to be lost in each year; one running at its start is not counted."""
    found: IntArray = (lost[1:] & ~lost[:-1]).sum(axis=0)
    return found
