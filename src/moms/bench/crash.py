"""Processes that die at seeded points around and inside their transactions, and what is left after others came.

Each seed does one deed of the service under a key, dies at one of its points (half of them around a commit), perhaps
dies once more over coming back, and is finished: by its caller's next try, or by the sweep that any server makes.
Then the journal, the decisions and the notices of that outage have to be those of a life in which nothing happened.
The database need not survive a power cut here: a process dies, not the machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from moms.bench.failpoints import Died, Fate, Lives
from moms.bench.own_home import own_home
from moms.bench.rows import Row
from moms.desk.keys import KeptAnswer, principal_of
from moms.desk.ports import Search
from moms.outages.document import to_document
from moms.portal.going_on import _finish
from moms.portal.guard import Service
from moms.portal.lanes import Lane
from moms.portal.needs import Limits
from moms.portal.once import answered
from moms.portal.pulse import Pulse
from moms.portal.rates import Buckets
from moms.portal.watch import Measures
from moms.store.book import PostgresBook
from moms.store.embedded import ADMIN, Address, Embedded
from moms.store.migrate import lifecycle
from moms.store.place import Place, close_to_others, prepare, url_of
from moms.values import SYSTEM, Actor, Role
from moms.wiring.office import Office
from moms.wiring.pool import mapped
from moms.wiring.serve import needs
from moms.wiring.settings import Settings
from moms.wiring.worlds import open_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from moms.desk.world import World
    from moms.portal.needs import Desk

NOW = datetime(2027, 2, 1, 15, tzinfo=UTC)
START = NOW + timedelta(days=60)
A_BOOK = 100
"""Seeds in one book: a fresh one then, since each seed takes its own days."""
OWNER = Actor(name="ann", organisation="TO-1", role=Role.OWNER)
ENGINEER = Actor(name="eve", organisation="operator", role=Role.ENGINEER)
ROOM = Actor(name="roy", organisation="operator", role=Role.CONTROL_ROOM)
LEASE = timedelta(minutes=1)
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
GRID = """function mpc = crash
%CRASH  Three buses in a ring, two lines between each two
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 345 1 1.1 0.9;
 2 1 60 0 0 0 1 1 0 345 1 1.1 0.9;
 3 1 60 0 0 0 1 1 0 345 1 1.1 0.9;
];
mpc.gen = [ 1 120 0 99 -99 1 100 1 400 0; ];
mpc.branch = [
 1 2 0 0.1 0 400 400 400 0 0 1 -360 360;
 1 2 0 0.1 0 400 400 400 0 0 1 -360 360;
 1 3 0 0.1 0 400 400 400 0 0 1 -360 360;
 1 3 0 0.1 0 400 400 400 0 0 1 -360 360;
 2 3 0 0.1 0 400 400 400 0 0 1 -360 360;
 2 3 0 0.1 0 400 400 400 0 0 1 -360 360;
];
"""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all processes of one book share."""

    home: Path
    address: Address
    database: str
    world: World

    @cached_property
    def lives(self) -> Lives:
        """What all processes speak through, one after the other: how it writes SQL is not worked out anew by each."""
        return Lives(create_engine(url_of(self.address, login="moms_app", database=self.database), pool_size=2))

    @property
    def place(self) -> Place:
        """The open book."""
        return Place(home=self.home, engine=self.lives.engine, book=PostgresBook(self.lives.engine))

    def office(self, place: Place, actor: Actor, now: datetime) -> Office:
        """Open the desk."""
        return Office(settings=self.settings(now, actor), book=place.book, opened=self.world)

    def settings(self, now: datetime, actor: Actor = SYSTEM) -> Settings:
        """Say who acts and when."""
        return Settings(home=self.home, actor=actor, now=now, simulated=True, grid="", rule_book="", fixed=True)

    @cached_property
    def admin(self) -> psycopg.Connection[tuple[object, ...]]:
        """Log in as the superuser, to look and to let time pass."""
        return psycopg.connect(
            host=self.address.socket_folder, port=self.address.port, user=ADMIN,
            password=self.address.passwords[ADMIN], dbname=self.database, autocommit=True,
        )  # fmt: skip

    def close(self) -> None:
        """Log out."""
        self.lives.engine.dispose()
        self.admin.close()


