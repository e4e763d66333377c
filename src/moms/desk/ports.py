"""What the desk needs from the world; `store`, `exchange` and `wiring` supply it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from moms.records.told import NoticeRules
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta

    from moms.desk.change_set import ChangeSet, Step
    from moms.desk.origin import Origin
    from moms.outages import Outage
    from moms.records.journal import Line
    from moms.records.notices import Telling, Unanswered
    from moms.records.told import PlanRow
    from moms.values import Actor, Window


class BookMoved(Refused):
    """The book changed between reading and writing; read again."""


class DatabaseAway(Refused):
    """The database did not answer; whether what was being written is there is not known: ask again, same key."""


class DatabaseFull(DatabaseAway):
    """The database has no room left: nothing of this was written, and nothing will be until somebody makes room."""


class NoSuchOutage(Refused):
    """No outage of that id that this actor may see."""


class StaleRevision(Refused):
    """Somebody changed the outage since it was read."""


class EquipmentTaken(Refused):
    """Another standing outage has the same equipment in an overlapping window."""


class NotYours(Refused):
    """This actor may not write a row of that organisation."""


class ForbiddenMove(Refused):
    """The lifecycle does not know this step."""


class NoSuchDecision(Refused):
    """No decision record of that id that this actor may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one outage, for the journal."""

    at: datetime
    actor: Actor
    verb: str
    """submit, decide, settle, change, start, extend, recall, end, cancel, forced ..."""
    outage_id: str
    reason: str
    rule_book: str
    before: dict[str, object] | None
    after: dict[str, object]
    asked_by: Actor | None = None
    """Who asked MOMS for what it then did by itself under its rule book; None where the actor did it."""
    areas: tuple[str, ...] | None = field(default=None, compare=False)
    """For notices alone: zones and regions of the equipment; None where the grid does not say. Not in the journal."""
    plan: tuple[PlanRow, ...] = field(default=NoticeRules().told, compare=False)
    """For notices alone: who is told without having asked, by the rule book of the deed. Not in the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of the journal: whose chain, where in it, and what happened (None: the line is no event)."""

    organisation: str
    sequence: int
    revision: int | None
    event: Event | None
    register: str | None = None
    """Of an entry of one of the operator's registers: which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which outages to list; None means any. Pages run by id after `after`."""

    ids: tuple[str, ...] = ()
    window: Window | None = None
    assets: tuple[str, ...] = ()
    organisation: str | None = None
    states: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    holding: bool | None = None
    pending: bool | None = None
    external_id: str | None = None
    group: str | None = None
    """Outages asked for under this group name."""
    text: str | None = None
    after: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One outage as a timeline shows it: what the book keeps of it beside its document, and what really happened."""

    id: str
    external_id: str
    organisation: str
    category: str
    kind: str
    state: str
    status: str
    assets: tuple[str, ...]
    window: Window
    """What stands now."""
    actual_start: datetime | None = None
    actual_end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSearch:
    """Which lines of the journal to give; None means any. Newest first, after `before`, at most `limit`."""

    organisation: str | None = None
    subject: str | None = None
    """How the name of what the line is about begins: an outage's id, `person:`, `credential:`, `register:`."""
    verb: str | None = None
    """How the verb begins: `decide` finds `decide:approve`."""
    actor: str | None = None
    """Who did it, asked for it, or wrote the line, by name."""
    span: Window | None = None
    """When it happened by the desk's clock; lines that are no event: when they were written."""
    text: str | None = None
    before: tuple[datetime, str, int] | None = None
    """The last line of the page before: when it was written, whose chain, where in it."""
    limit: int = 100


