"""`moms plan back`: take a written plan back as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import office, reason_argument, who_arguments

if TYPE_CHECKING:
    import argparse

SAYS = "Take a written plan of the book back: dates and bookings as they were, of all that still waits there."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the plan and the reason."""
    parser.add_argument("plan", metavar="PLAN", help="its name, as `moms plan book --write` printed it")
    reason_argument(parser)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Take it back and say what was left; 1 where something was."""
    from moms.cli.paper import say, show_json

    with office(args) as desk:
        back = desk.take_plan_back(args.plan, reason=args.reason)
    if args.json:
        show_json(back)
    else:
        say(f"Plan {back.plan} taken back: {len(back.moved)} moved back, {len(back.booked)} bookings undone.")
        for name, why in back.kept:
            say(f"left as it is: {name}: {why}", abnormal=True)
    return Exit.NO if back.kept else Exit.DONE
