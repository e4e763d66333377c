"""Is the record whole? Every chain, its heads, the anchors, and the rows that the journal tells of.

What is found, and where: a line or anchor changed in any field, taken out, put elsewhere, written
twice, or cut off at the end; a row of the book that is not what its journal line says. What cannot be
found: lines younger than the last anchor outside the database, if somebody with all rights rewrote
them together with heads and anchors; therefore anchors belong on a machine that the database's
administrator does not hold.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from moms.records.journal import (
    CHANGE_SET,
    CREDENTIAL,
    DECISION,
    FILE_REVISION,
    GENESIS,
    IDENTITY,
    ORIGIN,
    PASSKEY,
    PERSON,
    SUBSCRIPTION,
    VIEW,
    Anchor,
    Head,
    Line,
    anchor_hash,
    hash_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class What(StrEnum):
    """Kinds of damage."""

    CHANGED = "changed"
    """Something in it is not what it was when its hash was made."""
    MISSING = "missing"
    """It was there and is gone."""
    MISPLACED = "misplaced"
    """It does not follow the one before it."""
    TWICE = "twice"
    """There are two of it."""
    STRANGER = "stranger"
    """It is there and the journal does not know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One damage: what, in which table, which row of it, in one sentence."""

    what: What
    table: str
    row: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One row that a journal line tells of: a revision of an outage, a decision record, a person, a session or token.

    `digest` is the SHA-256 of the document stored in it, or of the row itself where it has none; `wrong` names
    the columns that are not what the document says. `current` marks the row that holds what is now.
    """

    table: str
    id: str
    revision: int | None
    digest: str
    wrong: tuple[str, ...] = ()
    actor: str | None = None
    at: str | None = None
    belongs: str | None = None
    """A decision's outage."""
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was examined and what is wrong."""

    lines: int
    chains: int
    anchors: int
    confirmed: int
    """Anchors that the copy outside the database confirms."""
    rows: int
    faults: tuple[Fault, ...]
    signed: int | None = None
    """The last anchor that a given key has signed, 0 where none; None where no key was given."""

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(slots=True)
class _Told:
    """What the journal says should be there, gathered while its lines go by."""

    revisions: dict[tuple[str, str, int], tuple[str, str, str]] = field(default_factory=dict)
    """By table, id and revision: digest, writer, instant."""
    newest: dict[tuple[str, str], int] = field(default_factory=dict)
    decisions: dict[str, tuple[str, str]] = field(default_factory=dict)
    book_version: int = 0

    def of(self, row: Kept) -> tuple[str | None, str | None, str | None, str | None]:
        """Give what it says of a row: digest, writer, instant, and the outage that a decision belongs to."""
        if row.table == "decision":
            digest, belongs = self.decisions.get(row.id, (None, None))
            return digest, None, None, belongs
        key = (_now_in(row.table), row.id, row.revision or 0)
        digest, writer, at = self.revisions.get(key, (None, None, None))
        return digest, writer, at, None

    def hear(self, line: Line) -> None:
        """Take in one line."""
        try:
            body = json.loads(line.body)
            writer = str(body["written_by"]["name"])
            if ORIGIN in body:
                place = f"{line.organisation}/{line.sequence}"
                self.revisions["journal_origin", place, 1] = (str(body[ORIGIN]), writer, "")
                self.newest["journal_origin", place] = 1
            if line.outage_revision is not None:
                table, name = _subject(line)
                key = (table, name, line.outage_revision)
                self.revisions[key] = (str(body["document"]), writer, str(body["written_at"]))
                self.newest[table, name] = max(line.outage_revision, self.newest.get((table, name), 0))
                self.book_version = max(self.book_version, int(body["book_version"]))
            elif body["line"] == DECISION:
                self.decisions[str(body["decision_id"])] = (str(body["document"]), line.outage_id)
            elif FILE_REVISION in (body.get("after") or {}):
                name, _, at = str(body["after"][FILE_REVISION]).partition("@")
                self.revisions["attachment", name, int(at)] = (str(body["after"]["print"]), writer, "")
                self.newest["attachment", name] = max(int(at), self.newest.get(("attachment", name), 0))
        except (ValueError, KeyError, TypeError):
            return  # a body that cannot be read was changed, which its hash shows

    def expected(self) -> set[tuple[str, str, int | None]]:
        """Give the rows there should be; None where the row holds what is now."""
        rows: set[tuple[str, str, int | None]] = {(table, name, None) for table, name in self.newest}
        rows |= {("outage_history", name, at) for table, name, at in self.revisions if table == "outage"}
        return rows | {("decision", decision, None) for decision in self.decisions}


SUBJECTS = (
    ("person", PERSON),
    ("identity", IDENTITY),
    ("credential", CREDENTIAL),
    ("subscription", SUBSCRIPTION),
    ("passkey", PASSKEY),
    ("saved_view", VIEW),
    ("change_set", CHANGE_SET),
)


def _subject(line: Line) -> tuple[str, str]:
    """Give the table and the id of the row whose revision a line tells of."""
    for table, mark in SUBJECTS:
        if line.outage_id.startswith(mark):
            return table, line.outage_id.removeprefix(mark)
    return "outage", line.outage_id


def _now_in(table: str) -> str:
    """Give the table that holds what is now, for one that holds what was."""
    return "outage" if table == "outage_history" else table


def examine(
    *,
    lines: Iterable[Line],
    heads: Iterable[Head],
    anchors: Sequence[Anchor],
    outside: Sequence[Anchor],
    kept: Iterable[Kept],
    book_version: int,
) -> Verdict:
    """Examine a whole record; `lines` come by organisation and sequence, `anchors` by sequence."""
    faults: list[Fault] = []
    wanted = _wanted((*anchors, *outside))
    told = _Told()
    ends: dict[str, Head] = {}
    seen: dict[tuple[str, int], str] = {}
    count = 0
    for line in _chains(lines, ends, faults):
        count += 1
        if (line.organisation, line.sequence) in wanted:
            seen[line.organisation, line.sequence] = line.hash
        told.hear(line)
    faults += _heads(ends, heads)
    faults += _anchor_chain(anchors)
    confirmed, more = _confirmed(anchors, outside)
    faults += more
    faults += _anchored(wanted, seen)
    rows, more = _rows(kept, told)
    faults += more
    if book_version != told.book_version:
        says = f"the book is at version {book_version}, the journal says {told.book_version}"
        faults.append(Fault(what=What.CHANGED, table="book", row="operator", says=says))
    return Verdict(
        lines=count, chains=len(ends), anchors=len(anchors), confirmed=confirmed, rows=rows, faults=tuple(faults)
    )


def _chains(lines: Iterable[Line], ends: dict[str, Head], faults: list[Fault]) -> Iterator[Line]:
    """Pass the lines on, noting what is wrong with them and where each chain ends."""
    for line in lines:
        before = ends.get(line.organisation, Head(organisation=line.organisation, count=0, hash=GENESIS))
        faults += _line(line, before)
        ends[line.organisation] = Head(organisation=line.organisation, count=line.sequence, hash=line.hash)
        yield line


def _line(line: Line, before: Head) -> Iterator[Fault]:
    """Tell what is wrong with a line, given the end of the chain before it."""
    row = _row(line.organisation, line.sequence)
    if line.sequence == before.count:
        yield Fault(what=What.TWICE, table="journal", row=row, says=f"there are two of {row}")
    elif line.sequence > before.count + 1:
        gone = _range(line.organisation, before.count + 1, line.sequence - 1)
        yield Fault(what=What.MISSING, table="journal", row=gone, says=f"{gone} gone, {row} is there")
    elif line.previous != before.hash:
        says = f"{row} does not follow the line before it"
        yield Fault(what=What.MISPLACED, table="journal", row=row, says=says)
    if hash_of(line) != line.hash:
        yield Fault(what=What.CHANGED, table="journal", row=row, says=f"{row} was changed after it was written")


def _heads(ends: dict[str, Head], heads: Iterable[Head]) -> Iterator[Fault]:
    """Compare where the chains end with where their heads say they end."""
    noted = {head.organisation: head for head in heads}
    for organisation in sorted({*ends, *noted}):
        head = noted.get(organisation)
        end = ends.get(organisation, Head(organisation=organisation, count=0, hash=GENESIS))
        if head is None:
            says = f"the chain of {organisation} has no head"
            yield Fault(what=What.MISSING, table="journal_head", row=organisation, says=says)
        elif head.count > end.count:
            gone = _range(organisation, end.count + 1, head.count)
            yield Fault(what=What.MISSING, table="journal", row=gone, says=f"{gone} gone: the chain was cut off")
        elif head != end:
            says = f"the head of {organisation} says {head.count} lines, there are {end.count}, or another last one"
            yield Fault(what=What.CHANGED, table="journal_head", row=organisation, says=says)


def _anchor_chain(anchors: Sequence[Anchor]) -> Iterator[Fault]:
    """Tell what is wrong with the chain of anchors."""
    count, last = 0, GENESIS
    for anchor in anchors:
        row = f"anchor {anchor.sequence}"
        if anchor.sequence == count:
            yield Fault(what=What.TWICE, table="journal_anchor", row=row, says=f"there are two of {row}")
        elif anchor.sequence != count + 1:
            gone = f"anchors {count + 1} to {anchor.sequence - 1}"
            yield Fault(what=What.MISSING, table="journal_anchor", row=gone, says=f"{gone} are gone")
        elif anchor.previous != last:
            says = f"{row} does not follow the one before it"
            yield Fault(what=What.MISPLACED, table="journal_anchor", row=row, says=says)
        if anchor_hash(anchor) != anchor.hash:
            says = f"{row} was changed after it was written"
            yield Fault(what=What.CHANGED, table="journal_anchor", row=row, says=says)
        count, last = anchor.sequence, anchor.hash


def _confirmed(anchors: Sequence[Anchor], outside: Sequence[Anchor]) -> tuple[int, list[Fault]]:
    """Compare the anchors with their copy outside the database."""
    inside = {anchor.sequence: anchor for anchor in anchors}
    faults, confirmed = [], set()
    for copy in outside:
        row = f"anchor {copy.sequence}"
        mine = inside.get(copy.sequence)
        if anchor_hash(copy) != copy.hash:
            says = f"the copy of {row} outside the database was changed"
            faults.append(Fault(what=What.CHANGED, table="anchors outside", row=row, says=says))
        elif mine is None:
            says = f"{row} is gone; its copy outside the database is there"
            faults.append(Fault(what=What.MISSING, table="journal_anchor", row=row, says=says))
        elif mine != copy:
            says = f"{row} is not what its copy outside the database says"
            faults.append(Fault(what=What.CHANGED, table="journal_anchor", row=row, says=says))
        else:
            confirmed.add(copy.sequence)
    return len(confirmed), faults


def _wanted(anchors: Iterable[Anchor]) -> dict[tuple[str, int], list[tuple[int, str]]]:
    """Give which lines the anchors name, and with which hash."""
    wanted: dict[tuple[str, int], list[tuple[int, str]]] = defaultdict(list)
    for anchor in anchors:
        for head in anchor.heads:
            if head.count:
                wanted[head.organisation, head.count].append((anchor.sequence, head.hash))
    return wanted


def _anchored(
    wanted: dict[tuple[str, int], list[tuple[int, str]]], seen: dict[tuple[str, int], str]
) -> Iterator[Fault]:
    """Compare the lines with what the anchors say of them."""
    for (organisation, sequence), sayings in sorted(wanted.items()):
        row = _row(organisation, sequence)
        for number, said in sorted(set(sayings)):
            found = seen.get((organisation, sequence))
            if found is None:
                says = f"{row} is gone; anchor {number} saw it"
                yield Fault(what=What.MISSING, table="journal", row=row, says=says)
            elif found != said:
                says = f"{row} is not the line that anchor {number} saw: it or an earlier one was rewritten"
                yield Fault(what=What.CHANGED, table="journal", row=row, says=says)


def _rows(kept: Iterable[Kept], told: _Told) -> tuple[int, list[Fault]]:
    """Compare the rows with what the journal says of them."""
    faults: list[Fault] = []
    found: set[tuple[str, str, int | None]] = set()
    count = 0
    for row in kept:
        count += 1
        found.add((row.table, row.id, None if row.current else row.revision))
        faults += _row_faults(row, told)
    for table, name, revision in sorted(told.expected() - found, key=str):
        place = name if revision is None else f"{name} revision {revision}"
        says = f"{table} {place} is gone; the journal tells of it"
        faults.append(Fault(what=What.MISSING, table=table, row=place, says=says))
    return count, faults


def _row_faults(row: Kept, told: _Told) -> Iterator[Fault]:
    """Tell what is wrong with one row."""
    place = row.id if row.revision is None else f"{row.id} revision {row.revision}"
    if row.wrong:
        says = f"{row.table} {place}: {', '.join(row.wrong)} is not what its document says"
        yield Fault(what=What.CHANGED, table=row.table, row=place, says=says)
    digest, writer, at, belongs = told.of(row)
    if digest is None:
        says = f"{row.table} {place} is there and the journal does not know it"
        yield Fault(what=What.STRANGER, table=row.table, row=place, says=says)
        return
    if digest != row.digest:
        what = (
            "it is not what"
            if row.table in {"person", "identity", "credential", "passkey", "attachment"}
            else "its document is not the one that"
        )
        says = f"{row.table} {place}: {what} was written"
        yield Fault(what=What.CHANGED, table=row.table, row=place, says=says)
    newest = told.newest.get((row.table, row.id))
    if row.current and row.revision != newest:
        says = f"{row.table} {place} is not the newest, which is revision {newest}"
        yield Fault(what=What.CHANGED, table=row.table, row=place, says=says)
    for name, mine, theirs in (
        ("actor", row.actor, writer),
        ("known_from", row.at, at),
        ("outage_id", row.belongs, belongs),
    ):
        if mine is not None and mine != theirs:
            says = f"{row.table} {place}: {name} is {mine}, the journal says {theirs}"
            yield Fault(what=What.CHANGED, table=row.table, row=place, says=says)


def _row(organisation: str, sequence: int) -> str:
    return f"line {sequence} of {organisation}"


def _range(organisation: str, first: int, last: int) -> str:
    return _row(organisation, first) if first == last else f"lines {first} to {last} of {organisation}"
