"""What happens in the demo: a script of dated events, worked out from a seed and a book, and nothing else.

Each event is a deed that a person of the right role does at the desk: the control room reports equipment out, an
owner reports it back, something trips, a storm is warned of. The same seed and book give the same script.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from moms.desk.answer import outage_id
from moms.outages import Category, State
from moms.values import SYSTEM, Actor, Role, digest, instant_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.outages import Outage, Request

FIRST_TRIP = timedelta(minutes=40)
FIRST_STORM = timedelta(minutes=90)
TRIP_EVERY_DAYS = 5
TRIPS_H = 7
"""How long after a trip the equipment is back."""
APART = timedelta(days=30)
"""What trips has no outage of its own planned for so long."""
LATE_EVERY = 6
"""One of so many outages comes back late, and more than one in so many is warned of a storm."""
STORM_EVERY = 9
WARNED = timedelta(hours=48)
CALLED_OFF = timedelta(hours=6)
GRACE = timedelta(minutes=15)
"""How far the clock goes on while an event is not done."""


class What(StrEnum):
    """The kinds of events."""

    START = "start"
    END = "end"
    CONFIRM = "confirm"
    TRIP = "trip"
    STORM = "storm"
    CALL_OFF = "call_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One thing that happens, when, to what and by whom."""

    at: datetime
    what: What
    outage_id: str
    organisation: str
    """Whose the equipment is."""
    assets: tuple[str, ...]
    reason: str = ""
    reference: str = ""
    """Of a trip: the reference of its report."""
    until: datetime | None = None
    """Of a trip: when it is expected back."""
    says: str = ""
    """What the panel says of it."""

    @property
    def id(self) -> str:
        """Name it: the same event has the same name at each start."""
        return f"{self.what}:{self.outage_id}"

    @property
    def actor(self) -> Actor:
        """Who does it; the names say that it is the demo's feed."""
        if self.what in {What.END, What.CALL_OFF}:
            return Actor(name="demo-feed-owner", organisation=self.organisation, role=Role.OWNER)
        return Actor(name="demo-feed-control", organisation=SYSTEM.organisation, role=Role.CONTROL_ROOM)


def script(*, seed: int, requests: Sequence[Request], begins: datetime) -> tuple[FeedEvent, ...]:
    """Give all that happens from `begins` on to the granted `requests`, by instant, then by name.

    Outages that begin before the script does are nobody's here: they happened before.
    """
    planned = sorted(
        (r for r in requests if r.window.start > begins and r.takes_out and not r.urgent_report),
        key=lambda r: (r.window.start, r.organisation, r.external_id),
    )
    found = [event for k, request in enumerate(planned) for event in _planned(seed, k, request, begins)]
    found += _trips(seed, planned, begins)
    return tuple(sorted(found, key=lambda e: (e.at, e.id)))


def _planned(seed: int, k: int, request: Request, begins: datetime) -> tuple[FeedEvent, ...]:
    """Give what happens to one planned outage: most go as planned, some come back late, a few meet a storm."""
    transmission = request.category == Category.TRANSMISSION
    if transmission and k % STORM_EVERY == 2:
        return _storm(request, begins=begins, first=k < STORM_EVERY)
    late = transmission and k % LATE_EVERY == 1
    start = request.window.start + timedelta(minutes=_pick(seed, "start", request, 20))
    early = min(timedelta(minutes=15 + _pick(seed, "early", request, 75)), request.duration / 4)
    end = request.window.end + timedelta(minutes=140 + _pick(seed, "late", request, 90)) if late else (
        request.window.end - early
    )  # fmt: skip
    why = "the crew waited for a part" if late else ""
    back = f"comes back{' late' if late else ''}"
    return (
        _event(start, What.START, request, says="goes out as planned"),
        _event(end, What.END, request, reason=why, says=back),
        _event(end + timedelta(minutes=20), What.CONFIRM, request, says="is confirmed back by the control room"),
    )


def _storm(request: Request, *, begins: datetime, first: bool) -> tuple[FeedEvent, ...]:
    start = request.window.start
    at = begins + FIRST_STORM if first else max(begins + FIRST_STORM, start - WARNED)
    off = max(start - CALLED_OFF, at + timedelta(hours=1))
    if off >= start:
        return ()
    why = f"storm warning (made up, like all of the demo): gusts to 31 m/s where it lies, around {instant_text(start)}"
    return (
        _event(at, What.STORM, request, reason=why, says="is warned of a storm and put at risk"),
        _event(off, What.CALL_OFF, request, reason="called off: no crew works in the storm", says="is called off"),
    )


