"""The hand-over of a shift: a sheet of the day, notes by who goes, and the word of who comes.

A hand-over is two entries in a register of the operator's journal: given, with what was abnormal and out at that
instant, and taken, by somebody else. Until it is taken whoever gave it has the room.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from moms.desk.notices import AskedOtherwise
from moms.desk.ports import NotYours, Search
from moms.desk.room import alarm_document, alarms, check_note, check_room
from moms.outages import STANDING, State, Status
from moms.values import Refused, Window, digest, instant_text, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.desk.ports import Book, Page
    from moms.outages import Outage
    from moms.values import Actor

REGISTER = "shift"
LONGEST_NOTES = 4000
SHORTEST_H, LONGEST_H = 1, 24
NEAR = 40
"""Entries among which a hand-over is looked for: twenty shifts, ten days."""
OUT = (State.ACTIVE.value, State.PENDING_COMPLETE.value)
GOING = (State.DECIDED.value, State.OPPORTUNITY_WAITING.value)


class NotAShift(Refused):
    """A hand-over that cannot be."""


class NoSuchHandOver(Refused):
    """No hand-over of that id."""


class OwnHandOver(Refused):
    """Who gives a shift cannot be the one who takes it."""


class HandedOverAnew(Refused):
    """A later hand-over has taken the place of this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What the next shift has to know: what is out, and what goes out and comes back within it."""

    now: datetime
    until: datetime
    out: tuple[Outage, ...]
    starts: tuple[Outage, ...]
    back: tuple[Outage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """A shift that was handed over, and who has taken it."""

    id: str
    by: str
    at: datetime
    until: datetime
    notes: str
    sheet: dict[str, object]
    """Counts, and the alarms as they stood, with who had taken them."""
    taken_by: str | None = None
    taken_at: datetime | None = None


def sheet(*, book: Book, actor: Actor, now: datetime, hours: int) -> Sheet:
    """Give the sheet of the hours ahead.

    Raises:
        NotYours: the operator's sheet is the operator's. NotAShift: a length that no shift has.
    """
    _check_operator(actor)
    with book.as_(actor) as page:
        return _sheet(page, now=now, until=_end(now, hours))


def last(*, book: Book, actor: Actor) -> HandOver | None:
    """Give the last hand-over, None where there was none.

    Raises:
        NotYours: as `sheet`.
    """
    _check_operator(actor)
    with book.as_(actor) as page:
        return _last(page)


def give(*, book: Book, actor: Actor, now: datetime, key: str, notes: str = "", hours: int = 12) -> HandOver:
    """Hand the shift over; under the same key once.

    Raises:
        NotOfTheRoom, NotAShift, NotANote. AskedOtherwise: the key was used for other notes.
    """
    check_room(actor)
    check_note(notes, longest=LONGEST_NOTES, field="notes")
    until, name, said = _end(now, hours), hand_over_id(actor, key), notes.strip()
    odd = [plain(alarm_document(one)) for one in alarms(book=book, actor=actor, now=now)]
    with book.as_(actor) as page:
        page.hold(page.version())
        there = _found(page, name)
        if there is not None:
            return _same(there, said)
        seen = _sheet(page, now=now, until=until)
        counts = {"out": len(seen.out), "starts": len(seen.starts), "back": len(seen.back)}
        page.enter(REGISTER, {
            "hand_over": name, "what": "given", "at": instant_text(now), "by": actor.name, "until": instant_text(until),
            "notes": said, "sheet": {**counts, "out_ids": [o.id for o in seen.out], "alarms": odd},
        })  # fmt: skip
        return _found(page, name) or _missing(name)


def take(*, book: Book, actor: Actor, now: datetime, hand_over: str) -> HandOver:
    """Take the shift that was handed over last; said again, nothing more is written.

    Raises:
        NotOfTheRoom, NoSuchHandOver. OwnHandOver: one's own. HandedOverAnew: there is a later one.
    """
    check_room(actor)
    with book.as_(actor) as page:
        page.hold(page.version())
        there, newest = _found(page, hand_over), _last(page)
        if there is None or newest is None:
            raise NoSuchHandOver(f"there is no hand-over {hand_over!r}", field="hand_over", fix="read the shift again")
        if there.taken_by is not None:
            return there
        if there.id != newest.id:
            raise HandedOverAnew(f"{newest.by} has handed over since", field="hand_over", fix="read the shift again")
        if there.by == actor.name:
            raise OwnHandOver("who gives a shift cannot take it", field="actor", fix="let the one who comes take it")
        entry = {"hand_over": there.id, "what": "taken", "at": instant_text(now), "by": actor.name}
        page.enter(REGISTER, cast("dict[str, object]", entry))
        return _found(page, hand_over) or there


def hand_over_id(actor: Actor, key: str) -> str:
    """Give the id of a hand-over that somebody gives under a key of its own."""
    return digest((actor.organisation, actor.role.value, actor.name, key))[:16]


def sheet_document(found: Sheet) -> dict[str, object]:
    """Write a sheet."""
    return {
        "now": found.now, "until": found.until,
        **{name: [_line(o) for o in some] for name, some in (
            ("out", found.out), ("starts", found.starts), ("back", found.back),
        )},
    }  # fmt: skip


def hand_over_document(found: HandOver | None) -> dict[str, object] | None:
    """Write a hand-over."""
    if found is None:
        return None
    return {
        "id": found.id, "by": found.by, "at": found.at, "until": found.until, "notes": found.notes,
        "sheet": found.sheet, "taken_by": found.taken_by, "taken_at": found.taken_at,
    }  # fmt: skip


def _sheet(page: Page, *, now: datetime, until: datetime) -> Sheet:
    out = sorted(page.find(Search(states=OUT)), key=lambda o: (o.window.end, o.id))
    ahead = page.find(Search(states=GOING, window=Window(start=now, end=until)))
    starts = sorted((o for o in ahead if _goes(o) and o.window.start < until), key=lambda o: (o.window.start, o.id))
    back = tuple(o for o in out if o.state == State.ACTIVE and o.window.end < until)
    return Sheet(now=now, until=until, out=tuple(out), starts=tuple(starts), back=back)


def _goes(outage: Outage) -> bool:
    return outage.status in STANDING and outage.status != Status.RECALLED


def _line(outage: Outage) -> dict[str, object]:
    request = outage.request
    return {
        "outage": outage.id, "reference": request.external_id, "organisation": request.organisation,
        "assets": list(request.assets), "start": outage.window.start, "end": outage.window.end,
        "state": outage.state.value, "status": outage.status.value, "kind": request.kind.value,
        "recall_h": request.recall_h, "contacts": request.contacts, "conditions": list(outage.conditions),
    }  # fmt: skip


def _end(now: datetime, hours: int) -> datetime:
    if not SHORTEST_H <= hours <= LONGEST_H:
        says = f"a shift of {hours} hours"
        raise NotAShift(says, field="hours", fix=f"give {SHORTEST_H} to {LONGEST_H}")
    return now + timedelta(hours=hours)


def _check_operator(actor: Actor) -> None:
    if not actor.sees_all:
        raise NotYours("the shift is the operator's to see", field="organisation", fix="look at your own outages")


def _last(page: Page) -> HandOver | None:
    entries: Sequence[dict[str, Any]] = page.entries(REGISTER, last=2)
    return _read(entries, entries[-1]["hand_over"]) if entries else None


def _found(page: Page, name: str) -> HandOver | None:
    return _read(page.entries(REGISTER, last=NEAR), name) if re.fullmatch(r"[0-9a-f]{16}", name) else None


def _read(entries: Sequence[dict[str, Any]], name: str) -> HandOver | None:
    mine = [e for e in entries if e["hand_over"] == name]
    given = next((e for e in mine if e["what"] == "given"), None)
    taken = next((e for e in mine if e["what"] == "taken"), None)
    if given is None:
        return None
    return HandOver(
        id=name, by=given["by"], at=datetime.fromisoformat(given["at"]), until=datetime.fromisoformat(given["until"]),
        notes=given["notes"], sheet=given["sheet"], taken_by=taken["by"] if taken else None,
        taken_at=datetime.fromisoformat(taken["at"]) if taken else None,
    )  # fmt: skip


def _same(there: HandOver, notes: str) -> HandOver:
    if there.notes != notes:
        raise AskedOtherwise("this key was used for another hand-over", field="Idempotency-Key", fix="use a fresh key")
    return there


def _missing(name: str) -> HandOver:
    msg = f"the hand-over {name} was written and is not there"
    raise AssertionError(msg)
