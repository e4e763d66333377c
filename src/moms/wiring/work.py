"""Join a worker with the book, the grid and the rule book; and the list of what is due."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from moms.desk.calendar import keep_day, stale_days
from moms.desk.duties import NIGHTLY, Duty, Task, calendar_days, duties
from moms.desk.origin import Door, Origin, asked_from
from moms.desk.planning_work import WeeksKnown, advance
from moms.desk.ports import BookMoved, DatabaseAway
from moms.desk.reread import Known
from moms.desk.timely import MOVED_ON, do
from moms.desk.work import Became, GaveWay, LostDuty, Row, operators_duty, told
from moms.flow.steady import Steady
from moms.flow.worker import Needs, StudyFailedError, Tally, work
from moms.records.told import NoticeRules
from moms.store.calendar import PostgresDays
from moms.store.place import open_place
from moms.store.work import PostgresWork, freer, sealer, stopper
from moms.values import SYSTEM, market_day_of
from moms.wiring.files import file_room, look_once, looking
from moms.wiring.landed import current, current_rules
from moms.wiring.memory import give_back, leave_alone
from moms.wiring.office import Office
from moms.wiring.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moms.desk.clock import ClockRules
    from moms.desk.ports import Book
    from moms.desk.work import Held
    from moms.desk.world import World
    from moms.store.place import Place
    from moms.wiring.settings import Settings

FORGET_DAYS = 400.0
ALL = 100_000


def run_worker(
    chosen: Settings,
    *,
    once: bool,
    lease_s: float,
    poll_s: float,
    limit_s: float,
    beside: int | None,
    tell: Callable[[str, str, str], None],
    calendar: int = 0,
) -> Tally:
    """Work until told to stop, until `beside` (a process) has gone, or with `once` until nothing is due.

    With `calendar` so many days of the calendar ahead are kept as the book is.
    """
    told_to_stop = _heeding_signals()
    with open_place(env=os.environ) as place:
        base = Office(settings=chosen, book=place.book).base
        leave_alone()

        def world() -> World:
            return current(place.book, base, chosen, now=now_of(chosen))

        listed = PostgresWork(place.engine)
        listed.forget(days=FORGET_DAYS)
        study = StudyProcess(place=place, base=base, chosen=chosen)

        def wanted() -> bool:
            return not told_to_stop and (beside is None or os.getppid() == beside)

        needs = Needs(
            work=listed,
            look=Lookout(
                place.book, listed, lambda: world().rules.clock, more=days_ahead(place, world, calendar),
                ticks=None if once else time.monotonic, notices=lambda: world().rules.notices,
            ),
            study=study,
            quick=lambda held, now: do(held.duty, book=sealed(place.book, held), world=world(), now=now),
            clock=lambda: now_of(chosen), doubt=doubting(chosen, listed), ticks=time.monotonic, sleep=time.sleep,
            wanted=wanted, tell=tell, holder=f"{socket.gethostname()}:{os.getpid()}",
            lease=timedelta(seconds=lease_s), poll_s=poll_s, limit_s=limit_s,
        )  # fmt: skip
        tally = Tally()
        room = file_room(place, os.environ, now=lambda: now_of(chosen))
        if once:
            look_once(room)
        with contextlib.closing(study), looking(room):
            work(needs, tally=tally, once=once)
        return tally


def _heeding_signals() -> list[int]:
    """Give a list to which the signals that end a worker are added.

    An exception instead could be raised anywhere, and be lost where a library catches all of them.
    """
    heard = list[int]()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda number, _: heard.append(number))
    return heard


def now_of(chosen: Settings) -> datetime:
    """Give what the desk's clock says, simulated or not."""
    return chosen.now if chosen.fixed else settings().now


def doubting(chosen: Settings, listed: PostgresWork) -> Callable[[], str]:
    """Give what doubts the wall clock; a simulated clock is nobody's to doubt."""
    if chosen.simulated:
        return lambda: ""
    return Steady(wall=lambda: datetime.now(UTC), ticks=_running_seconds, database=listed.clock).doubt


def _running_seconds() -> float:
    asleep_too: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if asleep_too is None else time.clock_gettime(asleep_too)


MANY_WRITES = frozenset({Task.DECIDE, Task.PLAN})
"""What writes more than once before it is done."""


def sealed(book: Any, held: Held) -> Book:  # noqa: ANN401 - the store's book, which can mark
    """Give the book in which a duty writes only while it is held; what writes once is done with that."""
    found: Book = book.marking(sealer(held, last=held.duty.task not in MANY_WRITES))
    return found


LOOKING_SHARE = 0.1
"""Of a worker's time: while one request after another comes in, looking for what is due leaves the rest for doing."""


