"""`moms recall`: call a running outage back (control room)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, reason_argument, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = "moms recall OTG-7K3Q2FXA --role control_room --reason 'conservative operations'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage, and why."""
    parser.add_argument("id", metavar="ID", help="the outage's id, as `moms list` shows it")
    reason_argument(parser)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Recall and print."""
    with office(args) as desk:
        return show_answer(args, desk.operate(args.id, "recall", reason=args.reason))
