"""`moms list`: the outages of the book that match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = """moms list --from 2027-03-01 --to 2027-03-08
moms list --status approved --asset branch:1204 --json"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the filters."""
    parser.add_argument("--from", dest="since", metavar="DAY", help="out on or after this market day")
    parser.add_argument("--to", dest="until", metavar="DAY", help="out before this market day")
    parser.add_argument("--asset", action="append", default=[], metavar="ID", help="branch:12, gen:7; may repeat")
    parser.add_argument("--owner", metavar="ORG", help="of this organisation")
    parser.add_argument(
        "--state", action="append", default=[], metavar="STATE", help="submitted, active ...; may repeat"
    )
    parser.add_argument(
        "--status", action="append", default=[], metavar="STATUS", help="approved, denied ...; may repeat"
    )
    parser.add_argument("--pending", action="store_true", help="only what waits for a decision")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """List them."""
    from moms.cli.letters import print_list
    from moms.cli.paper import show_json

    with office(args) as desk:
        rows = desk.list(
            since=args.since,
            until=args.until,
            assets=tuple(args.asset),
            owner=args.owner,
            states=tuple(args.state),
            statuses=tuple(args.status),
            pending=args.pending,
        )
    if args.json:
        show_json(rows)
    else:
        print_list(rows)
    return 0
