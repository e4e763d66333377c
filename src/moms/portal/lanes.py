"""Two lanes of threads beside the event loop: quick looks, and studies that take seconds."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from moms.portal.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Lane:
    """So many threads, and so many callers that may wait for one."""

    def __init__(self, name: str, *, threads: int, queue: int, idle: Callable[[], object] | None = None) -> None:
        self.name = name
        self.room = threads + queue
        self.inside = 0
        self._idle = idle
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """Do it on a thread of this lane.

        Raises:
            Busy: too many wait already.
        """
        if self.inside >= self.room:
            raise Busy("too much is waiting already", fix="try again shortly")
        self.inside += 1
        # From where it is asked goes along to the thread.
        here = contextvars.copy_context()
        task = asyncio.get_running_loop().run_in_executor(self._pool, lambda: here.run(work))
        # Counted until the thread is free, not until the caller has gone.
        task.add_done_callback(lambda _: self._left())
        return await asyncio.shield(task)

    def _left(self) -> None:
        self.inside -= 1
        if not self.inside and self._idle is not None:
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                self._pool.submit(self._idle)

    def close(self) -> None:
        """Finish what runs and drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
