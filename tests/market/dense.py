"""DC power flow by dense least squares, written apart from the engine: the tests' second opinion."""

from __future__ import annotations

import numpy as np


def flows(network, injection_mw, *, lost=()):
    """Give the flow of every branch, (m,), at balanced bus injections; lost ones carry nothing."""
    lines = network.branches
    live = lines.in_service.copy()
    live[list(lost)] = False
    b = np.where(live, network.base_mva / (lines.x * lines.tap), 0.0)
    incidence = np.zeros((len(lines), len(network.buses)))
    incidence[np.arange(len(lines)), lines.from_bus] = 1.0
    incidence[np.arange(len(lines)), lines.to_bus] -= 1.0
    shift = b * np.deg2rad(lines.shift_deg)
    theta = np.linalg.lstsq(incidence.T @ (b[:, None] * incidence), injection_mw + incidence.T @ shift, rcond=None)[0]
    return b * (incidence @ theta) - shift


def pieces(network, *, lost=()):
    """Number the islands by flood fill, (n,)."""
    lines, mark = network.branches, np.full(len(network.buses), -1)
    gone = set(lost)
    for first in range(len(mark)):
        todo = [first] if mark[first] < 0 else []
        while todo:
            bus = todo.pop()
            if mark[bus] >= 0:
                continue
            mark[bus] = first
            for k in range(len(lines)):
                if k in gone or not lines.in_service[k]:
                    continue
                ends = (lines.from_bus[k], lines.to_bus[k])
                if bus in ends:
                    todo.append(int(ends[0] + ends[1] - bus))
    return mark


def after(network, injection_mw, unit_mw, *, branches=(), units=()):
    """Give flows after a contingency, each island balanced by headroom (or output, when too much is left)."""
    injection, p = injection_mw.copy(), unit_mw.copy()
    table = network.units
    for u in units:
        injection[table.bus[u]] -= p[u]
        p[u] = 0.0
    mark = pieces(network, lost=branches)
    for island in set(mark.tolist()):
        inside = mark == island
        missing = -injection[inside].sum()
        if abs(missing) < 1e-9:
            continue
        room = np.array(
            [
                (max(table.p_max_mw[u] - p[u], 0.0) if missing > 0 else max(p[u], 0.0))
                * (inside[table.bus[u]] and u not in units and table.in_service[u] and table.picks_up[u])
                for u in range(len(p))
            ]
        )
        if room.sum() < abs(missing):
            return None
        np.add.at(injection, table.bus, missing * room / room.sum())
    return flows(network, injection, lost=branches)
