"""`moms forecast`: keep the newest forecast issue and outage rates, and show which ones decisions see."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli import paper
from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.decide import DecisionRules, Forecast, RatesSeen

EXAMPLE = """
moms forecast keep tomorrow.csv
moms forecast rates rates-2027.csv
moms forecast show --json"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is kept or shown."""
    verbs = parser.add_subparsers(dest="what", metavar="keep|rates|show", required=True)
    keep = verbs.add_parser("keep", help="keep a forecast issue as the newest: decisions see it from now on")
    keep.add_argument(
        "file", type=Path, metavar="FILE", help="CSV: issued, hour, zone, load_mw, wind_share, solar_share"
    )
    who_arguments(keep)
    rates = verbs.add_parser("rates", help="keep outage rates as the newest: every margin counts with them from now on")
    rates.add_argument("file", type=Path, metavar="FILE", help="CSV: issued, unit, outage_rate")
    who_arguments(rates)
    who_arguments(verbs.add_parser("show", help="show the newest issues, their age and source"))
    for one in verbs.choices.values():
        one.add_argument("--json", action="store_true", help="print JSON for machines")


def run(args: argparse.Namespace) -> int:
    """Keep or show; 1 where what was asked for is not there, or one of the newest is too old."""
    with office(args) as desk:
        if args.what == "keep":
            desk.keep_forecast(args.file)
        if args.what == "rates":
            desk.keep_rates(args.file)
        kept = {"keep": (desk.forecast(), None), "rates": (None, desk.rates())}.get(args.what)
        forecast, rates = kept if kept is not None else (desk.forecast(), desk.rates())
        rules = desk.world.rules.decision
        return show(forecast, rates, rules=rules, what=args.what, as_json=args.json)


def show(
    forecast: Forecast | None, rates: RatesSeen | None, *, rules: DecisionRules, what: str, as_json: bool
) -> int:  # fmt: skip
    """Print the newest issues; of one that was just kept only itself."""
    fresh = forecast is not None and forecast.age_h <= rules.forecast_most_age_h
    rates_fresh = rates is not None and rates.age_d <= rules.rates_most_age_d
    good = rates_fresh if what == "rates" else fresh and (rates is None or rates_fresh)
    if as_json:
        paper.show_json({
            "forecast": forecast, "most_age_h": rules.forecast_most_age_h, "fresh": fresh,
            "rates": rates, "rates_most_age_d": rules.rates_most_age_d, "rates_fresh": rates_fresh,
        })  # fmt: skip
        return Exit.DONE if good else Exit.NO
    if what != "rates":
        _forecast(forecast, most_age_h=rules.forecast_most_age_h, fresh=fresh)
    if what != "keep":
        _rates(rates, most_age_d=rules.rates_most_age_d, fresh=rates_fresh)
    return Exit.DONE if good else Exit.NO


def _forecast(found: Forecast | None, *, most_age_h: float, fresh: bool) -> None:
    if found is None:
        paper.say("No forecast issue is kept: load and weather are those of the grid's own year.", abnormal=True)
        return
    paper.say(f"{found.source}, issued {found.issued}, reaches to {found.until}; {found.age_h:.1f} h old "
              f"(at most {most_age_h:g}).", abnormal=not fresh)  # fmt: skip
    if not fresh:
        paper.say("- it is too old: what begins soon refers to a person until a newer one is kept")
    paper.say(f"- {found.id}")


def _rates(found: RatesSeen | None, *, most_age_d: float, fresh: bool) -> None:
    if found is None:
        paper.say("No outage rates are kept: those that the grid came with count.")
        return
    age = f"issued {found.issued}, {found.age_d:.1f} days old (at most {most_age_d:g})"
    paper.say(f"{found.source}: outage rates of {found.units:,} units, {age}.", abnormal=not fresh)
    if not fresh:
        paper.say("- they are too old: what takes capacity away refers to a person until newer ones are kept")
    paper.say(f"- {found.id}")
