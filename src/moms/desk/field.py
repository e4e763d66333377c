"""The field at the desk: a crew's jobs of the day, what it reports from there, and a person who looks.

An entry is written as a line of the journal and as nothing else: it moves no outage and clears nobody. It is
taken in once under the id that the phone gave it, and kept also where it does not fit; then, and where a crew
will be late, its notice is written in the same transaction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from moms.desk.ports import BookMoved, DatabaseAway, Event, NotYours
from moms.gis import Features, trace
from moms.outages import OVER, STANDING, State, Status
from moms.outages.document import to_document
from moms.records.field import (
    LADDER,
    LATE_WORD,
    LOOK_WORD,
    NAMES,
    PREFIX,
    SEEN,
    Entry,
    Received,
    What,
    looks,
    reached,
    says,
)
from moms.records.notices import Telling
from moms.values import Finding, Level, Refused, Role, Window, instant_text, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from moms.desk.catalogue import Catalogue
    from moms.desk.ports import Bar, Book, Page
    from moms.grid import Grid
    from moms.outages import Outage
    from moms.values import Actor

CREW = frozenset({Role.FIELD, Role.OWNER, Role.AGENT})
"""Who reports from the field, for their own organisation's outages alone."""
LOOKERS = frozenset({Role.CONTROL_ROOM, Role.ENGINEER})
BEFORE, AHEAD = timedelta(hours=12), timedelta(hours=24)
"""A crew's day: from so long ago until so far ahead, and whatever is out."""
MOST_JOBS = 200
MOST_BARS = 50_000
LONGEST_LATE_MIN = 60 * 24 * 14
LONGEST_REASON = 500
GOING = frozenset({State.DECIDED, State.OPPORTUNITY_WAITING})
OUT = frozenset({State.ACTIVE, State.PENDING_COMPLETE})


class NotACrew(Refused):
    """Somebody who does not report from the field."""


class NotAnEntry(Refused):
    """What a phone sent is no entry."""


class EntryChanged(Refused):
    """The same id came with another content."""


class NotALooker(Refused):
    """Only the control room or an engineer looks at entries for the operator."""


class NoSuchEntry(Refused):
    """No entry of that id on this outage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job is: a station, and degrees north and east."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one entry of a batch: taken in, or refused with the reason."""

    id: str
    received: Received | None = None
    refused: Refused | None = None


def report(*, book: Book, actor: Actor, now: datetime, entry: Entry) -> Received:
    """Take in an entry, once: sent again it gives what was taken in before.

    Raises:
        NotACrew: somebody else. NoSuchOutage: not there, or not this actor's to see. NotAnEntry, EntryChanged.
    """
    _check_crew(actor)
    with book.as_(actor) as page:
        before = received_of(page.notes((entry.outage_id,), verb=PREFIX, hold=True))
        outage = page.outage(entry.outage_id)  # after the hold: nobody of its organisation changes it until the end
        if outage.request.organisation != actor.organisation:
            raise NotYours("this outage is another organisation's", field="outage", fix="name one of your own")
        there = next((r for r in before if (r.entry.id, r.by.name) == (entry.id, actor.name)), None)
        if there is not None:
            _check_same(there.entry, entry)
            return there
        found = _received(entry, outage=outage, before=before, actor=actor, now=now)
        page.note(_event(found, outage), told=_told(found, outage))
        return found


def report_all(
    *, book: Book, actor: Actor, now: datetime, documents: Sequence[Mapping[str, object]]
) -> tuple[Taken, ...]:
    """Take in what a phone has gathered, each by itself in the order tapped: one that is refused stops no other.

    Raises:
        NotACrew: as `report`.
    """
    _check_crew(actor)
    return tuple(_one(book, actor=actor, now=now, document=one) for one in documents)


