"""`moms adequacy`: the loss of load of a fleet, exactly, from two tables; what one resource is worth to it."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli import followed, paper
from moms.cli.exits import Exit
from moms.values import ElementKind, Refused, Window, market_day, row_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.adequacy import AreaLoss, Followed, Loss, MarginRules, System, SystemLoss, Taken
    from moms.grid import Grid

EXAMPLE = """
moms adequacy lole --units units.csv --load load.csv
moms adequacy lole --units units.csv --load load.csv --maintenance out.csv --uncertainty 5 --import A=300 --json
moms adequacy lole --units units.csv --load load.csv --maintenance out.csv --simulate 2000 --seed 7
moms adequacy elcc --units units.csv --load load.csv --unit U12
moms adequacy recall --unit gen:120 --days 14 --from 2027-03-01 --until 2027-06-01"""

TABLES = """\
units.csv: name,capacity_mw,forced_outage_rate[,mttf_h,mttr_h,area,states]; states: 300:0.05 (MW there:probability)
load.csv: one column of hourly MW an area[, hour, day]
maintenance.csv: name,start,end[,derate_mw], hours as the load counts them (lines from 0), end is the first hour back
"""
DIGITS = 12


class NotALimit(Refused):
    """A text that is no import limit."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is asked of which tables."""
    verbs = parser.add_subparsers(dest="what", metavar="lole|elcc|recall", required=True)
    keep = argparse.RawDescriptionHelpFormatter
    lole = verbs.add_parser("lole", help="LOLE, LOLH, EUE, LOLP by hour, LOLF", epilog=TABLES, formatter_class=keep)
    elcc = verbs.add_parser("elcc", help="the load that a resource carries", epilog=TABLES, formatter_class=keep)
    for one in (lole, elcc):
        one.add_argument("--units", required=True, type=Path, metavar="FILE", help="the units, CSV")
        one.add_argument("--load", required=True, type=Path, metavar="FILE", help="hourly MW, a column an area, CSV")
        one.add_argument("--maintenance", type=Path, metavar="FILE", help="units out or derated, CSV")
        what = "standard deviation of the load forecast, per cent of load"
        one.add_argument("--uncertainty", type=float, default=0.0, metavar="PCT", help=what)
        what = "lines of load a day, where the load names no days (default 24)"
        one.add_argument("--day-hours", type=int, default=24, metavar="N", help=what)
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON for machines")
    what = "what an area can take in from the others; repeatable"
    lole.add_argument("--import", dest="limits", action="append", default=[], metavar="AREA=MW", help=what)
    what = "also follow so many years hour by hour: how often load is lost and for how long, with maintenance too"
    lole.add_argument("--simulate", type=int, metavar="YEARS", help=what)
    lole.add_argument("--seed", type=int, default=1, help="of the years followed (default 1)")
    lole.add_argument("--step", type=float, default=1.0, metavar="HOURS", help="1, or a part of an hour (default 1)")
    lole.add_argument("--check", action="store_true", help="compare the table with one made by FFT")
    which = elcc.add_mutually_exclusive_group(required=True)
    which.add_argument("--unit", metavar="NAME", help="one of the units")
    which.add_argument("--profile", type=Path, metavar="FILE", help="CSV with one column of MW by hour: wind, solar")
    recall_arguments(verbs.add_parser("recall", help="how likely an outage of a unit is called back, for all starts"))
    parser.add_argument("--json", action="store_true", help="print JSON for machines, nothing else")


def run(args: argparse.Namespace) -> int:
    """Compute it and print it."""
    return {"lole": _lole, "elcc": _elcc, "recall": _recall}[args.what](args)


