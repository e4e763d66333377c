"""Studies on a supposed book over HTTP: who may, under which key and revision, and what is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.portal.conftest import a_request, filed, key

LESS = {"redispatch": False}


def asked(client, outage, **supposed):
    found = client.post("/what-if", json={"outage": outage["id"], "supposed": supposed}, headers=key())
    assert found.status_code == 200, found.text
    return found.json()


def attach(client, outage, study, *, reason="looked at", revision=None, **supposed):
    at = {**key(), "If-Match": f'"{revision or outage["revision"]}"'}
    body = {"study": study, "supposed": supposed, "reason": reason}
    return client.post(f"/outages/{outage['id']}/studies", json=body, headers=at)


def test_an_engineer_asks_attaches_and_reads_it_again(running):
    outage = filed(running.as_("ann"))
    eve = running.as_("eve")
    before = len(running.lines())
    found = asked(eve, outage, **LESS)
    assert found["outage"]["id"] == outage["id"]
    assert found["supposed"]["redispatch"] is False
    assert len(running.lines()) == before, "asking writes nothing"
    done = attach(eve, outage, found["id"], **LESS)
    assert done.status_code == 200, done.text
    [row] = running.as_("pat").get(f"/outages/{outage['id']}/studies").json()["items"]
    assert (row["id"], row["reason"]) == (found["id"], "looked at")
    whole = running.as_("aud").get(f"/outages/{outage['id']}/studies/{found['id']}").json()
    assert whole == found | {"as_of": whole["as_of"]}
    assert eve.get(f"/outages/{outage['id']}").json()["history"][-1]["verb"] == "attach_study"


def test_a_draft_is_studied_and_a_bad_one_is_told_its_fault(running):
    eve = running.as_("eve")
    found = eve.post("/what-if", json={"request": a_request()}, headers=key())
    assert found.status_code == 200, found.text
    assert found.json()["against"] is None
    bad = eve.post("/what-if", json={"request": {"assets": ["branch:3"]}}, headers=key())
    assert bad.status_code == 422
    assert bad.json()["field"]
    for body in ({}, {"outage": "OTG-X", "request": a_request()}):
        none = eve.post("/what-if", json=body, headers=key())
        assert (none.status_code, none.json()["field"]) == (422, "outage")


@pytest.mark.parametrize("name", ["ann", "bob", "roy", "aud", "adm", "age", "fay", "pub"])
def test_nobody_else_asks_or_attaches_and_owners_read_none(running, name):
    outage = filed(running.as_("ann"))
    study = asked(running.as_("eve"), outage)["id"]
    assert attach(running.as_("eve"), outage, study).status_code == 200
    client = running.as_(name)
    assert client.post("/what-if", json={"outage": outage["id"]}, headers=key()).status_code == 403
    assert attach(client, outage, study).status_code == 403
    rows = client.get(f"/outages/{outage['id']}/studies")
    whole = client.get(f"/outages/{outage['id']}/studies/{study}")
    if name in {"roy", "aud", "adm"}:
        assert [row["id"] for row in rows.json()["items"]] == [study]
        assert whole.status_code == 200
    else:
        assert rows.status_code == 404 or rows.json()["items"] == []
        assert whole.status_code == 404


def test_a_token_that_only_reads_may_ask_and_not_attach(running):
    from moms.desk.people import Scope

    outage = filed(running.as_("ann"))
    reads = running.as_(token=running.token("eve", Scope.READ))
    study = asked(reads, outage)["id"]
    assert attach(reads, outage, study).status_code == 403


def test_the_revision_the_key_and_the_name_have_to_be_right(running):
    outage, eve = filed(running.as_("ann")), running.as_("eve")
    study = asked(eve, outage)["id"]
    path, body = f"/outages/{outage['id']}/studies", {"study": study, "reason": "x"}
    assert eve.post(path, json=body, headers=key()).status_code == 428
    assert eve.post(path, json=body, headers={"If-Match": f'"{outage["revision"]}"'}).status_code == 400
    assert attach(eve, outage, study, revision=outage["revision"] + 1).status_code == 412
    other = attach(eve, outage, "W-0000000000000000")
    assert (other.status_code, other.json()["field"]) == (409, "study")
    silent = attach(eve, outage, study, reason="")
    assert (silent.status_code, silent.json()["field"]) == (422, "reason")
    assert eve.get(path).json()["items"] == []
    unknown = eve.post("/what-if", json={"outage": "OTG-NOBODY"}, headers=key())
    assert unknown.status_code == 404
    assert eve.get(f"{path}/W-1").status_code == 404


def test_a_dropped_answer_is_asked_for_again_under_its_key_and_attaching_at_once_is_done_once(running):
    outage, eve = filed(running.as_("ann")), running.as_("eve")
    same, body = key(), {"outage": outage["id"]}
    first = eve.post("/what-if", json=body, headers=same)
    again = eve.post("/what-if", json=body, headers=same)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content == first.content
    study = first.json()["id"]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: attach(running.as_("eve"), outage, study).status_code, range(4)))
    assert set(done) == {200}
    assert len(eve.get(f"/outages/{outage['id']}/studies").json()["items"]) == 1
