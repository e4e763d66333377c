"""An opportunity: approved ahead, it starts only while a unit it waits for is off and its study holds (semantics 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.decide import settle
from moms.desk.assess import assess
from moms.desk.granted import conditions
from moms.desk.ports import Search
from moms.desk.situation import read
from moms.outages import Kind
from moms.values import SYSTEM, Window

if TYPE_CHECKING:
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.desk.situation import Situation
    from moms.desk.world import World
    from moms.outages import Outage

JUST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """Whether it has come."""

    unit_off: bool
    study_holds: bool
    says: str


NEVER = Opportunity(unit_off=False, study_holds=False, says="")


def opportunity(*, book: Book, world: World, now: datetime, outage_id: str) -> Opportunity:
    """Tell whether an opportunity may start now; anything else waits for none.

    A unit is off where the book has it out: started, not ended. The hours from now to the approved end
    are studied again on the book as it is, that unit out, and must be granted again under no kind of
    condition that was not there before.
    """
    with book.as_(SYSTEM) as page:
        outage = page.outage(outage_id)
        if outage.request.kind != Kind.OPPORTUNITY or not outage.window.holds(now):
            return NEVER
        off = _off(page, outage, now)
        known = {str(c["kind"]) for c in conditions(page, outage)}
        rest = Window(start=now, end=outage.window.end)
        situation = replace(read(page, outage, window=rest, now=now), group=())
    if not off:
        return NEVER
    return replace(_again(world, situation.outage, rest, known=known, now=now, situation=situation), says=_says(off))


def _off(page: Page, outage: Outage, now: datetime) -> tuple[Outage, ...]:
    units = outage.request.designated_units
    found = page.find(Search(assets=units, holding=True, states=("active",))) if units else ()
    return tuple(o for o in found if o.request.takes_out and o.request.derate_to_mw is None and _is_out(o, now))


def _is_out(outage: Outage, now: datetime) -> bool:
    return outage.actual_start is not None and outage.actual_start <= now and outage.actual_end is None


def _again(
    world: World, outage: Outage, rest: Window, *, known: set[str], now: datetime, situation: Situation
) -> Opportunity:
    found = assess(world=world, situation=situation, window=rest, now=now - JUST)  # its start is now, not past
    settled = settle(
        request=outage.request,
        evidence=found.evidence,
        findings=outage.findings,
        rules=world.rules.decision,
        windows_left=False,
    )
    holds = settled.firm and {c.kind for c in settled.conditions} <= known
    return Opportunity(unit_off=True, study_holds=holds, says="")


def _says(off: tuple[Outage, ...]) -> str:
    units = ", ".join(sorted({a for o in off for a in o.request.assets}))
    return f"{units} is off, and the hours left were studied again on the book as it stands: nothing new is caused."
