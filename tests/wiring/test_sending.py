"""Notices go out: to a real web server and a real mail server, past senders that die at any word."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import socketserver
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import event as hooks

from moms.desk import notices as desk
from moms.desk.notices import NotDead
from moms.desk.sending import LEASE, TRIES, Answered, pause, send_due
from moms.exchange.mail import NotAMailServer, mail_of
from moms.exchange.webhooks import Webhooks, is_public
from moms.records.notices import Channel, Subscription
from moms.store.audit import verify
from moms.store.book import PostgresBook
from moms.store.notices import PostgresNotices
from moms.store.outgoing import PostgresOutgoing
from moms.store.place import Place
from moms.values import SYSTEM, Actor, Role
from moms.wiring.sending import carriers_of, sending
from tests.postgres import NOON, an_event, an_outage
from tests.wiring.crashing import Died, Fate

EVE = Actor(name="eve", organisation="operator", role=Role.ENGINEER)
SECRET = "a secret that only the two of us know"
AT = 1_803_902_400


class Listener(ThreadingHTTPServer):
    """A receiver of webhooks that keeps all it was sent and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 204
        self.says: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        for name, value in self.server.says.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class PostOffice(socketserver.ThreadingTCPServer):
    """The least SMTP server: takes mail, or refuses a recipient."""

    daemon_threads, allow_reuse_address = True, True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.got: list[tuple[list[str], bytes]] = []
        self.refuses = ""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}?tls=off"


