"""From the rows of the rules to one outcome (semantics §2; architecture decision 8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from moms.decide.check import Check, Condition, Verdict
from moms.decide.other_checks import (
    data_are_there,
    entry_findings,
    exemption,
    forecast_is_fresh,
    group_as_a_whole,
    margin_holds,
    rates_are_fresh,
)
from moms.decide.policy import Authority
from moms.decide.security_checks import SECURITY_CHECKS
from moms.decide.voltage_checks import ac_checks
from moms.outages import Category, Kind, Status

if TYPE_CHECKING:
    from moms.decide.evidence import Evidence
    from moms.decide.policy import DecisionRules
    from moms.outages import Request
    from moms.values import Finding


class Outcome(StrEnum):
    """What `settle` answers."""

    APPROVE = "approve"
    COUNTER = "counter"
    DENY = "deny"
    ACCEPT = "accept"
    REFER = "refer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The answer, the rows it rests on, and what it would have been with more authority."""

    outcome: Outcome
    status: Status
    checks: tuple[Check, ...]
    conditions: tuple[Condition, ...] = ()
    recommends: Outcome | None = None
    """What the system would have answered where its authority only lets it advise."""
    decisive: tuple[str, ...] = ()
    """Ids of the rules that made the outcome what it is."""

    @property
    def firm(self) -> bool:
        """Whether the outage now stands in the book."""
        return self.outcome in {Outcome.APPROVE, Outcome.ACCEPT}


REPORTED = frozenset({Kind.FORCED, Kind.EMERGENCY})
"""Acknowledged and studied at once, never refused (semantics 2.5)."""


def run_checks(
    *, request: Request, evidence: Evidence, findings: tuple[Finding, ...], rules: DecisionRules
) -> tuple[Check, ...]:
    """Give every rule's row, in the order a record shows them."""
    agreed = request.agreed_load_at_risk
    rows = [data_are_there(evidence), forecast_is_fresh(evidence, rules), *entry_findings(findings)]
    rows += [rule(evidence, rules, agreed=agreed) for rule in SECURITY_CHECKS]
    rows += [margin_holds(evidence), rates_are_fresh(evidence, rules)]
    if evidence.together:
        rows.append(group_as_a_whole(evidence))
    if request.category == Category.GENERATION:
        rows.append(exemption(evidence, rules))
    if evidence.ac_needed:
        rows += ac_checks(evidence, tuple(rows))
    return tuple(rows)


def settle(
    *, request: Request, evidence: Evidence, findings: tuple[Finding, ...], rules: DecisionRules, windows_left: bool
) -> Settled:
    """Settle one request on its evidence.

    `windows_left` says that secure windows were found inside the owner's own limits: then the answer
    to a violated limit is a counter-offer, otherwise a denial where the rule book lets the system deny.
    """
    checks = run_checks(request=request, evidence=evidence, findings=findings, rules=rules)
    if request.kind in REPORTED:
        return Settled(outcome=Outcome.ACCEPT, status=_reported_status(request), checks=checks)
    answer = _transmission if request.category == Category.TRANSMISSION else _generation
    settled = answer(checks, rules, windows_left)
    return _within_authority(settled, evidence, request, rules)


def _reported_status(request: Request) -> Status:
    return Status.ACCEPTED_NOT_EXEMPT if request.category == Category.GENERATION else Status.APPROVED


def _by(checks: tuple[Check, ...], verdict: Verdict) -> tuple[str, ...]:
    return tuple(c.rule for c in checks if c.verdict == verdict)


def _refer(checks: tuple[Check, ...], decisive: tuple[str, ...]) -> Settled:
    return Settled(outcome=Outcome.REFER, status=Status.NONE, checks=checks, decisive=decisive)


def _conditions(checks: tuple[Check, ...]) -> tuple[Condition, ...]:
    seen: dict[str, Condition] = {}
    for check in checks:
        if check.condition is not None:
            seen.setdefault(check.condition.says, check.condition)
    return tuple(seen.values())


def _transmission(checks: tuple[Check, ...], rules: DecisionRules, windows_left: bool) -> Settled:  # noqa: FBT001 - one caller, by position
    missing, failed, unsure = _by(checks, Verdict.MISSING), _by(checks, Verdict.FAIL), _by(checks, Verdict.REFER)
    if missing:
        return _refer(checks, missing)
    if failed:
        if windows_left:
            return Settled(outcome=Outcome.COUNTER, status=Status.NONE, checks=checks, decisive=failed)
        if rules.system_may_deny:
            return Settled(outcome=Outcome.DENY, status=Status.DENIED, checks=checks, decisive=failed)
        return _refer(checks, failed)
    if unsure:
        return _refer(checks, unsure)
    conditions = _conditions(checks)
    status = Status.APPROVED_WITH_CONDITIONS if conditions else Status.APPROVED
    return Settled(
        outcome=Outcome.APPROVE,
        status=status,
        checks=checks,
        conditions=conditions,
        decisive=_by(checks, Verdict.CONDITION),
    )


def _generation(checks: tuple[Check, ...], rules: DecisionRules, windows_left: bool) -> Settled:  # noqa: FBT001 - as above
    del rules
    missing, failed, unsure = _by(checks, Verdict.MISSING), _by(checks, Verdict.FAIL), _by(checks, Verdict.REFER)
    if missing:
        return _refer(checks, missing)
    if failed and windows_left:
        return Settled(outcome=Outcome.COUNTER, status=Status.NONE, checks=checks, decisive=failed)
    if failed or unsure:
        return _refer(checks, failed or unsure)
    exempt = any(c.rule == "EXE-1" and c.verdict == Verdict.PASS for c in checks)
    return Settled(
        outcome=Outcome.ACCEPT,
        status=Status.ACCEPTED_EXEMPT if exempt else Status.ACCEPTED_NOT_EXEMPT,
        checks=checks,
        conditions=_conditions(checks),
        decisive=("EXE-1",),
    )


def _within_authority(settled: Settled, evidence: Evidence, request: Request, rules: DecisionRules) -> Settled:
    power = rules.authority_over(category=request.category, base_kv=evidence.base_kv)
    if power == Authority.DECIDE or settled.outcome == Outcome.REFER:
        return settled
    row = Check(
        rule="DEC-AUTH-1",
        asks="the system may decide this class of asset by itself",
        verdict=Verdict.MISSING,
        says=f"authority over {request.category} assets here is: {power}",
        fix="an outage engineer decides; raise the authority in the rule book once shadow results agree",
    )
    return Settled(
        outcome=Outcome.REFER,
        status=Status.NONE,
        checks=(*settled.checks, row),
        recommends=None if power == Authority.OBSERVE else settled.outcome,
        decisive=("DEC-AUTH-1",),
    )
