"""Plan what waits in the book as one season: draft, improve, study the whole, learn cuts, again until it is secure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk.order import also_named
from moms.desk.rates import rated_by
from moms.desk.rounds import read_season, until_secure
from moms.desk.turns import drafted
from moms.desk.wishes import season_of
from moms.ledger import may_start, worse_off
from moms.ledger.fairness import Fairness, Outcome, fairness
from moms.schedule import owner_allows
from moms.schedule.season import explain, in_the_way
from moms.schedule.season.solve import lexicographic
from moms.values import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from moms.decide import MarginDay
    from moms.desk.ports import Book
    from moms.desk.rounds import Cut, SoFar
    from moms.desk.turns import Drafted
    from moms.desk.whole import Found, Week
    from moms.desk.wishes import Season
    from moms.desk.world import World
    from moms.ledger import Kind
    from moms.outages import Outage
    from moms.schedule._mip import Budget
    from moms.schedule.season import Level, Planned, Problem
    from moms.values import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One request of a plan."""

    outage: Outage
    window: Window | None
    """None: it found no place."""
    start: int | None
    wish: int
    """The asked day, as `start` counted from the first of the season."""
    moved_days: int
    accepted: bool
    """Whether the owner's own limits hold the window: only then may it be written."""
    kind: Kind
    turn: int
    use_kw: int
    """What a day of it counts for in its ledger."""
    days: int
    price_milli: int
    says: str
    burden: float
    """What its owner bears of it: 0 as asked, 1 without a place."""
    in_the_way: tuple[str, ...]
    """Requests any one of which keeps it from the asked day."""
    displaced: tuple[str, ...]
    """Requests that it keeps from theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonPlan:
    """A plan of the book: no decision, and nothing is written yet."""

    id: str
    first: date
    days: int
    book_version: int
    places: tuple[Place, ...]
    left_out: tuple[tuple[str, str], ...]
    cuts: tuple[Cut, ...]
    rounds: int
    """How often it was planned and studied."""
    found: Found
    """What the last study of the whole found: empty where the plan is secure."""
    hurt: tuple[MarginDay, ...]
    """Days on which it takes the margin below zero: none where the planner and the margin agree."""
    levels: tuple[Level, ...]
    """Each term with its bound: proved for starts no worse than the draft's, and relative to the cuts."""
    drafted: Drafted
    fairness: Mapping[Kind, Fairness]
    """By ledger; only those somebody asked of."""

    @property
    def secure(self) -> bool:
        """Whether the whole of it was studied and causes nothing."""
        return self.found.secure and not self.hurt


def plan_season(
    *,
    book: Book,
    world: World,
    now: datetime,
    first: date,
    last: date,
    opening: Mapping[Kind, Mapping[str, int]],
    budget: Budget,
    waited: Mapping[str, int] | None = None,
    flex_days: int = 0,
    rounds: int = 8,
    nonce: str = "",
    each: Callable[[Callable[[Week], Found], Sequence[Week]], Iterable[Found]] = map,
    tell: Callable[[str], None] = lambda _round: None,
    keep: Callable[[SoFar], None] = lambda _plan: None,
) -> SeasonPlan:
    """Plan what waits between two market days, both included. Nothing is written.

    Planned and studied at most `rounds` times; what is insecure then is listed in `found`. `each` maps the
    weeks of a study; `tell` hears what each round gave, `keep` gets the plan of each round at once.

    Raises:
        NotASeason: the days or the grid do not allow it.
    """
    version, pending, holding = read_season(book, first, last)
    world = rated_by(book, world)
    season = season_of(
        world, pending=pending, holding=holding, first=first, last=last, now=now, flex_days=flex_days,
        waited=waited, also=also_named(book, pending, holding),
    )  # fmt: skip
    picks: list[Drafted] = []

    def made(problem: Problem) -> Planned:
        picks[:] = [drafted(world, season, problem, opening=opening, nonce=nonce)]
        return _improved(problem, picks[0], budget=budget)

    kept = until_secure(world, season, made, rounds=rounds, now=now, each=each, tell=tell, keep=keep)
    drawn, plan = picks[0], kept.plan
    places = _places(season, kept.problem, plan, drawn, kept.cuts)
    named = digest([version, first, season.problem.days, plan, kept.cuts, drawn.seed])
    return SeasonPlan(
        id=f"P-{named[:16]}", first=first, days=season.problem.days, book_version=version, places=places,
        left_out=season.left_out, cuts=kept.cuts, rounds=kept.rounds, found=kept.found, hurt=kept.hurt,
        levels=kept.levels, drafted=drawn, fairness=_fair(places, drawn, opening),
    )  # fmt: skip


