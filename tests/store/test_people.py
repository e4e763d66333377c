"""The register of persons on a real database: who may, who no longer may, and what nobody sees."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moms.desk import people
from moms.desk.people import NotAPerson, NotAToken, NotSignedIn, Person, PersonExists, Scope
from moms.desk.ports import NotYours
from moms.exchange.grids import open_grid
from moms.store import migrate
from moms.store.acting import act_as
from moms.store.audit import verify
from moms.store.people import PostgresRegister
from moms.values import SYSTEM, Actor, Role
from moms.wiring.people import Argon2
from tests.postgres import Database, an_event

NOW = datetime(2027, 2, 1, 15, tzinfo=UTC)
ADMIN = Actor(name="root", organisation="operator", role=Role.ADMINISTRATOR)
HASHER = Argon2()
GOOD = "correct horse battery"
ANN = Person(name="ann", organisation="TO-1", role=Role.OWNER, password=HASHER.hash(GOOD), made_at=NOW)


@pytest.fixture
def register(database):
    """Give a register with one person."""
    found = PostgresRegister(database.engine())
    people.add_person(register=found, actor=ADMIN, now=NOW, person=ANN)
    return found


def enter(register, *, password=GOOD, name="ann", secret="s1", old=None, now=NOW):
    return people.sign_in(
        register=register, hasher=HASHER, now=now, name=name, password=password, secret=secret, old=old
    )


def whose(register, secret, *, kind="session", now=NOW):
    return people.whose(register=register, now=now, secret=secret, kind=kind)


def test_who_signs_in_acts_for_its_own_organisation_in_its_own_role(register):
    enter(register)
    assert whose(register, "s1").actor == Actor(name="ann", organisation="TO-1", role=Role.OWNER)


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(register):
    said = []
    for name, password in (("ann", "not this one at all"), ("nobody", GOOD)):
        with pytest.raises(NotSignedIn) as why:
            enter(register, name=name, password=password)
        said.append(str(why.value))
    assert said[0] == said[1]


def test_signing_in_again_ends_the_session_that_was_shown(register):
    enter(register)
    enter(register, secret="s2", old="s1")
    with pytest.raises(NotSignedIn):
        whose(register, "s1")
    assert whose(register, "s2").actor.name == "ann"


def test_a_session_ends_when_idle_and_in_any_case_after_twelve_hours(register):
    enter(register)
    with pytest.raises(NotSignedIn):
        whose(register, "s1", now=NOW + timedelta(minutes=31))
    for minutes in range(20, 12 * 60, 20):
        whose(register, "s1", now=NOW + timedelta(minutes=minutes))
    with pytest.raises(NotSignedIn):
        whose(register, "s1", now=NOW + timedelta(hours=12))


def test_disabling_ends_everything_at_once_and_for_good(register):
    enter(register)
    people.issue_token(
        register=register, actor=ADMIN, now=NOW, name="ann", secret="moms_t", scopes=(Scope.READ,), days=1
    )
    people.disable(register=register, actor=ADMIN, now=NOW, name="ann")
    for secret, kind in (("s1", "session"), ("moms_t", "token")):
        with pytest.raises(NotSignedIn):
            whose(register, secret, kind=kind)
    with pytest.raises(NotSignedIn):
        enter(register, secret="s3")
    with pytest.raises(DBAPIError, match="stays so"), register.as_(SYSTEM) as page:
        page.revise(ANN, an_event(""))


def test_a_token_holds_until_its_end_or_until_revoked_and_is_no_session(register):
    token = people.issue_token(
        register=register, actor=ADMIN, now=NOW, name="ann", secret="moms_t", scopes=(Scope.READ,), days=2
    )
    found = whose(register, "moms_t", kind="token")
    assert found.may(Scope.READ)
    assert not found.may(Scope.WRITE)
    with pytest.raises(NotSignedIn):
        whose(register, "moms_t", kind="session")
    with pytest.raises(NotSignedIn):
        whose(register, "moms_t", kind="token", now=NOW + timedelta(days=2))
    people.revoke_token(register=register, actor=ADMIN, now=NOW, token=token.id)
    with pytest.raises(NotSignedIn):
        whose(register, "moms_t", kind="token")


def test_a_person_may_be_of_any_owner_of_the_bundled_grid():
    owners = open_grid("miso").register.owners
    for organisation in owners:
        people.check_person(replace(ANN, organisation=organisation))


@pytest.mark.parametrize(
    "change", [{"name": "Ann"}, {"name": ""}, {"role": Role.SYSTEM}, {"role": Role.ENGINEER}, {"organisation": "a\nb"}]
)
def test_who_cannot_be_is_refused(register, change):
    with pytest.raises(NotAPerson):
        people.add_person(register=register, actor=ADMIN, now=NOW, person=replace(ANN, **{"name": "zoe", **change}))


def test_a_name_is_given_once_and_a_token_needs_a_scope_and_an_end(register):
    with pytest.raises(PersonExists):
        people.add_person(register=register, actor=ADMIN, now=NOW, person=ANN)
    for scopes, days in (((), 1), ((Scope.READ,), 0), ((Scope.READ,), 5000)):
        with pytest.raises(NotAToken):
            people.issue_token(
                register=register, actor=ADMIN, now=NOW, name="ann", secret="x", scopes=scopes, days=days
            )


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.SYSTEM, Role.ADMINISTRATOR}])
@pytest.mark.parametrize("organisation", ["operator", "TO-1"])
def test_nobody_else_sees_or_enters_a_person(register, role, organisation):
    other = Actor(name="x", organisation=organisation, role=role)
    with register.as_(other) as page:
        assert page.people() == ()
    with pytest.raises(NotYours), register.as_(other) as page:
        page.add(replace(ANN, name="zoe"), an_event("", actor=other))


def test_no_secret_is_stored_and_each_deed_is_one_line_of_the_journal(register, database):
    enter(register, secret="the-secret-itself")
    people.issue_token(
        register=register, actor=ADMIN, now=NOW, name="ann", secret="moms_abc", scopes=(Scope.READ,), days=1
    )
    with database.admin() as admin:
        whole = str(
            admin.execute("SELECT c::text FROM moms.credential c UNION ALL SELECT body FROM moms.journal").fetchall()
        )
        verbs = [
            row[0] for row in admin.execute("SELECT body::json ->> 'verb' FROM moms.journal ORDER BY seq").fetchall()
        ]
    assert verbs == ["person.add", "session.begin", "token.issue"]
    for secret in ("the-secret-itself", "moms_abc", GOOD, ANN.password):
        assert secret not in whole


def test_each_session_and_token_that_ends_is_told(register, database):
    enter(register)
    token = people.issue_token(
        register=register, actor=ADMIN, now=NOW, name="ann", secret="moms_t", scopes=(Scope.READ,), days=1
    )
    people.revoke_token(register=register, actor=ADMIN, now=NOW, token=token.id)
    people.revoke_token(register=register, actor=ADMIN, now=NOW, token=token.id)  # it has ended: nothing is told
    people.set_password(register=register, actor=ADMIN, now=NOW, name="ann", kept=ANN.password)
    people.disable(register=register, actor=ADMIN, now=NOW, name="ann")
    with database.admin() as admin:
        told = admin.execute(
            "SELECT body::json ->> 'verb', outage_id, outage_revision FROM moms.journal ORDER BY seq"
        ).fetchall()
    session, of_token = (f"credential:{people.hash_of(secret)[:32]}" for secret in ("s1", "moms_t"))
    assert told == [
        ("person.add", "person:ann", 1),
        ("session.begin", session, 1),
        ("token.issue", of_token, 1),
        ("token.revoke", of_token, 2),
        ("person.password", "person:ann", 2),
        ("session.end", session, 2),
        ("person.disable", "person:ann", 3),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE moms.person SET disabled = true, revision = revision + 1",
        "UPDATE moms.credential SET ended = true, revision = revision + 1",
        "INSERT INTO moms.person VALUES ('zoe', 'operator', 'restricted', 1, 'engineer', NULL, false, now())",
    ],
)
def test_a_change_that_the_journal_is_not_told_is_refused(register, database, statement):
    enter(register)
    with pytest.raises(DBAPIError, match="no line in the journal"), database.engine().begin() as connection:
        act_as(connection, SYSTEM)
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE moms.person SET disabled = true",
        "UPDATE moms.credential SET ended = true",
        "UPDATE moms.credential SET revision = revision + 1",
    ],
)
def test_a_change_without_its_revision_is_refused(register, database, statement):
    enter(register)
    with pytest.raises(DBAPIError, match="revision"), database.engine().begin() as connection:
        act_as(connection, SYSTEM)
        connection.execute(text(statement))


class MeanwhileHasher:
    """A hasher during whose long work somebody does something."""

    def __init__(self, deed):
        self.deed = deed

    def hash(self, password):
        return HASHER.hash(password)

    def verify(self, kept, password):
        good = HASHER.verify(kept, password)
        self.deed()
        return good


@pytest.mark.parametrize("deed", ["disable", "password"])
def test_who_is_disabled_or_given_another_password_while_signing_in_stays_outside(register, deed):
    def meanwhile():
        if deed == "disable":
            people.disable(register=register, actor=ADMIN, now=NOW, name="ann")
        else:
            kept = HASHER.hash("another password")
            people.set_password(register=register, actor=ADMIN, now=NOW, name="ann", kept=kept)

    with pytest.raises(NotSignedIn):
        people.sign_in(
            register=register, hasher=MeanwhileHasher(meanwhile), now=NOW, name="ann", password=GOOD, secret="s1",
            old=None,
        )  # fmt: skip
    with pytest.raises(NotSignedIn):
        whose(register, "s1")


def test_people_who_sign_in_and_out_beside_one_another_never_wait_for_each_other_in_a_ring(register, database):
    """Rows before the chain, always: the other order would deadlock, which the server ends for one of the two."""
    for name in ("bob", "cat"):
        people.add_person(register=register, actor=ADMIN, now=NOW, person=replace(ANN, name=name))
    together = threading.Barrier(6)

    def work(number):
        name = ("ann", "bob", "cat")[number % 3]
        old = None
        together.wait()
        for turn in range(5):
            secret = f"{number}.{turn}"
            enter(register, name=name, secret=secret, old=old)
            whose(register, secret, now=NOW + timedelta(minutes=2))
            people.set_password(register=register, actor=ADMIN, now=NOW, name=name, kept=ANN.password)
            old = secret
        return turn

    with ThreadPoolExecutor(6) as pool:
        outcomes = [pool.submit(work, n) for n in range(6)]
    refused = [type(o.exception()) for o in outcomes if o.exception()]
    assert set(refused) <= {NotSignedIn}, refused  # the password was set by the other one of that name
    assert verify(database.engine(), outside=()).whole


def test_people_of_an_older_database_are_told_once_as_they_are_found(servers):
    server = servers.named("wheel")
    server.fresh().drop()  # the first one of a server brings its roles
    with server.admin() as admin:
        admin.execute("CREATE DATABASE older OWNER moms_owner")
    older = Database(server=server, name="older")
    try:
        engine = older.engine("moms_admin")
        with engine.connect() as connection:
            migrate._prepare(connection)
            migrate._climb(connection, to="0002")
        with older.admin() as admin:
            admin.execute(
                "INSERT INTO moms.person VALUES ('ann', 'TO-1', 'restricted', 3, 'owner', NULL, false, now());"
                " INSERT INTO moms.credential VALUES (repeat('a', 64), 'TO-1', 'restricted', 41, 'token', 'ann', 'x',"
                " '{read}', now(), now(), now() + interval '1 day', false)"
            )
        assert migrate.migrate(engine, moves=migrate.lifecycle())
        register = PostgresRegister(older.engine())
        assert verify(register.engine, outside=()).whole
        people.disable(register=register, actor=ADMIN, now=NOW, name="ann")
        verdict = verify(register.engine, outside=())
        assert verdict.whole
        assert (verdict.lines, verdict.rows) == (4, 2)
    finally:
        older.drop()
