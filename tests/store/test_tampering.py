"""A superuser tampers with the record; `moms verify` finds it and says where."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from moms.desk import identities, passkeys, people
from moms.desk import notices as desk
from moms.desk.files import Verdict, attach
from moms.desk.identities import Certificate
from moms.desk.origin import Door, Origin, asked_from
from moms.desk.passkeys import Made
from moms.desk.people import Person, Scope
from moms.desk.views import save as save_view
from moms.outages import Category, State, Status
from moms.records.journal import Head, anchor_text, link
from moms.records.notices import Channel, Subscription
from moms.store.audit import NotAnchored, read_anchors, read_verdict, set_anchor, verify
from moms.store.files import PostgresFiles
from moms.store.notices import PostgresNotices
from moms.store.people import PostgresRegister
from moms.store.rights import COLUMNS
from moms.store.views import PostgresViews
from moms.values import SYSTEM, Actor, Role
from tests.postgres import NOON, an_event, an_outage
from tests.store.landing import land


@pytest.fixture
def record(book, database, tmp_path):
    """Give a record with three chains, three anchors, two persons, and all guards of the database taken down."""
    yield from recorded(book, database, tmp_path)


@pytest.fixture
def fuller(book, database, tmp_path):
    """Give the same with passkeys and a file."""
    yield from recorded(book, database, tmp_path, more=True)


def recorded(book, database, tmp_path, *, more=False):
    file = tmp_path / "anchors.jsonl"
    enter_people(PostgresRegister(book.engine), more=more)
    follow(book.engine)
    if more:
        bring(book)
    for n in range(1, 4):
        with book.as_(SYSTEM) as page:
            outage = an_outage(n, state=State.SUBMITTED, status=Status.NONE)
            other = an_outage(n + 10, organisation="owner-b", category=Category.GENERATION, assets=("gen:1", "gen:2"))
            for one in (outage, other):
                page.add(one, an_event(one))
            decided = replace(outage, revision=2, state=State.DECIDED, status=Status.APPROVED)
            page.revise(decided, an_event(decided, "decide"))
            page.keep_decision(f"D-{n}", outage.id, {"outcome": "approve", "n": n})
        set_anchor(book.engine, file=file, at=NOON + timedelta(hours=n))
    with asked_from(Origin(door=Door.REST, address="10.0.0.7", credential="0123456789ab")):
        land(book)
    with database.admin() as admin:
        for table in COLUMNS:
            admin.execute(f"ALTER TABLE moms.{table} DISABLE TRIGGER ALL")
        admin.execute("ALTER TABLE moms.outage DROP CONSTRAINT outage_classification_check")
        for check in ("person_password_check", "credential_kind_check", "credential_hash_check"):
            admin.execute(f"ALTER TABLE moms.{check.partition('_')[0]} DROP CONSTRAINT {check}")
        _drop_checks(admin, "subscription")
        for table in ("identity", "attachment", "passkey", "change_set", "saved_view", "journal_origin"):
            _drop_checks(admin, table)
        admin.execute("ALTER TABLE moms.outage_equipment DROP CONSTRAINT outage_equipment_one_at_a_time")
        admin.execute("ALTER TABLE moms.notice DROP CONSTRAINT notice_chain_seq_fkey")
        admin.execute("ALTER TABLE moms.journal_origin DROP CONSTRAINT journal_origin_organisation_seq_fkey")
        admin.execute("ALTER TABLE moms.journal DROP CONSTRAINT journal_pkey")
        admin.execute("ALTER TABLE moms.journal_anchor DROP CONSTRAINT journal_anchor_pkey")
        yield Record(admin, book.engine, file)


def enter_people(register, *, more=False):
    """Enter two persons, one disabled, with a session that holds, one that has ended, and a token."""
    root = Actor(name="root", organisation="operator", role=Role.ADMINISTRATOR)
    by = {"register": register, "now": NOON}
    for name, organisation, role in (("ann", "owner-a", Role.OWNER), ("eve", "operator", Role.ENGINEER)):
        person = Person(name=name, organisation=organisation, role=role, password="$argon2id$x", made_at=NOON)
        people.add_person(**by, actor=root, person=person)
        people.sign_in(**by, hasher=Believing(), name=name, password="x", secret=f"s-{name}", old=None)
        people.issue_token(**by, actor=root, name=name, secret=f"moms_{name}", scopes=(Scope.READ,), days=2)
    tie(**by, actor=root)
    if more:
        who = people.whose(register=register, now=NOON, secret="s-ann", kind="session")
        for name in ("p1", "p2"):
            made = Made(id=name, public_key="x", counter=3)
            passkeys.add(register=register, who=who, now=NOON, made=made, label="stick")
        passkeys.remove(register=register, who=who, now=NOON, passkey_id="p2")
    people.disable(**by, actor=root, name="eve")


def tie(**by):
    """Tie a subject of a provider and a certificate to a person, and revoke another."""
    identities.bind(**by, name="ann", issuer="https://login.example", subject="ann-1")
    far = NOON + timedelta(days=90)
    for serial in ("0a", "0b"):
        found = Certificate(issuer="CN=CA", serial=serial, print=serial * 32, starts_at=NOON, ends_at=far)
        last = identities.enrol(**by, name="ann", certificate=found, scopes=(Scope.READ,))
    identities.revoke(**by, identity=last.id)


def follow(engine):
    """Enter a webhook of an owner."""
    ann = Actor(name="ann", organisation="owner-a", role=Role.OWNER)
    asked = Subscription(id="s1", organisation="owner-a", person="ann", channel=Channel.WEBHOOK, target="https://a.org")
    desk.follow(notices=PostgresNotices(engine), actor=ann, now=NOON, subscription=asked, secret="x" * 32)
    save_view(views=PostgresViews(engine), actor=ann, now=NOON, key="k", name="mine", filters={"show": "over"},
              sort="turn", columns=("window",))  # fmt: skip


def bring(book):
    """Add a file to an outage of its own, which nothing was found in."""
    outage = an_outage(9, state=State.SUBMITTED, status=Status.NONE, group="north")
    with book.as_(SYSTEM) as page:
        page.add(outage, an_event(outage))
    ann = Actor(name="ann", organisation="owner-a", role=Role.OWNER)
    attach(files=PostgresFiles(book.engine), scanner=Finding(), actor=ann, now=NOON, outage_id=outage.id, name="a.txt",
           media=None, body=b"ground first", key="k")  # fmt: skip


class Finding:
    """A scanner that finds nothing."""

    def look(self, body):
        del body
        return Verdict(clean=True, says="list 7")


def _drop_checks(admin, table):
    """Let a table hold anything."""
    query = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"
    for (name,) in admin.execute(query, (f"moms.{table}",)).fetchall():
        admin.execute(f"ALTER TABLE moms.{table} DROP CONSTRAINT {name}")


class Believing:
    """A hasher that takes every password for right: what is hashed is not what these tests are about."""

    def verify(self, kept, password):
        return bool(kept and password)


class Record:
    def __init__(self, admin, engine, file):
        self.admin, self.engine, self.file = admin, engine, file

    def do(self, sql, *parameters):
        assert self.admin.execute(sql, parameters or None).rowcount != 0, "nothing was tampered with"

    def faults(self, *, outside=True):
        anchors = read_anchors(self.file) if outside else ()
        return verify(self.engine, outside=anchors).faults

    def says(self, **how):
        return [fault.says for fault in self.faults(**how)]


def test_a_record_nobody_touched_is_whole(record):
    verdict = verify(record.engine, outside=read_anchors(record.file))
    assert verdict.faults == ()
    assert verdict.whole
    assert (verdict.lines, verdict.chains, verdict.anchors, verdict.confirmed) == (30, 3, 3, 3)
    assert verdict.rows == 6 + 9 + 3 + 2 + 3 + 4 + 1 + 2 + 1 + 3


OTHERS = {
    "text": "changed",
    "bigint": 77,
    "boolean": None,
    "tstzrange": "[2031-01-01,2031-02-01)",
    "ARRAY": "{branch:9}",
    "json": '{"outcome":"deny"}',
    "timestamp with time zone": "2020-01-01T00:00Z",
    "bytea": b"changed",
}
TYPES = {"ARRAY": "text[]"}
UNWATCHED = {"kept_answer", "work", "work_share", "calendar_day", "notice", "challenge_key"}
"""What was answered, and who has what in hand, is no record: each answer and each duty can be read again from what
is one, a decision computes again what a day of the calendar says, and each notice tells of a line of the journal,
as THREAT_MODEL.md says; by the key of challenges nobody acts."""
CASES = [(table, column) for table, columns in COLUMNS.items() if table not in UNWATCHED for column in columns]
COMPARED_AT_START = {("lifecycle_move", "from_state"), ("lifecycle_move", "to_state"), ("passkey", "counter"),
                     ("passkey", "seen_at")}  # fmt: skip
"""No record: the program compares the moves with its own at each start, and the counter of a passkey with the one that
the passkey says."""
ELSEWHERE = {"outage_equipment": {"outage", "outage_equipment"}, "journal_head": {"journal_head", "journal"}}
"""Tables whose damage shows, or shows too, in another."""


def test_a_change_of_any_column_of_any_table_is_found_in_that_table(fuller, database):
    outside = read_anchors(fuller.file)
    with database.engine("moms_admin").connect() as connection:
        assert read_verdict(connection, outside=outside).whole
        for table, column in CASES:
            if (table, column) in COMPARED_AT_START:
                continue
            with connection.begin_nested() as undo:
                spoil(connection, table, column)
                faults = read_verdict(connection, outside=outside).faults
                undo.rollback()
            assert {fault.table for fault in faults} & ELSEWHERE.get(table, {table}), (table, column, faults)


def spoil(connection, table, column):
    """Change one column of one row."""
    query = (
        "SELECT data_type FROM information_schema.columns"
        " WHERE (table_schema, table_name, column_name) = ('moms', :t, :c)"
    )
    kind = connection.scalar(text(query), {"t": table, "c": column})
    value = f"NOT {column}" if kind == "boolean" else f"CAST(:v AS {TYPES.get(kind, kind)})"
    row = f"SELECT ctid FROM moms.{table} WHERE {column} IS NOT NULL ORDER BY ctid DESC LIMIT 1"
    update = text(f"UPDATE moms.{table} SET {column} = {value} WHERE ctid = ({row})")
    given = {} if kind == "boolean" else {"v": OTHERS[kind]}
    assert connection.execute(update, given).rowcount == 1, (table, column)


def test_a_changed_line_is_named(record):
    record.do(
        "UPDATE moms.journal SET body = replace(body, 'because', 'why not') WHERE organisation='owner-a' AND seq=4"
    )
    assert record.says() == ["line 4 of owner-a was changed after it was written"]


def test_a_line_changed_with_its_hash_breaks_the_chain_after_it(record):
    forge(record, "owner-a", 4)
    assert record.says(outside=False)[0] == "line 5 of owner-a does not follow the line before it"


def test_a_deleted_line_is_named(record):
    record.do("DELETE FROM moms.journal WHERE organisation = 'owner-a' AND seq IN (4, 5)")
    assert record.says()[0] == "lines 4 to 5 of owner-a gone, line 6 of owner-a is there"


def test_two_lines_that_changed_places_are_named(record):
    record.do("UPDATE moms.journal SET seq = 9 - seq WHERE organisation = 'owner-a' AND seq IN (4, 5)")
    found = record.says()
    assert "line 4 of owner-a was changed after it was written" in found
    assert "line 5 of owner-a was changed after it was written" in found


def test_a_line_moved_to_another_chain_is_named(record):
    record.do("UPDATE moms.journal SET organisation = 'owner-b', seq = 4 WHERE organisation = 'owner-a' AND seq = 9")
    assert "line 4 of owner-b was changed after it was written" in record.says()
    assert "line 9 of owner-a gone: the chain was cut off" in record.says()


def test_a_cut_off_tail_is_named(record):
    record.do("DELETE FROM moms.journal WHERE organisation = 'owner-a' AND seq > 7")
    assert record.says()[0] == "lines 8 to 9 of owner-a gone: the chain was cut off"


def test_an_emptied_journal_is_named(record):
    record.admin.execute("TRUNCATE moms.journal")
    assert record.says()[:3] == [
        "lines 1 to 18 of operator gone: the chain was cut off",
        "lines 1 to 9 of owner-a gone: the chain was cut off",
        "lines 1 to 3 of owner-b gone: the chain was cut off",
    ]


def test_a_tail_cut_off_together_with_its_head_is_shown_by_the_anchors(record):
    cut(record, "owner-a", 7)
    assert any("line 9 of owner-a is gone; anchor 3 saw it" in says for says in record.says(outside=False))


def test_a_tail_cut_off_with_head_and_anchors_is_shown_by_the_copy_outside(record):
    cut(record, "owner-a", 6)
    record.do("DELETE FROM moms.journal_anchor WHERE seq = 3")
    assert any("anchor 3 is gone; its copy outside the database is there" in says for says in record.says())
    assert any("line 9 of owner-a is gone; anchor 3 saw it" in says for says in record.says())


def test_a_rewritten_tail_is_shown_by_the_anchors(record):
    forge(record, "owner-a", 8)
    forge(record, "owner-a", 9)
    found = record.says(outside=False)
    assert any(says.startswith("line 9 of owner-a is not the line that anchor 3 saw") for says in found), found


def test_a_fork_is_named(record):
    record.do(
        "INSERT INTO moms.journal SELECT organisation, seq, classification, revision, previous, hash, outage_id, NULL,"
        " body FROM moms.journal WHERE organisation = 'owner-b' AND seq = 2"
    )
    assert "there are two of line 2 of owner-b" in record.says()


def test_a_deleted_row_of_each_table_is_named(record):
    for table, where in (("decision", "id = 'D-2'"), ("outage_history", "outage_id = 'O-0002' AND revision = 1")):
        record.do(f"DELETE FROM moms.{table} WHERE {where}")
    record.do("DELETE FROM moms.outage WHERE id = 'O-0003'")
    record.do("DELETE FROM moms.outage_equipment WHERE outage_id = 'O-0011' AND asset = 'gen:2'")
    found = record.says()
    assert "decision D-2 is gone; the journal tells of it" in found
    assert "outage_history O-0002 revision 1 is gone; the journal tells of it" in found
    assert "outage O-0003 is gone; the journal tells of it" in found
    assert any(says.startswith("outage O-0011 revision 1: outage_equipment") for says in found)


def test_a_row_slipped_in_is_named(record):
    record.do(
        "INSERT INTO moms.decision SELECT 'D-9', outage_id, organisation, classification, 1, record"
        " FROM moms.decision LIMIT 1"
    )
    assert record.says() == ["decision D-9 is there and the journal does not know it"]


SPOILT = {
    "UPDATE moms.person SET role = 'administrator', organisation = 'operator' WHERE name = 'ann'": (
        "person ann revision 1: it is not what was written"
    ),
    "UPDATE moms.person SET password = '$argon2id$mine' WHERE name = 'ann'": (
        "person ann revision 1: it is not what was written"
    ),
    "UPDATE moms.person SET disabled = false, revision = 1 WHERE name = 'eve'": (
        "person eve revision 1 is not the newest, which is revision 2"
    ),
    "INSERT INTO moms.person SELECT 'mal', 'operator', classification, 1, 'engineer', password, false, made_at"
    " FROM moms.person LIMIT 1": "person mal revision 1 is there and the journal does not know it",
    "DELETE FROM moms.person WHERE name = 'ann'": "person ann is gone; the journal tells of it",
    "UPDATE moms.credential SET ended = false, revision = 1 WHERE person = 'eve' AND kind = 'token'": (
        "credential {eve} revision 1 is not the newest, which is revision 2"
    ),
    "UPDATE moms.credential SET scopes = '{read,settle}' WHERE person = 'ann' AND kind = 'token'": (
        "credential {ann} revision 1: it is not what was written"
    ),
    "UPDATE moms.credential SET ends_at = ends_at + interval '9 years' WHERE person = 'ann' AND kind = 'token'": (
        "credential {ann} revision 1: it is not what was written"
    ),
    "UPDATE moms.credential SET person = 'eve' WHERE person = 'ann' AND kind = 'token'": (
        "credential {ann} revision 1: it is not what was written"
    ),
    "UPDATE moms.identity SET person = 'eve' WHERE kind = 'provider'": (
        "identity {provider} revision 1: it is not what was written"
    ),
    "UPDATE moms.identity SET subject = '0c' WHERE subject = '0a'": (
        "identity {good} revision 1: it is not what was written"
    ),
    "UPDATE moms.identity SET ended = false, revision = 1 WHERE ended": (
        "identity {revoked} revision 1 is not the newest, which is revision 2"
    ),
    "DELETE FROM moms.identity WHERE subject = '0a'": "identity {good} is gone; the journal tells of it",
    "DELETE FROM moms.credential WHERE person = 'ann' AND kind = 'token'": (
        "credential {ann} is gone; the journal tells of it"
    ),
    "UPDATE moms.change_set SET document = replace(document::text, '\"r\"', '\"s\"')::json WHERE id = 'CS-landed'": (
        "change_set CS-landed revision 2: its document is not the one that was written"
    ),
    "DELETE FROM moms.change_set WHERE id = 'CS-landed'": "change_set CS-landed is gone; the journal tells of it",
}


@pytest.mark.parametrize("statement", SPOILT)
def test_who_could_act_changed_behind_the_programs_back_is_named(record, statement):
    names = {name: people.hash_of(f"moms_{name}")[:32] for name in ("ann", "eve")}
    with PostgresRegister(record.engine).as_(SYSTEM) as page:
        names |= dict(zip(("provider", "good", "revoked"), (one.id for one in sorted(
            page.identities(), key=lambda one: one.subject.replace("ann", "00"))), strict=True))  # fmt: skip
    record.do(statement)
    assert record.says() == [SPOILT[statement].format(**names)]


def test_a_person_whose_lines_were_taken_out_too_is_shown_by_the_chain(record):
    record.do("DELETE FROM moms.person WHERE name = 'ann'")
    record.do("DELETE FROM moms.journal WHERE outage_id = 'person:ann'")
    assert record.says()[0] == "line 1 of operator gone, line 2 of operator is there"


def test_an_outage_set_back_to_an_earlier_revision_is_named(record):
    record.do(
        "UPDATE moms.outage o SET document = h.document, revision = 1, state = h.state, status = h.status,"
        " holds = false, pending = true, blocks = false FROM moms.outage_history h"
        " WHERE h.outage_id = o.id AND h.revision = 1 AND o.id = 'O-0001'"
    )
    record.do("UPDATE moms.outage_equipment SET revision = 1, blocks = false WHERE outage_id = 'O-0001'")
    assert record.says() == ["outage O-0001 revision 1 is not the newest, which is revision 2"]


def test_a_changed_copy_outside_is_named(record):
    first, *rest = read_anchors(record.file)
    changed = replace(first, at="2020-01-01T00:00Z")
    record.file.write_text("".join(f"{anchor_text(a)}\n" for a in (changed, *rest)))
    assert record.says()[0] == "the copy of anchor 1 outside the database was changed"


def test_no_anchor_is_set_on_a_rewritten_tail(record):
    forge(record, "owner-a", 9)
    with pytest.raises(NotAnchored, match="line 9 of owner-a"):
        set_anchor(record.engine, file=record.file, at=NOON)


def test_the_database_and_python_compute_the_same_hashes(record):
    rows = record.admin.execute(
        "SELECT hash, encode(sha256(convert_to(concat_ws(E'\\n', previous, organisation, seq::text, classification,"
        " revision::text, outage_id, coalesce(outage_revision::text, ''), body), 'UTF8')), 'hex') FROM moms.journal"
    ).fetchall()
    assert len(rows) == 30
    assert all(python == database for python, database in rows)
    body, document = record.admin.execute(
        "SELECT j.body, o.document::text FROM moms.journal j JOIN moms.outage o ON o.id = j.outage_id"
        " AND o.revision = j.outage_revision WHERE o.id = 'O-0001'"
    ).fetchone()
    assert json.loads(body)["document"] == hashlib.sha256(document.encode()).hexdigest()


def forge(record, organisation, sequence):
    """Rewrite one line with a false reason and the right hash, and its head."""
    previous, kind, outage, revision, body = record.admin.execute(
        "SELECT previous, classification, outage_id, outage_revision, body FROM moms.journal"
        " WHERE organisation = %s AND seq = %s",
        (organisation, sequence),
    ).fetchone()
    before = record.admin.execute(
        "SELECT hash FROM moms.journal WHERE organisation = %s AND seq = %s", (organisation, sequence - 1)
    ).fetchone()
    head = Head(organisation=organisation, count=sequence - 1, hash=before[0] if before else previous)
    false = {**json.loads(body), "reason": "forged"}
    line = link(head, classification=kind, outage_id=outage, outage_revision=revision, body=false)
    record.do(
        "UPDATE moms.journal SET previous = %s, hash = %s, body = %s WHERE organisation = %s AND seq = %s",
        *(line.previous, line.hash, line.body, organisation, sequence),
    )
    last = record.admin.execute("SELECT max(seq) FROM moms.journal WHERE organisation = %s", (organisation,)).fetchone()
    if last == (sequence,):
        record.do("UPDATE moms.journal_head SET hash = %s WHERE organisation = %s", line.hash, organisation)


def cut(record, organisation, last):
    """Cut a chain off behind a line and set its head accordingly."""
    record.do("DELETE FROM moms.journal WHERE organisation = %s AND seq > %s", organisation, last)
    record.do(
        "UPDATE moms.journal_head SET revision = %s, hash = (SELECT hash FROM moms.journal WHERE organisation = %s AND"
        " seq = %s) WHERE organisation = %s",
        *(last, organisation, last, organisation),
    )


def test_the_app_role_can_do_none_of_this(record, database):
    with database.admin() as admin:
        for table in COLUMNS:
            admin.execute(f"ALTER TABLE moms.{table} ENABLE TRIGGER ALL")
    address = database.server.address
    with psycopg.connect(
        host=address.socket_folder, user="moms_app", password=address.passwords["moms_app"], dbname=database.name
    ) as app:
        for statement in (
            "UPDATE moms.journal SET body = ''",
            "DELETE FROM moms.journal",
            "TRUNCATE moms.journal",
            "DELETE FROM moms.outage",
            "TRUNCATE moms.outage",
            "UPDATE moms.outage SET id = 'x'",
            "UPDATE moms.outage_history SET actor = 'x'",
            "DELETE FROM moms.outage_equipment",
            "INSERT INTO moms.outage_equipment DEFAULT VALUES",
            "UPDATE moms.journal_head SET hash = ''",
            "UPDATE moms.decision SET record = '{}'",
            "DELETE FROM moms.journal_anchor",
            "DELETE FROM moms.lifecycle_move",
            "ALTER TABLE moms.journal DISABLE TRIGGER ALL",
            "DROP TABLE moms.journal CASCADE",
            "CREATE TABLE moms.x (i int)",
            "SET ROLE moms_owner",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(psycopg.Error) as refused:
                app.execute(statement)
            assert refused.value.sqlstate == "42501", (statement, refused.value)
            app.rollback()
