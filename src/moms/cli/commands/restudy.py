"""`moms restudy`: study again all that was granted, and say what is at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.desk.restudy import AtRisk, Restudied

EXAMPLE = """\
moms restudy --days 14
moms restudy --days 60 --remedies 0 --json
moms restudy --days 14 --write "branch:1204 was lost in the storm" --as operator:eve --role engineer"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how far ahead, how many remedies, and whether to write."""
    parser.add_argument("--days", type=int, default=14, metavar="N", help="days ahead (14)")
    what = "ask for so many of those at risk, the soonest first, what would mend it (5)"
    parser.add_argument("--remedies", type=int, default=5, metavar="N", help=what)
    what = "put at risk what no remedy holds, for this reason; it decides nothing else"
    parser.add_argument("--write", metavar="REASON", default="", help=what)
    parser.add_argument("--cores", type=int, default=0, metavar="N", help="processes to use (all cores)")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Study, print, and write if told; 1 where something is at risk, or was not studied or asked."""
    from moms.cli.paper import progress, show_json

    with office(args) as desk, progress("studying weeks") as done:
        found, marked = desk.restudy(
            days=args.days, remedies=args.remedies, why=args.write, cores=args.cores, tick=done
        )
    if args.json:
        show_json(document(found) | {"put_at_risk": marked})
    else:
        _print(found, marked)
    return Exit.DONE if found.stands else Exit.NO


def document(found: Restudied) -> dict[str, object]:
    """Give what was found as JSON's kinds."""
    return {
        "from": found.span.start,
        "to": found.span.end,
        "book_version": found.book_version,
        "granted": found.granted,
        "out_now": found.out_now,
        "secure": found.found.secure,
        "stands": found.stands,
        "missing": found.found.missing,
        "study": {"points": found.found.points, "bad_points": found.found.bad_points, "studies": found.found.studies},
        "at_risk": [_row(one) for one in found.at_risk],
    }


def _row(one: AtRisk) -> dict[str, object]:
    asked = one.outage.request
    return {
        "outage": one.outage.id, "external_id": asked.external_id, "organisation": asked.organisation,
        "assets": asked.assets, "window": one.outage.window, "status": one.outage.status, "first_day": one.day,
        "sets": one.sets, "beside": one.beside, "remedy": one.remedy,
    }  # fmt: skip


def _print(found: Restudied, marked: tuple[str, ...]) -> None:
    from moms.cli.paper import say, show_table
    from moms.values import many

    study = found.found
    rows = found.at_risk
    held = sum(one.held for one in rows)
    says = "all of them stand" if found.stands else f"{len(rows) - held} of them at risk"
    says += f", {held} under a condition" if held else ""
    say(
        f"{many(len(found.granted), 'granted outage')} until {found.span.end:%Y-%m-%d %H:%MZ} studied again beside"
        f" {len(found.out_now)} out now: {says} ({many(study.points, 'operating point')}, book version"
        f" {found.book_version}).",
        abnormal=not found.stands,
    )
    for text in study.missing:
        say(f"not studied: {text}", abnormal=True)
    names = {one.outage.id: one.outage.request.external_id for one in rows}
    if rows:
        show_table(
            columns=["first day", "request", "owner", "equipment", "why", "beside", "what mends it"],
            rows=[
                [f"{one.day:%a %d %b %Y}", names[one.outage.id], one.outage.request.organisation,
                 ", ".join(one.outage.request.assets), one.sets[0].says, ", ".join(names[n] for n in one.beside),
                 mends(one)]
                for one in rows
            ],
        )  # fmt: skip
    if marked:
        say(f"Put at risk: {', '.join(names[n] for n in marked)}.")
    elif not found.stands:
        say("Nothing was written: --write REASON puts at risk what no remedy holds.")


def mends(one: AtRisk) -> str:
    """Say what mends it."""
    found = one.remedy
    if found is None:
        return "not asked: --remedies asks for more"
    if one.held:
        return "; ".join(("it holds", *found.conditions))
    return "; ".join((found.outcome, *found.alternatives)) if found.alternatives else f"{found.outcome}: {found.says}"
