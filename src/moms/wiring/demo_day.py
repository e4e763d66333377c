"""What people have done on the demo's first morning, so that each screen has something true to show.

They are deeds at the desk like any other, by people of the right roles: a request that a person has to settle with a
what-if kept on it, an offer to move an outage, a line that failed and the crew that is at it. Done once, while the
clock stands at the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moms.desk.ports import Search
from moms.desk.supposed import AddedOutage, Supposed
from moms.values import SYSTEM, Actor, Role, parse_instant
from moms.wiring.clock import read_clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from moms.wiring.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Of whose equipment, and what was done."""

    owner: str
    waits: Mapping[str, Any]
    """A request that MOMS refers to a person, without its owner."""
    moved: str
    """The reference of a granted outage that the operator asks to move."""
    to: str
    why: str
    failed: str
    """Equipment that has failed this morning."""
    since: str
    until: str
    taps: tuple[tuple[str, str], ...]
    """What its crew has tapped, and when."""
    supposes: str
    """Why an engineer has studied the request with that equipment out beside it, and kept the study."""


FAILED = "DEMO-FAILED"
REPORTED_AFTER = timedelta(minutes=10)


def begin_day(office: Office, day: Day, *, clock: datetime) -> bool:
    """Do it, and tell whether it was to be done: the failed line comes last and marks that all was."""
    there = read_clock(office.settings.home)
    with office.book.as_(SYSTEM) as page:
        done = bool(page.find(Search(organisation=day.owner, external_id=FAILED)))
        moved = page.find(Search(organisation=day.owner, external_id=day.moved))
    if done or there is None or there.base != clock:
        return False
    owner = _as(office, "owner", day.owner, Role.OWNER, clock)
    waits = owner.submit(owner.read({**day.waits, "organisation": day.owner})).outage
    assert waits is not None  # noqa: S101 - the demo's own request is never returned
    engineer = _as(office, "engineer", SYSTEM.organisation, Role.ENGINEER, clock)
    beside = Supposed(added=(AddedOutage(assets=(day.failed,), window=waits.asked.window),))
    study = engineer.what_if(beside, outage=waits.id)
    engineer.attach(waits.id, beside, study=str(study["id"]), reason=day.supposes)
    if moved and moved[0].holds:
        planner = _as(office, "planner", SYSTEM.organisation, Role.PLANNER, clock)
        planner.offer(key="demo-move", outage=moved[0].id, start=day.to, reason=day.why)
    reported = parse_instant(day.since, field="since") + REPORTED_AFTER
    failed = replace(owner, settings=replace(owner.settings, now=reported)).forced(
        assets=(day.failed,), organisation=day.owner, since=day.since, until=day.until, external_id=FAILED,
        description="a tree fell on it (made up, like all of the demo)",
    ).outage  # fmt: skip
    assert failed is not None  # noqa: S101 - a report is never returned
    for k, (what, at) in enumerate(day.taps):
        tap = {"id": f"demo-tap-{k}-0000", "outage": failed.id, "what": what, "tapped_at": at, "sent_at": at}
        _as(office, "crew", day.owner, Role.FIELD, parse_instant(at, field="at")).field_report([tap])
    return True


def _as(office: Office, name: str, organisation: str, role: Role, now: datetime) -> Office:
    actor = Actor(name=name, organisation=organisation, role=role)
    return replace(office, settings=replace(office.settings, actor=actor, now=now))
