"""From the stage to the finished `Grid`: scarcity, dispatch, register, zones, hours."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from miso import assemble, dc, fleet, ratings, register, security
from miso.assemble import FIRM_IMPORT_MW, LEVELS, Stage
from miso.eastern import BASE_MVA, REGIONS, ZONES, region_of
from miso.hours import FIRST_WEEKDAY
from miso.source import ATTRIBUTION
from moms.grid import (
    Branches,
    Buses,
    Contingency,
    DcLines,
    Grid,
    Network,
    Register,
    Shapes,
    Stations,
    Units,
    Zones,
)

DAYS = 365
NOTES = (
    "Topology, impedances and most rates A are those of a synthetic grid: no real station, line or plant is shown.",
    "Rates B and C, season factors and the rates of branches without one are synthetic.",
    "Owners, station layouts, breakers, special flags, critical loads and common towers are synthetic.",
    "Plants are mothballed by rule until there is just enough; outage rates are class rates of GADS's order.",
    "Load, wind, solar and temperature by hour are drawn by a seeded rule; none of it is measured.",
    "The world outside is reduced exactly for DC; its injections follow one shape. It has no AC boundary yet.",
    "The data name no reactive devices: no element carries the flag 'reactive'.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The finished grid and the facts that the report prints."""

    grid: Grid
    facts: dict[str, object]


def build(s: Stage, model: security.Model, *, seed: int) -> World:
    """Make the grid; `facts` collects what the report says."""
    facts = dict(s.facts)
    everyone = np.ones(len(s.units), dtype=bool)
    need = -assemble.fixed_injection(s).sum()
    limits = assemble.limits(s, model, assemble.start_output(s, everyone, need), everyone)
    rate_q = np.array([fleet.OUTAGE_RATE[str(k)] for k in s.unit_kind])
    scarce = _scarce(s, limits, rate_q, seed=seed)
    up = ~scarce.mothballed
    output, repair = assemble.dispatch(s, model, up, limits)
    flows = assemble.fixed_flows(s) + assemble.unit_flows(s, output)
    rate, raised = assemble.reinforced(s.rate, model, flows)
    final = security.with_limits(model, a=rate.a[model.monitored], b=rate.b[model.monitored])
    facts |= {
        "limits": limits, "scarce": scarce, "repair": repair, "raised": len(raised), "up": up,
        "levels": {level: security.violations(final, flows * level) for level in LEVELS},
        "islanding": int(model.islanding.sum()), "contingencies": len(model.groups),
    }  # fmt: skip
    network = _network(s, rate, output, up, rate_q, scarce.emergency_only)
    stations, label, station = _stations(s)
    grid = Grid(
        name="miso",
        title="MISO footprint (synthetic)",
        network=_with_stations(network, station),
        base_date="2027-01-01",
        zones=_zones(s, limits),
        stations=stations,
        register=_register(s, network, station, label, seed=seed),
        shapes=_shapes(s),
        rating_factor=np.hstack([rate.factor, np.ones((3, len(s.small.f)))]),
        contingencies=_towers(s, network),
        source=ATTRIBUTION,
        licence="CC-BY 4.0",
        notes=NOTES,
        extras=_extras(s, station, label, seed=seed) | {"midwest_import_limit_mw": limits["Midwest import"]},
    )
    return World(grid=grid, facts=facts)


def zone_of_units(s: Stage) -> np.ndarray:
    """Give the zone of each unit."""
    found: np.ndarray = s.grid.zone[s.grid.plant_bus[s.units]]
    return found


def zone_load(s: Stage) -> np.ndarray:
    """Give each zone's load at the peak hour, MW."""
    return np.array([s.grid.load_mw[s.grid.zone == z].sum() for z in range(len(ZONES))])


def daily_need(s: Stage) -> np.ndarray:
    """Give what units must serve in each zone at the footprint's peak hour of each day, (z, 365) MW."""
    zone, load, h = zone_of_units(s), zone_load(s), s.hourly
    installed = {
        word: np.array([s.grid.p_max[s.units][(zone == z) & (s.unit_kind == word)].sum() for z in range(len(ZONES))])
        for word in fleet.VARIABLE
    }
    hour = (load @ h.load[:-1]).reshape(DAYS, 24).argmax(axis=1) + 24 * np.arange(DAYS)
    need = load[:, None] * h.load[:-1]
    need = need - installed["wind"][:, None] * h.wind_p10[:-1] - installed["solar"][:, None] * h.solar_p10[:-1]
    found: np.ndarray = need[:, hour]
    return found