def _improved(problem: Problem, picks: Drafted, *, budget: Budget) -> Planned:
    """Let the planner help where that hurts nobody; a plan under which anyone is worse off is thrown away."""
    drawn, asks = picks.starts, {a.id: a for a in picks.asks}
    starts: dict[str, Sequence[int]] = {}
    for name, ask in asks.items():
        if name in picks.torn:
            starts[name] = ()
            continue
        better = may_start(ask, drafted=drawn.get(name), prices=picks.prices[picks.kind(name)])
        starts[name] = [s for s in better if s in problem.starts[name]]
    found = lexicographic(problem, start=drawn, budget=budget, starts=starts)
    plan = found.plan or drawn
    for kind, prices in picks.prices.items():
        mine = [asks[t.request] for t in picks.drafts[kind].turns]
        if worse_off(mine, drafted=drawn, planned=plan, prices=prices):
            return replace(found, plan=drawn, levels=())  # they speak of the plan that is thrown away
    return replace(found, plan=plan)


def _places(
    season: Season, problem: Problem, plan: Mapping[str, int], picks: Drafted, cuts: Sequence[Cut]
) -> tuple[Place, ...]:
    against = in_the_way(problem, plan)
    displaced: dict[str, list[str]] = {}
    for name, others in against.items():
        for other in others:
            displaced.setdefault(other, []).append(name)
    turns, found = picks.turns, []
    for why in explain(problem, plan):
        outage = season.outages[why.request]
        window = None if why.start is None else season.window(why.request, why.start)
        turn = turns.get(why.request)
        torn = why.request in picks.torn
        kind = next(k for k in picks.drafts if str(k) == str(outage.asked.category))
        found.append(
            Place(
                outage=outage, window=window, start=why.start, wish=why.preferred,
                moved_days=0 if why.start is None else why.start - why.preferred,
                accepted=window is not None and owner_allows(outage.asked, window),
                kind=kind, turn=turn.number if turn else 0, use_kw=round(1000 * season.use_mw[why.request]),
                days=problem.job[why.request].days,
                price_milli=_price(picks, kind, why.request, why.start),
                says="its group found no place as a whole" if torn else _said(why.says, why.request, season, cuts),
                burden=why.burden,
                in_the_way=against.get(why.request, ()), displaced=tuple(displaced.get(why.request, ())),
            )
        )  # fmt: skip
    return tuple(found)


def _fair(places: Sequence[Place], picks: Drafted, opening: Mapping[Kind, Mapping[str, int]]) -> dict[Kind, Fairness]:
    found = {}
    for kind in picks.drafts:
        mine = [
            Outcome(
                request=p.outage.id, owner=p.outage.asked.organisation, turn=p.turn, size_kw=p.use_kw, days=p.days,
                burden=p.burden, price_milli=p.price_milli, placed=p.window is not None, in_the_way=p.in_the_way,
            )
            for p in places
            if p.kind is kind
        ]  # fmt: skip
        if mine:
            found[kind] = fairness(mine, weights=picks.weights[kind], balances=opening.get(kind, {}))
    return found


def _price(picks: Drafted, kind: Kind, request: str, start: int | None) -> int:
    """Give what a place costs: the price of its days, and no more than the drafted place would have."""
    if start is None:
        return 0
    ask = next(a for a in picks.asks if a.id == request)
    price = picks.prices[kind].of(size_kw=ask.size_kw, start=start, days=ask.days)
    turn = picks.turns.get(request)
    return min(price, turn.price_milli) if turn is not None and turn.start is not None else price


def _said(says: str, request: str, season: Season, cuts: Sequence[Cut]) -> str:
    """Write the planner's reason with dates for days, and name the cuts that speak of the asked days."""
    job = season.problem.job[request]
    dated = re.sub(r"\bday (\d+)", lambda m: f"{season.first + timedelta(days=int(m[1]) - 1):%d %b}", says)
    mine = [c.name for c in cuts if request in c.requests and c.first_day < job.preferred + job.days
            and job.preferred < c.end_day]  # fmt: skip
    return f"{dated} ({', '.join(mine)})" if mine and "may not be out" in says else dated
