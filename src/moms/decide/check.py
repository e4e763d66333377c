"""One row of a decision's table of rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What one rule says about one request."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    CONDITION = "condition"
    """Passes if a condition holds."""
    REFER = "refer"
    """A person must look; a verified violation may still be denied."""
    MISSING = "missing"
    """Something needed is not there, or is a person's alone: refers whatever else is found."""
    FAIL = "fail"
    NOT_REQUIRED = "not required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold for an approval to stand; studied again when it changes."""

    kind: str
    """redispatch, load_at_risk, relies_on, radial_load."""
    says: str
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one rule asked, found and concluded. Value and limit are in `unit`."""

    rule: str
    asks: str
    verdict: Verdict
    says: str
    value: float | None = None
    limit: float | None = None
    unit: str | None = None
    evidence: tuple[str, ...] = ()
    condition: Condition | None = None
    fix: str | None = None
    """What would change the answer, and who can do it."""
