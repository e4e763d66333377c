"""One's own account over HTTP: another password, a first one by invitation, one's sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from moms.desk import account
from moms.wiring.people import new_secret
from tests.portal.conftest import ADMIN
from tests.portal.test_passkeys import PASSWORD, browser, by_password, enter, signed_in, somebody, stick
from tests.portal.test_passkeys import named as named  # noqa: PLC0414 - a fixture
from tests.portal.test_proof import old_session

OTHER = "quite another long phrase"


@pytest.fixture
def kim(named):
    return somebody(named)


def change(client, old=PASSWORD, new=OTHER):
    return client.put("/session/password", json={"old": old, "password": new})


def sign(named, name, password):
    return browser(named).put("/session", json={"name": name, "password": password})


def test_a_person_changes_its_password_with_the_old_one_and_all_else_ends(named, kim):
    elsewhere, name = by_password(named, kim.name), kim.name
    token = named.token(name)
    done = change(kim)
    assert done.status_code == 200, done.text
    assert done.json()["name"] == name
    assert kim.get("/session").json()["csrf"] == done.json()["csrf"]  # a fresh session under a fresh cookie
    assert elsewhere.get("/session").status_code == 401
    assert named.as_(token=token).get("/session").status_code == 401
    assert sign(named, name, PASSWORD).status_code == 401
    assert sign(named, name, OTHER).status_code == 200


def test_without_the_old_one_or_by_a_page_of_elsewhere_nothing_changes(named, kim):
    wrong = change(kim, old="not my password at all")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "old")
    short = change(kim, new="moms moms moms")
    assert (short.status_code, short.json()["field"]) == (422, "password")
    kim.headers["X-CSRF-Token"] = "x"
    assert change(kim).status_code == 403
    assert named.as_("eve").put("/session/password", json={"old": "x", "password": OTHER}).status_code == 401
    assert sign(named, kim.name, PASSWORD).status_code == 200


def test_guessing_the_old_one_is_slowed_as_signing_in_is(named, kim):
    assert {change(kim, old=f"guess number {n} of many").status_code for n in range(14)} == {422, 429}


def test_who_has_a_passkey_changes_the_password_by_it(named, kim):
    mine = stick(named)
    enter(kim, mine)
    refused = change(by_password(named, kim.name))
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:moms:PasskeyNeeded")
    assert change(signed_in(named, mine)).status_code == 200


def invited(named, name, *, now=None):
    code = new_secret()
    account.invite(register=named.register, actor=ADMIN, now=now or datetime.now(UTC), name=name, code=code)
    return code


def accept(named, code, password=OTHER):
    return browser(named).put("/session/invitation", json={"code": code, "password": password})


def test_a_code_sets_a_password_once_within_a_day_and_nobody_else_knows_it(named, kim):
    code = invited(named, kim.name)
    assert accept(named, code, "moms moms moms").status_code == 422  # and the code still holds
    assert accept(named, code).status_code == 204
    assert kim.get("/session").status_code == 401
    assert accept(named, code, "a third long phrase of mine").status_code == 401
    assert sign(named, kim.name, OTHER).status_code == 200
    late = invited(named, kim.name, now=datetime.now(UTC) - timedelta(hours=25))
    assert accept(named, late).status_code == 401
    first, second = invited(named, kim.name), invited(named, kim.name)
    assert accept(named, first).status_code == 401  # the later one took its place
    assert accept(named, second).status_code == 204
    assert len(code) >= 43  # 256 random bits


def test_a_code_is_no_session_and_no_token_and_goes_around_no_passkey(named, kim):
    mine = stick(named)
    enter(kim, mine)
    code = invited(named, kim.name)
    assert named.as_(token=code).get("/session").status_code == 401
    assert browser(named).get("/session", headers={"Cookie": f"moms={code}"}).status_code == 401
    assert accept(named, code).status_code == 204
    found = browser(named)
    said = found.put("/session", json={"name": kim.name, "password": OTHER}).json()
    found.headers["X-CSRF-Token"] = said["csrf"]
    assert found.post("/passkeys/challenge").json()["type"] == "urn:moms:PasskeyNeeded"


def test_who_signed_in_too_long_ago_ends_no_other_session(running):
    old = old_session(running, "roy")
    found = old.delete("/sessions/others")
    assert (found.status_code, found.json()["type"]) == (403, "urn:moms:ProofTooOld")
    assert old.get("/sessions").status_code == 200


def test_a_person_sees_its_sessions_and_ends_them(named, kim):
    one, two = by_password(named, kim.name), by_password(named, kim.name)
    listed = kim.get("/sessions").json()["items"]
    assert [(s["by"], s["here"]) for s in listed] == [("password", True), ("password", False), ("password", False)]
    first = one.get("/sessions").json()["items"]
    [mine] = [s["id"] for s in first if s["here"]]
    assert kim.delete(f"/sessions/{mine}").status_code == 204
    assert one.get("/session").status_code == 401
    assert kim.delete("/sessions/others").status_code == 204
    assert two.get("/session").status_code == 401
    assert [s["here"] for s in kim.get("/sessions").json()["items"]] == [True]
    other = somebody(named)
    [theirs] = [s["id"] for s in other.get("/sessions").json()["items"]]
    assert kim.delete(f"/sessions/{theirs}").status_code == 404
    assert other.get("/session").status_code == 200
