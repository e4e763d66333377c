"""How well the desk does, counted from the journal and nothing else: who decided, how fast, which promises held.

A request is one filing of one outage; forced and emergency reports are none, nobody asks for them. Its first
answer is the first decision by MOMS with an outcome other than refer, or a person's settlement. A promise is an
approval or acceptance; it falls due when the outage starts, and is broken when the operator revokes, delays or
recalls it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moms.outages import OVER, STANDING, Kind
from moms.outages.lifecycle import Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from moms.desk.ports import Event, Told

DECIDED, SETTLED = "decide:", "settle:"
REFERRED = f"{DECIDED}refer"
BROKEN = frozenset({Verb.REVOKE, Verb.DELAY, Verb.RECALL})
"""What the operator does against a promise (semantics 2.5: an operating instruction is no denial, and counts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Counts of one organisation, or of all; times in hours, None where nothing was counted."""

    organisation: str | None
    """None: all that the caller sees."""
    filed: int
    answered: int
    alone: int
    """Of the answered: by MOMS, with no person."""
    taken_back: int
    """By their owners, or lapsed, before any answer."""
    waiting: int
    outcomes: Mapping[str, int]
    """Of the answered: how many by outcome; a person's settlement by its verb."""
    median_h: float | None
    """From filing to the first answer."""
    slowest_h: float | None
    """The time within which nine of ten were answered."""
    promised: int
    due: int
    kept: int


@dataclass(slots=True)
class _Request:
    """What the journal tells of one outage, gathered in order."""

    organisation: str
    state: str = ""
    filed: datetime | None = None
    answered: datetime | None = None
    outcome: str = ""
    alone: bool = False
    promised: bool = False
    started: bool = False
    broken: bool = False

    def hear(self, event: Event) -> None:
        """Take in one event."""
        self.state = str(event.after.get("state"))
        if event.verb == Verb.SUBMIT and self.filed is None and _asked(event):
            self.filed = event.at
        self._hear_answer(event)
        if event.after.get("status") in STANDING and event.verb not in BROKEN:
            self.promised = True
        if self.promised and event.verb in BROKEN:
            self.broken = True
        if self.promised and event.verb == Verb.START:
            self.started = True

    def _hear_answer(self, event: Event) -> None:
        by_moms = event.verb.startswith(DECIDED) and event.verb != REFERRED
        if self.answered is not None or not (by_moms or event.verb.startswith(SETTLED)):
            return
        if event.verb == f"{SETTLED}{Verb.STUDY}":  # on the way to a denial, not an answer yet
            return
        self.answered, self.alone = event.at, by_moms
        self.outcome = event.verb.removeprefix(DECIDED).removeprefix(SETTLED)


@dataclass(slots=True)
class Count:
    """Hears the journal a piece at a time, so that none of it has to be kept."""

    _requests: dict[str, _Request] = field(default_factory=dict)

    def hear(self, told: Iterable[Told]) -> None:
        """Take in lines, each chain in its own order."""
        for line in told:
            if line.event is not None and line.event.outage_id:
                key = line.event.outage_id
                self._requests.setdefault(key, _Request(organisation=line.organisation)).hear(line.event)

    def measures(self) -> tuple[Measure, ...]:
        """Give all together first, then each organisation by name."""
        by_owner = defaultdict[str, list[_Request]](list)
        for one in self._requests.values():
            if one.filed is not None:
                by_owner[one.organisation].append(one)
        everyone = [one for rows in by_owner.values() for one in rows]
        return (_measure(None, everyone), *(_measure(name, by_owner[name]) for name in sorted(by_owner)))


def _asked(event: Event) -> bool:
    request = event.after.get("request")
    return not isinstance(request, dict) or request.get("kind") not in {Kind.FORCED, Kind.EMERGENCY}


def _measure(organisation: str | None, rows: Sequence[_Request]) -> Measure:
    answered = [one for one in rows if one.answered is not None]
    over = sum(one.answered is None and one.state in OVER for one in rows)
    outcomes = defaultdict[str, int](int)
    for one in answered:
        outcomes[one.outcome] += 1
    hours = sorted(_hours(one) for one in answered)
    due = [one for one in rows if one.promised and (one.started or one.broken)]
    return Measure(
        organisation=organisation,
        filed=len(rows),
        answered=len(answered),
        alone=sum(one.alone for one in answered),
        taken_back=over,
        waiting=len(rows) - len(answered) - over,
        outcomes=dict(sorted(outcomes.items())),
        median_h=_within(hours, 0.5),
        slowest_h=_within(hours, 0.9),
        promised=sum(one.promised for one in rows),
        due=len(due),
        kept=sum(not one.broken for one in due),
    )


def _hours(one: _Request) -> float:
    assert one.answered is not None  # noqa: S101 - asked before
    assert one.filed is not None  # noqa: S101 - as above
    return (one.answered - one.filed).total_seconds() / 3600


def _within(hours: Sequence[float], share: float) -> float | None:
    """Give the least time within which that share was answered (nearest rank)."""
    return hours[math.ceil(share * len(hours)) - 1] if hours else None
