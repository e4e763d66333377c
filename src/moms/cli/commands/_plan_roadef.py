"""`moms plan roadef`: problems of the ROADEF/EURO challenge 2020."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.values import Refused

if TYPE_CHECKING:
    import argparse

    from moms.schedule.challenge import Challenge, Outcome

SAYS = "Solve an instance of the ROADEF/EURO challenge 2020; the best plan so far is always in the file."


class NoBudget(Refused):
    """A run that would never start or never end."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the instance, the budget and where the plan goes."""
    parser.add_argument("instance", metavar="INSTANCE", type=Path, help="the challenge's JSON (.json, .gz, .xz)")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="the plan: one `name start` a line")
    parser.add_argument("--seconds", type=float, default=None, help="wall time to stop after (default 60)")
    parser.add_argument("--work", type=int, default=None, metavar="N", help="units of work: the same plan each time")
    parser.add_argument("--seed", type=int, default=0, help="of the search")


def run(args: argparse.Namespace) -> int:
    """Solve and print; 1 where the best plan still breaks something."""
    from moms.cli.paper import say, show_json
    from moms.exchange.challenge import read_challenge

    began = time.perf_counter()
    if args.work is None and args.seconds is None:
        args.seconds = 60.0
    for name in ("seconds", "work"):
        given = getattr(args, name)
        if given is not None and not 0 < given < 1e9:
            raise NoBudget(f"{given} is no budget", field=name, fix="give a number above 0")
    problem = read_challenge(args.instance)
    found = solve_to_file(problem, args, began)
    document = answer(args.instance.name, found, args)
    if args.json:
        show_json(document)
    else:
        say(str(document["says"]), abnormal=bool(found.value.broken))
    return Exit.NO if found.value.broken else Exit.DONE


def solve_to_file(problem: Challenge, args: argparse.Namespace, began: float) -> Outcome:
    """Solve, and write each better plan as soon as it is known: a run that is killed leaves its best."""
    from moms.exchange.challenge import write_solution
    from moms.schedule.challenge import solve

    def left() -> float | None:
        return None if args.seconds is None else args.seconds - (time.perf_counter() - began)

    def go_on(work: int) -> bool:
        seconds = left()
        return (args.work is None or work < args.work) and (seconds is None or seconds > 0)

    return solve(
        problem, seed=args.seed, go_on=go_on, seconds_left=left,
        tell=lambda best: write_solution(args.out, names=problem.names, plan=best.plan),
    )  # fmt: skip


def answer(name: str, found: Outcome, args: argparse.Namespace) -> dict[str, object]:
    """Give the answer as JSON's kinds."""
    value, bound = found.value, found.bound
    gap = None if bound is None or value.objective == 0 else (value.objective - bound) / abs(value.objective)
    shown = "no bound" if gap is None else f"at most {100 * gap:.4f} % above the least possible"
    how = "proved optimal" if found.proved else shown
    if value.broken:
        how = f"not feasible: {len(value.broken)} broken, first: {value.broken[0]}"
    return {
        "instance": name, "objective": value.objective, "mean_risk": value.mean_risk, "excess": value.excess,
        "feasible": not value.broken, "n_violations": len(value.broken), "violations": list(value.broken[:20]),
        "bound": bound, "gap": gap, "proved": found.proved, "work": found.work, "seed": args.seed,
        "repeatable": found.repeatable, "out": str(args.out), "says": f"{value.objective:.6f}, {how}",
    }  # fmt: skip
