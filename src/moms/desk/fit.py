"""Room for one more of those that wait, where it was asked for or near, with as few others moved as can be.

The quick answer knows margin, groups, order and what shares equipment; what the network stands is asked by the
rounds of a plan, whose cuts the next answer keeps to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.desk.order import also_named
from moms.desk.repair import Repair, moves_of
from moms.desk.rounds import read_season, until_secure
from moms.desk.wishes import season_of
from moms.schedule.season import Planned, Together, smallest_fit
from moms.values import Refused, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from moms.desk.ports import Book
    from moms.desk.repair import Move
    from moms.desk.whole import Found, Week
    from moms.desk.wishes import Season
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.schedule._mip import Budget
    from moms.schedule.season import Fit, Problem
    from moms.values import Window


class NotPlannable(Refused):
    """A request that is not among those that a plan of these days places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """Where one more goes, and who makes room for it; nothing is written."""

    outage: Outage
    window: Window | None
    """None: there is no room, however the nearest others move."""
    moves: tuple[Move, ...]
    """All that leaves its asked dates for it, with those that go with it."""
    others: int
    """How many of them are of others than its own group."""
    fewest: bool
    """Proved: no fewer do, as far as the planner knows."""
    unplaced: tuple[str, ...]
    """Others that cannot stand where they are asked for, with or without it, and were not counted on."""
    repair: Repair | None
    """With its study, which is what is written; None: nothing was studied."""

    @property
    def secure(self) -> bool:
        """Whether the whole was studied with it and causes nothing."""
        return self.repair is not None and self.repair.secure


def fit(
    *,
    book: Book,
    world: World,
    now: datetime,
    outage_id: str,
    first: date,
    last: date,
    budget: Budget,
    flex_days: int = 0,
    rounds: int = 0,
    each: Callable[[Callable[[Week], Found], Sequence[Week]], Iterable[Found]] = map,
) -> Fitting:
    """Find room for a request that waits, all others at their asked dates but the fewest.

    Without rounds nothing is studied; with them the whole is, and what is insecure is kept apart in the next.

    Raises:
        NotASeason: the days or the grid do not allow it.
        NotPlannable: the request does not wait, or cannot be planned between these days.
    """
    version, pending, holding = read_season(book, first, last)
    season = season_of(
        world, pending=pending, holding=holding, first=first, last=last, now=now, flex_days=flex_days,
        also=also_named(book, pending, holding),
    )  # fmt: skip
    if outage_id not in season.outages:
        why = dict(season.left_out).get(outage_id, "it does not wait between these days")
        raise NotPlannable(f"{outage_id}: {why}", field="id", fix="give one that waits, and days that hold it")
    last_fit: list[tuple[Fit | None, Mapping[str, int]]] = []

    def made(problem: Problem) -> Planned:
        standing = _standing(season, problem, outage_id)
        found = smallest_fit(problem, standing, outage_id, budget=budget)
        last_fit[:] = [(found, standing)]
        return Planned(plan=standing if found is None else found.plan, levels=())

    repair: Repair | None = None
    if rounds:
        kept = until_secure(world, season, made, rounds=rounds, now=now, each=each)
        problem, plan = kept.problem, kept.plan
        moved = tuple(moves_of(season, problem, plan, kept.cuts))
        name = digest(["fit", outage_id, version, first, plan, kept.cuts])[:16]
        repair = Repair(id=f"P-{name}", book_version=version, season=season, moves=moved,
                        stays=len(season.outages) - len(moved), left_out=season.left_out, kept=kept)  # fmt: skip
    else:
        problem = season.problem
        plan = made(problem).plan or {}
        moved = tuple(moves_of(season, problem, plan, ()))
    found, standing = last_fit[0]
    mine = set(Together(problem).members(outage_id))
    counted = standing.keys() | mine
    start = plan.get(outage_id)
    return Fitting(
        outage=season.outages[outage_id], window=None if start is None else season.window(outage_id, start),
        moves=tuple(m for m in moved if m.outage.id in counted) if found is not None else (),
        others=0 if found is None else len(found.moved), fewest=found is not None and found.fewest,
        unplaced=tuple(sorted(season.outages.keys() - counted)), repair=repair if found is not None else None,
    )  # fmt: skip


def _standing(season: Season, problem: Problem, but: str) -> dict[str, int]:
    """Give who can stand where it is asked for, in order of stamp, one and what goes with it left out."""
    hall, held = Together(problem), len(problem.jobs) + 1
    left_out = hall.members(but)
    while held != len(hall.board.held):  # what waits for other work stands in a later pass
        held = len(hall.board.held)
        for name in season.outages:
            start = problem.job[name].preferred
            if name not in left_out and name not in hall.board.held and hall.free(name, start):
                hall.put(name, start)
    return dict(hall.board.held)
