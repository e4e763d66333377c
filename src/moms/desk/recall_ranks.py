"""Which of the dates that were studied want of capacity would least likely call back: told beside them, moves none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from moms.decide import RecallRank
from moms.desk.called_back import recall_of
from moms.desk.chances import for_capacity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.decide import Evidence
    from moms.desk.called_back import Recall
    from moms.desk.place import Offer
    from moms.desk.situation import Situation
    from moms.desk.world import World


def with_recall(
    *,
    world: World,
    situation: Situation,
    evidence: Evidence,
    offers: tuple[Offer, ...],
    now: datetime,
    cut_off: Sequence[int],
) -> tuple[Evidence, tuple[Offer, ...]]:
    """Add how likely each date is called back, where there is more than one and the outage takes capacity away.

    Each in its own window, on the book as it stands there, from the same scenarios by day. Dates stay in the order
    of their nearness (semantics 2.7).
    """
    if not offers:
        return evidence, offers
    here = recall_of(
        world=world, outage=situation.outage, holding=situation.holding, now=now, cut_off=cut_off, issue=situation.issue
    )
    first, *others = ranked(world, [here, *(one.called_back for one in offers)])
    told = tuple(replace(one, recall=found) for one, found in zip(offers, others, strict=True))
    return replace(evidence, recall=first), told


def ranked(world: World, found: Sequence[Recall | None]) -> tuple[RecallRank | None, ...]:
    """Give each with its rank among those of which a number may be shown; None of one that takes no capacity."""
    chances = [None if one is None else for_capacity(world, one) for one in found]
    told = [one.value for one in chances if one is not None and one.value is not None]
    return tuple(
        None if one is None
        else RecallRank(chance=one, rank=None if one.value is None else 1 + sum(other < one.value for other in told))
        for one in chances
    )  # fmt: skip
