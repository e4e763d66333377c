"""Look ahead cheaply: which days around a request are clean, a week of days to each study."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.desk.margins import adequate
from moms.desk.security import secure
from moms.desk.situation import read
from moms.outages import Category
from moms.outages.hours import hours_of
from moms.values import HOUR, SYSTEM, Window, market_day_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from moms.desk.ports import Book
    from moms.desk.situation import Situation
    from moms.desk.world import World
    from moms.outages import Request
    from moms.schedule import Candidate
    from moms.study import StudyResult

BATCH = timedelta(days=7)
LOOKS_MOST = 8
"""How many stretches are studied before the search stops: it says how far it looked."""


@dataclass(slots=True, kw_only=True)
class Lookout:
    """Remembers which hours were studied, so that overlapping windows share the work.

    A window that looks free here is then studied like the request; one that does not is skipped.
    """

    world: World
    situation: Situation
    now: datetime
    book: Book
    dirty: dict[datetime, bool] = field(default_factory=dict)
    margins: dict[Window, bool] = field(default_factory=dict)
    looks: int = 0
    blocked: Counter[str] = field(default_factory=Counter)
    """What stood in the way, by days."""

    @property
    def days_studied(self) -> int:
        """How many market days were studied."""
        return len({market_day_of(h) for h in self.dirty})

    def knows(self, result: StudyResult) -> None:
        """Remember which hours a study found something caused in; an extreme speaks for the hour it stands in."""
        for hour, flag in zip(result.hours, result.caused_by_hour, strict=True):
            if hour.start is not None:
                self.dirty[hour.start] = self.dirty.get(hour.start, False) or bool(flag)

    def looks_free(self, candidate: Candidate) -> bool:
        """Tell whether nothing speaks against a window: margin first, it costs least."""
        window, request = candidate.window, candidate.of(self.situation.outage.request)
        if not self._margin_holds(window):
            return False
        if self.situation.outage.request.category == Category.GENERATION:
            return True  # its security is studied next, window by window
        spans = hours_of(request)
        hours = [h for h in window.clock_hours() if any(s.overlaps(Window(start=h, end=h + HOUR)) for s in spans)]
        for hour in hours:
            if hour not in self.dirty:
                if self.looks == LOOKS_MOST:
                    return False
                self._study(request, Window(start=hour, end=max(min(hour + BATCH, window.end), hour + HOUR)))
            if self.dirty[hour]:
                return False
        return True

    def _margin_holds(self, window: Window) -> bool:
        outage = self.situation.outage
        if outage.request.category != Category.GENERATION:
            return True
        if window not in self.margins:
            with self.book.as_(SYSTEM) as page:
                there = read(page, outage, window=window, now=self.now)
            found = adequate(self.world, outage, there.holding, window=window, now=self.now, cut_off=())
            self.margins[window] = not found.hurt and not found.unknown
            self._note({f"margin of {h.row}" for h in found.hurt}, days={d.day for d in found.hurt})
        return self.margins[window]

    @property
    def stopped(self) -> bool:
        """Whether there were more windows than it was allowed to look at."""
        return self.looks == LOOKS_MOST

    def _study(self, request: Request, window: Window) -> None:
        self.looks += 1
        outage = replace(self.situation.outage, request=replace(request, window=window), window=window)
        with self.book.as_(SYSTEM) as page:
            there = read(page, outage, window=window, now=self.now)
        studied = secure(self.world, outage, there.holding, book="look", window=window, now=self.now)
        self.knows(studied.result)
        names = {f"{c.element} after {c.contingency}" for c in studied.security.crossings[:3]}
        self._note(names, days={market_day_of(h) for h in window.clock_hours() if self.dirty.get(h)})

    def _note(self, names: set[str], *, days: set[date] | set[str]) -> None:
        for name in sorted(names):
            self.blocked[name] += len(days)
