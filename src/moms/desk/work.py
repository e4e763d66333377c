"""The list of duties that were seen to be due, and what became of them: who holds which, done, put aside, stopped."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from moms.desk.ports import Event, NotYours
from moms.values import SYSTEM, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from moms.desk.duties import Duty
    from moms.desk.ports import Book
    from moms.values import Actor


class LostDuty(Refused):
    """Somebody else has gone on with this duty, or it was stopped: nothing more is written for it here."""


class GaveWay(Refused):
    """Something more urgent is due: this goes on when its turn comes again."""


class NoSuchDuty(Refused):
    """No duty of that name is in a state in which this can be done."""


class Became(StrEnum):
    """Where a duty stands."""

    OPEN = "open"
    DONE = "done"
    ASIDE = "aside"
    """Tried too often: a person's to look at."""
    STOPPED = "stopped"
    """By a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A duty that a worker holds, by a lease it has to renew."""

    duty: Duty
    fence: int
    """Grows with each holder: what an earlier one still tries to write is refused."""
    tries: int = 1
    """This one included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the list."""

    duty: Duty
    became: Became
    tries: int
    holder: str
    """Who has it under way; empty: nobody."""
    says: str
    """What came of it, or why it failed last."""
    ended_at: datetime | None
    took_s: float | None


class Work(Protocol):
    """The list, on one database for all workers."""

    def enter(self, duties: Sequence[Duty], *, now: datetime) -> int:
        """Enter those that are due by now and are not in the list; give how many were new."""
        ...

    def take(self, *, holder: str, now: datetime, lease: timedelta, studies: bool = True) -> Held | None:
        """Take the duty whose turn it is; None where none is due and free. Without `studies`, only what is quick."""
        ...

    def renew(self, held: Held, *, lease: timedelta) -> None:
        """Say that its holder still works on it.

        Raises:
            LostDuty: it was taken over or stopped.
        """
        ...

    def finish(self, held: Held, *, says: str, took_s: float) -> None:
        """Say that it is done, where what it wrote has not said so already.

        Raises:
            LostDuty: it was taken over or stopped.
        """
        ...

    def give_back(self, held: Held, *, says: str, wait: timedelta, blame: bool) -> None:
        """Let it go undone, to be tried after a while; with blame the try counts towards putting it aside."""
        ...

    def rows(self, *, became: Sequence[Became], limit: int) -> Sequence[Row]:
        """Give lines of the list, those due first first."""
        ...

    def forget(self, *, days: float) -> int:
        """Forget what ended longer ago and whose outage is over; give how many."""
        ...


def operators_duty(actor: Actor) -> None:
    """Refuse anybody who may not see what is done for all owners (semantics 9).

    Raises:
        NotYours: an actor of another organisation, or one that only looks.
    """
    if actor.organisation != SYSTEM.organisation or actor.looks_only:
        raise NotYours(f"{actor} may not see the duties of all owners", field="actor",
                       fix="the operator keeps them; an owner sees what became of its own with moms show")  # fmt: skip


def told(book: Book, *, actor: Actor, now: datetime, name: str, verb: str, reason: str) -> None:
    """Write who stopped a duty or freed it, and why, into the operator's journal; `book` does it in the same breath.

    Raises:
        NotYours: as `operators_duty`. Refused: no reason.
    """
    operators_duty(actor)
    if not reason.strip():
        raise Refused(f"no reason is given for {name}", field="reason", fix="say why, for the journal")
    with book.as_(actor) as page:
        page.note(
            Event(at=now, actor=actor, verb=verb, outage_id="", reason=reason, rule_book="", before=None,
                  after={"duty": name})
        )  # fmt: skip


__all__ = ["Became", "GaveWay", "Held", "LostDuty", "NoSuchDuty", "Row", "Work", "operators_duty", "told"]
