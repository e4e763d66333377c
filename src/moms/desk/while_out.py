"""The risk while an asset is out: what weather threatens to take besides, and what that would cost (models 3.9)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from moms.desk.security import secure
from moms.risk import ranked_windows, while_out
from moms.values import HOUR, Refused, Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from moms.decide import Security
    from moms.desk.world import World
    from moms.grid import FloatArray
    from moms.outages import Outage
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
    before = storm.by_hour[:, first - 1] if first else np.zeros(len(storm.by_hour))
    stood = 1.0 - before
    chance: FloatArray = np.divide(
        storm.by_hour[:, after - 1] - before, stood, out=np.ones_like(before), where=stood > 0
    )
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
