"""Build a book: seeded requests on `miso`, each submitted through this engine in order of stamp.

    python tools/build_season.py --name starter --seed 7 --count 420
    python tools/build_season.py --name demo --seed 11 --count 2600 --enough 1500

Every two minutes the book so far is written, with the references that have been decided; `--resume` goes on
from there with the same seed and count.

What the engine approves or accepts enters the book and the requests after it are studied with it out;
what it refers, counters or denies does not. The result carries the engine version, the model digest,
the seed and the counts. Nothing in it is real: owners, work and dates are drawn by the rules below.

Lines are drawn among the lightly loaded ones that hold nobody's supply alone, as an owner would choose
them; most work lasts a day or two, more of it in spring, some of it at one station in following weeks.
In the starter one request in twelve is for a generating unit, in `demo` one in five, an eighth of these for
an overhaul of weeks that was asked for most of a year ahead. What would need a redispatch is decided with one, as in the
product. What is not granted is withdrawn again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from moms.bench.own_home import own_home
from moms.desk import settle
from moms.desk.answer import Answer
from moms.desk.operate import step
from moms.desk.season import Entry, enter
from moms.desk.situation import Situation, read
from moms.desk.submit import entry_findings, submit
from moms.desk.world import World
from moms.exchange.season import Season, entries_in_order, save
from moms.exchange.season import read as read_season
from moms.grid import BranchKind, Flag, Hours
from moms.grid import Season as Season_
from moms.grid.topology import bridges
from moms.outages import Category, Contact, Kind, Nature, Request
from moms.outages.lifecycle import Verb
from moms.powerflow import DcFactor
from moms.values import MARKET, SYSTEM, Actor, Refused, Role, Window
from moms.wiring.memory import give_back, keep_freed
from moms.wiring.office import Office, open_office
from moms.wiring.settings import settings

CLOCK = datetime(2026, 12, 1, 15, tzinfo=UTC)
"""The demo's instant: everything in the book was asked for before it."""
FIRST_DAY = date(2026, 12, 2)


Lengths = tuple[tuple[float, int, int], ...]
"""(share, least days, most days)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One sort of work: how much of it there is, on what, for how long, and how long before it is asked for."""

    share: float
    units: bool
    lengths: Lengths
    month_weight: dict[int, float]
    lead_days: Lengths = ((0.15, 20, 30), (0.3, 45, 55), (0.25, 90, 100), (0.2, 130, 140), (0.1, 200, 210))
    from_mw: float = 25.0
    to_mw: float = 250.0
    fuels: tuple[str, ...] = ("coal", "ng", "hydro")
    flagged: bool = False
    """Units with a special flag too."""
    once: bool = False
    """No unit twice in the book."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Over which days a book is drawn, and what work is in it."""

    last_day: date
    works: tuple[Work, ...]
    filed_over_days: int = 40
    """What would be filed after the demo's instant is filed in so many days before it."""


USUAL = ((0.72, 1, 1), (0.17, 2, 2), (0.09, 3, 5), (0.02, 6, 9))
SPRING = {12: 0.5, 1: 0.5, 2: 0.9, 3: 1.5, 4: 1.9, 5: 1.5, 6: 0.6}
YEAR = {**SPRING, 7: 0.3, 8: 0.3, 9: 1.2, 10: 1.7, 11: 1.1}
"""Spring and autumn are when equipment comes out; the peaks are avoided."""
SHOULDER = {2: 0.4, 3: 1.5, 4: 1.8, 5: 0.8, 9: 0.8, 10: 1.6}
EARLY = ((0.6, 250, 330), (0.4, 330, 450))
"""An overhaul is asked for most of a year ahead and more, before the work that fits around it."""

