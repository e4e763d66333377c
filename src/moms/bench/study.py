"""Figures of the study: one hour and a week of N-1 beside two other engines, on the same list and the same matrices.

The list is every branch in service whose loss cuts nothing off: other engines leave the rest out. What
they do in their own terms is what is timed: all post-contingency states solved, nothing but that.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from moms.bench.ac import cases_folder
from moms.bench.rows import Row, timed
from moms.exchange.hours import base_point
from moms.exchange.matpower import read_case
from moms.grid import BusKind, Contingency
from moms.powerflow import DcFactor
from moms.study import Out, Slice, StudyRules, study

if TYPE_CHECKING:
    from moms.grid import BoolArray, FloatArray, Grid, Hours, IntArray

CASES = (("case_ACTIVSg2000", 100.0, 1000.0), ("case_ACTIVSg10k", 250.0, None))
"""Case, and how many times faster than lightsim2grid and pypowsybl it is to be."""
QUICK = (("case_ACTIVSg500", None, None),)
WEEK_S = {"case_ACTIVSg10k": 0.1}
NOT_ASKED = {"case_ACTIVSg10k": "it gave no answer in five minutes when it was last asked"}
HOURS = 168
NEAR_MW = 1e-6


class Problem(NamedTuple):
    """One case with what is lost in turn."""

    grid: Grid
    hours: Hours
    rows: IntArray
    """Branches lost."""
    list_: tuple[Contingency, ...]


def rows(*, quick: bool) -> list[Row]:
    """Measure them; `quick` takes a small case without goals."""
    return [row for one in (QUICK if quick else CASES) for row in _case(*one, runs=1 if quick else 3)]


def problem_of(name: str, *, rating: float = 1.0) -> Problem:
    """Give a case of MATPOWER with its own hour; `rating` scales the limits after contingencies."""
    grid = read_case(cases_folder() / f"{name}.m")
    lines = grid.network.branches
    limits = {"a": lines.rate_a_mw, "b": rating * lines.rate_b_mw, "c": lines.rate_c_mw}
    grid = replace(grid, network=grid.network.with_ratings(**limits))
    hours = base_point(grid).hours
    factor = DcFactor.of(grid.network)
    able = np.flatnonzero(factor.live & ~factor.bridges())
    return Problem(grid, hours, able, tuple(Contingency(id=f"branch:{k + 1}", branches=(int(k),)) for k in able))


def _case(name: str, over_lightsim: float | None, over_powsybl: float | None, *, runs: int) -> list[Row]:
    problem = problem_of(name)
    what = f"{name}, {len(problem.rows)} branches lost in turn"
    hour = over_limit(problem, problem.hours)  # compiles
    mine, spread = timed(lambda: over_limit(problem, problem.hours), runs=runs)
    kept, kept_spread = timed(lambda: _all_flows(problem), runs=runs)
    week = _week(problem)
    week_s, week_spread = timed(lambda: over_limit(problem, week), runs=runs)
    with tempfile.TemporaryDirectory() as folder:
        theirs = _loaded(problem, Path(folder))
        lightsim, flows, solved = _lightsim(problem, theirs, Path(folder))
        powsybl = None if name in NOT_ASKED else _powsybl(problem, theirs)
    agree = float(np.abs(_all_flows(problem)[:, solved] - flows[:, solved]).max())
    return [
        Row(id=f"study.hour_{name}", what=f"{what}, one hour, all limits: CPU of MOMS",
            value=mine, unit="s", spread=spread, peer=lightsim, runs=runs),
        Row(id=f"study.kept_{name}", what=f"{what}, one hour, every flow kept: CPU of MOMS",
            value=kept, unit="s", spread=kept_spread, peer=lightsim, runs=runs),
        Row(id=f"study.lightsim_{name}",
            what=f"{what}: CPU of lightsim2grid (DC, KLU; {int(solved.sum())} solved) over MOMS",
            value=lightsim / mine, unit="x", goal=over_lightsim, direction="max", runs=1),
        Row(id=f"study.lightsim_kept_{name}", what=f"{what}, every flow kept by both: the same over MOMS",
            value=lightsim / kept, unit="x", goal=10.0 if over_lightsim else None, direction="max", runs=1),
        Row(id=f"study.powsybl_{name}", what=f"{what}: CPU of pypowsybl (DC, fast mode) over MOMS",
            value=None if powsybl is None else powsybl / mine, unit="x", goal=over_powsybl, direction="max",
            why=NOT_ASKED.get(name), runs=1),
        Row(id=f"study.agree_{name}", what=f"{what}: largest difference to a flow of lightsim2grid",
            value=agree, unit="MW", goal=NEAR_MW, runs=1),
        Row(id=f"study.missed_{name}", what=f"{what}, one hour: pairs over by all flows, missed by the study",
            value=float(missed(problem, hour)), unit="", goal=0.0, runs=1),
        Row(id=f"study.week_{name}", what=f"{what}, {HOURS} hours, all limits: CPU of MOMS",
            value=week_s, unit="s", spread=week_spread, goal=WEEK_S.get(name), runs=runs),
    ]  # fmt: skip


def over_limit(problem: Problem, hours: Hours) -> set[tuple[str, str]]:
    """Give what the study finds over its limit in some hour: (what is lost, branch)."""
    one = Slice(network=problem.grid.network, hours=hours, hours_without=hours, out=Out(), request=Out(),
                contingencies=problem.list_)  # fmt: skip
    found = study(slices=[one], rules=StudyRules(), keep_old=True, standing=False)
    names = found.contingencies
    table = found.violations
    return {
        (names[c], f"branch:{q + 1}") for c, q in zip(table.contingency.tolist(), table.element.tolist(), strict=True)
    }


def _all_flows(problem: Problem) -> FloatArray:
    """Give every flow after every loss, (m, c) MW."""
    network = problem.grid.network
    factor = DcFactor.of(network)
    before = factor.flows(problem.hours.injection_mw(network))[:, :1]
    flows: FloatArray = factor.lodf(problem.rows)
    flows *= before[problem.rows, 0]
    flows += before
    return flows


def missed(problem: Problem, found: set[tuple[str, str]]) -> int:
    """Count the pairs that are over by all flows and that the study does not name."""
    lines = problem.grid.network.branches
    watched = lines.monitored & lines.in_service & np.isfinite(lines.rate_b_mw)
    over = (np.abs(_all_flows(problem)) > lines.rate_b_mw[:, None] + NEAR_MW) & watched[:, None]
    pairs = {(f"branch:{problem.rows[c] + 1}", f"branch:{q + 1}") for q, c in np.argwhere(over).tolist()}
    return len(pairs - found)


def _week(problem: Problem) -> Hours:
    """Scale the case's hour over a week: load by a daily sine, units so that they meet it (invented, and said so)."""
    hours, network = problem.hours, problem.grid.network
    factor = 0.85 + 0.15 * np.sin(np.arange(HOURS) * (2 * np.pi / 24))
    load = hours.load_mw[:, :1] * factor
    rest = float(hours.injection_mw(network)[:, 0].sum() - hours.unit_mw[:, 0].sum() + hours.load_mw[:, 0].sum())
    units = hours.unit_mw[:, :1] * ((load.sum(axis=0) - rest) / hours.unit_mw[:, 0].sum())
    return replace(
        hours,
        label=tuple(f"hour {h + 1}" for h in range(HOURS)),
        start=None,
        load_mw=load,
        unit_mw=units,
        dcline_mw=np.repeat(hours.dcline_mw[:, :1], HOURS, axis=1),
        season=hours.season[:1] * HOURS,
    )


