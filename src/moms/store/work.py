"""The list of duties on PostgreSQL (`desk.work`).

As with the keys of callers (`store.keys`): a duty is held by a lease, the database's clock alone decides
whether that has lapsed, each holder has a fence, and what is written for a duty is written only while it
is still the writer's. What a duty writes and that it is done are one transaction.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, lateral, select, true, update
from sqlalchemy.dialects.postgresql import insert

from moms.desk.duties import EXPECTED_S, STUDIES, URGENCY, Duty, Task
from moms.desk.shares import Share, begun, corrected, now_of, turn
from moms.desk.work import Became, Held, LostDuty, NoSuchDuty, Row
from moms.outages import OVER
from moms.store import tables
from moms.store.acting import act_as
from moms.store.refusals import said
from moms.values import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Engine
    from sqlalchemy import Row as Found

    from moms.desk.keys import Mark
    from moms.store.book import Marker

LIST, SHARES = tables.work, tables.work_share
TURN = 0x7475726E
"""Number of the advisory lock under which one worker at a time takes a duty ("turn")."""
TRIES = 5
"""Holders that a duty may wear out; then it is put aside for a person."""
MOST_SAID = 2000


class PostgresWork:
    """The list of duties, on one database (`desk.work.Work`)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def enter(self, duties: Sequence[Duty], *, now: datetime) -> int:
        """Enter those that are due by now and are not in the list; give how many were new."""
        due = [duty for duty in duties if duty.at <= now]
        if not due:
            return 0
        with self._page() as connection:
            known = set(connection.scalars(select(LIST.c.name).where(LIST.c.name.in_([duty.name for duty in due]))))
            fresh = [_row(duty) for duty in due if duty.name not in known]
            if not fresh:
                return 0
            rows = [{**row, "free_from": _after(delay)} for row, delay in fresh]
            shares = [{"organisation": name, "classification": "confidential", "revision": 1}
                      for name in sorted({duty.organisation for duty in due})]  # fmt: skip
            connection.execute(insert(SHARES).values(shares).on_conflict_do_nothing())
            return sum(_entered(connection, rows[at : at + 500]) for at in range(0, len(rows), 500))

    def take(self, *, holder: str, now: datetime, lease: timedelta, studies: bool = True) -> Held | None:
        """Take the duty whose turn it is; None where none is due and free. Without `studies`, only what is quick."""
        with self._page() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(TURN)))
            shares = _shares(connection)
            found = _firsts(connection, now=now, studies=studies)
            while (name := turn(shares.values(), waiting=frozenset(found))) is not None:
                one = found.pop(name)
                if one.tries < TRIES:
                    return _taken(connection, one, shares, holder=holder, lease=lease)
                _put_aside(connection, one)
        return None

    def renew(self, held: Held, *, lease: timedelta) -> None:
        """Say that its holder still works on it.

        Raises:
            LostDuty: it was taken over or stopped.
        """
        with self._page() as connection:
            if not _done_by(connection, held):  # written and not told yet, while this asks
                _change(connection, held, free_from=_after(lease))

    def finish(self, held: Held, *, says: str, took_s: float) -> None:
        """Say that it is done, where what it wrote has not said so already.

        Raises:
            LostDuty: it was taken over or stopped.
        """
        with self._page() as connection:
            done = {"says": says[:MOST_SAID], "took_s": took_s}
            if not _done_by(connection, held):
                _change(connection, held, became="done", ended_at=func.clock_timestamp(), holder="", **done)
            _correct(connection, held.duty, took_s=took_s)

    def give_back(self, held: Held, *, says: str, wait: timedelta, blame: bool) -> None:
        """Let it go undone, to be tried after a while; with blame the try counts towards putting it aside."""
        with self._page() as connection:
            tries = LIST.c.tries if blame else LIST.c.tries - 1
            _change(connection, held, free_from=_after(wait), holder="", says=says[:MOST_SAID], tries=tries)

    def rows(self, *, became: Sequence[Became], limit: int) -> Sequence[Row]:
        """Give lines of the list, those due first first."""
        query = select(LIST).where(LIST.c.became.in_(became)).order_by(LIST.c.due_at, LIST.c.name).limit(limit)
        with self._page() as connection:
            at = connection.scalar(select(func.clock_timestamp()))
            return tuple(_line(row, at) for row in connection.execute(query))

    def standing(self) -> tuple[Mapping[str, int], datetime | None]:
        """Give how many duties there are by what became of them, and since when the oldest open one is due."""
        query = select(LIST.c.became, func.count().label("many"), func.min(LIST.c.due_at).label("since"))
        with self._page() as connection:
            found = connection.execute(query.group_by(LIST.c.became)).all()
        since = next((row.since for row in found if row.became == Became.OPEN.value), None)
        return {row.became: row.many for row in found}, since

    def urgent(self, before: Task, *, now: datetime) -> bool:
        """Tell whether anything is due and free that comes before such a task, for whomever."""
        there = (LIST.c.became == "open", LIST.c.due_at <= now, LIST.c.free_from < func.clock_timestamp())
        query = select(LIST.c.name).where(*there, LIST.c.urgency < URGENCY[before]).limit(1)
        with self._page() as connection:
            return connection.execute(query).first() is not None

    def of(self, task: Task, subject: str) -> Row | None:
        """Give the newest duty of a kind about something; None where no worker has seen it yet."""
        query = select(LIST).where(LIST.c.task == str(task), LIST.c.subject == subject).order_by(LIST.c.due_at.desc())
        with self._page() as connection:
            at = connection.scalar(select(func.clock_timestamp()))
            found = connection.execute(query.limit(1)).first()
            return None if found is None else _line(found, at)

    def clock(self) -> datetime:
        """Give the time by the database's clock."""
        with self._page() as connection:
            found: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
            return found

    def forget(self, *, days: float) -> int:
        """Forget what ended longer ago and whose outage is over; give how many."""
        over = sorted(str(state) for state in OVER)
        with self._page() as connection:
            return int(connection.scalar(select(func.moms.forget_work(timedelta(days=days), over))) or 0)

    @contextmanager
    def _page(self) -> Iterator[Connection]:
        with said(SYSTEM), self._engine.begin() as connection:
            act_as(connection, SYSTEM)
            yield connection