BOOKS = {
    "starter": Plan(
        last_day=date(2027, 6, 30),
        works=(
            Work(share=0.92, units=False, lengths=USUAL, month_weight=SPRING),
            Work(share=0.08, units=True, lengths=USUAL, month_weight=SPRING),
        ),
    ),
    "demo": Plan(
        last_day=date(2027, 11, 28),
        filed_over_days=150,
        works=(
            Work(
                share=0.80,
                units=False,
                lengths=((0.58, 1, 1), (0.17, 2, 2), (0.18, 3, 5), (0.06, 6, 9), (0.01, 10, 16)),
                month_weight=YEAR,
            ),
            Work(
                share=0.175,
                units=True,
                lengths=((0.7, 2, 3), (0.3, 4, 7)),
                month_weight=YEAR,
                to_mw=600.0,
                flagged=True,
            ),
            Work(
                share=0.022,
                units=True,
                lengths=((0.5, 10, 16), (0.5, 31, 36)),
                month_weight=SHOULDER,
                lead_days=EARLY,
                from_mw=60.0,
                to_mw=600.0,
                flagged=True,
                once=True,
            ),
            Work(
                share=0.003,
                units=True,
                lengths=((1.0, 31, 34),),
                month_weight=SHOULDER,
                lead_days=((1.0, 540, 700),),
                from_mw=500.0,
                to_mw=1500.0,
                fuels=("nuclear",),
                flagged=True,
                once=True,
            ),
        ),
    ),
}
LIGHT_MW, LIGHT_SHARE = 6.0, 0.08
"""Lines that carry less than both are asked for."""
BATCH = 4
"""Requests a core and batch: a long study does not leave the other core idle."""
SAVE_EACH_S = 120.0
DAY = timedelta(days=1)
Drawn = tuple[datetime, Request, str]
"""A stamp, a request, and who filed it."""


def draw_requests(world: World, plan: Plan, *, seed: int, count: int) -> list[Drawn]:
    """Draw requests with their stamps, in order of stamp."""
    rng = np.random.default_rng(seed)
    rows = [_units(world, work) if work.units else _lines(world) for work in plan.works]
    upto = np.cumsum([work.share for work in plan.works])
    found: list[Drawn] = []
    while len(found) < count:
        which = min(int(np.searchsorted(upto, rng.random(), side="right")), len(plan.works) - 1)
        draw = _unit_request if plan.works[which].units else _project
        new = draw(world, plan, plan.works[which], rng, rows[which], len(found))
        if plan.works[which].once:
            rows[which] = np.setdiff1d(rows[which], [int(r.assets[0].removeprefix("gen:")) - 1 for _, r, _ in new])
        found += new
    return sorted(found[:count], key=lambda row: (row[0], row[1].external_id))


def _lines(world: World) -> np.ndarray:
    """Give rows an owner would ask for: in service, inside, owned, below 345 kV, no special flag."""
    grid = world.grid
    branches, register = grid.network.branches, grid.register
    kv = np.maximum(grid.network.buses.base_kv[branches.from_bus], grid.network.buses.base_kv[branches.to_bus])
    ordinary = (register.branch_flags & ~int(Flag.SOLE_OUTLET)) == 0
    ok = branches.in_service & ordinary & (register.branch_owner >= 0) & (kv <= 161.0) & (kv >= 69.0)
    ok &= branches.kind != int(BranchKind.EQUIVALENT)
    ok &= branches.equipment == np.arange(len(branches))
    network = grid.network
    case = Hours(
        label=("case",), start=None, load_mw=network.buses.load_mw[:, None],
        unit_mw=np.where(network.units.in_service, network.units.p_mw, 0.0)[:, None],
        dcline_mw=network.dclines.p_mw[:, None], season=(Season_.SUMMER,),
    )  # fmt: skip
    flow = np.abs(DcFactor.of(network).flows(case.injection_mw(network))[:, 0])
    ok &= (flow < LIGHT_MW) & (flow < LIGHT_SHARE * branches.rate_a_mw)
    ok[bridges(network)] = False
    return np.flatnonzero(ok)


def _units(world: World, work: Work) -> np.ndarray:
    units, register = world.grid.network.units, world.grid.register
    ok = (
        units.in_service
        & np.isin(units.fuel, work.fuels)
        & (register.unit_owner >= 0)
        & (units.p_max_mw >= work.from_mw)
        & (units.p_max_mw <= work.to_mw)
        & (work.flagged | (register.unit_flags == 0))
    )
    return np.flatnonzero(ok)


