"""The deeds over which a process dies (`moms.bench.failpoints`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from moms.bench.failpoints import Died, Fate, fated
from moms.desk import settle, submit
from moms.desk.answer import outage_id
from moms.desk.catalogue import Catalogue
from moms.desk.keys import Claim, KeptAnswer, principal_of
from moms.outages import Status
from moms.outages.lifecycle import Verb, move
from moms.portal.going_on import _finish
from moms.portal.guard import Service
from moms.portal.lanes import Lane
from moms.portal.needs import Limits, Needs, Waits
from moms.portal.once import Written, answered
from moms.portal.passkeys import Challenges
from moms.portal.pulse import Pulse
from moms.portal.rates import Buckets
from moms.store.audit import verify
from moms.store.book import PostgresBook
from moms.store.files import PostgresFiles
from moms.store.keys import PostgresKeys, marker
from moms.store.notices import PostgresNotices
from moms.store.people import PostgresRegister
from moms.store.views import PostgresViews
from moms.values import SYSTEM, Actor, Role
from moms.wiring.files import FileRoom
from moms.wiring.office import Office
from moms.wiring.people import Argon2, new_secret
from moms.wiring.settings import Settings
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from moms.desk.world import World

__all__ = ["Died", "Fate"]
ROOM = Actor(name="rosa", organisation="operator", role=Role.CONTROL_ROOM)
LEASE = timedelta(minutes=1)
LAX = a_world()
STRICT = replace(LAX, rules=replace(LAX.rules, decision=replace(LAX.rules.decision, voltage_kv=200.0)))
"""It refers all lines, for their voltage."""
TIGHT = a_world(slack=0.5)
"""What LAX finds clean is not clean here."""


@dataclass
class Process:
    """One process of the service, without its port."""

    service: Service
    engine: Engine

    def claim(self, deed: Deed, key: str) -> Claim | KeptAnswer:
        actor = deed.actor
        return self.service.needs.keys.claim(
            principal=principal_of(actor), key=key, organisation=actor.organisation, asked=deed.name, lease=LEASE
        )

    def do(self, deed: Deed, outage_id: str, day: int, key: str, *, again: bool = False) -> Written | dict[str, object]:
        """Do as the service does for a POST; give the answer, or the kept one."""
        there = self.claim(deed, key)
        if isinstance(there, KeptAnswer):
            assert there.answer is not None, "somebody is still at work, and nobody is"
            return there.answer
        found = there
        return answered(self.service, found, lambda desk: deed.do(desk, outage_id, day), expected=None, again=again)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()
        for lane in {self.service.quick, self.service.study}:
            lane.close()

    def sweep(self) -> None:
        """Finish what others left."""
        _finish(self.service)


def process(database, world, *, now: datetime, fate: Fate) -> Process:
    """Start one on a database."""
    engine = fated(database.engine(), fate)

    def desk(actor, *, expected=None, claim=None, early=None):
        book = PostgresBook(engine, expected=expected)
        told = book if claim is None else book.marking(marker(claim, early))
        chosen = Settings(home=Path(), actor=actor, now=now, simulated=True, grid="", rule_book="", fixed=True)
        return Office(settings=chosen, book=told, opened=world, early=early)

    needs = Needs(
        desk=desk, register=PostgresRegister(engine), notices=PostgresNotices(engine), views=PostgresViews(engine),
        keys=PostgresKeys(engine), hasher=Argon2(), secret=new_secret,
        clock=lambda: now, ready=lambda: None,
        waits=lambda: Waits(notices={}, duties={}, late_s=0.0), hosts=frozenset(), secure=False, request_schema={},
        catalogue=Catalogue(()), about=dict, verify=lambda: verify(engine, outside=()), limits=Limits(),
        files=FileRoom(files=PostgresFiles(engine), scanner=None, now=lambda: now),
        challenges=Challenges(key=b"x" * 64),
    )  # fmt: skip
    lane, buckets = Lane("x", threads=1, queue=0), Buckets(per_s=1, burst=1)
    return Process(Service(needs, lane, lane, buckets, buckets, buckets, Pulse(needs, lane)), engine)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One thing asked for under a key: by whom, when (days after the window's start), on what, and what has to be."""

    name: str
    actor: Actor
    do: Callable
    ready: Callable
    """Brings an outage of a day to where the deed finds it, and gives its id."""
    world: World = LAX
    after: timedelta | None = None
    """How long after the window's start it is done; None: at filing."""

    def now(self, day: int) -> datetime:
        return NOW if self.after is None else start_of(day) + self.after


def start_of(day: int) -> datetime:
    return START + 4 * day * DAY


def wish(day: int, **changes):
    return replace(ask("branch:3", start=start_of(day)), external_id=f"wish {day}", **changes)


def name_of(day: int) -> str:
    return outage_id("TO-1", f"wish {day}")


def filed(book, day, *, world=LAX, decided=True):
    """File a request, and decide it."""
    found = submit.submit(book=book, world=world, actor=OWNER, now=NOW, request=wish(day))
    if decided:
        settle.decide(book=book, world=world, now=NOW, outage_id=found.outage.id, asked_by=SYSTEM)
    return found.outage.id


