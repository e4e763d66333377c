"""The service as programs use it: outages, revisions, keys, pages, events."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx

from moms.desk.offer import Became, Kind, Offer, document, leg
from moms.desk.offers import OFFERS
from moms.outages import State, Status
from moms.outages.lifecycle import Verb, move
from moms.outages.lifecycle import may as lifecycle_may
from moms.values import SYSTEM, Role
from tests.outages import builders as outages
from tests.portal.conftest import START, a_request, filed, key
from tests.postgres import an_event


def match(outage) -> dict[str, str]:
    return {**key(), "If-Match": f'"{outage["revision"]}"'}


def test_it_is_alive_ready_and_described(running):
    assert httpx.get(f"{running.base}/health").text == "alive\n"
    assert httpx.get(f"{running.base}/ready").text == "ready\n"
    described = httpx.get(f"{running.base}/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    assert "external_id" in described["components"]["schemas"]["OutageRequest"]["properties"]


def test_a_request_is_filed_decided_settled_and_read_again(running):
    ann, eve = running.as_("ann"), running.as_("eve")
    outage = filed(ann)
    there = ann.get(f"/outages/{outage['id']}")
    assert there.headers["ETag"] == f'"{outage["revision"]}"'
    assert there.json()["decision"]["outcome"] == "refer"
    assert ann.get(f"/outages/{outage['id']}", headers={"If-None-Match": there.headers["ETag"]}).status_code == 304
    body = {"outcome": "approve", "reason": "looked at"}
    done = eve.post(f"/outages/{outage['id']}/settle", json=body, headers=match(outage))
    assert done.status_code == 200, done.text
    assert done.json()["outage"]["status"].startswith("approved")
    assert [line["verb"] for line in eve.get(f"/outages/{outage['id']}").json()["history"]][:2] == [
        "submit",
        "validate",
    ]


def test_a_preview_writes_nothing(running):
    ann, before = running.as_("ann"), len(running.lines())
    asked = a_request()
    found = ann.post("/outages?preview=true", json=asked, headers=key())
    assert found.status_code == 200
    assert found.json()["written"] is False
    assert len(running.lines()) == before
    assert ann.get("/outages", params={"text": asked["external_id"]}).json()["items"] == []


def test_a_request_that_is_returned_says_all_that_is_wrong(running):
    found = running.as_("ann").post("/outages", json=a_request(assets=["branch:99"]), headers=key())
    assert found.status_code == 422
    assert found.json()["returned"]
    assert any(f["level"] == "block" and f["fix"] for f in found.json()["findings"])
    bad = running.as_("ann").post("/outages", json={"external_id": 7}, headers=key())
    assert bad.status_code == 422
    assert bad.headers["Content-Type"] == "application/problem+json"
    assert bad.json()["field"]
    assert bad.json()["fix"]


def test_a_request_that_cannot_be_read_is_told_what_else_stands_against_it_at_once(running):
    ann = running.as_("ann")
    past = {"start": "2020-01-01T00:00Z", "end": "2020-01-02T00:00Z"}
    asked = a_request(window=past, contacts=[], recall_h="four", nature=None)
    found = ann.post("/outages", json=asked, headers=key())
    assert (found.status_code, found.json()["type"]) == (422, "urn:moms:NotARequest")
    said = {(f["rule"], f["field"]) for f in found.json()["findings"]}
    wrong = {("READ-3", "recall_h"), ("READ-2", "nature"), ("WINDOW-1", "window.start"), ("COMPLETE-2", "contacts")}
    assert said >= wrong
    assert ann.get("/outages", params={"text": asked["external_id"]}).json()["items"] == []


def test_a_change_needs_the_revision_it_was_made_for(running):
    ann = running.as_("ann")
    outage = filed(ann)
    way = f"/outages/{outage['id']}/cancel"
    assert ann.post(way, json={"reason": "x"}, headers=key()).status_code == 428
    stale = ann.post(way, json={"reason": "x"}, headers={**key(), "If-Match": '"1"'})
    assert stale.status_code == 412
    assert ann.get(f"/outages/{outage['id']}").json()["outage"]["revision"] == outage["revision"]
    assert ann.post(way, json={"reason": "x"}, headers=match(outage)).status_code == 200


def test_of_two_changes_to_one_revision_at_once_one_is_written(running):
    ann = running.as_("ann")
    outage = filed(ann)
    with ThreadPoolExecutor(4) as pool:
        codes = list(
            pool.map(
                lambda n: (
                    ann.post(
                        f"/outages/{outage['id']}/cancel", json={"reason": f"r{n}"}, headers=match(outage)
                    ).status_code
                ),
                range(4),
            )
        )
    assert codes.count(200) == 1
    assert set(codes) <= {200, 409, 412}


def test_the_same_key_gives_the_same_bytes_and_does_it_once(running):
    ann, asked, own = running.as_("ann"), a_request(), key()
    first = ann.post("/outages", json=asked, headers=own)
    lines = len(running.lines())
    again = ann.post("/outages", json=asked, headers=own)
    assert (again.content, again.status_code, again.headers["ETag"]) == (
        first.content,
        first.status_code,
        first.headers["ETag"],
    )
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(running.lines()) == lines
    other = ann.post("/outages", json={**asked, "description": "other"}, headers=own)
    assert (other.status_code, other.json()["type"]) == (422, "urn:moms:KeyReused")
    assert ann.post("/outages", json=asked).status_code == 400
    # Another person's key of the same name is another key.
    assert running.as_("bob").post("/outages", json=a_request(organisation="TO-2"), headers=own).status_code == 200


def test_the_same_key_twice_at_once_makes_exactly_one_row(running):
    ann, asked, own = running.as_("ann"), a_request(), key()
    together = threading.Barrier(6)

    def send(_: int) -> httpx.Response:
        together.wait()
        return ann.post("/outages", json=asked, headers=own)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(send, range(6)))
    assert {r.status_code for r in found} <= {200, 409}
    assert len({r.content for r in found if r.status_code == 200}) == 1
    assert len(ann.get("/outages", params={"text": asked["external_id"]}).json()["items"]) == 1
    row = ann.get("/outages", params={"text": asked["external_id"]}).json()["items"][0]
    assert [verb for verb, _, outage in running.lines() if outage == row["id"]].count("submit") == 1


def test_pages_give_each_outage_once_though_others_come_in_between(running):
    ann = running.as_("ann")
    before = {filed(ann)["id"] for _ in range(5)}
    before |= {row["id"] for row in ann.get("/outages", params={"limit": 1000}).json()["items"]}
    seen: list[str] = []
    fresh: list[str] = []
    cursor = None
    while cursor is not None or not seen:
        page = ann.get("/outages", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [row["id"] for row in page["items"]]
        if len(fresh) < 3:
            fresh.append(filed(ann)["id"])
        cursor = page["next"]
    assert len(seen) == len(set(seen))
    assert before <= set(seen) <= before | set(fresh)
    assert ann.get("/outages", params={"cursor": "%%%"}).status_code == 400


def test_a_list_is_asked_for_by_ids_and_gives_those_that_match_and_that_one_may_see(running):
    ann, bob, eve = (running.as_(name) for name in ("ann", "bob", "eve"))
    mine, other = filed(ann)["id"], filed(bob, organisation="TO-2")["id"]

    def ids(client, **params):
        return {one["id"] for one in client.get("/outages", params={"id": [mine, other], **params}).json()["items"]}

    assert ids(eve) == {mine, other}
    assert ids(ann) == {mine}
    assert ids(eve, owner="TO-2") == {other}
    assert ids(eve, state="closed") == set()
    assert ann.get("/outages", params={"id": "nonsense"}).json()["items"] == []


def deeds(running):
    """Give each POST of the interface: who does it, to what, with which body; and the verb it has to leave, if any."""
    ann, eve, roy = running.as_("ann"), running.as_("eve"), running.as_("roy")
    ok, why = {"outcome": "approve", "reason": "ok"}, {"reason": "why"}

    def out(branch):
        report = {"since": "2027-02-01T09:00-05:00", "until": "2027-02-03T09:00-05:00", "organisation": "TO-1"}
        found = ann.post("/forced", json={"assets": [f"branch:{branch}"], **report}, headers=key())
        assert found.status_code == 200, found.text
        return found.json()["outage"]

    def approved():
        outage = filed(ann)
        return eve.post(f"/outages/{outage['id']}/settle", json=ok, headers=match(outage)).json()["outage"]

    mine = filed(ann)
    wish = {k: v for k, v in mine["request"].items() if v not in (None, [])} | {"description": "another crew"}
    later = {"until": "2027-02-04T09:00-05:00", "reason": "found a crack", "forced": True}
    yield "submit", ann, "/outages", a_request(), None, ("submit", "ann")
    yield "forced", ann, "/forced", {"assets": ["branch:2"], "organisation": "TO-1"}, None, ("submit", "ann")
    yield "change", ann, "change", {**why, "request": wish}, mine, ("change", "ann")
    yield "cancel", ann, "cancel", why, filed(ann), ("withdraw", "ann")
    yield "settle", eve, "settle", ok, filed(ann), ("settle:approve", "eve")
    yield "extend", ann, "extend", later, out(5), ("extend_forced", "ann")
    yield "end", ann, "end", {}, out(7), ("end", "ann")
    yield "recall", roy, "recall", why, approved(), None
    yield "start", ann, "start", {}, approved(), None
    yield "decide", eve, "decide", {}, filed(ann), ("decide:refer", "moms")
    yield "take", ann, "take", {"number": 1, **why}, filed(ann), None
    yield "decline", ann, "decline", why, filed(ann), ("decline", "ann")
    arrived = {"id": "every-route", "outage": approved()["id"], "what": "arrived",
               "tapped_at": START.isoformat(), "sent_at": START.isoformat()}  # fmt: skip
    yield "reportFromField", ann, "/field/entries", {"entries": [arrived]}, None, ("field:arrived", "ann")
    asked = filed(ann)
    supposed = {"outage": asked["id"]}
    yield "whatIf", eve, "/what-if", supposed, None, None
    study = eve.post("/what-if", json=supposed, headers=key()).json()["id"]
    yield "attachStudy", eve, "studies", {"study": study, **why}, asked, ("attach_study", "eve")
    # This grid names no owners and knows too little to grant a move: none is offered here, one is put there.
    swap = {"outage": filed(ann)["id"], "asks": "TO-2", **why}
    yield "makeOffer", ann, "/offers", swap, None, None
    offer = put_offer(running, filed(ann))
    yield "answerOffer", ann, f"/offers/{offer['id']}/answer", {"answer": "decline", **why}, offer, (
        "offer_declined", "ann",
    )  # fmt: skip


def put_offer(running, outage):
    """Put an offer to move an outage by a day into the register, as the operator makes one."""
    with running.place.book.as_(SYSTEM) as page:
        there = page.outage(outage["id"])
        moved = leg(there, there.window.moved(timedelta(days=1)))
        offer = Offer(
            id="OF-PUTTHERE",
            kind=Kind.MOVE,
            legs=(moved,),
            maker="operator",
            asks="",
            agreed=("operator",),
            made_at=START,
            until=moved.before.start,
            became=Became.OFFERED,
            reason="why",
            plan="",
        )
        page.enter(OFFERS, {"offer": offer.id, "verb": "offer_made", "at": START.isoformat(), "by": "eve",
                            "reason": "why", "after": document(offer)})  # fmt: skip
    return {"id": offer.id, "revision": offer.revision}


def settled(running, outage, outcome="approve"):
    """Have an engineer settle it."""
    body = {"outcome": outcome, "reason": "looked at"}
    found = running.as_("eve").post(f"/outages/{outage['id']}/settle", json=body, headers=match(outage))
    assert found.status_code == 200, found.text
    return found.json()["outage"]


def did(client, outage, verb, body):
    """Do something to an outage, and give what it is after."""
    found = client.post(f"/outages/{outage['id']}/{verb}", json=body, headers=match(outage))
    assert found.status_code == 200, found.text
    return found.json()["outage"]


def test_an_outage_starts_is_recalled_and_ends_each_by_who_may(running):
    ann, roy = running.as_("ann"), running.as_("roy")
    outage = settled(running, filed(ann))
    way = f"/outages/{outage['id']}"
    early = roy.post(f"{way}/start", json={}, headers=match(outage))
    assert (early.status_code, early.json()["type"]) == (409, "urn:moms:TooEarly")
    running.at(datetime.fromisoformat(outage["window"]["start"]) + timedelta(minutes=5))
    unreleased = ann.post(f"{way}/start", json={}, headers=match(outage))
    assert (unreleased.status_code, unreleased.json()["type"]) == (422, "urn:moms:NotReleased")
    outage = did(roy, outage, "start", {})
    assert (outage["state"], outage["actual_start"]) == ("active", outage["actual_start"])
    assert outage["actual_start"] is not None
    assert ann.post(f"{way}/recall", json={"reason": "mine"}, headers=match(outage)).status_code == 403
    outage = did(roy, outage, "recall", {"reason": "a storm comes"})
    assert outage["status"] == "recalled"
    running.at(datetime.fromisoformat(outage["window"]["start"]) + timedelta(hours=3))
    outage = did(ann, outage, "end", {})
    assert outage["state"] == "pending_complete"
    history = running.as_("eve").get(way).json()["history"]
    assert [line["verb"] for line in history][-3:] == ["start", "recall", "end"]
    assert [line["actor"].split()[0] for line in history][-3:] == ["roy", "roy", "ann"]
    assert did(roy, outage, "end", {})["state"] == "completed"


def test_the_lifecycle_it_tells_is_the_one_it_keeps(running):
    rows = running.as_("ann").get("/lifecycle").json()["rows"]
    base = outages.an_outage()
    for state, status, role in itertools.product(State, Status, Role):
        told = [r["verb"] for r in rows if state in r["states"] and status in r["statuses"] and role in r["who"]]
        here = replace(base, state=state, status=status)
        assert tuple(dict.fromkeys(told)) == lifecycle_may(here, role=role)
    assert running.as_().get("/lifecycle").status_code == 401


def test_an_offered_window_is_taken_and_studied_again(running):
    ann = running.as_("ann")
    far = {"start": "2028-01-10T00:00-05:00", "end": "2028-01-10T23:00-05:00"}  # where no other test asks
    outage = offered(running, filed(ann, assets=["branch:8"], window=far))
    nothing = ann.post(f"/outages/{outage['id']}/take", json={"number": 2, "reason": "x"}, headers=match(outage))
    assert (nothing.status_code, nothing.json()["type"]) == (422, "urn:moms:NoSuchOffer")
    seen = ann.post(f"/outages/{outage['id']}/take?preview=true", json={"number": 1, "reason": "x"},
                    headers=match(outage))  # fmt: skip
    assert (seen.status_code, seen.json()["written"]) == (200, False)
    after = did(ann, outage, "take", {"number": 1, "reason": "suits us"})
    assert after["window"]["start"] > outage["window"]["start"]
    assert after["stamp"] == outage["stamp"]
    history = ann.get(f"/outages/{outage['id']}").json()["history"]
    assert [line["verb"] for line in history][-2:] == ["take_offer", "decide:refer"]


def offered(running, outage):
    """Have the operator offer the day after: this grid knows too little for MOMS to offer any by itself."""
    with running.place.book.as_(SYSTEM) as page:
        before = page.outage(outage["id"])
        window = before.window.moved(timedelta(days=1))
        offer = {"window": {"start": window.start.isoformat(), "end": window.end.isoformat()}, "recurrence": None}
        record = {**page.decision(before.decision_id), "id": f"D-{before.id}", "alternatives": [offer]}
        after = move(before, verb=Verb.NEGOTIATE, actor=SYSTEM, now=START, reason="other dates",
                     decision_id=record["id"], system_may=True)  # fmt: skip
        page.revise(after, an_event(after, "negotiate"))
        page.keep_decision(record["id"], before.id, record)
    return {**outage, "revision": after.revision}


def test_who_asked_for_a_decision_is_told_beside_moms_that_made_it(running):
    ann, eve = running.as_("ann"), running.as_("eve")
    outage = filed(ann)
    did(eve, outage, "decide", {})
    lines = [line for line in eve.get(f"/outages/{outage['id']}").json()["history"] if line["verb"] == "decide:refer"]
    assert [line["actor"].split()[0] for line in lines] == ["moms", "moms"]
    assert [line["asked_by"].split()[0] for line in lines] == ["ann", "eve"]
    assert all(line["rule_book"] for line in lines)


def test_every_route_that_changes_writes_exactly_one_event_of_the_caller_or_none_at_all(running):
    described = httpx.get(f"{running.base}/openapi.json").json()["paths"]
    posts = {ways["post"]["operationId"] for ways in described.values() if "post" in ways}
    # Some change no outage: test_notices, test_room, test_views, test_files count their lines. The others write
    # nothing: they say what is to be signed.
    posts -= {"follow", "giveShift", "saveView", "attachFile", "signInElsewhere", "askForPasskey", "askForNewPasskey"}
    # test_bulk counts those of many at once, an event for each item.
    posts -= {name for name in posts if name.endswith("Many")}
    # Those of change sets have lines of their own, which test_changes counts.
    posts -= {name for name in posts if name.endswith("ChangeSet")}
    # Those of season plans are entries of registers, which test_plannings counts.
    posts -= {name for name in posts if name.endswith("SeasonPlan")}
    tried = set()
    for name, client, where, body, outage, wanted in deeds(running):
        tried.add(name)
        way = where if where.startswith("/") else f"/outages/{outage['id']}/{where}"
        before = Counter(running.lines())
        found = client.post(way, json=body, headers=key() if outage is None else match(outage))
        fresh = Counter(running.lines()) - before
        by = {wanted[1]} if wanted else set()  # beside the caller's line stand those of the system that follow
        mine = [line[:2] for line in fresh.elements() if line[1] in by]
        if wanted is None:  # refused: the window is not there yet, nothing waits, nothing was offered; or only asked
            assert found.status_code in ({200} if name == "whatIf" else {403, 409, 422}), (name, found.text)
            assert not fresh, name
        else:
            assert found.status_code == 200, (name, found.text)
            assert mine == [wanted], name
    assert tried == posts


def test_events_come_in_order_and_are_replayed_after_the_last_one_seen(running):
    ann = running.as_("ann")
    first, second = filed(ann), filed(ann)
    told = listen(ann, {"replay": "true"}, until=second["id"])
    assert [e["sequence"] for _, e in told] == sorted(e["sequence"] for _, e in told)
    at = next(k for k, (_, e) in enumerate(told) if e["outage"] == first["id"])
    rest = listen(ann, {}, until=second["id"], last=told[at][0])
    assert [e for _, e in rest] == [e for _, e in told[at + 1 :]][: len(rest)]
    assert rest
    assert all(e["organisation"] == "TO-1" for _, e in told)
    assert ann.get("/events", headers={"Last-Event-ID": "nonsense"}).status_code == 400


def listen(client, params, *, until, last=None):
    """Give the events up to the first of an outage."""
    found, name = [], None
    with client.stream("GET", "/events", params=params, headers={"Last-Event-ID": last} if last else {}) as stream:
        assert stream.status_code == 200
        for line in stream.iter_lines():
            if line.startswith("id: "):
                name = line[4:]
            if line.startswith("data: "):
                found.append((name, json.loads(line[6:])))
                if found[-1][1]["outage"] == until:
                    return found
    return found


def test_who_listens_hears_what_happens_now(running):
    ann, eve = running.as_("ann"), running.as_("eve")
    heard: list = []
    with eve.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": listening"
        outage = filed(ann)
        for line in lines:
            if line.startswith("data: "):
                heard.append(json.loads(line[6:]))
                break
    assert heard[0]["outage"] == outage["id"]
    assert heard[0]["verb"] == "submit"


def test_windows_and_margin_answer_or_say_what_is_missing(running):
    eve = running.as_("eve")
    margin = eve.get("/margin", params={"from": "2027-04-01T00:00-05:00", "days": 2})
    assert margin.status_code == 200, margin.text
    assert margin.json()["known"] is False
    assert margin.json()["unknown"]
    windows = eve.get("/windows", params={"asset": "branch:1", "from": "2027-04-01", "to": "2027-04-02"})
    assert windows.status_code in {200, 422}, windows.text


def test_the_calendar_gives_what_is_kept_and_computes_nothing(running):
    ann, asked = running.as_("ann"), {"asset": "branch:1", "from": "2027-04-01", "to": "2027-04-02"}
    none = ann.get("/calendar", params=asked)
    assert none.status_code == 200, none.text
    assert [row["days"] for row in none.json()["rows"]] == [[]]
    assert none.json()["reckoned"] == []
    for wrong, field in (({"asset": "gen:1"}, "asset"), ({"to": "2029-04-02"}, "to"), ({"to": "2027-03-01"}, "to"),
                         ({"from": "soon"}, "from")):  # fmt: skip
        refused = ann.get("/calendar", params=asked | wrong)
        assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert running.as_().get("/calendar", params=asked).status_code == 401


def test_the_quick_answer_says_what_is_known_and_writes_nothing(running):
    running.at(START)
    ann, before = running.as_("ann"), len(running.lines())
    asked = a_request()
    words = {"asset": asked["assets"], "start": asked["window"]["start"], "end": asked["window"]["end"]}
    found = ann.get("/quick", params=words)
    assert found.status_code == 200, found.text
    preview = ann.post("/outages", params={"preview": "true"}, json=asked, headers=key()).json()
    assert found.json()["findings"] == preview["findings"]
    assert (found.json()["comes_to"], found.json()["lead"]) == ("needs a person", "standard")
    backwards = ann.get("/quick", params=words | {"end": "2026-01-01T00:00-05:00"})
    assert (backwards.status_code, backwards.json()["field"]) == (422, "window.end")
    gone = ann.get("/quick", params=words | {"start": "2026-01-01T00:00-05:00", "end": "2026-01-02T00:00-05:00"})
    assert gone.json()["comes_to"] == "returned"
    assert ann.get("/quick", params={"start": words["start"], "end": words["end"]}).status_code == 422
    assert len(running.lines()) == before


def test_the_posted_margin_is_the_operators_people_s_and_null_until_a_night_has_posted_one(running):
    eve, ann = running.as_("eve"), running.as_("ann")
    none = eve.get("/margin/posted")
    assert none.status_code == 200, none.text
    assert none.json() == {"posted": None}
    assert running.as_("aud").get("/margin/posted").status_code == 200
    refused = ann.get("/margin/posted")
    assert refused.status_code == 403
    assert refused.json()["fix"] == "ask for windows"
    running.at(datetime(2027, 2, 5, 15, tzinfo=UTC))
    entry = {"at": "2027-02-05T06:00Z", "places": [{"place": "footprint", "margin_mw": [812, -3]}], "unknown": []}
    with running.place.book.as_(SYSTEM) as page:
        page.enter("margin", entry)
    assert eve.get("/margin/posted").json() == {"posted": {**entry, "age_h": 9.0}}
    assert ann.get("/margin/posted").status_code == 403


def test_the_desk_s_clock_is_the_installation_s(running):
    running.at(datetime(2027, 2, 5, 15, tzinfo=UTC))
    assert filed(running.as_("ann"))["filed_at"] == "2027-02-05T15:00Z"


ASYNC = {"Prefer": "respond-async"}


def test_what_is_filed_without_waiting_is_filed_once_and_left_to_a_worker(running):
    ann, asked, word = running.as_("ann"), a_request(), key()
    told = ann.post("/outages", json=asked, headers={**word, **ASYNC})
    assert told.status_code == 202, told.text
    outage = told.json()["outage"]
    assert told.json()["decision"] is None
    assert outage["state"] == "validated"
    assert told.headers["Location"] == f"/api/v1/outages/{outage['id']}"
    assert told.headers["Preference-Applied"] == "respond-async"
    again = ann.post("/outages", json=asked, headers={**word, **ASYNC})
    assert (again.status_code, again.content) == (202, told.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [verb for verb, _, name in running.lines() if name == outage["id"]] == ["submit", "validate"]
    read = ann.get(f"/outages/{outage['id']}")
    assert read.headers["ETag"] == told.headers["ETag"]
    assert read.json()["outage"]["decision_id"] is None
    decided = ann.post("/outages", json=asked, headers=key())
    assert decided.status_code == 200
    assert decided.json()["decision"] is not None, "who waits after all gets it decided"
    late = ann.post("/outages", json=asked, headers={**key(), **ASYNC})
    assert (late.status_code, late.json()["decision"]["id"]) == (200, decided.json()["decision"]["id"])


def test_what_cannot_be_taken_is_returned_without_waiting_too(running):
    ann = running.as_("ann")
    bad = ann.post("/outages", json=a_request(assets=["branch:99"]), headers={**key(), **ASYNC})
    assert bad.status_code == 422
    assert bad.json()["returned"]
    seen = ann.post("/outages?preview=true", json=a_request(), headers={**key(), **ASYNC})
    assert seen.status_code == 200
    assert seen.json()["decision"] is not None, "a preview is asked for its answer"
    assert running.as_("aud").post("/outages", json=a_request(), headers={**key(), **ASYNC}).status_code == 403