def _window(plan: Plan, work: Work, rng: np.random.Generator, days: int) -> Window:
    weights = np.array(list(work.month_weight.values()))
    month = int(rng.choice(list(work.month_weight), p=weights / weights.sum()))
    year, whole = 2026 if month == 12 else 2027, work.units
    first = date(year, month, int(rng.integers(1, 28)))
    first = min(max(first, FIRST_DAY + 2 * DAY), plan.last_day)
    if first.weekday() >= 5 and not whole:
        first += (7 - first.weekday()) * DAY
    hour = 0 if whole else 7
    start = datetime(first.year, first.month, first.day, hour, tzinfo=MARKET)
    end = start + days * DAY if whole else start + (days - 1) * DAY + timedelta(hours=10)
    return Window(start=start, end=end)


def _drawn(rng: np.random.Generator, rows: Lengths) -> tuple[int, int]:
    share = np.array([row[0] for row in rows])
    _, least, most = rows[int(rng.choice(len(rows), p=share / share.sum()))]
    return least, most


def _length(rng: np.random.Generator, rows: Lengths) -> int:
    least, most = _drawn(rng, rows)
    return int(rng.integers(least, most + 1))


def _stamp(plan: Plan, work: Work, rng: np.random.Generator, start: datetime) -> datetime:
    """Give when it was filed: some days to months before, and before the demo's instant."""
    least, most = _drawn(rng, work.lead_days)
    lead = least + float(rng.random()) * (most - least)
    latest = CLOCK - timedelta(hours=float(rng.integers(1, 24 * plan.filed_over_days)))
    return min(start.astimezone(UTC) - lead * DAY, latest).replace(microsecond=0, second=0)


def _contact(owner: str) -> tuple[Contact, ...]:
    return (Contact(name=f"{owner} outage desk", phone="+1 555 0100"),)


def _project(
    world: World, plan: Plan, work: Work, rng: np.random.Generator, lines: np.ndarray, number: int
) -> list[Drawn]:
    """Draw one piece of work: a line, sometimes a second one at the same station the week after."""
    branches, register, stations = world.grid.network.branches, world.grid.register, world.grid.network.buses.station
    row = int(rng.choice(lines))
    rows = [row]
    if rng.random() < 0.25:
        near = lines[stations[branches.from_bus[lines]] == stations[branches.from_bus[row]]]
        rows += [int(r) for r in near[near != row][:1]]
    window = _window(plan, work, rng, _length(rng, work.lengths))
    found = []
    for k, each in enumerate(rows):
        owner = register.owners[register.branch_owner[each]]
        shifted = window.moved(7 * k * DAY)
        transformer = branches.kind[each] != int(BranchKind.LINE)
        slack = int(rng.choice([0, 0, 7, 21]))
        request = Request(
            external_id=f"S27-{number + k:04d}",
            organisation=owner,
            category=Category.TRANSMISSION,
            kind=Kind.PLANNED if shifted.hours > 24 else Kind.MAINTENANCE,
            nature=Nature.TRANSFORMER_MAINTENANCE if transformer else Nature.LINE_MAINTENANCE,
            assets=(f"branch:{each + 1}",),
            window=shifted,
            earliest_start=shifted.start if slack else None,
            latest_end=shifted.end + slack * DAY if slack else None,
            recall_h=float(rng.choice([4, 8, 12, 24])),
            emergency_return_h=2.0,
            project=f"W{number:04d}" if len(rows) > 1 else None,
            description="synthetic work",
            contacts=_contact(owner),
            agreed_load_at_risk=bool(rng.random() < 0.5),
        )
        found.append((_stamp(plan, work, rng, shifted.start), request, f"desk-{owner.lower()}"))
    return found


