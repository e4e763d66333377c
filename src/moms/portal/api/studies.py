"""What-if studies: ask for one, keep it with its outage, read those that are kept. The operator's (ADR 0032)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from moms.desk.people import Scope
from moms.desk.supposed import AddedOutage, Supposed
from moms.desk.what_if import may_ask
from moms.portal.api.deeds import Closed, Key, Match, Name, Text, changed
from moms.portal.api.looks import answer
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.portal.once import Told, once
from moms.values import Refused, Window, parse_instant

if TYPE_CHECKING:
    from moms.desk.answer import Answer
    from moms.portal.needs import Desk

router = APIRouter(tags=["study"])


class NothingNamed(Refused):
    """Neither an outage nor a draft to study, or both."""


class Span(Closed):
    """From when until when."""

    start: Name
    end: Name

    def window(self, field: str) -> Window:
        """Give it as a window."""
        return Window(start=parse_instant(self.start, field=field), end=parse_instant(self.end, field=field))


class Added(Closed):
    """Equipment that is supposed to be out besides."""

    assets: list[Name] = Field(min_length=1, max_length=20)
    window: Span


class Suppose(Closed):
    """What is otherwise than in the book; nothing, if left out."""

    without: list[Name] = Field(default=[], max_length=50)
    beside: list[Name] = Field(default=[], max_length=50)
    added: list[Added] = Field(default=[], max_length=50)
    window: Span | None = None
    redispatch: bool = True
    after: Literal["A", "B", "C"] = "B"
    as_decided: bool = False

    def supposed(self) -> Supposed:
        """Give it as the desk takes it."""
        return Supposed(
            without=tuple(self.without), beside=tuple(self.beside),
            added=tuple(AddedOutage(assets=tuple(a.assets), window=a.window.window("added")) for a in self.added),
            window=None if self.window is None else self.window.window("window"), redispatch=self.redispatch,
            after=self.after, as_decided=self.as_decided,
        )  # fmt: skip


class WhatIf(Closed):
    """Which outage, or which request that nobody has filed, and what is supposed."""

    outage: Name | None = None
    request: dict[str, Any] | None = None
    supposed: Suppose = Suppose()


class Attach(Closed):
    """Which study, what was supposed in it, and why it is kept."""

    study: Name
    supposed: Suppose = Suppose()
    reason: Text


@router.post("/what-if", operation_id="whatIf")
async def what_if(request: Request, who: Caller, body: WhatIf, key: Key = None) -> Response:
    """Study an outage or a draft on a supposed book, as a decision would; nothing of the book is written."""
    may_ask(who.actor)
    if (body.outage is None) == (body.request is None):
        fix = "give `outage`, the id of one that is filed, or `request`, a draft"
        raise NothingNamed("one outage or one draft is studied", field="outage", fix=fix)
    supposed = body.supposed.supposed()

    def deed(desk: Desk) -> Told:
        draft = None if body.request is None else desk.read(body.request)
        return Told(document=desk.what_if(supposed, outage=body.outage, request=draft))

    return await once(request, who, key=key, deed=deed, preview=True)


@router.post("/outages/{outage_id}/studies", operation_id="attachStudy")
async def attach(
    request: Request, who: Caller, outage_id: str, body: Attach, key: Key = None, match: Match = None
) -> Response:
    """Keep a study with its outage; it is made again, and 409 where it comes out otherwise by now."""
    may_ask(who.actor)
    supposed = body.supposed.supposed()

    def deed(desk: Desk) -> Answer:
        revision = int((match or "").strip('"'))  # `changed` has seen that it is one
        return desk.attach(outage_id, supposed, study=body.study, reason=body.reason, revision=revision)

    return await changed(request, who, outage_id, deed, key=key, match=match)


@router.get("/outages/{outage_id}/studies", operation_id="listStudies")
async def studies(request: Request, who: Caller, outage_id: str) -> Response:
    """Give the studies attached to an outage in few words, oldest first; none to an owner."""
    need(who, Scope.READ)
    found = await service_of(request).quick.run(lambda: desk_of(request, who).studies(_clean(outage_id)))
    return answer({"items": found})


@router.get("/outages/{outage_id}/studies/{study}", operation_id="getStudy")
async def study(request: Request, who: Caller, outage_id: str, study: str) -> Response:
    """Give one attached study whole."""
    need(who, Scope.READ)
    found = await service_of(request).quick.run(lambda: desk_of(request, who).study(_clean(outage_id), _clean(study)))
    return answer(found)


def _clean(text: str) -> str:
    """Drop what no text in the database can hold."""
    return text.replace("\0", "")
