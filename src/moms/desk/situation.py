"""What stands around one request: everything that is out or waits before it (semantics 1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.desk.ports import Search
from moms.outages.hours import hours_of
from moms.values import Window, digest

if TYPE_CHECKING:
    from datetime import datetime

    from moms.desk.ports import Page
    from moms.outages import Outage


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One reading of the book around one outage."""

    outage: Outage
    holding: tuple[Outage, ...]
    """Everything standing, active, forced, or late that overlaps, by id."""
    queue: tuple[Outage, ...]
    """Pending requests with an earlier stamp that overlap, by stamp."""
    version: int
    """Of the book as a whole."""

    @property
    def digest(self) -> str:
        """Fingerprint of what the answer depends on; the same after the book moved elsewhere."""
        rows = [(o.id, o.revision, o.window.start, o.window.end) for o in (*self.holding, *self.queue)]
        return digest([self.outage.id, self.outage.revision, *rows])


def span(outage: Outage, *, now: datetime, until: datetime) -> Window | None:
    """Give when the outage is out, as known now: an active one that is late goes on until it is ended.

    None where it is not out before `until`.
    """
    start = outage.actual_start or outage.window.start
    end = outage.actual_end or outage.window.end
    if outage.actual_start is not None and outage.actual_end is None and end <= now:
        end = max(until, now)  # past its planned end with no end reported: still out (semantics 1.1)
    if end <= start or start >= until:
        return None
    return Window(start=start, end=end)


def spans(outage: Outage, *, now: datetime, until: datetime) -> tuple[Window, ...]:
    """Give the spans in which the outage is out before `until`: its daily hours where the work comes back."""
    whole = span(outage, now=now, until=until)
    if whole is None:
        return ()
    late = whole.end > outage.window.end  # nobody has said that it came back: not even for the night
    return (whole,) if late else hours_of(outage.request, window=whole)


def read(page: Page, outage: Outage, *, window: Window, now: datetime) -> Situation:
    """Read what surrounds an outage if it had this window."""
    late = page.find(Search(holding=True, states=("active", "pending_complete")))
    near = page.find(Search(window=window, holding=True))
    seen = {o.id: o for o in (*near, *late) if o.id != outage.id and o.request.takes_out}
    holding = [o for o in seen.values() if _overlaps(o, window, now)]
    waiting = page.find(Search(window=window, pending=True))
    queue = [
        o for o in waiting if o.id != outage.id and o.request.takes_out and (o.stamp, o.id) < (outage.stamp, outage.id)
    ]
    return Situation(
        outage=outage,
        holding=tuple(sorted(holding, key=lambda o: o.id)),
        queue=tuple(sorted(queue, key=lambda o: (o.stamp, o.id))),
        version=page.version(),
    )


def _overlaps(outage: Outage, window: Window, now: datetime) -> bool:
    return any(found.overlaps(window) for found in spans(outage, now=now, until=window.end))
