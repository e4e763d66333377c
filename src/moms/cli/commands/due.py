"""`moms due`: what has to happen by the clock, what is under way, and what was put aside for a person."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import who_arguments

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from moms.wiring.work import Due

EXAMPLE = """moms due
moms due --ahead 7
moms due --all --json
moms due --stop NAME --reason "studied by hand"
moms due --again NAME --reason "the grid file is there now" """


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to show, and what to do with one."""
    parser.add_argument("--ahead", type=float, default=1.0, metavar="DAYS", help="also what comes due in N days (1)")
    parser.add_argument("--all", action="store_true", help="also what is done or was stopped")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--stop", metavar="NAME", help="never do this one; if it is under way it ends at once")
    one.add_argument("--again", metavar="NAME", help="try this one again, which was put aside")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the journal")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show the list, 1 where something was put aside; or stop or free one."""
    from moms.cli.paper import say, show_json
    from moms.wiring import work
    from moms.wiring.settings import settings

    chosen = settings(user=args.user, organisation=args.organisation, role=args.role, now=args.now, grid=args.grid,
                      rule_book=args.rule_book)  # fmt: skip
    if args.stop or args.again:
        (work.stop if args.stop else work.again)(chosen, name=args.stop or args.again, reason=args.reason)
        if args.json:
            show_json({"duty": args.stop or args.again, "became": "stopped" if args.stop else "open"})
        else:
            say(f"{args.stop or args.again} is stopped." if args.stop else f"{args.again} is tried again.")
        return Exit.DONE
    rows = work.due(chosen, ahead=timedelta(days=args.ahead), ended=args.all)
    if args.json:
        show_json([_document(one, chosen.now) for one in rows])
    else:
        _print(rows, chosen.now)
    return Exit.NO if any(_stands(one, chosen.now) == "put aside" for one in rows) else Exit.DONE


def _stands(one: Due, now: datetime) -> str:
    """Say where a duty stands."""
    if one.row is None:
        return "due" if one.duty.at <= now else "to come"
    if one.row.became == "open":
        return "under way" if one.row.holder else "due"
    return {"aside": "put aside"}.get(one.row.became, str(one.row.became))


def _document(one: Due, now: datetime) -> dict[str, object]:
    row = one.row
    return {
        "duty": one.duty.name, "task": one.duty.task, "subject": one.duty.subject, "cause": one.duty.cause,
        "organisation": one.duty.organisation, "due_at": one.duty.at, "stands": _stands(one, now),
        "tries": row.tries if row else 0, "holder": row.holder if row else "", "says": row.says if row else "",
        "ended_at": row.ended_at if row else None, "took_s": row.took_s if row else None,
    }  # fmt: skip


def _print(rows: tuple[Due, ...], now: datetime) -> None:
    from moms.cli.letters import market_time
    from moms.cli.paper import Cell, say, show_table

    stands = [_stands(one, now) for one in rows]
    counts = {what: stands.count(what) for what in dict.fromkeys(stands)}
    said = ", ".join(f"{count} {what}" for what, count in counts.items())
    say(f"By {now:%Y-%m-%d %H:%MZ}: {said or 'nothing is due'}.", abnormal="put aside" in counts)
    if rows:
        show_table(
            columns=["due (EST)", "duty", "whose", "stands", "what is said"],
            rows=[
                [market_time(one.duty.at.isoformat()), one.duty.name, one.duty.organisation,
                 Cell(text=where, abnormal=where == "put aside"), one.row.says if one.row else ""]
                for one, where in zip(rows, stands, strict=True)
            ],
        )  # fmt: skip
