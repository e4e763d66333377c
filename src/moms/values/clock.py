"""The market clock, local time, and what people write when they mean an instant.

Instants are kept in UTC. The market clock is fixed UTC-5, the whole year: it is not the time of any
city, and every market day has 24 hours. Local time is read and shown at the edges only, from the time
zone tables of the pinned package `tzdata`, never from the machine's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from moms.values.refused import Refused
from moms.values.window import HOUR, Window

MARKET = timezone(timedelta(hours=-5), "EST")
"""The market clock. Not `America/New_York`, and not the table entry `EST`, which is Panama's."""

LATEST_OFFSET = timedelta(hours=14)
INSTANT_PATTERN = (
    r"(?:19[7-9][0-9]|2[01][0-9]{2})-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
"""How an instant is written: `2027-03-14T01:30`, seconds if wanted, then `Z` or an offset or nothing."""
_INSTANT = re.compile(r"(?P<wall>.{16}(?::.{2}(?:\.[0-9]{1,6})?)?)(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?")
_SHAPE = re.compile(INSTANT_PATTERN)
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


class Fold(StrEnum):
    """Which of the two, when a clock shows the same time twice."""

    FIRST = "first"
    SECOND = "second"


class NotAnInstant(Refused):
    """A text that names no date and time of the calendar."""


class NoZone(Refused):
    """A time with neither an offset nor a zone: it could be any of several instants."""


class NoSuchZone(Refused):
    """A zone that the time zone tables do not have."""


class NonexistentTime(Refused):
    """A local time that the clocks jump over."""


class AmbiguousTime(Refused):
    """A local time that the clocks show twice."""


class OffsetContradictsZone(Refused):
    """An offset that the named zone does not have at that time."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class HourEnding:
    """One hour of the market day: hour n covers (n-1, n] o'clock, market time.

    >>> str(HourEnding(day=date(2027, 3, 14), hour=3))
    '2027-03-14 HE 3'
    """

    day: date
    hour: int
    """1 to 24."""

    def __str__(self) -> str:
        return f"{self.day} HE {self.hour}"

    @property
    def window(self) -> Window:
        """The hour as a half-open window in UTC."""
        start = datetime.combine(self.day, time(), MARKET) + (self.hour - 1) * HOUR
        return Window(start=start, end=start + HOUR)


def parse_instant(
    text: str, *, zone: str | None = None, fold: Fold | str | None = None, field: str | None = None
) -> datetime:
    """Give the instant, in UTC, that a text means.

    The text carries an offset, or `zone` names where its clock hangs. Where that clock shows the
    time twice, `fold` says which; elsewhere `fold` changes nothing. `field` names the input in
    what a refusal says.

    >>> parse_instant("2027-03-14T01:30", zone="America/Chicago")
    datetime.datetime(2027, 3, 14, 7, 30, tzinfo=datetime.timezone.utc)

    Raises:
        NotAnInstant, NoZone, NoSuchZone, NonexistentTime, AmbiguousTime, OffsetContradictsZone.
    """
    wall, offset = _split(text, field=field)
    if offset is None:
        if zone is None:
            raise NoZone(
                f"{text} has no offset and no zone",
                field=field,
                fix=f"write {text}-05:00 for market time, or name a zone",
            )
        return _local(wall, zone=zone, fold=fold, field=field)
    instant = wall.replace(tzinfo=offset).astimezone(UTC)
    if zone is not None and instant.astimezone(zone_of(zone, field=field)).replace(tzinfo=None) != wall:
        there = instant.astimezone(zone_of(zone)).isoformat(timespec="minutes")
        raise OffsetContradictsZone(
            f"{text} is {there} in {zone}", field=field, fix="leave out the offset or the zone, or make them agree"
        )
    return instant


def _split(text: str, *, field: str | None) -> tuple[datetime, timezone | None]:
    found = _INSTANT.fullmatch(text) if _SHAPE.fullmatch(text) else None
    if found is None:
        raise NotAnInstant(
            f"{text!r} is not a date and time",
            field=field,
            fix="write 2027-03-01T08:00-05:00, a year from 1970 to 2199",
        )
    try:
        wall = datetime.fromisoformat(found["wall"])
    except ValueError:
        raise NotAnInstant(f"{text} is not in the calendar", field=field, fix="check the day and the time") from None
    return wall, _offset(found["offset"], text=text, field=field)


def _offset(written: str | None, *, text: str, field: str | None) -> timezone | None:
    if written is None:
        return None
    if written == "Z":
        return UTC
    hours, minutes = int(written[1:3]), int(written[4:6])
    size = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or size > LATEST_OFFSET:
        raise NotAnInstant(f"{text} has an offset that no place has", field=field, fix="write an offset as -05:00")
    return timezone(-size if written[0] == "-" else size)


def _local(wall: datetime, *, zone: str, fold: Fold | str | None, field: str | None) -> datetime:
    both = _readings(wall, zone=zone_of(zone, field=field))
    if not both:
        raise NonexistentTime(
            f"{wall.isoformat(timespec='minutes')} does not exist in {zone}: the clocks jump over it",
            field=field,
            fix="write a time before or after the jump, or give an offset",
        )
    if len(both) == 1:
        return both[0]
    if fold is None:
        first, second = (one.isoformat(timespec="minutes").replace("+00:00", "Z") for one in both)
        raise AmbiguousTime(
            f"{wall.isoformat(timespec='minutes')} comes twice in {zone}: first {first}, second {second}",
            field=field,
            fix="say first or second, or give an offset",
        )
    return both[Fold(fold) == Fold.SECOND]


def _readings(wall: datetime, *, zone: tzinfo) -> tuple[datetime, ...]:
    """Give the instants, none, one or two in order, at which the clock of a zone shows a time."""
    found = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(one for one in found if one.astimezone(zone).replace(tzinfo=None, fold=0) == wall))


@cache
def _zone_names() -> frozenset[str]:
    return frozenset((files("tzdata") / "zones").read_text(encoding="ascii").split())


def zone_of(name: str, *, field: str | None = None) -> tzinfo:
    """Give a zone by its name in the tables; `EST` is the market clock.

    Raises:
        NoSuchZone: the tables do not have it.
    """
    if name == "EST":
        return MARKET
    if name not in _zone_names():
        raise NoSuchZone(f"there is no zone {name!r}", field=field, fix="write EST, UTC, America/Chicago or the like")
    return _loaded(name)


@cache
def _loaded(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as table:
        return ZoneInfo.from_file(table, key=name)


def shown(instant: datetime, *, zone: str = "EST") -> str:
    """Write an instant as the clock of a zone shows it, with the zone's short name.

    >>> shown(datetime(2027, 3, 14, 8, 30, tzinfo=UTC), zone="America/Chicago")
    '2027-03-14 03:30 CDT'
    """
    return f"{instant.astimezone(zone_of(zone)):%Y-%m-%d %H:%M %Z}"


def hour_ending(instant: datetime) -> HourEnding:
    """Give the market hour that an instant closes or lies in: (n-1, n].

    >>> str(hour_ending(datetime(2027, 3, 1, 5, tzinfo=UTC)))
    '2027-02-28 HE 24'
    """
    last = instant.astimezone(MARKET) - timedelta(microseconds=1)
    return HourEnding(day=last.date(), hour=last.hour + 1)


def hour_beginning(instant: datetime) -> HourEnding:
    """Give the market hour that begins at an instant or contains it: [n-1, n).

    >>> str(hour_beginning(datetime(2027, 3, 1, 5, tzinfo=UTC)))
    '2027-03-01 HE 1'
    """
    first = instant.astimezone(MARKET)
    return HourEnding(day=first.date(), hour=first.hour + 1)


def market_hours(window: Window) -> tuple[HourEnding, ...]:
    """Give the market hours a window touches, in order."""
    return tuple(hour_beginning(start) for start in window.clock_hours())


def market_day(day: date) -> Window:
    """Give one day of the market clock: always 24 hours."""
    return local_day(day, zone="EST")


def market_day_of(instant: datetime) -> date:
    """Give the market day an instant lies in; midnight belongs to the day it begins."""
    return instant.astimezone(MARKET).date()


def local_day(day: date, *, zone: str) -> Window:
    """Give one day of a zone's clock: 23, 24 or 25 hours, from the first instant of its date to that of the next."""
    return Window(start=_first_instant(day, zone=zone), end=_first_instant(day + timedelta(days=1), zone=zone))


def _first_instant(day: date, *, zone: str) -> datetime:
    midnight = datetime.combine(day, time())
    found = _readings(midnight, zone=zone_of(zone))
    if found:
        return found[0]
    # Midnight is jumped over (Havana, Beirut): the day begins at the jump, between its two false readings.
    before, after = sorted(midnight.replace(tzinfo=zone_of(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        lands = middle.astimezone(zone_of(zone)).date() >= day
        before, after = (before, middle) if lands else (middle, after)
    return after.replace(microsecond=0)


def parse_time(text: str, *, field: str | None = None) -> time:
    """Give a time of day from HH:MM.

    Raises:
        NotAnInstant: it is not of that form, or there is no such time.
    """
    if not _TIME.fullmatch(text):
        raise NotAnInstant(f"{text!r} is not a time of day", field=field, fix="write HH:MM, 00:00 to 23:59")
    return time.fromisoformat(text)


def daily(
    *, start: str, end: str, zone: str, days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7), within: Window
) -> tuple[Window, ...]:
    """Give the spans, in order, of work that comes back each day, cut to a window.

    From `start` to `end` (HH:MM) on the clock of `zone`, on the ISO weekdays `days`; an end at or
    before the start is on the next day. A span belongs to the day it starts on.

    Raises:
        NonexistentTime, AmbiguousTime: a start or an end falls where that day's clock jumps.
        NoSuchZone, NotAnInstant: as `zone_of`, `parse_time`.
    """
    opens, closes = parse_time(start, field="recurrence.start"), parse_time(end, field="recurrence.end")
    where = zone_of(zone, field="recurrence.zone")
    first, last = (one.astimezone(where).date() for one in (within.start, within.end))
    found = []
    for ordinal in range(first.toordinal() - 1, last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        until = day + timedelta(days=closes <= opens)
        walls = datetime.combine(day, opens), datetime.combine(until, closes)
        if day.isoweekday() in days and _touches(walls, zone=where, within=within):
            start_at, end_at = (
                _on(wall, zone=zone, field=f"recurrence.{name}")
                for wall, name in zip(walls, ("start", "end"), strict=True)
            )
            inside = Window(start=start_at, end=end_at).common(within)
            if inside:
                found.append(inside)
    return tuple(found)


def _touches(walls: tuple[datetime, datetime], *, zone: tzinfo, within: Window) -> bool:
    """Tell whether a span could touch the window, so that a jump far from it refuses nothing."""
    start, end = walls
    opens = min(start.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    closes = max(end.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return opens < within.end and closes > within.start


def _on(wall: datetime, *, zone: str, field: str) -> datetime:
    try:
        return parse_instant(wall.isoformat(timespec="minutes"), zone=zone, field=field)
    except (NonexistentTime, AmbiguousTime) as refused:
        raise type(refused)(
            refused.says, field=field, fix="write the hours on the market clock (zone EST), or leave that day out"
        ) from None
