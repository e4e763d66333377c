"""Days of the calendar that were computed before: what the network said to every branch, kept while it holds.

A day is kept under a mark: the fingerprint of all that its answers rest on, which is the grid, the rules of the
study, the operating points, and what is out or waits on that day. Whoever reads compares marks, so an answer
that a change may have touched is never given, and one that it cannot have touched is. What entry rules, flags and
margin say is not kept: it is asked of the book of the moment when a cell is read.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

from moms.desk.board_day import Seen
from moms.desk.points import points_of
from moms.desk.situation import spans
from moms.values import Refused, digest, instant_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from moms.desk.situation import Situation
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.values import Window

FORMAT = 1
"""Grows whenever the answers of the same inputs may come out otherwise, or are written otherwise."""
PART = 512
"""Branches in one part of a day: who reads one branch unpacks one part of each day."""
TAKES = ("assets", "category", "derate_to_mw", "kind", "switch")
"""What of a request says what it takes out."""
NAMES = tuple(one.name for one in fields(Seen))


class NotReadable(Refused):
    """A part of a kept day that is not what was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the network says to one asset on one day: beside the book, and beside what waits before it too."""

    book: Seen
    queue: Seen | None
    missing: tuple[str, ...]
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPart:
    """Some branches of one day, in the order of the grid's list."""

    day: date
    part: int
    mark: str
    body: bytes
    book_version: int
    computed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMark:
    """Under what a day is kept whole, and how many times that day was kept."""

    mark: str
    times: int


class KeptDays(Protocol):
    """Where days are kept."""

    def marks(self, first: date, last: date) -> Mapping[date, KeptMark]:
        """Give the marks of the days that are kept whole."""

    def parts(self, parts: Iterable[int], first: date, last: date) -> Sequence[KeptPart]:
        """Give some parts of the days that are kept."""

    def put(self, parts: Sequence[KeptPart]) -> None:
        """Keep a day whole, in the place of what was kept for it."""


def mark_of(world: World, situation: Situation, window: Window, *, now: datetime) -> str:
    """Give the fingerprint of what a day's answers rest on.

    Of an outage that is what it takes out, and when on that day: a comment makes no day stale. One that is late
    is out until somebody reports its end, so it makes one day after the other stale.
    """
    alone = replace(situation.outage, request=replace(situation.outage.request, window=window), window=window)
    points, notes = points_of(world, (alone,), now=now)
    return digest({
        "format": FORMAT,
        "versions": dict(world.versions),
        "grid": world.grid.digest or world.grid.name,
        "rules": [asdict(world.rules.study), asdict(world.rules.dispatch)],
        "points": [[instant_text(p.start), instant_text(p.weather_at), p.load_factor, p.label] for p in points],
        "notes": notes,
        "out": [_out(o, window, now) for o in situation.holding],
        "waits": [_out(o, window, now) for o in situation.queue],
    })  # fmt: skip


def _out(outage: Outage, window: Window, now: datetime) -> list[Any]:
    request = outage.request
    when = [one for one in spans(outage, now=now, until=window.end) if one.overlaps(window)]
    return [
        outage.id,
        {name: getattr(request, name) for name in TAKES},
        [[instant_text(max(w.start, window.start)), instant_text(min(w.end, window.end))] for w in when],
    ]


def packed(answers: Sequence[Answer]) -> bytes:
    """Write the answers of some branches on one day: JSON by columns, deflated; the same answers, the same bytes."""
    told = {
        "points": answers[0].points if answers else 0,
        "missing": list(answers[0].missing) if answers else [],
        "book": {name: [getattr(one.book, name) for one in answers] for name in NAMES},
        "queue": {name: [getattr(one.queue, name) for one in answers] for name in NAMES}
        if answers and answers[0].queue is not None
        else None,
    }
    return zlib.compress(json.dumps(told, separators=(",", ":"), allow_nan=False).encode(), 6)


def unpacked(part: KeptPart) -> tuple[Answer, ...]:
    """Read what `packed` wrote.

    Raises:
        NotReadable: it is not.
    """
    try:
        told = json.loads(zlib.decompress(part.body))
        book, queue = _seen(told["book"]), None if told["queue"] is None else _seen(told["queue"])
        return tuple(
            Answer(
                book=one,
                queue=None if queue is None else queue[k],
                missing=tuple(told["missing"]),
                points=told["points"],
            )
            for k, one in enumerate(book)
        )
    except (zlib.error, ValueError, KeyError, TypeError, IndexError) as why:
        says = f"part {part.part} of {part.day} is not what was kept"
        raise NotReadable(says, field="day", fix="moms calendar --keep --fresh writes it anew") from why


def _seen(columns: dict[str, list[Any]]) -> list[Seen]:
    rows = zip(*(columns[name] for name in NAMES), strict=True)
    return [Seen(**dict(zip(NAMES, row, strict=True))) for row in rows]


def in_parts(
    answers: Sequence[Answer], *, day: date, mark: str, book_version: int, computed_at: datetime
) -> tuple[KeptPart, ...]:
    """Cut the answers of a day, of all branches of the grid in its order, into parts."""
    return tuple(
        KeptPart(
            day=day, part=at // PART, mark=mark, body=packed(answers[at : at + PART]), book_version=book_version,
            computed_at=computed_at,
        )
        for at in range(0, len(answers), PART)
    )  # fmt: skip
