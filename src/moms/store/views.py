"""Saved views on PostgreSQL (`desk.views`)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from moms.desk.views import View
from moms.store import tables
from moms.store.acting import act_as
from moms.store.book import PostgresPage
from moms.store.refusals import said
from moms.store.rows import name_of, print_of
from moms.values import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Engine, RowMapping

    from moms.desk.ports import Event
    from moms.values import Actor

THERE = tables.saved_view
CHANGED = ("revision", "name", "shared", "filters", "sort", "columns", "ended")


class PostgresViews:
    """The views, on one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def as_(self, actor: Actor) -> Iterator[PostgresViewsPage]:
        """Open one transaction: committed at the end, rolled back on any exception."""
        with said(actor), self._engine.begin() as connection:
            yield PostgresViewsPage(connection)


class PostgresViewsPage:
    """One transaction on the views (`desk.views.ViewsPage`); rows and lines as the system."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._journal = PostgresPage(connection, actor=SYSTEM)
        act_as(connection, SYSTEM)

    def views(self, organisation: str) -> Sequence[View]:
        """Give those of an organisation that nobody has ended, by name."""
        c = THERE.c
        # Two who save at once do so in turn: neither then has a name twice, or more than one may.
        self._connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"view:{organisation}", 0))))
        rows = select(THERE).where(c.organisation == organisation, ~c.ended).order_by(c.name, c.id)
        return tuple(_view(row) for row in self._connection.execute(rows).mappings())

    def view(self, view_id: str) -> View | None:
        """Give one, ended or not, or None; nobody changes it until the end."""
        query = select(THERE).where(THERE.c.id == view_id).with_for_update()
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _view(row)

    def add(self, view: View, event: Event) -> None:
        """Enter a view."""
        self._told(event, self._connection.execute(THERE.insert().values(_row(view)).returning(THERE)).mappings().one())

    def revise(self, view: View, event: Event) -> None:
        """Write a later revision."""
        row = _row(view)
        done = update(THERE).where(THERE.c.id == view.id).values({name: row[name] for name in CHANGED}).returning(THERE)
        self._told(event, self._connection.execute(done).mappings().one())

    def _told(self, event: Event, found: RowMapping) -> None:
        """Write the line that goes with a revision, into the operator's chain as MOMS."""
        row: dict[str, Any] = dict(found)
        self._journal.tell(event, name=name_of(row), revision=row["revision"], document=print_of(row))


def _row(view: View) -> dict[str, Any]:
    return {
        "id": view.id, "organisation": view.organisation, "classification": "restricted", "revision": view.revision,
        "person": view.person, "name": view.name, "shared": view.shared, "filters": dict(view.filters),
        "sort": view.sort, "columns": list(view.columns), "made_at": view.made_at, "ended": view.ended,
    }  # fmt: skip


def _view(row: RowMapping) -> View:
    return View(
        id=row["id"], organisation=row["organisation"], person=row["person"], name=row["name"], shared=row["shared"],
        filters=row["filters"], sort=row["sort"], columns=tuple(row["columns"]), made_at=row["made_at"],
        revision=row["revision"], ended=row["ended"],
    )  # fmt: skip
