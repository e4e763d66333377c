"""Which starts are free for some equipment: day cells, and windows of n days put together from them.

A cell is the study of a one-day outage over that market day's hours, with the further points of its
week, on the book of this instant (semantics 7). No flow couples days, so a window of n days causes
exactly what its days cause: its rows are theirs together, and the answer is settled on them by the
same rules as a request. "Free" therefore means that the full decision would approve now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from moms.decide import Evidence, Outcome, Remedy, Security, settle, would_change
from moms.desk.forecast import seen
from moms.desk.margins import adequate
from moms.desk.rates import rates_seen, with_rates
from moms.desk.remedy import redispatch_of
from moms.desk.security import secure
from moms.desk.situation import read
from moms.desk.submit import entry_findings
from moms.outages import Category, Kind, Nature, Outage, Position, Request, State, Status, Switch
from moms.values import MARKET, SYSTEM, ElementKind, Level, Refused, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from moms.decide import Crossing, CutOff
    from moms.desk.ports import Book
    from moms.desk.situation import Situation
    from moms.desk.world import World

DAY = timedelta(days=1)
FREE, STUDY, NOT = "free", "needs a study", "not available"
STATES = {Outcome.APPROVE: FREE, Outcome.ACCEPT: FREE, Outcome.REFER: STUDY, Outcome.DENY: NOT, Outcome.COUNTER: NOT}


class NoSpan(Refused):
    """Dates between which no window fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One day of one equipment: what being out on it would cause."""

    day: date
    security: Security
    queue: Security | None
    remedy: Remedy | None
    missing: tuple[str, ...]
    cut_off_units: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start day: whether the equipment is free for the days asked, and why not."""

    day: date
    window: Window
    state: str
    """free, needs a study, or not available."""
    reason: str
    worst: Crossing | None
    """The worst limit exceeded because of it."""
    load_at_risk_mw: float
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The starts looked at, and what was done for it."""

    assets: tuple[str, ...]
    days: int
    starts: tuple[Start, ...]
    book_version: int
    computed_at: datetime
    cells: int
    points: int
    contingencies: int
    notes: tuple[str, ...]

    def share(self, state: str) -> float:
        """Give the share of starts in one state."""
        return sum(s.state == state for s in self.starts) / len(self.starts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one cell needs; it can be sent to another process."""

    day: date
    situation: Situation