class _Counter(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        to: list[str] = []
        self._say("220 here")
        for line in iter(self.rfile.readline, b""):
            word = line.split(b":")[0].split()[0].upper() if line.strip() else b""
            if word == b"RCPT" and self.server.refuses:
                self._say(self.server.refuses)
            elif word == b"DATA":
                self._say("354 go on")
                self.server.got.append((to, self._letter()))
                self._say("250 taken")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                to += [line.decode().strip()] if word == b"RCPT" else []
                self._say("250 so be it")

    def _letter(self) -> bytes:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(line.removeprefix(b".") if line.startswith(b"..") else line for line in lines)

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def listener():
    with serving(Listener()) as found:
        yield found


@pytest.fixture
def office():
    with serving(PostOffice()) as found:
        yield found


@pytest.fixture
def database(servers):
    found = servers.named("wheel").fresh(any_first=True)
    yield found
    found.drop()


def hook(**changes):
    return Webhooks(clock=lambda: AT, allowed=frozenset({"127.0.0.1"}), **changes)


def one_engine(database):
    """Give the engine that all of a test shares."""
    return database.engines[0] if database.engines else database.engine()


def follow(database, channel, target, *, name="s1", who=EVE, **changes):
    wanted = Subscription(id=name, organisation=who.organisation, person=who.name, channel=channel, target=target,
                          sees_all=who.sees_all, **changes)  # fmt: skip
    desk.follow(notices=PostgresNotices(one_engine(database)), actor=who, now=NOON, subscription=wanted,
                secret=SECRET if channel == Channel.WEBHOOK else None)  # fmt: skip


def happen(database, *numbers, verb="decide:deny", **changes):
    with PostgresBook(one_engine(database)).as_(SYSTEM) as page:
        for number in numbers:
            outage = an_outage(number, **changes)
            page.add(outage, an_event(outage, verb=verb))


def send(database, carriers, *, jitter=0.5, engine=None):
    outgoing = PostgresOutgoing(engine or one_engine(database))
    return send_due(outgoing=outgoing, carriers=carriers, jitter=lambda: jitter)


def raw(database, query):
    with database.admin() as admin:
        found = admin.execute(query)
        return found.fetchall() if found.description else []


def standing(database):
    return raw(database, "SELECT state, tries, answer FROM moms.notice WHERE channel <> 'inbox' ORDER BY seq")


def lapse(database):
    """Let time pass: every lease has lapsed, and all is due."""
    raw(database, "UPDATE moms.notice SET leased_until = made_at, due_at = made_at, revision = revision + 1"
                  " WHERE state = 'open' AND channel <> 'inbox'")  # fmt: skip


def test_a_webhook_is_a_cloud_event_signed_over_id_time_and_body(database, listener):
    follow(database, Channel.WEBHOOK, listener.url)
    happen(database, 1)
    assert send(database, {Channel.WEBHOOK: hook()}).sent == 1
    [(path, headers, body)] = listener.got
    [(name,)] = raw(database, "SELECT id FROM moms.notice WHERE channel = 'webhook'")
    event = json.loads(body)
    assert (path, event["id"], event["specversion"], event["type"]) == ("/hook", name, "1.0", "moms.outage.deny")
    assert {"source", "subject", "time", "datacontenttype", "data"} < set(event)
    assert event["time"] == "2027-03-01T12:00:00Z"
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (name, str(AT))
    said = subprocess.run(  # another implementation of HMAC
        ["openssl", "dgst", "-sha256", "-hmac", SECRET, "-binary"], input=f"{name}.{AT}.".encode() + body,
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(said).decode()}"
    assert SECRET.encode() not in body
    assert standing(database) == [("sent", 1, "HTTP 204")]


def test_what_was_sent_is_sent_once_and_what_failed_later_under_the_same_id(database, listener):
    follow(database, Channel.WEBHOOK, listener.url)
    happen(database, 1)
    listener.status = 503
    assert send(database, {Channel.WEBHOOK: hook()}).put_off == 1
    assert send(database, {Channel.WEBHOOK: hook()}).put_off == 0, "it is not due yet"
    [(wait,)] = raw(database, "SELECT due_at - clock_timestamp() FROM moms.notice WHERE channel = 'webhook'")
    assert timedelta(seconds=20) < wait <= timedelta(seconds=30)
    listener.status = 200
    lapse(database)
    assert send(database, {Channel.WEBHOOK: hook()}).sent == 1
    lapse(database)
    assert send(database, {Channel.WEBHOOK: hook()}).sent == 0
    assert len({headers["webhook-id"] for _, headers, _ in listener.got}) == 1
    assert len(listener.got) == 2


def test_what_fails_each_time_is_dead_and_a_person_sends_it_again(database, listener):
    follow(database, Channel.WEBHOOK, listener.url)
    happen(database, 1)
    listener.status = 500
    given_up = 0
    for _ in range(TRIES):
        lapse(database)
        given_up += send(database, {Channel.WEBHOOK: hook()}).given_up
    assert (given_up, len(listener.got)) == (1, TRIES)
    notices = PostgresNotices(one_engine(database))
    [dead] = desk.outgoing(notices=notices, actor=EVE, dead_only=True)
    assert (dead.state.value, dead.tries, dead.answer) == ("dead", TRIES, "HTTP 500")
    desk.again(notices=notices, actor=EVE, now=NOON, notice_id=dead.notice.id)
    with pytest.raises(NotDead):
        desk.again(notices=notices, actor=EVE, now=NOON, notice_id=dead.notice.id)
    listener.status = 200
    assert send(database, {Channel.WEBHOOK: hook()}).sent == 1
    assert {headers["webhook-id"] for _, headers, _ in listener.got} == {dead.notice.id}
    assert verify(database.engine(), outside=()).whole


def test_a_receiver_that_is_gone_is_not_tried_again(database, listener):
    follow(database, Channel.WEBHOOK, listener.url)
    happen(database, 1)
    listener.status = 410
    assert send(database, {Channel.WEBHOOK: hook()}).given_up == 1
    assert standing(database) == [("dead", 1, "HTTP 410")]


def test_a_redirect_is_not_followed(database, listener):
    with serving(Listener()) as elsewhere:
        listener.status, listener.says = 307, {"Location": elsewhere.url}
        follow(database, Channel.WEBHOOK, listener.url)
        happen(database, 1)
        assert send(database, {Channel.WEBHOOK: hook()}).put_off == 1
        assert elsewhere.got == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_an_address_within_is_reached_only_where_the_installation_names_it(database, listener, host):
    follow(database, Channel.WEBHOOK, f"https://{host}:{listener.server_port}/hook")
    happen(database, 1)
    assert send(database, {Channel.WEBHOOK: Webhooks(clock=lambda: AT, to=None)}).given_up == 1
    [(state, _, answer)] = standing(database)
    assert (state, "MOMS_WEBHOOK_HOSTS" in answer) == ("dead", True)
    assert listener.got == []


@pytest.mark.parametrize(
    ("said", "host", "reached"),
    [
        ("", "hooks.example.org", False), ("hooks.example.org", "hooks.example.org", True),
        ("*.example.org, other.net", "a.b.example.org", True), ("*.example.org", "example.org", False),
        ("*.example.org", "example.org.evil.net", False), ("example.org", "hooks.example.org", False),
        ("*.org", "hooks.example.org", True), ("any", "hooks.example.org", True), ("*", "hooks.example.org", False),
        ("Hooks.Example.Org", "HOOKS.example.org", True),
    ],
)  # fmt: skip
def test_only_hosts_that_the_installation_talks_to_are_even_looked_up(database, monkeypatch, said, host, reached):
    asked = []

    def look(name, *_, **__):
        asked.append(name)
        return [(2, 1, 6, "", ("93.184.215.14", 443))]

    def refuse(*_, **__):
        raise ConnectionRefusedError

    engine = one_engine(database)  # connected before names are looked up otherwise
    follow(database, Channel.WEBHOOK, f"https://{host}/hook")
    happen(database, 1)
    monkeypatch.setattr("moms.exchange.webhooks.socket.getaddrinfo", look)
    monkeypatch.setattr("moms.exchange.webhooks.socket.create_connection", refuse)
    carriers = carriers_of({"MOMS_WEBHOOK_TO": said})
    found = send(database, {Channel.WEBHOOK: carriers[Channel.WEBHOOK]}, engine=engine)
    assert (found.put_off, found.given_up) == ((1, 0) if reached else (0, 1))
    assert asked == ([host.lower()] if reached else [])
    if not reached:
        assert "MOMS_WEBHOOK_TO" in standing(database)[0][2]


def test_without_tls_nothing_leaves_the_installation(database):
    follow(database, Channel.WEBHOOK, "http://93.184.215.14/hook")
    happen(database, 1)
    assert send(database, {Channel.WEBHOOK: Webhooks(clock=lambda: AT, to=None)}).given_up == 1
    assert "without TLS" in standing(database)[0][2]


@pytest.mark.parametrize(
    "address",
    ["10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1", "::", "fe80::1",
     "fd00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "fe80::1%eth0"],
)  # fmt: skip
def test_no_private_address_passes_for_a_public_one(address):
    assert not is_public(address)


def test_the_address_looked_at_is_the_one_connected_to(database, listener, monkeypatch):
    """A name that answers otherwise the second time is asked once."""
    answers = iter([[(2, 1, 6, "", ("93.184.215.14", 443))], [(2, 1, 6, "", ("127.0.0.1", listener.server_port))]])
    reached = []
    monkeypatch.setattr("moms.exchange.webhooks.socket.getaddrinfo", lambda *_, **__: next(answers))

    def refuse(at, **_):
        reached.append(at)
        raise ConnectionRefusedError

    monkeypatch.setattr("moms.exchange.webhooks.socket.create_connection", refuse)
    follow(database, Channel.WEBHOOK, "https://rebinding.example/hook")
    happen(database, 1)
    assert send(database, {Channel.WEBHOOK: Webhooks(clock=lambda: AT, to=None)}).put_off == 1
    assert reached == [("93.184.215.14", 443)]


def test_a_certificate_that_nobody_vouches_for_is_not_talked_to(database, tmp_path):
    made = tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", made,
         "-out", tmp_path / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", made)
    listener = Listener()
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    with serving(listener):
        follow(database, Channel.WEBHOOK, f"https://127.0.0.1:{listener.server_port}/hook")
        happen(database, 1)
        assert send(database, {Channel.WEBHOOK: hook()}).put_off == 1
        assert (listener.got, "CERTIFICATE_VERIFY" in standing(database)[0][2]) == ([], True)
        lapse(database)
        known = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        assert send(database, {Channel.WEBHOOK: hook(context=known)}).sent == 1
        assert len(listener.got) == 1


class _Drip(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.server.over.wait(0.05):
            try:
                self.wfile.write(b"X: y\r\n")
            except OSError:
                return


def test_a_receiver_that_drips_is_cut_off(database):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Drip)
    server.daemon_threads, server.over = True, threading.Event()
    with serving(server):
        follow(database, Channel.WEBHOOK, f"http://127.0.0.1:{server.server_address[1]}/")
        happen(database, 1)
        assert send(database, {Channel.WEBHOOK: hook(timeout_s=0.2)}).put_off == 1
        server.over.set()


def test_mail_has_what_is_due_in_one_message_and_the_outages_as_a_calendar(database, office):
    follow(database, Channel.MAIL, "eve@example.org")
    happen(database, 1, verb="decide:approve", external_id="W\r\nBcc: x@example.org; é, 1")
    happen(database, 2, verb="decide:approve")
    assert send(database, {Channel.MAIL: mail_of(office.url, sender="moms@example.org")}).sent == 1
    [(to, sent)] = office.got
    assert to == ["rcpt TO:<eve@example.org>"]
    message = email.message_from_bytes(sent, policy=email.policy.default)
    assert (message["Subject"], message["Bcc"], message["Auto-Submitted"]) == (
        "[MOMS info] 2 notices", None, "auto-generated",
    )  # fmt: skip
    text, calendar = message.get_body().get_content(), next(iter(message.iter_attachments()))
    assert all(f"outage   O-000{n}" in text for n in (1, 2))
    assert (calendar.get_content_type(), calendar.get_filename()) == ("text/calendar", "outages.ics")
    raw_lines = calendar.get_payload(decode=True).decode().split("\r\n")
    assert all(len(line.encode()) <= 75 for line in raw_lines)
    lines = "\r\n".join(raw_lines).replace("\r\n ", "").split("\r\n")
    assert lines.count("BEGIN:VEVENT") == 2
    assert {"DTSTART:20270301T120000Z", "DTEND:20270301T160000Z", "STATUS:CONFIRMED", "UID:O-0001@moms"} < set(lines)
    assert "SUMMARY:W\\nBcc: x@example.org\\; é\\, 1 branch:1" in lines
    assert [state for state, *_ in standing(database)] == ["sent", "sent"]


def test_one_notice_by_mail_is_named_by_its_id_and_a_refused_address_is_dead(database, office):
    follow(database, Channel.MAIL, "eve@example.org")
    happen(database, 1)
    carrier = {Channel.MAIL: mail_of(office.url, sender="moms@example.org")}
    assert send(database, carrier).sent == 1
    [(name,)] = raw(database, "SELECT id FROM moms.notice WHERE channel = 'mail'")
    message = email.message_from_bytes(office.got[0][1], policy=email.policy.default)
    assert message["Message-ID"] == f"<{name}@moms>"
    office.refuses = "451 later"
    happen(database, 2)
    assert send(database, carrier).put_off == 1
    office.refuses = "550 nobody of that name"
    lapse(database)
    assert send(database, carrier).given_up == 1
    assert standing(database)[1] == ("dead", 2, "SMTP 550 nobody of that name")


def test_daily_mail_waits_for_the_morning_and_what_is_urgent_does_not(database, office):
    follow(database, Channel.MAIL, "eve@example.org", daily=True)
    happen(database, 1)
    happen(database, 2, verb="recall")
    carrier = {Channel.MAIL: mail_of(office.url, sender="moms@example.org")}
    assert send(database, carrier).sent == 1
    assert [state for state, *_ in standing(database)] == ["open", "sent"]
    [(hour, wait)] = raw(database, "SELECT extract(hour FROM due_at AT TIME ZONE 'UTC')::int, due_at - made_at"
                                   " FROM moms.notice WHERE channel = 'mail' AND state = 'open'")  # fmt: skip
    assert hour == 11
    assert timedelta(0) < wait <= timedelta(days=1)
    lapse(database)
    assert send(database, carrier).sent == 1


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://x", "smtp://", "smtp://mail.example.org?tls=off", "smtp://h:99999"]
)
def test_a_mail_server_that_is_none_or_would_be_reached_in_the_clear_is_refused(url):
    with pytest.raises(NotAMailServer) as why:
        mail_of(url, sender="moms@example.org")
    assert why.value.field == "MOMS_SMTP_URL"


def test_who_unfollowed_or_was_disabled_is_sent_nothing_more(database, listener):
    follow(database, Channel.WEBHOOK, listener.url)
    happen(database, 1)
    desk.unfollow(notices=PostgresNotices(one_engine(database)), actor=EVE, now=NOON, subscription_id="s1")
    assert send(database, {Channel.WEBHOOK: hook()}).sent == 0
    assert (listener.got, standing(database)[0][0]) == ([], "stopped")
    follow(database, Channel.WEBHOOK, listener.url, name="s2")
    happen(database, 2)
    with database.admin() as admin:
        admin.execute("ALTER TABLE moms.person DISABLE TRIGGER ALL")
        admin.execute("INSERT INTO moms.person (name, organisation, classification, revision, role, disabled, made_at)"
                      " VALUES ('eve', 'operator', 'restricted', 1, 'engineer', true, now())")  # fmt: skip
    assert send(database, {Channel.WEBHOOK: hook()}).sent == 0
    assert listener.got == []


def test_pauses_grow_are_spread_and_end():
    rng = Random(1)
    for tries in range(1, TRIES):
        least, most = pause(tries, jitter=0.0), pause(tries, jitter=0.999)
        assert least <= pause(tries, jitter=rng.random()) <= most < 3 * least + timedelta(seconds=1)
    assert pause(TRIES, jitter=0.5) is None


def test_two_senders_at_once_send_each_once(database):
    follow(database, Channel.WEBHOOK, "https://h.example/x")
    happen(database, *range(1, 21))
    seen, gate = [], threading.Barrier(4)

    def carrier(letter):
        seen.append(letter.notices[0].id)
        return Answered(sent=True, says="")

    def work():
        gate.wait()
        send(database, {Channel.WEBHOOK: carrier})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(seen), len(set(seen))) == (20, 20)
    assert {state for state, *_ in standing(database)} == {"sent"}


