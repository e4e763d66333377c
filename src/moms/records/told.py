"""What is told, how much it asks, who hears of it without having asked, and who is next: as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from moms.outages.lifecycle import Verb
from moms.records.field import LATE_WORD, LOOK_WORD
from moms.values import SEES_ALL, Refused, Role


class NotAPlan(Refused):
    """A row of who is told that cannot be."""


class Severity(StrEnum):
    """How much a notice asks of whoever gets it."""

    INFO = "info"
    ACTION = "action"
    """Somebody has to answer."""
    URGENT = "urgent"
    """Somebody has to act now."""


class Side(StrEnum):
    """Whose people."""

    OWNER = "owner"
    """Of the outage's own organisation."""
    OPERATOR = "operator"


OUTCOMES = frozenset({"counter", "accept"})
"""Outcomes of a decision that have no step of their own name; those that have one are named like it."""
RANK = {Severity.INFO: 0, Severity.ACTION: 1, Severity.URGENT: 2}
OFFERS = frozenset({"offer_made", "offer_countered", "offer_agreed", "offer_declined", "offer_withdrawn",
                    "offer_lapsed", "offer_done", "offer_fell_through"})  # fmt: skip
"""What is told of offers to move an outage, to the owner of each outage in them."""
SILENT = frozenset({Verb.VALIDATE, Verb.STUDY})
"""Steps of the machinery, which nobody is told."""
FIELD = frozenset({LATE_WORD, LOOK_WORD})
"""Told of entries from the field: a crew will be late, or what it reports does not fit."""
LATE = frozenset({"overdue_start", "overdue_end", "answer_overdue"})
"""Told by the clock: not begun, not back, not answered in time."""
REMINDERS = frozenset({"remind_start", "remind_end"})
ESCALATE = "escalate"
"""Told to who is next, where nobody has acknowledged."""
ACTION = frozenset(
    {
        "counter", "offer_made", "offer_countered", "overdue_start", "answer_overdue", LATE_WORD, LOOK_WORD,
        Verb.RETURN, Verb.REFER, Verb.NEGOTIATE, Verb.RENEGOTIATE, Verb.DENY, Verb.REFUSE_CHANGE, Verb.DELAY,
        Verb.EXPIRE,
    }
)  # fmt: skip
URGENT = frozenset({"overdue_end", Verb.RECALL, Verb.REVOKE, Verb.PUT_AT_RISK, Verb.EXTEND_FORCED})
WORDS = frozenset({*Verb, *OUTCOMES, *OFFERS, *FIELD, *LATE, *REMINDERS, ESCALATE, "decline"}) - SILENT
"""All that is told of."""


def _check_role(side: Side, role: Role) -> None:
    fits = (SEES_ALL - {Role.SYSTEM}) if side == Side.OPERATOR else {Role.OWNER, Role.AGENT}
    if role not in fits:
        fix = f"one of {', '.join(sorted(fits))}"
        raise NotAPlan(f"{role} hears of nothing on the side of the {side}", field="role", fix=fix)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """Who is told without having asked: everybody in a role, of these words (none: of all), from a severity on."""

    name: str
    """Of the row; a notice's id is made of it."""
    side: Side
    role: Role
    words: tuple[str, ...] = ()
    severity: Severity = Severity.INFO

    def __post_init__(self) -> None:
        unknown = sorted(set(self.words) - WORDS)
        if unknown:
            raise NotAPlan(f"nothing is told of {unknown[0]!r}", field="words", fix="see docs/notices.md")
        _check_role(self.side, self.role)
        if not self.name or ":" in self.name:
            raise NotAPlan(f"{self.name!r} is no name of a row", field="name", fix="give each row one of its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRow:
    """Who is told next at the operator where one side has acknowledged nothing of a severity for so long."""

    silent: Side
    severity: Severity
    after_min: float
    role: Role

    def __post_init__(self) -> None:
        if self.severity == Severity.INFO:
            raise NotAPlan("what only informs waits for nobody", field="severity", fix="give action or urgent")
        if not 1 <= self.after_min <= 60 * 24 * 7:
            says = f"next after {self.after_min:g} minutes"
            raise NotAPlan(says, field="after_min", fix="give 1 to 10080, a week")
        _check_role(Side.OPERATOR, self.role)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRules:
    """Who is told of what without having asked, and who is next."""

    told: tuple[PlanRow, ...] = (
        PlanRow(name="owner", side=Side.OWNER, role=Role.OWNER),
        PlanRow(name="agent", side=Side.OWNER, role=Role.AGENT),
        PlanRow(name="referred", side=Side.OPERATOR, role=Role.ENGINEER, words=(Verb.REFER, "answer_overdue")),
        PlanRow(
            name="countered", side=Side.OPERATOR, role=Role.ENGINEER, words=("offer_countered", "offer_fell_through")
        ),
        PlanRow(name="engineer", side=Side.OPERATOR, role=Role.ENGINEER, severity=Severity.URGENT),
        PlanRow(name="control_room", side=Side.OPERATOR, role=Role.CONTROL_ROOM, severity=Severity.URGENT),
        PlanRow(name="field", side=Side.OPERATOR, role=Role.CONTROL_ROOM, words=tuple(sorted(FIELD))),
    )
    escalation: tuple[EscalationRow, ...] = ()
    """Without rows nothing is told to anybody else."""

    def __post_init__(self) -> None:
        names = [row.name for row in self.told]
        if len(set(names)) != len(names):
            raise NotAPlan("two rows have one name", field="told", fix="give each row a name of its own")
        steps = [(row.silent, row.severity, row.role) for row in self.escalation]
        if len(set(steps)) != len(steps):
            raise NotAPlan("one role is next twice", field="escalation", fix="name each role once for each severity")

    @property
    def longest_min(self) -> float:
        """After how many minutes nobody else is told any more."""
        return max((row.after_min for row in self.escalation), default=0.0)


def severity_of_word(word: str) -> Severity:
    """Give how much a word asks for by itself."""
    return Severity.URGENT if word in URGENT else Severity.ACTION if word in ACTION else Severity.INFO
