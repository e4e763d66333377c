"""Many at once: file, take back, settle, acknowledge. Each item has its own outcome, revision, reason and event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from moms.desk import notices as desk_notices
from moms.desk.answer import answer_document
from moms.desk.bulk import MOST, reason_of
from moms.desk.notices import kept_document
from moms.desk.people import Scope
from moms.desk.submit import of_item
from moms.portal.api.deeds import Closed, Key, Name, Text, check_seen
from moms.portal.api.notices import an_id
from moms.portal.bulk import One, document, each
from moms.portal.guard import Caller, service_of
from moms.portal.once import Told, once
from moms.values import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.desk.answer import Answer
    from moms.portal.needs import Desk

router = APIRouter(prefix="/bulk", tags=["bulk"])
Revision = Annotated[int, Field(ge=1, lt=10**9, description="the ETag that was read, as a number")]


class SubmitMany(Closed):
    """Requests to file; `together`: all or none. A worker decides them."""

    requests: list[dict[str, Any]] = Field(min_length=1, max_length=MOST)
    together: bool = False


class TakeBack(Closed):
    """An outage to take back."""

    outage: Name
    revision: Revision
    reason: Text = ""


class TakeBackMany(Closed):
    """Outages to take back; `reason` stands for those that give none of their own."""

    items: list[TakeBack] = Field(min_length=1, max_length=MOST)
    reason: Text = ""


class SettleOne(Closed):
    """A person's answer to one outage that was referred."""

    outage: Name
    revision: Revision
    outcome: Annotated[str, Field(pattern="^(approve|deny|accept|accept-not-exempt)$")]
    reason: Text = ""
    conditions: list[Text] = Field(default=[], max_length=50)


class SettleMany(Closed):
    """Answers to what was referred; `reason` stands for those that give none of their own."""

    items: list[SettleOne] = Field(min_length=1, max_length=MOST)
    reason: Text = ""


class ReadMany(Closed):
    """Notices that were read."""

    notices: list[Name] = Field(min_length=1, max_length=MOST)


@router.post("/outages", operation_id="submitMany")
async def submit_many(request: Request, who: Caller, body: SubmitMany, key: Key = None) -> Response:
    """File requests, each for itself, or with `together` all or none (422: none, and each says why)."""
    lane = service_of(request).quick
    if body.together:
        return await once(request, who, key=key, deed=lambda _: _filed(request, who, body.requests), lane=lane)
    items = [
        One(name=str(one.get("external_id", ""))[:200], asked=one, again=True, deed=_filing(one))
        for one in body.requests
    ]
    return await each(request, who, key=key, items=items, lane=lane, scope=Scope.WRITE)


@router.post("/cancel", operation_id="cancelMany")
async def cancel_many(request: Request, who: Caller, body: TakeBackMany, key: Key = None) -> Response:
    """Take requests or outages back, each at the revision that was read."""

    def back(one: TakeBack) -> Callable[[Desk], Answer]:
        return lambda desk: desk.operate(one.outage, "cancel", reason=reason_of(one.reason, body.reason))

    items = [_one(one, back(one), common=body.reason) for one in body.items]
    return await each(request, who, key=key, items=items, lane=service_of(request).study, scope=Scope.WRITE)


@router.post("/settle", operation_id="settleMany")
async def settle_many(request: Request, who: Caller, body: SettleMany, key: Key = None) -> Response:
    """Settle, as a person and never as the requester, what was referred, each at the revision that was read."""

    def settled(one: SettleOne) -> Callable[[Desk], Answer]:
        return lambda desk: desk.settle(one.outage, outcome=one.outcome, conditions=tuple(one.conditions),
                                        reason=reason_of(one.reason, body.reason))  # fmt: skip

    items = [_one(one, settled(one), common=body.reason) for one in body.items]
    lane = service_of(request).study
    return await each(request, who, key=key, items=items, lane=lane, scope=Scope.SETTLE, decides=True)


@router.post("/acknowledge", operation_id="acknowledgeMany")
async def acknowledge_many(request: Request, who: Caller, body: ReadMany, key: Key = None) -> Response:
    """Say that notices were read, for one's whole role; of one that was, nothing more is written."""
    needs = service_of(request).needs

    def read(notice: str) -> Callable[[Desk], Told]:
        return lambda _: Told(document=kept_document(desk_notices.acknowledge(
            notices=needs.notices, actor=who.actor, now=needs.clock(), notice_id=an_id(notice)
        )))  # fmt: skip

    items = [One(name=one, asked=one, deed=read(one), again=True) for one in body.notices]
    return await each(request, who, key=key, items=items, lane=service_of(request).quick, scope=Scope.WRITE)


def _filing(one: dict[str, Any]) -> Callable[[Desk], Answer]:
    return lambda desk: desk.file(desk.read(one))


def _one(one: TakeBack | SettleOne, deed: Callable[[Desk], Answer], *, common: str) -> One:
    expected = (one.outage, one.revision)

    def guarded(desk: Desk) -> Answer:
        check_seen(desk, expected)
        return deed(desk)

    return One(name=one.outage, asked=[one.model_dump(), common], deed=guarded, expected=expected)


def _filed(request: Request, who: Caller, requests: list[dict[str, Any]]) -> Told:
    """File all or none. Filed again they are the same: no mark is needed to know what had been done."""
    desk = service_of(request).needs.desk(who.actor)
    whole = []
    for number, one in enumerate(requests):
        with of_item("requests", number):
            whole.append(desk.read(one))
    found = desk.file_together(whole)
    none = any(one.returned for one in found)
    rows = []
    for number, (asked, told) in enumerate(zip(whole, found, strict=True)):
        blocked = any(finding.level == Level.BLOCK for finding in told.findings)
        status = 202 if not none else 422 if blocked else 424
        name = asked.external_id if told.outage is None else told.outage.id
        rows.append({"number": number, "name": name, "status": status, "answer": answer_document(told),
                     "problem": None})  # fmt: skip
    return Told(document=document(rows), status=422 if none else 200)
