"""Plan and swap: the last proposal, and offers to move outages with the word of their owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from moms.desk.offer import shown_to
from moms.desk.people import Scope
from moms.portal.api.deeds import Closed, Key, Match, Name, Text
from moms.portal.api.looks import answer
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.portal.once import Told, etag, named, once, revision_of
from moms.portal.redact import shown

if TYPE_CHECKING:
    from moms.desk.offer import Offer
    from moms.desk.people import Who
    from moms.portal.needs import Desk

router = APIRouter(tags=["plan and swap"])


class Make(Closed):
    """A move: `start`. A swap: `other` names the second outage (operator), or `asks` whom one asks (owner)."""

    outage: Name
    start: Name = ""
    other: Name = ""
    asks: Name = ""
    until: Name = ""
    plan: Name = ""
    reason: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]


class Answered(Closed):
    """One's word on an offer. A counter names another `start`, or the `outage` one would give in a swap."""

    answer: Literal["accept", "decline", "withdraw", "counter"]
    reason: Text = ""
    start: Name = ""
    outage: Name = ""


@router.get("/plan", operation_id="plan")
async def plan(request: Request, who: Caller) -> Response:
    """Give the last plan that was proposed, the clashes and the credits, as far as they are the caller's."""
    need(who, Scope.READ)

    def work() -> object:
        desk = desk_of(request, who)
        return shown(desk.plan_shown(), actor=who.actor, desk=desk)

    return answer(await service_of(request).quick.run(work))


@router.get("/offers", operation_id="listOffers")
async def offers(request: Request, who: Caller, *, unsettled: bool = False) -> Response:
    """Give the offers that the caller is a party to (the operator: all), newest first."""
    need(who, Scope.READ)

    def work() -> object:
        desk = desk_of(request, who)
        found = [shown_to(one, who.actor) for one in desk.offers() if one.open or not unsettled]
        return shown({"items": found}, actor=who.actor, desk=desk)

    return answer(await service_of(request).quick.run(work))


@router.get("/offers/{offer_id}/study", operation_id="studyOffer")
async def study(request: Request, who: Caller, offer_id: str) -> Response:
    """Give an offer with what a decision made now would say of its windows; nothing is written."""
    need(who, Scope.READ)
    name = offer_id.replace("\0", "")

    def work() -> tuple[str, object]:
        desk = desk_of(request, who)
        found = desk.look_at_offer(name)
        return etag(found.revision), shown(shown_to(found, who.actor), actor=who.actor, desk=desk)

    tag, whole = await service_of(request).study.run(work)
    return answer(whole, ETag=tag)


@router.post("/offers", operation_id="makeOffer")
async def make(request: Request, who: Caller, body: Make, key: Key = None) -> Response:
    """Offer a move or a swap; what is definite is studied first, and what cannot be granted is not offered."""

    def deed(desk: Desk) -> Told:
        found = desk.offer(key=named(key), outage=body.outage, reason=body.reason, start=body.start, other=body.other,
                           asks=body.asks, until=body.until, plan=body.plan)  # fmt: skip
        return _told(found, who)

    return await once(request, who, key=key, deed=deed)


@router.post("/offers/{offer_id}/answer", operation_id="answerOffer")
async def answered(
    request: Request, who: Caller, offer_id: str, body: Answered, key: Key = None, match: Match = None
) -> Response:
    """Accept, decline, withdraw or counter; the last word of consent has it studied once more, and done."""
    name, revision = revision_of(offer_id.replace("\0", ""), match)

    def deed(desk: Desk) -> Told:
        found = desk.answer_offer(name, body.answer, revision=revision, reason=body.reason, start=body.start,
                                  outage=body.outage)  # fmt: skip
        return _told(found, who)

    return await once(request, who, key=key, deed=deed)


def _told(offer: Offer, who: Who) -> Told:
    return Told(document=shown_to(offer, who.actor), revision=offer.revision)