def sealer(held: Held, *, last: bool) -> Marker:
    """Give what lets a page of the book write only while a duty is held, and with `last` says that it is done."""

    def seal(connection: Connection, _marks: tuple[Mark, ...]) -> None:
        act_as(connection, SYSTEM)
        if last:
            _change(connection, held, became="done", ended_at=func.clock_timestamp(), holder="")
        else:
            _change(connection, held, holder=LIST.c.holder)

    return seal


def stopper(name: str) -> Marker:
    """Give what stops an open duty, or one put aside, in the transaction that tells of it."""
    values = {"became": "stopped", "holder": "", "ended_at": func.clock_timestamp()}
    return _by_hand(name, frozenset({Became.OPEN, Became.ASIDE}), values)


def freer(name: str) -> Marker:
    """Give what lets a duty that was put aside be tried again, in the transaction that tells of it."""
    values = {"became": "open", "ended_at": None, "tries": 0, "free_from": func.clock_timestamp()}
    return _by_hand(name, frozenset({Became.ASIDE}), values)


def _by_hand(name: str, when: frozenset[Became], values: Mapping[str, Any]) -> Marker:
    def change(connection: Connection, _marks: tuple[Mark, ...]) -> None:
        act_as(connection, SYSTEM)
        there = (LIST.c.name == name) & LIST.c.became.in_(sorted(when))
        if connection.execute(update(LIST).where(there).values(revision=LIST.c.revision + 1, **values)).rowcount != 1:
            raise NoSuchDuty(f"no duty {name!r} is {' or '.join(sorted(when))}", field="name",
                             fix="`moms due --all` lists them")  # fmt: skip

    return change


def _row(duty: Duty) -> tuple[dict[str, Any], timedelta]:
    row = {
        "name": duty.name, "organisation": duty.organisation, "classification": "confidential", "revision": 1,
        "task": str(duty.task), "subject": duty.subject, "cause": duty.cause, "urgency": URGENCY[duty.task],
        "due_at": duty.at,
    }  # fmt: skip
    return row, duty.delay


def _entered(connection: Connection, rows: list[dict[str, Any]]) -> int:
    fresh = insert(LIST).values(rows).on_conflict_do_nothing().returning(LIST.c.name)
    return len(connection.scalars(fresh).all())


