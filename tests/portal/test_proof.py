"""Who decides has shown lately who it is; a token says by its scope whether it may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from moms.desk import people
from moms.desk.people import Credential, ProofTooOld, Scope, Who
from moms.portal.guard import csrf_of
from moms.values import Actor, Role
from moms.wiring.people import Argon2, new_secret
from tests.portal.conftest import filed, key, password

NOW = datetime(2027, 2, 1, tzinfo=UTC)
WITHIN = timedelta(minutes=15)
ACTOR = Actor(name="eve", organisation="operator", role=Role.ENGINEER)


def who(kind, *, age, scopes=()):
    made = NOW - age
    return Who(actor=ACTOR, credential=Credential(
        hash="0" * 64, kind=kind, person="eve", organisation="operator", label="", scopes=scopes, made_at=made,
        seen_at=NOW, ends_at=NOW + timedelta(hours=12)))  # fmt: skip


def test_a_session_proves_for_as_long_as_was_set_and_not_a_moment_longer():
    who("session", age=WITHIN).prove(now=NOW, within=WITHIN)
    with pytest.raises(ProofTooOld) as refused:
        who("session", age=WITHIN + timedelta(microseconds=1)).prove(now=NOW, within=WITHIN)
    assert "15 minutes" in refused.value.says
    who("token", age=timedelta(days=300)).prove(now=NOW, within=WITHIN)


OLD = timedelta(minutes=20)
"""Past the fifteen minutes that the server asks for, and not yet idle."""


def old_session(running, name):
    """Give a client whose session began a while ago."""
    secret = new_secret()
    people.sign_in(
        register=running.register, hasher=Argon2(), now=datetime.now(UTC) - OLD, name=name, password=password(name),
        secret=secret, old=None,
    )  # fmt: skip
    client = running.as_(Cookie=f"moms={secret}")
    client.headers["X-CSRF-Token"] = csrf_of(secret)
    return client


@pytest.mark.parametrize(("verb", "body"), [("settle", {"outcome": "approve", "reason": "seen"}), ("decide", {})])
def test_an_old_session_works_on_but_decides_nothing_until_the_password_is_given_again(running, verb, body):
    outage = filed(running.as_("ann"))
    at, way = {**key(), "If-Match": f'"{outage["revision"]}"'}, f"/outages/{outage['id']}"
    eve = old_session(running, "eve")
    before = eve.get(way).json()
    refused = eve.post(f"{way}/{verb}", json=body, headers=at)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:moms:ProofTooOld"
    assert "PUT /api/v1/session" in refused.json()["fix"]
    assert eve.get(way).json() == before
    again = eve.put("/session", json={"name": "eve", "password": password("eve")})
    del eve.headers["Cookie"]  # from here the jar has the fresh one
    done = eve.post(f"{way}/{verb}", json=body, headers={**at, "X-CSRF-Token": again.json()["csrf"]})
    assert done.status_code == 200, done.text
    assert "Idempotency-Replayed" not in done.headers
    assert [v for v, _, there in running.lines() if there == outage["id"]].count("settle:approve") == (verb == "settle")


def test_a_wrong_password_or_somebody_elses_does_not_make_an_old_session_younger(running):
    outage = filed(running.as_("ann"))
    at = {**key(), "If-Match": f'"{outage["revision"]}"'}
    eve = old_session(running, "eve")
    assert eve.put("/session", json={"name": "eve", "password": "not that one at all"}).status_code == 401
    running.signed_in("eve")  # fresh, but another session
    found = eve.post(f"/outages/{outage['id']}/settle", json={"outcome": "approve", "reason": "x"}, headers=at)
    assert found.json()["type"] == "urn:moms:ProofTooOld"


def test_an_owner_and_a_preview_and_the_control_rooms_work_need_no_password_again(running):
    outage = filed(running.as_("ann"))
    at = {"If-Match": f'"{outage["revision"]}"'}
    eve, ann = old_session(running, "eve"), old_session(running, "ann")
    assert eve.post(f"/outages/{outage['id']}/decide?preview=true", json={}, headers={**at, **key()}).status_code == 200
    assert ann.post(f"/outages/{outage['id']}/decide", json={}, headers={**at, **key()}).status_code == 200
    assert old_session(running, "roy").post(
        "/forced", json={"assets": ["branch:1"], "organisation": "TO-1", "external_id": "while old"}, headers=key()
    ).status_code == 200  # fmt: skip


@pytest.mark.parametrize("verb", ["settle", "decide"])
def test_an_operators_token_decides_only_where_its_scope_says_so(running, verb):
    outage = filed(running.as_("ann"))
    body = {"outcome": "approve", "reason": "seen"} if verb == "settle" else {}
    at, way = {"If-Match": f'"{outage["revision"]}"'}, f"/outages/{outage['id']}/{verb}"
    weak = running.as_(token=running.token("eve", Scope.READ, Scope.WRITE)).post(
        way, json=body, headers={**at, **key()}
    )
    assert (weak.status_code, weak.json()["type"]) == (403, "urn:moms:OutOfScope")
    strong = running.as_(token=running.token("eve", Scope.WRITE, Scope.SETTLE))
    assert strong.post(way, json=body, headers={**at, **key()}).status_code == 200
