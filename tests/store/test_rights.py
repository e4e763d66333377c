"""Who sees and may do what, asked of the database itself as each role."""

from __future__ import annotations

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moms.desk.ports import NoSuchOutage, NotYours, Search
from moms.outages import Category, State, Status
from moms.store import migrate
from moms.store.acting import act_as
from moms.store.rights import COLUMNS, INSERTS, OUTSIDE, SEALED, UPDATES
from moms.store.tables import metadata
from moms.values import SYSTEM, Actor, Role
from tests.postgres import an_event, an_outage

MINE = an_outage(1, state=State.SUBMITTED, status=Status.NONE)
THEIRS = an_outage(
    2,
    organisation="owner-b",
    category=Category.GENERATION,
    state=State.SUBMITTED,
    status=Status.NONE,
    assets=("gen:1",),
)


@pytest.fixture
def two(book, ann, bob):
    """Give a book with one outage of each of two owners, filed by themselves."""
    for actor, outage in ((ann, MINE), (bob, THEIRS)):
        with book.as_(actor) as page:
            page.add(outage, an_event(outage, actor=actor))
            page.keep_decision(f"D-{outage.id}", outage.id, {"n": 1})
    return book


def test_an_owner_sees_and_finds_its_own_and_nothing_of_others(two, ann, bob):
    for actor, own, other in ((ann, MINE, THEIRS), (bob, THEIRS, MINE)):
        with two.as_(actor) as page:
            assert page.find(Search()) == (own,)
            assert page.find(Search(external_id=other.request.external_id)) == ()
            assert page.find(Search(organisation=other.request.organisation)) == ()
            assert page.find(Search(text=other.id)) == ()
            for ask in (page.outage, page.history):
                with pytest.raises(NoSuchOutage):
                    ask(other.id)


def test_the_operator_sees_all(two, eve):
    with two.as_(eve) as page:
        assert page.find(Search()) == (MINE, THEIRS)


@pytest.mark.parametrize("role", list(Role))
def test_no_role_of_an_owner_sees_another_owner(two, role):
    with two.as_(Actor(name="x", organisation="owner-a", role=role)) as page:
        assert set(page.find(Search())) == (set() if role == Role.PUBLIC else {MINE})


def test_rows_seen_in_every_table_are_the_owners_or_public(two, database, ann):
    with database.engine().begin() as connection:
        act_as(connection, ann)
        for table in COLUMNS:
            rows = connection.execute(text(f"SELECT organisation, classification FROM moms.{table}")).all()
            assert all(o == "owner-a" or c == "public" for o, c in rows), table
        for table in ("outage", "outage_history", "outage_equipment", "decision", "journal", "journal_head"):
            assert connection.scalar(text(f"SELECT count(*) FROM moms.{table}")) > 0, table


def test_without_saying_for_whom_nothing_is_seen_or_written(two, database):
    engine = database.engine()
    with engine.begin() as connection:
        for table in COLUMNS:
            assert connection.scalar(text(f"SELECT count(*) FROM moms.{table}")) == 0, table
    for said in (
        {"moms.organisation": "operator"},
        {"moms.role": "system"},
        {"moms.organisation": "", "moms.role": ""},
    ):
        with engine.begin() as connection:
            for name, value in said.items():
                connection.execute(text("SELECT set_config(:n, :v, true)"), {"n": name, "v": value})
            for table in COLUMNS:
                assert connection.scalar(text(f"SELECT count(*) FROM moms.{table}")) == 0, (said, table)
    with pytest.raises(DBAPIError, match="row-level security"), engine.begin() as connection:
        connection.execute(text("SELECT * FROM moms.journal_lock('owner-a')"))


def test_a_connection_that_comes_back_to_the_pool_has_forgotten_for_whom(two, database, eve):
    engine = database.engine()
    with engine.begin() as connection:
        act_as(connection, eve)
        first = connection.scalar(text("SELECT pg_backend_pid()"))
        assert connection.scalar(text("SELECT count(*) FROM moms.outage")) == 2
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) == first
        assert connection.scalar(text("SELECT count(*) FROM moms.outage")) == 0


