"""Webhooks: a notice as a CloudEvent (CNCF, 1.0, JSON), signed as Standard Webhooks asks (HMAC-SHA256).

The address comes from a person, and is therefore not believed: only hosts that the installation talks to are reached,
at public addresses unless it names them as its own, the one that was looked up is the one that is connected to, and no
redirect is followed.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from moms.desk.sending import Answered
from moms.values import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.desk.sending import Letter
    from moms.records.notices import Notice

TIMEOUT_S = 10.0
"""For one word on the connection, and (twice) for the whole."""
GONE = 410
"""By which a receiver says that it wants no more."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class NotReachedError(Exception):
    """An address that is not to be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """The carrier of webhooks (`desk.sending.Carrier`)."""

    clock: Callable[[], float]
    """Seconds of the Unix epoch."""
    allowed: frozenset[str] = frozenset()
    """Hosts, or `host:port`, of this installation's own that may be reached though they are not public."""
    to: frozenset[str] | None = frozenset()
    """The hosts that are talked to, besides the `allowed`: a name, or `*.example.org` for all below one; None: any."""
    timeout_s: float = TIMEOUT_S
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def __call__(self, letter: Letter) -> Answered:
        """Carry one notice."""
        [notice] = letter.notices
        body = canonical(cloud_event(notice))
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "User-Agent": "moms",
            **signed(notice.id, body, secret=letter.secret or "", at=int(self.clock())),
        }
        try:
            return _answered(self.post(letter.target, body, headers))
        except NotReachedError as why:
            return Answered(sent=False, says=str(why), final=True)
        except (OSError, http.client.HTTPException, UnicodeError) as why:
            return Answered(sent=False, says=f"{type(why).__name__}: {why}")

    def post(self, target: str, body: bytes, headers: dict[str, str]) -> int:
        """Send a body to an address, and give the status of the answer.

        Raises:
            NotReachedError: it is not to be reached. OSError, HTTPException, UnicodeError: it was not.
        """
        parts = urlsplit(target)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        own = host in self.allowed or f"{host}:{port}" in self.allowed
        if not own and not self._named(host):
            msg = f"{host} is not among the hosts that the installation talks to (MOMS_WEBHOOK_TO)"
            raise NotReachedError(msg)
        if not secure and not own:
            msg = "without TLS only hosts that the installation names are reached"
            raise NotReachedError(msg)
        connection = _Pinned(host, port, at=_looked_up(host, port, own=own), timeout=self.timeout_s)
        if secure:
            connection.context = self.context
        watch = threading.Timer(2 * self.timeout_s, connection.cut)
        watch.start()
        try:
            path = parts.path or "/"
            connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body=body, headers=headers)
            status = connection.getresponse().status
            if connection.was_cut:
                msg = "it did not end its answer in time"
                raise TimeoutError(msg)
            return status
        finally:
            watch.cancel()
            connection.close()

    def _named(self, host: str) -> bool:
        """Tell whether the installation talks to a host at all."""
        above = host.split(".")[1:]
        wide = {f"*.{'.'.join(above[n:])}" for n in range(len(above))}
        return self.to is None or not self.to.isdisjoint({host, *wide})


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was looked at, under the name that was asked for."""

    def __init__(self, host: str, port: int, *, at: tuple[str, int], timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._at = at
        self.context: ssl.SSLContext | None = None
        self.was_cut = False

    def connect(self) -> None:
        """Connect to that address; with TLS the certificate has to be the name's."""
        self.sock = socket.create_connection(self._at, timeout=self.timeout)
        if self.context is not None:
            self.sock = self.context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def cut(self) -> None:
        """End it from outside: one that drips a byte at a time never runs into a timeout."""
        self.was_cut = True
        with contextlib.suppress(OSError):  # it ended by itself
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


def cloud_event(notice: Notice) -> dict[str, object]:
    """Write a notice as a CloudEvent, the line's number as the extension `sequence`."""
    return {
        "specversion": "1.0",
        "id": notice.id,
        "source": f"/moms/journal/{quote(notice.chain, safe='')}",
        "type": f"moms.outage.{notice.body['verb']}",
        "subject": notice.outage_id,
        "time": _instant(str(notice.body["at"])),
        "datacontenttype": "application/json",
        "severity": notice.severity.value,
        "sequence": f"{notice.sequence:012d}",
        "data": notice.body,
    }


def _instant(text: str) -> str:
    """Write an instant with its seconds, as RFC 3339 asks.

    >>> _instant("2027-03-01T12:00Z")
    '2027-03-01T12:00:00Z'
    """
    return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")


def signed(name: str, body: bytes, *, secret: str, at: int) -> dict[str, str]:
    """Give the headers that sign a body with its id and time: HMAC-SHA256 over `id.time.body`, base64."""
    what = f"{name}.{at}.".encode() + body
    mark = base64.b64encode(hmac.new(secret.encode(), what, hashlib.sha256).digest()).decode()
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": f"v1,{mark}"}


def is_public(address: str) -> bool:
    """Tell whether an address belongs to the public internet, whatever it is wrapped in.

    >>> [is_public(a) for a in ("93.184.215.14", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "169.254.169.254")]
    [True, False, False, False, False]
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        if found in NAT64:
            inside.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        if not all(one.is_global for one in inside if one is not None):
            return False
        if found.ipv4_mapped is not None:
            return True
    return found.is_global and not found.is_multicast


def _looked_up(host: str, port: int, *, own: bool) -> tuple[str, int]:
    """Give the address to connect to: looked up once, so that no second answer can be another."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not own and not all(is_public(address) for address in found):
        msg = f"{host} is not a public address, and the installation does not name it (MOMS_WEBHOOK_HOSTS)"
        raise NotReachedError(msg)
    return found[0], port


def _answered(status: int) -> Answered:
    sent = 200 <= status < 300
    return Answered(sent=sent, says=f"HTTP {status}", final=status == GONE)
