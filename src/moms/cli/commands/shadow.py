"""`moms shadow`: replay past requests beside what people decided; false approvals first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = "moms shadow past-requests.csv"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the table."""
    parser.add_argument("file", metavar="FILE.csv", help="as for `moms import`, with filed_at and human_outcome")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Preview each request and compare; 1 if any would have been approved against a person's no."""
    from moms.cli.paper import Cell, progress, say, show_json, show_table

    with office(args) as desk, progress("replaying") as done:
        found = desk.shadow(args.file, tick=done)
    if args.json:
        show_json({"rows": found.rows, "counts": found.counts})
        return 1 if found.counts["false_approvals"] else 0
    show_table(
        columns=["request", "people", "MOMS", "", "why"],
        rows=[
            [
                r.reference,
                r.human,
                r.moms,
                Cell(text="FALSE APPROVAL" if r.false_approval else "", abnormal=r.false_approval),
                r.says,
            ]
            for r in found.rows
        ],
    )
    counts = found.counts
    say(
        f"{counts['requests']} requests: {counts['agree']} agree, {counts['referred']} referred,"
        f" {counts['stricter']} stricter than people, {counts['false_approvals']} false approvals.",
        abnormal=counts["false_approvals"] > 0,
    )
    return 1 if counts["false_approvals"] else 0
