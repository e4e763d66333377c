"""Outages as a timeline shows them, read from the columns beside the documents: many thousands in a blink."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from moms.desk.ports import Bar
from moms.outages import State
from moms.store import tables
from moms.store.rows import span
from moms.values import Window

if TYPE_CHECKING:
    from sqlalchemy import Connection

STILL_OUT = (State.ACTIVE.value, State.PENDING_COMPLETE.value)


def bars(connection: Connection, window: Window, *, most: int) -> tuple[Bar, ...]:
    """Give at most `most` outages that lie in a window, or began before its end and are not back, by start and id."""
    c = tables.outage.c
    late = and_(c.state.in_(STILL_OUT), func.lower(c.during) < window.end)
    query = (
        select(
            c.id, c.external_id, c.organisation, c.category, c.kind, c.state, c.status, c.assets, c.during,
            c.document["actual_start"].as_string(), c.document["actual_end"].as_string(),
        )
        .where(or_(c.during.overlaps(span(window)), late))
        .order_by(func.lower(c.during), c.id)
        .limit(most)
    )  # fmt: skip
    return tuple(_bar(*row) for row in connection.execute(query))


def _bar(*row: Any) -> Bar:  # noqa: ANN401 - a row of the query above
    key, external_id, organisation, category, kind, state, status, assets, during, began, ended = row
    return Bar(
        id=key, external_id=external_id, organisation=organisation, category=category, kind=kind, state=state,
        status=status, assets=tuple(assets), window=Window(start=during.lower, end=during.upper),
        actual_start=_instant(began), actual_end=_instant(ended),
    )  # fmt: skip


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
