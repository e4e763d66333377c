"""How far the entry rules look: which outages of the book can change what they say of one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.outages.rules.rule import elements_of
from moms.outages.rules.special import RESTORATION, cut_off_by, flags_of, is_outlet
from moms.values import ElementKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.grid import Grid
    from moms.outages.outage import Outage
    from moms.outages.request import Request
    from moms.outages.rules.rule import Element
    from moms.values import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which other outages matter to the entry rules; all others may stay unread."""

    same: tuple[str, ...]
    """Every name of the equipment asked for: outages of it count whenever they are (overlap, patterns)."""
    units: tuple[str, ...]
    """Units whose sole outlet is asked for: they count where they are out in these hours."""
    restoration: bool
    """Whether whatever stands in these hours counts: two parts of the restoration plan are never out together."""
    group: str | None
    """Outages asked for under the same name count whenever they are."""
    organisation: str
    after: tuple[str, ...]
    """Its references of what the request waits for: those count whenever they are."""
    window: Window

    def holds(self, other: Outage) -> bool:
        """Tell whether an outage is one of those that matter."""
        asked, here = other.request, other.window.overlaps(self.window)
        return (
            not set(self.same).isdisjoint(asked.assets)
            or (self.group is not None and asked.group == self.group)
            or (asked.organisation == self.organisation and asked.external_id in self.after)
            or (here and not set(self.units).isdisjoint(asked.assets))
            or (here and self.restoration and other.holds)
        )


def reach_of(request: Request, *, grid: Grid) -> Reach:
    """Give how far the rules look for a request."""
    elements, _ = elements_of(request.assets, grid=grid)
    same = {*request.assets, *(name for one in elements for name in _names(grid, one))}
    cut = {unit for one in elements if is_outlet(grid, one) for unit in cut_off_by(grid, one)}
    return Reach(
        same=tuple(sorted(same)),
        units=tuple(sorted(grid.network.name_of(ElementKind.GEN, unit) for unit in cut)),
        restoration=request.takes_out and any(RESTORATION & flags_of(grid, one) for one in elements),
        group=request.group,
        organisation=request.organisation,
        after=request.after,
        window=request.window,
    )


def _names(grid: Grid, one: Element) -> Iterator[str]:
    """Give every name under which an outage may have this equipment."""
    if one.kind != ElementKind.BRANCH:
        yield one.asset
        return
    for row in np.flatnonzero(grid.network.branches.equipment == one.equipment[1]).tolist():
        yield grid.network.name_of(ElementKind.BRANCH, row)
