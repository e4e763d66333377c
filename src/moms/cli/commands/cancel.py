"""`moms cancel`: take a request or an outage back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, reason_argument, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = "moms cancel OTG-7K3Q2FXA --reason 'crew not available'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage, and why."""
    parser.add_argument("id", metavar="ID", help="the outage's id, as `moms list` shows it")
    reason_argument(parser)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Cancel and print."""
    with office(args) as desk:
        return show_answer(args, desk.operate(args.id, "cancel", reason=args.reason))
