"""The Eastern interconnection as numbers, and which part of it is the footprint."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from miso.source import Source

BASE_MVA = 100.0
ZONES = tuple(f"LRZ{k}" for k in range(1, 11))
REGION = {1: "North", 2: "Central", 3: "North", 4: "Central", 5: "Central", 6: "Central", 7: "Central"}
REGIONS = ("North", "Central", "South")
KINDS = {"Line": 0, "Transformer": 1, "TransformerWinding": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Eastern:
    """Buses (n,), branches (m,), plants (g,) of the interconnection; ends are rows of buses."""

    number: np.ndarray
    kind: np.ndarray
    load_mw: np.ndarray
    load_mvar: np.ndarray
    shunt_mvar: np.ndarray
    kv: np.ndarray
    vm: np.ndarray
    va: np.ndarray
    vmax: np.ndarray
    vmin: np.ndarray
    state: np.ndarray
    neem: np.ndarray
    sub: np.ndarray
    """Row of the substation."""
    sub_name: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    f: np.ndarray
    t: np.ndarray
    r: np.ndarray
    x: np.ndarray
    b: np.ndarray
    tap: np.ndarray
    rate: np.ndarray
    """MW; 0 where the data have none."""
    device: np.ndarray
    plant: np.ndarray
    """Row of the plant in the data."""
    plant_bus: np.ndarray
    p_mw: np.ndarray
    q_mvar: np.ndarray
    p_max: np.ndarray
    p_min: np.ndarray
    q_max: np.ndarray
    q_min: np.ndarray
    v_set: np.ndarray
    running: np.ndarray
    fuel: np.ndarray
    c2: np.ndarray
    c1: np.ndarray
    c0: np.ndarray
    dc_mw: np.ndarray
    """What DC lines put in at each bus, MW, lines inside the footprint left out."""
    dc_from: np.ndarray
    """DC lines with both ends in the footprint."""
    dc_to: np.ndarray
    dc_sent: np.ndarray
    dc_lost: np.ndarray
    inside: np.ndarray
    """Buses of the footprint."""
    zone: np.ndarray
    """Local resource zone of each bus, 0 to 9; -1 outside."""

    @property
    def susceptance(self) -> np.ndarray:
        """DC susceptance 1 / (x tap) of each branch, per unit."""
        return 1.0 / (self.x * self.tap)


def local_zone(neem: str, state: str) -> int:
    """Give the local resource zone, 1 to 10, of a bus of the footprint.

    MISO's zones follow utilities; here they follow the data's planning region (NEEM) and the state,
    the nearest that the data allow. 1: Minnesota, the Dakotas, Montana, western Wisconsin; 2: eastern
    Wisconsin and Upper Michigan; 3: Iowa and what western buses lie in Illinois, Missouri and
    Nebraska; 4: Illinois; 5: Missouri; 6: Indiana and Kentucky; 7: Lower Michigan; 8: Arkansas (with
    the data's Entergy buses in Missouri and Tennessee); 9: Louisiana and Texas; 10: Mississippi.
    """
    if neem == "ENT":
        return {"Louisiana": 9, "Texas": 9, "Mississippi": 10}.get(state, 8)
    if neem == "MISO IN":
        return 6
    if neem == "MISO MI":
        return 7
    if neem == "MISO WUMS":
        return 2
    if neem == "MISO MO-IL":
        return {"Missouri": 5, "Arkansas": 5, "Iowa": 3}.get(state, 4)
    return 3 if state in {"Iowa", "Illinois", "Missouri", "Nebraska"} else 1


def region_of(zone: int) -> str:
    """Give the sub-region of a zone counted from 0: North, Central or South."""
    return REGION.get(zone + 1, "South")


def eastern(source: Source) -> Eastern:
    """Take the Eastern interconnection out of the tables.

    Plants run at what the data's solved case says (`Pg`) where their status is 1. `Pmax` in the data
    was lowered for about half the plants after the case was solved, so that some run above it: the
    larger of the two is taken as capacity.
    """
    bus, branch, plant = source.bus, source.branch, source.plant
    here = bus["interconnect"] == "Eastern"
    number = bus["bus_id"][here].astype(np.int64)
    row = {int(k): i for i, k in enumerate(number)}

    def real(table: dict[str, np.ndarray], name: str, keep: np.ndarray) -> np.ndarray:
        return table[name][keep].astype(np.float64) + 0.0

    def rows(ids: np.ndarray) -> np.ndarray:
        return np.array([row[int(k)] for k in ids], dtype=np.int64)

    region_of_bus = {int(k): str(v) for k, v in zip(source.neem["bus_id"], source.neem["name_abbr"], strict=True)}
    neem = np.array([region_of_bus.get(int(k), "") for k in number])
    state_of = dict(zip(source.zone["zone_id"], source.zone["state"], strict=True))
    state = np.array([state_of[z] for z in bus["zone_id"][here]])
    inside = np.char.startswith(neem, "MISO") | (neem == "ENT")
    zone = np.array(
        [local_zone(n, s) - 1 if k else -1 for n, s, k in zip(neem, state, inside, strict=True)], dtype=np.int64
    )
    sub_row = {k: i for i, k in enumerate(source.sub["sub_id"])}
    sub_of = {int(b): sub_row[s] for b, s in zip(source.bus2sub["bus_id"], source.bus2sub["sub_id"], strict=True)}
    lines = branch["interconnect"] == "Eastern"
    ratio = real(branch, "ratio", lines)
    units = plant["interconnect"] == "Eastern"
    running = plant["status"][units] == "1"
    p_mw = np.where(running, real(plant, "Pg", units), 0.0)
    dc_mw, dc = _dclines(source, row, inside)
    return Eastern(
        number=number,
        kind=bus["type"][here].astype(np.int64),
        load_mw=real(bus, "Pd", here),
        load_mvar=real(bus, "Qd", here),
        shunt_mvar=real(bus, "Bs", here),
        kv=real(bus, "baseKV", here),
        vm=real(bus, "Vm", here),
        va=real(bus, "Va", here),
        vmax=real(bus, "Vmax", here),
        vmin=real(bus, "Vmin", here),
        state=state,
        neem=neem,
        sub=np.array([sub_of[int(k)] for k in number], dtype=np.int64),
        sub_name=source.sub["name"],
        latitude=source.sub["lat"].astype(np.float64),
        longitude=source.sub["lon"].astype(np.float64),
        f=rows(branch["from_bus_id"][lines]),
        t=rows(branch["to_bus_id"][lines]),
        r=real(branch, "r", lines),
        x=real(branch, "x", lines),
        b=real(branch, "b", lines),
        tap=np.where(ratio == 0, 1.0, ratio),
        rate=real(branch, "rateA", lines),
        device=np.array([KINDS[k] for k in branch["branch_device_type"][lines]], dtype=np.int64),
        plant=np.flatnonzero(units),
        plant_bus=rows(plant["bus_id"][units]),
        p_mw=p_mw,
        q_mvar=np.where(running, real(plant, "Qg", units), 0.0),
        p_max=np.maximum(real(plant, "Pmax", units), p_mw),
        p_min=real(plant, "Pmin", units),
        q_max=real(plant, "Qmax", units),
        q_min=real(plant, "Qmin", units),
        v_set=real(plant, "Vg", units),
        running=running,
        fuel=plant["type"][units],
        c2=real(source.cost, "c2", units),
        c1=real(source.cost, "c1", units),
        c0=real(source.cost, "c0", units),
        dc_mw=dc_mw,
        inside=inside,
        zone=zone,
        **dc,
    )


def _dclines(source: Source, row: dict[int, int], inside: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Take DC lines inside the footprint as lines, all others as fixed injections at their ends."""
    fixed = np.zeros(len(inside))
    kept: list[tuple[int, int, float, float]] = []
    table = source.dcline
    for from_id, to_id, sent, got in zip(
        table["from_bus_id"], table["to_bus_id"], table["Pf"].astype(float), table["Pt"].astype(float), strict=True
    ):
        a, b = row.get(int(from_id)), row.get(int(to_id))
        if a is not None and b is not None and inside[a] and inside[b]:
            kept.append((a, b, float(sent), float(sent - got)))
            continue
        if a is not None:
            fixed[a] -= sent
        if b is not None:
            fixed[b] += got
    columns = list(zip(*kept, strict=True)) or [(), (), (), ()]
    return fixed, {
        "dc_from": np.array(columns[0], dtype=np.int64),
        "dc_to": np.array(columns[1], dtype=np.int64),
        "dc_sent": np.array(columns[2], dtype=np.float64),
        "dc_lost": np.array(columns[3], dtype=np.float64),
    }
