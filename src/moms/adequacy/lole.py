"""Loss of load of a system over its hours: LOLP, LOLH, LOLE in days, EUE, LOLF, by area and together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.begun import losses_begun, side_of, spared_begun
from moms.adequacy.copt import bracket
from moms.adequacy.imports import helped
from moms.adequacy.spectrum import spectral_difference
from moms.adequacy.system import fleets
from moms.adequacy.table import loss_of_load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.adequacy.system import System
    from moms.grid import FloatArray, IntArray

STEPS = tuple(zip(range(-3, 4), (0.006, 0.061, 0.242, 0.382, 0.242, 0.061, 0.006), strict=True))
"""Load uncertainty: standard deviations from the forecast and their probabilities, the seven-step
normal of the trade (Billinton and Allan, 2.8; models 4.1)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loss:
    """What is expected to be lost in one place."""

    units: int
    """With no maintenance."""
    installed_mw: float
    """With no maintenance."""
    peak_mw: float
    lolp: FloatArray
    """(H,)."""
    unserved_mwh: FloatArray
    """(H,)."""
    lole_d: float
    """Expected days on which the worst hour is not served; never lole_h / 24."""
    losses: float | None = None
    """Expected number of times load begins to be lost (LOLF); None without repair times."""
    step_mw: float | None = None
    """Of the table; None where states lie at any distance."""
    within_h: tuple[float, float] | None = None
    """Where the table is not exact, two numbers between which `lole_h` is certain to lie."""
    spectral_difference: float | None = None
    """Of the largest probability from that by FFT, where it was asked for."""

    @property
    def lole_h(self) -> float:
        """Expected hours in which load is lost (LOLH)."""
        return math.fsum(self.lolp)

    @property
    def eue_mwh(self) -> float:
        """Expected unserved energy."""
        return math.fsum(self.unserved_mwh)

    @property
    def hours_a_loss(self) -> float | None:
        """Mean duration of a loss (LOLD); None without frequency, or where nothing is lost."""
        return self.lole_h / self.losses if self.losses else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaLoss:
    """One area, by what it may get from the others."""

    area: str
    alone: Loss
    import_limit_mw: float | None
    always: Loss | None
    """With its import limit taken as always there; None without a limit."""
    spared: Loss | None
    """With what the others together have to spare, up to its limit; None without a limit."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SystemLoss:
    """The whole system as one copper plate, and each area."""

    together: Loss
    areas: tuple[AreaLoss, ...]


def system_loss(*, system: System, check: bool = False) -> SystemLoss:
    """Give the loss of load of a system, exactly: independent units, load certain or in seven steps.

    Raises:
        NotAFleet: a unit that cannot be.
    """
    everyone = system.rows(None)
    together = place_loss(system=system, members=everyone, load_mw=system.load_mw.sum(axis=0), check=check)
    if len(system.area) == 1:
        return SystemLoss(together=together, areas=())
    return SystemLoss(together=together, areas=tuple(_area(system, k) for k in range(len(system.area))))


def _area(system: System, k: int) -> AreaLoss:
    name = system.area[k]
    members, load = system.rows(name), system.load_mw[k]
    limit = system.import_limit_mw.get(name)
    alone = place_loss(system=system, members=members, load_mw=load)
    if limit is None:
        return AreaLoss(area=name, alone=alone, import_limit_mw=None, always=None, spared=None)
    return AreaLoss(
        area=name,
        alone=alone,
        import_limit_mw=limit,
        always=place_loss(system=system, members=members, load_mw=load, import_mw=limit),
        spared=_spared(system, k, limit),
    )


def place_loss(
    *,
    system: System,
    members: Sequence[int],
    load_mw: FloatArray,
    import_mw: FloatArray | float = 0.0,
    check: bool = False,
) -> Loss:
    """Give the loss of some units against a load (H,), with MW from elsewhere that are always there.

    `import_mw`, one or by hour (H,), is as certain as the load is not: no step of uncertainty scales it.
    """
    sure = np.broadcast_to(np.asarray(import_mw, dtype=np.float64), load_mw.shape)
    scaled = _scaled(system, load_mw)
    lolp, unserved = np.zeros(scaled.shape), np.zeros(scaled.shape)
    low, high = np.zeros(scaled.shape), np.zeros(scaled.shape)
    side = side_of(members, tuple(fleets(system, members)))
    for one, table in zip(side.left, side.table, strict=True):
        hours = one.hours
        lolp[:, hours], unserved[:, hours] = loss_of_load(table=table, load_mw=scaled[:, hours] - sure[hours])
        if not table.exact:
            for bound, kept in zip(bracket(table), (low, high), strict=True):
                kept[:, hours] = loss_of_load(table=bound, load_mw=scaled[:, hours] - sure[hours])[0]
    inexact = any(not table.exact for table in side.table)
    whole = side.table[0]
    return _mixed(
        system, members, load_mw, lolp, unserved,
        losses=_expected(losses_begun(system=system, side=side, load_mw=scaled - sure)),
        step_mw=whole.step_mw,
        within_h=(_hours(low), _hours(high)) if inexact else None,
        spectral_difference=spectral_difference(whole) if check else None,
    )  # fmt: skip


def _spared(system: System, k: int, limit: float) -> Loss:
    """Give the loss of an area to which the others give what they have to spare, up to the limit."""
    members, others = (
        system.rows(system.area[k]),
        [u for u in system.rows(None) if u not in system.rows(system.area[k])],
    )
    own, rest = system.load_mw[k], system.load_mw.sum(axis=0) - system.load_mw[k]
    mine, theirs = _scaled(system, own), _scaled(system, rest)
    lolp, unserved = np.zeros(mine.shape), np.zeros(mine.shape)
    here, there = (side_of(some, tuple(fleets(system, some))) for some in (members, others))
    for one, table in zip(here.left, here.table, strict=True):
        for other, outside in zip(there.left, there.table, strict=True):
            both = one.hours & other.hours
            if both.any():
                lolp[:, both], unserved[:, both] = helped(
                    table=table, load_mw=mine[:, both], others=outside,
                    others_load_mw=theirs[:, both], limit_mw=limit,
                )  # fmt: skip
    begun = spared_begun(system=system, side=here, load_mw=mine, others=there, others_load_mw=theirs, limit_mw=limit)
    return _mixed(system, members, own, lolp, unserved, losses=_expected(begun))


def _scaled(system: System, load_mw: FloatArray) -> FloatArray:
    """Give the load by step of its uncertainty, (K, H); one row where it is certain."""
    if not system.uncertainty_percent:
        return load_mw[None, :]
    share = system.uncertainty_percent / 100.0
    return np.stack([load_mw * (1.0 + k * share) for k, _ in STEPS])


def _weights(rows: int) -> FloatArray:
    return np.array([p for _, p in STEPS]) if rows > 1 else np.ones(1)


def _hours(lolp: FloatArray) -> float:
    return math.fsum(_weights(len(lolp)) @ lolp)


def _mixed(
    system: System,
    members: Sequence[int],
    load_mw: FloatArray,
    lolp: FloatArray,
    unserved: FloatArray,
    *,
    losses: float | None = None,
    step_mw: float | None = None,
    within_h: tuple[float, float] | None = None,
    spectral_difference: float | None = None,
) -> Loss:
    """Put the steps of uncertain load together."""
    weights = _weights(len(lolp))
    days = np.stack([worst_of_days(row, system.day) for row in lolp])
    return Loss(
        units=len(members),
        installed_mw=math.fsum(system.units[k].capacity_mw for k in members),
        peak_mw=float(load_mw.max()),
        lolp=weights @ lolp,
        unserved_mwh=weights @ unserved,
        lole_d=math.fsum(weights @ days),
        losses=losses,
        step_mw=step_mw,
        within_h=within_h,
        spectral_difference=spectral_difference,
    )


def worst_of_days(lolp: FloatArray, day: IntArray) -> FloatArray:
    """Give each day's greatest probability, in order of the days' numbers."""
    _, place = np.unique(day, return_inverse=True)
    worst = np.zeros(int(place.max()) + 1)
    np.maximum.at(worst, place, lolp)
    return worst


def _expected(begun: Sequence[float] | None) -> float | None:
    """Give the expected number of losses from that for each step of uncertain load."""
    if begun is None:
        return None
    return math.fsum(w * one for w, one in zip(_weights(len(begun)), begun, strict=True))
