"""Requests from files, and the published schema beside the parser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.exchange.requests import COLUMNS, NotAllGood, Sheet, UnreadableFile, parse_json, read_request, read_sheet
from moms.outages import Kind, Request, request_document, request_from
from moms.values import Finding
from tests.outages.builders import NOW, a_request, a_unit_request
from tests.outages.test_document import BAD_DOCUMENTS, good, requests

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "request.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
BEYOND = {"READ-6", "READ-7", "READ-8", "READ-9", "READ-10", "READ-11", "READ-12"}
"""What no schema can say: calendars, zones, and one field against another."""

MISSING = object()
_odd: st.SearchStrategy[Any] = st.sampled_from(
    [
        MISSING, None, True, 7, 7.5, -1, 1e9, "", "x", "two words", " edge ", "a\u0000b", [], ["x"], {}, {"a": 1},
        "planned", "forced", "LM", "generation", "open", "08:00", "24:00", "EST", "America/Chicago", "Mars/Base",
        "branch:1", "branch:01", ["branch:1"], ["branch:1", "branch:1"], ["gen:1", "branch:0"], ["branch:1", 3],
        "2027-03-01T08:00Z", "2027-03-01T08:00", "2027-03-01 08:00:30.5-05:00", "2027-02-30T08:00Z", "27-1-1",
        {"at": "2027-03-14T02:30", "zone": "America/Chicago"},
        {"at": "2027-11-07T01:30", "zone": "EST", "fold": "first"},
        {"at": 3}, {"at": "2027-11-07T01:30", "zone": None}, {"start": "2027-03-01T08:00Z", "end": "2027-03-02T08:00Z"},
        {"start": "2027-03-03T08:00Z", "end": "2027-03-02T08:00Z"}, {"start": "2027-03-01T08:00Z"},
        {"start": "2027-03-01T08:00Z", "end": None}, [{"start": "2027-03-01T08:00Z", "end": "2027-03-02T08:00Z"}],
        [{"name": "a", "phone": "5550100"}], [{"name": "a"}], [{"name": "a", "phone": "call me"}],
        {"normal": "open", "during": "closed"}, {"start": "08:00", "end": "16:00", "zone": "EST", "days": [1, 1]},
        {"start": "08:00", "end": "16:00", "zone": "EST", "days": [1.0, 2]},
        {"start": "8", "end": "16:00", "zone": "EST"},
    ]
)  # fmt: skip
_fields = st.sampled_from([*SCHEMA["properties"], "stranger"])


@settings(max_examples=400)
@given(request=requests, spoil=st.lists(st.tuples(_fields, _odd), max_size=3))
def test_schema_and_parser_agree_as_far_as_a_schema_can_say(request: Request, spoil: list[tuple[str, Any]]) -> None:
    document = json.loads(json.dumps(request_document(request)))
    for name, value in spoil:
        document[name] = value
    document = {name: value for name, value in document.items() if value is not MISSING}
    read = request_from(document, now=NOW)
    by_schema = VALIDATOR.is_valid(document)
    if isinstance(read, Request):
        assert by_schema, [one.message for one in VALIDATOR.iter_errors(document)]
    elif by_schema:
        assert {one.rule for one in read} <= BEYOND, read


SAYABLE = [row[:2] for row in BAD_DOCUMENTS if row[2] not in BEYOND and "not a number" not in row[0]]


@pytest.mark.parametrize(("what", "change"), SAYABLE, ids=[row[0] for row in SAYABLE])
def test_the_schema_refuses_what_a_schema_can_say(what: str, change: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(good(**change)), what


def test_the_schema_is_a_schema_and_current() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    from tools.make_request_schema import text

    assert json.loads(text()) == SCHEMA


def test_a_forced_report_may_be_short_in_the_schema_too() -> None:
    short = {"kind": "forced", "organisation": "River Power", "assets": ["gen:7"]}
    assert VALIDATOR.is_valid(short)
    assert not VALIDATOR.is_valid(short | {"kind": "planned"})


def test_a_request_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(good()), encoding="utf-8-sig")
    assert read_request(file) == a_request()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1, column 1"),
        ('{"kind": }', "line 1, column 10"),
        ('{\n"kind": "planned",\n}', "line 3, column 1"),
        ('{"kind": "planned", "kind": "forced"}', "twice"),
        ('{"recall_h": NaN}', "NaN"),
        ("[" * 100_000, "can be read"),
        ("1" * 5000, "can be read"),
    ],
)
def test_a_file_that_is_no_json_is_told_where(text: str, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        parse_json(text, name="request.json")


def test_a_file_that_is_not_there_or_no_text_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        read_request(tmp_path / "none.json")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"external_id\n\xff\xfe")
    with pytest.raises(UnreadableFile, match="byte 12"):
        read_sheet(binary)


HEADER = (
    "external_id,category,kind,nature,assets,start,end,recall_h,emergency_return_h,"
    "description,contact_name,contact_phone"
)
ROW = (
    "PW-2027-017,transmission,planned,LM,branch:1,2027-03-01T13:00Z,2027-03-03T13:00Z,8,4,"
    '"Replace\ninsulators",Duty desk,+1 317 555 0100'
)


def sheet(tmp_path: Path, text: str, **facts: Any) -> Sheet:
    file = tmp_path / "many.csv"
    file.write_text(text, encoding="utf-8")
    return read_sheet(file, **{"organisation": "Prairie Wires"} | facts)


def test_many_requests_are_read_from_a_sheet(tmp_path: Path) -> None:
    second = ROW.replace("017", "018").replace("\n", " ")
    found = sheet(tmp_path, f"{HEADER}\n{ROW}\n\n{second}\n")
    assert [one.line for one in found.whole()] == [2, 5]
    assert found.lines[1].request == a_request(external_id="PW-2027-018", description="Replace insulators")


def test_what_work_waits_for_is_one_cell_of_references(tmp_path: Path) -> None:
    row = ROW.replace("\n", " ")
    found = sheet(tmp_path, f"{HEADER},after\n{row},PW 1; PW-2027-002\n")
    assert found.whole()[0].request.after == ("PW 1", "PW-2027-002")


def test_every_bad_line_is_reported_with_its_number_and_nothing_is_whole(tmp_path: Path) -> None:
    bad = ROW.replace("\n", " ").replace("planned", "planed").replace(",8,", ",soon,").replace("017", "019")
    short = "PW-2027-020,transmission"
    again = ROW.replace("\n", " ")
    found = sheet(tmp_path, f"{HEADER}\n{ROW}\n{bad}\n{short}\n{again}\n")
    assert [(one.line, one.finding.field) for one in found.faults] == [
        (4, "kind"),
        (4, "recall_h"),
        (5, "line"),
        (6, "external_id"),
    ]
    assert [one.line for one in found.lines] == [2]
    with pytest.raises(NotAllGood, match="line 4: kind:"):
        found.whole()


def test_a_sheet_says_local_times_recurrence_switches_and_units(tmp_path: Path) -> None:
    columns = {
        "external_id": "RP-1", "organisation": "River Power", "category": "generation", "kind": "opportunity",
        "nature": "OV", "assets": "gen:1 gen:2", "start": "2027-11-07T01:30", "end": "2027-11-09T01:30",
        "zone": "America/Chicago", "start_fold": "second", "daily_start": "08:00", "daily_end": "16:00",
        "daily_zone": "EST", "daily_days": "1 2", "switch_normal": "closed", "switch_during": "open",
        "agreed_load_at_risk": "yes", "designated_units": "gen:7 gen:8", "derate_to_mw": "10.5",
    }  # fmt: skip
    request = sheet(tmp_path, ",".join(columns) + "\n" + ",".join(columns.values())).whole()[0].request
    assert request.assets == ("gen:1", "gen:2")
    assert request.window.hours == 48
    assert request.recurrence is not None
    assert request.recurrence.days == (1, 2)
    assert request.switch is not None
    assert request.designated_units == ("gen:7", "gen:8")
    assert (request.agreed_load_at_risk, request.derate_to_mw) == (True, 10.5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("external_id,colour\n1,red", "colour"),
        ("external_id,external_id\n1,2", "twice"),
        ('external_id\n"a"b', "line 2"),
    ],
)
def test_a_sheet_of_the_wrong_form_is_told_so(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        sheet(tmp_path, text)


def test_every_column_leads_to_a_field_that_is_read(tmp_path: Path) -> None:
    def reads(column: str) -> bool:
        return any(one.finding.rule != "READ-2" for one in sheet(tmp_path, f"{column}\n\u0001x\n").faults)

    assert {column for column in COLUMNS if not reads(column)} == {"start_fold", "end_fold"}


def test_a_forced_sheet_is_read_with_little_in_it(tmp_path: Path) -> None:
    found = sheet(tmp_path, "kind,assets\nforced,gen:7\n", now=NOW)
    assert found.whole()[0].request.kind == Kind.FORCED


def test_a_unit_request_of_the_builders_is_readable() -> None:
    assert request_from(request_document(a_unit_request())) == a_unit_request()
    assert isinstance(request_from({}), list)
    assert all(isinstance(one, Finding) for one in request_from({}))  # type: ignore[union-attr]
