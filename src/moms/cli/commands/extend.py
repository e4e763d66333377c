"""`moms extend`: ask for a later end of a running outage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, preview_argument, reason_argument, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = "moms extend OTG-7K3Q2FXA --until 2027-03-10T17:00-05:00 --reason 'cracked insulator found'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage, and why."""
    parser.add_argument("id", metavar="ID", help="the outage's id, as `moms list` shows it")
    parser.add_argument("--until", required=True, metavar="INSTANT", help="the new end")
    parser.add_argument(
        "--forced", action="store_true", help="it cannot be helped: acknowledged and studied, not refused"
    )
    preview_argument(parser)
    reason_argument(parser)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Study the added hours, settle, print."""
    with office(args) as desk:
        return show_answer(
            args, desk.extend(args.id, until=args.until, forced=args.forced, reason=args.reason, preview=args.preview)
        )
