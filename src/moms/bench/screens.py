"""Figures of the screens with 3,000 outages: what each costs the browser, and how soon a quick answer is there.

The service is the program itself on the MISO-size grid, with a book in a home of its own: the starter book, and
beside it outages that were walked through the lifecycle without a study (nothing here is about their answers). A
real Chromium without a graphics card opens each screen; its own processes say what CPU they took.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from moms.bench.intake import percentile
from moms.bench.own_home import own_home
from moms.bench.rows import Row
from moms.desk import people
from moms.desk.answer import outage_id
from moms.desk.board_day import Seen
from moms.desk.calendar import on_the_board, stale_days
from moms.desk.kept_days import Answer, in_parts
from moms.desk.people import Person
from moms.desk.ports import Event
from moms.desk.season import enter
from moms.exchange.season import bundled
from moms.outages import Category, Kind, Nature, Outage, Request
from moms.outages.document import to_document
from moms.outages.lifecycle import Verb, begin, move
from moms.store.calendar import PostgresDays
from moms.store.people import PostgresRegister
from moms.store.place import Place, open_place
from moms.study import CLEAN
from moms.values import MARKET, SYSTEM, Actor, Refused, Role, Window, digest
from moms.wiring.clock import set_demo_clock
from moms.wiring.people import hasher
from moms.wiring.worlds import open_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, CDPSession, Page, StorageState

    from moms.desk.world import World
    from moms.store.book import PostgresPage

GRID, RULES = "miso", "miso-demo-1"
OUTAGES, FEW = 3000, 200
OUT, WAITING = 120, 240
"""Of the outages those that are out at the instant of the clock, and those that wait for a person."""
CPU_S, LONG_S, REDRAW_MS, NODES = 1.5, 0.7, 8.0, 3000.0
QUICK_MS = 300.0
TYPISTS, EACH = 4, 60
"""How many type at once, and how many answers each gets."""
PAUSE_S = 0.25
PATIENCE_S = 60.0
IDLE_S = 0.05
"""CPU that a browser takes in a second in which nothing happens, at most."""
DAY = timedelta(days=1)
FROM_DAY, KEPT_DAYS = 20, 60
"""The first day that is kept, from the clock on, and how many are."""
PASSWORD = "correct horse battery staple"  # noqa: S105 - of a service that nobody else reaches
OWNER = "Whimbrel Transmission (synthetic)"
PEOPLE = (
    ("owner", OWNER, Role.OWNER), ("crew", OWNER, Role.FIELD), ("engineer", SYSTEM.organisation, Role.ENGINEER),
    ("control", SYSTEM.organisation, Role.CONTROL_ROOM), ("auditor", SYSTEM.organisation, Role.AUDITOR),
)  # fmt: skip
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
LONG_TASKS = """window.longTasks = [];
new PerformanceObserver(list => { for (const one of list.getEntries()) window.longTasks.push(one.duration); })
  .observe({ type: "longtask", buffered: true });"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A screen: who opens it, where, and what is there when it is ready."""

    name: str
    person: str
    path: str
    ready: str
    """A selector."""
    keys: tuple[str, ...] = ()
    """Of a canvas: what moves it."""


MOVES = ("ArrowRight", "+", "-", "ArrowLeft")
SCREENS = (
    Screen(name="free days", person="owner", path="/windows?asset=branch:4564&from=2027-01-04", ready="main h1"),
    Screen(name="ask", person="owner", path="/ask", ready="main form"),
    Screen(name="my requests", person="owner", path="/requests", ready="section[aria-label=Requests] li a"),
    Screen(name="all requests", person="engineer", path="/requests", ready="section[aria-label=Requests] li a"),
    Screen(name="record", person="engineer", path="/requests/{record}", ready="section[aria-label=Answer]"),
    Screen(name="plan and swap", person="owner", path="/plan", ready="main h2"),
    Screen(name="inbox", person="engineer", path="/inbox", ready="nav[aria-label=Cases] button"),
    Screen(name="workbench", person="engineer", path="/study", ready="main h1"),
    Screen(name="today", person="control", path="/today", ready="main section li"),
    Screen(name="wall", person="control", path="/today?wall", ready="main section li"),
    Screen(name="shift", person="control", path="/shift", ready="section[aria-label='Out now']"),
    Screen(name="timeline", person="engineer", path="/timeline?from=2027-01-01&days=60", ready="canvas[data-ms]",
           keys=("PageDown", "PageUp", "+", "-")),
    Screen(name="map", person="engineer", path="/map?at=2026-12-02T12:00", ready="canvas[data-ms]", keys=MOVES),
    Screen(name="margin", person="engineer", path="/margin", ready="main h1"),
    Screen(name="field", person="crew", path="/field", ready="main h1"),
    Screen(name="account", person="owner", path="/account", ready="main h1"),
    Screen(name="record and rules", person="auditor", path="/rules?part=measures", ready="main h2"),
)  # fmt: skip
IN_BRIEF = frozenset({"my requests", "timeline"})


