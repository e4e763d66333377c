"""What every use case is given: the grid, the rule book, and whose software this is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy import rated
from moms.desk.progress import untold
from moms.grid import Flag, NoSuchElement
from moms.grid.survey import bus_name
from moms.outages import Category
from moms.powerflow import islands_of
from moms.values import MARKET, ElementKind, Remembered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.adequacy import Drawn, RatesIssue
    from moms.desk.progress import Tell
    from moms.desk.rulebook import RuleBook
    from moms.grid import Contingency, Grid, IntArray
    from moms.outages import Request
    from moms.risk import Learnt
    from moms.values import Window


CUT_OFF: Remembered[dict[bytes, tuple[int, ...]]] = Remembered()
"""Of a network, which units each set of branches cuts off."""
MOST_KNOWN = 50_000
RATED: Remembered[dict[str, Grid]] = Remembered()
"""Of a grid, the one with the newest outage rates: a value of its own, so that what is made of it is found again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The grid and the rules, read once at the edge and handed in."""

    grid: Grid
    rules: RuleBook
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of MOMS and of the solvers, for the record."""
    contingencies: tuple[Contingency, ...] = ()
    """What may fail next, by the grid's own equipment, units and tables; made once."""
    learnt: Learnt | None = None
    """What became of past outages, where somebody has trained a model of it."""
    drawn: Drawn | None = None
    """Scenarios of the days ahead, where they have been drawn beforehand; else each question draws its own."""
    rates: RatesIssue | None = None
    """The outage rates that are kept; None: those that the grid came with."""
    landed: int = 0
    """How many change sets had landed when it was put together: what is decided in it holds while that is so."""
    tell: Tell = untold
    """Who is told how far a decision is while somebody waits for it; by raising it stops the thinking."""

    @property
    def rated(self) -> Grid:
        """The grid with the outage rates that are kept: what every margin and scenario is computed on."""
        if self.rates is None:
            return self.grid
        issue, kept = self.rates, RATED.of(self.grid, make=dict)
        if issue.id not in kept:
            made = rated(grid=self.grid, issue=issue)
            kept.clear()
            kept[issue.id] = made
        return kept[issue.id]

    def unknown(self, request: Request) -> tuple[str, ...]:
        """Name the assets of a request that the grid does not have.

        Only a report of what is out already gets into the book with such a one (semantics 2.5): it goes to a
        person, and until that has settled it nothing is known of the hours it covers.
        """
        return tuple(asset for asset in request.assets if not self._has(asset))

    def _has(self, asset: str) -> bool:
        try:
            self.grid.row(asset)
        except NoSuchElement:
            return False
        return True

    def _rows(self, request: Request, kind: ElementKind) -> IntArray:
        gone = self.unknown(request)
        return self.grid.network.rows((a for a in request.assets if a not in gone), kind=kind)

    def branches(self, request: Request) -> IntArray:
        """Give the branch rows that a request takes out: equipment made whole, and all that meets at its buses."""
        network = self.grid.network
        rows = [self._rows(request, ElementKind.BRANCH)]
        return _joined([*rows, *(network.branches_at(bus) for bus in self.buses(request))])

    def units(self, request: Request) -> IntArray:
        """Give the unit rows that a request takes out or derates, those at its buses included."""
        units = self.grid.network.units
        at = np.flatnonzero(np.isin(units.bus, self.buses(request)) & units.in_service)
        return _joined([self._rows(request, ElementKind.GEN), at])

    def dclines(self, request: Request) -> IntArray:
        """Give the rows of the DC lines that a request stops, those that end at its buses included."""
        dc = self.grid.network.dclines
        ends = np.isin(dc.from_bus, self.buses(request)) | np.isin(dc.to_bus, self.buses(request))
        named = self._rows(request, ElementKind.DCLINE)
        return _joined([named, np.flatnonzero(ends & dc.in_service)])

    def buses(self, request: Request) -> IntArray:
        """Give the rows of the buses that a request takes out."""
        return self._rows(request, ElementKind.BUS)

    @property
    def all_areas(self) -> tuple[str, ...]:
        """The zones and regions of the grid, by which one may ask to be told."""
        zones = self.grid.zones
        return () if zones is None else zones.areas

    def areas(self, request: Request) -> tuple[str, ...] | None:
        """Name the zones in which a request takes something out, and their regions; None where that is not known."""
        zones = self.grid.zones
        if zones is None or self.unknown(request):
            return None
        net, lines, dc = self.grid.network, self.branches(request), self.dclines(request)
        there = self.grid.breakers
        breakers = () if there is None else there.bus[sorted(self.breakers(request))]
        at = _joined([
            net.branches.from_bus[lines], net.branches.to_bus[lines], net.units.bus[self.units(request)],
            self.buses(request), net.dclines.from_bus[dc], net.dclines.to_bus[dc], np.asarray(breakers, dtype=np.int64),
        ])  # fmt: skip
        inside = sorted({int(zone) for zone in net.buses.zone[at] if zone >= 0})
        names = {zones.name[zone] for zone in inside} | {zones.region[zone] for zone in inside}
        return tuple(sorted(names)) or None

    def breakers(self, request: Request) -> frozenset[int]:
        """Give the rows of the breakers that a request opens."""
        if request.switch is None or not request.takes_out:
            return frozenset()
        gone = self.unknown(request)
        named = (a for a in request.assets if a.startswith(f"{ElementKind.BREAKER}:") and a not in gone)
        return frozenset(self.grid.row(a) for a in named)

    def base_kv(self, request: Request) -> float | None:
        """Give the highest voltage among the ends of the request's branches (for units, of their buses)."""
        network = self.grid.network
        rows, units, dc = self.branches(request), self.units(request), self.dclines(request)
        buses = [*network.branches.from_bus[rows], *network.branches.to_bus[rows], *network.units.bus[units]]
        buses += [*self.buses(request), *network.dclines.from_bus[dc], *network.dclines.to_bus[dc]]
        if self.grid.breakers is not None:
            buses += [self.grid.breakers.bus[row] for row in self.breakers(request)]
        found = [float(network.buses.base_kv[b]) for b in buses]
        return max(found) if found and min(found) > 0 else None

    def is_line(self, request: Request) -> bool:
        """Tell whether it takes anything of the network out: breaker work by itself does not."""
        return request.category == Category.TRANSMISSION and not all(
            a.startswith(f"{ElementKind.BREAKER}:") for a in request.assets
        )

    def is_reactive(self, request: Request) -> bool:
        """Tell whether any of its equipment is there to hold voltage."""
        register = self.grid.register
        if register is None:
            return False
        return bool((register.branch_flags[self.branches(request)] & int(Flag.REACTIVE)).any())

    def needs_ac(self, requests: Sequence[Request]) -> bool:
        """Tell whether the rule book grants any of these requests only where AC verified it.

        What is reported has happened: it is granted nothing.
        """
        rules = self.rules.decision
        return any(
            rules.needs_ac(category=one.category, base_kv=self.base_kv(one)) and not one.urgent_report
            for one in requests
        )

    def tight_share(self, requests: Sequence[Request]) -> float:
        """Give the share of rate B that what is asked for may cause: all of it where AC looks at voltage too (1.7)."""
        return 1.0 if self.needs_ac(requests) else self.rules.decision.tight_share

    def name(self, request: Request) -> str:
        """Name the equipment as a person knows it."""
        register = self.grid.register
        assets = request.assets
        if register is None:
            return ", ".join(assets)
        named, gone = [], self.unknown(request)
        for asset in assets:
            if asset in gone:
                named.append(asset)
                continue
            row = self.grid.row(asset)
            if asset.startswith(f"{ElementKind.BRANCH}:"):
                named.append(f"{register.branch_name[row]} ({asset})")
            elif asset.startswith(f"{ElementKind.GEN}:"):
                named.append(f"{register.unit_name[row]} ({asset})")
            elif asset.startswith(f"{ElementKind.BREAKER}:") and self.grid.breakers is not None:
                named.append(f"{self.grid.breakers.name[row]} ({asset})")
            elif asset.startswith(f"{ElementKind.BUS}:") and bus_name(self.grid, row):
                named.append(f"{bus_name(self.grid, row)} ({asset})")
            else:
                named.append(asset)
        return ", ".join(named)

    def owner(self, assets: tuple[str, ...]) -> str | None:
        """Give who owns the first of these assets, where the register knows."""
        kind, _, _ = assets[0].partition(":")
        row = self.grid.row(assets[0])
        if kind == ElementKind.BRANCH:
            return self.grid.owner_of(branch=row)
        if kind == ElementKind.BUS:
            return self.grid.owner_of(bus=row)
        if kind == ElementKind.BREAKER and self.grid.breakers is not None:
            return self.grid.owner_of(bus=int(self.grid.breakers.bus[row]))
        return self.grid.owner_of(unit=row) if kind == ElementKind.GEN else None

    def critical(self, buses: tuple[str, ...]) -> bool:
        """Tell whether any of these buses serves load that may never be put at risk."""
        register = self.grid.register
        if register is None:
            return True  # nobody has said that it is not
        return any(bool(register.critical_load[self.grid.network.row(b)]) for b in buses)

    def largest_unit_mw(self, units: tuple[str, ...]) -> float | None:
        """Give the largest unit of the zone that these units lie in; None where zones are not known.

        Of several zones the least: what is lost is held against the smaller zone.
        """
        network, zones = self.grid.network, self.grid.zones
        if zones is None or not units:
            return None
        zone_of = network.buses.zone[network.units.bus]
        found = []
        for zone in {int(zone_of[network.row(u)]) for u in units}:
            rows = (zone_of == zone) & network.units.in_service
            found.append(float(network.units.p_max_mw[rows].max(initial=0.0)))
        return min(found)

    def cut_off_units(self, request: Request) -> tuple[int, ...]:
        """Give the rows of units that a request's branches alone cut off from the grid."""
        rows = self.branches(request)
        if not len(rows) or not request.takes_out:
            return ()
        # Asked of every outage of the book for each answer: a book has thousands, and each is a walk over the grid.
        known = CUT_OFF.of(self.grid.network, make=dict)
        name = rows.tobytes()
        if name not in known:
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[name] = self._cut_off(rows)
        return known[name]

    def _cut_off(self, rows: IntArray) -> tuple[int, ...]:
        network = self.grid.network
        island = islands_of(network, out=rows)
        used = island >= 0
        load = np.bincount(island[used], weights=np.maximum(network.buses.load_mw[used], 0.0))
        off = (island[network.units.bus] != int(np.argmax(load))) & network.units.in_service
        return tuple(int(r) for r in np.flatnonzero(off))

    def when(self, window: Window) -> str:
        """Write a window as people say it, on the market clock."""
        start, end = window.start.astimezone(MARKET), window.end.astimezone(MARKET)
        return f"{start:%d %b %Y %H:%M} to {end:%d %b %Y %H:%M} EST"


def _joined(parts: list[IntArray]) -> IntArray:
    rows: IntArray = np.unique(np.concatenate(parts)).astype(np.int64)
    return rows
