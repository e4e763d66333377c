"""Connections that died while they rested are noticed and made anew; those that live are not asked."""

from __future__ import annotations

import select

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy import event as hooks
from sqlalchemy.exc import ProgrammingError

from moms.desk.ports import DatabaseAway, DatabaseFull
from moms.store import living
from moms.store.book import PostgresBook
from moms.store.living import Pool, has_spoken, only_living, say_away
from moms.values import SYSTEM

ENDS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND usename = "


@pytest.fixture
def engine(database):
    return only_living(database.engine())


def asked(engine) -> list[str]:
    """Count how often a connection is asked whether it lives."""
    found, ping = list[str](), engine.dialect.do_ping

    def told(connection):
        found.append("ping")
        return ping(connection)

    engine.dialect.do_ping = told
    return found


def test_a_server_that_ended_its_connections_is_gone_to_again(database, engine):
    book, pings = PostgresBook(engine), asked(engine)
    with book.as_(SYSTEM) as first, book.as_(SYSTEM) as second:
        assert first.version() == second.version() == 0
    with database.admin() as admin:
        assert admin.execute(f"{ENDS}'moms_app'").fetchall() == [(True,), (True,)]
    for _ in range(3):
        with book.as_(SYSTEM) as one, book.as_(SYSTEM) as two:
            assert (one.version(), two.version()) == (0, 0)
    assert 1 <= len(pings) <= 4, "those that said something, and no others"


def test_one_that_lives_is_not_asked(engine):
    book, pings = PostgresBook(engine), asked(engine)
    words = list[str]()
    hooks.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, *_: words.append(sql))
    for _ in range(5):
        with book.as_(SYSTEM) as page:
            page.version()
    assert pings == []
    assert len(words) == 5


def test_one_that_rested_long_is_asked(engine, monkeypatch):
    book, pings = PostgresBook(engine), asked(engine)
    monkeypatch.setattr(living, "SURE_S", 0.0)
    for _ in range(3):
        with book.as_(SYSTEM) as page:
            page.version()
    assert len(pings) == 2, "the first was fresh"


def test_a_word_that_nobody_asked_for_is_no_death(database, engine):
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        pid = driver.info.backend_pid
        connection.execute(text("LISTEN told"))
        connection.commit()
    with database.admin() as admin:
        admin.execute("NOTIFY told, 'something'")
    select.select([driver], [], [], 10.0)
    assert has_spoken(driver)
    with engine.connect() as connection:
        assert connection.connection.driver_connection.info.backend_pid == pid
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


@pytest.mark.parametrize("at_the_end", [False, True])
def test_one_that_is_cut_in_the_midst_of_its_work_says_so_in_the_desks_words_and_the_next_one_works(
    database, engine, at_the_end
):
    book = PostgresBook(say_away(engine))
    with pytest.raises(DatabaseAway, match="does not answer") as said, book.as_(SYSTEM) as page:
        assert page.version() == 0
        with database.admin() as admin:
            assert admin.execute(f"{ENDS}'moms_app'").fetchall() == [(True,)]
        if not at_the_end:  # else the commit is the first to meet it
            page.version()
    assert isinstance(said.value.__cause__, psycopg.Error)
    assert database.name not in str(said.value)
    with book.as_(SYSTEM) as page:
        assert page.version() == 0


def test_a_server_that_nobody_reaches_says_so_and_one_that_only_refuses_does_not(engine):
    nowhere = say_away(create_engine("postgresql+psycopg://moms@127.0.0.1:1/moms", connect_args={"connect_timeout": 5}))
    with pytest.raises(DatabaseAway), PostgresBook(nowhere).as_(SYSTEM):
        pass
    with pytest.raises(ProgrammingError), say_away(engine).begin() as connection:
        connection.execute(text("SELECT 1 FROM moms.nothing"))


@pytest.mark.parametrize("state", ["53100", "53200"])
def test_a_server_without_room_says_so_and_no_word_of_where(database, engine, state):
    """The server's own word, as it gives it where a file cannot be made longer; a disk is not filled for it."""
    book = PostgresBook(say_away(engine))
    raises = f"DO $$ BEGIN RAISE EXCEPTION 'No space left on /somewhere' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(DatabaseFull, match="no room left") as said, say_away(engine).begin() as connection:
        connection.execute(text(raises))
    assert "somewhere" not in str(said.value)
    with book.as_(SYSTEM) as page:
        assert page.version() == 0


def test_who_waits_too_long_for_a_connection_is_told_so_and_the_next_one_works(database):
    source = database.engine()
    dry = create_engine(source.url, creator=source.pool._creator, poolclass=Pool, pool_size=1, max_overflow=0,
                        pool_timeout=0.2)  # fmt: skip
    with dry.connect() as holds:
        assert holds.execute(text("SELECT 1")).scalar_one() == 1
        with pytest.raises(DatabaseAway, match="all connections") as said, PostgresBook(say_away(dry)).as_(SYSTEM):
            pass
    assert said.value.fix
    with PostgresBook(dry).as_(SYSTEM) as page:
        assert page.version() == 0
    dry.dispose()
