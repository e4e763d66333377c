"""Notices over HTTP, on the running server: to whom they belong, once, and to nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from moms.desk.people import Scope
from moms.store.acting import act_as
from moms.values import SYSTEM
from tests.portal.conftest import PEOPLE, filed, key

SECRET = "s" * 40
TOLD = {"ann": {"TO-1"}, "age": {"TO-1"}, "bob": {"TO-2"}, "eve": {"TO-1", "TO-2"}}
"""By hand: whose outages each hears of where all are referred to a person; everybody else hears of none."""


@pytest.fixture(scope="module")
def two(running):
    """Have a request of each owner referred: a grid without a register has nothing decided without a person."""
    refer = {"recall_h": 4, "description": "referred", "kind": "planned"}
    return {
        org: filed(running.as_(name), organisation=org, **refer, external_id=f"told of {org}")["id"]
        for org, name in (("TO-1", "ann"), ("TO-2", "bob"))
    }


def inbox(client, **params):
    found = client.get("/notices", params={"limit": 1000, **params})
    assert found.status_code == 200, found.text
    return found.json()["items"]


@pytest.mark.parametrize("name", PEOPLE)
def test_each_role_is_told_of_the_outages_it_may_know_of_and_of_no_other(running, two, name):
    items = inbox(running.as_(name))
    assert {owner for owner, one in two.items() if one in {i["tells"]["outage"] for i in items}} == TOLD.get(
        name, set()
    )
    own = PEOPLE[name][0]
    assert {i["tells"]["owner"] for i in items} <= ({own} if own != "operator" else {"TO-1", "TO-2", "operator"})


@pytest.mark.usefixtures("two")
def test_an_acknowledgement_is_for_the_whole_role_said_twice_written_once_and_nobody_elses(running):
    ann, amy, bob, age = (running.as_(name) for name in ("ann", "ann", "bob", "age"))
    [one, *_] = inbox(ann, open="true")
    way = f"/notices/{one['id']}/acknowledgement"
    assert [c.put(way).status_code for c in (bob, age, running.as_("eve"), running.as_("pub"))] == [404] * 4
    assert running.as_(token=running.token("ann", Scope.READ)).put(way).status_code == 403
    first, second = ann.put(way), amy.put(way)
    assert first.status_code == 200
    assert first.json() == second.json()
    assert (first.json()["state"], first.json()["done_by"]) == ("acknowledged", "ann")
    assert one["id"] not in {i["id"] for i in inbox(ann, open="true")}
    outage = one["tells"]["outage"]
    assert [line for line in running.lines() if line[0] == "acknowledge" and line[2] == outage] == [
        ("acknowledge", "ann", outage)
    ]
    assert running.place.verify().whole


@pytest.mark.usefixtures("two")
def test_the_inbox_is_walked_by_cursor_each_notice_once_and_anothers_cursor_is_none(running):
    eve, seen, cursor = running.as_("eve"), [], None
    whole = [i["id"] for i in inbox(eve)]
    while True:
        page = eve.get("/notices", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        seen += [i["id"] for i in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        stolen = running.as_("bob").get("/notices", params={"cursor": cursor})
        assert (stolen.status_code, stolen.json()["field"]) == (400, "cursor")
    assert seen == whole
    assert len(whole) >= 2


def test_who_follows_is_told_by_that_way_until_it_ends_and_the_secret_is_shown_to_nobody(running):
    eve, hook = running.as_("eve"), {"channel": "webhook", "target": "https://h.example/x", "secret": SECRET}
    again = key()
    made, same = (eve.post("/subscriptions", json=hook, headers=again) for _ in range(2))
    assert made.status_code == 200, made.text
    assert made.json() == same.json()
    assert told(running, made.json()["id"]) == ["follow"]
    other = eve.post("/subscriptions", json={**hook, "target": "https://h.example/y"}, headers=again)
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    assert eve.post("/subscriptions", json=hook).status_code == 400
    outage = filed(running.as_("ann"), external_id="followed by eve")["id"]
    [sent] = [i for i in eve.get("/notices/outgoing").json()["items"] if i["tells"]["verb"] == "submit"][:1]
    assert (sent["tells"]["outage"], sent["state"], sent["target"]) == (outage, "open", "https://h.example/x")
    assert eve.put(f"/notices/{sent['id']}/resending").status_code == 409
    listed = eve.get("/subscriptions")
    assert SECRET not in listed.text + made.text
    one = made.json()["id"]
    assert one in {s["id"] for s in listed.json()["items"]}
    assert running.as_("ann").delete(f"/subscriptions/{one}").status_code == 404
    assert one not in running.as_("roy").get("/subscriptions").text
    assert eve.delete(f"/subscriptions/{one}").status_code == 204
    assert eve.delete(f"/subscriptions/{one}").status_code == 404
    assert told(running, one) == ["follow", "unfollow"]
    gone = eve.post("/subscriptions", json=hook, headers=again)
    assert (gone.status_code, "ended" in gone.json()["fix"]) == (422, True)


def told(running, subscription):
    """Give the verbs of the journal's lines about a subscription."""
    with running.place.engine.begin() as connection:
        act_as(connection, SYSTEM)
        query = "SELECT body::json ->> 'verb' FROM moms.journal WHERE outage_id = :name ORDER BY seq"
        return list(connection.scalars(text(query), {"name": f"subscription:{subscription}"}))