def running(book, day):
    """Have an outage under way."""
    name = filed(book, day)
    office = Office(
        settings=Settings(home=Path(), actor=ROOM, now=start_of(day), simulated=True, grid="", rule_book=""),
        book=book, opened=LAX,
    )  # fmt: skip
    office.operate(name, "start")
    return name


def offered(book, day):
    """Have an outage whose owner was offered the day after, on a record."""
    name = filed(book, day, world=STRICT)
    with book.as_(SYSTEM) as page:
        before = page.outage(name)
        record = page.decision(before.decision_id)
        window = wish(day).window.moved(DAY)
        offer = {"window": {"start": window.start.isoformat(), "end": window.end.isoformat()}, "recurrence": None}
        record = {**record, "id": f"D-offer-{day}", "alternatives": [offer]}
        after = move(
            before, verb=Verb.NEGOTIATE, actor=SYSTEM, now=NOW, reason="other dates", decision_id=record["id"],
            system_may=True,
        )  # fmt: skip
        page.revise(after, submit.event(after, actor=SYSTEM, now=NOW, verb=Verb.NEGOTIATE, world=LAX, before=before))
        page.keep_decision(record["id"], name, record)
    return name


def leaned_on(book, day):
    """Have an approved outage on which another, approved, leans; without it the other is not clean any more."""
    name = filed(book, day)
    leaning = submit.submit(
        book=book, world=LAX, actor=OWNER, now=NOW,
        request=replace(ask("branch:5", start=start_of(day)), external_id=f"lean {day}"),
    )  # fmt: skip
    answer = settle.decide(book=book, world=LAX, now=NOW, outage_id=leaning.outage.id, asked_by=SYSTEM)
    with book.as_(SYSTEM) as page:
        outage = page.outage(leaning.outage.id)
        assert answer.record is not None
        record: dict[str, object] = {**answer.record, "id": f"D-lean-{day}"}
        record["conditions"] = [{"kind": "relies_on", "says": "it is out", "data": {"outages": [name]}}]
        stands = replace(outage, revision=outage.revision + 1, decision_id=record["id"])
        page.revise(stands, submit.event(stands, actor=SYSTEM, now=NOW, verb="decide:approve", world=LAX))
        page.keep_decision(record["id"], outage.id, record)
    assert stands.status == Status.APPROVED
    return name


def nothing(book, day):
    """Have nothing: the deed itself files."""
    return name_of(day)


DEEDS = (
    Deed(name="submit", actor=OWNER, ready=nothing, do=lambda desk, _, day: desk.submit(wish(day))),
    Deed(name="submit and refer", actor=OWNER, ready=nothing, world=STRICT,
         do=lambda desk, _, day: desk.submit(wish(day))),
    Deed(name="decide", actor=ENGINEER, ready=lambda book, day: filed(book, day, decided=False),
         do=lambda desk, name, _: desk.decide(name)),
    Deed(name="settle", actor=ENGINEER, world=STRICT, ready=lambda book, day: filed(book, day, world=STRICT),
         do=lambda desk, name, _: desk.settle(name, outcome="approve", reason="looked at")),
    Deed(name="change", actor=OWNER, ready=filed,
         do=lambda desk, name, day: desk.change(name, wish(day, window=wish(day).window.moved(DAY)), reason="crew")),
    Deed(name="comment", actor=OWNER, ready=filed,
         do=lambda desk, name, day: desk.change(name, wish(day, description="two crews"), reason="crew")),
    Deed(name="take", actor=OWNER, ready=offered, do=lambda desk, name, _: desk.take(name, number=1, reason="good")),
    Deed(name="decline", actor=OWNER, ready=offered, do=lambda desk, name, _: desk.decline(name, reason="no crew")),
    Deed(name="start", actor=ROOM, ready=filed, after=timedelta(0),
         do=lambda desk, name, _: desk.operate(name, "start")),
    Deed(name="extend", actor=ROOM, ready=running, after=timedelta(hours=20),
         do=lambda desk, name, day: desk.extend(name, until=(start_of(day) + 2 * DAY).isoformat(), forced=False,
                                                reason="crack")),
    Deed(name="recall", actor=ROOM, ready=running, after=timedelta(hours=5),
         do=lambda desk, name, _: desk.operate(name, "recall", reason="storm")),
    Deed(name="end", actor=ROOM, ready=running, after=timedelta(hours=20),
         do=lambda desk, name, _: desk.operate(name, "end")),
    Deed(name="cancel", actor=OWNER, ready=leaned_on, world=TIGHT,
         do=lambda desk, name, _: desk.operate(name, "cancel", reason="no crew")),
)  # fmt: skip


def lines(database, day: int) -> list[tuple[str, str, int]]:
    """Give all that the journal tells of a day's outages: whose, which verb, which revision."""
    names = {name: kind for kind in ("wish", "lean") for name in [outage_id("TO-1", f"{kind} {day}")]}
    with database.admin() as admin:
        rows = admin.execute(
            "SELECT outage_id, body::json ->> 'verb', outage_revision FROM moms.journal"
            " WHERE outage_id = ANY (%s) AND outage_revision IS NOT NULL ORDER BY seq",
            (list(names),),
        ).fetchall()
    return [(names[row[0]], str(row[1]), int(row[2])) for row in rows]
