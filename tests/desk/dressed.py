"""A published MATPOWER case with what the desk needs around it: one zone, one owner, flat or daily shapes.

Lines, units, voltages and limits are the case's own; hours, owner and zone are invented.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from moms.desk.world import World
from moms.exchange.matpower import read_case
from moms.exchange.rulebook import open_rule_book
from moms.grid import Grid, Register, Shapes, Zones
from moms.study import contingencies_of
from tests.study.test_ac_check import a_case

if TYPE_CHECKING:
    from moms.desk.rulebook import RuleBook

WIDE = 1e9


@cache
def a_dressed_grid(name: str, *, low: float = 1.0, weather: float = 0.3) -> Grid:
    """Give a case whose load goes from `low` at night to 1 by day, wind and sun at `weather` of their capacity."""
    grid = read_case(a_case(name))
    network = grid.network
    n, m, g = len(network.buses), len(network.branches), len(network.units)
    hour = np.arange(8760) % 24
    daily = low + (1.0 - low) * np.clip(np.sin((hour - 5) / 14 * np.pi), 0.0, 1.0)
    units = replace(network.units, outage_rate=np.full(g, 0.05), outage_rate_known=np.ones(g, np.bool_))
    nothing = np.zeros((2, 8760))
    return replace(
        grid,
        network=replace(network, buses=replace(network.buses, zone=np.zeros(n, np.int64)), units=units),
        zones=Zones(
            name=("Z0",), region=("North",), import_limit_mw=np.array([WIDE]), export_limit_mw=np.array([WIDE]),
            firm_import_mw=np.array([WIDE]), firm_export_mw=np.zeros(1), region_import_limit_mw={},
        ),
        shapes=Shapes(
            load=np.stack([daily, daily]), wind=nothing + weather, solar=nothing + weather, wind_p10=nothing,
            solar_p10=nothing,
            load_p90_factor=1.0, temperature_c=nothing + 10.0,
        ),
        register=Register(
            owners=("TO-1", "GO-1"), branch_owner=np.zeros(m, np.int64), unit_owner=np.ones(g, np.int64),
            branch_name=np.array([f"line {k + 1}" for k in range(m)]),
            unit_name=np.array([f"unit {k + 1}" for k in range(g)]),
            branch_flags=np.zeros(m, np.int64), unit_flags=np.zeros(g, np.int64), sole_outlet=np.full(g, -1),
            critical_load=np.zeros(n, np.bool_),
        ),
    )  # fmt: skip


def a_dressed_world(name: str, *, book: RuleBook | None = None, **grid: float) -> World:
    """Give its world under `miso-1`, or under another rule book."""
    found = a_dressed_grid(name, **grid)
    return World(
        grid=found, rules=book or open_rule_book("miso-1"), versions={"moms": "test"},
        contingencies=contingencies_of(found, which="equipment"),
    )  # fmt: skip
