"""`moms expire`: let lapse what was approved and can no longer be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = "moms expire --json"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare who acts."""
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Expire, and say what."""
    from moms.cli.paper import say, show_json

    with office(args) as desk:
        done = desk.expire()
    if args.json:
        show_json({"expired": done})
    else:
        say(f"{len(done)} outages have lapsed{': ' if done else ''}{', '.join(done)}")
    return Exit.DONE
