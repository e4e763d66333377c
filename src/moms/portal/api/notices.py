"""Notices: what one is told, what was sent to one, and what one asked to be told of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from moms.desk import notices as desk
from moms.desk.notices import NoSuchNotice, kept_document, subscription_document, subscription_id
from moms.desk.people import Scope
from moms.portal.api.deeds import Closed, Key, Name
from moms.portal.api.looks import after, answer, cursor_of
from moms.portal.errors import NotACursor
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.portal.once import named
from moms.portal.redact import shown
from moms.records.notices import Channel, Subscription
from moms.records.told import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from moms.desk.notices import Kept
    from moms.desk.people import Who

router = APIRouter(tags=["notices"])
Cursor = Annotated[str | None, Query(max_length=400)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Words = Annotated[list[Name], Field(max_length=200)]


class Follow(Closed):
    """What to be told of, and how. An empty list asks for any."""

    channel: Channel = Field(default=Channel.INBOX, strict=False)
    target: Annotated[str, Field(max_length=1200, pattern=r"^[^\x00]*$")] = ""
    secret: Annotated[str, Field(max_length=200, pattern=r"^[\x21-\x7e]*$")] | None = None
    role: bool = False
    """For everybody in one's role, instead of oneself."""
    owners: Words = Field(default=[])
    assets: Words = Field(default=[])
    verbs: Words = Field(default=[])
    areas: Words = Field(default=[])
    """Zones or regions of the grid, as `/outages/ID/communication` names them."""
    severity: Severity = Field(default=Severity.INFO, strict=False)
    daily: bool = False


@router.get("/notices", operation_id="listNotices")
async def inbox(
    request: Request,
    who: Caller,
    cursor: Cursor = None,
    limit: Limit = 100,
    *,
    unread: Annotated[bool, Query(alias="open", description="only what nobody has acknowledged")] = False,
) -> Response:
    """Give what one is told, newest first; `next` is the cursor of the next page, null on the last."""
    notices, actor, before = service_of(request).needs.notices, who.actor, after(cursor)
    return await _listed(
        request, who, limit,
        lambda: desk.inbox(notices=notices, actor=actor, open_only=unread, before=before, limit=limit + 1),
    )  # fmt: skip


@router.get("/notices/outgoing", operation_id="listOutgoing")
async def outgoing(
    request: Request,
    who: Caller,
    cursor: Cursor = None,
    limit: Limit = 100,
    *,
    dead: Annotated[bool, Query(description="only what was tried as often as it may be")] = False,
) -> Response:
    """Give what is or was to be sent to one by mail or webhook, newest first, with the last answer."""
    notices, actor, before = service_of(request).needs.notices, who.actor, after(cursor)
    return await _listed(
        request, who, limit,
        lambda: desk.outgoing(notices=notices, actor=actor, dead_only=dead, before=before, limit=limit + 1),
    )  # fmt: skip


@router.put("/notices/{notice_id}/acknowledgement", operation_id="acknowledge")
async def acknowledge(request: Request, who: Caller, notice_id: str) -> Response:
    """Say that a notice was read, for one's whole role; said again, nothing more is written."""
    need(who, Scope.WRITE)
    service, actor, name = service_of(request), who.actor, an_id(notice_id)
    kept = await service.quick.run(
        lambda: desk.acknowledge(notices=service.needs.notices, actor=actor, now=service.needs.clock(), notice_id=name)
    )
    return answer(kept_document(kept))


@router.put("/notices/{notice_id}/resending", operation_id="resend")
async def resend(request: Request, who: Caller, notice_id: str) -> Response:
    """Let a dead notice be sent again, under the id it always had; 409 where it is not dead."""
    need(who, Scope.WRITE)
    service, actor, name = service_of(request), who.actor, an_id(notice_id)
    kept = await service.quick.run(
        lambda: desk.again(notices=service.needs.notices, actor=actor, now=service.needs.clock(), notice_id=name)
    )
    return answer(kept_document(kept))


@router.get("/outages/{outage_id}/communication", operation_id="communication")
async def communication(request: Request, who: Caller, outage_id: str) -> Response:
    """Give who is told what of an outage and when: by the clock, by what is done, who is next, and who follows."""
    need(who, Scope.READ)
    name = outage_id.replace("\0", "")

    def work() -> object:
        office = desk_of(request, who)
        return shown(office.communication(name), actor=who.actor, desk=office)

    return answer(await service_of(request).quick.run(work))


@router.get("/subscriptions", operation_id="listSubscriptions")
async def following(request: Request, who: Caller) -> Response:
    """Give what one asked to be told of, by oneself or in one's role."""
    need(who, Scope.READ)
    service = service_of(request)
    found = await service.quick.run(lambda: desk.following(notices=service.needs.notices, actor=who.actor))
    return answer({"items": [subscription_document(s) for s in found]})


@router.post("/subscriptions", operation_id="follow")
async def follow(request: Request, who: Caller, body: Follow, key: Key = None) -> Response:
    """Ask to be told; the same key and body give the same subscription."""
    need(who, Scope.WRITE)
    service, actor = service_of(request), who.actor
    wanted = Subscription(
        id=subscription_id(actor, named(key)), organisation=actor.organisation,
        person="" if body.role else actor.name, role=actor.role if body.role else "", channel=body.channel,
        target=body.target, owners=tuple(body.owners), assets=tuple(body.assets), verbs=tuple(body.verbs),
        areas=tuple(body.areas), severity=body.severity, daily=body.daily, sees_all=actor.sees_all,
    )  # fmt: skip
    notices, now = service.needs.notices, service.needs.clock()

    def work() -> None:
        known = desk_of(request, who).areas() if wanted.areas else ()
        desk.follow(notices=notices, actor=actor, now=now, subscription=wanted, secret=body.secret, known=known)

    await service.quick.run(work)
    return answer(subscription_document(wanted))


@router.delete("/subscriptions/{subscription_id}", operation_id="unfollow", status_code=204)
async def unfollow(request: Request, who: Caller, subscription_id: str) -> None:
    """End a subscription; what it has told stays."""
    need(who, Scope.WRITE)
    service, name = service_of(request), subscription_id.replace("\0", "")
    await service.quick.run(
        lambda: desk.unfollow(
            notices=service.needs.notices, actor=who.actor, now=service.needs.clock(), subscription_id=name
        )
    )


async def _listed(request: Request, who: Who, limit: int, look: Callable[[], Sequence[Kept]]) -> Response:
    need(who, Scope.READ)
    try:
        rows = await service_of(request).quick.run(look)
    except NoSuchNotice:
        raise NotACursor("this is no cursor", field="cursor", fix="use `next` of the page before") from None
    more = len(rows) > limit
    items = [kept_document(kept) for kept in rows[:limit]]
    return answer({"items": items, "next": cursor_of(rows[limit - 1].notice.id) if more else None})


def an_id(text: str) -> str:
    """Give a notice's id; what cannot be one is nobody's."""
    return text if re.fullmatch(r"[0-9a-f]{32}", text) else "none"
