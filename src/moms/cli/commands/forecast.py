"""`moms forecast`: keep the newest forecast issue, and show which one decisions see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli import paper
from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.decide import Forecast

EXAMPLE = """
moms forecast keep tomorrow.csv
moms forecast show --json"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is kept or shown."""
    verbs = parser.add_subparsers(dest="what", metavar="keep|show", required=True)
    keep = verbs.add_parser("keep", help="keep a forecast issue as the newest: decisions see it from now on")
    keep.add_argument(
        "file", type=Path, metavar="FILE", help="CSV: issued, hour, zone, load_mw, wind_share, solar_share"
    )
    who_arguments(keep)
    who_arguments(verbs.add_parser("show", help="show the newest issue, its age and source"))
    for one in verbs.choices.values():
        one.add_argument("--json", action="store_true", help="print JSON for machines")


def run(args: argparse.Namespace) -> int:
    """Keep or show; 1 where there is none, or where the newest is too old for what begins soon."""
    with office(args) as desk:
        if args.what == "keep":
            desk.keep_forecast(args.file)
        return show(desk.forecast(), most_age_h=desk.world.rules.decision.forecast_most_age_h, as_json=args.json)


def show(found: Forecast | None, *, most_age_h: float, as_json: bool) -> int:
    """Print the newest issue."""
    fresh = found is not None and found.age_h <= most_age_h
    if as_json:
        paper.show_json({"forecast": found, "most_age_h": most_age_h, "fresh": fresh})
    elif found is None:
        paper.say("No forecast issue is kept: load and weather are those of the grid's own year.", abnormal=True)
    else:
        paper.say(f"{found.source}, issued {found.issued}, reaches to {found.until}; {found.age_h:.1f} h old "
                  f"(at most {most_age_h:g}).", abnormal=not fresh)  # fmt: skip
        if not fresh:
            paper.say("- it is too old: what begins soon refers to a person until a newer one is kept")
        paper.say(f"- {found.id}")
    return Exit.DONE if fresh else Exit.NO
