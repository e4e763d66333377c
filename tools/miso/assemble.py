"""Put everything together: from the tables of the wheel to one `Grid`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from miso import dc, eastern, fleet, hours, ratings, reduce, register, security
from miso.eastern import ZONES, Eastern
from miso.source import Source

SEED = 2027
FIRM_IMPORT_MW = 2000.0
STAR_KV = 1.0
DISPATCHED = ("coal", "gas steam", "gas combined cycle", "gas turbine", "oil", "hydro", "other")
LIMIT_KV = 200.0
LEAST_FACTOR = 0.05
LEAST_LIMIT_MW = 500.0
MANY = 8
LOST_KV = 200.0
LEVELS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The reduced grid before any dispatch: topology, ratings, hours, injections of the outside."""

    grid: Eastern
    small: reduce.Reduced
    net: dc.Dc
    kind: np.ndarray
    """Of real branches then equivalents."""
    rate: ratings.Ratings
    """Of real branches."""
    group: np.ndarray
    """Equipment of real branches then equivalents."""
    units: np.ndarray
    """Rows of the interconnection's plants that lie inside."""
    unit_bus: np.ndarray
    unit_kind: np.ndarray
    hourly: hours.Hourly
    facts: dict[str, object]


def stage(source: Source, *, seed: int) -> Stage:
    """Do what needs no dispatch."""
    grid = eastern.eastern(source)
    injection, outside = injections(grid)
    flow = dc.factored(n=len(grid.number), f=grid.f, t=grid.t, b=grid.susceptance).flows(injection)
    kv = np.maximum(grid.kv[grid.f], grid.kv[grid.t])
    a = ratings.base_ratings(rate=grid.rate, kv=kv, x=grid.x, device=grid.device, flow_mw=flow)
    keep, burdened = reduce.burdened(grid, rating=a)
    small = reduce.reduced(grid, keep=keep, outside_mw=outside)
    net = reduce.network(grid, small)
    kind = np.r_[grid.device[small.real], np.full(len(small.f), register.EQUIVALENT)]
    units = np.flatnonzero(grid.inside[grid.plant_bus])
    place = np.full(len(grid.number), -1)
    place[small.bus] = np.arange(len(small.bus))
    unit_bus = place[grid.plant_bus[units]]
    busy = (grid.load_mw[small.bus] != 0) | (grid.shunt_mvar[small.bus] != 0) | (small.outside_mw != 0)
    busy |= grid.load_mvar[small.bus] != 0
    busy[unit_bus] = True
    busy[place[np.r_[grid.dc_from, grid.dc_to]]] = True
    star = grid.kv[small.bus] == STAR_KV
    group = register.equipment(n=net.n, f=net.f, t=net.t, kind=kind, busy=busy, star=star)
    rate = ratings.ratings(
        a=a[small.real],
        data=grid.rate[small.real] > 0,
        device=grid.device[small.real],
        group=group[: len(small.real)],
        seed=seed,
    )
    unit_kind = fleet.classes(fuel=grid.fuel[units], p_max=grid.p_max[units], station=grid.sub[grid.plant_bus[units]])
    facts: dict[str, object] = {
        "near": int(reduce.near(grid).sum()),
        "burdened": burdened,
        "kept": int(keep.sum()),
        "outside": int((~grid.inside).sum()),
        "above_pmax": int((grid.p_max[units] > source.plant["Pmax"].astype(float)[grid.plant[units]]).sum()),
    }
    return Stage(
        grid=grid, small=small, net=net, kind=kind, rate=rate, group=group, units=units, unit_bus=unit_bus,
        unit_kind=unit_kind, hourly=_hourly(grid, seed=seed), facts=facts,
    )  # fmt: skip


