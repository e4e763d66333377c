"""`moms token`: secrets by which programs act for a person, each with its scopes and its end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import register

if TYPE_CHECKING:
    import argparse

    from moms.desk.people import Credential, Register
    from moms.values import Actor

EXAMPLE = """moms token issue scada-feed --scope read --scope write --days 90 --label 'telemetry'
moms token list --json
moms token revoke 3f9a1c0b7d21"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to do and with which token."""
    parser.add_argument("deed", choices=("issue", "list", "revoke"), help="what to do")
    parser.add_argument("name", nargs="?", metavar="NAME", help="whose (issue), or the token's id (revoke)")
    parser.add_argument("--scope", action="append", default=[], metavar="SCOPE", help="read, write, settle; may repeat")
    parser.add_argument("--days", type=int, default=90, metavar="N", help="how long it holds (90)")
    parser.add_argument("--label", default="", metavar="TEXT", help="what it is for")


def run(args: argparse.Namespace) -> int:
    """Do it; a new secret is printed once and is nowhere else."""
    from moms.cli.paper import say, show_json, show_table

    now = datetime.now(UTC)
    secret = ""
    with register() as (book, actor):
        if args.deed == "list":
            with book.as_(actor) as page:
                rows = [_row(t, now) for t in page.credentials(kind="token")]
        else:
            secret, rows = _do(args, book, actor, now)
    if args.json:
        show_json([{**row, **({"token": secret} if secret else {})} for row in rows])
    elif args.deed == "list":
        columns = ["id", "person", "scopes", "label", "ends_at", "holds"]
        show_table(columns=columns, rows=[[str(row[c]) for c in columns] for row in rows])
    elif secret:
        print(secret)
    else:
        say(f"{args.name} is revoked.")
    return Exit.DONE


def _do(args: argparse.Namespace, book: Register, actor: Actor, now: datetime) -> tuple[str, list[dict[str, object]]]:
    from moms.desk.people import Scope, issue_token, revoke_token
    from moms.values import Refused
    from moms.wiring.people import new_token

    if not args.name:
        raise Refused("nothing is named", field="NAME", fix=f"write: moms token {args.deed} NAME")
    if args.deed == "revoke":
        revoke_token(register=book, actor=actor, now=now, token=args.name)
        return "", []
    unknown = sorted(set(args.scope) - set(Scope))
    if unknown:
        raise Refused(f"{unknown[0]!r} is no scope", field="--scope", fix=f"one of {', '.join(Scope)}")
    secret = new_token()
    token = issue_token(
        register=book, actor=actor, now=now, name=args.name, secret=secret, days=args.days, label=args.label,
        scopes=tuple(Scope(s) for s in dict.fromkeys(args.scope)),
    )  # fmt: skip
    return secret, [_row(token, now)]


def _row(token: Credential, now: datetime) -> dict[str, object]:
    return {
        "id": token.id,
        "person": token.person,
        "scopes": " ".join(token.scopes),
        "label": token.label,
        "ends_at": token.ends_at,
        "holds": token.holds(now),
    }
