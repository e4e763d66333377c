"""After something happened: the fewest of those that wait leave their dates so that the whole is secure again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk.accept import (
    PLANS,
    NotSecure,
    all_that_stays,
    as_document,
    as_moved,
    booking_held,
    ledger_of,
    may_write,
    moved_to,
    post_to,
)
from moms.desk.order import also_named
from moms.desk.rates import rated_by
from moms.desk.rounds import read_season, until_secure
from moms.desk.turns import prices_of
from moms.desk.wishes import season_of
from moms.ledger import Kind
from moms.ledger.events import move_accepted
from moms.schedule import owner_allows
from moms.schedule.season import Together, smallest_change
from moms.values import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from moms.desk.ports import Book, Page
    from moms.desk.rounds import Cut, Kept
    from moms.desk.whole import Found, Week
    from moms.desk.wishes import Season
    from moms.desk.world import World
    from moms.ledger import Booking
    from moms.outages import Outage
    from moms.schedule._mip import Budget
    from moms.schedule.season import Job, Problem
    from moms.values import Actor, Window

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One request that cannot stay where it is asked for."""

    outage: Outage
    start: int | None
    window: Window | None
    """None: there is no place for it within what its owner accepts."""
    moved_days: int
    accepted: bool
    """Whether the owner's own limits hold the window."""
    says: str
    """What stands against the dates it leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What has to change, and the study of the whole with the change."""

    id: str
    book_version: int
    season: Season
    moves: tuple[Move, ...]
    stays: int
    left_out: tuple[tuple[str, str], ...]
    kept: Kept

    @property
    def secure(self) -> bool:
        """Whether the whole was studied with the change and causes nothing."""
        return self.kept.found.secure and not self.kept.hurt

    @property
    def fewest(self) -> bool:
        """Whether no plan that serves as much moves fewer, relative to the cuts: proved term by term."""
        return bool(self.kept.levels) and all(level.proved for level in self.kept.levels)


def repair(
    *,
    book: Book,
    world: World,
    now: datetime,
    first: date,
    last: date,
    budget: Budget,
    flex_days: int = 0,
    rounds: int = 8,
    each: Callable[[Callable[[Week], Found], Sequence[Week]], Iterable[Found]] = map,
) -> Repair:
    """Find the smallest change of what waits between two market days, beside all that stands now.

    First that nobody loses its place who can have one, then the fewest moves, then the shortest. Nothing is
    written.

    Raises:
        NotASeason: the days or the grid do not allow it.
    """
    version, pending, holding = read_season(book, first, last)
    world = rated_by(book, world)
    season = season_of(
        world, pending=pending, holding=holding, first=first, last=last, now=now, flex_days=flex_days,
        also=also_named(book, pending, holding),
    )  # fmt: skip
    held = tuple(replace(j, held=j.preferred) for j in season.problem.jobs)
    season = replace(season, problem=replace(season.problem, jobs=held))
    kept = until_secure(
        world, season, lambda problem: smallest_change(problem, budget=budget), rounds=rounds, now=now, each=each
    )  # fmt: skip
    moves = tuple(moves_of(season, kept.problem, kept.plan, kept.cuts))
    return Repair(
        id=f"P-{digest(['repair', version, first, kept.plan, kept.cuts])[:16]}", book_version=version, season=season,
        moves=moves, stays=len(season.outages) - len(moves), left_out=season.left_out, kept=kept,
    )  # fmt: skip


def moves_of(season: Season, problem: Problem, plan: Mapping[str, int], cuts: Sequence[Cut]) -> Iterable[Move]:
    """Give what a plan does not leave where it was asked for, and what stands against the dates it leaves."""
    for job in problem.jobs:
        start = plan.get(job.id)
        if start == job.preferred:
            continue
        outage = season.outages[job.id]
        window = None if start is None else season.window(job.id, start)
        yield Move(
            outage=outage, start=start, window=window, moved_days=0 if start is None else start - job.preferred,
            accepted=window is not None and owner_allows(outage.asked, window),
            says=_against(problem, plan, cuts, job),
        )  # fmt: skip


