"""What a rule book says about time: by when to answer, when to study again what was granted, what lapses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.values import Refused

if TYPE_CHECKING:
    from datetime import datetime


class NotAClock(Refused):
    """Numbers of time that contradict each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """A request filed at least `from_days` before its start is to be answered `before_days` before it."""

    from_days: float
    before_days: float

    def __post_init__(self) -> None:
        if not 0 <= self.before_days <= self.from_days:
            raise NotAClock(
                f"an answer {self.before_days:g} days ahead to what is filed {self.from_days:g} days ahead",
                field="answers",
                fix="let the answer be due after the filing and before the start",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRules:
    """When what happens by the clock happens. Without rows no answer is ever overdue."""

    answers: tuple[AnswerRow, ...] = ()
    decide_after_min: float = 10.0
    """What was filed and not decided by then is decided without anybody asking: who filed it decides in a minute."""
    restudy_days: tuple[float, ...] = (30.0, 7.0, 3.0, 1.0)
    """Days before its start on which what was granted is studied again."""
    shaken_days: float = 14.0
    """What begins within so many days is studied again after each forced outage and each new forecast."""
    start_reminder_h: float = 24.0
    end_reminder_h: float = 4.0
    offer_lapses_h: float = 72.0
    """How long an owner may think about other dates."""
    close_after_days: float = 14.0
    """How long after its end an outage stays open for corrections."""
    night_at_h: float = 1.0
    """Hour of the market day at which what is told each night is told."""
    firmness_days: float = 200.0
    """How far ahead the night looks."""

    def __post_init__(self) -> None:
        lengths = (
            self.decide_after_min, self.shaken_days, self.start_reminder_h, self.end_reminder_h, self.offer_lapses_h,
            self.close_after_days, *self.restudy_days,
        )  # fmt: skip
        if min(lengths) < 0 or not 0 <= self.night_at_h < 24 or not 1 <= self.firmness_days <= 400:
            raise NotAClock(
                "a length of time below nought, or an hour that no day has", field="",
                fix="give lengths from 0, night_at_h from 0 to below 24, firmness_days from 1 to 400",
            )  # fmt: skip

    def answer_due(self, *, filed: datetime, start: datetime) -> datetime | None:
        """Give when a request filed then for that start has to be answered; None where the book does not say.

        >>> from datetime import UTC, datetime
        >>> rules = ClockRules(answers=(AnswerRow(from_days=9, before_days=4), AnswerRow(from_days=90, before_days=75)))
        >>> rules.answer_due(filed=datetime(2027, 1, 1, tzinfo=UTC), start=datetime(2027, 1, 21, tzinfo=UTC)).day
        17
        """
        ahead = (start - filed) / timedelta(days=1)
        rows = [row for row in self.answers if ahead >= row.from_days]
        if not rows:
            return None
        return start - timedelta(days=max(rows, key=lambda row: row.from_days).before_days)
