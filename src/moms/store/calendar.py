"""Kept days of the calendar, on PostgreSQL (`desk.kept_days`)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from moms.desk.kept_days import KeptMark, KeptPart
from moms.store import tables
from moms.store.acting import act_as
from moms.values import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection, Engine

DAYS = tables.calendar_day


class PostgresDays:
    """Kept days of the calendar, on one database (`desk.kept_days.KeptDays`)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def marks(self, first: date, last: date) -> Mapping[date, KeptMark]:
        """Give the marks of the days that are kept whole."""
        c = DAYS.c
        # What an earlier grid with more branches left beyond the last part has another mark, and is no day.
        query = (
            select(c.day, c.mark, func.max(c.revision).label("times"))
            .where(c.day.between(first, last))
            .group_by(c.day, c.mark)
        )
        with self._page() as connection:
            found = connection.execute(query.having(func.count() == func.max(c.parts)))
            return {row.day: KeptMark(mark=row.mark, times=row.times) for row in found}

    def parts(self, parts: Iterable[int], first: date, last: date) -> Sequence[KeptPart]:
        """Give some parts of the days that are kept."""
        c = DAYS.c
        query = select(c.day, c.part, c.mark, c.body, c.book_version, c.computed_at).where(
            c.day.between(first, last), c.part.in_(list(parts))
        )
        with self._page() as connection:
            return [KeptPart(**row._asdict()) for row in connection.execute(query.order_by(c.day, c.part))]

    def put(self, parts: Sequence[KeptPart]) -> None:
        """Keep a day whole, in the place of what was kept for it: a reader sees the one or the other."""
        if not parts:
            return
        rows = [
            {"day": one.day, "part": one.part, "organisation": SYSTEM.organisation, "classification": "restricted",
             "revision": 1, "mark": one.mark, "parts": len(parts), "body": one.body,
             "book_version": one.book_version, "computed_at": one.computed_at}
            for one in parts
        ]  # fmt: skip
        made = insert(DAYS)
        fresh = {name: made.excluded[name] for name in ("mark", "parts", "body", "book_version", "computed_at")}
        write = made.on_conflict_do_update(
            index_elements=[DAYS.c.day, DAYS.c.part], set_={**fresh, "revision": DAYS.c.revision + 1}
        )
        with self._page() as connection:
            connection.execute(write, rows)

    def forget(self, *, before: date) -> int:
        """Forget the days before one, and give how many parts that were."""
        with self._page() as connection:
            return int(connection.execute(select(func.moms.forget_calendar(before))).scalar_one())

    @contextmanager
    def _page(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            act_as(connection, SYSTEM)
            yield connection
