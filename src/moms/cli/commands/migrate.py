"""Bring the database to the shape that this program needs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from moms.cli import paper
from moms.cli.exits import Exit

if TYPE_CHECKING:
    import argparse

EXAMPLE = """
moms migrate
MOMS_MIGRATE_URL=postgresql://owner@db/moms moms migrate"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take none of its own: the logins come from the environment, where others cannot read passwords."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Migrate the server that MOMS_MIGRATE_URL or MOMS_DATABASE_URL names, else the embedded one."""
    from moms.store.migrate import HEAD
    from moms.store.place import migrate_named, open_place

    if os.environ.get("MOMS_MIGRATE_URL") or os.environ.get("MOMS_DATABASE_URL"):
        changed = migrate_named(env=os.environ)
    else:
        with open_place(env=os.environ) as place:
            changed = place.migrated
    if args.json:
        paper.show_json({"step": HEAD, "changed": changed})
    else:
        paper.say(f"The database is at step {HEAD}{'' if changed else '; there was nothing to do'}.")
    return Exit.DONE
