"""The communication plan of an outage: who is told what of it and when, and who is next, from the rule book alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.desk.duties import of_standing, of_waiting
from moms.records.notices import covers
from moms.records.told import ESCALATE, LATE, RANK, REMINDERS, WORDS, Severity, Side, severity_of_word
from moms.values import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from moms.desk.duties import Duty
    from moms.desk.world import World
    from moms.outages import Outage
    from moms.records.notices import Subscription
    from moms.records.told import EscalationRow, PlanRow

BY_CLOCK = LATE | REMINDERS | {"expire"}


def communication(
    outage: Outage, *, record: dict[str, object], world: World, now: datetime, following: Iterable[Subscription]
) -> dict[str, object]:
    """Give the plan: by the clock in order, then by what is done, who is next, and who asked to be told.

    `record` is the outage's last decision; `following` are the subscriptions that the reader may know of.
    """
    rules, clock = world.rules.notices, world.rules.clock
    due = (*of_standing(outage, rules=clock, now=now), *of_waiting(outage, record, rules=clock))
    areas = world.areas(outage.request)
    return {
        "outage": outage.id,
        "rule_book": world.rules.name,
        "areas": None if areas is None else list(areas),
        "by_clock": [_at(duty, outage, rules.told) for duty in _told(due)],
        "by_deed": [_row(row, outage) for row in rules.told],
        "next": [_next(row) for row in _ordered(rules.escalation)],
        "following": [_follows(one) for one in following if covers(one, outage=outage, areas=areas)],
    }


def _told(due: Iterable[Duty]) -> list[Duty]:
    return sorted((duty for duty in due if str(duty.task) in BY_CLOCK), key=lambda duty: (duty.at, duty.name))


def _at(duty: Duty, outage: Outage, rows: Iterable[PlanRow]) -> dict[str, object]:
    word = str(duty.task)
    severity = severity_of_word(word)
    to = [_whose(row, outage) for row in rows if _hears(row, word)]
    return {"at": duty.at, "word": word, "severity": severity.value, "to": to}


def _hears(row: PlanRow, word: str) -> bool:
    """Tell whether a row of the plan is told of a word."""
    return (not row.words or word in row.words) and RANK[severity_of_word(word)] >= RANK[row.severity]


def _row(row: PlanRow, outage: Outage) -> dict[str, object]:
    heard = sorted(word for word in WORDS - {ESCALATE} if _hears(row, word))
    return {**_whose(row, outage), "words": heard, "from": row.severity.value}


def _whose(row: PlanRow, outage: Outage) -> dict[str, object]:
    organisation = OPERATOR if row.side == Side.OPERATOR else outage.request.organisation
    return {"organisation": organisation, "role": row.role.value}


def _ordered(rows: Iterable[EscalationRow]) -> Iterator[EscalationRow]:
    yield from sorted(rows, key=lambda row: (row.silent, -RANK[Severity(row.severity)], row.after_min))


def _next(row: EscalationRow) -> dict[str, object]:
    return {
        "silent": row.silent.value, "severity": row.severity.value, "after_min": row.after_min,
        "organisation": OPERATOR, "role": row.role.value,
    }  # fmt: skip


def _follows(one: Subscription) -> dict[str, object]:
    """Say who follows and by which way; the address stays with who gave it."""
    return {
        "organisation": one.organisation, "person": one.person, "role": one.role, "channel": one.channel.value,
        "from": one.severity.value, "words": sorted(one.verbs), "daily": one.daily,
    }  # fmt: skip
