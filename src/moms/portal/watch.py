"""What the running service tells of itself: measures for Prometheus, and one line of the log for each request.

Neither has a word that a caller chose: a route is named by its pattern, a method and a status by their own names,
an outage by its id alone. Measures name nobody; a line names the person and the credential's public id.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram

from moms.desk.origin import FROM_WHERE, Door, Origin
from moms.records.notices import AN_ID

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from moms.desk.people import Who

ACCESS = logging.getLogger("moms.access")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
UNKNOWN = "other"
"""For a route or method that is not one of ours: a caller may not make up labels."""
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The number of the request under way, for whatever is logged meanwhile."""
_WHO, _HEADER = "moms.who", b"X-Request-Id"


class Measures:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "moms_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "moms_request_seconds", "Time to the end of an answer, streams left out", ["method", "route"],
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self._sign_ins = Counter("moms_sign_ins", "Attempts to sign in, by what came of them", ["outcome"],
                                 registry=self.registry)  # fmt: skip
        self._decisions = Counter("moms_decisions", "Decisions written, by outcome", ["outcome"],
                                  registry=self.registry)  # fmt: skip

    def answered(self, *, method: str, route: str, status: int, took_s: float) -> None:
        """Count one answer."""
        self._requests.labels(method, route, str(status)).inc()
        if not route.endswith("/events"):
            self._seconds.labels(method, route).observe(took_s)

    def signed_in(self, outcome: str) -> None:
        """Count an attempt to sign in."""
        self._sign_ins.labels(outcome).inc()

    def decided(self, outcome: str) -> None:
        """Count a decision that was written."""
        self._decisions.labels(outcome).inc()


def name_caller(scope: Scope, who: Who) -> None:
    """Keep who asks, for the line of the log."""
    scope[_WHO] = who


class Watch:
    """An ASGI application around another: numbers each request, measures it, and writes its line."""

    def __init__(self, app: ASGIApp, *, measures: Measures) -> None:
        self.app = app
        self.measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and tell what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number, status, begun = secrets.token_hex(8), 0, time.monotonic()
        token = REQUEST.set(number)
        # Until it is known who asks: whoever begins a session has shown no credential yet.
        FROM_WHERE.set(Origin(door=Door.PORTAL, address=(scope.get("client") or ("",))[0]))

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (_HEADER, number.encode())]
            await send(message)

        try:
            await self.app(scope, receive, told)
        finally:
            self._tell(scope, status=status, took_s=time.monotonic() - begun)
            REQUEST.reset(token)

    def _tell(self, scope: Scope, *, status: int, took_s: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else UNKNOWN
        route = route_of(scope)
        self.measures.answered(method=method, route=route, status=status, took_s=took_s)
        facts = {"method": method, "route": route, "status": status, "ms": round(took_s * 1000.0, 1),
                 "address": (scope.get("client") or ("",))[0], **_about(scope)}  # fmt: skip
        ACCESS.info("answered", extra={"facts": facts})


def route_of(scope: Scope) -> str:
    """Give the pattern of the route that answered, or `other`."""
    pattern = getattr(scope.get("route"), "path", None)
    if not isinstance(pattern, str) or pattern == "/{path:path}":
        return UNKNOWN
    # What a router was mounted under is not in its routes' own pattern everywhere.
    under = re.match(r"/api/v1(?=/)", scope["path"])
    return pattern if under is None or pattern.startswith(under[0]) else under[0] + pattern


def _about(scope: Scope) -> dict[str, object]:
    who: Who | None = scope.get(_WHO)
    found: dict[str, object] = {}
    if who is not None:
        found = {"who": who.actor.name, "by": who.credential.kind, "credential": who.credential.id}
    outage = scope.get("path_params", {}).get("outage_id", "")
    return found | ({"outage": outage} if AN_ID.fullmatch(outage) else {})
