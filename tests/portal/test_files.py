"""Files over HTTP: added once, held while the scanner is silent, given out so that no browser runs them."""

from __future__ import annotations

import select
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

from moms.desk.files import MOST_BYTES
from tests.desk.test_files import GOOD, a_pdf
from tests.portal.conftest import filed, key
from tests.scanners import BAD

PDF = GOOD["statement.pdf"]


@pytest.fixture(scope="module")
def outage(running):
    return filed(running.as_("ann"))["id"]


@pytest.fixture(autouse=True)
def scanner(running):
    """Give the scanner, which is up again afterwards."""
    yield running.scanner
    running.scanner.mode = "up"


def add(client, outage, name="statement.pdf", body=PDF, media="application/pdf", **headers):
    said = {**key(), "Content-Type": media, **headers}
    return client.post(f"/outages/{outage}/files", params={"name": name}, content=body, headers=said)


def test_a_file_is_added_listed_and_given_back_so_that_no_browser_runs_it(running):
    ann = running.as_("ann")
    outage = filed(ann)["id"]
    done = add(ann, outage, name="Methode Ü.pdf")
    assert done.status_code == 200, done.text
    file = done.json()
    assert (file["state"], file["by"], file["name"]) == ("clean", "ann", "Methode Ü.pdf")
    assert running.scanner.seen[-1] == PDF
    assert file in ann.get(f"/outages/{outage}/files").json()["items"]
    got = running.as_("eve").get(f"/outages/{outage}/files/{file['id']}")
    assert got.content == PDF
    assert got.headers["Content-Type"] == "application/pdf"
    said = got.headers["Content-Disposition"]
    assert said == f"attachment; filename=\"{file['id']}.pdf\"; filename*=UTF-8''Methode%20%C3%9C.pdf"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert got.headers["Cache-Control"] == "no-store"
    told = ann.get(f"/outages/{outage}").json()["history"]
    assert [e["verb"] for e in told if e["verb"].startswith("file:")] == ["file:add", "file:clean"]
    lines = running.as_("aud").get("/journal/export", params={"subject": outage, "format": "jsonl"})
    assert lines.text.count(file["sha256"]) == 2


def test_a_session_adds_one_only_with_its_token_and_from_its_own_origin(running, outage):
    fay = running.signed_in("fay")
    assert add(fay, outage).status_code == 200
    assert add(fay, outage, **{"X-CSRF-Token": "x"}).status_code == 403
    assert add(fay, outage, Origin="https://elsewhere.example").status_code == 403


def test_tried_again_it_is_there_once_and_another_under_the_key_is_refused(running, outage):
    ann, same = running.as_("ann"), key()
    first, again = add(ann, outage, **same), add(ann, outage, **same)
    assert first.json() == again.json()
    assert add(ann, outage, body=a_pdf() + b"\n%%EOF", **same).status_code == 422
    without = ann.post(f"/outages/{outage}/files", params={"name": "a.pdf"}, content=PDF)
    assert (without.status_code, without.json()["field"]) == (400, "Idempotency-Key")


@pytest.mark.parametrize("mode", ["closes", "nonsense", "old", "listless"])
def test_scanner_down_holds_the_file_and_nothing_is_lost(running, outage, scanner, mode):
    ann = running.as_("ann")
    scanner.mode = mode
    held = add(ann, outage)
    assert (held.status_code, held.json()["state"], held.json()["open"]) == (202, "held", False)
    way = f"/outages/{outage}/files/{held.json()['id']}"
    for name in ("ann", "eve", "aud"):
        refused = running.as_(name).get(way)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:moms:NotLookedAt")
        assert PDF not in refused.content
    scanner.mode = "up"
    assert ann.get(way).content == PDF


def test_what_something_was_found_in_is_refused_and_its_content_is_gone(running, outage):
    ann = running.as_("ann")
    refused = add(ann, outage, name="a.txt", body=BAD, media="text/plain")
    assert (refused.status_code, refused.json()["field"]) == (422, "file")
    assert "Eicar" in refused.json()["title"]
    [file] = [f for f in ann.get(f"/outages/{outage}/files").json()["items"] if f["state"] == "infected"]
    assert ann.get(f"/outages/{outage}/files/{file['id']}").status_code == 410


