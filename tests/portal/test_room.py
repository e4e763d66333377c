"""The control room over HTTP: who sees what is not as planned, who takes it, and how the others are told."""

from __future__ import annotations

import json

import pytest

from moms.desk.people import Scope
from tests.portal.conftest import PEOPLE, START, key


@pytest.fixture(scope="module")
def failed(running):
    """Give an outage of each owner that was reported as failed."""
    running.at(START)
    found = {}
    for organisation, asset in (("TO-1", "branch:1"), ("TO-2", "branch:2")):
        body = {"assets": [asset], "organisation": organisation, "external_id": f"room of {organisation}"}
        done = running.as_("roy").post("/forced", json=body, headers=key())
        assert done.status_code == 200, done.text
        found[organisation] = done.json()["outage"]
    return found


def alarms(running, name):
    found = running.as_(name).get("/room")
    assert found.status_code == 200, found.text
    return {one["outage"]: one for one in found.json()["alarms"]}


def taken(client, outage, what="forced", *, match=None, **more):
    headers = {"If-Match": match or f'"{outage["revision"]}"'}
    return client.put(f"/outages/{outage['id']}/acknowledgement", json={"what": what, **more}, headers=headers)


def room_lines(running, outage):
    return [line[:2] for line in running.lines() if line[2] == outage["id"] and line[0].startswith("room:")]


@pytest.mark.parametrize("name", PEOPLE)
def test_each_sees_the_alarms_of_the_outages_it_may_see(running, failed, name):
    own, role = PEOPLE[name]
    all_of_them = own == "operator"
    for organisation, outage in failed.items():
        wanted = all_of_them or (own == organisation and role != "public")
        assert (outage["id"] in alarms(running, name)) == wanted, organisation


@pytest.mark.parametrize("name", sorted(set(PEOPLE) - {"roy", "eve"}))
def test_nobody_but_the_control_room_and_engineers_takes_an_alarm(running, failed, name):
    for outage in failed.values():
        assert taken(running.as_(name), outage).status_code in {403, 404}
        assert room_lines(running, outage) in ([], [("room:acknowledge", "roy")])


def test_what_one_of_the_room_takes_all_see_with_who_and_when_and_it_is_one_line(running, failed):
    outage = failed["TO-1"]
    first = taken(running.as_("roy"), outage, note="crew called")
    again = taken(running.as_("eve"), outage, note="me too")
    assert first.status_code == again.status_code == 200, (first.text, again.text)
    assert first.json() == again.json()
    for name in ("roy", "eve", "aud", "ann"):
        said = alarms(running, name)[outage["id"]]["acknowledged"]
        assert (said["by"], said["role"], said["note"]) == ("roy", "control_room", "crew called")
    assert room_lines(running, outage) == [("room:acknowledge", "roy")]
    whole = running.as_("ann").get(f"/outages/{outage['id']}").json()
    assert whole["outage"]["revision"] == outage["revision"]
    assert "room:acknowledge" in {line["verb"] for line in whole["history"]}
    assert running.place.verify().whole


def test_who_takes_an_alarm_has_read_the_notice_of_it_and_of_nothing_else(running):
    body = {"assets": ["branch:7"], "organisation": "TO-2", "external_id": "room, told"}
    outage = running.as_("bob").post("/forced", json=body, headers=key()).json()["outage"]

    def told(name):
        items = running.as_(name).get("/notices", params={"open": "true", "limit": 1000}).json()["items"]
        return [(one["tells"]["outage"] == outage["id"], one["tells"]["verb"]) for one in items]

    assert (True, "submit") in told("roy")
    others = [one for one in told("roy") if not one[0]]
    assert taken(running.as_("roy"), outage).status_code == 200
    assert not [verb for mine, verb in told("roy") if mine and verb == "submit"]
    assert [one for one in told("roy") if not one[0]] == others
    assert (True, "submit") in told("eve"), "the notice of another role is that role's"
    lines = [line[:2] for line in running.lines() if line[2] == outage["id"] and "acknowledge" in line[0]]
    assert lines == [("room:acknowledge", "roy"), ("acknowledge", "roy")]
    assert taken(running.as_("roy"), outage).status_code == 200
    assert len([line for line in running.lines() if line[2] == outage["id"] and "acknowledge" in line[0]]) == 2
    assert running.place.verify().whole


