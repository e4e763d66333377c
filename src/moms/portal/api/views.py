"""Saved views of the list: filters, order and columns under a name, one's own or shared in one's organisation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from moms.desk import views as desk
from moms.desk.people import Scope
from moms.desk.views import view_document
from moms.portal.api.deeds import Closed, Key, Match, Name, Text
from moms.portal.api.looks import answer
from moms.portal.guard import Caller, need, service_of
from moms.portal.once import etag, named, revision_of

router = APIRouter(prefix="/views", tags=["look"])
Words = Annotated[list[Name], Field(max_length=desk.MOST_WORDS)]


class Filters(Closed):
    """What the list is asked with, by the same names; `show` is the part of it that the page shows."""

    text: Name | None = None
    asset: Words | None = None
    owner: Name | None = None
    state: Words | None = None
    status: Words | None = None
    since: Name | None = Field(default=None, alias="from")
    until: Name | None = Field(default=None, alias="to")
    pending: bool | None = None
    show: Literal["all", "turn", "operator", "granted", "refused", "over"] | None = None

    def said(self) -> dict[str, Any]:
        """Give those that are there, by their names."""
        return self.model_dump(by_alias=True, exclude_none=True)


class ViewWanted(Closed):
    """A view as it is to be."""

    name: Text
    shared: bool = False
    filters: Filters = Filters()
    sort: Literal["start", "latest", "turn"] = "start"
    columns: Words = Field(default=["window", "standing", "next"])


@router.get("", operation_id="listViews")
async def views(request: Request, who: Caller) -> Response:
    """Give the views that one may open: one's own, then those shared in one's organisation, by name."""
    need(who, Scope.READ)
    needs = service_of(request).needs
    found = await service_of(request).quick.run(lambda: desk.seen(views=needs.views, actor=who.actor))
    return answer({"items": [view_document(one, who.actor) for one in found]})


@router.post("", operation_id="saveView")
async def save(request: Request, who: Caller, body: ViewWanted, key: Key = None) -> Response:
    """Save a view; the same key and body give the same view."""
    need(who, Scope.WRITE)
    needs, word = service_of(request).needs, named(key)
    found = await service_of(request).quick.run(
        lambda: desk.save(views=needs.views, actor=who.actor, now=needs.clock(), key=word, **_words(body))
    )
    return answer(view_document(found, who.actor), ETag=etag(found.revision))


@router.put("/{view_id}", operation_id="changeView")
async def change(request: Request, who: Caller, view_id: str, body: ViewWanted, match: Match = None) -> Response:
    """Give one's own view another name or other words, or share it or no longer."""
    need(who, Scope.WRITE)
    needs, (name, revision) = service_of(request).needs, revision_of(view_id.replace("\0", ""), match)
    found = await service_of(request).quick.run(
        lambda: desk.change(
            views=needs.views, actor=who.actor, now=needs.clock(), view_id=name, revision=revision, **_words(body)
        )
    )
    return answer(view_document(found, who.actor), ETag=etag(found.revision))


@router.delete("/{view_id}", operation_id="endView", status_code=204)
async def end(request: Request, who: Caller, view_id: str, match: Match = None) -> None:
    """End one's own view."""
    need(who, Scope.WRITE)
    needs, (name, revision) = service_of(request).needs, revision_of(view_id.replace("\0", ""), match)
    await service_of(request).quick.run(
        lambda: desk.end(views=needs.views, actor=who.actor, now=needs.clock(), view_id=name, revision=revision)
    )


def _words(body: ViewWanted) -> dict[str, Any]:
    return {"name": body.name, "shared": body.shared, "filters": body.filters.said(), "sort": body.sort,
            "columns": tuple(body.columns)}  # fmt: skip
