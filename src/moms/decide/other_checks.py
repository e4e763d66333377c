"""The rules beside the grid's: data, special classes, margin, exemption (semantics §2.0, §2.3, §2.4, §5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.decide.check import Check, Condition, Verdict
from moms.values import Level, many

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moms.decide.evidence import Evidence
    from moms.decide.policy import DecisionRules
    from moms.values import Finding


def data_are_there(evidence: Evidence) -> Check:
    """DEC-DATA-1: nothing that the decision needs is missing (missing data never approves)."""
    asks = "every datum the rule book needs is there"
    if evidence.missing:
        return Check(
            rule="DEC-DATA-1",
            asks=asks,
            verdict=Verdict.MISSING,
            says="; ".join(evidence.missing),
            fix="the model team or the owner supplies it",
        )
    return Check(rule="DEC-DATA-1", asks=asks, verdict=Verdict.PASS, says="all there")


def forecast_is_fresh(evidence: Evidence, rules: DecisionRules) -> Check:
    """DEC-FORE-1: the newest forecast issue is fresh enough for a window that begins soon (semantics 1.5)."""
    within, most = rules.forecast_within_days, rules.forecast_most_age_h
    asks = f"a forecast issue of the last {most:.0f} h, if it begins within {within:.0f} days"
    found, ahead = evidence.forecast, evidence.begins_in_days
    if ahead is None or ahead >= within:
        says = "not known when it begins" if ahead is None else f"it begins in {ahead:.0f} days"
        return Check(rule="DEC-FORE-1", asks=asks, verdict=Verdict.NOT_REQUIRED, says=says)
    return _is_fresh(
        "DEC-FORE-1", asks, None if found is None else (found.source, found.age_h), most=most, unit="h",
        needed=rules.forecast_needed,
        none="no forecast issue is kept; load and weather are those of the grid's own year",
        fix="the operator keeps a newer issue: moms forecast keep FILE",
    )  # fmt: skip


def rates_are_fresh(evidence: Evidence, rules: DecisionRules) -> Check:
    """DEC-RATE-1: the newest issue of outage rates is fresh enough for what takes capacity away (semantics 5.3)."""
    most = rules.rates_most_age_d
    asks = f"outage rates issued in the last {most:.0f} days, if it takes capacity away"
    found, adequacy = evidence.rates, evidence.adequacy
    if adequacy is None or adequacy.removed_mw <= 0:
        says = "the margin was not computed" if adequacy is None else "it takes no capacity away"
        return Check(rule="DEC-RATE-1", asks=asks, verdict=Verdict.NOT_REQUIRED, says=says)
    return _is_fresh(
        "DEC-RATE-1", asks, None if found is None else (found.source, found.age_d), most=most, unit="days",
        needed=rules.rates_needed,
        none="no issue of outage rates is kept; those that the grid came with count",
        fix="the operator keeps newer ones: moms forecast rates FILE",
    )  # fmt: skip


def _is_fresh(
    rule: str, asks: str, issue: tuple[str, float] | None, *, most: float, unit: str, needed: bool, none: str, fix: str
) -> Check:  # fmt: skip
    """Hold the age of an issue, of a source, against the most it may be; `none` says what counts without one."""
    if issue is None:
        verdict = Verdict.MISSING if needed else Verdict.NOT_REQUIRED
        return Check(rule=rule, asks=asks, verdict=verdict, says=none, fix=fix)
    source, age = issue
    old = age > most
    return Check(
        rule=rule, asks=asks, verdict=Verdict.MISSING if old else Verdict.PASS,
        says=f"{source} is {age:.0f} {unit} old", value=round(age, 1), limit=most, unit=unit,
        fix=fix if old else None,
    )  # fmt: skip


def entry_findings(findings: Iterable[Finding]) -> tuple[Check, ...]:
    """Turn what the entry rules found into rows: a referral is a person's alone."""
    verdicts = {Level.REFER: Verdict.MISSING, Level.BLOCK: Verdict.FAIL, Level.FLAG: Verdict.PASS}
    return tuple(
        Check(
            rule=f.rule,
            asks="entry rule",
            verdict=verdicts[f.level],
            says=("noted: " if f.level == Level.FLAG else "") + f.says,
            fix=f.fix,
        )
        for f in findings
    )


