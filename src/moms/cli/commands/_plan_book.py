"""`moms plan book`: what waits in the book, planned together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.desk.accept import Wrote
    from moms.desk.plan import Place, SeasonPlan
    from moms.desk.rounds import SoFar
    from moms.ledger.fairness import Fairness

SAYS = "Plan what waits in the book between two days together, study the whole plan, and write it when told."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the days, the budget and whether to write."""
    parser.add_argument("--from", dest="first", required=True, metavar="DAY", help="first market day, 2027-03-01")
    parser.add_argument("--to", dest="last", required=True, metavar="DAY", help="last market day")
    supposed = "suppose that every owner accepts a start so many days away: shown, never written"
    parser.add_argument("--flex", type=int, default=0, metavar="DAYS", help=supposed)
    parser.add_argument("--rounds", type=int, default=8, metavar="N", help="most rounds of plan and study (8)")
    parser.add_argument("--work", type=int, default=200, metavar="N", help="nodes of one call of the solver (200)")
    parser.add_argument("--nonce", default="", metavar="TEXT", help="the number promised before the gate: draws ties")
    parser.add_argument("--cores", type=int, default=0, metavar="N", help="processes to use (all cores)")
    kept = "keep the plan of each round here as JSON, before and after its study: a run that is killed leaves it"
    parser.add_argument("--out", metavar="FILE", type=Path, help=kept)
    parser.add_argument("--svg", metavar="FILE", type=Path, help="draw the plan as a timeline here")
    parser.add_argument("--write", action="store_true", help="move and book what its owners accept; decides nothing")
    parser.add_argument("--propose", action="store_true", help="show it to the owners it concerns; moves nothing")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, print, and write if told; 1 where the plan is not secure or somebody waits."""
    from moms.cli.paper import progress, say, show_json

    with office(args) as desk:
        with progress("planning and studying weeks") as done:
            plan = desk.plan_book(
                first=args.first, last=args.last, flex_days=args.flex, rounds=args.rounds, work=args.work,
                nonce=args.nonce, cores=args.cores, tick=done, keep=lambda so_far: _keep(args.out, so_far),
            )  # fmt: skip
        if args.propose:
            desk.propose_plan(plan)
        wrote = desk.accept_plan(plan) if args.write else None
    if args.svg is not None:
        args.svg.write_text(drawing(plan), encoding="utf-8")
    whole = plan.secure and all(p.window is not None for p in plan.places)
    if args.json:
        show_json({"plan": document(plan), "written": wrote})
    else:
        _print(plan, wrote)
        if args.propose:
            say("Proposed: the owners it concerns see their part of it. Nothing has moved.")
    return Exit.DONE if whole else Exit.NO


def _keep(out: Path | None, so_far: SoFar) -> None:
    """Write the plan of a round: the old or the new whole, whenever the run ends."""
    if out is None:
        return
    from moms.exchange.planfile import write_whole
    from moms.values import canonical

    found = so_far.found
    rows = [
        {"outage": o.id, "external_id": o.asked.external_id, "organisation": o.asked.organisation, "window": o.window}
        for o in so_far.outages
    ]
    whole = {
        "round": so_far.round, "first": so_far.first, "studied": found is not None,
        "secure": None if found is None else found.secure, "places": rows, "waiting": so_far.waiting,
        "cuts": so_far.cuts, "insecure": () if found is None else found.insecure,
    }  # fmt: skip
    write_whole(out, canonical(whole) + b"\n")


def drawing(plan: SeasonPlan) -> str:
    """Draw a plan as a timeline."""
    from moms.cli.timeline import Bar, timeline

    names = {p.outage.id: p.outage.asked.external_id for p in plan.places}
    bars = [
        Bar(
            name=names[p.outage.id], owner=p.outage.asked.organisation,
            asked=(p.wish, p.wish + p.days), planned=None if p.start is None else (p.start, p.start + p.days),
            says=f"asked {_day(p.outage.asked.window)}, planned {_planned(p)}; {_named(p.says, names)}",
        )
        for p in plan.places
    ]  # fmt: skip
    return timeline(bars, first=plan.first, days=plan.days, title=f"Season plan {plan.id}")


def document(plan: SeasonPlan) -> dict[str, object]:
    """Give a plan as JSON's kinds."""
    return {
        "id": plan.id,
        "first": plan.first,
        "days": plan.days,
        "book_version": plan.book_version,
        "secure": plan.secure,
        "places": [_place(p) for p in plan.places],
        "left_out": [{"outage": name, "says": why} for name, why in plan.left_out],
        "cuts": plan.cuts,
        "insecure": plan.found.insecure,
        "missing": plan.found.missing,
        "below_zero": plan.hurt,
        "study": {"points": plan.found.points, "bad_points": plan.found.bad_points, "studies": plan.found.studies,
                  "rounds": plan.rounds},
        "levels": plan.levels,
        "proved_relative_to": "starts no worse than the draft's, and the cuts",
        "seed": plan.drafted.seed,
        "fairness": plan.fairness,
    }  # fmt: skip


