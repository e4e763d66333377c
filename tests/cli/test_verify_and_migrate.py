"""`moms verify` and `moms migrate`, from the words on the command line to the exit code."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from moms.cli.entry import main
from moms.outages import State, Status
from moms.store.embedded import ADMIN
from moms.store.migrate import HEAD
from moms.store.place import NotReady, migrate_named, open_place
from moms.values import SYSTEM
from tests.postgres import an_event, an_outage, servers

__all__ = ["servers"]


@pytest.fixture
def home(monkeypatch):
    """Give a home of this test's own."""
    base = Path(tempfile.mkdtemp(prefix="moms-test-"))
    base.chmod(0o711)
    monkeypatch.setenv("MOMS_HOME", str(base / "home"))
    for name in ("MOMS_DATABASE_URL", "MOMS_MIGRATE_URL"):
        monkeypatch.delenv(name, raising=False)
    yield base / "home"
    shutil.rmtree(base)


def submit_one():
    with open_place(env=os.environ) as place, place.book.as_(SYSTEM) as page:
        outage = an_outage(1, state=State.SUBMITTED, status=Status.NONE)
        page.add(outage, an_event(outage))


def answer(capsys, *words):
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_fresh_home_is_migrated_by_any_command_and_verified_whole(home, capsys):
    assert answer(capsys, "migrate") == (0, {"changed": True, "step": HEAD})
    assert answer(capsys, "migrate") == (0, {"changed": False, "step": HEAD})
    submit_one()
    code, verdict = answer(capsys, "verify")
    assert code == 0
    assert (verdict["lines"], verdict["anchors"], verdict["confirmed"], verdict["faults"]) == (1, 1, 1, [])
    assert main(["verify"]) == 0
    assert capsys.readouterr().out.startswith("The record is whole.\nExamined: 1 journal lines in 1 chains")


def test_damage_is_told_with_its_place_and_exit_code_3(home, capsys):
    submit_one()
    with open_place(env=os.environ) as place:
        assert place.embedded is not None
        address = place.embedded.start()
        with psycopg.connect(
            host=address.socket_folder, user=ADMIN, password=address.passwords[ADMIN], dbname="moms", autocommit=True
        ) as admin:
            admin.execute("ALTER TABLE moms.journal DISABLE TRIGGER ALL")
            admin.execute("UPDATE moms.journal SET body = replace(body, 'because', 'for no reason')")
    code, verdict = answer(capsys, "verify")
    assert code == 3
    assert [fault["says"] for fault in verdict["faults"]] == ["line 1 of owner-a was changed after it was written"]
    assert main(["verify"]) == 3
    assert capsys.readouterr().out.startswith("The record is damaged in 1 place.")
    assert main(["verify", "--anchors", str(home / "no-such-file")]) == 2


def test_a_named_server_must_be_migrated_and_its_login_modest(home, capsys, servers, monkeypatch):
    server = servers.named("wheel")
    address = server.address
    server.fresh().drop()  # makes the roles and their logins
    with server.admin() as admin:
        admin.execute("CREATE DATABASE production")

    def url(user):
        return f"postgresql://{user}:{address.passwords[user]}@/production?host={address.socket_folder}"

    monkeypatch.setenv("MOMS_DATABASE_URL", url("moms_app"))
    assert main(["verify"]) == 2
    assert "run: moms migrate" in capsys.readouterr().err
    monkeypatch.setenv("MOMS_MIGRATE_URL", url(ADMIN))
    assert answer(capsys, "migrate") == (0, {"changed": True, "step": HEAD})
    assert main(["verify"]) == 0
    monkeypatch.setenv("MOMS_DATABASE_URL", url(ADMIN))
    capsys.readouterr()
    assert main(["verify"]) == 2
    assert "may pass the database's own guards by" in capsys.readouterr().err
    monkeypatch.setenv("MOMS_DATABASE_URL", url("moms_app").replace(address.passwords["moms_app"], "wrong"))
    assert main(["verify"]) == 2
    said = capsys.readouterr()
    assert "cannot be used" in said.err
    assert "wrong" not in said.err + said.out
    for other in ("sqlite:///x", "mysql://h/x", "::"):
        monkeypatch.setenv("MOMS_DATABASE_URL", other)
        assert main(["verify"]) == 2
    with server.admin() as admin:
        admin.execute("DROP DATABASE production WITH (FORCE)")


def test_an_ordinary_login_that_may_create_roles_can_migrate(home, capsys, servers, monkeypatch):
    server = servers.named("wheel")
    server.fresh().drop()
    with server.admin() as admin:
        admin.execute("CREATE ROLE dba LOGIN CREATEROLE PASSWORD 'dba'")
        admin.execute("GRANT moms_owner TO dba")
        admin.execute("CREATE DATABASE modest OWNER dba")
    monkeypatch.setenv("MOMS_MIGRATE_URL", f"postgresql://dba:dba@/modest?host={server.address.socket_folder}")
    assert answer(capsys, "migrate") == (0, {"changed": True, "step": HEAD})
    assert answer(capsys, "migrate") == (0, {"changed": False, "step": HEAD})
    with server.admin() as admin:
        admin.execute("DROP DATABASE modest WITH (FORCE)")
        admin.execute("DROP ROLE dba")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:x@db.example/moms",
        "postgresql://me:x@10.0.0.5/moms?sslmode=require",
        "postgresql://me:x@10.0.0.5/moms?sslmode=verify-ca",
        "postgresql://me:x@/moms?host=db.example",
        "postgresql://me:x@/moms?host=/run/postgresql,db.example",
        "postgresql://me:x@localhost/moms?hostaddr=10.0.0.5",
    ],
)
@pytest.mark.parametrize("name", ["MOMS_DATABASE_URL", "MOMS_MIGRATE_URL"])
def test_a_database_elsewhere_is_not_talked_to_without_tls_that_checks_who_answers(url, name):
    begin = open_place if name == "MOMS_DATABASE_URL" else migrate_named
    with pytest.raises(NotReady, match="without TLS") as refused:
        begin(env={name: url})
    assert refused.value.field == name
    assert "sslmode=verify-full" in refused.value.fix


def test_a_way_that_the_installation_guards_or_that_checks_who_answers_is_taken():
    for url, plain in (
        ("postgresql://me:x@moms.invalid/moms?sslmode=verify-full", ""),
        ("postgresql://me:x@moms.invalid/moms", "other moms.invalid"),
    ):
        with pytest.raises(NotReady, match="cannot be used"):  # asked for, and not found
            open_place(env={"MOMS_DATABASE_URL": url, "MOMS_DATABASE_PLAIN": plain})
