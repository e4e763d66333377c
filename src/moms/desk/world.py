"""What every use case is given: the grid, the rule book, and whose software this is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moms.grid import Flag
from moms.outages import Category
from moms.values import ElementKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.desk.rulebook import RuleBook
    from moms.grid import Grid, IntArray
    from moms.outages import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The grid and the rules, read once at the edge and handed in."""

    grid: Grid
    rules: RuleBook
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of MOMS and of the solvers, for the record."""

    def branches(self, request: Request) -> IntArray:
        """Give the branch rows that a request takes out, equipment made whole."""
        return self.grid.network.rows(request.assets, kind=ElementKind.BRANCH)

    def units(self, request: Request) -> IntArray:
        """Give the unit rows that a request takes out or derates."""
        return self.grid.network.rows(request.assets, kind=ElementKind.GEN)

    def base_kv(self, request: Request) -> float | None:
        """Give the highest voltage among the ends of the request's branches (for units, of their buses)."""
        network = self.grid.network
        rows, units = self.branches(request), self.units(request)
        buses = [*network.branches.from_bus[rows], *network.branches.to_bus[rows], *network.units.bus[units]]
        found = [float(network.buses.base_kv[b]) for b in buses]
        return max(found) if found and min(found) > 0 else None

    def is_reactive(self, request: Request) -> bool:
        """Tell whether any of its equipment is there to hold voltage."""
        register = self.grid.register
        if register is None:
            return False
        return bool((register.branch_flags[self.branches(request)] & int(Flag.REACTIVE)).any())

    def name(self, request: Request) -> str:
        """Name the equipment as a person knows it."""
        register = self.grid.register
        assets = [a for a in request.assets]
        if register is None:
            return ", ".join(assets)
        named = []
        for asset in assets:
            row = self.grid.network.row(asset)
            if asset.startswith(f"{ElementKind.BRANCH}:"):
                named.append(f"{register.branch_name[row]} ({asset})")
            elif asset.startswith(f"{ElementKind.GEN}:"):
                named.append(f"{register.unit_name[row]} ({asset})")
            else:
                named.append(asset)
        return ", ".join(named)

    def takes_generation(self, request: Request) -> bool:
        """Tell whether it is a generation request."""
        return request.category == Category.GENERATION

    def when(self, window: Window) -> str:
        """Write a window as people say it, on the market clock."""
        start, end = window.start.astimezone(MARKET), window.end.astimezone(MARKET)
        return f"{start:%d %b %Y %H:%M} to {end:%d %b %Y %H:%M} EST"
