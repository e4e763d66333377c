"""Outages of a group are found by an index; a database of the step before gets the column as the documents say."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import event as hooks

from moms.desk.ports import Search
from moms.outages import State, Status
from moms.store import migrate
from moms.store.audit import verify
from moms.store.book import PostgresBook
from moms.values import SYSTEM
from tests.postgres import an_event, an_outage


def written(book, number: int, group: str | None):
    first = {"state": State.SUBMITTED, "status": Status.NONE}
    outage = an_outage(number + 1, organisation=f"owner-{number % 3}", group=group, **first)
    with book.as_(SYSTEM) as page:
        page.add(outage, an_event(outage))
    return outage


def test_a_group_is_what_reading_all_documents_finds_and_a_database_keeps_it_for_programs_that_do_not_know_it(
    database, book
):
    there = [written(book, n, ("g1", "g2", None)[n % 3 if n % 2 else 2]) for n in range(12)]
    with book.as_(SYSTEM) as page:
        for group in ("g1", "g2", "none"):
            wanted = sorted(o.id for o in there if o.request.group == group)
            assert [o.id for o in page.find(Search(group=group))] == wanted
    with database.admin() as admin:  # a program of before would not write it, one that is wrong writes another
        admin.execute("ALTER TABLE moms.outage DISABLE TRIGGER USER")
        admin.execute("ALTER TABLE moms.outage ENABLE TRIGGER outage_group")
        admin.execute("UPDATE moms.outage SET in_group = 'other'")
        rows = admin.execute("SELECT document->'request'->>'group', in_group FROM moms.outage").fetchall()
    assert len(rows) == 12
    assert all(said == kept for said, kept in rows)


def test_with_row_security_on_a_group_is_found_by_its_index(database, book):
    from moms.bench import reads

    with database.admin() as admin:
        reads.fill(admin, 4000)
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE moms.outage SET in_group = 'g' || hashtext(id) % 900")
        admin.execute("ANALYZE moms.outage")
    engine, asked = database.engine(), []
    hooks.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, words, *_: asked.append((sql, words)))
    with PostgresBook(engine).as_(SYSTEM) as page:
        page.find(Search(group="g7"))
        sql, words = next(one for one in asked if "in_group" in one[0])
        plan = page._connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", words).scalar_one()
    assert "outage_in_group" in json.dumps(plan)


def test_a_database_of_the_step_before_is_filled_as_its_documents_say(servers):
    older = servers.named("wheel").fresh()
    try:
        engine = older.engine("moms_admin")
        book = PostgresBook(older.engine())
        there = [written(book, n, "g1" if n % 2 else None) for n in range(4)]
        with older.admin() as admin:  # as it was at the step before, without what the next one added either
            admin.execute("ALTER TABLE moms.subscription DROP COLUMN areas, DROP CONSTRAINT subscription_text_asks")
            admin.execute("ALTER TABLE moms.notice DROP COLUMN ends_at, DROP COLUMN matter")
            admin.execute("DROP INDEX moms.notice_unanswered")
            admin.execute("DROP FUNCTION moms.oldest_program(); DROP TRIGGER outage_group ON moms.outage")
            admin.execute("DROP FUNCTION moms.outage_group(); ALTER TABLE moms.outage DROP COLUMN in_group")
            admin.execute("CREATE INDEX outage_assets ON moms.outage USING gin (assets)")
            admin.execute("CREATE INDEX outage_during ON moms.outage USING gist (during)")
            admin.execute("CREATE INDEX outage_words ON moms.outage USING gin (words public.gin_trgm_ops)")
            admin.execute("UPDATE moms.migration SET version_num = '0015'")
        assert migrate.migrate(engine, moves=migrate.lifecycle())
        with book.as_(SYSTEM) as page:
            assert {o.id for o in page.find(Search(group="g1"))} == {o.id for o in there if o.request.group}
        assert verify(engine, outside=()).whole
        with older.admin() as admin:
            forced = admin.execute("SELECT relforcerowsecurity FROM pg_class WHERE oid = 'moms.outage'::regclass")
            assert forced.fetchone() == (True,)
            off = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'moms.outage'::regclass AND tgenabled <> 'O'"
            assert admin.execute(off).fetchall() == []
    finally:
        older.drop()


@pytest.mark.parametrize(("oldest", "fits"), [(migrate.HEAD, True), ("0001", True), ("9998", False)])
def test_a_program_runs_on_a_later_step_only_where_that_says_so(database, oldest, fits):
    with database.admin() as admin:
        admin.execute("UPDATE moms.migration SET version_num = '9998'")
        admin.execute(
            "CREATE OR REPLACE FUNCTION moms.oldest_program() RETURNS text LANGUAGE sql STABLE"
            f" AS $$ SELECT '{oldest}'::text $$"
        )
    with database.engine().connect() as connection:
        assert migrate.fits(connection) is fits
