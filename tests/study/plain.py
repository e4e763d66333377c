"""The slow way: dense matrices, every contingency solved by itself. What the engine is checked against.

Written from the definitions alone, with nothing of the engine in it.
"""

from __future__ import annotations

import numpy as np

from moms.grid import FloatArray, IntArray, Network
from tests.study.grids import a_network


def plain_flows(network: Network, injection: FloatArray, out: IntArray | None = None) -> FloatArray:
    """Solve B theta = P with a dense matrix, the slack grounded; (m, H) MW, 0 on branches out."""
    lines, n = network.branches, len(network.buses)
    used = network.buses.kind != 4
    on = lines.in_service & used[lines.from_bus] & used[lines.to_bus]
    if out is not None:
        on = on.copy()
        on[out] = False
    b = np.where(on, network.base_mva / (lines.x * lines.tap), 0.0)
    incidence = np.zeros((len(lines), n))
    incidence[np.arange(len(lines)), lines.from_bus] = 1.0
    incidence[np.arange(len(lines)), lines.to_bus] -= 1.0
    matrix = incidence.T @ (b[:, None] * incidence)
    shift = (b * np.deg2rad(lines.shift_deg))[:, None]
    slack = int(np.flatnonzero(network.buses.kind == 3)[0])
    keep = np.flatnonzero(used & (np.arange(n) != slack))
    theta = np.zeros((n, injection.shape[1]))
    theta[keep] = np.linalg.solve(matrix[np.ix_(keep, keep)], (injection + incidence.T @ shift)[keep])
    return b[:, None] * (incidence @ theta) - shift


def random_network(rng: np.random.Generator, *, n: int | None = None) -> Network:
    """Draw a connected grid with parallel circuits, phase shifters, taps, bridges, some negative reactances."""
    n = int(rng.integers(4, 14)) if n is None else n
    pairs = [(int(rng.integers(0, k)), k) for k in range(1, n)]
    for _ in range(int(rng.integers(1, n + 2))):
        a, b = rng.choice(n, 2, replace=False)
        pairs.append((int(a), int(b)))
    pairs += [pairs[int(k)] for k in rng.integers(0, len(pairs), 2)]
    branch = []
    for a, b in pairs:
        x = float(rng.uniform(0.02, 0.4)) * (-0.35 if rng.random() < 0.04 else 1.0)
        ends = (a, b) if rng.random() < 0.5 else (b, a)
        tap = float(rng.choice([0.0, 0.95, 1.04]))
        shift = float(rng.choice([0.0, 0.0, 0.0, 0.0, 3.0, -5.0]))
        rate = float(rng.choice([0.0, 60.0, 90.0, 140.0]))
        branch.append([ends[0] + 1, ends[1] + 1, 0, x, 0, rate, rate * 1.1, rate * 1.2, tap, shift, float(rng.random() < 0.97 or (a, b) in pairs[: n - 1])])
    load = rng.choice([0.0, 0.0, 30.0, 55.0, 80.0], n)
    load[int(rng.integers(0, n))] += 40.0
    bus = [[k + 1, 3 if k == 0 else 1, float(load[k]), 0, 0, 0, 1, 1, 0, 345] for k in range(n)]
    at = rng.choice(n, int(rng.integers(1, 5)), replace=True)
    share = rng.uniform(0.2, 1.0, len(at))
    output = share / share.sum() * load.sum()
    spare = rng.choice([0.0, 5.0, 60.0, 200.0], len(at))
    gen = [[int(b) + 1, float(p), 0, 9, -9, 1, 100, 1, float(p + s), 0] for b, p, s in zip(at, output, spare, strict=True)]
    return a_network(bus=bus, gen=gen, branch=branch)
