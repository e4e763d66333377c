"""What an attacker tries against the running server."""

from __future__ import annotations

import base64
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from moms.desk import people
from moms.desk.people import Person, Scope
from moms.values import Role
from moms.wiring.people import Argon2
from tests.portal.conftest import ADMIN, START, a_request, filed, key, password


@pytest.fixture(scope="module")
def theirs(running):
    """Give an outage of another organisation."""
    running.at(START - timedelta(hours=1))  # before every other's in the queue, where ids would break a tie
    found = filed(running.as_("bob"), organisation="TO-2", description="zanzibar")
    running.at(START)
    return found


def test_nobody_gets_in_without_a_credential_that_holds(running):
    for headers in ({}, {"Authorization": "Bearer moms_x"}, {"Authorization": "Basic YTpi"}, {"Cookie": "moms=x"}):
        for way in ("/outages", "/session", "/events", "/margin?from=x", "/outages/OTG-AAAAAAAA"):
            found = httpx.get(f"{running.base}/api/v1{way}", headers=headers)
            assert found.status_code == 401, (headers, way)
            assert found.headers["Content-Type"] == "application/problem+json"


def test_another_organisations_outage_is_not_there_in_any_way(running, theirs):
    ann = running.as_("ann")
    missing = ann.get("/outages/OTG-AAAAAAAA")
    found = ann.get(f"/outages/{theirs['id']}")
    assert found.status_code == missing.status_code == 404
    assert found.text.replace(theirs["id"], "X") == missing.text.replace("OTG-AAAAAAAA", "X")
    for params in (
        {"owner": "TO-2"},
        {"text": "zanzibar"},
        {"asset": theirs["request"]["assets"][0]},
        {"text": theirs["id"]},
        {},
    ):
        listed = ann.get("/outages", params={"limit": 1000, **params}).text
        assert theirs["id"] not in listed
        assert "zanzibar" not in listed
    bodies = {"cancel": {"reason": "x"}, "start": {}, "end": {}, "decide": {}, "recall": {"reason": "x"},
              "extend": {"until": "2027-05-01T00:00-05:00", "reason": "x"}, "take": {"number": 1, "reason": "x"},
              "decline": {"reason": "x"}, "settle": {"outcome": "approve", "reason": "x"},
              "change": {"reason": "x", "request": a_request()}}  # fmt: skip
    for verb, body in bodies.items():
        for preview in ("", "?preview=true"):
            way = f"/outages/{theirs['id']}/{verb}{preview}"
            done = ann.post(way, json=body, headers={**key(), "If-Match": '"3"'})
            assert done.status_code == 404, (verb, done.text)
            assert "TO-2" not in done.text
            assert "zanzibar" not in done.text
    assert running.as_("bob").get(f"/outages/{theirs['id']}").json()["outage"]["revision"] == theirs["revision"]


def test_an_owner_hears_nothing_of_another(running, theirs):
    ann = running.as_("ann")
    filed(ann)
    with ann.stream("GET", "/events", params={"replay": "true"}) as stream:
        text = ""
        for line in stream.iter_lines():
            text += line
            if text.count("data: ") >= 3:
                break
    assert theirs["id"] not in text
    assert "TO-2" not in text
    forged = base64.urlsafe_b64encode(json.dumps({"TO-2": 0, "TO-1": 10**9}).encode()).decode()
    quiet = ann.stream("GET", "/events", headers={"Last-Event-ID": forged}, timeout=3)
    with pytest.raises(httpx.ReadTimeout), quiet as stream:
        for line in stream.iter_lines():
            assert "data" not in line


def test_what_others_take_out_is_sealed_in_an_owners_record(running, theirs):
    window = theirs["request"]["window"]  # the same hours, so that theirs is an input
    own = filed(running.as_("ann"), assets=["branch:8"], window={k: window[k] for k in ("start", "end")})
    seen_by_owner = running.as_("ann").get(f"/outages/{own['id']}")
    seen_by_desk = running.as_("eve").get(f"/outages/{own['id']}")
    assert theirs["id"] in seen_by_desk.text
    assert theirs["id"] not in seen_by_owner.text
    assert set(seen_by_owner.json()["decision"]["inputs"]) == {"sealed"}


