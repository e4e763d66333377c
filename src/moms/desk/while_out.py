"""The risk while an asset is out: what weather threatens to take besides, and what that would cost (models 3.9)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.decide import StormThreat
from moms.desk.security import secure
from moms.desk.storms import risk_of
from moms.outages.hours import hours_of
from moms.risk import NoPlaces, ranked_windows, while_out
from moms.values import HOUR, Refused, Window
from moms.values.quantity import mw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from moms.decide import Security
    from moms.desk.storms import Storm
    from moms.desk.world import World
    from moms.grid import FloatArray
    from moms.outages import Outage, Request
    from moms.risk import StormRisk, WhileOut


class NotInTheStorm(Refused):
    """A window that does not fit into the hours of a forecast."""


def ranked_while_out(
    *, world: World, outage: Outage, holding: Sequence[Outage], storm: StormRisk, hours: int, now: datetime
) -> tuple[WhileOut, ...]:
    """Rank the windows of so many hours in a storm by the MW expected to be lost or overloaded while the asset is out.

    For each contingency: how likely the storm takes it in the window, times what it would do only because
    the asset is out, in the worst hour of the whole storm: MW over rate B, and load cut off.

    Raises:
        NotInTheStorm: the window is longer than the forecast, or shorter than an hour.
    """
    if not 1 <= hours <= len(storm.hour):
        raise NotInTheStorm(f"{hours} hours", field="hours", fix=f"give 1 to {len(storm.hour)}, the forecast's hours")
    span = Window(start=storm.hour[0], end=storm.hour[-1] + HOUR)
    others = [o for o in holding if o.id != outage.id]
    found = secure(world, outage, others, book="storm", window=span, now=now)
    costs = consequences(found.security)
    windows = []
    for first in range(len(storm.hour) - hours + 1):
        chance = taken_in(storm, first, first + hours)
        windows.append(
            while_out(
                label=f"{storm.hour[first]:%Y-%m-%dT%H:%MZ}",
                probability=_by_contingency(world, storm, chance, costs),
                consequence_mw=costs,
            )
        )
    return ranked_windows(windows)


def consequences(found: Security) -> dict[str, float]:
    """Give by contingency what it does only because of the request: MW above limits and load cut off, worst hour."""
    cost: dict[str, float] = defaultdict(float)
    for crossing in found.crossings:
        if crossing.contingency is not None:
            cost[crossing.contingency] += crossing.over_mw
    for cut in found.cut_off:
        if cut.contingency is not None:
            cost[cut.contingency] += cut.load_mw
    return dict(cost)


def taken_in(storm: StormRisk, first: int, after: int) -> FloatArray:
    """Give how likely each line fails in these hours, having stood until then, (L,)."""
    return taken_on(storm, range(first, after))


def taken_on(storm: StormRisk, hours: Sequence[int]) -> FloatArray:
    """Give how likely each line fails in some of the hours, ascending, having stood until the first of them, (L,)."""
    failed = np.concatenate([np.zeros((len(storm.by_hour), 1)), storm.by_hour], axis=1)
    at = np.asarray(hours, dtype=np.int64)
    stood, gone = 1.0 - failed[:, at[0]], (failed[:, at + 1] - failed[:, at]).sum(axis=1)
    chance: FloatArray = np.divide(gone, stood, out=np.ones_like(stood), where=stood > 0)
    return chance


def _by_contingency(world: World, storm: StormRisk, chance: FloatArray, costs: Mapping[str, float]) -> dict[str, float]:
    """Give how likely the storm takes any line of each contingency that costs something."""
    place = {int(row): k for k, row in enumerate(storm.lines.row)}
    found = {}
    for one in world.contingencies:
        if one.id in costs:
            rows = [place[row] for row in one.branches if row in place]
            found[one.id] = 1.0 - float(np.prod(1.0 - chance[rows])) if rows else 0.0
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Studied:
    """A window that was studied: what would be out in it, and what the study found."""

    request: Request
    window: Window
    security: Security


def threats(*, world: World, storm: Storm, studied: Sequence[Studied]) -> tuple[StormThreat | None, ...]:
    """Give what a storm threatens in each of these windows, and how they rank.

    None where the grid has no places, or the forecast reaches none of them.

    What each contingency would do is that of the window's own study, in its worst hour; how likely the storm takes
    it, in those of its hours that the forecast reaches.
    """
    costs = [consequences(one.security) for one in studied]
    dear = {key for cost in costs for key in cost}
    rows = [row for one in world.contingencies if one.id in dear for row in one.branches]
    try:
        risk = risk_of(grid=world.grid, storm=storm, rows=rows)
    except NoPlaces:
        return tuple(None for _ in studied)
    found = [_threat(world, storm, risk, one, cost) for one, cost in zip(studied, costs, strict=True)]
    told = [one.expected_mw for one in found if one.expected_mw is not None]
    if not told:
        return tuple(None for _ in studied)
    return tuple(
        one if one.expected_mw is None else replace(one, rank=1 + sum(other < one.expected_mw for other in told))
        for one in found
    )


def _threat(world: World, storm: Storm, risk: StormRisk, one: Studied, costs: Mapping[str, float]) -> StormThreat:
    spans = hours_of(one.request, window=one.window)
    weather = storm.weather
    reached = [h for h, hour in enumerate(weather.hour)
               if any(span.overlaps(Window(start=hour, end=hour + HOUR)) for span in spans)]  # fmt: skip
    bare = StormThreat(
        storm=storm.id, source=weather.source, issued=weather.issued.isoformat(), calibrated=risk.calibrated,
        hours=len(reached), hours_of=sum(len(span.clock_hours()) for span in spans), expected_mw=None, worst=None,
    )  # fmt: skip
    if not reached:
        return bare
    chance = _by_contingency(world, risk, taken_on(risk, reached), costs)
    found = while_out(label="", probability=chance, consequence_mw=costs)
    return replace(bare, expected_mw=mw(found.expected_mw), worst=found.worst if found.expected_mw > 0 else None)