def injections(grid: Eastern) -> tuple[np.ndarray, np.ndarray]:
    """Give the injections of the data's own dispatch, and those of the outside in this grid, MW, (n,).

    The data's dispatch is that of a solved AC case: it makes up for losses, which DC has not; all
    units are lowered by one factor until the interconnection balances. In the data the footprint
    sells 16 GW to its neighbours, which no footprint with just enough plant can; so in this grid the
    outside's running plants are raised in proportion to the headroom they have, until the footprint
    buys `FIRM_IMPORT_MW` net.
    """
    fixed = grid.dc_mw - grid.load_mw
    np.add.at(fixed, grid.dc_from, -grid.dc_sent)
    np.add.at(fixed, grid.dc_to, grid.dc_sent - grid.dc_lost)
    scaled = grid.p_mw * (-fixed.sum() / grid.p_mw.sum())
    data = fixed.copy()
    np.add.at(data, grid.plant_bus, scaled)
    out = ~grid.inside[grid.plant_bus]
    room = np.where(out & grid.running, np.maximum(grid.p_max - scaled, 0.0), 0.0)
    missing = FIRM_IMPORT_MW - data[~grid.inside].sum()
    if missing > room.sum():
        msg = "the outside has not the plant to sell what it should"
        raise RuntimeError(msg)
    outside = data.copy()
    np.add.at(outside, grid.plant_bus, room * (missing / room.sum()))
    return data, np.where(grid.inside, 0.0, outside)


def _hourly(grid: Eastern, *, seed: int) -> hours.Hourly:
    """Draw the year at each zone's centre of load; the outside world is the last row."""
    masks = [grid.zone == z for z in range(len(ZONES))] + [~grid.inside]

    def centre(values: np.ndarray) -> np.ndarray:
        return np.array([np.average(values[grid.sub[m]], weights=grid.load_mw[m]) for m in masks])

    return hours.hourly(
        latitude=centre(grid.latitude),
        longitude=centre(grid.longitude),
        south=np.array([eastern.region_of(z) == "South" for z in range(len(ZONES))] + [False]),
        case_mw=np.array([grid.load_mw[m].sum() for m in masks[:-1]]),
        seed=seed,
    )


def secured(s: Stage) -> security.Model:
    """Compute the outage factors of every equipment that is studied."""
    real = len(s.small.real)
    endless = np.full(len(s.small.f), np.inf)
    _, sizes = np.unique(s.group[:real], return_counts=True)
    members = np.split(np.argsort(s.group[:real], kind="stable"), np.cumsum(sizes)[:-1])
    return security.model(
        net=s.net,
        monitored=np.arange(real),
        a=np.r_[s.rate.a, endless],
        b=np.r_[s.rate.b, endless],
        unit_bus=s.unit_bus,
        groups=members,
    )


def fixed_flows(s: Stage) -> np.ndarray:
    """Give the flows of load, outside and DC lines alone, the balance taken at bus 0."""
    return s.net.flows(fixed_injection(s))


def fixed_injection(s: Stage) -> np.ndarray:
    """Give what all but units inject, (buses,) MW."""
    grid, bus = s.grid, s.small.bus
    place = np.full(len(grid.number), -1)
    place[bus] = np.arange(len(bus))
    found = s.small.outside_mw - np.where(grid.inside[bus], grid.load_mw[bus], 0.0)
    np.add.at(found, place[grid.dc_from], -grid.dc_sent)
    np.add.at(found, place[grid.dc_to], grid.dc_sent - grid.dc_lost)
    return found


def variable_mw(s: Stage) -> np.ndarray:
    """Give the output of wind and solar units at the peak hour, 0 for others."""
    zone = s.grid.zone[s.grid.plant_bus[s.units]]
    peak = s.hourly.peak_hour
    share = np.where(
        s.unit_kind == "wind",
        s.hourly.wind[zone, peak],
        np.where(s.unit_kind == "solar", s.hourly.solar[zone, peak], 0),
    )
    return share * s.grid.p_max[s.units]


