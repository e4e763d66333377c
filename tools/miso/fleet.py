"""Which plants there are: class, outage rate, and who is mothballed until there is just enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEP_MW = 10.0
CRITERION = 0.1
TARGET = (0.03, 0.1)
AIM = 0.07
OUTAGE_RATE = {
    "coal": 0.11,
    "gas steam": 0.135,
    "gas combined cycle": 0.045,
    "gas turbine": 0.09,
    "oil": 0.14,
    "nuclear": 0.02,
    "hydro": 0.055,
    "other": 0.10,
    "wind": 0.0,
    "solar": 0.0,
}
"""Class rates of GADS's order (see docs). Wind and solar enter at their P10, which holds their outages."""
VARIABLE = ("wind", "solar")
NEVER = ("nuclear", "hydro", "wind", "solar")
TURBINE_MW = 75.0
STEAM_MW = 350.0
EMERGENCY_SHARE = 0.1


def classes(*, fuel: np.ndarray, p_max: np.ndarray, station: np.ndarray) -> np.ndarray:
    """Give each unit's class; for gas from size and company, since the data do not say.

    Gas: a unit of 350 MW and up that is the only gas unit of its station is steam; a unit at a
    station with two or more gas units totalling 200 MW and up, one of them at least 75 MW, is part
    of a combined cycle; of the rest, 75 MW and up is a combined cycle, under that a turbine.
    """
    found = np.array([{"dfo": "oil", "wind_offshore": "wind"}.get(str(f), str(f)) for f in fuel], dtype="U20")
    gas = np.flatnonzero(fuel == "ng")
    for place in np.unique(station[gas]):
        here = gas[station[gas] == place]
        total, largest = p_max[here].sum(), p_max[here].max()
        block = len(here) > 1 and total >= 200.0 and largest >= TURBINE_MW
        for k in here:
            if len(here) == 1 and p_max[k] >= STEAM_MW:
                found[k] = "gas steam"
            elif block or p_max[k] >= TURBINE_MW:
                found[k] = "gas combined cycle"
            else:
                found[k] = "gas turbine"
    return found


