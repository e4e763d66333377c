"""`moms bench`: whole problems, timed, with their goals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from moms.bench.rows import Row

EXAMPLE = """moms bench first
moms bench first --quick --json first.json
moms bench decision
moms bench adequacy
moms bench schedule --json schedule.json
moms bench ac --quick
moms bench study
moms bench calendar
moms bench intake --quick
moms bench crash --seeds 200
moms bench portal"""
NAMES = ("first", "decision", "adequacy", "schedule", "ac", "study", "calendar", "intake", "crash", "portal", "reads")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which problem, and where the rows go."""
    parser.add_argument(
        "name",
        choices=NAMES,
        help="first: one study on the MISO-size grid, starting, the demo; decision: requests filed with and without a"
        " preview; adequacy: loss of load, recall, certainty; schedule: plans, the"
        " challenge, the draft; ac: AC verification beside a full AC N-1; study: N-1 beside two other engines;"
        " calendar: all branches of a day at once; intake: requests a second that the running service takes in;"
        " crash: processes that die around and inside their transactions; portal: a thousand screens that listen,"
        " quick answers, and what each screen costs a browser; reads: the first page of 100,000 outages by any filter",
    )
    parser.add_argument("--seeds", type=int, default=2000, metavar="N", help="how many deaths (crash: 2000)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the first seed, to go on with (crash: 0)")
    parser.add_argument("--quick", action="store_true", help="a small size, for CI")
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="write the rows as JSON (- or alone: stdout)"
    )


def _rows(name: str, *, quick: bool) -> list[Row]:
    if name == "decision":
        from moms.bench import decision

        return decision.rows(quick=quick)
    if name == "adequacy":
        from moms.bench import adequacy

        return adequacy.rows(quick=quick)
    if name == "ac":
        from moms.bench import ac

        return ac.rows(quick=quick)
    if name == "study":
        from moms.bench import study

        return study.rows(quick=quick)
    if name == "intake":
        from moms.bench import intake

        return intake.rows(quick=quick)
    if name == "reads":
        from moms.bench import reads

        return reads.rows(quick=quick)
    if name == "portal":
        from moms.bench import portal

        return portal.rows(quick=quick)
    from moms.bench import calendar, first, schedule
    from moms.wiring.settings import home

    if name == "calendar":
        return calendar.rows(home=home(), quick=quick)
    rows = schedule.rows if name == "schedule" else first.rows
    return rows(home=home(), quick=quick)


def _crash(args: argparse.Namespace) -> list[Row]:
    from moms.bench import crash
    from moms.values import Refused

    if not (0 < args.seeds <= 1_000_000 and 0 <= args.first <= 10**12):
        raise Refused("a number of seeds that cannot be", field="--seeds", fix="give 1 to 1000000")
    return crash.rows(seeds=min(args.seeds, 16) if args.quick else args.seeds, first=args.first)


def _figure(value: float, unit: str, clock: str) -> str:
    """Write a time with its clock, anything else plainly."""
    return f"{value:.3g} {unit} {clock}" if unit in {"s", "ms"} else f"{value:.3g} {unit}".strip()


def run(args: argparse.Namespace) -> int:
    """Measure and print; 1 where a goal was measured and not met."""
    from pathlib import Path

    from moms.bench.rows import document
    from moms.cli.paper import Cell, show_json, show_table
    from moms.values import canonical

    found = _crash(args) if args.name == "crash" else _rows(args.name, quick=args.quick)
    if args.json == "-":
        show_json(document(found))
    elif args.json:
        Path(args.json).write_bytes(canonical(document(found)) + b"\n")
    if args.json != "-":
        show_table(
            columns=["id", "what", "value", "spread", "goal", "met", "peer"],
            rows=[
                [
                    r.id,
                    r.what if r.why is None else f"{r.what} ({r.why})",
                    "not measured" if r.value is None else _figure(r.value, r.unit, r.clock),
                    "" if r.spread is None else f"{r.spread[0]:.3g}-{r.spread[1]:.3g}",
                    "" if r.goal is None else f"{r.goal:g}",
                    Cell(text={True: "yes", False: "NO", None: ""}[r.met], abnormal=r.met is False),
                    "" if r.peer is None or r.ratio is None else f"{r.peer:.3g}, {r.ratio:.2g} x",
                ]
                for r in found
            ],
            right=["value", "goal"],
        )
    return 1 if any(r.met is False for r in found) else 0
