"""Season plans: asked for, watched while a worker makes them, stopped, explained, compared, written and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from moms.desk.people import Scope
from moms.desk.planning import wanted_of
from moms.desk.planning_book import step_document
from moms.portal.api.deeds import Closed, Key, Match, Name, Reason, Text
from moms.portal.api.looks import answer
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.portal.once import Told, etag, named, once, revision_of
from moms.portal.redact import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.desk.people import Who
    from moms.desk.planning import Planning
    from moms.portal.needs import Desk

router = APIRouter(prefix="/season-plans", tags=["season plans"])


class PlanWanted(Closed):
    """Which market days are planned, how much work it may cost, and why."""

    first: Name = Field(alias="from")
    last: Name = Field(alias="to")
    flex: int = 0
    rounds: int = 8
    work: int = 200
    nonce: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    reason: Text


@router.get("", operation_id="listSeasonPlans")
async def plannings(request: Request, who: Caller) -> Response:
    """List the plans that were asked for, newest first; an owner those that it was shown a part of."""
    need(who, Scope.READ)

    def work() -> object:
        desk = desk_of(request, who)
        return shown({"items": desk.plannings()}, actor=who.actor, desk=desk)

    return answer(await service_of(request).quick.run(work))


@router.get("/{planning}", operation_id="getSeasonPlan")
async def planning(request: Request, who: Caller, planning: str) -> Response:
    """Give a plan as far as it is made: rounds, the best so far with bound and gap; an owner its own requests."""
    need(who, Scope.READ)

    def work() -> tuple[str, object]:
        desk = desk_of(request, who)
        found = desk.planning(_clean(planning))
        return etag(found["revision"]), shown(found, actor=who.actor, desk=desk)

    tag, whole = await service_of(request).quick.run(work)
    return answer(whole, ETag=tag)


@router.get("/{planning}/requests/{outage_id}", operation_id="explainSeasonPlan")
async def explained(request: Request, who: Caller, planning: str, outage_id: str) -> Response:
    """Say why a request is where the plan has it: what binds, what a week earlier would take, who gave way for whom."""
    need(who, Scope.READ)

    def work() -> object:
        desk = desk_of(request, who)
        return shown(desk.explain_planning(_clean(planning), _clean(outage_id)), actor=who.actor, desk=desk)

    return answer(await service_of(request).quick.run(work))


@router.get("/{planning}/diff", operation_id="compareSeasonPlans")
async def diff(
    request: Request, who: Caller, planning: str, against: Annotated[str, Query(max_length=200)]
) -> Response:
    """Say what this plan places otherwise than another (`against`), the terms and burdens of both; the operator's."""
    need(who, Scope.READ)

    def work() -> object:
        desk = desk_of(request, who)
        return shown(desk.compare_plannings(_clean(against), _clean(planning)), actor=who.actor, desk=desk)

    return answer(await service_of(request).quick.run(work))


@router.post("", operation_id="startSeasonPlan")
async def start(request: Request, who: Caller, body: PlanWanted, key: Key = None) -> Response:
    """Ask for a plan of what waits between two market days, which a worker makes; nothing is decided or moved."""
    wanted = wanted_of(first=body.first, last=body.last, flex_days=body.flex, rounds=body.rounds, work=body.work,
                       nonce=body.nonce)  # fmt: skip

    def deed(desk: Desk) -> Told:
        return _told(desk.start_planning(key=named(key), wanted=wanted, reason=body.reason), who)

    return await once(request, who, key=key, deed=deed, lane=service_of(request).quick)


@router.post("/{planning}/stop", operation_id="stopSeasonPlan")
async def stop(
    request: Request, who: Caller, planning: str, body: Reason, key: Key = None, match: Match = None
) -> Response:
    """Stop a plan under way; the best so far stands."""
    name, revision = revision_of(_clean(planning), match)

    def deed(desk: Desk) -> Planning:
        return desk.stop_planning(name, revision=revision, reason=body.reason)

    return await _step(request, who, deed, key)


@router.post("/{planning}/propose", operation_id="proposeSeasonPlan")
async def propose(request: Request, who: Caller, planning: str, key: Key = None, match: Match = None) -> Response:
    """Show the plan to the owners it concerns, each its own part; nothing moves."""
    name, revision = revision_of(_clean(planning), match)

    def deed(desk: Desk) -> Planning:
        return desk.propose_planning(name, revision=revision)

    return await _step(request, who, deed, key)


@router.post("/{planning}/accept", operation_id="acceptSeasonPlan")
async def accept(request: Request, who: Caller, planning: str, key: Key = None, match: Match = None) -> Response:
    """Write the plan into the book as one: what its owners let move moves, each place is booked; it decides nothing."""
    name, revision = revision_of(_clean(planning), match)

    def deed(desk: Desk) -> Planning:
        return desk.write_planning(name, revision=revision)

    return await _step(request, who, deed, key)


@router.post("/{planning}/back", operation_id="takeBackSeasonPlan")
async def back(
    request: Request, who: Caller, planning: str, body: Reason, key: Key = None, match: Match = None
) -> Response:
    """Take a plan that was written back as one: what still waits where it was put goes back to its asked dates."""
    name, revision = revision_of(_clean(planning), match)

    def deed(desk: Desk) -> Planning:
        return desk.take_planning_back(name, revision=revision, reason=body.reason)

    return await _step(request, who, deed, key)


async def _step(request: Request, who: Who, deed: Callable[[Desk], Planning], key: str | None) -> Response:
    """Take a step of a planning; done again it gives the same answer, so it may be finished by doing it again."""
    lane = service_of(request).study
    return await once(request, who, key=key, deed=lambda desk: _told(deed(desk), who), lane=lane)


def _told(there: Planning, who: Who) -> Told:
    return Told(document=step_document(there, who.actor), revision=there.revision)


def _clean(text: str) -> str:
    """Drop what no text in the database can hold."""
    return text.replace("\0", "")
