"""The ask: what an owner wants out of service, when, and why (domain §2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from moms.values import Window


class Category(StrEnum):
    """Which rules apply."""

    TRANSMISSION = "transmission"
    GENERATION = "generation"


class Kind(StrEnum):
    """How the outage came to be asked for."""

    PLANNED = "planned"
    MAINTENANCE = "maintenance"
    FORCED = "forced"
    EMERGENCY = "emergency"
    URGENT = "urgent"
    OPPORTUNITY = "opportunity"
    DERATE = "derate"
    INFORMATIONAL = "informational"
    HOTLINE = "hotline"


class Nature(StrEnum):
    """Nature of work (codes of domain §2.1, transmission and resource)."""

    ASSOCIATED_EQUIPMENT = "AO"
    BREAKER_MAINTENANCE = "BM"
    BREAKER_REPAIR = "BR"
    LINE_MAINTENANCE = "LM"
    LINE_REBUILD = "LR"
    NEW = "NE"
    OTHER = "OT"
    RELAY = "RW"
    HOT_SPOT = "HS"
    DAMAGED = "DR"
    REPLACE = "RE"
    RETIRE = "OE"
    SWITCH_MAINTENANCE = "SM"
    SWITCH_REPAIR = "SR"
    TELECOM = "TC"
    THIRD_PARTY = "PR"
    TRANSFORMER_MAINTENANCE = "TM"
    TRANSFORMER_REPAIR = "TR"
    TRANSFORMER_TEST = "TT"
    UNKNOWN = "UN"
    BLACKSTART_TEST = "BS"
    BOROSCOPE = "BO"
    COMBUSTION_INSPECTION = "CI"
    COOLING_WATER = "CW"
    EXHAUST = "EX"
    FEEDWATER = "FW"
    FUEL_LIMITATION = "FL"
    FUEL_PROBLEM = "FP"
    GAS_PIPELINE = "GW"
    INLET_AIR = "IP"
    NO_STEAM_LOAD = "LS"
    MOTHBALL = "MO"
    OVERHAUL = "OV"
    SEASONAL = "SE"
    STEAM_TURBINE_LIMITED = "TW"
    TUBE_LEAK = "TL"
    VIBRATION = "VR"


class Position(StrEnum):
    """A switching device's state."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to call, at any hour."""

    name: str
    phone: str
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Work that comes back each day: from `start` to `end` of the local day in `zone`.

    `days` are ISO weekdays, 1 Monday to 7 Sunday; the request's window says from when until when.
    """

    start: str
    """HH:MM in `zone`."""
    end: str
    """HH:MM; at or before `start` means the next day."""
    zone: str
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A breaker or switch request: what it is normally and what it is during the outage."""

    normal: Position
    during: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as its owner filed it. A change makes a new value with a later revision."""

    external_id: str
    """The owner's own reference; with `organisation` it makes a submission idempotent."""
    organisation: str
    category: Category
    kind: Kind
    nature: Nature
    assets: tuple[str, ...]
    """Elements of the grid: `branch:12`, `gen:7`."""
    window: Window
    """The preferred dates, or for a forced outage the actual start and the expected return."""
    earliest_start: datetime | None = None
    latest_end: datetime | None = None
    """With `earliest_start` the span inside which the owner accepts other dates."""
    blackout: tuple[Window, ...] = ()
    """Spans in which the owner cannot do the work."""
    recall_h: float | None = None
    """Hours to give the equipment back when asked."""
    emergency_return_h: float | None = None
    derate_to_mw: float | None = None
    """What a derated unit can still give; None where it is out altogether."""
    recurrence: Recurrence | None = None
    switch: Switch | None = None
    group: str | None = None
    after: tuple[str, ...] = ()
    """Its owner's references of outages that must have ended before this one begins."""
    project: str | None = None
    location: str | None = None
    description: str = ""
    contacts: tuple[Contact, ...] = ()
    discovered_at: datetime | None = None
    """Forced and emergency: when it was found."""
    agreed_load_at_risk: bool | None = None
    """Whether the owners of load that a next contingency would darken have been told and agree."""
    designated_units: tuple[str, ...] = ()
    """Opportunity: the units whose absence starts it."""
    assumed: tuple[str, ...] = ()
    """Fields a forced or emergency report came without, and MOMS filled in (semantics 2.5)."""

    @property
    def urgent_report(self) -> bool:
        """Whether it tells of something already broken or about to: acknowledged, never refused."""
        return self.kind in {Kind.FORCED, Kind.EMERGENCY}

    @property
    def duration(self) -> timedelta:
        """How long it lasts."""
        return self.window.end - self.window.start

    @property
    def exclusive(self) -> bool:
        """Whether it takes the equipment for itself (hotline and informational do not)."""
        return self.kind not in {Kind.HOTLINE, Kind.INFORMATIONAL}

    @property
    def takes_out(self) -> bool:
        """Whether something leaves service or loses capacity."""
        return self.exclusive and (self.switch is None or self.switch.during == Position.OPEN)
