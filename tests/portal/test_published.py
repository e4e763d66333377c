"""Rules, journal, its state and measures over HTTP: complete, checkable by others, and only for whom they are."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pytest

from moms.desk.published import CHAPTERS
from tests.portal.conftest import PEOPLE, filed, key

OPERATORS = {name for name, (organisation, _) in PEOPLE.items() if organisation == "operator"}


@pytest.fixture(scope="module")
def told(running):
    """File something for two owners, one with a reason that a spreadsheet would run."""
    found = filed(running.as_("ann"), description="for the journal")
    filed(running.as_("bob"), organisation="TO-2")
    at = {**key(), "If-Match": f'"{found["revision"]}"'}
    done = running.as_("ann").post(f"/outages/{found['id']}/cancel", json={"reason": "=HYPERLINK(1)"}, headers=at)
    assert done.status_code == 200, done.text
    return found


def walk(client, **wanted) -> list[dict]:
    """Read all pages of the journal."""
    found, cursor = [], None
    while True:
        page = client.get("/journal", params={**wanted, "limit": 7, **({"cursor": cursor} if cursor else {})})
        assert page.status_code == 200, page.text
        found += page.json()["items"]
        cursor = page.json()["next"]
        if cursor is None:
            return found


def test_everybody_reads_the_rules_in_force(running):
    for name in ("ann", "eve", "pub"):
        found = running.as_(name).get("/rules").json()
        assert [c["title"] for c in found["chapters"]] == [c.title for c in CHAPTERS]
        assert found["book"]["id"] in running.as_(name).get("/about").json()["rule_book"]
        recalled = [one["path"] for one in found["book"]["numbers"] if one["trust"] == "recalled"]
        assert recalled
        assert len(recalled) < len(found["book"]["numbers"])


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("way", ["/journal", "/journal/export", "/journal/state"])
def test_the_journal_is_the_operators(running, told, name, way):
    found = running.as_(name).get(way)
    assert found.status_code == (200 if name in OPERATORS else 403), found.text
    assert name in OPERATORS or told["id"] not in found.text


def test_a_search_finds_the_lines_of_one_outage_newest_first(running, told):
    found = walk(running.as_("aud"), subject=told["id"])
    assert found[0]["verb"] in {"cancel", "withdraw"}
    assert found[-1]["verb"] == "submit"
    assert {line["organisation"] for line in found} == {"TO-1"}
    assert walk(running.as_("aud"), text="for the journal", verb="submit")[0]["subject"] == told["id"]
    assert walk(running.as_("aud"), actor="ann", owner="TO-2") == []
    assert walk(running.as_("aud"), **{"from": "2031-01-01", "to": "2031-02-01"}) == []


def test_pages_give_every_line_that_the_chains_have_once(running, told):
    found = walk(running.as_("aud"))
    places = [(line["organisation"], line["sequence"]) for line in found]
    assert len(set(places)) == len(places)
    for name in {organisation for organisation, _ in places}:
        ours = sorted(sequence for organisation, sequence in places if organisation == name)
        assert ours == list(range(1, len(ours) + 1))


@pytest.mark.usefixtures("told")
def test_whoever_has_the_export_can_check_the_chain_without_moms(running):
    text = running.as_("aud").get("/journal/export", params={"owner": "TO-1", "format": "jsonl"}).text
    lines = sorted((json.loads(line) for line in text.splitlines()), key=lambda line: line["sequence"])
    before = "0" * 64
    for number, line in enumerate(lines, start=1):
        assert (line["sequence"], line["previous"]) == (number, before)
        revision = "" if line["outage_revision"] is None else str(line["outage_revision"])
        head = (before, "TO-1", str(number), line["classification"], str(line["revision"]))
        parts = (*head, line["outage_id"], revision, line["body"])
        before = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        assert line["hash"] == before
    assert len(lines) > 3


def test_the_table_has_all_that_matches_and_nothing_that_a_spreadsheet_runs(running, told):
    answer = running.as_("aud").get("/journal/export", params={"subject": told["id"]})
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == len(walk(running.as_("aud"), subject=told["id"]))
    assert rows[0]["reason"] == "'=HYPERLINK(1)"


def test_the_state_is_what_the_command_says(running, told):
    found = running.as_("aud").get("/journal/state").json()
    again = running.place.verify()
    assert found["whole"]
    assert again.whole
    assert 0 < found["verdict"]["lines"] <= again.lines


def test_an_owner_sees_its_own_measures_and_the_operator_those_of_all(running, told):
    own = running.as_("ann").get("/measures").json()["items"]
    assert [one["organisation"] for one in own] == [None, "TO-1"]
    every = running.as_("eve").get("/measures").json()["items"]
    assert {"TO-1", "TO-2"} <= {one["organisation"] for one in every}
    mine = next(one for one in every if one["organisation"] == "TO-1")
    assert own[1] == mine == {**own[0], "organisation": "TO-1"}
    assert running.as_("pub").get("/measures").json()["items"][0]["filed"] == 0


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"cursor": "x"}, 400),
        ({"cursor": "WzEsMiwzXQ"}, 400),
        ({"from": "yesterday"}, 422),
        ({"from": "2027-02-02", "to": "2027-02-01"}, 422),
        ({"limit": 0}, 422),
    ],
)
def test_a_search_that_cannot_be_says_what_is_wrong(running, wanted, status):
    found = running.as_("aud").get("/journal", params=wanted)
    assert found.status_code == status
    assert found.json()["title"]
    assert found.json()["fix"]


def test_nothing_of_this_changes_the_book(running):
    before = len(running.lines())
    for way in ("/rules", "/measures", "/journal", "/journal/state", "/journal/export"):
        running.as_("aud").get(way)
    assert len(running.lines()) == before
