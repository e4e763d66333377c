"""Passkeys over HTTP: what is honest signs in, what is forged, replayed, from elsewhere or a copy does not."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text

from moms.cli.parse import parse
from moms.desk import passkeys, people
from moms.desk.people import Person
from moms.portal.passkeys import SIGN_IN, Challenges
from moms.store.acting import act_as
from moms.store.audit import verify
from moms.values import SYSTEM, Role
from moms.wiring.people import Argon2
from tests.portal.authenticators import PRESENT, Authenticator, coded
from tests.portal.conftest import ADMIN, PEOPLE, filed, key

PASSWORD = "a long word of nobody else"
_number = itertools.count(1)


@pytest.fixture
def named(running):
    """Give the service by its name, as browsers have to open it for passkeys."""
    return replace(running, base=running.base.replace("127.0.0.1", "localhost"), clients=running.clients)


@pytest.fixture
def kim(named):
    """Give a fresh engineer of the operator, signed in by password."""
    return somebody(named)


def browser(named):
    """Give a client at an address of this machine that nobody has used: attempts to sign in are counted by address."""
    number = next(_number)
    transport = httpx.HTTPTransport(local_address=f"127.7.{number // 200}.{number % 200 + 1}")
    named.clients.append(httpx.Client(base_url=f"{named.base}/api/v1", transport=transport, timeout=60))
    return named.clients[-1]


def somebody(named, role=Role.ENGINEER):
    name = f"kim-{next(_number)}"
    person = Person(name=name, organisation="operator", role=role, password=Argon2().hash(PASSWORD),
                    made_at=datetime.now(UTC))  # fmt: skip
    people.add_person(register=named.register, actor=ADMIN, now=datetime.now(UTC), person=person)
    return by_password(named, name)


def by_password(named, name):
    client = browser(named)
    found = client.put("/session", json={"name": name, "password": PASSWORD})
    assert found.status_code == 200, found.text
    client.headers["X-CSRF-Token"] = found.json()["csrf"]
    client.name = name
    return client


def stick(named):
    return Authenticator(origin=named.base, id=os.urandom(24))


def enter(client, stick, label="stick"):
    made = stick.made(client.post("/passkeys/challenge").json())
    return client.put("/passkeys", json={"credential": made, "label": label})


def shown(named, stick, client=None, **bent):
    """Sign in by a passkey, in a fresh browser unless one is given."""
    client = client or browser(named)
    options = client.post("/session/passkey").json()
    return client, client.put("/session/passkey", json={"credential": stick.signed(options, **bent)})


def signed_in(named, stick):
    client, found = shown(named, stick)
    assert found.status_code == 200, found.text
    client.headers["X-CSRF-Token"] = found.json()["csrf"]
    return client


def test_a_passkey_is_added_signs_in_is_shown_and_removed(named, kim):
    mine = stick(named)
    added = enter(kim, mine, label="blue stick")
    assert added.status_code == 200, added.text
    client = signed_in(named, mine)
    assert client.get("/session").json()["name"] == kim.name
    listed = client.get("/passkeys").json()
    assert [(one["label"], one["id"]) for one in listed["items"]] == [("blue stick", added.json()["id"])]
    assert listed["by_passkey"]
    assert client.delete(f"/passkeys/{added.json()['id']}").status_code == 204
    assert client.get("/passkeys").json()["items"] == []
    assert shown(named, mine)[1].status_code == 401
    with named.place.book.as_(ADMIN) as page:
        told = [
            t.event.verb for t in page.told({}, limit=100_000) if t.event and t.event.after.get("person") == kim.name
        ]
    assert [verb for verb in told if verb.startswith("passkey")] == ["passkey.add", "passkey.end"]


def test_what_is_asked_to_be_signed_demands_verification_and_an_own_memory(named, kim):
    asked = kim.post("/passkeys/challenge").json()
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["rp"]["id"] == "localhost"
    assert kim.name not in asked["user"]["id"]
    signs = browser(named).post("/session/passkey").json()
    assert signs["userVerification"] == "required"
    assert signs.get("allowCredentials", []) == []  # nobody learns who is here
    assert len({browser(named).post("/session/passkey").json()["challenge"] for _ in range(5)}) == 5


def test_only_sound_kinds_of_keys_are_asked_for_and_taken(kim, named):
    asked = kim.post("/passkeys/challenge").json()
    assert {one["alg"] for one in asked["pubKeyCredParams"]} <= {-7, -8, -257}  # ES256, EdDSA, RS256
    for kind in (-65535, -47, -259, 7):  # RSA with SHA-1, a curve of coins, RSA with SHA-512, none
        made = stick(named).made(asked, kind=kind)
        assert kim.put("/passkeys", json={"credential": made, "label": "x"}).status_code == 422


def bent(named, mine):
    """Give what a forger sends, by what is wrong with it."""
    ask = browser(named).post

    def options():
        return ask("/session/passkey").json()

    other = stick(named)
    late = named.register.challenge_key()
    old = Challenges(key=late).make(SIGN_IN, nonce=b"x" * 16, now_s=datetime.now(UTC).timestamp() - 400)
    own = Challenges(key=b"x" * 64).make(SIGN_IN, nonce=b"x" * 16, now_s=datetime.now(UTC).timestamp())

    yield "another origin", mine.signed(options(), origin="https://moms.example.evil")
    yield "another port", mine.signed(options(), origin=named.base + "1")
    yield "another name", replace(mine, rp_id="evil.example").signed(options())
    yield "not verified by PIN or body", replace(mine, flags=PRESENT).signed(options())
    yield "nobody present", replace(mine, flags=4).signed(options())
    yield "another key", replace(mine, key=ec.generate_private_key(ec.SECP256R1())).signed(options())
    yield "made, not signed", mine.signed(options(), type="webauthn.create")
    yield "somebody else's handle", replace(mine, handle=b"x" * 32).signed(options())
    yield "a key nobody entered", replace(other, handle=mine.handle).signed(options())
    yield "a challenge of nobody", mine.signed({"challenge": coded(own)})
    yield "a challenge of too long ago", mine.signed({"challenge": coded(old)})
    yield "no challenge", mine.signed({"challenge": ""})
    good = mine.signed(options())
    flipped = good["response"]["signature"]
    yield "a bent signature", {**good, "response": {**good["response"], "signature": flipped[:-4] + "AAAA"}}
    yield "text that is no JSON", {**good, "response": {**good["response"], "clientDataJSON": "AAAA"}}


def test_what_is_forged_bent_from_elsewhere_or_too_old_is_refused_with_one_sentence(named, kim):
    mine = stick(named)
    assert enter(kim, mine).status_code == 200
    said = set()
    for what, credential in bent(named, mine):
        found = browser(named).put("/session/passkey", json={"credential": credential})
        assert found.status_code == 401, (what, found.text)
        said.add(found.json()["title"])
    assert len(said) == 1
    assert shown(named, mine)[1].status_code == 200  # the honest one goes on


def test_what_was_signed_is_used_once_whoever_sends_it_again(named, kim):
    mine = stick(named)
    mine.step = 0  # its counter tells nothing
    enter(kim, mine)
    options = browser(named).post("/session/passkey").json()
    credential = mine.signed(options)
    assert browser(named).put("/session/passkey", json={"credential": credential}).status_code == 200
    assert browser(named).put("/session/passkey", json={"credential": credential}).status_code == 401


def test_a_copy_of_a_passkey_shows_by_its_counter(named, kim):
    mine = stick(named)
    enter(kim, mine)
    copy = replace(mine)
    assert shown(named, mine)[1].status_code == 200
    assert shown(named, mine)[1].status_code == 200
    assert shown(named, copy)[1].status_code == 401  # it counts from where it was copied
    with named.place.engine.begin() as connection:
        act_as(connection, SYSTEM)
        with pytest.raises(Exception, match="does not fall"):
            connection.execute(text("UPDATE moms.passkey SET counter = 0 WHERE counter > 1"))


def test_a_passkey_is_added_only_where_it_was_asked_for_lately_and_by_a_page_of_ours(named, kim):
    mine = stick(named)
    options = kim.post("/passkeys/challenge").json()
    for made in (
        mine.made(options, origin="https://evil.example"),
        replace(mine, flags=PRESENT).made(options),
        replace(mine, rp_id="evil.example").made(options),
        mine.made(browser(named).post("/session/passkey").json() | {"user": options["user"]}),  # for another purpose
        mine.made(somebody(named).post("/passkeys/challenge").json()),  # for another session
    ):
        found = kim.put("/passkeys", json={"credential": made, "label": "x"})
        assert (found.status_code, found.json()["field"]) == (422, "credential")
    good = {"credential": mine.made(options), "label": "x"}
    assert kim.put("/passkeys", json=good, headers={"X-CSRF-Token": "x"}).status_code == 403
    assert kim.put("/passkeys", json=good, headers={"Origin": "https://evil.example"}).status_code == 403
    assert named.as_("eve").put("/passkeys", json=good).status_code == 401  # a token has none
    assert kim.put("/passkeys", json=good).status_code == 200
    assert kim.get("/passkeys").json()["items"][0]["label"] == "x"
    other = somebody(named)
    theirs = {"credential": mine.made(other.post("/passkeys/challenge").json()), "label": "x"}
    assert other.put("/passkeys", json=theirs).status_code == 422  # it is kim's


def test_who_has_a_passkey_adds_and_removes_by_it_and_never_by_the_password_alone(named, kim):
    mine, more = stick(named), stick(named)
    one = enter(kim, mine).json()["id"]
    again = by_password(named, kim.name)
    for found in (again.post("/passkeys/challenge"), again.delete(f"/passkeys/{one}")):
        assert (found.status_code, found.json()["type"]) == (403, "urn:moms:PasskeyNeeded")
    client = signed_in(named, mine)
    assert enter(client, more).status_code == 200
    stranger = signed_in(named, more)
    assert client.delete(f"/passkeys/{passkey_of(client, more)}").status_code == 204
    assert stranger.get("/session").status_code == 401  # what it began has ended
    assert client.delete("/passkeys/none").status_code == 404


def passkey_of(client, stick):

    return next(one["id"] for one in client.get("/passkeys").json()["items"] if one["id"] == coded(stick.id))


def settled(client, outage):
    at = {**key(), "If-Match": f'"{outage["revision"]}"'}
    return client.post(f"/outages/{outage['id']}/decide", json={}, headers=at)


def test_who_has_a_passkey_decides_by_it(named, kim):
    outage = filed(named.as_("ann"))
    mine = stick(named)
    enter(kim, mine)
    refused = settled(by_password(named, kim.name), outage)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:moms:PasskeyNeeded")
    assert settled(signed_in(named, mine), outage).status_code == 200


def test_an_installation_may_let_its_people_decide_by_passkey_alone(named, kim):
    def decides(client, *, required):
        secret = client.cookies["moms"]
        who = people.whose(register=named.register, now=datetime.now(UTC), secret=secret, kind="session")
        passkeys.check_decides(register=named.register, who=who, required=required)

    decides(kim, required=False)
    with pytest.raises(passkeys.PasskeyNeeded, match="add one first"):
        decides(kim, required=True)
    mine = stick(named)
    enter(kim, mine)
    decides(signed_in(named, mine), required=True)
    assert parse(["serve", "--passkeys"])[0].passkeys
    assert not parse(["serve"])[0].passkeys


def test_the_last_one_lost_is_the_administrators_to_forget(named, kim):
    mine = stick(named)
    enter(kim, mine)
    client = signed_in(named, mine)
    ended = passkeys.forget(register=named.register, actor=ADMIN, now=datetime.now(UTC), name=kim.name)
    assert ended == 1
    assert client.get("/session").status_code == 401
    assert shown(named, mine)[1].status_code == 401
    fresh = by_password(named, kim.name)
    assert enter(fresh, mine).status_code == 422  # the lost one never comes back
    assert enter(fresh, stick(named)).status_code == 200
    assert verify(named.place.engine, outside=()).whole


def test_an_address_of_numbers_is_told_what_to_do(running):
    found = httpx.post(f"{running.base}/api/v1/session/passkey")
    assert (found.status_code, found.json()["field"]) == (422, "Host")
    assert "localhost" in found.json()["fix"]


def test_whoever_was_disabled_does_not_come_in_by_a_passkey(named, kim):
    mine = stick(named)
    enter(kim, mine)
    people.disable(register=named.register, actor=ADMIN, now=datetime.now(UTC) + timedelta(seconds=1), name=kim.name)
    assert shown(named, mine)[1].status_code == 401


def test_nobody_is_told_of_passkeys_that_are_not_its_own(named, kim):
    mine = stick(named)
    enter(kim, mine)
    other = somebody(named)
    assert other.get("/passkeys").json()["items"] == []
    assert {named.as_(name).get("/passkeys").status_code for name in PEOPLE} == {401}
