"""`moms certainty`: train the model of what becomes of outages, and show what it is worth."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moms.cli import paper
from moms.cli.exits import Exit
from moms.values import Refused, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE = """
moms certainty train --history past.csv
moms certainty train --simulate 30000 --seed 7 --out certainty.json
moms certainty report --model certainty.json
moms certainty ask --class line --planned 48 --lead 30 --late 5 --early 1"""


class WhichHistory(Refused):
    """No history, or one too small, to learn from."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to learn from, and where the model lies."""
    verbs = parser.add_subparsers(dest="what", metavar="train|report|ask", required=True)
    learn = verbs.add_parser("train", help="learn from what became of past outages, test on the last fifth, keep it")
    which = learn.add_mutually_exclusive_group(required=True)
    which.add_argument("--history", type=Path, metavar="FILE", help="CSV, in order of filing (docs/commands.md)")
    which.add_argument("--simulate", type=int, metavar="N", help="a synthetic history of N outages instead")
    learn.add_argument("--seed", type=int, default=0, help="of the simulation and of the test (default 0)")
    what = "where the model goes, JSON; left out, to the home of this installation, where decisions use it"
    learn.add_argument("--out", type=Path, metavar="FILE", help=what)
    report = verbs.add_parser("report", help="show the card of a model: how often what it said came true")
    what = "a model that was trained; left out, the one that decisions use"
    report.add_argument("--model", type=Path, metavar="FILE", help=what)
    ask = verbs.add_parser("ask", help="what the model says of one outage: does it begin, how long, how much to book")
    ask_arguments(ask)
    for one in (learn, report, ask):
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON for machines")
    parser.add_argument("--json", action="store_true", help="print JSON for machines, nothing else")


def run(args: argparse.Namespace) -> int:
    """Do it; 1 where the model's probabilities may not be published."""
    return {"train": _train, "report": _report, "ask": _ask}[args.what](args)


def in_use() -> Path:
    """Give where the model lies that decisions use."""
    from moms.wiring.settings import home
    from moms.wiring.worlds import CERTAINTY

    return home() / CERTAINTY


