"""Sign in with a provider: go there with the browser's secret, and come back with what it gave."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from moms.desk.identities import ProviderDown, Unbound, sign_in_vouched
from moms.desk.people import NotSignedIn
from moms.portal.api.session import begun, told
from moms.portal.errors import NoProvider, TooMany
from moms.portal.guard import Service, address_of, check_origin, service_of
from moms.portal.needs import Provider
from moms.portal.watch import name_caller

router = APIRouter(tags=["session"])
LASTS_S = 600
"""How long somebody may take with the provider."""


class Begin(BaseModel):
    """Whether the provider has to ask the person again, as before a decision."""

    model_config = ConfigDict(extra="forbid", strict=True)
    fresh: bool = False


class Back(BaseModel):
    """What the provider sent the browser back with."""

    model_config = ConfigDict(extra="forbid", strict=True)
    code: str = Field(min_length=1, max_length=2048)
    state: str = Field(min_length=1, max_length=128)
    iss: str | None = Field(default=None, max_length=255)


@router.post("/session/provider", operation_id="signInElsewhere")
async def begin(request: Request, response: Response, body: Begin) -> dict[str, Any]:
    """Give the address at the provider to go to; nothing is kept here of it but a cookie in the browser."""
    service, provider = _asked(request)
    service.strangers.take(address_of(request))
    secret = service.needs.secret()
    address = await service.outside.run(lambda: provider.begin(secret, fresh=body.fresh))
    response.set_cookie(
        _flow(service), secret, max_age=LASTS_S, path="/", httponly=True, samesite="strict",
        secure=service.needs.secure,
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return {"address": address}


@router.put("/session/provider", operation_id="signInFromElsewhere")
async def finish(request: Request, response: Response, body: Back) -> dict[str, Any]:
    """Begin a session as whom the provider vouches for; the session shown, if any, ends. A way is used once."""
    service, provider = _asked(request)
    address, flow = address_of(request), request.cookies.get(_flow(service), "")
    needs, secret, old = service.needs, service.needs.secret(), request.cookies.get(service.cookie)

    try:
        service.sign_ins.take(address)
    except TooMany:
        told(service, "too_many", address=address)
        raise

    def work() -> Any:  # noqa: ANN401 - a Who, which FastAPI need not know
        if not flow:
            raise NotSignedIn("this browser did not begin this sign-in, or too long ago", fix="begin it again")
        vouched = provider.finish(flow, code=body.code, state=body.state, issuer=body.iss)
        return sign_in_vouched(
            register=needs.register, now=needs.clock(), vouched=vouched, flow=flow, secret=secret, old=old
        )

    try:
        who = await service.outside.run(work)
    except (NotSignedIn, Unbound, ProviderDown) as why:
        told(service, "down" if isinstance(why, ProviderDown) else "refused", address=address)
        raise
    told(service, "ok", address=address)
    name_caller(request.scope, who)
    service.sign_ins.give_back(address)
    response.delete_cookie(_flow(service), path="/", secure=needs.secure, httponly=True, samesite="strict")
    return begun(service, response, who, secret=secret)


def _flow(service: Service) -> str:
    return f"{service.cookie}-flow"


def _asked(request: Request) -> tuple[Service, Provider]:
    """Give the provider that a browser on one of our own pages asks for.

    Raises:
        NoProvider: none is set up. ForgedOrigin: another site asks.
    """
    service = service_of(request)
    if service.needs.provider is None:
        raise NoProvider("there is no single sign-on here", fix="sign in with PUT /api/v1/session")
    check_origin(request)
    return service, service.needs.provider