def test_nobody_files_for_another_or_says_who_it_is(running):
    ann = running.as_("ann", **{"X-User": "eve", "X-Org": "operator", "X-Role": "engineer", "X-Forwarded-User": "eve"})
    assert ann.get("/session").json()["role"] == "owner"
    assert ann.post("/outages", json=a_request(organisation="TO-2"), headers=key()).status_code in {403, 422}
    outage = filed(ann)
    record = running.as_("eve").get(f"/outages/{outage['id']}").json()
    assert record["outage"]["requester"] == "ann"
    assert all("eve" not in line["actor"] for line in record["history"])


@pytest.mark.parametrize(
    "more",
    [
        {"actor": "eve"},
        {"requester": "eve"},
        {"state": "decided"},
        {"status": "approved"},
        {"revision": 9},
        {"id": "O"},
    ],
)
def test_a_body_holds_nothing_but_what_it_names(running, more):
    ann = running.as_("ann")
    outage = filed(ann)
    assert ann.post("/outages", json={**a_request(), **more}, headers=key()).status_code == 422
    way = f"/outages/{outage['id']}/cancel"
    assert ann.post(way, json={"reason": "x", **more}, headers={**key(), "If-Match": '"3"'}).status_code == 422


def test_who_asks_never_approves_and_who_only_looks_changes_nothing(running):
    ann, aud = running.as_("ann"), running.as_("aud")
    outage = filed(ann)
    body, at = {"outcome": "approve", "reason": "please"}, {"If-Match": f'"{outage["revision"]}"'}
    for client in (ann, aud):
        assert client.post(f"/outages/{outage['id']}/settle", json=body, headers={**key(), **at}).status_code == 403
    eve = running.as_("eve")
    own = filed(eve, organisation="operator")
    at = {"If-Match": f'"{own["revision"]}"'}
    assert eve.post(f"/outages/{own['id']}/settle", json=body, headers={**key(), **at}).status_code == 403
    assert aud.post("/outages", json=a_request(), headers=key()).status_code == 403
    assert aud.get(f"/outages/{outage['id']}").status_code == 200


def test_a_token_reaches_no_further_than_its_scopes_and_stops_when_revoked(running):
    secret = running.token("ann", Scope.READ)
    client = running.as_(token=secret)
    assert client.get("/outages").status_code == 200
    assert client.post("/outages", json=a_request(), headers=key()).status_code == 403
    assert client.post("/outages?preview=true", json=a_request(), headers=key()).status_code == 200
    assert client.delete("/session").status_code == 401
    token = people.hash_of(secret)[:12]
    people.revoke_token(register=running.register, actor=ADMIN, now=datetime.now(UTC), token=token)
    assert client.get("/outages").status_code == 401


def test_a_revoked_token_stops_a_stream_within_seconds(running):
    secret = running.token("ann", Scope.READ)
    with running.as_(token=secret).stream("GET", "/events") as stream:
        people.revoke_token(
            register=running.register, actor=ADMIN, now=datetime.now(UTC), token=people.hash_of(secret)[:12]
        )
        begun = time.monotonic()
        assert [line for line in stream.iter_lines() if line.startswith("data")] == []
        assert time.monotonic() - begun < 5


def test_a_session_is_fresh_after_signing_in_and_gone_after_signing_out(running):
    fixed = running.as_()
    fixed.cookies.set("moms", "chosen-by-the-attacker")
    found = fixed.put("/session", json={"name": "ann", "password": password("ann")})
    assert found.status_code == 200
    cookie = found.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "chosen-by-the-attacker" not in cookie
    assert running.as_(Cookie="moms=chosen-by-the-attacker").get("/session").status_code == 401
    client = running.signed_in("ann")
    before = client.cookies["moms"]
    again = client.put("/session", json={"name": "ann", "password": password("ann")})
    assert again.cookies["moms"] != before
    assert running.as_(Cookie=f"moms={before}").get("/session").status_code == 401
    client.headers["X-CSRF-Token"] = again.json()["csrf"]
    assert client.delete("/session").status_code == 204
    assert running.as_(Cookie=f"moms={again.cookies['moms']}").get("/session").status_code == 401


