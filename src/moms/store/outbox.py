"""The outbox: what a transaction did becomes notices in that very transaction, or neither is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from moms.records.notices import Channel, Severity, Subscription, notices_of
from moms.store import tables
from moms.store.acting import act_as
from moms.values import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

    from moms.records.notices import Happening, Notice


def tell_of(connection: Connection, happenings: Sequence[Happening]) -> None:
    """Write the notices of what this transaction did; the last thing in it that its own actor does.

    As the system from here on: nobody else may see who wants to be told.
    """
    if not happenings:
        return
    act_as(connection, SYSTEM)
    asked = held(connection)
    rows = [_row(notice) for happening in happenings for notice in notices_of(happening, asked)]
    if rows:
        connection.execute(tables.notice.insert(), rows)


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
