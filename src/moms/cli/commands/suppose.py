"""`moms suppose`: study a request as if the book, the dates or the limits were other, and keep the study if told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments
from moms.values.refused import Refused

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from moms.cli.paper import Cell
    from moms.desk.supposed import AddedOutage, Supposed

EXAMPLE = """\
moms suppose OTG-2V3OEQAZ --without OTG-ZLA5EZLR
moms suppose OTG-2V3OEQAZ --add branch:12,2027-03-01T05:00Z,2027-03-04T05:00Z --no-redispatch --after A
moms suppose OTG-2V3OEQAZ --as-decided --json
moms suppose OTG-2V3OEQAZ --without OTG-ZLA5EZLR --attach "clean once the other is back" --role engineer"""
SHOWN = 12
NO = frozenset({"counter", "deny", "refer"})


class NotAnAddition(Refused):
    """An added outage that does not name equipment, start and end."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the outage or draft, and what is supposed."""
    parser.add_argument("outage", nargs="?", metavar="ID|REFERENCE", help="a filed outage")
    parser.add_argument("--request", metavar="FILE", help="or a draft that nobody has filed (- for stdin)")
    parser.add_argument("--without", action="append", default=[], metavar="ID", help="not out; may repeat")
    parser.add_argument("--beside", action="append", default=[], metavar="ID", help="out besides; may repeat")
    what = "equipment out besides, as branch:12,START,END; may repeat"
    parser.add_argument("--add", action="append", default=[], metavar="ASSET,START,END", help=what)
    parser.add_argument("--from", dest="start", metavar="INSTANT", help="another start")
    parser.add_argument("--to", dest="end", metavar="INSTANT", help="another end")
    parser.add_argument("--after", choices=("A", "B", "C"), default="B", help="the rating that holds after a loss (B)")
    parser.add_argument("--no-redispatch", action="store_true", help="no unit is moved for it")
    parser.add_argument("--as-decided", action="store_true", help="on the book as it was when MOMS decided")
    parser.add_argument(
        "--attach", metavar="REASON", default="", help="keep the study with the outage, for this reason"
    )
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Study, print, and attach if told; 1 where the rule book would not grant it there."""
    from moms.cli.paper import say, show_json

    if (args.outage is None) == (args.request is None):
        raise Refused("name one outage, or one draft by --request", field="outage", fix="as OTG-2V3OEQAZ")
    if args.attach and args.request:
        raise Refused("a draft has no record to keep it with", field="attach", fix="file it first")
    supposed = supposed_of(args)
    with office(args) as desk:
        request = desk.read_request(args.request) if args.request else None
        found: dict[str, Any] = desk.what_if(supposed, outage=args.outage, request=request)
        said = ""
        if args.attach:
            name = str(found["outage"]["id"])
            said = desk.attach(name, supposed, study=str(found["id"]), reason=args.attach).says
    if args.json:
        show_json(found | {"attached": bool(said)})
    else:
        _print(found)
        if said:
            say(f"{said[:1].upper()}{said[1:]}.")
    return Exit.NO if found["outcome"] in NO else Exit.DONE


def supposed_of(args: argparse.Namespace) -> Supposed:
    """Read what is supposed.

    Raises:
        NotAnAddition, Refused: an addition or a date that cannot be read.
    """
    from moms.desk.supposed import Supposed
    from moms.values import Window, parse_instant

    if (args.start is None) != (args.end is None):
        raise Refused("other dates need a start and an end", field="from", fix="give --from and --to")
    window = None
    if args.start is not None:
        window = Window(start=parse_instant(args.start, field="from"), end=parse_instant(args.end, field="to"))
    return Supposed(
        without=tuple(args.without), beside=tuple(args.beside), added=tuple(_added(text) for text in args.add),
        window=window, redispatch=not args.no_redispatch, after=args.after, as_decided=args.as_decided,
    )  # fmt: skip


def _added(text: str) -> AddedOutage:
    from moms.desk.supposed import AddedOutage
    from moms.values import Window, parse_instant

    *assets, start, end = (part.strip() for part in text.split(","))
    if not assets:
        fix = "write branch:12,2027-03-01T05:00Z,2027-03-04T05:00Z"
        raise NotAnAddition(f"{text!r} is no equipment with a start and an end", field="add", fix=fix)
    window = Window(start=parse_instant(start, field="add"), end=parse_instant(end, field="add"))
    return AddedOutage(assets=tuple(assets), window=window)


def _print(found: Mapping[str, Any]) -> None:
    from moms.cli.letters import span
    from moms.cli.paper import say, show_table
    from moms.values import many

    outage = found["outage"]
    beside = found["beside_found"]
    say(
        f"{', '.join(outage['assets'])} ({outage['external_id']}), {span(found['window'])}, on this book:"
        f" {found['outcome']}. Study {found['id']}, beside {many(beside, 'other outage')},"
        f" book version {found['book_version']}.",
        abnormal=found["outcome"] in NO,
    )
    for text in found["missing"]:
        say(f"not studied: {text}", abnormal=True)
    if found["against"]:
        say(f"Against the decision {found['against']['decision']}: {found['against']['says']}.")
    rows = [*found["pairs"], *found["near"]]
    if rows:
        show_table(
            columns=["element", "after the loss of", "worst hour", "without MW", "with MW", "limit MW", "%", "caused"],
            rows=[_pair(row) for row in rows[:SHOWN]],
        )
    over = found["pairs_found"]
    more = len(rows) - SHOWN
    if more > 0:
        say(f"and {more} more; --json has them")
    say(
        f"{many(over, 'pair')} over a limit, {many(found['islands_found'], 'contingency')} that cut something off,"
        f" {many(found['points'], 'operating point')}.",
        abnormal=over > 0,
    )


def _pair(row: Mapping[str, Any]) -> list[Cell | str]:
    from moms.cli.paper import Cell

    without = "-" if row["without_mw"] is None else f"{abs(row['without_mw']):.1f}"
    over = row["percent"] > 100.0
    return [
        row["element"], row["contingency"] or "nothing", row["hour"], without, f"{abs(row['flow_mw']):.1f}",
        f"{row['limit_mw']:.1f}", Cell(text=f"{row['percent']:.1f}", abnormal=over),
        row["caused"] if over else "within",
    ]  # fmt: skip
