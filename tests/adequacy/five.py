"""The grid of `README.md`: five units, two zones, one weather year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from moms.adequacy import MarginRules, Taken
from moms.grid import Branches, Buses, DcLines, Grid, Network, Shapes, Units, Zones
from moms.values import Window

MIDNIGHT = datetime(2027, 7, 15, 5, tzinfo=UTC)
DAY = tuple(MIDNIGHT + timedelta(hours=h) for h in range(24))
RULES = MarginRules(reserve_share=0.06, uncertainty_mw=12.5, source="tests/adequacy/README.md")
U1, U2, U3, U4, U5 = range(5)


def hours(first: int, last: int) -> Window:
    return Window(start=MIDNIGHT + timedelta(hours=first), end=MIDNIGHT + timedelta(hours=last))


def out(unit: int, *, first: int = 0, last: int = 24, derate_mw: float | None = None, cut_off_by: str = "") -> Taken:
    return Taken(unit=unit, window=hours(first, last), derate_mw=derate_mw, cut_off_by=cut_off_by)


def grid(*, units: dict | None = None, zones: dict | None = None) -> Any:
    return Grid(
        name="five",
        title="Five units",
        network=Network(
            base_mva=100.0, buses=buses(), branches=branches(), units=plants(**(units or {})), dclines=none()
        ),
        zones=Zones(
            **{
                "name": ("A", "B"),
                "region": ("North", "South"),
                "import_limit_mw": np.array([40.0, 50.0]),
                "export_limit_mw": np.array([40.0, 50.0]),
                "firm_import_mw": np.array([10.0, 0.0]),
                "firm_export_mw": np.array([0.0, 5.0]),
                "region_import_limit_mw": {"South": 60.0},
            }
            | (zones or {})
        ),
        shapes=shapes(),
    )


def buses() -> Buses:
    flat = {name: np.zeros(3) for name in ("load_mvar", "shunt_mw", "shunt_mvar", "va_deg")}
    return Buses(
        number=np.arange(1, 4),
        kind=np.array([3, 2, 1]),
        load_mw=np.array([150.0, 100.0, 999.0]),
        base_kv=np.full(3, 345.0),
        vm=np.ones(3),
        vmax=np.full(3, 1.1),
        vmin=np.full(3, 0.9),
        zone=np.array([0, 1, -1]),
        station=np.full(3, -1),
        **flat,
    )


def branches() -> Branches:
    two = np.ones(2)
    return Branches(
        from_bus=np.array([0, 1]),
        to_bus=np.array([1, 2]),
        r=two * 0.0,
        x=two * 0.1,
        b=two * 0.0,
        tap=two,
        shift_deg=two * 0.0,
        rate_a_mw=two * 500.0,
        rate_b_mw=two * 500.0,
        rate_c_mw=two * 500.0,
        in_service=np.ones(2, dtype=bool),
        kind=np.zeros(2, dtype=np.int64),
        rating_source=np.ones(2, dtype=np.int64),
        monitored=np.ones(2, dtype=bool),
        contingency=np.ones(2, dtype=bool),
        equipment=np.arange(2),
    )


def plants(**change: np.ndarray) -> Units:
    p_max = np.array([200.0, 100.0, 150.0, 100.0, 80.0])
    count = len(change.get("p_max_mw", p_max))
    columns = {
        "bus": np.array([0, 0, 1, 1, 0]),
        "p_mw": np.array([80.0, 40.0, 120.0, 10.0, 0.0]),
        "p_max_mw": p_max,
        "in_service": np.ones(count, dtype=bool),
        "fuel": np.array(["coal", "ng", "nuclear", "wind", "dfo"]),
        "outage_rate": np.array([0.10, 0.05, 0.02, 0.04, 0.20]),
        "outage_rate_known": np.ones(count, dtype=bool),
        "picks_up": np.ones(count, dtype=bool),
        "emergency_only": np.array([False, False, False, False, True]),
        "v_set": np.ones(count),
    }
    zero = ("q_mvar", "p_min_mw", "q_max_mvar", "q_min_mvar", "cost_c2", "cost_c1", "cost_c0")
    return Units(**(columns | {name: np.zeros(count) for name in zero} | change))


def none() -> DcLines:
    nothing = np.zeros(0)
    return DcLines(
        from_bus=nothing.astype(np.int64),
        to_bus=nothing.astype(np.int64),
        p_mw=nothing,
        loss_mw=nothing,
        in_service=nothing.astype(bool),
    )


def shapes() -> Shapes:
    day = np.ones(24)
    day[18], day[6] = 1.2, 0.8
    wind = np.full(24, 0.10)
    wind[18] = 0.05
    return Shapes(
        load=np.tile(day, (3, 365)),
        wind=np.full((3, 8760), 0.3),
        solar=np.zeros((3, 8760)),
        wind_p10=np.tile(wind, (3, 365)),
        solar_p10=np.zeros((3, 8760)),
        load_p90_factor=1.1,
        temperature_c=np.full((3, 8760), 20.0),
    )
