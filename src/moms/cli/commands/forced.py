"""`moms forced`: report equipment that is out, now; acknowledged at once and studied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = "moms forced --asset branch:1204 --owner-org LAKES-TRANSMISSION --until 2027-03-02T18:00-05:00"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is out; everything but the asset may be left out."""
    parser.add_argument("--asset", action="append", required=True, metavar="ID", help="branch:12, gen:7; may repeat")
    parser.add_argument("--owner-org", metavar="ORG", help="whose it is (the grid's register)")
    parser.add_argument("--since", metavar="INSTANT", help="since when (now)")
    parser.add_argument("--until", metavar="INSTANT", help="expected return (24 hours)")
    parser.add_argument("--external-id", metavar="ID", help="your own reference")
    parser.add_argument("--description", default="", metavar="TEXT", help="what is known")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Acknowledge, study, print."""
    with office(args) as desk:
        answer = desk.forced(
            assets=tuple(args.asset),
            organisation=args.owner_org,
            since=args.since,
            until=args.until,
            external_id=args.external_id,
            description=args.description,
        )
        return show_answer(args, answer)