def capacity_outage(*, capacity_mw: np.ndarray, outage_rate: np.ndarray) -> np.ndarray:
    """Give P(forced outage is k steps of 10 MW), each unit split between the two nearest steps."""
    table = np.ones(1)
    for size, q in zip(capacity_mw, outage_rate, strict=True):
        if size <= 0 or q <= 0:
            continue
        low = int(size // STEP_MW)
        share = size / STEP_MW - low
        grown = np.zeros(len(table) + low + 1)
        grown[: len(table)] += (1 - q) * table
        grown[low : low + len(table)] += q * (1 - share) * table
        grown[low + 1 : low + 1 + len(table)] += q * share * table
        table = grown
    return table


def lole(*, capacity_mw: np.ndarray, outage_rate: np.ndarray, need_mw: np.ndarray) -> float:
    """Give loss-of-load expectation in days a year: `need_mw` is what units must serve at each day's peak."""
    table = capacity_outage(capacity_mw=capacity_mw, outage_rate=outage_rate)
    tail = np.r_[np.cumsum(table[::-1])[::-1], 0.0]
    spare = capacity_mw.sum() - need_mw
    first = np.clip(np.floor(spare / STEP_MW).astype(int) + 1, 0, len(table))
    return float(np.where(spare < 0, 1.0, tail[first]).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scarce:
    """Who is mothballed, and LOLE in days a year of footprint and zones, before and after."""

    mothballed: np.ndarray
    emergency_only: np.ndarray
    before: np.ndarray
    """(z + 1,), footprint last."""
    after: np.ndarray


def order(*, running: np.ndarray, kind: np.ndarray, cost: np.ndarray, p_max: np.ndarray) -> np.ndarray:
    """Rank the units that may be mothballed, first to go first; nuclear, hydro, wind, solar never go.

    First those the data's dispatch does not run, then oil, then coal and gas; within these, by class
    and all classes in step: the mean of a unit's rank by cost at full output (dearest first) and its
    rank by size (smallest first) inside its class, each from 0 to 1. Ties by row.
    """
    may = np.flatnonzero(~np.isin(kind, NEVER))
    score = np.zeros(len(kind))
    for word in np.unique(kind[may]):
        here = may[kind[may] == word]
        for values in (-cost[here], p_max[here]):
            score[here] += np.argsort(np.argsort(values, kind="stable"), kind="stable") / max(len(here) - 1, 1)
    stage = np.where(~running, 0, np.where(kind == "oil", 1, 2))
    return may[np.lexsort((may, score[may], stage[may]))]


def scarce(
    *,
    queue: np.ndarray,
    zone: np.ndarray,
    capacity: np.ndarray,
    outage_rate: np.ndarray,
    counted: np.ndarray,
    emergency: np.ndarray,
    zone_need: np.ndarray,
    import_limit: np.ndarray,
    firm_import: float,
) -> Scarce:
    """Mothball along the queue, always in the zone with most plant for its peak, until just enough is left.

    A zone stops giving when a further unit would take its own LOLE, its import limit taken as always
    there, above 0.1 day a year. Units go until the footprint's LOLE (firm imports counted, no limit inside)
    reaches `AIM` = 0.07 day a year or no zone can give more; the last ones come back while it is
    over 0.1. `zone_need` is (z, days): load less P10 of wind and solar at each day's peak hour of the
    footprint. Emergency-only units count in no LOLE.
    """
    zones = len(zone_need)
    alive = counted & ~emergency

    def of_zone(z: int, up: np.ndarray) -> float:
        here = up & (zone == z)
        return lole(capacity_mw=capacity[here], outage_rate=outage_rate[here], need_mw=zone_need[z] - import_limit[z])

    def of_all(up: np.ndarray) -> float:
        total = zone_need.sum(axis=0) - firm_import
        return lole(capacity_mw=capacity[up], outage_rate=outage_rate[up], need_mw=total)

    def row(up: np.ndarray) -> np.ndarray:
        return np.array([*(of_zone(z, up) for z in range(zones)), of_all(up)])

    before = row(alive)
    sequence = _sequence(queue[alive[queue]], zone, capacity, alive, zone_need, of_zone)
    low, high = 0, len(sequence)
    while low < high:
        middle = (low + high) // 2
        up = alive.copy()
        up[sequence[: middle + 1]] = False
        low, high = (low, middle) if of_all(up) >= AIM else (middle + 1, high)
    gone = sequence[: low + 1]
    up = alive.copy()
    up[gone] = False
    while of_all(up) > TARGET[1]:
        gone = gone[:-1]
        up = alive.copy()
        up[gone] = False
    mothballed = np.zeros(len(zone), dtype=bool)
    mothballed[gone] = True
    return Scarce(mothballed=mothballed, emergency_only=emergency & counted, before=before, after=row(up))


def _sequence(
    queue: np.ndarray,
    zone: np.ndarray,
    capacity: np.ndarray,
    alive: np.ndarray,
    zone_need: np.ndarray,
    of_zone: Callable[[int, np.ndarray], float],
) -> np.ndarray:
    """Interleave the zones' queues: next from the zone with the highest capacity over peak need."""
    zones = len(zone_need)
    peak = zone_need.max(axis=1)
    up = alive.copy()
    have = np.array([capacity[alive & (zone == z)].sum() for z in range(zones)])
    queues = {z: [int(k) for k in queue if zone[k] == z] for z in range(zones)}
    found: list[int] = []
    while any(queues.values()):
        z = max((z for z in queues if queues[z]), key=lambda z: have[z] / peak[z])
        k = queues[z].pop(0)
        up[k] = False
        if of_zone(z, up) > CRITERION:
            up[k] = True
            queues[z] = []
            continue
        have[z] -= capacity[k]
        found.append(k)
    return np.array(found, dtype=np.int64)