def recall_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the unit, the days, and what is drawn."""
    from moms.cli.who import who_arguments

    parser.add_argument("--unit", required=True, metavar="ASSET", help="the unit that would be out, as gen:120")
    parser.add_argument("--days", type=int, required=True, help="for how many days")
    parser.add_argument("--from", dest="start", required=True, metavar="DAY", help="first market day, 2027-03-01")
    parser.add_argument("--until", required=True, metavar="DAY", help="the market day after the last")
    parser.add_argument(
        "--level", type=float, default=0.0, metavar="MW", help="it is called back below this margin (0)"
    )
    parser.add_argument("--scenarios", type=int, default=1000, metavar="N", help="how many (default 1000)")
    parser.add_argument("--years", type=int, default=40, metavar="N", help="synthetic weather years (default 40)")
    parser.add_argument("--seed", type=int, default=1, help="of weather and failures (default 1)")
    parser.add_argument("--empty-book", action="store_true", help="leave the outages of the book aside")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON for machines")
    who_arguments(parser)


def _recall(args: argparse.Namespace) -> int:
    from moms.cli.who import office

    days = [_day(text, name) for text, name in ((args.start, "from"), (args.until, "until"))]
    if days[1] <= days[0]:
        raise Refused("the days end before they begin", field="until", fix="give a later day")
    window = Window(start=market_day(days[0]).start, end=market_day(days[1]).start)
    if args.days < 1 or args.years < 1 or args.scenarios < 1:
        raise Refused("days, years and scenarios are counted from 1", field="days", fix="give 1 or more of each")
    with office(args) as desk:
        taken = () if args.empty_book else desk.taken(window)
        return show_recall(
            grid=desk.rated.rated, rules=desk.world.rules.margin, window=window, taken=taken, unit=args.unit,
            days=args.days, scenarios=args.scenarios, years=args.years, seed=args.seed, level_mw=args.level,
            as_json=args.json,
        )  # fmt: skip


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text!r} is no day", field=name, fix="write 2027-03-01") from None


def show_recall(
    *,
    grid: Grid,
    rules: MarginRules,
    window: Window,
    taken: Sequence[Taken],
    unit: str,
    days: int,
    scenarios: int,
    years: int,
    seed: int,
    level_mw: float,
    as_json: bool,
) -> int:
    """Print how likely a unit is called back from each start, with the book's units out."""
    from moms.adequacy import NoScenarios, recall_odds, running_mw, scenario_margins, weather_years
    from moms.cli import recall as sheet

    row_of(unit, kind=ElementKind.GEN)
    row = grid.network.row(unit)
    if grid.shapes is None:
        raise NoScenarios(f"grid {grid.name} has no hourly shapes", field="grid", fix="use one that has them")
    drawn = scenario_margins(
        grid=grid, starts=window.clock_hours(), taken=taken, rules=rules, scenarios=scenarios, seed=seed,
        years=weather_years(shapes=grid.shapes, years=years, seed=seed),
    )  # fmt: skip
    zone = int(grid.network.buses.zone[grid.network.units.bus[row]])
    running = running_mw(grid=grid, scenarios=drawn, unit=row)
    odds = recall_odds(scenarios=drawn, zone=zone, running_mw=running, days=days, level_mw=level_mw)
    low, high = odds.interval(seed=seed)
    mine = [p for p, zones in enumerate(drawn.zones) if zone in zones]
    found = sheet.Starts(
        unit=unit, odds=odds, low=low, high=high, scenarios=drawn, margin_mw=drawn.quantiles_mw()[mine].min(axis=0)
    )
    if as_json:
        paper.show_json(sheet.document(found))
    else:
        sheet.show(found)
    return Exit.DONE if len(odds.probability) else Exit.NO


def _system(args: argparse.Namespace) -> tuple[System, list[str]]:
    from moms.exchange import fleets

    if args.day_hours < 1:
        raise Refused(f"{args.day_hours} hours a day", field="day-hours", fix="give 1 or more")
    units, said = fleets.read_units(args.units)
    load = fleets.read_load(args.load, day_hours=args.day_hours)
    away, also = fleets.read_maintenance(args.maintenance, units=units, load=load) if args.maintenance else ((), ())
    system, joined = fleets.system_of(
        units=units, load=load, away=away, uncertainty_percent=args.uncertainty,
        import_limit_mw=dict(_limit(text) for text in getattr(args, "limits", [])),
    )  # fmt: skip
    return system, [*said, *load.notes, *also, *joined]


def _limit(text: str) -> tuple[str, float]:
    area, equals, mw = text.rpartition("=")
    try:
        return area, float(mw) if equals else float("nan")
    except ValueError:
        raise NotALimit(f"{text!r} is no import limit", field="import", fix="write AREA=MW") from None


def _lole(args: argparse.Namespace) -> int:
    from moms.adequacy import system_loss

    system, notes = _system(args)
    years = _followed(system, args)
    found = system_loss(system=system, check=args.check)
    notes += _no_frequency(system, found.together)
    if args.json:
        simulated = {"simulated": [followed.facts(one) for one in years]} if years else {}
        paper.show_figures(_document(system, found, notes) | simulated, digits=DIGITS)
        return Exit.DONE
    one = found.together
    days, hours = len(set(system.day.tolist())), len(system.day)
    paper.say(
        f"LOLE is {one.lole_d:.6f} days ({one.lole_h:.6f} hours), EUE {one.eue_mwh:,.3f} MWh, "
        f"over {days:,} days ({hours:,} hours)."
    )
    rows = [_row("all, one copper plate", one), *(row for area in found.areas for row in _rows(area))]
    numbers = ["units", "MW", "peak MW", "LOLE d", "LOLH h", "EUE MWh", "losses", "h a loss"]
    paper.show_table(columns=["place", *numbers], right=numbers, rows=rows)
    if years:
        followed.show(years, seed=args.seed)
    for text in [*_about(one), *notes]:
        paper.say(f"- {text}")
    return Exit.DONE


