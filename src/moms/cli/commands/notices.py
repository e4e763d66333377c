"""`moms notices`: what one is told, what one asked to be told of, and sending what goes out."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from moms.cli.exits import Exit
from moms.cli.who import notices, who_arguments

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from moms.desk.notices import Kept, Notices
    from moms.desk.sending import Sent
    from moms.records.notices import Subscription
    from moms.wiring.settings import Settings

EXAMPLE = """moms notices --open
moms notices ack 3f9a1c0b7d21e5f60718293a4b5c6d7e
moms notices follow --channel mail --target ann@example.org --severity action
moms notices plan OTG-ABCDEFGH
moms notices send --once"""
DEEDS = ("list", "ack", "outgoing", "again", "following", "follow", "unfollow", "plan", "send")

WAYS = {"mail": "MOMS_SMTP_URL", "sms": "MOMS_SMS_URL"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to do, and with which notice or subscription."""
    parser.add_argument("deed", nargs="?", default="list", choices=DEEDS, help="what to do (list)")
    parser.add_argument("id", nargs="?", metavar="ID", help="which notice, subscription, or outage (plan)")
    parser.add_argument("--open", dest="open_only", action="store_true", help="only what nobody acknowledged (list)")
    parser.add_argument("--dead", action="store_true", help="only what was given up (outgoing)")
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="how many, newest first (100)")
    parser.add_argument("--once", action="store_true", help="send what is due now, and end (send)")
    group = parser.add_argument_group("follow")
    group.add_argument("--channel", default="inbox", metavar="WAY", help="inbox, mail, sms or webhook (inbox)")
    group.add_argument("--target", default="", metavar="ADDRESS", help="a mail address, +13175550100, or https://...")
    group.add_argument("--role-wide", action="store_true", help="for everybody in one's role, not for oneself")
    group.add_argument("--owner", action="append", default=[], metavar="ORG", help="outages of; may repeat")
    group.add_argument("--asset", action="append", default=[], metavar="ASSET", help="outages with; may repeat")
    group.add_argument("--area", action="append", default=[], metavar="AREA", help="zone or region; may repeat")
    group.add_argument("--verb", action="append", default=[], metavar="VERB", help="when this is done; may repeat")
    group.add_argument("--severity", default="info", metavar="S", help="at least info, action or urgent (info)")
    group.add_argument("--daily", action="store_true", help="mail once a day of all that is not urgent")
    who_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Do it, and say what was done."""
    if args.deed == "send":
        return _send(args)
    if args.deed == "plan":
        return _plan(args)
    with notices(args) as (book, chosen):
        rows = _rows(args, book, chosen)
    _show(args, rows)
    return Exit.DONE


def _send(args: argparse.Namespace) -> int:
    """Send what is due: once, or until Ctrl-C where no server does."""
    from moms.store.place import open_place
    from moms.wiring.sending import carriers_of, send_once, sending

    with open_place(env=os.environ) as place:
        if not args.once:
            with contextlib.suppress(KeyboardInterrupt), sending(place, os.environ, every_s=5.0):
                threading.Event().wait()
            return Exit.DONE
        done, waiting = send_once(place, os.environ)
    _told(args, done, waiting, without=sorted(set(waiting) - set(carriers_of(os.environ))))
    return Exit.NO if done.given_up else Exit.DONE


def _plan(args: argparse.Namespace) -> int:
    """Show who is told what of an outage and when."""
    from moms.cli.paper import show_json, show_table
    from moms.cli.who import office
    from moms.records.told import ESCALATE, WORDS
    from moms.values import Refused

    if not args.id:
        raise Refused("no outage is named", field="ID", fix="write: moms notices plan OTG-ABCDEFGH")
    with office(args) as desk:
        found: dict[str, Any] = desk.communication(args.id)
    if args.json:
        show_json(found)
        return Exit.DONE
    rows = [[f"{r['at']:%Y-%m-%d %H:%MZ}", r["word"], r["severity"], _hearers(r["to"])] for r in found["by_clock"]]
    every = WORDS - {ESCALATE}
    for row in found["by_deed"]:
        words = "anything" if every <= set(row["words"]) else " ".join(row["words"])
        rows.append(["when done", words, f"from {row['from']}", _hearers([row])])
    for row in found["next"]:
        silent = f"the {row['silent']} acknowledged nothing"
        rows.append([f"after {row['after_min']:g} min", silent, row["severity"], _hearers([row])])
    for row in found["following"]:
        whose = f"{row['person'] or row['role']} of {row['organisation']}, by {row['channel']}"
        rows.append(["when done", " ".join(row["words"]) or "anything", f"from {row['from']}", whose])
    show_table(columns=["when", "what", "severity", "who"], rows=rows)
    return Exit.DONE


def _hearers(rows: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{row['role']} of {row['organisation']}" for row in rows)


def _told(args: argparse.Namespace, done: Sent, waiting: dict[str, int], *, without: Sequence[str]) -> None:
    from moms.cli.paper import say, show_json

    if args.json:
        show_json({"sent": done.sent, "put_off": done.put_off, "given_up": done.given_up, "waiting": waiting})
    else:
        say(f"{done.sent} sent, {done.put_off} put off, {done.given_up} given up; {sum(waiting.values())} wait.")
    for channel in without:
        print(f"moms: {waiting[channel]} wait for a way out; set {WAYS[channel]}", file=sys.stderr)


def _rows(args: argparse.Namespace, book: Notices, chosen: Settings) -> Sequence[dict[str, object]]:
    from moms.desk import notices as desk

    common = {"notices": book, "actor": chosen.actor}
    if args.deed in {"ack", "again", "unfollow"}:
        return _done(args, book, chosen)
    if args.deed == "follow":
        return [desk.subscription_document(_follow(args, book, chosen))]
    if args.deed == "following":
        return [desk.subscription_document(s) for s in desk.following(**common)]  # type: ignore[arg-type]  # as declared
    if args.deed == "outgoing":
        return _documents(desk.outgoing(**common, dead_only=args.dead, limit=_limit(args)))  # type: ignore[arg-type]  # as above
    return _documents(desk.inbox(**common, open_only=args.open_only, limit=_limit(args)))  # type: ignore[arg-type]  # as above


def _done(args: argparse.Namespace, book: Notices, chosen: Settings) -> Sequence[dict[str, object]]:
    from moms.desk import notices as desk
    from moms.values import Refused

    if not args.id:
        raise Refused("nothing is named", field="ID", fix=f"write: moms notices {args.deed} ID")
    if args.deed == "unfollow":
        desk.unfollow(notices=book, actor=chosen.actor, now=chosen.now, subscription_id=args.id)
        return []
    deed = desk.acknowledge if args.deed == "ack" else desk.again
    return _documents([deed(notices=book, actor=chosen.actor, now=chosen.now, notice_id=args.id)])


def _follow(args: argparse.Namespace, book: Notices, chosen: Settings) -> Subscription:
    from moms.desk import notices as desk
    from moms.records.notices import Channel, Subscription
    from moms.records.told import Severity
    from moms.values import Refused
    from moms.wiring.people import new_secret

    for flag, given, there in (("--channel", args.channel, Channel), ("--severity", args.severity, Severity)):
        if given not in set(there):
            raise Refused(f"{given!r} is none", field=flag, fix=f"one of {', '.join(there)}")
    actor = chosen.actor
    wanted = Subscription(
        id=desk.subscription_id(actor, new_secret()), organisation=actor.organisation,
        person="" if args.role_wide else actor.name, role=actor.role.value if args.role_wide else "",
        channel=Channel(args.channel), target=args.target, owners=tuple(args.owner), assets=tuple(args.asset),
        verbs=tuple(args.verb), areas=tuple(args.area), severity=Severity(args.severity), daily=args.daily,
        sees_all=actor.sees_all,
    )  # fmt: skip
    secret = _secret() if wanted.channel == Channel.WEBHOOK else None
    desk.follow(
        notices=book, actor=actor, now=chosen.now, subscription=wanted, secret=secret, known=_areas(args, chosen)
    )
    return wanted


def _areas(args: argparse.Namespace, chosen: Settings) -> tuple[str, ...]:
    """Give the areas of the grid, which is read only where one is named."""
    from moms.exchange.grids import open_grid

    zones = open_grid(chosen.grid, home=chosen.home).zones if args.area else None
    return () if zones is None else zones.areas


def _secret() -> str:
    """Read a webhook's secret: asked for on a terminal, else the first line of stdin; in no list of processes."""
    import getpass

    return getpass.getpass("secret: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _limit(args: argparse.Namespace) -> int:
    from moms.values import Refused

    if not 1 <= args.limit <= 1000:
        raise Refused(f"{args.limit} at once", field="--limit", fix="give 1 to 1000")
    return int(args.limit)


def _documents(found: Sequence[Kept]) -> list[dict[str, object]]:
    from moms.desk.notices import kept_document

    return [kept_document(kept) for kept in found]


def _show(args: argparse.Namespace, rows: Sequence[dict[str, object]]) -> None:
    from moms.cli.paper import Cell, say, show_json, show_table

    if args.json:
        show_json(rows)
    elif args.deed == "unfollow":
        say(f"{args.id} is ended; what it told stays.")
    elif not rows:
        say("Nothing.")
    elif args.deed in {"follow", "following"}:
        columns = ["id", "channel", "target", "severity", "owners", "assets", "areas", "verbs"]
        show_table(columns=columns, rows=[[_text(row[c]) for c in columns] for row in rows])
    else:
        last = ["target", "tries", "answer"] if args.deed in {"outgoing", "again"} else ["says"]
        columns = ["id", "made_at", "severity", "state", *last]
        lines = [{**row, "says": _says(row), "made_at": f"{row['made_at']:%Y-%m-%d %H:%MZ}"} for row in rows]
        show_table(
            columns=columns,
            rows=[[Cell(text=_text(row[c]), abnormal=row[c] in {"urgent", "dead"}) for c in columns] for row in lines],
        )


def _says(row: dict[str, object]) -> object:
    tells = row["tells"]
    return tells["says"] if isinstance(tells, dict) else ""


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
