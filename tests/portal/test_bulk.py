"""Many at once over the running server: each item stands by itself, once, under its own revision, reason and rights."""

from __future__ import annotations

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import update

from moms.desk.bulk import MOST
from moms.desk.people import Scope
from moms.desk.ports import Search
from moms.store import tables
from moms.store.acting import act_as
from moms.values import SYSTEM
from tests.portal.conftest import ADMIN, a_request, filed, key
from tests.portal.test_death import another, wait_for


def many(client, way, body, **headers):
    return client.post(f"/bulk/{way}", json=body, headers={**key(), **headers})


def back(outage, **more):
    return {"outage": outage["id"], "revision": outage["revision"], **more}


def events(running, outage_id):
    return [(verb, actor) for verb, actor, one in running.lines() if one == outage_id]


# ------------------------------------------------------------ each by itself


def test_each_request_is_filed_or_says_why_not_and_none_stops_another(running):
    ann = running.as_("ann")
    good, bad, odd, other = a_request(), a_request(assets=["branch:99"]), {"external_id": 7}, a_request()
    foreign = a_request(organisation="TO-2")
    found = many(ann, "outages", {"requests": [good, bad, odd, foreign, other]})
    assert found.status_code == 200, found.text
    rows = found.json()["items"]
    assert [row["status"] for row in rows] == [202, 422, 422, rows[3]["status"], 202]
    assert rows[3]["status"] in {403, 422}, "for another organisation nobody files"
    assert (found.json()["done"], found.json()["refused"]) == (2, 3)
    assert rows[1]["answer"]["returned"]
    assert rows[2]["problem"]["field"]
    for row, asked in ((rows[0], good), (rows[4], other)):
        outage = ann.get(f"/outages/{row['name']}").json()["outage"]
        assert (outage["request"]["external_id"], outage["state"]) == (asked["external_id"], "validated")
        assert [verb for verb, _ in events(running, row["name"])] == ["submit", "validate"]
    listed = running.as_("eve").get("/outages", params={"text": foreign["external_id"]}).json()["items"]
    assert listed == []


def test_what_is_taken_back_has_each_its_own_revision_reason_and_event(running):
    ann, bob = running.as_("ann"), running.as_("bob")
    one, two, three, theirs = filed(ann), filed(ann), filed(ann), filed(bob, organisation="TO-2")
    items = [back(one, reason="no crew"), back(two), {**back(three), "revision": three["revision"] + 1}, back(theirs),
             back(one, reason="again"), {"outage": "OTG-ZZZZZZZZ", "revision": 1}]  # fmt: skip
    found = many(ann, "cancel", {"items": items, "reason": "the project waits"}).json()
    assert [row["status"] for row in found["items"]] == [200, 200, 412, 404, 412, 404]
    unknown, hidden = (found["items"][n]["problem"] for n in (5, 3))
    assert unknown["title"].replace("OTG-ZZZZZZZZ", theirs["id"]) == hidden["title"], "what is hidden is not there"
    for outage, why in ((one, "no crew"), (two, "the project waits")):
        last = ann.get(f"/outages/{outage['id']}").json()["history"][-1]
        assert last["reason"] == why
        assert "ann" in last["actor"]
        assert len([e for e in events(running, outage["id"]) if e[0] in {"withdraw", "cancel"}]) == 1
    assert bob.get(f"/outages/{theirs['id']}").json()["outage"] == theirs
    assert ann.get(f"/outages/{three['id']}").json()["outage"]["revision"] == three["revision"]


def test_without_a_reason_an_item_is_refused_and_names_the_field(running):
    ann = running.as_("ann")
    one, two = filed(ann), filed(ann)
    found = many(ann, "cancel", {"items": [back(one, reason=" "), back(two, reason="no crew")]}).json()
    assert [row["status"] for row in found["items"]] == [422, 200]
    assert found["items"][0]["problem"]["field"] == "reason"


def test_an_engineer_settles_many_and_never_what_it_asked_for_itself(running):
    ann, eve = running.as_("ann"), running.as_("eve")
    one, two, own = filed(ann), filed(ann), filed(eve)
    items = [{**back(one), "outcome": "approve"}, {**back(two), "outcome": "deny", "reason": "voltage"},
             {**back(own), "outcome": "approve"}]  # fmt: skip
    found = many(eve, "settle", {"items": items, "reason": "looked at"})
    assert found.status_code == 200, found.text
    rows = found.json()["items"]
    assert [row["status"] for row in rows] == [200, 200, 403]
    assert [row["answer"]["outage"]["status"] for row in rows[:2]] == ["approved", "denied"]
    assert rows[1]["answer"]["decision"]["outcome"] == "deny"
    assert [e[0] for e in events(running, two["id"])][-1] == "settle:deny"
    for name, status in (("ann", 200), ("roy", 200)):
        again = filed(ann)
        told = many(running.as_(name), "settle", {"items": [{**back(again), "outcome": "approve"}], "reason": "x"})
        assert told.status_code == status
        assert told.json()["items"][0]["status"] == 403