def test_nobody_writes_for_another_owner(two, ann):
    foreign = an_outage(3, organisation="owner-b", state=State.SUBMITTED, status=Status.NONE)
    with pytest.raises(NotYours), two.as_(ann) as page:
        page.add(foreign, an_event(foreign, actor=ann))
    with pytest.raises(NoSuchOutage), two.as_(ann) as page:
        page.revise(THEIRS, an_event(THEIRS, actor=ann))
    with pytest.raises(NoSuchOutage), two.as_(ann) as page:
        page.keep_decision("D-x", THEIRS.id, {})


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.PUBLIC])
@pytest.mark.parametrize("organisation", ["operator", "owner-a"])
def test_who_only_looks_writes_nothing(book, role, organisation):
    actor = Actor(name="x", organisation=organisation, role=role)
    outage = an_outage(3, organisation=organisation, state=State.SUBMITTED, status=Status.NONE)
    with pytest.raises(NotYours), book.as_(actor) as page:
        page.add(outage, an_event(outage, actor=actor))
    with pytest.raises(NotYours), book.as_(actor) as page:
        page.hold(page.version())
    with pytest.raises(NotYours), book.as_(actor) as page:
        page.note(an_event("", actor=actor))


def test_the_reader_role_reads_under_the_same_rows_and_writes_nothing(two, database, ann):
    with database.engine("moms_reader").connect() as connection:
        act_as(connection, ann)
        assert connection.scalar(text("SELECT count(*) FROM moms.outage")) == 1
        for statement in ("UPDATE moms.book SET revision = 9", "SELECT * FROM moms.journal_lock('owner-a')"):
            with pytest.raises(DBAPIError, match="permission denied"), connection.begin_nested():
                connection.execute(text(statement))


def test_a_change_without_its_line_in_the_journal_is_refused_at_commit(two, database):
    with pytest.raises(DBAPIError, match="no line in the journal"), database.engine().begin() as connection:
        act_as(connection, SYSTEM)
        connection.execute(text("UPDATE moms.outage SET revision = 2 WHERE id = 'O-0001'"))


def test_a_line_that_does_not_continue_its_chain_is_refused(two, database):
    columns = "organisation, {seq}, classification, 1, {previous}, {hash}, outage_id, NULL, body"
    last = "FROM moms.journal WHERE organisation = 'owner-a' ORDER BY seq DESC LIMIT 1"
    for values in (
        {"seq": "seq + 1", "previous": "hash", "hash": "hash"},
        {"seq": "seq + 2", "previous": "hash", "hash": "hash"},
        {"seq": "seq", "previous": "previous", "hash": "hash"},
    ):
        with pytest.raises(DBAPIError, match="does not continue its chain"), database.engine().begin() as connection:
            act_as(connection, SYSTEM)
            connection.execute(text(f"INSERT INTO moms.journal SELECT {columns.format(**values)} {last}"))


def test_history_has_every_revision_with_who_and_when(two, database):
    with database.admin() as admin:
        rows = admin.execute("SELECT outage_id, revision, actor FROM moms.outage_history ORDER BY 1").fetchall()
        same = admin.execute(
            "SELECT count(*) FROM moms.outage o JOIN moms.outage_history h ON h.outage_id = o.id"
            " AND h.revision = o.revision AND h.document::text = o.document::text"
        ).fetchone()
    assert rows == [("O-0001", 1, "ann"), ("O-0002", 1, "bob")]
    assert same == (2,)


# ---------------------------------------------------------------- the database against the hand-written list


def catalogue(database, query, *parameters):
    with database.admin() as admin:
        return admin.execute(query, parameters or None).fetchall()


def test_every_table_and_column_is_classified(database):
    found: dict[str, set[str]] = {}
    for table, column in catalogue(
        database,
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        " AND NOT a.attisdropped WHERE c.relnamespace = 'moms'::regnamespace"
        " AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
    ):
        found.setdefault(table, set()).add(column)
    assert {t: c for t, c in found.items() if t not in OUTSIDE} == {t: set(c) for t, c in COLUMNS.items()}
    for columns in COLUMNS.values():
        assert {"organisation", "classification", "revision"} <= set(columns)


