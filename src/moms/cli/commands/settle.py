"""`moms settle`: a person answers what the system referred, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, reason_argument, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = "moms settle OTG-7K3Q2FXA --outcome approve --reason 'voltage checked in the seasonal case' --as j.doe"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the answer and its reason."""
    parser.add_argument("id", metavar="ID", help="the outage's id")
    parser.add_argument(
        "--outcome", required=True, choices=("approve", "deny", "accept", "accept-not-exempt"), help="the answer"
    )
    parser.add_argument("--condition", action="append", default=[], metavar="TEXT", help="a condition; may repeat")
    reason_argument(parser)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Settle and print."""
    with office(args) as desk:
        answer = desk.settle(args.id, outcome=args.outcome, conditions=tuple(args.condition), reason=args.reason)
        return show_answer(args, answer)
