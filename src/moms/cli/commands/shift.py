"""`moms shift`: the sheet of the hours ahead, and its hand-over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.cli.paper import Cell
    from moms.wiring.office import Office

EXAMPLE = """moms shift --as roy --role control_room
moms shift give --notes "line 2 is late: crew called at 18:40" --as roy --role control_room
moms shift take --as rosa --role control_room"""
DEEDS = ("show", "give", "take")
PARTS = (("out", "Out"), ("starts", "Goes out"), ("back", "Comes back"))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to do, how long the next shift is, and what is said."""
    parser.add_argument("deed", nargs="?", default="show", choices=DEEDS, help="what to do (show)")
    parser.add_argument("--hours", type=int, default=12, metavar="N", help="how long the next shift is (12)")
    parser.add_argument("--notes", default="", metavar="TEXT", help="what who comes has to know (give)")
    parser.add_argument("--key", metavar="KEY", help="given again under it, it stands once (give; a fresh one)")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show, give or take, and say who has the room."""
    from moms.cli.paper import show_json

    with office(args) as desk:
        if args.deed == "show":
            found: Any = desk.shift(hours=args.hours)
            show_json(found) if args.json else _show(found)
            there = found["last"]
        else:
            there = _give(args, desk) if args.deed == "give" else _take(desk)
            show_json(there) if args.json else _say(there)
    return Exit.NO if args.deed == "show" and there and there["taken_by"] is None else Exit.DONE


def _give(args: argparse.Namespace, desk: Office) -> dict[str, Any]:
    from moms.wiring.people import new_secret

    return desk.give_shift(key=args.key or new_secret(), notes=args.notes, hours=args.hours)


def _take(desk: Office) -> dict[str, Any]:
    from moms.values import Refused

    there: Any = desk.shift()["last"]
    if there is None:
        raise Refused("nobody has handed a shift over", field="deed", fix="let who goes say: moms shift give")
    return desk.take_shift(there["id"])


def _say(there: dict[str, Any]) -> None:
    from moms.cli.paper import say
    from moms.values import instant_text

    taken = (
        f"taken by {there['taken_by']} at {instant_text(there['taken_at'])}" if there["taken_by"] else "not taken yet"
    )
    say(f"Handed over by {there['by']} at {instant_text(there['at'])}, {taken}.")
    if there["notes"]:
        say(there["notes"])


def _show(found: dict[str, Any]) -> None:
    from moms.cli.paper import Cell, say, show_table

    if found["last"]:
        _say(found["last"])
    odd = [[Cell(text=a["outage"]), Cell(text=a["name"], abnormal=True), _who(a)] for a in found["alarms"]]
    if odd:
        show_table(columns=["not as planned", "what", "taken by"], rows=odd)
    else:
        say("All is as planned.")
    for name, title in PARTS:
        rows = [_cells(one) for one in found[name]]
        show_table(columns=[title, "equipment", "from", "until", "owner"], rows=rows) if rows else say(
            f"{title}: nothing."
        )


def _who(alarm: dict[str, Any]) -> Cell:
    from moms.cli.paper import Cell

    taken = alarm["acknowledged"]
    return Cell(text=taken["by"]) if taken else Cell(text="nobody", abnormal=True)


def _cells(one: dict[str, Any]) -> list[Cell]:
    from moms.cli.paper import Cell
    from moms.values import instant_text

    texts = (one["outage"], ", ".join(one["assets"]), instant_text(one["start"]), instant_text(one["end"]))
    return [*(Cell(text=text) for text in texts), Cell(text=one["organisation"])]
