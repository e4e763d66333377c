"""`moms user`: who may sign in, for whom and in which role."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from moms.cli.exits import Exit
from moms.cli.who import register

if TYPE_CHECKING:
    import argparse

    from moms.desk.people import Person, Register
    from moms.values import Actor

EXAMPLE = """moms user add j.doe --org LAKES-TRANSMISSION --role owner < password.txt
moms user add j.doe --org LAKES-TRANSMISSION --role owner --invite
moms user invite j.doe
moms user add scada-feed --org operator --role control_room --machine
moms user list --json
moms user disable j.doe"""

DEEDS = ("add", "list", "disable", "password", "invite")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to do and with whom; a password comes from stdin, where no list of processes shows it."""
    parser.add_argument("deed", choices=DEEDS, help="what to do")
    parser.add_argument("name", nargs="?", metavar="NAME", help="who")
    parser.add_argument("--org", dest="organisation", metavar="ORG", help="for which organisation (add)")
    parser.add_argument("--role", metavar="ROLE", help="owner, agent, engineer, control_room ... (add)")
    parser.add_argument("--machine", action="store_true", help="no password: acts by tokens alone (add)")
    what = "no password yet: prints a code by which the person sets its own within a day (add)"
    parser.add_argument("--invite", action="store_true", help=what)


def run(args: argparse.Namespace) -> int:
    """Do it and say what was done."""
    from moms.cli.paper import say, show_json

    with register() as (book, actor):
        if args.deed == "invite" or (args.deed == "add" and args.invite):
            return _invite(args, book, actor)
        rows = _list(book, actor) if args.deed == "list" else _do(args, book, actor)
    if args.json:
        show_json(rows)
    elif args.deed == "list":
        _print(rows)
    else:
        say(f"{args.name}: done ({args.deed}).")
    return Exit.DONE


def _do(args: argparse.Namespace, book: Register, actor: Actor) -> list[dict[str, object]]:
    from moms.desk import people
    from moms.values import Refused
    from moms.wiring.people import hasher

    now = datetime.now(UTC)
    if not args.name:
        raise Refused("nobody is named", field="NAME", fix=f"write: moms user {args.deed} NAME")
    if args.deed == "add":
        people.add_person(register=book, actor=actor, now=now, person=_person(args, now))
    elif args.deed == "password":
        organisation = next((str(row["organisation"]) for row in _list(book, actor) if row["name"] == args.name), "")
        kept = hasher().hash(_password(args.name, organisation))
        people.set_password(register=book, actor=actor, now=now, name=args.name, kept=kept)
    else:
        people.disable(register=book, actor=actor, now=now, name=args.name)
    return [row for row in _list(book, actor) if row["name"] == args.name]


def _invite(args: argparse.Namespace, book: Register, actor: Actor) -> int:
    """Print a code by which a person sets its own password: nobody else ever knows it."""
    from moms.cli.paper import say, show_json
    from moms.desk import people
    from moms.desk.account import invite
    from moms.values import Refused
    from moms.wiring.people import new_secret

    now = datetime.now(UTC)
    if not args.name:
        raise Refused("nobody is named", field="NAME", fix="write: moms user invite NAME")
    if args.deed == "add":
        people.add_person(register=book, actor=actor, now=now, person=_person(args, now))
    code = new_secret()
    made = invite(register=book, actor=actor, now=now, name=args.name, code=code)
    if args.json:
        show_json({"name": args.name, "code": code, "ends_at": made.ends_at})
    else:
        say(f"{args.name} sets a password with this code, once, before {made.ends_at:%Y-%m-%d %H:%MZ}:")
        say(code)
    return Exit.DONE


def _person(args: argparse.Namespace, now: datetime) -> Person:
    from moms.desk.people import Person, check_person
    from moms.values import Refused, Role
    from moms.wiring.people import hasher

    if not args.organisation or args.role not in set(Role):
        roles = ", ".join(sorted(set(Role) - {Role.SYSTEM}))
        raise Refused("an organisation and a role are needed", field="--role", fix=f"give --org, and --role of {roles}")
    person = Person(name=args.name, organisation=args.organisation, role=Role(args.role), password=None, made_at=now)
    check_person(person)
    kept = None if args.machine or args.invite else hasher().hash(_password(args.name, args.organisation))
    return Person(name=args.name, organisation=args.organisation, role=person.role, password=kept, made_at=now)


def _password(name: str, organisation: str) -> str:
    """Read a password: asked for on a terminal, else the first line of stdin."""
    from moms.desk.people import check_password

    found = getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    check_password(found, name=name, organisation=organisation)
    return found


def _list(book: Register, actor: Actor) -> list[dict[str, object]]:
    with book.as_(actor) as page:
        return [
            {
                "name": p.name,
                "organisation": p.organisation,
                "role": p.role,
                "machine": p.password is None,
                "disabled": p.disabled,
                "made_at": p.made_at,
            }
            for p in page.people()
        ]


def _print(rows: list[dict[str, object]]) -> None:
    from moms.cli.paper import show_table

    columns = ["name", "organisation", "role", "machine", "disabled"]
    show_table(columns=columns, rows=[[str(row[c]) for c in columns] for row in rows])
