"""`moms plan explain`: why each request of a plan got its date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.exits import Exit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from moms.schedule.season import Problem

SAYS = "Explain a season's plan: why this date, what stands nearer to the wish, what a week earlier would take."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the problem, the plan and which requests."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the problem, as for `moms plan season`")
    parser.add_argument("--plan", metavar="FILE", type=Path, required=True, help="a plan from `--out` or `--json`")
    parser.add_argument("--against", metavar="FILE", type=Path, help="another plan: what differs, term by term too")
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
    other = None if args.against is None else read_plan(args.against)
    strange = sorted({*(other or {})} - set(problem.job))
    if strange:
        raise Refused(f"the problem has no request {strange[0]!r}", field="against", fix="give a plan of this problem")
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
        whole = {"requests": rows, "owners": burdens, "broken": broken}
        show_json(whole if other is None else whole | {"against": compared(problem, plan, other)})
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
    if other is not None:
        _show_compared(compared(problem, plan, other))
    for one in broken[:20]:
        say(f"broken: {one.says}", abnormal=True)
    return Exit.NO if broken else Exit.DONE


def compared(problem: Problem, plan: Mapping[str, int], other: Mapping[str, int]) -> dict[str, list[dict[str, object]]]:
    """Give what another plan has otherwise, request by request, and each term under both; starts count from 1."""
    from moms.schedule.season import burdens, difference, values

    terms, others = values(problem, plan), values(problem, other)
    mine, theirs = burdens(problem, plan), burdens(problem, other)
    return {
        "requests": [
            {"request": d.job, "owner": problem.job[d.job].owner, "start": None if d.before is None else d.before + 1,
             "other": None if d.after is None else d.after + 1}
            for d in difference(plan, other)
        ],
        "terms": [{"term": name, "value": value, "other": others[name]} for name, value in terms.items()],
        "owners": [{"owner": o, "burden": b, "other": theirs[o]} for o, b in mine.items() if b != theirs[o]],
    }  # fmt: skip


def _show_compared(found: dict[str, list[dict[str, object]]]) -> None:
    from moms.cli.paper import say, show_table

    if not found["requests"]:
        say("The other plan is the same.")
        return
    for name in ("requests", "terms", "owners"):
        rows = [["no place" if v is None else f"{v:g}" if isinstance(v, int | float) else str(v) for v in row.values()]
                for row in found[name]]  # fmt: skip
        if rows:
            show_table(columns=list(found[name][0]), rows=rows)
