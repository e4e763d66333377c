"""`moms field`: a crew's jobs of the day, what it reports from there, and a person who has looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from moms.cli.paper import Cell
    from moms.wiring.office import Office

EXAMPLE = """moms field --as fay --org TO-1 --role field
moms field report OTG-7K3Q2FXA isolated --at 2027-03-01T08:15-05:00 --as fay --org TO-1 --role field
moms field report OTG-7K3Q2FXA late --late 90 --reason "a bolt is stuck" --as fay --org TO-1 --role field
moms field seen OTG-7K3Q2FXA ENTRY --as roy --role control_room"""
DEEDS = ("day", "report", "seen")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to do, with which outage, and what is reported or was looked at."""
    parser.add_argument("deed", nargs="?", default="day", choices=DEEDS, help="what to do (day)")
    parser.add_argument("id", nargs="?", metavar="ID", help="which outage (report, seen)")
    parser.add_argument("what", nargs="*", metavar="WHAT", help="the step (report), or the entries' ids (seen)")
    parser.add_argument("--at", metavar="INSTANT", help="when it was (report; now)")
    parser.add_argument("--late", type=int, metavar="MIN", help="how many minutes late (report late)")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why (report late)")
    parser.add_argument("--entry", metavar="KEY", help="the entry's own id: sent again it stands once (a fresh one)")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Do it, and say what was done."""
    with office(args) as desk:
        if args.deed == "report":
            return _report(args, desk)
        found = _seen(args, desk) if args.deed == "seen" else _day(desk)
    _show(args, found)
    return Exit.DONE


def _report(args: argparse.Namespace, desk: Office) -> int:
    from moms.cli.paper import say, show_json
    from moms.values import Refused, instant_text
    from moms.wiring.people import new_secret

    if not args.id or len(args.what) != 1:
        raise Refused("an entry is one step of one outage", field="WHAT", fix="write: moms field report ID arrived")
    now = instant_text(desk.settings.now)
    [taken] = desk.field_report([
        {"id": args.entry or new_secret(), "outage": args.id, "what": args.what[0], "tapped_at": args.at or now,
         "sent_at": now, "late_min": args.late, "reason": args.reason},
    ])  # fmt: skip
    refused: Any = taken["refused"]
    if refused is not None:
        raise Refused(refused["says"], field=refused["field"], fix=refused["fix"])
    entry: Any = taken["entry"]
    if args.json:
        show_json(taken)
    else:
        say(f"Kept: {entry['name']}, entry {entry['id']}. It is a record, never a clearance.")
        for look in entry["looks"]:
            say(f"A person must look: {look['says']}.")
    return Exit.NO if entry["looks"] else Exit.DONE


def _seen(args: argparse.Namespace, desk: Office) -> Sequence[dict[str, Any]]:
    from moms.values import Refused

    if not args.id or not args.what:
        raise Refused("no entry is named", field="WHAT", fix="write: moms field seen ID ENTRY")
    entries: Any = desk.field_seen(args.id, args.what)["entries"]
    return [entry for entry in entries if entry["id"] in args.what]


def _day(desk: Office) -> Sequence[dict[str, Any]]:
    from moms.desk.catalogue import catalogue_of

    items: Any = desk.field_day(catalogue=catalogue_of(desk.world.grid))["items"]
    return list(items)


def _show(args: argparse.Namespace, rows: Sequence[dict[str, Any]]) -> None:
    from moms.cli.paper import Cell, say, show_json, show_table

    if args.json:
        show_json(rows)
    elif not rows:
        say("Nothing.")
    elif args.deed == "seen":
        columns = ["id", "name", "tapped_at", "by", "seen_by"]
        show_table(columns=columns, rows=[[Cell(text=f"{row[c]}") for c in columns] for row in rows])
    else:
        columns = ["outage", "equipment", "state", "status", "reached", "to look", "stop"]
        show_table(columns=columns, rows=[_cells(row) for row in rows])


def _cells(row: dict[str, Any]) -> list[Cell]:
    from moms.cli.paper import Cell

    reached = [step["name"] for step in row["ladder"] if step["entry"]]
    assets = ", ".join(a["name"] or a["id"] for a in row["assets"])
    last = reached[-1] if reached else ""
    texts = (row["outage"], assets, row["state"], row["status"], last, str(row["to_look"] or ""), row["stop"] or "")
    return [Cell(text=text, abnormal=bool(row["stop"])) for text in texts]
