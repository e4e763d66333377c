"""The field: a crew's jobs of the day, its entries, and a person of the operator who looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from moms.desk.people import Scope
from moms.desk.ports import NotYours
from moms.portal.api.deeds import Closed, Key, Name
from moms.portal.api.looks import answer
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.portal.once import named
from moms.portal.redact import shown

if TYPE_CHECKING:
    from moms.desk.people import Who

router = APIRouter(tags=["field"])
MOST = 100
"""Entries in one batch; a crew makes six a job."""


class Batch(Closed):
    """Entries as a phone has gathered them; each is looked at by itself."""

    entries: list[dict[str, Any]] = Field(min_length=1, max_length=MOST)


class Seen(Closed):
    """Entries that were looked at, by id."""

    entries: list[Name] = Field(min_length=1, max_length=MOST)


@router.get("/field", operation_id="fieldDay")
async def day(request: Request, who: Caller) -> Response:
    """Give a crew's jobs: what is out, began within 12 h or begins within 24 h, with ladder and entries.

    The operator gets the outages of all owners from which something was reported.
    """
    need(who, Scope.READ)
    service = service_of(request)

    def work() -> object:
        desk = desk_of(request, who)
        return shown(desk.field_day(catalogue=service.needs.catalogue), actor=who.actor, desk=desk)

    return answer(await service.quick.run(work))


@router.post("/field/entries", operation_id="reportFromField")
async def report(request: Request, who: Caller, body: Batch, key: Key = None) -> Response:
    """Take in entries, each once under its own id; what cannot be one is refused by itself and stops no other.

    The `Idempotency-Key` names the sending, as with every POST; that an entry is taken in once does not hang on it.
    """
    _may_write(who)
    named(key)
    items = await service_of(request).quick.run(lambda: desk_of(request, who).field_report(body.entries))
    return answer({"items": items})


@router.put("/outages/{outage_id}/field/seen", operation_id="seeFromField")
async def seen(request: Request, who: Caller, outage_id: str, body: Seen) -> Response:
    """Say, for the operator, that entries were looked at; said again, nothing more is written."""
    _may_write(who)
    name = outage_id.replace("\0", "")
    return answer(await service_of(request).quick.run(lambda: desk_of(request, who).field_seen(name, body.entries)))


def _may_write(who: Who) -> None:
    need(who, Scope.WRITE)
    if who.actor.looks_only:
        raise NotYours(f"{who.actor.role} may not write this", field="role", fix="act in a role that may")
