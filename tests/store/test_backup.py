"""A backup restored on another version of the server: the same rows, the same guards, verified; or nothing."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from moms.desk import identities, passkeys, people
from moms.desk import notices as desk
from moms.desk.duties import Duty, Task
from moms.desk.files import Unwanted, attach
from moms.desk.origin import Door, Origin, asked_from
from moms.desk.passkeys import Made
from moms.desk.people import Person
from moms.desk.views import save as save_view
from moms.outages import State, Status
from moms.records.notices import Channel, Subscription
from moms.store.acting import act_as
from moms.store.audit import set_anchor, verify
from moms.store.backup import ORDER, NotABackup, NotEmpty, NotWhole, NotWritten, back_up, restore
from moms.store.book import PostgresBook
from moms.store.embedded import ADMIN
from moms.store.files import PostgresFiles
from moms.store.notices import PostgresNotices
from moms.store.people import PostgresRegister
from moms.store.place import url_of
from moms.store.views import PostgresViews
from moms.store.work import PostgresWork
from moms.values import SYSTEM, Actor, Role
from moms.wiring.people import Argon2
from tests.postgres import NOON, an_event, an_outage
from tests.store.landing import land

ROOT = Actor(name="root", organisation="operator", role=Role.ADMINISTRATOR)
EVE = Actor(name="eve", organisation="operator", role=Role.ENGINEER)
KEPT = (
    "INSERT INTO moms.kept_answer (principal, key, organisation, classification, revision, asked, leased_until)"
    " VALUES ('p', 'k', 'operator', 'restricted', 1, 'a', now())"
)
AWKWARD = "tab\t newline\n back\\slash \\N \\. ünï 電"


@pytest.fixture
def place(servers):
    """Give fresh databases by server, dropped at the end."""
    made = []

    def fresh(name):
        made.append(servers.named(name).fresh())
        return made[-1]

    yield fresh
    for database in made:
        database.drop()


def owners(database):
    return create_engine(url_of(database.server.address, login=ADMIN, database=database.name), poolclass=NullPool)


def mover(database):
    """Log in as an ordinary login that may migrate, as on a server that somebody else keeps."""
    with database.admin() as admin:
        if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'mover'").fetchone() is None:
            admin.execute("CREATE ROLE mover LOGIN PASSWORD 'mover' NOSUPERUSER NOBYPASSRLS")
            admin.execute("GRANT moms_owner TO mover")
    url = url_of(database.server.address, login=ADMIN, database=database.name)
    return create_engine(url.set(username="mover", password="mover"), poolclass=NullPool)


def lived_in(database, tmp_path):
    """Fill a book with a row of every table."""
    engine = database.engine()
    person = Person(name="eve", organisation="operator", role=Role.ENGINEER,
                    password=Argon2().hash("a password of eve"), made_at=NOON)  # fmt: skip
    register = PostgresRegister(engine)
    people.add_person(register=register, actor=ROOT, now=NOON, person=person)
    people.issue_token(register=register, actor=ROOT, now=NOON, name="eve", secret="moms_" + "x" * 40, days=1,
                       scopes=(people.Scope.READ,))  # fmt: skip
    identities.bind(register=register, actor=ROOT, now=NOON, name="eve", issuer="https://login.example", subject="1")
    people.sign_in(register=register, hasher=Argon2(), now=NOON, name="eve", password="a password of eve", secret="s",
                   old=None)  # fmt: skip
    who = people.whose(register=register, now=NOON, secret="s", kind="session")
    passkeys.add(register=register, who=who, now=NOON, made=Made(id="p", public_key="x", counter=3), label="stick")
    hook = Subscription(id="s1", organisation="operator", person="eve", channel=Channel.WEBHOOK,
                        target="https://h.example/x", sees_all=True)  # fmt: skip
    desk.follow(notices=PostgresNotices(engine), actor=EVE, now=NOON, subscription=hook, secret="y" * 40)
    save_view(views=PostgresViews(engine), actor=EVE, now=NOON, key="k", name="mine", filters={"text": AWKWARD[:9]},
              sort="turn", columns=("window", "next"))  # fmt: skip
    with PostgresBook(engine).as_(SYSTEM) as page:
        for number in (1, 2, 3):
            outage = an_outage(number, state=State.SUBMITTED, status=Status.NONE, description=AWKWARD)
            page.add(outage, an_event(outage, reason=AWKWARD))
            page.keep_decision(f"D-{number}", outage.id, {"says": AWKWARD, "mw": 0.1})
    attach(files=PostgresFiles(engine), scanner=Unwanted(), actor=EVE, now=NOON, outage_id=outage.id, name="ünï.txt",
           media=None, body=AWKWARD.encode(), key="k")  # fmt: skip
    with asked_from(Origin(door=Door.PORTAL, address="::1", credential="0123456789ab")):
        land(PostgresBook(engine))
    with engine.begin() as connection:
        act_as(connection, SYSTEM)
        connection.execute(text(KEPT))
    work = PostgresWork(engine)
    work.enter([Duty(task=Task.REMIND_START, subject="x", organisation="TO-1", at=NOON)], now=NOON)
    assert work.take(holder="h", now=NOON, lease=timedelta(minutes=1)) is not None
    set_anchor(engine, file=tmp_path / "anchors.jsonl", at=NOON)


def rows(database):
    """Give every row of every table as text, what a restore holds back left out."""
    with database.admin() as admin:
        admin.execute("SET timezone = 'UTC'")
        found = {name: [row[0] for row in admin.execute(f"SELECT t::text FROM moms.{name} t ORDER BY 1")]
                 for name in ORDER if name != "notice"}  # fmt: skip
        told = "SELECT id, channel, body::text, made_at FROM moms.notice ORDER BY id"
        return found | {"notice": admin.execute(told).fetchall()}


def guards(database):
    """Give how every table and trigger is guarded."""
    with database.admin() as admin:
        return admin.execute(
            "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, t.tgname, t.tgenabled FROM pg_class c"
            " LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal"
            " WHERE c.relnamespace = 'moms'::regnamespace AND c.relkind = 'r' ORDER BY 1, 4"
        ).fetchall()


def empty(database):
    found = rows(database)
    return {name for name, there in found.items() if there} == {"book"} and "0" in found["book"][0]


@pytest.mark.parametrize(("of", "into"), [("wheel", "debian15"), ("debian15", "wheel")])
def test_all_of_a_book_comes_back_on_another_version_of_the_server(place, tmp_path, of, into):
    first, second = place(of), place(into)
    lived_in(first, tmp_path)
    before, file = rows(first), tmp_path / "b.zip"
    made, verdict = back_up(first.engine(), file, at=NOON, version="1")
    assert verdict.whole
    assert all(made.rows.values()), "a table without a row shows nothing"
    assert file.stat().st_mode & 0o777 == 0o600
    guarded = guards(second)
    restore(mover(second), file)
    assert rows(second) == before
    assert guards(second) == guarded
    assert verify(second.engine(), outside=()).whole
    with PostgresBook(second.engine()).as_(SYSTEM) as page:  # and life goes on
        outage = an_outage(9, state=State.SUBMITTED, status=Status.NONE)
        page.add(outage, an_event(outage))
    assert verify(second.engine(), outside=()).whole


def test_what_was_still_to_be_sent_is_held_back_for_a_person(place, tmp_path):
    first, second = place("wheel"), place("wheel")
    lived_in(first, tmp_path)
    back_up(first.engine(), tmp_path / "b.zip", at=NOON, version="1")
    restore(owners(second), tmp_path / "b.zip")
    notices = PostgresNotices(second.engine())
    held = desk.outgoing(notices=notices, actor=EVE)
    assert {(kept.state.value, "held back" in kept.answer) for kept in held} == {("dead", True)}
    assert len(held) == 3
    desk.again(notices=notices, actor=EVE, now=NOON, notice_id=held[0].notice.id)


def test_nothing_is_restored_over_a_book_and_no_file_is_written_over(place, tmp_path):
    first = place("wheel")
    lived_in(first, tmp_path)
    file = tmp_path / "b.zip"
    back_up(first.engine(), file, at=NOON, version="1")
    before = rows(first)
    with pytest.raises(NotEmpty):
        restore(owners(first), file)
    assert rows(first) == before
    bytes_before = file.read_bytes()
    with pytest.raises(NotWritten):
        back_up(first.engine(), file, at=NOON, version="1")
    assert file.read_bytes() == bytes_before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["anchors.jsonl", "b.zip"]


def test_a_restore_that_is_interrupted_at_any_step_leaves_nothing_and_the_next_one_works(place, tmp_path):
    first, second = place("wheel"), place("wheel")
    lived_in(first, tmp_path)
    file = tmp_path / "b.zip"
    back_up(first.engine(), file, at=NOON, version="1")
    guarded, steps = guards(second), ["read", *ORDER, "examine", "end"]

    def die(at):
        def step(name):
            if name == at:
                raise KeyboardInterrupt

        return step

    for at in steps:
        with pytest.raises(KeyboardInterrupt):
            restore(owners(second), file, step=die(at))
        assert empty(second), at
    assert guards(second) == guarded

    def cut(name):  # the server itself goes away under it
        if name == "journal":
            with second.admin() as admin:
                admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname ="
                              " current_database() AND pid <> pg_backend_pid()")  # fmt: skip

    with pytest.raises((NotABackup, DBAPIError)):
        restore(owners(second), file, step=cut)
    assert empty(second)
    restore(owners(second), file)
    assert rows(second) == rows(first)


def test_a_file_that_is_not_what_it_was_is_refused(place, tmp_path):
    first, second = place("wheel"), place("wheel")
    lived_in(first, tmp_path)
    file = tmp_path / "b.zip"
    back_up(first.engine(), file, at=NOON, version="1")
    whole = file.read_bytes()
    for at in range(5, len(whole), len(whole) // 25):
        file.write_bytes(whole[:at])
        with pytest.raises(NotABackup):
            restore(owners(second), file)
        flipped = bytearray(whole)
        flipped[at] ^= 0x55
        file.write_bytes(bytes(flipped))
        try:
            restore(owners(second), file, step=stop)
        except NotABackup:
            continue
        except KeyboardInterrupt:  # a byte that no reader looks at (a date in the archive): all parts are as they were
            continue
    assert empty(second)
    other = rewritten(whole, tmp_path / "c.zip", manifest={"step": "0001"})
    with pytest.raises(NotABackup, match="step 0001"):
        restore(owners(second), other)


def stop(name):
    if name == "read":
        raise KeyboardInterrupt


def rewritten(whole, file, *, manifest):
    """Write the archive once more with another manifest."""
    (file.parent / "whole.zip").write_bytes(whole)
    with zipfile.ZipFile(file.parent / "whole.zip") as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, json.dumps(json.loads(part) | manifest) if name == "manifest.json" else part)
    return file


def test_a_damaged_record_is_backed_up_and_said_and_not_restored(place, tmp_path):
    first, second = place("wheel"), place("wheel")
    lived_in(first, tmp_path)
    with first.admin() as admin:
        admin.execute("ALTER TABLE moms.journal DISABLE TRIGGER USER")
        admin.execute("UPDATE moms.journal SET body = replace(body, 'submit', 'cancel')")
    _, verdict = back_up(first.engine(), tmp_path / "b.zip", at=NOON, version="1")
    assert not verdict.whole
    with pytest.raises(NotWhole):
        restore(owners(second), tmp_path / "b.zip")
    assert empty(second)
