"""The book of outages on PostgreSQL (`desk.ports.Book`)."""

from __future__ import annotations

import contextlib
import hashlib
import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, JSON, String, any_, bindparam, cast, literal, select, text, tuple_, update
from sqlalchemy.exc import DBAPIError

from moms.desk.keys import Mark
from moms.desk.origin import FROM_WHERE, Door, Origin
from moms.desk.ports import BookMoved, NoSuchDecision, Told
from moms.outages.document import from_document
from moms.records.journal import CHANGE_SET, ENTRY, ORIGIN, REGISTER, Head, actor_body, link
from moms.store import tables
from moms.store.acting import act_as, open_as
from moms.store.bars import bars
from moms.store.changes import ChangeRows
from moms.store.lines import bodies_of, lines_matching
from moms.store.outbox import happening_of, tell_of, unanswered
from moms.store.refusals import looks_only, not_for, refusal, said, stale, unknown
from moms.store.rights import may
from moms.store.rows import (
    blocks,
    decision_body,
    event_body,
    event_of,
    line_of,
    line_row,
    matters,
    origin_row,
    outage_row,
    print_of,
    span,
)
from moms.values import SYSTEM, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Connection, Engine, Row, Select

    from moms.desk.change_set import ChangeSet, Step
    from moms.desk.ports import Bar, Event, LineSearch, Search
    from moms.outages import Outage
    from moms.records.journal import Line
    from moms.records.notices import Happening, Telling, Unanswered
    from moms.store.rights import Do
    from moms.values import Actor, Window

    Marker = Callable[[Connection, tuple[Mark, ...]], None]

LOCKED = text("SELECT count, hash, at FROM moms.journal_lock(:chain)")
LANDED = text("SELECT moms.newest_landing()")
WRITTEN = cast(bindparam("written", type_=String), JSON)
"""JSON that is written already is handed over so that the database keeps its very bytes."""
ADDED = tables.outage.insert().values(document=WRITTEN)
REVISED = (
    update(tables.outage)
    .where(tables.outage.c.id == bindparam("this"), tables.outage.c.revision == bindparam("before"))
    .values(document=WRITTEN)
)
KEPT = tables.decision.insert().values(record=WRITTEN)
LOOKED = select(cast(tables.outage.c.document, String)).where(tables.outage.c.id == bindparam("outage"))
FIXED = frozenset({"id", "organisation", "external_id"})
"""What of an outage no revision changes."""


class PostgresBook:
    """The book, on one database."""

    def __init__(
        self, engine: Engine, *, expected: tuple[str, int] | None = None, marker: Marker | None = None
    ) -> None:
        self.engine = engine
        self._expected = expected
        self._marker = marker

    def expecting(self, outage_id: str, revision: int) -> PostgresBook:
        """Give the same book, in which the first change to that outage holds at that revision only."""
        return PostgresBook(self.engine, expected=(outage_id, revision), marker=self._marker)

    def marking(self, marker: Marker) -> PostgresBook:
        """Give the same book, in which each transaction that writes says so to `marker` before its end."""
        return PostgresBook(self.engine, expected=self._expected, marker=marker)

    def landed(self) -> int:
        """Give the number of the newest landing, in one word and outside of any page; 0 where nothing has landed."""
        with said(SYSTEM), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            found: int = connection.execute(LANDED).scalar_one()
            return found

    @contextmanager
    def as_(self, actor: Actor) -> Iterator[PostgresPage]:
        """Open one transaction as this actor: committed at the end, rolled back on any exception.

        Raises:
            BookMoved: another transaction was in the way; nothing was written.
        """
        with said(actor), self.engine.begin() as connection:
            page = PostgresPage(connection, actor=actor, expected=self._expected, alone=True)
            yield page
            if page.broken is not None:
                raise page.broken
            if page.wrote and (page.happenings or self._marker is not None):
                # The page's own work is done. Its actor may see neither who is told nor what is kept under keys.
                act_as(connection, SYSTEM)
                tell_of(connection, page.happenings)
                if self._marker is not None:
                    self._marker(connection, tuple(page.marks))
        # Only once it is written: a page that was rolled back has changed nothing yet.
        self._expected = page.expected


