"""Assess one request: security, remedy and margin on the same hours of the same world."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.decide import Evidence, ac_dirt, run_checks, stands_against
from moms.desk.forecast import seen
from moms.desk.margins import adequate
from moms.desk.progress import MARGIN, VOLTAGE, Progress, margin_over
from moms.desk.rates import rates_seen, with_rates
from moms.desk.remedy import Redispatched, redispatch_of
from moms.desk.security import secure
from moms.desk.voltage import verified
from moms.grid import BranchKind
from moms.outages import Position
from moms.study import at_once
from moms.values import ElementKind

if TYPE_CHECKING:
    from datetime import datetime

    from moms.decide import Security
    from moms.desk.security import Studied
    from moms.desk.situation import Situation
    from moms.desk.world import World
    from moms.outages import Outage, Request
    from moms.values import Window

ALONE, BOOK, QUEUE = "alone", "book", "queue"
NAMED_MOST = 4
"""With more overlapping outages than this they are all named; with fewer each is left out in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """Evidence, and what was run to get it."""

    evidence: Evidence
    notes: tuple[str, ...]
    window: Window
    book: Studied | None
    """The study on the book: kept for a remedy or an opened calendar cell."""


def assess(*, world: World, situation: Situation, window: Window, now: datetime, redispatch: bool = True) -> Assessed:
    """Give the evidence on one request as if its window were this one.

    Whatever cannot be computed is named in `evidence.missing`: it refers, it never approves. Without
    `redispatch` no unit is moved for the request: a what-if asks so, a decision never does.
    """
    world = with_rates(world, situation.rates)
    outage = replace(situation.outage, window=window)
    request = outage.request
    group = tuple(as_asked(o) for o in situation.group)
    missing = _missing(world, situation, window=window, now=now)
    if missing:
        return Assessed(evidence=_bare(world, situation, now=now, missing=missing), notes=(), window=window, book=None)
    books = _books(situation)

    def look(book: str) -> Studied:
        return secure(world, outage, books[book], book=book, window=window, now=now, group=group)

    found = dict(zip(books, at_once(look, tuple(books)), strict=True))
    studied, queue, alone = found[BOOK], found.get(QUEUE), found.get(ALONE)
    moved = _moved(world, studied, allowed=redispatch)
    world.tell(Progress(part=MARGIN))
    margin = adequate(
        world, outage, situation.holding, window=window, now=now, cut_off=studied.cut_off_units, group=group
    )
    world.tell(margin_over(margin))
    evidence = Evidence(
        security=studied.security,
        queue=None if queue is None else queue.security,
        alone=None if alone is None else alone.security,
        remedy=moved.remedy,
        adequacy=margin,
        missing=studied.missing,
        base_kv=world.base_kv(request),
        is_line=world.is_line(request),
        reactive=world.is_reactive(request),
        ac_needed=world.needs_ac([request, *(o.request for o in group)]),
        lead_days=(window.start - outage.stamp).total_seconds() / 86400.0,
        forecast=seen(situation.issue, now=now),
        rates=rates_seen(situation.rates, now=now),
        begins_in_days=(window.start - now).total_seconds() / 86400.0,
        overlapping=tuple(o.id for o in situation.holding),
        earlier_pending=tuple(o.id for o in situation.queue),
        together=tuple(o.id for o in group),
    )
    if evidence.ac_needed:
        evidence = _by_ac(world, outage, evidence, studied, moved, queue=queue, alone=alone, redispatch=redispatch)
    if group:
        leans = _leaning(world, (outage, *group), situation, evidence, now=now)
        evidence = replace(evidence, group_leans=leans)
    if evidence.alone is not None and _leans(evidence):
        evidence = replace(evidence, relies_on=_relied_on(world, outage, situation, evidence, window=window, now=now))
    return Assessed(evidence=evidence, notes=(*studied.notes, *situation.left), window=window, book=studied)


def as_asked(outage: Outage) -> Outage:
    """Give the outage as it would be if what is asked were granted: what a decision is about."""
    return replace(outage, request=outage.asked, window=outage.asked.window)


def _by_ac(
    world: World,
    outage: Outage,
    evidence: Evidence,
    studied: Studied,
    moved: Redispatched,
    *,
    queue: Studied | None,
    alone: Studied | None,
    redispatch: bool,
) -> Evidence:
    """Verify by AC what nothing else stands against; where the book is clean, the queue and no book at all too."""
    checks = run_checks(request=outage.request, evidence=evidence, findings=outage.findings, rules=world.rules.decision)
    if stands_against(tuple(c for c in checks if not c.rule.startswith("SEC-AC-"))):
        return evidence
    world.tell(Progress(part=VOLTAGE))
    found = verified(world, studied, moved.slices)
    evidence = replace(evidence, security=found)
    world.tell(Progress(part=VOLTAGE, over=True, clean=not ac_dirt(found)))
    if ac_dirt(found):
        return evidence
    others = {
        name: verified(world, one, _moved(world, one, allowed=redispatch).slices)
        for name, one in ((QUEUE, queue), (ALONE, alone))
        if one is not None
    }
    return replace(evidence, queue=others.get(QUEUE), alone=others.get(ALONE))


def _moved(world: World, studied: Studied, *, allowed: bool) -> Redispatched:
    if not allowed:
        return Redispatched(remedy=None, studied=studied, moved={})
    return redispatch_of(world, studied)


