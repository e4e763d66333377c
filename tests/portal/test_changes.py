"""Change sets over HTTP: each step once under its key, at the revision that was read, one line of the journal each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from moms.desk.people import Scope
from moms.values import SYSTEM
from tests.portal.conftest import a_request, filed, key

WHY = {"reason": "to see"}


def lines(running) -> list[tuple[str, str]]:
    """Give verb and actor of every event of change sets in the journal."""
    with running.place.book.as_(SYSTEM) as page:
        told = page.told({}, limit=100_000)
    events = [t.event for t in told if t.event is not None and t.event.verb.startswith("change_set.")]
    return [(e.verb, e.actor.name) for e in events]


def opened(client, *edits, title="a test"):
    found = client.post("/change-sets", json={"title": title, **WHY}, headers=key())
    assert found.status_code == 200, found.text
    return edited(client, found.json(), *edits) if edits else found.json()


def at(there) -> dict[str, str]:
    return {**key(), "If-Match": f'"{there["revision"]}"'}


def step(client, there, verb, **body) -> httpx.Response:
    return client.post(f"/change-sets/{there['id']}/{verb}", json={**WHY, **body}, headers=at(there))


def edited(client, there, *edits):
    found = step(client, there, "edits", edits=list(edits))
    assert found.status_code == 200, found.text
    assert found.headers["ETag"] == f'"{there["revision"] + 1}"'
    return found.json()


def asset(row, column, value, **more):
    return {"table": "asset", "row": row, "column": column, "value": value, **more}


def rule(section, field, value, source="a test"):
    return {"table": "rules", "row": section, "column": field, "value": value, "source": source}


def rating(running, row) -> float:
    """Give what the server itself says is so."""
    found = running.as_("aud").get("/known", params={"table": "asset", "row": row})
    assert found.status_code == 200, found.text
    return found.json()["values"]["rate_b_mw"]


def test_every_step_is_one_line_of_its_caller_and_a_landing_is_in_the_answers_of_the_server_at_once(running):
    eve = running.as_("eve")
    described = httpx.get(f"{running.base}/openapi.json").json()["paths"]
    posts = {ways["post"]["operationId"] for way, ways in described.items() if "change-sets" in way and "post" in ways}
    so_far = [len(lines(running))]

    def wrote(*verbs):
        found = lines(running)
        assert found[so_far[0] :] == [(f"change_set.{verb}", "eve") for verb in verbs]
        so_far[0] = len(found)

    was = rating(running, "branch:6")
    there = opened(eve)
    wrote("open")
    there = edited(eve, there, asset("branch:6", "rate_b_mw", was + 7), asset("branch:6", "rate_c_mw", was + 9))
    wrote("edit")
    there = step(eve, there, "rebase").json()
    wrote("rebase")
    draft = {"request": a_request()}
    for way, body in (("preview", draft), ("study", draft), ("trial", {"from": "2027-02-01", "to": "2027-02-02"})):
        found = eve.post(f"/change-sets/{there['id']}/{way}", json=body, headers=key())
        assert found.status_code == 200, found.text
    diff = eve.get(f"/change-sets/{there['id']}/diff").json()
    assert [(row["column"], row["clash"]) for row in diff["rows"]] == [("rate_b_mw", None), ("rate_c_mw", None)]
    assert diff["against"] == []
    wrote()
    assert rating(running, "branch:6") == was
    done = step(eve, there, "merge")
    assert done.status_code == 200, done.text
    wrote("merge")
    assert rating(running, "branch:6") == was + 7
    assert step(eve, opened(eve), "abandon").status_code == 200
    wrote("open", "abandon")
    tried = {"openChangeSet", "editChangeSet", "rebaseChangeSet", "mergeChangeSet", "abandonChangeSet",
             "previewChangeSet", "studyChangeSet", "tryChangeSet"}  # fmt: skip
    assert tried == posts


def test_the_same_key_does_a_step_once_and_an_older_revision_none(running):
    eve = running.as_("eve")
    there = opened(eve)
    body, word = {**WHY, "edits": [asset("branch:7", "rate_c_mw", 90000.0)]}, at(there)
    before = len(lines(running))
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: eve.post(f"/change-sets/{there['id']}/edits", json=body, headers=word),
                             range(4)))  # fmt: skip
    assert {one.status_code for one in said} <= {200, 409}
    again = eve.post(f"/change-sets/{there['id']}/edits", json=body, headers=word)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
    assert len(lines(running)) == before + 1
    stale = eve.post(f"/change-sets/{there['id']}/edits", json=body, headers={**word, **key()})
    assert stale.status_code == 412
    without = eve.post(f"/change-sets/{there['id']}/edits", json=body, headers=key())
    assert without.status_code == 428
    assert eve.post(f"/change-sets/{there['id']}/edits", json=body, headers={"If-Match": '"2"'}).status_code == 400
    older = eve.get(f"/change-sets/{there['id']}", params={"revision": 1}).json()
    assert (older["revision"], older["edits"]) == (1, [])


def test_what_stands_against_a_landing_is_told_whole_and_nothing_lands(running):
    eve = running.as_("eve")
    crossed = opened(eve, asset("branch:6", "rate_a_mw", 90000.0))
    found = step(eve, crossed, "merge")
    assert (found.status_code, found.json()["type"]) == (409, "urn:moms:Clashes")
    assert [row["rule"] for row in found.json()["findings"]] == ["CHANGE-1"]
    assert eve.get(f"/change-sets/{crossed['id']}").json()["became"] == "draft"


def test_who_drafted_rules_does_not_land_them_and_a_landing_needs_who_decides(running):
    adm, eve = running.as_("adm"), running.as_("eve")
    before = eve.get("/about").json()["rule_book"]
    there = opened(adm, rule("decision", "load_at_risk_mw", 55))
    own = step(adm, there, "merge")
    assert (own.status_code, own.json()["type"]) == (403, "urn:moms:OwnDraft")
    bare = running.as_(token=running.token("eve", *(scope for scope in Scope if scope != Scope.SETTLE)))
    assert step(bare, there, "merge").json()["type"] == "urn:moms:OutOfScope"
    done = step(eve, there, "merge")
    assert done.status_code == 200, done.text
    assert running.as_("ann").get("/about").json()["rule_book"] != before
    found = eve.get("/known", params={"table": "rules", "row": "decision.load_at_risk_mw"}).json()
    assert found["values"] == {"value": 55, "source": "a test"}
    assert found["changed_by"] == {"load_at_risk_mw": there["id"]}


def test_an_owner_drafts_for_its_own_requests_alone_and_sees_no_other_drafts(running):
    ann, bob, eve = running.as_("ann"), running.as_("bob"), running.as_("eve")
    mine, other = filed(ann), filed(bob, organisation="TO-2")
    there = opened(ann, {"table": "outage", "row": mine["id"], "column": "location", "value": "north"})
    operators = opened(eve, asset("branch:7", "rate_c_mw", 90000.0))
    hers = {one["id"] for one in ann.get("/change-sets").json()["items"]}
    assert there["id"] in hers
    assert operators["id"] not in hers
    for client, name in ((ann, operators["id"]), (bob, there["id"])):
        for way in ("", "/diff"):
            assert client.get(f"/change-sets/{name}{way}").status_code == 404
    for edit in (asset("branch:7", "rate_c_mw", 90001.0), rule("decision", "load_at_risk_mw", 1),
                 {"table": "outage", "row": other["id"], "column": "location", "value": "x"}):  # fmt: skip
        assert step(ann, there, "edits", edits=[edit]).status_code in {403, 404}
    assert ann.get("/known", params={"table": "asset", "row": "branch:7"}).status_code == 403
    assert ann.get("/known", params={"table": "outage", "row": other["id"]}).status_code == 404
    done = step(ann, there, "merge")
    assert done.status_code == 200, done.text
    assert ann.get(f"/outages/{mine['id']}").json()["outage"]["request"]["location"] == "north"


@pytest.mark.parametrize("name", ["roy", "aud", "fay", "pub"])
def test_who_drafts_nothing_opens_nothing(running, name):
    found = running.as_(name).post("/change-sets", json={"title": "x", **WHY}, headers=key())
    assert found.status_code == 403