class PostgresPage:
    """One transaction on the book (`desk.ports.Page`)."""

    def __init__(
        self, connection: Connection, *, actor: Actor, expected: tuple[str, int] | None = None, alone: bool = False
    ) -> None:
        self._connection = connection
        self._actor = actor
        self._alone = alone
        """Whether nothing else writes to the journal in this transaction: then what was written need not be read."""
        self._chains: dict[str, tuple[int, str, Any]] = {}
        """Chains that this page has locked, as it left them: how long, the last hash, the instant."""
        self._mine: dict[str, Outage] = {}
        """Outages as this page has written them: until its end nobody else can."""
        self.expected = expected
        """An outage and the revision its next change is for; None once that was written."""
        self.marks: list[Mark] = []
        """The revisions that this page has written."""
        self.broken: BaseException | None = None
        """Why the database would not write, where that ended the transaction for good."""
        self.wrote = False
        """Whether it has written anything: each writing has its line in the journal."""
        self.happenings: list[Happening] = []
        """The same, as those who are told of them hear it."""
        # Read before anything else: what is read later is at least as new, so `hold` notices any change.
        self._version: int = open_as(connection, actor)

    def version(self) -> int:
        """Give the book's version when this page was opened, or as this page has changed it."""
        return self._version

    def hold(self, version: int) -> None:
        """Lock the book for writing and make sure it is still at this version.

        Raises:
            BookMoved: it is not.
        """
        found: int | None = self._connection.execute(select(tables.book.c.revision).with_for_update()).scalar()
        if self._allowed(found) != version:
            raise BookMoved(
                f"the book is at version {found}, not {version}: it changed meanwhile",
                fix="read it again and decide anew",
            )
        self._version = version

    def outage(self, outage_id: str) -> Outage:
        """Give one outage.

        Raises:
            NoSuchOutage: none of that id, or not this actor's to see.
        """
        return from_document(json.loads(self._stored(outage_id)))

    def as_it_was(self, outage_id: str, revision: int) -> Outage:
        """Give one revision of an outage.

        Raises:
            NoSuchOutage: as `outage`, or no such revision.
        """
        there = tables.outage_history.c
        query = select(cast(there.document, String)).where(there.outage_id == outage_id, there.revision == revision)
        found = self._connection.execute(query).scalar()
        if found is None:
            raise unknown(outage_id)
        return from_document(json.loads(found))

    def find(self, search: Search) -> Sequence[Outage]:
        """Give the outages that match, by id."""
        documents = self._connection.execute(_matching(search, cast(tables.outage.c.document, String))).scalars()
        return tuple(from_document(json.loads(document)) for document in documents)

    def revisions(self, search: Search) -> Sequence[tuple[str, int]]:
        """Give the ids of the outages that match, in order, each with its revision."""
        columns = (tables.outage.c.id, tables.outage.c.revision)
        return tuple((name, revision) for name, revision in self._connection.execute(_matching(search, *columns)))

    def bars(self, window: Window, *, most: int) -> Sequence[Bar]:
        """Give at most `most` outages that lie in a window, or began before its end and are not back, by start."""
        return bars(self._connection, window, most=most)

    def add(self, outage: Outage, event: Event) -> None:
        """Put a new outage in the book, with its line in the journal.

        Raises:
            EquipmentTaken: it stands and overlaps another standing one.
            BookMoved: its id or its owner's reference came into the book meanwhile.
            NotYours: it belongs to an organisation this actor may not write for.
        """
        self._check("add", "outage", "document", organisation=outage.request.organisation)
        with self._whole(outage):
            if matters(outage):
                self._turn()
            row = outage_row(outage)
            self._connection.execute(ADDED, _written(row))
            self._tell(outage, event, row=row)

    def revise(self, outage: Outage, event: Event) -> None:
        """Write a later revision (`outage.revision` is the new one, one above the stored).

        Raises:
            NoSuchOutage: as `outage`. StaleRevision: the stored revision is another one.
            EquipmentTaken: as `add`. ForbiddenMove: the lifecycle does not know this step.
        """
        before = self._mine.get(outage.id) or self.outage(outage.id)
        if before.revision != outage.revision - 1:
            raise stale(outage, before.revision)
        self._check("change", "outage", "document", organisation=before.request.organisation)
        if self.expected is not None and self.expected[0] == outage.id:
            if self.expected[1] != before.revision:
                raise stale(outage, before.revision)
            self.expected = None
        with self._whole(outage):
            if matters(before) != matters(outage):
                self._turn()
            row = outage_row(outage)
            row["organisation"] = before.request.organisation  # nobody changes whose it is
            changed = {name: value for name, value in _written(row).items() if name not in FIXED}
            done = self._connection.execute(REVISED, {**changed, "this": outage.id, "before": before.revision})
            if done.rowcount != 1:
                raise stale(outage, self.outage(outage.id).revision)
            self._tell(outage, event, row=row)

    def keep_decision(self, decision_id: str, outage_id: str, record: dict[str, object]) -> None:
        """Store a decision record, once, beside its outage, with a line in the journal.

        Raises:
            NoSuchOutage: as `outage`.
        """
        organisation, kind = self._whose(outage_id)
        self._check("add", "decision", "record", organisation=organisation)
        written = canonical(record).decode()
        row = {
            "id": decision_id,
            "outage_id": outage_id,
            "organisation": organisation,
            "classification": kind,
            "revision": 1,
        }
        self._connection.execute(KEPT, {**row, "written": written})
        body = decision_body(decision_id=decision_id, outage_id=outage_id, record=_sha(written))
        self._append(organisation=organisation, classification=kind, outage_id=outage_id, revision=None, body=body)

    def decision(self, decision_id: str) -> dict[str, object]:
        """Give a stored decision record.

        Raises:
            NoSuchDecision: none of that id, or not this actor's to see.
        """
        query = select(cast(tables.decision.c.record, String)).where(tables.decision.c.id == decision_id)
        found = self._connection.execute(query).scalar()
        if found is None:
            raise NoSuchDecision(
                f"there is no decision {decision_id!r}", field="decision", fix="look at the outage it belongs to"
            )
        record: dict[str, object] = json.loads(found)
        return record

    def history(self, outage_id: str) -> Sequence[Event]:
        """Give what happened to an outage, oldest first.

        Raises:
            NoSuchOutage: as `outage`.
        """
        self._whose(outage_id)
        lines = tables.journal.c
        bodies = self._connection.execute(
            select(lines.body).where(lines.outage_id == outage_id).order_by(lines.seq)
        ).scalars()
        events = (event_of(body) for body in bodies)
        return tuple(event for event in events if event is not None)

    def note(self, event: Event, *, told: Telling | None = None) -> None:
        """Write an event that changes no outage (a journal line by itself), with the notices of what it tells."""
        organisation, kind = self._actor.organisation, "restricted"
        if event.outage_id:
            organisation, kind = self._whose(event.outage_id)
        body = event_body(event, revision=None, document=None)
        line = self._append(
            organisation=organisation, classification=kind, outage_id=event.outage_id, revision=None, body=body
        )
        if told is not None:
            self.happenings.append(happening_of(told.outage, event, line, told=told))

    def notes(self, outage_ids: Sequence[str], *, verb: str, hold: bool = False) -> Sequence[Event]:
        """Give the events of outages whose verb begins like this, oldest first of each organisation.

        With `hold` their chains are locked first: what is read then stands until the end.

        Raises:
            NoSuchOutage: with `hold`, one is not there, or not this actor's to see.
        """
        for organisation in sorted({self._whose(one)[0] for one in outage_ids} if hold else ()):
            self._lock(organisation)
        found = (event_of(body) for body in self._connection.execute(bodies_of(outage_ids, verb=verb)).scalars())
        return tuple(event for event in found if event is not None and event.verb.startswith(verb))

    def tell(self, event: Event, *, name: str, revision: int, document: str) -> None:
        """Write the line that goes with a revision of a person, session or token, with its fingerprint."""
        body = event_body(event, revision=revision, document=document)
        operator = SYSTEM.organisation
        self._append(organisation=operator, classification="restricted", outage_id=name, revision=revision, body=body)

    def enter(self, register: str, entry: dict[str, object]) -> None:
        """Write an entry of one of the operator's registers into the operator's journal.

        Raises:
            NotYours: this actor may not write there.
        """
        body = {"line": ENTRY, "register": register, "entry": entry}
        name = f"{REGISTER}{register}"
        operator = SYSTEM.organisation
        self._append(organisation=operator, classification="restricted", outage_id=name, revision=None, body=body)

    def entries(self, register: str, *, last: int | None = None) -> Sequence[dict[str, object]]:
        """Give the entries of a register, oldest first, or the `last` few; none for an actor who may not see them."""
        lines = tables.journal.c
        ours = (lines.organisation == SYSTEM.organisation, lines.outage_id == f"{REGISTER}{register}")
        newest_first = select(lines.body).where(*ours).order_by(lines.seq.desc()).limit(last)
        bodies = self._connection.execute(newest_first).scalars().all()
        return tuple(json.loads(body)["entry"] for body in reversed(bodies))

    def unanswered(self, *, within: timedelta, of: tuple[str, int] | None = None) -> Sequence[Unanswered]:
        """Give of what one side was told and nobody there has acknowledged, oldest first."""
        return unanswered(self._connection, within=within, of=of)

    def heads(self) -> Mapping[str, int]:
        """Give how many lines each chain of the journal has that this actor sees."""
        head = tables.journal_head.c
        rows = self._connection.execute(select(head.organisation, head.revision).order_by(head.organisation))
        return {organisation: count for organisation, count in rows if count}

    def told(self, after: Mapping[str, int], *, limit: int) -> Sequence[Told]:
        """Give the lines after those, chain by chain."""
        lines, found = tables.journal.c, list[Told]()
        for organisation, count in self.heads().items():
            since = after.get(organisation, 0)
            if count <= since or len(found) >= limit:
                continue
            rows = self._connection.execute(
                select(lines.seq, lines.outage_revision, lines.outage_id, lines.body)
                .where(lines.organisation == organisation, lines.seq > since)
                .order_by(lines.seq)
                .limit(limit - len(found))
            )
            found += [
                Told(
                    organisation=organisation,
                    sequence=seq,
                    revision=revision,
                    event=event_of(body),
                    register=subject.removeprefix(REGISTER) if subject.startswith(REGISTER) else None,
                )
                for seq, revision, subject, body in rows
            ]
        return tuple(found)

    def lines(self, search: LineSearch) -> Sequence[Line]:
        """Give the lines that match, newest first, whole with their hashes."""
        return tuple(line_of(row) for row in self._connection.execute(lines_matching(search)).mappings())  # type: ignore[arg-type]  # columns by name

    def origins(self, places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], Origin]:
        """Give from where lines were asked, by organisation and sequence; nothing to who is no auditor."""
        there = tables.journal_origin.c
        asked = select(there.organisation, there.seq, there.door, there.address, there.credential)
        rows = self._connection.execute(asked.where(tuple_(there.organisation, there.seq).in_(places)))
        return {
            (row.organisation, row.seq): Origin(door=Door(row.door), address=row.address, credential=row.credential)
            for row in rows
        }

    def change_set(self, name: str) -> ChangeSet:
        """Give a change set.

        Raises:
            NoSuchChangeSet: none of that id, or not this actor's to see.
        """
        return ChangeRows(self._connection).one(name)

    def change_sets(self, *, landed_after: int | None = None) -> Sequence[ChangeSet]:
        """Give the change sets that this actor may see, newest first; or what landed after a number, in order."""
        rows = ChangeRows(self._connection)
        return rows.all() if landed_after is None else rows.landed(after=landed_after)

    def write_change_set(self, after: ChangeSet, step: Step, *, event: Event) -> None:
        """Write a step of a change set with its line in the journal; one that lands turns the book's version.

        Raises:
            StaleRevision: the stored revision is not the one before. BookMoved: it is there already.
            NotYours: it belongs to an organisation this actor may not write for.
        """
        self._check("add", "change_set", "document", organisation=after.organisation)
        if after.landing is not None:
            self._turn()
        document = ChangeRows(self._connection).write(after)
        told = replace(event, after={"key": step.key, "told": step.told})
        body = event_body(told, revision=after.revision, document=_sha(document))
        self._append(
            organisation=after.organisation, classification="restricted", outage_id=f"{CHANGE_SET}{after.id}",
            revision=after.revision, body=body,
        )  # fmt: skip

    def steps(self, name: str) -> Sequence[Step]:
        """Give the steps of a change set from the journal alone, oldest first."""
        return ChangeRows(self._connection).steps(name)

    def landed(self) -> int:
        """Give the number of the newest landing, whoever asks; 0 where nothing has landed."""
        return ChangeRows(self._connection).newest()

    def known(self, outage_id: str, at: datetime) -> Outage | None:
        """Give an outage as the journal knew it at an instant of the desk's clock; None: not at all then.

        Raises:
            NoSuchOutage: as `outage`.
        """
        self._whose(outage_id)
        revision = ChangeRows(self._connection).revision_known(outage_id, at)
        return None if revision is None else self.as_it_was(outage_id, revision)

    def _stored(self, outage_id: str) -> str:
        """Give the document of an outage as it was written."""
        found = self._connection.execute(LOOKED, {"outage": outage_id}).scalar()
        if found is None:
            raise unknown(outage_id)
        return str(found)

    def _whose(self, outage_id: str) -> tuple[str, str]:
        """Give an outage's organisation and classification."""
        columns = tables.outage.c
        found = self._connection.execute(
            select(columns.organisation, columns.classification).where(columns.id == outage_id)
        ).first()
        if found is None:
            raise unknown(outage_id)
        return str(found[0]), str(found[1])

    @contextmanager
    def _whole(self, outage: Outage) -> Iterator[None]:
        """Do all of what is inside or nothing, and say in the desk's words why not.

        What no other outage can stand in the way of needs no savepoint to come back to: a page in which it fails
        all the same is not committed, whatever is done with the refusal.
        """
        version, chains = self._version, dict(self._chains)
        sure = self._alone and not blocks(outage) and not blocks(self._mine.get(outage.id, outage))
        try:
            with contextlib.nullcontext() if sure else self._connection.begin_nested():
                yield
        except BaseException as why:
            self._version, self._chains = version, chains
            said = refusal(why, outage) if isinstance(why, DBAPIError) else why
            self.broken = said if sure else self.broken
            if said is why:
                raise
            raise said from why
        if self._alone:
            self._mine[outage.id] = outage

    def _check(self, do: Do, table: str, column: str, *, organisation: str) -> None:
        """See that this actor may, before the database is asked, which sees to it once more.

        Raises:
            NotYours: it may not.
        """
        if not may(self._actor, do, table, column, organisation=organisation):
            raise not_for(organisation) if self._actor.organisation != organisation else looks_only(self._actor)

    def _turn(self) -> None:
        """Give the book its next version; whoever does this first is the only writer until the end."""
        book = tables.book
        turned = self._connection.execute(update(book).values(revision=book.c.revision + 1).returning(book.c.revision))
        self._version = self._allowed(turned.scalar())

    def _allowed(self, version: int | None) -> int:
        """Give the version, or say that this actor may not write: the database shows it no row to lock."""
        if version is None:
            raise looks_only(self._actor)
        return version

    def _tell(self, outage: Outage, event: Event, *, row: Mapping[str, object]) -> None:
        """Write the line that goes with a revision, which the book has as this row."""
        if event.outage_id != outage.id:
            msg = f"the event tells of {event.outage_id}, the outage is {outage.id}"
            raise ValueError(msg)
        body = event_body(event, revision=outage.revision, document=_sha(str(row["document"])))
        line = self._append(
            organisation=str(row["organisation"]), classification=str(row["classification"]), outage_id=outage.id,
            revision=outage.revision, body=body,
        )  # fmt: skip
        self.happenings.append(happening_of(outage, event, line))
        self.marks.append(Mark(outage_id=outage.id, revision=outage.revision, verb=event.verb))

    def _append(
        self,
        *,
        organisation: str,
        classification: str,
        outage_id: str,
        revision: int | None,
        body: Mapping[str, object],
    ) -> Line:
        """Add a line to an organisation's chain; the chain is locked until the end."""
        self.wrote = True
        self._check("add", "journal", "body", organisation=organisation)
        count, last, at = self._lock(organisation)
        origin = origin_row(FROM_WHERE.get(), organisation=organisation, sequence=count + 1)
        line = link(
            Head(organisation=organisation, count=count, hash=last),
            classification=classification,
            outage_id=outage_id,
            outage_revision=revision,
            body={
                **body,
                "written_by": actor_body(self._actor),
                "written_at": at,
                "book_version": self._version,
                **({} if origin is None else {ORIGIN: print_of(origin)}),
            },
        )
        self._connection.execute(tables.journal.insert(), line_row(line))
        if self._alone:
            self._chains[organisation] = (line.sequence, line.hash, at)
        if origin is not None:
            self._connection.execute(tables.journal_origin.insert(), origin)
        return line

    def _lock(self, chain: str) -> tuple[Any, ...]:
        """Lock an organisation's chain until the end; give how long it is, its last hash, and the instant."""
        there = self._chains.get(chain)
        if there is not None:
            return there
        row: Row[Any] = self._connection.execute(LOCKED, {"chain": chain}).one()
        return tuple(row)


