"""`moms submit`: ask for an outage, and get the decision with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, preview_argument, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = """moms submit request.json
moms submit --json request.json --preview"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the request's file."""
    parser.add_argument("file", metavar="FILE", help="the request as JSON (docs/request.schema.json); - reads stdin")
    preview_argument(parser)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Submit, decide, print."""
    with office(args) as desk:
        return show_answer(args, desk.submit(desk.read_request(args.file), preview=args.preview))
