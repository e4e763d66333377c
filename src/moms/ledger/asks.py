"""What an owner seals before the gate closes, how hard its date is, and how much work the owner has to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.ledger.events import need_evidence
from moms.ledger.rules import NEEDS, LedgerRules, Need
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class NotAnAsk(Refused):
    """An ask that cannot stand in a draft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request as its owner sealed it."""

    id: str
    owner: str
    rank: int
    """The owner's own order among its requests, 1 first."""
    need: Need
    size_kw: int
    """Generation: capacity out. Transmission: use of the scarcest headroom it touches (semantics 8)."""
    days: int
    preferences: tuple[int, ...]
    """Start days in the owner's order."""
    flex: tuple[int, ...] = ()
    """Other start days it would take."""
    evidence: str | None = None
    """SHA-256 of the document that sets a deadline; P1 needs one."""
    unserved_seasons: int = 0
    """Seasons since its need date in which it found no place; filing early gains nothing."""
    group: str | None = None
    """Asks of one owner under one name are placed together: who picks for one takes the turns of all."""

    def __post_init__(self) -> None:
        """Refuse what has no size, no length or no start."""
        if self.size_kw < 0 or self.days < 1:
            raise NotAnAsk(f"{self.id} has {self.size_kw} kW over {self.days} days", field="days", fix="give both")
        if not self.preferences:
            raise NotAnAsk(f"{self.id} names no start", field="preferences", fix="name at least one start day")
        if self.need is Need.DEADLINE:
            need_evidence(self.evidence, request=self.id)

    @property
    def starts(self) -> tuple[int, ...]:
        """Give every start it would take, its own order first, each once."""
        return tuple(dict.fromkeys((*self.preferences, *self.flex)))


def served_as(ask: Ask, *, rules: LedgerRules) -> Need:
    """Give the class an ask is served in: it rises by one for every two seasons unserved past its need date.

    Verified deadlines start at P1; whoever waits gets there, so no wait is longer than four seasons behind
    work that is no harder.
    """
    return risen(ask.need, seasons=ask.unserved_seasons, rules=rules)


def risen(need: Need, *, seasons: int, rules: LedgerRules) -> Need:
    """Give the class that work of a class is served in after so many seasons without a place."""
    return NEEDS[max(NEEDS.index(need) - seasons // rules.ageing_seasons, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedAsset:
    """What an asset's class says it needs: the standard MW-days a year, from a published table."""

    owner: str
    size_kw: int
    standard_days_a_year: tuple[int, ...]
    """One for each of the last years; their mean counts (semantics 8: four years)."""


def need_weights(
    assets: Iterable[OwnedAsset], *, used_permille: Mapping[str, int], rules: LedgerRules
) -> dict[str, int]:
    """Give each owner's need in kW-days a year, from what it owns and never from what it asks for.

    `used_permille` is the share of firm MW-days an owner used over the last four seasons; below 80 % the
    weight shrinks in proportion.
    """
    found: dict[str, int] = {}
    for asset in assets:
        years = asset.standard_days_a_year
        found[asset.owner] = found.get(asset.owner, 0) + asset.size_kw * sum(years) // max(len(years), 1)
    least = rules.least_used_permille
    return {o: w * min(used_permille.get(o, 1000), least) // least for o, w in sorted(found.items())}
