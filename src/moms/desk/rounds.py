"""Plan, study the whole, learn cuts, plan again: until the study finds nothing, or the rounds are used up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.adequacy import margin_with_request
from moms.desk.headroom import losses
from moms.desk.margins import booked, condensed
from moms.desk.ports import Search
from moms.desk.whole import whole
from moms.schedule.season import Conflict
from moms.values import SYSTEM, Window, market_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from moms.decide import MarginDay
    from moms.desk.ports import Book
    from moms.desk.whole import Found, Insecure, Week
    from moms.desk.wishes import Season
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.schedule.season import Level, Planned, Problem

WEEK = 7
ALONE_WEEKS = 4
"""Weeks in which a request may be found insecure by itself before those between are given up too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A set of requests that the study found insecure together, and the days on which the planner keeps it apart."""

    name: str
    requests: tuple[str, ...]
    first_day: int
    end_day: int
    """Day after the last."""
    seen: tuple[Insecure, ...]
    """Where the study found it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The plan that the last round made, and what is known of it."""

    problem: Problem
    """With the cuts it was made under."""
    plan: Mapping[str, int]
    levels: tuple[Level, ...]
    cuts: tuple[Cut, ...]
    found: Found
    hurt: tuple[MarginDay, ...]
    """Days on which it takes the margin below zero."""
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """The plan of a round as soon as it is made, and again once it is studied: what is left if no more comes."""

    round: int
    first: date
    outages: tuple[Outage, ...]
    """Those with a place, at the windows of the plan."""
    waiting: tuple[str, ...]
    cuts: tuple[Cut, ...]
    found: Found | None
    """None: not studied yet."""


def until_secure(
    world: World,
    season: Season,
    made: Callable[[Problem], Planned],
    *,
    rounds: int,
    now: datetime,
    each: Callable[[Callable[[Week], Found], Sequence[Week]], Iterable[Found]] = map,
    tell: Callable[[str], None] = lambda _round: None,
    keep: Callable[[SoFar], None] = lambda _plan: None,
) -> Kept:
    """Make a plan with `made` and study it, at most `rounds` times; what is insecure then is in `found`.

    `keep` gets the plan of each round before its study, which is what takes long, and after it.
    """
    cuts: tuple[Cut, ...] = ()
    known: dict[Week, Found] = {}
    most = max(rounds, 1)
    for number in range(1, most + 1):
        problem = replace(season.problem, conflicts=tuple(_conflict(c) for c in cuts))
        planned = made(problem)
        plan = dict(planned.plan or {})
        so_far = SoFar(
            round=number, first=season.first, outages=moved(season, plan),
            waiting=tuple(sorted(season.outages.keys() - plan.keys())), cuts=cuts, found=None,
        )  # fmt: skip
        keep(so_far)
        found = whole(world, planned=so_far.outages, holding=season.holding, now=now, each=each, known=known)
        keep(replace(so_far, found=found))
        tell(f"round {number}: {len(plan)} of {len(season.outages)} placed, {len(found.insecure)} insecure sets")
        more = _learnt(cuts, found.insecure, season)
        if not found.insecure or more == cuts or number == most:
            break
        cuts = more
    hurt = _hurt(world, season, plan, now)
    return Kept(problem=problem, plan=plan, levels=planned.levels, cuts=cuts, found=found, hurt=hurt, rounds=number)


def read_season(book: Book, first: date, last: date) -> tuple[int, Sequence[Outage], Sequence[Outage]]:
    """Read what waits and what stands around the season."""
    around = Window(start=market_day(first).start, end=max(market_day(last).end, market_day(first).end))
    with book.as_(SYSTEM) as page:
        pending = [o for o in page.find(Search(window=around, pending=True)) if o.pending]
        near = page.find(Search(window=around, holding=True))
        late = page.find(Search(holding=True, states=("active", "pending_complete")))
        standing = {o.id: o for o in (*near, *late) if o.request.takes_out}
        return page.version(), pending, [standing[k] for k in sorted(standing)]


def moved(season: Season, plan: Mapping[str, int]) -> tuple[Outage, ...]:
    """Give the outages with the windows of a plan."""
    found = []
    for name, start in sorted(plan.items()):
        window, outage = season.window(name, start), season.outages[name]
        found.append(replace(outage, request=replace(outage.asked, window=window), window=window, wish=None))
    return tuple(found)


def _conflict(cut: Cut) -> Conflict:
    return Conflict(jobs=cut.requests, first_day=cut.first_day, end_day=cut.end_day)


def _learnt(cuts: tuple[Cut, ...], insecure: Sequence[Insecure], season: Season) -> tuple[Cut, ...]:
    """Add what was found, and how far it is taken to hold.

    A set holds for the background it was seen with (semantics 6): at first for the days around, in its week,
    on which the same standing outages are out. Seen on other days too, it is taken to hold for all weeks in
    which it was seen and for those between: that is a guess, which ends the search and forbids too much. A
    request that is insecure by itself is no set to keep apart but looks for another week: each week it was seen
    in stands by itself, up to `ALONE_WEEKS` of them.
    """
    known = list(cuts)
    for one in insecure:
        day = (one.day - season.first).days
        mine = [c for c in known if c.requests == one.outages]
        alone = len(one.outages) == 1 and len(mine) < ALONE_WEEKS
        same = [c for c in mine if not alone or _week(season, one) in {_week(season, row) for row in c.seen}]
        first, end = _alike(season, day, _week(season, one))
        seen = (*(row for c in same for row in c.seen), one)
        if same:
            weeks = [_week(season, row) for row in seen]
            first = min(*weeks, *(c.first_day for c in same))
            end = max(*(week + WEEK for week in weeks), *(c.end_day for c in same))
        name = same[0].name if same else f"C{max((int(c.name[1:]) for c in known), default=0) + 1}"
        fresh = Cut(name=name, requests=one.outages, first_day=first, end_day=end, seen=seen)
        known = [*(c for c in known if c not in same), fresh]
    return tuple(sorted(known, key=lambda c: int(c.name[1:])))


def _week(season: Season, one: Insecure) -> int:
    """Give the Monday of what was found, as a day of the season."""
    return (one.day - season.first).days - one.day.weekday()


def _alike(season: Season, day: int, monday: int) -> tuple[int, int]:
    """Give the days of a week around one of them on which the same standing outages are out; the end excluded."""
    out = season.out_by_day
    first = end = min(max(day, 0), len(out) - 1)
    while first - 1 >= max(monday, 0) and out[first - 1] == out[first]:
        first -= 1
    while end + 1 < min(monday + WEEK, len(out)) and out[end + 1] == out[end]:
        end += 1
    return first, end + 1


def _hurt(world: World, season: Season, plan: Mapping[str, int], now: datetime) -> tuple[MarginDay, ...]:
    """Give the days on which the whole plan takes the margin of some place below zero."""
    end = market_day(season.first).start + timedelta(days=season.problem.days)
    span = Window(start=market_day(season.first).start, end=end)
    asked = [row for o in moved(season, plan) for row in losses(world, o)]
    if not asked:
        return ()
    change = margin_with_request(
        grid=world.rated, starts=span.clock_hours(), taken=booked(world, season.holding, now=now, until=end),
        asked=asked, rules=world.rules.margin,
    )  # fmt: skip
    return condensed(change).hurt