def _trips(seed: int, planned: Sequence[Request], begins: datetime) -> tuple[FeedEvent, ...]:
    """Give trips of lines and transformers, one every few days, while there are outages to be told."""
    if not planned:
        return ()
    found = list[FeedEvent]()
    used = set[str]()
    last, number = planned[-1].window.end, 0
    while True:
        number += 1
        hours = TRIP_EVERY_DAYS * 24 * (number - 1)
        at = begins + FIRST_TRIP + timedelta(hours=hours, minutes=_number(seed, f"trip {number}") % 300 if hours else 0)
        if at >= last:
            return tuple(found)
        able = [r for r in planned if _can_trip(r, planned, at) and r.assets[0] not in used]
        if able:
            chosen = able[_number(seed, f"tripped {number}") % len(able)]
            used.add(chosen.assets[0])
            found += _trip(chosen, at=at, number=number)


def _can_trip(request: Request, planned: Sequence[Request], at: datetime) -> bool:
    """Tell whether its equipment is one branch, and none of it is planned to be out near that instant."""
    if request.category != Category.TRANSMISSION or len(request.assets) != 1 or not request.assets[0].startswith("br"):
        return False
    mine = [r.window for r in planned if set(r.assets) & set(request.assets)]
    return all(at + APART < w.start or w.end + APART < at for w in mine)


def _trip(request: Request, *, at: datetime, number: int) -> tuple[FeedEvent, ...]:
    reference = f"DEMO-TRIP-{number}"
    common = {
        "organisation": request.organisation,
        "assets": request.assets,
        "outage_id": outage_id(request.organisation, reference),
    }
    back = at + timedelta(hours=TRIPS_H)
    says = "tripped and stayed out (made up, like all of the demo)"
    return (
        FeedEvent(at=at, what=What.TRIP, reference=reference, until=back, reason=says, says="trips", **common),  # type: ignore[arg-type]  # one mapping for three
        FeedEvent(at=back, what=What.END, says="comes back", **common),  # type: ignore[arg-type]  # as above
        FeedEvent(at=back + timedelta(minutes=20), what=What.CONFIRM, says="is confirmed back", **common),  # type: ignore[arg-type]  # as above
    )


def _event(at: datetime, what: What, request: Request, *, reason: str = "", says: str) -> FeedEvent:
    key = outage_id(request.organisation, request.external_id)
    return FeedEvent(
        at=at, what=what, outage_id=key, organisation=request.organisation, assets=request.assets, reason=reason,
        says=says,
    )  # fmt: skip


def _pick(seed: int, what: str, request: Request, most: int) -> int:
    """Draw a number below `most` that only the seed and the request decide."""
    return _number(seed, f"{what} {request.organisation} {request.external_id}") % most


def _number(seed: int, name: str) -> int:
    return int(digest([seed, name])[:12], 16)


OVER = frozenset({State.COMPLETED, State.CLOSED})
PAST: dict[What, frozenset[State]] = {
    What.START: OVER | {State.ACTIVE, State.PENDING_COMPLETE},
    What.END: OVER | {State.PENDING_COMPLETE},
    What.CONFIRM: OVER,
    What.TRIP: frozenset(State),
    What.CALL_OFF: frozenset({State.CANCELLED}),
}
"""States that show that an event has happened already."""
FROM: dict[What, frozenset[State]] = {
    What.START: frozenset({State.DECIDED}),
    What.END: frozenset({State.ACTIVE}),
    What.CONFIRM: frozenset({State.PENDING_COMPLETE}),
    What.STORM: frozenset({State.DECIDED}),
    What.CALL_OFF: frozenset({State.DECIDED}),
}
"""States from which an event can happen."""


def stands(event: FeedEvent, outage: Outage | None) -> str:
    """Tell how an event stands by what the book holds: `due`, `done`, or why it is passed over.

    Whoever visits the demo may have done something else with the outage: what they did holds.
    """
    if event.what == What.TRIP:
        return "due" if outage is None else "done"
    if outage is None:
        return "passed over: the book has no such outage"
    if outage.state in PAST.get(event.what, frozenset()):
        return "done"
    if event.what == What.STORM and (outage.status == "at_risk" or outage.state not in FROM[What.STORM]):
        return "done" if outage.status == "at_risk" or outage.state == State.CANCELLED else _moved(outage)
    if outage.state not in FROM[event.what] or not outage.holds:
        return _moved(outage)
    return "due"


def _moved(outage: Outage) -> str:
    return f"passed over: it is {outage.state.replace('_', ' ')}, {outage.status.replace('_', ' ')}"