def _loaded(problem: Problem, folder: Path) -> Any:  # noqa: ANN401 - the oracle has no types
    """Load the same matrices into pypowsybl: shunt conductance as load, as DC there knows none."""
    from scipy.io import savemat

    pypowsybl: Any = import_module("pypowsybl")

    file = folder / "case.mat"
    savemat(file, {"mpc": _matrices(problem)})
    return pypowsybl.network.load(str(file), {"matpower.import.ignore-base-voltage": "false"})


def _matrices(problem: Problem) -> dict[str, Any]:
    """Give a network at its hour as MATPOWER's matrices; shunt conductance becomes load: DC elsewhere knows none."""
    network, hours = problem.grid.network, problem.hours
    buses, lines, units = network.buses, network.branches, network.units
    bus = np.zeros((len(buses), 13))
    bus[:, 0], bus[:, 1], bus[:, 2] = buses.number, buses.kind, hours.load_mw[:, 0] + buses.shunt_mw
    bus[:, 6], bus[:, 7], bus[:, 9], bus[:, 10], bus[:, 11], bus[:, 12] = 1, 1, buses.base_kv, 1, 1.1, 0.9
    gen = np.zeros((len(units), 21))
    gen[:, 0], gen[:, 1] = buses.number[units.bus], hours.unit_mw[:, 0]
    gen[:, 3], gen[:, 4], gen[:, 5], gen[:, 6] = 9999, -9999, 1, network.base_mva
    gen[:, 7], gen[:, 8] = units.in_service, np.maximum(units.p_max_mw, hours.unit_mw[:, 0])
    gen[:, 9] = np.minimum(units.p_min_mw, hours.unit_mw[:, 0])
    branch = np.zeros((len(lines), 13))
    branch[:, 0], branch[:, 1] = buses.number[lines.from_bus], buses.number[lines.to_bus]
    branch[:, 3], branch[:, 9], branch[:, 10] = lines.x, lines.shift_deg, lines.in_service
    branch[:, 8] = np.where((lines.tap == 1.0) & (lines.shift_deg == 0.0), 0.0, lines.tap)
    branch[:, 11], branch[:, 12] = -360, 360
    return {"version": "2", "baseMVA": network.base_mva, "bus": bus, "gen": gen, "branch": branch}


