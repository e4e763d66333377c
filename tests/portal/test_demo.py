"""The demo's ways are there in a demo and nowhere else, and let nobody be anybody but its own people."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import httpx
import pytest

from moms.portal.pages import marked, read_pages
from moms.wiring.clock import read_clock
from tests.demos import a_demo_home, serving
from tests.portal.test_pages import built

WAYS = [
    ("GET", "/demo", None),
    ("PUT", "/demo/session", {"name": "control"}),
    ("PUT", "/demo/clock", {"speed": 600}),
    ("PUT", "/demo/next", {"at": "2027-02-01T15:00Z"}),
    ("PUT", "/demo/run", {"run": "x"}),
]


@pytest.mark.parametrize(("method", "way", "body"), WAYS)
def test_an_ordinary_service_has_none_of_the_demos_ways(running, method, way, body):
    before = read_clock(running.home)
    for client in (running.as_(), running.as_("eve"), running.signed_in("roy")):
        found = client.request(method, way, json=body)
        assert found.status_code in {404, 405}, found.text
        assert "set-cookie" not in found.headers
    assert read_clock(running.home) == before
    described = httpx.get(f"{running.base}/openapi.json").json()
    assert not [path for path in described["paths"] if "demo" in path]
    assert b"moms-demo" not in httpx.get(f"{running.base}/", headers={"Accept": "text/html"}).content


def test_only_a_demos_start_page_says_that_it_is_one(tmp_path):
    pages = read_pages(built(tmp_path))
    marks = {"moms-demo": "yes"}
    told = marked({**pages, "index.html": dataclasses.replace(pages["index.html"], body=b"<head></head>")}, marks)
    assert b'<head><meta name="moms-demo" content="yes"></head>' in told["index.html"].body
    assert told["index.html"].tag != pages["index.html"].tag
    assert marked({}, marks) == {}


def test_a_demo_lets_one_be_each_of_its_people_and_nobody_else(demo):
    names = [one["name"] for one in demo.get("/demo").json()["people"]]
    assert names == ["owner", "control"]
    for name in names:
        found = demo.put("/demo/session", json={"name": name})
        assert found.status_code == 200
        assert found.json()["name"] == name
        assert demo.get("/session").json()["name"] == name
    for name in ("root", "moms", "somebody", "", "owner "):
        assert demo.put("/demo/session", json={"name": name}).status_code == 404
    assert demo.get("/session").json()["name"] == "control"


def test_it_does_so_for_its_own_pages_only(demo):
    other = demo.put("/demo/session", json={"name": "owner"}, headers={"Origin": "http://evil.example"})
    assert other.status_code == 403
    cross = demo.put("/demo/session", json={"name": "owner"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403
    assert demo.put("/demo/session", json={"name": "owner"}, headers={"Host": "evil.example"}).status_code == 421


def test_the_clock_is_for_who_is_signed_in_and_only_from_our_own_pages(demo):
    assert demo.put("/demo/clock", json={"speed": 1}).status_code == 401
    csrf = demo.put("/demo/session", json={"name": "owner"}).json()["csrf"]
    assert demo.put("/demo/clock", json={"speed": 1}).status_code == 403
    demo.headers["X-CSRF-Token"] = csrf
    assert demo.put("/demo/clock", json={"speed": 600}).json()["speed"] == 600
    for bad in (-1, 3601, "fast", None, 1e400):
        content = '{"speed": 1e400}' if bad == 1e400 else None
        body = (
            {"content": content, "headers": {"Content-Type": "application/json"}}
            if content
            else {"json": {"speed": bad}}
        )
        assert demo.put("/demo/clock", **body).status_code in {400, 422}, bad
    assert demo.get("/demo").json()["speed"] == 600


def test_stopped_it_stands_and_the_next_event_moves_it_on_once(demo):
    demo.headers["X-CSRF-Token"] = demo.put("/demo/session", json={"name": "owner"}).json()["csrf"]
    demo.put("/demo/clock", json={"speed": 0})
    first = demo.get("/demo").json()
    assert demo.get("/demo").json()["now"] == first["now"] == demo.get("/about").json()["now"]
    at = first["next"]["at"]
    moved = demo.put("/demo/next", json={"at": at}).json()["now"]
    assert datetime.fromisoformat(moved) == datetime.fromisoformat(at)
    stale = (datetime.fromisoformat(at) - timedelta(hours=1)).isoformat()
    assert demo.put("/demo/next", json={"at": stale}).json()["now"] == moved


def test_it_begins_again_once_for_each_run_and_only_where_it_may(demo, live):
    demo.headers["X-CSRF-Token"] = demo.put("/demo/session", json={"name": "owner"}).json()["csrf"]
    assert demo.put("/demo/run", json={"run": "another"}).status_code == 409
    assert not live.replaying
    assert demo.put("/demo/run", json={"run": live.run}).status_code == 200
    assert live.replaying
    assert demo.put("/demo/run", json={"run": live.run}).status_code == 409


def test_a_home_that_is_not_the_demos_is_never_begun_again(demo, live):
    live.replayable = "the book of this home was not begun by this demo"
    demo.headers["X-CSRF-Token"] = demo.put("/demo/session", json={"name": "owner"}).json()["csrf"]
    found = demo.put("/demo/run", json={"run": live.run})
    assert found.status_code == 409
    assert found.json()["title"] == live.replayable
    assert not live.replaying


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with a_demo_home(tmp_path_factory.mktemp("demo")) as found:
        yield found


@pytest.fixture
def serves(place):
    with serving(place) as found:
        yield found


@pytest.fixture
def live(serves):
    return serves.live


@pytest.fixture
def demo(serves):
    with httpx.Client(base_url=f"{serves.base}/api/v1", timeout=60) as client:
        yield client
