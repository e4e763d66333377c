"""What waits in the book, read as one season: jobs for the planner, asks for the draft.

Days are market days, counted from the first of the season; a request moves by whole days and keeps its
hours. Only where its owner accepts other dates may it move at all (`earliest_start`, `latest_end`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from moms.desk.headroom import FOOTPRINT, NotASeason, margins, parents, places_and_sizes, use_mw, zones_of
from moms.desk.order import following, ordered
from moms.desk.situation import spans
from moms.ledger import NEEDS, Need, risen
from moms.outages import Kind, State
from moms.outages.hours import hours_of, total_h
from moms.outages.rules import ask_of
from moms.outages.rules.calendar import clear_of_blackouts
from moms.schedule import owner_allows
from moms.schedule.season import AtMost, Bundle, Job, Problem
from moms.values import SYSTEM, Level, Window, market_day, market_day_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from moms.desk.world import World
    from moms.outages import Outage

DAY = timedelta(days=1)
LONGEST_DAYS = 400
NEED = Need.DUE
"""P2: a request carries no document of a deadline, so none is served before the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """One season of the book: the problem, who asks for what, and what is left out of it and why."""

    first: date
    problem: Problem
    outages: Mapping[str, Outage]
    """Those planned, by id."""
    holding: tuple[Outage, ...]
    """What stands and is out in it."""
    out_by_day: tuple[frozenset[str], ...]
    """Which of these are out on each day."""
    left_out: tuple[tuple[str, str], ...]
    """(outage, why) of what waits and is not planned."""
    waited: Mapping[str, int] = field(default_factory=dict)
    """Seasons in which each found no place: after two its class rises."""
    use_mw: Mapping[str, float] = field(default_factory=dict)
    """What a day of each counts for in its ledger."""
    booked_mw: tuple[float, ...] = ()
    """Capacity that the book takes out of the footprint on each day, MW after outage rates."""
    empty_mw: tuple[float, ...] = ()
    """The footprint's headroom of each day with nothing booked."""

    def window(self, outage_id: str, start: int) -> Window:
        """Give the window of an outage that starts on a day of the season."""
        return shifted(self.outages[outage_id], self.first, start)


def shifted(outage: Outage, first: date, start: int) -> Window:
    """Give an outage's asked window, moved by whole market days so that it starts on a day of the season."""
    asked = outage.asked.window
    return asked.moved((first - market_day_of(asked.start)) + start * DAY)


def season_of(
    world: World,
    *,
    pending: Sequence[Outage],
    holding: Sequence[Outage],
    first: date,
    last: date,
    now: datetime,
    flex_days: int = 0,
    waited: Mapping[str, int] | None = None,
    also: Sequence[Outage] = (),
) -> Season:
    """Read what waits between two market days, both included, as one problem.

    `also` are outages that neither wait here nor stand, and that one of those that wait has to follow.
    `flex_days` supposes that every owner accepts a start up to so many days from the asked one: a look at
    what could be, of which only what the owners have said they accept may be written.

    Raises:
        NotASeason: the days are out of order or too many, or the grid has no hourly load.
    """
    days = _days(first, last)
    whole = Window(start=market_day(first).start, end=market_day(last).end)
    standing = tuple(o for o in holding if any(w.overlaps(whole) for w in spans(o, now=now, until=whole.end)))
    planned, left = _sorted_out(pending, first, days, also=(*holding, *also))
    order = ordered(planned, (*holding, *also))
    before, empty = margins(world, standing, whole, now)
    sizes, elements = places_and_sizes(world, planned), {o.id: _elements(world, o) for o in (*planned, *standing)}
    taken = {o.id: _taken(o, standing, elements, now, whole) for o in planned}
    for name, end in order.not_before.items():
        if end > whole.start:
            taken[name] = (*taken[name], Window(start=whole.start, end=end))
    jobs = tuple(
        replace(
            job := _job(o, sizes[o.id], taken[o.id], first=first, days=days, now=now, flex_days=flex_days),
            only=_open(world, o, first=first, starts=job.only or ()),
            counts_mw=use_mw(world, o),
            need=1 + NEEDS.index(risen(NEED, seasons=(waited or {}).get(o.id, 0), rules=world.rules.ledger)),
        )
        for o in planned
    )
    problem = Problem(
        days=days,
        jobs=jobs,
        zones=tuple(zones_of(before, parents(world))),
        before=order.before,
        at_most=tuple(_one_at_a_time(planned, elements)),
        bundles=tuple(_groups(planned, first)),
    )
    footprint = [k for k, row in enumerate(before.rows) if row.scope == FOOTPRINT]
    return Season(
        first=first,
        problem=problem,
        outages={o.id: o for o in planned},
        holding=standing,
        out_by_day=_out_by_day(standing, first=first, days=days, now=now, until=whole.end),
        left_out=tuple(left),
        waited=waited or {},
        use_mw={o.id: use_mw(world, o) for o in planned},
        booked_mw=tuple((empty.day_margin_mw - before.day_margin_mw)[footprint].max(axis=0).tolist()),
        empty_mw=tuple(empty.day_margin_mw[footprint].min(axis=0).tolist()),
    )


