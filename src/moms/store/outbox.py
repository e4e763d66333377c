"""The outbox: what a transaction did becomes notices in that very transaction, or neither is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text, update

from moms.records.notices import Channel, Severity, Subscription, notices_of
from moms.store import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from moms.records.notices import Happening, Notice


NEXT_MORNING = (
    "date_trunc('day', transaction_timestamp() AT TIME ZONE 'UTC' - interval '11 hours') AT TIME ZONE 'UTC'"
    " + interval '1 day 11 hours'"
)
"""The next 06:00 of market time (UTC-5 all year), when the daily mail goes out."""


def tell_of(connection: Connection, happenings: Sequence[Happening]) -> None:
    """Write the notices of what this transaction did, as the system: nobody else may see who wants to be told."""
    if not happenings:
        return
    asked = held(connection)
    daily = {s.id for s in asked if s.daily}
    rows = [_row(notice) for happening in happenings for notice in notices_of(happening, asked)]
    if rows:
        connection.execute(tables.notice.insert(), rows)
    late = [row["id"] for row in rows if row["subscription"] in daily and row["severity"] != Severity.URGENT.value]
    if late:
        there = tables.notice
        put_off = {"due_at": text(NEXT_MORNING), "revision": there.c.revision + 1}
        connection.execute(update(there).where(there.c.id.in_(late)).values(put_off))


def held(connection: Connection) -> tuple[Subscription, ...]:
    """Give the subscriptions that nobody has ended, by id."""
    there = tables.subscription
    return tuple(
        subscription_of(row) for row in connection.execute(select(there).where(~there.c.ended).order_by(there.c.id))
    )


def subscription_of(row: Row[Any]) -> Subscription:
    """Read a row."""
    return Subscription(
        id=row.id,
        organisation=row.organisation,
        person=row.person,
        role=row.role,
        channel=Channel(row.channel),
        target=row.target,
        owners=tuple(row.owners),
        assets=tuple(row.assets),
        verbs=tuple(row.verbs),
        severity=Severity(row.severity),
        daily=row.daily,
        sees_all=row.sees_all,
    )


def _row(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "organisation": notice.organisation,
        "classification": "confidential",
        "revision": 1,
        "subscription": notice.subscription,
        "person": notice.person,
        "role": notice.role,
        "channel": notice.channel.value,
        "target": notice.target,
        "severity": notice.severity.value,
        "chain": notice.chain,
        "seq": notice.sequence,
        "outage_id": notice.outage_id,
        "body": notice.body,
    }
