"""What is not as planned, and that somebody of the control room has taken it.

An alarm is not kept: it follows from the outage and the clock. What is kept is the acknowledgement, and it is of
one alarm alone, which is told from others of the same outage by what it is and since when.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from moms.outages import OVER, Kind, State, Status
from moms.outages.lifecycle import Verb
from moms.records.field import LATE_WORD

if TYPE_CHECKING:
    from datetime import datetime

    from moms.outages import Outage
    from moms.values import Actor


class What(StrEnum):
    """In which way an outage is not as planned."""

    LATE = "late"
    """Still out after its end."""
    RECALLED = "recalled"
    """Called back, and not back yet."""
    FORCED = "forced"
    """Failed, or taken out in an emergency."""
    RISK = "risk"
    """Granted, and may not go ahead as it stands."""


NAMES = {
    What.LATE: "late back",
    What.RECALLED: "recalled",
    What.FORCED: "forced out",
    What.RISK: "at risk",
}
PRIORITY = {What.LATE: 1, What.RECALLED: 1, What.FORCED: 2, What.RISK: 2}
"""1 is first: somebody has to act now."""
STATUS = {What.RECALLED: Status.RECALLED, What.RISK: Status.AT_RISK}
"""The status that the alarm began with, where it began with one."""
TOLD = {
    What.LATE: frozenset({LATE_WORD, "overdue_end"}),
    What.RECALLED: frozenset({str(Verb.RECALL)}),
    What.FORCED: frozenset({str(Verb.SUBMIT)}),
    What.RISK: frozenset({str(Verb.PUT_AT_RISK)}),
}
"""What notices of it are told of: who takes the alarm has read them."""
PREFIX = "room:"
"""Before what the control room writes of an outage, as a verb of the journal."""
ACKNOWLEDGED = "room:acknowledge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Who took an alarm, when, and what was said."""

    what: What
    since: datetime
    by: Actor
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One outage that is not as planned."""

    outage: Outage
    what: What
    since: datetime
    taken: Acknowledgement | None = None


def abnormal(outage: Outage, *, now: datetime) -> What | None:
    """Tell in which way an outage is not as planned, None where it is; of several the one that comes first."""
    if outage.state in OVER or outage.state == State.PENDING_COMPLETE:
        return None
    if outage.state != State.ACTIVE:
        return What.RISK if outage.status == Status.AT_RISK else None
    if outage.status == Status.RECALLED:
        return What.RECALLED
    if outage.window.end < now:
        return What.LATE
    return What.FORCED if outage.request.kind in {Kind.FORCED, Kind.EMERGENCY} else None
