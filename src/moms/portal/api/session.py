"""Sign in, see who one is, sign out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from moms.desk.people import ABSOLUTE, LONGEST_PASSWORD, NotSignedIn, sign_in, sign_out
from moms.portal.errors import TooMany
from moms.portal.guard import Caller, address_of, check_origin, csrf_of, service_of
from moms.portal.watch import name_caller

if TYPE_CHECKING:
    from moms.desk.people import Who
    from moms.portal.guard import Service

SECURITY = logging.getLogger("moms.security")
router = APIRouter(tags=["session"])


class SignIn(BaseModel):
    """A name and its password."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(max_length=64)
    password: str = Field(max_length=LONGEST_PASSWORD)


@router.put("/session", operation_id="signIn")
async def begin(request: Request, response: Response, body: SignIn) -> dict[str, Any]:
    """Begin a session under a fresh cookie; the session shown, if any, ends."""
    service = service_of(request)
    check_origin(request)
    address = address_of(request)
    try:
        for name in (address, (address, body.name)):
            service.sign_ins.take(name)
    except TooMany:
        told(service, "too_many", address=address)
        raise
    needs, secret = service.needs, service.needs.secret()
    old = request.cookies.get(service.cookie)
    try:
        who = await service.quick.run(
            lambda: sign_in(
                register=needs.register, hasher=needs.hasher, now=needs.clock(), name=body.name,
                password=body.password, secret=secret, old=old,
            )
        )  # fmt: skip
    except NotSignedIn:
        told(service, "refused", address=address)
        raise
    told(service, "ok", address=address)
    name_caller(request.scope, who)
    for name in (address, (address, body.name)):
        service.sign_ins.give_back(name)
    return begun(service, response, who, secret=secret)


def begun(service: Service, response: Response, who: Who, *, secret: str) -> dict[str, Any]:
    """Give the cookie of a session that has begun, and who it is."""
    response.set_cookie(
        service.cookie, secret, max_age=int(ABSOLUTE.total_seconds()), path="/", httponly=True, samesite="strict",
        secure=service.needs.secure,
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return _told(who.actor, csrf=csrf_of(secret))


def told(service: Service, outcome: str, *, address: str) -> None:
    """Count an attempt to sign in, and log it; never the name that was tried, which may be a password."""
    service.measures.signed_in(outcome)
    SECURITY.info("sign-in", extra={"facts": {"outcome": outcome, "address": address}})


@router.get("/session", operation_id="whoAmI")
async def look(request: Request, response: Response, who: Caller) -> dict[str, Any]:
    """Give who one is, and what changes by cookie have to carry."""
    secret = request.cookies.get(service_of(request).cookie, "")
    response.headers["Cache-Control"] = "no-store"
    return _told(who.actor, csrf=csrf_of(secret) if who.credential.kind == "session" else None)


@router.delete("/session", operation_id="signOut", status_code=204)
async def end(request: Request, response: Response, who: Caller) -> None:
    """End the session."""
    service = service_of(request)
    if who.credential.kind != "session":
        raise NotSignedIn(f"a {who.credential.kind} is no session", fix="revoke it: moms token, moms people")
    needs = service.needs
    await service.quick.run(lambda: sign_out(register=needs.register, now=needs.clock(), who=who))
    response.delete_cookie(service.cookie, path="/", secure=needs.secure, httponly=True, samesite="strict")


def _told(actor: Any, *, csrf: str | None) -> dict[str, Any]:  # noqa: ANN401 - an Actor, as JSON's kinds
    return {"name": actor.name, "organisation": actor.organisation, "role": actor.role.value, "csrf": csrf}
