"""`moms restore`: a backup into an empty place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.values.refused import Refused

if TYPE_CHECKING:
    import argparse

EXAMPLE = """moms restore nightly.zip --json
MOMS_HOME=/srv/moms-again moms restore moms-2027-03-01.zip
MOMS_HOME=/srv/moms-again moms restore /srv/moms-base-sunday --to 2027-03-01T14:05Z"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the file."""
    parser.add_argument("file", metavar="FILE", help="what `moms backup` wrote, a file or with --base a folder")
    parser.add_argument("--to", metavar="INSTANT", help="of a base backup: up to then; without, to the end of the log")
    parser.add_argument("--log", metavar="FOLDER", help="of a base backup: where the log was archived (where it said)")


def run(args: argparse.Namespace) -> int:
    """Restore it, whole or not at all."""
    from moms.cli.paper import say, show_json
    from moms.store.place import open_place, restore_into

    if Path(args.file).is_dir():
        return _to_a_point(args)
    if args.to or args.log:
        raise Refused("only a base backup goes to an instant", field="--to", fix="name what `moms backup --base` wrote")
    with open_place(env=os.environ) as place:
        made, verdict = restore_into(place, Path(args.file), env=os.environ)
    if args.json:
        show_json({"made_at": made.made_at, "version": made.version, "rows": made.rows, "lines": verdict.lines})
    else:
        say(f"{made.rows['outage']} outages, {verdict.lines} lines of the journal, as of {made.made_at}; it is whole.")
    return Exit.DONE


def _to_a_point(args: argparse.Namespace) -> int:
    """Make a fresh home of a base backup and the archived log."""
    from moms.cli.paper import say, show_json
    from moms.store.place import home_of
    from moms.store.point import come_back
    from moms.values import instant_text, parse_instant

    if os.environ.get("MOMS_DATABASE_URL"):
        fix = "PostgreSQL's own recovery brings a server of your own back (docs/store.md)"
        raise Refused("a named server is not ours to make anew", field="MOMS_DATABASE_URL", fix=fix)
    at = parse_instant(args.to, field="--to") if args.to else None
    log = Path(args.log).absolute() if args.log else None
    found = come_back(Path(args.file).absolute(), log=log, at=at, home=home_of(os.environ), env=os.environ)
    newest = None if found.newest is None else instant_text(found.newest)
    if args.json:
        show_json({"newest": found.newest, "lines": found.lines, "outages": found.outages})
    else:
        said = f"{found.outages} outages, {found.lines} lines of the journal, the newest written {newest or 'never'}"
        say(f"{said}; it is whole. What was still to be sent is held back.")
    return Exit.DONE
