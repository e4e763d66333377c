"""A worker without a process of its own, on a real database: its clock, its fate and its studies are the test's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from sqlalchemy import event as hooks

from moms.desk import operate, settle, submit
from moms.desk.clock import AnswerRow, ClockRules
from moms.desk.duties import NOBODY_NEXT
from moms.desk.timely import do
from moms.flow.worker import Needs, Tally, work
from moms.outages.lifecycle import Verb, move
from moms.store.book import PostgresBook
from moms.store.work import PostgresWork
from moms.values import SYSTEM
from moms.wiring.work import Lookout, sealed
from tests.desk.worlds import DAY, NOW, OWNER, START, a_world, ask
from tests.wiring.crashing import ROOM

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from moms.desk.work import Held
    from moms.records.told import NoticeRules
    from tests.wiring.crashing import Fate

LEASE = timedelta(minutes=1)
CLOCK = ClockRules(
    answers=(AnswerRow(from_days=3, before_days=2),), decide_after_min=0.0, restudy_days=(7.0, 1.0), shaken_days=5.0,
)  # fmt: skip
LAX = a_world(clock=CLOCK)
STRICT = replace(LAX, rules=replace(LAX.rules, decision=replace(LAX.rules.decision, voltage_kv=200.0)))
"""It refers all lines, for their voltage."""
ADVISING = replace(LAX, rules=replace(LAX.rules, decision=replace(LAX.rules.decision, authority=())))
"""It decides nothing by itself."""
TIGHT = a_world(slack=0.5, clock=CLOCK)
"""What LAX finds clean is not clean here."""


@dataclass
class Inline:
    """A study in the worker's own process: it is done when it is waited for."""

    doing: Callable[[Held, datetime], str]
    held: tuple[Held, datetime] | None = None
    killed: int = 0

    def begin(self, held, *, now):
        self.held = held, now

    def wait(self, _seconds):
        return self.doing(*self.held)

    def kill(self):
        self.killed += 1


@dataclass
class Worker:
    """One worker."""

    engine: Engine
    needs: Needs
    said: list[tuple[str, str, str]] = field(default_factory=list)

    def run(self) -> Tally:
        """Work until nothing is due."""
        tally = Tally()
        work(self.needs, tally=tally, once=True)
        return tally

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()

    def done(self) -> list[str]:
        """Give the names of the duties it has done."""
        return [name for what, name, _ in self.said if what == "done"]


def a_worker(
    database, *, world=LAX, now: datetime | Callable[[], datetime] = NOW, fate: Fate | None = None, name: str = "w",
    doing=None, doubt=lambda: "", notices: NoticeRules = NOBODY_NEXT,
) -> Worker:  # fmt: skip
    """Start one on a database; nights are left out: a small grid has none to tell."""
    world = replace(world, rules=replace(world.rules, notices=notices))
    engine = database.engine()
    if fate is not None:
        hooks.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, *_: fate.statement(sql))
        commit = engine.dialect.do_commit
        engine.dialect.do_commit = lambda connection: fate.commit(lambda: commit(connection))
    book, listed = PostgresBook(engine), PostgresWork(engine)

    def whole(held, at):
        return (
            "no night"
            if held.duty.task in {"firmness", "margin"}
            else do(held.duty, book=sealed(book, held), world=world, now=at)
        )

    ticks = iter(range(10**9))
    found = Worker(engine, None)  # type: ignore[arg-type]  # a line further it has them
    found.needs = Needs(
        work=listed, look=Lookout(book, listed, lambda: world.rules.clock, notices=lambda: notices),
        quick=doing or whole,
        study=Inline(doing or whole), clock=now if callable(now) else lambda: now, doubt=doubt,
        ticks=lambda: next(ticks) / 1e6, sleep=lambda _s: None, wanted=lambda: True,
        tell=lambda *said: found.said.append(said), holder=name, lease=LEASE, poll_s=10.0, limit_s=100.0,
    )  # fmt: skip
    return found


def lapse(database) -> None:
    """Let time pass in which nobody renews a lease and what waits may be tried again."""
    with database.admin() as admin:
        admin.execute("UPDATE moms.work SET free_from = made_at WHERE became = 'open'")


def told(database, *, since: int = 0) -> list[tuple[str, str]]:
    """Give verb and reference of each event in the journal, but the lines of decisions."""
    with database.admin() as admin:
        rows = admin.execute(
            "SELECT j.body::json ->> 'verb', o.external_id FROM moms.journal j JOIN moms.outage o ON o.id = j.outage_id"
            " WHERE j.body::json ->> 'verb' IS NOT NULL ORDER BY j.organisation, j.seq"
        ).fetchall()
    return [(str(verb), str(ref)) for verb, ref in rows][since:]


def filed(book, name: str, *, world=LAX, start=START, decided=True, asset="branch:3", **changes) -> str:
    """File a request, and decide it."""
    request = replace(ask(asset, start=start), external_id=name, **changes)
    owner = replace(OWNER, organisation=request.organisation)
    found = submit.submit(book=book, world=world, actor=owner, now=NOW, request=request)
    if decided:
        settle.decide(book=book, world=world, now=NOW, outage_id=found.outage.id, asked_by=SYSTEM)
    return found.outage.id


def stepped(book, name: str, verb: Verb, *, at: datetime) -> None:
    """Take one step of the lifecycle, as the control room."""
    operate.step(book=book, world=LAX, actor=ROOM, now=at, outage_id=name, verb=verb)


def offered(book, name: str, *, start=START, asset="branch:3") -> str:
    """Have an outage whose owner was offered the day after, on a record."""
    outage_id = filed(book, name, world=STRICT if asset.startswith("branch") else ADVISING, start=start, asset=asset)
    with book.as_(SYSTEM) as page:
        before = page.outage(outage_id)
        record = page.decision(before.decision_id)
        window = before.window.moved(DAY)
        offer = {"window": {"start": window.start.isoformat(), "end": window.end.isoformat()}, "recurrence": None}
        record = {**record, "id": f"D-offer-{name}", "outcome": "counter", "alternatives": [offer]}
        after = move(
            before, verb=Verb.NEGOTIATE, actor=SYSTEM, now=NOW, reason="other dates", decision_id=record["id"],
            system_may=True,
        )  # fmt: skip
        page.revise(after, submit.event(after, actor=SYSTEM, now=NOW, verb=Verb.NEGOTIATE, world=LAX, before=before))
        page.keep_decision(record["id"], outage_id, record)
    return outage_id
