"""The one table: what was refused, as HTTP (RFC 9457)."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from moms.desk import (
    accept,
    account,
    attach,
    change_set,
    field,
    files,
    identities,
    merging,
    notices,
    offer,
    passkeys,
    people,
    planning,
    planning_book,
    ports,
    room,
    settle,
    shift,
    submit,
    views,
    what_if,
)
from moms.desk.answer import NotARequest
from moms.desk.change_document import finding_rows
from moms.desk.keys import LostClaim
from moms.outages import guards
from moms.outages.change import NotAChange
from moms.risk import NoPlaces
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

LOG = logging.getLogger("moms.portal")


class Busy(Refused):
    """More is waiting already than the service takes on."""


class TooMany(Refused):
    """More requests than this caller may make."""

    def __init__(self, says: str, *, wait_s: float) -> None:
        super().__init__(says, fix=f"wait {wait_s:.0f} s")
        self.wait_s = wait_s


class ForgedOrigin(Refused):
    """A change by cookie without proof that this site's own page asked for it."""


class OutOfScope(Refused):
    """A token that does not reach that far."""


class RevisionMissing(Refused):
    """A change that does not say which revision it was made for."""


class KeyMissing(Refused):
    """A POST without an Idempotency-Key, or with one that cannot be."""


class KeyReused(Refused):
    """The same key with another request."""


class StillAtWork(Refused):
    """The same request is being answered now."""


class NotACursor(Refused):
    """A cursor that this service did not give."""


class FileTooBig(Refused):
    """A file with more bytes than one may have."""


class TooSlow(Refused):
    """A file that took too long to arrive."""


class NoProvider(Refused):
    """Single sign-on where none is set up."""


class NoSuchDemoPerson(Refused):
    """Nobody of that name is on the demo's list."""


class NotReplayable(Refused):
    """A demo that does not begin again, or another run of it than the one that is meant."""


STATUS: dict[type[Refused], int] = {
    people.NotSignedIn: 401,
    guards.NotYours: 403,
    guards.NotYourRole: 403,
    guards.OwnRequest: 403,
    guards.NotAuthorised: 403,
    ports.NotYours: 403,
    ForgedOrigin: 403,
    OutOfScope: 403,
    people.ProofTooOld: 403,
    passkeys.PasskeyNeeded: 403,
    passkeys.NoSuchPasskey: 404,
    account.NoSuchSession: 404,
    passkeys.TooManyPasskeys: 409,
    identities.Unbound: 403,
    NoProvider: 404,
    ports.NoSuchOutage: 404,
    ports.NoSuchDecision: 404,
    notices.NoSuchNotice: 404,
    notices.NoSuchSubscription: 404,
    notices.NotDead: 409,
    views.NoSuchView: 404,
    views.NameTaken: 409,
    views.ViewChanged: 412,
    attach.NoSuchStudy: 404,
    attach.FoundOtherwise: 409,
    what_if.NothingDecided: 409,
    planning.NoSuchPlanning: 404,
    planning.NoPlanYet: 409,
    planning.PlanningUnderWay: 409,
    planning.PlanningEnded: 409,
    planning_book.PlanIsOld: 409,
    accept.NotSecure: 409,
    accept.BookedAlready: 409,
    accept.NoSuchPlan: 409,
    offer.NoSuchOffer: 404,
    offer.NotOpen: 409,
    change_set.NoSuchChangeSet: 404,
    change_set.NotADraft: 409,
    merging.Clashes: 409,
    merging.OwnDraft: 403,
    field.NotACrew: 403,
    field.NotALooker: 403,
    field.NoSuchEntry: 404,
    room.NotOfTheRoom: 403,
    room.NothingAbnormal: 409,
    shift.NoSuchHandOver: 404,
    shift.OwnHandOver: 403,
    shift.HandedOverAnew: 409,
    files.NoSuchFile: 404,
    files.NotLookedAt: 409,
    files.TooManyFiles: 409,
    files.Infected: 410,
    files.NoScanner: 503,
    files.ScannerDown: 503,
    FileTooBig: 413,
    TooSlow: 408,
    ports.BookMoved: 409,
    ports.DatabaseAway: 503,
    ports.DatabaseFull: 507,
    ports.EquipmentTaken: 409,
    ports.ForbiddenMove: 409,
    submit.AlreadyFiled: 409,
    settle.NotWaiting: 409,
    guards.NotAllowedNow: 409,
    guards.NothingWaits: 409,
    guards.StillBlocked: 409,
    guards.TooEarly: 409,
    guards.TooLate: 409,
    StillAtWork: 409,
    NotReplayable: 409,
    LostClaim: 409,
    ports.StaleRevision: 412,
    NotAChange: 422,
    KeyReused: 422,
    KeyMissing: 400,
    NoPlaces: 404,
    NoSuchDemoPerson: 404,
    NotACursor: 400,
    RevisionMissing: 428,
    TooMany: 429,
    Busy: 503,
    identities.ProviderDown: 503,
}
"""Nearest class first; any other refusal is 422: the request was understood and cannot be done as asked."""
PROBLEM = "application/problem+json"


