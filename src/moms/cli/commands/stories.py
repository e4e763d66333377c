"""`moms stories`: the four narratives, computed on the demo's book and shown with their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

EXAMPLE = """moms stories
moms stories --markdown > stories.md"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the form."""
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Tell each story; nothing is filed that was not filed before."""
    from moms.cli.letters import console, markdown, print_decision
    from moms.cli.paper import show_json
    from moms.desk.answer import answer_document
    from moms.exchange.season import bundled
    from moms.wiring.demo import STARTER, load_season, tell_stories

    told, season = [], bundled(STARTER)
    paper = console()
    with office(args) as desk:
        load_season(desk, season)
        for story, answer in tell_stories(desk, season=season, preview=True):
            told.append({"story": story.name, "title": story.title, "shows": story.shows, **answer_document(answer)})
            if args.json or answer.record is None:
                continue
            if args.markdown:
                print(f"## {story.title}\n\n*{story.shows}*\n\n{markdown(answer.record)}\n")
            else:
                paper.rule(f"[bold]{story.title}", align="left")
                paper.print(f"[dim]{story.shows}[/]")
                print_decision(paper, answer.record)
                paper.print()
    if args.json:
        show_json({"clock": season.clock, "stories": told})
    return 0
