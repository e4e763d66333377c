"""A change set: edits of many things that are drafted together, seen together, and land together or not at all.

Plain values and the steps between them. A step is all that the journal keeps of it, so that whoever folds the steps
(`rebuilt`) has the change set of any revision. What a change set does to the book, the grid and the rules is in
`changes`; the world as it is with it in `landed` and `branch`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from moms.outages.guards import ReasonMissing
from moms.values import Refused, instant_text, parse_instant, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from moms.values import Actor

MOST_EDITS = 500
LONGEST_TITLE = 200
LONGEST_REASON = 2000


class Table(StrEnum):
    """What a change set may change."""

    ASSET = "asset"
    """Equipment of the grid: ratings, limits, whether it is in service, name, owner."""
    RULES = "rules"
    """Numbers of the rule book, by section and field."""
    OUTAGE = "outage"
    """Requests in the book, by the fields of a request."""


LANDING = frozenset({Table.ASSET, Table.RULES})
"""What has no revision of its own in the book: it lands under a number, and stands from there."""


class Became(StrEnum):
    """Where a change set stands."""

    DRAFT = "draft"
    MERGED = "merged"
    ABANDONED = "abandoned"


class Verb(StrEnum):
    """The steps of a change set, as the journal names them after `change_set.`."""

    OPEN = "open"
    EDIT = "edit"
    REBASE = "rebase"
    MERGE = "merge"
    ABANDON = "abandon"


class NoSuchChangeSet(Refused):
    """No change set of that id that this actor may see."""


class NotADraft(Refused):
    """The change set has been merged or abandoned: it stays as it is."""


class NotAnEdit(Refused):
    """An edit that cannot be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One column of one row as it is to be."""

    table: Table
    row: str
    column: str
    value: object
    was: object
    """What main said when it was drafted, or when the change set was last re-based."""
    base: int
    """The landing that main was at then; of an outage its revision."""
    by: str
    at: datetime
    reason: str
    source: str = ""
    """Of a number of the rule book: where it comes from."""
    identity: str = ""
    """Of an asset: where it stands in the network."""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    """Of a rating: from when until when it holds; None: from always, for ever."""

    @property
    def cell(self) -> tuple[str, str, str]:
        """Which column of which row of which table."""
        return (self.table.value, self.row, self.column)

    @property
    def key(self) -> tuple[object, ...]:
        """What another edit has to share to take this one's place."""
        return (*self.cell, self.valid_from, self.valid_to)

    def holds_at(self, instant: datetime) -> bool:
        """Tell whether it says what is so at an instant."""
        began = self.valid_from is None or self.valid_from <= instant
        return began and (self.valid_to is None or instant < self.valid_to)

    def meets(self, other: Edit) -> bool:
        """Tell whether two edits speak of one cell at one time."""
        apart = _before(self.valid_to, other.valid_from) or _before(other.valid_to, self.valid_from)
        return self.cell == other.cell and not apart


def _before(end: datetime | None, start: datetime | None) -> bool:
    return end is not None and start is not None and end <= start


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A change set after one of its steps."""

    id: str
    organisation: str
    title: str
    grid: str
    """The grid whose equipment it is about, by name."""
    rule_book: str
    """The rule book whose numbers it is about, by id."""
    base: int
    """The landing it rests on: what landed later it does not see before it is re-based."""
    became: Became
    edits: tuple[Edit, ...]
    drafters: tuple[str, ...]
    """Everybody who ever edited a number of the rule book in it: none of them may land it."""
    made_by: str
    made_at: datetime
    revision: int
    key: str
    """Of the last step: done again under it, it is done."""
    landing: int | None = None
    """Its number among what has landed; None where it has not, or changed outages alone."""
    ended_by: str = ""
    ended_at: datetime | None = None

    @property
    def draft(self) -> bool:
        """Whether it may still be changed."""
        return self.became == Became.DRAFT

    def of(self, *tables: Table) -> tuple[Edit, ...]:
        """Give its edits of some tables."""
        return tuple(e for e in self.edits if e.table in tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, as the journal keeps it."""

    verb: Verb
    at: datetime
    by: str
    key: str
    told: Mapping[str, Any]
    """What is new with it, in JSON's kinds."""


def table_of(text: str) -> Table:
    """Read the name of a table.

    Raises:
        NotAnEdit: no table of that name.
    """
    try:
        return Table(text)
    except ValueError:
        fix = f"one of {', '.join(t.value for t in Table)}"
        raise NotAnEdit(f"there is no table {text!r} to change", field="table", fix=fix) from None


def person_of(actor: Actor) -> str:
    """Name a person so that two of one name at two organisations stay two."""
    return f"{actor.name}@{actor.organisation}"


