"""The simulated clock of a home: market time that runs while somebody winds it, kept in one small file.

All processes of an installation read the same file, so that the server, a worker and the command line agree. It
holds what market time was at an instant of the machine's running clock (which no one sets), how fast it runs, and
until when it was wound: a clock that nobody winds any more stops by itself, so that a demo whose process was killed
does not run on overnight. It never goes back; only a new beginning (`set_demo_clock`) does that.
"""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from moms.values import Refused, instant_text

if TYPE_CHECKING:
    from pathlib import Path

CLOCK_FILE = "demo-clock.json"
WOUND_S = 3.0
"""For how many seconds one winding lasts."""
FASTEST = 3600.0


class NotAnInstant(Refused):
    """A clock file, or a variable, that holds no instant."""


class NotASpeed(Refused):
    """A speed at which the clock does not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedClock:
    """Market time as it stood at a tick of the machine, and how it goes on from there."""

    base: datetime
    tick_s: float = 0.0
    """The machine's running seconds at which it was `base`."""
    speed: float = 0.0
    """Seconds of the market in a second."""
    wound_s: float = 0.0
    """For how many of the machine's seconds it runs on from there."""
    held_at: datetime | None = None
    """It does not pass this instant by itself: something has to happen first."""

    def reading(self, tick_s: float) -> datetime:
        """Give market time at a tick, never before `base`; whole seconds.

        >>> clock = SimulatedClock(base=datetime(2027, 1, 1, tzinfo=UTC), tick_s=10.0, speed=60.0, wound_s=3.0)
        >>> [f"{clock.reading(t):%H:%M}" for t in (5.0, 11.0, 13.0, 99.0)]
        ['00:00', '00:01', '00:03', '00:03']
        """
        ran_s = min(max(tick_s - self.tick_s, 0.0), self.wound_s)
        found = self.base + timedelta(seconds=math.floor(ran_s * self.speed))
        return found if self.held_at is None else max(self.base, min(found, self.held_at))

    def wound(self, tick_s: float, *, held_at: datetime | None = None) -> SimulatedClock:
        """Give it wound up anew: it goes on from where it is, at its speed."""
        # From whole seconds to whole seconds: what lies between is kept as the tick at which it was so.
        now = self.reading(tick_s)
        since = self.tick_s + (now - self.base).total_seconds() / self.speed if self.speed else tick_s
        running = self.speed > 0 and 0.0 <= tick_s - since < 1.0 / self.speed
        return replace(self, base=now, tick_s=since if running else tick_s, wound_s=WOUND_S, held_at=held_at)

    def at_speed(self, tick_s: float, speed: float) -> SimulatedClock:
        """Give it at another speed, 0 to stop.

        Raises:
            NotASpeed: below 0, above 3,600, or no number.
        """
        if not 0.0 <= speed <= FASTEST:
            raise NotASpeed(f"the clock does not run at {speed:g}", field="speed", fix=f"give 0 to {FASTEST:g}")
        return replace(self.wound(tick_s, held_at=self.held_at), speed=speed, tick_s=tick_s)

    def stopped(self, tick_s: float) -> SimulatedClock:
        """Give it as it stands, to go on at its speed when somebody winds it again."""
        return replace(self, base=self.reading(tick_s), tick_s=tick_s, wound_s=0.0)

    def moved_on(self, tick_s: float, instant: datetime) -> SimulatedClock:
        """Give it set forward to an instant; one that has passed leaves it as it is."""
        return replace(self.wound(tick_s, held_at=self.held_at), base=max(self.reading(tick_s), instant), tick_s=tick_s)


def ticks() -> float:
    """Give the machine's running seconds, the same in each of its processes."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def read_clock(home: Path) -> SimulatedClock | None:
    """Read the clock of a home; None where it has none and goes by the wall.

    Raises:
        NotAnInstant: the file holds none.
    """
    try:
        text = (home / CLOCK_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        return _clock(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as why:
        fix = f"take {home / CLOCK_FILE} away, or start the demo again"
        raise NotAnInstant(f"the demo's clock cannot be read: {why}", field="clock", fix=fix) from why


def write_clock(home: Path, clock: SimulatedClock) -> None:
    """Write the clock of a home, whole or not at all."""
    home.mkdir(parents=True, exist_ok=True)
    fresh = home / f"{CLOCK_FILE}.{os.getpid()}.new"
    held = None if clock.held_at is None else instant_text(clock.held_at)
    document = {
        "now": instant_text(clock.base), "tick_s": clock.tick_s, "speed": clock.speed, "wound_s": clock.wound_s,
        "held_at": held,
    }  # fmt: skip
    fresh.write_text(json.dumps(document), encoding="utf-8")
    fresh.replace(home / CLOCK_FILE)


def set_demo_clock(home: Path, instant: datetime | None) -> None:
    """Set the simulated clock of a home to stand at an instant, or (None) go back to the wall clock."""
    if instant is None:
        (home / CLOCK_FILE).unlink(missing_ok=True)
        return
    write_clock(home, SimulatedClock(base=instant.astimezone(UTC)))


def _clock(document: dict[str, Any]) -> SimulatedClock:
    held = document.get("held_at")
    numbers = {name: float(document.get(name, 0.0)) for name in ("tick_s", "speed", "wound_s")}
    if not all(math.isfinite(value) for value in numbers.values()):
        raise ValueError("a number that is none")
    return SimulatedClock(base=_instant(document["now"]), held_at=None if held is None else _instant(held), **numbers)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return found.astimezone(UTC)