def _out_by_day(
    standing: Sequence[Outage], *, first: date, days: int, now: datetime, until: datetime
) -> tuple[frozenset[str], ...]:
    out = [(o.id, spans(o, now=now, until=until)) for o in standing]
    each_day = [market_day(first + k * DAY) for k in range(days)]
    return tuple(frozenset(name for name, when in out if any(w.overlaps(day) for w in when)) for day in each_day)


def _days(first: date, last: date) -> int:
    days = (last - first).days + 1
    if not 1 <= days <= LONGEST_DAYS:
        says = f"{first} to {last} are {days} days" if days > 0 else f"{last} lies before {first}"
        raise NotASeason(says, field="to", fix=f"give 1 to {LONGEST_DAYS} days, in order")
    return days


def _sorted_out(
    pending: Sequence[Outage], first: date, days: int, *, also: Sequence[Outage]
) -> tuple[list[Outage], list[tuple[str, str]]]:
    """Tell what is planned, and of the rest why it is not; a group is planned whole or left out.

    What waits for something that is left out is left out with it; `also` has what it may wait for besides.
    """
    rows = sorted(pending, key=lambda o: (o.stamp, o.id))
    left = {o.id: why for o in rows if (why := _why_left(o, first, days))}
    left = {**ordered([o for o in rows if o.id not in left], (*also, *rows)).left, **left}
    before = -1
    while before != len(left):
        before = len(left)
        torn = {(o.asked.organisation, o.asked.group) for o in rows if o.asked.group and o.id in left}
        left |= {
            o.id: f"another outage of its group {o.asked.group!r} is not planned"
            for o in rows
            if (o.asked.organisation, o.asked.group) in torn and o.id not in left
        }
        left = following(left, rows)
    return [o for o in rows if o.id not in left], list(left.items())


def _why_left(outage: Outage, first: date, days: int) -> str:
    request = outage.asked
    start, end = _span_days(request.window, first)
    if request.urgent_report:
        return "a report of what is out already is acknowledged, not planned"
    if request.kind == Kind.URGENT:
        return "urgent work is decided at once, not planned"
    if request.kind == Kind.OPPORTUNITY:
        return "it waits for its unit, whenever that is off"
    if not request.takes_out:
        return "it takes nothing out"
    if outage.state == State.NEGOTIATING:
        return "its owner was offered other dates and answers first"
    if start < 0 or end > days:
        return "its asked dates reach outside the season"
    return ""


def _span_days(window: Window, first: date) -> tuple[int, int]:
    """Give the first day of a window and the day after its last, counted from the season's first."""
    start = (market_day_of(window.start) - first).days
    last = (market_day_of(window.end - timedelta(microseconds=1)) - first).days
    return start, last + 1