@dataclass(slots=True)
class Lookout:
    """Enters what is due; reads the book again only where it may have changed or something has come due.

    What it has read of an outage at its revision it knows, and so it does of what it has entered.
    """

    book: Book
    work: PostgresWork
    rules: Callable[[], ClockRules]
    """As they are by now: a landing, which the journal tells of, may have changed them."""
    more: Callable[[datetime], tuple[Duty, ...]] = lambda _now: ()
    """What is due besides what the book itself tells."""
    ticks: Callable[[], float] | None = None
    """Seconds that only grow, for a share of the time; None: it looks whenever it is asked to."""
    notices: Callable[[], NoticeRules] = NoticeRules
    """Who is next where nobody acknowledges, by now."""
    _known: Known = field(default_factory=Known)
    _entered: frozenset[str] = frozenset()
    _rests_until: float = 0.0
    _heads: Mapping[str, int] | None = None
    _last: datetime | None = None
    _next: datetime | None = None

    def __call__(self, now: datetime) -> int:
        """Enter what is due by now, and give how many were new."""
        began = self.ticks() if self.ticks else 0.0
        if began < self._rests_until:
            return 0
        with self.book.as_(SYSTEM) as page:
            heads = page.heads()
            if heads == self._heads and self._last and self._next and self._last <= now < self._next:
                return 0
        rules = self.rules()  # what comes between the two readings is seen the next time: it grows a head
        with self.book.as_(SYSTEM) as page:
            known = self._known.over(page)
            found = duties(known.as_page, rules=rules, now=now, notices=self.notices())
            known.close()
        found += self.more(now)
        new = self.work.enter([duty for duty in found if duty.name not in self._entered], now=now)
        self._entered = frozenset(duty.name for duty in found if duty.at <= now)
        self._heads, self._last = heads, now
        if self.ticks:
            self._rests_until = self.ticks() + (self.ticks() - began) * (1.0 / LOOKING_SHARE - 1.0)
        self._next = min((duty.at for duty in found if duty.at > now), default=now + timedelta(days=1))
        return new


def days_ahead(place: Place, world: Callable[[], World], days: int) -> Callable[[datetime], tuple[Duty, ...]]:
    """Give what says which days of the calendar, from today on, are not kept as the book is now."""
    kept = PostgresDays(place.engine)
    forgotten: list[date] = []  # the last day before which days were forgotten

    def stale(now: datetime) -> tuple[Duty, ...]:
        today = market_day_of(now)
        if forgotten != [today]:
            kept.forget(before=today)
            forgotten[:] = [today]
        found = stale_days(book=place.book, world=world(), kept=kept, now=now, first=today, days=days)
        return calendar_days(found, now=now)

    return stale if days > 0 else lambda _now: ()


@dataclass(slots=True, kw_only=True)
class StudyProcess:
    """A forked process that does one duty after another (`flow.worker.Study`); a killed one is followed by another.

    It has the grid by its parent's memory, and connections of its own.
    """

    place: Place
    base: World
    """As the files have it; what has landed by then comes with each duty."""
    chosen: Settings
    weeks: WeeksKnown = field(default_factory=WeeksKnown)
    """What its process has studied of the plan it makes."""
    look: Lookout | None = None
    """What its process sees come due while it makes a plan."""
    _process: Any = field(default=None)
    _pipe: Any = field(default=None)

    def world(self, now: datetime) -> World:
        """Give the world by now."""
        return current(self.place.book, self.base, self.chosen, now=now)

    def begin(self, held: Held, *, now: datetime) -> None:
        """Begin a duty."""
        if self._process is None or not self._process.is_alive():
            context = multiprocessing.get_context("fork")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_studies, args=(self, theirs, self._pipe), daemon=True)
            self._process.start()
            theirs.close()
        self._pipe.send((held, now))

    def wait(self, seconds: float) -> str | None:
        """Give what came of it; None if it still runs after so many seconds."""
        if not self._pipe.poll(seconds):
            return None
        try:
            how, says = self._pipe.recv()
        except EOFError:
            self._process.join(5)
            raise StudyFailedError(f"its process ended with {self._process.exitcode}") from None
        if how == "done":
            return str(says)
        raise ENDS.get(how, StudyFailedError)(says)

    def kill(self) -> None:
        """Stop it at once, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
        self._process = self._pipe = None

    def close(self) -> None:
        """Stop it."""
        self.kill()


BESIDE_PEOPLE = 10
"""How much more willingly a worker's studies give way than servers, where people wait on the same machine."""
ENDS: dict[str, type[Exception]] = {
    "moved": BookMoved,
    "lost": LostDuty,
    "gave way": GaveWay,
    "failed": StudyFailedError,
}


