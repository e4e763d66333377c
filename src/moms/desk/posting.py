"""The maintenance margin as it is posted each night: 24 months by day and place, kept in the operator's register.

What is posted can be read at once and is dated: with which book, rule book and forecast it was computed. Who
asks for what stands now computes it (`moms margin`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from moms.adequacy import NoScenarios, OutlookRules, margin_bands, outlook
from moms.desk.called_back import told_on
from moms.desk.forecast import identity, newest
from moms.desk.margins import booked
from moms.desk.ports import NotYours, Search
from moms.desk.rates import newest_rates, with_rates
from moms.values import SYSTEM, Refused, Window, market_day, market_day_of, parse_instant, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from moms.adequacy import Bands, Outlook, RecallRules
    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.values import Actor

MARGIN = "margin"
"""The operator's register of postings."""
MONTHS, LONGEST_MONTHS = 24, 36
SCENARIOS = 400
"""Of the bands: P10 of a day needs no more."""
WEEK = 7
BANDS = ("p10_mw", "p50_mw", "p90_mw")


class NotAPosting(Refused):
    """Months that cannot be posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One posting, and what it rests on."""

    at: datetime
    months: int
    rule_book: str
    book_version: int
    forecast: str | None
    rates: str | None
    """The issue of outage rates; None: those that the grid came with."""
    found: Outlook
    bands: Bands


def post(
    *, book: Book, world: World, now: datetime, months: int = MONTHS,
    told: Callable[[int], None] = lambda _days: None,
) -> Posting:  # fmt: skip
    """Compute the maintenance margin of so many months from today on, on the book as it stands; nothing is written.

    Raises:
        NotAPosting: no month, or more than 36.
        NoScenarios: the grid has no zones or no hourly shapes.
    """
    span = span_of(now=now, months=months)
    if world.grid.shapes is None or world.grid.zones is None:
        raise NoScenarios("the grid has no zones or no hourly shapes", field="grid", fix="use one that has both")
    with book.as_(SYSTEM) as page:
        version, issue, world = page.version(), newest(page), with_rates(world, newest_rates(page))
        near = page.find(Search(window=span, holding=True))
        late = page.find(Search(holding=True, states=("active", "pending_complete")))
    holding = {o.id: o for o in (*near, *late) if o.request.takes_out}
    taken = booked(world, [holding[k] for k in sorted(holding)], now=now, until=span.end)
    hours, rules = span.clock_hours(), world.rules.margin
    lead = max((market_day_of(now) - told_on(issue, now=now)).days, 0)
    return Posting(
        at=now, months=months, rule_book=world.rules.name, book_version=version,
        forecast=None if issue is None else identity(issue),
        rates=None if world.rates is None else world.rates.id,
        found=outlook(grid=world.rated, starts=hours, taken=taken, rules=OutlookRules(margin=rules), told=told),
        bands=margin_bands(grid=world.rated, starts=hours, taken=taken, rules=rules,
                           drawn=_few(world.rules.recall), lead_days=lead),
    )  # fmt: skip


def span_of(*, now: datetime, months: int) -> Window:
    """Give the market days of so many months from today on, to the same day of the month at most the 28th.

    Raises:
        NotAPosting: no month, or more than 36.
    """
    if not 1 <= months <= LONGEST_MONTHS:
        raise NotAPosting(f"{months} months", field="months", fix=f"give 1 to {LONGEST_MONTHS}")
    first = market_day_of(now)
    count = first.month - 1 + months
    last = first.replace(year=first.year + count // 12, month=count % 12 + 1, day=min(first.day, 28))
    return Window(start=market_day(first).start, end=market_day(last).start)


def _few(rules: RecallRules) -> RecallRules:
    return replace(rules, scenarios=max(SCENARIOS, rules.weather_years))


def keep_posting(*, book: Book, actor: Actor, posting: Posting) -> None:
    """Keep a posting in the operator's register.

    Raises:
        NotYours: only the operator posts.
    """
    operators_margin(actor)
    with book.as_(actor) as page:
        page.enter(MARGIN, cast("dict[str, object]", plain(document(posting))))


def operators_margin(actor: Actor) -> None:
    """Refuse anybody who may not see what all owners take out (semantics 9).

    Raises:
        NotYours: an actor of another organisation.
    """
    if actor.organisation != SYSTEM.organisation:
        raise NotYours(f"{actor} may not see the margin by day", field="actor",
                       fix="the operator posts it; an owner asks for free windows")  # fmt: skip


def posted(page: Page) -> dict[str, Any] | None:
    """Give the newest posting as it was kept; None where there is none, or this actor may not see it."""
    found = page.entries(MARGIN, last=1)
    return cast("dict[str, Any]", found[-1]) if found else None


def age_h(entry: Mapping[str, Any], *, now: datetime) -> float:
    """Give how old a posting is, in hours."""
    return (now - parse_instant(str(entry["at"]), field="at")).total_seconds() / 3600.0


def document(posting: Posting) -> dict[str, object]:
    """Write a posting: by place and day the binding margin and its limit, whole MW; bands on each week's least day."""
    found, places = posting.found, tuple(dict.fromkeys(room.place for room in posting.found.rooms))
    return {
        "at": posting.at, "day": market_day_of(posting.at).isoformat(), "months": posting.months,
        "rule_book": posting.rule_book, "book_version": posting.book_version, "forecast": posting.forecast,
        "rates": posting.rates,
        "scenarios": posting.bands.scenarios, "weather_years": posting.bands.weather_years,
        "first": found.day[0].isoformat(), "days": len(found.day),
        "places": [_place(posting, place) for place in places],
        "unknown": list(found.unknown), "notes": list(found.notes),
    }  # fmt: skip


def _place(posting: Posting, place: str) -> dict[str, object]:
    found = posting.found
    binding = found.binding(place=place)
    margin = np.array([room.margin_mw[d] for d, room in enumerate(binding)])
    names = list(dict.fromkeys(f"{room.method} {room.load}" for room in binding))
    return {
        "place": place, "scope": binding[0].scope,
        "margin_mw": _whole(margin), "limit_mw": _whole([room.limit_mw[d] for d, room in enumerate(binding)]),
        "methods": names, "method": [names.index(f"{room.method} {room.load}") for room in binding],
        "weeks": [_week(posting, place, margin, first) for first in range(0, len(margin), WEEK)],
        "short_days": int((margin < 0).sum()), "closed_days": found.closed.get(place, 0),
        "lole_d": [round(one, 6) for one in found.lole_d.get(place, ())],
    }  # fmt: skip


def _week(posting: Posting, place: str, margin: np.ndarray[Any, Any], first: int) -> dict[str, object]:
    """Give the least day of a week with its bands, where the place has scenarios."""
    d = first + int(margin[first : first + WEEK].argmin())
    day: date = posting.found.day[d]
    bands = posting.bands.of(place)[:, d].tolist() if place in posting.bands.place else [None] * 3
    told = {name: None if mw is None else round(mw) for name, mw in zip(BANDS, bands, strict=True)}
    return {"day": day.isoformat(), **told}


def _whole(values: Sequence[float] | np.ndarray[Any, Any]) -> list[int]:
    """Round down: what is posted is never more than there is."""
    return [int(np.floor(v)) for v in values]
