"""Client certificates against the running server: over its own TLS, and from a proxy that is named."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.responses import Response

from moms.desk import identities, people
from moms.desk.identities import IdentityTaken, NotAnIdentity
from moms.desk.people import NoSuchPerson, NotSignedIn, Person, Scope
from moms.portal.callers import Callers
from moms.portal.certificates import NotACertificate, Proxy, fit, of_der
from moms.values import Role
from moms.wiring.tls import NoTls, proxy_of, tls_of
from tests.portal.authorities import DAY, made
from tests.portal.conftest import ADMIN, a_request, a_service, filed, key, password

PROXY, WORD = "127.0.0.7", "what the proxy and MOMS share"


class Secured:
    """A service with TLS of its own, and the authorities behind it."""

    def __init__(self, running, folder, ca):
        self.running, self.folder, self.ca = running, folder, ca

    def client(self, one=None, *, address=None, **headers):
        """Give a client that holds a certificate's key, or none."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        if one is not None:
            context.load_cert_chain(*one.files(self.folder, f"client-{id(one)}"))
        transport = httpx.HTTPTransport(verify=context, local_address=address) if address else None
        found = httpx.Client(base_url=f"{self.running.base}/api/v1", verify=context, transport=transport, timeout=60,
                             headers=headers)  # fmt: skip
        self.running.clients.append(found)
        return found

    def enrol(self, name, one, *scopes):
        return identities.enrol(
            register=self.running.register, actor=ADMIN, now=datetime.now(UTC), name=name, certificate=fit(one.pem),
            scopes=scopes or tuple(Scope),
        )  # fmt: skip

    def issued(self, **how):
        return made("client", by=self.ca, **how)


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    """Run MOMS with TLS, and a proxy that it would believe."""
    folder = tmp_path_factory.mktemp("tls")
    ca = made("Participants' CA", ca=True)
    ca.files(folder, "ca")
    server = made("moms", by=ca, client=False, server=True).files(folder, "server")
    secret = folder / "proxy-secret"
    secret.write_text(WORD)
    secret.chmod(0o600)
    words = ("--tls-cert", server[0], "--tls-key", server[1], "--client-ca", str(folder / "ca.pem"), "--proxy", PROXY)
    with a_service(folder, more={"MOMS_PROXY_SECRET_FILE": str(secret)}, words=words) as running:
        assert running.base.startswith("https://")
        yield Secured(running, folder, ca)


def test_a_machine_acts_by_its_enrolled_certificate_as_its_person_and_no_further_than_its_scopes(secured):
    one = secured.issued()
    secured.enrol("ann", one, Scope.READ, Scope.WRITE)
    client = secured.client(one)
    found = client.get("/session")
    assert (found.status_code, found.json()["name"], found.json()["csrf"]) == (200, "ann", None)
    outage = filed(client)
    assert outage["requester"] == "ann"
    assert client.delete("/session").status_code == 401
    reader = secured.issued()
    secured.enrol("eve", reader, Scope.READ)
    reads = secured.client(reader)
    assert reads.get(f"/outages/{outage['id']}").status_code == 200
    at = {**key(), "If-Match": f'"{outage["revision"]}"'}
    refused = reads.post(f"/outages/{outage['id']}/settle", json={"outcome": "approve", "reason": "x"}, headers=at)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:moms:OutOfScope")


def test_without_a_certificate_there_are_passwords_and_tokens_as_ever_and_cookies_are_bound_to_the_host(secured):
    client = secured.client()
    assert client.get("/session").status_code == 401
    found = client.put("/session", json={"name": "ann", "password": password("ann")})
    assert found.status_code == 200
    assert found.headers["Set-Cookie"].startswith("__Host-moms=")
    assert "Secure" in found.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in found.headers
    token = secured.running.tokens["bob"]
    assert secured.client(Authorization=f"Bearer {token}").get("/session").json()["name"] == "bob"