def status_of(refusal: Refused) -> int:
    """Give the HTTP status of a refusal."""
    return next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), 422)


def problem(
    status: int, says: str, *, kind: str, field: str | None = None, fix: str | None = None, **more: object
) -> Response:
    """Write a refusal as problem+json."""
    body = {"type": f"urn:moms:{kind}", "title": says, "status": status, "field": field, "fix": fix, **more}
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(json.dumps(body, ensure_ascii=False), status, headers, PROBLEM)


def of_refusal(refusal: Refused) -> Response:
    """Write a refusal of the desk."""
    findings = refusal.findings if isinstance(refusal, (merging.Clashes, NotARequest)) else None
    more = {} if findings is None else {"findings": finding_rows(findings)}
    answer = problem(
        status_of(refusal), refusal.says, kind=type(refusal).__name__, field=refusal.field, fix=refusal.fix, **more
    )
    wait_s = (
        refusal.wait_s
        if isinstance(refusal, TooMany)
        else 1.0
        if isinstance(refusal, (StillAtWork, LostClaim))
        else 5.0
    )
    if isinstance(refusal, (TooMany, Busy, StillAtWork, LostClaim, identities.ProviderDown, ports.DatabaseAway)):
        answer.headers["Retry-After"] = f"{max(1, round(wait_s))}"
    return answer


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refused)  # noqa: S101 - registered for it alone
    return of_refusal(refusal)


async def _malformed(_: Request, why: Exception) -> Response:
    assert isinstance(why, RequestValidationError)  # noqa: S101 - as above
    found = [(".".join(str(part) for part in e["loc"][1:]) or str(e["loc"][0]), str(e["msg"])) for e in why.errors()]
    field, says = found[0]
    more = [{"field": f, "says": s} for f, s in found]
    return problem(422, says, kind="Malformed", field=field, fix="see /openapi.json", findings=more)


async def _plain(_: Request, why: Exception) -> Response:
    assert isinstance(why, HTTPException)  # noqa: S101 - as above
    answer = problem(why.status_code, str(why.detail), kind="Http", fix="see /openapi.json")
    _copy(why.headers, answer)
    return answer


def _copy(headers: Mapping[str, str] | None, answer: Response) -> None:
    for name, value in (headers or {}).items():
        answer.headers[name] = value


def broken(bug: Exception) -> Response:
    """Say that it is broken and nothing else; the log has the trace."""
    LOG.error("broken", exc_info=bug)
    return problem(500, "something that should work does not", kind="Broken", fix="try again, then tell the operator")


def use(app: FastAPI) -> None:
    """Let the table answer for every refusal."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _plain)