def _studies(mine: StudyProcess, pipe: Any, parents: Any) -> None:  # noqa: ANN401 - connections
    """Do what comes through the pipe, until it is closed."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all: the worker says what becomes of this one
    parents.close()
    os.nice(BESIDE_PEOPLE)
    mine.place.engine.dispose(close=False)  # the connections are the worker's
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            held, now = pipe.recv()
            pipe.send(_studied(mine, held, now))
            give_back()


def _studied(mine: StudyProcess, held: Held, now: datetime) -> tuple[str, str]:
    try:
        with asked_from(Origin(door=Door.WORKER, address=socket.gethostname())):
            return "done", _by_task(mine, held, now)
    except (BookMoved, DatabaseAway) as why:
        return "moved", why.says
    except LostDuty as why:
        return "lost", why.says
    except GaveWay as why:
        return "gave way", why.says
    except Exception as why:  # noqa: BLE001 - told to the worker, who puts it aside in the end
        return "failed", f"{type(why).__name__}: {why}"


def _by_task(mine: StudyProcess, held: Held, now: datetime) -> str:
    book = sealed(mine.place.book, held)
    if held.duty.task == Task.CALENDAR:
        return _kept(mine, held, now)
    if held.duty.task == Task.PLAN:
        return _planned(mine, held, now)
    if held.duty.task not in NIGHTLY:
        return do(held.duty, book=book, world=mine.world(now), now=now)
    from moms.adequacy import NoScenarios

    office = Office(settings=replace(mine.chosen, actor=SYSTEM, now=now), book=book, opened=mine.base)
    try:
        if held.duty.task == Task.MARGIN:
            if held.duty.subject != market_day_of(now).isoformat():  # where nights come faster than they are told
                return "not posted: its day is over"
            return f"posted for {len(office.post_margin(write=True).found.day)} days"
        night = office.firmness(days=int(office.world.rules.clock.firmness_days), write=True)
    except NoScenarios as why:
        return f"not told: {why.says}"
    return f"told for {len(night.rows)} granted outages"


def _kept(mine: StudyProcess, held: Held, now: datetime) -> str:
    """Compute a day of the calendar, unless it has been computed as the book is now."""
    day, kept = date.fromisoformat(held.duty.subject), PostgresDays(mine.place.engine)
    book, world = mine.place.book, mine.world(now)
    if not stale_days(book=book, world=world, kept=kept, now=now, first=day, days=1):
        return MOVED_ON
    return f"{keep_day(book=book, world=world, kept=kept, now=now, day=day):,} branches asked about, and kept"


def _planned(mine: StudyProcess, held: Held, now: datetime) -> str:
    """Go on with a plan until it ends, or something more urgent is due."""
    if mine.look is None:
        listed = PostgresWork(mine.place.engine)
        mine.look = Lookout(mine.place.book, listed, lambda: mine.world(now_of(mine.chosen)).rules.clock,
                            ticks=time.monotonic)  # fmt: skip
    look = mine.look

    def urgent() -> bool:
        at = now_of(mine.chosen)
        look(at)  # the worker itself waits for this process, and sees nothing that comes meanwhile
        return look.work.urgent(Task.PLAN, now=at)

    # What is written while the duty is somebody else's by now is refused: two workers never make one plan.
    return advance(
        book=sealed(mine.place.book, held), world=mine.world(now), now=now, planning=held.duty.subject,
        known=mine.weeks, urgent=urgent,
        clock=lambda: now_of(mine.chosen),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One duty as a person sees it."""

    duty: Duty
    row: Row | None
    """Its line in the list; None: no worker has seen it yet."""


def due(chosen: Settings, *, ahead: timedelta, ended: bool) -> tuple[Due, ...]:
    """Give what is due, under way or put aside, and what comes due ahead; with `ended` also what is over.

    Raises:
        NotYours: only the operator sees it.
    """
    operators_duty(chosen.actor)
    with open_place(env=os.environ) as place:
        rules = current_rules(place.book, chosen, now=chosen.now)
        with place.book.as_(SYSTEM) as page:
            asked = duties(page, rules=rules.clock, now=chosen.now, notices=rules.notices)
        found = {duty.name: duty for duty in asked}
        rows = {row.duty.name: row for row in PostgresWork(place.engine).rows(became=tuple(Became), limit=ALL)}
    names = {name for name, duty in found.items() if duty.at <= chosen.now + ahead} | set(rows)
    all_ = [Due(duty=rows[name].duty if name in rows else found[name], row=rows.get(name)) for name in names]
    shown = [one for one in all_ if ended or one.row is None or one.row.became in {Became.OPEN, Became.ASIDE}]
    return tuple(sorted(shown, key=lambda one: (one.duty.at, one.duty.name)))


def stop(chosen: Settings, *, name: str, reason: str) -> None:
    """Stop a duty for good, one under way too.

    Raises:
        NoSuchDuty: none of that name is open or put aside. NotYours. Refused: no reason.
    """
    with open_place(env=os.environ) as place:
        book = place.book.marking(stopper(name))
        told(book, actor=chosen.actor, now=chosen.now, name=name, verb="duty.stop", reason=reason)


def again(chosen: Settings, *, name: str, reason: str) -> None:
    """Let a duty that was put aside be tried again.

    Raises:
        NoSuchDuty: none of that name is put aside. NotYours. Refused: no reason.
    """
    with open_place(env=os.environ) as place:
        book = place.book.marking(freer(name))
        told(book, actor=chosen.actor, now=chosen.now, name=name, verb="duty.again", reason=reason)