def refused(client):
    """Tell whether a client gets nowhere: TLS ends the connection, or the service says 401."""
    try:
        return client.get("/session").status_code == 401
    except httpx.TransportError:
        return True


def test_a_certificate_nobody_enrolled_lapsed_or_is_another_authoritys_is_refused(secured):
    assert secured.client(secured.issued()).get("/session").status_code == 401
    twin = made("Participants' CA", ca=True)  # the same name, another key
    for one in (
        secured.issued(ends=-timedelta(minutes=5), starts=-2 * DAY),
        secured.issued(starts=DAY),
        made("client", by=twin),
        made("client"),
        secured.issued(client=False, server=True),
    ):
        assert refused(secured.client(one))


def test_a_certificate_with_an_enrolled_ones_issuer_and_serial_is_not_that_one(secured):
    one = secured.issued(serial=4711)
    secured.enrol("ann", one)
    other = secured.issued(serial=4711)
    assert secured.client(other).get("/session").status_code == 401
    forged = made("client", by=made("Participants' CA", ca=True), serial=4711)
    assert refused(secured.client(forged))
    assert secured.client(one).get("/session").json()["name"] == "ann"


def test_a_certificate_is_one_persons_and_once_revoked_never_anybodys_again(secured):
    one = secured.issued()
    enrolled = secured.enrol("ann", one)
    with pytest.raises(IdentityTaken, match="is ann's"):
        secured.enrol("bob", one)
    client = secured.client(one)
    assert client.get("/session").status_code == 200
    identities.revoke(register=secured.running.register, actor=ADMIN, now=datetime.now(UTC), identity=enrolled.id)
    assert client.get("/session").status_code == 401  # on the connection that was open
    with pytest.raises(IdentityTaken, match="was revoked"):
        secured.enrol("ann", one)


def test_a_new_certificate_is_taken_beside_the_old_one_until_that_ends(secured):
    old, new = secured.issued(), secured.issued()
    before = secured.enrol("fay", old, Scope.READ)
    secured.enrol("fay", new, Scope.READ)
    assert [secured.client(one).get("/session").json()["name"] for one in (old, new)] == ["fay", "fay"]
    identities.revoke(register=secured.running.register, actor=ADMIN, now=datetime.now(UTC), identity=before.id)
    assert [secured.client(one).get("/session").status_code for one in (old, new)] == [401, 200]


def test_a_stream_ends_when_its_certificate_is_revoked_or_its_person_disabled(secured):
    register, now = secured.running.register, datetime.now(UTC)
    person = Person(name="tmp", organisation="TO-1", role=Role.OWNER, password=None, made_at=now)
    people.add_person(register=register, actor=ADMIN, now=now, person=person)
    for end in ("revoke", "disable"):
        one = secured.issued()
        enrolled = secured.enrol("tmp", one, Scope.READ)
        with secured.client(one).stream("GET", "/events") as stream:
            if end == "revoke":
                identities.revoke(register=register, actor=ADMIN, now=datetime.now(UTC), identity=enrolled.id)
            else:
                people.disable(register=register, actor=ADMIN, now=datetime.now(UTC), name="tmp")
            begun = time.monotonic()
            assert [line for line in stream.iter_lines() if line.startswith("data")] == []
            assert time.monotonic() - begun < 10
        assert secured.client(one).get("/session").status_code == 401


def test_a_certificate_that_lapses_while_connected_stops_then(secured):
    one = secured.issued()
    enrolled = secured.enrol("ann", one, Scope.READ)
    register, certificate = secured.running.register, of_der(one.der)

    def asked(now):
        return identities.whose_certificate(register=register, now=now, certificate=certificate)

    last = certificate.ends_at - timedelta(microseconds=1)
    who = asked(last)
    assert (who.actor.name, who.credential.hash) == ("ann", enrolled.print)
    assert identities.still_holds(register=register, now=last, who=who)
    assert not identities.still_holds(register=register, now=certificate.ends_at, who=who)
    for now in (certificate.ends_at, certificate.starts_at - timedelta(microseconds=1)):
        with pytest.raises(NotSignedIn):
            asked(now)


