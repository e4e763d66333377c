"""Networks made of buses and branches alone, for tests of topology and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from moms.grid import Branches, Buses, DcLines, Network, Units

if TYPE_CHECKING:
    from collections.abc import Sequence


def a_network(
    *,
    buses: int,
    ends: Sequence[tuple[int, int]],
    load: Sequence[float] | None = None,
    unit_at: Sequence[int] = (0,),
    slack: Sequence[int] = (0,),
    out: Sequence[int] = (),
    isolated: Sequence[int] = (),
    **columns: Any,
) -> Network:
    """Give a network with 10 MW units at `unit_at`; `columns` override columns, as `branches_x=...`."""
    n, m, g = buses, len(ends), len(unit_at)
    kind = np.ones(n, dtype=np.int64)
    kind[list(slack)] = 3
    kind[list(isolated)] = 4
    up = np.ones(m, dtype=np.bool_)
    up[list(out)] = False
    tables: dict[str, dict[str, Any]] = {
        "buses": {
            "number": np.arange(1, n + 1),
            "kind": kind,
            "load_mw": np.array(load if load is not None else np.zeros(n), dtype=np.float64),
            "load_mvar": np.zeros(n),
            "shunt_mw": np.zeros(n),
            "shunt_mvar": np.zeros(n),
            "base_kv": np.full(n, 345.0),
            "vm": np.ones(n),
            "va_deg": np.zeros(n),
            "vmax": np.full(n, 1.1),
            "vmin": np.full(n, 0.9),
            "zone": np.zeros(n, dtype=np.int64),
            "station": np.full(n, -1),
        },
        "branches": {
            "from_bus": np.array([f for f, _ in ends], dtype=np.int64),
            "to_bus": np.array([t for _, t in ends], dtype=np.int64),
            "r": np.zeros(m),
            "x": np.full(m, 0.1),
            "b": np.zeros(m),
            "tap": np.ones(m),
            "shift_deg": np.zeros(m),
            "rate_a_mw": np.full(m, 100.0),
            "rate_b_mw": np.full(m, 110.0),
            "rate_c_mw": np.full(m, 120.0),
            "in_service": up,
            "kind": np.zeros(m, dtype=np.int64),
            "rating_source": np.ones(m, dtype=np.int64),
            "monitored": np.ones(m, dtype=np.bool_),
            "contingency": np.ones(m, dtype=np.bool_),
            "equipment": np.arange(m),
        },
        "units": {
            "bus": np.array(unit_at, dtype=np.int64),
            "p_mw": np.full(g, 10.0),
            "q_mvar": np.zeros(g),
            "p_max_mw": np.full(g, 20.0),
            "p_min_mw": np.zeros(g),
            "q_max_mvar": np.full(g, np.inf),
            "q_min_mvar": np.full(g, -np.inf),
            "v_set": np.ones(g),
            "in_service": np.ones(g, dtype=np.bool_),
            "fuel": np.array(["ng"] * g, dtype=np.str_),
            "cost_c2": np.zeros(g),
            "cost_c1": np.zeros(g),
            "cost_c0": np.zeros(g),
            "outage_rate": np.zeros(g),
            "outage_rate_known": np.zeros(g, dtype=np.bool_),
            "picks_up": np.ones(g, dtype=np.bool_),
            "emergency_only": np.zeros(g, dtype=np.bool_),
        },
        "dclines": {
            "from_bus": np.zeros(0, dtype=np.int64),
            "to_bus": np.zeros(0, dtype=np.int64),
            "p_mw": np.zeros(0),
            "loss_mw": np.zeros(0),
            "in_service": np.zeros(0, dtype=np.bool_),
        },
    }
    base = float(columns.pop("base_mva", 100.0))
    for name, value in columns.items():
        table, _, column = name.partition("_")
        tables[table][column] = np.asarray(value)
    return Network(
        base_mva=base,
        buses=Buses(**tables["buses"]),
        branches=Branches(**tables["branches"]),
        units=Units(**tables["units"]),
        dclines=DcLines(**tables["dclines"]),
    )
