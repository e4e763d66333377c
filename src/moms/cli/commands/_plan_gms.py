"""`moms plan gms`: classic generator maintenance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.exits import Exit

if TYPE_CHECKING:
    import argparse

    from moms.schedule._mip import Budget
    from moms.schedule.gms import Fleet, Levelled

SAYS = "Plan the maintenance of generators over weeks, with a proven bound."
OBJECTIVES = ("max-min", "water-filling", "least-squares", "levelised-risk")
UNITS = {"max-min": "MW", "water-filling": "MW", "least-squares": "MW^2", "levelised-risk": "effective MW"}
MOVES = 300_000
"""Moves of one round of annealing: short rounds and many of them found the best plans."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the file, the objective and the budget."""
    parser.add_argument("file", metavar="FILE", type=Path, help="fleet as JSON (.json, .gz, .xz); docs/commands.md")
    parser.add_argument("--objective", choices=OBJECTIVES, default="max-min", help="what to make best")
    parser.add_argument("--seconds", type=float, default=20.0, help="most time of one call of the solver (default 20)")
    parser.add_argument("--work", type=int, default=150, metavar="N", help="rounds of annealing, for least-squares")
    parser.add_argument("--seed", type=int, default=0, help="of the annealing")


def run(args: argparse.Namespace) -> int:
    """Plan, and print value, bound and starts; 1 where no plan was found."""
    from moms.cli.paper import say, show_json, show_table
    from moms.exchange.maintenance import read_fleet
    from moms.schedule._mip import Budget

    fleet, days = read_fleet(args.file)
    found, about = solve(fleet, days, args, Budget(seconds=args.seconds))
    document = answer(fleet, found, objective=args.objective) | about
    if args.json:
        show_json(document)
        return Exit.NO if found is None else Exit.DONE
    if found is None:
        say("No plan was found: with these crews and weeks there is none, or the budget was too small.", abnormal=True)
        return Exit.NO
    show_table(columns=["unit", "first week"], rows=[[u, str(w + 1)] for u, w in sorted(found.starts.items())])
    say(str(document["says"]), abnormal=not found.proved)
    return Exit.DONE


def solve(
    fleet: Fleet, days: tuple[float, ...], args: argparse.Namespace, budget: Budget
) -> tuple[Levelled | None, dict[str, object]]:
    """Solve for the objective asked; the second value says what was assumed on the way."""
    import numpy as np

    from moms.exchange.maintenance import with_rts_rates
    from moms.schedule.gms import effective, largest_level, least_squares

    if args.objective == "least-squares":
        rng = np.random.default_rng(args.seed)
        return least_squares(fleet, budget=budget, rng=rng, moves=MOVES, rounds=args.work), {}
    if args.objective == "levelised-risk":
        rated = with_rts_rates(fleet)
        weighed, slope = effective(rated or fleet, daily_share=days)
        about: dict[str, object] = {"slope_mw": round(slope, 3)}
        if rated:
            about["assumed"] = "forced outage rates of the IEEE RTS by size, as the file gives none"
        return largest_level(weighed, where_out_only=True, budget=budget), about
    return largest_level(fleet, where_out_only=args.objective == "water-filling", budget=budget), {}


def answer(fleet: Fleet, found: Levelled | None, *, objective: str) -> dict[str, object]:
    """Give the answer as JSON's kinds; weeks count from 1."""
    if found is None:
        return {"name": fleet.name, "objective": objective, "value": None, "bound": None, "proved": False, "starts": {}}
    how = "proved optimal" if found.proved else f"not proved; bound {found.bound}"
    return {
        "name": fleet.name,
        "objective": objective,
        "unit": UNITS[objective],
        "value": found.value,
        "bound": found.bound,
        "proved": found.proved,
        "starts": {unit: week + 1 for unit, week in found.starts.items()},
        "says": f"{objective} {found.value:,.3f} {UNITS[objective]}, {how}",
    }
