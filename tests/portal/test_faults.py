"""The database is killed while requests are filed: what was answered is there, what is tried again is there once."""

from __future__ import annotations

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from moms.desk.ports import DatabaseFull
from moms.portal.errors import of_refusal
from tests.portal.conftest import a_request, key

MANY = 24
PATIENCE_S = 90.0


def postmaster(home: Path) -> int:
    place = Path(json.loads((home / "database.json").read_text())["place"])
    return int((place / "data" / "postmaster.pid").read_text().splitlines()[0])


def served(alone):
    """Give the status of each answer that the server's log names."""
    lines = [line for line in alone.log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
    return [json.loads(line).get("status") for line in lines]


def test_a_database_that_is_killed_while_requests_are_filed_loses_none_and_doubles_none(alone):
    def filed(asked):
        """Send the same again under the same key until it is answered."""
        own, until, tries = {**key(), "Prefer": "respond-async"}, time.monotonic() + PATIENCE_S, 0
        answers = []
        with httpx.Client(headers={"Authorization": f"Bearer {alone.tokens['ann']}"}, timeout=60) as client:
            while time.monotonic() < until:
                tries += 1
                found = client.post(f"{alone.base}/api/v1/outages", json=asked, headers=own)
                if found.status_code == 202:
                    answers.append(found.content)
                    if len(answers) == 2:  # the second may meet the database as it is killed, too
                        assert answers[0] == answers[1]
                        return asked["external_id"], tries
                    continue
                assert found.status_code in {409, 503}, found.text
                refused.append((found.status_code, found.json()["type"], found.headers.get("Retry-After")))
                time.sleep(0.3)
        raise AssertionError(f"{asked['external_id']} had no answer: {found.status_code} {found.text}")

    refused = list[tuple[int, str, str | None]]()
    before = postmaster(alone.home)
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(filed, a_request()) for _ in range(MANY)]
        while sum(one.done() for one in sent) < 4:
            time.sleep(0.01)
        os.kill(before, signal.SIGKILL)
        done = dict(one.result() for one in sent)
    assert postmaster(alone.home) != before, "it was started again"
    assert all(wait for status, _, wait in refused if status == 503), refused
    until = time.monotonic() + PATIENCE_S  # the line of an answer is written once it has gone
    while served(alone).count(202) < 2 * MANY and time.monotonic() < until:
        time.sleep(0.05)
    statuses = served(alone)
    assert statuses.count(202) >= 2 * MANY
    assert 500 not in statuses, "a database that is away is no fault of the program"
    rows = alone.as_("ann").get("/outages", params={"limit": 1000}).json()["items"]
    assert sorted(r["request"]["external_id"] for r in rows) == sorted(done)
    told = [(verb, outage) for verb, _, outage in alone.lines()]
    for row in rows:
        assert [verb for verb, outage in told if outage == row["id"]] == ["submit", "validate"]
    assert alone.place.verify().whole


def test_a_database_without_room_is_no_fault_of_who_asks_and_says_what_to_do():
    said = of_refusal(DatabaseFull("the database has no room left", fix="give it room"))
    assert said.status_code == 507
    assert json.loads(bytes(said.body)) == {
        "type": "urn:moms:DatabaseFull", "title": "the database has no room left", "status": 507, "field": None,
        "fix": "give it room",
    }  # fmt: skip
    assert said.headers["Retry-After"] == "5"
