"""Files of outages on PostgreSQL (`desk.files`)."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from moms.desk.files import PREFIX, File, NoSuchFile, State
from moms.store import tables
from moms.store.book import PostgresPage
from moms.store.refusals import said
from moms.store.rows import classification, print_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Engine, RowMapping

    from moms.desk.ports import Event
    from moms.outages import Outage
    from moms.values import Actor

THERE = tables.attachment
ABOUT = tuple(column for column in THERE.c if column.name != "body")
"""Everything of a file but its content, which is read only where it is given out or looked at."""


class PostgresFiles:
    """The files of outages, on one database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def as_(self, actor: Actor) -> Iterator[PostgresFilesPage]:
        """Open one transaction as this actor: committed at the end, rolled back on any exception."""
        with said(actor), self.engine.begin() as connection:
            yield PostgresFilesPage(connection, actor=actor)


class PostgresFilesPage:
    """One transaction on the files of outages (`desk.files.FilesPage`)."""

    def __init__(self, connection: Connection, *, actor: Actor) -> None:
        self._connection = connection
        self._book = PostgresPage(connection, actor=actor)

    def outage(self, outage_id: str, *, hold: bool = False) -> Outage:
        """Give an outage; with `hold` no file comes to it until the end but by this page."""
        if hold:
            self._book.notes((outage_id,), verb=PREFIX, hold=True)
        return self._book.outage(outage_id)

    def of(self, outage_id: str) -> Sequence[File]:
        """Give the files of an outage, oldest first."""
        return self._read(select(*ABOUT).where(THERE.c.outage_id == outage_id))

    def file(self, file_id: str) -> File | None:
        """Give one file, or None where there is none that this actor may see."""
        found = self._read(select(*ABOUT).where(THERE.c.id == file_id))
        return found[0] if found else None

    def body(self, file_id: str) -> bytes:
        """Give the content of a file."""
        return bytes(self._connection.execute(select(THERE.c.body).where(THERE.c.id == file_id)).scalar_one())

    def waiting(self, *, unscanned: bool, most: int) -> Sequence[File]:
        """Give files that nothing has looked at, oldest first."""
        states = [State.HELD.value, *([State.UNSCANNED.value] if unscanned else [])]
        return self._read(select(*ABOUT).where(THERE.c.state.in_(states)).limit(most))

    def add(self, file: File, body: bytes, event: Event) -> None:
        """Enter a file, with its line in the journal of the outage."""
        row = {
            "id": file.id,
            "organisation": file.organisation,
            "classification": classification(self._book.outage(file.outage_id)),
            "revision": file.revision,
            "outage_id": file.outage_id,
            "name": file.name,
            "kind": file.kind,
            "size": file.size,
            "sha256": file.sha256,
            "added_by": file.added_by,
            "added_role": file.added_role,
            "added_at": file.added_at,
            "state": file.state.value,
            "says": file.says,
            "looked_at": file.looked_at,
        }
        written = self._connection.execute(insert(THERE).values({**row, "body": body}).returning(*ABOUT))
        self._note(event, written.mappings().one())

    def judge(self, file: File, event: Event) -> None:
        """Write what was found; the content of an infected file goes.

        Raises:
            NoSuchFile: somebody has written another revision meanwhile.
        """
        gone = {"body": b""} if file.state == State.INFECTED else {}
        written = self._connection.execute(
            update(THERE)
            .where(THERE.c.id == file.id, THERE.c.revision == file.revision - 1)
            .values(
                revision=file.revision, state=file.state.value, says=file.says, looked_at=file.looked_at, **gone,
            )
            .returning(*ABOUT)
        )  # fmt: skip
        row = written.mappings().first()
        if row is None:
            raise NoSuchFile(f"file {file.id} was looked at meanwhile", field="file", fix="read it again")
        self._note(event, row)

    def _note(self, event: Event, row: RowMapping) -> None:
        fingerprint: dict[str, Any] = {**event.after, "print": print_of(dict(row))}
        self._book.note(replace(event, after=fingerprint))

    def _read(self, query: Any) -> tuple[File, ...]:  # noqa: ANN401 - a Select of the columns of a file
        rows = self._connection.execute(query.order_by(THERE.c.added_at, THERE.c.id))
        return tuple(_file(row) for row in rows.mappings())


def _file(row: RowMapping) -> File:
    return File(
        id=row["id"],
        outage_id=row["outage_id"],
        organisation=row["organisation"],
        name=row["name"],
        kind=row["kind"],
        size=row["size"],
        sha256=row["sha256"],
        added_by=row["added_by"],
        added_role=row["added_role"],
        added_at=row["added_at"],
        state=State(row["state"]),
        says=row["says"],
        looked_at=row["looked_at"],
        revision=row["revision"],
    )