def dying(database, fate):
    """Give an engine whose process dies as fate says."""
    engine = database.engine()
    hooks.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, *_: fate.statement(sql))
    commit = engine.dialect.do_commit
    engine.dialect.do_commit = lambda connection: fate.commit(lambda: commit(connection))
    return engine


def test_a_sender_that_dies_at_any_word_loses_nothing_and_doubles_nothing_in_the_outbox(database):
    follow(database, Channel.WEBHOOK, "https://h.example/x", verbs=("approve",))
    follow(database, Channel.MAIL, "eve@example.org", name="s2")
    happen(database, 1, verb="decide:approve")
    happen(database, 2)
    rows = raw(database, "SELECT id FROM moms.notice WHERE channel <> 'inbox' ORDER BY id")
    seen: list[str] = []
    fate = Fate()

    def carrier(letter):
        fate.point("before it goes out")
        seen.extend(n.id for n in letter.notices)
        fate.point("after it went out")
        return Answered(sent=True, says="ok")

    carriers = {Channel.WEBHOOK: carrier, Channel.MAIL: carrier}
    send(database, carriers, engine=dying(database, fate))
    points = len(fate.points)
    assert sorted(seen) == [name for (name,) in rows]
    assert points > 20
    for at in range(1, points + 1):
        with database.admin() as admin:  # as it was before anything was sent
            admin.execute("ALTER TABLE moms.notice DISABLE TRIGGER USER")
            admin.execute("UPDATE moms.notice SET state = 'open', tries = 0, leased_until = NULL, due_at = made_at,"
                          " done_at = NULL, done_by = NULL WHERE channel <> 'inbox'")  # fmt: skip
            admin.execute("ALTER TABLE moms.notice ENABLE TRIGGER USER")
        seen.clear()
        fate = Fate(at=at)
        engine = dying(database, fate)
        with pytest.raises(Died):
            send(database, carriers, engine=engine)
        engine.dispose()
        raw(database, BURY)
        where = fate.points[-1]
        fate = Fate()
        send(database, carriers)
        assert set(seen) | held(database) == {name for (name,) in rows}, where
        lapse(database)
        send(database, carriers)
        assert raw(database, "SELECT id FROM moms.notice WHERE channel <> 'inbox' ORDER BY id") == rows, where
        assert {state for state, *_ in standing(database)} == {"sent"}, where
        assert set(seen) == {name for (name,) in rows}, where
        assert len(seen) <= len(rows) + 2, (where, "only the letter in hand may come twice")


