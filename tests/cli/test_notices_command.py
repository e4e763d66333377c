"""`moms notices`: shown, acknowledged, followed; a secret is in no answer."""

from __future__ import annotations

import io
import json

import pytest

from moms.cli import main
from moms.outages import State, Status
from moms.store.place import open_place
from moms.values import SYSTEM
from tests.postgres import an_event, an_outage
from tests.wiring.test_sending import PostOffice, serving

ANN = ["--as", "ann", "--org", "owner-a"]
CAT = ["--as", "cat", "--org", "owner-c"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Give a home in which something was filed for an owner."""
    where = tmp_path_factory.mktemp("home")
    filed = an_outage(state=State.SUBMITTED, status=Status.NONE)
    with open_place(env={"MOMS_HOME": str(where)}) as place, place.book.as_(SYSTEM) as page:
        page.add(filed, an_event(filed))
    return where


@pytest.fixture(autouse=True)
def here(home, monkeypatch):
    monkeypatch.setenv("MOMS_HOME", str(home))
    monkeypatch.delenv("MOMS_DATABASE_URL", raising=False)


def answer(capsys, *words):
    code = main(["notices", *words])
    return code, capsys.readouterr()


def test_a_notice_is_shown_to_its_owner_and_acknowledged(capsys):
    code, said = answer(capsys, *ANN, "--json")
    [one] = json.loads(said.out)
    assert (code, one["state"], one["tells"]["verb"]) == (0, "open", "submit")
    assert answer(capsys, "--as", "bob", "--org", "owner-b")[1].out == "Nothing.\n"
    assert answer(capsys, "ack", one["id"], "--as", "bob", "--org", "owner-b")[0] == 2
    assert answer(capsys, "ack", one["id"], *ANN)[0] == 0
    assert answer(capsys, "--open", *ANN)[1].out == "Nothing.\n"
    assert "acknowledged" in answer(capsys, *ANN)[1].out


def test_a_webhook_is_followed_with_a_secret_from_stdin_and_ended(capsys, monkeypatch):
    secret = "never shown again, whoever may ask for it"
    monkeypatch.setattr("sys.stdin", io.StringIO(secret + "\n"))
    code, said = answer(capsys, "follow", "--channel", "webhook", "--target", "https://h.example/x", *ANN, "--json")
    assert code == 0
    [made] = json.loads(said.out)
    said = answer(capsys, "following", *ANN)[1].out
    assert made["id"] in said
    assert secret not in said
    assert answer(capsys, "unfollow", made["id"], *ANN)[0] == 0
    assert answer(capsys, "following", *ANN)[1].out == "Nothing.\n"


@pytest.mark.parametrize(
    "words", [["ack"], ["follow", "--channel", "pigeon"], ["--limit", "0"], ["follow", "--severity", "dire"]]
)
def test_what_cannot_be_is_refused_with_what_to_write(capsys, words):
    code, said = answer(capsys, *words, *ANN)
    assert code == 2
    assert said.err.strip()


def test_what_is_due_is_sent_once_and_what_has_no_carrier_waits_and_is_said(capsys, home, monkeypatch):
    assert answer(capsys, "follow", "--channel", "mail", "--target", "cat@example.org", *CAT)[0] == 0
    with open_place(env={"MOMS_HOME": str(home)}) as place, place.book.as_(SYSTEM) as page:
        outage = an_outage(2, organisation="owner-c", state=State.SUBMITTED, status=Status.NONE)
        page.add(outage, an_event(outage))
    code, said = answer(capsys, "send", "--once")
    assert (code, said.out) == (0, "0 sent, 0 put off, 0 given up; 1 wait.\n")
    assert "MOMS_SMTP_URL" in said.err
    with serving(PostOffice()) as office:
        monkeypatch.setenv("MOMS_SMTP_URL", office.url)
        code, said = answer(capsys, "send", "--once", "--json")
        assert (code, json.loads(said.out)) == (0, {"given_up": 0, "put_off": 0, "sent": 1, "waiting": {}})
        assert answer(capsys, "send", "--once")[1].out == "0 sent, 0 put off, 0 given up; 0 wait.\n"
        assert len(office.got) == 1
    assert "sent" in answer(capsys, "outgoing", *CAT)[1].out
    monkeypatch.setenv("MOMS_SMTP_URL", "smtp://mail.example.org?tls=off")
    assert answer(capsys, "send", "--once")[0] == 2
