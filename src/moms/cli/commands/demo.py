"""`moms demo`: the starter book and four stories on the MISO-size grid, decided before your eyes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from moms.exchange.season import Season
    from moms.wiring.office import Office

EXAMPLE = """moms demo
moms demo --exit"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how it ends."""
    parser.add_argument(
        "--exit", action="store_true", help="stop after the decisions (it does so until the portal is in)"
    )
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Load the book, tell the stories, say what to try next."""
    from moms.cli.letters import console, print_decision
    from moms.cli.paper import show_json
    from moms.desk.answer import answer_document
    from moms.wiring.demo import load_starter, tell_stories

    told = []
    paper = console()
    began = time.perf_counter()
    with office(args) as desk:
        season, fresh = load_starter(desk)
        if not args.json:
            _greet(paper, desk, season, fresh)
        for story, answer in tell_stories(desk, season=season):
            told.append({"story": story.name, "title": story.title, "shows": story.shows, **answer_document(answer)})
            if not args.json:
                paper.rule(f"[bold]{story.title}", align="left")
                paper.print(f"[dim]{story.shows}[/]")
                if answer.record is not None:
                    print_decision(paper, answer.record)
                paper.print()
    if args.json:
        show_json({"clock": season.clock, "entered": fresh, "stories": told})
    else:
        _farewell(paper, told, time.perf_counter() - began)
    return 0


def _greet(paper: Console, desk: Office, season: Season, fresh: int) -> None:
    grid = desk.world.grid
    buses, units = grid.network.buses, grid.network.units
    inside = buses.zone >= 0
    paper.print(f"[bold]{grid.title}[/]")
    paper.print(
        f"{int(inside.sum()):,} buses, {len(grid.network.branches):,} branches, {int(units.in_service.sum()):,} units,"
        f" {buses.load_mw[inside].sum() / 1e3:,.1f} GW of load at the peak."
    )
    for note in grid.notes:
        paper.print(f"  [dim]{note}[/]")
    entered = f"{fresh} entered now" if fresh else "there already"
    paper.print(
        f"Starter book: {len(season.entries)} outages ({entered}), every one admitted by this engine;"
        f" of {len(season.made['decided'])} requests {_counted(season.made['counts'])}."
    )
    paper.print(f"The demo's clock stands at {season.clock:%Y-%m-%d %H:%MZ}.\n")


_COUNTED = {"approve": "approved", "accept": "accepted", "refer": "referred", "deny": "denied", "counter": "countered"}


def _counted(counts: dict[str, int]) -> str:
    """Say how many came out how, as a person reads it; what never happened is left out.

    >>> _counted({"accept": 2, "approve": 9, "deny": 0, "returned": 1})
    '9 were approved, 2 accepted, 1 returned'
    """
    words = {**_COUNTED, **{name: name for name in sorted(counts) if name not in _COUNTED}}
    said = [f"{counts[name]} {word}" for name, word in words.items() if counts.get(name)]
    return ", ".join(said).replace(" ", " were ", 1)


def _farewell(paper: Console, told: list[dict[str, object]], seconds: float) -> None:
    ids = [o["id"] for t in told if isinstance(o := t["outage"], dict)]
    paper.print(f"[dim]{len(told)} decisions in {seconds:.0f} s, the start included.[/]")
    paper.print("The book is yours to explore:")
    paper.print("  ./moms list --from 2027-04-01 --to 2027-04-08")
    if ids:
        paper.print(f"  ./moms show {ids[0]}          the whole record; --json for machines")
    paper.print("  ./moms windows --asset branch:1204 --days 3 --from 2027-04-05 --to 2027-04-16")
    paper.print("  ./moms submit request.json --preview")
    paper.print("The portal is not in yet, so the demo ends here.")
