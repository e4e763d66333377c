"""The firmness of all that is granted, told again each night: from the newest forecast, on the book as it stands.

An outage climbs one level as soon as it may, and falls one only after several nights beyond its bound
(`risk.tonight`). A night run twice counts once: it begins from where the night before had ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from moms.desk.called_back import drawn_ahead, recall_of
from moms.desk.certain import standing_of
from moms.desk.forecast import newest, seen
from moms.desk.ports import NotYours, Search
from moms.desk.rates import newest_rates, with_rates
from moms.outages import State, Status
from moms.risk import Firmness, Rung, budget, tonight
from moms.values import SYSTEM, Refused, Window, market_day, market_day_of, parse_instant, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from moms.adequacy import Drawn, ForecastIssue
    from moms.decide import Forecast
    from moms.desk.ports import Book, Page
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.risk import Budget
    from moms.values import Actor

FIRMNESS = "firmness"
"""The operator's register of nights."""
AHEAD = frozenset({State.DECIDED, State.OPPORTUNITY_WAITING})
LONGEST_DAYS = 400
KEPT_DAYS = 400
"""So long after its start a promise is carried along, for the error budget."""


class NotANight(Refused):
    """Days ahead that cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retold:
    """One outage tonight."""

    outage: Outage
    before: Firmness
    after: Firmness
    is_new: bool
    """No night before knew it: it begins with what its decision said."""
    recall: float | None
    """The probability of recall as far as it can be told; None where nothing can."""
    recall_high: float | None
    """Upper 95 % bound of the probability of recall for whatever reason; None where it is not known."""
    why: tuple[str, ...]
    """What keeps it from the next level, or drags it down."""

    @property
    def changed(self) -> bool:
        """Whether its level is another than before."""
        return self.before.rung != self.after.rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What an outage was promised when it was last told before its start."""

    start: datetime
    most_recall: float
    forecast: float
    """The probability of recall then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """All of one night."""

    at: datetime
    forecast: Forecast | None
    rows: tuple[Retold, ...]
    """By start."""
    promises: dict[str, Promise]
    """Of all outages that were firm or better, those long begun left out."""
    budget: Budget | None
    """None where no season was named."""
    before: dict[str, Firmness]
    """What the night before had left."""


def retold(
    *,
    world: World,
    ahead: Sequence[Outage],
    holding: Sequence[Outage],
    last: Mapping[str, Firmness],
    granted: Mapping[str, Firmness],
    cleans: Mapping[str, bool | None],
    now: datetime,
    issue: ForecastIssue | None = None,
    told: Callable[[int], None] = lambda _more: None,
) -> tuple[Retold, ...]:
    """Give where each of these granted outages stands tonight, beside all that holds.

    `last` is where they stood, `granted` where those stand that no night knew, `cleans` whether N-1 was found
    clean with each. Where the newest forecast is
    too old for what begins soon, its recall is not known, and so it cannot climb.
    """
    rows = []
    for outage in ahead:
        before = last.get(outage.id) or granted.get(outage.id, Firmness())
        found = _one(world, outage, holding, before, cleans.get(outage.id), now=now, issue=issue)
        rows.append(replace(found, is_new=outage.id not in last))
        told(1)
    return tuple(rows)


def _one(
    world: World,
    outage: Outage,
    holding: Sequence[Outage],
    before: Firmness,
    clean: bool | None,  # noqa: FBT001 - as above
    *,
    now: datetime,
    issue: ForecastIssue | None,
) -> Retold:
    others = [o for o in holding if o.id != outage.id]
    cut_off = world.cut_off_units(outage.request)
    recall = recall_of(world=world, outage=outage, holding=others, now=now, cut_off=cut_off, issue=issue)
    standing = standing_of(world=world, outage=outage, recall=recall, now=now, clean=clean)
    stale = _too_old(world, issue, standing.lead_days, now=now)
    if stale:
        standing = replace(standing, recall_high=None)
    after, why = tonight(now=before, standing=standing, rules=world.rules.ladder)
    return Retold(
        outage=outage, before=before, after=after, is_new=False,
        recall=None if standing.recall_high is None else recall.expected,
        recall_high=standing.recall_high, why=(*why, *((stale,) if stale and why else ())),
    )  # fmt: skip


def _too_old(world: World, issue: ForecastIssue | None, lead_days: float, *, now: datetime) -> str:
    """Say that the forecast is too old, or missing where the rule book needs one, for what begins so soon."""
    rules = world.rules.decision
    if lead_days >= rules.forecast_within_days:
        return ""
    if issue is None:
        return "no forecast issue is kept" if rules.forecast_needed else ""
    age = issue.age_h(now)
    return f"the newest forecast is {age:.0f} h old" if age > rules.forecast_most_age_h else ""


def tell(
    *,
    book: Book,
    world: World,
    now: datetime,
    days: int,
    season: Window | None = None,
    told: Callable[[int], None] = lambda _more: None,
) -> tuple[Night, Drawn]:
    """Tell the firmness of all granted outages that begin within so many days; nothing is written.

    The scenarios drawn for it come along: the decisions of the day can use them.

    Raises:
        NotANight: no day, or more than 400.
        NoScenarios: the grid has no zones or no hourly shapes.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise NotANight(f"{days} days ahead", field="days", fix=f"give 1 to {LONGEST_DAYS}")
    today = market_day(market_day_of(now))
    span = Window(start=now, end=today.start + days * (today.end - today.start))
    with book.as_(SYSTEM) as page:
        issue, world = newest(page), with_rates(world, newest_rates(page))
        holding = _holding(page, span)
        ahead = sorted((o for o in holding if o.state in AHEAD and o.window.start > now),
                       key=lambda o: (o.window.start, o.id))  # fmt: skip
        records = {o.id: page.decision(o.decision_id) if o.decision_id else None for o in ahead}
        last, promises = _night_before(page, market_day_of(now))
    granted = {o.id: _granted(records[o.id]) for o in ahead}
    cleans = {o.id: clean_of(o, records[o.id]) for o in ahead}
    drawn = drawn_ahead(world=world, now=now, days=days, holding=holding, issue=issue)
    ready = replace(world, drawn=drawn)
    rows = retold(
        world=ready, ahead=ahead, holding=holding, last=last, granted=granted, cleans=cleans, now=now, issue=issue,
        told=told,
    )  # fmt: skip
    kept = _promised(world, rows, promises, today=market_day_of(now))
    spent = None if season is None else _budget(book, kept, season, now=now)
    return Night(at=now, forecast=seen(issue, now=now), rows=rows, promises=kept, budget=spent, before=last), drawn


