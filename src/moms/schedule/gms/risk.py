"""Levelised risk (Garver 1966): capacities and loads as they weigh on risk, in place of their megawatts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy.copt import capacity_outage
from moms.schedule.gms.model import KW_IN_MW
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.schedule.gms.fleet import Fleet

LIKELY, RARE = 0.1, 1e-4
"""Between these two tail probabilities the slope of the risk curve is taken."""


class MissingRate(Refused):
    """A unit without a forced outage rate, which levelised risk needs."""


def slope_mw(*, size_mw: Sequence[float], outage_rate: Sequence[float]) -> float:
    """Give m: so many MW less reserve make a loss of load e times as likely.

    From the exact capacity outage table, between the two tail probabilities above.
    """
    table = capacity_outage(capacity_mw=np.array(size_mw), outage_rate=np.array(outage_rate))
    tail = np.asarray(table.s0)
    near, far = (int(np.flatnonzero(tail >= p)[-1]) for p in (LIKELY, RARE))
    if far == near:  # one unit, or rates so small that the whole curve is one step
        return max(size_mw)
    return float((table.out_mw[far] - table.out_mw[near]) / math.log(tail[near] / tail[far]))


def effective_mw(size_mw: float, outage_rate: float, *, m: float) -> float:
    """Give a unit's effective capability: C - m ln(1 - q + q e^(C/m))."""
    return size_mw - m * math.log(1 - outage_rate + outage_rate * math.exp(size_mw / m))


def effective_load_mw(peaks_mw: Sequence[float], *, m: float) -> float:
    """Give the load that, every day of a week, is as risky as its daily peaks: m ln(mean e^(L/m)).

    >>> round(effective_load_mw([100.0, 100.0], m=30.0), 6)
    100.0
    """
    top = max(peaks_mw)  # taken out of the exponent, or e^(L/m) overflows
    return top + m * math.log(math.fsum(math.exp((one - top) / m) for one in peaks_mw) / len(peaks_mw))


def effective(fleet: Fleet, *, daily_share: Sequence[float]) -> tuple[Fleet, float]:
    """Give the fleet with effective sizes and loads in whole kW, and the slope m in MW.

    Raises:
        MissingRate: a unit has no forced outage rate.
    """
    rates = []
    for k, unit in enumerate(fleet.units):
        if unit.outage_rate is None:
            raise MissingRate(
                f"{unit.id} has no forced outage rate", field=f"units[{k}].forced_outage_rate", fix="give 0 to 1"
            )
        rates.append(unit.outage_rate)
    sizes = [unit.size_kw / KW_IN_MW for unit in fleet.units]
    m = slope_mw(size_mw=sizes, outage_rate=rates)
    units = tuple(
        replace(u, size_kw=round(KW_IN_MW * effective_mw(size, q, m=m)))
        for u, size, q in zip(fleet.units, sizes, rates, strict=True)
    )
    loads = tuple(
        round(KW_IN_MW * effective_load_mw([load / KW_IN_MW * share for share in daily_share], m=m))
        for load in fleet.load_kw
    )
    others = fleet.installed_kw - sum(u.size_kw for u in fleet.units)
    return replace(fleet, units=units, load_kw=loads, installed_kw=others + sum(u.size_kw for u in units)), m