def _scarce(s: Stage, limits: dict[str, float], rate_q: np.ndarray, *, seed: int) -> fleet.Scarce:
    """Mothball; a seeded tenth of the oil plants is left for emergencies only."""
    grid = s.grid
    p_max = grid.p_max[s.units]
    cost = grid.c1[s.units] + 2.0 * grid.c2[s.units] * p_max
    draw = np.random.default_rng([seed, 4]).random(len(s.units))
    return fleet.scarce(
        queue=fleet.order(running=grid.running[s.units], kind=s.unit_kind, cost=cost, p_max=p_max),
        zone=zone_of_units(s),
        capacity=p_max,
        outage_rate=rate_q,
        counted=~np.isin(s.unit_kind, fleet.VARIABLE),
        emergency=(s.unit_kind == "oil") & (draw < fleet.EMERGENCY_SHARE),
        zone_need=daily_need(s),
        import_limit=np.array([limits[f"{name} import"] for name in ZONES]),
        firm_import=FIRM_IMPORT_MW,
    )


def _network(
    s: Stage, rate: ratings.Ratings, output: np.ndarray, up: np.ndarray, rate_q: np.ndarray, spare: np.ndarray
) -> Network:
    grid, small = s.grid, s.small
    bus, real, more = small.bus, small.real, len(small.f)
    inside = grid.inside[bus]
    unit_bus = s.unit_bus
    kind = np.where(np.isin(np.arange(len(bus)), unit_bus[up]), 2, 1)
    slack = int(unit_bus[np.argmax(np.where(up, output, -1.0))])
    kind[slack] = 3
    zeros, endless = np.zeros(more), np.full(more, np.inf)
    place = np.full(len(grid.number), -1)
    place[bus] = np.arange(len(bus))
    p_max = grid.p_max[s.units]
    is_real = np.r_[np.ones(len(real), dtype=bool), np.zeros(more, dtype=bool)]
    return Network(
        base_mva=BASE_MVA,
        buses=Buses(
            number=grid.number[bus], kind=kind.astype(np.int64),
            load_mw=np.where(inside, grid.load_mw[bus], -small.outside_mw) + 0.0,
            load_mvar=np.where(inside, grid.load_mvar[bus], 0.0), shunt_mw=np.zeros(len(bus)),
            shunt_mvar=np.where(inside, grid.shunt_mvar[bus], 0.0), base_kv=grid.kv[bus], vm=grid.vm[bus],
            va_deg=grid.va[bus], vmax=grid.vmax[bus], vmin=grid.vmin[bus], zone=grid.zone[bus],
            station=np.full(len(bus), -1),
        ),
        branches=Branches(
            from_bus=s.net.f, to_bus=s.net.t, r=np.r_[grid.r[real], zeros], x=np.r_[grid.x[real], 1.0 / small.b],
            b=np.r_[grid.b[real], zeros], tap=np.r_[grid.tap[real], np.ones(more)],
            shift_deg=np.zeros(len(real) + more), rate_a_mw=np.r_[rate.a, endless], rate_b_mw=np.r_[rate.b, endless],
            rate_c_mw=np.r_[rate.c, endless], in_service=np.ones(len(real) + more, dtype=bool), kind=s.kind,
            rating_source=np.r_[rate.source, np.zeros(more, dtype=np.int64)], monitored=is_real, contingency=is_real,
            equipment=s.group,
        ),
        units=Units(
            bus=unit_bus, p_mw=np.where(up, output, 0.0), q_mvar=np.where(up, grid.q_mvar[s.units], 0.0),
            p_max_mw=p_max, p_min_mw=np.minimum(grid.p_min[s.units], np.where(up & (output > 0), output, p_max)),
            q_max_mvar=grid.q_max[s.units], q_min_mvar=grid.q_min[s.units], v_set=grid.v_set[s.units],
            in_service=up, fuel=grid.fuel[s.units], cost_c2=grid.c2[s.units], cost_c1=grid.c1[s.units],
            cost_c0=grid.c0[s.units], outage_rate=rate_q, outage_rate_known=np.ones(len(up), dtype=bool),
            picks_up=up & np.isin(s.unit_kind, ("coal", "gas steam", "gas combined cycle", "hydro")) & (p_max >= 20.0),
            emergency_only=spare,
        ),
        dclines=DcLines(
            from_bus=place[grid.dc_from], to_bus=place[grid.dc_to], p_mw=grid.dc_sent, loss_mw=grid.dc_lost,
            in_service=np.ones(len(grid.dc_from), dtype=bool),
        ),
    )  # fmt: skip


