"""Study a whole plan at once, and name the sets of planned outages that are insecure together (semantics 6).

A plan is studied like one request, week by week: all hours of it, each outage out in its own, beside all
that stands in the book. Where it causes something, outages are left out of that hour, one after the other,
for as long as the rest still causes something: what is left is a set of which every member is needed. Such
a set is a cut for the planner and no more: the next plan is studied whole again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from moms.decide import why_not_tolerated
from moms.desk.needed import needed
from moms.desk.points import points_of, stretches
from moms.desk.security import over
from moms.desk.situation import spans
from moms.outages.hours import hours_of
from moms.values import Window, market_day, market_day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from moms.decide import DecisionRules, Security
    from moms.desk.points import Stretch, StudyPoint
    from moms.desk.security import Studied
    from moms.desk.world import World
    from moms.outages import Outage

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Insecure:
    """Planned outages that cause something together at an operating point, by id."""

    outages: tuple[str, ...]
    day: date
    """The market day it was found on; of an extreme, the first of its week on which they are out."""
    at: str
    """The operating point, as the study labels it."""
    says: str
    minimal: bool
    """Whether leaving out any one of them was studied and mends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The part of a plan that falls into one market week; it can be sent to another process."""

    planned: tuple[Outage, ...]
    """Each with the part of its window that lies in the week."""
    others: tuple[Outage, ...]
    """What stands in the book and is out in the week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the study of a week, or of a whole plan, found."""

    insecure: tuple[Insecure, ...]
    missing: tuple[str, ...]
    """What could not be studied: a plan with any is not called secure."""
    points: int
    """Operating points studied, each against every contingency."""
    bad_points: int
    """Those at which the plan causes something that is not tolerated; at least, where one more failure cuts off."""
    studies: int
    """Studies run, those that left outages out included."""

    @property
    def secure(self) -> bool:
        """Whether the plan causes nothing and everything was answered."""
        return not self.bad_points and not self.missing


def whole(
    world: World,
    *,
    planned: Sequence[Outage],
    holding: Sequence[Outage],
    now: datetime,
    each: Callable[[Callable[[Week], Found], Sequence[Week]], Iterable[Found]] = map,
    known: dict[Week, Found] | None = None,
) -> Found:
    """Study a plan whole: `planned` with the windows it gives them, beside what stands.

    `each` maps the weeks, in this process or over several. Weeks that are `known` are not studied again,
    and those that were are added to it: no flow couples two weeks.
    """
    known = {} if known is None else known
    weeks = tuple(_weeks(planned, holding, now))
    fresh = tuple(week for week in weeks if week not in known)
    known.update(zip(fresh, each(_Studier(world=world, now=now), fresh), strict=True))
    found = [known[week] for week in weeks]
    return Found(
        insecure=tuple(one for part in found for one in part.insecure),
        missing=tuple(dict.fromkeys(m for part in found for m in part.missing)),
        points=sum(part.points for part in found),
        bad_points=sum(part.bad_points for part in found),
        studies=sum(part.studies for part in found),
    )


def _weeks(planned: Sequence[Outage], holding: Sequence[Outage], now: datetime) -> Iterator[Week]:
    """Cut a plan at Monday midnights of the market clock: the extremes of a study are those of such weeks."""
    days = [market_day_of(o.window.start) for o in planned]
    if not days:
        return
    until = max(o.window.end for o in planned)
    monday = min(days) - timedelta(days=min(days).weekday())
    while market_day(monday).start < until:
        span = Window(start=market_day(monday).start, end=market_day(monday + WEEK).start)
        parts = tuple(part for o in planned if (part := _within(o, span)) is not None)
        if parts:
            out = [o for o in holding if any(w.overlaps(span) for w in spans(o, now=now, until=span.end))]
            yield Week(planned=parts, others=tuple(out))
        monday += WEEK


def _within(outage: Outage, span: Window) -> Outage | None:
    part = outage.window.common(span)
    if part is None or not hours_of(outage.request, window=part):
        return None
    return replace(outage, request=replace(outage.request, window=part), window=part)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Studier:
    """Studies one week."""

    world: World
    now: datetime

    def __call__(self, week: Week) -> Found:
        points, said = points_of(self.world, week.planned, now=self.now)
        parts = stretches(points=points, asked=week.planned, others=week.others, now=self.now)
        studied = over(self.world, parts, book="plan", said=said)
        there = [(part, point) for part in parts for point in part.points]
        bad = _bad_points(self.world, studied, there)
        leaver, insecure = _Leaver(self.world), list[Insecure]()
        for k, says in bad.items():
            part, point = there[k]
            if not _known(insecure, part.asked):
                insecure += leaver.sets(part, point, says)
        return Found(
            insecure=tuple(insecure), missing=studied.missing, points=len(there), bad_points=len(bad),
            studies=1 + leaver.studies,
        )  # fmt: skip


def _bad_points(world: World, studied: Studied, there: Sequence[tuple[Stretch, StudyPoint]]) -> dict[int, str]:
    """Give the points at which a week's plan causes what is not tolerated, the worst first, with what it is.

    Limits exceeded and load without supply are known hour by hour. What one more failure cuts off, and what
    headroom does not cover, is known at its worst hour: that hour stands for all of its kind until the next
    plan is studied.
    """
    result, security, rules = studied.result, studied.security, world.rules.decision
    place = {point.label: k for k, (_, point) in enumerate(there)}
    worst: dict[int, tuple[float, str]] = {}

    def note(k: int, share: float, says: str) -> None:
        worst[k] = max(worst.get(k, (0.0, "")), (share, says))

    for base in result.base_rows():
        says = f"{base.element} before any contingency at {base.percent:.1f} % ({base.hour})"
        note(place[base.hour], base.percent, says)
    for row in result.violation_rows():
        if row.caused != "old":
            says = f"{row.element} after {row.contingency} at {row.percent:.1f} % ({row.hour})"
            note(place[row.hour], row.percent, says)
    intolerable = {c.contingency for c in security.cut_off if why_not_tolerated((c,), rules)}
    for cut in result.islanding:
        if cut.contingency in intolerable:
            note(place[cut.hour], 0.0, f"{cut.contingency} would cut off {cut.load_mw:.1f} MW of load")
    for k in np.flatnonzero(result.request_load_mw > 0).tolist():
        if not all(o.request.agreed_load_at_risk for o in there[k][0].asked):
            says = f"{result.request_load_mw[k]:.1f} MW of load without supply, and no consent of its owners"
            note(k, 0.0, says)
    for short in result.shortfalls:
        if short.shortfall_mw > short.without_mw:
            says = f"the trip of {short.contingency} leaves {short.shortfall_mw:.1f} MW that headroom does not cover"
            note(place[short.hour], 0.0, says)
    return {k: says for k, (_, says) in sorted(worst.items(), key=lambda row: (-row[1][0], row[0]))}


def _known(insecure: Sequence[Insecure], asked: Sequence[Outage]) -> bool:
    """Tell whether a set that was found already is out here too."""
    out = {o.id for o in asked}
    return any(set(one.outages) <= out for one in insecure)


class _Leaver:
    """Leaves outages out of one operating point for as long as the rest still causes something."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.studies = 0

    def trouble(self, part: Stretch, point: StudyPoint, some: Sequence[Outage]) -> str:
        """Say what these outages cause at a point; empty: nothing that is not tolerated."""
        if not some:
            return ""
        self.studies += 1
        at = replace(part, points=(point,), asked=tuple(some))
        studied = over(self.world, (at,), book="plan")
        agreed = all(o.request.agreed_load_at_risk for o in some)
        return trouble_in(studied.security, self.world.rules.decision, agreed=agreed)

    def sets(self, part: Stretch, point: StudyPoint, says: str) -> list[Insecure]:
        """Give sets that cause something by themselves, none with a member of another."""
        day, left, found = market_day_of(point.start), list(part.asked), list[Insecure]()
        while trouble := self.trouble(part, point, left):
            kept, told = needed(left, trouble, trouble=lambda rest: self.trouble(part, point, rest))
            found.append(Insecure(outages=_names(kept), day=day, at=point.label, says=told, minimal=True))
            gone = set(found[-1].outages)
            left = [o for o in left if o.id not in gone]
        if not found:  # seen only beside the other hours of the week: nobody can be left out of what is not there
            found.append(Insecure(outages=_names(part.asked), day=day, at=point.label, says=says, minimal=False))
        return found


def _names(some: Sequence[Outage]) -> tuple[str, ...]:
    return tuple(sorted(o.id for o in some))


def trouble_in(found: Security, rules: DecisionRules, *, agreed: bool) -> str:
    """Say what a study found that a plan must not cause; empty where there is nothing.

    A limit exceeded counts though a redispatch might remove it: the decision on the request looks for that.
    """
    if found.crossings:
        worst = max(found.crossings, key=lambda c: (c.percent, c.contingency or "", c.element))
        return f"{worst.name} at {worst.percent:.1f} % ({worst.hour})"
    too_much = why_not_tolerated(found.cut_off, rules)
    if too_much:
        return f"one more failure cuts load or units off: {too_much}"
    if found.self_cut is not None and found.self_cut.load_mw > 0 and not agreed:
        return f"{found.self_cut.load_mw:.1f} MW of load without supply, and no consent of its owners"
    if found.shortfall_mw > 0:
        return f"the trip of a unit leaves {found.shortfall_mw:.1f} MW that headroom does not cover"
    return ""


__all__ = ["Found", "Insecure", "Week", "trouble_in", "whole"]