def rows(*, quick: bool) -> list[Row]:
    """Serve the book and measure; `quick` has a small book, two screens and no goals."""
    count = FEW if quick else OUTAGES
    with own_home() as home:
        env = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")} | {
            "MOMS_HOME": str(home), "MOMS_GRID": GRID, "MOMS_RULE_BOOK": RULES}  # fmt: skip
        world = open_world(grid=GRID, rule_book=RULES, home=home)
        with open_place(env=env) as place:
            record = fill(place, world, count=count)
            if not quick:
                keep_days(place, world)
            with _served(env) as (base, pid):
                return [*_quick_answers(base, pid, world, each=8 if quick else EACH, goal=None if quick else QUICK_MS),
                        *_screens(base, record, brief=quick)]  # fmt: skip


# ------------------------------------------------------------ the book


def fill(place: Place, world: World, *, count: int) -> str:
    """Fill an empty book with that many outages and let people in; give the id of one with a whole record."""
    season = bundled("starter")
    enter(book=place.book, entries=season.entries, rule_book=season.rule_book)
    set_demo_clock(place.home, season.clock)
    kept, register, now = hasher().hash(PASSWORD), PostgresRegister(place.engine), datetime.now(UTC)
    root = Actor(name="root", organisation=SYSTEM.organisation, role=Role.ADMINISTRATOR)
    for name, organisation, role in PEOPLE:
        one = Person(name=name, organisation=organisation, role=role, password=kept, made_at=now)
        people.add_person(register=register, actor=root, now=now, person=one)
    taken = {asset for entry in season.entries for asset in entry.request.assets}
    free = [one for one in on_the_board(world) if one not in taken and world.owner((one,)) is not None]
    some = season.entries[0].record
    with place.book.as_(SYSTEM) as page:
        for k in range(max(0, count - len(season.entries))):
            _walk(page, world, free[k * 7 % len(free)], k, now=season.clock, record=some)
    first = next(e for e in season.entries if e.request.organisation == OWNER)
    return outage_id(first.request.organisation, first.request.external_id)


def _walk(page: PostgresPage, world: World, asset: str, k: int, *, now: datetime, record: dict[str, object]) -> None:
    """Enter one outage as it would have come: filed, and then out, waiting for a person, or granted."""
    window = _window(k, now)
    request = Request(
        external_id=f"bench {k}", organisation=world.owner((asset,)) or "", category=Category.TRANSMISSION,
        kind=Kind.PLANNED, nature=Nature.LINE_MAINTENANCE, assets=(asset,), window=window, recall_h=4.0,
        emergency_return_h=2.0, description="made up for the benchmark",
    )  # fmt: skip
    owner = Actor(name="bench", organisation=request.organisation, role=Role.OWNER)
    key, then = outage_id(request.organisation, request.external_id), now - 40 * DAY
    filed = begin(request, outage_id=key, actor=owner, now=then)
    page.add(filed, _event(filed, Verb.SUBMIT, then, before=None))
    valid, name = _step(page, filed, Verb.VALIDATE, then), digest([key, "bench"])[:16]
    if OUT <= k < OUT + WAITING:
        _step(page, valid, Verb.REFER, then, decision_id=name)
    else:
        granted = _step(page, valid, Verb.APPROVE, then, decision_id=name, system_may=True)
    page.keep_decision(name, key, {**record, "id": name, "outage": key})
    if k < OUT:
        room = Actor(name="control", organisation=SYSTEM.organisation, role=Role.CONTROL_ROOM)
        _step(page, granted, Verb.START, window.start, actor=room)


def _window(k: int, now: datetime) -> Window:
    """Give when the k-th is out: those that are out now began lately and some are late; the others fill a year."""
    if k < OUT:
        start = now - timedelta(hours=12 + k % 60)
        return Window(start=start, end=now + timedelta(hours=k % 90 - 8))
    start = (now + timedelta(days=3 + k * 37 % 360)).replace(minute=0) + timedelta(hours=k % 9)
    return Window(start=start, end=start + timedelta(hours=8 + k % 5 * 24))


def _step(
    page: PostgresPage, before: Outage, verb: Verb, now: datetime, *, actor: Actor = SYSTEM, **more: object
) -> Outage:
    after = move(before, verb=verb, actor=actor, now=now, **more)  # type: ignore[arg-type]  # named by the caller
    page.revise(after, _event(after, verb, now, before=before))
    return after


def _event(outage: Outage, verb: str, now: datetime, *, before: Outage | None) -> Event:
    return Event(
        at=now, actor=SYSTEM, verb=str(verb), outage_id=outage.id, reason="", rule_book=RULES,
        before=None if before is None else to_document(before), after=to_document(outage),
    )  # fmt: skip


