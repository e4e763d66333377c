"""`moms plan offer`: offer a move or a swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import office, reason_argument, who_arguments

if TYPE_CHECKING:
    import argparse

SAYS = "Offer an owner another start, or two owners each other's; studied first, done only when all agree."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage, and where to."""
    parser.add_argument("outage", metavar="ID", help="an outage's id or its owner's reference")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--start", default="", metavar="INSTANT", help="the other start (a day: its market midnight)")
    where.add_argument("--swap", default="", metavar="ID", help="swap with this outage (the operator)")
    where.add_argument("--ask", default="", metavar="OWNER", help="ask this owner for a swap (an owner)")
    parser.add_argument("--until", default="", metavar="INSTANT", help="answers until then (a week, or half the way)")
    parser.add_argument("--plan", default="", metavar="PLAN", help="the plan it comes from")
    reason_argument(parser)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Offer and print."""
    import secrets

    from moms.cli.commands._plan_offers import show
    from moms.cli.paper import say

    with office(args) as desk:
        outage = desk.find(args.outage).id
        other = desk.find(args.swap).id if args.swap else ""
        found = desk.offer(key=secrets.token_hex(16), outage=outage, reason=args.reason, start=args.start, other=other,
                           asks=args.ask, until=args.until, plan=args.plan)  # fmt: skip
        show([found], desk.settings.actor, json=args.json)
    if not args.json:
        say("Nothing has moved: it moves when all have agreed and a study of that day allows it.")
    return Exit.DONE
