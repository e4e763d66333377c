"""Two processes at once: exactly one wins, and a killed one leaves nothing half done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from moms.desk.ports import Search
from moms.store.audit import verify
from moms.store.book import PostgresBook
from moms.values import SYSTEM
from tests.postgres import an_event, an_outage

ROOT = Path(__file__).parents[2]
ROUNDS = 40


def start(module, **env):
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return subprocess.Popen(
        [sys.executable, "-m", module],
        env={**os.environ, "PYTHONPATH": paths, **env},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("how", ["add", "hold"])
def test_of_two_processes_that_want_the_same_equipment_exactly_one_gets_it(database, how):
    address = database.server.address
    url = {
        "drivername": "postgresql+psycopg",
        "username": "moms_app",
        "password": address.passwords["moms_app"],
        "database": database.name,
        "query": {"host": address.socket_folder},
    }
    begin = time.time() + 4  # noqa: TID251 - the instant at which all processes start
    racers = [
        start("tests.store.racing", RACE=json.dumps([url, me, ROUNDS, begin, how])) for me in ("one", "two", "three")
    ]
    answers = [racer.communicate(timeout=120)[0].split() for racer in racers]
    assert [len(answer) for answer in answers] == [ROUNDS] * 3
    for n, answer in enumerate(zip(*answers, strict=True)):
        assert answer.count("won") <= 1, (n, answer)
        if how == "add":
            assert sorted(answer) == ["taken", "taken", "won"], (n, answer)
    book = PostgresBook(database.engine())
    with book.as_(SYSTEM) as page:
        standing = page.find(Search(holding=True))
        assert len(standing) == page.version() == sum(answer.count("won") for answer in answers)
    windows = sorted((o.window for o in standing), key=lambda w: w.start)
    assert not any(a.overlaps(b) for a, b in pairwise(windows))
    assert verify(book.engine, outside=()).whole


HALF = """
import json, os, time
from sqlalchemy import URL, create_engine
from moms.store.book import PostgresBook
from moms.values import SYSTEM
from tests.postgres import an_event, an_outage
book = PostgresBook(create_engine(URL.create(**json.loads(os.environ["RACE"]))))
with book.as_(SYSTEM) as page:
    page.add(an_outage(1), an_event(an_outage(1)))
    page.keep_decision("D-1", "O-0001", {})
    print("half", flush=True)
    time.sleep(60)
"""


def test_a_process_killed_in_the_middle_leaves_nothing(database):
    address = database.server.address
    url = {
        "drivername": "postgresql+psycopg",
        "username": "moms_app",
        "password": address.passwords["moms_app"],
        "database": database.name,
        "query": {"host": address.socket_folder},
    }
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with subprocess.Popen(
        [sys.executable, "-c", HALF],
        env={**os.environ, "PYTHONPATH": paths, "RACE": json.dumps(url)},
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "half\n"
        killed.send_signal(signal.SIGKILL)
    book = PostgresBook(database.engine())
    with book.as_(SYSTEM) as page:
        assert page.find(Search()) == ()
        page.add(an_outage(1), an_event(an_outage(1)))
        assert page.version() == 1
    assert verify(book.engine, outside=()).whole
