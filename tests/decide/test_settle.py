"""What follows from which evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from moms.decide import (
    Adequacy,
    Authority,
    AuthorityRow,
    Evidence,
    Forecast,
    Outcome,
    RatesSeen,
    Remedy,
    Settled,
    sentence,
    settle,
    would_change,
)
from moms.outages import Category, Kind, Status
from moms.values import Finding, Level
from tests.decide.builders import (
    CLEAN_MARGIN,
    RULES,
    a_crossing,
    a_cut_off,
    a_hurt_day,
    a_request,
    a_security,
    an_evidence,
)

if TYPE_CHECKING:
    from moms.decide import DecisionRules
    from moms.outages import Request

CURED = Remedy(possible=True, verified=True, mw=80.0, hours=3, cost=4000.0, says="a redispatch of 80 MW cures it")
HOPELESS = Remedy(possible=False, verified=False, left_mw=6.0, says="redispatch leaves 6.0 MW over")


def settled(
    evidence: Evidence,
    *,
    request: Request | None = None,
    findings: tuple[Finding, ...] = (),
    rules: DecisionRules = RULES,
    windows_left: bool = False,
) -> Settled:
    return settle(
        request=request or a_request(), evidence=evidence, findings=findings, rules=rules, windows_left=windows_left
    )


def test_a_clean_study_is_approved_and_says_so() -> None:
    answer = settled(an_evidence())
    assert (answer.outcome, answer.status) == (Outcome.APPROVE, Status.APPROVED)
    assert sentence(answer, what="branch:6", when="1-8 Mar", offers=0).startswith("Approved: branch:6, 1-8 Mar")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"security": None}, "SEC-N1-1"),
        ({"adequacy": None}, "MAR-1"),
        ({"adequacy": replace(CLEAN_MARGIN, unknown=("gen:4 has no outage rate",))}, "MAR-1"),
        ({"missing": ("no register",)}, "DEC-DATA-1"),
        ({"base_kv": None}, "SEC-AC-1"),
        ({"base_kv": 345.0}, "SEC-AC-1"),
        ({"base_kv": 500.0}, "SEC-AC-1"),
        ({"reactive": True}, "SEC-AC-1"),
        ({"earlier_pending": ("M-1",)}, "SEC-QUEUE-1"),
        ({"overlapping": ("M-1",)}, "SEC-RELY-1"),
        ({"security": a_security(tight=(a_crossing(flow_mw=97.0, percent=97.0),))}, "SEC-TIGHT-1"),
        ({"security": a_security(shortfall_mw=12.0)}, "SEC-TRIP-1"),
        ({"security": a_security(self_cut=a_cut_off(contingency=None))}, "SEC-ISL-1"),
        ({"security": a_security(cut_off=(a_cut_off(load_mw=100.5),))}, "SEC-LAR-1"),
        ({"security": a_security(cut_off=(a_cut_off(critical_load=True),))}, "SEC-LAR-1"),
        ({"security": a_security(cut_off=(a_cut_off(clean_after=False),))}, "SEC-LAR-1"),
        ({"security": a_security(cut_off=(a_cut_off(generation_mw=901.0),))}, "SEC-LAR-1"),
        ({"security": a_security(cut_off=(a_cut_off(generation_mw=1.0, zone_largest_mw=None),))}, "SEC-LAR-1"),
        ({"security": a_security(crossings=(a_crossing(),))}, "SEC-N1-1"),  # no redispatch was tried
        (
            {
                "security": a_security(crossings=(a_crossing(flow_mw=100.4, percent=100.4),)),
                "remedy": HOPELESS,
            },
            "SEC-N1-1",  # within the model's error
        ),
        (
            {
                "security": a_security(crossings=(a_crossing(),)),
                "remedy": replace(CURED, verified=False),
            },
            "SEC-N1-1",
        ),
    ],
)
def test_what_is_missing_or_unsure_goes_to_a_person(change: dict[str, object], rule: str) -> None:
    answer = settled(an_evidence(**change))
    assert answer.outcome == Outcome.REFER
    assert rule in answer.decisive
    assert any(line.startswith(rule) for line in would_change(answer))


def test_a_limit_that_redispatch_cannot_save_is_denied_where_the_rule_book_lets_the_system() -> None:
    evidence = an_evidence(security=a_security(crossings=(a_crossing(),)), remedy=HOPELESS)
    assert settled(evidence).outcome == Outcome.DENY
    assert settled(evidence, windows_left=True).outcome == Outcome.COUNTER
    assert settled(evidence, rules=replace(RULES, system_may_deny=False)).outcome == Outcome.REFER


def test_a_base_case_violation_is_not_cured_by_redispatch() -> None:
    evidence = an_evidence(security=a_security(crossings=(a_crossing(contingency=None),)), remedy=CURED)
    assert settled(evidence).outcome == Outcome.DENY


def test_a_missing_datum_outweighs_a_violation_but_an_unstudied_voltage_does_not() -> None:
    dirty = {"security": a_security(crossings=(a_crossing(),)), "remedy": HOPELESS}
    assert settled(an_evidence(**dirty, missing=("no register",))).outcome == Outcome.REFER
    assert settled(an_evidence(**dirty, base_kv=345.0)).outcome == Outcome.DENY


def test_a_flag_refers_whatever_the_study_says() -> None:
    nuclear = Finding(rule="FLAG-1", level=Level.REFER, says="the branch serves a nuclear plant")
    assert settled(an_evidence(), findings=(nuclear,)).outcome == Outcome.REFER
    dirty = an_evidence(security=a_security(crossings=(a_crossing(),)), remedy=HOPELESS)
    assert settled(dirty, findings=(nuclear,)).outcome == Outcome.REFER


def test_a_verified_redispatch_is_a_condition_with_its_megawatts_and_cost() -> None:
    answer = settled(an_evidence(security=a_security(crossings=(a_crossing(),)), remedy=CURED))
    assert answer.status == Status.APPROVED_WITH_CONDITIONS
    assert "80 MW" in answer.conditions[0].says
    assert "$4,000" in answer.conditions[0].says


def test_a_redispatch_larger_than_the_rule_book_lets_the_system_accept_goes_to_a_person() -> None:
    large = replace(CURED, mw=601.0)
    answer = settled(an_evidence(security=a_security(crossings=(a_crossing(),)), remedy=large))
    assert answer.outcome == Outcome.REFER
    tight = a_security(tight=(a_crossing(flow_mw=97.0, percent=97.0),))
    assert settled(an_evidence(security=tight, remedy=large)).outcome == Outcome.REFER
    assert settled(an_evidence(security=tight, remedy=CURED)).outcome == Outcome.APPROVE


def test_small_load_at_risk_is_a_condition() -> None:
    answer = settled(an_evidence(security=a_security(cut_off=(a_cut_off(),))))
    assert answer.status == Status.APPROVED_WITH_CONDITIONS
    assert "load at risk 40.0 MW" in answer.conditions[0].says


def test_an_answer_that_leans_on_another_outage_says_so() -> None:
    alone = a_security(book="alone", crossings=(a_crossing(),))
    answer = settled(an_evidence(overlapping=("M-1", "M-2"), alone=alone, relies_on=("M-2",)))
    assert answer.status == Status.APPROVED_WITH_CONDITIONS
    assert answer.conditions[0].data["outages"] == ["M-2"]


def test_dirt_that_only_the_queue_brings_refers() -> None:
    queue = a_security(book="queue", crossings=(a_crossing(),))
    assert settled(an_evidence(earlier_pending=("M-1",), queue=queue)).outcome == Outcome.REFER
    assert settled(an_evidence(earlier_pending=("M-1",), queue=a_security(book="queue"))).outcome == Outcome.APPROVE


def test_a_generator_is_never_denied() -> None:
    ask = a_request(category=Category.GENERATION, assets=("gen:3",))
    hurt = Adequacy(removed_mw=450.0, least=a_hurt_day(), hurt=(a_hurt_day(),), unknown=())
    no_line = {"is_line": False, "base_kv": None}
    assert settled(an_evidence(**no_line), request=ask).status == Status.ACCEPTED_EXEMPT
    assert settled(an_evidence(**no_line, lead_days=12.0), request=ask).status == Status.ACCEPTED_NOT_EXEMPT
    assert settled(an_evidence(adequacy=hurt, **no_line), request=ask, windows_left=True).outcome == Outcome.COUNTER
    assert settled(an_evidence(adequacy=hurt, **no_line), request=ask).outcome == Outcome.REFER
    dirty = an_evidence(security=a_security(crossings=(a_crossing(),)), remedy=HOPELESS, **no_line)
    assert settled(dirty, request=ask).outcome == Outcome.REFER


@pytest.mark.parametrize("kind", [Kind.FORCED, Kind.EMERGENCY])
def test_a_forced_report_is_never_refused(kind: Kind) -> None:
    evidence = Evidence(security=None, missing=("everything",))
    assert settled(evidence, request=a_request(kind=kind)).outcome == Outcome.ACCEPT


def test_where_the_system_may_only_advise_it_recommends() -> None:
    advise = replace(
        RULES,
        authority=(AuthorityRow(category="transmission", up_to_kv=None, authority=Authority.ADVISE),),
    )
    answer = settled(an_evidence(), rules=advise)
    assert (answer.outcome, answer.recommends) == (Outcome.REFER, Outcome.APPROVE)
    assert "recommended: approve" in sentence(answer, what="branch:6", when="1-8 Mar", offers=0)


def test_an_asset_class_without_a_row_is_a_persons() -> None:
    assert settled(an_evidence(), rules=replace(RULES, authority=())).outcome == Outcome.REFER


def test_a_group_is_granted_as_a_whole_or_goes_to_a_person() -> None:
    clean = an_evidence(together=("OTG-2",))
    assert settled(clean).outcome == Outcome.APPROVE
    waits = settled(replace(clean, group_waits=("OTG-2 goes to an engineer",)))
    assert (waits.outcome, waits.decisive) == (Outcome.REFER, ("DEC-GROUP-1",))
    leans = settled(replace(clean, group_leans=("OTG-2",)))
    assert leans.status == Status.APPROVED_WITH_CONDITIONS
    assert leans.conditions[0].data == {"outages": ["OTG-2"]}


def test_a_pair_that_is_dead_without_the_request_is_not_said_to_carry_nothing() -> None:
    row = a_crossing(without_mw=None)
    answer = settled(an_evidence(security=a_security(crossings=(row,)), remedy=HOPELESS))
    says = next(c.says for c in answer.checks if c.rule == "SEC-N1-1")
    assert "without the request it is cut off there" in says
    assert "0.0 MW without" not in says


def test_old_outage_rates_refer_what_takes_capacity_away() -> None:
    def asked(age_d: float | None, *, takes_mw: float = 200.0, needed: bool = False) -> Settled:
        kept = None if age_d is None else RatesSeen(id="R-1", source="r.csv", issued="", units=9, age_d=age_d)
        margin = replace(CLEAN_MARGIN, removed_mw=takes_mw)
        return settled(an_evidence(rates=kept, adequacy=margin), rules=replace(RULES, rates_needed=needed))

    assert asked(401.0).outcome == Outcome.REFER
    assert asked(401.0).decisive == ("DEC-RATE-1",)
    assert "DEC-RATE-1: the operator keeps newer ones: moms forecast rates FILE" in would_change(asked(401.0))
    assert asked(400.0).outcome == Outcome.APPROVE
    assert asked(401.0, takes_mw=0.0).outcome == Outcome.APPROVE
    assert asked(None).outcome == Outcome.APPROVE
    assert asked(None, needed=True).outcome == Outcome.REFER
    assert asked(None, takes_mw=0.0, needed=True).outcome == Outcome.APPROVE


def test_an_old_forecast_refers_what_begins_soon() -> None:
    def asked(age_h: float | None, ahead: float, *, needed: bool = False) -> Settled:
        kept = None if age_h is None else Forecast(id="F-1", source="f.csv", issued="", until="", age_h=age_h)
        evidence = replace(an_evidence(), forecast=kept, begins_in_days=ahead)
        return settled(evidence, rules=replace(RULES, forecast_needed=needed))

    assert asked(40.0, 3.0).outcome == Outcome.REFER
    assert asked(40.0, 3.0).decisive == ("DEC-FORE-1",)
    assert "DEC-FORE-1: the operator keeps a newer issue: moms forecast keep FILE" in would_change(asked(40.0, 3.0))
    assert asked(36.0, 3.0).outcome == Outcome.APPROVE
    assert asked(400.0, 14.0).outcome == Outcome.APPROVE
    assert asked(None, 3.0).outcome == Outcome.APPROVE
    assert asked(None, 3.0, needed=True).outcome == Outcome.REFER
    assert asked(None, 30.0, needed=True).outcome == Outcome.APPROVE
