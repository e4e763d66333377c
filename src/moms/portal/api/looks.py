"""Look: outages, all of some months at once, the calendar of some equipment, the margin."""

from __future__ import annotations

import base64
import gzip
import re
from datetime import timedelta
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query, Request, Response

from moms.desk.people import Scope
from moms.desk.ports import NotYours
from moms.portal.errors import NotACursor
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.portal.once import etag
from moms.portal.redact import shown
from moms.values import Refused, Window, canonical, parse_instant

router = APIRouter(tags=["look"])
LONGEST_DAYS = 400
LIGHTLY = 1
"""Of gzip: half as small as one can, in a fifth of the time; somebody waits."""
PRIVATE = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
PACKED = {"Content-Encoding": "gzip"}
Words = Annotated[list[str], Query(max_length=50)]
Word = Annotated[str | None, Query(max_length=200)]


class TooManyDays(Refused):
    """More days than one answer shows."""


@router.get("/outages", operation_id="listOutages")
async def outages(
    request: Request,
    who: Caller,
    since: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    until: Annotated[str | None, Query(alias="to", max_length=40)] = None,
    asset: Words = [],  # noqa: B006 - FastAPI copies it
    name: Annotated[list[str], Query(alias="id", max_length=200)] = [],  # noqa: B006 - as above
    owner: Word = None,
    state: Words = [],  # noqa: B006 - as above
    status: Words = [],  # noqa: B006 - as above
    text: Word = None,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    *,
    pending: bool = False,
) -> Response:
    """List the outages that match, by id; `next` is the cursor of the next page, null on the last."""
    need(who, Scope.READ)
    since_id = after(cursor)

    def work() -> tuple[list[dict[str, object]], object]:
        desk = desk_of(request, who)
        rows = desk.list(
            ids=_all(name), since=since, until=until, assets=_all(asset), owner=_clean(owner), states=_all(state),
            statuses=_all(status), pending=pending, text=_clean(text), after=since_id, limit=limit + 1,
        )  # fmt: skip
        return rows, shown(rows[:limit], actor=who.actor, desk=desk)

    rows, items = await service_of(request).quick.run(work)
    page, more = rows[:limit], len(rows) > limit
    return answer({"items": items, "next": cursor_of(str(page[-1]["id"])) if more else None})


@router.get("/outages/{outage_id}", operation_id="getOutage")
async def outage(request: Request, who: Caller, outage_id: str) -> Response:
    """Give one outage whole: document, decision record, history. The ETag is its revision."""
    need(who, Scope.READ)

    def work() -> tuple[str, object]:
        desk = desk_of(request, who)
        whole = desk.show(_clean(outage_id) or "")
        return etag(whole["outage"]["revision"]), shown(whole, actor=who.actor, desk=desk)  # type: ignore[index]  # a document

    tag, whole = await service_of(request).quick.run(work)
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return answer(whole, ETag=tag)


@router.get("/outages/{outage_id}/one-line", operation_id="oneLine")
async def one_line(request: Request, who: Caller, outage_id: str) -> Response:
    """Give the picture of what binds a decision: `columns` are buses, `rows` elements between them; else null."""
    need(who, Scope.READ)

    def work() -> object:
        desk = desk_of(request, who)
        return shown({"picture": desk.one_line(_clean(outage_id) or "")}, actor=who.actor, desk=desk)

    return answer(await service_of(request).quick.run(work))


@router.get("/outages/{outage_id}/record.pdf", operation_id="recordPdf", response_class=Response)
async def record_pdf(request: Request, who: Caller, outage_id: str) -> Response:
    """Give the outage with its decision record as a PDF, as this caller may see it: the same record, the same bytes."""
    need(who, Scope.READ)
    service = service_of(request)

    def work() -> tuple[str, bytes]:
        desk = desk_of(request, who)
        whole = cast("dict[str, Any]", shown(desk.show(_clean(outage_id) or ""), actor=who.actor, desk=desk))
        return str(whole["outage"]["id"]), desk.paper(whole, catalogue=service.needs.catalogue)

    name, body = await service.quick.run(work)
    named = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return Response(body, 200, named, "application/pdf")


@router.get("/outages/{outage_id}/replay", operation_id="replay")
async def replay(request: Request, who: Caller, outage_id: str) -> Response:
    """Compute a decision again from what it rested on, for the operator's people; nothing is written."""
    need(who, Scope.READ)
    name = _clean(outage_id) or ""
    return answer(await service_of(request).study.run(lambda: desk_of(request, who).replay(name)))


@router.get("/timeline", operation_id="timeline")
async def timeline(
    request: Request,
    who: Caller,
    first: Annotated[str, Query(alias="from", max_length=40)],
    last: Annotated[str, Query(alias="to", max_length=40)],
) -> Response:
    """Give every outage that one may see of some months, in few words each, and what its equipment is called.

    By start, 50,000 at most: `cut` says whether there are more. Packed where the caller takes it.
    """
    need(who, Scope.READ)
    service = service_of(request)

    def work() -> Response:
        desk = desk_of(request, who)
        found = desk.timeline(first=_clean(first) or "", last=_clean(last) or "", catalogue=service.needs.catalogue)
        return packed(request, shown(found, actor=who.actor, desk=desk))

    return await service.quick.run(work)


