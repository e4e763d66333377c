"""The program of the step before runs beside this one on this one's database, or says why it does not."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from moms.desk import notices as desk
from moms.desk.ports import Search
from moms.records.notices import Channel, Subscription
from moms.records.told import Severity
from moms.store import migrate
from moms.store.audit import verify
from moms.store.book import PostgresBook
from moms.store.notices import PostgresNotices
from moms.store.place import url_of
from moms.values import SYSTEM, Actor, Role
from tests.exchange.casefiles import FIVE_BUSES
from tests.postgres import NOON, servers

__all__ = ["servers"]
ROOT = Path(__file__).parents[2]
STEPS = sorted(p.name[1:5] for p in Path(migrate.__file__).parent.glob("migrations/versions/v*.py"))
BEFORE = STEPS[-2]
NOW = "2027-02-01T15:00Z"


def git(*words) -> bytes:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(
            f"the program of step {BEFORE} is in the history, and there is none here: {done.stderr.decode()[:80]}"
        )
    return done.stdout


@pytest.fixture(scope="module")
def older(tmp_path_factory) -> Path:
    """Give the source of the last program whose step was the one before."""
    said, file = f'HEAD = "{BEFORE}"', "src/moms/store/migrate.py"
    turned = git("log", "-1", "--format=%H", f"-S{said}", "--", file).decode().strip()
    last = f"{turned}^" if turned and said.encode() not in git("show", f"{turned}:{file}") else "HEAD"
    if said.encode() not in git("show", f"{last}:{file}"):
        pytest.skip(f"the history here does not reach back to a program of step {BEFORE}")
    where = tmp_path_factory.mktemp("older")
    with tarfile.open(fileobj=io.BytesIO(git("archive", last, "src"))) as archive:
        archive.extractall(where, filter="data")
    return where / "src"


@pytest.fixture
def shared(servers, older, tmp_path):
    """Give a database at this program's step, and both programs on it."""
    database = servers.named("wheel").fresh()
    url = url_of(database.server.address, login="moms_app", database=database.name)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")}
    env = {**clean, "MOMS_DATABASE_URL": url.render_as_string(hide_password=False), "MOMS_HOME": str(tmp_path)}
    case = tmp_path / "case1.m"
    case.write_text(FIVE_BUSES)

    def run(which, *words, codes=(0, 1)):
        source = {"new": ROOT / "src", "old": older}[which]
        done = subprocess.run([sys.executable, "-m", "moms", *words], env={**env, "PYTHONPATH": str(source)},
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert done.returncode in codes, (which, words, done.stdout[-500:], done.stderr[-500:])
        return done.stdout

    run("new", "grid", "import", str(case))
    yield database, run, tmp_path
    database.drop()


def asked(folder, reference, branch, **more):
    file = folder / f"{reference}.json"
    file.write_text(json.dumps({
        "external_id": reference, "organisation": "TO-1", "category": "transmission", "kind": "planned", "nature": "LM",
        "assets": [f"branch:{branch}"], "window": {"start": "2027-04-05T00:00-05:00", "end": "2027-04-05T23:00-05:00"},
        "recall_h": 4, "emergency_return_h": 2, "contacts": [{"name": "ann", "phone": "+1 555 0100"}], **more,
    }))  # fmt: skip
    return str(file)


WHO = ("--as", "ann", "--org", "TO-1", "--role", "owner", "--now", NOW, "--grid", "case1", "--json")


def test_both_programs_file_decide_tell_and_read_what_the_other_did_and_the_record_is_whole(shared):
    database, run, folder = shared
    for which, reference, branch in (("new", "A", 3), ("old", "B", 4), ("new", "C", 6), ("old", "D", 1)):
        run(which, "submit", asked(folder, reference, branch, group="together" if branch in {4, 1} else None), *WHO)
    for which in ("old", "new"):
        found = json.loads(run(which, "list", *WHO))
        rows = found["items"] if isinstance(found, dict) else found
        assert len(rows) == 4, which
    for which, reference in (("old", "A"), ("new", "B")):
        assert json.loads(run(which, "show", reference, *WHO))["outage"]["request"]["external_id"] == reference
    told = {which: json.loads(run(which, "notices", "list", *WHO[:8], "--json")) for which in ("old", "new")}
    assert [n["id"] for n in told["old"]] == [n["id"] for n in told["new"]]
    assert told["old"], "somebody was told of something"
    run("old", "notices", "ack", told["new"][0]["id"], *WHO[:8], "--json")
    with PostgresBook(database.engine()).as_(SYSTEM) as page:
        grouped = {o.request.external_id for o in page.find(Search(group="together"))}
    assert grouped == {"B", "D"}, "the database fills what a program of before does not know"
    assert verify(database.engine(), outside=()).whole
    run("old", "verify", codes=(0,))


def test_a_program_that_could_not_tell_somebody_does_nothing_rather_than_that(shared):
    database, run, folder = shared
    eve = Actor(name="eve", organisation="operator", role=Role.ENGINEER)
    desk.follow(
        notices=PostgresNotices(database.engine()), actor=eve, now=NOON,
        subscription=Subscription(id="s1", organisation="operator", person="eve", channel=Channel.SMS, sees_all=True,
                                  target="+13175550100", severity=Severity.URGENT),
    )  # fmt: skip
    file = asked(folder, "A", 3)
    done = run("old", "submit", file, *WHO, codes=(3,)) if BEFORE == "0016" else ""
    with PostgresBook(database.engine()).as_(SYSTEM) as page:
        assert page.find(Search()) == (), done
    run("new", "submit", file, *WHO)
    assert verify(database.engine(), outside=()).whole


def test_a_database_says_how_old_a_program_may_be(servers):
    database = servers.named("wheel").fresh()
    with database.engine().connect() as connection:
        oldest = connection.exec_driver_sql("SELECT moms.oldest_program()").scalar_one()
        assert migrate.fits(connection)
    database.drop()
    assert STEPS[0] < oldest <= migrate.HEAD
