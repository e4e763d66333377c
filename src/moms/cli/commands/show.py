"""`moms show`: one outage with its whole decision record and history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_outage
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = """moms show OTG-7K3Q2FXA
moms show OTG-7K3Q2FXA --json"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage."""
    parser.add_argument("id", metavar="ID", help="the outage's id, or the owner's own reference")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show it."""
    with office(args) as desk:
        return show_outage(args, desk.show(args.id))
