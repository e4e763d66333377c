"""Whether a clock may be acted by: what lapses by a clock that has jumped cannot be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

MOST_JUMP = timedelta(minutes=2)
MOST_APART = timedelta(minutes=2)


@dataclass(slots=True, kw_only=True)
class Steady:
    """A wall clock, held against one that only runs and against the database's."""

    wall: Callable[[], datetime]
    ticks: Callable[[], float]
    """Seconds that only grow, and go on while the machine sleeps."""
    database: Callable[[], datetime]
    _wall: datetime | None = None
    _ticks: float = 0.0

    def doubt(self) -> str:
        """Say why the clock is not to be trusted; empty where it is.

        A jump is doubted for good: whoever has seen that the clock is right starts the worker again.
        """
        wall, ticks = self.wall(), self.ticks()
        if self._wall is None:
            self._wall, self._ticks = wall, ticks
        jump = wall - self._wall - timedelta(seconds=ticks - self._ticks)
        if abs(jump) > MOST_JUMP:
            return f"the clock has jumped by {_minutes(jump)}: see that it is right, then start the worker again"
        apart = wall - self.database()
        if abs(apart) > MOST_APART:
            return f"the clock is {_minutes(apart)} from the database's: one of them is wrong"
        return ""


def _minutes(span: timedelta) -> str:
    return f"{span / timedelta(minutes=1):+.0f} min"
