"""Change sets as rows, their steps as lines of the journal, and outages as they were known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, DateTime, String, cast, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError

from moms.desk.change_set import NoSuchChangeSet, Step, Verb, document, read_change_set
from moms.desk.ports import BookMoved, StaleRevision
from moms.records.journal import CHANGE_SET
from moms.store import tables
from moms.values import SYSTEM, canonical

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from moms.desk.change_set import ChangeSet

UNIQUE = "23505"
PREFIX = "change_set."
"""Before the step's name in the journal's verb."""


@dataclass(frozen=True, slots=True)
class ChangeRows:
    """The rows of change sets in one transaction."""

    connection: Connection

    def one(self, name: str) -> ChangeSet:
        """Give a change set.

        Raises:
            NoSuchChangeSet: none of that id, or not this actor's to see.
        """
        there = tables.change_set.c
        written = self.connection.execute(select(cast(there.document, String)).where(there.id == name)).scalar()
        if written is None:
            raise NoSuchChangeSet(
                f"there is no change set {name!r}", field="change_set", fix="list them with: moms changes"
            )
        return read_change_set(json.loads(written))

    def all(self) -> tuple[ChangeSet, ...]:
        """Give those that this actor may see, newest first."""
        there = tables.change_set.c
        rows = self.connection.execute(select(cast(there.document, String))).scalars()
        found = (read_change_set(json.loads(written)) for written in rows)
        return tuple(sorted(found, key=lambda s: (s.made_at, s.id), reverse=True))

    def landed(self, *, after: int) -> tuple[ChangeSet, ...]:
        """Give what landed after a number, in order; an owner's change sets never count among them."""
        there = tables.change_set.c
        query = (
            select(cast(there.document, String))
            .where(there.organisation == SYSTEM.organisation, there.landing > after)
            .order_by(there.landing)
        )
        return tuple(read_change_set(json.loads(written)) for written in self.connection.execute(query).scalars())

    def newest(self) -> int:
        """Give the number of the newest landing, 0 where nothing has."""
        return int(self.connection.execute(text("SELECT moms.landings()")).scalar_one())

    def write(self, after: ChangeSet) -> str:
        """Write a revision, and give its document as it was written.

        Raises:
            StaleRevision: the stored revision is not the one before. BookMoved: it is there already, or another
            landed under its number.
        """
        written = canonical(document(after)).decode()
        kept = cast(literal(written, String), JSON)
        row = {"revision": after.revision, "became": after.became.value, "landing": after.landing, "document": kept}
        there = tables.change_set
        try:
            with self.connection.begin_nested():
                if after.revision == 1:
                    key = {"id": after.id, "organisation": after.organisation, "classification": "restricted"}
                    self.connection.execute(there.insert().values({**key, **row}))
                    return written
                older = there.c.id == after.id, there.c.revision == after.revision - 1
                done = self.connection.execute(update(there).where(*older).values(row))
        except IntegrityError as why:
            if getattr(why.orig, "sqlstate", None) != UNIQUE:
                raise
            raise BookMoved(f"{after.id} or its number is there already", fix="read it again") from why
        if done.rowcount != 1:
            says = f"change set {after.id} is not at revision {after.revision - 1}"
            raise StaleRevision(says, field="revision", fix="read it again")
        return written

    def steps(self, name: str) -> tuple[Step, ...]:
        """Give the steps of a change set from the journal alone, oldest first."""
        lines = tables.journal.c
        query = select(lines.body).where(lines.outage_id == f"{CHANGE_SET}{name}").order_by(lines.outage_revision)
        return tuple(_step(json.loads(body)) for body in self.connection.execute(query).scalars())

    def revision_known(self, outage_id: str, at: datetime) -> int | None:
        """Give the newest revision of an outage that the journal told of by an instant of the desk's clock."""
        lines = tables.journal.c
        told_at = cast(cast(lines.body, JSONB)["at"].astext, DateTime(timezone=True))
        query = select(func.max(lines.outage_revision)).where(lines.outage_id == outage_id, told_at <= at)
        found = self.connection.execute(query).scalar()
        return None if found is None else int(found)


def _step(body: dict[str, Any]) -> Step:
    actor = body["actor"]
    return Step(
        verb=Verb(body["verb"].removeprefix(PREFIX)), at=datetime.fromisoformat(body["at"]),
        by=f"{actor['name']}@{actor['organisation']}", key=body["after"]["key"], told=body["after"]["told"],
    )  # fmt: skip