def _place(place: Place) -> dict[str, object]:
    asked = place.outage.asked
    return {
        "outage": place.outage.id, "external_id": asked.external_id, "organisation": asked.organisation,
        "assets": asked.assets, "asked": asked.window, "planned": place.window, "moved_days": place.moved_days,
        "owner_accepts": place.accepted, "ledger": place.kind, "turn": place.turn, "price_milli": place.price_milli,
        "says": place.says, "in_the_way": place.in_the_way, "displaced": place.displaced,
    }  # fmt: skip


def _print(plan: SeasonPlan, wrote: Wrote | None) -> None:
    from moms.cli.paper import Cell, say, show_table

    placed = [p for p in plan.places if p.window is not None]
    moved = [p for p in placed if p.moved_days]
    says = "secure as a whole" if plan.secure else "NOT secure as a whole"
    say(
        f"Plan {plan.id}: {len(placed)} of {len(plan.places)} requests have a place, {len(moved)} of them moved;"
        f" {says} ({plan.found.points} operating points studied, {plan.rounds} rounds, {len(plan.cuts)} cuts).",
        abnormal=not plan.secure,
    )
    names = {p.outage.id: p.outage.asked.external_id for p in plan.places}
    show_table(
        columns=["turn", "request", "owner", "asked", "planned", "moved", "why", "displaced"],
        rows=[
            [_turn(p), names[p.outage.id], p.outage.asked.organisation, _day(p.outage.asked.window), _planned(p),
             f"{p.moved_days:+d}" if p.moved_days else "", _named(p.says, names),
             ", ".join(names[n] for n in p.displaced)]
            for p in plan.places
        ],
        right=["turn", "moved"],
    )  # fmt: skip
    for cut in plan.cuts:
        together = "is insecure" if len(cut.requests) == 1 else "are insecure together"
        say(f"{cut.name}: {', '.join(names[n] for n in cut.requests)} {together}: {cut.seen[0].says}")
    for one in plan.found.insecure:
        say(f"still insecure: {', '.join(names[n] for n in one.outages)}: {one.says}", abnormal=True)
    for day in plan.hurt:
        say(f"margin below zero: {day.row} on {day.day}, {day.with_mw:,.0f} MW", abnormal=True)
    for missing in plan.found.missing:
        say(f"not studied: {missing}", abnormal=True)
    show_table(
        columns=["term", "value", "bound", "proved"],
        rows=[
            [v.name, f"{v.value:g} {v.unit}", "" if v.bound is None else f"{v.bound:g}",
             Cell(text="yes" if v.proved else "no", abnormal=not v.proved)]
            for v in plan.levels
        ],
    )  # fmt: skip
    say("Proved means: among starts no worse for anyone than the draft's, and relative to the cuts.")
    for kind, fair in plan.fairness.items():
        _fair(str(kind), fair, names)
    for name, why in plan.left_out:
        say(f"not planned: {name}: {why}")
    _wrote(wrote)


def _fair(kind: str, fair: Fairness, names: dict[str, str]) -> None:
    """Print what each owner of a ledger asked, got, paid and envies."""
    from moms.cli.paper import say, show_table

    show_table(
        columns=[f"owner ({kind})", "need", "asked", "placed", "burden", "credits", "of all", "balance", "envies"],
        rows=[
            [s.owner, f"{s.need_permille / 10:.1f} %", str(s.asked), str(s.placed), f"{s.burden:.3f}",
             f"{s.charged_milli / 1000:,.0f}", f"{s.charged_permille / 10:.1f} %", f"{s.balance_milli / 1000:,.0f}",
             ", ".join(s.envies)]
            for s in fair.shares
        ],
        right=["need", "asked", "placed", "burden", "credits", "of all", "balance"],
    )  # fmt: skip
    say(f"Mean burden {fair.mean_burden:.3f}, worst {fair.worst_burden:.3f}, Jain {fair.jain:.4f}.")
    for name, other in fair.out_of_turn:
        say(
            f"out of turn: {names[other]} picked after {names[name]} and stands where that would rather be",
            abnormal=True,
        )


def _wrote(wrote: Wrote | None) -> None:
    from moms.cli.paper import say

    if wrote is None:
        say("Nothing was written.")
        return
    say(f"Written: {len(wrote.moved)} moved, {len(wrote.booked)} booked. Each is decided as before: moms decide ID.")
    for name, why in wrote.kept:
        say(f"left as it is: {name}: {why}")


def _turn(place: Place) -> str:
    return f"{str(place.kind)[0].upper()}{place.turn}" if place.turn else ""


def _named(says: str, names: dict[str, str]) -> str:
    """Write requests by their owners' references."""
    for name, reference in names.items():
        says = says.replace(name, reference)
    return says


def _planned(place: Place) -> str:
    if place.window is None:
        return "no place"
    return _day(place.window) if place.accepted else f"{_day(place.window)}?"


def _day(window: object) -> str:
    from moms.values import Window, market_day_of

    return f"{market_day_of(window.start):%a %d %b}" if isinstance(window, Window) else ""
