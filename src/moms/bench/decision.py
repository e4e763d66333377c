"""How long a decision takes on the bundled grid: filed as it is, and filed after its preview.

Lines are drawn at random, each for a week of its own season, beside the starter book. Every request is written, so
the later ones wait in the queue behind the earlier ones or stand beside what was granted, as in life. Every other
one is previewed first, as the page does while it is typed: what it then takes to file it is told by itself.
"""

from __future__ import annotations

import gc
import time
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from moms.bench.own_home import own_home
from moms.bench.rows import Row
from moms.desk import settle, submit
from moms.desk.season import enter
from moms.exchange.season import bundled
from moms.outages import Category, Contact, Kind, Nature, Request
from moms.store.place import open_place
from moms.values import Actor, Role, Window
from moms.wiring.memory import give_back
from moms.wiring.worlds import open_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from moms.desk.ports import Book
    from moms.desk.world import World

SEED, MANY, FEW = 1, 12, 2
GOAL_S = 1.5
CONTACT = Contact(name="bench", phone="+1 555 0100")


class Timed(NamedTuple):
    """Of one decision."""

    wall_s: float
    cpu_s: float
    outcome: str


def rows(*, quick: bool) -> list[Row]:
    """Measure in a home of its own, which is removed afterwards; `quick` takes two lines for a day."""
    count, days = (FEW, 1) if quick else (MANY, 7)
    season = bundled("starter")
    with own_home() as home:
        world = open_world(grid="miso", rule_book="miso-demo-1", home=home)
        with open_place(env={"MOMS_HOME": str(home)}) as place:
            enter(book=place.book, entries=season.entries, rule_book=season.rule_book)
            asked = list(requests(world, count=count, days=days))
            first, filed = _timed(place.book, world, asked, now=season.clock)
    told = (
        f"of {count} lines for {'a day' if quick else 'a week'} each, drawn at random, on miso beside the starter book"
    )
    outcomes = ", ".join(sorted(one.outcome for one in first))
    return [
        _middle("decision.cold", f"{told}: the first time anybody asks, the middle one ({outcomes})", first),
        _last("decision.cold_longest", f"{told}: the first time anybody asks, the longest", first, goal=GOAL_S),
        _last("decision.filed", f"{told}: from submit to committed record once previewed, the longest", filed,
              goal=GOAL_S),
        Row(id="decision.cpu", what=f"{told}: the first time anybody asks, of all", unit="s", runs=len(first),
            value=sum(one.cpu_s for one in first)),
    ]  # fmt: skip


def requests(world: World, *, count: int, days: int) -> Iterator[Request]:
    """Draw requests for lines that have an owner, from March to September; the same ones each time."""
    rng = Random(SEED)  # noqa: S311 - no secret
    lines = [one.id for one in world.contingencies if one.id.startswith("branch:")]
    for number in range(count):
        asset = rng.choice(lines)
        while (owner := world.owner((asset,))) is None:
            asset = rng.choice(lines)
        start = datetime(2027, rng.randint(3, 9), rng.randint(1, 28), 5, tzinfo=UTC)
        yield Request(
            external_id=f"BENCH-{number}", organisation=owner, category=Category.TRANSMISSION, kind=Kind.MAINTENANCE,
            nature=Nature.LINE_MAINTENANCE, assets=(asset,), recall_h=4.0, emergency_return_h=2.0,
            window=Window(start=start, end=start + timedelta(days=days)), description="bench", contacts=(CONTACT,),
        )  # fmt: skip


def _timed(book: Book, world: World, asked: Sequence[Request], *, now: datetime) -> tuple[list[Timed], list[Timed]]:
    """Decide each: give what the first look at it took, and what filing took where it was previewed before."""
    first, filed = [], []
    for number, request in enumerate(asked):
        gc.collect()
        give_back()
        if number % 2:
            first.append(_one(book, world, request, now=now, preview=True))
            filed.append(_one(book, world, request, now=now, preview=False))
        else:
            first.append(_one(book, world, request, now=now, preview=False))
    return first, filed


def _one(book: Book, world: World, request: Request, *, now: datetime, preview: bool) -> Timed:
    actor = Actor(name="bench", organisation=request.organisation, role=Role.OWNER)
    file = submit.preview if preview else submit.submit
    wall, cpu = time.perf_counter(), time.process_time()
    there = file(book=book, world=world, now=now, actor=actor, request=request)
    if there.outage is None:
        raise RuntimeError(f"a rule returns {request.assets[0]}: {[f.says for f in there.findings]}")
    answer = settle.decide(
        book=book, world=world, now=now, outage_id=there.outage.id, asked_by=actor, preview=preview,
        unfiled=there.outage if preview else None,
    )  # fmt: skip
    took = time.perf_counter() - wall, time.process_time() - cpu
    return Timed(*took, str((answer.record or {}).get("outcome")))


def _middle(key: str, what: str, some: Sequence[Timed]) -> Row:
    walls = sorted(one.wall_s for one in some)
    return Row(id=key, what=what, value=walls[len(walls) // 2], unit="s", spread=(walls[0], walls[-1]), clock="wall",
               runs=len(walls))  # fmt: skip


def _last(key: str, what: str, some: Sequence[Timed], *, goal: float) -> Row:
    walls = sorted(one.wall_s for one in some)
    return Row(id=key, what=what, value=walls[-1], unit="s", spread=(walls[0], walls[-1]), goal=goal, clock="wall",
               runs=len(walls))  # fmt: skip
