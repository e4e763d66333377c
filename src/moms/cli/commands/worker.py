"""`moms worker`: do what is due by the clock; any number of them on one database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = """moms worker
moms worker --once
moms worker --lease 30 --poll 5 --json
moms worker --calendar 60"""
LONGEST_DAYS = 400


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how long, how often, and beside whom."""
    parser.add_argument("--once", action="store_true", help="stop when nothing is due that can be done now")
    what = "seconds until a silent worker's duty is taken over (60)"
    parser.add_argument("--lease", type=float, default=60.0, metavar="S", help=what)
    parser.add_argument("--poll", type=float, default=10.0, metavar="S", help="look again after so many seconds (10)")
    parser.add_argument("--limit", type=float, default=3600.0, metavar="S", help="seconds that a study may take (3600)")
    what = "keep so many days of the calendar ahead (0); a day of a large grid takes gigabytes while it is computed"
    parser.add_argument("--calendar", type=int, default=0, metavar="DAYS", help=what)
    parser.add_argument("--beside", type=int, metavar="PID", help="stop when the process that started it has gone")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Work until Ctrl-C or SIGTERM; 1 where something could not be done."""
    from moms.values import Refused, many
    from moms.wiring.settings import settings
    from moms.wiring.work import run_worker

    if not 1.0 <= args.lease < 86400.0 or not 0.0 < args.poll < 86400.0 or not args.limit > 0:
        raise Refused("a number of seconds that cannot be", field="worker", fix="see `moms worker --help`")
    if not 0 <= args.calendar <= LONGEST_DAYS:
        raise Refused(f"{args.calendar} days of calendar", field="calendar", fix=f"give 0 to {LONGEST_DAYS}")
    chosen = settings(now=args.now, grid=args.grid, rule_book=args.rule_book)

    def tell(what: str, name: str, says: str) -> None:
        if args.json:
            print(json.dumps({"what": what, "duty": name, "says": says}, ensure_ascii=False), flush=True)
        else:
            print(" ".join(f"{what} {name}: {says}".split()), flush=True)

    found = run_worker(
        chosen,
        once=args.once,
        lease_s=args.lease,
        poll_s=args.poll,
        limit_s=args.limit,
        beside=args.beside,
        tell=tell,
        calendar=args.calendar,
    )
    if args.once and not args.json:
        print(f"{many(found.done, 'duty')} done, {found.failed} failed, {found.lost} lost to others")
    return Exit.NO if args.once and found.failed else Exit.DONE
