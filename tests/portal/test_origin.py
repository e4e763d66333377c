"""Over the running server: each line says from where it was asked, as the trusted proxy tells it, to auditors alone."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from datetime import timedelta

from moms.desk.people import Scope, hash_of
from tests.portal.conftest import START, a_request, filed, key

AUDITORS, OTHERS = ("aud", "adm"), ("eve", "roy", "pat")


def lines(client, subject):
    found = client.get("/journal", params={"subject": subject, "limit": 500})
    assert found.status_code == 200, found.text
    return found.json()["items"]


def test_every_line_of_a_deed_says_door_address_and_credential_to_auditors_and_nothing_to_others(running):
    secret = running.token("ann", Scope.READ, Scope.WRITE)
    outage = filed(running.as_(token=secret))
    for name in AUDITORS:
        told = lines(running.as_(name), outage["id"])
        assert {line["verb"] for line in told} >= {"submit", "validate", "decide:refer"}
        for line in told:  # those that MOMS wrote in answer, too
            assert line["from_where"] == {"door": "rest", "address": "127.0.0.1", "credential": hash_of(secret)[:12]}
    for name in OTHERS:
        assert [line["from_where"] for line in lines(running.as_(name), outage["id"])] == [None] * len(told)
    own = running.as_("ann").get(f"/outages/{outage['id']}").text
    assert "127.0.0.1" not in own
    assert hash_of(secret)[:12] not in own
    for form in ("csv", "jsonl"):
        said = running.as_("eve").get("/journal/export", params={"subject": outage["id"], "format": form}).text
        assert hash_of(secret)[:12] not in said


def test_a_session_is_the_portal_and_signing_in_has_an_address_and_no_credential_yet(running):
    client = running.signed_in("bob")
    outage = filed(client, organisation="TO-2")
    aud = running.as_("aud")
    told = lines(aud, outage["id"])
    assert {line["from_where"]["door"] for line in told} == {"portal"}
    (credential,) = {line["from_where"]["credential"] for line in told}
    (begun,) = (
        line for line in lines(aud, "credential:") if line["subject"].removeprefix("credential:")[:12] == credential
    )
    assert begun["from_where"] == {"door": "portal", "address": "127.0.0.1", "credential": ""}


def test_what_a_caller_says_of_its_own_address_is_not_believed(running):
    ann = running.as_("ann", **{"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.1"})
    outage = filed(ann)
    assert {line["from_where"]["address"] for line in lines(running.as_("aud"), outage["id"])} == {"127.0.0.1"}


def test_a_crew_s_phone_a_worker_and_a_shell_have_doors_of_their_own(alone):
    ann, fay, aud = alone.as_("ann"), alone.as_("fay"), alone.as_("aud")
    outage = filed(ann)
    entry = {"id": "e" * 8, "outage": outage["id"], "what": "arrived", "tapped_at": f"{START:%Y-%m-%dT%H:%MZ}",
             "sent_at": f"{START:%Y-%m-%dT%H:%MZ}"}  # fmt: skip
    assert fay.post("/field/entries", json={"entries": [entry]}, headers=key()).status_code == 200
    env = {k: v for k, v in os.environ.items() if not k.startswith("MOMS_")} | {"MOMS_HOME": str(alone.home)}
    said = subprocess.run(
        [sys.executable, "-m", "moms", "cancel", str(outage["id"]), "--reason", "no crew", "--as", "ann",
         "--org", "TO-1", "--role", "owner", "--grid", "case1"],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    day = START + timedelta(days=60)  # of its own: how many requests other tests made must not move its deadline
    waits = a_request(window={"start": f"{day:%Y-%m-%d}T00:00-05:00", "end": f"{day:%Y-%m-%d}T23:00-05:00"})
    headers = {**key(), "Prefer": "respond-async"}
    left = ann.post("/outages", json=waits, headers=headers).json()["outage"]
    alone.at(START + timedelta(days=59))
    done = subprocess.run(
        [sys.executable, "-m", "moms", "worker", "--once", "--grid", "case1", "--json"],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    doors = {line["verb"]: line["from_where"] for line in lines(aud, outage["id"]) if line["from_where"]}
    assert doors["submit"]["door"] == "rest"
    assert [where["door"] for verb, where in doors.items() if verb.startswith("field")] == ["field"]
    login = pwd.getpwuid(os.getuid()).pw_name
    (taken_back,) = (where for verb, where in doors.items() if verb in {"withdraw", "cancel"})
    assert (taken_back["door"], taken_back["address"].split("@")[0]) == ("command_line", login)
    by_clock = {line["verb"]: line["from_where"]["door"] for line in lines(aud, left["id"])}
    assert (by_clock["submit"], by_clock["answer_overdue"]) == ("rest", "worker")
    assert alone.place.verify().whole
