"""`moms plan`: plans for many outages at once."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE = """\
moms plan book --from 2027-03-01 --to 2027-05-31
moms plan repair --from 2027-03-01 --to 2027-05-31
moms plan fit OTG-2V3OEQAZ --from 2027-03-01 --to 2027-05-31
moms plan back P-0123456789abcdef --reason "a line failed"
moms plan accounts --settle
moms plan audit --from 2027-03-01 --to 2027-05-31
moms plan offer OTG-2V3OEQAZ --start 2027-04-05 --reason "clears the spring peak"
moms plan offers
moms plan accept OF-0123456789ab
moms plan season season.json --out plan.json
moms plan explain season.json --plan plan.json --request r12
moms plan simulate --seasons 12
moms plan gms fleet.json --objective water-filling
moms plan roadef A_09.json.xz --seconds 60 --out A_09.txt"""

FOR_MACHINES = "print JSON for machines, nothing else"


class Part(Protocol):
    """What the module of one kind of plan offers."""

    SAYS: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it and give the exit code."""
        ...


PARTS: Mapping[str, str] = {
    "book": "_plan_book",
    "repair": "_plan_repair",
    "fit": "_plan_fit",
    "back": "_plan_back",
    "accounts": "_plan_accounts",
    "audit": "_plan_audit",
    "offers": "_plan_offers",
    "offer": "_plan_offer",
    "accept": "_plan_answer",
    "decline": "_plan_answer",
    "counter": "_plan_answer",
    "withdraw": "_plan_answer",
    "season": "_plan_season",
    "explain": "_plan_explain",
    "simulate": "_plan_simulate",
    "gms": "_plan_gms",
    "roadef": "_plan_roadef",
}
"""By word: the module in this folder that does it."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the kinds of plan, each with its own arguments."""
    rows = parser.add_subparsers(dest="what", metavar="|".join(PARTS), required=True)
    for word in PARTS:
        module = _part(word)
        one = rows.add_parser(word, help=module.SAYS, description=module.SAYS)
        module.arguments(one)
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=FOR_MACHINES)
    parser.add_argument("--json", action="store_true", help=FOR_MACHINES)


def run(args: argparse.Namespace) -> int:
    """Make the plan."""
    return _part(args.what).run(args)


def _part(word: str) -> Part:
    return cast("Part", import_module(f"moms.cli.commands.{PARTS[word]}"))