def _matching(search: Search, *columns: ColumnElement[Any]) -> Select[Any]:
    """Write a search for some columns as a query."""
    c = tables.outage.c
    query = select(*columns).order_by(c.id)
    if search.ids:
        query = query.where(c.id.in_(search.ids))
    if search.window is not None:
        query = query.where(c.during.overlaps(span(search.window)))
    if search.assets:
        # By equality: under row-level security the index of an operator that might leak is not used.
        there = tables.outage_equipment.c
        named = there.asset == any_(literal(list(search.assets), ARRAY(String)))
        query = query.where(c.id.in_(select(there.outage_id).where(named)))
    if search.states:
        query = query.where(c.state.in_(search.states))
    if search.statuses:
        query = query.where(c.status.in_(search.statuses))
    for column, wanted in (
        (c.organisation, search.organisation),
        (c.holds, search.holding),
        (c.pending, search.pending),
        (c.external_id, search.external_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if search.group is not None:
        query = query.where(c.in_group == search.group)
    if search.text:
        query = query.where(c.words.icontains(search.text, autoescape=True))
    if search.after is not None:
        query = query.where(c.id > search.after)
    return query if search.limit is None else query.limit(search.limit)


def _written(row: Mapping[str, object]) -> dict[str, object]:
    """Give a row with its document as it was written."""
    return {**{name: value for name, value in row.items() if name != "document"}, "written": row["document"]}


def _sha(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()
