"""`moms end`: report that the equipment is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, reason_argument, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = "moms end OTG-7K3Q2FXA --at 2027-03-08T16:40-05:00"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage, and why."""
    parser.add_argument("id", metavar="ID", help="the outage's id, as `moms list` shows it")
    parser.add_argument("--at", metavar="INSTANT", help="when it came back (now)")
    reason_argument(parser, needed=False)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """End and print."""
    with office(args) as desk:
        return show_answer(args, desk.operate(args.id, "end", reason=args.reason, at=args.at))