def _unit_request(
    world: World, plan: Plan, work: Work, rng: np.random.Generator, units: np.ndarray, number: int
) -> list[Drawn]:
    register = world.grid.register
    row = int(rng.choice(units))
    owner = register.owners[register.unit_owner[row]]
    window = _window(plan, work, rng, max(_length(rng, work.lengths), 2))
    request = Request(
        external_id=f"S27-{number:04d}",
        organisation=owner,
        category=Category.GENERATION,
        kind=Kind.PLANNED,
        nature=Nature.OVERHAUL if window.hours > 240 else Nature.BOROSCOPE,
        assets=(f"gen:{row + 1}",),
        window=window,
        recall_h=float(rng.choice([24, 72, 168])),
        emergency_return_h=24.0,
        description="synthetic work",
        contacts=_contact(owner),
    )
    return [(_stamp(plan, work, rng, window.start), request, f"desk-{owner.lower()}")]


# ---------------------------------------------------------------- deciding, two at a time where they cannot meet
_WORLD: list[object] = []


class _NoStorms:
    """The book of a child that has no database: all a decision asks of it is whether a storm is forecast."""

    @contextmanager
    def as_(self, _actor: Actor) -> Iterator[_NoStorms]:
        yield self

    def entries(self, _register: str, *, last: int) -> list[object]:
        return [][:last]


def _think(job: tuple[Situation, datetime]) -> Answer | str:
    situation, now = job
    try:
        return settle.think(world=_WORLD[0], situation=situation, now=now, book=_NoStorms())
    except Refused as why:
        return str(why)
    finally:
        give_back()  # the study of an overhaul takes gigabytes, and two run at once


def _free_of(window: Window, others: list[Window]) -> bool:
    wide = Window(start=window.start - 8 * DAY, end=window.end + 8 * DAY)
    return not any(wide.overlaps(o) for o in others)


def _batch(waiting: list[Drawn], most: int) -> list[Drawn]:
    """Take the next requests whose studies cannot depend on each other: windows a week and more apart."""
    taken, passed = [], []
    for row in waiting:
        window = row[1].window
        if len(taken) < most and _free_of(window, passed + [t[1].window for t in taken]):
            taken.append(row)
        else:
            passed.append(window)
    return taken


def build(
    *, name: str, seed: int, count: int, cores: int, home: Path, minutes: float, enough: int, out: Path, resume: bool
) -> None:
    """Submit and decide every request, keep what is approved or accepted, and save after every batch."""
    keep_freed()
    os.environ["MOMS_HOME"] = str(home)
    chosen = settings(
        organisation="operator", role="engineer", now=CLOCK.isoformat(), grid="miso", rule_book="miso-demo-1"
    )
    with open_office(chosen) as office:
        world = office.world
        quiet = replace(world.rules.decision, search_days=0, alternatives=0)
        world = replace(world, rules=replace(world.rules, decision=quiet))
        _WORLD.append(world)
        drawn = draw_requests(world, BOOKS[name], seed=seed, count=count)
        waiting, entries, counts = list(drawn), [], Counter()
        decided: list[str] = []
        if resume:
            before = read_season(out.read_bytes())
            entries, counts, decided = list(before.entries), Counter(before.made["counts"]), before.made["decided"]
            enter(book=office.book, entries=before.entries, rule_book=before.rule_book)
            waiting = [row for row in drawn if row[1].external_id not in set(decided)]
        began = saved = time.monotonic()
        with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("fork")) as pool:
            while waiting:
                batch = _batch(waiting, BATCH * cores)
                jobs = [(row, _filed(office, world, row)) for row in batch]
                live = [(row, s) for row, s in jobs if s is not None]
                answers = list(pool.map(_think, [(s, row[0]) for row, s in live]))
                counts["returned"] += len(jobs) - len(live)
                for (row, situation), answer in zip(live, answers, strict=True):
                    if isinstance(answer, str):
                        print("not decided", row[1].external_id, answer, flush=True)
                        counts["not decided"] += 1
                        _withdraw(office, world, row, situation.outage.id)
                        continue
                    settle.write(
                        book=office.book, world=world, now=row[0], situation=situation, answer=answer, asked_by=SYSTEM
                    )
                    counts[answer.record["outcome"]] += 1
                    if answer.record["outcome"] in {"approve", "accept"}:
                        entries.append(_entry(row, answer))
                    else:
                        _withdraw(office, world, row, situation.outage.id)
                    decisive = (
                        ",".join(answer.record["decisive"])
                        if answer.record["outcome"] not in {"approve", "accept"}
                        else ""
                    )
                    print(
                        f"{len(drawn) - len(waiting):4d} {row[1].external_id} {row[1].assets[0]:14s}"
                        f" {row[1].window.hours:6.0f} h {answer.record['outcome']:8s} {decisive}",
                        flush=True,
                    )
                waiting = [row for row in waiting if row not in batch]
                decided += [row[1].external_id for row in batch]
                made = {
                    "engine": world.versions,
                    "grid": world.grid.digest,
                    "seed": seed,
                    "drawn": len(drawn),
                    "decided": decided,
                    "counts": dict(sorted(counts.items())),
                }
                done = not waiting or len(entries) >= enough or time.monotonic() - began >= minutes * 60
                if done or time.monotonic() - saved > SAVE_EACH_S:
                    order = entries_in_order(entries)
                    save(Season(name=name, clock=CLOCK, rule_book=world.rules.name, entries=order, made=made), out)
                    saved = time.monotonic()
                if done:
                    break
        print(f"{time.monotonic() - began:.0f} s", dict(counts), file=sys.stderr)


