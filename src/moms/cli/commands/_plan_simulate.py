"""`moms plan simulate`: first come, pure optimum and the draft on the same synthetic seasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.values import Refused

if TYPE_CHECKING:
    import argparse

SAYS = "Hold synthetic seasons by first come, by pure optimum and by the draft, and try to game the draft."


class NoSeasons(Refused):
    """A number of seasons that says nothing."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how much."""
    parser.add_argument("--seasons", type=int, default=12, help="one after the other, the ledger carried on")
    parser.add_argument("--seed", type=int, default=0, help="of the seasons")
    parser.add_argument("--work", type=int, default=200, metavar="N", help="nodes of one call of the solver")


def run(args: argparse.Namespace) -> int:
    """Simulate and print."""
    import numpy as np

    from moms.cli.paper import progress, say, show_json, show_table
    from moms.ledger.alarms import alarm_rates
    from moms.ledger.simulation import simulate

    if not 0 < args.seasons <= 10_000:
        raise NoSeasons(f"{args.seasons} seasons", field="seasons", fix="give 1 to 10000")
    with progress("seasons", total=args.seasons) as done:
        found = simulate(seasons=args.seasons, rng=np.random.default_rng(args.seed), nodes=args.work, tick=done)
    alarms = alarm_rates(seasons=args.seasons, rng=np.random.default_rng(args.seed))
    if args.json:
        show_json({"seasons": found.seasons, "arms": found.arms, "gains": found.gains, "alarms": alarms,
                   "synthetic": True})  # fmt: skip
        return Exit.DONE
    show_table(
        columns=["allotted by", "mean burden", "worst owner", "Jain", "fastest owner", "price of fairness"],
        rows=[
            [a.name, f"{a.mean_burden:.3f}", f"{a.worst_burden:.3f}", f"{a.jain:.4f}", f"{a.fastest:.3f}",
             f"{a.price_of_fairness:.3f}"]
            for a in found.arms
        ],
        right=["mean burden", "worst owner", "Jain", "fastest owner", "price of fairness"],
    )  # fmt: skip
    rows = [[name, f"{gain:+.3f}"] for name, gain in found.gains.items()]
    show_table(columns=["an owner who", "saves burden"], rows=rows, right=["saves burden"])
    show_table(
        columns=["detector", "trick", "found", "false alarms per 1000 requests", "honest seasons with one"],
        rows=[
            [a.rule, a.trick, f"{a.found} of {a.seasons}", f"{1000 * a.false_alarms / a.requests:.1f}",
             f"{a.false_seasons} of {a.seasons}"]
            for a in alarms
        ],
        right=["found", "false alarms per 1000 requests", "honest seasons with one"],
    )  # fmt: skip
    say("All of it is synthetic: owners, work and headroom are drawn by rule.")
    return Exit.DONE
