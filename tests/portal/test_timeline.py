"""The timeline over HTTP: whole, packed, and for each his own."""

from __future__ import annotations

from tests.portal.conftest import filed

SPAN = {"from": "2027-01-01", "to": "2028-06-01"}


def test_the_timeline_has_every_outage_of_the_list_with_its_equipment(running):
    ann, eve = running.as_("ann"), running.as_("eve")
    outage = filed(ann)
    found = eve.get("/timeline", params=SPAN).json()
    bar = next(one for one in found["bars"] if one["id"] == outage["id"])
    request = outage["request"]
    assert (bar["window"], bar["assets"], bar["organisation"]) == (outage["window"], request["assets"], "TO-1")
    assert (bar["external_id"], bar["state"], bar["kind"]) == (request["external_id"], "in_study", "planned")
    assert any(known["id"] == request["assets"][0] and known["name"] for known in found["assets"])
    assert {one["id"] for one in found["bars"]} == {
        one["id"] for one in eve.get("/outages", params={**SPAN, "limit": 1000}).json()["items"]
    }
    assert not found["cut"]


def test_each_sees_his_own_and_the_operator_all(running):
    outage = filed(running.as_("ann"))
    seen = {
        name: {one["id"] for one in running.as_(name).get("/timeline", params=SPAN).json()["bars"]}
        for name in ("ann", "bob", "eve", "roy", "pub")
    }
    assert {name for name, ids in seen.items() if outage["id"] in ids} == {"ann", "eve", "roy"}
    assert not seen["pub"]


def test_it_is_packed_for_whom_takes_it_so(running):
    plain = running.as_("eve", **{"Accept-Encoding": "identity"}).get("/timeline", params=SPAN)
    packed = running.as_("eve").get("/timeline", params=SPAN)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert packed.headers["Cache-Control"] == "no-store"


def test_what_is_no_span_is_refused_with_the_field(running):
    eve = running.as_("eve")
    for params, field in (
        ({"from": "2027-01-01", "to": "2032-01-01"}, "to"),
        ({"from": "soon", "to": "2027-02-01"}, "from"),
        ({"from": "2027-02-01", "to": "2027-02-01"}, "end"),
    ):
        found = eve.get("/timeline", params=params)
        assert (found.status_code, found.json()["field"]) == (422, field), found.text
        assert found.json()["fix"]
    assert eve.get("/timeline", params={"from": "2027-01-01"}).status_code == 422
    assert running.as_().get("/timeline", params=SPAN).status_code == 401
