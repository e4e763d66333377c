"""`moms plan season`: all requests of a season together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.exits import Exit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from moms.schedule.season import Planned, Problem

SAYS = "Plan all requests of a season together, term by term, with what was proved of each."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the problem, the budget and where the plan goes."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the problem as JSON (.json, .gz, .xz)")
    parser.add_argument("--seconds", type=float, default=30.0, help="most time of one call of the solver (default 30)")
    parser.add_argument("--work", type=int, default=None, metavar="N", help="nodes of one call instead: repeatable")
    parser.add_argument("--near", type=int, default=0, metavar="N", help="neighbourhoods to try first (large seasons)")
    parser.add_argument("--seed", type=int, default=0, help="of the neighbourhoods")
    parser.add_argument("--out", metavar="FILE", type=Path, help="keep the best plan so far here, as JSON")


def run(args: argparse.Namespace) -> int:
    """Plan and print; 1 where there is no plan, or something has no place in it."""
    from moms.cli.paper import Cell, say, show_json, show_table
    from moms.exchange.seasonfile import read_season
    from moms.schedule._mip import Budget
    from moms.schedule.season import solve

    problem = read_season(args.file)
    budget = Budget(nodes=args.work) if args.work is not None else Budget(seconds=args.seconds)
    found = solve(problem, budget=budget, seed=args.seed, neighbourhoods=args.near, tell=lambda plan: _keep(args, plan))
    code = Exit.DONE if found.plan is not None and len(found.plan) == len(problem.jobs) else Exit.NO
    if args.json:
        show_json(answer(problem, found))
    elif found.plan is None:
        say(f"There is no plan: {found.clash.says if found.clash else 'none was found in the budget'}.", abnormal=True)
    else:
        rows = [[j.id, j.owner, _day(found.plan.get(j.id)), str(j.preferred + 1)] for j in problem.jobs]
        show_table(columns=["request", "owner", "start", "wished"], rows=rows, right=["start", "wished"])
        show_table(
            columns=["term", "value", "bound", "proved"],
            rows=[
                [v.name, f"{v.value:g} {v.unit}", "" if v.bound is None else f"{v.bound:g}",
                 Cell(text="yes" if v.proved else "no", abnormal=not v.proved)]
                for v in found.levels
            ],
        )  # fmt: skip
    return code


def _day(start: int | None) -> str:
    return "no place" if start is None else str(start + 1)


def _keep(args: argparse.Namespace, plan: Mapping[str, int]) -> None:
    """Write the best plan so far: a run that is killed leaves it."""
    if args.out is not None:
        from moms.exchange.planfile import write_whole
        from moms.values import canonical

        write_whole(args.out, canonical({"starts": {name: start + 1 for name, start in plan.items()}}) + b"\n")


def answer(problem: Problem, found: Planned) -> dict[str, object]:
    """Give the answer as JSON's kinds; starts count from 1."""
    from moms.schedule.season import owners

    plan = found.plan
    clash = None if found.clash is None else {
        "rules": [{"rule": t.rule, "says": t.says, "requests": t.jobs} for t in found.clash.rules],
        "owners": found.clash.owners, "smallest": found.clash.smallest,
    }  # fmt: skip
    return {
        "feasible": plan is not None,
        "starts": {name: start + 1 for name, start in (plan or {}).items()},
        "no_place": [] if plan is None else [j.id for j in problem.jobs if j.id not in plan],
        "levels": found.levels,
        "owners": [] if plan is None else [
            {"owner": o, "burden": burden, "requests": asked, "placed": placed}
            for o, burden, asked, placed in owners(problem, plan)
        ],
        "clash": clash,
        "work": found.work,
    }  # fmt: skip
