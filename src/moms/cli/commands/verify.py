"""Check that the record is whole: no line changed, gone, moved or cut off, no row that the journal denies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli import paper
from moms.cli.exits import Exit

if TYPE_CHECKING:
    import argparse

    from moms.records.verify import Verdict

EXAMPLE = """
moms verify
moms verify --anchors /mnt/worm/anchors.jsonl --key anchors.pub --json"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the copy of the anchors to compare with."""
    parser.add_argument(
        "--anchors",
        type=Path,
        metavar="FILE",
        help="a copy of the anchors kept elsewhere (by default anchors.jsonl in MOMS_HOME)",
    )
    what = "a public key by which the copy has to be signed, PEM of Ed25519; may repeat"
    parser.add_argument("--key", type=Path, action="append", default=[], metavar="FILE", help=what)


def run(args: argparse.Namespace) -> int:
    """Print what was examined and every fault with its place; broken if there is one."""
    from moms.store.place import open_place
    from moms.values import Refused

    if args.anchors is not None and not args.anchors.is_file():
        raise Refused(f"there is no file {args.anchors}", field="--anchors", fix="name a copy of anchors.jsonl")
    with open_place(env=os.environ) as place:
        verdict = place.verify(anchors=args.anchors, keys=args.key)
    if args.json:
        paper.show_json(verdict)
    else:
        _show(verdict)
    return Exit.DONE if verdict.whole else Exit.BROKEN


def _show(verdict: Verdict) -> None:
    """Say the answer first, then how much was examined, then each fault."""
    count = len(verdict.faults)
    if verdict.whole:
        paper.say("The record is whole.")
    else:
        paper.say(f"The record is damaged in {count} place{'s' * (count != 1)}.", abnormal=True)
    paper.say(
        f"Examined: {verdict.lines} journal lines in {verdict.chains} chains, {verdict.rows} rows they tell of,"
        f" {verdict.anchors} anchors, of which a copy outside the database confirms {verdict.confirmed}."
    )
    if verdict.signed is not None:
        paper.say(f"Signed by a key that was given: all up to anchor {verdict.signed}.")
    if verdict.lines and not verdict.confirmed:
        paper.say("No anchor is confirmed outside the database: a chain rewritten whole would not be seen.")
    if verdict.faults:
        rows = [[fault.what.value, fault.table, fault.row, fault.says] for fault in verdict.faults]
        paper.show_table(columns=["what", "table", "row", "says"], rows=rows)
