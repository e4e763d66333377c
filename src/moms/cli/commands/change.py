"""`moms change`: change a request, take one of the windows offered, or decline them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, preview_argument, reason_argument, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = """moms change OTG-7K3Q2FXA --file request.json --reason 'crew two days later' --preview
moms change OTG-7K3Q2FXA --take 1 --reason 'first window suits us'"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the change."""
    parser.add_argument("id", metavar="ID", help="the outage's id")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--file", metavar="FILE", help="the whole request as it is to be; - reads stdin")
    how.add_argument("--take", type=int, metavar="N", help="take window N of those offered (keeps the queue stamp)")
    how.add_argument("--decline", action="store_true", help="decline the windows offered")
    preview_argument(parser)
    reason_argument(parser)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Change, decide again where that is needed, print."""
    with office(args) as desk:
        if args.take is not None:
            return show_answer(args, desk.take(args.id, number=args.take, reason=args.reason, preview=args.preview))
        if args.decline:
            return show_answer(args, desk.decline(args.id, reason=args.reason, preview=args.preview))
        asked = desk.read_request(args.file)
        return show_answer(args, desk.change(args.id, asked, reason=args.reason, preview=args.preview))
