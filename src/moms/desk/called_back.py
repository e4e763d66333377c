"""How likely an outage is to be called back: for want of capacity from scenarios, for the network as it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy import (
    DRAWN_BY,
    NoScenarios,
    clopper_pearson,
    draw,
    margins_of,
    short_share,
    weather_years,
    window_recall,
    with_forecast,
)
from moms.desk.margins import booked, taken
from moms.grid import BranchKind, shape_columns
from moms.outages import Category
from moms.outages.hours import hours_of
from moms.values import Window, market_day, market_day_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from moms.adequacy import Drawn, ForecastIssue, Taken, WindowRecall
    from moms.desk.world import World
    from moms.outages import Outage, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """What is known of the recall of one outage."""

    found: WindowRecall | None = None
    """For want of capacity; None where it takes none away, or nothing could be drawn."""
    without: float | None = None
    """The probability that the same places run short on the same days without it."""
    seen: tuple[int, int] | None = None
    """For the network: how many of so many past outages of its class were called back; None where not known."""
    takes_capacity: bool = False
    unknown: tuple[str, ...] = ()
    drawn: str = ""

    @property
    def expected(self) -> float:
        """The probability of recall as far as it is known, for the error budget."""
        capacity = self.found.probability if self.found is not None else 0.0
        return capacity + (self.seen[0] / self.seen[1] if self.seen is not None else 0.0)

    @property
    def high(self) -> float | None:
        """The upper 95 % bound of the probability of recall, for whatever reason; None where one is not known."""
        if self.takes_capacity and self.found is None:
            return None
        capacity = self.found.high if self.found is not None else 0.0
        if self.seen is None:
            return capacity if self.takes_capacity and not self.unknown else None
        return min(capacity + float(clopper_pearson(np.array([float(self.seen[0])]), self.seen[1])[1][0]), 1.0)


def recall_of(
    *,
    world: World,
    outage: Outage,
    holding: Sequence[Outage],
    now: datetime,
    cut_off: Sequence[int],
    group: Sequence[Outage] = (),
    issue: ForecastIssue | None = None,
) -> Recall:
    """Give how likely the outage is to be called back, for want of capacity and for the network."""
    asked = _asked(world, outage, cut_off)
    seen, unknown = _seen(world, outage)
    if not asked:
        return Recall(seen=seen, unknown=unknown)
    grid = world.rated
    zones = sorted({int(z) for z in grid.network.buses.zone[grid.network.units.bus[[t.unit for t in asked]]] if z >= 0})
    if grid.shapes is None or grid.zones is None or not zones:
        return Recall(takes_capacity=True, seen=seen, unknown=(*unknown, "no scenarios: its units are in no margin"))
    days = _whole_days(outage.window)
    others = (*holding, *group)
    away = booked(world, others, now=now, until=days.end)
    rules = world.rules.recall
    starts = days.clock_hours()
    years = weather_years(
        shapes=grid.shapes, years=rules.weather_years, seed=rules.seed,
        columns=shape_columns(shapes=grid.shapes, starts=starts),
    )  # fmt: skip
    years = with_forecast(years=years, issue=issue, starts=starts, grid=grid)
    told = told_on(issue, now=now)
    drawn = _drawn(world, days, told=told)
    if drawn is None:
        lead = (market_day_of(days.start) - told).days
        drawn = draw(grid=grid, starts=starts, taken=(*away, *asked), years=years, scenarios=rules.scenarios,
                     seed=rules.seed, lead_days=max(lead, 0))  # fmt: skip
    with_it, without = (
        margins_of(grid=grid, drawn=drawn, starts=starts, taken=some, rules=world.rules.margin, years=years,
                   touching=zones)
        for some in ((*away, *asked), away)
    )  # fmt: skip
    found = window_recall(scenarios=with_it, zones=zones, level_mw=rules.level_mw, seed=rules.seed)
    base = short_share(scenarios=without, zones=zones, level_mw=rules.level_mw)
    return Recall(
        found=found, without=base, takes_capacity=True, seen=seen, unknown=unknown,
        drawn=f"{rules.scenarios} scenarios of {rules.weather_years} synthetic weather years, seed {rules.seed}, "
        f"{DRAWN_BY}, from {drawn.day[0]} at a lead of {drawn.lead_days} days",
    )  # fmt: skip


def drawn_ahead(
    *, world: World, now: datetime, days: int, holding: Sequence[Outage], issue: ForecastIssue | None = None
) -> Drawn:
    """Draw the scenarios of so many market days from today on, with the book's units out: once for many questions.

    Raises:
        NoScenarios: the grid has no zones or no hourly shapes.
    """
    rules, grid = world.rules.recall, world.rated
    if grid.shapes is None:
        raise NoScenarios(f"grid {grid.name} has no hourly shapes", field="grid", fix="use one that has them")
    today = market_day(market_day_of(now))
    whole = Window(start=today.start, end=today.start + days * (today.end - today.start))
    starts = whole.clock_hours()
    years = weather_years(
        shapes=grid.shapes, years=rules.weather_years, seed=rules.seed,
        columns=shape_columns(shapes=grid.shapes, starts=starts),
    )  # fmt: skip
    return draw(
        grid=grid, starts=starts, taken=booked(world, holding, now=now, until=whole.end), years=years,
        scenarios=rules.scenarios, seed=rules.seed,
        lead_days=max((market_day_of(now) - told_on(issue, now=now)).days, 0), rates=_rates(world),
    )  # fmt: skip


def class_of(world: World, request: Request) -> str:
    """Give the class of equipment that histories of outages know: line, transformer, thermal or nuclear."""
    units = world.grid.network.units
    if request.category == Category.GENERATION:
        nuclear = any(str(units.fuel[row]) == "nuclear" for row in world.units(request))
        return "nuclear" if nuclear else "thermal"
    kinds = world.grid.network.branches.kind[world.branches(request)]
    return "transformer" if np.isin(kinds, (BranchKind.TRANSFORMER, BranchKind.WINDING)).any() else "line"


def _asked(world: World, outage: Outage, cut_off: Sequence[int]) -> tuple[Taken, ...]:
    return tuple(
        one
        for span in hours_of(outage.request, window=outage.window)
        for one in taken(world, outage, span, cut_off=cut_off)
    )


def _seen(world: World, outage: Outage) -> tuple[tuple[int, int] | None, tuple[str, ...]]:
    """Give how often outages of its class were called back; for units only capacity counts."""
    kind = class_of(world, outage.request)
    if kind in {"thermal", "nuclear"}:
        return None, ()
    if world.learnt is None:
        return None, ("recall for the network is not computed, and no history tells how often it came",)
    if world.learnt.simulated:
        return None, ("recall for the network is not computed, and the history learnt from is a simulated one",)
    counts = world.learnt.model.recalls.get(kind, (0, 0))
    return (counts, ()) if counts[1] else (None, (f"the history has no {kind} outage that it came to",))


def _whole_days(window: Window) -> Window:
    first, last = market_day_of(window.start), market_day_of(window.end)
    end = market_day(last)
    return Window(start=market_day(first).start, end=end.start if window.end == end.start else end.end)


def _rates(world: World) -> str:
    return "" if world.rates is None else world.rates.id


def told_on(issue: ForecastIssue | None, *, now: datetime) -> date:
    """Give the market day from which forecast errors grow: that of the newest issue, or today."""
    return market_day_of(now if issue is None else issue.issued)


def _drawn(world: World, days: Window, *, told: date) -> Drawn | None:
    """Give the scenarios that were drawn beforehand, if they hold these days, today and these rules."""
    drawn, rules = world.drawn, world.rules.recall
    if drawn is None or drawn.seed != rules.seed or len(drawn.year) != rules.scenarios:
        return None
    if drawn.rates != _rates(world):
        return None
    asked = (market_day_of(days.start), market_day_of(days.end - (days.end - days.start) / 1000))
    today = (drawn.day[0] - told).days == drawn.lead_days
    return drawn if today and drawn.covers(asked) and len(drawn.stress) == rules.weather_years else None
