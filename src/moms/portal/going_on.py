"""Beside the requests: keep the leases of deeds under way, and finish what another process left half done."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from moms.portal.errors import Busy
from moms.portal.once import answered, lease_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from moms.portal.guard import Service

LOG = logging.getLogger("moms.portal")


async def keep_leases(service: Service) -> None:
    """Renew the leases of what is under way here, four times in each; for ever."""
    # On a thread of its own: neither looks nor studies may keep it waiting.
    await _ever(service, lambda: asyncio.to_thread(_renew, service), share=4.0)


async def finish_what_was_left(service: Service) -> None:
    """Take over one deed after another that was begun and whose process went silent; for ever."""
    await _ever(service, lambda: service.study.run(lambda: _finish(service)), share=2.0)


def _renew(service: Service) -> None:
    service.needs.keys.renew(tuple(service.claims.values()), lease=lease_of(service))


def _finish(service: Service) -> None:
    """Finish one; what fails is tried again when its lease has lapsed once more, and at last put aside."""
    claim = service.needs.keys.stranded(lease=lease_of(service))
    if claim is not None:
        answered(service, claim, None)
        LOG.warning("finished what was left half done under a key of %s", claim.principal)


async def _ever(service: Service, work: Callable[[], Awaitable[None]], *, share: float) -> None:
    while True:
        try:
            await work()
        except Busy:
            pass  # there is more than enough to do
        except Exception:
            LOG.exception("what runs beside the requests failed; it is tried again")
        await asyncio.sleep(service.needs.limits.lease_s / share)