def test_a_page_of_another_site_cannot_use_a_certificate_that_a_browser_sends_by_itself(secured):
    one = secured.issued()
    secured.enrol("ann", one)
    client = secured.client(one)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        found = client.post("/outages", json=a_request(), headers={**key(), **headers})
        assert (found.status_code, found.json()["type"]) == (403, "urn:moms:ForgedOrigin")


def header(one):
    return f":{base64.b64encode(one.der).decode()}:"


def test_a_header_with_a_certificate_is_believed_from_the_proxy_with_its_secret_and_from_nobody_else(secured):
    one = secured.issued()
    secured.enrol("ann", one)
    good = {"Client-Cert": header(one), "X-MOMS-Proxy": WORD}
    assert secured.client(address=PROXY, **good).get("/session").json()["name"] == "ann"
    escaped = {**good, "Client-Cert": quote(one.pem.decode())}
    assert secured.client(address=PROXY, **escaped).get("/session").json()["name"] == "ann"
    for address, headers in (
        (None, good),
        ("127.0.0.8", good),
        (PROXY, {**good, "X-MOMS-Proxy": WORD[:-1]}),
        (PROXY, {**good, "X-MOMS-Proxy": ""}),
        (PROXY, {"Client-Cert": header(one)}),
        (PROXY, {**good, "Client-Cert": ":AAAA:"}),
        (PROXY, {**good, "Client-Cert": "x" * 16000}),
        (PROXY, {**good, "Client-Cert": header(secured.issued())}),
        (None, {**good, "X-Forwarded-For": PROXY, "Forwarded": f"for={PROXY}"}),
    ):
        assert secured.client(address=address, **headers).get("/session").status_code == 401, headers
    twice = [("Client-Cert", header(one)), ("Client-Cert", header(one)), ("X-MOMS-Proxy", WORD)]
    assert secured.client(address=PROXY).get("/session", headers=twice).status_code == 401


def test_where_no_proxy_is_named_no_header_is_believed(running):
    one = made("client", by=made("ca", ca=True))
    now = datetime.now(UTC)
    identities.enrol(register=running.register, actor=ADMIN, now=now, name="ann", certificate=fit(one.pem),
                     scopes=(Scope.READ,))  # fmt: skip
    found = running.as_(**{"Client-Cert": header(one), "X-MOMS-Proxy": WORD}).get("/session")
    assert found.status_code == 401


def test_ones_own_certificate_comes_before_what_a_header_says(secured):
    mine, hers = secured.issued(), secured.issued()
    secured.enrol("bob", mine)
    secured.enrol("eve", hers)
    found = secured.client(mine, **{"Client-Cert": header(hers), "X-MOMS-Proxy": WORD}).get("/session")
    assert found.json()["name"] == "bob"


def test_the_record_tells_who_enrolled_what_and_is_whole(secured):
    one = secured.issued()
    enrolled = secured.enrol("ann", one, Scope.READ)
    with secured.running.place.book.as_(ADMIN) as page:
        told = [t.event for t in page.told({}, limit=100_000) if t.event is not None]
    [line] = [e for e in told if e.after.get("identity") == enrolled.id]
    assert (line.verb, line.actor.name, line.after["person"]) == ("identity.enrol", "root", "ann")
    assert line.after["subject"] == format(one.certificate.serial_number, "x")
    assert secured.running.place.verify().faults == ()


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"ca": True}, "an authority's own"),
        ({"client": False, "server": True}, "not for clients"),
        ({"key": rsa.generate_private_key(public_exponent=65537, key_size=1024)}, "weak"),  # noqa: S505 - refused
        ({"key": ec.generate_private_key(ec.SECP192R1())}, "weak"),
    ],
)  # fmt: skip
def test_what_is_not_fit_to_act_by_is_not_enrolled(how, says):
    with pytest.raises(NotACertificate, match=says):
        fit(made("x", **how).pem)


