"""Forecast issues in the book: kept with their age and source, the newest found again, never overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from moms.adequacy import ForecastIssue, check_forecast
from moms.decide import Forecast
from moms.desk.ports import NotYours
from moms.values import SYSTEM, Refused, digest, parse_instant, plain

if TYPE_CHECKING:
    from datetime import datetime

    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.values import Actor

FORECASTS = "forecasts"
"""The operator's register of forecast issues."""
MOST_HOURS = 24 * 60


class OldForecast(Refused):
    """An issue that is no newer than the one kept, or comes from the future."""


def keep(*, book: Book, world: World, actor: Actor, now: datetime, issue: ForecastIssue) -> str:
    """Keep a forecast issue as the newest and give its id; every later decision sees it.

    Raises:
        NotYours: only the operator keeps forecasts.
        NotAForecast: it does not fit the grid.
        OldForecast: it is no newer than the newest, is not issued yet, or is longer than 60 days.
    """
    if actor.organisation != SYSTEM.organisation:
        raise NotYours(f"{actor} may not keep a forecast", field="actor", fix="the operator keeps forecasts")
    check_forecast(issue=issue, grid=world.grid)
    if issue.issued > now:
        raise OldForecast(f"it is issued at {issue.issued:%Y-%m-%d %H:%MZ}, later than now", field="issued",
                          fix="keep it once it is issued")  # fmt: skip
    if issue.load_mw.shape[1] > MOST_HOURS:
        raise OldForecast(f"{issue.load_mw.shape[1]} hours", field="hour", fix=f"give {MOST_HOURS} hours at most")
    with book.as_(actor) as page:
        last = newest(page)
        if last is not None and issue.issued <= last.issued:
            raise OldForecast(f"the newest kept was issued at {last.issued:%Y-%m-%d %H:%MZ}", field="issued",
                              fix="keep a newer one")  # fmt: skip
        entry = cast("dict[str, object]", plain(_entry(issue)))
        page.enter(FORECASTS, entry)
    return str(entry["id"])


def newest(page: Page) -> ForecastIssue | None:
    """Give the newest forecast issue kept; None where there is none, or this actor may not see it."""
    found = page.entries(FORECASTS, last=1)
    return _issue(cast("dict[str, Any]", found[-1])) if found else None


def issue_named(page: Page, name: str) -> ForecastIssue | None:
    """Give the issue of that id; None where there is none, or this actor may not see it."""
    entry = entry_named(page, FORECASTS, name)
    return None if entry is None else _issue(cast("dict[str, Any]", entry))


def entry_named(page: Page, register: str, name: str) -> dict[str, object] | None:
    """Give the entry of a register with that id, looked for from the newest back; entries may be large."""
    last = 1
    while True:
        found = page.entries(register, last=last)
        for entry in reversed(found):
            if entry.get("id") == name:
                return entry
        if len(found) < last:
            return None
        last *= 8


def identity(issue: ForecastIssue) -> str:
    """Name an issue by the digest of all that it says."""
    return "F-" + digest(_body(issue))[:16]


def seen(issue: ForecastIssue | None, *, now: datetime) -> Forecast | None:
    """Give what a decision has to know of an issue."""
    if issue is None:
        return None
    return Forecast(
        id=identity(issue), source=issue.source, issued=issue.issued.isoformat(), until=issue.end.isoformat(),
        age_h=round(issue.age_h(now), 3),
    )  # fmt: skip


def _entry(issue: ForecastIssue) -> dict[str, object]:
    return {**_body(issue), "id": identity(issue)}


def _body(issue: ForecastIssue) -> dict[str, object]:
    return {
        "issued": issue.issued, "source": issue.source, "start": issue.start, "zones": issue.zones,
        "load_mw": issue.load_mw, "wind": issue.wind, "solar": issue.solar,
    }  # fmt: skip


def _issue(entry: dict[str, Any]) -> ForecastIssue:
    return ForecastIssue(
        issued=parse_instant(entry["issued"], field="issued"), source=str(entry["source"]),
        start=parse_instant(entry["start"], field="start"), zones=tuple(entry["zones"]),
        load_mw=np.array(entry["load_mw"]), wind=np.array(entry["wind"]), solar=np.array(entry["solar"]),
    )  # fmt: skip
