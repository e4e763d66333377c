"""What is to be sent, on PostgreSQL (`desk.sending.Outgoing`): taken under a lease, marked by whoever still holds it.

The database's clock alone says what is due and which lease has lapsed. The revision of a notice is its fence.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, update

from moms.desk.sending import Letter
from moms.records.notices import Channel, State
from moms.store import tables
from moms.store.acting import act_as
from moms.store.notices import kept_of
from moms.values import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta

    from sqlalchemy import Connection, Engine, Row

THERE = tables.notice
MOST = 100
"""Notices in one mail or text."""
ANSWER_CHARACTERS = 300


class PostgresOutgoing:
    """The outbox of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, channels: Sequence[Channel], *, lease: timedelta, tries: int) -> Letter | None:
        """Take a letter that is due and that nobody holds, or None."""
        with self._page() as connection:
            while True:
                query = _due(channels).order_by(THERE.c.due_at, THERE.c.id).limit(1)
                first = connection.execute(query).first()
                if first is None:
                    return None
                held = connection.execute(_subscription(first.subscription)).one()
                if not _dropped(connection, first, held, tries=tries):
                    return _letter(connection, first, secret=held.secret, lease=lease)

    def sent(self, letter: Letter, says: str) -> int:
        """Mark what is still held as sent."""
        done = {"state": State.SENT.value, "done_at": func.clock_timestamp(), "done_by": SYSTEM.name}
        return self._mark(letter, says, **done)

    def later(self, letter: Letter, says: str, *, after: timedelta | None) -> int:
        """Put off what is still held, or give it up."""
        if after is None:
            return self._mark(letter, says, state=State.DEAD.value)
        return self._mark(letter, says, due_at=func.clock_timestamp() + after)

    def waiting(self) -> Mapping[str, int]:
        """Give how many notices wait, by channel."""
        c = THERE.c
        query = select(c.channel, func.count().label("waiting")).where(
            c.channel != Channel.INBOX.value, c.state == State.OPEN.value
        )
        with self._page() as connection:
            return {row.channel: row.waiting for row in connection.execute(query.group_by(c.channel))}

    def _mark(self, letter: Letter, says: str, **values: object) -> int:
        c = THERE.c
        held = or_(
            *(and_(c.id == n.id, c.revision == fence) for n, fence in zip(letter.notices, letter.fences, strict=True))
        )
        more = {"answer": says[:ANSWER_CHARACTERS], "leased_until": None, "revision": c.revision + 1}
        with self._page() as connection:
            marked = connection.execute(update(THERE).where(held, c.state == State.OPEN.value).values(**values, **more))
            return marked.rowcount

    @contextmanager
    def _page(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            act_as(connection, SYSTEM)
            yield connection


def _due(channels: Sequence[Channel]) -> Any:  # noqa: ANN401 - a select, whose type says nothing
    c = THERE.c
    free = or_(c.leased_until.is_(None), c.leased_until < func.clock_timestamp())
    ready = (c.state == State.OPEN.value, c.due_at <= func.clock_timestamp(), free)
    over = and_(c.ends_at.is_not(None), c.ends_at <= func.clock_timestamp())
    wanted = select(THERE, over.label("over")).where(c.channel.in_([w.value for w in channels]), *ready)
    return wanted.with_for_update(skip_locked=True)


def _subscription(name: str) -> Any:  # noqa: ANN401 - as above
    s, p = tables.subscription, tables.person
    gone = select(p.c.name).where(p.c.name == s.c.person, p.c.disabled).exists()
    return select(s.c.secret, or_(s.c.ended, gone).label("unwanted")).where(s.c.id == name)


def _dropped(connection: Connection, row: Row[Any], held: Row[Any], *, tries: int) -> bool:
    """Stop what nobody wants any more, and give up what was taken so often; tell whether that was done."""
    if row.over:
        values = {"state": State.STOPPED.value, "answer": "it was of no use any more when it could be sent"}
    elif held.unwanted:
        values = {"state": State.STOPPED.value, "answer": "who asked for it no longer does, or may no longer act"}
    elif row.tries >= tries:
        values = {"state": State.DEAD.value, "answer": "whoever sent it died each time"}
    else:
        return False
    connection.execute(update(THERE).where(THERE.c.id == row.id).values(**values, revision=THERE.c.revision + 1))
    return True


def _letter(connection: Connection, first: Row[Any], *, secret: str | None, lease: timedelta) -> Letter:
    """Take the first; but by webhook with all that are due for the same subscription."""
    c, ids = THERE.c, [first.id]
    if first.channel != Channel.WEBHOOK.value:
        beside = _due([Channel(first.channel)]).where(c.subscription == first.subscription, c.id != first.id)
        ids += [row.id for row in connection.execute(beside.order_by(c.made_at, c.id).limit(MOST - 1)) if not row.over]
    taken = {"revision": c.revision + 1, "tries": c.tries + 1, "leased_until": func.clock_timestamp() + lease}
    written: Sequence[Row[Any]] = connection.execute(
        update(THERE).where(c.id.in_(ids)).values(taken).returning(THERE)
    ).all()
    rows = sorted(written, key=lambda row: (row.made_at, row.seq, row.id))
    return Letter(
        channel=Channel(first.channel), target=first.target, secret=secret,
        notices=tuple(kept_of(row).notice for row in rows), fences=tuple(row.revision for row in rows),
        tries=max(row.tries for row in rows),
    )  # fmt: skip