@pytest.mark.parametrize(
    "text", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x30\x03abc"]
)
def test_what_is_no_certificate_is_refused(text):
    with pytest.raises(NotACertificate):
        fit(text)
    with pytest.raises(NotACertificate):
        of_der(text)


def test_a_lapsed_one_an_unknown_person_and_no_scope_are_refused(running):
    common = {"register": running.register, "actor": ADMIN, "now": datetime.now(UTC), "scopes": (Scope.READ,)}
    good, lapsed = fit(made("x").pem), fit(made("x", starts=-2 * DAY, ends=-DAY).pem)
    with pytest.raises(NotAnIdentity, match="lapsed"):
        identities.enrol(**common, name="ann", certificate=lapsed)
    with pytest.raises(NoSuchPerson):
        identities.enrol(**common, name="nobody", certificate=good)
    with pytest.raises(NotAnIdentity, match="scope"):
        identities.enrol(**{**common, "scopes": ()}, name="ann", certificate=good)
    with pytest.raises(NotAnIdentity):
        identities.revoke(register=running.register, actor=ADMIN, now=datetime.now(UTC), identity="no such one")
    with pytest.raises(NotSignedIn):
        identities.whose_certificate(register=running.register, now=datetime.now(UTC), certificate=good)


def test_files_that_serve_no_tls_and_proxies_that_cannot_be_are_refused(tmp_path):
    cert, key_file = made("moms", client=False, server=True).files(tmp_path, "a")
    other = made("moms").files(tmp_path, "b")[1]
    assert tls_of(certificate=None, key=None, authorities=None) is None
    assert tls_of(certificate=cert, key=key_file, authorities=cert).context().verify_mode == ssl.CERT_OPTIONAL
    with pytest.raises(NoTls):
        tls_of(certificate=cert, key=None, authorities=None)
    for files in ((cert, other, None), (cert, str(tmp_path / "none"), None), (cert, key_file, str(tmp_path / "none"))):
        with pytest.raises(NoTls):
            tls_of(certificate=files[0], key=files[1], authorities=files[2]).context()
    with pytest.raises(NoTls):
        proxy_of(["not an address"], {})
    with pytest.raises(NoTls):
        proxy_of(["10.0.0.7"], {})


def spoken(secured, context):
    """Open a connection and give its version and suite."""
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    parts = urlsplit(secured.running.base)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line, context.wrap_socket(line) as tls:
        return tls.version(), tls.cipher()[0]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_no_version_of_tls_before_1_2_is_spoken(secured, version):
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version, old.maximum_version = version, version
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        spoken(secured, old)


def test_tls_1_3_and_1_2_are_spoken_with_fresh_keys_and_authenticated_ciphers_alone(secured):
    assert spoken(secured, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))[0] == "TLSv1.3"
    offered = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    offered.set_ciphers("ALL:@SECLEVEL=0")
    suites = [one["name"] for one in offered.get_ciphers() if one["protocol"] != "TLSv1.3"]
    taken = set()
    for suite in suites:
        one = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        one.maximum_version = ssl.TLSVersion.TLSv1_2
        try:
            one.set_ciphers(f"{suite}:@SECLEVEL=0")
            assert spoken(secured, one) == ("TLSv1.2", suite)
        except (ssl.SSLError, ConnectionError):
            continue
        taken.add(suite)
    assert len(suites) > 40
    assert taken
    assert all(name.startswith("ECDHE-") and ("GCM" in name or "CHACHA20" in name) for name in taken), taken


