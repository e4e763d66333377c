"""TLS of our own: the server's certificate, and whose client certificates are looked at."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from moms.portal.certificates import OURS, Proxy
from moms.values import Refused
from moms.wiring.people import read_secret

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from starlette.types import Receive, Scope, Send

SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: fresh keys for each connection and authenticated ciphers alone; all of TLS 1.3 are such."""


class NoTls(Refused):
    """Files or words by which no TLS can be served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The files of TLS, in PEM."""

    certificate: str
    key: str
    authorities: str | None
    """Whose client certificates are taken; None: no client is asked for one."""

    def context(self) -> ssl.SSLContext:
        """Read the files. A client may come without a certificate, and is then nobody yet.

        Raises:
            NoTls: they cannot be read or do not fit.
        """
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.minimum_version = ssl.TLSVersion.TLSv1_2
        found.set_ciphers(SUITES)
        found.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        try:
            found.load_cert_chain(self.certificate, self.key, password=_nothing)
            if self.authorities is not None:
                found.load_verify_locations(self.authorities)
                found.verify_mode = ssl.CERT_OPTIONAL
        except (OSError, ValueError) as why:
            fix = "give files in PEM: the certificate with its chain, its key without a password, the authorities"
            raise NoTls(f"TLS cannot be served: {why}", field="--tls-cert", fix=fix) from why
        return found


class Shows(H11Protocol):
    """HTTP over a connection whose client certificate, where our TLS took one, goes with each request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Keep what the client showed when the connection was made; without TLS it showed nothing."""
        super().connection_made(transport)
        secured = transport.get_extra_info("ssl_object")
        der = None if secured is None else secured.getpeercert(binary_form=True)
        app: Any = self.app

        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, OURS: der}, receive, send)

        self.app = told


def tls_of(*, certificate: str | None, key: str | None, authorities: str | None) -> Tls | None:
    """Give the TLS that was asked for, None where none was.

    Raises:
        NoTls: one file without the other.
    """
    if certificate is None and key is None and authorities is None:
        return None
    if certificate is None or key is None:
        fix = "give --tls-cert and --tls-key, or leave --client-ca out too"
        raise NoTls("TLS needs a certificate and its key", field="--tls-cert", fix=fix)
    return Tls(certificate=certificate, key=key, authorities=authorities)


def proxy_of(addresses: Sequence[str], env: Mapping[str, str]) -> Proxy | None:
    """Give the proxy whose word about certificates is believed, None where none is named.

    Raises:
        NoTls: an address that is none, or no secret. NoSecret: as `read_secret`.
    """
    if not addresses:
        return None
    for address in addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise NoTls(f"{address!r} is no address", field="--proxy", fix="write 10.0.0.7") from None
    file = env.get("MOMS_PROXY_SECRET_FILE")
    if not file:
        fix = "set MOMS_PROXY_SECRET_FILE to a file with what the proxy sends as X-MOMS-Proxy"
        raise NoTls("a proxy is believed by a secret too", field="MOMS_PROXY_SECRET_FILE", fix=fix)
    return Proxy(addresses=frozenset(addresses), secret=read_secret(file, field="MOMS_PROXY_SECRET_FILE"))


def _nothing() -> str:
    """Give no password: whoever has an encrypted key is told, not asked on a terminal that is not there."""
    return ""
