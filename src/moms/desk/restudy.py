"""Study again all that was granted: after a forced outage or a new forecast, what is at risk and what mends it.

All granted outages that have not begun are studied together, week by week, beside what is out now: the
forced ones, those that run, those that are late. Where they cause what no limit allows, the sets of which
every member is needed are named (`whole`). For each outage named, the soonest first, a decision is then
made as if it were asked for now: it tells whether a redispatch holds it, or which other windows are free.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.decide import Outcome
from moms.desk.operate import put_at_risk
from moms.desk.ports import Search
from moms.desk.settle import think
from moms.desk.situation import read
from moms.desk.whole import whole
from moms.outages import State, Status
from moms.values import SYSTEM, Refused, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    from moms.desk.ports import Book
    from moms.desk.whole import Found, Insecure, Week
    from moms.desk.world import World
    from moms.outages import Outage

AHEAD = frozenset({State.DECIDED, State.OPPORTUNITY_WAITING})
HELD = frozenset({str(Outcome.APPROVE), str(Outcome.ACCEPT)})


LONGEST_DAYS = 400


class NotASpan(Refused):
    """Days ahead that cannot be studied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What a decision made now would say of an outage at risk."""

    outcome: str
    says: str
    conditions: tuple[str, ...]
    alternatives: tuple[str, ...]
    """Other windows, each studied like the request."""

    @property
    def holds(self) -> bool:
        """Whether the outage can go on as it was granted, if need be under the conditions."""
        return self.outcome in HELD


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """One granted outage that exceeds a limit, by itself or with others, unless its remedy holds it."""

    outage: Outage
    day: date
    """The first market day on which it is part of something insecure."""
    sets: tuple[Insecure, ...]
    """In which it was found, by day."""
    remedy: Remedy | None
    """None: so many stand before it that it was not asked."""

    @property
    def held(self) -> bool:
        """Whether it can go on as it was granted: nobody has said so where that was not asked."""
        return self.remedy is not None and self.remedy.holds

    @property
    def beside(self) -> tuple[str, ...]:
        """The other granted outages of those sets: leaving out any one of a set mends that set."""
        others = {name for one in self.sets for name in one.outages if name != self.outage.id}
        return tuple(sorted(others))


@dataclass(frozen=True, slots=True, kw_only=True)
class Restudied:
    """The granted outages of a span, studied again."""

    span: Window
    book_version: int
    granted: tuple[str, ...]
    """Those studied, by id."""
    out_now: tuple[str, ...]
    """What they were studied beside."""
    found: Found
    at_risk: tuple[AtRisk, ...]
    """The soonest first; of one day, those in most sets."""

    @property
    def stands(self) -> bool:
        """Whether all was studied and every outage can go on as it was granted, if need be under conditions."""
        return not self.found.missing and all(one.held for one in self.at_risk)


def span_of(now: datetime, days: int) -> datetime:
    """Give the end of the last of so many days ahead.

    Raises:
        NotASpan: no day, or more than the book looks ahead.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise NotASpan(f"{days} days ahead", field="days", fix=f"give 1 to {LONGEST_DAYS}")
    return now + timedelta(days=days)


def restudy(
    *,
    book: Book,
    world: World,
    now: datetime,
    until: datetime,
    remedies: int,
    each: Callable[[Callable[[Week], Found], Sequence[Week]], Iterable[Found]] = map,
) -> Restudied:
    """Study again all granted outages between now and `until`; nothing is written.

    For the first `remedies` of those at risk it is asked what mends it. `each` maps the weeks.
    """
    span = Window(start=now, end=until)
    with book.as_(SYSTEM) as page:
        version, standing = page.version(), {o.id: o for o in page.find(Search(window=span, holding=True))}
        late = page.find(Search(holding=True, states=("active", "pending_complete")))
        standing |= {o.id: o for o in late}
    rows = [standing[k] for k in sorted(standing) if standing[k].request.takes_out]
    ahead = [part for o in rows if o.state in AHEAD and (part := _within(o, span)) is not None]
    beside = [o for o in rows if o.state not in AHEAD]
    found = whole(world, planned=ahead, holding=beside, now=now, each=each)
    return Restudied(
        span=span,
        book_version=version,
        granted=tuple(o.id for o in ahead),
        out_now=tuple(o.id for o in beside),
        found=found,
        at_risk=_ranked(book, world, now, found, standing, remedies),
    )


def _within(outage: Outage, span: Window) -> Outage | None:
    """Give an outage with the part of its window that lies in a span."""
    part = outage.window.common(span)
    return None if part is None else replace(outage, request=replace(outage.request, window=part), window=part)


def _ranked(  # noqa: PLR0917 - one caller, a few lines above
    book: Book, world: World, now: datetime, found: Found, standing: dict[str, Outage], remedies: int
) -> tuple[AtRisk, ...]:
    sets: dict[str, list[Insecure]] = {}
    for one in sorted(found.insecure, key=lambda s: (s.day, s.outages, s.at)):
        for name in one.outages:
            sets.setdefault(name, []).append(one)
    order = sorted(sets, key=lambda name: (sets[name][0].day, -len(sets[name]), name))
    return tuple(
        AtRisk(
            outage=standing[name],
            day=sets[name][0].day,
            sets=tuple(sets[name]),
            remedy=remedy_of(book, world, now, standing[name]) if place < remedies else None,
        )
        for place, name in enumerate(order)
    )


def remedy_of(book: Book, world: World, now: datetime, outage: Outage) -> Remedy:
    """Decide an outage as if it were asked for now, beside all the others that stand."""
    asked = replace(outage, state=State.VALIDATED, status=Status.NONE, decision_id=None)
    with book.as_(SYSTEM) as page:
        situation = read(page, asked, window=outage.window, now=now)
    record = think(world=world, situation=replace(situation, queue=()), now=now, book=book).record or {}
    return Remedy(
        outcome=str(record["outcome"]),
        says=str(record["says"]),
        conditions=_said(record["conditions"]),
        alternatives=_said(record["alternatives"]),
    )


def _said(rows: object) -> tuple[str, ...]:
    return tuple(str(row["says"]) for row in rows) if isinstance(rows, list) else ()


def mark(*, book: Book, world: World, now: datetime, found: Restudied, why: str) -> tuple[str, ...]:
    """Put at risk what a decision made now would not grant again; give the ids.

    What a remedy holds stays as it is, as does what is at risk already. What was not asked is put at risk:
    nobody has said that it holds.
    """
    done = []
    for one in found.at_risk:
        if one.outage.status == Status.AT_RISK or one.held:
            continue
        reason = f"{why}: {one.sets[0].says}"
        if put_at_risk(book=book, world=world, now=now, outage_id=one.outage.id, reason=reason):
            done.append(one.outage.id)
    return tuple(done)


__all__ = ["AtRisk", "NotASpan", "Remedy", "Restudied", "mark", "restudy", "span_of"]
