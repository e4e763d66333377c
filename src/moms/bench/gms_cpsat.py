"""Maintenance problems handed whole to CP-SAT alone, a peer of the planner's own search.

As in cpsat.py: only where ortools is installed, and in a process of its own that loads nothing of the planner.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moms.schedule.gms import Fleet

KW_IN_MW = 1000
PROGRAM = "import sys; from moms.bench.gms_cpsat import main; sys.stdout.write(main(sys.stdin.read()))"


def cp_sat(fleet: Fleet, *, objective: str, seconds: float) -> tuple[dict[str, int] | None, float]:
    """Give the plan that CP-SAT finds on one thread for `max-min` or `squares`, and the CPU of its process."""
    asked = {
        "objective": objective,
        "seconds": seconds,
        "spare": [s // KW_IN_MW for s in fleet.spare_kw],
        "people": fleet.crew_limit,
        "units": [
            {"id": u.id, "mw": u.size_kw // KW_IN_MW, "weeks": u.weeks, "starts": list(u.starts),
             "crew": [round(c) for c in u.crew]}
            for u in fleet.units
        ],
    }  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)  # noqa: S603 - our own
    plan: dict[str, int] | None = json.loads(done.stdout)
    return plan, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def main(asked: str) -> str:
    """Solve what `cp_sat` wrote, and give the starts as JSON (the process that it starts)."""
    from ortools.sat.python import cp_model

    given = json.loads(asked)
    model = cp_model.CpModel()
    on: dict[str, dict[int, Any]] = {}
    for unit in given["units"]:
        on[unit["id"]] = {s: model.new_bool_var(f"{unit['id']} {s}") for s in unit["starts"]}
        model.add_exactly_one(on[unit["id"]].values())
    reserves = []
    for week, spare in enumerate(given["spare"]):
        here = [(u, s, x) for u in given["units"] for s, x in on[u["id"]].items() if s <= week < s + u["weeks"]]
        reserve = model.new_int_var(-sum(u["mw"] for u in given["units"]), max(given["spare"]), f"reserve {week}")
        model.add(reserve == spare - sum(u["mw"] * x for u, _, x in here))
        reserves.append(reserve)
        if given["people"] is not None:
            model.add(sum(u["crew"][week - s] * x for u, s, x in here if u["crew"]) <= int(given["people"]))
    if given["objective"] == "max-min":
        level = model.new_int_var(-(10**6), 10**6, "level")
        model.add_min_equality(level, reserves)
        model.maximize(level)
    else:
        most = max(abs(s) for s in given["spare"]) + sum(u["mw"] for u in given["units"])
        squared = []
        for week, reserve in enumerate(reserves):
            square = model.new_int_var(0, most * most, f"square {week}")
            model.add_multiplication_equality(square, [reserve, reserve])
            squared.append(square)
        model.minimize(sum(squared))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds, solver.parameters.num_workers = given["seconds"], 1
    found = solver.solve(model) in {cp_model.OPTIMAL, cp_model.FEASIBLE}
    return json.dumps({n: s for n, by in on.items() for s, x in by.items() if solver.value(x)} if found else None)
