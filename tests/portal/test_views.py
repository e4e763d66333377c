"""Saved views over the running server: kept, shared inside an organisation, and worth no more than who looks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from moms.desk.people import Scope
from tests.portal.conftest import ADMIN, filed, key


def wanted(name, **more):
    return {"name": name, "filters": {"show": "granted"}, "sort": "latest", "columns": ["window", "owner"], **more}


def saved(client, name, **more):
    found = client.post("/views", json=wanted(name, **more), headers=key())
    assert found.status_code == 200, found.text
    return found.json()


def names(client):
    return [one["name"] for one in client.get("/views").json()["items"]]


def test_a_view_is_saved_once_changed_at_its_revision_and_ended(running):
    ann, word = running.as_("ann"), key()
    first = ann.post("/views", json=wanted("mine"), headers=word)
    assert first.headers["ETag"] == '"1"'
    assert ann.post("/views", json=wanted("mine"), headers=word).json() == first.json()
    other = ann.post("/views", json=wanted("other"), headers=word)
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    assert ann.post("/views", json=wanted("mine")).status_code == 400
    taken = ann.post("/views", json=wanted("mine"), headers=key())
    assert (taken.status_code, taken.json()["field"]) == (409, "name")
    way = f"/views/{first.json()['id']}"
    assert ann.put(way, json=wanted("renamed")).status_code == 428
    done = ann.put(way, json=wanted("renamed"), headers={"If-Match": '"1"'})
    assert (done.json()["name"], done.headers["ETag"]) == ("renamed", '"2"')
    stale = ann.put(way, json=wanted("late"), headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["field"]) == (412, "If-Match")
    assert ann.delete(way, headers={"If-Match": '"2"'}).status_code == 204
    assert ann.delete(way, headers={"If-Match": '"3"'}).status_code == 404
    assert "renamed" not in names(ann)
    with running.place.book.as_(ADMIN) as page:
        told = [t.event for t in page.told({}, limit=100_000) if t.event is not None and t.event.verb[:5] == "view."]
    mine = [e.verb for e in told if e.after["view"] == first.json()["id"]]
    assert mine == ["view.save", "view.change", "view.end"]
    assert running.place.verify().whole


def test_a_shared_view_is_seen_in_its_organisation_and_shows_each_what_it_may_see(running):
    ann, age, bob, eve = (running.as_(name) for name in ("ann", "age", "bob", "eve"))
    own, theirs = filed(ann), filed(bob, organisation="TO-2")
    shared = saved(ann, "for the team", shared=True, filters={"pending": True})
    private = saved(ann, "for me alone")
    operators = saved(eve, "for the desk", shared=True, filters={"owner": "TO-2"})
    assert {"for the team", "for me alone"} <= set(names(ann))
    assert "for the team" in names(age)
    assert "for me alone" not in names(age)
    for client in (bob, eve):
        said = client.get("/views").text
        assert shared["id"] not in said
        assert private["id"] not in said
    (opened,) = (one for one in age.get("/views").json()["items"] if one["id"] == shared["id"])
    assert (opened["yours"], opened["person"], opened["filters"]) == (False, "ann", {"pending": True})
    for client in (age, bob, eve, running.as_("aud")):
        for one in (shared, private):
            body, match = wanted("taken over"), {"If-Match": '"1"'}
            found = client.put(f"/views/{one['id']}", json=body, headers=match)
            unknown = client.put("/views/0000000000000000", json=body, headers=match)
            assert found.status_code == unknown.status_code == 404
            assert found.text.replace(one["id"], "") == unknown.text.replace("0000000000000000", "")
            assert client.delete(f"/views/{one['id']}", headers=match).status_code == 404
    ids = {one["id"] for one in age.get("/outages", params={**opened["filters"], "limit": 1000}).json()["items"]}
    assert own["id"] in ids
    assert theirs["id"] not in ids
    # The words of the operator's view, asked by an owner, give nothing of another owner's.
    assert ann.get("/outages", params=operators["filters"]).json()["items"] == []


def test_who_only_looks_or_has_a_token_to_look_saves_nothing(running):
    for client in (running.as_("pub"), running.as_("aud"), running.as_(token=running.token("ann", Scope.READ))):
        assert client.post("/views", json=wanted("x"), headers=key()).status_code == 403
        assert client.get("/views").status_code == 200
    assert running.as_().get("/views").status_code == 401


def test_what_is_no_view_is_refused_by_its_field(running):
    ann = running.as_("ann")
    for body, field in (
        (wanted(" "), "name"),
        (wanted("x", columns=["password"]), "columns"),
        (wanted("x", sort="luck"), "sort"),
        (wanted("x", filters={"organisation": "TO-2"}), "filters.organisation"),
        (wanted("x", filters={"state": ["gone"]}), "filters.state"),
        (wanted("x", filters={"from": "yesterday"}), "filters.from"),
        (wanted("x", person="bob"), "person"),
    ):
        found = ann.post("/views", json=body, headers=key())
        assert (found.status_code, found.json()["field"]) == (422, field)


def test_two_who_save_the_same_name_at_once_get_one_view(running):
    ann = running.as_("ann")

    def save(_):
        return ann.post("/views", json=wanted("at once"), headers=key()).status_code

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(save, range(6)))
    assert sorted(codes) == [200, 409, 409, 409, 409, 409]
    assert names(ann).count("at once") == 1
