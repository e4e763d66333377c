"""A demo on a small invented world: a home of its own, a few granted outages, a real server."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import uvicorn

from moms.desk import people
from moms.desk.feed import script
from moms.desk.people import Person
from moms.portal.app import make_app
from moms.portal.needs import Limits
from moms.store.people import PostgresRegister
from moms.store.place import open_place
from moms.values import Actor, Role
from moms.wiring.clock import set_demo_clock
from moms.wiring.live import DemoClock, Live
from moms.wiring.people import Argon2
from moms.wiring.replay import DemoHome, keep_start
from moms.wiring.serve import LOOPBACK, needs
from moms.wiring.settings import settings
from tests.desk.worlds import NOW, OWNER, a_world, ask, placed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from moms.store.place import Place

ADMIN = Actor(name="root", organisation="operator", role=Role.ADMINISTRATOR)
PASSWORD = "correct horse battery"
PEOPLE = (("owner", "TO-1", Role.OWNER), ("control", "operator", Role.CONTROL_ROOM))
DAY = timedelta(days=1)
WORLD = placed(a_world(slack=2.0))
PLANNED = tuple(
    ask(f"branch:{branch}", start=NOW.replace(hour=12) + days * DAY, days=10 / 24, external_id=f"planned {branch}")
    for branch, days in ((2, 4), (7, 5), (12, 6), (14, 40), (16, 45))
)


@dataclass
class Serves:
    """The running demo."""

    base: str
    live: Live
    place: Place


def environ(home: Path) -> dict[str, str]:
    """Give the environment of a process in that home."""
    return {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")} | {"MOMS_HOME": str(home)}


@contextlib.contextmanager
def a_demo_home(home: Path) -> Iterator[Place]:
    """Make a home that the demo has begun, with people, clock and granted outages."""
    env = environ(home)
    set_demo_clock(home, NOW)
    with open_place(env=env) as place:
        register = PostgresRegister(place.engine)
        for name, organisation, role in (*PEOPLE, ("root", "operator", Role.ADMINISTRATOR)):
            person = Person(name=name, organisation=organisation, role=role, password=Argon2().hash(PASSWORD),
                            made_at=NOW)  # fmt: skip
            people.add_person(register=register, actor=ADMIN, now=NOW, person=person)
        desk = _given(place, home).desk(OWNER)
        for request in PLANNED:
            answer = desk.submit(request)
            assert answer.outage is not None
            assert answer.outage.holds, answer
        DemoHome(home=home).mark(NOW)
        keep_start(place, DemoHome(home=home))
        yield place


def a_live(home: Path, *, speed: float = 0.0, run: str = "run-1") -> Live:
    """Give a run of the demo in that home, which nobody plays yet."""
    return Live(
        clock=DemoClock(home=home, speed=speed), events=script(seed=1, requests=PLANNED, begins=NOW),
        people=tuple({"name": n, "organisation": o, "role": r.value, "does": "something"} for n, o, r in PEOPLE),
        password=PASSWORD, hasher=Argon2(), run=run,
    )  # fmt: skip


@contextlib.contextmanager
def serving(place: Place, *, speed: float = 0.0, run: str = "run-1") -> Iterator[Serves]:
    """Serve the demo of an open place, its clock standing still unless told otherwise."""
    live = a_live(place.home, speed=speed, run=run)
    with in_home(place.home), socket.create_server(("127.0.0.1", 0)) as door:
        given = replace(_given(place, place.home), demo=live)
        config = uvicorn.Config(
            make_app(given), http="h11", ws="none", log_level="warning", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        with live.at_work(register=given.register, desk=given.desk, stop=lambda: None):
            thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
            thread.start()
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.05)
            yield Serves(base=f"http://127.0.0.1:{door.getsockname()[1]}", live=live, place=place)
            server.should_exit = True
            thread.join(20)


@contextlib.contextmanager
def in_home(home: Path) -> Iterator[None]:
    """Let this process be in that home meanwhile: the service reads its clock there."""
    before = os.environ.get("MOMS_HOME")
    os.environ["MOMS_HOME"] = str(home)
    try:
        yield
    finally:
        del os.environ["MOMS_HOME"]
        if before is not None:
            os.environ["MOMS_HOME"] = before


def _given(place: Place, home: Path):
    limits = Limits(per_s=500, burst=2000, sign_in_per_min=1e6)
    chosen = settings(environ=environ(home))
    with in_home(home):
        return needs(chosen, place, hosts=LOOPBACK, secure=False, limits=limits, opened=WORLD)
