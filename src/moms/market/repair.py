"""Base-case repair: where dispatched hours exceed rate A before any outage, the least MW are moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.market._repaired import KeptHours, fingerprints
from moms.market.redispatch import nearest
from moms.market.relief import HourRelief, Relief
from moms.market.rules import RedispatchRules
from moms.market.sensitivity import Over

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, Hours
    from moms.powerflow import DcFactor

OVER_MW = 1e-6
KEPT = KeptHours()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repaired:
    """The hours after repair."""

    hours: Hours
    moved_mw: FloatArray
    """(H,) MW up."""
    over_before: FloatArray
    """(H,) branches over rate A before."""
    over_mw: FloatArray
    """(H,) MW that no change of output removes; 0 where the repair is whole."""
    reliefs: tuple[HourRelief, ...]
    """By hour that needed one."""


def repair(
    *,
    factor: DcFactor,
    hours: Hours,
    units_out: BoolArray | None = None,
    derate_mw: FloatArray | None = None,
    rules: RedispatchRules | None = None,
    kept: KeptHours | None = KEPT,
) -> Repaired:
    """Give the hours with as few MW moved as bring every monitored branch within rate A (semantics 1.2).

    `factor` is of the topology without the request, and the hours that come out serve both sides of
    the comparison. An hour that cannot be brought within all limits is moved as near as it can be.
    Hours are taken from `kept` where they were repaired before.
    """
    rules = rules or RedispatchRules()
    network = factor.network
    flows = np.abs(factor.flows(hours.injection_mw(network)))
    limit = network.branches.rate_a_mw
    over = (flows > limit[:, None] + OVER_MW) & (network.branches.monitored & factor.live)[:, None]
    pairs = [
        Over(contingency=None, element=int(row), hour=int(hour), limit_mw=float(limit[row]))
        for hour, row in np.argwhere(over.T)
    ]
    reliefs = _reliefs(factor, hours, pairs, units_out=units_out, derate_mw=derate_mw, rules=rules, kept=kept)
    unit_mw, moved, left = hours.unit_mw.copy(), np.zeros(len(hours)), np.zeros(len(hours))
    for relief in reliefs:
        moved[relief.hour], left[relief.hour] = relief.moved_mw, relief.over_mw
        if relief.unit_mw is not None:
            unit_mw[:, relief.hour] = relief.unit_mw
        if relief.relief is Relief.NOT_KNOWN:
            column = np.maximum(flows[:, relief.hour] - limit, 0.0)
            left[relief.hour] = float(column[over[:, relief.hour]].sum())
    return Repaired(
        hours=replace(hours, unit_mw=unit_mw),
        moved_mw=moved,
        over_before=over.sum(axis=0).astype(np.float64),
        over_mw=left,
        reliefs=reliefs,
    )


def _reliefs(
    factor: DcFactor,
    hours: Hours,
    pairs: list[Over],
    *,
    units_out: BoolArray | None,
    derate_mw: FloatArray | None,
    rules: RedispatchRules,
    kept: KeptHours | None,
) -> tuple[HourRelief, ...]:
    """Give the relief of each hour with a pair: kept, or solved now."""
    at = sorted({pair.hour for pair in pairs})
    common = {"factor": factor, "hours": hours, "units_out": units_out, "derate_mw": derate_mw, "rules": rules}
    if kept is None or not at:
        return nearest(**common, over=pairs).hours  # type: ignore[arg-type]  # one mapping for both
    keys = dict(zip(at, fingerprints(**common, at=at), strict=True))  # type: ignore[arg-type]  # as above
    found = {}
    for hour in at:
        there = kept.get(keys[hour], hour=hour, unit_mw=hours.unit_mw[:, hour])
        if there is not None:
            found[hour] = there
    fresh = nearest(**common, over=[pair for pair in pairs if pair.hour not in found])  # type: ignore[arg-type]  # as above
    for relief in fresh.hours:
        kept.put(keys[relief.hour], relief, unit_mw=hours.unit_mw[:, relief.hour])
        found[relief.hour] = relief
    return tuple(found[hour] for hour in at)
