"""Texts reach a gateway that is a process of its own, say nothing that is restricted, and do not come hours late."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.desk import notices as desk
from moms.desk.notices import NotASubscription
from moms.exchange.texts import MOST_CHARACTERS, NotAGateway, text_of, texts_of
from moms.outages.lifecycle import Verb
from moms.records.notices import Channel, Happening, Subscription, Telling, notice_of
from moms.records.told import WORDS, Severity
from moms.store.book import PostgresBook
from moms.store.notices import PostgresNotices
from moms.values import SYSTEM, Role
from moms.wiring.sending import carriers_of
from tests.postgres import NOON, an_event, an_outage
from tests.wiring.test_sending import EVE, database, happen, lapse, one_engine, raw, send, standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["database"]
NUMBER = "+13175550100"
GATEWAY = """
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
there = Path(sys.argv[1])
class Gateway(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with (there / "got.jsonl").open("a") as out:
            out.write(json.dumps({"path": self.path, "headers": dict(self.headers), "body": json.loads(body)}) + "\\n")
        self.send_response(int((there / "status").read_text()))
        self.end_headers()
    def log_message(self, *_):
        pass
server = HTTPServer(("127.0.0.1", 0), Gateway)
print(server.server_port, flush=True)
server.serve_forever()
"""
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic alphabet of GSM 03.38, of which 160 fit in a text."""


@dataclass
class Gateway:
    """A gateway that runs, what it was handed, and how it answers."""

    there: Path
    url: str

    @property
    def got(self) -> list[dict]:
        file = self.there / "got.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def answers(self, status: int) -> None:
        (self.there / "status").write_text(str(status))

    def carriers(self):
        """Give the carriers that an installation's settings name."""
        token = self.there / "token"
        token.write_text("the gateway's own word\n")
        token.chmod(0o600)
        return carriers_of({"MOMS_SMS_URL": self.url, "MOMS_SMS_TOKEN_FILE": str(token)})


@pytest.fixture
def gateway(tmp_path) -> Iterator[Gateway]:
    with running(tmp_path) as found:
        yield found


@contextmanager
def running(there: Path) -> Iterator[Gateway]:
    with subprocess.Popen([sys.executable, "-c", GATEWAY, str(there)], stdout=subprocess.PIPE, text=True) as process:
        found = Gateway(there, f"http://127.0.0.1:{process.stdout.readline().strip()}/texts")
        found.answers(202)
        yield found
        process.terminate()


def follow(database, severity=Severity.URGENT, **changes):
    wanted = Subscription(id="s1", organisation="operator", person="eve", channel=Channel.SMS, target=NUMBER,
                          severity=severity, sees_all=True, **changes)  # fmt: skip
    desk.follow(notices=PostgresNotices(one_engine(database)), actor=EVE, now=NOON, subscription=wanted)


def test_a_text_says_that_something_waits_and_nothing_that_is_restricted(database, gateway):
    follow(database)
    happen(database, 1, verb="recall", external_id="SECRET-REF", assets=("branch:4711",), description="shy work")
    assert send(database, gateway.carriers()).sent == 1
    [got] = gateway.got
    text, name = got["body"]["text"], got["body"]["id"]
    assert (got["path"], got["body"]["to"]) == ("/texts", NUMBER)
    assert got["headers"]["Authorization"] == "Bearer the gateway's own word"
    assert (
        got["headers"]["Idempotency-Key"]
        == name
        == raw(database, "SELECT id FROM moms.notice WHERE channel = 'sms'")[0][0]
    )
    assert text == f"MOMS urgent: recall, outage O-0001. See your inbox. Notice {name[:8]}"
    for restricted in ("SECRET", "4711", "owner-a", "shy", "2027", "because"):
        assert restricted not in text
    assert standing(database) == [("sent", 1, "gateway: HTTP 202")]


def test_a_storm_is_one_text_and_only_what_is_urgent_enough(database, gateway):
    follow(database)
    happen(database, *range(1, 41), verb="recall")
    happen(database, 41, 42, verb="deny")
    assert send(database, gateway.carriers()).sent == 1
    [got] = gateway.got
    assert got["body"]["text"].startswith("MOMS urgent: 40 notices wait (40 urgent). See your inbox. First ")
    assert {state for state, *_ in standing(database)} == {"sent"}


def test_a_gateway_that_is_out_is_tried_again_under_the_same_id_and_one_that_refuses_is_not(database, gateway):
    follow(database)
    happen(database, 1, verb="recall")
    for status in (503, 401):
        gateway.answers(status)
        assert send(database, gateway.carriers()).put_off == 1
        lapse(database)
    gateway.answers(202)
    assert send(database, gateway.carriers()).sent == 1
    assert len({one["body"]["id"] for one in gateway.got}) == 1
    assert len(gateway.got) == 3
    gateway.answers(422)
    happen(database, 2, verb="recall")
    assert send(database, gateway.carriers()).given_up == 1
    assert standing(database)[-1] == ("dead", 1, "gateway: HTTP 422")


def test_a_text_that_would_come_hours_late_is_not_sent(database, gateway):
    follow(database)
    happen(database, 1, verb="recall")
    [(lasts,)] = raw(database, "SELECT ends_at - made_at FROM moms.notice WHERE channel = 'sms'")
    assert lasts == timedelta(hours=4)
    raw(database, "UPDATE moms.notice SET ends_at = clock_timestamp(), revision = revision + 1 WHERE channel = 'sms'")
    assert send(database, gateway.carriers()).sent == 0
    assert gateway.got == []
    assert standing(database) == [("stopped", 0, "it was of no use any more when it could be sent")]


def test_a_reminder_ends_with_what_it_reminds_of_in_the_inbox_and_outside(database):
    notices, until = PostgresNotices(one_engine(database)), NOON + timedelta(minutes=5)
    outage = an_outage(1)
    with PostgresBook(one_engine(database)).as_(SYSTEM) as page:
        page.add(outage, an_event(outage))
        told = Telling(outage=outage, word="remind_start", reason="begins soon", until=until)
        page.note(an_event(outage, "remind_start"), told=told)
    ann = replace(EVE, name="ann", organisation="owner-a", role=Role.OWNER)

    def inbox(*, open_only):
        found = desk.inbox(notices=notices, actor=ann, open_only=open_only)
        return {k.notice.body["verb"]: k.ends_at for k in found}

    assert set(inbox(open_only=True)) == {"submit", "remind_start"}
    [(lasts,)] = raw(database, "SELECT ends_at - made_at FROM moms.notice WHERE role = 'owner' AND ends_at IS NOT NULL")
    assert lasts == timedelta(minutes=5)
    raw(
        database,
        "UPDATE moms.notice SET ends_at = clock_timestamp(), revision = revision + 1 WHERE ends_at IS NOT NULL",
    )
    assert set(inbox(open_only=True)) == {"submit"}
    assert set(inbox(open_only=False)) == {"submit", "remind_start"}


@pytest.mark.parametrize("number", ["3175550100", "+0317", "+1 317 555 0100", "+1317555010012345", "sms:+13175550100"])
def test_a_number_that_is_none_is_refused(database, number):
    with pytest.raises(NotASubscription) as why:
        wanted = Subscription(id="s1", organisation="operator", person="eve", channel=Channel.SMS, target=number,
                              severity=Severity.URGENT, sees_all=True)  # fmt: skip
        desk.follow(notices=PostgresNotices(one_engine(database)), actor=EVE, now=NOON, subscription=wanted)
    assert why.value.field == "target"


def test_what_only_informs_is_no_text(database):
    with pytest.raises(NotASubscription) as why:
        follow(database, severity=Severity.INFO)
    assert why.value.field == "severity"


@pytest.mark.parametrize(
    "url", ["http://gateway.example/x", "ftp://127.0.0.1/x", "gateway", "https://u:p@g.example/", ""]
)
def test_a_gateway_that_would_be_reached_in_the_clear_is_refused(url):
    with pytest.raises(NotAGateway) as why:
        texts_of(url, token=None, clock=lambda: 0.0)
    assert why.value.field == "MOMS_SMS_URL"


WILD = st.text(min_size=1, max_size=60)


@given(st.lists(st.tuples(st.sampled_from(sorted(WORDS)), WILD, WILD, WILD), min_size=1, max_size=30))
def test_every_text_fits_and_has_no_word_of_anybodys(told):
    def notice(n, word, reference, reason, where):
        outage = an_outage(
            1, id=f"OTG-{n:08d}", external_id=f"~{reference}", description=f"~{reason}", location=f"~{where}"
        )
        happening = Happening(chain="owner-a", sequence=n, at=datetime(2027, 3, 1, tzinfo=UTC), verb=word, actor=SYSTEM,
                              asked_by=None, reason=f"~{reason}", outage=outage)  # fmt: skip
        return notice_of(Subscription(id="s", organisation="operator", person="eve", sees_all=True), happening)

    found = text_of(tuple(notice(n, *one) for n, one in enumerate(told)))
    assert len(found) <= MOST_CHARACTERS
    assert set(found) <= GSM
    assert "~" not in found


def test_the_longest_words_fit():
    longest = max((str(word) for word in (*WORDS, *Verb)), key=len)
    text = f"MOMS urgent: {longest}, outage OTG-ABCDEFGH. Nobody has acknowledged it. See your inbox. Notice 12345678"
    assert len(text) <= MOST_CHARACTERS
