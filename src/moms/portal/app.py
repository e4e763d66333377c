"""The ASGI application, made from what wiring hands in."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response

from moms import __version__
from moms.portal import errors
from moms.portal.api import (
    bulk,
    changes,
    deeds,
    demo,
    events,
    field,
    files,
    known,
    looks,
    maps,
    notices,
    offers,
    passkeys,
    plannings,
    provider,
    published,
    room,
    session,
    studies,
    views,
)  # fmt: skip
from moms.portal.bounds import Wall
from moms.portal.callers import Callers
from moms.portal.described import PREFIX, describe
from moms.portal.errors import problem
from moms.portal.gauges import show_gauges
from moms.portal.going_on import finish_what_was_left, keep_leases
from moms.portal.guard import Service
from moms.portal.lanes import Lane
from moms.portal.pages import marked, read_pages, serve_pages
from moms.portal.pulse import Pulse
from moms.portal.rates import Buckets
from moms.portal.watch import Measures, Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from moms.portal.needs import Needs


def make_app(needs: Needs, *, measures: Measures | None = None) -> ASGIApp:
    """Give the whole service as one ASGI application, which counts what it does in `measures`."""
    limits = needs.limits
    a_minute = limits.sign_in_per_min
    quick = Lane("quick", threads=limits.quick, queue=256)
    service = Service(
        needs=needs,
        quick=quick,
        study=Lane("study", threads=limits.studies, queue=limits.queue, idle=needs.idle),
        ahead=Lane("ahead", threads=limits.previews, queue=limits.queue, idle=needs.idle),
        rates=Buckets(per_s=limits.per_s, burst=limits.burst),
        strangers=Buckets(per_s=5.0, burst=50.0),
        sign_ins=Buckets(per_s=a_minute / 60.0, burst=a_minute),
        pulse=Pulse(needs, quick),
        measures=measures or Measures(),
    )
    show_gauges(service)

    @contextlib.asynccontextmanager
    async def alive(_: FastAPI) -> AsyncIterator[None]:
        beside = [asyncio.create_task(work(service)) for work in (keep_leases, finish_what_was_left)]
        beside.append(asyncio.create_task(service.pulse.beat()))
        yield
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        service.quick.close()
        service.study.close()
        service.ahead.close()
        service.outside.close()

    app = FastAPI(title="MOMS", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=alive)
    app.state.service = service
    errors.use(app)
    looking, doing = (
        (looks, views, known, maps, published),
        (deeds, bulk, studies, offers, plannings, changes, field, room, files),
    )
    for module in (session, provider, passkeys, *looking, *doing, notices, events):
        app.include_router(module.router, prefix=PREFIX)
    if needs.demo is not None:
        app.include_router(demo.routes(needs.demo), prefix=PREFIX)
    _plain_routes(app, service)
    serve_pages(app, marked(read_pages(), marks_of(needs)))
    return Callers(Watch(Wall(app, needs=needs), measures=service.measures), proxy=needs.proxy, tls=needs.own_tls)


def marks_of(needs: Needs) -> dict[str, str]:
    """Give what the start page says of the installation, so that no page has to ask before there is a session."""
    found = {} if needs.demo is None else {"moms-demo": "yes"}
    return found if needs.provider is None else {**found, "moms-provider": needs.provider.name}


def _plain_routes(app: FastAPI, service: Service) -> None:
    """Add what needs no sign-in: alive, ready, and the description of the interface."""
    described: dict[str, object] = {}

    @app.get("/health", include_in_schema=False)
    async def health() -> Response:
        return PlainTextResponse("alive\n")

    @app.get("/ready", include_in_schema=False)
    async def ready() -> Response:
        try:
            await service.quick.run(service.needs.ready)
        except Exception:  # noqa: BLE001 - whatever it is, the answer is that it is not ready
            return problem(503, "the database does not answer", kind="NotReady", fix="try again shortly")
        return PlainTextResponse("ready\n")

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> dict[str, object]:
        if not described:
            described.update(describe(app, request_schema=service.needs.request_schema, cookie=service.cookie))
        return described
