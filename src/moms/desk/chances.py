"""The chances of one outage in words: a number where one may be shown, else a band; what it means; its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy import FEWEST_YEARS, band, clopper_pearson
from moms.decide import Chance
from moms.desk.called_back import class_of
from moms.risk import CLASSES, ON_TIME, Rung, like, prior_durations

if TYPE_CHECKING:
    from moms.adequacy import WindowRecall
    from moms.desk.called_back import Recall
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.risk import Bin, LadderRules, Learnt, Told

PLACES = 6
PROMISES = {
    Rung.TENTATIVE: "tentative: it may be moved or called back with notice",
    Rung.FIRM: "firm: moved or called back only for reliability, counted against the operator",
    Rung.GUARANTEED: "guaranteed: called back only in a declared emergency",
}
LATE_H = f"{(ON_TIME - 1) * 100:.0f} %"


def promise(rung: Rung, rules: LadderRules) -> str:
    """Say what a level of firmness is worth."""
    rule = rules.of(rung)
    if rule is None:
        return "no level of firmness"
    return f"{PROMISES[rung]}; called back with at most {rule.most_recall:.1%}"


def chances_of(*, world: World, outage: Outage, recall: Recall, says: Told | None) -> tuple[Chance, ...]:
    """Give every chance that can be told, the one that counts first."""
    called = tuple(c for c in (for_capacity(world, recall), _for_the_network(world, outage, recall)) if c is not None)
    if world.learnt is None or says is None:
        return (_late_by_prior(world, outage), *called)
    starts = _learnt(
        "starts", says.goes, world.learnt, world.learnt.goes, publish=world.learnt.goes_published,
        meaning="{} of approved outages like this began as approved", bad="it does not begin as approved",
    )  # fmt: skip
    back = _learnt(
        "back in time", says.on_time, world.learnt, world.learnt.on_time, publish=world.learnt.on_time_published,
        meaning="{} of outages like this, once begun, were back within 110 % of the hours planned",
        bad=f"it is back more than {LATE_H} late",
    )  # fmt: skip
    return (_both(starts, back, world.learnt), starts, back, *called)


def _learnt(
    what: str, value: float, learnt: Learnt, bins: tuple[Bin, ...], *, publish: bool, meaning: str, bad: str
) -> Chance:
    """Give a chance that was learnt, with what came of the held-out outages of which about as much was said."""
    seen = like(bins=bins, said=value)
    source = f"model {learnt.version}"
    if seen is None or not publish:
        why = "not calibrated" if not publish else "nothing held out to compare with"
        name = band(1.0 - value)
        return Chance(what=what, band=name, says=f"the chance that {bad} is {name}", source=f"{source}: {why}")
    # What was seen of outages told about as much bounds how far what is said may be off, not this outage's own share.
    low = max(min(value, value + seen.low - seen.mean_forecast), 0.0)
    high = min(max(value, value + seen.high - seen.mean_forecast), 1.0)
    return Chance(
        what=what, band=band(1.0 - low), says=_where(learnt) + meaning.format(f"{value:.0%}"),
        source=f"{source}; of {seen.forecasts:,} held out that were told {seen.mean_forecast:.1%} on average, "
        f"{seen.share:.1%} did",
        value=round(value, PLACES), low=round(low, PLACES), high=round(high, PLACES),
    )  # fmt: skip


def _where(learnt: Learnt) -> str:
    return "in a simulated history, " if learnt.simulated else ""


def _both(starts: Chance, back: Chance, learnt: Learnt) -> Chance:
    """Give the chance that an outage runs as approved: it begins, and is back in time."""
    what, source = "as approved", "begins as approved, and is back in time"
    if starts.value is None or back.value is None:
        worse = max((starts, back), key=lambda c: BAND_ORDER.index(c.band))
        says = f"the chance that it does not run as approved is {worse.band} or more"
        return Chance(what=what, band=worse.band, says=says, source=source)
    value, low, high = starts.value * back.value, _product(starts.low, back.low), _product(starts.high, back.high)
    return Chance(
        what=what, band=band(1.0 - low), source=source, value=round(value, PLACES), low=round(low, PLACES),
        high=round(high, PLACES),
        says=f"{_where(learnt)}{value:.0%} of approved outages like this ran as approved",
    )  # fmt: skip


def _product(one: float | None, other: float | None) -> float:
    return (one or 0.0) * (other or 0.0)


BAND_ORDER = ("very low", "low", "some", "high")


def _late_by_prior(world: World, outage: Outage) -> Chance:
    """Give the chance of an overrun where nothing was learnt: a band from the class's prior, no number."""
    kind, hours = np.array([CLASSES.index(class_of(world, outage.request))]), np.array([outage.window.hours])
    late = prior_durations().overrun(booked_h=ON_TIME * hours, planned_h=hours, kind=kind, owner=np.array([0]))
    name = band(float(late[0]))
    return Chance(
        what="back in time", band=name, says=f"the chance that it is back more than {LATE_H} late is {name}",
        source="prior of its class, not learnt from any outage: no number",
    )  # fmt: skip


def for_capacity(world: World, recall: Recall) -> Chance | None:
    """Give the chance of recall for capacity; a band where a real history had other recalls than were computed."""
    found, learnt = recall.found, world.learnt
    if found is None:
        return None
    what, name = "called back for capacity", band(found.high)
    source = f"{recall.drawn}; tightest place {found.place}"
    why = f"fewer than {FEWEST_YEARS} weather years" if found.weather_years < FEWEST_YEARS else ""
    if learnt is not None and not learnt.simulated and not learnt.recall_fits:
        why = f"recalls in the history of model {learnt.version} did not come as computed"
    if why:
        says = f"the chance that it is called back for want of capacity is {name}"
        return Chance(what=what, band=name, says=says, source=f"{source}; {why}")
    return Chance(
        what=what, band=name, says=_called_back(found),
        source=source, value=round(found.probability, PLACES), low=round(found.low, PLACES),
        high=round(found.high, PLACES),
    )  # fmt: skip


def _called_back(found: WindowRecall) -> str:
    times = round(found.probability * found.scenarios)
    share = f"{times:,} of {found.scenarios:,} scenarios" if times else f"none of {found.scenarios:,} scenarios"
    return f"{share} would call it back for want of capacity"


def _for_the_network(world: World, outage: Outage, recall: Recall) -> Chance | None:
    if recall.seen is None or world.learnt is None:
        return None
    called, came = recall.seen
    low, high = (float(b[0]) for b in clopper_pearson(np.array([float(called)]), came))
    return Chance(
        what="called back for the network", band=band(high),
        says=f"{called:,} of {came:,} {class_of(world, outage.request)} outages were called back",
        source=f"observed, {world.learnt.source}; not computed for this window",
        value=round(called / came, PLACES), low=round(low, PLACES), high=round(high, PLACES),
    )  # fmt: skip