class Page(Protocol):
    """One transaction on the book, as one actor. Everything in it is written, or nothing."""

    def version(self) -> int:
        """Give the book's version: it grows with each change to what is out or pending."""
        ...

    def hold(self, version: int) -> None:
        """Lock the book for writing and make sure it is still at this version.

        Raises:
            BookMoved: it is not.
        """
        ...

    def outage(self, outage_id: str) -> Outage:
        """Give one outage.

        Raises:
            NoSuchOutage: none of that id, or not this actor's to see.
        """
        ...

    def as_it_was(self, outage_id: str, revision: int) -> Outage:
        """Give one revision of an outage.

        Raises:
            NoSuchOutage: as `outage`, or no such revision.
        """
        ...

    def find(self, search: Search) -> Sequence[Outage]:
        """Give the outages that match, by id."""
        ...

    def revisions(self, search: Search) -> Sequence[tuple[str, int]]:
        """Give the ids of the outages that match, in order, each with its revision."""
        ...

    def bars(self, window: Window, *, most: int) -> Sequence[Bar]:
        """Give at most `most` outages that lie in a window, or began before its end and are not back, by start."""
        ...

    def add(self, outage: Outage, event: Event) -> None:
        """Put a new outage in the book.

        Raises:
            EquipmentTaken: it stands and overlaps another standing one.
        """
        ...

    def revise(self, outage: Outage, event: Event) -> None:
        """Write a later revision (`outage.revision` is the new one, one above the stored).

        Raises:
            StaleRevision: the stored revision is another one.
            EquipmentTaken: as `add`.
        """
        ...

    def keep_decision(self, decision_id: str, outage_id: str, record: dict[str, object]) -> None:
        """Store a decision record, once, beside its outage."""
        ...

    def decision(self, decision_id: str) -> dict[str, object]:
        """Give a stored decision record."""
        ...

    def history(self, outage_id: str) -> Sequence[Event]:
        """Give what happened to an outage, oldest first."""
        ...

    def note(self, event: Event, *, told: Telling | None = None) -> None:
        """Write an event that changes no outage (a journal line by itself), with the notices of what it tells."""
        ...

    def notes(self, outage_ids: Sequence[str], *, verb: str, hold: bool = False) -> Sequence[Event]:
        """Give the events of outages whose verb begins like this, oldest first of each organisation.

        With `hold`, nothing more is written of these outages until the end but by this page.

        Raises:
            NoSuchOutage: with `hold`, one is not there, or not this actor's to see.
        """
        ...

    def enter(self, register: str, entry: dict[str, object]) -> None:
        """Write an entry of one of the operator's registers (a ledger, the plans) into the operator's journal."""
        ...

    def entries(self, register: str, *, last: int | None = None) -> Sequence[dict[str, object]]:
        """Give the entries of a register, oldest first, or the `last` few; none for an actor who may not see them."""
        ...

    def unanswered(self, *, within: timedelta, of: tuple[str, int] | None = None) -> Sequence[Unanswered]:
        """Give of what one side was told and nobody there has acknowledged, oldest first, and how much it asks.

        What only informs, has expired, or was told longer ago than `within` by the database's clock is not among it;
        with `of` only that line of that chain is looked at. Empty for an actor who may not see who is told of what.
        """
        ...

    def heads(self) -> Mapping[str, int]:
        """Give how many lines each chain of the journal has that this actor sees."""
        ...

    def told(self, after: Mapping[str, int], *, limit: int) -> Sequence[Told]:
        """Give the lines after those, chain by chain."""
        ...

    def lines(self, search: LineSearch) -> Sequence[Line]:
        """Give the lines that match, newest first, whole with their hashes."""
        ...

    def origins(self, places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], Origin]:
        """Give from where lines were asked, by organisation and sequence; nothing to who is no auditor."""
        ...

    def change_set(self, name: str) -> ChangeSet:
        """Give a change set.

        Raises:
            NoSuchChangeSet: none of that id, or not this actor's to see.
        """
        ...

    def change_sets(self, *, landed_after: int | None = None) -> Sequence[ChangeSet]:
        """Give the change sets that this actor may see, newest first; or what landed after a number, in order."""
        ...

    def write_change_set(self, after: ChangeSet, step: Step, *, event: Event) -> None:
        """Write a step of a change set with its line in the journal; one that lands turns the book's version.

        Raises:
            StaleRevision: the stored revision is not the one before. BookMoved: it is there already.
        """
        ...

    def steps(self, name: str) -> Sequence[Step]:
        """Give the steps of a change set from the journal alone, oldest first."""
        ...

    def landed(self) -> int:
        """Give the number of the newest landing, whoever asks; 0 where nothing has landed."""
        ...

    def known(self, outage_id: str, at: datetime) -> Outage | None:
        """Give an outage as the journal knew it at an instant of the desk's clock; None: not at all then.

        Raises:
            NoSuchOutage: as `outage`.
        """
        ...


class Book(Protocol):
    """The book of outages."""

    def as_(self, actor: Actor) -> AbstractContextManager[Page]:
        """Open one transaction as this actor: committed at the end, rolled back on any exception."""
        ...

    def landed(self) -> int:
        """Give the number of the newest landing; 0 where nothing has landed."""
        ...

    def expecting(self, outage_id: str, revision: int) -> Book:
        """Give the same book, in which the first change to that outage holds at that revision only.

        Raises (on that change):
            StaleRevision: the stored revision is another one.
        """
        ...
