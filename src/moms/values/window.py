"""Half-open spans of time in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from moms.values.refused import Refused

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Window:
    """A span of time, start included, end excluded, both instants in UTC.

    >>> from datetime import datetime, UTC
    >>> day = Window(start=datetime(2027, 3, 1, tzinfo=UTC), end=datetime(2027, 3, 2, tzinfo=UTC))
    >>> day.hours
    24.0

    Raises:
        Refused: an instant without an offset, or an end that is not after the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            instant: datetime = getattr(self, name)
            if instant.tzinfo is None:
                raise Refused(f"{name} has no offset", field=name, fix="give an offset or a zone")
            object.__setattr__(self, name, instant.astimezone(UTC))
        if self.end <= self.start:
            raise Refused(
                f"the end {self.end:%Y-%m-%dT%H:%MZ} is not after the start {self.start:%Y-%m-%dT%H:%MZ}",
                field="end",
                fix="give an end after the start",
            )

    @property
    def hours(self) -> float:
        """Length in hours."""
        return (self.end - self.start) / HOUR

    def overlaps(self, other: Window) -> bool:
        """Tell whether the two share an instant; touching ends do not."""
        return self.start < other.end and other.start < self.end

    def covers(self, other: Window) -> bool:
        """Tell whether the other lies wholly inside this one."""
        return self.start <= other.start and other.end <= self.end

    def holds(self, instant: datetime) -> bool:
        """Tell whether the instant lies inside."""
        return self.start <= instant < self.end

    def common(self, other: Window) -> Window | None:
        """Give the shared span, or None."""
        if not self.overlaps(other):
            return None
        return Window(start=max(self.start, other.start), end=min(self.end, other.end))

    def moved(self, by: timedelta) -> Window:
        """Give the same span later (or earlier, if negative)."""
        return Window(start=self.start + by, end=self.end + by)

    def clock_hours(self) -> tuple[datetime, ...]:
        """Give the start of each clock hour that the window touches, in order."""
        first = self.start.replace(minute=0, second=0, microsecond=0)
        count = -((first - self.end) // HOUR)
        return tuple(first + k * HOUR for k in range(count))
