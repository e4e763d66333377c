"""`moms decide`: decide a filed request on the book as it stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, preview_argument, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = "moms decide OTG-7K3Q2FXA --preview"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage, and why."""
    parser.add_argument("id", metavar="ID", help="the outage's id, as `moms list` shows it")
    preview_argument(parser)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Study, settle, write, print."""
    with office(args) as desk:
        return show_answer(args, desk.decide(args.id, preview=args.preview))
