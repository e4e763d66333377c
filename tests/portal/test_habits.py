"""The habits that a security standard asks of a service (`security/asvs.csv`), each tried against what runs."""

from __future__ import annotations

import asyncio
import json
import math
import re
import secrets
import statistics
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest

from moms.desk import people
from moms.desk.people import NotAPerson, Person, check_password
from moms.portal.bounds import HEADERS, Wall
from moms.portal.needs import Limits
from moms.portal.pages import POLICY
from moms.records.notices import Channel
from moms.store.people import PostgresRegister
from moms.store.place import open_place
from moms.values import Role
from moms.wiring.logs import Lines
from moms.wiring.people import Argon2, new_secret, new_token
from moms.wiring.serve import NotAnAddress, _hosts
from tests.portal.conftest import ADMIN, a_request, filed, key, password
from tests.portal.test_attacks import raw
from tests.portal.test_death import another
from tests.portal.test_watch import line_of, lines

PUBLIC = {"Host": "moms.example"}


@pytest.fixture(scope="module")
def secured(running):
    """Give the address of a second server, which browsers reach by TLS, and which takes few requests a second."""
    with another(running, "--public", "https://moms.example", "--rate", "2") as (base, _):
        yield f"{base}/api/v1"


# ------------------------------------------------------------ with TLS before it


def test_with_tls_the_cookie_is_bound_to_this_host_and_never_sent_in_the_clear(secured):
    found = httpx.put(f"{secured}/session", json={"name": "bob", "password": password("bob")}, headers=PUBLIC)
    assert found.status_code == 200, found.text
    (cookie,) = found.headers.get_list("Set-Cookie")
    name, _, rest = cookie.partition("=")
    assert name == "__Host-moms"
    secret, *marks = (part.strip().lower() for part in rest.split(";"))
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= set(marks)
    assert not any(mark.startswith("domain") for mark in marks)
    assert secret not in found.text.lower()


def test_with_tls_every_answer_says_so_for_a_year(secured):
    for way in ("/outages", "/session", "/nosuch", "/../health", "/../requests"):
        said = httpx.get(f"{secured}{way}", headers=PUBLIC).headers["Strict-Transport-Security"]
        age, *more = (part.strip() for part in said.split(";"))
        assert int(age.removeprefix("max-age=")) >= 365 * 86400
        assert "includeSubDomains" in more


def test_beyond_this_machine_it_is_not_served_without_tls_before_it():
    for host in ("0.0.0.0", "10.0.0.5", "::"):  # noqa: S104 - what is refused
        with pytest.raises(NotAnAddress):
            _hosts(host, None)
        with pytest.raises(NotAnAddress):
            _hosts(host, "http://moms.example")
    assert _hosts("10.0.0.5", "https://moms.example")[1]


def test_who_asks_too_often_is_told_when_to_come_back(running, secured):
    headers = {**PUBLIC, "Authorization": f"Bearer {running.tokens['pat']}"}
    with httpx.Client(headers=headers, timeout=60) as client, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: client.get(f"{secured}/about"), range(60)))
        other = httpx.get(f"{secured}/about", headers={**headers, "Authorization": f"Bearer {running.tokens['aud']}"})
    assert {answer.status_code for answer in found} == {200, 429}
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in found if answer.status_code == 429)
    assert other.status_code == 200, "one person's haste is nobody else's"


# ------------------------------------------------------------ what a browser is told


def test_every_answer_has_a_policy_that_closes_objects_bases_and_frames(running):
    assert "form-action 'none'" in POLICY
    for way in ("/api/v1/outages", "/api/v1/nosuch", "/health", "/openapi.json", "/requests"):
        found = httpx.get(f"{running.base}{way}", headers={"Accept": "text/html"})
        (policy,) = found.headers.get_list("Content-Security-Policy")
        said = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        closed = ("default-src", "object-src", "base-uri", "frame-ancestors", "form-action")
        assert {said[name] for name in closed} == {"'none'"}, way
        assert "unsafe" not in policy
        assert found.headers["Referrer-Policy"] == "no-referrer"


