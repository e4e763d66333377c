"""A network as a MATPOWER case (.m, version 2), which `exchange.matpower` reads again with the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from moms.grid import FloatArray, Network


def case_text(network: Network, *, name: str, says: tuple[str, ...] = ()) -> str:
    """Write a network as a case; `says` are comment lines. Costs, fuels and DC lines are not written."""
    tables = {"bus": _buses(network), "gen": _units(network), "branch": _branches(network)}
    head = [f"function mpc = {name}", *(f"% {line}" for line in says)]
    head += ["mpc.version = '2';", f"mpc.baseMVA = {network.base_mva:g};"]
    for table, rows in tables.items():
        head += [f"mpc.{table} = [", *("\t" + "\t".join(_number(x) for x in row) + ";" for row in rows.tolist()), "];"]
    return "\n".join(head) + "\n"


def _number(value: float) -> str:
    """Write a number so that it is read back to the bit."""
    if np.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _buses(network: Network) -> FloatArray:
    b, one = network.buses, np.ones(len(network.buses))
    columns = (b.number, b.kind, b.load_mw, b.load_mvar, b.shunt_mw, b.shunt_mvar, one, b.vm, b.va_deg, b.base_kv, one,
               b.vmax, b.vmin)  # fmt: skip
    return np.column_stack([np.asarray(column, np.float64) for column in columns])


def _units(network: Network) -> FloatArray:
    u = network.units
    base = np.full(len(u), network.base_mva)
    columns = (u.bus, u.p_mw, u.q_mvar, u.q_max_mvar, u.q_min_mvar, u.v_set, base, u.in_service, u.p_max_mw, u.p_min_mw)
    table = np.column_stack([np.asarray(column, np.float64) for column in columns])
    table[:, 0] = network.buses.number[u.bus]
    return table


def _branches(network: Network) -> FloatArray:
    x, number = network.branches, network.buses.number
    a, b, c = (np.where(np.isfinite(rate), rate, 0.0) for rate in (x.rate_a_mw, x.rate_b_mw, x.rate_c_mw))
    wide = np.full(len(x), 360.0)
    columns = (number[x.from_bus], number[x.to_bus], x.r, x.x, x.b, a, b, c, x.tap, x.shift_deg, x.in_service, -wide,
               wide)  # fmt: skip
    return np.column_stack([np.asarray(column, np.float64) for column in columns])
