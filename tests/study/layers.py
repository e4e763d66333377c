"""AC layers of small grids: nothing is reduced, and every shunt at a bus that no unit holds becomes a switched bank."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import AcModel
from moms.powerflow.ac_point import holding

if TYPE_CHECKING:
    from moms.grid import Grid

LEVELS = np.array([1.0, 0.5])


def layered(grid: Grid, *, outside: int = 20) -> Grid:
    """Give a grid the last buses of which are its outside, with an AC layer that says what the grid says."""
    network = grid.network
    buses = network.buses
    zone = np.zeros(len(buses), np.int64)
    zone[-outside:] = -1
    out = zone < 0
    bank = np.flatnonzero((buses.shunt_mvar != 0.0) & ~holding(network, network.units.in_service))
    fixed = buses.shunt_mvar.copy()
    fixed[bank] = 0.0
    none, nothing, many = np.zeros(0, np.int64), np.zeros(0), np.ones(len(LEVELS))
    model = AcModel(
        grid=grid.digest, number=none, base_kv=nothing, vmin=buses.vmin, vmax=buses.vmax, shunt_mw=buses.shunt_mw,
        shunt_mvar=fixed, from_bus=none, to_bus=none, r=nothing, x=nothing, level=LEVELS,
        outside_mw=np.outer(np.where(out, buses.load_mw, 0.0), LEVELS),
        outside_mvar=np.outer(np.where(out, buses.load_mvar, 0.0), LEVELS), vm=np.outer(buses.vm, many),
        va_deg=np.outer(buses.va_deg, many), slack_mw=np.zeros(len(LEVELS)),
        limited=np.zeros((len(buses), len(LEVELS)), np.int64), unit_v_set=network.units.v_set,
        unit_reactive=~np.isin(network.units.bus, bank), held_bus=none, held_q_max_mvar=nothing,
        held_q_min_mvar=nothing, held_v_set=nothing, bank_bus=bank,
        bank_low_mvar=np.minimum(buses.shunt_mvar[bank], 0.0) - 5.0,
        bank_high_mvar=np.maximum(buses.shunt_mvar[bank], 0.0) + 5.0, bank_v_set=np.ones(len(bank)),
    )  # fmt: skip
    mvar = np.where(out, 0.0, buses.load_mvar)  # the layer says what the outside takes
    return replace(grid, network=replace(network, buses=replace(buses, zone=zone, load_mvar=mvar)), ac=model)
