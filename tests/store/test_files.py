"""Files on a real database: held until looked at, never clean by an owner's word, and any change of them shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moms.desk import files as desk
from moms.desk.files import Infected, KeyUsed, NoScanner, NoSuchFile, NotLookedAt, ScannerDown, State, Unwanted, Verdict
from moms.desk.ports import NoSuchOutage, NotYours
from moms.store.acting import act_as
from moms.store.audit import verify
from moms.store.backup import back_up, restore
from moms.store.files import PostgresFiles
from moms.values import SYSTEM, Actor, Role
from tests.postgres import NOON, an_event, an_outage
from tests.scanners import BAD

BODY = b"isolate, then ground\n"


class Looks:
    """A scanner that finds one thing, or nothing at all while it is down."""

    down = False

    def look(self, body):
        if self.down:
            raise ScannerDown("it is down")
        return Verdict(clean=BAD not in body, says="list 7" if BAD not in body else "Eicar (list 7)")


@pytest.fixture
def database(servers):
    """Give a database on one server: the tests of rights ask both versions."""
    found = servers.named("wheel").fresh(any_first=True)
    yield found
    found.drop()


@pytest.fixture
def files(database, book):
    with book.as_(SYSTEM) as page:
        for number, owner in ((1, "owner-a"), (2, "owner-b")):
            outage = an_outage(number, organisation=owner)
            page.add(outage, an_event(outage))
    return PostgresFiles(database.engine())


def add(files, actor, *, scanner=None, outage="O-0001", name="plan.txt", body=BODY, key="k1"):
    return desk.attach(
        files=files, scanner=scanner or Looks(), actor=actor, now=NOON, outage_id=outage, name=name, media="text/plain",
        body=body, key=key,
    )  # fmt: skip


def read(files, actor, file, *, scanner=None, outage="O-0001"):
    return desk.read(files=files, scanner=scanner or Looks(), actor=actor, now=NOON, outage_id=outage, file_id=file.id)


def whole(database):
    return verify(database.engine(), outside=())


def test_a_file_is_looked_at_kept_given_out_and_told_with_its_hash(database, files, book, ann, eve):
    file = add(files, ann)
    assert (file.state, file.says, file.revision) == (State.CLEAN, "list 7", 2)
    assert read(files, eve, file)[1] == BODY
    assert [f.name for f in desk.of_outage(files=files, actor=ann, outage_id="O-0001")] == ["plan.txt"]
    with book.as_(ann) as page:
        told = [(e.verb, e.actor.name, e.after["sha256"]) for e in page.history("O-0001") if e.verb.startswith("file:")]
    assert told == [("file:add", "ann", file.sha256), ("file:clean", SYSTEM.name, file.sha256)]
    assert whole(database).whole


def test_where_something_is_found_the_content_goes_and_nobody_gets_it(database, files, ann):
    file = add(files, ann, body=BODY + BAD)
    assert file.state == State.INFECTED
    with pytest.raises(Infected, match="Eicar"):
        read(files, ann, file)
    with database.admin() as admin:
        assert bytes(admin.execute("SELECT body FROM moms.attachment").fetchone()[0]) == b""
    assert whole(database).whole


def test_while_the_scanner_is_down_a_file_is_held_and_given_to_nobody_then_looked_at(files, ann, eve):
    scanner = Looks()
    scanner.down = True
    good, bad = add(files, ann, scanner=scanner), add(files, ann, scanner=scanner, body=BAD, key="k2")
    assert good.state == bad.state == State.HELD
    for actor in (ann, eve):
        with pytest.raises(NotLookedAt):
            read(files, actor, good, scanner=scanner)
    assert [f.state for f in desk.look_again(files=files, scanner=scanner, now=NOON)] == [State.HELD]
    scanner.down = False
    assert read(files, ann, good, scanner=scanner)[1] == BODY  # who asks has it looked at
    assert [f.state for f in desk.look_again(files=files, scanner=scanner, now=NOON)] == [State.INFECTED]
    assert desk.look_again(files=files, scanner=scanner, now=NOON) == ()


def test_without_a_scanner_none_is_taken_unless_the_installation_says_that_it_wants_none(database, files, ann):
    with pytest.raises(NoScanner) as refused:
        desk.attach(files=files, scanner=None, actor=ann, now=NOON, outage_id="O-0001", name="a.txt", media=None,
                    body=BODY, key="k")  # fmt: skip
    assert refused.value.field == "MOMS_SCANNER"
    file = add(files, ann, scanner=Unwanted())
    assert file.state == State.UNSCANNED
    assert read(files, ann, file, scanner=Unwanted())[1] == BODY
    assert read(files, ann, file, scanner=Looks())[0].state == State.CLEAN  # one that came later looks first
    assert whole(database).whole


def test_another_owner_neither_adds_nor_sees_nor_gets_a_file(files, ann, bob):
    file = add(files, ann)
    for deed in (
        lambda: add(files, bob, key="k9"),
        lambda: desk.of_outage(files=files, actor=bob, outage_id="O-0001"),
        lambda: read(files, bob, file),
    ):
        with pytest.raises(NoSuchOutage):
            deed()
    with pytest.raises(NoSuchFile):
        read(files, bob, file, outage="O-0002")
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        with pytest.raises(NotYours):
            add(files, Actor(name="x", organisation="operator", role=role), key="k8")


def test_the_same_key_is_one_file_and_another_file_under_it_is_refused(files, ann):
    assert add(files, ann).id == add(files, ann).id
    assert len(desk.of_outage(files=files, actor=ann, outage_id="O-0001")) == 1
    with pytest.raises(KeyUsed):
        add(files, ann, body=b"other")


INSERT = (
    "INSERT INTO moms.attachment (id, organisation, outage_id, name, kind, size, sha256, added_by, added_role,"
    " added_at, state, body) VALUES ('z', 'owner-a', 'O-0001', 'z', 'z', 1, encode(sha256('{}'), 'hex'), 'ann',"
    " 'owner', now(), '{}', 'x')"
)
COPY = (
    "INSERT INTO moms.attachment SELECT 'copy', organisation, classification, revision, outage_id, name, kind, size,"
    " sha256, added_by, added_role, added_at, state, says, looked_at, body FROM moms.attachment"
)


@pytest.mark.parametrize(
    ("do", "code"),
    [
        ("UPDATE moms.attachment SET state = 'clean', revision = 2", None),
        (INSERT.format("x", "clean"), "MS007"),
        (INSERT.format("y", "held"), "MS007"),
        (INSERT.format("x", "held"), "MS006"),
    ],
    ids=["called clean", "added clean", "of another hash", "not in the journal"],
)
def test_an_owner_cannot_call_a_file_clean_by_any_statement(database, files, ann, do, code):
    scanner = Looks()
    scanner.down = True
    add(files, ann, scanner=scanner)

    def tried():
        with database.engine().begin() as connection:
            act_as(connection, ann)
            return connection.execute(text(do)).rowcount

    if code is None:
        assert tried() == 0  # not its to change
    else:
        with pytest.raises(DBAPIError) as refused:
            tried()
        assert refused.value.orig.sqlstate == code


def test_what_was_found_stays_found_for_moms_itself_too(database, files, ann):
    add(files, ann, body=BAD)
    with pytest.raises(DBAPIError, match="stays found"), database.engine().begin() as connection:
        act_as(connection, SYSTEM)
        connection.execute(text("UPDATE moms.attachment SET state = 'clean', revision = 3, body = 'x'"))


@pytest.mark.parametrize(
    "do",
    [
        "UPDATE moms.attachment SET body = 'another plan'",
        "UPDATE moms.attachment SET body = 'x', sha256 = encode(sha256('x'), 'hex'), size = 1",
        "UPDATE moms.attachment SET name = 'other.txt'",
        "UPDATE moms.attachment SET state = 'held'",
        "UPDATE moms.attachment SET revision = 1",
        "UPDATE moms.attachment SET organisation = 'owner-b'",
        "UPDATE moms.attachment SET outage_id = 'O-0002'",
        "DELETE FROM moms.attachment",
        COPY,
    ],
)
def test_a_file_changed_behind_the_programs_back_shows(database, files, ann, do):
    add(files, ann)
    assert whole(database).whole
    with database.admin() as admin:
        admin.execute("ALTER TABLE moms.attachment DISABLE TRIGGER ALL")
        admin.execute(do)
        admin.execute("ALTER TABLE moms.attachment ENABLE TRIGGER ALL")
    assert {fault.table for fault in whole(database).faults} == {"attachment"}


def test_a_backup_brings_files_and_a_restore_puts_them_back(database, servers, files, ann, tmp_path):
    kept = add(files, ann, body=BODY * 1000)
    add(files, ann, body=BAD, key="k2")
    back_up(database.engine("moms_admin"), tmp_path / "b", at=NOON + timedelta(days=1), version="1")
    fresh = servers.named("wheel").fresh(any_first=True)
    try:
        restore(fresh.engine("moms_admin"), tmp_path / "b")
        again = PostgresFiles(fresh.engine())
        assert read(again, ann, kept)[1] == BODY * 1000
        assert [f.state for f in desk.of_outage(files=again, actor=ann, outage_id="O-0001")] == ["clean", "infected"]
    finally:
        fresh.drop()