def _ids(theirs: Any, problem: Problem) -> list[str]:  # noqa: ANN401 - as above
    """Name each branch as pypowsybl does: LINE- or TWT-from-to, later circuits of a pair #0, #1 and on."""
    names = set(theirs.get_lines().index) | set(theirs.get_2_windings_transformers().index)
    buses, lines = problem.grid.network.buses, problem.grid.network.branches
    seen: Counter[str] = Counter()
    found = []
    for f, t in zip(buses.number[lines.from_bus].tolist(), buses.number[lines.to_bus].tolist(), strict=True):
        name = next(f"{kind}-{f}-{t}" for kind in ("LINE", "TWT") if f"{kind}-{f}-{t}" in names)
        found.append(name if not seen[name] else f"{name}#{seen[name] - 1}")
        seen[name] += 1
    return found


def _lightsim(problem: Problem, theirs: Any, folder: Path) -> tuple[float, FloatArray, BoolArray]:  # noqa: ANN401 - as above
    """Give the CPU of all losses solved by lightsim2grid, its flows (m, c) MW, and which it solved (c,)."""
    buses = problem.grid.network.buses
    at_slack = f"GEN-{buses.number[buses.kind == BusKind.SLACK][0]}"
    slack = next(k for k in theirs.get_generators().index if k.split("#")[0] == at_slack)
    asked = {"ids": _ids(theirs, problem), "lost": problem.rows.tolist(), "slack": slack}
    (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    word = [sys.executable, "-m", "moms.bench._lightsim", str(folder)]
    subprocess.run(word, check=True, capture_output=True)  # noqa: S603 - our own module
    with np.load(folder / "found.npz") as found:
        return float(found["took_s"]), found["flows_mw"], found["solved"]


def _powsybl(problem: Problem, theirs: Any) -> float:  # noqa: ANN401 - as above
    """Give the CPU of the same list as pypowsybl's security analysis in its fast DC mode."""
    pypowsybl: Any = import_module("pypowsybl")
    ids = _ids(theirs, problem)
    analysis = pypowsybl.security.create_analysis()
    for row in problem.rows.tolist():
        analysis.add_single_element_contingency(ids[row], f"branch:{row + 1}")
    flow = pypowsybl.loadflow.Parameters(distributed_slack=False, dc_use_transformer_ratio=True)
    parameters = pypowsybl.security.Parameters(load_flow_parameters=flow, provider_parameters={"dcFastMode": "true"})
    before = time.process_time()
    analysis.run_dc(theirs, parameters)
    return time.process_time() - before
