"""The same season handed to CP-SAT as it stands in a book: optional intervals, cumulatives, no overlaps.

A peer for `moms bench schedule`, if ortools (Apache-2.0) is there: it is not installed with MOMS, 80 MB being
much for one figure. It runs in a process of its own that loads nothing of the planner: ortools and highspy
each bring HiGHS, and one process cannot load both.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.schedule.season import Problem

KW = 1000
PROGRAM = "import sys; from moms.bench.cpsat import main; sys.stdout.write(main(sys.stdin.read()))"


def there() -> bool:
    """Tell whether ortools is installed."""
    return find_spec("ortools") is not None


def cp_sat(problem: Problem, *, cost: Mapping[str, float], seconds: float) -> dict[str, int] | None:
    """Give the best plan that CP-SAT finds on one thread, in another process; `cost` is of each without a place.

    Takes seasons without bundles, order, or start-dependent lengths.
    """
    asked = json.dumps(_document(problem, cost, seconds))
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    plan: dict[str, int] | None = json.loads(done.stdout)
    return plan


def _document(problem: Problem, cost: Mapping[str, float], seconds: float) -> dict[str, object]:
    """Write a season as whole numbers: kW, thousandths of cost."""
    inside = {
        z.id: [j for j in problem.jobs if z.id in problem.around[j.zone] and j.size_mw > 0] for z in problem.zones
    }
    uses = {r.id: {j.id: round(dict(j.uses).get(r.id, 0)) for j in problem.jobs} for r in problem.resources}
    return {
        "seconds": seconds,
        "jobs": [{"id": j.id, "days": j.days, "starts": problem.starts[j.id], "cost": round(KW * cost[j.id])}
                 for j in problem.jobs],
        "limits": [
            *({"capacity": [int(max(h, 0) * KW) for h in z.headroom_mw],
               "demand": {j.id: round(KW * j.size_mw) for j in inside[z.id]}} for z in problem.zones),
            *({"capacity": [int(c) for c in r.capacity],
               "demand": {n: amount for n, amount in uses[r.id].items() if amount}} for r in problem.resources),
        ],
        "sets": [*((list(a.jobs), a.most) for a in problem.at_most),
                  *((list(c.jobs), len(c.jobs) - 1) for c in problem.conflicts)],
    }  # fmt: skip


def main(asked: str) -> str:
    """Solve what `_document` wrote, and give the plan as JSON (the process that `cp_sat` starts)."""
    from ortools.sat.python import cp_model

    given = json.loads(asked)
    model = cp_model.CpModel()
    start: dict[str, Any] = {}
    on: dict[str, Any] = {}
    out: dict[str, Any] = {}
    for job in given["jobs"]:
        name = job["id"]
        start[name] = model.new_int_var_from_domain(cp_model.Domain.from_values(job["starts"] or [0]), name)
        on[name] = model.new_bool_var(f"on {name}")
        out[name] = model.new_optional_fixed_size_interval_var(start[name], job["days"], on[name], f"out {name}")
        if not job["starts"]:
            model.add(on[name] == 0)
    for limit in given["limits"]:
        _cumulative(model, out, limit["demand"], limit["capacity"])
    for names, most in given["sets"]:
        model.add_cumulative([out[n] for n in names], [1] * len(names), most)
    model.minimize(sum(job["cost"] * (1 - on[job["id"]]) for job in given["jobs"]))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds, solver.parameters.num_workers = given["seconds"], 1
    found = solver.solve(model) in {cp_model.OPTIMAL, cp_model.FEASIBLE}
    return json.dumps({n: solver.value(start[n]) for n in on if solver.value(on[n])} if found else None)


def _cumulative(model: Any, out: Mapping[str, Any], demand: Mapping[str, int], capacity: Sequence[int]) -> None:  # noqa: ANN401 - ortools has no types
    """Hold a sum under a capacity that changes by day: what is missing on a day is taken up by a fixed interval."""
    most = max(capacity)
    intervals, demands = [out[n] for n in demand], list(demand.values())
    for day, left in enumerate(capacity):
        if left < most:
            intervals.append(model.new_fixed_size_interval_var(day, 1, f"less on {day}"))
            demands.append(most - left)
    model.add_cumulative(intervals, demands, most)
