"""`moms show`: one outage with its whole decision record and history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.answers import show_outage
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.wiring.office import Office

EXAMPLE = """moms show OTG-7K3Q2FXA
moms show OTG-7K3Q2FXA --json
moms show OTG-7K3Q2FXA --pdf record.pdf
moms show OTG-7K3Q2FXA --replay --as ada --role auditor
moms show OTG-7K3Q2FXA --save-case unsolved.m"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage."""
    parser.add_argument("id", metavar="ID", help="the outage's id, or the owner's own reference")
    parser.add_argument(
        "--save-case", type=Path, metavar="FILE", help="write the state that had no AC solution as a MATPOWER case"
    )
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="write the record as a PDF too")
    parser.add_argument("--replay", action="store_true", help="compute the decision again, and say if it is the same")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show it."""
    with office(args) as desk:
        if args.save_case is not None:
            _save(desk, args.id, args.save_case)
        if args.pdf is not None:
            _print(desk, args.id, args.pdf)
        if args.replay:
            return _replay(args, desk)
        return show_outage(args, desk.show(args.id))


def _save(desk: Office, name: str, file: Path) -> None:
    """Write the saved case, so that any AC program can be asked about it."""
    from moms.exchange.casefile import case_text

    network, told = desk.unsolved(name)
    after = told["contingency"] or "with everything else in service"
    text = case_text(network, name="unsolved", says=(f"{name}: {after}, {told['hour']}", told["why"]))
    file.write_text(text, encoding="utf-8")


def _print(desk: Office, name: str, file: Path) -> None:
    """Write the record on paper: the same record gives the same bytes."""
    from typing import Any, cast

    from moms.desk.catalogue import catalogue_of
    from moms.values import plain

    whole = cast("dict[str, Any]", plain(desk.show(name)))
    file.write_bytes(desk.paper(whole, catalogue=catalogue_of(desk.world.grid)))


def _replay(args: argparse.Namespace, desk: Office) -> int:
    from moms.cli.exits import Exit
    from moms.cli.paper import say, show_json

    found = desk.replay(desk.find(args.id).id)
    if args.json:
        show_json(found)
    else:
        say(f"{found['decision']}: {found['outcome_then']} then, {found['outcome_now']} now; {found['says']}.")
    return Exit.DONE if found["same"] else Exit.NO