def seen(*, book: Book, actor: Actor, now: datetime, outage_id: str, entries: Sequence[str]) -> tuple[Received, ...]:
    """Say, for the operator, that entries were looked at; said again, nothing more is written.

    Raises:
        NotALooker: another role. NoSuchOutage. NoSuchEntry: one is not there.
    """
    if not actor.sees_all or actor.role not in LOOKERS:
        raise NotALooker("the control room or an engineer looks at entries", field="role", fix="tell the control room")
    with book.as_(actor) as page:
        there = received_of(page.notes((outage_id,), verb=PREFIX, hold=True))
        unknown = sorted(set(entries) - {r.entry.id for r in there})
        if unknown:
            raise NoSuchEntry(f"there is no entry {unknown[0]!r}", field="entries", fix="read the outage again")
        fresh = sorted(r.entry.id for r in there if r.entry.id in entries and r.seen_by is None)
        if fresh:
            outage = page.outage(outage_id)
            facts: dict[str, object] = {"entries": fresh, "state": outage.state.value, "status": outage.status.value}
            page.note(_line(SEEN, actor=actor, now=now, outage_id=outage_id, after=facts))
        return received_of(page.notes((outage_id,), verb=PREFIX))


def day(*, book: Book, actor: Actor, now: datetime, catalogue: Catalogue, places: Places) -> dict[str, object]:
    """Give a crew's jobs of the day, whole; for the operator those of all owners from which something was reported."""
    with book.as_(actor) as page:
        bars = page.bars(Window(start=now - BEFORE, end=now + AHEAD), most=MOST_BARS)
        notes = _by_outage(page.notes([bar.id for bar in bars], verb=PREFIX))
        jobs = [bar for bar in bars if bar.id in notes or (not actor.sees_all and _is_job(bar))]
        shown = jobs[:MOST_JOBS]
        items = [_job(page.outage(bar.id), notes.get(bar.id, ()), catalogue=catalogue, places=places) for bar in shown]
    return {"now": now, "may_report": _is_crew(actor), "items": items, "cut": len(jobs) > MOST_JOBS}


def of_outage(page: Page, outage: Outage) -> dict[str, object]:
    """Give what was reported of one outage."""
    return field_document(received_of(page.notes((outage.id,), verb=PREFIX)))


class Places:
    """The stations at which equipment lies; none where the grid does not say."""

    def __init__(self, grid: Grid, features: Features | None) -> None:
        self._grid, self._features = grid, features

    def of(self, assets: Iterable[str]) -> tuple[Place, ...]:
        """Give the stations of some equipment, by row."""
        there = self._features
        if there is None:
            return ()
        found = trace(there, self._grid, assets)
        rows = sorted({*found.places, *there.ends[list(found.lines)].ravel().tolist()})
        return tuple(
            Place(name=str(there.name[r]), latitude=float(there.latitude[r]), longitude=float(there.longitude[r]))
            for r in rows
        )


def entry_of(document: Mapping[str, object]) -> Entry:
    """Read an entry as a phone sends it.

    Raises:
        NotAnEntry: with the field and what to write.
    """
    what = document.get("what")
    if what not in set(What):
        raise NotAnEntry(f"{what!r} is nothing that a crew reports", field="what", fix=f"one of {', '.join(What)}")
    name = document.get("id")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{8,64}", name):
        raise NotAnEntry("an entry has an id of its own", field="id", fix="8 to 64 of a-z, A-Z, 0-9, - and _")
    found = Entry(
        id=name, outage_id=str(document.get("outage", "")), what=What(str(what)),
        tapped_at=parse_instant(str(document.get("tapped_at", "")), field="tapped_at"),
        sent_at=parse_instant(str(document.get("sent_at", "")), field="sent_at"),
        late_min=_late(document), reason=_reason(document),
    )  # fmt: skip
    if found.what == What.LATE and (found.late_min is None or not found.reason.strip()):
        raise NotAnEntry("a crew that will be late says how late and why", field="late_min", fix="give minutes, reason")
    if found.what != What.LATE and found.late_min is not None:
        raise NotAnEntry("only a crew that will be late says how late", field="late_min", fix="leave it out")
    return found


def received_of(events: Iterable[Event]) -> tuple[Received, ...]:
    """Read what was taken in from the journal's events, oldest first, with who has looked."""
    told, found = list(events), list[Received]()
    lookers: dict[str, str] = {}
    for event in told:
        if event.verb == SEEN:
            lookers |= {str(one): event.actor.name for one in _list(event.after["entries"])}
    for event in told:
        if event.verb != SEEN:
            found.append(_read(event, lookers))
    return tuple(found)


