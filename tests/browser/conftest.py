"""A real browser on the built pages, a real server in front of a real database, on a small invented world.

In that world (a seed of `tests.desk.worlds`) `branch:2` is approved at once, `branch:19` denied with other
dates; relay work goes to a person (`asks.RELAY_WORK`).
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from moms.desk import people
from moms.desk.people import Person
from moms.portal.app import make_app
from moms.portal.needs import Limits
from moms.portal.pages import DIST
from moms.store.people import PostgresRegister
from moms.store.place import Place, open_place
from moms.values import Actor, Role
from moms.wiring.people import Argon2
from moms.wiring.serve import LOOPBACK, needs
from moms.wiring.settings import set_demo_clock, settings
from tests.desk.worlds import NOW, a_world, placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moms.desk.world import World
    from moms.portal.needs import Needs

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
ADMIN = Actor(name="root", organisation="operator", role=Role.ADMINISTRATOR)
PEOPLE = {
    "ann": ("TO-1", Role.OWNER),
    "gil": ("GO-1", Role.OWNER),
    "bob": ("TO-2", Role.OWNER),
    "cat": ("TO-3", Role.OWNER),
    "eve": ("operator", Role.ENGINEER),
    "aud": ("operator", Role.AUDITOR),
    "roy": ("operator", Role.CONTROL_ROOM),
    "fay": ("TO-1", Role.FIELD),
    "flo": ("TO-1", Role.FIELD),
}
PASSWORD = "correct horse battery"
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Site:
    """The running service and the browser."""

    base: str
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    """Addresses that were asked for and are not ours."""
    faults: list[str] = field(default_factory=list)
    """What the browser's console called an error."""

    def open(self, path: str = "/", *, width: int = 1400, height: int = 960, night: bool = False) -> Page:
        """Open a fresh browser window, signed out, on a page."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if night else "light",
            reduced_motion="reduce", locale="en-US", timezone_id="Europe/Berlin",
        )  # fmt: skip
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("request", self._seen)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.goto(self.base + path)
        return page

    def as_(self, name: str, path: str = "/", **how) -> Page:
        """Open a fresh browser window and sign in."""
        page = self.open(path, **how)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("button", name="Sign out").wait_for()
        return page

    def _seen(self, request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and f"{parts.scheme}://{parts.netloc}" != self.base:
            self.strangers.append(request.url)

    def _said(self, message) -> None:
        # A refusal is an answer that the screen shows; the browser notes each as an error of its own.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)


@pytest.fixture(scope="session")
def browser(must_have: Callable[[bool, str], None]) -> Iterator[Browser]:
    """Start Chromium."""
    must_have(CHROMIUM is not None, "chromium (apt-get install chromium)")
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[datetime], None]]:
    """Give what sets the desk's clock, which stands still until then; the service reads it from a home of its own."""
    home = tmp_path_factory.mktemp("home")
    before = os.environ.get("MOMS_HOME")
    os.environ["MOMS_HOME"] = str(home)
    set_demo_clock(home, NOW)
    yield lambda instant: set_demo_clock(home, instant)
    del os.environ["MOMS_HOME"]
    if before is not None:
        os.environ["MOMS_HOME"] = before


@pytest.fixture(scope="module")
def served() -> World:
    """Give the small world that is served; a file of tests may give another."""
    return a_world(slack=0.8)


@pytest.fixture(scope="module")
def also() -> Callable[[Needs, str, Place], Needs]:
    """Give what adds to the service that is to be served at an address; a file of tests may add something."""
    return lambda given, _address, _place: given


@pytest.fixture(scope="module")
def place(clock: Callable[[datetime], None]) -> Iterator[Place]:
    """Open an empty book for each file of tests."""
    del clock
    with open_place(env=_env()) as found:
        yield found


def _env() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("MOMS_") or k == "MOMS_HOME"}


@pytest.fixture(scope="module")
def address(
    clock: Callable[[datetime], None],
    must_have: Callable[[bool, str], None],
    served: World,
    place: Place,
    also: Callable[[Needs, str, Place], Needs],
) -> Iterator[str]:
    """Serve the small world and an empty book to each file of tests, on a port of its own, and stop."""
    must_have((DIST / "index.html").is_file(), "the pages (.venv/bin/python hatch_build.py)")
    clock(NOW)
    with socket.create_server(("127.0.0.1", 0)) as door:
        _register(PostgresRegister(place.engine))
        given = needs(
            settings(environ=_env()), place, hosts=LOOPBACK, secure=False, opened=as_served(served),
            limits=Limits(per_s=500, burst=2000, sign_in_per_min=1e6), env={**_env(), "MOMS_SCANNER": "none"},
        )  # fmt: skip
        found = f"http://127.0.0.1:{door.getsockname()[1]}"
        config = uvicorn.Config(
            make_app(also(given, found, place)), http="h11", ws="none", log_level="warning", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.05)
        yield found
        server.should_exit = True
        thread.join(20)


def as_served(world: World) -> World:
    """Give the world with its places, and with two sources in its rule book, one of them from memory."""
    found = {"study.worsened_share": "semantics 1.4", "entry.grain_min": "as far as we recall [M]"}
    return placed(replace(world, rules=replace(world.rules, sources=found)))


def _register(register: PostgresRegister) -> None:
    hashed = Argon2().hash(PASSWORD)
    for name, (organisation, role) in PEOPLE.items():
        person = Person(name=name, organisation=organisation, role=role, password=hashed, made_at=datetime.now(UTC))
        people.add_person(register=register, actor=ADMIN, now=datetime.now(UTC), person=person)


@pytest.fixture
def site(address: str, browser: Browser) -> Iterator[Site]:
    """Give the site; afterwards see that nothing went elsewhere and nothing broke."""
    found = Site(base=address, browser=browser)
    yield found
    for context in found.contexts:
        context.close()
    assert not found.strangers, "every request stays on our origin"
    assert not found.faults


@pytest.fixture
def keep_picture() -> Callable[[Page, str], None]:
    """Keep a picture of a screen where MOMS_SCREENS names a folder; else do nothing."""
    folder = os.environ.get("MOMS_SCREENS")

    def keep(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")

    return keep
