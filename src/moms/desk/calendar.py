"""The availability calendar: many assets over many market days, each cell free, needs a study, or not available.

A cell is a one-day outage over that day's points on the book of this instant (semantics 7). The network is
asked for all assets at once (desk/board_day.py). What it finds clean is settled by the rules of a decision,
as `windows` does: free means that the full decision would approve now. What it does not find clean is not
free; no redispatch is tried for it, so only a limit exceeded before any contingency is "not available".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.decide import CutOff, Security
from moms.desk.board_day import see_day, worst
from moms.desk.kept_days import PART, Answer, in_parts, mark_of, unpacked
from moms.desk.situation import read_days
from moms.desk.submit import entry_findings
from moms.desk.windows import FREE, NOT, STUDY, Cell, NoSpan, day_window, start_of, unfiled
from moms.grid import Contingency
from moms.study import CLEAN, CUTS_OFF, OPEN, OUT, OVER
from moms.values import SYSTEM, ElementKind, Level, Refused, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    from moms.desk.board_day import Seen, SeenDay
    from moms.desk.kept_days import KeptDays, KeptPart
    from moms.desk.ports import Book
    from moms.desk.situation import Situation
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.values import Finding

DAY = timedelta(days=1)


class NotOnTheBoard(Refused):
    """An asset that the calendar does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDay:
    """One cell."""

    day: date
    state: str
    """free, needs a study, or not available."""
    reason: str
    """Why it is not free; empty where it is."""
    cause: str = ""
    """The element and the contingency that stand against it, without the hour; empty where it is another reason."""
    load_at_risk_mw: float = 0.0
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDays:
    """The cells of one asset, one a day."""

    asset: str
    days: tuple[AssetDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """When the network was asked about a day, and on which version of the book: nothing of it has changed since."""

    day: date
    at: datetime
    book_version: int
    kept: bool
    """It was asked before, and the answer had been kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityCalendar:
    """All cells asked for, and what they rest on."""

    first: date
    last: date
    rows: tuple[AssetDays, ...]
    """Where only what is kept was asked for, of the days that are."""
    reckoned: tuple[Reckoned, ...]
    """One for each day of the rows."""
    book_version: int
    computed_at: datetime
    network_only: bool
    """Only the network was asked: "free" then says nothing of entry rules, flags and margin."""
    contingencies: int
    points: int
    notes: tuple[str, ...]

    def share(self, state: str) -> float:
        """Give the share of cells in one state."""
        cells = [cell.state for row in self.rows for cell in row.days]
        return cells.count(state) / len(cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayJob:
    """What one day needs; it can be sent to another process."""

    day: date
    situation: Situation


def calendar(
    *,
    book: Book,
    world: World,
    now: datetime,
    assets: tuple[str, ...],
    first: date,
    last: date,
    network_only: bool = False,
    kept: KeptDays | None = None,
    kept_only: bool = False,
    each: Callable[[Callable[[DayJob], tuple[Answer, ...]], Sequence[DayJob]], Iterable[tuple[Answer, ...]]] = map,
) -> AvailabilityCalendar:
    """Give the cells of some branches from `first` to `last`, both market days.

    Days that are `kept` and still hold are not computed; with `kept_only` no other days are given at all.
    `each` maps the rest, in this process or over several. With `network_only` what the network finds
    clean is called free as it stands: for a look at many assets.

    Raises:
        NoSpan: the last day is before the first.
        NotOnTheBoard: an asset that is not a branch.
    """
    if last < first:
        raise NoSpan(f"no day between {first} and {last}", field="to", fix="give a later --to")
    _refuse_others(assets)
    asked = {a: unfiled(world, (a,), window=day_window(first), now=now) for a in assets}
    jobs, version = _jobs(book, asked[assets[0]], first=first, last=last, now=now)
    there = {} if kept is None else _kept(kept, world, jobs, assets, now=now)
    missing = [] if kept_only else [job for job in jobs if job.day not in there]
    work = _Worker(world=world, now=now, sets=_sets(world, asked), outage=asked[assets[0]])
    fresh = dict(zip([job.day for job in missing], each(work, missing) if missing else (), strict=True))
    given = [job for job in jobs if job.day in there or job.day in fresh]
    cells: dict[str, list[AssetDay]] = {a: [] for a in assets}
    with book.as_(SYSTEM) as page:
        for job in given:
            answers = fresh[job.day] if job.day in fresh else there[job.day][1]
            for a, answer in zip(assets, answers, strict=True):
                outage = on_day(asked[a], job.day)
                rules = () if network_only else entry_findings(page, world=world, now=now, outage=outage)
                cells[a].append(_cell(world, outage, job, answer, findings=rules, now=now, network_only=network_only))
    return AvailabilityCalendar(
        first=first,
        last=last,
        rows=tuple(AssetDays(asset=a, days=tuple(cells[a])) for a in assets),
        reckoned=tuple(
            Reckoned(day=job.day, at=now, book_version=version, kept=False) if job.day in fresh else there[job.day][0]
            for job in given
        ),
        book_version=version,
        computed_at=now,
        network_only=network_only,
        contingencies=len(world.contingencies),
        points=sum(answers[0].points for answers in fresh.values()),
        notes=world.grid.notes,
    )


def _jobs(book: Book, outage: Outage, *, first: date, last: date, now: datetime) -> tuple[list[DayJob], int]:
    days = [first + k * DAY for k in range((last - first).days + 1)]
    with book.as_(SYSTEM) as page:
        around = read_days(page, outage, [day_window(d) for d in days], now=now)
        return [DayJob(day=d, situation=one) for d, one in zip(days, around, strict=True)], page.version()


def _sets(world: World, asked: dict[str, Outage]) -> tuple[Contingency, ...]:
    return tuple(Contingency(id=a, branches=tuple(world.branches(o.request).tolist())) for a, o in asked.items())


def on_the_board(world: World) -> tuple[str, ...]:
    """Name all that the calendar holds, in the order in which days are kept: equipment of branches."""
    return tuple(c.id for c in world.contingencies if c.id.startswith(f"{ElementKind.BRANCH}:"))


def _kept(
    kept: KeptDays, world: World, jobs: Sequence[DayJob], assets: tuple[str, ...], *, now: datetime
) -> dict[date, tuple[Reckoned, tuple[Answer, ...]]]:
    """Give what is kept of some assets, of the days on which it still holds."""
    place = {name: k for k, name in enumerate(on_the_board(world))}
    if not all(a in place for a in assets):
        return {}
    marks = kept.marks(jobs[0].day, jobs[-1].day)
    good = {
        job.day
        for job in jobs
        if job.day in marks and marks[job.day].mark == mark_of(world, job.situation, day_window(job.day), now=now)
    }
    wanted = sorted({place[a] // PART for a in assets})
    found: dict[date, dict[int, KeptPart]] = {}
    for one in kept.parts(wanted, jobs[0].day, jobs[-1].day) if good else ():
        if one.day in good and one.mark == marks[one.day].mark:  # a day may be written anew between the two readings
            found.setdefault(one.day, {})[one.part] = one
    there = {}
    for day, parts in found.items():
        if len(parts) == len(wanted):
            answers = {k: unpacked(part) for k, part in parts.items()}
            some = parts[wanted[0]]
            told = Reckoned(day=day, at=some.computed_at, book_version=some.book_version, kept=True)
            there[day] = told, tuple(answers[place[a] // PART][place[a] % PART] for a in assets)
    return there


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleDay:
    """A day that is not kept, or whose answers a change may have touched."""

    day: date
    mark: str
    """Under which it is to be kept now."""
    times: int
    """How many times it was kept before, under whatever mark."""


def stale_days(
    *, book: Book, world: World, kept: KeptDays, now: datetime, first: date, days: int
) -> tuple[StaleDay, ...]:
    """Give the days from `first` on whose answers are not kept as the book is now, the nearest first."""
    names = on_the_board(world)
    if not names or days < 1:
        return ()
    outage = unfiled(world, names[:1], window=day_window(first), now=now)
    jobs, _ = _jobs(book, outage, first=first, last=first + (days - 1) * DAY, now=now)
    marks = kept.marks(jobs[0].day, jobs[-1].day)
    wanted = [(job.day, mark_of(world, job.situation, day_window(job.day), now=now)) for job in jobs]
    there = [(day, mark, marks.get(day)) for day, mark in wanted]
    return tuple(
        StaleDay(day=day, mark=mark, times=was.times if was else 0)
        for day, mark, was in there
        if was is None or was.mark != mark
    )


def keep_day(*, book: Book, world: World, kept: KeptDays, now: datetime, day: date) -> int:
    """Ask the network about all branches on one day, keep the answers, and give how many."""
    names = on_the_board(world)
    asked = {a: unfiled(world, (a,), window=day_window(day), now=now) for a in names}
    (job,), version = _jobs(book, asked[names[0]], first=day, last=day, now=now)
    answers = _Worker(world=world, now=now, sets=_sets(world, asked), outage=asked[names[0]])(job)
    mark = mark_of(world, job.situation, day_window(day), now=now)
    kept.put(in_parts(answers, day=day, mark=mark, book_version=version, computed_at=now))
    return len(answers)


def _refuse_others(assets: tuple[str, ...]) -> None:
    for asset in assets:
        if not asset.startswith(f"{ElementKind.BRANCH}:"):
            raise NotOnTheBoard(
                f"the calendar holds branches, not {asset}", field="asset", fix=f"moms windows --asset {asset}"
            )
    if not assets:
        raise NotOnTheBoard("no asset is asked for", field="asset", fix="give --asset branch:12")


def on_day(outage: Outage, day: date) -> Outage:
    """Give the same request on one market day."""
    window = day_window(day)
    return replace(outage, request=replace(outage.request, window=window), window=window)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worker:
    """Asks the network about one day."""

    world: World
    now: datetime
    sets: tuple[Contingency, ...]
    outage: Outage

    def __call__(self, job: DayJob) -> tuple[Answer, ...]:
        holding, queue = job.situation.holding, job.situation.queue
        seen = self._see(job, holding)
        beside = self._see(job, (*holding, *queue)) if queue else None
        missing = seen.missing if beside is None else (*seen.missing, *beside.missing)
        return tuple(
            Answer(
                book=one,
                queue=None if beside is None else beside.assets[a],
                missing=tuple(dict.fromkeys(missing)),
                points=seen.points,
            )
            for a, one in enumerate(seen.assets)
        )

    def _see(self, job: DayJob, others: Sequence[Outage]) -> SeenDay:
        return see_day(self.world, self.sets, on_day(self.outage, job.day), others, now=self.now)


def _cell(
    world: World,
    outage: Outage,
    job: DayJob,
    answer: Answer,
    *,
    findings: tuple[Finding, ...],
    now: datetime,
    network_only: bool,
) -> AssetDay:
    blocks = [f for f in findings if f.level == Level.BLOCK]
    both = answer.book if answer.queue is None else worst((answer.book, answer.queue))
    if blocks:
        return AssetDay(day=job.day, state=NOT, reason=blocks[0].says)
    if both.standing != CLEAN:
        return _not_clean(job.day, answer)
    if both.shortfall_mw > 0.0 or answer.missing:
        short = (f"a trip leaves {both.shortfall_mw:.0f} MW without headroom",) if both.shortfall_mw > 0.0 else ()
        return AssetDay(day=job.day, state=STUDY, reason="; ".join((*answer.missing, *short)))
    if network_only:
        return AssetDay(day=job.day, state=FREE, reason="", load_at_risk_mw=both.load_mw)
    settled = start_of(world, outage, [_clean(world, job, answer)], [job.situation], findings=findings, now=now)
    return AssetDay(
        day=job.day,
        state=settled.state,
        reason=settled.reason,
        load_at_risk_mw=settled.load_at_risk_mw,
        conditions=settled.conditions,
    )


def _not_clean(day: date, answer: Answer) -> AssetDay:
    if answer.book.before:
        return AssetDay(day=day, state=NOT, reason=says(answer.book), cause=_pair(answer.book))
    if answer.book.standing != CLEAN or answer.queue is None:
        return AssetDay(day=day, state=STUDY, reason=says(answer.book), cause=_pair(answer.book))
    reason = f"beside what waits before it: {says(answer.queue)}"
    return AssetDay(day=day, state=STUDY, reason=reason, cause=_pair(answer.queue))


def _pair(seen: Seen) -> str:
    return "" if seen.element is None else f"{seen.element} after {seen.contingency or 'nothing'}"


def says(seen: Seen) -> str:
    """Say why the network does not find an asset free on a day; empty where it does."""
    match seen.standing:
        case standing if standing == CLEAN:
            return ""
        case standing if standing == CUTS_OFF:
            return "it cuts off a part of the grid by itself"
        case standing if standing == OUT:
            return "it carries nothing: out already, or cut off by what is out"
        case standing if standing == OPEN:
            return "its network was not held against every contingency"
    where = f"{seen.element} over its limit" if seen.standing == OVER else f"{seen.element} near its limit"
    if seen.before:
        return f"{where} with everything else in service at {seen.hour}"
    return f"{where} after {seen.contingency} at {seen.hour}; no redispatch was tried"


def _clean(world: World, job: DayJob, answer: Answer) -> Cell:
    """Put a clean answer as the study of a day: what a decision would rest on."""
    return Cell(
        day=job.day,
        security=_security(world, answer.book, answer, book="book"),
        queue=None if answer.queue is None else _security(world, answer.queue, answer, book="queue"),
        remedy=None,
        missing=(),
        cut_off_units=(),
    )


def _security(world: World, seen: Seen, answer: Answer, *, book: str) -> Security:
    lines = world.grid.network.branches
    cut = CutOff(
        contingency=seen.cut_by,
        load_mw=seen.load_mw,
        generation_mw=seen.generation_mw,
        buses=(),
        units=(),
        hours=0,
        critical_load=seen.critical_load,
        clean_after=True,
        zone_largest_mw=least_zone_unit_mw(world),
    )
    return Security(
        book=book,
        crossings=(),
        tight=(),
        cut_off=() if seen.cut_by is None else (cut,),
        self_cut=None,
        old=0,
        contingencies=len(world.contingencies),
        monitored=int((lines.monitored & lines.in_service).sum()),
        unrated=0,
        synthetic=0,
        points=answer.points,
        slices=1,
        shortfall_mw=0.0,
        skipped=(),
        digest=digest([book, seen.cut_by, seen.load_mw, seen.generation_mw]),
    )


def least_zone_unit_mw(world: World) -> float | None:
    """Give the least of the zones' largest units: what may be cut off in whichever zone it lies; None if unknown."""
    zones, network = world.grid.zones, world.grid.network
    if zones is None:
        return None
    units = network.units
    zone = network.buses.zone[units.bus][units.in_service]
    most: dict[int, float] = {}
    for z, size in zip(zone.tolist(), units.p_max_mw[units.in_service].tolist(), strict=True):
        most[z] = max(most.get(z, 0.0), size)
    return min(most.values(), default=None)
