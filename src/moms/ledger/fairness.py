"""Was it fair? What each owner asked, got, paid and had to give up under a plan; everyone can compute it again."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one request."""

    request: str
    owner: str
    turn: int
    size_kw: int
    days: int
    burden: float
    """From 0, as asked, to 1, no place."""
    price_milli: int
    placed: bool
    in_the_way: tuple[str, ...] = ()
    """Requests any one of which keeps it from the asked day."""

    @property
    def work(self) -> int:
        """Give how much work it is, kW-days; one of no size still counts."""
        return max(self.size_kw, 1) * self.days

    @property
    def served(self) -> float:
        """Give how much of that its owner has of it."""
        return self.work * (1 - self.burden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One owner's part of a plan."""

    owner: str
    need_permille: int
    """Its part of the need of all who asked."""
    asked: int
    placed: int
    burden: float
    """Weighted by work, 0 to 1."""
    charged_milli: int
    charged_permille: int
    """Its part of all that is charged."""
    balance_milli: int
    """Before the plan."""
    envies: tuple[str, ...]
    """Owners that got more for their need even without their largest work, where this one gave something up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """All owners, most burdened first, and what would have to be explained."""

    shares: tuple[Share, ...]
    mean_burden: float
    worst_burden: float
    jain: float
    """Jain's index of what owners keep (1 less burden): 1 is equal."""
    waits: tuple[str, ...]
    out_of_turn: tuple[tuple[str, str], ...]
    """(request, other): the other picked later and stands where the first would rather be."""


def fairness(outcomes: Sequence[Outcome], *, weights: Mapping[str, int], balances: Mapping[str, int]) -> Fairness:
    """Give the report on one ledger's requests of a plan."""
    by_owner: dict[str, list[Outcome]] = {}
    for one in outcomes:
        by_owner.setdefault(one.owner, []).append(one)
    need = sum(weights.get(owner, 0) for owner in by_owner)
    charged = sum(one.price_milli for one in outcomes)
    shares = [
        Share(
            owner=owner, need_permille=_permille(weights.get(owner, 0), need), asked=len(mine),
            placed=sum(o.placed for o in mine), burden=burden(mine), charged_milli=sum(o.price_milli for o in mine),
            charged_permille=_permille(sum(o.price_milli for o in mine), charged),
            balance_milli=balances.get(owner, 0),
            envies=tuple(other for other in sorted(by_owner) if _envies(owner, other, by_owner, weights)),
        )
        for owner, mine in sorted(by_owner.items())
    ]  # fmt: skip
    borne = [one.burden for one in shares]
    return Fairness(
        shares=tuple(sorted(shares, key=lambda s: (-s.burden, s.owner))),
        mean_burden=fsum(borne) / len(borne) if borne else 0.0,
        worst_burden=max(borne, default=0.0),
        jain=jain(borne),
        waits=tuple(one.request for one in outcomes if not one.placed),
        out_of_turn=tuple(_out_of_turn(outcomes)),
    )


def burden(mine: Sequence[Outcome]) -> float:
    """Give an owner's burden: that of its requests, weighted by work."""
    return fsum(o.work * o.burden for o in mine) / sum(o.work for o in mine)


def jain(shares: Sequence[float]) -> float:
    """Give Jain's index of what owners keep (1 less burden): 1 is equal.

    >>> jain([0.2, 0.2]), jain([1.0, 0.0])
    (1.0, 0.5)
    """
    kept = [1 - one for one in shares]
    squares = sum(one * one for one in kept)
    return sum(kept) ** 2 / (len(kept) * squares) if squares else 1.0


def _permille(part: int, whole: int) -> int:
    return round(1000 * part / whole) if whole else 0


def _envies(owner: str, other: str, by_owner: Mapping[str, Sequence[Outcome]], weights: Mapping[str, int]) -> bool:
    """Tell whether the other has more for its need, its largest work left out (envy up to one, by need)."""
    mine, theirs = by_owner[owner], by_owner[other]
    if owner == other or not any(o.burden > 0 for o in mine):
        return False
    left = fsum(o.served for o in theirs) - max(o.served for o in theirs)
    # Multiplied out, so that an owner without need divides nothing.
    return fsum(o.served for o in mine) * weights.get(other, 0) < left * weights.get(owner, 0) * (1 - 1e-12)


def _out_of_turn(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    by_id = {one.request: one for one in outcomes}
    return [
        (one.request, name)
        for one in outcomes
        for name in one.in_the_way
        if name in by_id and by_id[name].owner != one.owner and by_id[name].turn > one.turn > 0
    ]