def _holding(page: Page, span: Window) -> tuple[Outage, ...]:
    near = page.find(Search(window=span, holding=True))
    late = page.find(Search(holding=True, states=("active", "pending_complete")))
    found = {o.id: o for o in (*near, *late) if o.request.takes_out}
    return tuple(found[key] for key in sorted(found))


def _granted(record: Mapping[str, Any] | None) -> Firmness:
    """Give the level that the decision itself had told."""
    certainty = record and record["evidence"].get("certainty")
    return Firmness(rung=Rung[certainty["firmness"].upper()]) if certainty else Firmness()


def clean_of(outage: Outage, record: Mapping[str, Any] | None) -> bool | None:
    """Tell whether N-1 was found clean for a granted outage: by its record, unless it is at risk since."""
    if outage.status == Status.AT_RISK:
        return False
    security = record and record["evidence"]["security"]
    if not record or not security or record["evidence"]["missing"]:
        return None
    remedy = record["evidence"]["remedy"]
    remedied = bool(remedy and remedy["possible"] and remedy["verified"])
    return not security["cut_off"] and (not security["crossings"] or remedied)


def _promised(
    world: World, rows: Sequence[Retold], before: Mapping[str, Promise], *, today: date
) -> dict[str, Promise]:
    """Carry promises along, those of tonight in place of earlier ones; an outage that fell has none."""
    found = {key: one for key, one in before.items() if (today - market_day_of(one.start)).days <= KEPT_DAYS}
    for row in rows:
        rule = world.rules.ladder.of(row.after.rung)
        found.pop(row.outage.id, None)
        if rule is not None and row.after.rung >= Rung.FIRM:
            found[row.outage.id] = Promise(
                start=row.outage.window.start, most_recall=rule.most_recall, forecast=row.recall or 0.0
            )
    return found


def _budget(book: Book, promises: Mapping[str, Promise], season: Window, *, now: datetime) -> Budget:
    """Give what is used of the season's error budget: the recalls of outages that had been promised."""
    mine = {key: one for key, one in promises.items() if season.start <= one.start < season.end}
    begun = [key for key, one in mine.items() if one.start <= now]
    with book.as_(SYSTEM) as page:
        called = sum(any(event.verb in CALLED for event in page.history(key)) for key in mine)
    gone = (now - season.start) / (season.end - season.start)
    return budget(
        most_recall=[one.most_recall for one in mine.values()],
        forecast=np.array([mine[key].forecast for key in begun]),
        recalled=called,
        season_gone=min(max(gone, 0.0), 1.0),
    )


CALLED = frozenset({"recall", "revoke"})
"""Steps by which the operator breaks a promise."""


def operators_night(actor: Actor) -> None:
    """Refuse anybody who may not see the outages of all owners (semantics 9).

    Raises:
        NotYours: an actor of another organisation.
    """
    if actor.organisation != SYSTEM.organisation:
        raise NotYours(f"{actor} may not see the firmness of all owners' outages", field="actor",
                       fix="the operator tells it; an owner sees its own with moms show")  # fmt: skip


def keep_night(*, book: Book, actor: Actor, night: Night, rule_book: str) -> None:
    """Keep a night in the operator's register.

    Raises:
        NotYours: only the operator keeps nights.
    """
    operators_night(actor)
    rows = {row.outage.id: {"rung": row.after.rung.name.lower(), "nights_over": row.after.nights_over,
                            "recall_high": row.recall_high} for row in night.rows}  # fmt: skip
    entry = {
        "at": night.at, "day": market_day_of(night.at).isoformat(), "rule_book": rule_book,
        "forecast": night.forecast and night.forecast.id, "rows": rows, "promises": night.promises,
        "before": {key: {"rung": one.rung.name.lower(), "nights_over": one.nights_over}
                   for key, one in night.before.items()},
    }  # fmt: skip
    with book.as_(actor) as page:
        page.enter(FIRMNESS, cast("dict[str, object]", plain(entry)))


def _night_before(page: Page, today: date) -> tuple[dict[str, Firmness], dict[str, Promise]]:
    """Give where outages stood after the last night that is not this one, and what had been promised."""
    found = page.entries(FIRMNESS, last=1)
    if not found:
        return {}, {}
    entry = cast("dict[str, Any]", found[-1])
    again = entry["day"] == today.isoformat()
    rows = entry["before"] if again else entry["rows"]
    promises = {
        key: Promise(start=parse_instant(one["start"], field="start"), most_recall=one["most_recall"],
                     forecast=one["forecast"]) for key, one in entry["promises"].items()
    }  # fmt: skip
    stood = {key: Firmness(rung=Rung[one["rung"].upper()], nights_over=one["nights_over"]) for key, one in rows.items()}
    return stood, promises
