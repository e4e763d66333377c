"""Requests and outages as documents, and back."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.outages import Category, Contact, Kind, Nature, Outage, Position, Recurrence, Request, State, Status, Switch
from moms.outages.document import NotAnOutage, from_document, request_document, request_from, to_document
from moms.outages.outage import Added, Wish
from moms.values import Finding, Level, Window
from tests.outages.builders import NOW, a_request, an_outage

_instants = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    max_value=datetime(2031, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
_lines = st.from_regex(r"[A-Za-zäß€語0-9]([A-Za-zäß€語0-9 ._-]{0,20}[A-Za-z0-9])?", fullmatch=True)
_hours = st.floats(min_value=0, max_value=8000).map(lambda value: round(value, 9) + 0.0)
_assets = st.builds(
    "{}:{}".format, st.sampled_from(["branch", "gen", "dcline", "bus"]), st.integers(min_value=1, max_value=999_999)
)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start = draw(_instants)
    return Window(
        start=start, end=start + draw(st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=400)))
    )


def _tuples(of: st.SearchStrategy[Any], *, most: int, least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, min_size=least, max_size=most, unique=True).map(tuple)


def _maybe(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | of


_clocks = st.times().map(lambda moment: f"{moment:%H:%M}")
requests = st.builds(
    Request,
    external_id=_lines,
    organisation=_lines,
    category=st.sampled_from(Category),
    kind=st.sampled_from(Kind),
    nature=st.sampled_from(Nature),
    assets=_tuples(_assets, least=1, most=4),
    window=windows(),
    earliest_start=_maybe(_instants),
    latest_end=_maybe(_instants),
    blackout=_tuples(windows(), most=3),
    recall_h=_maybe(_hours),
    emergency_return_h=_maybe(_hours),
    derate_to_mw=_maybe(_hours),
    recurrence=_maybe(
        st.builds(
            Recurrence,
            start=_clocks,
            end=_clocks,
            zone=st.sampled_from(["EST", "America/Chicago", "UTC"]),
            days=_tuples(st.integers(min_value=1, max_value=7), least=1, most=7),
        )
    ),
    switch=_maybe(st.builds(Switch, normal=st.sampled_from(Position), during=st.sampled_from(Position))),
    group=_maybe(_lines),
    after=_tuples(_lines, most=3),
    project=_maybe(_lines),
    location=_maybe(_lines),
    description=st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=60),
    contacts=_tuples(
        st.builds(Contact, name=_lines, phone=st.just("+1 555 0100 x12"), email=_maybe(st.just("a@b.example"))), most=2
    ),
    discovered_at=_maybe(_instants),
    agreed_load_at_risk=_maybe(st.booleans()),
    designated_units=_tuples(_assets, most=3),
)
findings = st.builds(
    Finding, rule=st.just("LEAD-1"), level=st.sampled_from(Level), says=_lines, field=_maybe(_lines), fix=_maybe(_lines)
)
_added = _tuples(st.builds(Added, window=windows(), stamp=_instants), most=2)
outages = st.builds(
    Outage,
    id=_lines,
    request=requests,
    state=st.sampled_from(State),
    status=st.sampled_from(Status),
    window=windows(),
    stamp=_instants,
    filed_at=_instants,
    revision=st.integers(min_value=1, max_value=99),
    conditions=_tuples(_lines, most=2),
    findings=_tuples(findings, most=2),
    decision_id=_maybe(_lines),
    actual_start=_maybe(_instants),
    actual_end=_maybe(_instants),
    requester=_lines,
    added=_added,
    granted=_maybe(st.sampled_from(Status)),
    stamped_h=_maybe(_hours),
    wish=_maybe(st.builds(Wish, request=requests, stamp=_instants, added=_added, stamped_h=_hours)),
)


@given(request=requests)
def test_a_request_comes_back_from_its_document(request: Request) -> None:
    assert request_from(json.loads(json.dumps(request_document(request)))) == request


@given(outage=outages)
def test_an_outage_comes_back_from_its_document(outage: Outage) -> None:
    assert from_document(json.loads(json.dumps(to_document(outage)))) == outage


def test_every_field_of_an_outage_is_in_its_document() -> None:
    assert set(to_document(an_outage())) == {one.name for one in fields(Outage)}


def test_a_stored_document_of_another_version_is_refused() -> None:
    with pytest.raises(NotAnOutage, match="colour"):
        from_document(to_document(an_outage()) | {"colour": "red"})
    with pytest.raises(NotAnOutage, match="is missing"):
        from_document(to_document(an_outage()) | {"request": {"kind": "odd"}})


def good(**changes: Any) -> dict[str, Any]:
    """Give a readable document, with changes; a change to `...` takes the field out."""
    whole = request_document(a_request()) | changes
    return {name: value for name, value in whole.items() if value is not ...}


def _one(found: Request | list[Finding]) -> Finding:
    assert isinstance(found, list)
    assert len(found) == 1, found
    return found[0]


BAD_DOCUMENTS = [
    ("an unknown field", {"wnidow": {}}, "READ-1", "wnidow"),
    (
        "an unknown field inside",
        {"contacts": [{"name": "a", "phone": "5550100", "fax": "1"}]},
        "READ-1",
        "contacts[0].fax",
    ),
    ("a missing field", {"nature": ...}, "READ-2", "nature"),
    ("null where something is needed", {"external_id": None}, "READ-2", "external_id"),
    ("a missing end", {"window": {"start": "2027-03-01T00:00Z"}}, "READ-2", "window.end"),
    ("a number for text", {"external_id": 17}, "READ-3", "external_id"),
    ("text for a number", {"recall_h": "8"}, "READ-3", "recall_h"),
    ("true for a number", {"recall_h": True}, "READ-3", "recall_h"),
    ("text for a list", {"assets": "branch:1"}, "READ-3", "assets"),
    ("text for an object", {"window": "next week"}, "READ-3", "window"),
    ("text for true or false", {"agreed_load_at_risk": "yes"}, "READ-3", "agreed_load_at_risk"),
    ("a kind that is none", {"kind": "planed"}, "READ-4", "kind"),
    ("a code in small letters", {"nature": "lm"}, "READ-4", "nature"),
    ("a negative number", {"recall_h": -1}, "READ-5", "recall_h"),
    ("not a number at all", {"recall_h": float("nan")}, "READ-5", "recall_h"),
    ("a number without end", {"derate_to_mw": 10**400}, "READ-5", "derate_to_mw"),
    ("an asset of no form", {"assets": ["line 7"]}, "READ-5", "assets[0]"),
    ("an asset with leading noughts", {"assets": ["branch:007"]}, "READ-5", "assets[0]"),
    ("no assets", {"assets": []}, "READ-5", "assets"),
    ("a text of spaces", {"external_id": "  "}, "READ-5", "external_id"),
    ("a text no database can keep", {"description": "a\u0000b"}, "READ-5", "description"),
    ("half a letter", {"group": "\ud800"}, "READ-5", "group"),
    ("a text too long", {"external_id": "x" * 101}, "READ-5", "external_id"),
    (
        "an ISO weekday of none",
        {"recurrence": {"start": "08:00", "end": "16:00", "zone": "EST", "days": [8]}},
        "READ-5",
        "recurrence.days[0]",
    ),
    (
        "a time of day of none",
        {"recurrence": {"start": "8am", "end": "16:00", "zone": "EST"}},
        "READ-5",
        "recurrence.start",
    ),
    ("a day that is not in the calendar", {"earliest_start": "2027-02-29T00:00Z"}, "READ-6", "earliest_start"),
    ("words for an instant", {"earliest_start": "Monday"}, "READ-6", "earliest_start"),
    ("a time without offset or zone", {"earliest_start": "2027-02-01T00:00"}, "READ-7", "earliest_start"),
    (
        "a zone that is none",
        {"earliest_start": {"at": "2027-02-01T00:00", "zone": "Mars/Base"}},
        "READ-7",
        "earliest_start.zone",
    ),
    (
        "a time the clocks jump over",
        {"earliest_start": {"at": "2027-03-14T02:30", "zone": "America/Chicago"}},
        "READ-8",
        "earliest_start",
    ),
    (
        "a time the clocks show twice",
        {"earliest_start": {"at": "2027-11-07T01:30", "zone": "America/Chicago"}},
        "READ-9",
        "earliest_start",
    ),
    (
        "an end before its start",
        {"window": {"start": "2027-03-02T00:00Z", "end": "2027-03-01T00:00Z"}},
        "READ-10",
        "window.end",
    ),
    (
        "an end at its start",
        {"window": {"start": "2027-03-01T00:00Z", "end": "2027-03-01T00:00Z"}},
        "READ-10",
        "window.end",
    ),
    ("an asset named twice", {"assets": ["branch:1", "branch:1"]}, "READ-11", "assets[1]"),
    (
        "an offset the zone does not have",
        {"earliest_start": {"at": "2027-07-01T00:00-06:00", "zone": "America/Chicago"}},
        "READ-12",
        "earliest_start",
    ),
]


@pytest.mark.parametrize(("what", "change", "rule", "field"), BAD_DOCUMENTS, ids=[row[0] for row in BAD_DOCUMENTS])
def test_a_document_that_cannot_be_read_says_which_field_and_what_would_mend_it(
    what: str, change: dict[str, Any], rule: str, field: str
) -> None:
    found = _one(request_from(good(**change)))
    assert (found.rule, found.field, found.level) == (rule, field, Level.BLOCK), what
    assert found.says
    assert found.fix


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = request_from(good(kind="planed", nature=..., recall_h="8", wnidow=1, assets=["x", "branch:2"]))
    assert isinstance(found, list)
    assert [one.rule for one in found] == ["READ-1", "READ-4", "READ-2", "READ-5", "READ-3"]


@pytest.mark.parametrize(
    "document", [None, [], "request", 7, {}, {"kind": []}, {"kind": "forced"}, {"kind": "forced", "window": 3}]
)
def test_what_is_no_request_at_all_is_told_so(document: object) -> None:
    found = request_from(document)
    assert isinstance(found, list)
    assert found


def test_local_times_hang_in_the_zone_of_the_document() -> None:
    found = request_from(good(zone="America/Chicago", window={"start": "2027-03-13T18:00", "end": "2027-03-15T06:00"}))
    assert isinstance(found, Request)
    assert found.window.hours == 35


def test_an_ambiguous_time_is_read_when_it_says_which() -> None:
    found = request_from(good(latest_end={"at": "2027-11-07T01:30", "zone": "America/Chicago", "fold": "second"}))
    assert isinstance(found, Request)
    assert found.latest_end == datetime(2027, 11, 7, 7, 30, tzinfo=UTC)


def test_null_means_left_out() -> None:
    assert request_from(good(project=None, blackout=None)) == a_request()


def test_the_organisation_of_who_asks_stands_where_the_document_names_none() -> None:
    assert request_from(good(organisation=...), organisation="Prairie Wires") == a_request()


def test_a_forced_report_with_little_in_it_is_read_and_says_what_was_assumed() -> None:
    found = request_from({"kind": "forced", "assets": ["gen:7"]}, organisation="River Power", now=NOW)
    assert isinstance(found, Request)
    assert found.category == Category.GENERATION
    assert found.nature == Nature.UNKNOWN
    assert (found.window.start, found.window.hours) == (NOW, 24)
    assert found.assumed == ("category", "external_id", "nature", "window.end", "window.start")


def test_the_same_forced_report_gets_the_same_reference_whenever_it_is_read() -> None:
    report = {"kind": "forced", "assets": ["gen:7"], "organisation": "River Power"}
    read = [request_from(report, now=NOW + timedelta(hours=k)) for k in (0, 1)]
    assert [one.external_id for one in read if isinstance(one, Request)] == [read[0].external_id] * 2  # type: ignore[union-attr]


def test_a_planned_request_cannot_say_that_its_fields_were_assumed() -> None:
    assert request_from(good(assumed=["nature"])) == a_request()
