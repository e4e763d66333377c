"""Do: file, decide, settle, change and operate outages. Every POST carries its key; every change its revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from moms.desk.people import Scope
from moms.desk.ports import NoSuchOutage, StaleRevision
from moms.portal.ahead import told_while_made, wants_to_hear
from moms.portal.guard import Caller, service_of
from moms.portal.once import once, revision_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.desk.answer import Answer
    from moms.desk.people import Who
    from moms.portal.needs import Desk

router = APIRouter(tags=["do"])
Key = Annotated[str | None, Header(alias="Idempotency-Key", description="a fresh random word; needed")]
Match = Annotated[str | None, Header(alias="If-Match", description="the ETag that was read; needed")]
Prefer = Annotated[str, Header(max_length=200, description="respond-async: answer before it is decided")]
Preview = Annotated[bool, Query(description="give the answer and write nothing")]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class Closed(BaseModel):
    """A body that holds nothing but what it names."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Reason(Closed):
    """Why, for the journal."""

    reason: Text


class Happened(Closed):
    """When it happened, now if left out, and a reason."""

    at: Name | None = None
    reason: Text = ""


class Settle(Reason):
    """A person's answer to what was referred."""

    outcome: Literal["approve", "deny", "accept", "accept-not-exempt"]
    conditions: list[Text] = Field(default=[], max_length=50)


class Extend(Reason):
    """A later end."""

    until: Name
    forced: bool = False


class Take(Reason):
    """One of the windows offered, by number."""

    number: int = Field(ge=1, le=100)


class Change(Reason):
    """The whole request as it is to be."""

    request: dict[str, Any]


class Forced(Closed):
    """Equipment that is out."""

    assets: list[Name] = Field(min_length=1, max_length=50)
    organisation: Name | None = None
    since: Name | None = None
    until: Name | None = None
    external_id: Name | None = None
    description: Text = ""


class Nothing(Closed):
    """An empty object."""


@router.post("/outages", operation_id="submit", responses={202: {"description": "filed; a worker decides it"}})
async def submit(
    request: Request,
    who: Caller,
    body: Annotated[dict[str, Any], Body()],
    key: Key = None,
    prefer: Prefer = "",
    *,
    preview: Preview = False,
) -> Response:
    """File a request and decide it; 422 with all findings where it goes back to its owner.

    With `Prefer: respond-async` it is filed alone (202), and a worker decides it. A preview asked for with
    `Accept: text/event-stream` tells how far it is while it is made, and ends when nobody listens.
    """
    if preview and wants_to_hear(request):
        return await told_while_made(
            request, who, lambda desk, tell: desk.submit(desk.read(body, anew=True), preview=True, tell=tell)
        )
    if not preview and "respond-async" in {part.strip().lower() for part in prefer.split(",")}:
        return await once(
            request,
            who,
            key=key,
            deed=lambda desk: desk.file(desk.read(body, anew=True)),
            lane=service_of(request).quick,
        )

    def deed(desk: Desk) -> Answer:
        return desk.submit(desk.read(body, anew=True), preview=preview)

    return await once(request, who, key=key, deed=deed, preview=preview)


@router.post("/forced", operation_id="forced")
async def forced(request: Request, who: Caller, body: Forced, key: Key = None) -> Response:
    """Report equipment that is out: acknowledged at once and studied, whatever is missing."""

    def deed(desk: Desk) -> Answer:
        return desk.forced(
            assets=tuple(body.assets), organisation=body.organisation, since=body.since, until=body.until,
            external_id=body.external_id, description=body.description,
        )  # fmt: skip

    return await once(request, who, key=key, deed=deed)


@router.post("/outages/{outage_id}/decide", operation_id="decide")
async def decide(
    request: Request,
    who: Caller,
    outage_id: str,
    body: Nothing,
    key: Key = None,
    match: Match = None,
    *,
    preview: Preview = False,
) -> Response:
    """Decide what waits, on the book as it stands now."""
    del body

    def deed(desk: Desk) -> Answer:
        return desk.decide(outage_id, preview=preview)

    return await changed(request, who, outage_id, deed, key=key, match=match, preview=preview, decides=True)


@router.post("/outages/{outage_id}/settle", operation_id="settle")
async def settle(
    request: Request, who: Caller, outage_id: str, body: Settle, key: Key = None, match: Match = None
) -> Response:
    """Settle, as a person and never as the requester, what was referred."""

    def deed(desk: Desk) -> Answer:
        return desk.settle(outage_id, outcome=body.outcome, reason=body.reason, conditions=tuple(body.conditions))

    return await changed(request, who, outage_id, deed, key=key, match=match, scope=Scope.SETTLE, decides=True)


