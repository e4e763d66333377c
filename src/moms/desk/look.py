"""Look ahead cheaply: which windows around a request are worth being studied like the request."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from moms.desk.margins import adequate
from moms.desk.security import secure
from moms.desk.situation import read
from moms.outages import Category
from moms.values import SYSTEM, many

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from moms.decide import Security
    from moms.desk.ports import Book
    from moms.desk.situation import Situation
    from moms.desk.world import World
    from moms.grid import Contingency
    from moms.schedule import Candidate
    from moms.values import Window

LOOKS_MOST = 60
"""How many windows are looked at before the search stops: it says how far it looked."""
WATCHED_MOST = 40


@dataclass(slots=True, kw_only=True)
class Lookout:
    """Asks of a window whether what stood against the request elsewhere stands against it there too.

    That is: no flow over its limit with everything else in service, nor after a contingency that crossed a
    limit in a study so far. Base states are taken as dispatched. A window that looks free is studied like
    the request; if that finds another contingency in its way, it is watched from then on.
    """

    world: World
    situation: Situation
    now: datetime
    book: Book
    watched: tuple[Contingency, ...] = ()
    margins: dict[Window, bool] = field(default_factory=dict)
    looks: int = 0
    stopped: bool = False
    """Whether a window was left out because so many had been looked at."""
    blocked: Counter[str] = field(default_factory=Counter)
    """What stood in the way, by windows."""

    def learns(self, found: Security) -> None:
        """Watch the contingencies that crossed a limit in a study, the worst first, as far as there is room."""
        worst = sorted(found.crossings, key=lambda c: (-c.percent, c.contingency or "", c.element))
        known = {None, *(one.id for one in self.watched)}
        names = list(dict.fromkeys(c.contingency for c in worst if c.contingency not in known))
        wanted = set(names[: WATCHED_MOST - len(self.watched)])
        self.watched += tuple(one for one in self.world.contingencies if one.id in wanted)

    def looks_free(self, candidate: Candidate) -> bool:
        """Tell whether nothing known speaks against a window: margin first, it costs least."""
        if not self._margin_holds(candidate.window):
            return False
        if self.situation.outage.request.category == Category.GENERATION:
            return True  # its security is studied next, window by window
        if self.looks == LOOKS_MOST:
            self.stopped = True
            return False
        self.looks += 1
        return self._nothing_crosses(candidate)

    def _nothing_crosses(self, candidate: Candidate) -> bool:
        window = candidate.window
        outage = replace(self.situation.outage, request=candidate.of(self.situation.outage.request), window=window)
        with self.book.as_(SYSTEM) as page:
            there = read(page, outage, window=window, now=self.now)
        few = replace(self.world, contingencies=self.watched)
        found = secure(few, outage, there.holding, book="look", window=window, now=self.now, repaired=False).security
        self._note(f"{c.element} after {c.contingency}" if c.contingency else c.element for c in found.crossings[:3])
        return not found.crossings

    def _margin_holds(self, window: Window) -> bool:
        outage = self.situation.outage
        if outage.request.category != Category.GENERATION:
            return True
        if window not in self.margins:
            with self.book.as_(SYSTEM) as page:
                there = read(page, outage, window=window, now=self.now)
            found = adequate(self.world, outage, there.holding, window=window, now=self.now, cut_off=())
            self.margins[window] = not found.hurt and not found.unknown
            self._note(f"margin of {h.row}" for h in found.hurt)
        return self.margins[window]

    def _note(self, names: Iterable[str]) -> None:
        self.blocked.update(sorted(set(names)))

    def says(self) -> str:
        """Say what stood in the way most often, nothing if nothing did."""
        worst = sorted(self.blocked.items(), key=lambda item: (-item[1], item[0]))[:3]
        if not worst:
            return ""
        return "; most often blocked by " + ", ".join(f"{name} ({many(n, 'window')})" for name, n in worst)
