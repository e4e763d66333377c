"""Make a plan that was asked for: round by round, each kept at once, giving way between weeks to what is urgent.

Each round is the plan of so many rounds made anew on the book as it then is, so that whoever goes on after a machine
that died, or after decisions went first, needs nothing but the book and what the rounds have entered. Weeks that were
studied on the same outages are not studied again while their process lives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moms.desk.accept import as_document, opening, waited
from moms.desk.plan import plan_season
from moms.desk.planning import best_of, end, find, register_of, rounds_of
from moms.desk.planning_cost import costs
from moms.desk.planning_document import level_row, read, written
from moms.desk.planning_ground import ground_of, read_what
from moms.desk.rates import rated_by
from moms.desk.work import GaveWay
from moms.schedule._mip import Budget
from moms.values import SYSTEM, Refused, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from moms.desk.plan import SeasonPlan
    from moms.desk.planning import Planning
    from moms.desk.ports import Book
    from moms.desk.whole import Found, Week
    from moms.desk.world import World

TRIES = 3
"""So often a round is made again where what it rests on went on meanwhile."""
COST_NODES = 50
"""Of one call of the solver, where it is asked what a week earlier would take."""


class _Ended(Exception):  # noqa: N818 - a fact
    """Somebody stopped it, or another worker was quicker."""


@dataclass(slots=True, kw_only=True)
class WeeksKnown:
    """What one process knows of weeks that it has studied for one planning."""

    planning: str = ""
    weeks: dict[str, Found] = field(default_factory=dict)

    def of(self, planning: str) -> dict[str, Found]:
        """Give the weeks of a planning; those of another are forgotten."""
        if planning != self.planning:
            self.planning, self.weeks = planning, {}
        return self.weeks


def advance(
    *, book: Book, world: World, now: datetime, planning: str, known: WeeksKnown,
    urgent: Callable[[], bool] = lambda: False, clock: Callable[[], datetime] | None = None,
) -> str:  # fmt: skip
    """Go on with a planning until it ends, somebody stops it, or something urgent is due; say what came of it.

    `urgent` is asked before each week but the first; `clock` says when something is entered. The plan itself is
    thought as of the instant it was asked for, so that whoever goes on with it makes the same.

    Raises:
        GaveWay: something urgent is due; a week more has been studied, and what was found so far is kept.
    """
    one = _Planner(book=book, world=world, planning=planning, weeks=known.of(planning), urgent=urgent,
                   clock=clock or (lambda: now))  # fmt: skip
    try:
        return one.go()
    except _Ended:
        return one.explain_stopped()
    except GaveWay:
        raise
    except Refused as why:
        end(book=book, actor=SYSTEM, now=one.clock(), planning=planning, says=why.says, failed=True)
        return f"no plan: {why.says}"


@dataclass(slots=True, kw_only=True)
class _Planner:
    """One process at work on a planning."""

    book: Book
    world: World
    planning: str
    weeks: dict[str, Found]
    urgent: Callable[[], bool]
    clock: Callable[[], datetime]
    studied: int = 0
    """Weeks studied in this turn."""

    def go(self) -> str:
        """Make round after round until nothing is found any more, nothing is learnt, or the rounds are used up."""
        there = self._there()
        with self.book.as_(SYSTEM) as page:
            begun = len({e["round"] for e in rounds_of(page, self.planning) if e["round"] is not None})
        for number in range(max(begun, 1), there.wanted.rounds + 1):
            plan, rests_on = self._round(there, number)
            self._keep(number, plan, rests_on)
            if not plan.found.insecure or plan.rounds < number:
                break
        says = _says(plan, rests_on)
        self._pause()
        self._keep_costs(there)
        end(book=self.book, actor=SYSTEM, now=self.clock(), planning=there.id, says=says)
        return says

    def explain_stopped(self) -> str:
        """Say of the best plan what other dates would take, now that no more rounds are made."""
        with self.book.as_(SYSTEM) as page:
            there = find(page, self.planning)
        self._keep_costs(there)
        return f"it has {there.became}: {there.said}"

    def _there(self) -> Planning:
        with self.book.as_(SYSTEM) as page:
            there = find(page, self.planning)
        if not there.open:
            raise _Ended
        return there

    def _round(self, there: Planning, number: int) -> tuple[SeasonPlan, str]:
        """Make the plan of so many rounds, with the mark of what it rests on; empty where that went on meanwhile."""
        wanted = there.wanted
        for _ in range(TRIES):
            before = self._rests_on(there)
            with self.book.as_(SYSTEM) as page:
                balances, waits = opening(page, self.world), waited(page)
            plan = plan_season(
                book=self.book, world=self.world, now=there.at, first=wanted.first, last=wanted.last,
                opening=balances, waited=waits, budget=Budget(nodes=wanted.work), flex_days=wanted.flex_days,
                rounds=number, nonce=wanted.nonce, each=self._each,
            )  # fmt: skip
            if before == self._rests_on(there):
                return plan, before
        return plan, ""

    def _rests_on(self, there: Planning) -> str:
        return read_what(book=self.book, world=self.world, first=there.wanted.first, last=there.wanted.last).mark

    def _each(self, study: Callable[[Week], Found], weeks: Sequence[Week]) -> Iterable[Found]:
        """Study weeks, one after the other; what is known of one is not asked again."""
        ground = ground_of(self.book, self.world)
        for week in weeks:
            mark = digest([week, ground])
            if mark not in self.weeks:
                self._pause()
                self.weeks[mark] = study(week)
                self.studied += 1
            yield self.weeks[mark]

    def _pause(self) -> None:
        """Stop where somebody said so, and give way to what is urgent, once a week has been studied in this turn."""
        self._there()
        if self.urgent() and self.studied:  # or one that is always pressed would never be done
            raise GaveWay("something more urgent is due; it goes on from the week it was at", fix="nothing is to do")

    def _keep(self, number: int, plan: SeasonPlan, rests_on: str) -> None:
        """Enter a round, with its plan where that is better than all before it on the same outages."""
        with self.book.as_(SYSTEM) as page:
            page.hold(page.version())
            if not find(page, self.planning).open:
                raise _Ended
            entries = rounds_of(page, self.planning)
            if any(entry["round"] == number and entry["id"] == plan.id for entry in entries):
                return  # it was entered by a process that died after it
            same = [tuple(e["key"]) for e in entries if e["plan"] is not None and e["plan"]["rests_on"] == rests_on]
            better = all(_key(plan) < key for key in same)
            row = {
                "round": number, "at": self.clock(), "id": plan.id, **_row(plan), "key": _key(plan),
                "plan": written(plan, rests_on=rests_on, costs={}) if better else None,
            }  # fmt: skip
            page.enter(register_of(self.planning), as_document(row))

    def _keep_costs(self, there: Planning) -> None:
        """Enter the best plan once more, with what other dates would take; not where other outages wait by now."""
        with self.book.as_(SYSTEM) as page:
            entries, waits = rounds_of(page, self.planning), waited(page)
        best, wanted = best_of(entries), there.wanted
        if best is None or any(entry["round"] is None for entry in entries):
            return
        what = read_what(book=self.book, world=self.world, first=wanted.first, last=wanted.last)
        if what.mark != best["rests_on"]:
            return
        plan = read(best, outage={o.id: o for o in what.pending}.__getitem__, book_version=best["book_version"])
        found = costs(
            rated_by(self.book, self.world), plan, what=what, last=wanted.last, now=there.at,
            flex_days=wanted.flex_days, waited=waits, budget=Budget(nodes=min(wanted.work, COST_NODES)),
        )  # fmt: skip
        row = {"round": None, "at": self.clock(), "id": plan.id, "key": (),
               "plan": written(plan, rests_on=what.mark, costs=found)}  # fmt: skip
        with self.book.as_(SYSTEM) as page:
            page.enter(register_of(self.planning), as_document(row))


def _key(plan: SeasonPlan) -> tuple[float, ...]:
    """Give what plans of one planning are compared by: whole and secure, then who has a place, then how far moved."""
    placed = [p for p in plan.places if p.window is not None]
    return (
        float(not plan.secure), float(plan.found.bad_points + len(plan.found.missing) + len(plan.hurt)),
        float(len(plan.places) - len(placed)), float(sum(abs(p.moved_days) for p in placed)),
    )  # fmt: skip


def _row(plan: SeasonPlan) -> dict[str, object]:
    placed = [p for p in plan.places if p.window is not None]
    return {
        "requests": len(plan.places), "placed": len(placed), "moved": sum(bool(p.moved_days) for p in placed),
        "secure": plan.secure, "insecure": len(plan.found.insecure), "missing": len(plan.found.missing),
        "points": plan.found.points, "cuts": len(plan.cuts), "levels": [level_row(one) for one in plan.levels],
    }  # fmt: skip


def _says(plan: SeasonPlan, rests_on: str) -> str:
    if not rests_on:
        return f"the book went on {TRIES} times while it was planned: plan again"
    if plan.secure:
        return "the whole of it is secure"
    if plan.found.missing:
        return f"not all of it could be studied: {plan.found.missing[0]}"
    return "it is not secure as a whole, and the rounds are used up or nothing more is learnt"


__all__ = ["WeeksKnown", "advance"]
