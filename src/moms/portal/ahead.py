"""A preview that tells how far it is: which check is at work, what each found, and at last the answer.

It has a lane of its own and gives way there: while anybody waits for a study that is to be written, it stands still.
It lives as long as somebody listens: who goes away, as a page does when its request is changed, stops its study.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from fastapi.responses import StreamingResponse

from moms.desk.people import Scope
from moms.desk.progress import Progress
from moms.portal.errors import Busy, broken, of_refusal
from moms.portal.guard import need, service_of
from moms.portal.once import Written, done
from moms.values import Refused, canonical, plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fastapi import Request

    from moms.desk.answer import Answer
    from moms.desk.people import Who
    from moms.desk.progress import Tell
    from moms.portal.guard import Service
    from moms.portal.needs import Desk

STREAM = "text/event-stream"
EACH_S = 0.25
"""So often at most one part tells how far it is; that it is over it always tells."""
AGAIN_S = 0.05
"""So often it looks whether it may go on."""
BEAT_S = 15.0
WAITS = "waits"


class _Left(Exception):  # noqa: N818 - a fact
    """Nobody listens any more."""


def wants_to_hear(request: Request) -> bool:
    """Tell whether who asks wants to hear how far it is."""
    kinds = request.headers.get("Accept", "").split(",")
    return STREAM in {kind.split(";")[0].strip().lower() for kind in kinds}


async def told_while_made(request: Request, who: Who, deed: Callable[[Desk, Tell], Answer]) -> StreamingResponse:
    """Answer a preview as a stream: `progress` events, then one `answer` or `refused`.

    Raises:
        Busy: this person has so many under way already.
    """
    need(who, Scope.READ)
    service = service_of(request)
    most = service.needs.limits.previews_each
    if service.previews[who.actor.name] >= most:
        raise Busy(f"{most} previews of yours are under way already", fix="wait for one, or let one go")
    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(_events(request, service, who, deed), media_type=STREAM, headers=headers)


class _Telling:
    """What a study tells from its thread to the stream on the loop; raises in the study when nobody listens."""

    def __init__(self, service: Service) -> None:
        self.gone = threading.Event()
        self.queue: asyncio.Queue[Progress | None] = asyncio.Queue()
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._last = ("", 0.0)

    def __call__(self, progress: Progress) -> None:
        self.give_way()
        part, at = self._last
        now = time.monotonic()
        if progress.over or progress.part != part or now - at >= EACH_S:
            self._last = (progress.part, now)
            self.put(progress)

    def give_way(self) -> None:
        """Stand still while others wait for a study.

        Raises:
            _Left: nobody listens any more.
        """
        said = False
        while not self.gone.is_set() and self._service.study.inside:
            if not said:
                self.put(Progress(part=WAITS, says="others wait for decisions that are written; they go first"))
                said = True
            self.gone.wait(AGAIN_S)
        if self.gone.is_set():
            raise _Left
        if said:
            self.put(Progress(part=WAITS, over=True))

    def put(self, progress: Progress | None) -> None:
        """Hand it to the loop."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server stops
            self._loop.call_soon_threadsafe(self.queue.put_nowait, progress)


async def _events(
    request: Request, service: Service, who: Who, deed: Callable[[Desk, Tell], Answer]
) -> AsyncIterator[bytes]:
    telling = _Telling(service)

    def work() -> Written | None:
        try:
            telling.give_way()
            desk = service.needs.desk(who.actor)
            return done(lambda: deed(desk, telling), actor=who.actor, desk=desk, preview=True, count=lambda _: None)
        except _Left:
            return None

    waits = service.ahead.inside >= service.needs.limits.previews
    service.previews[who.actor.name] += 1
    study = asyncio.create_task(service.ahead.run(work))
    left = asyncio.create_task(_left(request))
    for task in (study, left):
        task.add_done_callback(lambda _: telling.queue.put_nowait(None))
    try:
        if waits:
            yield _written(
                "progress", plain(Progress(part=WAITS, says="other previews are under way; it is its turn next"))
            )
        async for said in _said(telling):
            yield said
        if study.done():
            yield _answer(study)
    finally:
        telling.gone.set()
        left.cancel()
        service.previews[who.actor.name] -= 1
        service.previews += Counter()  # drops those that have none


async def _said(telling: _Telling) -> AsyncIterator[bytes]:
    """Give what is told, until there is nothing more."""
    while True:
        try:
            progress = await asyncio.wait_for(telling.queue.get(), BEAT_S)
        except TimeoutError:
            yield b": still here\n\n"
            continue
        if progress is None:
            return
        yield _written("progress", plain(progress))


async def _left(request: Request) -> None:
    """Wait until who asked has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answer(study: asyncio.Task[Written | None]) -> bytes:
    why = study.exception()
    if isinstance(why, Refused):
        return b"event: refused\ndata: " + bytes(of_refusal(why).body) + b"\n\n"
    if why is not None:
        return b"event: refused\ndata: " + bytes(broken(why).body) + b"\n\n"  # type: ignore[arg-type]  # no exit
    found = study.result()
    if found is None:
        return b""
    event = "answer" if found.kind == "application/json" else "refused"
    return f"event: {event}\ndata: {found.body}\n\n".encode()


def _written(event: str, document: object) -> bytes:
    return b"event: " + event.encode() + b"\ndata: " + canonical(document) + b"\n\n"
