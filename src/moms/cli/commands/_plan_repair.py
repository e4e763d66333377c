"""`moms plan repair`: the fewest moves after something happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.desk.repair import Repair

SAYS = "After a forced outage or another change: the fewest of those that wait leave their dates, all studied again."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the days, the budget and whether to write."""
    parser.add_argument("--from", dest="first", required=True, metavar="DAY", help="first market day, 2027-03-01")
    parser.add_argument("--to", dest="last", required=True, metavar="DAY", help="last market day")
    supposed = "suppose that every owner accepts a start so many days away: shown, never written"
    parser.add_argument("--flex", type=int, default=0, metavar="DAYS", help=supposed)
    parser.add_argument("--rounds", type=int, default=8, metavar="N", help="most rounds of repair and study (8)")
    parser.add_argument("--work", type=int, default=200, metavar="N", help="nodes of one call of the solver (200)")
    parser.add_argument("--cores", type=int, default=0, metavar="N", help="processes to use (all cores)")
    parser.add_argument("--write", action="store_true", help="move what its owners accept; decides nothing")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Repair, print, and write if told; 1 where it is not secure or somebody loses its place."""
    from moms.cli.paper import progress, say, show_json

    with office(args) as desk:
        with progress("repairing and studying weeks") as done:
            found = desk.repair_plan(
                first=args.first, last=args.last, flex_days=args.flex, rounds=args.rounds, work=args.work,
                cores=args.cores, tick=done,
            )  # fmt: skip
        moved, kept = desk.accept_repair(found) if args.write else ((), ())
    whole = found.secure and all(m.window is not None for m in found.moves)
    if args.json:
        show_json(document(found) | {"written": {"moved": moved, "kept": kept} if args.write else None})
        return Exit.DONE if whole else Exit.NO
    _print(found)
    say(f"Written: {len(moved)} moved." if args.write else "Nothing was written.")
    for name, why in kept:
        say(f"left as it is: {name}: {why}")
    return Exit.DONE if whole else Exit.NO


def document(found: Repair) -> dict[str, object]:
    """Give a repair as JSON's kinds."""
    return {
        "id": found.id,
        "secure": found.secure,
        "stays": found.stays,
        "fewest_relative_to_the_cuts": found.fewest,
        "moves": [
            {"outage": m.outage.id, "external_id": m.outage.asked.external_id, "from": m.outage.asked.window,
             "to": m.window, "moved_days": m.moved_days, "owner_accepts": m.accepted, "says": m.says}
            for m in found.moves
        ],
        "left_out": [{"outage": name, "says": why} for name, why in found.left_out],
        "cuts": found.kept.cuts,
        "insecure": found.kept.found.insecure,
        "missing": found.kept.found.missing,
        "below_zero": found.kept.hurt,
        "rounds": found.kept.rounds,
        "levels": found.kept.levels,
    }  # fmt: skip


def _print(found: Repair) -> None:
    from moms.cli.paper import say, show_table
    from moms.values import market_day_of

    fewest = "no fewer do, relative to the cuts" if found.fewest else "fewer might do: the search was stopped"
    secure = "secure as a whole" if found.secure else "NOT secure as a whole"
    says = f"{len(found.moves)} of {len(found.moves) + found.stays} requests leave their dates ({fewest}); {secure}."
    say(f"Repair {found.id}: {says}", abnormal=not found.secure)
    show_table(
        columns=["request", "owner", "from", "to", "moved", "because"],
        rows=[
            [m.outage.asked.external_id, m.outage.asked.organisation,
             f"{market_day_of(m.outage.asked.window.start):%a %d %b}",
             "no place" if m.window is None else f"{market_day_of(m.window.start):%a %d %b}{'' if m.accepted else '?'}",
             f"{m.moved_days:+d}" if m.moved_days else "", m.says]
            for m in found.moves
        ],
        right=["moved"],
    )  # fmt: skip
    for one in found.kept.found.insecure:
        say(f"still insecure: {', '.join(one.outages)}: {one.says}", abnormal=True)
    for day in found.kept.hurt:
        say(f"margin below zero: {day.row} on {day.day}, {day.with_mw:,.0f} MW", abnormal=True)
    for missing in found.kept.found.missing:
        say(f"not studied: {missing}", abnormal=True)
    for name, why in found.left_out:
        say(f"not looked at: {name}: {why}")
