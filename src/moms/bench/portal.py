"""Figures of the service with many screens open: what their streams cost, and how soon all hear of an event.

The service is a process of its own on a home of its own; its memory is what the kernel calls resident, before
the streams are opened and after all of them listen. Linux alone says so in `/proc`.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from moms.bench import screens
from moms.bench.own_home import own_home
from moms.bench.rows import Row
from moms.desk import people
from moms.desk.people import Person, Scope
from moms.store.people import PostgresRegister
from moms.store.place import open_place
from moms.values import Actor, Refused, Role
from moms.wiring.people import hasher, new_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STREAMS, QUICK = 1000, 100
EACH = 50
"""Streams of one person."""
GOAL_MB = 60.0
PATIENCE_S = 300.0
ROOT = Actor(name="root", organisation="operator", role=Role.ADMINISTRATOR)
STATUS = Path("/proc/self/status")


def rows(*, quick: bool) -> list[Row]:
    """Measure both halves: screens that listen, then what each costs a browser with quick answers beside."""
    return [*streams(quick=quick), *screens.rows(quick=quick)]


def streams(*, quick: bool) -> list[Row]:
    """Open the streams and measure; `quick` opens a tenth of them and has no goal."""
    count = QUICK if quick else STREAMS
    what = f"memory of one web process that {count} open event streams take"
    heard = f"from sending the report of a forced outage until all {count} streams have heard of it"
    if not STATUS.exists():
        why = "only Linux says what a process holds"
        return [Row(id="portal.streams", what=what, value=None, unit="MB", why=why)]
    with own_home() as home, _served(home) as (base, pid, tokens):
        with _open(base, tokens[:1] * 10):
            pass  # what the first ones load stays: it is not a stream's
        idle = _resident_mb(pid)
        with _open(base, [tokens[k // EACH] for k in range(count)]) as ears:
            time.sleep(3.0)
            full = _resident_mb(pid)
            took = _told(base, tokens[-1], ears)
    goal = None if quick else GOAL_MB
    return [
        Row(id="portal.streams", what=what, value=full - idle, unit="MB", goal=goal, runs=1),
        Row(id="portal.idle", what="memory of that process before, the MISO-size grid in it", value=idle, unit="MB",
            runs=1),
        Row(id="portal.heard", what=heard, value=took, unit="s", clock="wall", runs=1),
    ]  # fmt: skip


@contextmanager
def _served(home: Path) -> Iterator[tuple[str, int, list[str]]]:
    """Serve from an empty home; give the address, the process, and a token each of some people."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")} | {"MOMS_HOME": str(home)}
    with open_place(env=env) as place:
        tokens = _people(PostgresRegister(place.engine))
        words = ("serve", "--port", "0", "--json", "--send", "0", "--streams", str(STREAMS + 20))
        started = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "moms", *words], env=env, stdout=subprocess.PIPE, text=True
        )
        with started as process:
            try:
                said = process.stdout.readline() if process.stdout else ""
                if not said:
                    raise Refused("the service did not start", field="portal", fix="see what it says above")
                yield str(json.loads(said)["address"]), process.pid, tokens
            finally:
                process.terminate()
                process.wait(30)


def _people(register: PostgresRegister) -> list[str]:
    """Enter control-room people, who see everything, and give a token of each."""
    found, now, kept = list[str](), datetime.now(UTC), hasher().hash(new_token())
    for k in range(STREAMS // EACH + 1):
        person = Person(name=f"roy{k}", organisation="operator", role=Role.CONTROL_ROOM, password=kept, made_at=now)
        people.add_person(register=register, actor=ROOT, now=now, person=person)
        found.append(new_token())
        people.issue_token(register=register, actor=ROOT, now=now, name=person.name, secret=found[-1], days=1,
                           scopes=tuple(Scope))  # fmt: skip
    return found


@contextmanager
def _open(base: str, tokens: list[str]) -> Iterator[list[socket.socket]]:
    """Open a stream for each token and wait until it listens."""
    ears = list[socket.socket]()
    try:
        for token in tokens:
            ears.append(_connect(base))
            ears[-1].sendall(_request("GET", "/events", token, {}))
            _until(ears[-1], b": listening")
        yield ears
    finally:
        for one in ears:
            one.close()


def _told(base: str, token: str, ears: list[socket.socket]) -> float:
    """Report a forced outage; give the seconds from then until every stream has told of it."""
    body = json.dumps({"assets": ["branch:100"], "description": "bench"}).encode()
    more = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Idempotency-Key": "bench-1"}
    with _connect(base) as one:
        begun = time.monotonic()
        one.sendall(_request("POST", "/forced", token, more) + body)
        _all_heard(ears)
        took = time.monotonic() - begun
        _until(one, b"HTTP/1.1 200")
    return took


def _all_heard(ears: list[socket.socket]) -> None:
    with selectors.DefaultSelector() as waiting:
        for one in ears:
            waiting.register(one, selectors.EVENT_READ, bytearray())
        end = time.monotonic() + PATIENCE_S
        while waiting.get_map():
            if time.monotonic() > end:
                raise Refused("not every stream heard", field="portal", fix="try again with less load on the machine")
            for key, _ in waiting.select(1.0):
                ear = cast("socket.socket", key.fileobj)
                key.data.extend(ear.recv(65536))
                if b"event: outage" in key.data:
                    waiting.unregister(ear)


def _connect(base: str) -> socket.socket:
    parts = urlsplit(base)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENCE_S)


def _request(method: str, way: str, token: str, more: Mapping[str, str]) -> bytes:
    headers = {"Host": "127.0.0.1", "Authorization": f"Bearer {token}", **more}
    lines = [f"{method} /api/v1{way} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _until(one: socket.socket, wanted: bytes) -> None:
    """Read until a connection has said so.

    Raises:
        Refused: it closed, and had said something else.
    """
    said = b""
    while wanted not in said:
        more = one.recv(65536)
        if not more:
            raise Refused(f"the service said {said[:200]!r}", field="portal", fix="see its log")
        said += more


def _resident_mb(pid: int) -> float:
    (line,) = (x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6
