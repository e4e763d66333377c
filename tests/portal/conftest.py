"""A real server process on a port of its own, with a real database and people of three organisations."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from moms.desk import people
from moms.desk.people import Person, Scope
from moms.store.people import PostgresRegister
from moms.store.place import Place, open_place
from moms.values import Actor, Role
from moms.wiring.people import Argon2, new_token
from moms.wiring.settings import set_demo_clock
from tests.exchange.casefiles import FIVE_BUSES
from tests.portal.described import Described
from tests.scanners import Scans, scanning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADMIN = Actor(name="root", organisation="operator", role=Role.ADMINISTRATOR)
START = datetime(2027, 2, 1, 15, tzinfo=UTC)
PEOPLE = {
    "ann": ("TO-1", Role.OWNER),
    "bob": ("TO-2", Role.OWNER),
    "eve": ("operator", Role.ENGINEER),
    "roy": ("operator", Role.CONTROL_ROOM),
    "aud": ("operator", Role.AUDITOR),
    "pat": ("operator", Role.PLANNER),
    "adm": ("operator", Role.ADMINISTRATOR),
    "age": ("TO-1", Role.AGENT),
    "fay": ("TO-1", Role.FIELD),
    "pub": ("TO-1", Role.PUBLIC),
}
_number, _key = itertools.count(1), itertools.count(1)
UNTOUCHED = (3, 4, 6)
"""Branches that no test reports as forced: those stay out until somebody says that they are back."""


@dataclass
class Running:
    """The server, its database, and a token for each person."""

    base: str
    home: Path
    place: Place
    register: PostgresRegister
    tokens: dict[str, str]
    process: subprocess.Popen[str]
    log: Path
    scanner: Scans
    """What looks into files, and how it answers."""
    metrics: str = ""
    clients: list[httpx.Client] = field(default_factory=list)
    described: Described | None = None
    """What each answer is held against."""

    def token(self, name: str, *scopes: Scope) -> str:
        """Issue a token."""
        secret = new_token()
        people.issue_token(
            register=self.register, actor=ADMIN, now=datetime.now(UTC), name=name, secret=secret, days=1,
            scopes=scopes or tuple(Scope),
        )  # fmt: skip
        return secret

    def as_(self, name: str | None = None, *, token: str | None = None, **headers: str) -> httpx.Client:
        """Give a client that acts by a token (nobody's where neither is named)."""
        secret = token or (self.tokens[name] if name else None)
        known = {"Authorization": f"Bearer {secret}"} if secret else {}
        if self.described is None:
            self.described = Described(httpx.get(f"{self.base}/openapi.json").json())
        self.clients.append(
            httpx.Client(base_url=f"{self.base}/api/v1", headers={**known, **headers}, timeout=60,
                         event_hooks={"response": [self.described.check]})
        )  # fmt: skip
        return self.clients[-1]

    def signed_in(self, name: str) -> httpx.Client:
        """Give a client with a session, which sends its CSRF token."""
        client = self.as_()
        found = client.put("/session", json={"name": name, "password": password(name)})
        assert found.status_code == 200, found.text
        client.headers["X-CSRF-Token"] = found.json()["csrf"]
        return client

    def at(self, instant: datetime) -> None:
        """Set the desk's clock."""
        set_demo_clock(self.home, instant)

    def lines(self) -> list[tuple[str, str, str]]:
        """Give verb, actor and outage of every event in the journal, as written."""
        with self.place.book.as_(ADMIN) as page:
            told = page.told({}, limit=100_000)
        events = [t.event for t in told if t.event is not None]
        return [(e.verb, e.actor.name, e.outage_id) for e in events if e.outage_id]


def password(name: str) -> str:
    """Give somebody's password."""
    return f"the password of {name}"


def key() -> dict[str, str]:
    """Give a fresh idempotency key."""
    return {"Idempotency-Key": f"k{next(_key)}"}


def a_request(*, organisation: str = "TO-1", **changes: object) -> dict[str, object]:
    """Give a request that no entry rule returns: no two have the same branch on the same day, none has branch 8."""
    number = next(_number)
    day = START + timedelta(days=60 + number // len(UNTOUCHED))
    return {
        "external_id": f"W-{number}",
        "organisation": organisation,
        "category": "transmission",
        "kind": "planned",
        "nature": "LM",
        "assets": [f"branch:{UNTOUCHED[number % len(UNTOUCHED)]}"],
        "window": {"start": f"{day:%Y-%m-%d}T00:00-05:00", "end": f"{day:%Y-%m-%d}T23:00-05:00"},
        "recall_h": 4,
        "emergency_return_h": 2,
        "contacts": [{"name": "ann", "phone": "+1 555 0100"}],
        **changes,
    }


def filed(client: httpx.Client, **changes: object) -> dict[str, object]:
    """File a request and give the outage."""
    found = client.post("/outages", json=a_request(**changes), headers=key())
    assert found.status_code == 200, found.text
    return found.json()["outage"]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start the program itself, and stop it."""
    with a_service(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Running]:
    """Start one for a single test, which may move the clock far: nothing of other tests is due in it."""
    with a_service(tmp_path) as found:
        yield found


@contextmanager
def a_service(home: Path, *, more: dict[str, str] | None = None, words: tuple[str, ...] = ()) -> Iterator[Running]:
    """Run the program on a place of its own, with `more` in its environment and `words` on its command line."""
    with scanning(day=datetime.now(UTC)) as scanner:
        yield from _serving(home, scanner, more=more or {}, words=words)


def _serving(home: Path, scanner: Scans, *, more: dict[str, str], words: tuple[str, ...]) -> Iterator[Running]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")}
    env |= {"MOMS_HOME": str(home), "MOMS_SCANNER": scanner.setting, **more}
    case = home / "case1.m"
    case.write_text(FIVE_BUSES)
    set_demo_clock(home, START)
    moms = [sys.executable, "-m", "moms"]
    subprocess.run([*moms, "grid", "import", str(case)], env=env, check=True, capture_output=True)
    hasher, log = Argon2(), home / "log.jsonl"
    with open_place(env=env) as place, log.open("w") as stderr:
        register = PostgresRegister(place.engine)
        for name, (organisation, role) in PEOPLE.items():
            person = Person(name=name, organisation=organisation, role=role, password=hasher.hash(password(name)),
                            made_at=datetime.now(UTC))  # fmt: skip
            people.add_person(register=register, actor=ADMIN, now=datetime.now(UTC), person=person)
        process = subprocess.Popen(
            [*moms, "serve", "--port", "0", "--grid", "case1", "--rate", "500", "--lease", "2", "--send", "0",
             "--metrics", "0", "--log", "json", "--json", *words],
            env=env, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        found = Running(base="", home=home, place=place, register=register, tokens={}, process=process,
                        log=log, scanner=scanner)  # fmt: skip
        try:
            said = json.loads(process.stdout.readline())
            found.base, found.metrics = said["address"], said["metrics"]
            found.tokens = {name: found.token(name) for name in PEOPLE}
            yield found
        finally:
            for client in found.clients:
                client.close()
            process.terminate()
            assert process.wait(20) == 0
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture(autouse=True)
def in_time(running: Running) -> None:
    """Set the desk's clock back: tests run in any order."""
    running.at(START)
