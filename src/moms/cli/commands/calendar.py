"""`moms calendar`: on which days some branches are free, a year of many at once, and why on the others not."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from moms.cli.who import office, who_arguments
from moms.values.refused import Refused

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from rich.console import Console

    from moms.desk.calendar import AssetDay, AssetDays, AvailabilityCalendar

EXAMPLE = """moms calendar --asset branch:1204 --asset branch:7 --from 2027-03-01 --to 2027-05-31
moms calendar --keep --from 2027-03-01 --to 2027-03-14"""
LETTERS = {"free": ".", "needs a study": "?", "not available": "x"}
COLOURS = {"free": "green", "needs a study": "yellow", "not available": "red"}
MOST_REASONS, MOST_ROWS = 5, 40


class NoAsset(Refused):
    """Neither equipment nor all of it is asked for, or both."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the equipment and the dates."""
    parser.add_argument("--asset", action="append", default=[], metavar="ID", help="branch:12; may repeat")
    parser.add_argument("--all", action="store_true", help="all branches, by the network alone (the operator's)")
    parser.add_argument("--from", dest="first", required=True, metavar="DAY", help="first market day, 2027-03-01")
    parser.add_argument("--to", dest="last", required=True, metavar="DAY", help="last market day")
    parser.add_argument("--keep", action="store_true", help="compute all branches of each day and keep the answers")
    parser.add_argument("--fresh", action="store_true", help="compute what is kept as well")
    parser.add_argument("--cores", type=int, default=0, metavar="N", help="processes to use (all cores)")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Hold each day's branches all at once, settle what is clean, print the days with their cost."""
    from moms.cli.paper import progress, show_json

    if args.keep:
        return _keep(args)
    if bool(args.asset) == bool(args.all):
        raise NoAsset("either some assets or all of them", field="asset", fix="give --asset branch:12, or --all")
    before, wall = time.process_time(), time.perf_counter()
    with office(args) as desk, progress("asking the network day by day") as done:
        found, child_cpu = desk.availability(
            assets=tuple(dict.fromkeys(args.asset)), every=args.all, first=args.first, last=args.last,
            fresh=args.fresh, cores=args.cores, tick=done,
        )  # fmt: skip
    cost = {
        "cpu_s": round(time.process_time() - before + child_cpu, 2),
        "wall_s": round(time.perf_counter() - wall, 2),
        "points": found.points,
        "contingencies": found.contingencies,
    }
    if args.json:
        show_json({"calendar": found, "cost": cost, "shares": {s: found.share(s) for s in LETTERS}})
    else:
        _print(found, cost)
    return 0


def _keep(args: argparse.Namespace) -> int:
    """Keep the days, and say of each what it took."""
    from moms.cli.letters import console
    from moms.cli.paper import show_json

    if args.asset or args.all:
        raise NoAsset("a day is kept for all branches", field="keep", fix="leave --asset and --all out")
    paper, told, wall = console(), [], time.perf_counter()
    with office(args) as desk:
        for day, branches in desk.keep_days(first=args.first, last=args.last, fresh=args.fresh):
            took, wall = time.perf_counter() - wall, time.perf_counter()
            told.append({"day": day, "branches": branches, "wall_s": round(took, 2)})
            if not args.json:
                paper.print(f"{day}: {branches:,} branches, {took:.1f} s")
    if args.json:
        show_json({"kept": told})
    else:
        paper.print(f"{len(told):,} days computed and kept; the rest were kept as the book is." if told else
                    "Every day is kept as the book is.")  # fmt: skip
    return 0


def _print(found: AvailabilityCalendar, cost: dict[str, float]) -> None:
    from moms.cli.letters import console, escape

    paper = console()
    shares = ", ".join(f"{found.share(s):.1%} {s} {escape(LETTERS[s])}" for s in LETTERS)
    paper.print(f"[bold]{len(found.rows):,} assets, {len(found.rows[0].days):,} days: {shares}.[/]")
    if found.network_only:
        paper.print("By the network alone: entry rules, flags and margin are not in it.")
    for row in found.rows[:MOST_ROWS]:
        _row(row, paper)
    if len(found.rows) > MOST_ROWS:
        paper.print(f"[dim]and {len(found.rows) - MOST_ROWS:,} more: --json has them all[/]")
    old = [one for one in found.reckoned if one.kept]
    if old:
        since = min(one.at for one in old)
        paper.print(f"[dim]{len(old):,} of the days were kept, since {since:%Y-%m-%d %H:%MZ} at the earliest[/]")
    paper.print(
        f"[dim]book version {found.book_version}, computed {found.computed_at:%Y-%m-%d %H:%MZ};"
        f" {cost['points']:,} operating points, {cost['contingencies']:,} contingencies each,"
        f" {cost['cpu_s']:.1f} s CPU, {cost['wall_s']:.1f} s[/]"
    )


def _row(row: AssetDays, paper: Console) -> None:
    from moms.cli.letters import escape

    paper.print(f"\n[bold]{row.asset}[/]")
    for month, days in _months(row.days):
        letters = "".join(f"[{COLOURS[c.state]}]{LETTERS[c.state]}[/]" for c in days)
        paper.print(f"  {month} {' ' * (days[0].day.day - 1)}{letters}")
    for reason, days in _reasons(row.days):
        first, more = days[0].day.isoformat(), f" and {len(days) - 1} more" if len(days) > 1 else ""
        paper.print(f"  [dim]{LETTERS[days[0].state]} {first}{more}:[/] {escape(reason)}")


def _months(days: Iterable[AssetDay]) -> list[tuple[str, list[AssetDay]]]:
    found: dict[str, list[AssetDay]] = {}
    for cell in days:
        found.setdefault(f"{cell.day:%b %Y}", []).append(cell)
    return list(found.items())


def _reasons(days: Iterable[AssetDay]) -> list[tuple[str, list[AssetDay]]]:
    """Give why days are not free, the most frequent first; reasons that differ in their hour only are one."""
    found: dict[tuple[str, str], list[AssetDay]] = {}
    for cell in days:
        if cell.reason:
            found.setdefault((cell.state, cell.cause or cell.reason), []).append(cell)
    order = Counter({key: len(some) for key, some in found.items()})
    return [(found[key][0].reason, found[key]) for key, _ in order.most_common(MOST_REASONS)]
