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
moms backup nightly.zip --json
moms backup --base /srv/moms-base-sunday"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the file."""
    parser.add_argument("file", metavar="FILE", help="where to write it; must not be there yet")
    parser.add_argument(
        "--base", action="store_true", help="a folder for a point in time, with the log of MOMS_WAL_ARCHIVE"
    )


def run(args: argparse.Namespace) -> int:
    """Write it, and say whether what was written is whole."""
    from moms import __version__
    from moms.cli.paper import say, show_json
    from moms.store.audit import now
    from moms.store.backup import back_up
    from moms.store.place import open_place
    from moms.values import Refused

    if args.base:
        return _base(args)
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


def _base(args: argparse.Namespace) -> int:
    """Copy the private server whole, for a point in time."""
    from moms.cli.paper import say, show_json
    from moms.store.place import open_place
    from moms.store.point import NotArchiving, base_backup
    from moms.values import Refused, instant_text

    with open_place(env=os.environ) as place:
        if place.embedded is None:
            fix = "use pg_basebackup and its archive (docs/store.md)"
            raise NotArchiving("this server is somebody else's to copy", field="MOMS_DATABASE_URL", fix=fix)
        with contextlib.suppress(Refused):  # as above: a damaged journal takes no anchor
            place.anchor()
        made = base_backup(place.embedded, Path(args.file).absolute())
    if args.json:
        show_json({"folder": args.file, "taken_at": made.taken_at, "bytes": made.bytes})
    else:
        since = instant_text(made.taken_at)
        say(f"{args.file}: {made.bytes / 1e6:.0f} MB; with the archived log it goes to any instant from {since} on.")
    return Exit.DONE
