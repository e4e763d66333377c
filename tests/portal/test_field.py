"""The field over HTTP: who may report what, once, and who is told."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from moms.desk.people import Scope
from tests.portal.conftest import PEOPLE, START, filed, key

_number = itertools.count(1)
REPORTERS = {"ann": "TO-1", "age": "TO-1", "fay": "TO-1", "bob": "TO-2"}


@pytest.fixture(scope="module")
def two(running):
    """Have an outage of each owner approved by an engineer, and give them with the morning they begin."""
    found = {}
    for organisation, name in (("TO-1", "ann"), ("TO-2", "bob")):
        outage = filed(running.as_(name), organisation=organisation, external_id=f"field of {organisation}")
        at = {**key(), "If-Match": f'"{outage["revision"]}"'}
        body = {"outcome": "approve", "reason": "looked at"}
        done = running.as_("eve").post(f"/outages/{outage['id']}/settle", json=body, headers=at)
        assert done.status_code == 200, done.text
        found[organisation] = done.json()["outage"]
    return found


def an_entry(outage, what="arrived", **more):
    at = (START + timedelta(minutes=1)).isoformat()
    name = f"portal-entry-{next(_number)}"
    return {"id": name, "outage": outage["id"], "what": what, "tapped_at": at, "sent_at": at, **more}


def sent(client, *entries):
    return client.post("/field/entries", json={"entries": list(entries)}, headers=key())


def field_lines(running, outage):
    return [line[:2] for line in running.lines() if line[2] == outage["id"] and line[0].startswith("field:")]


@pytest.mark.parametrize("name", PEOPLE)
def test_an_owners_people_report_for_their_own_organisation_and_nobody_else_does(running, two, name):
    for organisation, outage in two.items():
        before = field_lines(running, outage)
        found = sent(running.as_(name), an_entry(outage))
        own = REPORTERS.get(name)
        if own is None:
            assert found.status_code == 403, found.text
            assert found.json()["field"] == "role"
        else:
            [item] = found.json()["items"]
            assert item["kept"] == (own == organisation), item
            assert own == organisation or item["refused"]["field"] == "outage"
        assert len(field_lines(running, outage)) == len(before) + (own == organisation)


def test_sent_again_under_any_key_an_entry_is_one_line_and_the_answer_is_the_same(running, two):
    fay, one = running.as_("fay"), an_entry(two["TO-1"])
    first, again = sent(fay, one), sent(fay, one)
    assert first.json() == again.json()
    assert field_lines(running, two["TO-1"]).count(("field:arrived", "fay")) >= 1
    whole = running.as_("ann").get(f"/outages/{two['TO-1']['id']}").json()["field"]
    assert [e["id"] for e in whole["entries"]].count(one["id"]) == 1
    assert running.place.verify().whole


def test_a_bad_entry_is_refused_by_itself_and_the_outage_stays_as_it_was(running, two):
    outage, good = two["TO-1"], an_entry(two["TO-1"], "late", late_min=30, reason="a flat tyre")
    found = sent(running.as_("fay"), an_entry(outage, "asleep"), good)
    bad, kept = found.json()["items"]
    assert (bad["kept"], bad["refused"]["field"]) == (False, "what")
    assert kept["entry"]["to_look"]
    after = running.as_("ann").get(f"/outages/{outage['id']}").json()["outage"]
    assert (after["revision"], after["state"], after["status"]) == (
        outage["revision"], outage["state"], outage["status"],
    )  # fmt: skip


def test_the_control_room_is_told_that_a_crew_will_be_late_and_says_that_it_has_seen_it(running, two):
    outage, late = two["TO-1"], an_entry(two["TO-1"], "late", late_min=45, reason="quagmire on the road")
    assert sent(running.as_("fay"), late).json()["items"][0]["kept"]
    for name, told in (("roy", True), ("ann", True), ("bob", False), ("eve", False), ("aud", False)):
        items = running.as_(name).get("/notices", params={"limit": 1000}).json()["items"]
        assert any("quagmire" in i["tells"]["reason"] for i in items) == told, name
    way, body = f"/outages/{outage['id']}/field/seen", {"entries": [late["id"]]}
    for name in set(PEOPLE) - {"roy", "eve"}:
        assert running.as_(name).put(way, json=body).status_code == 403
    done = running.as_("roy").put(way, json=body)
    assert done.status_code == 200, done.text
    [entry] = [e for e in done.json()["entries"] if e["id"] == late["id"]]
    assert (entry["to_look"], entry["seen_by"]) == (False, "roy")
    assert running.as_("roy").put(way, json={"entries": ["never-heard-of"]}).status_code == 404


def test_an_engineers_work_goes_by_the_plan_not_by_taps(running, two):
    sent(running.as_("fay"), an_entry(two["TO-1"], "released"))
    items = running.as_("roy").get("/notices", params={"limit": 1000}).json()["items"]
    verbs = {i["tells"]["verb"] for i in items}
    assert {verb for verb in verbs if verb.startswith("field")} <= {"field_look", "field_late"}


def test_a_crews_day_is_its_own_organisations(running, two):
    for name in ("fay", "ann", "bob"):
        running.at(datetime.fromisoformat(two[PEOPLE[name][0]]["window"]["start"]))
        found = running.as_(name).get("/field").json()
        assert {job["organisation"] for job in found["items"]} == {PEOPLE[name][0]}
        assert two[PEOPLE[name][0]]["id"] in {job["outage"] for job in found["items"]}
    assert running.as_("pub").get("/field").json()["items"] == []
    assert running.as_().get("/field").status_code == 401


def test_reading_needs_a_reading_token_writing_a_writing_one_and_a_key(running, two):
    reads = running.as_(token=running.token("fay", Scope.READ))
    assert sent(reads, an_entry(two["TO-1"])).status_code == 403
    body = {"entries": [an_entry(two["TO-1"])]}
    assert running.as_("fay").post("/field/entries", json=body).status_code == 400
    assert running.as_("fay").post("/field/entries", json={"entries": []}, headers=key()).status_code == 422
