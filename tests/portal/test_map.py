"""The map over HTTP: cached by who asks, an owner's own only, and a plain word where there are no places."""

from __future__ import annotations

from tests.portal.conftest import filed


def test_a_grid_without_places_says_so_and_its_hours_are_told_all_the_same(running):
    ann = running.as_("ann")
    missing = ann.get("/map")
    assert missing.status_code == 404
    assert missing.json()["type"] == "urn:moms:NoPlaces"
    assert missing.json()["fix"]
    outage = filed(ann)
    found = ann.get("/map/outages", params={"at": outage["window"]["start"]}).json()
    [own] = [one for one in found["outages"] if one["id"] == outage["id"]]
    assert (own["lines"], own["places"], own["assets"]) == ([], [], outage["request"]["assets"])


def test_an_hour_is_not_sent_twice_and_anothers_copy_is_not_called_good(running):
    ann, bob, eve = running.as_("ann"), running.as_("bob"), running.as_("eve")
    outage = filed(ann)
    at = {"at": outage["window"]["start"]}
    first = ann.get("/map/outages", params=at)
    tag = {"If-None-Match": first.headers["ETag"]}
    assert "no-cache" in first.headers["Cache-Control"]
    assert first.headers["Content-Encoding"] == "gzip"
    again = ann.get("/map/outages", params=at, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    plain = ann.get("/map/outages", params=at, headers={"Accept-Encoding": "identity"})
    assert plain.json() == first.json()
    assert "Content-Encoding" not in plain.headers
    for other in (bob, eve):
        assert other.get("/map/outages", params=at, headers=tag).status_code == 200
    # An hour of which neither has anything: the same bytes, and still each its own tag.
    empty = {"at": "2031-01-01T00:00-05:00"}
    tags = [client.get("/map/outages", params=empty).headers["ETag"] for client in (ann, bob, eve)]
    assert len(set(tags)) == 3


def test_an_owner_gets_its_own_outages_and_the_operator_all(running):
    ann, bob, eve = running.as_("ann"), running.as_("bob"), running.as_("eve")
    outage = filed(ann)
    at = {"at": outage["window"]["start"]}
    assert outage["id"] in ann.get("/map/outages", params=at).text
    assert outage["id"] in eve.get("/map/outages", params=at).text
    assert outage["id"] not in bob.get("/map/outages", params=at).text
    assert {one["organisation"] for one in bob.get("/map/outages", params=at).json()["outages"]} <= {"TO-2"}


def test_an_hour_that_is_none_is_refused_with_its_field(running):
    found = running.as_("ann").get("/map/outages", params={"at": "next week"})
    assert (found.status_code, found.json()["field"]) == (422, "at")
    assert found.json()["fix"]
    assert running.as_("ann").get("/map/outages").status_code == 422
    assert running.as_().get("/map").status_code == 401
    assert running.as_().get("/map/outages", params={"at": "2027-03-01T00:00-05:00"}).status_code == 401


def test_a_storm_is_of_the_map_and_a_grid_without_places_has_none(running):
    missing = running.as_("ann").get("/map/storm")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:moms:NoPlaces")
    assert missing.json()["fix"]
    assert running.as_().get("/map/storm").status_code == 401
