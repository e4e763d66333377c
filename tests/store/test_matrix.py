"""The golden matrix: who may do what with each column of whose row, written by hand and executed cell by cell.

`rights.csv` has one row for each column of each table, and one word for each role: `r` read, `a` add,
`c` change in rows of one's own organisation; capitals: in everybody's. It is not made from any code. Roles
from `system` to `auditor` act for the operator; the others for an owner, and for the operator as if it were
one; `stray` is a role of the operator borne by somebody of an owner, which is worth no more than the owner's
own. Nobody removes anything.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moms.store.acting import act_as
from moms.store.rights import COLUMNS, POLICY, PUBLIC, RESTRICTED, SEALED, Policy, may
from moms.values import OPERATOR, Actor, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

CELLS = Path(__file__).with_name("rights.csv")
VERBS = {"r": "read", "a": "add", "c": "change", "d": "remove"}
OWNER, OTHER = "owner-a", "owner-b"
STRAY = (Role.ENGINEER, Role.ADMINISTRATOR, Role.CONTROL_ROOM)
EVERYBODYS = {"book", "lifecycle_move"}
"""Whose rows are classified as public."""


@dataclass(frozen=True)
class Cell:
    """One question: may this actor do this with this column of a row of that organisation?"""

    actor: Actor
    do: str
    table: str
    column: str
    organisation: str
    allowed: bool

    @property
    def classification(self) -> str:
        return PUBLIC if self.table in EVERYBODYS else RESTRICTED


def rows() -> list[dict[str, str]]:
    with CELLS.open(newline="") as file:
        return list(csv.DictReader(file))


def actors(name: str) -> list[Actor]:
    """Give who stands in a column of the matrix."""
    if name == "stray":
        return [Actor(name="x", organisation=OWNER, role=role) for role in STRAY]
    at = (OWNER, OPERATOR) if name in {"owner", "agent", "field", "public"} else (OPERATOR,)
    return [Actor(name="x", organisation=organisation, role=Role(name)) for organisation in at]


def cells() -> list[Cell]:
    """Give all cells."""
    return [cell for row in rows() for name in list(row)[2:] for actor in actors(name) for cell in of(row, name, actor)]


def of(row: dict[str, str], name: str, actor: Actor) -> Iterator[Cell]:
    """Give the cells that one word stands for: each verb, in one's own rows and in another's."""
    word = row[name]
    assert set(word.lower()) <= set("rac-"), row
    for letter, do in VERBS.items():
        for whose in (actor.organisation, OTHER):
            allowed = letter.upper() in word or (letter in word and whose == actor.organisation)
            yield Cell(actor, do, row["table"], row["column"], whose, allowed)


ALL = cells()


def test_the_matrix_has_every_column_of_the_database_and_no_other(database):
    with database.admin() as admin:
        found = admin.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'moms'"
            " AND table_name <> 'migration' ORDER BY 1, 2"
        ).fetchall()
    assert sorted((row["table"], row["column"]) for row in rows()) == found


def wrong(policy: Policy, tables: set[str] | None = None) -> list[Cell]:
    """Give the cells in which the check in the program says another thing than the matrix."""
    return [
        cell
        for cell in ALL
        if (tables is None or cell.table in tables)
        and may(
            cell.actor, cell.do, cell.table, cell.column, organisation=cell.organisation,
            classification=cell.classification, policy=policy,
        ) != cell.allowed
    ]  # fmt: skip


def test_the_check_in_the_program_agrees_in_every_cell():
    assert len(ALL) == len(rows()) * 17 * 4 * 2
    assert wrong(POLICY) == []


def flipped() -> Iterator[tuple[str, Policy, set[str] | None]]:
    """Give every policy that differs from ours in one entry, and the tables it speaks of."""
    for name in ("sees_all", "looks_only", "keepers", "judges", "auditors"):
        for role in Role:
            yield (
                f"{name} {role}",
                replace(POLICY, **{name: getattr(POLICY, name) ^ {role}}),
                {"outage", "person", "book", "attachment", "journal_origin"},
            )
    for name in ("inserts", "sealed", "anchored", "judged", "traces", "everybodys"):
        for table in COLUMNS:
            yield f"{name} {table}", replace(POLICY, **{name: getattr(POLICY, name) ^ {table}}), {table}
    for name in ("columns", "updates"):
        for table, columns in COLUMNS.items():
            for column in columns:
                there = dict(getattr(POLICY, name))
                there[table] = there.get(table, frozenset()) ^ {column}
                yield f"{name} {table}.{column}", replace(POLICY, **{name: there}), {table}


SAME = {
    *(f"anchored {table}" for table in SEALED),
    *(f"traces {table}" for table in SEALED),
    *(f"everybodys {table}" for table in set(COLUMNS) - set(POLICY.updates) - set(POLICY.inserts)),
    *(f"everybodys {table}" for table in {*SEALED, "journal_anchor"}),
    *(f"judged {table}" for table in {*SEALED, "journal_anchor"} | (set(COLUMNS) - set(POLICY.updates))),
}
"""Entries that say nothing: a sealed or anchored table is closed before it is asked whose row it is, and what
nobody may write is not written by everybody, nor by MOMS alone."""


def test_each_entry_of_the_policy_flipped_is_seen():
    unseen = {name for name, policy, tables in flipped() if not wrong(policy, tables)}
    assert unseen == SAME


# ---------------------------------------------------------------- the same cells, asked of the database

ROW = {
    "book": {},
    "lifecycle_move": {"from_state": "{o}", "to_state": "x"},
    "outage": {
        "id": "{o}", "external_id": "x", "category": "x", "kind": "x", "state": "x", "status": "x",
        "during": "[2030-01-01,2030-01-02)", "assets": "{{a}}", "holds": "f", "pending": "f", "blocks": "f",
        "words": "x", "document": "{{}}",
    },
    "outage_equipment": {"outage_id": "{o}", "asset": "a", "during": "[2030-01-01,2030-01-02)", "blocks": "f"},
    "outage_history": {
        "outage_id": "{o}", "state": "x", "status": "x", "during": "[2030-01-01,2030-01-02)", "document": "{{}}",
        "actor": "x",
    },
    "decision": {"id": "{o}", "outage_id": "{o}", "record": "{{}}"},
    "change_set": {"id": "{o}", "became": "draft", "document": "{{}}"},
    "journal": {"seq": "1", "previous": "x", "hash": "x", "outage_id": "{o}", "body": "x"},
    "journal_origin": {"seq": "1", "door": "rest", "address": "x", "credential": "x", "salt": "{h}"},
    "journal_head": {"hash": "x"},
    "journal_anchor": {"seq": "{n}", "at": "x", "heads": "x", "previous": "x", "hash": "x"},
    "person": {"name": "{o}", "role": "owner", "made_at": "2030-01-01"},
    "identity": {
        "id": "{n}", "kind": "provider", "issuer": "{h}", "subject": "x", "print": "", "person": "{o}",
        "scopes": "{{}}", "made_at": "2030-01-01",
    },
    "credential": {
        "hash": "{h}", "kind": "token", "person": "{o}", "label": "x", "scopes": "{{read}}", "made_at": "2030-01-01",
        "seen_at": "2030-01-01", "ends_at": "2030-01-02",
    },
    "kept_answer": {"principal": "{o}", "key": "x", "asked": "x", "leased_until": "2030-01-01"},
    "work": {
        "name": "{o}", "task": "x", "subject": "x", "cause": "x", "urgency": "1", "due_at": "2030-01-01",
        "free_from": "2030-01-01",
    },
    "work_share": {},
    "attachment": {
        "id": "{n}", "outage_id": "{o}", "name": "x", "kind": "x", "size": "1", "sha256": "{h}", "added_by": "x",
        "added_role": "x", "added_at": "2030-01-01", "state": "held", "body": "x",
    },
    "passkey": {
        "id": "{n}", "person": "{o}", "label": "x", "public_key": "x", "made_at": "2030-01-01", "seen_at": "2030-01-01",
        "ended": "f",
    },
    "challenge_key": {"value": "{h}"},
    "calendar_day": {
        "day": "2030-01-01", "part": "{n}", "mark": "x", "parts": "1", "body": "x", "book_version": "1",
        "computed_at": "2030-01-01",
    },
    "saved_view": {
        "id": "{n}", "person": "x", "name": "{n}", "shared": "f", "filters": "{{}}", "sort": "start",
        "columns": "{{}}", "made_at": "2030-01-01", "ended": "f",
    },
    "subscription": {
        "id": "{o}", "person": "x", "role": "", "channel": "inbox", "target": "", "owners": "{{}}", "assets": "{{}}",
        "verbs": "{{}}", "severity": "info", "daily": "f", "sees_all": "f", "made_at": "2030-01-01",
    },
    "notice": {
        "id": "{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}",
        "subscription": "x", "person": "x", "role": "", "channel": "inbox", "target": "", "severity": "info",
        "chain": "{o}", "seq": "1", "outage_id": "{o}", "body": "{{}}",
    },
}  # fmt: skip
PROBE = """
CREATE SCHEMA probe;
CREATE FUNCTION probe.try(said text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE found text[] := '{}'; n bigint; one text;
BEGIN
  FOREACH one IN ARRAY said LOOP
    BEGIN
      EXECUTE one;
      GET DIAGNOSTICS n = ROW_COUNT;
      RAISE EXCEPTION 'undo' USING ERRCODE = 'ZZ000';
    EXCEPTION
      WHEN SQLSTATE 'ZZ000' THEN found := found || ('rows ' || n);
      WHEN OTHERS THEN found := found || SQLSTATE::text;
    END;
  END LOOP;
  RETURN found;
END $$;
GRANT USAGE ON SCHEMA probe TO moms_app, moms_reader;
GRANT EXECUTE ON FUNCTION probe.try TO moms_app, moms_reader;
"""
"""Tries statements as whoever calls, one after the other, and undoes each."""


@pytest.fixture
def probed(database):
    """Give a database with one row of each organisation in each table, without triggers: only rights answer."""
    with database.admin() as admin:
        admin.execute(PROBE)
        for table, columns in ROW.items():
            admin.execute(f"ALTER TABLE moms.{table} DISABLE TRIGGER ALL")
            for n, organisation in enumerate((OPERATOR, OWNER, OTHER), start=1):
                if organisation == OPERATOR and table in {"book", "challenge_key"}:
                    continue  # it is there
                row = {k: v.format(o=organisation, n=n, h=f"{n}" * 64) for k, v in columns.items()}
                row |= {"organisation": organisation, "revision": "1"}
                row["classification"] = PUBLIC if table in EVERYBODYS else RESTRICTED
                values = ", ".join(f"'{value}'" for value in row.values())
                admin.execute(f"INSERT INTO moms.{table} ({', '.join(row)}) VALUES ({values})")
    return database


def statement(cell: Cell) -> str:
    """Write a cell as the statement that tries it."""
    table, column, row = f"moms.{cell.table}", cell.column, f"organisation = '{cell.organisation}'"
    if cell.do == "read":
        return f"SELECT {column} FROM {table} WHERE {row}"
    if cell.do == "change":
        return f"UPDATE {table} SET {column} = {column} WHERE {row}"
    if cell.do == "remove":
        return f"DELETE FROM {table} WHERE {row}"
    named = {"organisation": f"'{cell.organisation}'", "classification": f"'{cell.classification}'"}
    named = {column: "DEFAULT", **named}
    return f"INSERT INTO {table} ({', '.join(named)}) VALUES ({', '.join(named.values())})"


def answers(connection, asked: list[Cell]) -> list[str]:
    """Ask the database all cells of one actor; a constraint that stops it later than rights do let it pass."""
    act_as(connection, asked[0].actor)
    said = [statement(cell) for cell in asked]
    return connection.execute(text("SELECT probe.try(:said)"), {"said": said}).scalar_one()


def let_pass(answer: str) -> bool:
    assert answer.startswith(("rows", "42501", "23")), answer
    return answer not in {"rows 0", "42501"}


def by_actor(asked: list[Cell]) -> list[list[Cell]]:
    return [[cell for cell in asked if cell.actor == actor] for actor in dict.fromkeys(cell.actor for cell in asked)]


def differ(connection, asked: list[Cell]) -> list[tuple[Cell, str]]:
    """Give the cells in which the database says another thing than the matrix."""
    found = []
    for group in by_actor(asked):
        told = zip(group, answers(connection, group), strict=True)
        found += [(cell, answer) for cell, answer in told if let_pass(answer) != cell.allowed]
    return found


def test_the_database_agrees_in_every_cell(probed):
    with probed.engine().begin() as connection:
        assert differ(connection, ALL) == []


def test_the_reader_role_reads_what_is_not_sealed_under_the_same_rows_and_nothing_else(probed):
    asked = [replace(c, allowed=c.allowed and c.do == "read" and c.table not in SEALED) for c in ALL]
    with probed.engine("moms_reader").begin() as connection:
        assert differ(connection, asked) == []


def test_a_column_that_comes_later_is_nobodys_and_turns_this_red_until_it_is_written_down(probed):
    with probed.admin() as admin:
        admin.execute("ALTER TABLE moms.outage ADD COLUMN sneaked text DEFAULT 'x'")
    with pytest.raises(AssertionError):
        test_the_matrix_has_every_column_of_the_database_and_no_other(probed)
    for login in ("moms_app", "moms_reader"):
        for do in ("SELECT sneaked FROM moms.outage", "UPDATE moms.outage SET sneaked = 'y'",
                   "INSERT INTO moms.outage (sneaked) VALUES ('y')"):  # fmt: skip
            with pytest.raises(DBAPIError, match="permission denied"), probed.engine(login).begin() as connection:
                act_as(connection, Actor(name="x", organisation=OPERATOR, role=Role.SYSTEM))
                connection.execute(text(do))


ONE_EACH = {("outage", "state"), ("person", "disabled"), ("book", "revision"), ("attachment", "state"),
            ("journal_origin", "door")}  # fmt: skip
"""A column of each kind of table."""
ROLES_IN = {
    "sees_all": "coalesce(moms.organisation_now() = 'operator' AND moms.role_now() IN ({roles}), false)",
    "keeps_keys": "coalesce(moms.organisation_now() = 'operator' AND moms.role_now() IN ({roles}), false)",
    "writes": "coalesce(moms.known() AND moms.role_now() NOT IN ({roles}), false)",
    "audits": "coalesce(moms.organisation_now() = 'operator' AND moms.role_now() IN ({roles}), false)",
    "is_moms": "coalesce(moms.organisation_now() = 'operator' AND moms.role_now() IN ({roles}), false)",
}
"""The functions by which rows are chosen, with the list of roles left open."""


def flips() -> Iterator[tuple[str, list[Cell]]]:
    """Give every right of the database flipped, with the cells that have to notice."""
    for table, columns in COLUMNS.items():
        for column in columns:
            for verb, do in (("SELECT", "read"), ("UPDATE", "change"), ("INSERT", "add")):
                asked = [c for c in ALL if (c.table, c.column, c.do) == (table, column, do) and c.actor in PLAIN]
                there = any(c.allowed for c in asked)
                if there or verb != "INSERT":  # to add a row takes the right to more than one column: see below
                    word = "REVOKE {} FROM moms_app" if there else "GRANT {} TO moms_app"
                    yield word.format(f"{verb} ({column}) ON moms.{table}"), asked
        yield from table_flips(table)
    held_by = {"sees_all": POLICY.sees_all, "keeps_keys": POLICY.keepers, "writes": POLICY.looks_only,
               "is_moms": POLICY.judges, "audits": POLICY.auditors}  # fmt: skip
    for name, held in held_by.items():
        for role in Role:
            listed = ", ".join(f"'{r}'" for r in sorted(held ^ {role})) or "NULL"
            body = ROLES_IN[name].format(roles=listed)
            make = (
                f"CREATE OR REPLACE FUNCTION moms.{name}() RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT {body} $$"
            )
            yield make, [c for c in ALL if (c.table, c.column) in ONE_EACH]


def table_flips(table: str) -> Iterator[tuple[str, list[Cell]]]:
    """Give the flips that speak of whole rows."""
    column = next(iter(sorted(POLICY.updates.get(table, COLUMNS[table]))))
    asked = [c for c in ALL if (c.table, c.column) == (table, column)]
    yield f"GRANT DELETE ON moms.{table} TO moms_app; CREATE POLICY gone ON moms.{table} FOR DELETE USING (true)", asked
    if table not in POLICY.inserts:
        yield f"GRANT INSERT ON moms.{table} TO moms_app", asked
    for policy in ("seen", "added", "changed"):
        for value in ("true", "false"):
            parts = {"seen": "USING ({0})", "added": "WITH CHECK ({0})", "changed": "USING ({0}) WITH CHECK ({0})"}
            yield f"ALTER POLICY {policy} ON moms.{table} {parts[policy].format(value)}", asked


PLAIN = (Actor(name="x", organisation=OPERATOR, role=Role.SYSTEM), Actor(name="x", organisation=OWNER, role=Role.OWNER))
"""Two between whom every grant of a column shows: grants know no roles of people."""


def equal(flip: str) -> bool:
    """Tell which flips change nothing, each for a reason."""
    if "moms.is_moms" in flip and "'public'" in flip:
        return True  # who sees no row changes none
    if "ALTER POLICY" not in flip:
        return False
    table = flip.partition("moms.")[2].partition(" ")[0]
    public = table in EVERYBODYS and "seen" in flip and "true" in flip  # all rows are public already
    unused = "added" in flip and table not in POLICY.inserts  # nobody has the grant
    unseen = table in SEALED and "changed" in flip and "true" in flip  # who sees no row changes none
    return public or unused or unseen or ("changed" in flip and table not in POLICY.updates)


def test_each_right_of_the_database_flipped_is_seen(servers):
    """On one server: the other differs in no right, as the test of every cell shows."""
    unseen = []
    database = servers.named("wheel").fresh(any_first=True)
    try:
        probed.__wrapped__(database)
        with database.engine("moms_admin").connect() as connection:
            for flip, asked in flips():
                with connection.begin() as turned:
                    connection.execute(text(flip))
                    connection.execute(text("SET LOCAL ROLE moms_app"))
                    if not differ(connection, asked):
                        unseen.append(flip)
                    turned.rollback()
    finally:
        database.drop()
    assert [flip for flip in unseen if not equal(flip)] == []
    assert [flip for flip, _ in flips() if equal(flip) and flip not in unseen] == []