def _filed(office: Office, world: World, row: Drawn) -> Situation | None:
    """File one request and read what stands around it; None where the entry rules return it."""
    stamp, request, who = row
    owner = Actor(name=who, organisation=request.organisation, role=Role.OWNER)
    filed = submit(book=office.book, world=world, actor=owner, now=stamp, request=request)
    if filed.outage is None:
        print("returned", request.external_id, [f"{f.rule}: {f.says}" for f in filed.findings if f.level == "block"])
        return None
    with office.book.as_(SYSTEM) as page:
        outage = page.outage(filed.outage.id)
        outage = replace(outage, findings=entry_findings(page, world=world, now=stamp, outage=outage))
        return read(page, outage, window=request.window, now=stamp)


def _withdraw(office: Office, world: World, row: Drawn, key: str) -> None:
    """Take a request that was not granted out of the queue again."""
    with office.book.as_(SYSTEM) as page:
        waiting = page.outage(key).pending
    if waiting:
        owner = Actor(name=row[2], organisation=row[1].organisation, role=Role.OWNER)
        step(
            book=office.book,
            world=world,
            actor=owner,
            now=row[0],
            outage_id=key,
            verb=Verb.CANCEL,
            reason="not granted",
        )


def _entry(row: Drawn, answer: Answer) -> Entry:
    status = str(answer.outage.status)
    verb = {
        "approved": "approve",
        "approved_with_conditions": "approve_with_conditions",
        "accepted_exempt": "accept_exempt",
        "accepted_not_exempt": "accept_not_exempt",
    }[status]
    return Entry(
        request=row[1],
        requester=row[2],
        stamp=row[0],
        verb=verb,
        conditions=answer.outage.conditions,
        findings=answer.outage.findings,
        record=answer.record,
    )


def main() -> None:
    """Read the words of the command line, build, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", choices=sorted(BOOKS), default="starter")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=260)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop drawing new batches after this long")
    parser.add_argument("--enough", type=int, default=160, help="stop when so many have been admitted")
    parser.add_argument("--resume", action="store_true", help="go on with what --out holds")
    parser.add_argument("--out", type=Path, help="default: the shipped file of that name")
    args = parser.parse_args()
    args.out = args.out or Path(f"src/moms/data/season/{args.name}.json.xz")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with own_home() as home:
        build(
            name=args.name,
            seed=args.seed,
            count=args.count,
            cores=args.cores,
            home=home,
            minutes=args.minutes,
            enough=args.enough,
            out=args.out,
            resume=args.resume,
        )
    season = read_season(args.out.read_bytes())
    print(f"{len(season.entries)} outages in {args.out}, {args.out.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