def _stations(s: Stage) -> tuple[Stations, np.ndarray, np.ndarray]:
    """Give the stations that are kept, their unique labels, and each bus's station.

    A name that several stations share gets the data's number of the substation.
    """
    grid = s.grid
    subs, station = np.unique(grid.sub[s.small.bus], return_inverse=True)
    names = grid.sub_name[subs]
    words, count = np.unique(names, return_counts=True)
    shared = set(words[count > 1].tolist())
    label = np.array([f"{n} #{k}" if n in shared else n for n, k in zip(names.tolist(), subs.tolist(), strict=True)])
    kv = grid.kv[s.small.bus]
    real = s.kind != register.EQUIVALENT
    laid = register.breakers(station=station, station_name=label, kv=kv, f=s.net.f, t=s.net.t, real=real)
    return (
        Stations(name=label, latitude=grid.latitude[subs], longitude=grid.longitude[subs], layout=laid.layout),
        label,
        station.astype(np.int64),
    )


def _with_stations(network: Network, station: np.ndarray) -> Network:
    return replace(network, buses=replace(network.buses, station=station))


def _zones(s: Stage, limits: dict[str, float]) -> Zones:
    """Give the zones; firm imports are shared by load."""
    load = zone_load(s)
    return Zones(
        name=ZONES,
        region=tuple(region_of(z) for z in range(len(ZONES))),
        import_limit_mw=np.array([limits[f"{name} import"] for name in ZONES]),
        export_limit_mw=np.array([limits[f"{name} export"] for name in ZONES]),
        firm_import_mw=np.round(FIRM_IMPORT_MW * load / load.sum(), 1),
        firm_export_mw=np.zeros(len(ZONES)),
        region_import_limit_mw={name: limits[f"{name} import"] for name in REGIONS},
    )


def _register(s: Stage, network: Network, station: np.ndarray, label: np.ndarray, *, seed: int) -> Register:
    grid, bus = s.grid, s.small.bus
    inside = grid.inside[bus]
    latitude, longitude = (np.array(v)[np.unique(grid.sub[bus])] for v in (grid.latitude, grid.longitude))
    names, wires, plants = register.owners(
        zone=grid.zone[bus][inside], load_mw=grid.load_mw[bus][inside], latitude=latitude, longitude=longitude,
        station=station[inside],
    )  # fmt: skip
    f, t = s.net.f, s.net.t
    home = np.where(inside[f], f, t)
    real = s.kind != register.EQUIVALENT
    owned = real & (inside[f] | inside[t])
    flags, unit_flags, outlet = _flags(s, network, station, seed=seed)
    draw = np.random.default_rng([seed, 6])
    heavy = np.flatnonzero(inside & (network.buses.load_mw >= register.CRITICAL_MW))
    critical = np.zeros(len(bus), dtype=bool)
    critical[draw.choice(heavy, size=min(register.CRITICAL_LOADS, len(heavy)), replace=False)] = True
    return Register(
        owners=tuple(names),
        branch_owner=np.where(owned, wires[station[home]], -1),
        unit_owner=plants[station[s.unit_bus]],
        branch_name=register.branch_names(label=label, station=station, kv=grid.kv[bus], f=f, t=t, kind=s.kind),
        unit_name=register.unit_names(label=label, station=station[s.unit_bus], kind=s.unit_kind),
        branch_flags=flags,
        unit_flags=unit_flags,
        sole_outlet=outlet,
        critical_load=critical,
    )


