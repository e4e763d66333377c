"""`moms backup`: the whole book in one file."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.exits import Exit

if TYPE_CHECKING:
    import argparse

EXAMPLE = """moms backup moms-2027-03-01.zip
moms backup nightly.zip --json"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the file."""
    parser.add_argument("file", metavar="FILE", help="where to write it; must not be there yet")


def run(args: argparse.Namespace) -> int:
    """Write it, and say whether what was written is whole."""
    from moms import __version__
    from moms.cli.paper import say, show_json
    from moms.store.audit import now
    from moms.store.backup import back_up
    from moms.store.place import open_place
    from moms.values import Refused

    with open_place(env=os.environ) as place:
        with contextlib.suppress(Refused):  # a damaged journal takes no anchor, and is backed up all the same
            place.anchor()
        made, verdict = back_up(place.engine, Path(args.file), at=now(), version=__version__)
    if args.json:
        show_json({"file": args.file, "made_at": made.made_at, "rows": made.rows, "whole": verdict.whole})
    else:
        says = f"{args.file}: {made.rows['outage']} outages, {made.rows['journal']} lines of the journal."
        say(says if verdict.whole else f"{says} The record is damaged ({len(verdict.faults)} faults): run moms verify.",
            abnormal=not verdict.whole)  # fmt: skip
    return Exit.DONE if verdict.whole else Exit.NO
