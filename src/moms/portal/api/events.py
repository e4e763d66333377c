"""What happens, as it happens: the journal as server-sent events."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from moms.desk.people import Scope
from moms.portal.errors import Busy, NotACursor
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.portal.pulse import EVERY_S, MOST
from moms.values import Refused, canonical

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from moms.desk.people import Who
    from moms.desk.ports import Told
    from moms.portal.pulse import Pulse

router = APIRouter(tags=["events"])


@router.get("/events", operation_id="events", response_class=StreamingResponse)
async def events(
    request: Request,
    who: Caller,
    last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=8000)] = None,
    *,
    replay: Annotated[bool, Query(description="from the beginning, where no Last-Event-ID is sent")] = False,
) -> StreamingResponse:
    """Tell of each event of the journal that one may see: after `Last-Event-ID`, else from now on."""
    need(who, Scope.READ)
    service = service_of(request)
    service.pulse.room(who)
    cursor = _read(last) if last else {}
    if not last and not replay:
        cursor = dict(await service.quick.run(lambda: desk_of(request, who).heads()))
    return StreamingResponse(
        _stream(service.pulse, who, cursor), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _stream(pulse: Pulse, who: Who, cursor: dict[str, int]) -> AsyncIterator[bytes]:
    """Tell what one has not heard, turn by turn; ends when one may no longer listen."""
    with pulse.listening(who):
        yield b": listening\n\n"
        while pulse.holds(who):
            turn = pulse.turn  # held before asking: what happens meanwhile ends it
            try:
                lines = await pulse.told(turn, who.actor, cursor)
            except Busy:
                await asyncio.sleep(EVERY_S)
                continue
            except Refused:  # a role that no longer may
                return
            for line in lines:
                cursor[line.organisation] = line.sequence
                if line.event is not None and line.event.outage_id:
                    yield _written(line, cursor)
                elif line.register is not None:
                    yield _entry(line, cursor)
            if len(lines) < MOST and await turn.wait():
                yield b": still here\n\n"


def _written(line: Told, cursor: dict[str, int]) -> bytes:
    event = line.event
    assert event is not None  # noqa: S101 - asked before
    body = {
        "outage": event.outage_id,
        "organisation": line.organisation,
        "sequence": line.sequence,
        "at": event.at,
        "actor": str(event.actor),
        "asked_by": None if event.asked_by is None else str(event.asked_by),
        "verb": event.verb,
        "reason": event.reason,
        "state": event.after.get("state"),
        "status": event.after.get("status"),
        "revision": line.revision,
    }
    return b"id: " + _write(cursor) + b"\nevent: outage\ndata: " + canonical(body) + b"\n\n"


def _entry(line: Told, cursor: dict[str, int]) -> bytes:
    """Tell that one of the operator's registers has a new entry, and not what is in it: who needs it reads it."""
    body = {"register": line.register, "organisation": line.organisation, "sequence": line.sequence}
    return b"id: " + _write(cursor) + b"\nevent: register\ndata: " + canonical(body) + b"\n\n"


def _write(cursor: dict[str, int]) -> bytes:
    """Write how far each chain has been told: chains grow side by side, and no clock orders them safely."""
    return base64.urlsafe_b64encode(json.dumps(cursor, sort_keys=True, separators=(",", ":")).encode())


def _read(text: str) -> dict[str, int]:
    try:
        found = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and all(type(n) is int and 0 <= n < 2**62 and "\0" not in k for k, n in found.items()):
        return found
    raise NotACursor("this is no event's id", field="Last-Event-ID", fix="send the id of the last event you have")
