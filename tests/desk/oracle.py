"""The AC N-1 of pypowsybl (OpenLoadFlow, reactive limits on) on one hour of a study: voltages by contingency.

Losses are shared by headroom, as here. One base voltage for all buses: per unit it is the same grid, and
pypowsybl treats a line between two base voltages in its own way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.io

from moms.exchange.casefile import case_text
from moms.exchange.matpower import parse_case
from tests.study.test_against_pypowsybl import ids_by_row

if TYPE_CHECKING:
    from pathlib import Path

    from moms.grid import FloatArray, Network
    from moms.study import Slice

ONE_KV = 100.0
Volts = dict[tuple[str | None, str], float]
"""Per unit, by contingency (None before any) and bus; dark buses are left out."""


def pypowsybl() -> Any:
    """Give the oracle, or skip."""
    return pytest.importorskip("pypowsybl", reason="the oracle is an optional extra")


def hour_of(one: Slice, label: str, *out: int) -> Network:
    """Give the network of a slice in one hour with these branches, by number, out."""
    network, hour = one.network, one.hours.label.index(label)
    load, live = one.hours.load_mw[:, hour], network.branches.in_service.copy()
    live[np.array(out, np.int64) - 1] = False
    scale = np.divide(load, network.buses.load_mw, out=np.ones(len(load)), where=network.buses.load_mw != 0.0)
    return replace(
        network,
        buses=replace(network.buses, load_mw=load, load_mvar=network.buses.load_mvar * scale),
        branches=replace(network.branches, in_service=live),
        units=replace(network.units, p_mw=one.hours.unit_mw[:, hour]),
    )


def theirs_of(network: Network, folder: Path) -> tuple[Any, FloatArray]:
    """Give pypowsybl's network and the matrix of branches; the case is the one that MOMS writes, read as text."""
    tables = _matrices(case_text(network, name="asked"))
    tables["bus"][:, 9] = ONE_KV
    file = folder / "asked.mat"
    scipy.io.savemat(file, {"mpc": {"version": "2", "baseMVA": network.base_mva, **tables}})
    loaded = pypowsybl().network.load(str(file), {"matpower.import.ignore-base-voltage": "false"})
    return loaded, tables["branch"]


def _matrices(text: str) -> dict[str, FloatArray]:
    parse_case(text.encode(), name="asked")  # what is handed over is a case that MOMS reads itself
    found = {}
    for name in ("bus", "gen", "branch"):
        rows = text.split(f"mpc.{name} = [\n")[1].split("\n];", maxsplit=1)[0]
        found[name] = np.array([[float(x) for x in row.strip("\t;").split("\t")] for row in rows.split("\n")])
    return found


def parameters(start: str = "UNIFORM_VALUES") -> Any:
    """Give its settings: reactive limits on, losses by headroom."""
    flow = pypowsybl().loadflow
    return flow.Parameters(
        distributed_slack=True,
        use_reactive_limits=True,
        read_slack_bus=True,
        voltage_init_mode=getattr(flow.VoltageInitMode, start),
        balance_type=flow.BalanceType.PROPORTIONAL_TO_GENERATION_REMAINING_MARGIN,
        provider_parameters={"reactiveRangeCheckMode": "TARGET_P", "plausibleActivePowerLimit": "100000",
                             "newtonRaphsonConvEpsPerEq": "1e-8", "slackBusPMaxMismatch": "0.0001"},
    )  # fmt: skip


def ends_as(network: Network, folder: Path, *, start: str) -> str:
    """Give how its load flow ends, as `CONVERGED`."""
    loaded, _ = theirs_of(network, folder)
    status: str = pypowsybl().loadflow.run_ac(loaded, parameters(start))[0].status.name
    return status


def volts_after(network: Network, folder: Path) -> Volts:
    """Give the voltage, per unit, of each energised bus before (None) and after the loss of each branch in service."""
    loaded, branch = theirs_of(network, folder)
    analysis = pypowsybl().security.create_analysis()
    for k, name in enumerate(ids_by_row(loaded, branch)):
        if network.branches.in_service[k]:
            analysis.add_single_element_contingency(name, f"branch:{k + 1}")
    levels = loaded.get_voltage_levels().index.tolist()
    analysis.add_monitored_elements(voltage_level_ids=levels)
    result = analysis.run_ac(loaded, pypowsybl().security.Parameters(load_flow_parameters=parameters()))
    rows = result.bus_results.reset_index()
    bus = "bus:" + rows["bus_id"].str.extract(r"BUS-(\d+)")[0]
    found = zip(rows["contingency_id"], bus, rows["v_mag"] / ONE_KV, strict=True)
    return {(after or None, name): float(volt) for after, name, volt in found if volt > 0.0}


def out_of_band(network: Network, volts: Volts) -> set[tuple[str | None, str]]:
    """Name what is outside its band."""
    b = network.buses
    return {
        (after, name) for (after, name), volt in volts.items()
        if not b.vmin[network.row(name)] - 1e-6 <= volt <= b.vmax[network.row(name)] + 1e-6
    }  # fmt: skip