def _taken(
    outage: Outage,
    standing: Sequence[Outage],
    elements: Mapping[str, frozenset[tuple[str, int]]],
    now: datetime,
    whole: Window,
) -> tuple[Window, ...]:
    """Give when standing outages have something of its equipment."""
    others = (o for o in standing if elements[o.id] & elements[outage.id])
    return tuple(w for o in others for w in spans(o, now=now, until=whole.end))


def _job(
    outage: Outage,
    place_and_size: tuple[str, float],
    taken: Sequence[Window],
    *,
    first: date,
    days: int,
    now: datetime,
    flex_days: int,
) -> Job:
    wish, end = _span_days(outage.asked.window, first)
    starts = []
    for start in range(days - (end - wish) + 1):
        window, supposed = shifted(outage, first, start), abs(start - wish) <= flex_days
        if _may(outage, window, now=now, supposed=supposed) and not any(window.overlaps(w) for w in taken):
            starts.append(start)
    zone, size = place_and_size
    return Job(
        id=outage.id, owner=outage.asked.organisation, zone=zone, need=2, size_mw=size, days=end - wish, earliest=0,
        latest_end=days, preferred=wish, only=tuple(starts),
    )  # fmt: skip


def _open(world: World, outage: Outage, *, first: date, starts: Sequence[int]) -> tuple[int, ...]:
    """Give the starts at which no blackout of the rule book refuses an outage: a plan may not be written there."""
    shut = [span.window for span in world.rules.entry.blackouts if span.level == Level.BLOCK]

    def free(start: int) -> bool:
        window = shifted(outage, first, start)
        if not any(window.overlaps(one) for one in shut):
            return True
        request = replace(outage.asked, window=window)
        ask = ask_of(
            request, grid=world.grid, book=(), rules=world.rules.entry, now=outage.stamp, actor=SYSTEM
        )  # fmt: skip
        return all(f.level != Level.BLOCK for f in clear_of_blackouts.findings(ask))

    return tuple(start for start in starts if free(start))


def _may(outage: Outage, window: Window, *, now: datetime, supposed: bool) -> bool:
    """Tell whether an outage may have this window, as far as it and its owner go."""
    request = outage.asked
    if window.start <= now or any(window.overlaps(b) for b in request.blackout):
        return False
    if not (owner_allows(request, window) or supposed):
        return False
    # Work of certain weekdays must find as many hours there as where it was asked for.
    return total_h(hours_of(request, window=window)) >= total_h(hours_of(request))


def _elements(world: World, outage: Outage) -> frozenset[tuple[str, int]]:
    """Name all that an outage has for itself: whole equipment, units, DC lines, breakers."""
    request = outage.asked if outage.pending else outage.request
    if not request.takes_out:
        return frozenset()
    rows = {
        "branch": world.branches(request).tolist(),
        "gen": world.units(request).tolist(),
        "dcline": world.dclines(request).tolist(),
        "breaker": sorted(world.breakers(request)),
    }
    return frozenset((kind, int(row)) for kind, some in rows.items() for row in some)


def _one_at_a_time(planned: Sequence[Outage], elements: Mapping[str, frozenset[tuple[str, int]]]) -> Iterator[AtMost]:
    """Two outages of one element are never out together, as the book itself holds it."""
    users: dict[tuple[str, int], list[str]] = {}
    for outage in planned:
        for element in sorted(elements[outage.id]):
            users.setdefault(element, []).append(outage.id)
    for names in dict.fromkeys(tuple(some) for some in users.values() if len(some) > 1):
        yield AtMost(jobs=names, most=1)


def _groups(planned: Sequence[Outage], first: date) -> Iterator[Bundle]:
    """Outages of a group keep their places to each other."""
    groups: dict[tuple[str, str], list[Outage]] = {}
    for outage in planned:
        if outage.asked.group:
            groups.setdefault((outage.asked.organisation, outage.asked.group), []).append(outage)
    for some in groups.values():
        rows = sorted(some, key=lambda o: (o.asked.window.start, o.id))
        for a, b in pairwise(rows):
            offset = _span_days(b.asked.window, first)[0] - _span_days(a.asked.window, first)[0]
            yield Bundle(first=a.id, second=b.id, offset_days=offset)
