"""`moms start`: report that the equipment is out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, reason_argument, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = "moms start OTG-7K3Q2FXA --at 2027-03-01T08:05-05:00"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage, and why."""
    parser.add_argument("id", metavar="ID", help="the outage's id, as `moms list` shows it")
    parser.add_argument("--at", metavar="INSTANT", help="when it left service (now)")
    reason_argument(parser, needed=False)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Start and print."""
    with office(args) as desk:
        return show_answer(args, desk.operate(args.id, "start", reason=args.reason, at=args.at))
