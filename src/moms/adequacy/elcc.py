"""Effective load carrying capability: the constant load that a resource lets a system carry besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.copt import NotAFleet
from moms.adequacy.lole import place_loss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.adequacy.system import System
    from moms.grid import FloatArray

ACCURACY_MW = 1e-4
SAME = 1e-12
"""Two LOLE nearer than this share are the same: rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What one resource is worth to a system, held to the days of loss it has without it."""

    elcc_mw: float
    """How much more load, the same in every hour, the system carries with it at the LOLE it has without it."""
    nameplate_mw: float
    lole_without_d: float
    lole_with_d: float
    """At the load as it is."""


def unit_elcc(*, system: System, name: str) -> Capability:
    """Give the ELCC of one unit of the system, with LOLE in days (models 4.4).

    Raises:
        NotAFleet: no unit has that name.
    """
    names = [unit.name for unit in system.units]
    if name not in names:
        raise NotAFleet(f"there is no unit {name!r}", field="unit", fix="give the name of one of the units")
    unit = names.index(name)
    others = [k for k in system.rows(None) if k != unit]
    load = system.load_mw.sum(axis=0)
    nameplate = system.units[unit].capacity_mw
    return _found(system, others, load, np.zeros_like(load), nameplate=nameplate)


def profile_elcc(*, system: System, output_mw: FloatArray) -> Capability:
    """Give the ELCC of a resource whose output by hour is given (wind, solar): it comes off the load.

    Raises:
        NotAFleet: the output has another number of hours, or is negative or not a number.
    """
    load = system.load_mw.sum(axis=0)
    if output_mw.shape != load.shape or not (np.isfinite(output_mw) & (output_mw >= 0)).all():
        raise NotAFleet(
            f"a profile of {len(output_mw)} hours for a load of {len(load)}", field="profile",
            fix="give MW of 0 or more for each hour of the load",
        )  # fmt: skip
    return _found(system, system.rows(None), load, output_mw, nameplate=float(output_mw.max()))


def _found(
    system: System, others: Sequence[int], load: FloatArray, output: FloatArray, *, nameplate: float
) -> Capability:
    """Compare the load that can be added with the resource and without it, at the LOLE without it.

    LOLE grows with load in steps, so that some load can be added without the resource too; that is
    not its merit, and is taken off. The load added and the output are certain: where the load forecast
    is not, they are not scaled with its error.
    """
    everyone = system.rows(None)
    held = _days(system, others, load)
    with_it = _room_mw(system, everyone, load, output, held)
    without = _room_mw(system, others, load, np.zeros_like(output), held)
    return Capability(
        elcc_mw=with_it - without,
        nameplate_mw=nameplate,
        lole_without_d=held,
        lole_with_d=_days(system, everyone, load, output),
    )


def _room_mw(system: System, members: Sequence[int], load: FloatArray, output: FloatArray, held: float) -> float:
    """Give the most load, the same in every hour, that leaves LOLE at or below what it is held to."""
    low, high = 0.0, sum(system.units[k].capacity_mw for k in members) + float(output.max(initial=0.0)) + 1.0
    most = held * (1.0 + SAME)
    if _days(system, members, load, output - high) <= most:
        raise NotAFleet(
            "without the resource load is lost on every day, so that there is no LOLE to hold it to",
            field="load", fix="give a system that serves its load on some days without it",
        )  # fmt: skip
    while high - low > ACCURACY_MW:
        middle = (low + high) / 2.0
        low, high = (middle, high) if _days(system, members, load, output - middle) <= most else (low, middle)
    return low


def _days(system: System, members: Sequence[int], load_mw: FloatArray, sure_mw: FloatArray | float = 0.0) -> float:
    return place_loss(system=system, members=members, load_mw=load_mw, import_mw=sure_mw).lole_d