def _against(problem: Problem, plan: Mapping[str, int], cuts: Sequence[Cut], job: Job) -> str:
    """Say what stands against the dates a request leaves, beside the rest of the plan."""
    hall = Together(problem)
    rest = {n: s for n, s in plan.items() if n not in hall.members(job.id)}
    why = hall.blocked(rest, job.id, job.preferred)
    seen = next((c for c in cuts if job.id in c.requests), None)
    if seen is not None and (why is None or "may not be out" in why):
        return f"{seen.name}: {seen.seen[0].says}"
    return why or "another would have to move instead"


def accept_repair(
    *, book: Book, world: World, actor: Actor, now: datetime, found: Repair
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Write a repair: move what its owners let move, and pay for it where a place was booked (semantics 8).

    Gives the outages that were moved, and (outage, why) of those that were not.

    Raises:
        NotYours: only the operator's engineers write.
        NotSecure: the whole is not secure even so.
        BookMoved: the book is not what was looked at.
    """
    may_write(actor)
    if not found.secure:
        raise NotSecure(
            f"repair {found.id} is not secure as a whole", field="plan", fix="take more rounds, or a person"
        )
    moved, kept, rows = [], [], []
    with book.as_(actor) as page:
        page.hold(found.book_version)
        refused = {m.outage.id: why for m in found.moves if (why := _why_not(page, world, m, actor=actor, now=now))}
        stays = all_that_stays(refused, [m.outage for m in found.moves])
        for one in found.moves:
            if one.outage.id in stays:
                kept.append((one.outage.id, stays[one.outage.id]))
                continue
            row, why = _written(page, world, one, found, actor=actor, now=now)
            if why:
                kept.append((one.outage.id, why))
                continue
            moved.append(one.outage.id)
            rows.append(row)
        page.enter(PLANS, as_document({"plan": found.id, "what": "repaired", "at": now, "by": str(actor), "rows": rows,
                                       "cuts": found.kept.cuts}))  # fmt: skip
    return tuple(moved), tuple(kept)


def _why_not(page: Page, world: World, one: Move, *, actor: Actor, now: datetime) -> str:
    if one.window is None or one.start is None:
        return "there is no place for it; its owner has to be asked"
    if not one.accepted:
        return "its owner has not said that it accepts these dates"
    before = page.outage(one.outage.id)
    free = as_moved(page, world, before, one.window, actor=actor, now=now) is not None
    return "" if free else "an entry rule forbids the new dates"


def _written(
    page: Page, world: World, one: Move, found: Repair, *, actor: Actor, now: datetime
) -> tuple[dict[str, object], str]:
    if one.window is None or one.start is None:
        return {}, "there is no place for it; its owner has to be asked"
    before = page.outage(one.outage.id)
    after = moved_to(page, world, before, one.window, f"plan {found.id}: {one.says}", actor=actor, now=now)
    if after is None:
        return {}, "an entry rule forbids the new dates"
    row: dict[str, object] = {"outage": before.id, "revision": after.revision, "from": before.asked.window,
                              "to": after.asked.window}  # fmt: skip
    kind = Kind(str(before.asked.category))
    booking = booking_held(page, before.id) if before.id in ledger_of(page, world, kind).held_milli else None
    if booking is not None:
        new = _booking(world, found.season, kind, booking, one.start)
        lead = max((before.asked.window.start - now) // DAY, 0)
        post_to(page, world, kind, [move_accepted(booking, new, lead_days=lead, rules=world.rules.ledger)], now=now)
        row |= {"ledger": kind, "booking": replace(new, price_milli=min(new.price_milli, booking.price_milli))}
    return row, ""


def _booking(world: World, season: Season, kind: Kind, booking: Booking, start: int) -> Booking:
    """Give the booking at its new place, at that place's price."""
    prices = prices_of(season, kind, world.rules.ledger)
    days = season.problem.job[booking.request].days
    open_ = prices.open(start=start, days=days)
    price = prices.of(size_kw=booking.size_kw, start=start, days=days) if open_ else booking.price_milli
    return replace(booking, start=start, days=days, price_milli=price)
