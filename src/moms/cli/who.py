"""The flags every command on the book shares: who acts, when, on which grid."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from moms.desk.notices import Notices
    from moms.desk.people import Register
    from moms.values import Actor
    from moms.wiring.files import FileRoom
    from moms.wiring.office import Office
    from moms.wiring.settings import Settings


def who_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare who acts, when, and on which grid."""
    group = parser.add_argument_group("who, when, where")
    group.add_argument("--as", dest="user", metavar="NAME", help="who acts (MOMS_USER; else the login name)")
    group.add_argument("--org", dest="organisation", metavar="ORG", help="for which organisation (MOMS_ORG; operator)")
    group.add_argument("--role", metavar="ROLE", help="owner, agent, engineer, control_room ... (MOMS_ROLE)")
    group.add_argument("--now", metavar="INSTANT", help="act as if at this instant (MOMS_NOW; else the clock)")
    group.add_argument("--grid", metavar="GRID", help="a grid's name or file (MOMS_GRID; miso)")
    group.add_argument("--rules", dest="rule_book", metavar="ID", help="the rule book (MOMS_RULE_BOOK; miso-demo-1)")


def preview_argument(parser: argparse.ArgumentParser) -> None:
    """Declare --preview."""
    parser.add_argument("--preview", action="store_true", help="show what would be answered, and write nothing")


def reason_argument(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    """Declare --reason."""
    parser.add_argument("--reason", required=needed, default="", metavar="TEXT", help="why, for the journal")


@contextlib.contextmanager
def office(args: argparse.Namespace) -> Iterator[Office]:
    """Open the office that the flags name; a simulated clock is said on stderr."""
    from moms.wiring.office import open_office
    from moms.wiring.settings import settings

    chosen = settings(
        user=args.user,
        organisation=args.organisation,
        role=args.role,
        now=args.now,
        grid=args.grid,
        rule_book=args.rule_book,
    )
    if chosen.simulated and sys.stderr.isatty():
        print(f"simulated clock: {chosen.now:%Y-%m-%d %H:%MZ}", file=sys.stderr)
    with open_office(chosen) as opened:
        yield opened


@contextlib.contextmanager
def notices(args: argparse.Namespace) -> Iterator[tuple[Notices, Settings]]:
    """Open the notices as the actor that the flags name."""
    from moms.store.notices import PostgresNotices
    from moms.store.place import open_place
    from moms.wiring.settings import settings

    chosen = settings(user=args.user, organisation=args.organisation, role=args.role, now=args.now)
    with open_place(env=os.environ) as place:
        yield PostgresNotices(place.engine), chosen


@contextlib.contextmanager
def files(args: argparse.Namespace) -> Iterator[tuple[FileRoom, Actor]]:
    """Open the files of outages as the actor that the flags name."""
    from moms.store.place import open_place
    from moms.wiring.files import file_room
    from moms.wiring.settings import settings

    chosen = settings(user=args.user, organisation=args.organisation, role=args.role, now=args.now)
    with open_place(env=os.environ) as place:
        yield file_room(place, os.environ, now=lambda: chosen.now), chosen.actor


@contextlib.contextmanager
def register() -> Iterator[tuple[Register, Actor]]:
    """Open the register of persons as the administrator: whoever has this shell and database is that."""
    from dataclasses import replace

    from moms.store.people import PostgresRegister
    from moms.store.place import open_place
    from moms.values import Role
    from moms.wiring.settings import OPERATOR, settings

    me = settings().actor
    with open_place(env=os.environ) as place:
        yield PostgresRegister(place.engine), replace(me, organisation=OPERATOR, role=Role.ADMINISTRATOR)
