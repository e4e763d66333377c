"""The answers kept under callers' keys, on PostgreSQL (`desk.keys`).

A key is held by a lease that its holder renews; the database's clock alone decides whether it has lapsed.
What a deed writes is marked under its key in the same transaction, and only while the key is still its own:
so whoever takes a key over knows what has been done, and whoever lost it can write no more.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Interval, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from moms.desk.keys import Claim, KeptAnswer, LostClaim, Mark
from moms.store import tables
from moms.store.acting import act_as
from moms.store.refusals import said
from moms.values import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from sqlalchemy import ColumnElement, Connection, Engine, Row

    from moms.desk.keys import Early
    from moms.store.book import Marker

THERE = tables.kept_answer
TRIES = 5
"""Holders that a deed may wear out; then it is put aside for a person."""


TAKEN = (
    insert(THERE)
    .values(leased_until=func.clock_timestamp() + bindparam("lease", type_=Interval()))
    .on_conflict_do_nothing()
    .returning(THERE.c.revision)
)
MARKED = (
    update(THERE)
    .where(
        THERE.c.principal == bindparam("whose"),
        THERE.c.key == bindparam("word"),
        THERE.c.revision == bindparam("fence"),
        THERE.c.answer.is_(None),
    )
    .values(marks=THERE.c.marks.op("||")(bindparam("more", type_=JSONB)))
)
ANSWERED = MARKED.values(answer=bindparam("kept", type_=JSON))


class PostgresKeys:
    """The answers kept under callers' keys, on one database (`desk.keys.Keys`)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, *, principal: str, key: str, organisation: str, asked: str, lease: timedelta) -> Claim | KeptAnswer:
        """Take a key, or give what is there; one whose holder went silent is taken over."""
        row = {"principal": principal, "key": key, "organisation": organisation, "classification": "confidential",
               "revision": 1, "asked": asked, "lease": lease}  # fmt: skip
        # A claim that is lost with the machine has not been followed by anything: that would have taken it along.
        with self._page(soon=True) as connection:
            if connection.execute(TAKEN, row).first() is not None:
                return Claim(principal=principal, key=key, fence=1)
            at = (THERE.c.principal == principal) & (THERE.c.key == key)
            found = connection.execute(select(THERE).where(at).with_for_update()).one()
            lapsed = connection.scalar(select(found.leased_until < func.clock_timestamp()))
            if found.asked == asked and found.answer is None and lapsed:
                return _taken_over(connection, at, lease=lease)
        return KeptAnswer(asked=found.asked, answer=found.answer)

    def keep(self, claim: Claim, *, answer: dict[str, object]) -> None:
        """Keep the answer.

        Raises:
            LostClaim: somebody else holds the key.
        """
        with self._page() as connection:
            kept = connection.execute(update(THERE).where(_held(claim)).values(answer=answer))
            if kept.rowcount != 1:
                raise _lost()

    def let_go(self, claim: Claim) -> None:
        """Give a key back without an answer; one that was lost stays with who has it."""
        with self._page() as connection:
            connection.execute(update(THERE).where(_held(claim)).values(leased_until=THERE.c.made_at))

    def renew(self, claims: Sequence[Claim], *, lease: timedelta) -> None:
        """Say that their holder still works on them."""
        if claims:
            with self._page() as connection:
                held = or_(*(_held(claim) for claim in claims))
                connection.execute(update(THERE).where(held).values(leased_until=_until(lease)))

    def stranded(self, *, lease: timedelta) -> Claim | None:
        """Take over a deed that was begun to be written and whose holder went silent; None where there is none."""
        lost = and_(
            THERE.c.answer.is_(None),
            THERE.c.leased_until < func.clock_timestamp(),
            func.jsonb_array_length(THERE.c.marks) > 0,
            THERE.c.revision <= TRIES,
        )
        query = select(THERE.c.principal, THERE.c.key).where(lost).order_by(THERE.c.made_at).limit(1)
        with self._page() as connection:
            found = connection.execute(query.with_for_update(skip_locked=True)).first()
            if found is None:
                return None
            at = (THERE.c.principal == found.principal) & (THERE.c.key == found.key)
            return _taken_over(connection, at, lease=lease)

    def forget(self) -> int:
        """Forget what is older than thirty days."""
        with self._page() as connection:
            return int(connection.scalar(select(func.moms.forget_answers())) or 0)

    @contextmanager
    def _page(self, *, soon: bool = False) -> Iterator[Connection]:
        with said(SYSTEM), self._engine.begin() as connection:
            act_as(connection, SYSTEM, soon=soon)
            yield connection


def marker(claim: Claim, early: Early | None = None) -> Marker:
    """Give what keeps a claim's marks in the very transaction that wrote the revisions, and an answer known by then."""

    def mark(connection: Connection, marks: tuple[Mark, ...]) -> None:
        more = [{"outage": m.outage_id, "revision": m.revision, "verb": m.verb} for m in marks]
        held = {"whose": claim.principal, "word": claim.key, "fence": claim.fence, "more": more}
        if early is None or early.answer is None:
            done = connection.execute(MARKED, held)
        else:
            done = connection.execute(ANSWERED, {**held, "kept": early.answer})
            early.kept = True
        if done.rowcount != 1:
            raise _lost()

    return mark


def _taken_over(connection: Connection, at: ColumnElement[bool], *, lease: timedelta) -> Claim:
    values = {"revision": THERE.c.revision + 1, "leased_until": _until(lease)}
    return _claim(connection.execute(update(THERE).where(at).values(values).returning(THERE)).one())


def _held(claim: Claim) -> ColumnElement[bool]:
    """Say that a key is still this claim's, with no answer yet."""
    return and_(
        THERE.c.principal == claim.principal,
        THERE.c.key == claim.key,
        THERE.c.revision == claim.fence,
        THERE.c.answer.is_(None),
    )


def _until(lease: timedelta) -> ColumnElement[Any]:
    # Not the transaction's own instant: one that waited for a lock would give a lease that has lapsed.
    return func.clock_timestamp() + lease


def _claim(row: Row[Any]) -> Claim:
    marks = tuple(Mark(outage_id=m["outage"], revision=m["revision"], verb=m["verb"]) for m in row.marks)
    return Claim(principal=row.principal, key=row.key, fence=row.revision, marks=marks)


def _lost() -> LostClaim:
    return LostClaim("somebody else goes on with this request", field="Idempotency-Key", fix="ask again shortly")
