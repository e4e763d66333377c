"""`moms plan fit`: room for one more, with the fewest others moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.desk.fit import Fitting
    from moms.values import Window

SAYS = "Find room for a request that waits, with the fewest others moved; --study asks the network too."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the request, the days and whether to study and write."""
    parser.add_argument("id", metavar="ID", help="the request that needs room")
    parser.add_argument("--from", dest="first", required=True, metavar="DAY", help="first market day, 2027-03-01")
    parser.add_argument("--to", dest="last", required=True, metavar="DAY", help="last market day")
    supposed = "suppose that every owner accepts a start so many days away: shown, never written"
    parser.add_argument("--flex", type=int, default=0, metavar="DAYS", help=supposed)
    study = "study the whole with it, at most so many rounds (0: margin, groups and equipment alone)"
    parser.add_argument("--study", type=int, default=0, metavar="ROUNDS", help=study)
    parser.add_argument("--work", type=int, default=20, metavar="N", help="nodes of one call of the solver (20)")
    parser.add_argument("--cores", type=int, default=0, metavar="N", help="processes to use (all cores)")
    parser.add_argument("--write", action="store_true", help="move what its owners accept; needs --study")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Look, print, and write if told; 1 where there is no room, or the whole is not secure."""
    from moms.cli.paper import progress, show_json
    from moms.values import Refused

    if args.write and not args.study:
        raise Refused("only what was studied is written", field="write", fix="give --study ROUNDS too, as 8")
    with office(args) as desk:
        with progress("looking for room") as done:
            found = desk.fit_in(args.id, first=args.first, last=args.last, flex_days=args.flex, rounds=args.study,
                                work=args.work, cores=args.cores, tick=done)  # fmt: skip
        ready = args.write and found.repair is not None
        moved, kept = desk.accept_repair(found.repair) if ready and found.repair else ((), ())
    fits = found.window is not None and (found.secure or not args.study)
    if args.json:
        show_json(document(found) | {"written": {"moved": moved, "kept": kept} if ready else None})
    else:
        _print(found, studied=bool(args.study), moved=moved, kept=kept, wrote=ready)
    return Exit.DONE if fits else Exit.NO


def document(found: Fitting) -> dict[str, object]:
    """Give it as JSON's kinds."""
    return {
        "outage": found.outage.id, "window": found.window, "others_moved": found.others, "fewest": found.fewest,
        "moves": [
            {"outage": m.outage.id, "external_id": m.outage.asked.external_id, "from": m.outage.asked.window,
             "to": m.window, "moved_days": m.moved_days, "owner_accepts": m.accepted, "says": m.says}
            for m in found.moves
        ],
        "unplaced": found.unplaced, "studied": found.repair is not None, "secure": found.secure,
        "plan": None if found.repair is None else found.repair.id,
        "cuts": () if found.repair is None else found.repair.kept.cuts,
        "insecure": () if found.repair is None else found.repair.kept.found.insecure,
    }  # fmt: skip


def _print(
    found: Fitting, *, studied: bool, moved: tuple[str, ...], kept: tuple[tuple[str, str], ...], wrote: bool
) -> None:
    from moms.cli.paper import say, show_table
    from moms.values import many

    name = found.outage.asked.external_id
    if found.window is None:
        say(f"There is no room for {name}, even if those around it moved within what their owners accept.",
            abnormal=True)  # fmt: skip
    else:
        fewest = "no fewer do" if found.fewest else "fewer might do"
        network = "secure as a whole" if found.secure else "NOT secure as a whole" if studied else "network not studied"
        say(f"{name} fits from {_day(found.window)}, with {many(found.others, 'other')} moved"
            f" ({fewest}); {network}.", abnormal=studied and not found.secure)  # fmt: skip
    rows = [
        [m.outage.asked.external_id, m.outage.asked.organisation, _day(m.outage.asked.window),
         "no place" if m.window is None else _day(m.window) + ("" if m.accepted else "?"), m.says]
        for m in found.moves
    ]  # fmt: skip
    if rows:
        show_table(columns=["request", "owner", "from", "to", "because"], rows=rows)
    if found.unplaced:
        say(f"not counted on: {', '.join(found.unplaced)}: they cannot stand where they are asked for as it is")
    say(f"Written: {len(moved)} moved." if wrote else "Nothing was written.")
    for one, why in kept:
        say(f"left as it is: {one}: {why}")


def _day(window: Window) -> str:
    from moms.values import market_day_of

    return f"{market_day_of(window.start):%a %d %b}"
