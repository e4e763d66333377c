"""`moms plan audit`: what in the book looks like gaming, for a person to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.desk.gaming import Case

SAYS = "Show what looks like gaming between two days, with its evidence; it decides nothing. Say what one was."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the days, and which one was looked at."""
    parser.add_argument("--from", dest="first", required=True, metavar="DAY", help="first market day, 2027-03-01")
    parser.add_argument("--to", dest="last", required=True, metavar="DAY", help="last market day")
    parser.add_argument("--looked", metavar="ID", help="keep that this one was looked at; needs --note")
    parser.add_argument("--note", default="", metavar="TEXT", help="what it was, and what was done, for the journal")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show them, and keep a note if told; 1 while there is one that nobody has looked at."""
    from moms.cli.paper import Cell, say, show_json, show_table

    with office(args) as desk:
        if args.looked:
            desk.look_at(args.looked, note=args.note, first=args.first, last=args.last)
        found = desk.suspicions(first=args.first, last=args.last)
    code = Exit.NO if any(case.open for case in found) else Exit.DONE
    if args.json:
        show_json({"suspicions": [document(case) for case in found]})
        return code
    if not found:
        say("Nothing between these days looks like gaming.")
        return code
    show_table(
        columns=["suspicion", "rule", "owner", "what was seen", "outages", "looked at"],
        rows=[
            [c.id, c.suspicion.rule, c.suspicion.owner, c.suspicion.says, " ".join(c.suspicion.requests),
             Cell(text="nobody yet", abnormal=True) if c.open else f"{c.looked_by}: {c.note}"]
            for c in found
        ],
    )  # fmt: skip
    say("A suspicion changes no decision, no turn and no balance. Honest work can look alike.")
    return code


def document(case: Case) -> dict[str, object]:
    """Give a suspicion as JSON's kinds."""
    one = case.suspicion
    return {
        "id": case.id, "rule": one.rule, "owner": one.owner, "says": one.says, "outages": one.requests,
        "looked_by": case.looked_by, "looked_at": case.looked_at, "note": case.note,
    }  # fmt: skip
