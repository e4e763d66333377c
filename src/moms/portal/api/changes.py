"""Change sets: open, edit, look at their world, re-base, merge, abandon; what was known when (ADR 0043)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from moms.desk.answer import answer_document
from moms.desk.people import Scope
from moms.portal.api.deeds import Closed, Key, Match, Name, Reason, Text
from moms.portal.api.looks import answer
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.portal.once import Told, etag, named, once, revision_of
from moms.portal.redact import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from moms.desk.people import Who
    from moms.portal.needs import Desk

router = APIRouter(tags=["change sets"])
MOST_TRIED = 50
"""Decided requests that one trial over HTTP studies, twice each; the command line takes more."""
Tables = Literal["asset", "rules", "outage"]


class Opened(Reason):
    """What a change set is called, and why it is opened."""

    title: Name


class OneEdit(Closed):
    """One column of one row as it is to be."""

    table: Tables
    row: Name
    column: Name
    value: Any
    source: Text = ""
    valid_from: Name = ""
    valid_to: Name = ""


class Cell(Closed):
    """A column of a row that is edited no more."""

    table: Tables
    row: Name
    column: Name


class Editing(Reason):
    """What is edited, and what no longer is."""

    edits: list[OneEdit] = Field(default=[], max_length=200)
    drop: list[Cell] = Field(default=[], max_length=200)


class Previewed(Closed):
    """A request that nobody has filed; left out, the outages that the change set edits."""

    request: dict[str, Any] | None = None


class Studied(Closed):
    """Which outage, or which request that nobody has filed."""

    outage: Name | None = None
    request: dict[str, Any] | None = None


class Tried(Closed):
    """From which day until which instant or day, and how many at most."""

    since: Name = Field(alias="from")
    until: Name = Field(alias="to")
    most: int = Field(default=20, ge=1, le=MOST_TRIED)


@router.get("/change-sets", operation_id="listChangeSets")
async def change_sets(request: Request, who: Caller) -> Response:
    """Give the change sets that the caller may see, newest first, in few words."""
    need(who, Scope.READ)
    return answer({"items": await service_of(request).quick.run(lambda: desk_of(request, who).change_sets())})


@router.get("/change-sets/{change_set}", operation_id="getChangeSet")
async def one(
    request: Request, who: Caller, change_set: str, revision: Annotated[int | None, Query(ge=1, le=10**6)] = None
) -> Response:
    """Give a change set whole, or one of its revisions as the journal has it."""
    need(who, Scope.READ)
    name = _clean(change_set)
    found = await service_of(request).quick.run(lambda: desk_of(request, who).change_set(name, revision=revision))
    return answer(found, ETag=etag(found["revision"]))


@router.get("/change-sets/{change_set}/diff", operation_id="diffChangeSet")
async def diff(request: Request, who: Caller, change_set: str) -> Response:
    """Give a change set beside main as it is now, with all that stands against landing it."""
    need(who, Scope.READ)
    name = _clean(change_set)

    def work() -> object:
        desk = desk_of(request, who)
        return shown(desk.diff_change_set(name), actor=who.actor, desk=desk)

    return answer(await service_of(request).quick.run(work))


@router.post("/change-sets", operation_id="openChangeSet")
async def opened(request: Request, who: Caller, body: Opened, key: Key = None) -> Response:
    """Open a change set on main as it is now."""

    def deed(desk: Desk) -> Told:
        return _told(desk.open_change_set(key=named(key), title=body.title, reason=body.reason))

    return await once(request, who, key=key, deed=deed, lane=service_of(request).quick)


@router.post("/change-sets/{change_set}/edits", operation_id="editChangeSet")
async def edited(
    request: Request, who: Caller, change_set: str, body: Editing, key: Key = None, match: Match = None
) -> Response:
    """Put edits in a change set, each in the place of an older one of its cell, and drop others."""
    edits = [one.model_dump() for one in body.edits]
    drop = [(one.table, one.row, one.column) for one in body.drop]

    def deed(desk: Desk, name: str, revision: int) -> dict[str, Any]:
        return desk.edit_change_set(name, revision=revision, key=named(key), reason=body.reason, edits=edits, drop=drop)

    return await _step(request, who, change_set, deed, key=key, match=match)


@router.post("/change-sets/{change_set}/rebase", operation_id="rebaseChangeSet")
async def rebased(
    request: Request, who: Caller, change_set: str, body: Reason, key: Key = None, match: Match = None
) -> Response:
    """Let a change set rest on main as it is now; 409 with `findings` where main has other values in its columns."""

    def deed(desk: Desk, name: str, revision: int) -> dict[str, Any]:
        return desk.rebase_change_set(name, revision=revision, key=named(key), reason=body.reason)

    return await _step(request, who, change_set, deed, key=key, match=match)


@router.post("/change-sets/{change_set}/abandon", operation_id="abandonChangeSet")
async def abandoned(
    request: Request, who: Caller, change_set: str, body: Reason, key: Key = None, match: Match = None
) -> Response:
    """End a change set without anything of it."""

    def deed(desk: Desk, name: str, revision: int) -> dict[str, Any]:
        return desk.abandon_change_set(name, revision=revision, key=named(key), reason=body.reason)

    return await _step(request, who, change_set, deed, key=key, match=match)


@router.post("/change-sets/{change_set}/merge", operation_id="mergeChangeSet")
async def merged(
    request: Request, who: Caller, change_set: str, body: Reason, key: Key = None, match: Match = None
) -> Response:
    """Land a change set whole, or 409 with `findings` and nothing of it; then decide the requests that it changed."""

    def deed(desk: Desk, name: str, revision: int) -> dict[str, Any]:
        return desk.merge_change_set(name, revision=revision, key=named(key), reason=body.reason)

    return await _step(request, who, change_set, deed, key=key, match=match, lands=True)


@router.post("/change-sets/{change_set}/preview", operation_id="previewChangeSet")
async def previewed(request: Request, who: Caller, change_set: str, body: Previewed, key: Key = None) -> Response:
    """Give what would be decided in its world, of a draft or of what it edits; nothing is written."""
    name = _clean(change_set)

    def deed(desk: Desk) -> Told:
        draft = None if body.request is None else desk.read(body.request)
        found = desk.preview_change_set(name, request=draft)
        return Told(document={"answers": [answer_document(one) for one in found]})

    return await once(request, who, key=key, deed=deed, preview=True)


@router.post("/change-sets/{change_set}/study", operation_id="studyChangeSet")
async def studied(request: Request, who: Caller, change_set: str, body: Studied, key: Key = None) -> Response:
    """Study an outage or a draft in its world, for the operator's engineers and planners; nothing is written."""
    name = _clean(change_set)

    def deed(desk: Desk) -> Told:
        draft = None if body.request is None else desk.read(body.request)
        return Told(document=desk.study_change_set(name, outage=body.outage, request=draft))

    return await once(request, who, key=key, deed=deed, preview=True)


