"""A worker: look what is due, take the duty whose turn it is, do it, say so; any number of them on one database.

The worker itself only looks after a duty. What takes seconds runs in a process of its own (`Study`), which
can be stopped in the midst of it: because a person said so, because somebody else took the duty over while
this machine was frozen, or because it takes too long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from moms.desk.duties import STUDIES
from moms.desk.ports import BookMoved, DatabaseAway
from moms.desk.work import GaveWay, LostDuty

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from moms.desk.work import Held, Work

SOON = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=1)
NAP_S = 0.2
BEAT_S = 1.0
"""How often a worker says that it lives, and hears that it shall stop."""


class StudyFailedError(Exception):
    """What was studied ended without an answer."""


class ToldToStopError(Exception):
    """Nobody wants this worker any more."""


class Study(Protocol):
    """A process beside the worker, for one duty at a time."""

    def begin(self, held: Held, *, now: datetime) -> None:
        """Begin a duty."""
        ...

    def wait(self, seconds: float) -> str | None:
        """Give what came of it; None if it still runs after so many seconds.

        Raises:
            BookMoved, LostDuty, GaveWay: as raised within it. StudyFailedError: any other end of it.
        """
        ...

    def kill(self) -> None:
        """Stop it at once, whatever it does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a worker is handed."""

    work: Work
    look: Callable[[datetime], int]
    """Enters what is due by then; gives how many were new."""
    quick: Callable[[Held, datetime], str]
    study: Study
    clock: Callable[[], datetime]
    """The desk's clock."""
    doubt: Callable[[], str]
    """Why that clock is not to be trusted; empty where it is."""
    ticks: Callable[[], float]
    """Seconds that only grow."""
    sleep: Callable[[float], None]
    wanted: Callable[[], bool]
    """Whether anybody still wants this worker."""
    tell: Callable[[str, str, str], None]
    """Told what happened (`done`, `again`, `lost`, `waits`), to which duty, and in words."""
    holder: str
    lease: timedelta
    poll_s: float
    """How long to wait before looking again where nothing is due."""
    limit_s: float
    """How long a study may take."""


@dataclass(slots=True)
class Tally:
    """What one worker did."""

    done: int = 0
    failed: int = 0
    lost: int = 0


def work(needs: Needs, *, tally: Tally, once: bool) -> None:
    """Work until nobody wants it any more, or with `once` until nothing is due that can be done now."""
    while needs.wanted():
        try:
            more = _round(needs, tally)
        except Exception as why:
            if once:
                raise
            needs.tell("waits", "", f"{type(why).__name__}: {why}")
            more = False
        if once and not more:
            return
        if not more:
            _sleep(needs)


def _sleep(needs: Needs) -> None:
    """Wait until it is time to look again, or nobody wants this worker any more."""
    until = needs.ticks() + needs.poll_s
    while needs.wanted() and (left := until - needs.ticks()) > 0:
        needs.sleep(min(left, NAP_S))


def _round(needs: Needs, tally: Tally) -> bool:
    """Look, then do what is due until it is time to look again; tell whether anything was there."""
    doubt = needs.doubt()
    if doubt:
        needs.tell("waits", "", doubt)
        return False
    now, looked = needs.clock(), needs.ticks()
    found = needs.look(now) > 0
    while needs.wanted() and needs.ticks() - looked < needs.poll_s:
        held = needs.work.take(holder=needs.holder, now=now, lease=needs.lease)
        if held is None:
            return found
        found = True
        _one(needs, held, now, tally)
    return True


def _one(needs: Needs, held: Held, now: datetime, tally: Tally) -> None:
    """Do one duty, and say what came of it."""
    began = needs.ticks()
    try:
        says = _watched(needs, held, now) if held.duty.task in STUDIES else needs.quick(held, now)
        needs.work.finish(held, says=says, took_s=needs.ticks() - began)
        tally.done += 1
        needs.tell("done", held.duty.name, says)
    except LostDuty as why:
        tally.lost += 1
        needs.tell("lost", held.duty.name, why.says)
    except ToldToStopError:
        _back(needs, held, says="its worker was told to stop", wait=timedelta(0), blame=False)
    except GaveWay as why:
        # For a moment it is nobody's to take: what it gave way to comes first, whoever has had less of the work.
        _back(needs, held, says=why.says, wait=SOON, blame=False)
    except (BookMoved, DatabaseAway) as why:
        _back(needs, held, says=why.says, wait=SOON, blame=False)
    except Exception as why:  # noqa: BLE001 - whatever a duty does, the others are done
        tally.failed += 1
        _back(needs, held, says=_words(why), wait=_wait(held.tries), blame=True)


def _watched(needs: Needs, held: Held, now: datetime) -> str:
    """Have a duty studied, and stop that as soon as it is no longer ours or takes too long."""
    until = needs.ticks() + needs.limit_s
    needs.study.begin(held, now=now)
    while (found := needs.study.wait(BEAT_S)) is None:
        try:
            _go_on(needs, held, until)
        except BaseException:
            needs.study.kill()
            raise
    return found


def _go_on(needs: Needs, held: Held, until: float) -> None:
    if needs.ticks() > until:
        raise StudyFailedError(f"not done after {needs.limit_s:g} s")
    if not needs.wanted():
        raise ToldToStopError
    needs.work.renew(held, lease=needs.lease)


def _back(needs: Needs, held: Held, *, says: str, wait: timedelta, blame: bool) -> None:
    needs.tell("again", held.duty.name, says)
    try:
        needs.work.give_back(held, says=says, wait=wait, blame=blame)
    except LostDuty as why:
        needs.tell("lost", held.duty.name, why.says)


def _wait(tries: int) -> timedelta:
    """Give how long to wait after so many tries: 2 s, 4 s, ... an hour at most."""
    return min(SOON * int(2 ** min(tries, 12)), LONGEST_WAIT)


def _words(why: Exception) -> str:
    return str(why) if isinstance(why, StudyFailedError) else f"{type(why).__name__}: {why}"
