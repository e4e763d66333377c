"""`moms plan explain`: why each request of a plan got its date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.exits import Exit

if TYPE_CHECKING:
    import argparse

SAYS = "Explain a season's plan: why this date, what stands nearer to the wish, what a week earlier would take."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the problem, the plan and which requests."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the problem, as for `moms plan season`")
    parser.add_argument("--plan", metavar="FILE", type=Path, required=True, help="a plan from `--out` or `--json`")
    parser.add_argument("--request", metavar="ID", action="append", help="only this one; repeatable")


def run(args: argparse.Namespace) -> int:
    """Explain; 1 where the plan breaks something."""
    from moms.cli.paper import say, show_json, show_table
    from moms.exchange.seasonfile import read_plan, read_season
    from moms.schedule.season import breaks, explain, owners
    from moms.values import Refused

    problem, plan = read_season(args.file), read_plan(args.plan)
    unknown = sorted({*plan, *(args.request or [])} - set(problem.job))
    if unknown:
        raise Refused(f"the problem has no request {unknown[0]!r}", field="plan", fix="give the plan of this problem")
    broken = breaks(problem, plan)
    why = [one for one in explain(problem, plan) if not args.request or one.request in args.request]
    if args.json:
        rows = [
            {
                "request": w.request,
                "owner": w.owner,
                "start": None if w.start is None else w.start + 1,
                "preferred": w.preferred + 1,
                "burden": w.burden,
                "says": w.says,
                "week_earlier": w.week_earlier,
                "nearer": [{"start": s + 1, "against": against or None} for s, against in w.better],
            }
            for w in why
        ]
        burdens = [{"owner": o, "burden": b, "requests": n, "placed": k} for o, b, n, k in owners(problem, plan)]
        show_json({"requests": rows, "owners": burdens, "broken": broken})
        return Exit.NO if broken else Exit.DONE  # fmt: skip
    show_table(
        columns=["request", "start", "why", "a week earlier"],
        rows=[[w.request, "" if w.start is None else str(w.start + 1), w.says, w.week_earlier] for w in why],
        right=["start"],
    )
    show_table(
        columns=["owner", "burden", "requests", "placed"],
        rows=[[o, f"{b:.3f}", str(n), str(k)] for o, b, n, k in owners(problem, plan)],
        right=["burden", "requests", "placed"],
    )
    for one in broken[:20]:
        say(f"broken: {one.says}", abnormal=True)
    return Exit.NO if broken else Exit.DONE