@router.post("/change-sets/{change_set}/trial", operation_id="tryChangeSet")
async def tried(request: Request, who: Caller, change_set: str, body: Tried, key: Key = None) -> Response:
    """Try a change set on what was decided in a span: which answers would be others; nothing is written."""
    name = _clean(change_set)

    def deed(desk: Desk) -> Told:
        return Told(document=desk.try_change_set(name, first=body.since, last=body.until, most=body.most))

    return await once(request, who, key=key, deed=deed, preview=True)


@router.get("/known", operation_id="known")
async def known(
    request: Request,
    who: Caller,
    table: Tables,
    row: Annotated[str, Query(max_length=200)],
    at: Annotated[str | None, Query(max_length=40, description="as known then; now")] = None,
    instant: Annotated[str | None, Query(alias="for", max_length=40, description="of this instant; the same")] = None,
) -> Response:
    """Give what was known at one instant about another: an asset, a number of the rule book, or an outage."""
    need(who, Scope.READ)

    def work() -> object:
        desk = desk_of(request, who)
        return shown(desk.known(table, _clean(row), at=at, instant=instant), actor=who.actor, desk=desk)

    return answer(await service_of(request).quick.run(work))


async def _step(
    request: Request,
    who: Who,
    change_set: str,
    deed: Callable[[Desk, str, int], dict[str, Any]],
    *,
    key: str | None,
    match: str | None,
    lands: bool = False,
) -> Response:
    """Take one step of a change set at the revision that was read, once under its key."""
    name, revision = revision_of(_clean(change_set), match)
    lane = service_of(request).study if lands else service_of(request).quick
    return await once(request, who, key=key, deed=lambda desk: _told(deed(desk, name, revision)), decides=lands,
                      lane=lane)  # fmt: skip


def _told(found: dict[str, Any]) -> Told:
    there = found.get("change_set", found)
    return Told(document=found, revision=there["revision"])


def _clean(text: str) -> str:
    """Drop what no text in the database can hold."""
    return text.replace("\0", "")