def test_to_settle_many_a_token_and_a_session_have_to_reach_as_far_as_for_one(running):
    ann = running.as_("ann")
    item = {**back(filed(ann)), "outcome": "approve", "reason": "x"}
    for scopes, status in (((Scope.READ, Scope.WRITE), 403), ((Scope.READ,), 403), ((Scope.SETTLE, Scope.WRITE), 200)):
        client = running.as_(token=running.token("eve", *scopes))
        assert many(client, "settle", {"items": [item]}).status_code == status
    for way, body in (("outages", {"requests": [a_request()]}), ("cancel", {"items": [back(filed(ann))]})):
        assert many(running.as_(token=running.token("ann", Scope.READ)), way, body).status_code == 403
        assert many(running.as_("pub"), way, body).status_code == 403


def test_notices_are_acknowledged_each_once_and_another_s_is_not_there(running):
    ann, bob = running.as_("ann"), running.as_("bob")
    filed(ann)
    filed(bob, organisation="TO-2")
    mine = [n["id"] for n in ann.get("/notices", params={"open": True}).json()["items"]][:3]
    hers = {n["id"] for n in bob.get("/notices").json()["items"]} - {
        n["id"] for n in ann.get("/notices").json()["items"]
    }
    ids = [*mine, min(hers), "nonsense", mine[0]]
    found = many(ann, "acknowledge", {"notices": ids}).json()["items"]
    assert [row["status"] for row in found] == [200] * len(mine) + [404, 404, 200]
    assert all(row["answer"]["done_by"] for row in found[: len(mine)])
    hidden, unknown = (found[len(mine) + n]["problem"] for n in (0, 1))
    assert (hidden["type"], hidden["field"], hidden["fix"]) == (unknown["type"], unknown["field"], unknown["fix"])
    assert not {n["id"] for n in ann.get("/notices", params={"open": True}).json()["items"]} & set(mine)
    with running.place.book.as_(ADMIN) as page:
        lines = [t.event for t in page.told({}, limit=100_000) if t.event is not None and t.event.verb == "acknowledge"]
    assert len([e for e in lines if e.after.get("notice") in mine]) == len(mine)


# ------------------------------------------------------------ all or none


def test_together_all_are_filed_or_none_and_each_says_why(running):
    ann = running.as_("ann")
    good, bad = a_request(), a_request(assets=["branch:99"])
    found = many(ann, "outages", {"requests": [good, bad], "together": True})
    assert found.status_code == 422
    assert [row["status"] for row in found.json()["items"]] == [424, 422]
    assert ann.get("/outages", params={"text": good["external_id"]}).json()["items"] == []
    assert not [line for line in running.lines() if line[2] in found.text]
    done = many(ann, "outages", {"requests": [good, a_request()], "together": True})
    assert done.status_code == 200, done.text
    assert [row["status"] for row in done.json()["items"]] == [202, 202]
    assert ann.get("/outages", params={"text": good["external_id"]}).json()["items"]


def test_together_one_that_clashes_with_what_was_filed_before_stops_all_and_is_named(running):
    ann = running.as_("ann")
    there, fresh = a_request(), a_request()
    assert many(ann, "outages", {"requests": [there]}).json()["done"] == 1
    otherwise = {**there, "description": "otherwise"}
    found = many(ann, "outages", {"requests": [fresh, otherwise], "together": True})
    assert (found.status_code, found.json()["field"]) == (409, "requests.1.external_id")
    assert ann.get("/outages", params={"text": fresh["external_id"]}).json()["items"] == []
    unreadable = many(ann, "outages", {"requests": [fresh, {"external_id": 7}], "together": True})
    assert unreadable.status_code == 422
    assert unreadable.json()["field"].startswith("requests.1.")


# ------------------------------------------------------------ once, and bounded