def windows(
    *,
    book: Book,
    world: World,
    now: datetime,
    assets: tuple[str, ...],
    days: int,
    first: date,
    last: date,
    each: Callable[[Callable[[Job], Cell], Sequence[Job]], Iterable[Cell]] = map,  # in this process
) -> Calendar:
    """Give every start day from `first` to `last` (market days) for an outage of `days` days.

    `each` maps the cells, in this process or over several.

    Raises:
        NoSpan: the last start is before the first, or days is not positive.
    """
    if last < first or days < 1:
        raise NoSpan(f"no start between {first} and {last} for {days} days", field="to", fix="give a later --to")
    asked = unfiled(world, assets, window=day_window(first, days), now=now)
    whole = [first + k * DAY for k in range((last - first).days + days)]
    with book.as_(SYSTEM) as page:
        version = page.version()
        jobs = [Job(day=d, situation=read(page, asked, window=day_window(d, 1), now=now)) for d in whole]
        findings = {}
        for k in range((last - first).days + 1):
            day = first + k * DAY
            one = replace(
                asked, request=replace(asked.request, window=day_window(day, days)), window=day_window(day, days)
            )
            findings[day] = entry_findings(page, world=world, now=now, outage=one)
    cells = {c.day: c for c in each(_Worker(world=world, now=now), jobs)}
    holding = {j.day: j.situation for j in jobs}
    starts = tuple(
        start_of(world, asked, [cells[d + k * DAY] for k in range(days)], [holding[d + k * DAY] for k in range(days)],
               findings=findings[d], now=now)
        for d in sorted(findings)
    )  # fmt: skip
    some = next(iter(cells.values()))
    return Calendar(
        assets=assets,
        days=days,
        starts=starts,
        book_version=version,
        computed_at=now,
        cells=len(cells),
        points=sum(c.security.points for c in cells.values()),
        contingencies=some.security.contingencies,
        notes=world.grid.notes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    """Computes one cell."""

    world: World
    now: datetime

    def __call__(self, job: Job) -> Cell:
        window = day_window(job.day, 1)
        outage = replace(
            job.situation.outage, request=replace(job.situation.outage.request, window=window), window=window
        )
        holding, queue = job.situation.holding, job.situation.queue
        studied = secure(self.world, outage, holding, book="book", window=window, now=self.now)
        queued = None
        if queue:
            queued = secure(self.world, outage, (*holding, *queue), book="queue", window=window, now=self.now).security
        return Cell(
            day=job.day,
            security=studied.security,
            queue=queued,
            remedy=redispatch_of(self.world, studied).remedy,
            missing=studied.missing,
            cut_off_units=studied.cut_off_units,
        )


def start_of(
    world: World,
    asked: Outage,
    cells: Sequence[Cell],
    situations: Sequence[Situation],
    *,
    findings: tuple,  # type: ignore[type-arg]  # of Finding
    now: datetime,
) -> Start:
    """Settle one start on its cells, by the rules of a decision."""
    window = Window(start=day_window(cells[0].day, 1).start, end=day_window(cells[-1].day, 1).end)
    request = replace(asked.request, window=window)
    holding = {o.id: o for s in situations for o in s.holding}
    queue = {o.id: o for s in situations for o in s.queue}
    evidence = Evidence(
        security=together([c.security for c in cells]),
        queue=together([c.queue or c.security for c in cells]) if queue else None,
        remedy=_remedies([c.remedy for c in cells]),
        adequacy=adequate(
            with_rates(world, situations[0].rates), replace(asked, request=request), tuple(holding.values()),
            window=window, now=now, cut_off=cells[0].cut_off_units,
        ),
        missing=tuple(dict.fromkeys(m for c in cells for m in c.missing)),
        base_kv=world.base_kv(request),
        is_line=world.is_line(request),
        reactive=world.is_reactive(request),
        ac_needed=world.needs_ac([request]),
        lead_days=(window.start - now) / DAY,
        forecast=seen(situations[0].issue, now=now),
        rates=rates_seen(situations[0].rates, now=now),
        begins_in_days=(window.start - now) / DAY,
        earlier_pending=tuple(queue),
    )  # fmt: skip
    blocks = [f for f in findings if f.level == Level.BLOCK]
    settled = settle(
        request=request, evidence=evidence, findings=findings, rules=world.rules.decision, windows_left=False
    )
    reasons = [c.says for c in settled.checks if c.rule in settled.decisive] or list(would_change(settled))
    security = evidence.security
    worst = max(security.crossings, key=lambda c: c.percent, default=None) if security else None
    return Start(
        day=cells[0].day,
        window=window,
        state=NOT if blocks else STATES[settled.outcome],
        reason=blocks[0].says if blocks else ("" if STATES[settled.outcome] == FREE else "; ".join(reasons)),
        worst=worst,
        load_at_risk_mw=max((c.load_mw for c in security.cut_off), default=0.0) if security else 0.0,
        conditions=tuple(c.says for c in settled.conditions),
    )


def together(parts: Sequence[Security]) -> Security:
    """Give what several days cause together: each pair at its worst, hours summed."""
    pairs: dict[tuple[str | None, str], Crossing] = {}
    tight: dict[tuple[str | None, str], Crossing] = {}
    cuts: dict[str | None, CutOff] = {}
    for part in parts:
        for store, rows in ((pairs, part.crossings), (tight, part.tight)):
            for row in rows:
                seen = store.get((row.contingency, row.element))
                hours = row.hours + (seen.hours if seen else 0)
                store[row.contingency, row.element] = replace(
                    row if seen is None or row.percent > seen.percent else seen, hours=hours
                )
        for cut in part.cut_off:
            before = cuts.get(cut.contingency)
            if before is None or (cut.load_mw, cut.generation_mw) > (before.load_mw, before.generation_mw):
                cuts[cut.contingency] = cut
    cut_self = [p.self_cut for p in parts if p.self_cut is not None]
    first = parts[0]
    return replace(
        first,
        crossings=tuple(pairs.values()),
        tight=tuple(tight.values()),
        cut_off=tuple(cuts.values()),
        self_cut=max(cut_self, key=lambda c: (c.load_mw, c.generation_mw)) if cut_self else None,
        old=max(p.old for p in parts),
        contingencies=max(p.contingencies for p in parts),
        points=sum(p.points for p in parts),
        slices=sum(p.slices for p in parts),
        shortfall_mw=max(p.shortfall_mw for p in parts),
    )


def _remedies(parts: Sequence[Remedy | None]) -> Remedy | None:
    """Give the remedy of several days: it must work on each day that needs one."""
    found = [p for p in parts if p is not None]
    if not found:
        return None
    worst = min(found, key=lambda r: (r.possible, r.verified))
    return replace(
        worst,
        mw=max(r.mw for r in found),
        cost_per_h=max(r.cost_per_h for r in found),
        cost=sum(r.cost for r in found),
        hours=sum(r.hours for r in found),
        left_mw=max(r.left_mw for r in found),
    )


def day_window(day: date, days: int = 1) -> Window:
    """Give so many market days."""
    start = datetime.combine(day, time(), MARKET)
    return Window(start=start, end=start + days * DAY)


def unfiled(world: World, assets: tuple[str, ...], *, window: Window, now: datetime) -> Outage:
    """Give a planned request of these assets by their owner, as nobody has filed it."""
    generation = any(a.startswith(f"{ElementKind.GEN}:") for a in assets)
    breaker = any(a.startswith(f"{ElementKind.BREAKER}:") for a in assets)
    nature = Nature.BREAKER_MAINTENANCE if breaker else Nature.LINE_MAINTENANCE
    request = Request(
        external_id="",
        organisation=world.owner(assets) or "",
        category=Category.GENERATION if generation else Category.TRANSMISSION,
        kind=Kind.PLANNED,
        nature=Nature.OVERHAUL if generation else nature,
        switch=Switch(normal=Position.CLOSED, during=Position.OPEN) if breaker else None,
        assets=assets,
        window=window,
        **world.rules.template,  # what a complete request of this kind needs, so that only dates speak
    )
    return Outage(
        id="", request=request, state=State.VALIDATED, status=Status.NONE, window=window, stamp=now, filed_at=now
    )
