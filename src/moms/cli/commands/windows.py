"""`moms windows`: which start days are free for some equipment, and why the others are not."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.desk.windows import Calendar

EXAMPLE = "moms windows --asset branch:1204 --days 7 --from 2027-03-01 --to 2027-03-31"
COLOURS = {"free": "green", "needs a study": "yellow", "not available": "red"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the equipment and the dates."""
    parser.add_argument("--asset", action="append", required=True, metavar="ID", help="branch:12, gen:7; may repeat")
    parser.add_argument("--days", type=int, default=1, metavar="N", help="how many market days (1)")
    parser.add_argument("--from", dest="first", required=True, metavar="DAY", help="first start day, 2027-03-01")
    parser.add_argument("--to", dest="last", required=True, metavar="DAY", help="last start day")
    parser.add_argument("--cores", type=int, default=0, metavar="N", help="processes to use (all cores)")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Study each day once, put the windows together, print them with their cost."""
    from moms.cli.paper import progress, show_json

    before, wall = time.process_time(), time.perf_counter()
    with office(args) as desk, progress("studying days") as done:
        found, child_cpu = desk.windows(
            assets=tuple(args.asset), days=args.days, first=args.first, last=args.last, cores=args.cores, tick=done
        )
    cost = {
        "cpu_s": round(time.process_time() - before + child_cpu, 2),
        "wall_s": round(time.perf_counter() - wall, 2),
        "cells": found.cells,
        "points": found.points,
        "contingencies": found.contingencies,
    }
    if args.json:
        show_json({"calendar": found, "cost": cost, "shares": {s: found.share(s) for s in COLOURS}})
    else:
        _print(found, cost)
    return 0


def _print(found: Calendar, cost: dict[str, float]) -> None:
    from rich.table import Table

    from moms.cli.letters import console, escape

    paper = console()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("start", "answer", "worst %", "at risk MW", "why, or on what condition"):
        table.add_column(name, justify="right" if "%" in name or "MW" in name else "left", overflow="fold")
    for start in found.starts:
        table.add_row(
            start.day.strftime("%a %d %b %Y"),
            f"[{COLOURS[start.state]}]{start.state}[/]",
            f"{start.worst.percent:.1f}" if start.worst else "",
            f"{start.load_at_risk_mw:.1f}" if start.load_at_risk_mw else "",
            escape(start.reason or "; ".join(start.conditions)),
        )
    counted = Counter(s.state for s in found.starts)
    shares = ", ".join(f"{counted[s]} {s}" for s in COLOURS)
    paper.print(f"[bold]{', '.join(found.assets)}, {found.days} days: of {len(found.starts)} starts {shares}.[/]")
    paper.print(table)
    paper.print(
        f"[dim]book version {found.book_version}, computed {found.computed_at:%Y-%m-%d %H:%MZ};"
        f" {cost['cells']} days, {cost['points']} operating points, {cost['contingencies']:,} contingencies each,"
        f" {cost['cpu_s']:.1f} s CPU, {cost['wall_s']:.1f} s[/]"
    )
