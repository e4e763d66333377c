"""From where a line was asked: kept beside it, bound to it by its hash, seen by auditors alone, and told by verify."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from moms.desk.origin import Door, Origin, asked_from
from moms.desk.ports import LineSearch
from moms.store.acting import act_as
from moms.store.audit import read_verdict
from moms.values import SYSTEM, Actor, Role
from tests.postgres import an_event, an_outage

FROM = Origin(door=Door.REST, address="203.0.113.9", credential="0123456789ab")
OWNER = Actor(name="ann", organisation="owner-a", role=Role.OWNER)
SEES = {Role.AUDITOR, Role.ADMINISTRATOR, Role.SYSTEM}
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def written(book):
    """Write a line of which nobody said from where, as before there was any, and one that was asked by a program."""
    with book.as_(OWNER) as page:
        page.add(an_outage(1), an_event(an_outage(1)))
    with asked_from(FROM), book.as_(OWNER) as page:
        page.add(an_outage(2), an_event(an_outage(2)))
    return book


def told(book, actor):
    with book.as_(actor) as page:
        lines = page.lines(LineSearch(limit=100))
        return lines, page.origins([(line.organisation, line.sequence) for line in lines])


def faults(database):
    with database.engine("moms_admin").connect() as connection:
        return [fault.says for fault in read_verdict(connection, outside=()).faults]


def test_it_is_kept_with_each_line_and_lines_without_one_stay_whole(written, database):
    lines, origins = told(written, SYSTEM)
    assert list(origins.values()) == [FROM]
    with_it = [line for line in lines if (line.organisation, line.sequence) in origins]
    assert [line.outage_id for line in with_it] == [an_outage(2).id]
    assert ["origin" in json.loads(line.body) for line in lines] == [line in with_it for line in lines]
    assert faults(database) == []


@pytest.mark.parametrize("role", list(Role))
def test_it_is_shown_to_the_operator_s_auditors_alone(written, role):
    for organisation in ("operator", "owner-a", "owner-b"):
        _, origins = told(written, Actor(name="x", organisation=organisation, role=role))
        assert bool(origins) == (organisation == "operator" and role in SEES)


def test_what_an_owner_reads_of_its_lines_says_neither_address_nor_credential_and_lets_nobody_try_them(
    written, database
):
    bodies = "".join(line.body for line in told(written, OWNER)[0])
    assert bodies
    assert FROM.address not in bodies
    assert FROM.credential not in bodies
    with asked_from(FROM), written.as_(OWNER) as page:
        page.add(an_outage(3), an_event(an_outage(3)))
    hashes = [json.loads(line.body).get("origin") for line in told(written, OWNER)[0]]
    assert len(set(filter(None, hashes))) == 2, "the same address gives another hash each time"
    with written.engine.begin() as connection:
        act_as(connection, OWNER)
        assert connection.execute(text("SELECT count(*) FROM moms.journal_origin")).scalar() == 0


@pytest.mark.parametrize(
    ("deed", "says"),
    [
        ("UPDATE moms.journal_origin SET address = '203.0.113.10'", "not the one that was written"),
        ("UPDATE moms.journal_origin SET door = 'portal'", "not the one that was written"),
        ("DELETE FROM moms.journal_origin", "journal_origin owner-a/2"),
        (("INSERT INTO moms.journal_origin (organisation, seq, door, address, credential, salt)"
          " VALUES ('owner-a', 1, 'rest', 'x', 'y', repeat('0', 32))"), "the journal does not know it"),
        ("UPDATE moms.journal_origin SET seq = 1", "journal_origin owner-a/1"),
    ],
)  # fmt: skip
def test_one_that_is_changed_gone_moved_or_made_up_is_found(written, database, deed, says):
    with database.admin() as admin:
        admin.execute("ALTER TABLE moms.journal_origin DISABLE TRIGGER ALL")
        admin.execute(deed)
    assert any(says in one for one in faults(database)), faults(database)


def test_the_database_itself_changes_and_removes_none(written, database):
    with database.admin() as admin:
        for deed in ("UPDATE moms.journal_origin SET address = 'x'", "DELETE FROM moms.journal_origin",
                     "TRUNCATE moms.journal_origin"):  # fmt: skip
            with pytest.raises(Exception, match=r"append|only|kept|removed|stays"):
                admin.execute(deed)


def test_no_thinking_room_looks_at_it():
    """It is the one thing that is not an argument: who reads it here would decide by it."""
    rooms = Path(__file__).parents[2] / "src" / "moms"
    found = {
        path.relative_to(rooms).parts[0]
        for path in rooms.rglob("*.py")
        if "FROM_WHERE" in path.read_text() or "asked_from" in path.read_text()
    }
    assert found == {"cli", "desk", "portal", "store", "wiring"}
    desk = [p.name for p in (rooms / "desk").glob("*.py") if "FROM_WHERE" in p.read_text()]
    assert desk == ["origin.py"]
