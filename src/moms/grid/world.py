"""A grid with all that is known around its network: zones, owners, flags, hours, where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

import numpy as np

from moms.grid.breakers import Breakers
from moms.values import ElementKind, parse

if TYPE_CHECKING:
    from datetime import datetime

    from moms.grid.ac_model import AcModel
    from moms.grid.contingency import Contingency
    from moms.grid.network import BoolArray, FloatArray, IntArray, Network, TextArray


class Season(IntEnum):
    """Rating seasons."""

    SUMMER = 0
    WINTER = 1
    SHOULDER = 2


class Flag(IntFlag):
    """Special classes of asset (semantics 2.3); an absent flag table refers everything."""

    NUCLEAR = 1
    TIE = 2
    BLACKSTART = 4
    CRANKING_PATH = 8
    INTERFACE = 16
    REMEDIAL_ACTION_SCHEME = 32
    REACTIVE = 64
    SOLE_OUTLET = 128
    NEIGHBOUR = 256
    """Kept outside element: another operator's."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Zones:
    """Local resource zones, (z,) each, MW."""

    name: tuple[str, ...]
    region: tuple[str, ...]
    """The sub-region each zone lies in: North, Central or South."""
    import_limit_mw: FloatArray
    export_limit_mw: FloatArray
    firm_import_mw: FloatArray
    firm_export_mw: FloatArray
    region_import_limit_mw: dict[str, float]
    """What each sub-region can take in from the others (Midwest-South transfer limit), by area."""

    @property
    def areas(self) -> tuple[str, ...]:
        """The zones and regions by name, by which one may ask to be told."""
        return tuple(sorted({*self.name, *self.region}))

    def area(self, name: str) -> tuple[int, ...]:
        """Give the zones of an area of `region_import_limit_mw`, by row.

        An area is a region, regions joined by `+`, or a name that no region has: the zones that no
        other area covers (Midwest beside South).
        """
        parts = name.split("+")
        inside = tuple(k for k, region in enumerate(self.region) if region in parts)
        if inside or name in self.region:
            return inside
        others = {part for area in self.region_import_limit_mw if area != name for part in area.split("+")}
        return tuple(k for k, region in enumerate(self.region) if region not in others)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stations:
    """Substations, (s,) each; degrees north and east."""

    name: TextArray
    latitude: FloatArray
    longitude: FloatArray
    layout: TextArray
    """ring, breaker-and-a-half, or straight-bus; synthetic (semantics 1.6)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Register:
    """Who owns what, what it is called, and its special flags."""

    owners: tuple[str, ...]
    branch_owner: IntArray
    """(m,) index into `owners`; -1 is nobody in this book (outside, equivalent)."""
    unit_owner: IntArray
    branch_name: TextArray
    unit_name: TextArray
    branch_flags: IntArray
    """(m,) `Flag` bits."""
    unit_flags: IntArray
    sole_outlet: IntArray
    """(g,) row of the one branch whose loss cuts the unit off; -1 if none."""
    critical_load: BoolArray
    """(n,) buses whose load may never be put at risk."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shapes:
    """A weather year by hour and zone, in market time (UTC-5), 8760 columns from 1 January 00:00.

    `load` multiplies the buses' load of the case; `wind` and `solar` multiply installed capacity;
    the P10 rows are exceeded nine hours in ten at that hour of day and month.
    """

    load: FloatArray
    """(z + 1, 8760); the last row is the outside world."""
    wind: FloatArray
    solar: FloatArray
    wind_p10: FloatArray
    solar_p10: FloatArray
    load_p90_factor: float
    """P90 load over P50 load."""
    temperature_c: FloatArray
    """(z + 1, 8760), synthetic."""
    first_weekday: int | None = None
    """Weekday (Monday is 0) of the weather year's 1 January; None where it has no weekly pattern."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """One grid as MOMS studies it. Parts that its source does not have are None, and refer requests."""

    name: str
    title: str
    network: Network
    base_date: str = ""
    zones: Zones | None = None
    stations: Stations | None = None
    register: Register | None = None
    shapes: Shapes | None = None
    rating_factor: FloatArray | None = None
    """(3, m) by `Season`: multiplies rates A, B and C."""
    contingencies: tuple[Contingency, ...] = ()
    """Named ones beyond the single element: from a contingency table or from station layouts."""
    source: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()
    """What is synthetic or missing: said on every screen and record."""
    digest: str = ""
    """SHA-256 of the file it was read from: the model version of every study."""
    extras: dict[str, object] = field(default_factory=dict)
    ac: AcModel | None = None
    """What AC needs beyond a network that is reduced for DC; None where the network is whole, or nothing is known."""

    @property
    def breakers(self) -> Breakers | None:
        """The breakers of its stations; None where their layout is not known."""
        return Breakers.of(self.extras)

    def row(self, asset: str) -> int:
        """Give the row of one element, a breaker of a known layout included.

        Raises:
            NoSuchElement: nothing here has that id.
        """
        kind, number = parse(asset)
        breakers = self.breakers
        if kind == ElementKind.BREAKER and breakers is not None and number <= len(breakers):
            return number - 1
        return self.network.row(asset)

    def owner_of(self, *, branch: int | None = None, unit: int | None = None, bus: int | None = None) -> str | None:
        """Name the owner of one branch, unit or bus, or None where the grid does not know.

        A bus belongs to whoever owns more than half of the branches that meet there.
        """
        if self.register is None:
            return None
        if bus is not None:
            owners = self.register.branch_owner[self.network.branches_at(bus)].tolist()
            most = max(set(owners), key=owners.count, default=-1)
            return self.register.owners[most] if most >= 0 and 2 * owners.count(most) > len(owners) else None
        who = self.register.branch_owner[branch] if branch is not None else self.register.unit_owner[unit]
        return self.register.owners[int(who)] if who >= 0 else None

    def rated(self, season: Season) -> Network:
        """Give the network with the ratings of one season."""
        if self.rating_factor is None:
            return self.network
        factor = self.rating_factor[int(season)]
        lines = self.network.branches
        return self.network.with_ratings(
            a=lines.rate_a_mw * factor, b=lines.rate_b_mw * factor, c=lines.rate_c_mw * factor
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hours:
    """Operating points: load and dispatch of the network at some hours. MW throughout.

    Everything a study, a margin or a redispatch of these hours uses comes from here, so that all
    answer about the same world.
    """

    label: tuple[str, ...]
    """(H,) e.g. `2027-03-01T05:00Z`, or `P90 load 2027-W09`."""
    start: tuple[datetime, ...] | None
    """(H,) instants; None for points that are not hours of a calendar (a MATPOWER base point)."""
    load_mw: FloatArray
    """(n, H)."""
    unit_mw: FloatArray
    """(g, H)."""
    dcline_mw: FloatArray
    """(d, H)."""
    season: tuple[Season, ...]

    def __len__(self) -> int:
        return len(self.label)

    def injection_mw(self, network: Network) -> FloatArray:
        """Give net injections, (n, H): units less load less shunts, DC lines as injections."""
        buses, units, dc = network.buses, network.units, network.dclines
        total = -self.load_mw - np.where(buses.kind == 4, 0.0, buses.shunt_mw)[:, None]
        np.add.at(total, units.bus, self.unit_mw)
        if len(dc):
            np.add.at(total, dc.from_bus, -self.dcline_mw)
            np.add.at(total, dc.to_bus, self.dcline_mw - (dc.loss_mw * dc.in_service)[:, None])
        return total