def limits(s: Stage, model: security.Model, data: np.ndarray, up: np.ndarray) -> dict[str, float]:
    """Compute what each zone, and each side of the Midwest-South boundary, can take in and send out.

    DC transfer capability from the peak hour's dispatch (`data`, MW a unit) of the plant that is
    there (`up`): MW are moved from plant outside the area (in proportion to headroom) to plant inside
    (in proportion to output), the other way round for export, until the first limit: rate A before
    a contingency, rate B after the loss of any equipment of 200 kV and up, on branches of 200 kV and
    up that the transfer moves by at least 5 % (the cut-off of the trade's transfer studies; weaker
    couplings and lower voltages are relieved by local redispatch). Limits already exceeded are
    passed over. The limit is the area's net import (export) there, rounded down to 10 MW, at least
    500 MW and at most its load. Midwest-South: that of South, and of North and Central together.
    """
    part = _high_voltage(s, model)
    pmax = s.grid.p_max[s.units]
    moves = up & np.isin(s.unit_kind, DISPATCHED)
    flows = fixed_flows(s) + unit_flows(s, data)
    found: dict[str, float] = {}
    for name, (units, load) in areas(s).items():
        for sign, what in ((1.0, "import"), (-1.0, "export")):
            down, up = (units, ~units) if sign > 0 else (~units, units)
            give = np.where(moves & up, pmax - data, 0.0)
            take = np.where(moves & down, data, 0.0)
            transfer = unit_flows(s, give / give.sum() - take / take.sum())
            room = min(security.room(part, flows, transfer, least=LEAST_FACTOR), float(give.sum()), float(take.sum()))
            net = sign * (load - data[units].sum()) + room
            found[f"{name} {what}"] = float(np.floor(np.clip(net, LEAST_LIMIT_MW, load) / 10.0) * 10.0)
    return found


def areas(s: Stage) -> dict[str, tuple[np.ndarray, float]]:
    """Give the units and the load, MW, of each zone, each sub-region, and the Midwest (North and Central)."""
    grid = s.grid
    region = np.array([eastern.region_of(z) for z in range(len(ZONES))])
    sets = {name: np.arange(len(ZONES)) == z for z, name in enumerate(ZONES)}
    sets |= {name: region == name for name in eastern.REGIONS} | {"Midwest": region != "South"}
    zone = grid.zone[grid.plant_bus[s.units]]
    inside = grid.inside
    return {
        name: (mask[zone], float(grid.load_mw[inside][mask[grid.zone[inside]]].sum())) for name, mask in sets.items()
    }


def unit_flows(s: Stage, output: np.ndarray) -> np.ndarray:
    """Give the flows that unit outputs make, their sum taken out at bus 0."""
    injection = np.zeros(s.net.n)
    np.add.at(injection, s.unit_bus, output)
    return s.net.flows(injection)


def _high_voltage(s: Stage, model: security.Model) -> security.Model:
    """Keep the monitored branches and the contingencies of 200 kV and up."""
    grid, real = s.grid, s.small.real
    low = np.minimum(_kv(grid, grid.f[real]), _kv(grid, grid.t[real]))
    high = np.maximum(grid.kv[grid.f[real]], grid.kv[grid.t[real]])
    watched = low >= LIMIT_KV
    lost = np.array([bool((high[g] >= LOST_KV).any()) for g in model.groups])
    pick = watched[model.pair_row] & lost[model.pair_group]
    place = np.cumsum(watched) - 1
    return security.Model(
        net=model.net, monitored=model.monitored[watched], limit_a=model.limit_a[watched],
        limit_b=model.limit_b[watched], unit_bus=model.unit_bus, groups=model.groups,
        pair_row=place[model.pair_row[pick]], pair_group=model.pair_group[pick],
        pair_member=model.pair_member[pick], pair_factor=model.pair_factor[pick], islanding=model.islanding,
        rows=model.rows,
    )  # fmt: skip


def _kv(grid: Eastern, bus: np.ndarray) -> np.ndarray:
    """Give the voltage of buses, star points counted as high."""
    return np.where(grid.kv[bus] == STAR_KV, np.inf, grid.kv[bus])


def start_output(s: Stage, up: np.ndarray, need: float) -> np.ndarray:
    """Spread the load over the units that are up: the data's output, moved as little as the balance needs.

    Wind and solar stand at the peak hour's share, nuclear at the data's output. The others start at
    the data's; what is missing is spread in proportion to headroom, what is too much in proportion
    to the output above Pmin.
    """
    grid = s.grid
    p, high, low = grid.p_mw[s.units], grid.p_max[s.units], np.minimum(grid.p_min[s.units], grid.p_max[s.units])
    output = np.where(up, np.where(np.isin(s.unit_kind, fleet.VARIABLE), variable_mw(s), p), 0.0)
    moves = up & np.isin(s.unit_kind, DISPATCHED)
    output = np.where(moves, np.clip(output, low, high), output)
    gap = need - output.sum()
    room = np.where(moves, high - output if gap > 0 else output - low, 0.0)
    if abs(gap) > room.sum():
        msg = f"{gap:.0f} MW to move and {room.sum():.0f} MW of room"
        raise RuntimeError(msg)
    return output + gap * room / room.sum()


