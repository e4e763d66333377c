"""Ways of gaming the ledger, looked for one by one; each finding carries its evidence and goes to a person.

A suspicion changes no decision, no turn and no balance: it is a line in the audit queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, permutations
from math import fsum, sqrt
from statistics import fmean, pstdev
from typing import TYPE_CHECKING

from moms.values import many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.ledger.rules import LedgerRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A request as the detectors see it."""

    request: str
    owner: str
    asset: str
    work_order: str
    start: int
    end: int
    """Day after the last."""
    firm: bool
    forced: bool = False
    denied: bool = False
    live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """What looks like gaming, and the requests that show it."""

    rule: str
    owner: str
    requests: tuple[str, ...]
    says: str


def hoarding(filed: Sequence[Filed], *, rules: LedgerRules) -> tuple[Suspicion, ...]:
    """Find work orders that hold more places than one firm and two tentative ones."""
    held: dict[tuple[str, str], list[Filed]] = {}
    for one in filed:
        if one.live:
            held.setdefault((one.owner, one.work_order), []).append(one)
    found = []
    for (owner, order), places in sorted(held.items()):
        firm = sum(p.firm for p in places)
        if firm > rules.firm_most or len(places) - firm > rules.tentative_most:
            says = f"work order {order} holds {firm} firm and {len(places) - firm} tentative places"
            found.append(_suspicion("LEDGER-HOARD", owner, places, says))
    return tuple(found)


def split(filed: Sequence[Filed], *, gap_days: int = 2) -> tuple[Suspicion, ...]:
    """Find one job filed as several: the same work order and asset, with next to nothing between the pieces."""
    rows = sorted((f for f in filed if f.live), key=lambda f: (f.owner, f.asset, f.work_order, f.start))
    found = []
    for a, b in pairwise(rows):
        same = (a.owner, a.asset, a.work_order) == (b.owner, b.asset, b.work_order)
        if same and 0 <= b.start - a.end <= gap_days:
            says = f"{b.request} starts {many(b.start - a.end, 'day')} after {a.request} ends on the same job"
            found.append(_suspicion("LEDGER-SPLIT", a.owner, (a, b), says))
    return tuple(found)


def denied_then_forced(filed: Sequence[Filed], *, within_days: int = 30) -> tuple[Suspicion, ...]:
    """Find denied planned work that comes back as forced on the same asset (CAISO PRR1122)."""
    found = []
    for forced in (f for f in filed if f.forced):
        for was in (f for f in filed if f.denied and (f.owner, f.asset) == (forced.owner, forced.asset)):
            if abs(forced.start - was.start) <= within_days:
                says = f"{was.request} was denied; {forced.request} is forced on {was.asset} within {within_days} days"
                found.append(_suspicion("LEDGER-FORCED", forced.owner, (was, forced), says))
    return tuple(found)


def one_hand(filed: Sequence[Filed], *, gap_days: int = 2, chance: float = 0.01) -> tuple[Suspicion, ...]:
    """Find two owners that may be one: the work of one follows the other's more often than that of anyone else.

    For every request of an owner it is asked whether it starts within so many days of the end of work of the
    other. How likely that is by chance is learnt from the same request and all third owners, so that popular
    weeks raise no alarm. `chance` bounds the share of seasons with any alarm where nobody plays tricks, as
    far as owners file independently of each other.
    """
    rows: dict[str, list[Filed]] = {}
    for one in filed:
        if not one.forced:
            rows.setdefault(one.owner, []).append(one)
    pairs = list(permutations(sorted(rows), 2)) if len(rows) > 2 else []
    after = {(r.request, o): _follows(r, rows[o], gap_days) for own in rows.values() for r in own for o in rows}
    found = []
    for leader, other in pairs:
        hits = [r for r in rows[other] if after[r.request, leader]]
        third = [o for o in rows if o not in {leader, other}]
        # Half an event more each way: what never happened with the others is not impossible.
        by_chance = [(sum(after[r.request, o] for o in third) + 0.5) / (len(third) + 1) for r in rows[other]]
        if at_least(len(hits), by_chance) < chance / len(pairs):
            says = (
                f"{len(hits)} of {len(rows[other])} requests of {other} start within {gap_days} days of the end of"
                f" work of {leader}"
            )
            found.append(_suspicion("LEDGER-ONE", f"{leader} and {other}", hits, says))
    return tuple(found)


def _follows(one: Filed, others: Sequence[Filed], gap_days: int) -> bool:
    return any(0 <= one.start - other.end <= gap_days for other in others)


def at_least(count: int, chances: Sequence[float]) -> float:
    """Give the probability that at least so many of some independent events come.

    >>> round(at_least(2, [0.5, 0.5]), 6), at_least(0, [0.1])
    (0.25, 1.0)
    """
    exactly = [1.0]
    for p in chances:
        exactly = [(exactly[k] if k < len(exactly) else 0.0) * (1 - p) + (exactly[k - 1] * p if k else 0.0)
                   for k in range(len(exactly) + 1)]  # fmt: skip
    return fsum(exactly[count:])


def class_inflation(
    claims: Mapping[str, tuple[int, int]], *, most_z: float = 2.0, what: str = "claims a deadline for"
) -> tuple[Suspicion, ...]:
    """Find owners that claim deadlines far more often than their peers; `claims` is (P1 claims, all asks).

    Each owner is compared with the others, without itself: one large liar would hide in a common mean.
    The spread is the wider of the peers' own and of chance.
    """
    found = []
    for owner, (claimed, asked) in sorted(claims.items()):
        shares = [c / n for o, (c, n) in claims.items() if o != owner and n]
        if not asked or len(shares) < 2:
            continue
        mean = fmean(shares)
        chance = sqrt(max(mean * (1 - mean), 0.25 / asked) / asked)
        z = (claimed / asked - mean) / max(pstdev(shares), chance)
        if z > most_z:
            says = f"{what} {claimed} of {asked}, peers for {mean:.0%}: z {z:.1f}"
            found.append(Suspicion(rule="LEDGER-CLASS", owner=owner, requests=(), says=says))
    return tuple(found)


def _suspicion(rule: str, owner: str, rows: Sequence[Filed], says: str) -> Suspicion:
    return Suspicion(rule=rule, owner=owner, requests=tuple(r.request for r in rows), says=says)
