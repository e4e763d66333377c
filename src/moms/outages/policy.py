"""What a rule book says about entry: numbers and calendars, dated, handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from moms.values import Level, Refused, Window, market_day

if TYPE_CHECKING:
    from moms.outages.request import Category, Kind, Request


class NotARule(Refused):
    """Numbers of a rule book that contradict each other or the calendar."""


class LeadClass(StrEnum):
    """How long before its start a request came."""

    LONG = "long"
    STANDARD = "standard"
    SHORT = "short"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """From how many days ahead a request is of each class; below `short_days` it is urgent."""

    long_days: float
    standard_days: float
    short_days: float

    def __post_init__(self) -> None:
        if not self.long_days >= self.standard_days >= self.short_days >= 0:
            raise NotARule(
                f"lead times {self.long_days:g}, {self.standard_days:g}, {self.short_days:g} days do not fall",
                field="lead",
                fix="give long, standard and short in falling order, none below nought",
            )

    def class_of(self, *, start: datetime, now: datetime) -> LeadClass:
        """Give the class of a request that starts then and comes now."""
        ahead = (start - now) / timedelta(days=1)
        if ahead >= self.long_days:
            return LeadClass.LONG
        if ahead >= self.standard_days:
            return LeadClass.STANDARD
        return LeadClass.SHORT if ahead >= self.short_days else LeadClass.URGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How many days before its start a kind of request should come, and what a later one gets."""

    categories: tuple[Category, ...]
    kinds: tuple[Kind, ...]
    days: float
    level: Level
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Longest:
    """How long a kind of outage may last, and what a longer one gets."""

    categories: tuple[Category, ...]
    kinds: tuple[Kind, ...]
    hours: float
    level: Level
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout:
    """A dated span in which outages are not taken; no zones means everywhere."""

    name: str
    window: Window
    categories: tuple[Category, ...]
    level: Level
    source: str
    zones: tuple[str, ...] = ()
    """Zones or regions of the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """A season of every year, in market days, in which longer outages are avoided."""

    name: str
    first: str
    """MM-DD, included."""
    last: str
    """MM-DD, included; before `first` means the year after."""
    over_h: float
    """Outages longer than this are meant."""
    categories: tuple[Category, ...]
    level: Level
    source: str

    def __post_init__(self) -> None:
        for name in ("first", "last"):
            written: str = getattr(self, name)
            try:
                date.fromisoformat(f"2028-{written}")
            except ValueError:
                raise NotARule(f"{written!r} is no day of the year", field=name, fix="write MM-DD") from None

    def seasons(self, *, over: Window) -> tuple[Window, ...]:
        """Give its spans that touch a window."""
        years = range(over.start.year - 1, over.end.year + 2)
        spans = (self._of(year) for year in years)
        return tuple(one for one in spans if one.overlaps(over))

    def _of(self, year: int) -> Window:
        first = _market_date(year, self.first)
        last = _market_date(year + (self.last < self.first), self.last)
        return Window(start=market_day(first).start, end=market_day(last).end)


def _market_date(year: int, written: str) -> date:
    month, day = (int(part) for part in written.split("-"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, month, 28 if (month, day) == (2, 29) and not leap else day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """One organisation that may file for another."""

    agent: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRules:
    """All that the entry rules ask of a rule book."""

    version: str
    lead: Lead
    notices: tuple[Notice, ...]
    exempt_days: float
    """Generation: notice that keeps the time exemption."""
    horizon_days: float
    """No request further ahead than this."""
    grain_min: int
    """Windows are meant to start and end on such minutes."""
    longest: tuple[Longest, ...]
    blackouts: tuple[Blackout, ...]
    peaks: tuple[Peak, ...]
    recall_needed: tuple[Kind, ...]
    """Kinds of transmission outage that must say how soon the equipment can come back."""
    contact_needed: tuple[Kind, ...]
    most_spans: int
    """No recurrence with more spans than this."""
    resubmit_days: float
    """A forced report this near a denied or withdrawn request on the same equipment is flagged."""
    split_gap_h: float
    """Outages of one equipment this near each other are taken together ..."""
    split_limits_h: tuple[float, ...]
    """... and flagged if together they pass a limit that each alone keeps."""
    group_gap_h: float
    report_within_min: float
    """Forced outages are reported within this of their start or discovery."""
    agents: tuple[Agency, ...] = ()

    def acts_for(self, organisation: str) -> frozenset[str]:
        """Give the organisations that one may file for, its own included."""
        return frozenset({organisation, *(one.owner for one in self.agents if one.agent == organisation)})

    def notice_for(self, request: Request) -> Notice | None:
        """Give the first notice that is meant for a request."""
        fits = (one for one in self.notices if request.category in one.categories and request.kind in one.kinds)
        return next(fits, None)