def test_a_hand_over_is_told_over_the_stream_to_the_operator_and_by_its_name_alone(running):
    with running.as_("aud").stream("GET", "/events", timeout=30) as stream:
        told = stream.iter_lines()
        assert next(told).startswith(": listening")
        given = running.as_("roy").post("/room/shift", json={"notes": "the ice"}, headers=key())
        assert given.status_code == 200
        name = next(line for line in told if line.startswith("event: "))
        body = json.loads(next(line for line in told if line.startswith("data: ")).removeprefix("data: "))
    assert name == "event: register"
    assert body == {"register": "shift", "organisation": "operator", "sequence": body["sequence"]}


def test_the_others_are_told_over_the_stream(running, failed):
    outage = failed["TO-2"]
    with running.as_("aud").stream("GET", "/events", timeout=30) as stream:
        told = stream.iter_lines()
        assert next(told).startswith(": listening")
        assert taken(running.as_("roy"), outage).status_code == 200
        line = next(line for line in told if line.startswith("data: ") and "room:acknowledge" in line)
    body = json.loads(line.removeprefix("data: "))
    assert (body["outage"], body["verb"]) == (outage["id"], "room:acknowledge")
    assert body["actor"].startswith("roy")


def test_what_cannot_be_taken_says_why_and_writes_nothing(running, failed):
    outage, roy = failed["TO-1"], running.as_("roy")
    before = len(running.lines())
    late = taken(roy, outage, "late")
    assert (late.status_code, late.json()["field"]) == (409, "what")
    assert taken(roy, outage, "asleep").status_code == 422
    assert taken(roy, outage, note="x" * 501).status_code == 422
    assert roy.put(f"/outages/{outage['id']}/acknowledgement", json={"what": "forced"}).status_code == 428
    assert taken(roy, {**outage, "id": "OTG-ZZZZZZZZ"}).status_code == 404
    reads = running.as_(token=running.token("roy", Scope.READ))
    assert taken(reads, outage).status_code == 403
    assert len(running.lines()) == before


def test_an_alarm_that_nobody_has_taken_is_not_taken_for_another_revision(running):
    body = {"assets": ["branch:5"], "organisation": "TO-1", "external_id": "room, stale"}
    outage = running.as_("roy").post("/forced", json=body, headers=key()).json()["outage"]
    old = taken(running.as_("roy"), outage, match=f'"{outage["revision"] + 1}"')
    assert (old.status_code, old.json()["field"]) == (412, "If-Match")
    assert room_lines(running, outage) == []


def test_a_shift_is_handed_over_once_and_taken_by_somebody_else(running, failed):
    roy, body = running.as_("roy"), {"notes": "mind the ice", "hours": 8}
    same = key()
    first, again = (roy.post("/room/shift", json=body, headers=same) for _ in range(2))
    assert first.status_code == again.status_code == 200, first.text
    assert first.json() == again.json()
    assert failed["TO-1"]["id"] in first.json()["sheet"]["out_ids"]
    way = f"/room/shift/{first.json()['id']}/taken"
    assert roy.put(way).status_code == 403
    done = running.as_("eve").put(way)
    assert done.json()["taken_by"] == "eve", done.text
    assert running.as_("aud").get("/room/shift").json()["last"] == done.json()
    assert roy.put("/room/shift/0000000000000000/taken").status_code == 404
    assert roy.post("/room/shift", json=body).status_code == 400
    assert running.place.verify().whole


@pytest.mark.parametrize("name", PEOPLE)
def test_the_shift_is_the_operators_to_see_and_the_rooms_to_give(running, failed, name):
    client, own = running.as_(name), PEOPLE[name][0] == "operator"
    assert client.get("/room/shift").status_code == (200 if own else 403)
    given = client.post("/room/shift", json={"notes": f"by {name}"}, headers=key())
    assert given.status_code == (200 if name in {"roy", "eve"} else 403), given.text