def test_behind_the_named_proxy_limits_and_the_log_go_by_the_true_callers_address(secured):
    def tries(caller, *, word=WORD, address=PROXY):
        client = secured.client(address=address, **{"X-MOMS-Proxy": word, "X-Forwarded-For": f"10.9.9.9, {caller}"})
        return [client.put("/session", json={"name": "nobody", "password": "x" * 12}).status_code for _ in range(11)]

    assert tries("203.0.113.7") == [401] * 10 + [429]
    assert tries("203.0.113.8")[0] == 401  # another caller behind the same proxy is not slowed
    assert tries("203.0.113.7")[0] == 429
    # Who is not the proxy, or does not know its word, is at the address it has, whatever it says.
    assert tries("203.0.113.9", word="guessed")[-1] == 429
    assert tries("203.0.113.10", word="guessed")[0] == 429
    assert tries("203.0.113.11", address="127.0.0.31")[-1] == 429
    told = [json.loads(line) for line in secured.running.log.read_text().splitlines()]
    seen = {line.get("address") for line in told}
    assert {"203.0.113.7", "203.0.113.8", PROXY, "127.0.0.31"} <= seen
    assert not {"203.0.113.9", "203.0.113.10", "203.0.113.11", "10.9.9.9"} & seen


def test_the_journal_keeps_the_true_callers_address_that_the_named_proxy_tells_and_the_certificates_id(secured):
    one = secured.issued()
    secured.enrol("ann", one)
    said = {"Client-Cert": header(one), "X-Forwarded-For": "10.9.9.9, 203.0.113.77"}
    aud = secured.client(Authorization=f"Bearer {secured.running.tokens['aud']}")
    for address, word, where in ((PROXY, WORD, "203.0.113.77"), (None, "guessed", "127.0.0.1")):
        client = secured.client(None if address else one, address=address, **said, **{"X-MOMS-Proxy": word})
        done = client.post("/outages", json=a_request(), headers=key())
        assert done.status_code == 200, done.text
        told = aud.get("/journal", params={"subject": done.json()["outage"]["id"]}).json()["items"]
        assert {line["from_where"]["address"] for line in told} == {where}
        assert {(line["from_where"]["door"], line["from_where"]["credential"]) for line in told} == {
            ("rest", fit(one.pem).print[:12])
        }


def asked_past(peer, *, proxy, tls=False, headers=()):
    """Ask a service behind a proxy from an address; give the status, and the address that it went by."""
    seen, sent = [], []

    async def app(scope, receive, send):
        seen.append(scope["client"][0])
        await Response("ok")(scope, receive, send)

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": list(headers), "client": (peer, 1)}
    with ThreadPoolExecutor(1) as apart:  # a test with a browser may have left a loop on this thread
        apart.submit(lambda: asyncio.run(Callers(app, proxy=proxy, tls=tls)(scope, receive, send))).result()
    return sent[0]["status"], *seen


def test_where_a_proxy_is_named_nobody_speaks_to_the_service_past_it_without_tls():
    named = Proxy(addresses=frozenset({"10.0.0.7"}), secret="word")
    by_proxy = [(b"x-moms-proxy", b"word"), (b"x-forwarded-for", b"1.1.1.1, 198.51.100.4")]
    assert asked_past("10.0.0.7", proxy=named, headers=by_proxy) == (200, "198.51.100.4")
    assert asked_past("10.0.0.9", proxy=named, headers=by_proxy) == (403,)
    assert asked_past("10.0.0.7", proxy=named) == (403,)
    assert asked_past("127.0.0.1", proxy=named) == (200, "127.0.0.1")
    assert asked_past("10.0.0.9", proxy=named, tls=True, headers=by_proxy) == (200, "10.0.0.9")
    for said in (b"no address", b"", b"1.2.3.4, unknown", b"9" * 3000):
        headers = [(b"x-moms-proxy", b"word"), (b"x-forwarded-for", said)]
        assert asked_past("10.0.0.7", proxy=named, headers=headers) == (200, "10.0.0.7")
