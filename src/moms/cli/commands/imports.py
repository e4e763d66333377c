"""`moms import requests`: file many requests from a table; all of them, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = """moms import requests spring.csv
moms import requests spring.csv --partial --decide"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the table."""
    parser.add_argument("what", choices=("requests",), help="what the table holds")
    parser.add_argument("file", metavar="FILE.csv", help="one request a line (docs/commands.md lists the columns)")
    parser.add_argument("--partial", action="store_true", help="file what is good, and list what is not")
    parser.add_argument("--decide", action="store_true", help="decide each in turn, in the order of the table")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Read, check, file; 2 if anything was refused."""
    from moms.cli.paper import progress, say, show_json, show_table

    with office(args) as desk, progress("filing") as done:
        found = desk.import_requests(args.file, partial=args.partial, decide=args.decide, tick=done)
    if args.json:
        show_json(found)
    else:
        show_table(
            columns=["line", "request", "outcome", "field", "what is wrong or what was decided"],
            rows=[
                [str(r["line"]), str(r["external_id"]), str(r["outcome"]), str(r["field"] or ""), str(r["says"])]
                for r in found["rows"]
            ],
        )
        say(f"{found['filed']} filed, {found['refused']} refused.", abnormal=found["refused"] > 0)
    return 2 if found["refused"] else 0
