"""Sign in, see who one is, sign out."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from moms.desk.account import accept_invitation, change_password, end_sessions, own_sessions
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


class NewPassword(BaseModel):
    """The password that holds, and the one that is to."""

    model_config = ConfigDict(extra="forbid", strict=True)
    old: str = Field(max_length=LONGEST_PASSWORD)
    password: str = Field(max_length=LONGEST_PASSWORD)


class Invitation(BaseModel):
    """A code that an administrator gave, and the password that is to be."""

    model_config = ConfigDict(extra="forbid", strict=True)
    code: str = Field(min_length=1, max_length=200)
    password: str = Field(max_length=LONGEST_PASSWORD)


@router.put("/session/password", operation_id="changePassword")
async def change(request: Request, response: Response, who: Caller, body: NewPassword) -> dict[str, Any]:
    """Change one's password, with the old one; every other session and token ends, and a fresh session begins."""
    service = service_of(request)
    needs, secret, address = service.needs, service.needs.secret(), address_of(request)
    for name in (address, (address, who.actor.name)):
        service.sign_ins.take(name)

    def work() -> Who:
        return change_password(
            register=needs.register, hasher=needs.hasher, now=needs.clock(), who=who, old=body.old,
            password=body.password, secret=secret,
        )  # fmt: skip

    fresh = await service.quick.run(work)
    for name in (address, (address, who.actor.name)):
        service.sign_ins.give_back(name)
    return begun(service, response, fresh, secret=secret)


@router.put("/session/invitation", operation_id="acceptInvitation", status_code=204)
async def accept(request: Request, body: Invitation) -> None:
    """Set one's password with a code that an administrator gave, once; then sign in."""
    service, address = service_of(request), address_of(request)
    check_origin(request)
    service.sign_ins.take(address)
    needs = service.needs
    await service.quick.run(
        lambda: accept_invitation(
            register=needs.register, hasher=needs.hasher, now=needs.clock(), code=body.code, password=body.password
        )
    )
    service.sign_ins.give_back(address)


@router.get("/sessions", operation_id="listSessions")
async def sessions(request: Request, response: Response, who: Caller) -> dict[str, Any]:
    """Give one's own sessions that hold; `here` is the one that asks."""
    service = service_of(request)
    needs = service.needs
    response.headers["Cache-Control"] = "no-store"
    return {"items": await service.quick.run(lambda: own_sessions(register=needs.register, now=needs.clock(), who=who))}


@router.delete("/sessions/{session_id}", operation_id="endSession", status_code=204)
async def end_one(request: Request, who: Caller, session_id: str) -> None:
    """End one of one's own sessions, or with `others` all but the one that asks; by who has just signed in."""
    service = service_of(request)
    needs = service.needs
    who.prove(now=needs.clock(), within=timedelta(seconds=needs.limits.proof_s))
    await service.quick.run(
        lambda: end_sessions(register=needs.register, now=needs.clock(), who=who, which=session_id.replace("\0", ""))
    )


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