def test_the_same_key_gives_the_same_bytes_and_does_nothing_again(running):
    ann = running.as_("ann")
    word, body = key(), {"requests": [a_request(), a_request(assets=["branch:99"]), a_request()]}
    first = ann.post("/bulk/outages", json=body, headers=word)
    before = running.lines()
    again = ann.post("/bulk/outages", json=body, headers=word)
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    assert running.lines() == before
    other = ann.post("/bulk/outages", json={"requests": body["requests"][:1]}, headers=word)
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    assert ann.post("/bulk/outages", json=body).status_code == 400


def test_what_was_done_before_a_death_is_not_done_again(running):
    """Items have keys of their own: with the answer of the whole lost, as in a crash, each is found done."""
    ann = running.as_("ann")
    one, two = filed(ann), filed(ann)
    word, body = key(), {"items": [back(one), back(two)], "reason": "no crew"}
    first = ann.post("/bulk/cancel", json=body, headers=word).json()
    assert first["done"] == 2
    with running.place.engine.begin() as connection:
        act_as(connection, SYSTEM)
        done = connection.execute(
            update(tables.kept_answer).where(tables.kept_answer.c.key == word["Idempotency-Key"])
            .values(answer=None, leased_until=tables.kept_answer.c.made_at)
        )  # fmt: skip
        assert done.rowcount == 1
    before = running.lines()
    again = ann.post("/bulk/cancel", json=body, headers=word)
    assert again.json() == first
    assert running.lines() == before


def test_two_batches_at_once_do_each_item_once(running):
    ann = running.as_("ann")
    outages = [filed(ann) for _ in range(6)]
    body = {"items": [back(one) for one in outages], "reason": "no crew"}
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: many(running.as_("ann"), "cancel", body).json()["items"], range(2)))
    for pair in zip(*found, strict=True):
        assert sorted(row["status"] for row in pair) == [200, 412]
    for one in outages:
        assert len([e for e in events(running, one["id"]) if e[0] in {"withdraw", "cancel"}]) == 1


@pytest.mark.parametrize(
    ("way", "body", "field"),
    [
        ("cancel", {"items": []}, "items"),
        ("cancel", {"items": [{"outage": "OTG-AAAAAAAA", "revision": 1}] * (MOST + 1)}, "items"),
        ("cancel", {"items": [{"outage": "OTG-AAAAAAAA"}]}, "items.0.revision"),
        ("settle", {"items": [{"outage": "OTG-AAAAAAAA", "revision": 1, "outcome": "yes"}]}, "items.0.outcome"),
        ("outages", {"requests": [], "together": True}, "requests"),
        ("acknowledge", {"notices": ["x"] * (MOST + 1)}, "notices"),
        ("cancel", {"items": [{"outage": "OTG-AAAAAAAA", "revision": 1, "organisation": "TO-2"}]},
         "items.0.organisation"),
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused_whole_with_its_field(running, way, body, field):
    found = many(running.as_("eve"), way, body)
    assert (found.status_code, found.json()["field"]) == (422, field)


@pytest.mark.parametrize("way", ["outages", "cancel"])
@pytest.mark.parametrize("after", [1, 7])
def test_a_server_that_is_killed_in_the_middle_leaves_nothing_undone_and_nothing_done_twice(running, way, after):
    """Killed once so many items are done; the same request, sent to another server, does what is left."""
    ann, there = running.as_("ann"), 12
    asked = [a_request() for _ in range(there)]
    if way == "cancel":
        outages = [filed(ann, **one) for one in asked]
        body, verbs = {"items": [back(one) for one in outages], "reason": "no crew"}, {"withdraw"}
    else:
        body, verbs = {"requests": asked}, {"submit"}
    references = {one["external_id"] for one in asked}
    word, headers = key(), {"Authorization": f"Bearer {running.tokens['ann']}"}

    def done():
        with running.place.book.as_(ADMIN) as page:
            ours = {o.id for o in page.find(Search(organisation="TO-1")) if o.request.external_id in references}
        return Counter(outage for verb, _, outage in running.lines() if outage in ours and verb in verbs)

    with another(running) as (base, process), ThreadPoolExecutor(1) as pool:
        sent = pool.submit(httpx.post, f"{base}/api/v1/bulk/{way}", json=body, headers={**headers, **word}, timeout=60)
        wait_for(lambda: len(done()) >= after)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        broke_off = sent.exception() is not None
    before = len(done())
    found: list[httpx.Response] = []

    def answered():
        found[:] = [ann.post(f"/bulk/{way}", json=body, headers=word)]
        return found[0].status_code == 200 and found[0].json()["done"] == there

    wait_for(answered)
    assert done() == Counter(dict.fromkeys(done(), 1))
    assert len(done()) == there
    assert broke_off or before == there
    assert running.place.verify().whole
