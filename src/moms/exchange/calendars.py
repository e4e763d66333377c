"""The outages of some notices as a calendar (iCalendar, RFC 5545)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moms.outages import STANDING, State, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moms.records.notices import Notice

OCTETS = 75
REFUSED = frozenset({Status.DENIED, Status.REVOKED})
GONE = frozenset({State.WITHDRAWN, State.CANCELLED, State.EXPIRED})


def calendar_of(notices: Iterable[Notice]) -> str:
    """Give a calendar with each outage once, as the newest notice tells of it."""
    newest: dict[str, Notice] = {}
    for notice in notices:
        before = newest.get(notice.outage_id)
        if before is None or _revision(notice) >= _revision(before):
            newest[notice.outage_id] = notice
    events = [line for notice in newest.values() for line in _event(notice.body)]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//MOMS//notices//EN", "METHOD:PUBLISH", *events]
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _revision(notice: Notice) -> int:
    return int(str(notice.body["revision"]))


def _event(body: dict[str, Any]) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{_escaped(body['outage'])}@moms",
        f"SEQUENCE:{body['revision']}",
        f"DTSTAMP:{_instant(body['at'])}",
        f"DTSTART:{_instant(body['window']['start'])}",
        f"DTEND:{_instant(body['window']['end'])}",
        f"SUMMARY:{_escaped(body['reference'])} {_escaped(', '.join(body['assets']))}",
        f"DESCRIPTION:{_escaped(body['says'])}",
        f"STATUS:{_status(body)}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _status(body: dict[str, Any]) -> str:
    if body["status"] in REFUSED or body["state"] in GONE:
        return "CANCELLED"
    return "CONFIRMED" if body["status"] in STANDING else "TENTATIVE"


def _instant(text: str) -> str:
    """Write an instant in UTC.

    >>> _instant("2027-03-01T12:00Z")
    '20270301T120000Z'
    """
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    r"""Write a text so that it stays one.

    >>> print(_escaped("a, b;\nc"))
    a\, b\;\nc
    """
    plain = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c == "\n" or c.isprintable())
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Break a line after 75 octets, never inside a character."""
    parts, now = [""], 0
    for letter in line:
        size = len(letter.encode())
        if now + size > OCTETS:
            parts.append(" ")
            now = 1
        parts[-1] += letter
        now += size
    return "\r\n".join(parts)
