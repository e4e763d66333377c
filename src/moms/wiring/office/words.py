"""Words that people and programs write, as values; a line of history."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from moms.values import Refused

if TYPE_CHECKING:
    from moms.desk.ports import Event


def day_of(text: str, name: str) -> date:
    """Read a day of the calendar given under that name.

    Raises:
        Refused: no day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text!r} is no day", field=name, fix="write 2027-03-01") from None


def midnight(text: str) -> str:
    """Read a bare day as its market midnight."""
    return f"{text}T00:00-05:00" if len(text) == len("2027-03-01") else text


def event_line(event: Event) -> dict[str, object]:
    """Give an event as a line of an outage's history."""
    return {
        "at": event.at,
        "actor": str(event.actor),
        "asked_by": None if event.asked_by is None else str(event.asked_by),
        "verb": event.verb,
        "reason": event.reason,
        "rule_book": event.rule_book,
        "state": event.after.get("state"),
        "status": event.after.get("status"),
    }
