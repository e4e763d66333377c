"""Single sign-on against a provider that is a process of its own, keeps the rules and breaks them when asked to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from moms.desk import identities, people
from moms.desk.identities import ProviderDown, Vouched
from moms.desk.people import NotSignedIn
from moms.exchange.provider import KEPT, LOOK_AGAIN, NotAProvider, Provider
from tests.portal.conftest import ADMIN, a_service, filed, key, password
from tests.portal.idp import BACK, CLIENT, SECRET, a_provider, tell

WHO = {"ann-1": "ann", "eve-1": "eve", "adm-1": "adm"}


@pytest.fixture(scope="module")
def idp():
    with a_provider() as (address, _):
        yield address


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.ahead = timedelta(0)

    def __call__(self):
        return datetime.now(UTC) + self.ahead


def asking(address, **more):
    return Provider(
        **{
            "issuer": address,
            "client": CLIENT,
            "secret": SECRET,
            "back": BACK,
            "name": "Test",
            "timeout_s": 2.0,
            **more,
        }
    )


def gone_there(there, *, login="ann-1", **bent):
    """Sign in at the provider; give what it sends the browser back with."""
    address = f"{there}&login={login}" + (f"&bent={json.dumps(bent)}" if bent else "")
    found = httpx.get(address, follow_redirects=False)
    assert found.status_code == 302, found.text
    return {k: v[0] for k, v in parse_qs(urlsplit(found.headers["Location"]).query).items()}


def through(provider, *, secret="s" * 43, login="ann-1", **bent):
    """Go through the provider and back."""
    back = gone_there(provider.begin(secret, fresh=False), login=login, **bent)
    return provider.finish(secret, code=back["code"], state=back["state"], issuer=back["iss"])


def test_who_signed_in_at_the_provider_is_vouched_for_with_when_it_was_seen(idp):
    found = through(asking(idp))
    assert (found.issuer, found.subject) == (idp, "ann-1")
    assert timedelta(0) <= datetime.now(UTC) - found.at < timedelta(minutes=1)


BENT = {
    "another issuer": ({"claims": {"iss": "https://evil.example"}}, "iss"),
    "another audience": ({"claims": {"aud": "another"}}, "aud"),
    "an audience of several without us": ({"claims": {"aud": ["a", "b"]}}, "aud"),
    "several audiences, for another of them": ({"claims": {"aud": [CLIENT, "b"], "azp": "b"}}, "azp"),
    "several audiences, for nobody": ({"claims": {"aud": [CLIENT, "b"]}}, "azp"),
    "no audience": ({"claims": {"aud": None}}, "aud"),
    "another nonce": ({"claims": {"nonce": "x" * 43}}, "nonce"),
    "no nonce": ({"claims": {"nonce": None}}, "nonce"),
    "no subject": ({"claims": {"sub": None}}, "sub"),
    "a subject that is no text": ({"claims": {"sub": 7}}, "sub"),
    "an endless subject": ({"claims": {"sub": "x" * 256}}, "sub"),
    "expired": ({"claims": {"exp": {"in": -61}}}, "exp"),
    "no end": ({"claims": {"exp": None}}, "exp"),
    "an end that is no number": ({"claims": {"exp": "never"}}, "exp"),
    "issued in the future": ({"claims": {"iat": {"in": 70}}}, "iat"),
    "issued long ago": ({"claims": {"iat": {"in": -700}}}, "iat"),
    "not yet to be used": ({"claims": {"nbf": {"in": 70}}}, "nbf"),
    "nobody says when it was seen": ({"claims": {"auth_time": None}}, "auth_time"),
    "seen in the future": ({"claims": {"auth_time": {"in": 70}}}, "auth_time"),
    "seen too long ago": ({"claims": {"auth_time": {"in": -12 * 3600 - 120}}}, "auth_time"),
    "unsigned": ({"alg": "none"}, "signature"),
    "signed with the public key as a secret": ({"alg": "HS256"}, "signature"),
    "signed by another": ({"foreign": True}, "signature"),
    "changed after it was signed": ({"spoilt": True}, "signature"),
    "a header that asks for what we do not know": ({"head": {"crit": ["x"], "x": 1}}, "signature"),
    "no token": ({"answer": {"access_token": "x"}}, "id_token"),
    "a token that is none": ({"answer": {"id_token": "a.b.c"}}, "signature"),
    "a token with a list in it": ({"answer": {"id_token": "e30.W10."}}, "signature"),
    "a code that is refused": ({"status": 400}, "code"),
}  # fmt: skip


@pytest.mark.parametrize("name", BENT)
def test_an_answer_that_is_not_as_it_has_to_be_is_refused_and_says_what_is_wrong(idp, name):
    bent, field = BENT[name]
    with pytest.raises(NotSignedIn) as why:
        through(asking(idp), **bent)
    assert why.value.field == field


@pytest.mark.parametrize(
    "claims", [{"exp": {"in": -50}}, {"iat": {"in": 50}}, {"auth_time": {"in": 50}}, {"aud": [CLIENT]}, {"azp": CLIENT}]
)
def test_clocks_a_little_apart_and_other_ways_to_write_the_same_are_taken(idp, claims):
    assert through(asking(idp), claims=claims).subject == "ann-1"


@pytest.mark.parametrize("bent", [{"status": 500}, {"status": 302}, {"big": True}, {"answer": []}])
def test_a_provider_that_answers_nonsense_is_called_down(idp, bent):
    with pytest.raises(ProviderDown):
        through(asking(idp), **bent)


def test_a_strength_that_is_asked_for_has_to_be_told_of(idp):
    strong = asking(idp, strengths=("phrh", "phr"))
    assert "acr_values=phrh+phr" in strong.begin("s" * 43, fresh=False)
    assert through(strong, claims={"acr": "phr"}).subject == "ann-1"
    for claims in ({"acr": "0"}, {"acr": ["phr"]}, {}):
        with pytest.raises(NotSignedIn) as why:
            through(strong, claims=claims)
        assert why.value.field == "acr"
    assert through(asking(idp), claims={"acr": "0"}).subject == "ann-1"


def test_what_comes_back_has_to_be_of_the_browser_that_went(idp):
    provider, mine, other = asking(idp), "m" * 43, "o" * 43
    back = gone_there(provider.begin(mine, fresh=False))
    for secret, changed, field in (
        (other, {}, "state"),
        (mine, {"state": "x"}, "state"),
        (mine, {"issuer": "https://evil.example"}, "iss"),
        (mine, {"issuer": None}, "iss"),
    ):
        given = {"code": back["code"], "state": back["state"], "issuer": back["iss"], **changed}
        with pytest.raises(NotSignedIn) as why:
            provider.finish(secret, **given)
        assert why.value.field == field
    stolen = gone_there(provider.begin(other, fresh=False))  # a code of another way: the verifier does not fit
    with pytest.raises(NotSignedIn) as why:
        provider.finish(mine, code=stolen["code"], state=back["state"], issuer=back["iss"])
    assert why.value.field == "code"
    assert provider.finish(mine, code=back["code"], state=back["state"], issuer=back["iss"]).subject == "ann-1"
    with pytest.raises(NotSignedIn):  # the code was used
        provider.finish(mine, code=back["code"], state=back["state"], issuer=back["iss"])


def test_a_client_that_shows_another_secret_gets_nothing(idp):
    with pytest.raises(NotSignedIn) as why:
        through(asking(idp, secret="another"))
    assert why.value.field == "code"


def test_before_a_decision_the_provider_is_told_to_ask_again(idp):
    asked = parse_qs(urlsplit(asking(idp).begin("s" * 43, fresh=True)).query)
    assert (asked["max_age"], asked["prompt"]) == (["0"], ["login"])
    asked = parse_qs(urlsplit(asking(idp).begin("s" * 43, fresh=False)).query)
    assert asked["max_age"] == ["43200"]
    assert "prompt" not in asked


def test_new_keys_are_found_at_once_or_a_little_later_and_nobody_makes_us_ask_often():
    clock = Clock()
    with a_provider() as (address, _):
        provider = asking(address, clock=clock)

        def looks():
            return httpx.get(f"{address}/asked").json().count("/jwks")

        assert through(provider).subject == "ann-1"
        assert looks() == 1
        tell(address, rotate="ES256")
        for _ in range(5):
            with pytest.raises(NotSignedIn):
                through(provider)
        assert looks() == 1
        clock.ahead = LOOK_AGAIN + timedelta(seconds=1)
        assert through(provider).subject == "ann-1"
        assert looks() == 2
        clock.ahead += LOOK_AGAIN + timedelta(seconds=1)
        for _ in range(5):
            with pytest.raises(NotSignedIn):
                through(provider, foreign=True)
        assert looks() == 3


def test_a_provider_that_went_down_is_told_of_and_comes_back():
    clock = Clock()
    with a_provider() as (address, process):
        provider = asking(address, clock=clock)
        there = provider.begin("s" * 43, fresh=False)
        back = gone_there(there)
        process.kill()
        process.wait(20)
        with pytest.raises(ProviderDown):
            provider.finish("s" * 43, code=back["code"], state=back["state"], issuer=back["iss"])
        clock.ahead = KEPT + timedelta(seconds=1)
        with pytest.raises(ProviderDown):
            provider.begin("s" * 43, fresh=False)


@pytest.mark.parametrize(
    "published",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
)
def test_what_a_provider_publishes_is_not_followed_anywhere(published):
    with a_provider() as (address, _):
        tell(address, published=published)
        with pytest.raises(ProviderDown):
            asking(address).begin("s" * 43, fresh=False)


@pytest.mark.parametrize(
    "issuer", ["", "http://login.example", "https://u@login.example", "https://a.example?x=1", "ftp://x"]
)
def test_an_issuer_that_cannot_be_is_refused(issuer):
    with pytest.raises(NotAProvider):
        asking(issuer)


# ---------------------------------------------------------------- and through the running service


@pytest.fixture(scope="module")
def single(idp, tmp_path_factory):
    """Run MOMS with this provider, and tie some of its people to subjects."""
    home = tmp_path_factory.mktemp("single")
    secret = home / "client-secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    more = {"MOMS_OIDC_ISSUER": idp, "MOMS_OIDC_CLIENT": CLIENT, "MOMS_OIDC_SECRET_FILE": str(secret),
            "MOMS_OIDC_NAME": 'Grid "ID"'}  # fmt: skip
    with a_service(home, more=more) as found:
        tell(idp, back=[f"{found.base}/signed-in"])
        for subject, name in WHO.items():
            bind(found, name, idp, subject)
        yield found


def bind(running, name, issuer, subject):
    now = datetime.now(UTC)
    return identities.bind(register=running.register, actor=ADMIN, now=now, name=name, issuer=issuer, subject=subject)


def gone(client, *, login, fresh=False, **bent):
    """Begin at MOMS and sign in at the provider; give what the page would send on."""
    begun = client.post("/session/provider", json={"fresh": fresh})
    assert begun.status_code == 200, begun.text
    return gone_there(begun.json()["address"], login=login, **bent)


def entered(running, *, login, **bent):
    client = running.as_()
    found = client.put("/session/provider", json=gone(client, login=login, **bent))
    if found.status_code == 200:
        client.headers["X-CSRF-Token"] = found.json()["csrf"]
    return client, found


def test_who_is_tied_to_a_subject_signs_in_by_the_providers_word(single):
    client, found = entered(single, login="ann-1")
    assert found.status_code == 200, found.text
    assert (found.json()["name"], found.json()["role"]) == ("ann", "owner")
    cookie = [c for c in found.headers.get_list("Set-Cookie") if c.startswith("moms=")]
    assert "HttpOnly" in cookie[0]
    assert "SameSite=strict" in cookie[0]
    assert client.get("/session").json()["name"] == "ann"
    filed(client)


def test_who_is_not_tied_gets_a_clear_answer_and_no_session_whatever_mail_address_the_provider_tells(single):
    client, found = entered(single, login="new-1")
    assert (found.status_code, found.json()["type"]) == (403, "urn:moms:Unbound")
    assert "new-1" in found.json()["fix"]
    assert client.get("/session").status_code == 401


def test_a_way_is_used_once_even_by_the_browser_that_holds_it(single):
    client = single.as_()
    back = gone(client, login="ann-1")
    flow = client.cookies["moms-flow"]
    assert client.put("/session/provider", json=back).status_code == 200
    assert "moms-flow" not in client.cookies
    again = single.as_(Cookie=f"moms-flow={flow}").put("/session/provider", json=back)
    assert again.status_code == 401
    vouched = Vouched(issuer=single_issuer(single), subject="ann-1", at=datetime.now(UTC))
    with pytest.raises(NotSignedIn, match="used already"):  # nor if the provider gave a second code for it
        identities.sign_in_vouched(
            register=single.register, now=datetime.now(UTC), vouched=vouched, flow=flow, secret="z" * 43, old=None
        )


def single_issuer(running):
    with running.register.as_(ADMIN) as page:
        return page.identities()[0].issuer


def test_another_browser_cannot_finish_it_and_nobody_is_signed_in_as_an_attacker(single):
    attacker, victim = single.as_(), single.as_()
    back = gone(attacker, login="ann-1")
    assert victim.put("/session/provider", json=back).status_code == 401
    victim.post("/session/provider", json={})
    assert victim.put("/session/provider", json=back).json()["field"] == "state"
    assert victim.get("/session").status_code == 401
    foreign = {"Origin": "https://evil.example"}
    assert attacker.put("/session/provider", json=back, headers=foreign).status_code == 403
    assert attacker.post("/session/provider", json={}, headers=foreign).status_code == 403


def test_signing_in_anew_ends_the_session_before(single):
    client, _ = entered(single, login="ann-1")
    before = client.cookies["moms"]
    assert client.put("/session/provider", json=gone(client, login="ann-1")).status_code == 200
    assert client.cookies["moms"] != before
    assert single.as_(Cookie=f"moms={before}").get("/session").status_code == 401


def test_a_decision_needs_the_provider_to_have_seen_the_person_lately(single):
    outage = filed(single.as_("ann"))
    way, body = f"/outages/{outage['id']}/settle", {"outcome": "approve", "reason": "seen"}
    at = {**key(), "If-Match": f'"{outage["revision"]}"'}
    eve, found = entered(single, login="eve-1", claims={"auth_time": {"in": -20 * 60}})
    assert found.status_code == 200
    refused = eve.post(way, json=body, headers=at)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:moms:ProofTooOld")
    again = eve.put("/session/provider", json=gone(eve, login="eve-1", fresh=True))
    done = eve.post(way, json=body, headers={**at, "X-CSRF-Token": again.json()["csrf"]})
    assert done.status_code == 200, done.text


def test_a_session_counts_from_when_the_provider_saw_the_person(single):
    client, found = entered(single, login="ann-1", claims={"auth_time": {"in": -6 * 3600}})
    assert found.status_code == 200
    [here] = [s for s in client.get("/sessions").json()["items"] if s["here"]]
    assert here["by"] == "provider"
    with single.register.as_(ADMIN) as page:
        [kept] = [c for c in page.open("ann") if c.id == here["id"]]
    assert abs((datetime.now(UTC) - kept.made_at) - timedelta(hours=6)) < timedelta(minutes=2)
    assert kept.ends_at - kept.made_at == timedelta(hours=12)
    assert not kept.holds(datetime.now(UTC) + timedelta(hours=6, minutes=2))


def test_an_identity_revoked_ends_its_sessions_and_no_other(single):
    one = bind(single, "roy", single_issuer(single), "roy-1")
    client, _ = entered(single, login="roy-1")
    by_password = single.signed_in("roy")
    assert client.get("/session").status_code == 200
    identities.revoke(register=single.register, actor=ADMIN, now=datetime.now(UTC), identity=one.id)
    assert client.get("/session").status_code == 401
    assert by_password.get("/session").status_code == 200
    assert entered(single, login="roy-1")[1].json()["type"] == "urn:moms:Unbound"
    bind(single, "aud", single_issuer(single), "roy-1")  # the provider's subject may be tied anew
    assert entered(single, login="roy-1")[1].json()["name"] == "aud"


def test_a_disabled_person_does_not_come_in_by_the_provider(single):
    now = datetime.now(UTC)
    person = people.Person(name="gus", organisation="TO-1", role=people.Role.OWNER, password=None, made_at=now)
    people.add_person(register=single.register, actor=ADMIN, now=now, person=person)
    bind(single, "gus", single_issuer(single), "gus-1")
    client, found = entered(single, login="gus-1")
    assert found.status_code == 200
    people.disable(register=single.register, actor=ADMIN, now=now, name="gus")
    assert client.get("/session").status_code == 401
    assert entered(single, login="gus-1")[1].status_code == 401


def test_passwords_still_work_beside_it_and_the_record_tells_by_what_a_session_began(single):
    assert single.signed_in("ann").get("/session").status_code == 200
    entered(single, login="ann-1")
    with single.register.as_(ADMIN) as page:
        own = [one for one in page.identities() if one.person == "ann"]
    with single.place.book.as_(ADMIN) as page:
        told = [t.event for t in page.told({}, limit=100_000) if t.event is not None]
    begun = [e.after for e in told if e.verb == "session.begin" and e.after["person"] == "ann"]
    assert {b.get("identity") for b in begun} == {None, own[0].id}
    assert [e.verb for e in told if e.verb == "identity.bind" and e.after["person"] == "ann"] == ["identity.bind"]
    assert single.place.verify().faults == ()


def test_without_a_provider_there_is_no_such_way(running):
    for done in (running.as_().post("/session/provider", json={}),
                 running.as_().put("/session/provider", json={"code": "c", "state": "s"})):  # fmt: skip
        assert (done.status_code, done.json()["type"]) == (404, "urn:moms:NoProvider")


def test_the_log_of_a_sign_in_has_none_of_what_passed_between(single):
    client = single.as_()
    back = gone(client, login="ann-1")
    flow = client.cookies["moms-flow"]
    assert client.put("/session/provider", json=back).status_code == 200
    log = single.log.read_text()
    assert [word for word in (back["code"], back["state"], flow, client.cookies["moms"], SECRET) if word in log] == []
    assert password("ann") not in log