@router.get("/windows", operation_id="windows")
async def windows(
    request: Request,
    who: Caller,
    asset: Annotated[list[str], Query(min_length=1, max_length=20)],
    first: Annotated[str, Query(alias="from", max_length=40)],
    last: Annotated[str, Query(alias="to", max_length=40)],
    days: Annotated[int, Query(ge=1, le=60)] = 1,
) -> Response:
    """Give which start days are free for some equipment, and why the others are not."""
    need(who, Scope.READ)
    found = await service_of(request).study.run(
        lambda: desk_of(request, who).calendar(assets=_all(asset), days=days, first=first, last=last)
    )
    return answer(found)


@router.get("/quick", operation_id="quickAnswer")
async def quick(
    request: Request,
    who: Caller,
    asset: Annotated[list[str], Query(min_length=1, max_length=20)],
    start: Annotated[str, Query(max_length=40)],
    end: Annotated[str, Query(max_length=40)],
    kind: Word = None,
    nature: Word = None,
    recall_h: float | None = None,
    emergency_return_h: float | None = None,
    earliest_start: Annotated[str | None, Query(max_length=40)] = None,
    latest_end: Annotated[str | None, Query(max_length=40)] = None,
    *,
    starts: Annotated[bool, Query(description="look for other starts too")] = False,
) -> Response:
    """Say what is known at once of a request that is being typed: entry rules, lead time, days computed ahead.

    Nothing is studied and nothing written; it takes the place of no preview.
    """
    need(who, Scope.READ)
    words = {
        "assets": list(_all(asset)), "window": {"start": start, "end": end}, "kind": kind, "nature": nature,
        "recall_h": recall_h, "emergency_return_h": emergency_return_h, "earliest_start": earliest_start,
        "latest_end": latest_end,
    }  # fmt: skip

    def work() -> object:
        desk = desk_of(request, who)
        return shown(desk.quick(words, starts=starts), actor=who.actor, desk=desk)

    return answer(await service_of(request).quick.run(work))


@router.get("/calendar", operation_id="calendar")
async def calendar(
    request: Request,
    who: Caller,
    asset: Annotated[list[str], Query(min_length=1, max_length=20)],
    first: Annotated[str, Query(alias="from", max_length=40)],
    last: Annotated[str, Query(alias="to", max_length=40)],
) -> Response:
    """Give the days of some branches that were computed ahead and still hold; the others are left out.

    A day is a one-day outage: several days in a row are asked with `/windows`.
    """
    need(who, Scope.READ)
    begin, end = parse_instant(f"{first}T00:00-05:00", field="from"), parse_instant(f"{last}T00:00-05:00", field="to")
    if (end - begin).days >= LONGEST_DAYS:
        raise TooManyDays(f"{(end - begin).days + 1} days", field="to", fix=f"ask for at most {LONGEST_DAYS}")
    found = await service_of(request).quick.run(
        lambda: desk_of(request, who).kept_calendar(assets=_all(asset), first=first, last=last)
    )
    return answer(found)


@router.get("/margin", operation_id="margin")
async def margin(
    request: Request,
    who: Caller,
    start: Annotated[str, Query(alias="from", max_length=40)],
    days: int = 7,
) -> Response:
    """Give what the book leaves of capacity by market day; the operator's, since it shows what others take out."""
    need(who, Scope.READ)
    if not who.actor.sees_all:
        raise NotYours("the margin by day is the operator's to see", field="organisation", fix="ask for windows")
    if not 0 < days <= LONGEST_DAYS:
        raise TooManyDays(f"{days} days", field="days", fix=f"give 1 to {LONGEST_DAYS}")
    first = parse_instant(start, field="from")
    window = Window(start=first, end=first + timedelta(days=days))
    return answer(await service_of(request).study.run(lambda: desk_of(request, who).margin(window)))


@router.get("/margin/posted", operation_id="postedMargin")
async def posted_margin(request: Request, who: Caller) -> Response:
    """Give the maintenance margin as it was posted last, 24 months by place and day, and how old it is.

    The operator's, as `/margin`; `posted` is null where no night has posted one.
    """
    need(who, Scope.READ)
    if not who.actor.sees_all:
        raise NotYours("the margin by day is the operator's to see", field="organisation", fix="ask for windows")
    found = await service_of(request).quick.run(lambda: desk_of(request, who).posted_margin())
    return packed(request, {"posted": found})


def answer(value: object, **headers: str) -> Response:
    """Write a value as canonical JSON."""
    return Response(canonical(value), 200, {"Cache-Control": "no-store", **headers}, "application/json")


def packed(request: Request, value: object) -> Response:
    """Write a value as canonical JSON, packed where the caller takes it."""
    found = answer(value, Vary="Accept-Encoding")
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return found
    return Response(gzip.compress(bytes(found.body), LIGHTLY, mtime=0), 200, {**PRIVATE, **PACKED}, "application/json")


def _clean(text: str | None) -> str | None:
    """Drop what no text in the database can hold."""
    return None if text is None else text.replace("\0", "")


def _all(texts: list[str]) -> tuple[str, ...]:
    return tuple(text.replace("\0", "") for text in texts)


def cursor_of(last: str) -> str:
    """Write where a page ended."""
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def after(cursor: str | None) -> str | None:
    """Read where the page before ended.

    Raises:
        NotACursor: this service did not give it.
    """
    if cursor is None:
        return None
    try:
        if re.fullmatch(r"[A-Za-z0-9_-]+", cursor):
            found = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
            if "\0" not in found:
                return found
    except ValueError:
        pass
    raise NotACursor("this is no cursor", field="cursor", fix="use `next` of the page before")