def group_as_a_whole(evidence: Evidence) -> Check:
    """DEC-GROUP-1: a group is granted as a whole, on one study with all of it out (domain 2, group)."""
    asks = "all outages of its group can be granted together"
    others = many(len(evidence.together), "other outage")
    told = f"studied as one with {others} of its group ({', '.join(evidence.together)})"
    if evidence.group_waits:
        return Check(
            rule="DEC-GROUP-1",
            asks=asks,
            verdict=Verdict.MISSING,
            says=f"{told}; {'; '.join(evidence.group_waits)}",
            fix="the owner changes what stands in the way or takes it out of the group, or an engineer settles each",
        )
    if evidence.group_leans:
        named = ", ".join(evidence.group_leans)
        return Check(
            rule="DEC-GROUP-1",
            asks=asks,
            verdict=Verdict.CONDITION,
            says=f"{told}; without {named} the rest would cause more",
            condition=Condition(
                kind="relies_on",
                says=f"studied again if {named} of its group moves",
                data={"outages": list(evidence.group_leans)},
            ),
        )
    return Check(rule="DEC-GROUP-1", asks=asks, verdict=Verdict.PASS, says=told)


def margin_holds(evidence: Evidence) -> Check:
    """MAR-1: no day's margin is below zero and made lower by the request (semantics 5.1)."""
    asks = "no row of the maintenance margin below zero and lowered by the request"
    found = evidence.adequacy
    if found is None:
        return Check(
            rule="MAR-1",
            asks=asks,
            verdict=Verdict.MISSING,
            says="the margin was not computed",
            fix="a grid with zones, shapes and outage rates",
        )
    if found.unknown:
        return Check(
            rule="MAR-1",
            asks=asks,
            verdict=Verdict.MISSING,
            says="; ".join(found.unknown),
            fix="the owner reports the outage rate",
        )
    if found.hurt:
        worst = min(found.hurt, key=lambda d: (d.with_mw, d.day, d.row))
        days = len({d.day for d in found.hurt})
        return Check(
            rule="MAR-1",
            asks=asks,
            verdict=Verdict.FAIL,
            says=f"{worst.row} would be at {worst.with_mw:,.0f} MW on {worst.day}"
            f" ({worst.without_mw:,.0f} MW without it), below zero on {many(days, 'day')}",
            value=worst.with_mw,
            limit=0.0,
            unit="MW",
            fix="days with more margin",
        )
    least = found.least
    return Check(
        rule="MAR-1",
        asks=asks,
        verdict=Verdict.PASS,
        says="it takes no capacity away"
        if found.removed_mw <= 0 or least is None
        else f"least row {least.row} on {least.day}: {least.with_mw:,.0f} MW",
        value=least.with_mw if least is not None and found.removed_mw > 0 else None,
        limit=0.0,
        unit="MW",
    )


def exemption(evidence: Evidence, rules: DecisionRules) -> Check:
    """EXE-1: enough notice for the accreditation exemption (domain §1.3; 120 days, or the margin holds)."""
    full, part = rules.full_exemption_lead_days, rules.partial_exemption_lead_days
    asks = f"{full:.0f} days' notice, or {part:.0f} days' and a margin that holds"
    lead = evidence.lead_days
    margin = margin_holds(evidence).verdict == Verdict.PASS
    earned = lead >= rules.full_exemption_lead_days or (lead >= rules.partial_exemption_lead_days and margin)
    return Check(
        rule="EXE-1",
        asks=asks,
        verdict=Verdict.PASS if earned else Verdict.NOT_REQUIRED,
        says=f"{lead:.0f} days' notice: {'exempt' if earned else 'not exempt'}",
        value=round(lead, 1),
        limit=rules.full_exemption_lead_days,
        unit="days",
        fix=None if earned else "ask earlier, or accept dates the operator offers",
    )