def _shares(connection: Connection) -> dict[str, Share]:
    c = SHARES.c
    rows = connection.execute(select(c.organisation, c.start_s, c.finish_s))
    return {name: Share(organisation=name, start_s=start, finish_s=finish) for name, start, finish in rows}


def _firsts(connection: Connection, *, now: datetime, studies: bool) -> dict[str, Found[Any]]:
    """Give of each organisation the duty that comes first: the most urgent, then the one due first."""
    free = [LIST.c.became == "open", LIST.c.due_at <= now, LIST.c.free_from < func.clock_timestamp()]
    if not studies:
        free.append(LIST.c.task.not_in(sorted(STUDIES)))
    first = lateral(
        select(LIST)
        .where(LIST.c.organisation == SHARES.c.organisation, *free)
        .order_by(LIST.c.urgency, LIST.c.due_at, LIST.c.name)
        .limit(1)
    )
    rows = connection.execute(select(first).select_from(SHARES.join(first, true())))
    return {row.organisation: row for row in rows}


def _taken(connection: Connection, row: Found[Any], shares: dict[str, Share], *, holder: str, lease: timedelta) -> Held:
    duty = _duty(row)
    share = begun(shares[row.organisation], now_s=now_of(shares.values()), expected_s=EXPECTED_S[duty.task])
    _keep_share(connection, share)
    values = {"revision": row.revision + 1, "tries": row.tries + 1, "holder": holder, "free_from": _after(lease)}
    connection.execute(update(LIST).where(LIST.c.name == row.name).values(values))
    return Held(duty=duty, fence=row.revision + 1, tries=row.tries + 1)


def _put_aside(connection: Connection, row: Found[Any]) -> None:
    says = row.says or "whoever took it went silent over it"
    values = {"became": "aside", "ended_at": func.clock_timestamp(), "holder": "", "revision": row.revision + 1,
              "says": f"tried {row.tries} times; last: {says}"[:MOST_SAID]}  # fmt: skip
    connection.execute(update(LIST).where(LIST.c.name == row.name).values(values))


def _correct(connection: Connection, duty: Duty, *, took_s: float) -> None:
    c = SHARES.c
    query = select(c.start_s, c.finish_s).where(c.organisation == duty.organisation).with_for_update()
    start, finish = connection.execute(query).one()
    share = Share(organisation=duty.organisation, start_s=start, finish_s=finish)
    _keep_share(connection, corrected(share, expected_s=EXPECTED_S[duty.task], took_s=took_s))


def _keep_share(connection: Connection, share: Share) -> None:
    values = {"start_s": share.start_s, "finish_s": share.finish_s, "revision": SHARES.c.revision + 1}
    connection.execute(update(SHARES).where(SHARES.c.organisation == share.organisation).values(values))


def _done_by(connection: Connection, held: Held) -> bool:
    """Tell whether what this holder wrote has said that it is done."""
    there = select(LIST.c.became, LIST.c.revision).where(LIST.c.name == held.duty.name)
    return connection.execute(there).one() == (Became.DONE, held.fence)


def _change(connection: Connection, held: Held, **values: Any) -> None:  # noqa: ANN401 - columns of the table
    mine = and_(LIST.c.name == held.duty.name, LIST.c.revision == held.fence, LIST.c.became == "open")
    if connection.execute(update(LIST).where(mine).values(values)).rowcount != 1:
        raise LostDuty(f"somebody else goes on with {held.duty.name}, or it was stopped")


def _after(wait: timedelta) -> ColumnElement[Any]:
    # Not the transaction's own instant: one that waited for a lock would give a lease that has lapsed.
    return func.clock_timestamp() + wait


def _duty(row: Found[Any]) -> Duty:
    return Duty(task=Task(row.task), subject=row.subject, organisation=row.organisation, at=row.due_at, cause=row.cause)


def _line(row: Found[Any], at: datetime | None) -> Row:
    held = row.became == "open" and at is not None and row.free_from > at
    return Row(
        duty=_duty(row), became=Became(row.became), tries=row.tries, holder=row.holder if held else "",
        says=row.says, ended_at=row.ended_at, took_s=row.took_s,
    )  # fmt: skip


__all__ = ["TRIES", "PostgresWork", "freer", "sealer", "stopper"]
