"""Small invented worlds: zones, an outside, units of every kind, a weather year, a meshed network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from moms.grid import Branches, Buses, DcLines, Grid, Network, Shapes, Units, Zones

FIRST = datetime(2027, 3, 1, 5, tzinfo=UTC)
FUELS = np.array(["coal", "ng", "ng", "nuclear", "hydro", "dfo", "wind", "solar"])


def hours(count: int, *, first: datetime = FIRST) -> tuple[datetime, ...]:
    return tuple(first + timedelta(hours=k) for k in range(count))


def world(*, seed: int = 0, zones: int = 3, buses: int = 24, units: int = 30, loose: bool = False) -> Any:
    """Give a world whose data balance; with `loose` limits nothing binds; no part of the Grid is None."""
    rng = np.random.default_rng(seed)
    zone = np.arange(buses) % (zones + 1) - 1
    load = rng.uniform(20, 120, buses)
    table = _units(rng, zone, load, units)
    regions = tuple("North" if k < (zones + 1) // 2 else "South" for k in range(zones))
    wide = 1e9 if loose else 250.0
    return Grid(
        name=f"world {seed}",
        title="invented",
        network=Network(
            base_mva=100.0,
            buses=_buses(zone, load, rng),
            branches=_branches(rng, buses),
            units=table,
            dclines=_dc(zone),
        ),
        zones=Zones(
            name=tuple(f"Z{k}" for k in range(zones)),
            region=regions,
            import_limit_mw=np.full(zones, wide),
            export_limit_mw=np.full(zones, wide),
            firm_import_mw=np.zeros(zones),
            firm_export_mw=np.zeros(zones),
            region_import_limit_mw={"South": wide},
        ),
        shapes=_shapes(rng, zones),
    )


def _units(rng: np.random.Generator, zone: np.ndarray, load: np.ndarray, count: int) -> Units:
    fuel = FUELS[np.arange(count) % len(FUELS)]
    bus = rng.integers(0, len(zone), count)
    p_max = rng.uniform(30, 250, count).round(1)
    on = (rng.uniform(size=count) < 0.75) & (fuel != "dfo") | np.isin(fuel, ("wind", "solar"))
    p = np.where(on, p_max * rng.uniform(0.5, 0.95, count), 0.0)
    p *= load.sum() / p.sum()
    p_max = np.maximum(p_max, p * 1.05)
    return Units(
        bus=bus,
        p_mw=p,
        q_mvar=np.zeros(count),
        p_max_mw=p_max,
        p_min_mw=0.3 * p_max * (fuel != "wind") * (fuel != "solar"),
        q_max_mvar=np.zeros(count),
        q_min_mvar=np.zeros(count),
        v_set=np.ones(count),
        in_service=np.ones(count, dtype=bool),
        fuel=fuel,
        cost_c2=rng.uniform(0.001, 0.02, count),
        cost_c1=rng.uniform(5, 60, count),
        cost_c0=np.zeros(count),
        outage_rate=np.full(count, 0.05),
        outage_rate_known=np.ones(count, dtype=bool),
        picks_up=np.ones(count, dtype=bool),
        emergency_only=fuel == "dfo",
    )


def _buses(zone: np.ndarray, load: np.ndarray, rng: np.random.Generator) -> Buses:
    n = len(zone)
    return Buses(
        number=np.arange(1, n + 1),
        kind=np.array([3] + [1] * (n - 1)),
        load_mw=load,
        load_mvar=np.zeros(n),
        shunt_mw=np.where(rng.uniform(size=n) < 0.1, 2.0, 0.0),
        shunt_mvar=np.zeros(n),
        base_kv=np.full(n, 230.0),
        vm=np.ones(n),
        va_deg=np.zeros(n),
        vmax=np.full(n, 1.1),
        vmin=np.full(n, 0.9),
        zone=zone,
        station=np.full(n, -1),
    )


def _branches(rng: np.random.Generator, buses: int) -> Branches:
    ring = [(k, (k + 1) % buses) for k in range(buses)]
    more = [tuple(sorted(rng.choice(buses, 2, replace=False).tolist())) for _ in range(buses)]
    ends = np.array(ring + more)
    m = len(ends)
    return Branches(
        from_bus=ends[:, 0].copy(),
        to_bus=ends[:, 1].copy(),
        r=np.zeros(m),
        x=rng.uniform(0.02, 0.2, m),
        b=np.zeros(m),
        tap=np.ones(m),
        shift_deg=np.where(rng.uniform(size=m) < 0.1, 2.0, 0.0),
        rate_a_mw=np.full(m, 150.0),
        rate_b_mw=np.full(m, 170.0),
        rate_c_mw=np.full(m, 190.0),
        in_service=np.ones(m, dtype=bool),
        kind=np.zeros(m, dtype=np.int64),
        rating_source=np.ones(m, dtype=np.int64),
        monitored=np.ones(m, dtype=bool),
        contingency=np.ones(m, dtype=bool),
        equipment=np.arange(m),
    )


def _dc(zone: np.ndarray) -> DcLines:
    inside, outside = np.flatnonzero(zone >= 0), np.flatnonzero(zone < 0)
    return DcLines(
        from_bus=outside[:1],
        to_bus=inside[:1],
        p_mw=np.array([15.0]),
        loss_mw=np.array([1.0]),
        in_service=np.ones(1, dtype=bool),
    )


def _shapes(rng: np.random.Generator, zones: int) -> Shapes:
    hour = np.arange(8760)
    daily = 0.75 + 0.15 * np.sin((hour % 24 - 8) / 24 * 2 * np.pi)
    load = daily + rng.normal(0, 0.02, (zones + 1, 8760))
    wind = np.clip(rng.uniform(0, 1, (zones + 1, 1)) * 0.3 + 0.4 * np.sin(hour / 37.0) + 0.3, 0, 1)
    solar = np.tile(np.clip(np.sin((hour % 24 - 6) / 12 * np.pi), 0, 1), (zones + 1, 1))
    return Shapes(
        load=load,
        wind=wind,
        solar=solar,
        wind_p10=0.3 * wind,
        solar_p10=0.3 * solar,
        load_p90_factor=1.06,
        temperature_c=np.full((zones + 1, 8760), 10.0),
    )
