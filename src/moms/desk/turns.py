"""The draft of a season: who picks when comes from the ledger; what fits is asked of the planner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.desk.order import in_turn
from moms.desk.wishes import NEED
from moms.ledger import Ask, Kind, OwnedAsset, PriceList, Terms, draft, need_weights, price_list
from moms.ledger.seal import leaf, lots, promise, root, seed
from moms.outages import Category
from moms.schedule.season import Together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moms.desk.wishes import Season
    from moms.desk.world import World
    from moms.ledger import Draft, LedgerRules, Turn
    from moms.schedule.season import Problem

KINDS = {Kind.GENERATION: Category.GENERATION, Kind.TRANSMISSION: Category.TRANSMISSION}
"""In the order of their drafts: what may never be denied picks first (ADR 0019)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """The drafts of both ledgers, one after the other on the same board."""

    asks: tuple[Ask, ...]
    drafts: Mapping[Kind, Draft]
    prices: Mapping[Kind, PriceList]
    weights: Mapping[Kind, Mapping[str, int]]
    seed: str
    torn: tuple[str, ...]
    """Requests that wait because their group found no place as a whole."""

    @property
    def starts(self) -> dict[str, int]:
        """Give the start of everything that found a place."""
        return {name: start for one in self.drafts.values() for name, start in one.starts.items()}

    @property
    def turns(self) -> dict[str, Turn]:
        """Give the last turn of each request."""
        return {turn.request: turn for one in self.drafts.values() for turn in one.turns}

    def kind(self, request: str) -> Kind:
        """Tell whose ledger a request is in."""
        return next(kind for kind, one in self.drafts.items() if any(t.request == request for t in one.turns))


def drafted(
    world: World, season: Season, problem: Problem, *, opening: Mapping[Kind, Mapping[str, int]], nonce: str
) -> Drafted:
    """Hold the drafts of a season; `opening` has the balances at gate close.

    `problem` is the season's, with what has been learnt of it since.
    """
    rules = world.rules.ledger
    asks = tuple(asks_of(season))
    prices = {kind: prices_of(season, kind, rules) for kind in KINDS}
    weights = needs(world)
    gate = root([leaf(ask, salt=ask.id) for ask in asks])
    lot = seed(gate_root=gate, nonce=nonce, promised=promise(nonce))
    torn: set[str] = set()
    while True:
        drafts: dict[Kind, Draft] = {}
        for kind, category in KINDS.items():
            before = {name: at for one in drafts.values() for name, at in one.starts.items()}
            mine = [a for a in asks if season.outages[a.id].asked.category == category and a.id not in torn]
            terms = Terms(prices=prices[kind], weights=weights[kind], opening_milli=opening.get(kind, {}),
                          lot=lots(lot), rules=rules)  # fmt: skip
            drafts[kind] = draft(mine, hall=_Beside(problem, before), terms=terms)
        more = _torn(problem, {n for one in drafts.values() for n in one.starts}) - torn
        if not more:
            return Drafted(asks=asks, drafts=drafts, prices=prices, weights=weights, seed=lot, torn=tuple(sorted(torn)))
        torn |= more


def needs(world: World) -> dict[Kind, dict[str, int]]:
    """Give each owner's need by ledger, kW-days a year; how much of earlier places was used is not known yet."""
    rules = world.rules.ledger
    return {kind: need_weights(_owned(world, kind), used_permille={}, rules=rules) for kind in KINDS}


def _torn(problem: Problem, placed: set[str]) -> set[str]:
    """Name the outages of groups of which some found a place and others did not."""
    tied: dict[str, set[str]] = {}
    for one in problem.bundles:
        both = tied.get(one.first, {one.first}) | tied.get(one.second, {one.second})
        tied |= dict.fromkeys(both, both)
    return {name for group in tied.values() if group & placed and group - placed for name in group}


class _Beside:
    """What can stand beside what another draft has placed; of a group, all of it or nothing."""

    def __init__(self, problem: Problem, before: Mapping[str, int]) -> None:
        self.board, self.before = Together(problem), dict(before)

    def blocked(self, taken: Mapping[str, int], request: str, start: int) -> str | None:
        """Say what keeps a request from starting then, or nothing."""
        return self.board.blocked({**self.before, **taken}, request, start)


def asks_of(season: Season) -> Iterator[Ask]:
    """Give what the owners asked for: the asked day first, then any other that they accept."""
    rank: dict[str, int] = {}
    for name in in_turn(list(season.outages), season.problem.before):  # by stamp, but what others wait for first
        outage, job = season.outages[name], season.problem.job[name]
        rank[job.owner] = rank.get(job.owner, 0) + 1
        starts = job.only or ()
        yield Ask(
            id=job.id, owner=job.owner, rank=rank[job.owner], need=NEED,
            size_kw=round(1000 * season.use_mw[job.id]), days=job.days, preferences=(job.preferred,),
            flex=tuple(s for s in starts if s != job.preferred), unserved_seasons=season.waited.get(job.id, 0),
            group=outage.asked.group,
        )  # fmt: skip


def prices_of(season: Season, kind: Kind, rules: LedgerRules) -> PriceList:
    """Give the published prices: of capacity by what stands already over the headroom; of lines one band.

    Corridors have no history yet, so no day of a line is dearer than another.
    """
    if kind is Kind.TRANSMISSION:
        return PriceList(price=(rules.bands[0].price,) * season.problem.days, rules_version=rules.version)
    return price_list(expected_mw=season.booked_mw, headroom_mw=season.empty_mw, rules=rules)


def _owned(world: World, kind: Kind) -> Iterator[OwnedAsset]:
    """Give what each owner has, with the need of its class."""
    register, network, standards = world.grid.register, world.grid.network, world.rules.ledger.standards
    if register is None:
        return
    if kind is Kind.GENERATION:
        units = network.units
        for row in np.flatnonzero((register.unit_owner >= 0) & units.in_service).tolist():
            yield OwnedAsset(
                owner=register.owners[register.unit_owner[row]],
                size_kw=round(1000 * float(units.p_max_mw[row])),
                standard_days_a_year=(standards.unit_days(str(units.fuel[row])),),
            )
        return
    lines = network.branches
    kv = np.maximum(network.buses.base_kv[lines.from_bus], network.buses.base_kv[lines.to_bus])
    for row in np.flatnonzero((register.branch_owner >= 0) & lines.in_service).tolist():
        standard = standards.line(float(kv[row]))
        yield OwnedAsset(
            owner=register.owners[register.branch_owner[row]],
            size_kw=1000 * standard.use_mw,
            standard_days_a_year=(standard.days,),
        )
