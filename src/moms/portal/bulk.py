"""Many deeds under one key: each is done once under a key of its own, and its outcome is its own.

The key of an item is that of the whole and its number, with a space between, which no caller's key can hold: so
what had been done when a server died is found done by the next try, item by item, and is not done again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moms.desk.keys import KeptAnswer, principal_of
from moms.portal.errors import PROBLEM, Busy, StillAtWork, broken, of_refusal
from moms.portal.guard import Service, service_of
from moms.portal.once import PASSING, Written, admitted, answered, asked_of, kept_of, lease_of, named, replayed
from moms.values import Refused, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi import Request, Response

    from moms.desk.people import Scope, Who
    from moms.portal.lanes import Lane
    from moms.portal.needs import Desk
    from moms.portal.once import Deed

LOG = logging.getLogger("moms.portal")
PATIENCE, WAIT_S = 120, 0.25
"""How often an item asks for a turn on a lane that is full, and how long it waits between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """One item: what it is called, its fingerprint, and what is to be done."""

    name: str
    asked: object
    deed: Callable[[Desk], Deed]
    expected: tuple[str, int] | None = None
    again: bool = False
    """Whether it may be done again whatever it had written, as it then gives the same answer."""


async def each(
    request: Request, who: Who, *, key: str | None, items: Sequence[One], lane: Lane, scope: Scope,
    decides: bool = False,
) -> Response:  # fmt: skip
    """Do each item at most once, one turn of the lane each, so that others come between; keep the whole answer.

    Raises:
        what `once` refuses: and nothing was done.
    """
    await admitted(request, who, scope=scope, decides=decides)
    service, word = service_of(request), named(key)
    asked = asked_of(request, await request.body(), None)
    principal, organisation = principal_of(who.actor), who.actor.organisation
    keys, lease = service.needs.keys, lease_of(service)
    claim = await service.quick.run(
        lambda: keys.claim(principal=principal, key=word, organisation=organisation, asked=asked, lease=lease)
    )
    if isinstance(claim, KeptAnswer):
        return replayed(claim.asked, asked, claim.answer)
    with service.at_work(claim):
        whole = None
        try:
            rows = [await _done(service, who, one, key=f"{word} {n}", lane=lane) for n, one in enumerate(items)]
            written = _written([_row(n, one, row) for n, (one, (row, _)) in enumerate(zip(items, rows, strict=True))])
            if not any(passing for _, passing in rows):
                whole = kept_of(written)
        finally:
            # What only says "try again" is not kept: the next try under the key does what is left.
            await service.quick.run(
                (lambda: keys.let_go(claim)) if whole is None else (lambda: keys.keep(claim, answer=whole))
            )
    return written.response(replayed=False)


async def _done(service: Service, who: Who, one: One, *, key: str, lane: Lane) -> tuple[Written, bool]:
    """Do one item and give its answer, and whether that only says to try again."""
    keys, actor = service.needs.keys, who.actor
    asked = hashlib.sha256(canonical(one.asked)).hexdigest()

    def work() -> Written:
        there = keys.claim(principal=principal_of(actor), key=key, organisation=actor.organisation, asked=asked,
                           lease=lease_of(service))  # fmt: skip
        if not isinstance(there, KeptAnswer):
            return answered(service, there, one.deed, expected=one.expected, again=one.again)
        if there.answer is None:
            raise StillAtWork("this item is being done now", field="Idempotency-Key", fix="ask again shortly")
        return Written(**json.loads(json.dumps(there.answer)))

    try:
        return await _in_turn(lane, work), False
    except Refused as refusal:
        said = of_refusal(refusal)
        passing = isinstance(refusal, (*PASSING, StillAtWork))
    except Exception as bug:  # noqa: BLE001 - one broken item breaks no other
        said, passing = broken(bug), True
    return Written(status=said.status_code, kind=PROBLEM, body=bytes(said.body).decode(), headers={}), passing


async def _in_turn(lane: Lane, work: Callable[[], Written]) -> Written:
    for _ in range(PATIENCE):
        try:
            return await lane.run(work)
        except Busy:
            await asyncio.sleep(WAIT_S)
    return await lane.run(work)


def _row(number: int, one: One, written: Written) -> dict[str, Any]:
    found = json.loads(written.body)
    row = {"number": number, "name": one.name, "status": written.status, "answer": None, "problem": None}
    if written.kind == PROBLEM:
        return {**row, "problem": found}
    outage = found.get("outage") if isinstance(found, dict) else None
    return {**row, "name": outage["id"] if isinstance(outage, dict) else one.name, "answer": found}


def _written(rows: list[dict[str, Any]]) -> Written:
    body = canonical(document(rows)).decode()
    return Written(status=200, kind="application/json", body=body, headers={})


def document(rows: list[dict[str, Any]]) -> dict[str, object]:
    """Write what came of many: each by its number, and how many were done."""
    done = sum(row["status"] < 300 for row in rows)
    return {"items": rows, "done": done, "refused": len(rows) - done}
