"""The inbox and the subscriptions on PostgreSQL (`desk.notices`)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, tuple_, update

from moms.desk.notices import Held, Kept
from moms.records.notices import Channel, Notice, State, matter_of, side_of
from moms.records.told import Severity
from moms.store import tables
from moms.store.acting import act_as
from moms.store.book import PostgresPage
from moms.store.outbox import subscription_of
from moms.store.refusals import said
from moms.store.rows import name_of, print_of
from moms.values import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine, Row, RowMapping, Select

    from moms.desk.ports import Event
    from moms.records.notices import Subscription
    from moms.values import Actor

THERE = tables.notice
TO_PEOPLE = (Channel.MAIL.value, Channel.SMS.value)
"""Ways that end at a person: who has read it elsewhere need not be told again. A webhook's end is a machine."""
MOST_OF_ONE = 1000
"""Open notices of one outage that are looked at together."""


class PostgresNotices:
    """The notices, on one database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def as_(self, actor: Actor) -> Iterator[PostgresNoticesPage]:
        """Open one transaction: committed at the end, rolled back on any exception."""
        with said(actor), self.engine.begin() as connection:
            yield PostgresNoticesPage(connection, actor=actor)


class PostgresNoticesPage:
    """One transaction on the notices (`desk.notices.NoticesPage`); rows as the system, the journal as the actor."""

    def __init__(self, connection: Connection, *, actor: Actor) -> None:
        self._connection = connection
        self._actor = actor
        self._journal = PostgresPage(connection, actor=actor)
        act_as(connection, SYSTEM)

    def inbox(self, actor: Actor, *, open_only: bool, before: str | None, limit: int) -> Sequence[Kept]:
        """Give what stands in an actor's inbox, newest first."""
        query = _to(actor, THERE.c.channel == Channel.INBOX.value)
        if open_only:
            query = query.where(or_(THERE.c.ends_at.is_(None), THERE.c.ends_at > func.clock_timestamp()))
        return self._page_of(query, only=State.OPEN if open_only else None, before=before, limit=limit)

    def open_of(self, actor: Actor, outage_id: str) -> Sequence[Kept]:
        """Give what stands open in an actor's inbox of one outage, newest first."""
        query = _to(actor, THERE.c.channel == Channel.INBOX.value).where(THERE.c.outage_id == outage_id)
        return self._page_of(query, only=State.OPEN, before=None, limit=MOST_OF_ONE)

    def outgoing(self, actor: Actor, *, dead_only: bool, before: str | None, limit: int) -> Sequence[Kept]:
        """Give what is or was to be sent to an actor, newest first."""
        query = _to(actor, THERE.c.channel != Channel.INBOX.value)
        return self._page_of(query, only=State.DEAD if dead_only else None, before=before, limit=limit)

    def _page_of(self, query: Select[Any], *, only: State | None, before: str | None, limit: int) -> Sequence[Kept]:
        c = THERE.c
        if only is not None:
            query = query.where(c.state == only.value)
        if before is not None:
            mark = select(c.made_at, c.id).where(c.id == before).subquery()
            query = query.where(tuple_(c.made_at, c.id) < select(mark.c.made_at, mark.c.id).scalar_subquery())
        rows = self._connection.execute(query.order_by(c.made_at.desc(), c.id.desc()).limit(limit))
        return tuple(kept_of(row) for row in rows)

    def hold(self, notice_id: str) -> Kept | None:
        """Give a notice, or None; nobody changes it until the end."""
        row = self._connection.execute(select(THERE).where(THERE.c.id == notice_id).with_for_update()).first()
        return None if row is None else kept_of(row)

    def acknowledge(self, kept: Kept, event: Event) -> None:
        """Write that it was acknowledged, and stop mail and texts that its addressee would still get of the same.

        What went on to others because nobody had acknowledged it is done with for all of them, by every way.
        """
        c, notice = THERE.c, kept.notice
        done = {"done_at": func.transaction_timestamp(), "done_by": self._actor.name, "revision": c.revision + 1}
        this = update(THERE).where(c.id == notice.id)
        self._connection.execute(this.values(state=State.ACKNOWLEDGED.value, **done))
        same = (c.chain == notice.chain) & (c.seq == notice.sequence) & (c.organisation == notice.organisation)
        whose = (c.person == self._actor.name) | ((c.role != "") & (c.role == notice.role))
        waits = c.channel.in_(TO_PEOPLE) & c.state.in_((State.OPEN.value, State.DEAD.value))
        self._connection.execute(update(THERE).where(same, whose, waits).values(state=State.STOPPED.value, **done))
        self._close(notice, waits, done)
        self._note(event)

    def _close(self, notice: Notice, waits: ColumnElement[bool], done: Mapping[str, object]) -> None:
        """Close what went on of the same matter; and where that was acknowledged, what it began with on that side."""
        c, side = THERE.c, side_of(notice.organisation)
        matter = notice.matter or matter_of(side, chain=notice.chain, sequence=notice.sequence)
        these = (c.matter == matter) & (c.matter != "")  # as the index says it
        whose, number, chain = matter.split(":", 2)
        if notice.matter and whose == side:
            first = (c.chain == chain) & (c.seq == int(number)) & (c.organisation == notice.organisation)
            these |= first & ((c.person == "") | (c.channel != Channel.INBOX.value))
        unread = (c.channel == Channel.INBOX.value) & (c.state == State.OPEN.value)
        self._connection.execute(update(THERE).where(these, unread).values(state=State.ACKNOWLEDGED.value, **done))
        self._connection.execute(update(THERE).where(these, waits).values(state=State.STOPPED.value, **done))

    def again(self, kept: Kept, event: Event) -> None:
        """Let a dead notice be sent as if it never had been tried."""
        fresh = {"state": State.OPEN.value, "due_at": func.clock_timestamp(), "leased_until": None, "tries": 0}
        this = update(THERE).where(THERE.c.id == kept.notice.id)
        self._connection.execute(this.values(**fresh, revision=THERE.c.revision + 1))
        self._note(event)

    def subscription(self, subscription_id: str) -> Held | None:
        """Give one by its id, or None."""
        there = tables.subscription
        row = self._connection.execute(select(there).where(there.c.id == subscription_id)).first()
        return None if row is None else Held(subscription=subscription_of(row), secret=row.secret, ended=row.ended)

    def subscriptions(self, organisation: str) -> Sequence[Subscription]:
        """Give those of an organisation that nobody has ended, by id."""
        there = tables.subscription
        query = select(there).where(there.c.organisation == organisation, ~there.c.ended).order_by(there.c.id)
        return tuple(subscription_of(row) for row in self._connection.execute(query))

    def follow(self, subscription: Subscription, *, secret: str | None, event: Event) -> None:
        """Enter a subscription."""
        row = {
            "id": subscription.id,
            "organisation": subscription.organisation,
            "classification": "restricted",
            "revision": 1,
            "person": subscription.person,
            "role": subscription.role,
            "channel": subscription.channel.value,
            "target": subscription.target,
            "secret": secret,
            "owners": list(subscription.owners),
            "assets": list(subscription.assets),
            "verbs": list(subscription.verbs),
            "areas": list(subscription.areas),
            "severity": subscription.severity.value,
            "daily": subscription.daily,
            "sees_all": subscription.sees_all,
            "made_at": event.at,
            "ended": False,
        }
        there = tables.subscription
        self._told(event, self._connection.execute(there.insert().values(row).returning(there)).mappings().one())

    def unfollow(self, subscription_id: str, event: Event) -> None:
        """End a subscription."""
        there = tables.subscription
        ended = update(there).where(there.c.id == subscription_id, ~there.c.ended).returning(there)
        found = self._connection.execute(ended.values(ended=True, revision=there.c.revision + 1)).mappings().first()
        if found is not None:
            self._told(event, found)

    def _told(self, event: Event, found: RowMapping) -> None:
        """Write the line that goes with a revision of a subscription, into the operator's chain as MOMS."""
        row: dict[str, Any] = dict(found)
        journal = PostgresPage(self._connection, actor=SYSTEM)
        journal.tell(event, name=name_of(row), revision=row["revision"], document=print_of(row))

    def _note(self, event: Event) -> None:
        """Write the line as the actor: what it may not write there, it may not do here."""
        act_as(self._connection, self._actor)
        self._journal.note(event)
        act_as(self._connection, SYSTEM)


def _to(actor: Actor, channel: ColumnElement[bool]) -> Select[Any]:
    c = THERE.c
    mine = (c.person == actor.name) | (c.role == actor.role.value)
    return select(THERE).where(c.organisation == actor.organisation, channel, mine)


def kept_of(row: Row[Any]) -> Kept:
    """Read a row."""
    notice = Notice(
        id=row.id,
        subscription=row.subscription,
        organisation=row.organisation,
        person=row.person,
        role=row.role,
        channel=Channel(row.channel),
        target=row.target,
        severity=Severity(row.severity),
        chain=row.chain,
        sequence=row.seq,
        outage_id=row.outage_id,
        body=row.body,
        matter=row.matter,
    )
    return Kept(
        notice=notice,
        state=State(row.state),
        made_at=row.made_at,
        done_at=row.done_at,
        done_by=row.done_by,
        tries=row.tries,
        answer=row.answer,
        ends_at=row.ends_at,
    )
