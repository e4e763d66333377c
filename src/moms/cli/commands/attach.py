"""`moms attach`: files at an outage: add one, list them, get one, have what is held looked at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moms.cli.exits import Exit
from moms.cli.who import files, who_arguments

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from moms.values import Actor
    from moms.wiring.files import FileRoom

EXAMPLE = """moms attach add OTG-7K3Q2FXA statement.pdf --as ann --org TO-1
moms attach list OTG-7K3Q2FXA --as ann --org TO-1
moms attach get OTG-7K3Q2FXA 0f3a9c11d2e4b5a6 --out statement.pdf --as ann --org TO-1
moms attach scan"""
DEEDS = ("add", "list", "get", "scan")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to do, with which outage and which file."""
    parser.add_argument("deed", choices=DEEDS, help="what to do")
    parser.add_argument("id", nargs="?", metavar="ID", help="which outage (add, list, get)")
    parser.add_argument("file", nargs="?", metavar="FILE", help="the file to add, or the id of the one to get")
    parser.add_argument("--name", metavar="NAME", help="what it is to be called (add; as the file is)")
    parser.add_argument("--out", metavar="PATH", help="where to write it; never over another (get; its own name here)")
    parser.add_argument("--key", metavar="KEY", help="added again under it, it is there once (add; a fresh one)")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Do it, and say what is there."""
    from moms.values import Refused

    if args.deed != "scan" and not args.id:
        raise Refused("no outage is named", field="ID", fix=f"write: moms attach {args.deed} ID")
    if args.deed in {"add", "get"} and not args.file:
        raise Refused("no file is named", field="FILE", fix=f"write: moms attach {args.deed} ID FILE")
    with files(args) as (room, actor):
        if args.deed == "get":
            return _get(args, room, actor)
        rows: Sequence[dict[str, Any]]
        if args.deed == "add":
            rows = [_add(args, room, actor)]
        elif args.deed == "scan":
            rows = room.look_again(asked_by=actor)
        else:
            rows = room.of(actor, args.id)
    _show(args, rows)
    bad = any(row["state"] == "infected" or (row["state"] == "held" and args.deed != "list") for row in rows)
    return Exit.NO if bad else Exit.DONE


def _add(args: argparse.Namespace, room: FileRoom, actor: Actor) -> dict[str, Any]:
    from moms.desk.files import MOST_BYTES
    from moms.values import Refused
    from moms.wiring.people import new_secret

    path = Path(args.file)
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as why:
        raise Refused(f"{args.file}: {why.strerror}", field="FILE", fix="name a file that can be read") from why
    return room.attach(
        actor, outage_id=args.id, name=args.name or path.name, media=None, body=body, key=args.key or new_secret()
    )


def _get(args: argparse.Namespace, room: FileRoom, actor: Actor) -> int:
    from moms.cli.paper import say, show_json
    from moms.desk.files import file_document
    from moms.values import Refused

    found, body = room.read(actor, outage_id=args.id, file_id=args.file)
    path = Path(args.out or found.name)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(body)
    except OSError as why:
        raise Refused(f"{path}: {why.strerror}", field="--out", fix="name a file that is not there yet") from why
    if args.json:
        show_json({**file_document(found), "written": str(path)})
    else:
        say(f"Written: {path} ({found.size} bytes, sha256 {found.sha256}).")
    return Exit.DONE


def _show(args: argparse.Namespace, rows: Sequence[dict[str, Any]]) -> None:
    from moms.cli.paper import Cell, say, show_json, show_table

    if args.json:
        show_json(rows)
    elif not rows:
        say("Nothing.")
    else:
        columns = ["id", "name", "kind", "size", "by", "at", "state", "says"]
        odd = {"infected", "held"}
        show_table(
            columns=columns,
            rows=[[Cell(text=str(row[c]), abnormal=c == "state" and row[c] in odd) for c in columns] for row in rows],
        )
