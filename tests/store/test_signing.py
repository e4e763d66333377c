"""Anchors signed outside the database: OpenSSL agrees, and a copy that somebody without the key wrote shows."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from datetime import timedelta

import pytest

from moms.outages import State, Status
from moms.store.audit import set_anchor
from moms.store.place import Place
from moms.store.signing import NotAKey, signer_of
from moms.values import SYSTEM
from tests.postgres import NOON, an_event, an_outage


@pytest.fixture
def database(servers):
    found = servers.named("wheel").fresh(any_first=True)
    yield found
    found.drop()


@pytest.fixture
def openssl(tmp_path, must_have):
    """Give what runs OpenSSL in this folder; it makes the keys and checks the signatures."""
    program = shutil.which("openssl")
    must_have(program is not None, "openssl")

    def run(*words):
        return subprocess.run([str(program), *words], cwd=tmp_path, check=True, capture_output=True).stdout

    return run


def a_key(openssl, tmp_path, name):
    openssl("genpkey", "-algorithm", "ed25519", "-out", name)
    (tmp_path / name).chmod(0o600)
    openssl("pkey", "-in", name, "-pubout", "-out", f"{name}.pub")
    return tmp_path / name, tmp_path / f"{name}.pub"


@pytest.fixture
def signed(book, tmp_path, openssl):
    """Give a place whose journal was anchored three times, signed, and the public key."""
    secret, public = a_key(openssl, tmp_path, "key")
    place = Place(home=tmp_path, engine=book.engine, book=book, sign=signer_of({"MOMS_ANCHOR_KEY": str(secret)}))
    for n in range(1, 4):
        with book.as_(SYSTEM) as page:
            outage = an_outage(n, state=State.SUBMITTED, status=Status.NONE)
            page.add(outage, an_event(outage))
        place.anchor(at=NOON + timedelta(hours=n))
    return place, public


def lines(place):
    return [json.loads(line) for line in place.anchors.read_text().splitlines()]


def test_each_anchor_is_signed_and_openssl_says_so_too(signed, tmp_path, openssl):
    place, public = signed
    verdict = place.verify(keys=[public])
    assert (verdict.whole, verdict.signed, verdict.confirmed) == (True, 3, 3)
    for line in lines(place):
        (tmp_path / "said").write_bytes(b"moms anchor\n" + line["hash"].encode())
        (tmp_path / "signature").write_bytes(base64.b64decode(line["signature"]))
        openssl("pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin", "-in", "said", "-sigfile", "signature")


def test_a_copy_that_was_signed_by_nobody_or_another_or_bent_is_told_of(signed, tmp_path, openssl):
    place, public = signed
    good = place.anchors.read_text()
    _, other = a_key(openssl, tmp_path, "other")
    assert place.verify(keys=[other]).signed == 0
    assert place.verify(keys=[other, public]).whole
    for change in (
        lambda all_: all_[-1].pop("signature"),
        lambda all_: all_[-1].update(signature=all_[0]["signature"]),
        lambda all_: all_[-1].update(signature="AAAA"),
        lambda all_: all_[-1].update(signature="no base64"),
        lambda all_: [one.pop("signature") for one in all_],
    ):
        found = [json.loads(line) for line in good.splitlines()]
        change(found)
        place.anchors.write_text("".join(f"{json.dumps(one)}\n" for one in found))
        verdict = place.verify(keys=[public])
        assert not verdict.whole
        assert {fault.table for fault in verdict.faults} == {"anchors outside"}
        assert place.verify().whole  # the anchors themselves are good: only the signatures are not


def test_what_was_anchored_before_there_was_a_key_is_covered_by_the_first_that_is_signed(book, tmp_path, openssl):
    secret, public = a_key(openssl, tmp_path, "key")
    place = Place(home=tmp_path, engine=book.engine, book=book)
    for n, sign in ((1, None), (2, signer_of({"MOMS_ANCHOR_KEY": str(secret)}))):
        with book.as_(SYSTEM) as page:
            outage = an_outage(n, state=State.SUBMITTED, status=Status.NONE)
            page.add(outage, an_event(outage))
        set_anchor(book.engine, file=place.anchors, at=NOON + timedelta(hours=n), sign=sign)
        assert place.verify(keys=[public]).whole == (n == 2)


def test_a_key_that_others_may_read_or_that_is_none_is_refused(tmp_path, openssl):
    secret, public = a_key(openssl, tmp_path, "key")
    openssl("genpkey", "-algorithm", "x25519", "-out", "wrong")
    (tmp_path / "wrong").chmod(0o600)
    (tmp_path / "text").write_text("no key")
    for name in ("wrong", "text", "nothing", "key.pub"):
        with pytest.raises(NotAKey) as refused:
            signer_of({"MOMS_ANCHOR_KEY": str(tmp_path / name)})
        assert refused.value.field == "MOMS_ANCHOR_KEY"
    secret.chmod(0o644)
    with pytest.raises(NotAKey, match="others may read"):
        signer_of({"MOMS_ANCHOR_KEY": str(secret)})
    assert signer_of({}) is None
    with pytest.raises(NotAKey):
        Place(home=tmp_path, engine=None, book=None).verify(keys=[tmp_path / "text"])
    assert public.is_file()