def _flags(s: Stage, network: Network, station: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Set the special flags of semantics 2.3 by rule (see the report for each rule)."""
    grid, bus, f, t = s.grid, s.small.bus, s.net.f, s.net.t
    inside, real = grid.inside[bus], s.kind != register.EQUIVALENT
    flags, unit_flags = np.zeros(len(f), dtype=np.int64), np.zeros(len(s.units), dtype=np.int64)
    up, p_max = network.units.in_service, network.units.p_max_mw
    nuclear = np.unique(station[s.unit_bus[s.unit_kind == "nuclear"]])
    flags[real & (np.isin(station[f], nuclear) | np.isin(station[t], nuclear))] |= register.NUCLEAR
    unit_flags[s.unit_kind == "nuclear"] |= register.NUCLEAR
    flags[real & (inside[f] ^ inside[t])] |= register.TIE
    flags[real & ~inside[f] & ~inside[t]] |= register.NEIGHBOUR
    south = np.array([region_of(int(z)) == "South" for z in grid.zone[bus]])
    flags[real & inside[f] & inside[t] & (south[f] ^ south[t])] |= register.INTERFACE
    _blackstart(s, network, flags, unit_flags, seed=seed)
    high = np.flatnonzero(real & inside[f] & inside[t] & (np.minimum(grid.kv[bus][f], grid.kv[bus][t]) >= 345.0))
    schemes = np.random.default_rng([seed, 7]).choice(high, size=register.SCHEMES, replace=False)
    flags[np.isin(s.group, s.group[schemes])] |= register.SCHEME
    bridge, reached, order = dc.bridges(n=s.net.n, f=f, t=t)
    outlet = register.sole_outlets(
        n=s.net.n, f=f, t=t, bridge=bridge, reached=reached, order=order, root=_core(f, t, bridge), unit_bus=s.unit_bus
    )
    behind = np.zeros(len(f))
    np.add.at(behind, outlet[up & (outlet >= 0)], p_max[up & (outlet >= 0)])
    sole = behind >= register.SOLE_OUTLET_MW
    flags[np.isin(s.group, s.group[sole])] |= register.SOLE_OUTLET
    unit_flags[(outlet >= 0) & sole[outlet]] |= register.SOLE_OUTLET
    return flags, unit_flags, outlet


def _core(_f: np.ndarray, _t: np.ndarray, bridge: np.ndarray) -> int:
    """Give the bus from which the search starts (row 0) and make sure that it hangs on no bridge alone."""
    if bridge[(_f == 0) | (_t == 0)].all():
        msg = "bus 0 does not lie in the meshed part"
        raise RuntimeError(msg)
    return 0


def _blackstart(s: Stage, network: Network, flags: np.ndarray, unit_flags: np.ndarray, *, seed: int) -> None:
    """Choose two hydro or gas-turbine units of 10 MW and up in each zone, and their cranking paths."""
    zone, units = zone_of_units(s), network.units
    draw = np.random.default_rng([seed, 5])
    may = units.in_service & np.isin(s.unit_kind, ("hydro", "gas turbine")) & (units.p_max_mw >= 10.0)
    large = units.in_service & np.isin(s.unit_kind, ("coal", "gas steam", "gas combined cycle"))
    large &= units.p_max_mw >= register.LARGE_MW
    inside = s.grid.inside[s.small.bus]
    usable = np.flatnonzero((s.kind != register.EQUIVALENT) & inside[s.net.f] & inside[s.net.t])
    for z in range(len(ZONES)):
        pool = np.flatnonzero(may & (zone == z))
        chosen = draw.choice(pool, size=min(register.BLACKSTART_A_ZONE, len(pool)), replace=False)
        unit_flags[chosen] |= register.BLACKSTART
        path = register.cranking_paths(
            n=s.net.n, f=s.net.f[usable], t=s.net.t[usable], x=network.branches.x[usable],
            starts=s.unit_bus[chosen], targets=s.unit_bus[large & (zone == z)],
        )  # fmt: skip
        lines = usable[sorted(path)]
        flags[np.isin(s.group, s.group[lines])] |= register.CRANKING


def _towers(s: Stage, network: Network) -> tuple[Contingency, ...]:
    kv = s.grid.kv[s.small.bus]
    pairs = register.towers(
        f=s.net.f, t=s.net.t, kv=np.minimum(kv[s.net.f], kv[s.net.t]), kind=s.kind,
        watched=network.branches.contingency, equipment=s.group,
    )  # fmt: skip
    return tuple(
        Contingency(
            id=f"tower:{a + 1}+{b + 1}",
            branches=tuple(int(k) for k in np.flatnonzero(np.isin(s.group, s.group[[a, b]]))),
        )
        for a, b in pairs
    )


def _shapes(s: Stage) -> Shapes:
    h = s.hourly
    return Shapes(
        load=h.load, wind=h.wind, solar=h.solar, wind_p10=h.wind_p10, solar_p10=h.solar_p10,
        load_p90_factor=h.p90_factor, temperature_c=h.temperature_c, first_weekday=FIRST_WEEKDAY,
    )  # fmt: skip


def _extras(s: Stage, station: np.ndarray, label: np.ndarray, *, seed: int) -> dict[str, object]:
    """Give what has no field of its own: the peak hour, unit classes, breakers of the synthetic layouts."""
    real = s.kind != register.EQUIVALENT
    laid = register.breakers(
        station=station, station_name=label, kv=s.grid.kv[s.small.bus], f=s.net.f, t=s.net.t, real=real
    )
    return {
        "seed": seed,
        "peak_hour": s.hourly.peak_hour,
        "regions": list(REGIONS),
        "unit_class": s.unit_kind,
        "breaker_bus": laid.bus,
        "breaker_name": laid.name,
        "breaker_one": laid.one,
        "breaker_other": laid.other,
    }
