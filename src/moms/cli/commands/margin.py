"""`moms margin`: what the book leaves of capacity by market day, for the footprint, sub-regions and zones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli import paper
from moms.cli.exits import Exit
from moms.cli.who import who_arguments
from moms.values import ElementKind, NotAnElement, Refused, Window, market_day, market_day_of, parse_instant, row_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from datetime import datetime

    from moms.adequacy import DayMargin, MarginChange, MarginResult, MarginRules, RecallRules, Taken
    from moms.grid import Grid

EXAMPLE = """
moms margin --from 2027-04-12T00:00-05:00 --days 7
moms margin --from 2027-04-12T00:00-05:00 --days 7 --ask gen:120
moms margin --from 2027-04-12T00:00-05:00 --months 24 --svg margin.svg
moms margin --from 2027-04-12T00:00-05:00 --months 24 --bands --svg margin.svg
moms margin --posted
moms margin --from 2027-04-12T00:00-05:00 --days 7 --out gen:7=2027-04-13T06:00-05:00/2027-04-15T18:00-05:00 --json"""

LONGEST_DAYS = 400
LONGEST_MONTHS = 36


class NotATaking(Refused):
    """A text that does not say which unit is out, or derated by how much, and when."""


class NoSuchPlace(Refused):
    """A place that has no margin of its own."""


class TooManyDays(Refused):
    """More days than one answer shows."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the grid, the days, what is out and what is asked."""
    parser.add_argument("--from", dest="start", metavar="INSTANT", help="first hour, with an offset")
    parser.add_argument("--days", type=int, default=7, help="how many days (default 7)")
    what = "the maintenance margin so many months ahead instead: limit, book and binding room by day and place"
    parser.add_argument("--months", type=int, metavar="N", help=what)
    parser.add_argument("--place", default="footprint", metavar="NAME", help="whose margin the chart shows")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="with --months: draw the margin of --place by day")
    what = "the posting of last night instead: 24 months by day and place, as a worker kept it"
    parser.add_argument("--posted", action="store_true", help=what)
    what = "compute and keep such a posting now (what a worker does each night)"
    parser.add_argument("--post", action="store_true", help=what)
    what = "with --months: also P10, P50 and P90 of the margin by day and place, from scenarios"
    parser.add_argument("--bands", action="store_true", help=what)
    parser.add_argument("--scenarios", type=int, default=400, metavar="N", help="of the bands (default 400)")
    what = "UNIT[:MW][=FROM/TO]: a unit out, or derated by MW, over a window (all the days if left out); repeatable"
    parser.add_argument("--out", action="append", default=[], metavar="TAKING", help=what)
    parser.add_argument("--ask", action="append", default=[], metavar="TAKING", help="the same, shown before and after")
    parser.add_argument("--empty-book", action="store_true", help="leave the outages of the book aside")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compute it, print it; exit 1 where a request hurts a day or something needed is missing."""
    from moms.cli.who import office

    if args.posted or args.post:
        return posted(args)
    if args.start is None:
        raise Refused("no first hour is named", field="from", fix="give --from INSTANT, or --posted")
    if args.months is not None:
        return ahead(args)
    if not 0 < args.days <= LONGEST_DAYS:
        raise TooManyDays(f"{args.days} days", field="days", fix=f"give 1 to {LONGEST_DAYS}")
    start = parse_instant(args.start, field="from")
    window = Window(start=start, end=start + timedelta(days=args.days))
    with office(args) as desk:
        grid = desk.rated.rated
        booked = () if args.empty_book else desk.taken(window)
        taken = [*booked, *(taking(text, grid=grid, window=window) for text in args.out)]
        asked = [taking(text, grid=grid, window=window) for text in args.ask]
        return show(
            grid=grid, window=window, taken=taken, asked=asked, rules=desk.world.rules.margin, as_json=args.json
        )


def posted(args: argparse.Namespace) -> int:
    """Show the newest posting, or make one; exit 1 where there is none, or it knows of something missing."""
    from moms.cli import posting as sheet
    from moms.cli.who import office

    with office(args) as desk:
        if args.post:
            with paper.progress("days by place") as done:
                desk.post_margin(months=args.months or 24, write=True, tick=done)
        found = desk.posted_margin()
    if args.json:
        paper.show_json(found or {})
    else:
        sheet.show(found)
    return Exit.NO if found is None or found["unknown"] else Exit.DONE


def ahead(args: argparse.Namespace) -> int:
    """Show the maintenance margin months ahead, from the first whole market day; exit 1 if it cannot be known."""
    from moms.cli.who import office

    if not 0 < args.months <= LONGEST_MONTHS:
        raise TooManyDays(f"{args.months} months", field="months", fix=f"give 1 to {LONGEST_MONTHS}")
    first = market_day_of(parse_instant(args.start, field="from"))
    months = first.month - 1 + args.months
    last = first.replace(year=first.year + months // 12, month=months % 12 + 1, day=min(first.day, 28))
    window = Window(start=market_day(first).start, end=market_day(last).start)
    with office(args) as desk:
        grid = desk.rated.rated
        booked = () if args.empty_book else desk.taken(window)
        taken = [*booked, *(taking(text, grid=grid, window=window) for text in args.out)]
        drawn = replace(desk.world.rules.recall, scenarios=args.scenarios) if args.bands else None
        return show_ahead(
            grid=grid, window=window, taken=taken, rules=desk.world.rules.margin, as_json=args.json, svg=args.svg,
            place=args.place, drawn=drawn, lead_days=max((first - market_day_of(desk.settings.now)).days, 0),
        )  # fmt: skip


def show_ahead(
    *,
    grid: Grid,
    window: Window,
    taken: Sequence[Taken],
    rules: MarginRules,
    as_json: bool,
    svg: Path | None = None,
    place: str = "footprint",
    drawn: RecallRules | None = None,
    lead_days: int = 0,
) -> int:
    """Print the maintenance margin of whole market days, and draw it where a file is named.

    With `drawn` its bands come along, from that many scenarios.

    Raises:
        NoSuchPlace: the chart is asked of a place that has no margin.
    """
    from moms.adequacy import OutlookRules, margin_bands, outlook
    from moms.cli import outlook as sheet

    days = round(window.hours / 24)
    places = 0 if grid.zones is None else 1 + len(grid.zones.name) + len(grid.zones.region_import_limit_mw)
    with paper.progress("margin by day and place", total=days * places) as done:
        found = outlook(
            grid=grid, starts=window.clock_hours(), taken=taken, rules=OutlookRules(margin=rules), told=done
        )
    bands = None
    if drawn is not None:
        with paper.progress("bands by day", total=days) as done:
            bands = margin_bands(grid=grid, starts=window.clock_hours(), taken=taken, rules=rules, drawn=drawn,
                                 lead_days=lead_days, told=done)  # fmt: skip
    if svg is not None:
        if not found.binding(place=place):
            known = ", ".join(dict.fromkeys(room.place for room in found.rooms))
            raise NoSuchPlace(f"there is no margin of {place!r}", field="place", fix=f"give one of {known}")
        svg.write_text(sheet.chart(found, place=place, bands=bands), encoding="utf-8")
    if as_json:
        paper.show_json(sheet.document(found, bands=bands))
    else:
        sheet.show(found, bands=bands)
    return Exit.DONE if not found.unknown else Exit.NO


def taking(text: str, *, grid: Grid, window: Window) -> Taken:
    """Read `gen:7`, `gen:7:50` or `gen:7:50=FROM/TO`.

    Raises:
        NotATaking: it is none of these.
        NoSuchElement: the grid has no such unit.
    """
    from moms.adequacy import Taken

    head, _, span = text.partition("=")
    asset, _, derate = head.rpartition(":") if head.count(":") > 1 else (head, "", "")
    try:
        row_of(asset, kind=ElementKind.GEN)
        derate_mw = float(derate) if derate else None
    except (NotAnElement, ValueError):
        raise NotATaking(f"{text!r} names no unit", field="out", fix="write gen:7, gen:7:50 or gen:7=FROM/TO") from None
    if derate_mw is not None and not 0 < derate_mw < float("inf"):
        raise NotATaking(f"a derate of {derate} MW", field="out", fix="give MW above 0")
    return Taken(
        unit=grid.network.row(asset),
        window=_span(span, text) if span else window,
        derate_mw=derate_mw,
    )


def _span(span: str, text: str) -> Window:
    first, slash, last = span.partition("/")
    if not slash:
        raise NotATaking(f"{text!r} has no end", field="out", fix="write FROM/TO, two instants with offsets")
    return Window(start=parse_instant(first, field="out"), end=parse_instant(last, field="out"))


def show(
    *,
    grid: Grid,
    window: Window,
    taken: Sequence[Taken],
    asked: Sequence[Taken],
    rules: MarginRules,
    as_json: bool,
) -> int:
    """Print the margin of a window with a book's units out, and what a request does to it.

    The one door for whoever has a book: hand in its units as `taken`.
    """
    from moms.adequacy import margin, margin_with_request

    starts = window.clock_hours()
    if not asked:
        result = margin(grid=grid, starts=starts, taken=taken, rules=rules)
        _print(result, None, as_json=as_json)
        return Exit.DONE if result.known else Exit.NO
    change = margin_with_request(grid=grid, starts=starts, taken=taken, asked=asked, rules=rules)
    _print(change.after, change, as_json=as_json)
    return Exit.DONE if change.known and not change.hurt else Exit.NO


def _print(result: MarginResult, change: MarginChange | None, *, as_json: bool) -> None:
    if as_json:
        from moms.desk.margin_facts import facts

        paper.show_json(facts(result, change))
        return
    paper.say(_sentence(result, change), abnormal=not result.known or bool(change and change.hurt))
    rows = [_row(day, _before(change, k)) for k, day in enumerate(result.binding())]
    if rows:
        columns = ["market day", "least MW", "in the hour of", "binding row", "before MW"]
        paper.show_table(columns=columns[: len(rows[0])], right=["least MW", "before MW"], rows=rows)
    for text in (*result.unknown, *result.notes):
        paper.say(f"- {text}")
    for one in result.cut_off:
        paper.say(f"- gen:{one.unit + 1} is cut off by {one.cut_off_by}")


def _before(change: MarginChange | None, day: int) -> float | None:
    return None if change is None else change.before.binding()[day].margin_mw


def _row(day: DayMargin, before: float | None) -> list[paper.Cell | str]:
    least = paper.Cell(text=f"{day.margin_mw:,.1f}", abnormal=day.margin_mw < 0)
    row: list[paper.Cell | str] = [str(day.day), least, _hour(day.hour), day.row.name]
    return row if before is None else [*row, f"{before:,.1f}"]


def _hour(instant: datetime) -> str:
    from moms.values.clock import hour_beginning

    return str(hour_beginning(instant))


def _sentence(result: MarginResult, change: MarginChange | None) -> str:
    least = result.least()
    if least is None:
        return "No margin can be computed; the request refers to a person."
    if not result.known:
        return "Something the margin needs is missing; the request refers to a person."
    if change is None:
        return f"The least margin is {least.margin_mw:,.1f} MW, on {least.day}, {least.row.name}."
    if not change.hurt:
        return f"The request hurts no day; the least margin with it is {least.margin_mw:,.1f} MW ({least.row.name})."
    worst = min(change.hurt, key=lambda h: h.after.margin_mw).after
    days = len({h.after.day for h in change.hurt})
    return f"The request hurts {days} day(s); the worst is {worst.day}, {worst.row.name}: {worst.margin_mw:,.1f} MW."
