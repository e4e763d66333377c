"""`moms restore`: a backup into an empty place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.exits import Exit

if TYPE_CHECKING:
    import argparse

EXAMPLE = """moms restore nightly.zip --json
MOMS_HOME=/srv/moms-again moms restore moms-2027-03-01.zip"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the file."""
    parser.add_argument("file", metavar="FILE", help="what `moms backup` wrote")


def run(args: argparse.Namespace) -> int:
    """Restore it, whole or not at all."""
    from moms.cli.paper import say, show_json
    from moms.store.place import open_place, restore_into

    with open_place(env=os.environ) as place:
        made, verdict = restore_into(place, Path(args.file), env=os.environ)
    if args.json:
        show_json({"made_at": made.made_at, "version": made.version, "rows": made.rows, "lines": verdict.lines})
    else:
        say(f"{made.rows['outage']} outages, {verdict.lines} lines of the journal, as of {made.made_at}; it is whole.")
    return Exit.DONE