def keep_days(place: Place, world: World) -> None:
    """Keep days whose answers are made up (all clean): what it costs to read them is the same."""
    kept, now = PostgresDays(place.engine), bundled("starter").clock
    clean = Seen(standing=CLEAN, before=False)
    answers = [Answer(book=clean, queue=clean, missing=(), points=24)] * len(on_the_board(world))
    first = (now + FROM_DAY * DAY).astimezone(MARKET).date()
    with place.book.as_(SYSTEM) as page:
        version = page.version()
    for one in stale_days(book=place.book, world=world, kept=kept, now=now, first=first, days=KEPT_DAYS):
        kept.put(in_parts(answers, day=one.day, mark=one.mark, book_version=version, computed_at=now))


# ------------------------------------------------------------ the quick answer


def _quick_answers(base: str, pid: int, world: World, *, each: int, goal: float | None) -> list[Row]:
    """Let some type at once, each a request of its own every quarter of a second, and time every answer."""
    mine = [one for one in on_the_board(world) if world.owner((one,)) == OWNER]
    took, kept, faults = list[float](), list[bool](), list[str]()

    cookie = _cookie(base)

    def types(number: int) -> None:
        line = _Line(base, cookie)
        for k in range(each):
            started = time.perf_counter()
            status, found = line.get("/quick?" + urlencode(_typed(mine, number * each + k)))
            took.append(1000.0 * (time.perf_counter() - started))
            kept.append(bool(found.get("days")))
            faults.extend([str(found)] if status != http.HTTPStatus.OK else [])
            time.sleep(PAUSE_S)
        line.close()

    hands = [threading.Thread(target=types, args=(number,)) for number in range(TYPISTS)]
    before = _taken_s(pid)
    for one in hands:
        one.start()
    for one in hands:
        one.join()
    if faults:
        raise Refused(f"a quick answer was {faults[0][:200]}", field="portal", fix="see what the service says above")
    cost = 1000.0 * (_taken_s(pid) - before) / len(took)
    what = f"95 of 100 quick answers within, {TYPISTS} who type at once"
    share = f"of these with days that were computed ahead (their answers made up): {sum(kept)} of {len(kept)}"
    return [
        Row(id="portal.quick", what=what, value=percentile(took, 0.95), unit="ms", goal=goal, clock="wall",
            spread=(percentile(took, 0.5), max(took)), runs=len(took)),
        Row(id="portal.quick_cpu", what="CPU of the service for each of them", value=cost, unit="ms", runs=len(took)),
        Row(id="portal.quick_days", what=share, value=sum(kept) / len(kept), unit="", runs=len(kept)),
    ]  # fmt: skip


def _taken_s(pid: int) -> float:
    """Give the CPU that a process has taken, as Linux tells it; elsewhere 0."""
    there = Path(f"/proc/{pid}/stat")
    if not there.exists():
        return 0.0
    user, system = there.read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / float(os.sysconf("SC_CLK_TCK"))


def _typed(assets: Sequence[str], number: int) -> dict[str, str]:
    first = (bundled("starter").clock + (FROM_DAY + number * 7 % (2 * KEPT_DAYS)) * DAY).astimezone(MARKET)
    start = first.replace(hour=8, minute=0)
    return {"asset": assets[number * 13 % len(assets)], "start": start.isoformat(), "kind": "planned", "nature": "LM",
            "end": (start + timedelta(hours=10)).isoformat(), "recall_h": "4", "emergency_return_h": "2"}  # fmt: skip


def _connection(base: str) -> http.client.HTTPConnection:
    parts = urlsplit(base)
    return http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=60)


def _cookie(base: str) -> str:
    """Sign in as the owner, once for all who type: sign-ins are rare, and limited."""
    line = _connection(base)
    body = json.dumps({"name": "owner", "password": PASSWORD}).encode()
    line.request("PUT", "/api/v1/session", body, {"Content-Type": "application/json"})
    answer = line.getresponse()
    answer.read()
    line.close()
    return (answer.getheader("Set-Cookie") or "").partition(";")[0]


class _Line:
    """A signed-in connection."""

    def __init__(self, base: str, cookie: str) -> None:
        self._line, self._cookie = _connection(base), cookie

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Ask, and give what was answered."""
        self._line.request("GET", f"/api/v1{path}", headers={"Cookie": self._cookie})
        answer = self._line.getresponse()
        return answer.status, json.loads(answer.read())

    def close(self) -> None:
        """Hang up."""
        self._line.close()


# ------------------------------------------------------------ the screens


def _screens(base: str, record: str, *, brief: bool) -> list[Row]:
    """Open each screen in a browser; without one, say so."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return [_without("playwright is not installed")]
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        return [_without("there is no Chromium here")]
    some = [one for one in SCREENS if not brief or one.name in IN_BRIEF]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=list(FLAGS))
        wire = browser.new_browser_cdp_session()
        # What is compiled and read at the first sign-in is not a screen's.
        known = {person: _signed_in(browser, base, person) for person in sorted({one.person for one in some})}
        found = [
            row
            for one in some
            for row in _measured(browser, wire, base + one.path.replace("{record}", record), one,
                                 state=known[one.person], goals=not brief)
        ]  # fmt: skip
        browser.close()
    return found


