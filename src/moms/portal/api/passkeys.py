"""Passkeys: sign in by one, see, add and remove one's own."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from moms.desk import passkeys as desk
from moms.desk.people import NotSignedIn
from moms.portal.api.deeds import Closed
from moms.portal.api.looks import answer
from moms.portal.api.session import begun, told
from moms.portal.errors import TooMany
from moms.portal.guard import Caller, address_of, check_origin, service_of
from moms.portal.passkeys import SIGN_IN, Place, added, purpose_of, signed, to_add, to_sign_in
from moms.portal.watch import name_caller

if TYPE_CHECKING:
    from moms.desk.people import Who
    from moms.portal.guard import Service

router = APIRouter(tags=["session"])
Coded = Annotated[str, Field(min_length=1, max_length=16_384, pattern=r"^[A-Za-z0-9_-]+={0,2}$")]
Id = Annotated[str, Field(min_length=1, max_length=1_400, pattern=r"^[A-Za-z0-9_-]+={0,2}$")]


class Signature(Closed):
    """What an authenticator answers to who signs in."""

    clientDataJSON: Coded  # noqa: N815 - WebAuthn's names
    authenticatorData: Coded  # noqa: N815
    signature: Coded
    userHandle: Coded | None = None  # noqa: N815


class Attestation(Closed):
    """What an authenticator answers to who adds a passkey."""

    clientDataJSON: Coded  # noqa: N815
    attestationObject: Coded  # noqa: N815


class Shown(Closed):
    """A passkey that somebody shows."""

    id: Id
    rawId: Id  # noqa: N815
    type: Annotated[str, Field(pattern=r"^public-key$")] = "public-key"
    response: Signature


class New(Closed):
    """A passkey that was just made."""

    id: Id
    rawId: Id  # noqa: N815
    type: Annotated[str, Field(pattern=r"^public-key$")] = "public-key"
    response: Attestation


class ByPasskey(Closed):
    """The passkey by which somebody signs in."""

    credential: Shown


class Add(Closed):
    """A passkey to add, and what its person calls it."""

    credential: New
    label: Annotated[str, Field(min_length=1, max_length=desk.LONGEST_LABEL)]


@router.post("/session/passkey", operation_id="askForPasskey")
async def ask(request: Request, response: Response) -> dict[str, Any]:
    """Give what a browser hands to `navigator.credentials.get`; nothing of it is kept here."""
    service = service_of(request)
    check_origin(request)
    service.strangers.take(address_of(request))
    response.headers["Cache-Control"] = "no-store"
    return to_sign_in(_challenge(service, SIGN_IN), place=place_of(request))


@router.put("/session/passkey", operation_id="signInByPasskey")
async def begin(request: Request, response: Response, body: ByPasskey) -> dict[str, Any]:
    """Begin a session by what a passkey signed; the session shown, if any, ends. What was signed is used once."""
    service, address = service_of(request), address_of(request)
    check_origin(request)
    try:
        service.sign_ins.take(address)
    except TooMany:
        told(service, "too_many", address=address)
        raise
    needs, secret, old = service.needs, service.needs.secret(), request.cookies.get(service.cookie)
    place, credential = place_of(request), body.credential.model_dump(exclude_none=True)

    def work() -> Who:
        passkey, person = desk.public_key_of(register=needs.register, passkey_id=body.credential.id.rstrip("="))
        found = signed(
            credential, challenges=needs.challenges, place=place, passkey=passkey, person=person, now_s=time.time()
        )
        return desk.sign_in_by_passkey(register=needs.register, now=needs.clock(), signed=found, secret=secret, old=old)

    try:
        who = await service.quick.run(work)
    except NotSignedIn:
        told(service, "refused", address=address)
        raise
    told(service, "ok", address=address)
    name_caller(request.scope, who)
    service.sign_ins.give_back(address)
    return begun(service, response, who, secret=secret)


@router.get("/passkeys", operation_id="listPasskeys")
async def listed(request: Request, who: Caller) -> Response:
    """Give one's own passkeys, oldest first."""
    service = service_of(request)
    _, found = await service.quick.run(lambda: desk.own(register=service.needs.register, who=who))
    return answer({"items": [desk.passkey_document(one) for one in found], "by_passkey": desk.by_passkey(who)})


@router.post("/passkeys/challenge", operation_id="askForNewPasskey")
async def ask_new(request: Request, who: Caller) -> Response:
    """Give what a browser hands to `navigator.credentials.create`; nothing of it is kept here."""
    service, place = service_of(request), place_of(request)

    def work() -> dict[str, object]:
        _check(service, who)
        person, there = desk.own(register=service.needs.register, who=who)
        challenge = _challenge(service, purpose_of(who.credential.hash))
        return to_add(challenge, place=place, person=person, there=there)

    return answer(await service.quick.run(work))


@router.put("/passkeys", operation_id="addPasskey")
async def add(request: Request, who: Caller, body: Add) -> Response:
    """Add a passkey of one's own, in a session that has just begun; by one of them where there is one already."""
    service, place, credential = service_of(request), place_of(request), body.credential.model_dump()

    def work() -> dict[str, object]:
        _check(service, who)
        made = added(
            credential, challenges=service.needs.challenges, purpose=purpose_of(who.credential.hash), place=place,
            now_s=time.time(),
        )  # fmt: skip
        found = desk.add(
            register=service.needs.register, who=who, now=service.needs.clock(), made=made, label=body.label
        )
        return desk.passkey_document(found)

    return answer(await service.quick.run(work))


@router.delete("/passkeys/{passkey_id}", operation_id="removePasskey", status_code=204)
async def remove(request: Request, who: Caller, passkey_id: str) -> None:
    """Remove a passkey of one's own; sessions that it began end, but the one that asks."""
    service = service_of(request)

    def work() -> None:
        _check(service, who)
        desk.remove(
            register=service.needs.register, who=who, now=service.needs.clock(), passkey_id=passkey_id.replace("\0", "")
        )

    await service.quick.run(work)


def place_of(request: Request) -> Place:
    """Give where the browser is: under one of our own names, as the wall has seen."""
    host = request.headers["host"]
    name = host[: host.index("]") + 1] if host.startswith("[") else host.partition(":")[0]
    return Place(host=name.lower(), origin=f"{'https' if service_of(request).needs.secure else 'http'}://{host}")


def _challenge(service: Service, purpose: str) -> bytes:
    return service.needs.challenges.make(purpose, nonce=service.needs.secret().encode(), now_s=time.time())


def _check(service: Service, who: Who) -> None:
    needs = service.needs
    within = timedelta(seconds=needs.limits.proof_s)
    desk.check_may_change(register=needs.register, who=who, now=needs.clock(), within=within)
