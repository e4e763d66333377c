"""What stands around one request: everything that is out or waits before it (semantics 1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.desk.forecast import newest
from moms.desk.ports import Search
from moms.desk.rates import newest_rates
from moms.outages import State, Status
from moms.outages.hours import hours_of
from moms.values import Window, digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.adequacy import ForecastIssue, RatesIssue
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
    group: tuple[Outage, ...] = ()
    """The other outages of its group that wait, by id: studied and decided with it (domain 2)."""
    apart: tuple[str, ...] = ()
    """Why its group cannot be studied together now."""
    issue: ForecastIssue | None = None
    """The newest forecast, where one is kept."""
    rates: RatesIssue | None = None
    """The newest outage rates, where some are kept."""
    left: tuple[str, ...] = ()
    """Outages that were of its group and are no more: withdrawn, cancelled or expired."""

    @property
    def digest(self) -> str:
        """Fingerprint of what the answer depends on; the same after the book moved elsewhere."""
        rows = [(o.id, o.revision, o.window.start, o.window.end) for o in (*self.holding, *self.queue, *self.group)]
        told = () if self.issue is None else (self.issue.issued,)
        rated = () if self.rates is None else (self.rates.id,)
        return digest([self.outage.id, self.outage.revision, *rows, *self.apart, *told, *rated])


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
    """Read what surrounds an outage if it had this window, and those of its group that wait with it."""
    group, apart, left = _group(page, outage)
    windows = (window, *(o.asked.window for o in group))
    mine = {outage.id, *(o.id for o in group)}
    late = page.find(Search(holding=True, states=("active", "pending_complete")))
    near = [o for w in windows for o in page.find(Search(window=w, holding=True))]
    seen = {o.id: o for o in (*near, *late) if o.id not in mine and o.request.takes_out}
    holding = [o for o in seen.values() if any(_overlaps(o, w, now) for w in windows)]
    waiting = {o.id: o for w in windows for o in page.find(Search(window=w, pending=True)) if o.id not in mine}
    queue = [o for o in waiting.values() if o.request.takes_out and (o.stamp, o.id) < (outage.stamp, outage.id)]
    return Situation(
        outage=outage,
        holding=tuple(sorted(holding, key=lambda o: o.id)),
        queue=tuple(sorted(queue, key=lambda o: (o.stamp, o.id))),
        version=page.version(),
        group=group,
        apart=apart,
        left=left,
        issue=newest(page),
        rates=newest_rates(page),
    )


def read_days(page: Page, outage: Outage, windows: Sequence[Window], *, now: datetime) -> tuple[Situation, ...]:
    """Read what surrounds an outage that nobody has filed in each of some windows: as `read`, in one reading."""
    whole = Window(start=min(w.start for w in windows), end=max(w.end for w in windows))
    late = page.find(Search(holding=True, states=("active", "pending_complete")))
    near = page.find(Search(window=whole, holding=True))
    waiting = [o for o in page.find(Search(window=whole, pending=True)) if o.request.takes_out]
    ahead = sorted((o for o in waiting if (o.stamp, o.id) < (outage.stamp, outage.id)), key=lambda o: (o.stamp, o.id))
    known = sorted({o.id: o for o in (*near, *late) if o.request.takes_out}.values(), key=lambda o: o.id)
    version, issue, rates = page.version(), newest(page), newest_rates(page)
    return tuple(
        Situation(
            outage=outage,
            holding=tuple(o for o in known if _overlaps(o, w, now)),
            queue=tuple(o for o in ahead if o.window.overlaps(w)),
            version=version,
            issue=issue,
            rates=rates,
        )
        for w in windows
    )


def _group(page: Page, outage: Outage) -> tuple[tuple[Outage, ...], tuple[str, ...], tuple[str, ...]]:
    """Give the waiting outages of a group, what keeps it from being studied together, and who left it.

    A group is of one organisation; one that stands already is out like any other outage of the book.
    """
    asked = outage.asked
    if asked.group is None or outage.holds or asked.urgent_report:
        return (), (), ()
    found = page.find(Search(organisation=asked.organisation, group=asked.group))
    members = [o for o in found if o.id != outage.id and o.request.takes_out]
    waiting = tuple(o for o in members if o.pending and o.state in STUDIED)
    left = tuple(f"{o.id} of its group was {o.state}" for o in members if o.state in LEFT)
    apart = [_apart(o) for o in members if o.status == Status.DENIED or (o.pending and o.state not in STUDIED)]
    if not waiting and not apart and all(o.state in LEFT for o in members):
        apart.append(f"no other outage of the group {asked.group!r} is filed: file the others, or leave the group out")
    return waiting, tuple(apart), left


STUDIED = frozenset({State.VALIDATED, State.IN_STUDY})
LEFT = frozenset({State.WITHDRAWN, State.CANCELLED, State.EXPIRED})


def _apart(outage: Outage) -> str:
    if outage.status == Status.DENIED:
        return f"{outage.id} of its group was denied: its owner says whether the rest goes on, and leaves the group out"
    if outage.state == State.NEGOTIATING:
        return f"{outage.id} of its group was offered other dates: its owner takes or declines them first"
    return f"{outage.id} of its group is {outage.state}: it waits until that one has passed the entry rules"


def _overlaps(outage: Outage, window: Window, now: datetime) -> bool:
    return any(found.overlaps(window) for found in spans(outage, now=now, until=window.end))
