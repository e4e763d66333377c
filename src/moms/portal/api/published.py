"""Look behind the answers: the rules and their numbers, the journal, whether it is whole, how well the desk does."""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from moms.desk.people import Scope
from moms.desk.ports import LineSearch, NotYours
from moms.portal.api.looks import answer
from moms.portal.errors import NotACursor
from moms.portal.guard import Caller, desk_of, need, service_of
from moms.values import Refused, Window, canonical, parse_instant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from moms.desk.origin import Origin
    from moms.desk.people import Who
    from moms.records.journal import Line

router = APIRouter(tags=["look"])
Word = Annotated[str | None, Query(max_length=200)]
A_PAGE, A_PIECE = 100, 500
FIRST, LAST = "1970-01-02T00:00Z", "2199-12-31T00:00Z"
COLUMNS = (
    "organisation", "sequence", "written_at", "at", "kind", "subject", "verb", "actor", "asked_by", "state", "status",
    "reason", "rule_book", "hash", "previous",
)  # fmt: skip


class NotASpan(Refused):
    """An end that is not after its start."""


@router.get("/rules", operation_id="rules")
async def rules(request: Request, who: Caller) -> Response:
    """Give the rule book in force: every number with its source, and what each rule asks."""
    need(who, Scope.READ)
    return answer(await service_of(request).quick.run(lambda: desk_of(request, who).rules()))


@router.get("/measures", operation_id="measures")
async def measures(request: Request, who: Caller) -> Response:
    """Give how well the desk does, from the journal: the operator sees all owners, an owner its own."""
    need(who, Scope.READ)
    found = await service_of(request).quick.run(lambda: desk_of(request, who).measures())
    return answer({"items": found})


@router.get("/journal", operation_id="journal")
async def journal(
    request: Request,
    who: Caller,
    owner: Word = None,
    subject: Annotated[
        str | None, Query(max_length=200, description="how it begins: an outage's id, or person:, register:")
    ] = None,
    verb: Annotated[str | None, Query(max_length=60, description="how it begins: decide finds decide:deny")] = None,
    actor: Annotated[str | None, Query(max_length=200, description="who did it, asked for it or wrote it")] = None,
    since: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    until: Annotated[str | None, Query(alias="to", max_length=40)] = None,
    text: Word = None,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int, Query(ge=1, le=A_PIECE)] = A_PAGE,
) -> Response:
    """Give the journal's lines that match, newest first; `next` is the cursor of the next page. The operator's.

    `from_where` says to auditors from where a line was asked; it is null to others, and for lines of before.
    """
    operators(who)
    wanted = _search(owner, subject, verb, actor, since, until, text)
    wanted = replace(wanted, before=None if cursor is None else _read(cursor), limit=limit + 1)

    def work() -> tuple[Sequence[Line], Mapping[tuple[str, int], Origin]]:
        desk = desk_of(request, who)
        lines = desk.lines(wanted)
        return lines, desk.origins(lines[:limit])

    found, origins = await service_of(request).quick.run(work)
    page, more = found[:limit], len(found) > limit
    items = [{**row(line), "from_where": origins.get((line.organisation, line.sequence))} for line in page]
    return answer({"items": items, "next": _write(page[-1]) if more else None})


@router.get("/journal/export", operation_id="exportJournal", response_class=StreamingResponse)
async def export(
    request: Request,
    who: Caller,
    owner: Word = None,
    subject: Word = None,
    verb: Word = None,
    actor: Word = None,
    since: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    until: Annotated[str | None, Query(alias="to", max_length=40)] = None,
    text: Word = None,
    form: Annotated[Literal["csv", "jsonl"], Query(alias="format")] = "csv",
) -> StreamingResponse:
    """Give all lines that match as a file: a table, or whole with their hashes, so that others can check the chain."""
    operators(who)
    wanted = replace(_search(owner, subject, verb, actor, since, until, text), limit=A_PIECE)
    media, head, write = FORMS[form]
    name = f'attachment; filename="journal.{form}"'
    return StreamingResponse(
        _pieces(request, who, wanted, head, write), media_type=media,
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )  # fmt: skip


@router.get("/journal/state", operation_id="journalState")
async def state(request: Request, who: Caller) -> Response:
    """Examine the whole record, as `moms verify` does, and give every fault with its place. The operator's."""
    operators(who)
    service = service_of(request)
    found = await service.study.run(service.needs.verify)
    return answer({"whole": found.whole, "verdict": found})


