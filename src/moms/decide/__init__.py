"""Yes, no, or a person? From findings and studies to an outcome with its reasons."""

from moms.decide.check import Check, Condition, Verdict
from moms.decide.evidence import (
    AcCrossing,
    Adequacy,
    AtLimit,
    Certainty,
    Chance,
    Conflicts,
    ConflictSet,
    Crossing,
    CutOff,
    Evidence,
    Forecast,
    LessOne,
    MarginDay,
    Move,
    RecallRank,
    Remedy,
    Security,
    StormThreat,
    Unsolved,
    Voltage,
)
from moms.decide.policy import AcNeed, Authority, AuthorityRow, DecisionRules
from moms.decide.reasons import sentence, would_change
from moms.decide.security_checks import why_not_tolerated
from moms.decide.settle import Outcome, Settled, run_checks, settle
from moms.decide.voltage_checks import ac_dirt, stands_against

__all__ = [
    "AcCrossing",
    "AcNeed",
    "Adequacy",
    "AtLimit",
    "Authority",
    "AuthorityRow",
    "Certainty",
    "Chance",
    "Check",
    "Condition",
    "ConflictSet",
    "Conflicts",
    "Crossing",
    "CutOff",
    "DecisionRules",
    "Evidence",
    "Forecast",
    "LessOne",
    "MarginDay",
    "Move",
    "Outcome",
    "RecallRank",
    "Remedy",
    "Security",
    "Settled",
    "StormThreat",
    "Unsolved",
    "Verdict",
    "Voltage",
    "ac_dirt",
    "run_checks",
    "sentence",
    "settle",
    "stands_against",
    "why_not_tolerated",
    "would_change",
]