def test_no_other_site_is_let_in_by_cors(running):
    ask = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for found in (
        running.as_("ann", **ask).get("/outages"),
        running.as_(**ask).request("OPTIONS", "/outages"),
        httpx.get(f"{running.base}/health", headers=ask),
    ):
        assert not [name for name in found.headers if name.lower().startswith("access-control-")]


def test_nobody_is_sent_elsewhere(running):
    for way in (
        "/api/v1/outages/",
        "//evil.example/x",
        "/requests/",
        "/health/",
        "/api/v1/session?next=//evil.example",
    ):
        found = httpx.get(f"{running.base}{way}", headers={"Accept": "text/html"}, follow_redirects=False)
        assert found.status_code not in range(300, 400) or found.status_code == 304, way
        assert "Location" not in found.headers, way


def test_every_body_says_its_kind_and_its_letters(running):
    eve = running.as_("eve")
    for found in (
        eve.get("/outages"), eve.get("/nosuch"), eve.get("/journal/export", params={"format": "csv"}),
        httpx.get(f"{running.base}/health"), httpx.get(f"{running.base}/requests", headers={"Accept": "text/html"}),
    ):  # fmt: skip
        kind = found.headers["Content-Type"]
        assert kind.startswith(("application/json", "application/problem+json")) or "charset=utf-8" in kind, kind
        if "json" in kind:
            json.loads(found.content.decode("utf-8"))


def test_a_download_has_the_servers_name_for_it(running):
    for form in ("csv", "jsonl"):
        asked = {"format": form, "text": 'x"; filename="evil.exe'}
        found = running.as_("aud").get("/journal/export", params=asked)
        assert found.status_code == 200
        assert found.headers["Content-Disposition"] == f'attachment; filename="journal.{form}"'


# ------------------------------------------------------------ what is sent to it


def test_looking_changes_nothing(running):
    described = httpx.get(f"{running.base}/openapi.json").json()["paths"]
    eve, before = running.as_("eve"), everything(running)
    looked = 0
    for way, verbs in described.items():
        asked = verbs.get("get")
        if asked is None or way.endswith("/events") or "{" in way:
            continue
        if not any(one.get("required") for one in asked.get("parameters", ())):
            eve.get(way.removeprefix("/api/v1"))
            looked += 1
    assert looked >= 10
    assert everything(running) == before
    assert {verb for verbs in described.values() for verb in verbs} <= {"get", "post", "put", "delete"}


def everything(running):
    with running.place.book.as_(ADMIN) as page:
        return page.heads(), page.version()


def test_methods_that_no_route_has_are_refused(running):
    for method in ("TRACE", "PATCH", "CONNECT", "DEBUG", "PROPFIND"):
        for way in ("/api/v1/outages", "/health", "/requests"):
            host = running.base.partition("//")[2]
            answer = raw(running, f"{method} {way} HTTP/1.1\r\nHost: {host}\r\nX-Secret: s3cr3t\r\n\r\n".encode())
            assert re.match(rb"HTTP/1\.1 40[045] ", answer), (method, answer[:40])
            assert b"s3cr3t" not in answer


def test_two_lengths_of_one_message_are_never_both_believed(running):
    host = running.base.partition("//")[2]
    head = f"PUT /api/v1/session HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n".encode()
    for lengths in (b"Content-Length: 4\r\nContent-Length: 5\r\n", b"Transfer-Encoding: xchunked\r\n",
                    b"Content-Length: -1\r\n", b"Content-Length: 0x4\r\n"):  # fmt: skip
        answer = raw(running, head + lengths + b"\r\nabcd")
        assert re.match(rb"HTTP/1\.1 (400|501) ", answer), (lengths, answer[:60])
    # With both, what comes in chunks counts and the length does not (RFC 9112, 6.3): the body is {}, which is no
    # sign-in (422); its first four bytes, "2\r\n{", would be no JSON (400).
    both = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    assert raw(running, head + both).startswith(b"HTTP/1.1 422 ")


