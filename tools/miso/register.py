"""Names, owners, equipment, station layouts, special flags: what stands around the network, by rule."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

import numpy as np

NUCLEAR, TIE, BLACKSTART, CRANKING, INTERFACE, SCHEME, SOLE_OUTLET, NEIGHBOUR = 1, 2, 4, 8, 16, 32, 128, 256
LINE, TRANSFORMER, WINDING, EQUIVALENT = 0, 1, 2, 3
LAYOUT_KV = 230.0
RING = (3, 5)
SOLE_OUTLET_MW = 20.0
SCHEMES = 12
CRITICAL_LOADS = 60
CRITICAL_MW = 20.0
BLACKSTART_A_ZONE = 2
LARGE_MW = 150.0

BIRDS = (
    "Heron", "Kestrel", "Plover", "Bittern", "Osprey", "Curlew", "Merlin", "Egret", "Sandpiper", "Tern", "Grebe",
    "Avocet", "Dunlin", "Godwit", "Whimbrel", "Turnstone", "Killdeer", "Phalarope", "Gannet", "Fulmar", "Petrel",
    "Guillemot", "Pipit", "Wheatear",
)  # fmt: skip
TREES = (
    "Hornbeam", "Tamarack", "Sassafras", "Hackberry", "Larch", "Alder", "Buckeye", "Catalpa", "Hazel", "Juniper",
    "Linden", "Medlar", "Rowan", "Sumac", "Tupelo", "Witchhazel", "Yew", "Zelkova", "Aspen", "Cypress", "Boxelder",
    "Chinquapin", "Dogwood", "Elderberry",
)  # fmt: skip
GW_AN_OWNER = 6.0


def equipment(
    *, n: int, f: np.ndarray, t: np.ndarray, kind: np.ndarray, busy: np.ndarray, star: np.ndarray
) -> np.ndarray:
    """Give each branch the first branch of its equipment (semantics 1.6).

    Together are: the windings that meet in the star point of one transformer (`star` buses), and two
    branches that meet in a bus with no injection (`busy` is False) and no third branch. Equivalents
    are never part of one, and a bus that touches one is not simple.
    """
    first = list(range(len(f)))

    def root(k: int) -> int:
        while first[k] != k:
            first[k] = first[first[k]]
            k = first[k]
        return k

    at: list[list[int]] = [[] for _ in range(n)]
    for k, (i, j) in enumerate(zip(f.tolist(), t.tolist(), strict=True)):
        at[i].append(k)
        at[j].append(k)
    for bus, lines in enumerate(at):
        together = lines if len(lines) == 2 and not busy[bus] else []
        if star[bus]:
            together = [k for k in lines if kind[k] == WINDING]
        if any(kind[k] == EQUIVALENT for k in together):
            continue
        for k in together[1:]:
            low, high = sorted((root(together[0]), root(k)))
            first[high] = low
    return np.array([root(k) for k in range(len(f))], dtype=np.int64)


def towers(
    *, f: np.ndarray, t: np.ndarray, kv: np.ndarray, kind: np.ndarray, watched: np.ndarray, equipment: np.ndarray
) -> list[tuple[int, ...]]:
    """Pair the parallel circuits on common towers: lines of 230 kV and up with the same two end buses.

    Of three or more circuits, the first and second, the third and fourth and so on share towers.
    """
    found: dict[tuple[int, int], list[int]] = {}
    for k in np.flatnonzero((kind == LINE) & (kv >= LAYOUT_KV) & watched & (equipment == np.arange(len(f)))):
        found.setdefault((min(int(f[k]), int(t[k])), max(int(f[k]), int(t[k]))), []).append(int(k))
    return [pair for rows in found.values() for pair in zip(rows[::2], rows[1::2], strict=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakers:
    """Synthetic breakers of the stations from 230 kV: what each stands between."""

    bus: np.ndarray
    name: np.ndarray
    one: np.ndarray
    """Row of the equipment's first branch on one side; -1 is a bus bar."""
    other: np.ndarray
    layout: np.ndarray
    """By station: ring, breaker-and-a-half, straight-bus."""


def breakers(
    *, station: np.ndarray, station_name: np.ndarray, kv: np.ndarray, f: np.ndarray, t: np.ndarray, real: np.ndarray
) -> Breakers:
    """Lay out each bus of 230 kV and up: a ring for 3 to 5 branches, breaker-and-a-half from 6, else straight.

    Around a ring the branches stand in order of their rows, each breaker between two neighbours. In
    breaker-and-a-half the branches pair up in order of rows, two to a bay of three breakers: bar,
    branch, branch, bar; an odd last one has two breakers of its own. A station is named for the
    largest layout it holds. With a ring breaker out, a fault on the far neighbour of either of its
    branches takes that branch too; with a middle breaker out nothing more trips; with an outer one
    out, a fault on the partner takes the branch too.
    """
    at: dict[int, list[int]] = {}
    for k in np.flatnonzero(real):
        for bus in (int(f[k]), int(t[k])):
            if kv[bus] >= LAYOUT_KV:
                at.setdefault(bus, []).append(int(k))
    layout = np.full(len(station_name), "straight-bus", dtype="U18")
    rows: list[tuple[int, str, int, int]] = []
    for bus in sorted(at):
        lines = at[bus]
        label = f"{station_name[station[bus]]} {kv[bus]:g} kV"
        if len(lines) > RING[1]:
            layout[station[bus]] = "breaker-and-a-half"
            for bay in range(0, len(lines), 2):
                pair = [*lines[bay : bay + 2]]
                chain = [-1, *pair, -1]
                for k, (one, other) in enumerate(itertools.pairwise(chain)):
                    rows.append((bus, f"{label} bay {bay // 2 + 1} breaker {k + 1}", one, other))
        elif len(lines) >= RING[0]:
            if layout[station[bus]] == "straight-bus":
                layout[station[bus]] = "ring"
            for k, one in enumerate(lines):
                rows.append((bus, f"{label} ring breaker {k + 1}", one, lines[(k + 1) % len(lines)]))
    columns = list(zip(*rows, strict=True))
    return Breakers(
        bus=np.array(columns[0]), name=np.array(columns[1]), one=np.array(columns[2]), other=np.array(columns[3]),
        layout=layout,
    )  # fmt: skip


