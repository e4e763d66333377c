"""How certain an outage is: recall from scenarios, what became of others like it, and what the approval is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.adequacy import FEWEST_YEARS
from moms.decide import Certainty
from moms.desk.called_back import class_of, recall_of
from moms.desk.chances import chances_of, promise
from moms.desk.forecast import identity
from moms.risk import Case, Standing, highest, told
from moms.values import MARKET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.adequacy import ForecastIssue
    from moms.desk.called_back import Recall
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.risk import Told

WINTER = frozenset({12, 1, 2})
PLACES = 6
"""Decimals of a probability in a record."""
DAY_S = 86400.0


def certain(
    *,
    world: World,
    outage: Outage,
    holding: Sequence[Outage],
    now: datetime,
    cut_off: Sequence[int],
    clean: bool | None,
    group: Sequence[Outage] = (),
    issue: ForecastIssue | None = None,
) -> Certainty:
    """Give how certain it is that the outage goes as asked in its window, on the book as it stands.

    `clean` says whether N-1 was found clean, None that it was not studied. It decides nothing: it tells
    what an approval is worth (semantics 5.3).
    """
    recall = recall_of(world=world, outage=outage, holding=holding, now=now, cut_off=cut_off, group=group, issue=issue)
    standing = standing_of(world=world, outage=outage, recall=recall, now=now, clean=clean)
    rung, why = highest(standing=standing, rules=world.rules.ladder)
    says = _told(world, outage, recall, now=now)
    publish = world.learnt is not None and world.learnt.goes_published
    return Certainty(
        firmness=rung.name.lower(),
        firmness_says=promise(rung, world.rules.ladder),
        next_level_needs=why,
        chances=chances_of(world=world, outage=outage, recall=recall, says=says),
        causes={n: round(p, PLACES) for n, p in says.causes.items()} if says is not None and publish else {},
        low_h=None if says is None else round(says.low_h, 1),
        high_h=None if says is None else round(says.high_h, 1),
        recall_without=None if recall.without is None else round(recall.without, PLACES),
        unknown=(*recall.unknown, *_unlearnt(world)),
        versions=_versions(world, recall, issue),
    )


def standing_of(*, world: World, outage: Outage, recall: Recall, now: datetime, clean: bool | None) -> Standing:
    """Give what the firmness ladder asks of an outage."""
    return Standing(
        lead_days=(outage.window.start - now).total_seconds() / DAY_S,
        recall_high=recall.high,
        margin_mw=recall.found.least_mw if recall.found is not None else None if not recall.takes_capacity else {},
        level_mw=world.rules.recall.level_mw,
        clean=clean,
        weather_years=world.rules.recall.weather_years if recall.takes_capacity else FEWEST_YEARS,
    )


def _told(world: World, outage: Outage, recall: Recall, *, now: datetime) -> Told | None:
    """Give what the history says of outages like this one; None where there is no history."""
    if world.learnt is None:
        return None
    case = Case(
        lead_days=(outage.window.start - now).total_seconds() / DAY_S,
        kind=class_of(world, outage.request),
        owner=outage.request.organisation,
        planned_h=outage.window.hours,
        moves=0,
        winter=outage.window.start.astimezone(MARKET).month in WINTER,
        recall=recall.found.probability if recall.found is not None else 0.0,
    )
    return told(model=world.learnt.model, case=case)


def _unlearnt(world: World) -> tuple[str, ...]:
    if world.learnt is None:
        return ("whether others like it went ahead: no history has been learnt from (moms certainty train)",)
    return ("how often it was moved before is not counted",)


def _versions(world: World, recall: Recall, issue: ForecastIssue | None) -> dict[str, str]:
    found = {"scenarios": recall.drawn} if recall.drawn else {}
    if issue is not None and recall.drawn:
        found["forecast"] = identity(issue)
    if world.rates is not None and recall.drawn:
        found["outage_rates"] = world.rates.id
    return found | (
        {} if world.learnt is None else {"certainty_model": world.learnt.version, "history": world.learnt.source}
    )
