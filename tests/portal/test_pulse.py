"""Who listens: many at once for the cost of few, on one port that several processes serve."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from moms.desk import people
from moms.desk.people import Scope
from tests.portal.conftest import ADMIN, filed, password
from tests.portal.test_death import another, children, wait_for

LISTENERS = 24
PLAIN = False
"""No certificates are read for connections without TLS: that takes longer than all else of a client."""


@pytest.fixture
def two(alone):
    """Serve the same book by two processes on one port."""
    with another(alone, "--processes", "2") as (base, server):
        wait_for(lambda: len(children(server.pid)) == 1)
        yield base, server


def sockets(pid: int) -> int:
    """Count the sockets that a process has open, as the kernel tells."""
    return sum(str(one.readlink()).startswith("socket:") for one in Path(f"/proc/{pid}/fd").iterdir())


def client(base: str, token: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"{base}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60, verify=PLAIN
    )


class Ears:
    """So many that listen, each on a connection and in a thread of its own."""

    def __init__(self, base: str, tokens: list[str]) -> None:
        self.heard: list[list[dict]] = [[] for _ in tokens]
        self.ready = threading.Semaphore(0)
        self.clients = [client(base, token) for token in tokens]
        self.threads = [threading.Thread(target=self._listen, args=(k,), daemon=True) for k in range(len(tokens))]
        for thread in self.threads:
            thread.start()
        for _ in tokens:
            assert self.ready.acquire(timeout=60)

    def _listen(self, k: int) -> None:
        try:
            with self.clients[k].stream("GET", "/events") as stream:
                for line in stream.iter_lines():
                    if line == ": listening":
                        self.ready.release()
                    if line.startswith("data: "):
                        self.heard[k].append(json.loads(line[6:]))
        except httpx.HTTPError:
            pass  # the test is over, or what served it was ended

    def close(self) -> None:
        for one in self.clients:
            one.close()


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel by /proc which process has which sockets")
def test_a_session_is_served_and_everybody_hears_whichever_process_answers(two, alone):
    base, server = two
    (other,) = children(server.pid)
    # The second reads its grid first; it serves once it listens, and connections go to whichever is quicker.
    with httpx.Client(base_url=base, timeout=60) as window:
        said = window.put("/api/v1/session", json={"name": "ann", "password": password("ann")})
        assert said.status_code == 200, said.text
        cookie = dict(window.cookies)
    before = {server.pid: 0, other: 0}

    def both_at_work() -> bool:
        """See each answer a request of the session on a connection of its own."""
        held = []
        try:
            for _ in range(8):
                held.append(httpx.Client(base_url=base, cookies=cookie, timeout=60, verify=PLAIN))
                assert held[-1].get("/api/v1/session").status_code == 200
            now = {pid: sockets(pid) for pid in before}
        finally:
            for one in held:
                one.close()
        time.sleep(0.5)
        return all(now[pid] > sockets(pid) for pid in before)

    wait_for(both_at_work)
    ears = Ears(base, [alone.tokens["eve"]] * LISTENERS)
    try:
        with client(base, alone.tokens["ann"]) as ann:
            outage = filed(ann)
        wait_for(lambda: all(any(e["outage"] == outage["id"] for e in heard) for heard in ears.heard))
    finally:
        ears.close()


def test_a_process_that_died_is_started_again_and_the_session_goes_on(two):
    base, server = two
    (other,) = children(server.pid)
    with httpx.Client(base_url=base, timeout=60) as window:
        assert window.put("/api/v1/session", json={"name": "ann", "password": password("ann")}).status_code == 200
        cookie = dict(window.cookies)
    os.kill(other, signal.SIGKILL)
    for _ in range(5):
        assert httpx.get(f"{base}/api/v1/session", cookies=cookie, timeout=60).status_code == 200
    wait_for(lambda: [pid for pid in children(server.pid) if pid != other])


def test_many_who_see_the_same_are_told_the_same_in_order_and_an_owner_hears_nothing_of_others(running):
    names = ["eve"] * 20 + ["roy"] * 10 + ["bob"] * 10
    ears = Ears(running.base, [running.tokens[name] for name in names])
    try:
        ann = running.as_("ann")
        outages = [filed(ann)["id"] for _ in range(3)]
        told = lambda heard: [(e["sequence"], e["verb"]) for e in heard if e["outage"] in outages]  # noqa: E731
        wait_for(lambda: all({e["outage"] for e in heard} >= set(outages) for heard in ears.heard[:30]))
        time.sleep(1.5)  # what comes after the last is told as well
        first = told(ears.heard[0])
        assert first == sorted(first)
        assert all(told(heard) == first for heard in ears.heard[:30])
        assert not any(told(heard) for heard in ears.heard[30:])
    finally:
        ears.close()


def test_one_person_cannot_take_the_room_of_all(running):
    before = _open_streams(running)
    ears = Ears(running.base, [running.tokens["pat"]] * 64)
    try:
        assert _open_streams(running) >= before + 64
        refused = running.as_("pat").get("/events")
        assert refused.status_code == 503
        assert "you listen in too many windows" in refused.json()["title"]
        with running.as_("eve").stream("GET", "/events") as other:
            assert next(other.iter_lines()) == ": listening"
    finally:
        ears.close()
    wait_for(lambda: _open_streams(running) <= before + 1)


def test_of_two_windows_of_one_person_the_one_that_is_revoked_hears_no_more(running):
    kept, gone = running.token("eve", Scope.READ), running.token("eve", Scope.READ)
    ears = Ears(running.base, [kept, gone])
    try:
        people.revoke_token(
            register=running.register, actor=ADMIN, now=datetime.now(UTC), token=people.hash_of(gone)[:12]
        )
        wait_for(lambda: not ears.threads[1].is_alive())
        outage = filed(running.as_("ann"))
        wait_for(lambda: any(e["outage"] == outage["id"] for e in ears.heard[0]))
        assert not any(e["outage"] == outage["id"] for e in ears.heard[1])
    finally:
        ears.close()


def _open_streams(running) -> float:
    found = re.search(r"^moms_streams (\S+)", httpx.get(running.metrics, timeout=60).text, re.MULTILINE)
    assert found
    return float(found[1])
