"""`moms plan accounts`: both ledgers as the journal has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import office, who_arguments

if TYPE_CHECKING:
    import argparse

    from moms.desk.bookings import Account

SAYS = "Show the accounts of fairness; settle places whose outages have ended, and close a season, when told."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is posted first."""
    parser.add_argument("--settle", action="store_true", help="settle every booking whose outage has come to an end")
    closing = "settle, share the season's charges out by need, and let balances fade"
    parser.add_argument("--close-season", action="store_true", help=closing)
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Post what is told, and print."""
    from moms.cli.paper import say, show_json

    with office(args) as desk:
        found, settled = desk.accounts(settle=args.settle, close=args.close_season)
    if args.json:
        rows = [{"ledger": a.ledger, "balances_milli": a.balances, "open_milli": a.open, "entries": a.entries,
                 "sum_milli": sum(a.balances.values())} for a in found]  # fmt: skip
        show_json({"ledgers": rows, "settled": settled})
        return Exit.DONE
    for one in settled:
        say(f"{one.outage} ({one.ledger}): {', '.join(one.events)}")
    for account in found:
        _print(account)
    return Exit.DONE


def _print(account: Account) -> None:
    from moms.cli.paper import say, show_table

    if not account.entries:
        say(f"The {account.ledger} ledger has no entries.")
        return
    total = sum(account.balances.values())
    says = (
        f"The {account.ledger} ledger: {account.entries} entries, their chain whole, {len(account.open)} bookings open"
    )
    say(f"{says}; all accounts sum to {total / 1000:g} credits.", abnormal=bool(total))
    show_table(
        columns=["account", "credits"],
        rows=[[name, f"{milli / 1000:,.3f}"] for name, milli in account.balances.items()],
        right=["credits"],
    )