def _without(why: str) -> Row:
    return Row(id="portal.screens", what="what each screen costs the browser", value=None, unit="s", why=why)


def _window_of(browser: Browser, state: StorageState | None = None) -> Page:
    context = browser.new_context(
        viewport={"width": 1400, "height": 960}, locale="en-US", reduced_motion="reduce", storage_state=state
    )
    context.set_default_timeout(1000.0 * PATIENCE_S)
    return context.new_page()


def _signed_in(browser: Browser, base: str, person: str) -> StorageState:
    """Sign somebody in, and give what the browser keeps of it."""
    page = _window_of(browser)
    page.goto(base)
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Sign out").wait_for()
    found = page.context.storage_state()
    page.context.close()
    return found


def _measured(
    browser: Browser, wire: CDPSession, address: str, screen: Screen, *, state: StorageState, goals: bool
) -> Iterator[Row]:
    """Open a screen anew, as from a link, and give what it cost until it was ready and quiet."""
    from playwright.sync_api import TimeoutError  # noqa: A004 - playwright's own

    page = _window_of(browser, state)
    page.context.add_init_script(LONG_TASKS)
    before = _cpu_s(wire)
    page.goto(address)
    name, said = f"portal.{screen.name.replace(' ', '_')}", f"{screen.name} of {screen.person}"
    try:
        page.locator(screen.ready).first.wait_for()
    except TimeoutError:
        yield Row(id=f"{name}.cpu", what=f"CPU of the browser until {said} is ready", value=None, unit="s",
                  why=f"it was not ready within {PATIENCE_S:g} s")  # fmt: skip
        page.context.close()
        return
    cpu = _quiet(page, wire) - before
    tasks = [float(one) / 1000.0 for one in page.evaluate("window.longTasks")]
    nodes = float(page.evaluate("document.querySelectorAll('*').length"))
    yield Row(id=f"{name}.cpu", what=f"CPU of the browser until {said} is ready", value=cpu, unit="s",
              goal=CPU_S if goals else None, runs=1)  # fmt: skip
    yield Row(id=f"{name}.long", what=f"tasks over 50 ms of {said} ({len(tasks)}), together", value=sum(tasks),
              unit="s", goal=LONG_S if goals else None, clock="wall", runs=1)  # fmt: skip
    yield Row(id=f"{name}.nodes", what=f"nodes of {said}", value=nodes, unit="", goal=NODES if goals else None, runs=1)
    if screen.keys:
        drawn = [_drawn_ms(page, screen.keys[k % len(screen.keys)]) for k in range(40)]
        yield Row(id=f"{name}.redraw", what=f"half of the redraws of {said} within", value=statistics.median(drawn),
                  unit="ms", goal=REDRAW_MS if goals else None, clock="wall", spread=(min(drawn), max(drawn)),
                  runs=len(drawn))  # fmt: skip
    page.context.close()


def _quiet(page: Page, wire: CDPSession) -> float:
    """Wait until the browser has nothing more to do, and give the CPU it has taken by then."""
    end, seen = time.monotonic() + PATIENCE_S, _cpu_s(wire)
    while time.monotonic() < end:
        page.wait_for_timeout(1000)
        now = _cpu_s(wire)
        if now - seen < IDLE_S:
            return now
        seen = now
    return seen


def _drawn_ms(page: Page, key: str) -> float:
    """Press a key on the canvas and give how long the drawing that follows took."""
    canvas = page.locator("canvas").first
    canvas.press(key)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return float(canvas.get_attribute("data-ms") or "nan")


def _cpu_s(wire: CDPSession) -> float:
    """Give the CPU that all processes of the browser have taken."""
    found = wire.send("SystemInfo.getProcessInfo")
    return sum(float(one["cpuTime"]) for one in found["processInfo"])


# ------------------------------------------------------------ the service


@contextmanager
def _served(env: dict[str, str]) -> Iterator[tuple[str, int]]:
    words = ("serve", "--port", "0", "--json", "--send", "0", "--rate", "1000")
    started = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "moms", *words], env=env, stdout=subprocess.PIPE, text=True
    )
    with started as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            if not said:
                raise Refused("the service did not start", field="portal", fix="see what it says above")
            yield str(json.loads(said)["address"]), process.pid
        finally:
            process.terminate()
            process.wait(60)
