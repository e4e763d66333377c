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
moms show OTG-7K3Q2FXA --save-case unsolved.m"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which outage."""
    parser.add_argument("id", metavar="ID", help="the outage's id, or the owner's own reference")
    parser.add_argument(
        "--save-case", type=Path, metavar="FILE", help="write the state that had no AC solution as a MATPOWER case"
    )
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show it."""
    with office(args) as desk:
        if args.save_case is not None:
            _save(desk, args.id, args.save_case)
        return show_outage(args, desk.show(args.id))


def _save(desk: Office, name: str, file: Path) -> None:
    """Write the saved case, so that any AC program can be asked about it."""
    from moms.exchange.casefile import case_text

    network, told = desk.unsolved(name)
    after = told["contingency"] or "with everything else in service"
    text = case_text(network, name="unsolved", says=(f"{name}: {after}, {told['hour']}", told["why"]))
    file.write_text(text, encoding="utf-8")
