"""Files at an outage: add one as it is, list them, get one. A file is never shown by the browser in our name."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from moms.desk.files import State, kind_of
from moms.desk.people import Scope
from moms.portal.api.deeds import Key
from moms.portal.api.looks import answer
from moms.portal.api.room import may_write
from moms.portal.errors import Busy, FileTooBig, TooSlow, problem
from moms.portal.guard import Caller, need, service_of
from moms.portal.once import named
from moms.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moms.portal.guard import Service

router = APIRouter(tags=["files"])
Named = Annotated[str, Query(max_length=400, description="the file's name; its ending says what it is")]
SANDBOX = "default-src 'none'; sandbox"
"""Whatever opens it in spite of all: no script, no origin, no form, nothing loaded."""
BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@router.post(
    "/outages/{outage_id}/files",
    operation_id="attachFile",
    responses={202: {"description": "held: nothing could look at it yet"}},
    openapi_extra={"requestBody": {"required": True, "content": BINARY}},
)
async def attach(request: Request, who: Caller, outage_id: str, name: Named, key: Key = None) -> Response:
    """Add a file, its bytes as the body, once under its key; 202 where it is held until something has looked at it."""
    may_write(who)
    word, service = named(key), service_of(request)
    with _arriving(service):
        body = await _read(request, service)
        media = request.headers.get("Content-Type")
        found = await service.outside.run(
            lambda: service.needs.files.attach(
                who.actor, outage_id=outage_id.replace("\0", ""), name=name.replace("\0", ""), media=media, body=body,
                key=word,
            )
        )  # fmt: skip
    if found["state"] == State.INFECTED:
        fix = "its content is gone; send a clean one"
        return problem(422, f"something was found in it: {found['says']}", kind="Infected", field="file", fix=fix)
    status = 202 if found["state"] == State.HELD else 200
    return Response(canonical(found), status, {"Cache-Control": "no-store"}, "application/json")


@router.get("/outages/{outage_id}/files", operation_id="listFiles")
async def listed(request: Request, who: Caller, outage_id: str) -> Response:
    """Give the files of an outage, oldest first; `open` says which can be had."""
    need(who, Scope.READ)
    service, name = service_of(request), outage_id.replace("\0", "")
    items = await service.quick.run(lambda: service.needs.files.of(who.actor, name))
    return answer({"items": items})


@router.get("/outages/{outage_id}/files/{file_id}", operation_id="getFile", response_class=Response)
async def read(request: Request, who: Caller, outage_id: str, file_id: str) -> Response:
    """Give a file as it was sent, to be saved; one that is held is looked at first, 409 where that cannot be."""
    need(who, Scope.READ)
    service = service_of(request)
    found, body = await service.outside.run(
        lambda: service.needs.files.read(
            who.actor, outage_id=outage_id.replace("\0", ""), file_id=file_id.replace("\0", "")
        )
    )
    kind = kind_of(found.name)
    plain = f"{found.id}{kind.endings[0] if kind else ''}"
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name, safe='')}",
        "Content-Security-Policy": SANDBOX,
        "Cache-Control": "no-store",
    }
    media = f"{found.kind}; charset=utf-8" if found.kind.startswith("text/") else found.kind
    return Response(body, 200, {**headers, "Content-Type": media})


@contextmanager
def _arriving(service: Service) -> Iterator[None]:
    """Take in so many files at once and no more: each is held in memory while it comes.

    Raises:
        Busy: too many come now.
    """
    if service.arriving >= service.needs.limits.files:
        raise Busy("too many files arrive already", fix="try again shortly")
    service.arriving += 1
    try:
        yield
    finally:
        service.arriving -= 1


async def _read(request: Request, service: Service) -> bytes:
    limits, found = service.needs.limits, bytearray()
    try:
        async with asyncio.timeout(limits.file_s):
            async for piece in request.stream():
                found += piece
                if len(found) > limits.file_bytes:
                    fix = f"send at most {limits.file_bytes} bytes"
                    raise FileTooBig("the file is too big", field="file", fix=fix)
    except TimeoutError:
        raise TooSlow("the file took too long", field="file", fix=f"send it within {limits.file_s:g} s") from None
    return bytes(found)