def test_what_a_caller_says_of_its_address_is_not_believed(running):
    said = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    found = running.as_("ann", **said).get("/outages")
    assert line_of(running, found.headers["X-Request-Id"])["address"] == "127.0.0.1"


def test_no_credential_is_taken_from_an_address(running):
    secret = running.tokens["ann"]
    for name in ("token", "access_token", "moms", "Authorization", "session"):
        assert running.as_().get("/outages", params={name: secret}).status_code == 401


def test_no_address_of_a_follower_carries_a_second_header():
    from moms.desk.notices import NotASubscription, _check_target

    for target in ("a@example.org\r\nBcc: b@example.org", "a@example.org\nx", "a@example.org, b@example.org",
                   "a@example.org>", "<a@example.org", "a b@example.org", "a@example.org\x00"):  # fmt: skip
        with pytest.raises(NotASubscription):
            _check_target(Channel.MAIL, target)
    _check_target(Channel.MAIL, "a.b+c@example.org")


# ------------------------------------------------------------ passwords and secrets


def test_a_password_is_long_of_any_letters_and_taken_as_it_is():
    hasher = Argon2()
    for good in (
        " lots of spaces ",
        "пароль из слов",
        "🔑🐢🍋🌧🚲🧭🎻🪁🥁🧊🪶🛶",
        "ab" * 512,
        "902817364550",
        "only-small-letters",
    ):
        check_password(good)
    for bad in ("", "x" * 11, "x" * 1025):
        with pytest.raises(NotAPerson):
            check_password(bad)
    kept = hasher.hash(" Correct Horse ")
    assert hasher.verify(kept, " Correct Horse ")
    for other in ("Correct Horse", " correct horse ", " Correct Horse", " Correct Horse \n"):
        assert not hasher.verify(kept, other)
    long = "a" * 1000
    assert not hasher.verify(hasher.hash(long + "b"), long + "c"), "nothing is cut off"


def test_a_password_of_words_that_are_tried_first_is_refused():
    for bad in ("moms-moms-moms", "Outage Management", "Password1234!", "x" * 12, "qwerty12345678", "ann.ann.ann.1",
                "LAKES-power-1", "MOMS admin 2026"):  # fmt: skip
        with pytest.raises(NotAPerson, match="tried first"):
            check_password(bad, name="ann", organisation="LAKES Power")
    for good in ("correct horse battery", "ann of the nine lighthouses", "the outage of my first bicycle"):
        check_password(good, name="ann", organisation="LAKES Power")


def test_a_password_is_kept_as_argon2id_at_its_cost():
    one, two = (Argon2().hash("correct horse battery") for _ in range(2))
    assert one != two, "each has a salt of its own"
    kind, version, cost, salt, tag = one.split("$")[1:]
    assert (kind, version) == ("argon2id", "v=19")
    found = dict(part.split("=") for part in cost.split(","))
    assert (int(found["m"]), int(found["t"]), int(found["p"])) == (19456, 2, 1)  # OWASP's least
    assert len(salt) >= 22
    assert len(tag) >= 43


def test_a_password_does_not_grow_old(running):
    old = Person(name="old", organisation="TO-1", role=Role.OWNER, password=Argon2().hash(password("old")),
                 made_at=datetime(2010, 1, 1, tzinfo=UTC))  # fmt: skip
    people.add_person(register=running.register, actor=ADMIN, now=datetime.now(UTC), person=old)
    assert running.signed_in("old").get("/session").status_code == 200


def test_there_is_no_other_way_to_a_forgotten_password(running):
    described = httpx.get(f"{running.base}/openapi.json").json()["paths"]
    words = re.compile("reset|forgot|recover|hint|question|register|sign-?up|password", re.IGNORECASE)
    assert [way for way in described if words.search(way)] == ["/api/v1/session/password"]
    body = {"old": "a password of somebody", "password": "another password of somebody"}
    assert httpx.put(f"{running.base}/api/v1/session/password", json=body).status_code == 401  # who is in changes it
    assert set(described["/api/v1/session"]) == {"get", "put", "delete"}


