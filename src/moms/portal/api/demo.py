"""The demo's own ways: become one of its people with one click, run its clock, begin again.

An installation that is no demo never includes them: `app.make_app` asks for them only where it is handed a demo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from moms.desk.people import Scope
from moms.portal.api.looks import answer
from moms.portal.api.session import begun
from moms.portal.guard import Caller, address_of, check_origin, need, service_of

if TYPE_CHECKING:
    from moms.portal.needs import Demo


class Become(BaseModel):
    """One of the demo's people, by name."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(max_length=64)


class Speed(BaseModel):
    """How fast the clock is to run, 0 to stop."""

    model_config = ConfigDict(extra="forbid")
    speed: float = Field(ge=0, le=3600, allow_inf_nan=False)


class Skip(BaseModel):
    """The instant of the event that comes next, as it was shown."""

    model_config = ConfigDict(extra="forbid")
    at: AwareDatetime


class Again(BaseModel):
    """The run that is to end, as it was shown."""

    model_config = ConfigDict(extra="forbid", strict=True)
    run: str = Field(max_length=64)


def routes(demo: Demo) -> APIRouter:
    """Give the routes of a demo."""
    router = APIRouter(tags=["demo"])

    @router.get("/demo", operation_id="demo")
    async def state(request: Request) -> Response:
        """Give the clock, what comes next, and who is there; it needs no sign-in, so that one may be chosen."""
        return answer(await service_of(request).quick.run(demo.state))

    @router.put("/demo/session", operation_id="demoBecome")
    async def become(request: Request, response: Response, body: Become) -> dict[str, Any]:
        """Begin a session as one of the demo's people; the session shown, if any, ends."""
        service = service_of(request)
        check_origin(request)
        service.strangers.take(address_of(request))
        needs, secret = service.needs, service.needs.secret()
        old = request.cookies.get(service.cookie)
        who = await service.quick.run(lambda: demo.sign_in(body.name, now=needs.clock(), secret=secret, old=old))
        return begun(service, response, who, secret=secret)

    @router.put("/demo/clock", operation_id="demoClock")
    async def clock(request: Request, who: Caller, body: Speed) -> Response:
        """Let the clock run at another speed, 0 to stop."""
        need(who, Scope.WRITE)
        return await _then(request, demo, lambda: demo.set_speed(body.speed))

    @router.put("/demo/next", operation_id="demoNext")
    async def skip(request: Request, who: Caller, body: Skip) -> Response:
        """Set the clock forward to the event that comes next, if it is still that one."""
        need(who, Scope.WRITE)
        return await _then(request, demo, lambda: demo.skip_to(body.at))

    @router.put("/demo/run", operation_id="demoReplay")
    async def again(request: Request, who: Caller, body: Again) -> Response:
        """Begin again in a fresh book: this one is kept in a backup, and the service is away for some seconds."""
        need(who, Scope.WRITE)
        return await _then(request, demo, lambda: demo.replay(body.run))

    return router


async def _then(request: Request, demo: Demo, deed: Any) -> Response:  # noqa: ANN401 - something to do
    def work() -> object:
        deed()
        return demo.state()

    return answer(await service_of(request).quick.run(work))
