"""Read the whole record for `records.verify`, and write anchors, in the database and outside it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, cast, func, select
from sqlalchemy.exc import IntegrityError

from moms.outages.document import from_document
from moms.records.journal import Anchor, Head, anchor, anchor_of, anchor_text, heads_of, heads_text
from moms.records.verify import Fault, Kept, Verdict, What, examine
from moms.store import tables
from moms.store.acting import act_as
from moms.store.rows import blocks, classification, line_of, name_of, outage_row, print_of, span
from moms.values import SYSTEM, Refused, instant_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Select

BATCH = 2000
ANCHORS = "anchors.jsonl"
"""The copy of the anchors outside the database, in MOMS_HOME."""


class NotAnchored(Refused):
    """The journal no longer agrees with its last anchor, so no new one is set on it."""


def verify(engine: Engine, *, outside: Sequence[Anchor]) -> Verdict:
    """Examine the whole record at one instant, while others may go on writing."""
    with engine.connect() as connection:
        reading = connection.execution_options(isolation_level="REPEATABLE READ")
        with reading.begin():
            act_as(reading, SYSTEM)
            return read_verdict(reading, outside=outside)


def read_verdict(connection: Connection, *, outside: Sequence[Anchor]) -> Verdict:
    """Examine the whole record as one transaction sees it."""
    lines = tables.journal
    in_order = select(lines).order_by(lines.c.organisation.collate("C"), lines.c.seq)
    verdict = examine(
        lines=(line_of(row) for row in _stream(connection, in_order)),
        heads=_heads(connection),
        anchors=_anchors(connection),
        outside=outside,
        kept=_kept(connection),
        book_version=connection.execute(select(tables.book.c.revision)).scalar_one(),
    )
    return replace(verdict, faults=(*verdict.faults, *_constants(connection)))


def set_anchor(engine: Engine, *, file: Path, at: datetime, sign: Callable[[str], str] | None = None) -> Anchor | None:
    """Anchor the journal, if it grew, and copy all anchors that the file does not have yet into it, signed by `sign`.

    Raises:
        NotAnchored: the journal no longer agrees with the last anchor.
    """
    made: Anchor | None = None
    try:
        with engine.begin() as connection:
            act_as(connection, SYSTEM)
            heads, last = tuple(_heads(connection)), _last(connection)
            _agrees(connection, last)
            if heads and (last is None or last.heads != heads):
                made = anchor(heads, last=last, at=at)
                connection.execute(tables.journal_anchor.insert(), _anchor_row(made))
    except IntegrityError:  # another process anchored at the same moment: as good
        made = None
    _copy(engine, file=file, sign=sign)
    return made


def read_anchors(file: Path) -> tuple[Anchor, ...]:
    """Read a copy of the anchors; none where there is no file.

    Raises:
        NotALine: a line of it is no anchor.
    """
    try:
        written = file.read_text().splitlines()
    except FileNotFoundError:
        return ()
    return tuple(anchor_of(line) for line in written if line.strip())


def _agrees(connection: Connection, last: Anchor | None) -> None:
    """See that the journal still holds what the last anchor saw: an anchor must not bless a rewritten tail."""
    lines = tables.journal.c
    for head in last.heads if last else ():
        found = connection.execute(
            select(lines.hash).where(lines.organisation == head.organisation, lines.seq == head.count)
        ).scalar()
        if head.count and found != head.hash:
            raise NotAnchored(
                f"line {head.count} of {head.organisation} is not what anchor {last.sequence if last else 0} saw",
                field="journal",
                fix="run: moms verify",
            )


def _copy(engine: Engine, *, file: Path, sign: Callable[[str], str] | None) -> None:
    """Append the anchors that the file does not have."""
    there = read_anchors(file)
    with engine.begin() as connection:
        act_as(connection, SYSTEM)
        missing = _anchors(connection, since=there[-1].sequence if there else 0)
    if not missing:
        return
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(fd, "w") as out:
        out.writelines(
            f"{anchor_text(value, signature=None if sign is None else sign(value.hash))}\n" for value in missing
        )
        out.flush()
        os.fsync(out.fileno())


def _stream(connection: Connection, query: Select[Any]) -> Iterator[dict[str, Any]]:
    """Give rows by column name, a batch at a time; the cursor is closed however the reading ends."""
    with connection.execute(query, execution_options={"yield_per": BATCH}) as rows:
        yield from (dict(row) for row in rows.mappings())


def _heads(connection: Connection) -> Iterator[Head]:
    heads = tables.journal_head.c
    query = select(heads.organisation, heads.revision, heads.hash).order_by(heads.organisation.collate("C"))
    for organisation, count, last in connection.execute(query):
        yield Head(organisation=organisation, count=count, hash=last)


def _last(connection: Connection) -> Anchor | None:
    newest = connection.execute(select(func.max(tables.journal_anchor.c.seq))).scalar()
    return _anchors(connection, since=newest - 1)[-1] if newest else None


def _anchors(connection: Connection, *, since: int = 0) -> tuple[Anchor, ...]:
    a = tables.journal_anchor.c
    query = select(a.seq, a.at, a.heads, a.previous, a.hash).where(a.seq > since).order_by(a.seq)
    return tuple(
        Anchor(sequence=seq, at=at, heads=_as_written(heads), previous=previous, hash=own)
        for seq, at, heads, previous, own in connection.execute(query)
    )


def _as_written(heads: str) -> tuple[Head, ...]:
    """Read the heads of an anchor; a text that MOMS cannot have written gives none, which its hash shows."""
    try:
        found = heads_of(heads)
    except (ValueError, TypeError):
        return ()
    return found if heads_text(found) == heads else ()


def _anchor_row(value: Anchor) -> dict[str, object]:
    return {
        "seq": value.sequence,
        "organisation": "operator",
        "classification": "restricted",
        "revision": 1,
        "at": value.at,
        "heads": heads_text(value.heads),
        "previous": value.previous,
        "hash": value.hash,
    }


def _kept(connection: Connection) -> Iterator[Kept]:
    """Give every row that the journal tells of, with the columns that do not fit its document."""
    yield from _outages(connection)
    yield from _history(connection)
    yield from _decisions(connection)
    yield from _files(connection)
    yield from _change_sets(connection)
    yield from _who_may_act(connection)
    yield from _origins(connection)


def _origins(connection: Connection) -> Iterator[Kept]:
    """Give from where each line was asked; what is wrong with a row its own fingerprint shows."""
    for row in _stream(connection, select(tables.journal_origin)):
        place = f"{row['organisation']}/{row['seq']}"
        digest = print_of(row)
        yield Kept(table="journal_origin", id=place, revision=row["revision"], digest=digest, current=True)


def _change_sets(connection: Connection) -> Iterator[Kept]:
    t = tables.change_set
    for row in _stream(connection, select(*t.c[:-1], cast(t.c.document, String).label("document"))):
        written = str(row["document"])
        found = {name: value for name, value in row.items() if name != "document"}
        try:
            right = {**json.loads(written), "classification": "restricted"}
            wrong = tuple(name for name in found if found[name] != right.get(name))
        except (ValueError, TypeError):
            wrong = ("document",)
        yield Kept(
            table="change_set", id=found["id"], revision=found["revision"], digest=_sha(written), wrong=wrong,
            current=True,
        )  # fmt: skip


def _outages(connection: Connection) -> Iterator[Kept]:
    t = tables.outage
    columns = [c for c in t.c if c.name != "document"]
    equipment = _equipment(connection)
    for found in _stream(connection, select(*columns, cast(t.c.document, String).label("document"))):
        name, written = str(found["id"]), str(found["document"])
        wrong, claims = _wrong(found, written)
        if claims is not None and equipment.pop(name, {}) != claims:
            wrong = (*wrong, "outage_equipment")
        yield Kept(table="outage", id=name, revision=found["revision"], digest=_sha(written), wrong=wrong, current=True)
    for outage_id in sorted(equipment):
        yield Kept(table="outage_equipment", id=outage_id, revision=None, digest="")


def _wrong(found: dict[str, Any], written: str) -> tuple[tuple[str, ...], dict[str, tuple[object, ...]] | None]:
    """Name the columns that are not what the document says, and give the claims there should be."""
    try:
        outage = from_document(json.loads(written))
    except (ValueError, KeyError, TypeError, AttributeError, Refused):
        return ("document",), None
    right = {**outage_row(outage), "document": written}
    wrong = tuple(name for name in found if found[name] != right[name])
    claim = (outage.request.organisation, classification(outage), outage.revision, span(outage.window), blocks(outage))
    return wrong, dict.fromkeys(outage.request.assets, claim)


def _equipment(connection: Connection) -> dict[str, dict[str, tuple[object, ...]]]:
    e = tables.outage_equipment.c
    found: dict[str, dict[str, tuple[object, ...]]] = {}
    query = select(e.outage_id, e.asset, e.organisation, e.classification, e.revision, e.during, e.blocks)
    for row in _stream(connection, query):
        outage_id, asset, *claim = row.values()
        found.setdefault(outage_id, {})[asset] = tuple(claim)
    return found


def _history(connection: Connection) -> Iterator[Kept]:
    t = tables.outage_history
    columns = [c for c in t.c if c.name != "document"]
    for found in _stream(connection, select(*columns, cast(t.c.document, String).label("document"))):
        written, at, actor = str(found["document"]), found.pop("known_from"), str(found.pop("actor"))
        found["id"] = found.pop("outage_id")
        yield Kept(
            table="outage_history",
            id=found["id"],
            revision=found["revision"],
            digest=_sha(written),
            wrong=_wrong(found, written)[0],
            actor=actor,
            at=instant_text(at),
        )


def _decisions(connection: Connection) -> Iterator[Kept]:
    d, o = tables.decision, tables.outage.c
    same = ("organisation", "classification")
    query = select(
        *(d.c.id, d.c.outage_id, d.c.revision, cast(d.c.record, String).label("record")),
        *(d.c[name] for name in same),
        *(o[name].label(f"right_{name}") for name in same),
    ).join_from(d, tables.outage, d.c.outage_id == o.id, isouter=True)
    for row in _stream(connection, query):
        wrong = [name for name in same if row[name] != row[f"right_{name}"]]
        wrong += ["revision"] if row["revision"] != 1 else []
        yield Kept(
            table="decision",
            id=row["id"],
            revision=None,
            digest=_sha(row["record"]),
            wrong=tuple(wrong),
            belongs=row["outage_id"],
        )


def _files(connection: Connection) -> Iterator[Kept]:
    """Give files by their fingerprints; of the content the hash is computed anew."""
    t, o = tables.attachment, tables.outage.c
    columns = [c for c in t.c if c.name != "body"]
    query = select(
        *columns,
        func.encode(func.sha256(t.c.body), "hex").label("found"),
        o.organisation.label("right_organisation"),
    ).join_from(t, tables.outage, t.c.outage_id == o.id, isouter=True)
    for row in _stream(connection, query):
        found, right = row.pop("found"), row.pop("right_organisation")
        wrong = ["body"] if row["state"] != "infected" and found != row["sha256"] else []
        wrong += ["organisation"] if row["organisation"] != right else []
        yield Kept(
            table="attachment",
            id=row["id"],
            revision=row["revision"],
            digest=print_of(row),
            wrong=tuple(wrong),
            current=True,
        )


def _who_may_act(connection: Connection) -> Iterator[Kept]:
    """Give who may act and by what, subscriptions and views; what is wrong with a row its own fingerprint shows."""
    for table in (tables.person, tables.identity, tables.credential, tables.subscription, tables.passkey,
                  tables.saved_view):  # fmt: skip
        for row in _stream(connection, select(table)):
            name = name_of(row).partition(":")[2]
            unseen = "seen_at" in row and not row["made_at"] <= row["seen_at"] <= row.get("ends_at", row["seen_at"])
            yield Kept(
                table=table.name,
                id=name,
                revision=row["revision"],
                digest=print_of(row),
                wrong=("seen_at",) if unseen else (),
                current=True,
            )


def _constants(connection: Connection) -> Iterator[Fault]:
    """Find columns that hold the same in every row, outside all hashes, and do not."""
    for table, key, right in (
        (tables.journal_anchor, "seq", {"organisation": "operator", "classification": "restricted", "revision": 1}),
        (tables.journal_head, "organisation", {"classification": "restricted"}),
        (tables.book, "organisation", {"organisation": "operator", "classification": "public"}),
        (tables.lifecycle_move, "from_state", {"organisation": "operator", "classification": "public", "revision": 1}),
    ):
        for column, value in right.items():
            for name in connection.execute(select(table.c[key]).where(table.c[column] != value)).scalars():
                says = f"{table.name} {name}: {column} is not {value}"
                yield Fault(what=What.CHANGED, table=table.name, row=str(name), says=says)


def _sha(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()


def now() -> datetime:
    """Give the instant it is."""
    return datetime.now(tz=UTC)