def owners(
    *, zone: np.ndarray, load_mw: np.ndarray, latitude: np.ndarray, longitude: np.ndarray, station: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Give names of owners, and for each station its transmission and its generation owner (-1 outside).

    Each zone has one transmission owner and one generation owner for about every 6 GW of its load,
    never the same company for both (standards of conduct). Inside a zone stations are cut into
    strips of equal load along the longer of its two extents, so territories hang together. The
    names are made up of birds and trees and say that they are synthetic.
    """
    names: list[str] = []
    of_station = np.full(len(latitude), -1)
    of_station[station] = zone
    weight = np.zeros(len(latitude))
    np.add.at(weight, station, load_mw)
    found = np.full((2, len(latitude)), -1)
    bird, tree = iter(BIRDS), iter(TREES)
    for z in range(zone.max() + 1):
        here = np.flatnonzero(of_station == z)
        count = max(1, round(float(weight[here].sum()) / 1000.0 / GW_AN_OWNER))
        wide = np.ptp(longitude[here]) * np.cos(np.radians(latitude[here].mean())) > np.ptp(latitude[here])
        along = here[np.argsort((longitude if wide else latitude)[here], kind="stable")]
        share = np.cumsum(weight[along]) / weight[along].sum()
        strip = np.minimum((share * count).astype(int), count - 1)
        for k in range(count):
            names.append(f"{next(bird)} Transmission (synthetic)")
            found[0, along[strip == k]] = len(names) - 1
        for k in range(count):
            names.append(f"{next(tree)} Generation (synthetic)")
            found[1, along[strip == k]] = len(names) - 1
    return names, found[0], found[1]


def branch_names(
    *, label: np.ndarray, station: np.ndarray, kv: np.ndarray, f: np.ndarray, t: np.ndarray, kind: np.ndarray
) -> np.ndarray:
    """Name every branch by stations, voltage and a running number among those with the same words."""
    count: dict[str, int] = {}
    found: list[str] = []
    for i, j, what in zip(f.tolist(), t.tolist(), kind.tolist(), strict=True):
        a, b = str(label[station[i]]), str(label[station[j]])
        high, low = max(kv[i], kv[j]), min(kv[i], kv[j])
        if what == EQUIVALENT:
            words = "equivalent of the outside world"
            found.append(words)
            continue
        if what == LINE:
            words = f"{a} - {b} {high:g} kV circuit"
        elif what == WINDING:
            words = f"{a} {high:g} kV winding"
        else:
            words = f"{a} {high:g}/{low:g} kV transformer" if a == b else f"{a} - {b} {high:g}/{low:g} kV transformer"
        count[words] = count.get(words, 0) + 1
        found.append(f"{words} {count[words]}")
    return np.array(found)


def unit_names(*, label: np.ndarray, station: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Name every unit by station, class and a running number."""
    count: dict[str, int] = {}
    found: list[str] = []
    for place, what in zip(station.tolist(), kind.tolist(), strict=True):
        words = f"{label[place]} {what}"
        count[words] = count.get(words, 0) + 1
        found.append(f"{words} {count[words]}")
    return np.array(found)


def sole_outlets(
    *, n: int, f: np.ndarray, t: np.ndarray, bridge: np.ndarray, reached: np.ndarray, order: np.ndarray, root: int,
    unit_bus: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Give for each unit the nearest branch whose loss cuts it off from the main grid, or -1.

    `reached` is the branch by which a search from `root` came to each bus: the first bridge on the
    way back from the unit to the root, the root lying in the meshed core.
    """
    nearest = np.full(n, -1)
    for bus in np.argsort(order, kind="stable").tolist():
        line = int(reached[bus])
        if bus == root or line < 0:
            continue
        parent = int(t[line]) if int(f[line]) == bus else int(f[line])
        nearest[bus] = line if bridge[line] else nearest[parent]
    return nearest[unit_bus]


def cranking_paths(
    *, n: int, f: np.ndarray, t: np.ndarray, x: np.ndarray, starts: np.ndarray, targets: np.ndarray
) -> set[int]:
    """Find the branches on the shortest way, by reactance, from each blackstart unit to the nearest large plant."""
    beside: list[list[tuple[int, int, float]]] = [[] for _ in range(n)]
    for k, (i, j, w) in enumerate(zip(f.tolist(), t.tolist(), np.abs(x).tolist(), strict=True)):
        beside[i].append((j, k, w))
        beside[j].append((i, k, w))
    goal = set(targets.tolist())
    found: set[int] = set()
    for start in starts.tolist():
        came: dict[int, tuple[int, int]] = {}
        best = {start: 0.0}
        queue = [(0.0, start)]
        while queue:
            far, here = heapq.heappop(queue)
            if far > best[here]:
                continue
            if here in goal and here != start:
                while here != start:
                    here, line = came[here]
                    found.add(line)
                break
            for there, line, w in beside[here]:
                if far + w < best.get(there, np.inf):
                    best[there] = far + w
                    came[there] = (here, line)
                    heapq.heappush(queue, (far + w, there))
    return found