def operators(who: Who) -> None:
    """See that the caller is of the operator: the journal tells of all owners.

    Raises:
        NotYours: it is not.
    """
    need(who, Scope.READ)
    if not who.actor.sees_all:
        raise NotYours(
            "the journal is the operator's to search", field="organisation", fix="look at a request's history"
        )


def row(line: Line) -> dict[str, Any]:
    """Give a line as a row to read: who, what, to what, why; the hashes that bind it stand beside."""
    body = json.loads(line.body)
    after = body.get("after") or {}
    return {
        "organisation": line.organisation,
        "sequence": line.sequence,
        "kind": body["line"],
        "subject": line.outage_id,
        "revision": line.outage_revision,
        "verb": body.get("verb") or ("keep decision" if body["line"] == "decision" else "enter"),
        "at": body.get("at"),
        "actor": _name(body.get("actor") or body["written_by"]),
        "asked_by": _name(body.get("asked_by")),
        "reason": body.get("reason", ""),
        "rule_book": body.get("rule_book", ""),
        "state": after.get("state"),
        "status": after.get("status"),
        "decision": body.get("decision_id"),
        "written_at": body["written_at"],
        "hash": line.hash,
        "previous": line.previous,
    }


def _name(body: dict[str, str] | None) -> str | None:
    return None if body is None else f"{body['name']} ({body['role']}, {body['organisation']})"


def _search(*words: str | None) -> LineSearch:
    owner, subject, verb, actor, since, until, text = (w.replace("\0", "") if w else None for w in words)
    span = None
    if since or until:
        start, end = (
            parse_instant(_midnight(since or FIRST), field="from"),
            parse_instant(_midnight(until or LAST), field="to"),
        )
        if end <= start:
            raise NotASpan("the end is not after the start", field="to", fix="give a later end")
        span = Window(start=start, end=end)
    return LineSearch(organisation=owner, subject=subject, verb=verb, actor=actor, span=span, text=text)


def _midnight(text: str) -> str:
    """Read a bare day as its market midnight."""
    return f"{text}T00:00-05:00" if len(text) == len("2027-03-01") else text


def _place(line: Line) -> tuple[str, str, int]:
    return str(json.loads(line.body)["written_at"]), line.organisation, line.sequence


def _write(line: Line) -> str:
    return base64.urlsafe_b64encode(json.dumps(_place(line)).encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, str, int]:
    try:
        at, organisation, sequence = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if (
            isinstance(organisation, str)
            and "\0" not in organisation
            and type(sequence) is int
            and 0 < sequence < 2**62
        ):
            return _instant(at), organisation, sequence
    except (ValueError, TypeError, RecursionError):
        pass
    raise NotACursor("this is no cursor", field="cursor", fix="use `next` of the page before")


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.utcoffset() is None or abs(found.utcoffset() or timedelta()) > timedelta(hours=24):
        msg = "no instant"
        raise ValueError(msg)
    return found


def _csv(lines: Sequence[Line]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([_cell(row(line)[name]) for name in COLUMNS] for line in lines)
    return out.getvalue()


def _cell(value: object) -> object:
    """Keep a spreadsheet from running what somebody wrote as a reason."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _jsonl(lines: Sequence[Line]) -> str:
    return "".join(canonical(line).decode() + "\n" for line in lines)


FORMS: dict[str, tuple[str, str, Callable[[Sequence[Line]], str]]] = {
    "csv": ("text/csv; charset=utf-8", ",".join(COLUMNS) + "\r\n", _csv),
    "jsonl": ("application/x-ndjson", "", _jsonl),
}


async def _pieces(
    request: Request, who: Who, wanted: LineSearch, head: str, write: Callable[[Sequence[Line]], str]
) -> AsyncIterator[str]:
    yield head
    while not await request.is_disconnected():
        here = wanted
        found = await service_of(request).quick.run(lambda: desk_of(request, who).lines(here))  # noqa: B023 - run at once
        if found:
            yield write(found)
        if len(found) < wanted.limit:
            return
        last = _place(found[-1])
        wanted = replace(wanted, before=(_instant(last[0]), last[1], last[2]))