if TYPE_CHECKING:
    Fresh = Callable[[str], contextlib.AbstractContextManager[Ground]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that is asked for under a key: by whom, when, after which steps, and what it does."""

    name: str
    actor: Actor
    do: Callable[[Desk, str, int], object]
    steps: tuple[str, ...] = ()
    at: timedelta | None = None
    """After the outage's start; None: when it is filed."""
    status: int = 200
    """Of its answer."""
    again: bool = False
    """Whether it is done again by who comes back, not finished."""

    def now(self, number: int) -> datetime:
        """Give the instant at which it is done."""
        return NOW if self.at is None else _start(number) + self.at


def _start(number: int) -> datetime:
    return START + timedelta(days=number)


def document(number: int, *, hours: int = 2, text: str = "") -> dict[str, object]:
    """Give the request of one seed: its own day, on one of the six lines in turn."""
    start = _start(number)
    return {
        "external_id": f"seed-{number}", "organisation": OWNER.organisation, "category": "transmission",
        "kind": "planned", "nature": "LM", "assets": [f"branch:{1 + number % 6}"], "description": text,
        "window": {"start": start.isoformat(), "end": (start + timedelta(hours=hours)).isoformat()},
        "recall_h": 1, "emergency_return_h": 1, "contacts": [{"name": "ann", "phone": "+1 555 0100"}],
    }  # fmt: skip


HOUR = timedelta(hours=1)
DEEDS = (
    Deed(name="file", actor=OWNER, do=lambda desk, _, n: desk.file(desk.read(document(n))), status=202, again=True),
    Deed(name="submit", actor=OWNER, do=lambda desk, _, n: desk.submit(desk.read(document(n)))),
    Deed(name="settle", actor=ENGINEER, steps=("file",),
         do=lambda desk, name, _: desk.settle(name, outcome="approve", reason="looked at")),
    Deed(name="change", actor=OWNER, steps=("file",),
         do=lambda desk, name, n: desk.change(name, desk.read(document(n, text="two crews")), reason="crew")),
    Deed(name="move", actor=OWNER, steps=("file",),
         do=lambda desk, name, n: desk.change(name, desk.read(document(n, hours=3)), reason="crew")),
    Deed(name="start", actor=ROOM, steps=("file", "approve"), at=timedelta(0),
         do=lambda desk, name, _: desk.operate(name, "start")),
    Deed(name="recall", actor=ROOM, steps=("file", "approve", "start"), at=HOUR,
         do=lambda desk, name, _: desk.operate(name, "recall", reason="storm")),
    Deed(name="end", actor=ROOM, steps=("file", "approve", "start"), at=HOUR,
         do=lambda desk, name, _: desk.operate(name, "end")),
    Deed(name="cancel", actor=OWNER, steps=("file", "approve"),
         do=lambda desk, name, _: desk.operate(name, "cancel", reason="no crew")),
)  # fmt: skip


def made_ready(ground: Ground, deed: Deed, number: int) -> str:
    """Take the steps before a deed, with nothing going wrong; give the outage's id."""
    from moms.desk.answer import outage_id

    name, place = outage_id(OWNER.organisation, f"seed-{number}"), ground.place
    if "file" in deed.steps:
        office = ground.office(place, OWNER, NOW)
        office.submit(office.read(document(number)))
    if "approve" in deed.steps:
        ground.office(place, ENGINEER, NOW).settle(name, outcome="approve", reason="looked at")
    if "start" in deed.steps:
        ground.office(place, ROOM, _start(number)).operate(name, "start")
    return name


@contextlib.contextmanager
def a_server(ground: Ground, now: datetime, fate: Fate) -> Iterator[Service]:
    """Run one server process without its port; its fate begins once it is up."""
    given = needs(
        ground.settings(now), ground.place, hosts=frozenset(), secure=False, limits=Limits(), opened=ground.world
    )
    lane, buckets = Lane("x", threads=1, queue=0), Buckets(per_s=1.0, burst=1.0)
    service = Service(needs=given, quick=lane, study=lane, rates=buckets, strangers=buckets, sign_ins=buckets,
                      pulse=Pulse(given, lane), measures=Measures())  # fmt: skip
    ground.lives.fate = fate
    try:
        yield service
    finally:
        ground.lives.end()
        lane.close()


def asked(service: Service, deed: Deed, name: str, number: int) -> tuple[int, str]:
    """Ask for a deed as a POST does; give status and body, of a kept answer too."""
    there = service.needs.keys.claim(
        principal=principal_of(deed.actor), key=f"k{number}", organisation=deed.actor.organisation, asked=deed.name,
        lease=LEASE,
    )  # fmt: skip
    if isinstance(there, KeptAnswer):
        told = there.answer or {"status": 0, "body": ""}
        return int(str(told["status"])), str(told["body"])
    found = answered(service, there, lambda desk: deed.do(desk, name, number), expected=None, again=deed.again)  # type: ignore[arg-type,return-value]  # a deed's own kind
    return found.status, found.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What the database has of one outage: its journal's verbs with revisions, its decisions, its notices."""

    lines: tuple[tuple[str, int], ...]
    decisions: int
    notices: int
    notices_twice: int


def left(ground: Ground, name: str) -> Left:
    """Read it, past the program."""
    lines = (
        "SELECT body::json ->> 'verb', outage_revision FROM moms.journal"
        " WHERE outage_id = %s AND outage_revision IS NOT NULL ORDER BY seq"
    )
    told = "SELECT chain, seq, subscription, person, role, channel FROM moms.notice WHERE outage_id = %s"
    verbs = ground.admin.execute(lines, (name,)).fetchall()
    decisions = ground.admin.execute("SELECT id FROM moms.decision WHERE outage_id = %s", (name,)).fetchall()
    notices = Counter(ground.admin.execute(told, (name,)).fetchall())
    return Left(
        lines=tuple((str(verb), int(str(revision))) for verb, revision in verbs), decisions=len(decisions),
        notices=notices.total(), notices_twice=sum(many - 1 for many in notices.values()),
    )  # fmt: skip


@dataclass(slots=True)
class Tally:
    """What was found."""

    seeds: int = 0
    deaths: int = 0
    around_commits: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    replay: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """All that was wrong."""
        return [*self.lost, *self.doubled, *self.notices, *self.replay]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A deed as it goes when nothing happens: what it leaves, at how many points it could die, which are commits."""

    left: Left
    points: int
    writes: Sequence[int]


def undisturbed(ground: Ground, deed: Deed, number: int) -> Life:
    """Do a deed once with nothing going wrong."""
    name, fate = made_ready(ground, deed, number), Fate()
    with a_server(ground, deed.now(number), fate) as service:
        status, body = asked(service, deed, name, number)
    if status != deed.status:
        raise RuntimeError(f"{deed.name} is not done even undisturbed: {status} {body[:300]}")
    return Life(left=left(ground, name), points=len(fate.points), writes=fate.writes)


def crashed(ground: Ground, deed: Deed, life: Life, *, seed: int, number: int, tally: Tally) -> None:
    """Let one seed happen, and hold what is left against an undisturbed life."""
    rng = Random(seed)  # noqa: S311 - a seed that can be told again, no secret
    name, now = made_ready(ground, deed, number), deed.now(number)
    around = rng.random() < 0.5
    fates = [Fate(at=rng.choice(life.writes) if around else rng.randint(1, life.points))]
    if rng.random() < 0.25:
        fates.append(Fate(at=rng.randint(1, life.points)))
    for fate in fates:
        with a_server(ground, now, fate) as service, contextlib.suppress(Died, DBAPIError, psycopg.Error):
            asked(service, deed, name, number)
        tally.deaths += fate.dead
        _lapse(ground)
    tally.around_commits += around
    with a_server(ground, now, Fate()) as service:
        if rng.random() < 0.5:
            _finish(service)
        answers = {asked(service, deed, name, number) for _ in range(2)}
    where = f"seed {seed}: {deed.name}"
    _compare(left(ground, name), life.left, answers, where=where, tally=tally, status=deed.status)


def _compare(
    found: Left, wanted: Left, answers: set[tuple[int, str]], *, where: str, tally: Tally, status: int = 200
) -> None:
    missing, more = Counter(wanted.lines) - Counter(found.lines), Counter(found.lines) - Counter(wanted.lines)
    if missing or {said for said, _ in answers} != {status} or len(answers) != 1:
        tally.lost.append(f"{where} lacks {sorted(missing)}, answered {sorted(said for said, _ in answers)}")
    if more or found.decisions > wanted.decisions:
        tally.doubled.append(f"{where} has {sorted(more)} more, {found.decisions} decisions")
    if found.notices_twice or found.notices != wanted.notices:
        tally.notices.append(f"{where} has {found.notices} notices for {wanted.notices}, {found.notices_twice} twice")


def _lapse(ground: Ground) -> None:
    """Let time pass in which nobody renews a lease."""
    ground.admin.execute("UPDATE moms.kept_answer SET leased_until = made_at WHERE answer IS NULL")


def replayed(ground: Ground) -> list[str]:
    """Give each outage whose row is not what its journal says last, and what `moms verify` finds."""
    place = ground.place
    verdict = place.verify()
    with place.book.as_(SYSTEM) as page:
        wrong = [o.id for o in page.find(Search()) if _plain(page.history(o.id)[-1].after) != _plain(to_document(o))]
    return [*wrong, *([] if verdict.whole else [f"moms verify: {verdict}"])]


def _plain(value: object) -> object:
    from moms.values import canonical

    return json.loads(canonical(value))


# ------------------------------------------------------------ many of them


def run(*, seeds: int, first: int = 0, cores: int = 0) -> Tally:
    """Let so many seeds happen, from `first` on, in books of a home of their own, on so many processors (0: all)."""
    books = [range(at, min(at + A_BOOK, first + seeds)) for at in range(first, first + seeds, A_BOOK)]
    with _grounds() as fresh, mapped(cores=cores) as spread:
        return _sum(spread(lambda book: _one_book(fresh, book), books))


def _sum(tallies: Iterable[Tally]) -> Tally:
    whole = Tally()
    for one in tallies:
        for part in fields(Tally):
            setattr(whole, part.name, getattr(whole, part.name) + getattr(one, part.name))
    return whole


def _one_book(fresh: Fresh, seeds: Sequence[int]) -> Tally:
    """Let some seeds happen in one book."""
    tally, chosen = Tally(), [DEEDS[seed % len(DEEDS)] for seed in seeds]
    with fresh(f"book{seeds[0]}") as ground:
        lives = {deed.name: undisturbed(ground, deed, at) for at, deed in enumerate(DEEDS) if deed in chosen}
        for at, (seed, deed) in enumerate(zip(seeds, chosen, strict=True), start=len(DEEDS)):
            crashed(ground, deed, lives[deed.name], seed=seed, number=at, tally=tally)
            tally.seeds += 1
        tally.replay += [f"seeds {seeds[0]} to {seeds[-1]}: {one}" for one in replayed(ground)]
    return tally


@contextlib.contextmanager
def _grounds() -> Iterator[Fresh]:
    """Start a server, and give what makes a fresh book of a name on it."""
    with own_home() as home:
        (home / "crash.m").write_text(GRID, encoding="utf-8")
        world = open_world(grid=str(home / "crash.m"), rule_book="miso-demo-1", home=home)
        env = {k: v for k, v in os.environ.items() if k not in {"MOMS_HOME", "MOMS_DATABASE_URL"}}
        embedded = Embedded(home=home / "moms", env=env, settings=QUICK)
        try:
            address = embedded.start()
            prepare(address, database="template", moves=lifecycle())
            yield lambda name: _fresh(Ground(home=home, address=address, database=name, world=world))
        finally:
            embedded.close()


@contextlib.contextmanager
def _fresh(ground: Ground) -> Iterator[Ground]:
    name, place = ground.database, replace(ground, database="postgres")
    try:
        place.admin.execute(f"CREATE DATABASE {name} TEMPLATE template OWNER moms_owner STRATEGY FILE_COPY")  # our own
        close_to_others(place.admin, database=name)
        yield ground
        ground.close()
        place.admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        place.close()


def rows(*, seeds: int, first: int = 0) -> list[Row]:
    """Tell what came of so many seeds."""
    begun = time.perf_counter()
    found = run(seeds=seeds, first=first)
    took_s = time.perf_counter() - begun
    kinds = (
        ("lost", "deeds lost, or answered otherwise than once and alike", found.lost),
        ("doubled", "journal lines or decisions written twice", found.doubled),
        ("notices", "notices lost or with two ids", found.notices),
        ("replay", "outages whose row is not what the journal replays to, and faults of moms verify", found.replay),
    )
    about = f"of {found.seeds} seeds from {first}: {found.deaths} deaths, {found.around_commits} chosen around a commit"
    return [
        *(
            Row(id=f"crash.{name}", what=what, value=float(len(wrong)), unit="", goal=0.0, clock="wall",
                runs=found.seeds, why="; ".join(wrong[:3]) or None)
            for name, what, wrong in kinds
        ),
        Row(id="crash.bound", what=f"no more than so many in 100 (95 %), if none was seen: 3/n; {about}",
            value=None if found.faults else 300.0 / found.seeds, unit="%", clock="wall", runs=found.seeds,
            why="something was seen" if found.faults else None),
        Row(id="crash.time", what="all of it", value=took_s, unit="s", clock="wall", runs=1),
    ]  # fmt: skip
