"""Who may sign in to the demo, and when it goes on with the pages."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime, timedelta

import pytest

from moms.cli.commands.demo import serves
from moms.desk import people
from moms.desk.people import NotSignedIn, Person
from moms.store.people import PostgresRegister
from moms.values import Actor, Role
from moms.wiring.demo import PEOPLE, enter_people
from moms.wiring.people import Argon2, new_secret
from tests.postgres import database, servers

__all__ = ["database", "servers"]
NOW = datetime(2027, 2, 1, tzinfo=UTC)
ROOT = Actor(name="root", organisation="operator", role=Role.ADMINISTRATOR)
FIRST, SECOND = "the first password", "the second password"


@pytest.fixture
def register(database):
    return PostgresRegister(database.engine())


def enter(register, password, *, now=NOW):
    return enter_people(register=register, actor=ROOT, now=now, kept=Argon2().hash(password))


def signs_in(register, name, password):
    try:
        people.sign_in(
            register=register, hasher=Argon2(), now=NOW + timedelta(hours=2), name=name, password=password,
            secret=new_secret(), old=None,
        )  # fmt: skip
    except NotSignedIn:
        return False
    return True


def test_each_start_lets_them_in_by_its_own_password_only(register):
    assert enter(register, FIRST) == tuple(name for name, *_ in PEOPLE)
    assert all(signs_in(register, name, FIRST) for name, *_ in PEOPLE)
    enter(register, SECOND, now=NOW + timedelta(hours=1))
    for name, *_ in PEOPLE:
        assert not signs_in(register, name, FIRST)
        assert signs_in(register, name, SECOND)


def test_what_is_somebodys_own_is_left_alone(register):
    own = Person(name="engineer", organisation="TO-9", role=Role.OWNER, password=Argon2().hash(FIRST), made_at=NOW)
    people.add_person(register=register, actor=ROOT, now=NOW, person=own)
    assert "engineer" not in enter(register, SECOND)
    assert signs_in(register, "engineer", FIRST)
    people.disable(register=register, actor=ROOT, now=NOW, name="owner")
    assert "owner" not in enter(register, SECOND)
    assert not signs_in(register, "owner", SECOND)


@pytest.mark.parametrize(
    ("asked", "terminal", "ci", "goes_on"),
    [
        ({}, True, False, True),
        ({}, False, False, False),
        ({}, True, True, False),
        ({"exit": True}, True, False, False),
        ({"serve": True}, False, True, True),
        ({"serve": True, "exit": True}, True, False, False),
        ({"json": True}, True, False, False),
    ],
)
def test_it_goes_on_where_a_person_watches_or_when_told(asked, terminal, ci, goes_on):
    args = Namespace(**{"exit": False, "serve": False, "json": False} | asked)
    assert serves(args, terminal=terminal, ci=ci) is goes_on
