"""`moms demo`: a season book and four stories on the MISO-size grid, decided before your eyes."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from moms.exchange.season import Season
    from moms.wiring.office import Office

EXAMPLE = """moms demo
moms demo --exit
moms demo --serve --port 8700
moms demo --speed 600
moms demo --season demo"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how it ends."""
    parser.add_argument("--exit", action="store_true", help="stop after the decisions, as it does without a terminal")
    parser.add_argument("--serve", action="store_true", help="serve the pages although there is no terminal")
    parser.add_argument("--season", default="starter", metavar="NAME", help="the book it begins with (starter)")
    parser.add_argument("--port", type=int, default=8700, metavar="N", help="where the pages are served (8700)")
    what = "seconds of the market in a second at the first start, 0 to 3600 (60)"
    parser.add_argument("--speed", type=float, default=60.0, metavar="N", help=what)
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="draws what happens and when (7)")
    parser.add_argument(
        "--work", action=argparse.BooleanOptionalAction, default=True, help="also do what is due by the clock (yes)"
    )
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Load the book, tell the stories, say what to try next, and serve the pages until Ctrl-C."""
    from moms.cli.letters import console, print_decision
    from moms.cli.paper import show_json
    from moms.desk.answer import answer_document
    from moms.exchange.season import bundled
    from moms.wiring.demo import FIRST_DAY, STARTER, load_season, tell_stories
    from moms.wiring.demo_day import begin_day

    check_speed(args.speed)
    season = bundled(args.season)
    finish(args, season)
    told = []
    paper = console()
    began = time.perf_counter()
    with office(args) as desk:
        fresh = load_season(desk, season)
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
    if serves(args, terminal=sys.stdout.isatty(), ci=os.environ.get("CI") == "true"):
        if season.name == STARTER:
            with office(args) as desk:
                begin_day(desk, FIRST_DAY, clock=season.clock)
        _serve(args, paper, season)
    return 0


def serves(args: argparse.Namespace, *, terminal: bool, ci: bool) -> bool:
    """Tell whether the demo goes on with the pages: where a person watches, or when it was told."""
    if args.exit or args.json:
        return False
    return bool(args.serve) or (terminal and not ci)


def check_speed(speed: float) -> None:
    """See that the clock can run so fast.

    Raises:
        NotASpeed: it cannot.
    """
    from moms.wiring.clock import FASTEST, NotASpeed

    if not 0.0 <= speed <= FASTEST:
        raise NotASpeed(f"the clock does not run at {speed:g}", field="--speed", fix=f"give 0 to {FASTEST:g}")


def finish(args: argparse.Namespace, season: Season) -> None:
    """Finish a replay over which an earlier demo died."""
    from moms.wiring.demo_service import finish_replay
    from moms.wiring.settings import settings

    finish_replay(settings(now=args.now, grid=args.grid, rule_book=args.rule_book), season=season)


def _serve(args: argparse.Namespace, paper: Console, season: Season) -> None:
    """Let the demo's people in, say how, and serve until Ctrl-C."""
    from moms.portal.needs import Limits
    from moms.wiring.demo import PEOPLE
    from moms.wiring.demo_service import serve_demo
    from moms.wiring.logs import log_to
    from moms.wiring.settings import settings

    def let_in(names: Sequence[str], password: str) -> None:
        paper.print(
            "\n[bold]The pages.[/] Become one of these with one click, or sign in with the password of this start:"
        )
        for name, organisation, role, does in PEOPLE:
            if name in names:
                paper.print(f"  {name:<9} {role.replace('_', ' ')} of {organisation}: {does}")
        paper.print(f"  password  [bold]{password}[/]")

    log_to(as_json=False)

    def say(address: str) -> None:
        paper.print(f"[bold]{address}[/] until Ctrl-C; only this machine sees it.")

    serve_demo(
        settings(now=args.now, grid=args.grid, rule_book=args.rule_book), season=season, port=args.port, seed=args.seed,
        speed=args.speed, limits=Limits(), let_in=let_in, say=say, worker=_worker(args) if args.work else (),
    )  # fmt: skip


def _worker(args: argparse.Namespace) -> tuple[str, ...]:
    """Give the words of a worker beside the demo, on the same book, grid, rules and clock."""
    named = (("--grid", args.grid), ("--rules", args.rule_book))
    where = (word for name, value in named if value for word in (name, value))
    return ("worker", "--beside", str(os.getpid()), "--poll", "2", *where)


def _greet(paper: Console, desk: Office, season: Season, fresh: int) -> None:
    from moms.wiring.settings import settings

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
        f"Season book {season.name}: {len(season.entries)} outages ({entered}), every one admitted by this engine;"
        f" of {len(season.made['decided'])} requests {_counted(season.made['counts'])}."
    )
    paper.print(f"The demo's clock stands at {settings().now:%Y-%m-%d %H:%MZ}.\n")


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
    paper.print("  ./moms demo          in a terminal goes on with the pages in a browser")
