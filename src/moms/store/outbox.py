"""The outbox: what a transaction did becomes notices in that very transaction, or neither is written."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Interval, Text, bindparam, case, cast, func, or_, select, text, update

from moms.records.notices import Channel, Happening, State, Subscription, Unanswered, notices_of
from moms.records.told import Severity, Side
from moms.store import tables
from moms.values import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from sqlalchemy import Connection, Row

    from moms.desk.ports import Event
    from moms.outages import Outage
    from moms.records.journal import Line
    from moms.records.notices import Notice, Telling


NEXT_MORNING = (
    "date_trunc('day', transaction_timestamp() AT TIME ZONE 'UTC' - interval '11 hours') AT TIME ZONE 'UTC'"
    " + interval '1 day 11 hours'"
)
"""The next 06:00 of market time (UTC-5 all year), when the daily mail goes out."""
WRITTEN = tables.notice.insert().values(
    ends_at=func.transaction_timestamp() + bindparam("lasts", type_=Interval(native=True))
)


def tell_of(connection: Connection, happenings: Sequence[Happening]) -> None:
    """Write the notices of what this transaction did, as the system: nobody else may see who wants to be told."""
    if not happenings:
        return
    asked = held(connection)
    daily = {s.id for s in asked if s.daily}
    rows = [_row(notice) for happening in happenings for notice in notices_of(happening, asked)]
    if rows:
        connection.execute(WRITTEN, rows)
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
        areas=tuple(row.areas),
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
        "matter": notice.matter,
        "lasts": notice.lasts,
    }


def happening_of(outage: Outage, event: Event, line: Line, *, told: Telling | None = None) -> Happening:
    """Give what happened as those hear it who are told: with `told`, of a line that changes no outage."""
    return Happening(
        chain=line.organisation, sequence=line.sequence, at=event.at, verb=told.word if told else event.verb,
        actor=event.actor, asked_by=event.asked_by, reason=told.reason if told else event.reason, outage=outage,
        areas=event.areas, plan=event.plan, until=told.until if told else None, next=told.next if told else None,
    )  # fmt: skip


def unanswered(
    connection: Connection, *, within: timedelta, of: tuple[str, int] | None = None
) -> tuple[Unanswered, ...]:
    """Give of what one side was told and nobody there has acknowledged, oldest first."""
    told, other = tables.notice.c, tables.notice.alias().c
    on_side = case((told.organisation == OPERATOR, Side.OPERATOR.value), else_=Side.OWNER.value)
    matter = on_side + ":" + cast(told.seq, Text) + ":" + told.chain
    same_side = (other.organisation == OPERATOR) == (told.organisation == OPERATOR)
    read = (other.channel == Channel.INBOX.value, other.state == State.ACKNOWLEDGED.value)
    taken = select(other.id).where(other.chain == told.chain, other.seq == told.seq, same_side, *read)
    went_on = select(other.id).where(other.matter != "", other.matter == matter, *read)  # two, each with an index
    query = (
        select(told.chain, told.seq, on_side.label("side"), told.severity, told.outage_id, told.made_at, told.body)
        .where(told.channel == Channel.INBOX.value, told.severity != Severity.INFO.value, told.matter == "")
        .where(told.person == "", told.made_at > func.transaction_timestamp() - within)
        .where(or_(told.ends_at.is_(None), told.ends_at > func.clock_timestamp()))
        .where(~taken.exists(), ~went_on.exists())
        .order_by(told.made_at, told.chain, told.seq)
    )
    if of is not None:
        query = query.where(told.chain == of[0], told.seq == of[1])
    rows = {(row.chain, row.seq, row.side): row for row in connection.execute(query)}
    return tuple(
        Unanswered(chain=row.chain, sequence=row.seq, side=Side(row.side), severity=Severity(row.severity),
                   outage_id=row.outage_id, word=row.body["verb"], at=datetime.fromisoformat(row.body["at"]))
        for row in rows.values()
    )  # fmt: skip
