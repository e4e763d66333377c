"""Whose address a request has: that of the connection, or what a named proxy says of whom it stands for."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from moms.portal.certificates import PEER, plain_address
from moms.portal.errors import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from moms.portal.certificates import Proxy

FORWARDED = b"x-forwarded-for"
MOST = 2_048


class Callers:
    """An ASGI application around another: behind a named proxy limits and logs go by the true caller's address.

    Where a proxy is named and TLS is not our own, nobody else is answered but this machine: who reaches the port
    past the proxy would speak without TLS.
    """

    def __init__(self, app: ASGIApp, *, proxy: Proxy | None, tls: bool) -> None:
        self.app = app
        self.proxy = proxy
        self.tls = tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on with the caller's address, or turn away."""
        if scope["type"] == "http" and self.proxy is not None:
            peer = (scope.get("client") or ("", 0))[0]
            scope[PEER] = peer
            if self.proxy.speaks(scope):
                scope["client"] = (self._said(scope) or peer, 0)
            elif not self.tls and not _here(peer):
                fix = "ask by the https address of this service"
                await problem(403, "this service answers its proxy alone", kind="PastTheProxy", fix=fix)(
                    scope, receive, send
                )
                return
        await self.app(scope, receive, send)

    def _said(self, scope: Scope) -> str | None:
        """Give the last address that the proxy has added: those before it are the caller's own words."""
        said = [value for name, value in scope["headers"] if name == FORWARDED]
        if not said or len(said[-1]) > MOST:
            return None
        last = said[-1].decode("latin-1").rpartition(",")[2].strip()
        try:
            return plain_address(str(ipaddress.ip_address(last)))
        except ValueError:
            return None


def _here(address: str) -> bool:
    try:
        return ipaddress.ip_address(plain_address(address)).is_loopback
    except ValueError:
        return False
