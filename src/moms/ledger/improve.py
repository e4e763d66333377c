"""After the draft the optimiser may only help: no request may do worse than the draft gave it, and that is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moms.ledger.draft import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.ledger.asks import Ask
    from moms.ledger.prices import PriceList


def may_start(ask: Ask, *, drafted: int | None, prices: PriceList) -> tuple[int, ...]:
    """Give the starts that are no worse for an ask than its drafted one, best first; all of them if it waits.

    These are the starts the planner is given for it: a plan made of them cannot make anyone worse off.
    """
    order = options(ask, prices=prices)
    return order if drafted is None else order[: order.index(drafted) + 1]


def worse_off(
    asks: Sequence[Ask], *, drafted: Mapping[str, int], planned: Mapping[str, int], prices: PriceList
) -> tuple[str, ...]:
    """Name the requests that a plan serves worse than the draft did: a plan with any is thrown away."""
    found = []
    for ask in asks:
        before, now = drafted.get(ask.id), planned.get(ask.id)
        if before is not None and now not in may_start(ask, drafted=before, prices=prices):
            found.append(ask.id)
    return tuple(found)
