"""What is known: the equipment by its names, how an outage moves, and which installation this is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from moms.desk.people import Scope
from moms.outages.lifecycle import TABLE
from moms.portal.api.looks import answer
from moms.portal.guard import Caller, need, service_of

router = APIRouter(tags=["look"])


@router.get("/assets", operation_id="assets")
async def assets(
    request: Request,
    who: Caller,
    text: Annotated[str, Query(max_length=200, description="words of a name, an id, a kind or an owner")] = "",
    one: Annotated[
        list[str], Query(alias="id", max_length=200, description="these, by id; `text` is not looked at")
    ] = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> Response:
    """Find equipment by words, one's own first; or name some by id."""
    need(who, Scope.READ)
    known = service_of(request).needs.catalogue

    def work() -> list[object]:
        found = known.named(one) if one else known.search(text, owner=who.actor.organisation, limit=limit)
        return list(found)

    return answer({"items": await service_of(request).quick.run(work), "of": len(known)})


@router.get("/lifecycle", operation_id="lifecycle")
async def lifecycle(request: Request, who: Caller) -> Response:
    """Give how an outage moves: which verb leads from which states and statuses, and who may take it.

    Guards may still refuse: a start lies inside the window, an owner starts only what the control room released.
    """
    need(who, Scope.READ)
    del request
    rows = [
        {"verb": row.verb, "states": sorted(row.states), "statuses": sorted(row.statuses), "who": sorted(row.who)}
        for row in TABLE
    ]
    return answer({"rows": rows})


@router.get("/about", operation_id="about")
async def about(request: Request, who: Caller) -> Response:
    """Give the desk's clock, whether it is simulated, the grid, its caveats and the rule book."""
    need(who, Scope.READ)
    return answer(service_of(request).needs.about())