def received_document(received: Received) -> dict[str, object]:
    """Write an entry as it was taken in, for who may see its outage."""
    entry = received.entry
    return {
        "id": entry.id, "outage": entry.outage_id, "what": entry.what.value, "name": NAMES[entry.what],
        "tapped_at": entry.tapped_at, "received_at": received.received_at, "by": received.by.name,
        "role": received.by.role.value, "delayed": received.delayed, "clock_off_s": received.clock_off_s,
        "late_min": entry.late_min, "back_at": received.back_at, "reason": entry.reason,
        "looks": [{"rule": f.rule, "says": f.says, "fix": f.fix} for f in received.looks],
        "to_look": received.to_look, "seen_by": received.seen_by,
    }  # fmt: skip


def field_document(received: Sequence[Received]) -> dict[str, object]:
    """Write the ladder of an outage with the first tap of each step, and all entries, oldest first."""
    first = reached(received)
    ladder = [{"what": w.value, "name": NAMES[w], "entry": first[w].entry.id if w in first else None} for w in LADDER]
    return {
        "ladder": ladder,
        "entries": [received_document(r) for r in received],
        "to_look": sum(r.to_look for r in received),
    }


def taken_document(taken: Taken) -> dict[str, object]:
    """Write what became of one entry of a batch."""
    if taken.received is not None:
        return {"id": taken.id, "kept": True, "entry": received_document(taken.received), "refused": None}
    why = taken.refused
    assert why is not None  # noqa: S101 - one of the two
    return {
        "id": taken.id,
        "kept": False,
        "entry": None,
        "refused": {"says": why.says, "field": why.field, "fix": why.fix},
    }


def _one(book: Book, *, actor: Actor, now: datetime, document: Mapping[str, object]) -> Taken:
    name = str(document.get("id", ""))
    try:
        return Taken(id=name, received=report(book=book, actor=actor, now=now, entry=entry_of(document)))
    except (BookMoved, DatabaseAway):
        raise  # it passes: the phone sends all of it again, and what is in stays in once
    except Refused as why:
        return Taken(id=name, refused=why)


def _received(entry: Entry, *, outage: Outage, before: Sequence[Received], actor: Actor, now: datetime) -> Received:
    late = None if entry.late_min is None else outage.window.end + timedelta(minutes=entry.late_min)
    found = looks(entry, outage=outage, before=before, now=now)
    return Received(entry=entry, by=actor, received_at=now, looks=found, back_at=late)


def _told(received: Received, outage: Outage) -> Telling | None:
    """Give what notices tell of an entry, None where nobody has to look."""
    if not received.to_look:
        return None
    word = LOOK_WORD if received.looks else LATE_WORD
    return Telling(outage=outage, word=word, reason=says(received, outage=outage))


def _event(received: Received, outage: Outage) -> Event:
    entry = received.entry
    after: dict[str, object] = {
        "entry": {
            "id": entry.id, "what": entry.what.value, "tapped_at": instant_text(entry.tapped_at),
            "sent_at": instant_text(entry.sent_at), "late_min": entry.late_min, "reason": entry.reason,
        },
        "back_at": None if received.back_at is None else instant_text(received.back_at),
        "looks": [{"rule": f.rule, "says": f.says, "fix": f.fix} for f in received.looks],
        "state": outage.state.value,
        "status": outage.status.value,
    }  # fmt: skip
    return _line(
        f"{PREFIX}{entry.what}", actor=received.by, now=received.received_at, outage_id=outage.id, after=after,
        reason=entry.reason,
    )  # fmt: skip


def _line(
    verb: str, *, actor: Actor, now: datetime, outage_id: str, after: dict[str, object], reason: str = ""
) -> Event:
    return Event(
        at=now, actor=actor, verb=verb, outage_id=outage_id, reason=reason, rule_book="", before=None, after=after
    )


