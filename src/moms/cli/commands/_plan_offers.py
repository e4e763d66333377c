"""`moms plan offers`: offers to move outages, as far as they are one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.desk.offer import Offer
    from moms.values import Actor

SAYS = "List the offers to move outages that you are a party to (the operator: all), newest first."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is listed."""
    parser.add_argument("--open", action="store_true", help="only what may still be answered")
    parser.add_argument("--study", metavar="OFFER", help="say what a decision made now would give; writes nothing")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """List, or study one."""
    from moms.cli.paper import say

    with office(args) as desk:
        found = (desk.look_at_offer(args.study),) if args.study else desk.offers()
        shown = [one for one in found if one.open or not args.open]
        show(shown, desk.settings.actor, json=args.json)
        if args.study and not args.json:
            say(shown[0].said or f"it is {shown[0].became}")
    return Exit.DONE


def show(offers: list[Offer], actor: Actor, *, json: bool) -> None:
    """Print offers as one may see them."""
    from moms.cli.paper import say, show_json, show_table
    from moms.desk.offer import shown_to

    rows = [shown_to(one, actor) for one in offers]
    if json:
        show_json({"offers": rows})
        return
    if not rows:
        say("No offers.")
        return
    show_table(
        columns=["offer", "", "stands", "waits for", "until", "outage", "owner", "from", "to"],
        rows=[
            [row["id"] if k == 0 else "", row["kind"] if k == 0 else "", row["became"] if k == 0 else "",
             ", ".join(row["waits_for"]) if k == 0 else "", row["until"] if k == 0 else "",
             leg["reference"] or leg["outage"], leg["organisation"], leg["before"]["start"], _start(leg)]
            for row in rows
            for k, leg in enumerate(row["legs"])
        ],
    )  # fmt: skip


def _start(leg: dict[str, Any]) -> str:
    return leg["after"]["start"] if leg["after"] else "not said yet"
