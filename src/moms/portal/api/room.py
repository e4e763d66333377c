"""The control room: what is not as planned, and who has taken it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from moms.desk.people import Scope
from moms.desk.ports import NotYours
from moms.portal.api.deeds import Closed, Key, Match
from moms.portal.api.looks import answer
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.portal.once import named, revision_of
from moms.portal.redact import shown

if TYPE_CHECKING:
    from moms.desk.people import Who

router = APIRouter(tags=["room"])
Hours = Annotated[int, Query(ge=1, le=24, description="how long the next shift is")]


class Taken(Closed):
    """Which alarm of an outage somebody has taken, and a word about it."""

    what: Literal["late", "recalled", "forced", "risk"]
    note: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class Given(Closed):
    """What who goes says to who comes."""

    notes: Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")] = ""
    hours: int = Field(default=12, ge=1, le=24)


@router.get("/room", operation_id="room")
async def room(request: Request, who: Caller) -> Response:
    """Give all that is not as planned and that one may see, by priority, with who has taken it."""
    need(who, Scope.READ)

    def work() -> object:
        desk = desk_of(request, who)
        return shown(desk.room(), actor=who.actor, desk=desk)

    return answer(await service_of(request).quick.run(work))


@router.put("/outages/{outage_id}/acknowledgement", operation_id="takeAlarm")
async def taken(request: Request, who: Caller, outage_id: str, body: Taken, match: Match = None) -> Response:
    """Say, for the operator, that somebody has taken an alarm; said again by anybody, nothing more is written."""
    may_write(who)
    name, revision = revision_of(outage_id.replace("\0", ""), match)

    def work() -> object:
        return desk_of(request, who).take_alarm(name, body.what, revision=revision, note=body.note)

    return answer(await service_of(request).quick.run(work))


@router.get("/room/shift", operation_id="shift")
async def shift(request: Request, who: Caller, hours: Hours = 12) -> Response:
    """Give the operator's people what is out, what starts and comes back in the hours ahead, and the last hand-over."""
    need(who, Scope.READ)
    return answer(await service_of(request).quick.run(lambda: desk_of(request, who).shift(hours=hours)))


@router.post("/room/shift", operation_id="giveShift")
async def give(request: Request, who: Caller, body: Given, key: Key = None) -> Response:
    """Hand the shift over, with what is abnormal and out kept as it stands; under the same key once."""
    may_write(who)
    name = named(key)

    def work() -> object:
        return desk_of(request, who).give_shift(key=name, notes=body.notes, hours=body.hours)

    return answer(await service_of(request).quick.run(work))


@router.put("/room/shift/{hand_over}/taken", operation_id="takeShift")
async def take(request: Request, who: Caller, hand_over: str) -> Response:
    """Take the shift that somebody else handed over last; said again, nothing more is written."""
    may_write(who)
    name = hand_over.replace("\0", "")
    return answer(await service_of(request).quick.run(lambda: desk_of(request, who).take_shift(name)))


def may_write(who: Who) -> None:
    """See that a credential and a role reach to writing.

    Raises:
        OutOfScope, NotYours: one of them does not.
    """
    need(who, Scope.WRITE)
    if who.actor.looks_only:
        raise NotYours(f"{who.actor.role} may not write this", field="role", fix="act in a role that may")