def test_secrets_have_256_random_bits_and_none_comes_twice(monkeypatch):
    asked = []
    really = secrets.token_bytes

    def counted(many: int | None = None) -> bytes:
        asked.append(many)
        return really(many)

    monkeypatch.setattr(secrets, "token_bytes", counted)
    found = [make() for _ in range(500) for make in (new_secret, new_token)]
    assert set(asked) == {32}
    assert len(set(found)) == len(found)
    letters = "".join(one.removeprefix("moms_") for one in found)
    shares = [letters.count(c) / len(letters) for c in set(letters)]
    assert -sum(p * math.log2(p) for p in shares) > 5.95, "as good as all 64 letters alike"
    assert statistics.pstdev(shares) < 0.002


def test_a_fresh_book_lets_nobody_in(tmp_path):
    with open_place(env={"MOMS_HOME": str(tmp_path)}) as place, PostgresRegister(place.engine).as_(ADMIN) as page:
        assert list(page.people()) == []
        assert not [*page.credentials(kind="session"), *page.credentials(kind="token")]


# ------------------------------------------------------------ faults and the log


def test_a_fault_of_ours_tells_the_caller_nothing(caplog):
    async def broken(scope, receive, send):
        raise RuntimeError("s3cr3t of SELECT * FROM moms.person")

    needs = SimpleNamespace(limits=Limits(), hosts=frozenset({"moms.test"}), secure=False)
    way = httpx.ASGITransport(app=Wall(broken, needs=needs))

    async def ask():
        async with httpx.AsyncClient(transport=way, base_url="http://moms.test") as client:
            return await client.get("/x")

    with ThreadPoolExecutor(1) as apart:
        found = apart.submit(lambda: asyncio.run(ask())).result()
    assert found.status_code == 500
    assert found.headers["Content-Type"] == "application/problem+json"
    assert not re.search("s3cr3t|SELECT|RuntimeError|Traceback|\\.py", found.text)
    assert set(HEADERS) <= {name.title().replace("Nosniff", "nosniff") for name in found.headers}
    assert any(record.exc_info for record in caplog.records), "and the log has it"


def test_who_is_turned_away_is_in_the_log(running):
    outage = filed(running.as_("ann"))
    refused = running.as_("aud").post(
        f"/outages/{outage['id']}/settle", json={"outcome": "approve", "reason": "x"},
        headers={**key(), "If-Match": f'"{outage["revision"]}"'},
    )  # fmt: skip
    line = line_of(running, refused.headers["X-Request-Id"])
    assert (line["status"], line["who"], line["by"], line["outage"]) == (403, "aud", "token", outage["id"])
    for found, status in (
        (running.as_().get("/outages"), 401),
        (running.as_("ann").post("/outages", json=a_request(organisation="TO-2"), headers=key()), None),
        (running.as_("ann").post("/outages", json={"x": 1}, headers=key()), 422),
        (running.as_("ann").get("/outages", headers={"Host": "evil.example"}), 421),
    ):
        told = line_of(running, found.headers["X-Request-Id"])
        assert told["status"] == found.status_code
        assert status in {None, found.status_code}
        assert told["address"] == "127.0.0.1"
    tried = running.as_().put("/session", json={"name": "ann", "password": "not the password"})
    assert tried.status_code == 401
    number = tried.headers["X-Request-Id"]
    line_of(running, number)
    said = [one for one in lines(running) if one["logger"] == "moms.security" and one.get("request") == number]
    assert [one["outcome"] for one in said] == ["refused"]


def test_times_of_the_log_are_utc():
    import logging

    record = logging.LogRecord("moms.x", logging.WARNING, "", 0, "said", (), None)
    at = json.loads(Lines().format(record))["at"]
    assert at.endswith("+00:00")
    assert abs(datetime.fromisoformat(at).timestamp() - record.created) < 0.002


def test_a_service_writes_its_log_to_stderr_alone(running):
    filed(running.as_("ann"))
    files = [path for path in running.home.rglob("*") if path.is_file() and "postgres" not in path.parts[:-1]]
    said = [path.name for path in files if "log" in path.name.lower()]
    assert set(said) <= {running.log.name}, "the test's own copy of stderr"
