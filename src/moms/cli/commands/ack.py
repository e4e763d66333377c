"""`moms ack`: what is not as planned, and who has taken it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from moms.cli.paper import Cell
    from moms.wiring.office import Office

EXAMPLE = """moms ack --as roy --role control_room
moms ack OTG-7K3Q2FXA --note "the crew is on its way out" --as roy --role control_room"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage, and what is said of it."""
    parser.add_argument("id", nargs="?", metavar="ID", help="the outage that somebody has taken (none: show all)")
    parser.add_argument("--note", default="", metavar="TEXT", help="a word about it, for the journal")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show or acknowledge, and print what stands; 1 where something waits for somebody."""
    from moms.cli.paper import show_json

    with office(args) as desk:
        if args.id:
            found = _take(desk, args.id, args.note)
            _say(found) if not args.json else show_json(found)
            return Exit.DONE
        rows: Any = desk.room()["alarms"]
    show_json(rows) if args.json else _show(rows)
    return Exit.NO if any(row["acknowledged"] is None for row in rows) else Exit.DONE


def _take(desk: Office, name: str, note: str) -> dict[str, Any]:
    """Acknowledge what the outage is abnormal in now: who types its id has just read it."""
    from moms.desk.room import NothingAbnormal
    from moms.records.room import abnormal

    outage = desk.find(name)
    what = abnormal(outage, now=desk.settings.now)
    if what is None:
        raise NothingAbnormal(f"{outage.id} is as planned", field="ID", fix="list what is not with: moms ack")
    return desk.take_alarm(outage.id, what.value, revision=outage.revision, note=note)


def _say(row: dict[str, Any]) -> None:
    from moms.cli.paper import say
    from moms.values import instant_text

    taken = row["acknowledged"]
    note = f": {taken['note']}" if taken["note"] else ""
    say(f"{row['outage']} ({row['name']}): acknowledged by {taken['by']} at {instant_text(taken['at'])}{note}")


def _show(rows: Sequence[dict[str, Any]]) -> None:
    from moms.cli.paper import say, show_table

    if not rows:
        say("All is as planned.")
        return
    show_table(
        columns=["outage", "reference", "equipment", "what", "since", "taken by"], rows=[_cells(r) for r in rows]
    )


def _cells(row: dict[str, Any]) -> list[Cell]:
    from moms.cli.paper import Cell
    from moms.values import instant_text

    taken = row["acknowledged"]
    texts = (row["outage"], row["reference"], ", ".join(row["assets"]), row["name"], instant_text(row["since"]))
    by = Cell(text=taken["by"]) if taken else Cell(text="nobody", abnormal=True)
    return [*(Cell(text=text) for text in texts), by]
