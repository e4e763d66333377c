"""`moms firmness`: tell the firmness of all that is granted again, for a timer in the night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli import paper
from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments
from moms.risk.firmness import Rung
from moms.values import Refused, Window, parse_instant

if TYPE_CHECKING:
    import argparse

    from moms.desk.nightly import Night, Retold

EXAMPLE = """
moms firmness
moms firmness --write
moms firmness --season 2027-03-01T00:00-05:00/2027-06-01T00:00-05:00 --json"""


class NotASeason(Refused):
    """A text that names no season."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how far ahead, which season, and whether to keep the night."""
    parser.add_argument("--days", type=int, default=200, metavar="N", help="outages that begin within N days (200)")
    what = "also show what is used of the error budget of a season"
    parser.add_argument("--season", metavar="FROM/TO", help=what)
    what = "keep the night, and its scenarios for the decisions of the day; else nothing is written"
    parser.add_argument("--write", action="store_true", help=what)
    parser.add_argument("--all", action="store_true", help="show every outage, not only what changed or is near a fall")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Tell it; 1 where an outage fell, or more were called back than the forecasts explain."""
    season = None if args.season is None else _season(args.season)
    with office(args) as desk, paper.progress("telling firmness") as done:
        night = desk.firmness(days=args.days, season=season, write=args.write, tick=done)
    if args.json:
        paper.show_json(document(night) | {"written": args.write})
    else:
        show(night, every=args.all, written=args.write)
    alarm = night.budget is not None and night.budget.alarm
    return Exit.NO if alarm or any(_fell(row) for row in night.rows) else Exit.DONE


def _season(text: str) -> Window:
    first, slash, last = text.partition("/")
    if not slash:
        raise NotASeason(f"{text!r} has no end", field="season", fix="write FROM/TO, two instants with offsets")
    return Window(start=parse_instant(first, field="season"), end=parse_instant(last, field="season"))


def _fell(row: Retold) -> bool:
    return row.after.rung < row.before.rung


def document(night: Night) -> dict[str, object]:
    """Give the night for machines."""
    return {
        "at": night.at,
        "forecast": night.forecast,
        "outages": [
            {
                "outage": row.outage.id, "external_id": row.outage.request.external_id,
                "assets": row.outage.request.assets, "start": row.outage.window.start,
                "before": row.before.rung.name.lower(), "after": row.after.rung.name.lower(),
                "nights_over": row.after.nights_over, "new": row.is_new, "recall": row.recall,
                "recall_high": row.recall_high, "why": row.why,
            }
            for row in night.rows
        ],
        "budget": night.budget and {
            "allowed": night.budget.allowed, "recalled": night.budget.recalled, "used": _finite(night.budget.used),
            "season_gone": night.budget.season_gone, "chance": night.budget.chance, "alarm": night.budget.alarm,
            "action": night.budget.action,
        },
    }  # fmt: skip


def _finite(used: float) -> float | None:
    return used if used < float("inf") else None


def show(night: Night, *, every: bool, written: bool) -> None:
    """Print how many stand on which level, and what changed."""
    counts = {NAMES[rung]: sum(r.after.rung == rung for r in night.rows) for rung in NAMES}
    fell = sum(_fell(row) for row in night.rows)
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"
    climbed = sum(row.after.rung > row.before.rung for row in night.rows)
    paper.say(f"{len(night.rows)} granted outages ahead: {said}; {climbed} climbed, {fell} fell.", abnormal=fell > 0)
    rows = [row for row in night.rows if every or _worth_showing(row)]
    if rows:
        paper.show_table(
            columns=["outage", "assets", "start (EST)", "was", "is", "recall at most", "why no higher"],
            right=["recall at most"], rows=[_row(row) for row in rows],
        )  # fmt: skip
    bare = [row.why[0] for row in night.rows if row.after.rung == Rung.REQUESTED and row.why]
    if bare:
        paper.say(f"- without a level most often because: {max(set(bare), key=lambda w: (bare.count(w), w))}")
    if night.forecast is None:
        paper.say("- no forecast issue is kept: load and weather are those of the synthetic weather years")
    else:
        paper.say(f"- from {night.forecast.source}, {night.forecast.age_h:.0f} h old ({night.forecast.id})")
    _budget(night)
    paper.say("- kept as the night of this day" if written else "- nothing was written")


NAMES = {
    Rung.GUARANTEED: "guaranteed", Rung.FIRM: "firm", Rung.TENTATIVE: "tentative", Rung.REQUESTED: "without a level",
}  # fmt: skip


def _worth_showing(row: Retold) -> bool:
    """Tell whether something happened to it: a new one without a level is counted, not listed."""
    return row.changed or row.after.nights_over > 0 or (row.is_new and row.after.rung > Rung.REQUESTED)


def _row(row: Retold) -> list[paper.Cell | str]:
    from moms.cli.letters import market_time

    high = "not known" if row.recall_high is None else f"{row.recall_high:.2%}"
    after = NAMES[row.after.rung]
    if row.after.nights_over:
        after += f", night {row.after.nights_over} over its bound"
    return [
        row.outage.id, " ".join(row.outage.request.assets), market_time(row.outage.window.start.isoformat()),
        "new" if row.is_new else NAMES[row.before.rung], paper.Cell(text=after, abnormal=_fell(row)), high,
        "; ".join(row.why),
    ]  # fmt: skip


def _budget(night: Night) -> None:
    spent = night.budget
    if spent is None:
        return
    chance = f"the forecasts make as many or more {spent.chance:.1%} likely"
    paper.say(f"- error budget of the season: {spent.recalled} recalls of promised outages, {spent.allowed:.2f} "
              f"allowed ({chance}); what follows: {spent.action}",
              abnormal=spent.alarm or spent.action != "none")  # fmt: skip
    if spent.alarm:
        paper.say("- ALARM: more were called back than the model can explain", abnormal=True)
