"""Yes, no, or a person? From findings and studies to an outcome with its reasons."""

from moms.decide.check import Check, Condition, Verdict
from moms.decide.evidence import (
    Adequacy,
    Certainty,
    Chance,
    Crossing,
    CutOff,
    Evidence,
    Forecast,
    MarginDay,
    Move,
    Remedy,
    Security,
)
from moms.decide.policy import Authority, AuthorityRow, DecisionRules
from moms.decide.reasons import sentence, would_change
from moms.decide.security_checks import why_not_tolerated
from moms.decide.settle import Outcome, Settled, run_checks, settle

__all__ = [
    "Adequacy",
    "Authority",
    "AuthorityRow",
    "Certainty",
    "Chance",
    "Check",
    "Condition",
    "Crossing",
    "CutOff",
    "DecisionRules",
    "Evidence",
    "Forecast",
    "MarginDay",
    "Move",
    "Outcome",
    "Remedy",
    "Security",
    "Settled",
    "Verdict",
    "run_checks",
    "sentence",
    "settle",
    "why_not_tolerated",
    "would_change",
]