@router.post("/outages/{outage_id}/change", operation_id="change")
async def change(
    request: Request,
    who: Caller,
    outage_id: str,
    body: Change,
    key: Key = None,
    match: Match = None,
    *,
    preview: Preview = False,
) -> Response:
    """Change a request; it is decided again where that is needed."""

    def deed(desk: Desk) -> Answer:
        return desk.change(outage_id, desk.read(body.request), reason=body.reason, preview=preview)

    return await changed(request, who, outage_id, deed, key=key, match=match, preview=preview)


@router.post("/outages/{outage_id}/take", operation_id="take")
async def take(
    request: Request,
    who: Caller,
    outage_id: str,
    body: Take,
    key: Key = None,
    match: Match = None,
    *,
    preview: Preview = False,
) -> Response:
    """Take a window that was offered."""

    def deed(desk: Desk) -> Answer:
        return desk.take(outage_id, number=body.number, reason=body.reason, preview=preview)

    return await changed(request, who, outage_id, deed, key=key, match=match, preview=preview)


@router.post("/outages/{outage_id}/decline", operation_id="decline")
async def decline(
    request: Request,
    who: Caller,
    outage_id: str,
    body: Reason,
    key: Key = None,
    match: Match = None,
    *,
    preview: Preview = False,
) -> Response:
    """Decline the windows that were offered."""

    def deed(desk: Desk) -> Answer:
        return desk.decline(outage_id, reason=body.reason, preview=preview)

    return await changed(request, who, outage_id, deed, key=key, match=match, preview=preview)


@router.post("/outages/{outage_id}/extend", operation_id="extend")
async def extend(
    request: Request,
    who: Caller,
    outage_id: str,
    body: Extend,
    key: Key = None,
    match: Match = None,
    *,
    preview: Preview = False,
) -> Response:
    """Ask for a later end."""

    def deed(desk: Desk) -> Answer:
        return desk.extend(outage_id, until=body.until, forced=body.forced, reason=body.reason, preview=preview)

    return await changed(request, who, outage_id, deed, key=key, match=match, preview=preview)


@router.post("/outages/{outage_id}/start", operation_id="start")
async def start(
    request: Request, who: Caller, outage_id: str, body: Happened, key: Key = None, match: Match = None
) -> Response:
    """Report that the equipment is out of service."""
    deed = _step(outage_id, "start", reason=body.reason, at=body.at)
    return await changed(request, who, outage_id, deed, key=key, match=match)


@router.post("/outages/{outage_id}/end", operation_id="end")
async def end(
    request: Request, who: Caller, outage_id: str, body: Happened, key: Key = None, match: Match = None
) -> Response:
    """Report that the equipment is back in service."""
    deed = _step(outage_id, "end", reason=body.reason, at=body.at)
    return await changed(request, who, outage_id, deed, key=key, match=match)


@router.post("/outages/{outage_id}/cancel", operation_id="cancel")
async def cancel(
    request: Request, who: Caller, outage_id: str, body: Reason, key: Key = None, match: Match = None
) -> Response:
    """Take a request or an outage back."""
    deed = _step(outage_id, "cancel", reason=body.reason)
    return await changed(request, who, outage_id, deed, key=key, match=match)


@router.post("/outages/{outage_id}/recall", operation_id="recall")
async def recall(
    request: Request, who: Caller, outage_id: str, body: Reason, key: Key = None, match: Match = None
) -> Response:
    """Call a running outage back (control room)."""
    deed = _step(outage_id, "recall", reason=body.reason)
    return await changed(request, who, outage_id, deed, key=key, match=match)


def _step(outage_id: str, verb: str, *, reason: str, at: str | None = None) -> Callable[[Desk], Answer]:
    return lambda desk: desk.operate(outage_id, verb, reason=reason, at=at)


async def changed(
    request: Request,
    who: Who,
    outage_id: str,
    deed: Callable[[Desk], Answer],
    *,
    key: str | None,
    match: str | None,
    preview: bool = False,
    scope: Scope = Scope.WRITE,
    decides: bool = False,
) -> Response:
    """Do a deed on an outage, at the revision that was read and once under its key.

    Raises:
        RevisionMissing, KeyMissing, and what `once` refuses.
    """
    expected = revision_of(outage_id, match)

    def guarded(desk: Desk) -> Answer:
        check_seen(desk, expected)
        return deed(desk)

    return await once(request, who, key=key, deed=guarded, expected=expected, preview=preview, scope=scope,
                      decides=decides)  # fmt: skip


def check_seen(desk: Desk, expected: tuple[str, int]) -> None:
    """See that who asks may see the outage, and saw it as it is: some use cases read as the system itself.

    The first write checks the revision again, in its own transaction.

    Raises:
        NoSuchOutage: not there, or not this caller's to see. StaleRevision: it has changed since.
    """
    outage_id, revision = expected
    there = desk.find(outage_id)
    if there.id != outage_id:
        raise NoSuchOutage(f"there is no outage {outage_id!r}", field="outage", fix="name it by its id")
    if there.revision != revision:
        says = f"{outage_id} is at revision {there.revision}, not {revision}"
        raise StaleRevision(says, field="If-Match", fix="read it again")