@pytest.mark.parametrize("name", ["aud", "pub"])
def test_who_only_looks_follows_nothing(running, name):
    found = running.as_(name).post("/subscriptions", json={}, headers=key())
    assert found.status_code == 403, found.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"channel": "mail", "target": "nobody"}, "target"),
        ({"channel": "webhook", "target": "https://h.example/x"}, "secret"),
        ({"verbs": ["study"]}, "verb"),
        ({"daily": True}, "daily"),
        ({"sees_all": True}, "sees_all"),
        ({"channel": "pigeon"}, "channel"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_field(running, body, field):
    found = running.as_("ann").post("/subscriptions", json=body, headers=key())
    assert (found.status_code, found.json()["field"]) == (422, field), found.text


def test_nobody_is_told_without_a_sign_in(running):
    for way in ("/notices", "/notices/outgoing", "/subscriptions"):
        assert running.as_().get(way).status_code == 401


def test_the_plan_of_an_outage_is_its_owners_and_the_operators_and_nobody_elses_to_see(running):
    ann, eve = running.as_("ann"), running.as_("eve")
    one = filed(ann, external_id="planned out loud")["id"]
    texts = {"channel": "sms", "target": "+13175550100", "severity": "urgent"}
    assert eve.post("/subscriptions", json=texts, headers=key()).status_code == 200
    seen = {name: running.as_(name).get(f"/outages/{one}/communication") for name in ("ann", "eve", "bob", "pub")}
    assert {name: found.status_code for name, found in seen.items()} == {"ann": 200, "eve": 200, "bob": 404, "pub": 404}
    mine, theirs = seen["ann"].json(), seen["eve"].json()
    assert mine["by_deed"] == theirs["by_deed"]
    assert {("operator", "engineer"), ("TO-1", "owner")} <= {(r["organisation"], r["role"]) for r in mine["by_deed"]}
    assert {(r["silent"], r["severity"], r["after_min"], r["role"]) for r in mine["next"]} >= {
        ("operator", "urgent", 10, "planner"), ("owner", "urgent", 15, "control_room"),
    }  # fmt: skip
    assert mine["following"] == [], "who follows at the operator is the operator's to know"
    assert ("eve", "sms") in {(r["person"], r["channel"]) for r in theirs["following"]}
    assert "+1317" not in seen["eve"].text
    assert running.as_("ann").get("/outages/none/communication").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"areas": ["Nowhere"]}, "area"),
        ({"channel": "sms", "target": "+13175550100"}, "severity"),
        ({"channel": "sms", "target": "3175550100", "severity": "urgent"}, "target"),
        ({"channel": "sms", "target": "+13175550100", "severity": "urgent", "daily": True}, "daily"),
        ({"channel": "sms", "target": "+13175550100", "severity": "urgent", "secret": "x" * 32}, "secret"),
    ],
)
def test_a_text_or_an_area_that_cannot_be_is_refused_with_the_field(running, body, field):
    found = running.as_("eve").post("/subscriptions", json=body, headers=key())
    assert (found.status_code, found.json()["field"]) == (422, field)
