"""When equipment could go out: computed, or as it is kept."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from moms.values import Refused
from moms.wiring.office.core import Core
from moms.wiring.office.words import day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moms.desk.calendar import AvailabilityCalendar
    from moms.desk.kept_days import KeptDays
    from moms.desk.windows import Calendar


class Calendars(Core):
    """When equipment could go out: computed, or as it is kept."""

    def windows(
        self,
        *,
        assets: tuple[str, ...],
        days: int,
        first: str,
        last: str,
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> tuple[Calendar, float]:
        """Give the calendar of some equipment, and the CPU seconds its helpers took."""
        from moms.desk.windows import windows
        from moms.wiring.pool import mapped

        with mapped(cores=cores, tick=tick) as each:
            found = windows(
                book=self.book, world=self.world, now=self.settings.now, assets=assets, days=days,
                first=day_of(first, "from"), last=day_of(last, "to"), each=each,
            )  # fmt: skip
        return found, each.cpu_s

    def calendar(self, *, assets: tuple[str, ...], days: int, first: str, last: str) -> Calendar:
        """Give the calendar of some equipment, in this process alone: a server does not fork."""
        return self.windows(assets=assets, days=days, first=first, last=last, cores=1)[0]

    def availability(
        self,
        *,
        assets: tuple[str, ...],
        first: str,
        last: str,
        every: bool = False,
        fresh: bool = False,
        cores: int = 0,
        tick: Callable[[int], None] = lambda _more: None,
    ) -> tuple[AvailabilityCalendar, float]:
        """Give the calendar of many branches, and the CPU seconds its helpers took.

        With `every`, of all equipment of branches, by the network alone; with `fresh` nothing that is kept is used.

        Raises:
            NotYours: only the operator looks at the equipment of all owners at once.
        """
        from moms.desk.accept import operators_only
        from moms.desk.calendar import calendar, on_the_board
        from moms.wiring.pool import mapped

        if every:
            operators_only(self.settings.actor)
            assets = on_the_board(self.world)
        with mapped(cores=cores, tick=tick) as each:
            found = calendar(
                book=self.book, world=self.world, now=self.settings.now, assets=assets, network_only=every,
                first=day_of(first, "from"), last=day_of(last, "to"), kept=None if fresh else self.days, each=each,
            )  # fmt: skip
        return found, each.cpu_s

    def keep_days(self, *, first: str, last: str, fresh: bool = False) -> Iterator[tuple[date, int]]:
        """Compute the days whose answers are not kept as the book is now (with `fresh`: all), and keep them.

        Gives each day with how many branches were asked about, as it is done.

        Raises:
            NotYours: only the operator. NoSpan: the last day is before the first.
        """
        from moms.desk.accept import operators_only
        from moms.desk.calendar import keep_day, stale_days
        from moms.desk.windows import NoSpan

        operators_only(self.settings.actor)
        begin, end = day_of(first, "from"), day_of(last, "to")
        if end < begin:
            raise NoSpan(f"no day between {begin} and {end}", field="to", fix="give a later --to")
        kept, now = self._days(), self.settings.now
        days = [begin + timedelta(days=k) for k in range((end - begin).days + 1)]
        if not fresh:
            stale = stale_days(book=self.book, world=self.world, kept=kept, now=now, first=begin, days=len(days))
            days = [one.day for one in stale]
        for day in days:
            yield day, keep_day(book=self.book, world=self.world, kept=kept, now=now, day=day)

    def kept_calendar(self, *, assets: tuple[str, ...], first: str, last: str) -> AvailabilityCalendar:
        """Give the cells of the days that are kept, by the rules of a decision now; nothing is computed.

        Raises:
            NoSpan, NotOnTheBoard: as `calendar`.
        """
        from moms.desk.calendar import calendar

        return calendar(
            book=self.book, world=self.world, now=self.settings.now, assets=assets, first=day_of(first, "from"),
            last=day_of(last, "to"), kept=self._days(), kept_only=True,
        )  # fmt: skip

    def _days(self) -> KeptDays:
        if self.days is None:
            raise Refused("no days of the calendar are kept here", field="calendar", fix="open the office of a place")
        return self.days
