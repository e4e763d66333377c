"""AC in decisions: only what was verified is granted; what fails names where, how much, after what and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moms.decide import (
    AcCrossing,
    AcNeed,
    AtLimit,
    DecisionRules,
    Evidence,
    Outcome,
    Settled,
    Unsolved,
    Verdict,
    Voltage,
    sentence,
    settle,
)
from moms.outages import Category
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

AC = replace(RULES, ac_needed=(AcNeed(category="transmission", from_kv=None),))
CLEAN = Voltage(
    status="clean", why="", contingencies=245, hours=("h1: the most load", "h2: the least load"), points=168
)
LOW = AcCrossing(
    contingency="branch:22",
    element="bus:3",
    quantity="low_voltage_pu",
    base_kv=138.0,
    hour="2027-03-01T05:00Z",
    value=0.931,
    limit=0.94,
    without=0.951,
    caused="new",
    hours=2,
)


def with_voltage(voltage: Voltage | None, **changes: object) -> Evidence:
    return an_evidence(security=a_security(voltage=voltage), ac_needed=True, **changes)


def settled(evidence: Evidence, rules: DecisionRules = AC, **request: object) -> Settled:
    return settle(request=a_request(**request), evidence=evidence, findings=(), rules=rules, windows_left=False)


def told(found: Settled) -> str:
    return sentence(found, what="line 6", when="in March", offers=0)


def test_a_clean_verification_is_approved_and_says_what_it_covered():
    found = settled(with_voltage(CLEAN))
    assert found.outcome == Outcome.APPROVE
    assert "AC verified: 245 contingencies, 2 hours of 168" in told(found)


def test_the_classes_of_the_rule_book_need_it_and_an_unknown_voltage_counts_as_high():
    rows = (AcNeed(category="transmission", from_kv=345.0), AcNeed(category="generation", from_kv=None))
    rules = replace(RULES, ac_needed=rows)
    wanted = {("transmission", 138.0): False, ("transmission", 345.0): True, ("transmission", None): True,
              ("generation", 13.8): True}  # fmt: skip
    assert {key: rules.needs_ac(category=key[0], base_kv=key[1]) for key in wanted} == wanted
    assert not RULES.needs_ac(category="transmission", base_kv=None)


@pytest.mark.parametrize(
    "voltage", [None, Voltage(status="not available", why="AC not available: the grid has no reactive loads")]
)
def test_without_a_verification_nothing_is_granted(voltage):
    found = settled(with_voltage(voltage))
    assert found.outcome == Outcome.REFER
    assert "SEC-AC-2" in found.decisive


@pytest.mark.parametrize("category", [Category.TRANSMISSION, Category.GENERATION])
def test_a_generator_too_is_accepted_only_with_it(category):
    assert settled(with_voltage(None), category=category).outcome == Outcome.REFER
    assert settled(with_voltage(CLEAN), category=category).outcome in {Outcome.APPROVE, Outcome.ACCEPT}


def test_what_dc_denies_is_denied_without_ac_and_says_so():
    found = settled(an_evidence(security=a_security(crossings=(a_crossing(contingency=None),)), ac_needed=True))
    assert found.outcome == Outcome.DENY
    row = next(c for c in found.checks if c.rule == "SEC-AC-2")
    assert row.verdict == Verdict.NOT_REQUIRED
    assert row.says == "not run: SEC-BASE-1 stands against it already"


@pytest.mark.parametrize(
    "changes",
    [
        {"cut_off": (a_cut_off(),)},  # tolerated: a condition stands against nothing
        {},
    ],
)
def test_ac_that_was_not_run_is_missing_wherever_the_rest_would_grant(changes):
    found = settled(an_evidence(security=a_security(**changes), ac_needed=True))
    assert found.outcome == Outcome.REFER
    assert {c.rule for c in found.checks if c.verdict == Verdict.MISSING} >= {"SEC-AC-2", "SEC-AC-3", "SEC-AC-5"}


def test_a_hurt_margin_alone_needs_no_ac():
    hurt = replace(CLEAN_MARGIN, hurt=(a_hurt_day(),))
    assert settled(an_evidence(ac_needed=True, adequacy=hurt)).outcome == Outcome.DENY


@pytest.mark.parametrize(
    ("row", "rule", "says", "value", "unit"),
    [
        (LOW, "SEC-AC-3",
         "bus:3 falls to 0.9310 pu (128.5 kV), below 0.9400 pu (129.7 kV), after branch:22 at 2027-03-01T05:00Z (",
         128.48, "kV"),
        (replace(LOW, quantity="high_voltage_pu", value=1.11, limit=1.1, contingency=None, without=None), "SEC-AC-3",
         "bus:3 rises to 1.1100 pu (153.2 kV), above 1.1000 pu (151.8 kV), with everything else in service at", 153.18,
         "kV"),
        (replace(LOW, quantity="voltage_deviation_pu", value=0.09, limit=0.08, base_kv=None), "SEC-AC-4",
         "bus:3 moves by 0.0900 pu, more than 0.0800 pu, after branch:22", 0.09, "pu"),
        (replace(LOW, quantity="loading_mva", element="branch:7", value=110.0, limit=100.0, base_kv=None), "SEC-AC-5",
         "branch:7 carries 110.0 MVA of 100.0 MVA after branch:22", 110.0, "MVA"),
    ],
)  # fmt: skip
def test_a_voltage_out_of_its_band_goes_to_a_person_and_is_named(row, rule, says, value, unit):
    found = settled(with_voltage(replace(CLEAN, status="violations", crossings=(row,), found=1)))
    assert found.outcome == Outcome.REFER
    assert found.decisive == (rule,)
    check = next(c for c in found.checks if c.rule == rule)
    assert says in check.says
    assert (check.value, check.unit) == (value, unit)
    assert says in told(found)


@pytest.mark.parametrize("caused", ["new", "old"])
def test_no_solution_goes_to_a_person_with_its_case(caused):
    without = "as with it" if caused == "old" else None
    one = Unsolved(contingency="branch:22", hour="h1", why="Newton's method did not converge", without_why=without,
                   caused=caused, case={"grid": "0" * 64})  # fmt: skip
    found = settled(with_voltage(replace(CLEAN, unsolved=(one,), status="not converged")))
    assert found.outcome == Outcome.REFER
    assert "no AC solution after branch:22 at h1 (Newton's method did not converge" in told(found)


def test_buses_without_a_band_are_missing_data():
    found = settled(with_voltage(replace(CLEAN, unbanded=2)))
    assert found.outcome == Outcome.REFER
    assert "none, but 2 buses have no voltage band" in told(found)


def test_a_bus_at_its_reactive_limit_goes_to_a_person():
    one = AtLimit(element="bus:3", base_kv=138.0, hour="h1", volt_pu=0.99, set_pu=1.02, mvar=50.0, without_mvar=32.5)
    found = settled(with_voltage(replace(CLEAN, at_limit=(one,))))
    assert found.outcome == Outcome.REFER
    assert "the units at bus:3 (138 kV) give their limit of 50.0 MVAr at h1 and no longer hold 1.0200 pu" in told(found)
    row = next(c for c in found.checks if c.rule == "SEC-AC-6")
    assert (row.value, row.limit, row.unit) == (136.62, 140.76, "kV")


def test_the_tight_share_and_the_classes_of_voltage_are_for_where_no_ac_is_needed():
    tight = (a_crossing(percent=97.0, flow_mw=97.0),)
    evidence = replace(
        with_voltage(CLEAN), security=a_security(tight=tight, voltage=CLEAN), base_kv=500.0, reactive=True
    )
    assert settled(evidence).outcome == Outcome.APPROVE
    assert settled(replace(evidence, ac_needed=False)).outcome == Outcome.REFER


def test_what_ac_finds_only_with_the_queue_refers_and_only_alone_is_a_condition():
    dirty = replace(CLEAN, status="violations", crossings=(LOW,), found=1)
    with_queue = with_voltage(CLEAN, earlier_pending=("OTG-2",), queue=a_security(book="queue", voltage=dirty))
    assert settled(with_queue).decisive == ("SEC-QUEUE-1",)
    alone = with_voltage(CLEAN, overlapping=("OTG-2",), alone=a_security(book="alone", voltage=dirty))
    assert [c.kind for c in settled(alone).conditions] == ["relies_on"]
    for unverified in (replace(with_queue, queue=a_security()), replace(alone, alone=a_security())):
        assert settled(unverified).outcome == Outcome.REFER


def test_where_no_class_needs_it_no_row_of_it_is_shown():
    assert not [c for c in settled(an_evidence(), rules=RULES).checks if c.rule > "SEC-AC-1" and c.rule[:6] == "SEC-AC"]


def test_what_ac_did_not_look_at_though_the_request_changes_it_refers():
    found = settled(with_voltage(replace(CLEAN, untouched=20_000, left_out=3)))
    assert found.outcome == Outcome.REFER
    row = next(c for c in found.checks if c.rule == "SEC-AC-2")
    assert row.verdict == Verdict.MISSING
    assert row.says == "3 contingencies that it changes were not looked at: there are too many"


def test_what_it_cannot_change_is_told_and_granted():
    found = settled(with_voltage(replace(CLEAN, untouched=20_000)))
    assert found.outcome == Outcome.APPROVE
    row = next(c for c in found.checks if c.rule == "SEC-AC-2")
    assert row.says == "AC verified: 245 contingencies that it can change anything of, 2 hours of 168"
