"""The map: the network once, and what is out hour by hour."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response

from moms.desk.people import Scope
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.portal.redact import shown
from moms.values import canonical

if TYPE_CHECKING:
    from moms.values import Actor

router = APIRouter(tags=["look"])
LEVEL = 6
"""Of gzip: a higher one takes three times as long for a hundredth less."""


@router.get("/map", operation_id="map")
async def network(request: Request, who: Caller) -> Response:
    """Give the lines and places the caller may see, compact (`docs/api.md`); it changes with the grid alone."""
    need(who, Scope.READ)

    def work() -> Response:
        return kept(request, canonical(desk_of(request, who).map()), actor=who.actor)

    return await service_of(request).quick.run(work)


@router.get("/map/outages", operation_id="mapOutages")
async def outages(request: Request, who: Caller, at: Annotated[str, Query(max_length=40)]) -> Response:
    """Give the outages of the hour `at`, out or asked for, by the rows of lines and places of the caller's map."""
    need(who, Scope.READ)

    def work() -> Response:
        desk = desk_of(request, who)
        found = shown(desk.on_the_map(at), actor=who.actor, desk=desk)
        return kept(request, canonical(found), actor=who.actor)

    return await service_of(request).quick.run(work)


@router.get("/map/storm", operation_id="mapStorm")
async def storm(request: Request, who: Caller) -> Response:
    """Give what the newest storm forecast threatens, by the rows of the caller's map and hour by hour.

    `storm` is null where none is kept; an owner has its own lines.
    """
    need(who, Scope.READ)

    def work() -> Response:
        return kept(request, canonical({"storm": desk_of(request, who).storm_on_the_map()}), actor=who.actor)

    return await service_of(request).quick.run(work)


def kept(request: Request, body: bytes, *, actor: Actor) -> Response:
    """Send what a browser may keep, but has to ask about each time: packed, or that it has it already.

    The tag tells callers apart, so that on a shared machine nobody is told that another's map is still good.
    """
    whose = "all" if actor.sees_all else actor.organisation
    tag = f'"{hashlib.sha256(whose.encode() + b"|" + body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Cookie, Authorization"}
    if tag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body, headers = gzip.compress(body, LEVEL, mtime=0), {**headers, "Content-Encoding": "gzip"}
    return Response(body, 200, headers, "application/json")
