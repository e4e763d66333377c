"""A server is killed while it works; another goes on. And one with too much to do says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.portal.conftest import a_request, key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.portal.conftest import Running

PATIENCE_S = 60.0


@contextmanager
def another(running: Running, *more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a second server on the same database; give its address and its process."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")} | {"MOMS_HOME": str(running.home)}
    process = subprocess.Popen(
        [sys.executable, "-m", "moms", "serve", "--port", "0", "--grid", "case1", "--lease", "2", "--json", *more],
        env=env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["address"], process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(20)
        process.stdout.close()


def kill_while_it_works(running: Running, after_s: float) -> None:
    """Send a request to a server that is killed so long after, and the same one to another until it is answered."""
    asked, own = a_request(), key()
    headers = {"Authorization": f"Bearer {running.tokens['ann']}", **own}
    with another(running) as (base, process), ThreadPoolExecutor(1) as pool:
        sent = pool.submit(httpx.post, f"{base}/api/v1/outages", json=asked, headers=headers, timeout=60)
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        told = None if sent.exception() else sent.result()
    found = again(running, asked, own)
    assert found.status_code == 200, found.text
    if told is not None:
        assert (told.status_code, told.content) == (found.status_code, found.content)
    rows = running.as_("ann").get("/outages", params={"text": str(asked["external_id"])}).json()["items"]
    assert [row["external_id"] for row in [r["request"] for r in rows]] == [asked["external_id"]]
    verbs = [verb for verb, _, outage in running.lines() if outage == rows[0]["id"]]
    assert verbs == ["submit", "validate", "decide:refer"]
    assert running.place.verify().whole


def again(running: Running, asked: dict[str, object], own: dict[str, str]) -> httpx.Response:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = running.as_("ann").post("/outages", json=asked, headers=own)
        if found.status_code != 409:
            return found
        assert int(found.headers["Retry-After"]) >= 1
        time.sleep(0.2)
    pytest.fail(f"no answer within {PATIENCE_S} s")


@pytest.mark.parametrize("after_s", [0.03, 0.08])
def test_a_server_that_is_killed_at_work_has_done_it_exactly_once_after_all(running, after_s):
    kill_while_it_works(running, after_s)


@pytest.mark.long
def test_servers_that_are_killed_at_any_moment_have_done_it_exactly_once_after_all(running, long_seed, cases):
    rng = Random(long_seed)
    for _ in range(20):
        kill_while_it_works(running, rng.uniform(0.0, 0.25))
        cases.append(1)


def test_a_server_with_too_much_to_do_says_so_and_when_to_come_back(running):
    with another(running, "--queue", "0", "--rate", "500") as (base, _), ThreadPoolExecutor(12) as pool:
        headers = {"Authorization": f"Bearer {running.tokens['ann']}"}

        def send(_):
            return httpx.post(f"{base}/api/v1/outages", json=a_request(), headers={**headers, **key()}, timeout=60)

        found = list(pool.map(send, range(24)))
        codes = {r.status_code for r in found}
        assert codes == {200, 503}
        for busy in (r for r in found if r.status_code == 503):
            assert busy.headers["Content-Type"] == "application/problem+json"
            assert int(busy.headers["Retry-After"]) >= 1
        looked = httpx.get(f"{base}/api/v1/outages", headers=headers)
        assert looked.status_code == 200, "who only looks does not wait for studies"


def test_a_server_with_a_worker_beside_it_does_what_is_due_and_starts_it_again(alone):
    asked = a_request()
    assert alone.as_("ann").post("/outages", json=asked, headers=key()).status_code == 200
    name = alone.as_("ann").get("/outages", params={"text": str(asked["external_id"])}).json()["items"][0]["id"]
    alone.at(datetime.fromisoformat(asked["window"]["start"]) - timedelta(days=1))  # it asks for a day of its own
    with another(alone, "--work") as (_, server):
        wait_for(lambda: ("answer_overdue", "moms", name) in alone.lines())
        (worker,) = children(server.pid)
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: [pid for pid in children(server.pid) if pid != worker])
        (second,) = children(server.pid)
    assert alone.lines().count(("answer_overdue", "moms", name)) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def wait_for(there):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if there():
            return
        time.sleep(0.2)
    pytest.fail(f"nothing within {PATIENCE_S} s")


def children(pid: int) -> list[int]:
    """Give the processes that a process has started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]
