"""Between seasons: small batches, so that nobody races, and released places go to those who wait.

A place that comes free is offered to the waitlist first. Whoever released it can therefore not pass it to a
friend at an agreed second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.ledger.asks import served_as
from moms.ledger.draft import options, turn_key
from moms.ledger.rules import NEEDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.ledger.asks import Ask
    from moms.ledger.draft import Hall, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """An ask of the continuous lane, and in which batch it came."""

    ask: Ask
    batch: int
    waits: bool
    """From the waitlist of the draft or of an earlier batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A place given in a batch."""

    request: str
    start: int
    price_milli: int


def in_order(queue: Sequence[Queued], *, charged_milli: Mapping[str, int], terms: Terms) -> tuple[Queued, ...]:
    """Order a batch: class, those who wait, least used for its need, earlier batch, lot; never the second it came."""

    def key(one: Queued) -> tuple[object, ...]:
        need = NEEDS.index(served_as(one.ask, rules=terms.rules))
        weightless, share, _ = turn_key(one.ask.owner, charged_milli=charged_milli.get(one.ask.owner, 0), terms=terms)
        return (need, not one.waits, weightless, share, one.batch, terms.lot(one.ask.id))

    return tuple(sorted(queue, key=key))


def batch(
    queue: Sequence[Queued],
    *,
    taken: Mapping[str, int],
    charged_milli: Mapping[str, int],
    hall: Hall,
    terms: Terms,
) -> tuple[Granted, ...]:
    """Give places to one batch; who gets none waits, ahead of all that come later in its class."""
    now, charged, found = dict(taken), dict(charged_milli), []
    for one in in_order(queue, charged_milli=charged_milli, terms=terms):
        start = next(
            (s for s in options(one.ask, prices=terms.prices) if hall.blocked(now, one.ask.id, s) is None), None
        )
        if start is None:
            continue
        price = terms.prices.of(size_kw=one.ask.size_kw, start=start, days=one.ask.days)
        now[one.ask.id] = start
        charged[one.ask.owner] = charged.get(one.ask.owner, 0) + price
        found.append(Granted(request=one.ask.id, start=start, price_milli=price))
    return tuple(found)
