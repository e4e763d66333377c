"""Mail by SMTP: what is due to one address in one message, with the outages as a calendar."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from moms.desk.sending import Answered
from moms.exchange.calendars import calendar_of
from moms.records.told import RANK
from moms.values import Refused

if TYPE_CHECKING:
    from moms.desk.sending import Letter
    from moms.records.notices import Notice

TIMEOUT_S = 20.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SUBJECT_CHARACTERS = 150


class NotAMailServer(Refused):
    """A setting of the mail server that cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The carrier of mail (`desk.sending.Carrier`)."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: str = "starttls"
    """`starttls`, `whole` (from the first byte), or `off`."""
    timeout_s: float = TIMEOUT_S
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def __call__(self, letter: Letter) -> Answered:
        """Carry one message."""
        try:
            with self._open() as server:
                server.send_message(message_of(letter, sender=self.sender))
        except smtplib.SMTPRecipientsRefused as why:
            code, said = next(iter(why.recipients.values()))
            return Answered(sent=False, says=f"SMTP {code} {said.decode(errors='replace')}", final=code >= 500)
        except (OSError, smtplib.SMTPException) as why:
            return Answered(sent=False, says=f"{type(why).__name__}: {why}")
        return Answered(sent=True, says="taken by the mail server")

    def _open(self) -> smtplib.SMTP:
        if self.tls == "whole":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=self.context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        try:
            if self.tls == "starttls":
                server.starttls(context=self.context)
            if self.user is not None:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server


def mail_of(url: str, *, sender: str) -> Mail:
    """Read the address of a mail server: `smtp://user:password@host:587` or `smtps://...`.

    Raises:
        NotAMailServer: it is none, or mail would go over a network without TLS.
    """
    parts = urlsplit(url)
    fix = "write smtp://user:password@host:587 or smtps://user:password@host"
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or port == -1:
        raise NotAMailServer("this is not the address of a mail server", field="MOMS_SMTP_URL", fix=fix)
    if "@" not in sender or any(c.isspace() for c in sender):
        raise NotAMailServer(f"{sender!r} is no sender's address", field="MOMS_MAIL_FROM", fix="write moms@example.org")
    return Mail(
        host=parts.hostname, port=port or (465 if parts.scheme == "smtps" else 587), sender=sender,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=_tls(parts.scheme, parts.hostname, parse_qs(parts.query).get("tls", [""])[0]),
    )  # fmt: skip


def message_of(letter: Letter, *, sender: str) -> EmailMessage:
    """Write the message; the same notices give the same Message-ID."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, letter.target
    message["Subject"] = _subject(letter.notices)
    message["Message-ID"] = f"<{name_of(letter.notices)}@moms>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(_text(notice) for notice in letter.notices) + "\n")
    calendar = calendar_of(letter.notices).encode()
    message.add_attachment(
        calendar, maintype="text", subtype="calendar", filename="outages.ics", params={"method": "PUBLISH"}
    )
    return message


def _tls(scheme: str, host: str, asked: str) -> str:
    if scheme == "smtps":
        return "whole"
    if asked != "off":
        return "starttls"
    if host not in LOOPBACK:
        fix = "leave tls=off out; it is for a server on this machine"
        raise NotAMailServer(f"mail to {host} would go without TLS", field="MOMS_SMTP_URL", fix=fix)
    return "off"


def _subject(notices: tuple[Notice, ...]) -> str:
    worst = max((n.severity for n in notices), key=RANK.__getitem__)
    what = notices[0].body["says"] if len(notices) == 1 else f"{len(notices)} notices"
    line = " ".join(f"[MOMS {worst}] {what}".split())
    return "".join(c for c in line if c.isprintable())[:SUBJECT_CHARACTERS]


def name_of(notices: tuple[Notice, ...]) -> str:
    """Name a letter by what is in it: the same notices give the same name."""
    if len(notices) == 1:
        return notices[0].id
    return hashlib.sha256("".join(n.id for n in notices).encode()).hexdigest()[:32]


def _text(notice: Notice) -> str:
    body = notice.body
    window = body["window"]
    assert isinstance(window, dict)  # noqa: S101 - as `records.notices.body_of` writes it
    return "\n".join(
        (
            str(body["says"]),
            f"  outage   {body['outage']}, revision {body['revision']}",
            f"  window   {window['start']} to {window['end']}",
            f"  now      {body['state']} / {body['status']}",
            f"  by       {body['by']} at {body['at']}",
            f"  notice   {notice.id}",
        )
    )
