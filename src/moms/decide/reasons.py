"""The first sentence of a decision, and what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.decide.check import Verdict
from moms.decide.settle import Outcome
from moms.outages import Status

if TYPE_CHECKING:
    from moms.decide.check import Check
    from moms.decide.settle import Settled

LEADS = {
    Status.APPROVED: "Approved",
    Status.APPROVED_WITH_CONDITIONS: "Approved with conditions",
    Status.DENIED: "Denied",
    Status.ACCEPTED_EXEMPT: "Accepted with exemption",
    Status.ACCEPTED_NOT_EXEMPT: "Accepted without exemption",
}


def _check(settled: Settled, rule: str) -> Check:
    return next(c for c in settled.checks if c.rule == rule)


def sentence(settled: Settled, *, what: str, when: str, offers: int) -> str:
    """Give the answer in one plain sentence: outcome, equipment, dates, and the reason that decided it."""
    reason = _reason(settled)
    if settled.outcome == Outcome.REFER:
        lead = f"{what}, {when}: an outage engineer decides"
        if settled.recommends is not None:
            lead += f" (recommended: {settled.recommends})"
        return f"{lead}, because {reason}."
    if settled.outcome == Outcome.COUNTER:
        return f"{what} cannot be out {when}, because {reason}; {_offered(offers)}."
    lead = f"{LEADS[settled.status]}: {what}, {when}"
    if settled.outcome == Outcome.DENY:
        return f"{lead}, because {reason}; {_offered(offers)}."
    return f"{lead}; {reason}."


def _offered(offers: int) -> str:
    if offers == 0:
        return "no other window was found"
    return f"{offers} other window{'s' if offers > 1 else ''} already studied and free"


def _reason(settled: Settled) -> str:
    if settled.outcome == Outcome.APPROVE and settled.conditions:
        return "; ".join(c.says for c in settled.conditions) + _by_ac(settled)
    if settled.outcome == Outcome.APPROVE:
        return f"no limit is exceeded because of it: {_check(settled, 'SEC-N1-1').says}{_by_ac(settled)}"
    if settled.outcome == Outcome.ACCEPT:
        rows = [c for c in settled.checks if c.rule in {"EXE-1", "MAR-1"}]
        return ("; ".join(c.says for c in rows) or "acknowledged and studied") + _by_ac(settled)
    rows = [c for c in settled.checks if c.rule in settled.decisive]
    return "; ".join(dict.fromkeys(c.says for c in rows))


def _by_ac(settled: Settled) -> str:
    """Say what AC covered, where it was needed and passed."""
    rows = [c for c in settled.checks if c.rule == "SEC-AC-2" and c.verdict == Verdict.PASS]
    return f"; {rows[0].says}" if rows else ""


def would_change(settled: Settled) -> tuple[str, ...]:
    """Say, rule by rule, what would change the answer and who can do it."""
    wanted = {Verdict.MISSING, Verdict.REFER, Verdict.FAIL}
    return tuple(f"{c.rule}: {c.fix}" for c in settled.checks if c.verdict in wanted and c.fix)
