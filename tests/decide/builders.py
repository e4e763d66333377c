"""Evidence as a decision would get it, clean unless said otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from moms.decide import (
    Adequacy,
    Authority,
    AuthorityRow,
    Crossing,
    CutOff,
    DecisionRules,
    Evidence,
    MarginDay,
    Security,
)
from moms.outages import Category, Kind, Nature, Request
from moms.values import Window

START = datetime(2027, 3, 1, 5, tzinfo=UTC)
RULES = DecisionRules(
    ac_needed=(),
    tight_share=0.95,
    voltage_kv=345.0,
    load_at_risk_mw=100.0,
    model_error_share=0.005,
    system_may_deny=True,
    recall_within_h=4.0,
    redispatch_most_mw=600.0,
    alternatives=3,
    search_days=28,
    offer_held_h=0.0,
    full_exemption_lead_days=120.0,
    partial_exemption_lead_days=31.0,
    authority=(
        AuthorityRow(category="transmission", up_to_kv=None, authority=Authority.DECIDE),
        AuthorityRow(category="generation", up_to_kv=None, authority=Authority.DECIDE),
    ),
)


def a_request(**changes: object) -> Request:
    """A planned week on one line."""
    base = Request(
        external_id="X-1",
        organisation="TO-1",
        category=Category.TRANSMISSION,
        kind=Kind.PLANNED,
        nature=Nature.LINE_MAINTENANCE,
        assets=("branch:6",),
        window=Window(start=START, end=START + timedelta(days=7)),
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # tests name fields


def a_crossing(**changes: object) -> Crossing:
    """A new crossing of ten per cent after a contingency."""
    base = Crossing(
        contingency="branch:3",
        element="branch:1",
        hour="2027-03-01T05:00Z",
        flow_mw=110.0,
        limit_mw=100.0,
        percent=110.0,
        base_mw=60.0,
        without_mw=90.0,
        caused="new",
        hours=3,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # tests name fields


def a_cut_off(**changes: object) -> CutOff:
    """A contingency that darkens 40 MW."""
    base = CutOff(
        contingency="branch:9",
        load_mw=40.0,
        generation_mw=0.0,
        buses=("bus:7",),
        units=(),
        hours=168,
        critical_load=False,
        clean_after=True,
        zone_largest_mw=900.0,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # tests name fields


def a_security(**changes: object) -> Security:
    """A clean study."""
    base = Security(
        book="book",
        crossings=(),
        tight=(),
        cut_off=(),
        self_cut=None,
        old=12,
        contingencies=1000,
        monitored=900,
        unrated=0,
        synthetic=100,
        points=168,
        slices=1,
        shortfall_mw=0.0,
        skipped=(),
        digest="ab" * 32,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # tests name fields


CLEAN_MARGIN = Adequacy(removed_mw=0.0, least=None, hurt=(), unknown=())


def an_evidence(**changes: object) -> Evidence:
    """Evidence for a plain approval."""
    base = Evidence(security=a_security(), adequacy=CLEAN_MARGIN, base_kv=138.0, lead_days=60.0)
    return replace(base, **changes)  # type: ignore[arg-type]  # tests name fields


def a_hurt_day(**changes: object) -> MarginDay:
    """A day that the request takes below zero."""
    base = MarginDay(day="2027-03-02", row="LRZ4", without_mw=120.0, with_mw=-380.0)
    return replace(base, **changes)  # type: ignore[arg-type]  # tests name fields