def _missing(world: World, situation: Situation, *, window: Window, now: datetime) -> tuple[str, ...]:
    found: list[str] = []
    grid, request = world.grid, situation.outage.request
    if grid.shapes is None or grid.zones is None:
        found.append(f"grid {grid.name} has no hourly load, wind and solar")
    if grid.register is None:
        found.append(f"grid {grid.name} has no register of owners and special flags")
    for one in (request, *(o.asked for o in situation.group)):
        found += _switch_missing(world, one)
        found += _bus_missing(world, one)
    found += situation.apart
    if window.start <= now and not request.urgent_report:
        found.append("its start has passed")
    found += [f"the start of {o.id} of its group has passed" for o in situation.group if o.asked.window.start <= now]
    return tuple(dict.fromkeys(found))


def _switch_missing(world: World, request: Request) -> list[str]:
    """Say what is not known about breakers (semantics 1.6)."""
    named = [a for a in request.assets if a.startswith(f"{ElementKind.BREAKER}:")]
    if request.switch is None:
        return ["it is not said whether the breaker is open or closed"] if named else []
    if world.grid.breakers is None:
        return [f"grid {world.grid.name} does not have the layout of its stations: what trips together is not known"]
    if len(named) < len(request.assets):
        return ["it is not said which breaker is switched: name it, as breaker:12, in a request of its own"]
    if request.switch.normal == Position.OPEN:
        return [f"the model has {', '.join(named)} closed in normal operation, the request says open"]
    return []


def _bus_missing(world: World, request: Request) -> list[str]:
    """Say where a bus outage reaches into what the model does not hold."""
    lines, found = world.grid.network.branches, []
    for bus in world.buses(request).tolist():
        rows = world.grid.network.branches_at(bus)
        if (lines.kind[rows] == BranchKind.EQUIVALENT).any():
            name = world.grid.network.name_of(ElementKind.BUS, bus)
            found.append(f"{name} carries a part of the reduced outside world: its outage there is not in the model")
    return found


def _bare(world: World, situation: Situation, *, now: datetime, missing: tuple[str, ...]) -> Evidence:
    del now
    request = situation.outage.request
    return Evidence(
        security=None,
        missing=missing,
        base_kv=world.base_kv(request),
        is_line=world.is_line(request),
        overlapping=tuple(o.id for o in situation.holding),
        earlier_pending=tuple(o.id for o in situation.queue),
    )


def _books(situation: Situation) -> dict[str, tuple[Outage, ...]]:
    """Give what else is out in each study of a request: what is granted, what waits before it too, and nothing."""
    found = {BOOK: tuple(situation.holding)}
    if situation.queue:
        found[QUEUE] = (*situation.holding, *situation.queue)
    if situation.holding:
        found[ALONE] = ()
    return found


def _pairs(found: Security) -> frozenset[tuple[str | None, str]]:
    """Name what a study found against a request: pairs over or tight, and contingencies that cut off."""
    rows = {(c.contingency, c.element) for c in (*found.crossings, *found.tight)}
    return frozenset(rows | {(c.contingency, "") for c in found.cut_off})


def _leans(evidence: Evidence) -> bool:
    """Tell whether the answer is cleaner with the book out than alone: then another outage helps it."""
    if evidence.alone is None or evidence.security is None:
        return False
    return bool(_pairs(evidence.alone) - _pairs(evidence.security)) or _leans_in_voltage(evidence)


def _leans_in_voltage(evidence: Evidence) -> bool:
    if evidence.alone is None or evidence.security is None:
        return False
    return bool(ac_dirt(evidence.alone) - ac_dirt(evidence.security))


def _relied_on(
    world: World, outage: Outage, situation: Situation, evidence: Evidence, *, window: Window, now: datetime
) -> tuple[str, ...]:
    """Name the outages each of which alone, if it were not out, would make the answer worse.

    Where there are too many to try, only several together help, or they help voltage, all of them are named.
    """
    everyone = tuple(o.id for o in situation.holding)
    if len(everyone) > NAMED_MOST or evidence.security is None or _leans_in_voltage(evidence):
        return everyone
    clean = _pairs(evidence.security)
    needed = []
    for one in situation.holding:
        rest = tuple(o for o in situation.holding if o.id != one.id)
        group = [as_asked(o) for o in situation.group]
        found = secure(world, outage, rest, book="less one", window=window, now=now, group=group).security
        if _pairs(found) - clean:
            needed.append(one.id)
    return tuple(needed) or everyone


def _leaning(
    world: World, members: tuple[Outage, ...], situation: Situation, evidence: Evidence, *, now: datetime
) -> tuple[str, ...]:
    """Name the outages of a group without which the rest would cause more; of a large group, all of it.

    All of it too where AC verified it: only the whole was.
    """
    if len(members) > NAMED_MOST or evidence.security is None or evidence.ac_needed:
        return tuple(o.id for o in members)
    clean = _pairs(evidence.security)
    needed = []
    for one in members:
        first, *rest = (o for o in members if o.id != one.id)
        found = secure(
            world, first, situation.holding, book="less one", window=first.window, now=now, group=rest
        ).security
        if _pairs(found) - clean:
            needed.append(one.id)
    return tuple(needed)
