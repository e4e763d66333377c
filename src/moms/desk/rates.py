"""Issues of outage rates in the book: kept with age and source, the newest found again, never overwritten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from moms.adequacy import RatesIssue, check_rates
from moms.decide import RatesSeen
from moms.desk.forecast import entry_named
from moms.desk.ports import NotYours
from moms.values import SYSTEM, Refused, parse_instant, plain

if TYPE_CHECKING:
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.values import Actor

RATES = "outage_rates"
"""The operator's register of issues of outage rates."""


class OldRates(Refused):
    """An issue that is no newer than the one kept, or comes from the future."""


def keep_rates(*, book: Book, world: World, actor: Actor, now: datetime, issue: RatesIssue) -> str:
    """Keep outage rates as the newest and give their id; every later decision counts with them.

    Raises:
        NotYours: only the operator keeps them.
        NotRates: they do not fit the grid.
        OldRates: they are no newer than the newest, or not issued yet.
    """
    if actor.organisation != SYSTEM.organisation:
        raise NotYours(f"{actor} may not keep outage rates", field="actor", fix="the operator keeps them")
    check_rates(issue=issue, grid=world.grid)
    if issue.issued > now:
        raise OldRates(f"they are issued at {issue.issued:%Y-%m-%d %H:%MZ}, later than now", field="issued",
                       fix="keep them once they are issued")  # fmt: skip
    with book.as_(actor) as page:
        last = newest_rates(page)
        if last is not None and issue.issued <= last.issued:
            raise OldRates(f"the newest kept were issued at {last.issued:%Y-%m-%d %H:%MZ}", field="issued",
                           fix="keep newer ones")  # fmt: skip
        body = {"issued": issue.issued, "source": issue.source, "unit": issue.unit, "rate": issue.outage_rate}
        page.enter(RATES, cast("dict[str, object]", plain({**body, "id": issue.id})))
    return issue.id


def newest_rates(page: Page) -> RatesIssue | None:
    """Give the newest issue kept; None where there is none, or this actor may not see it."""
    found = page.entries(RATES, last=1)
    return _issue(cast("dict[str, Any]", found[-1])) if found else None


def rates_named(page: Page, name: str) -> RatesIssue | None:
    """Give the issue of that id; None where there is none, or this actor may not see it."""
    entry = entry_named(page, RATES, name)
    return None if entry is None else _issue(cast("dict[str, Any]", entry))


def with_rates(world: World, issue: RatesIssue | None) -> World:
    """Give the world in which the margin counts with these rates."""
    same = (world.rates is None) if issue is None else (world.rates is not None and world.rates.id == issue.id)
    return world if same else replace(world, rates=issue)


def rated_by(book: Book, world: World) -> World:
    """Give the world in which the margin counts with the rates that the book keeps now."""
    with book.as_(SYSTEM) as page:
        return with_rates(world, newest_rates(page))


def rates_seen(issue: RatesIssue | None, *, now: datetime) -> RatesSeen | None:
    """Give what a decision has to know of an issue."""
    if issue is None:
        return None
    return RatesSeen(
        id=issue.id, source=issue.source, issued=issue.issued.isoformat(), units=len(issue.unit),
        age_d=round(issue.age_d(now), 3),
    )  # fmt: skip


def _issue(entry: dict[str, Any]) -> RatesIssue:
    return RatesIssue(
        issued=parse_instant(entry["issued"], field="issued"), source=str(entry["source"]),
        unit=tuple(entry["unit"]), outage_rate=np.array(entry["rate"], dtype=np.float64), id=str(entry["id"]),
    )  # fmt: skip