def _no_frequency(system: System, loss: Loss) -> list[str]:
    """Say why it is not told how often load is lost; nothing where it is told."""
    if loss.losses is not None:
        return []
    untimed = [u.name for u in system.units if u.repair_h is None and 0 < u.outage_rate < 1]
    untimed += [u.name for u in system.units if u.partial and not u.stay_h]
    if untimed:
        more = f" and {len(untimed) - 3:,} more" if len(untimed) > 3 else ""
        return [
            f"how often load is lost is not told: no time to repair, or to stay, for {', '.join(untimed[:3])}{more}"
        ]
    if loss.step_mw is None or loss.within_h is not None:
        return ["how often load is lost is not told: the capacities have no step in common that a table can have"]
    return ["how often load is lost is not told: too many units go out or come back at one hour (see --simulate)"]


def _followed(system: System, args: argparse.Namespace) -> tuple[Followed, ...]:
    from moms.adequacy import followed as follow

    if args.seed < 0:
        raise Refused(f"seed {args.seed}", field="seed", fix="give a whole number from 0")
    return () if args.simulate is None else follow(
        system=system, years=args.simulate, seed=args.seed, step_h=args.step
    )  # fmt: skip


def _rows(area: AreaLoss) -> list[list[str]]:
    rows = [_row(f"{area.area}, alone", area.alone)]
    if area.always and area.spared:
        rows.append(_row(f"{area.area}, {area.import_limit_mw:g} MW of import always there", area.always))
        rows.append(_row(f"{area.area}, with what others spare, up to {area.import_limit_mw:g} MW", area.spared))
    return rows


def _row(place: str, loss: Loss) -> list[str]:
    often = ["" if x is None else f"{x:.4f}" for x in (loss.losses, loss.hours_a_loss)]
    return [
        place, f"{loss.units}", f"{loss.installed_mw:,.1f}", f"{loss.peak_mw:,.1f}", f"{loss.lole_d:.6f}",
        f"{loss.lole_h:.6f}", f"{loss.eue_mwh:,.3f}", *often,
    ]  # fmt: skip


def _about(loss: Loss) -> list[str]:
    """Say how far the numbers can be trusted."""
    if loss.within_h is not None:
        low, high = loss.within_h
        return [(f"too many different capacities for an exact table: on steps of {loss.step_mw:g} MW; "
                f"LOLH lies between {low:.6f} and {high:.6f} h")]  # fmt: skip
    steps = "every sum of capacities" if loss.step_mw is None else f"steps of {loss.step_mw:g} MW"
    told = [f"exact, on {steps}"]
    if loss.spectral_difference is not None:
        told.append(f"no probability differs by more than {loss.spectral_difference:.1e} from that by FFT")
    return told


def _document(system: System, found: SystemLoss, notes: list[str]) -> dict[str, object]:
    return {
        "hours": len(system.day),
        "days": len(set(system.day.tolist())),
        "uncertainty_percent": system.uncertainty_percent,
        **_facts(found.together),
        "areas": [
            {"area": area.area, "import_limit_mw": area.import_limit_mw}
            | {
                name: None if loss is None else _facts(loss)
                for name, loss in (("alone", area.alone), ("import_always", area.always), ("spared", area.spared))
            }
            for area in found.areas
        ],
        "notes": notes,
    }


def _facts(loss: Loss) -> dict[str, object]:
    return {
        "units": loss.units,
        "installed_mw": loss.installed_mw,
        "peak_mw": loss.peak_mw,
        "lole_d": loss.lole_d,
        "lole_h": loss.lole_h,
        "eue_mwh": loss.eue_mwh,
        "lolf": loss.losses,
        "lold_h": loss.hours_a_loss,
        "lolp": loss.lolp.tolist(),
        "unserved_mwh": loss.unserved_mwh.tolist(),
        "exact": loss.within_h is None,
        "lole_h_within": None if loss.within_h is None else list(loss.within_h),
        "step_mw": loss.step_mw,
        "fft_difference": loss.spectral_difference,
    }


def _elcc(args: argparse.Namespace) -> int:
    from moms.adequacy import profile_elcc, unit_elcc
    from moms.exchange import fleets

    system, notes = _system(args)
    if args.unit:
        found = unit_elcc(system=system, name=args.unit)
    else:
        profile = fleets.read_load(args.profile, day_hours=args.day_hours)
        found = profile_elcc(system=system, output_mw=profile.load_mw.sum(axis=0))
    share = found.elcc_mw / found.nameplate_mw if found.nameplate_mw else None
    if args.json:
        paper.show_figures(
            {
                "elcc_mw": found.elcc_mw, "nameplate_mw": found.nameplate_mw, "share": share,
                "lole_without_d": found.lole_without_d, "lole_with_d": found.lole_with_d, "notes": notes,
            },
            digits=DIGITS,
        )  # fmt: skip
        return Exit.DONE
    told = "" if share is None else f" ({share:.1%} of {found.nameplate_mw:,.1f} MW)"
    paper.say(f"It carries {found.elcc_mw:,.3f} MW of load{told}.")
    paper.say(f"- LOLE is {found.lole_with_d:.6f} days with it and {found.lole_without_d:.6f} without")
    for text in notes:
        paper.say(f"- {text}")
    return Exit.DONE