def stepped(there: ChangeSet | None, step: Step) -> ChangeSet:
    """Give the change set after a step.

    Raises:
        NotADraft: it has ended.
    """
    if step.verb == Verb.OPEN:
        return _opened(step)
    if there is None:
        raise NotADraft("a change set begins by being opened", field="change_set", fix="open one")
    if not there.draft:
        raise NotADraft(f"change set {there.id} is {there.became}", field="change_set", fix="open another")
    after = replace(there, revision=there.revision + 1, key=step.key)
    if step.verb == Verb.EDIT:
        return _edited(after, step)
    if step.verb == Verb.REBASE:
        return replace(after, base=step.told["base"], edits=tuple(map(read_edit, step.told["edits"])))
    ended = replace(after, ended_by=step.by, ended_at=step.at)
    if step.verb == Verb.ABANDON:
        return replace(ended, became=Became.ABANDONED)
    return replace(ended, became=Became.MERGED, landing=step.told["landing"])


def rebuilt(steps: Iterable[Step]) -> ChangeSet | None:
    """Give a change set from its steps alone, None where there are none."""
    found: ChangeSet | None = None
    for step in steps:
        found = stepped(found, step)
    return found


def _opened(step: Step) -> ChangeSet:
    told = step.told
    return ChangeSet(
        id=told["id"], organisation=told["organisation"], title=told["title"], grid=told["grid"],
        rule_book=told["rule_book"], base=told["base"], became=Became.DRAFT, edits=(), drafters=(), made_by=step.by,
        made_at=step.at, revision=1, key=step.key,
    )  # fmt: skip


def _edited(there: ChangeSet, step: Step) -> ChangeSet:
    fresh = tuple(map(read_edit, step.told["edits"]))
    gone = {e.key for e in fresh}
    dropped = {tuple(cell) for cell in step.told["dropped"]}
    kept = tuple(e for e in there.edits if e.key not in gone and e.cell not in dropped)
    drew = {step.by} if any(e.table == Table.RULES for e in fresh) else set()
    return replace(there, edits=(*kept, *fresh), drafters=tuple(sorted({*there.drafters, *drew})))


def check_words(*, reason: str, title: str | None = None) -> None:
    """Require a reason, and a title where one is given.

    Raises:
        ReasonMissing: none, or too long. NotAnEdit: no title, or too long.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        fix = f"say why in up to {LONGEST_REASON} characters, for the record"
        raise ReasonMissing(
            "no reason is given" if not reason.strip() else "too long a reason", field="reason", fix=fix
        )
    if title is not None and not 0 < len(title.strip()) <= LONGEST_TITLE:
        raise NotAnEdit("no title, or too long a one", field="title", fix=f"give up to {LONGEST_TITLE} characters")


def span_of(valid_from: str, valid_to: str) -> tuple[datetime | None, datetime | None]:
    """Read from when until when a value holds.

    Raises:
        NotAnEdit: it ends before it begins. NotAnInstant: as `parse_instant`.
    """
    start = parse_instant(valid_from, field="valid_from") if valid_from else None
    end = parse_instant(valid_to, field="valid_to") if valid_to else None
    if start is not None and end is not None and end <= start:
        raise NotAnEdit(f"it would hold until {valid_to}, before it begins", field="valid_to", fix="give a later end")
    return start, end


def document(found: ChangeSet) -> dict[str, Any]:
    """Write a change set as JSON's kinds, whole."""
    written = plain(found)
    if not isinstance(written, dict):
        msg = "a change set is a mapping"
        raise TypeError(msg)
    return written


def read_change_set(found: Mapping[str, Any]) -> ChangeSet:
    """Read what `document` wrote."""
    ended = found["ended_at"]
    return ChangeSet(**{
        **found, "became": Became(found["became"]), "edits": tuple(map(read_edit, found["edits"])),
        "drafters": tuple(found["drafters"]), "made_at": parse_instant(found["made_at"]),
        "ended_at": None if ended is None else parse_instant(ended),
    })  # fmt: skip


def read_edit(found: Mapping[str, Any]) -> Edit:
    """Read one edit of a document."""
    return Edit(**{
        **found, "table": Table(found["table"]), "at": parse_instant(found["at"]),
        **{name: None if found[name] is None else parse_instant(found[name]) for name in ("valid_from", "valid_to")},
    })  # fmt: skip


def written_edits(edits: Iterable[Edit]) -> list[object]:
    """Write edits as JSON's kinds."""
    return [plain(e) for e in edits]


def span_text(edit: Edit) -> str:
    """Say from when until when an edit holds; empty where it does for ever."""
    start = f"from {instant_text(edit.valid_from)}" if edit.valid_from else ""
    end = f"until {instant_text(edit.valid_to)}" if edit.valid_to else ""
    return " ".join(part for part in (start, end) if part)


__all__ = [
    "LANDING", "MOST_EDITS", "Became", "ChangeSet", "Edit", "NoSuchChangeSet", "NotADraft", "NotAnEdit", "Step",
    "Table", "Verb", "check_words", "document", "person_of", "read_change_set", "read_edit", "rebuilt",
    "span_of", "span_text", "stepped", "table_of", "written_edits",
]  # fmt: skip
