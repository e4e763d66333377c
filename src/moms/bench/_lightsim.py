"""One list of losses solved by lightsim2grid, in a process of its own: `python -m moms.bench._lightsim FOLDER`.

Its compiled module cannot be loaded a second time beside the one that solves MOMS's Newton problems.
FOLDER holds case.mat and asked.json (ids of branches by row, rows lost, id of the slack unit); found.npz
is left there: took_s, flows_mw (m, c), solved (c,).
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np


def solve(folder: Path) -> None:
    """Solve what is asked in a folder."""
    from lightsim2grid.lightsim2grid_cpp import AlgorithmType, ContingencyAnalysisCPP
    from lightsim2grid.network import init_from_pypowsybl

    pypowsybl: Any = import_module("pypowsybl")
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    theirs = pypowsybl.network.load(str(folder / "case.mat"), {"matpower.import.ignore-base-voltage": "false"})
    grid = init_from_pypowsybl(theirs, gen_slack_id=asked["slack"])
    names = [*theirs.get_lines().sort_index().index, *theirs.get_2_windings_transformers().sort_index().index]
    place_of = {name: k for k, name in enumerate(names)}
    place = np.array([place_of[name] for name in asked["ids"]])
    lost = place[asked["lost"]]
    analysis = ContingencyAnalysisCPP(grid)
    analysis.change_algorithm(AlgorithmType.DC_KLU)
    before = time.process_time()
    analysis.add_multiple_n1(lost.tolist())
    analysis.compute(np.ones(grid.total_bus(), dtype=complex), 10, 1e-8)
    analysis.compute_power_flows()
    took = time.process_time() - before
    back = np.argsort(np.argsort(lost))  # its results stand by its own numbers of branches
    flows = np.asarray(analysis.get_power_flows())[back][:, place].T
    solved = np.asarray(analysis.converged_mask())[back] == 1
    np.savez(folder / "found.npz", took_s=took, flows_mw=flows, solved=solved)


if __name__ == "__main__":
    solve(Path(sys.argv[1]))
