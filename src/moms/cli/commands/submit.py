"""`moms submit`: ask for an outage, and get the decision with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.answers import show_answer
from moms.cli.who import office, preview_argument, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.wiring.office import Office

EXAMPLE = """moms submit request.json
moms submit --json request.json --preview
moms submit request.json --quick"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the request's file."""
    parser.add_argument("file", metavar="FILE", help="the request as JSON (docs/request.schema.json); - reads stdin")
    preview_argument(parser)
    parser.add_argument("--quick", action="store_true", help="say what is known at once; nothing studied or written")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Submit, decide, print."""
    with office(args) as desk:
        if args.quick:
            return _quick(args, desk)
        return show_answer(args, desk.submit(desk.read_request(args.file), preview=args.preview))


def _quick(args: argparse.Namespace, desk: Office) -> int:
    """Say what the form says while one types; 0 where that is "free"."""
    from moms.cli.exits import Exit
    from moms.cli.paper import say, show_json
    from moms.desk.quick import Says, quick

    request = desk.read_request(args.file)
    found = quick(book=desk.book, world=desk.world, kept=desk.days, actor=desk.settings.actor, now=desk.settings.now,
                  request=request, starts=True)  # fmt: skip
    if args.json:
        show_json(found)
    else:
        say(f"{found.says} (a quick look; `--preview` studies it)")
        for one in found.findings:
            say(f"  {one.level}: {one.says}" + (f"; {one.fix}" if one.fix else ""))
        for window in found.starts:
            say(f"  free as computed ahead: {window.start:%Y-%m-%d %H:%MZ} to {window.end:%Y-%m-%d %H:%MZ}")
    return Exit.DONE if found.comes_to == Says.FREE else Exit.NO