@pytest.mark.parametrize(
    "sent",
    [
        ("../../etc/passwd.txt", b"x", "text/plain", "name"),
        ("x.zip", b"PK\x03\x04", "application/zip", "name"),
        ("x.svg", b"<svg onload='alert(1)'/>", "image/svg+xml", "name"),
        ("x.html", b"<script>alert(1)</script>", "text/html", "name"),
        ("x.png", b"<script>alert(1)</script>", "image/png", "file"),
        ("x.pdf", PDF, "text/html", "Content-Type"),
        ("x.pdf", a_pdf(script=True), "application/pdf", "file"),
        ("x.pdf", b"", "application/pdf", "file"),
    ],
)
def test_what_is_not_taken_is_refused_with_the_field_and_the_fix(running, outage, sent):
    name, body, media, field = sent
    refused = add(running.as_("ann"), outage, name=name, body=body, media=media)
    assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert refused.json()["fix"]


def test_nobody_adds_sees_or_gets_a_file_of_another_organisations_outage(running, outage):
    file = add(running.as_("ann"), outage).json()
    bob, own = running.as_("bob"), filed(running.as_("bob"), organisation="TO-2")["id"]
    assert add(bob, outage).status_code == 404
    for way in (f"{outage}/files", f"{outage}/files/{file['id']}", f"{own}/files/{file['id']}"):
        refused = bob.get(f"/outages/{way}")
        assert refused.status_code == 404
        assert "statement" not in refused.text
    for name in ("aud", "pub", "adm"):
        assert add(running.as_(name), outage).status_code in {403, 404}
    assert running.as_("pub").get(f"/outages/{outage}/files/{file['id']}").status_code == 404
    assert httpx.get(f"{running.base}/api/v1/outages/{outage}/files/{file['id']}").status_code == 401


def test_too_big_is_refused_before_and_while_it_comes(running, outage):
    ann = running.as_("ann")
    most = add(ann, outage, name="most.txt", body=b"x" * MOST_BYTES, media="text/plain")
    assert (most.status_code, most.json()["size"]) == (200, MOST_BYTES)
    assert add(ann, outage, body=PDF + b"\0" * (MOST_BYTES - len(PDF) + 1)).status_code == 413

    def without_end():
        for _ in range(MOST_BYTES // 65_536 + 2):
            yield b"%PDF-1.7".ljust(65_536)

    try:
        found = ann.post(f"/outages/{outage}/files", params={"name": "a.pdf"}, content=without_end(), headers=key())
        assert found.status_code == 413
    except httpx.WriteError:
        pass  # the service closed the door while bytes still came: as good
    assert running.as_("ann").get(f"/outages/{outage}/files").status_code == 200


def test_who_is_nobody_has_no_file_read_and_other_routes_take_none(running, outage):
    parts = urlsplit(running.base)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        head = (
            f"POST /api/v1/outages/{outage}/files?name=a.pdf HTTP/1.1\r\nHost: {parts.netloc}\r\nIdempotency-Key: n\r\n"
        )
        line.sendall(f"{head}Content-Length: {MOST_BYTES}\r\n\r\n".encode())
        assert b" 401 " in line.recv(4096)  # answered though no byte of the file was sent
    ann = running.as_("ann")
    for way in ("/outages", f"/outages/{outage}/decide", f"/outages/{outage}/files/x"):
        found = ann.post(way, content=PDF, headers={**key(), "Content-Type": "application/pdf"})
        assert found.status_code in {404, 405, 415}


def test_so_many_files_arrive_at_once_and_no_more(running):
    outage = filed(running.as_("ann"))["id"]
    parts, lines = urlsplit(running.base), list[socket.socket]()
    try:
        for number in range(9):
            lines.append(socket.create_connection((parts.hostname, parts.port), timeout=20))
            head = (
                f"POST /api/v1/outages/{outage}/files?name=a.pdf HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                f"Authorization: Bearer {running.tokens['ann']}\r\nIdempotency-Key: many-{number}\r\n"
                "Content-Length: 1000\r\n\r\n"
            )
            lines[-1].sendall(head.encode())
        [answered], _, _ = select.select(lines, [], [], 20)
        assert b" 503 " in answered.recv(4096)
        assert running.as_("ann").get(f"/outages/{outage}").status_code == 200  # looks go on
    finally:
        for line in lines:
            line.close()
    for _ in range(50):
        if add(running.as_("ann"), outage).status_code == 200:
            return
        time.sleep(0.1)
    pytest.fail("the places of those who left are free again")