def dispatch(
    s: Stage, model: security.Model, up: np.ndarray, limit: dict[str, float]
) -> tuple[np.ndarray, dict[str, object]]:
    """Give the dispatch at the peak hour: `start_output`, moved as little as limits ask.

    A linear program: a MW moved costs 1, a MW over rate A before a contingency 300, a MW over rate B
    after one 30, so units move where they relieve a limit well and not where they hardly touch it.
    Net imports and exports of zones and of the Midwest-South boundary stay within their limits. Other limits enter as they turn out to be exceeded, `security.ROUNDS` times at most. What no dispatch
    keeps is left to `reinforced`.
    """
    need = -fixed_injection(s).sum()
    start = start_output(s, up, need)
    moves = up & np.isin(s.unit_kind, DISPATCHED)
    low = np.minimum(s.grid.p_min[s.units], s.grid.p_max[s.units])
    program = security.Program(
        grid=model, fixed=fixed_flows(s), low=np.where(moves, np.minimum(low, start), start),
        high=np.where(moves, s.grid.p_max[s.units], start), need_mw=need, start=start,
        areas=[
            (mask, load - limit[f"{name} import"], load + limit[f"{name} export"])
            for name, (mask, load) in areas(s).items()
        ],
    )  # fmt: skip
    before = security.violations(model, program.flows(start))
    program.secure(base_limit=model.limit_a, pair_floor=None, n1=False, hard_n1=False)
    output = program.secure(base_limit=model.limit_a, pair_floor=None, n1=True, hard_n1=False)
    output = np.round(output, 6)
    largest = int(np.argmax(np.where(moves, s.grid.p_max[s.units] - output, -1.0)))
    output[largest] += need - output.sum()
    facts: dict[str, object] = {
        "start": before,
        "moved_mw": float(np.abs(output - start).sum() / 2),
        "rows": len(program.rows),
        "repaired": security.violations(model, program.flows(output)),
    }
    return output, facts


def reinforced(rate: ratings.Ratings, model: security.Model, flows: np.ndarray) -> tuple[ratings.Ratings, np.ndarray]:
    """Give a higher rating to the few branches which the new dispatch loads beyond what they were built for.

    The data's ratings were made for the data's dispatch. Mothballing moves tens of gigawatts, and
    no planner would leave a branch that is overloaded with nothing out, or by many contingencies: a
    branch over rate A before a contingency, or over rate B after `MANY` or more, is rated 1.05 times
    its flow before and B so that its worst flow after fits; its ratings are marked synthetic. Branches that
    fewer contingencies overload stay as they are: the world of the desk has trouble in it.
    """
    row, _, after = model.after(flows)
    over = np.abs(after) > model.limit_b[row] + security.TOLERANCE
    count = np.bincount(row[over], minlength=len(model.monitored))
    worst = np.zeros(len(model.monitored))
    np.maximum.at(worst, row, np.abs(after))
    base = np.abs(flows[model.monitored])
    chosen = (base > model.limit_a + security.TOLERANCE) | (count >= MANY)
    ratio = np.where(rate.a > 0, rate.b / np.where(rate.a > 0, rate.a, 1.0), 1.0)
    a = np.where(chosen, np.ceil(np.maximum(np.maximum(rate.a, 1.05 * base), worst / ratio) * 10.0) / 10.0, rate.a)
    b = np.where(chosen, np.ceil(a * ratio * 10.0) / 10.0, rate.b)
    c = np.where(
        chosen, np.ceil(b * np.where(rate.b > 0, rate.c / np.where(rate.b > 0, rate.b, 1.0), 1.0) * 10) / 10, rate.c
    )
    source = np.where(chosen, 2, rate.source)
    return replace(rate, a=a, b=b, c=c, source=source), np.flatnonzero(chosen)
