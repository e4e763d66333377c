"""The rules a request must meet on the grid, one function each (semantics §1, §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.decide.check import Check, Condition, Verdict
from moms.decide.voltage_checks import ac_dirt, not_verified
from moms.values import many

if TYPE_CHECKING:
    from moms.decide.evidence import Crossing, CutOff, Evidence, Security
    from moms.decide.policy import DecisionRules

NO_STUDY = "the study was not run"


def _missing(rule: str, asks: str) -> Check:
    return Check(rule=rule, asks=asks, verdict=Verdict.MISSING, says=NO_STUDY, fix="an outage engineer runs the study")


def _worst(crossings: tuple[Crossing, ...]) -> Crossing:
    return max(crossings, key=lambda c: (c.percent, c.contingency or "", c.element))


def before_any_contingency(evidence: Evidence, rules: DecisionRules, *, agreed: bool | None) -> Check:
    """SEC-BASE-1: no flow goes over rate A, or further over, before any contingency (semantics 1.3, 2.1)."""
    del rules, agreed
    asks = "no flow over rate A before any contingency that the request causes"
    if evidence.security is None:
        return _missing("SEC-BASE-1", asks)
    rows = tuple(c for c in evidence.security.crossings if c.contingency is None)
    if not rows:
        return Check(rule="SEC-BASE-1", asks=asks, verdict=Verdict.PASS, says="none")
    worst = _worst(rows)
    return Check(
        rule="SEC-BASE-1",
        asks=asks,
        verdict=Verdict.FAIL,
        says=f"{worst.element} carries {abs(worst.flow_mw):.1f} MW of {worst.limit_mw:.1f} MW at {worst.hour}"
        f" with everything else in service, in {many(worst.hours, 'hour')}",
        value=abs(worst.flow_mw),
        limit=worst.limit_mw,
        unit="MW",
        evidence=(evidence.security.digest,),
        fix="hours of lower flow, or a switching remedy by an outage engineer",
    )


def _without(row: Crossing) -> str:
    """Say what the pair carries without the request: nothing can be said where it is dead then."""
    if row.without_mw is None:
        return "without the request it is cut off there"
    return f"{abs(row.without_mw):.1f} MW without the request"


def after_each_contingency(evidence: Evidence, rules: DecisionRules, *, agreed: bool | None) -> Check:
    """SEC-N1-1: no flow goes over rate B, or further over, after a contingency, unless redispatch cures it.

    Semantics 1.3, 1.4, 2.1, 2.1b: a crossing of less than the model's error neither approves nor
    denies; a redispatch that was verified makes a condition.
    """
    del agreed
    asks = "no flow over rate B after any single contingency that the request causes"
    found = evidence.security
    if found is None:
        return _missing("SEC-N1-1", asks)
    rows = tuple(c for c in found.crossings if c.contingency is not None)
    if not rows:
        return Check(
            rule="SEC-N1-1",
            asks=asks,
            verdict=Verdict.PASS,
            says=f"none of {many(found.contingencies, 'contingency')} at {many(found.points, 'operating point')}",
            evidence=(found.digest,),
        )
    worst = _worst(rows)
    told = (
        f"{worst.element} carries {abs(worst.flow_mw):.1f} MW of {worst.limit_mw:.1f} MW after {worst.contingency}"
        f" at {worst.hour} ({worst.percent:.1f} %; {_without(worst)})"
    )
    numbers = {"value": abs(worst.flow_mw), "limit": worst.limit_mw, "unit": "MW", "evidence": (found.digest,)}
    remedy = evidence.remedy
    if remedy is not None and remedy.possible and remedy.verified:
        if remedy.mw > rules.redispatch_most_mw:
            return Check(
                rule="SEC-N1-1",
                asks=asks,
                verdict=Verdict.REFER,
                says=f"{told}; {remedy.says}, more than the {rules.redispatch_most_mw:.0f} MW the system may accept",
                fix="an outage engineer accepts the redispatch, or another window",
                **numbers,  # type: ignore[arg-type]  # a dict of mixed keyword values
            )
        return Check(
            rule="SEC-N1-1",
            asks=asks,
            verdict=Verdict.CONDITION,
            says=f"{told}; {remedy.says}",
            condition=_redispatch(evidence),
            **numbers,  # type: ignore[arg-type]  # a dict of mixed keyword values
        )
    slight = all(c.caused == "new" and c.over_mw < rules.model_error_share * c.limit_mw for c in rows)
    if slight:
        return Check(
            rule="SEC-N1-1",
            asks=asks,
            verdict=Verdict.REFER,
            says=f"{told}; the crossing of {worst.over_mw:.2f} MW is within the model's error",
            fix="an outage engineer looks at the ratings of this pair",
            **numbers,  # type: ignore[arg-type]
        )
    if remedy is None or (remedy.possible and not remedy.verified):
        why = "no redispatch was tried" if remedy is None else "the redispatch found was not confirmed by a full study"
        return Check(
            rule="SEC-N1-1",
            asks=asks,
            verdict=Verdict.REFER,
            says=f"{told}; {why}",
            fix="an outage engineer studies a remedy",
            **numbers,  # type: ignore[arg-type]
        )
    return Check(
        rule="SEC-N1-1",
        asks=asks,
        verdict=Verdict.FAIL,
        says=f"{told}; {remedy.says}",
        fix="another window, or switching by an outage engineer",
        **numbers,  # type: ignore[arg-type]
    )


def _redispatch(evidence: Evidence) -> Condition:
    remedy = evidence.remedy
    if remedy is None:
        msg = "a condition needs its remedy"
        raise ValueError(msg)
    units = ", ".join(m.unit for m in remedy.moves[:4]) + (" and others" if len(remedy.moves) > 4 else "")
    return Condition(
        kind="redispatch",
        says=f"redispatch up to {remedy.mw:.0f} MW in {many(remedy.hours, 'hour')} ({units}),"
        f" about ${remedy.cost:,.0f} in all",
        data={
            "moves": [{"unit": m.unit, "mw": m.mw} for m in remedy.moves],
            "mw": remedy.mw,
            "cost_per_h": remedy.cost_per_h,
            "cost": remedy.cost,
            "hours": remedy.hours,
        },
    )


def voltage_margin(evidence: Evidence, rules: DecisionRules, *, agreed: bool | None) -> Check:
    """SEC-TIGHT-1: without AC, every caused loading stays at or below the tight share of rate B (semantics 1.7)."""
    del agreed
    asks = f"every caused loading at or below {rules.tight_share:.0%} of rate B while voltage is not studied"
    found = evidence.security
    if evidence.ac_needed:
        return Check(
            rule="SEC-TIGHT-1", asks=asks, verdict=Verdict.NOT_REQUIRED, says="AC verification is needed instead"
        )
    if found is None:
        return _missing("SEC-TIGHT-1", asks)
    if not found.tight:
        return Check(rule="SEC-TIGHT-1", asks=asks, verdict=Verdict.PASS, says="none above", evidence=(found.digest,))
    worst = _worst(found.tight)
    remedy = evidence.remedy
    works = remedy is not None and remedy.possible and remedy.verified
    cured = remedy is not None and works and remedy.mw <= rules.redispatch_most_mw
    return Check(
        rule="SEC-TIGHT-1",
        asks=asks,
        verdict=Verdict.CONDITION if cured else Verdict.REFER,
        says=f"{worst.element} reaches {worst.percent:.1f} % of rate B after {worst.contingency} at {worst.hour}"
        + ("; the redispatch brings it below" if cured else ""),
        value=worst.percent,
        limit=rules.tight_share * 100,
        unit="%",
        evidence=(found.digest,),
        condition=_redispatch(evidence) if cured else None,
        fix=None if cured else "an outage engineer checks voltage",
    )


def voltage_class(evidence: Evidence, rules: DecisionRules, *, agreed: bool | None) -> Check:
    """SEC-AC-1: what only a voltage study can clear goes to a person (semantics 1.7, 2.0)."""
    del agreed
    if evidence.ac_needed:
        return Check(
            rule="SEC-AC-1",
            asks="voltage studied",
            verdict=Verdict.NOT_REQUIRED,
            says="AC verification is needed instead",
        )
    asks = f"no reactive equipment and no line of {rules.voltage_kv:.0f} kV and up while voltage is not studied"
    if evidence.reactive:
        return Check(
            rule="SEC-AC-1",
            asks=asks,
            verdict=Verdict.REFER,
            says="the equipment holds voltage; voltage not studied",
            fix="an outage engineer checks voltage",
        )
    if evidence.is_line and evidence.base_kv is None:
        return Check(
            rule="SEC-AC-1",
            asks=asks,
            verdict=Verdict.MISSING,
            says="the voltage of the equipment is not known",
            fix="the model team supplies it",
        )
    if evidence.is_line and evidence.base_kv is not None and evidence.base_kv >= rules.voltage_kv:
        return Check(
            rule="SEC-AC-1",
            asks=asks,
            verdict=Verdict.REFER,
            says=f"equipment of {evidence.base_kv:.0f} kV; voltage not studied",
            value=evidence.base_kv,
            limit=rules.voltage_kv,
            unit="kV",
            fix="an outage engineer checks voltage",
        )
    return Check(
        rule="SEC-AC-1",
        asks=asks,
        verdict=Verdict.NOT_REQUIRED,
        says="voltage not studied: not required by this rule book for this class",
    )


def load_at_risk(evidence: Evidence, rules: DecisionRules, *, agreed: bool | None) -> Check:
    """SEC-LAR-1: what one more failure would darken because of the request is small and clean (semantics 2.1a)."""
    asks = f"at most {rules.load_at_risk_mw:.0f} MW of load cut off by one more failure because of the request"
    found = evidence.security
    if found is None:
        return _missing("SEC-LAR-1", asks)
    if not found.cut_off:
        return Check(rule="SEC-LAR-1", asks=asks, verdict=Verdict.PASS, says="none", evidence=(found.digest,))
    worst = max(found.cut_off, key=lambda c: (c.load_mw, c.generation_mw, c.contingency or ""))
    numbers = {"value": worst.load_mw, "limit": rules.load_at_risk_mw, "unit": "MW", "evidence": (found.digest,)}
    trouble = why_not_tolerated(found.cut_off, rules)
    losses = many(len(found.cut_off), "contingency")
    told = f"{losses} would cut off up to {worst.load_mw:.1f} MW of load (after {worst.contingency})"
    if trouble:
        return Check(
            rule="SEC-LAR-1",
            asks=asks,
            verdict=Verdict.REFER,
            says=f"{told}: {trouble}",
            fix="an outage engineer arranges transfer of the load or another window",
            **numbers,  # type: ignore[arg-type]  # a dict of mixed keyword values
        )
    if worst.load_mw == 0.0 and all(c.generation_mw == 0.0 for c in found.cut_off):
        return Check(
            rule="SEC-LAR-1",
            asks=asks,
            verdict=Verdict.PASS,
            says="only dead sections are cut off",
            evidence=(found.digest,),
            value=0.0,
            limit=rules.load_at_risk_mw,
            unit="MW",
        )
    told_owners = "their owners agreed" if agreed else "their owners are told"
    return Check(
        rule="SEC-LAR-1",
        asks=asks,
        verdict=Verdict.CONDITION,
        says=f"{told}; {told_owners}",
        condition=Condition(
            kind="load_at_risk",
            says=f"load at risk {worst.load_mw:.1f} MW, recall {rules.recall_within_h:.0f} h",
            data={"load_mw": worst.load_mw, "contingency": worst.contingency, "buses": list(worst.buses)},
        ),
        **numbers,  # type: ignore[arg-type]
    )


def why_not_tolerated(rows: tuple[CutOff, ...], rules: DecisionRules) -> str | None:
    """Say why what one more failure would darken is not tolerated (semantics 2.1a); None: it is."""
    for row in rows:
        if row.critical_load and row.load_mw > 0:
            return f"critical load after {row.contingency}"
        if row.load_mw > rules.load_at_risk_mw:
            return "more than the rule book tolerates"
        if not row.clean_after:
            return f"the flows after {row.contingency} are not clean"
        if row.generation_mw > 0 and (row.zone_largest_mw is None or row.generation_mw > row.zone_largest_mw):
            lost = f"{row.generation_mw:.0f} MW of generation after {row.contingency}"
            return f"{lost} is more than the zone's largest contingency"
    return None


def own_island(evidence: Evidence, rules: DecisionRules, *, agreed: bool | None) -> Check:
    """SEC-ISL-1: the request itself darkens no load (semantics 2.2, 2.3)."""
    del rules
    asks = "the request itself cuts off no load"
    found = evidence.security
    if found is None:
        return _missing("SEC-ISL-1", asks)
    cut = found.self_cut
    if cut is None or cut.load_mw <= 0.0:
        says = (
            "it cuts nothing off" if cut is None else f"it cuts off no load ({cut.generation_mw:.0f} MW of generation)"
        )
        return Check(rule="SEC-ISL-1", asks=asks, verdict=Verdict.PASS, says=says, value=0.0, limit=0.0, unit="MW")
    consent = "the owners' consent is recorded" if agreed else "no consent of the load's owners is recorded"
    return Check(
        rule="SEC-ISL-1",
        asks=asks,
        verdict=Verdict.REFER if agreed else Verdict.MISSING,
        says=f"{cut.load_mw:.1f} MW of load has no supply while it is out; {consent}",
        value=cut.load_mw,
        limit=0.0,
        unit="MW",
        fix="the owner records `agreed_load_at_risk`, and an outage engineer confirms the transfer of the load",
    )


def pick_up(evidence: Evidence, rules: DecisionRules, *, agreed: bool | None) -> Check:
    """SEC-TRIP-1: headroom covers the trip of any one unit as well as without the request (semantics 1.2)."""
    del rules, agreed
    asks = "headroom covers the trip of any one unit"
    found = evidence.security
    if found is None:
        return _missing("SEC-TRIP-1", asks)
    short = found.shortfall_mw
    return Check(
        rule="SEC-TRIP-1",
        asks=asks,
        verdict=Verdict.REFER if short > 0 else Verdict.PASS,
        says=f"{short:.1f} MW not covered" if short > 0 else "covered",
        value=short,
        limit=0.0,
        unit="MW",
        fix="an outage engineer arranges reserve" if short > 0 else None,
    )


def clean_with_the_queue(evidence: Evidence, rules: DecisionRules, *, agreed: bool | None) -> Check:
    """SEC-QUEUE-1: the answer is the same with the earlier-queued requests also out (semantics 1.1)."""
    del rules, agreed
    asks = "clean too when the requests queued before it are also out"
    if evidence.security is None:
        return _missing("SEC-QUEUE-1", asks)
    if not evidence.earlier_pending:
        return Check(rule="SEC-QUEUE-1", asks=asks, verdict=Verdict.PASS, says="nothing waits before it")
    if evidence.queue is None or not_verified(evidence, evidence.queue):
        return _missing("SEC-QUEUE-1", asks)
    worse = _dirt(evidence.queue) - _dirt(evidence.security)
    return Check(
        rule="SEC-QUEUE-1",
        asks=asks,
        verdict=Verdict.REFER if worse else Verdict.PASS,
        says=f"{many(len(worse), 'pair')} over or tight only with the earlier requests also out"
        if worse
        else f"clean with {len(evidence.earlier_pending)} more out",
        evidence=(evidence.queue.digest,),
        fix="decide the requests queued before it first" if worse else None,
    )


def _dirt(found: Security) -> frozenset[tuple[str, str]]:
    pairs = {(c.contingency or "", c.element) for c in (*found.crossings, *found.tight)}
    return frozenset(pairs | {(c.contingency or "", "") for c in found.cut_off}) | ac_dirt(found)


def relies_on_others(evidence: Evidence, rules: DecisionRules, *, agreed: bool | None) -> Check:
    """SEC-RELY-1: an answer that is clean only because another outage is out says so (semantics 1.1)."""
    del rules, agreed
    asks = "clean whether or not the other outages of the book are out"
    if evidence.security is None:
        return _missing("SEC-RELY-1", asks)
    if not evidence.overlapping:
        return Check(rule="SEC-RELY-1", asks=asks, verdict=Verdict.PASS, says="no other outage overlaps")
    if evidence.alone is None or not_verified(evidence, evidence.alone):
        return _missing("SEC-RELY-1", asks)
    worse = _dirt(evidence.alone) - _dirt(evidence.security)
    if not worse:
        return Check(
            rule="SEC-RELY-1",
            asks=asks,
            verdict=Verdict.PASS,
            says="clean both ways",
            evidence=(evidence.alone.digest,),
        )
    named = evidence.relies_on or evidence.overlapping
    return Check(
        rule="SEC-RELY-1",
        asks=asks,
        verdict=Verdict.CONDITION,
        says=f"{many(len(worse), 'pair')} clean only because of {many(len(named), 'other outage')}",
        evidence=(evidence.alone.digest,),
        condition=Condition(
            kind="relies_on",
            says=f"studied again if {_any(len(named))} moves",
            data={"outages": list(named)},
        ),
    )


def _any(count: int) -> str:
    return "the other outage it leans on" if count == 1 else f"one of {count} other outages it leans on"


SECURITY_CHECKS = (
    before_any_contingency,
    after_each_contingency,
    voltage_margin,
    voltage_class,
    load_at_risk,
    own_island,
    pick_up,
    clean_with_the_queue,
    relies_on_others,
)
"""Every security rule, in the order a record shows them."""
