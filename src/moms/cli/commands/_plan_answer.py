"""`moms plan accept`, `decline`, `counter`, `withdraw`: one's word on an offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import office, reason_argument, who_arguments

if TYPE_CHECKING:
    import argparse

SAYS = "Give your word on an offer: who agrees last has it studied once more and done."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the offer and what a counter names."""
    parser.add_argument("offer", metavar="OFFER", help="its id, as `moms plan offers` lists it")
    parser.add_argument("--revision", type=int, metavar="N", help="what you looked at (the newest)")
    parser.add_argument("--start", default="", metavar="INSTANT", help="counter: another start")
    parser.add_argument("--outage", default="", metavar="ID", help="counter: what you would give in a swap")
    reason_argument(parser, needed=False)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Answer and print; 1 where all agreed and it could not be done."""
    from moms.cli.commands._plan_offers import show
    from moms.cli.paper import say
    from moms.desk.offer import Became, NoSuchOffer

    with office(args) as desk:
        there = next((one for one in desk.offers() if one.id == args.offer), None)
        if there is None:
            raise NoSuchOffer(f"there is no offer {args.offer!r}", field="offer", fix="list them: moms plan offers")
        outage = desk.find(args.outage).id if args.outage else ""
        revision = args.revision or there.revision
        found = desk.answer_offer(args.offer, args.what, revision=revision, reason=args.reason, start=args.start,
                                  outage=outage)  # fmt: skip
        show([found], desk.settings.actor, json=args.json)
    fell = found.became == Became.FELL_THROUGH
    if not args.json and found.said:
        say(found.said, abnormal=fell)
    return Exit.NO if fell else Exit.DONE