def test_a_change_by_cookie_has_to_prove_where_it_comes_from(running):
    client = running.signed_in("ann")
    good = client.headers.pop("X-CSRF-Token")
    asked = a_request()
    for headers in (
        {},
        {"X-CSRF-Token": "0" * 64},
        {"X-CSRF-Token": good, "Origin": "https://evil.example"},
        {"X-CSRF-Token": good, "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF-Token": running.signed_in("bob").headers["X-CSRF-Token"]},
    ):
        assert client.post("/outages", json=asked, headers={**key(), **headers}).status_code == 403, headers
    headers = {**key(), "X-CSRF-Token": good, "Origin": running.base, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/outages", json=asked, headers=headers).status_code == 200
    forged = running.as_(Origin="https://evil.example").put("/session", json={"name": "a", "password": "b"})
    assert forged.status_code == 403


def test_guessing_is_slowed_and_does_not_lock_the_person_out(running):
    name, right = "cat", "the password of cat"
    person = Person(name=name, organisation="TO-1", role=Role.OWNER, password=Argon2().hash(right),
                    made_at=datetime.now(UTC))  # fmt: skip
    people.add_person(register=running.register, actor=ADMIN, now=datetime.now(UTC), person=person)
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.9")
    with httpx.Client(base_url=f"{running.base}/api/v1", transport=elsewhere, timeout=60) as attacker:
        codes = [attacker.put("/session", json={"name": name, "password": f"guess {n}"}).status_code for n in range(14)]
        late = attacker.put("/session", json={"name": name, "password": right})
    assert set(codes) == {401, 429}
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) >= 1
    assert running.as_().put("/session", json={"name": name, "password": right}).status_code == 200


def raw(running, text: bytes, *, wait_s: float = 15.0) -> bytes:
    """Send bytes as they are, and give what comes back."""
    parts = urlsplit(running.base)
    with socket.create_connection((parts.hostname, parts.port), timeout=wait_s) as line:
        line.sendall(text)
        found = b""
        while chunk := line.recv(65536):
            found += chunk
            if b"\r\n\r\n" in found:
                break
    return found


def test_what_is_too_big_too_deep_or_not_json_is_turned_away(running):
    ann = running.as_("ann")
    kind = {"Content-Type": "application/json"}
    for body, code in (
        (b'{"a":"' + b"x" * 300_000 + b'"}', 413),
        (b"[" * 100_000, 400),
        (b'{"a":' * 30 + b"1" + b"}" * 30, 400),
        (b'{"a":1,"a":2}', 400),
        (b'{"a":NaN}', 400),
        (b'{"a":"\\ud800"}', 400),
        (b'{"a":"\\u0000"}', 400),
        (b"\xff\xfe", 400),
        (b"<a/>", 400),
    ):
        found = ann.post("/outages", content=body, headers={**key(), **kind})
        assert found.status_code == code, (body[:40], found.text)
        assert "Traceback" not in found.text
    assert ann.post("/outages", content=b"a=1", headers={**key(), "Content-Type": "text/plain"}).status_code == 415
    assert ann.get("/outages", params={"text": "x" * 5000}).status_code == 414
    assert ann.get("/outages/a%00b").status_code == 400
    assert ann.get("/outages?text=%00").status_code == 400
    chunked = (b"{" + b" " * 50_000 for _ in range(12))
    assert ann.post("/outages", content=chunked, headers={**key(), **kind}).status_code == 413


def test_headers_that_never_end_and_other_names_are_refused(running):
    assert b" 400 " in raw(running, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000)
    assert raw(running, b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n").startswith(b"HTTP/1.1 421")


def test_a_slow_body_is_cut_off(running):
    head = (
        b"PUT /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\n{"
    )
    begun = time.monotonic()
    assert raw(running, head).startswith(b"HTTP/1.1 408")
    assert 9 < time.monotonic() - begun < 14


def test_every_answer_carries_the_headers_that_keep_browsers_safe(running):
    for found in (
        running.as_("ann").get("/outages"),
        httpx.get(f"{running.base}/nosuch"),
        running.as_().get("/outages"),
    ):
        assert found.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert "server" not in found.headers
    assert running.as_("ann").get("/outages").headers["Cache-Control"] == "no-store"


def test_disabling_a_person_ends_its_session_at_once(running):
    person = Person(name="dan", organisation="TO-1", role=Role.OWNER, password=Argon2().hash(password("dan")),
                    made_at=datetime.now(UTC))  # fmt: skip
    people.add_person(register=running.register, actor=ADMIN, now=datetime.now(UTC), person=person)
    client = running.signed_in("dan")
    assert client.get("/outages").status_code == 200
    people.disable(register=running.register, actor=ADMIN, now=datetime.now(UTC), name="dan")
    assert client.get("/outages").status_code == 401