def ask_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the outage that is asked about."""
    from moms.risk import CLASSES

    parser.add_argument("--model", type=Path, metavar="FILE", help="a model; left out, the one that decisions use")
    parser.add_argument("--class", dest="kind", required=True, choices=CLASSES, help="what is taken out")
    parser.add_argument("--planned", type=float, required=True, metavar="HOURS", help="how long it is planned to take")
    parser.add_argument("--lead", type=float, default=30.0, metavar="DAYS", help="days until it begins (30)")
    parser.add_argument("--owner", default="", metavar="NAME", help="whose it is, as the history named it")
    parser.add_argument("--moves", type=int, default=0, metavar="N", help="how often it was moved (0)")
    parser.add_argument("--winter", action="store_true", help="it begins in December, January or February")
    parser.add_argument("--gone", type=float, metavar="HOURS", help="it runs, and has taken so many hours so far")
    parser.add_argument("--late", type=float, metavar="COST", help="of an hour of coming back late")
    parser.add_argument("--early", type=float, metavar="COST", help="of an hour booked too many")


def _ask(args: argparse.Namespace) -> int:
    from moms.exchange.certainty import read_learnt
    from moms.risk import Case, hours_to_book, still_late, told

    if not (args.planned > 0 and args.lead >= 0 and args.moves >= 0 and (args.gone is None or args.gone >= 0)):
        raise WhichHistory("hours, days or moves below 0", field="planned", fix="give hours above 0, the rest from 0")
    if (args.late is None) != (args.early is None):
        raise WhichHistory("one cost without the other", field="late", fix="give --late and --early together")
    learnt = read_learnt(args.model or in_use())
    case = Case(lead_days=args.lead, kind=args.kind, owner=args.owner, planned_h=args.planned, moves=args.moves,
                winter=args.winter, recall=0.0)  # fmt: skip
    says = told(model=learnt.model, case=case)
    found: dict[str, Any] = {
        "model": learnt.version, "history": learnt.source, "simulated": learnt.simulated,
        "owner_known": args.owner in learnt.model.owners,
        "begins": says.goes if learnt.goes_published else None,
        "back_in_time": says.on_time if learnt.on_time_published else None,
        "low_h": says.low_h, "high_h": says.high_h, "causes": says.causes if learnt.goes_published else None,
        "still_late": None if args.gone is None else still_late(model=learnt.model, case=case, gone_h=args.gone),
        "book_h": None if args.late is None else hours_to_book(
            model=learnt.model, case=case, late_cost=args.late, early_cost=args.early),
    }  # fmt: skip
    if args.json:
        paper.show_figures(found, digits=6)
    else:
        _answer(found, args)
    return Exit.DONE


def _answer(found: dict[str, Any], args: argparse.Namespace) -> None:
    begins, back = (_share(found[name]) for name in ("begins", "back_in_time"))
    paper.say(f"It begins as approved: {begins}; once begun it is back within 110 % of {args.planned:g} hours: {back}.")
    paper.say(f"- eight of ten such outages take {found['low_h']:.1f} to {found['high_h']:.1f} hours")
    if found["still_late"] is not None:
        paper.say(f"- out for {args.gone:g} hours and not back: {found['still_late']:.1%} that it comes back too late")
    if found["book_h"] is not None:
        paper.say(
            f"- book {found['book_h']:.1f} hours: an hour late costs {args.late:g}, one booked too many {args.early:g}"
        )
    if args.owner and not found["owner_known"]:
        paper.say(f"- {args.owner} is not in the history: an owner like the mean")
    paper.say(f"- model {found['model']}, learnt from {found['history']}; recall is not in it")


def _share(value: float | None) -> str:
    return "not calibrated, no number" if value is None else f"{value:.1%}"


def _train(args: argparse.Namespace) -> int:
    import numpy as np

    from moms.exchange import certainty
    from moms.risk import simulated, train

    rng = np.random.default_rng(args.seed)
    if args.history is not None:
        (history, owners), source = certainty.read_history(args.history), args.history.name
    elif args.simulate < 1:
        raise WhichHistory(f"{args.simulate} outages", field="simulate", fix="give some thousands")
    else:
        (history, _), owners = simulated(count=args.simulate, rng=rng), ()
        source = f"simulated, {args.simulate} outages, seed {args.seed}: no owner or outage is a real one"
    model, found = train(history=history, source=source, rng=rng, owners=owners, simulated=args.history is None)
    version = certainty.write_model(args.out or in_use(), model=model, card=found)
    return _show(certainty.document(model, found)["card"], version, as_json=args.json)


def _report(args: argparse.Namespace) -> int:
    from moms.exchange import certainty

    _, found, version = certainty.read_model(args.model or in_use())
    return _show(found, version, as_json=args.json)


def _show(found: Mapping[str, Any], version: str, *, as_json: bool) -> int:
    card: Any = plain(found)
    if as_json:
        paper.show_json({"version": version, **card})
        return Exit.DONE if card["may_be_published"] else Exit.NO
    good, goes = card["may_be_published"], card["goes"]
    paper.say(
        f"Model {version}: its probabilities {'may be shown as numbers' if good else 'are shown as bands only'}.",
        abnormal=not good,
    )
    paper.say(
        f"- learnt from {card['trained_on']} outages ({card['source']}), intervals from {card['tuned_on']}, "
        f"tested on the {card['held_out']} after them"
    )
    paper.say(
        f"- going ahead: Brier {goes['brier']:.4f} = {goes['reliability']:.4f} - {goes['resolution']:.4f} + "
        f"{goes['uncertainty']:.4f} + {goes['within']:.4f} (reliability, resolution, uncertainty, within bins)"
    )
    paper.say(f"- ECE {goes['ece']:.4f}, to be expected {goes['ece_expected']:.4f}; Spiegelhalter z "
              f"{goes['spiegelhalter_z']:.2f}; log score {goes['log_score']:.4f}")  # fmt: skip
    if card["straightened"]:
        paper.say("- it was made straight by isotonic regression on the middle part; the test is on what came after")
    in_time = card["on_time"]
    paper.say(f"- back within 110 % of the hours planned: ECE {in_time['ece']:.4f}, to be expected "
              f"{in_time['ece_expected']:.4f}; Spiegelhalter z {in_time['spiegelhalter_z']:.2f}")  # fmt: skip
    paper.say(f"- hours: {card['over_p50']:.1%} over P50, {card['over_p90']:.1%} over P90, "
              f"{card['coverage']:.1%} inside P10-P90 of {card['held_out_ran']} that ran")  # fmt: skip
    if "coverage_followed" in card:  # a model trained before intervals followed what came
        paper.say(f"- intervals that follow what comes: {card['coverage_followed']:.1%} inside; decisions use these")
    paper.show_table(
        title="said and came true", columns=["said", "came", "low", "high", "outages"],
        right=["said", "came", "low", "high", "outages"],
        rows=[[f"{b['mean_forecast']:.3f}", f"{b['share']:.3f}", f"{b['low']:.3f}", f"{b['high']:.3f}",
               f"{b['forecasts']}"] for b in goes["bins"]],
    )  # fmt: skip
    paper.show_table(
        title="why not", columns=["cause", "expected", "observed", "99 % bounds"], right=["expected", "observed"],
        rows=[[name, f"{c['expected']:.1f}", paper.Cell(text=f"{c['observed']}", abnormal=not
               c["low"] <= c["expected"] <= c["high"]), f"{c['low']:.1f}-{c['high']:.1f}"]
              for name, c in card["causes"].items()],
    )  # fmt: skip
    return Exit.DONE if good else Exit.NO
