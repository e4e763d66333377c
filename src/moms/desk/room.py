"""The control room at the desk: what is not as planned, and who has taken it.

An acknowledgement is a line of the journal on its outage and nothing else, so that all of the room see it and the
record keeps it. It moves no outage, and it ends with the alarm it is of: late again, or recalled again, is new.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from moms.desk.ports import Event, Search, StaleRevision
from moms.outages import State, Status
from moms.records.room import ACKNOWLEDGED, NAMES, PRIORITY, STATUS, Acknowledgement, Alarm, What, abnormal
from moms.values import Refused, Role, instant_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from moms.desk.ports import Book
    from moms.outages import Outage
    from moms.values import Actor

TAKERS = frozenset({Role.CONTROL_ROOM, Role.ENGINEER})
"""Who acknowledges for the operator."""
LONGEST_NOTE = 500


class NotOfTheRoom(Refused):
    """Somebody who does not watch over the day for the operator."""


class NothingAbnormal(Refused):
    """The outage is not, or no longer, abnormal in the way that was to be acknowledged."""


class NotANote(Refused):
    """A note that cannot stand in the journal."""


def alarms(*, book: Book, actor: Actor, now: datetime) -> tuple[Alarm, ...]:
    """Give all that is not as planned and that this actor may see: by priority, the longest standing first."""
    with book.as_(actor) as page:
        out = page.find(Search(states=(State.ACTIVE.value,)))
        risky = page.find(Search(statuses=(Status.AT_RISK.value,)))
        odd = [o for o in {o.id: o for o in (*out, *risky)}.values() if abnormal(o, now=now)]
        told = _by_outage(page.notes([o.id for o in odd], verb="")) if odd else {}
        found = [_alarm(o, told.get(o.id, ()), now=now) for o in odd]
    return tuple(sorted((a for a in found if a is not None), key=lambda a: (PRIORITY[a.what], a.since, a.outage.id)))


def acknowledge(
    *, book: Book, actor: Actor, now: datetime, outage_id: str, what: str, revision: int | None = None, note: str = ""
) -> Alarm:
    """Say that somebody has taken an alarm; said again by anybody, nothing more is written.

    Raises:
        NotOfTheRoom: another role. NoSuchOutage. NothingAbnormal: not that any more. NotANote.
        StaleRevision: the outage has changed since it was read, and nobody has taken the alarm.
    """
    check_room(actor)
    check_note(note)
    with book.as_(actor) as page:
        events = page.notes((outage_id,), verb="", hold=True)
        outage = page.outage(outage_id)  # after the hold: nobody changes it until the end
        found = _alarm(outage, events, now=now)
        if found is None or found.what != what:
            raise _otherwise(outage, what, found)
        if found.taken is None:
            _check_revision(outage, revision)
            page.note(_line(found, actor=actor, now=now, note=note.strip()))
            found = _alarm(outage, page.notes((outage_id,), verb=""), now=now) or found
        return found


def check_room(actor: Actor) -> None:
    """See that somebody acts for the operator in its room.

    Raises:
        NotOfTheRoom: another role.
    """
    if not actor.sees_all or actor.role not in TAKERS:
        says = "the control room or an engineer of the operator does this"
        raise NotOfTheRoom(says, field="role", fix="tell the control room")


def check_note(note: str, *, longest: int = LONGEST_NOTE, field: str = "note") -> None:
    """See that a text can stand in the journal.

    Raises:
        NotANote: it is too long, or has a character that no text can hold.
    """
    if len(note) > longest or "\0" in note:
        raise NotANote("this note cannot be kept", field=field, fix=f"give at most {longest} characters of text")


def alarm_document(alarm: Alarm) -> dict[str, object]:
    """Write an alarm, for who may see its outage."""
    outage, taken = alarm.outage, alarm.taken
    return {
        "outage": outage.id, "reference": outage.request.external_id, "organisation": outage.request.organisation,
        "assets": list(outage.request.assets), "what": alarm.what.value, "name": NAMES[alarm.what],
        "priority": PRIORITY[alarm.what], "since": alarm.since, "revision": outage.revision,
        "acknowledged": None if taken is None else {
            "by": taken.by.name, "role": taken.by.role.value, "at": taken.at, "note": taken.note,
        },
    }  # fmt: skip


def _alarm(outage: Outage, events: Sequence[Event], *, now: datetime) -> Alarm | None:
    what = abnormal(outage, now=now)
    if what is None:
        return None
    since = _since(outage, what, events)
    taken = (_read(event) for event in events if event.verb == ACKNOWLEDGED)
    same = next((t for t in taken if (t.what, t.since) == (what, since)), None)
    return Alarm(outage=outage, what=what, since=since, taken=same)


def _since(outage: Outage, what: What, events: Sequence[Event]) -> datetime:
    """Give since when it is so: a new instant each time that it begins anew."""
    if what == What.LATE:
        return outage.window.end
    status, found = STATUS.get(what), outage.filed_at
    for event in reversed(events) if status else ():
        there = event.after.get("status")
        if there == status:
            found = event.at
        elif there is not None:
            break
    return found


def _line(alarm: Alarm, *, actor: Actor, now: datetime, note: str) -> Event:
    outage = alarm.outage
    after: dict[str, object] = {
        "acknowledged": {"what": alarm.what.value, "since": instant_text(alarm.since), "revision": outage.revision},
        "state": outage.state.value,
        "status": outage.status.value,
    }
    return Event(
        at=now, actor=actor, verb=ACKNOWLEDGED, outage_id=outage.id, reason=note, rule_book="", before=None, after=after
    )


def _read(event: Event) -> Acknowledgement:
    said = event.after["acknowledged"]
    assert isinstance(said, dict)  # noqa: S101 - the journal holds what `_line` wrote
    return Acknowledgement(
        what=What(str(said["what"])), since=datetime.fromisoformat(str(said["since"])), by=event.actor, at=event.at,
        note=event.reason,
    )  # fmt: skip


def _otherwise(outage: Outage, what: str, found: Alarm | None) -> NothingAbnormal:
    words = {w.value: name for w, name in NAMES.items()}
    now = "as planned" if found is None else NAMES[found.what]
    says = f"{outage.id} is {now}, not {words.get(what, repr(what))}"
    return NothingAbnormal(says, field="what", fix="read the day again")


def _check_revision(outage: Outage, revision: int | None) -> None:
    if revision is not None and revision != outage.revision:
        says = f"{outage.id} is at revision {outage.revision}, not {revision}"
        raise StaleRevision(says, field="If-Match", fix="read the day again")


def _by_outage(events: Iterable[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        found[event.outage_id].append(event)
    return found
