"""The record of one decision: what was asked, answered, why, on which evidence and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.decide import sentence, would_change
from moms.values import digest, plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from moms.decide import Check, Evidence, Settled
    from moms.outages import Outage

FORMAT = "moms-decision-1"


def make_record(
    *,
    outage: Outage,
    settled: Settled,
    evidence: Evidence,
    what: str,
    when: str,
    alternatives: tuple[Mapping[str, object], ...],
    searched: str,
    notes: tuple[str, ...],
    inputs: Mapping[str, object],
    versions: Mapping[str, str],
    now: datetime,
) -> dict[str, object]:
    """Make the record, JSON's own kinds throughout; its id is the digest of everything else in it."""
    body = {
        "format": FORMAT,
        "outage": outage.id,
        "revision": outage.revision,
        "organisation": outage.request.organisation,
        "external_id": outage.request.external_id,
        "assets": outage.request.assets,
        "window": {"start": outage.window.start, "end": outage.window.end},
        "decided_at": now,
        "outcome": settled.outcome,
        "status": settled.status,
        "recommends": settled.recommends,
        "says": sentence(settled, what=what, when=when, offers=len(alternatives)),
        "decisive": settled.decisive,
        "rules": [_rule(c) for c in settled.checks],
        "binding": _binding(settled, evidence),
        "would_change": would_change(settled),
        "conditions": [{"kind": c.kind, "says": c.says, "data": c.data} for c in settled.conditions],
        "alternatives": alternatives,
        "searched": searched,
        "evidence": evidence,
        "notes": notes,
        "inputs": inputs,
        "versions": versions,
    }
    record = plain(body)
    if not isinstance(record, dict):
        msg = "a record is a mapping"
        raise TypeError(msg)
    record["id"] = "D-" + digest(record)[:16]
    return record


def _rule(check: Check) -> dict[str, object]:
    return {
        "rule": check.rule,
        "asks": check.asks,
        "verdict": check.verdict,
        "says": check.says,
        "value": check.value,
        "limit": check.limit,
        "unit": check.unit,
        "evidence": check.evidence,
    }


def _binding(settled: Settled, evidence: Evidence) -> dict[str, object] | None:
    """Name what binds: the worst crossing, else the hurt margin row, else the worst voltage or MVA, else nothing."""
    del settled
    if evidence.security is not None and evidence.security.crossings:
        worst = max(evidence.security.crossings, key=lambda c: (c.percent, c.element))
        return {"kind": "flow", "element": worst.element, "contingency": worst.contingency, "hour": worst.hour,
                "flow_mw": worst.flow_mw, "limit_mw": worst.limit_mw, "percent": worst.percent,
                "without_mw": worst.without_mw, "caused": worst.caused}  # fmt: skip
    if evidence.adequacy is not None and evidence.adequacy.hurt:
        least = min(evidence.adequacy.hurt, key=lambda d: (d.with_mw, d.day, d.row))
        return {"kind": "margin", "row": least.row, "day": least.day, "with_mw": least.with_mw,
                "without_mw": least.without_mw}  # fmt: skip
    voltage = None if evidence.security is None else evidence.security.voltage
    if voltage is not None and voltage.crossings:
        row = voltage.crossings[0]
        return {"kind": "ac", "quantity": row.quantity, "element": row.element, "contingency": row.contingency,
                "hour": row.hour, "value": row.value, "limit": row.limit, "base_kv": row.base_kv,
                "without": row.without, "caused": row.caused}  # fmt: skip
    return None
