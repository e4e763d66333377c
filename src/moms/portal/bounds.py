"""The outer wall: what is too big, too deep, too slow or not for us never reaches a route."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING

from moms.portal.errors import broken, problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from moms.portal.needs import Limits, Needs

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}
A_FILE = re.compile(r"/api/v1/outages/[^/]{1,200}/files")
OPEN_TEXT, CLOSE, QUOTE, ESCAPE = frozenset(b"[{"), frozenset(b"]}"), ord('"'), ord("\\")


class Turned(Exception):  # noqa: N818 - an answer, found before there was a route
    """A request that is turned away."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class Wall:
    """An ASGI application around another."""

    def __init__(self, app: ASGIApp, *, needs: Needs) -> None:
        self.app = app
        self.needs = needs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn away, or hand on with the whole body read."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def told(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                said = {name for name, _ in message["headers"]}  # a page has a policy of its own
                more = (h for h in _headers(secure=self.needs.secure) if h[0].lower() not in said)
                message["headers"] = [*message["headers"], *more]
            await send(message)

        try:
            whole = await self._admitted(scope, receive)
            await self.app(scope, receive if whole is None else _again(whole, receive), told)
        except Turned as turned:
            await turned.answer(scope, receive, told)
        except Exception as bug:
            if begun:
                raise
            await broken(bug)(scope, receive, told)

    async def _admitted(self, scope: Scope, receive: Receive) -> bytes | None:
        """Give the whole body; None for a file, which is read only once it is known who sends it."""
        limits = self.needs.limits
        headers = {k.lower(): v for k, v in scope["headers"]}
        host = headers.get(b"host", b"").decode("latin-1")
        if _bare(host) not in self.needs.hosts:
            raise Turned(problem(421, "this service has another name", kind="OtherHost", field="Host"))
        if len(scope["query_string"]) > limits.query_bytes:
            raise Turned(problem(414, "the query is too long", kind="TooLong", field="query", fix="ask for less"))
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            raise Turned(problem(400, "no text holds a zero byte", kind="NotText", field="query"))
        declared = headers.get(b"content-length", b"0")
        if is_file(scope):
            if not declared.isdigit() or int(declared) > limits.file_bytes:
                raise Turned(_too_big(limits.file_bytes))
            return None
        if not declared.isdigit() or int(declared) > limits.body_bytes:
            raise Turned(_too_big(limits.body_bytes))
        try:
            async with asyncio.timeout(limits.body_s):
                body = await _whole(receive, limits)
        except TimeoutError:
            fix = f"send it within {limits.body_s:g} s"
            raise Turned(problem(408, "the body took too long", kind="TooSlow", field="body", fix=fix)) from None
        _check(body, headers.get(b"content-type", b""), limits)
        return body


def is_file(scope: Scope) -> bool:
    """Tell whether a request brings a file: the one body that is no JSON."""
    return scope["method"] == "POST" and A_FILE.fullmatch(scope["path"]) is not None


async def _whole(receive: Receive, limits: Limits) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Turned(problem(400, "the body broke off", kind="BrokeOff", field="body"))
        body += message.get("body", b"")
        if len(body) > limits.body_bytes:
            raise Turned(_too_big(limits.body_bytes))
        if not message.get("more_body", False):
            return bytes(body)


def _check(body: bytes, kind: bytes, limits: Limits) -> None:
    """See that a body is JSON that every reader reads alike: UTF-8, not deep, no name twice, no NaN."""
    if not body:
        return
    if kind.split(b";")[0].strip().lower() != b"application/json":
        fix = "send application/json"
        raise Turned(problem(415, "this is not JSON", kind="NotJson", field="Content-Type", fix=fix))
    if depth(body) > limits.json_depth:
        fix = f"nest {limits.json_depth} deep at most"
        raise Turned(problem(400, "the JSON is too deep", kind="TooDeep", field="body", fix=fix))
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        if "\0" in json.dumps(found, ensure_ascii=False).encode().decode() or b"\\u0000" in body:
            raise ValueError  # noqa: TRY301 - half a surrogate fails to encode, and no database takes a zero byte
    except (ValueError, RecursionError):
        fix = "send one value of RFC 8259, each name once"
        raise Turned(problem(400, "this is not JSON", kind="NotJson", field="body", fix=fix)) from None


def depth(body: bytes) -> int:
    """Give how deep brackets nest outside strings, without recursion.

    >>> depth(b'{"a": [1, "]["]}')
    2
    """
    deepest = level = 0
    quoted = escaped = False
    for byte in body:
        if quoted:
            quoted = escaped or byte != QUOTE
            escaped = not escaped and byte == ESCAPE
        elif byte == QUOTE:
            quoted = True
        elif byte in OPEN_TEXT:
            level += 1
            deepest = max(deepest, level)
        elif byte in CLOSE:
            level -= 1
    return deepest


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_constant(_: str) -> object:
    raise ValueError


def _again(body: bytes, receive: Receive) -> Receive:
    """Give a `receive` that hands the body over once, then what really comes."""
    given = False

    async def hand() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return hand


def _too_big(most: int) -> Response:
    fix = f"send at most {most} bytes"
    return problem(413, "the body is too big", kind="TooBig", field="body", fix=fix)


def _bare(host: str) -> str:
    """Give a host without its port.

    >>> _bare("[::1]:80"), _bare("a.example:80")
    ('[::1]', 'a.example')
    """
    return host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0].lower()


def _headers(*, secure: bool) -> Iterable[tuple[bytes, bytes]]:
    yield from ((name.encode(), value.encode()) for name, value in HEADERS.items())
    if secure:
        yield b"Strict-Transport-Security", b"max-age=31536000; includeSubDomains"
