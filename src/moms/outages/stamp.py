"""The place in the queue, hour by hour (semantics 4).

An outage stands in the queue from its stamp; hours added later stand from the time they were added.
Nothing an owner does on its own wish gives any hour an earlier stamp than it had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from moms.outages.hours import Spans, common, hours_of, less, moved, total_h
from moms.outages.outage import Added

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from moms.outages.outage import Outage
    from moms.outages.request import Request

FREE_SHORTENING = 0.20
"""How much may be cut away with stamp and exemption kept (MISO's 20 %, domain 1.3 [S])."""
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Restamped:
    """What a change of the asked hours does to the place in the queue."""

    stamp: datetime
    added: tuple[Added, ...]
    stamped_h: float
    keeps_stamp: bool
    added_hours: Spans
    """Hours that this change asks for anew."""
    moved: bool
    """Whether hours were given up and others asked for, on the owner's own wish."""
    cut_share: float
    """Share of the hours of the stamp that are gone, this change included."""


def stamp_at(outage: Outage, instant: datetime) -> datetime:
    """Give the stamp of the hour an instant lies in."""
    return next((one.stamp for one in outage.added if one.window.holds(instant)), outage.stamp)


def stamped_hours(outage: Outage) -> Spans:
    """Give the asked hours that stand in the queue from the outage's own stamp."""
    return less(hours_of(outage.request), tuple(one.window for one in outage.added))


def restamp(outage: Outage, request: Request, *, now: datetime, asked_by_operator: bool) -> Restamped:
    """Give the queue place of an outage whose asked hours change.

    Cut hours keep the stamp of what is left while at most a fifth of the hours of the stamp is gone;
    added hours stand from now; a start moved on one's own wish stands from now as a whole; a move the
    operator asked for keeps every stamp.
    """
    before, after = hours_of(outage.request), hours_of(request)
    base = outage.stamped_h if outage.stamped_h is not None else total_h(stamped_hours(outage))
    if asked_by_operator:
        by = request.window.start - outage.request.window.start
        return _moved(outage, by=by, before=before, after=after, base=base, now=now)
    gone, fresh = less(before, after), less(after, before)
    kept = common(stamped_hours(outage), after)
    cut = max(0.0, 1.0 - total_h(kept) / base) if base else 0.0
    if (gone and fresh) or (gone and cut > FREE_SHORTENING + _SLACK):
        return Restamped(
            stamp=max(now, outage.stamp),
            added=(),
            stamped_h=total_h(after),
            keeps_stamp=False,
            added_hours=after,
            moved=bool(gone and fresh),
            cut_share=cut,
        )
    added = _within(outage.added, after) + tuple(Added(window=one, stamp=max(now, outage.stamp)) for one in fresh)
    return Restamped(
        stamp=outage.stamp, added=added, stamped_h=base, keeps_stamp=True, added_hours=fresh, moved=False, cut_share=cut
    )


def _moved(outage: Outage, *, by: timedelta, before: Spans, after: Spans, base: float, now: datetime) -> Restamped:
    """Move every hour with its stamp; what is longer than before is added now."""
    carried = tuple(replace(one, window=one.window.moved(by)) for one in outage.added)
    fresh = less(after, moved(before, by))
    added = _within(carried, after) + tuple(Added(window=one, stamp=max(now, outage.stamp)) for one in fresh)
    return Restamped(
        stamp=outage.stamp, added=added, stamped_h=base, keeps_stamp=True, added_hours=fresh, moved=False, cut_share=0.0
    )


def _within(added: tuple[Added, ...], hours: Spans) -> tuple[Added, ...]:
    return tuple(Added(window=part, stamp=one.stamp) for one in added for part in common((one.window,), hours))