def _read(event: Event, lookers: Mapping[str, str]) -> Received:
    said, after = _dict(event.after["entry"]), event.after
    late, back = said["late_min"], after["back_at"]
    entry = Entry(
        id=str(said["id"]), outage_id=event.outage_id, what=What(str(said["what"])),
        tapped_at=datetime.fromisoformat(str(said["tapped_at"])), sent_at=datetime.fromisoformat(str(said["sent_at"])),
        late_min=None if late is None else int(str(late)), reason=str(said["reason"]),
    )  # fmt: skip
    found = tuple(
        Finding(rule=str(f["rule"]), level=Level.REFER, says=str(f["says"]), field="what", fix=str(f["fix"]))
        for f in map(_dict, _list(after["looks"]))
    )
    return Received(
        entry=entry, by=event.actor, received_at=event.at, looks=found, seen_by=lookers.get(entry.id),
        back_at=None if back is None else datetime.fromisoformat(str(back)),
    )  # fmt: skip


def _job(outage: Outage, events: Sequence[Event], *, catalogue: Catalogue, places: Places) -> dict[str, object]:
    request, known = outage.request, {k.id: k for k in catalogue.named(outage.request.assets)}
    document = to_document(outage)
    return {
        "outage": outage.id, "reference": request.external_id, "organisation": request.organisation,
        "assets": [
            {"id": a, "name": known[a].name if a in known else "", "detail": known[a].detail if a in known else ""}
            for a in request.assets
        ],
        "places": places.of(request.assets), "location": request.location, "description": request.description,
        "window": document["window"], "state": outage.state.value, "status": outage.status.value,
        "stop": stop_of(outage), "conditions": list(outage.conditions), "contacts": request.contacts,
        "recall_h": request.recall_h, "emergency_return_h": request.emergency_return_h, "documents": [],
        **field_document(received_of(events)),
    }  # fmt: skip


def stop_of(outage: Outage) -> str | None:
    """Say why nobody works there, None where the outage stands."""
    if outage.state in {State.COMPLETED, State.CLOSED}:
        return "This outage is over: the equipment is back in service."
    called = {Status.REVOKED: "revoked", Status.RECALLED: "recalled: give it back", Status.DENIED: "denied"}
    word = called.get(outage.status)
    if outage.state in OVER:
        word = outage.state.value
    elif word is None and outage.state not in GOING | OUT:
        word = "not granted"
    return None if word is None else f"This outage is {word}. Call the control room before anything else."


def _is_job(bar: Bar) -> bool:
    """Tell whether a crew has to know: it stands, is out, or was taken back."""
    granted = bar.state in GOING and bar.status in STANDING
    return granted or bar.state in OUT or (bar.status == Status.REVOKED and bar.state not in OVER)


def _is_crew(actor: Actor) -> bool:
    return actor.role in CREW and not actor.sees_all


def _check_crew(actor: Actor) -> None:
    if not _is_crew(actor):
        raise NotACrew("the owner's people report from the field", field="role", fix="act as field, owner or agent")


def _check_same(there: Entry, asked: Entry) -> None:
    """See that it is the same tap; only the time of sending may differ.

    Raises:
        EntryChanged: it is not.
    """
    if _tap(there) != _tap(asked):
        raise EntryChanged("this id was used for another entry", field="id", fix="give each tap an id of its own")


def _tap(entry: Entry) -> tuple[object, ...]:
    return entry.what, entry.tapped_at, entry.late_min, entry.reason


def _by_outage(events: Iterable[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.outage_id, []).append(event)
    return found


def _late(document: Mapping[str, object]) -> int | None:
    late = document.get("late_min")
    if late is None:
        return None
    if not isinstance(late, int) or isinstance(late, bool) or not 0 < late <= LONGEST_LATE_MIN:
        raise NotAnEntry(f"{late!r} minutes late", field="late_min", fix=f"give 1 to {LONGEST_LATE_MIN}")
    return late


def _reason(document: Mapping[str, object]) -> str:
    reason = document.get("reason", "")
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON or "\0" in reason:
        raise NotAnEntry("the reason is too long", field="reason", fix=f"give at most {LONGEST_REASON} characters")
    return reason


def _dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict)  # noqa: S101 - the journal holds what `_event` wrote
    return value


def _list(value: object) -> list[object]:
    assert isinstance(value, list)  # noqa: S101 - as above
    return value
