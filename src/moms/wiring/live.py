"""The live demo: its clock is wound, its script is played at the desk, and it can begin again in a fresh book.

All of it is handed to the portal as one thing (`portal.needs.Demo`). An installation that is no demo hands over
nothing, and has neither the routes nor anybody who winds its clock.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moms.desk.feed import GRACE, FeedEvent, What, stands
from moms.desk.origin import FROM_WHERE, Door, Origin
from moms.desk.people import sign_in
from moms.desk.ports import BookMoved, DatabaseAway, NoSuchOutage
from moms.outages.lifecycle import Verb
from moms.portal.errors import NoSuchDemoPerson, NotReplayable
from moms.values import Refused
from moms.wiring.clock import SimulatedClock, read_clock, ticks, write_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from moms.desk.people import Hasher, Register, Who
    from moms.portal.needs import OpenDesk

LOG = logging.getLogger("moms.demo")
SPEEDS = (0.0, 1.0, 60.0, 600.0, 3600.0)
WIND_S, LOOK_S = 0.5, 0.2
TOLD = 8
"""So many of the last events are shown."""


@dataclass(slots=True, kw_only=True)
class DemoClock:
    """The clock of the demo's home, wound by this process and by no other."""

    home: Path
    speed: float
    """At which it begins, where the home's clock has none."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _clock: SimulatedClock | None = None

    def begin(self) -> None:
        """Take the home's clock up where it was left, at the speed it had."""
        with self._lock:
            found = read_clock(self.home)
            if found is None:
                raise Refused("the demo has no clock", field="clock", fix="start it with: moms demo")
            first = found.speed == 0.0 and found.tick_s == 0.0  # set, and never run
            now = ticks()
            self._write((found.at_speed(now, self.speed) if first else found.stopped(now)).wound(now))

    def wind(self, *, held_at: datetime | None) -> None:
        """Wind it up; until `held_at` has happened it does not pass that instant."""
        with self._lock:
            self._write(self._known.wound(ticks(), held_at=held_at))

    def set_speed(self, speed: float) -> None:
        """Let it run at another speed."""
        with self._lock:
            self._write(self._known.at_speed(ticks(), speed))

    def move_on(self, instant: datetime) -> None:
        """Set it forward."""
        with self._lock:
            self._write(self._known.moved_on(ticks(), instant))

    def stop(self) -> None:
        """Let it stand until the demo is started again."""
        with self._lock:
            if self._clock is not None:
                self._write(self._known.stopped(ticks()))

    @property
    def now(self) -> datetime:
        """What it says."""
        return self._known.reading(ticks())

    @property
    def speed_now(self) -> float:
        """How fast it runs."""
        return self._known.speed

    @property
    def _known(self) -> SimulatedClock:
        if self._clock is None:
            raise Refused("the demo's clock does not run", field="clock", fix="start it with: moms demo")
        return self._clock

    def _write(self, clock: SimulatedClock) -> None:
        self._clock = clock
        write_clock(self.home, clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What became of an event."""

    event: FeedEvent
    how: str
    """done, or why it was passed over."""


@dataclass(slots=True, kw_only=True)
class Live:
    """One run of the demo (`portal.needs.Demo`)."""

    clock: DemoClock
    events: Sequence[FeedEvent]
    people: Sequence[Mapping[str, str]]
    password: str = field(repr=False)
    """Of this start; nobody has to type it."""
    hasher: Hasher
    run: str
    """Names this beginning: another one has another name."""
    replayable: str = ""
    """Why it cannot begin again; empty where it can."""
    replaying: bool = False
    _register: Register | None = None
    _desk: OpenDesk | None = None
    _stop: Callable[[], None] | None = None
    _done: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _at: int = 0
    """The event that comes next."""
    _told: list[Happened] = field(default_factory=list)

    @contextlib.contextmanager
    def at_work(self, *, register: Register, desk: OpenDesk, stop: Callable[[], None]) -> Iterator[None]:
        """Wind the clock and play the script for as long as this lasts; `stop` ends the service."""
        self._register, self._desk, self._stop = register, desk, stop
        self._done.clear()
        self.clock.begin()
        threads = [threading.Thread(target=work, name=name, daemon=True)
                   for name, work in (("demo-clock", self._wind), ("demo-feed", self._play))]  # fmt: skip
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._done.set()
            for thread in threads:
                thread.join()
            self.clock.stop()

    def sign_in(self, name: str, *, now: datetime, secret: str, old: str | None) -> Who:
        """Begin a session as one of the demo's people, and of no one else.

        Raises:
            NoSuchDemoPerson: nobody of that name is on the demo's own list.
        """
        if self._register is None or name not in {one["name"] for one in self.people}:
            names = ", ".join(one["name"] for one in self.people)
            raise NoSuchDemoPerson(f"{name!r} is nobody of the demo", field="name", fix=f"one of {names}")
        return sign_in(register=self._register, hasher=self.hasher, now=now, name=name, password=self.password,
                       secret=secret, old=old)  # fmt: skip

    def state(self) -> dict[str, object]:
        """Give all that the panel shows; names of equipment and owners only as the public reads them."""
        with self._lock:
            coming, told = self.events[self._at : self._at + 1], tuple(self._told[-TOLD:])
        return {
            "run": self.run,
            "people": list(self.people),
            "now": self.clock.now,
            "speed": self.clock.speed_now,
            "speeds": list(SPEEDS),
            "next": _shown(coming[0]) if coming else None,
            "told": [{**_shown(one.event), "how": one.how} for one in reversed(told)],
            "replay": {"possible": not self.replayable, "why": self.replayable},
        }

    def set_speed(self, speed: float) -> None:
        """Let the clock run at another speed, 0 to stop."""
        self.clock.set_speed(speed)

    def skip_to(self, instant: datetime) -> None:
        """Set the clock forward to the next event, if it is that one: of two who ask, the second changes nothing."""
        with self._lock:
            coming = self.events[self._at] if self._at < len(self.events) else None
        if coming is not None and coming.at == instant:
            self.clock.move_on(instant)

    def replay(self, run: str) -> None:
        """Begin again in a fresh book, if this run is still the one that is meant.

        Raises:
            NotReplayable: it is another run by now, or this home is not the demo's to begin again.
        """
        if self.replayable:
            raise NotReplayable(self.replayable, field="replay", fix="start the demo with a fresh MOMS_HOME")
        with self._lock:
            if run != self.run or self.replaying:
                raise NotReplayable("this run is over already", field="run", fix="load the page again")
            self.replaying = True
        if self._stop is not None:
            self._stop()

    def _wind(self) -> None:
        while not self._done.wait(WIND_S):
            with self._lock:
                coming = self.events[self._at] if self._at < len(self.events) else None
            try:
                self.clock.wind(held_at=None if coming is None else max(coming.at + GRACE, self.clock.now))
            except OSError as why:  # a full disk: the clock stands until it can be written again
                LOG.warning("the demo's clock could not be wound: %s", why)

    def _play(self) -> None:
        while not self._done.is_set() and self._at < len(self.events):
            event = self.events[self._at]
            if event.at > self.clock.now:
                self._done.wait(LOOK_S)
                continue
            try:
                how = self._do(event)
            except BookMoved:  # somebody wrote at the same time: look again
                continue
            except DatabaseAway:  # what came of it is not known: look again once it is back
                self._done.wait(LOOK_S)
                continue
            except Refused as why:  # somebody was quicker, or a rule is against it: that holds
                how = f"passed over: {why.says}"
            except Exception as why:  # the feed goes on; the panel and the log say what failed
                LOG.exception("the demo's event %s failed", event.id)
                how = f"failed: {type(why).__name__}"
            with self._lock:
                self._told.append(Happened(event=event, how=how))
                self._at += 1

    def _do(self, event: FeedEvent) -> str:
        """Do one event at the desk, unless the book shows that it was done or can be no longer."""
        assert self._desk is not None  # noqa: S101 - at work
        FROM_WHERE.set(Origin(door=Door.DEMO))  # of this thread alone
        desk = self._desk(event.actor)
        try:
            there = desk.find(event.outage_id)
        except NoSuchOutage:
            there = None
        how = stands(event, there)
        if how != "due":
            return how
        _deed(desk, event)
        return "done"

    def caught_up(self) -> bool:
        """Tell whether no event is due that was not done."""
        with self._lock:
            return self._at >= len(self.events) or self.events[self._at].at > self.clock.now


def _deed(desk: Any, event: FeedEvent) -> None:  # noqa: ANN401 - the portal's Desk, as one of many who use it
    if event.what == What.TRIP:
        until = None if event.until is None else event.until.isoformat()
        desk.forced(assets=event.assets, organisation=event.organisation, since=event.at.isoformat(), until=until,
                    external_id=event.reference, description=event.reason)  # fmt: skip
    elif event.what == What.STORM:
        desk.operate(event.outage_id, Verb.PUT_AT_RISK, reason=event.reason)
    elif event.what == What.CALL_OFF:
        desk.operate(event.outage_id, Verb.CANCEL, reason=event.reason)
    elif event.what == What.START:
        desk.operate(event.outage_id, Verb.START, at=event.at.isoformat())
    else:  # back, or confirmed back: the desk tells which by who says so
        desk.operate(event.outage_id, Verb.END, reason=event.reason, at=event.at.isoformat())


def _shown(event: FeedEvent) -> dict[str, object]:
    """Give an event as anybody may read it: what and when, not whose."""
    planned_unit = any(asset.startswith("gen:") for asset in event.assets)
    what = "a generating unit" if planned_unit else ", ".join(event.assets)
    return {"at": event.at, "says": f"{what} {event.says}", "assets": [] if planned_unit else list(event.assets)}


__all__ = ["SPEEDS", "DemoClock", "Happened", "Live"]