BURY = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = 'moms_app' AND state LIKE 'idle in transaction%'"
)
"""Ends what the dead sender's connection had open, as its operating system would."""


def held(database):
    """Give the notices that a dead sender still holds."""
    query = "SELECT id FROM moms.notice WHERE channel <> 'inbox' AND state = 'open' AND leased_until > now()"
    return {name for (name,) in raw(database, query)}


def test_whoever_lost_its_letter_marks_nothing(database):
    follow(database, Channel.WEBHOOK, "https://h.example/x")
    happen(database, 1)
    slow, quick = (PostgresOutgoing(one_engine(database)) for _ in range(2))
    first = slow.take([Channel.WEBHOOK], lease=LEASE, tries=TRIES)
    assert quick.take([Channel.WEBHOOK], lease=LEASE, tries=TRIES) is None
    lapse(database)
    second = quick.take([Channel.WEBHOOK], lease=LEASE, tries=TRIES)
    assert (slow.sent(first, ""), slow.later(first, "", after=None)) == (0, 0)
    assert quick.sent(second, "") == 1
    assert standing(database) == [("sent", 2, "")]


def test_what_kills_its_sender_each_time_is_given_up(database):
    follow(database, Channel.WEBHOOK, "https://h.example/x")
    happen(database, 1)
    outgoing = PostgresOutgoing(one_engine(database))
    for _ in range(TRIES):
        assert outgoing.take([Channel.WEBHOOK], lease=LEASE, tries=TRIES) is not None
        lapse(database)
    assert outgoing.take([Channel.WEBHOOK], lease=LEASE, tries=TRIES) is None
    assert standing(database) == [("dead", TRIES, "whoever sent it died each time")]


def test_beside_a_server_what_is_due_goes_out_by_itself_until_it_stops(database, listener):
    follow(database, Channel.WEBHOOK, listener.url)
    happen(database, 1)
    engine = one_engine(database)
    place = Place(home=Path(), engine=engine, book=PostgresBook(engine))
    looks = iter(range(1000))
    with sending(place, {"MOMS_WEBHOOK_HOSTS": f"127.0.0.1:{listener.server_port}"}, every_s=0.05):
        while standing(database)[0][0] == "open" and next(looks, None) is not None:
            time.sleep(0.02)
    assert (standing(database)[0][0], len(listener.got)) == ("sent", 1)
    happen(database, 2)
    assert standing(database)[1][0] == "open"