def test_row_security_is_forced_on_every_table_and_the_owner_logs_in_nowhere(database):
    for table, on, forced, owner in catalogue(
        database,
        "SELECT relname, relrowsecurity, relforcerowsecurity, relowner::regrole::text FROM pg_class"
        " WHERE relnamespace = 'moms'::regnamespace AND relkind = 'r'",
    ):
        assert owner == "moms_owner"
        assert table in OUTSIDE or (on and forced), table
    roles = catalogue(
        database,
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles"
        " WHERE rolname IN ('moms_owner', 'moms_app', 'moms_reader') ORDER BY 1",
    )
    assert roles == [
        ("moms_app", False, False, False, False, True),
        ("moms_owner", False, False, False, False, False),
        ("moms_reader", False, False, False, False, True),
    ]
    assert (
        catalogue(
            database, "SELECT 1 FROM pg_auth_members WHERE member IN ('moms_app'::regrole, 'moms_reader'::regrole)"
        )
        == []
    )


@pytest.mark.parametrize("role", ["moms_app", "moms_reader"])
def test_each_role_has_the_rights_of_the_list_and_no_other(database, role):
    app = role == "moms_app"
    with database.admin() as admin:
        for table, columns in COLUMNS.items():
            for column in columns:
                for verb, allowed in (
                    ("SELECT", app or table not in SEALED),
                    ("INSERT", app and table in INSERTS),
                    ("UPDATE", app and column in UPDATES.get(table, ())),
                ):
                    ask = "SELECT has_column_privilege(%s, %s, %s, %s)"
                    found = admin.execute(ask, (role, f"moms.{table}", column, verb)).fetchone()
                    assert found == (allowed,), (role, table, column, verb)
            for verb in ("DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
                found = admin.execute(
                    "SELECT has_table_privilege(%s, %s, %s)", (role, f"moms.{table}", verb)
                ).fetchone()
                assert found == (False,), (role, table, verb)
        for what in ("CREATE", "USAGE"):
            found = admin.execute("SELECT has_schema_privilege(%s, 'moms', %s)", (role, what)).fetchone()
            assert found == (what == "USAGE",)
        for what in ("CREATE", "TEMPORARY"):
            found = admin.execute("SELECT has_database_privilege(%s, current_database(), %s)", (role, what)).fetchone()
            assert found == (False,), what


def test_the_guard_turns_red_when_a_table_comes_without_its_columns(database):
    with database.admin() as admin:
        admin.execute("CREATE TABLE moms.sneaked (id int)")
    with pytest.raises(AssertionError):
        test_every_table_and_column_is_classified(database)
    with pytest.raises(AssertionError):
        test_row_security_is_forced_on_every_table_and_the_owner_logs_in_nowhere(database)


def test_functions_that_run_as_the_owner_fix_their_search_path_and_are_not_for_all(database):
    for name, settings, public in catalogue(
        database,
        "SELECT p.proname, p.proconfig, has_function_privilege('public', p.oid, 'EXECUTE') FROM pg_proc p"
        " WHERE p.pronamespace = 'moms'::regnamespace AND p.prosecdef",
    ):
        assert settings == ["search_path=pg_catalog, pg_temp"], name
        assert not public, name


def test_the_migrations_make_what_the_program_thinks_they_make(database):
    with database.engine("moms_admin").connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _: name == "moms" if kind == "schema" else name != "migration",
                "compare_type": True,
            },
        )
        differences = compare_metadata(context, metadata)
    # Indexes and unique constraints live in the migrations alone.
    kinds = [str(d[0] if isinstance(d, tuple) else d[0][0]) for d in differences]
    assert [
        d for d, kind in zip(differences, kinds, strict=True) if not re.match(r"remove_(index|constraint)", kind)
    ] == []


def test_the_step_the_program_knows_is_the_last_one():
    config = Config()
    config.set_main_option("script_location", migrate.__file__.replace("migrate.py", "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


def test_migrating_again_changes_nothing_and_a_later_database_is_refused(database):
    engine = database.engine("moms_admin")
    moves = [(None, "draft"), ("draft", "submitted")]
    assert migrate.migrate(engine, moves=moves)
    assert not migrate.migrate(engine, moves=moves)
    with database.admin() as admin:
        assert admin.execute("SELECT count(*) FROM moms.lifecycle_move").fetchone() == (2,)
        admin.execute("UPDATE moms.migration SET version_num = '9999'")
    with pytest.raises(migrate.CannotMigrate, match="9999"):
        migrate.migrate(engine, moves=moves)
