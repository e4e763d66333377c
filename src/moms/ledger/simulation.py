"""Seasons with owners who may game them: first come, pure optimum and the draft on the same asks.

All is synthetic. Owners have a few jobs each and wish for the same popular weeks; headroom is too small for
all of them there. The first owner is always the fastest to file. What an owner gains by lying is measured
against what it truly wished.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import TYPE_CHECKING

from moms.ledger.accounts import empty, post
from moms.ledger.asks import Ask
from moms.ledger.draft import Terms, draft
from moms.ledger.enter import booking_of, entered
from moms.ledger.events import used
from moms.ledger.fairness import jain
from moms.ledger.improve import may_start, worse_off
from moms.ledger.prices import PriceList, price_list
from moms.ledger.rules import Kind, LedgerRules, Need
from moms.ledger.seal import lots
from moms.ledger.season import close, decay
from moms.schedule._mip import Budget
from moms.schedule.season import Board, Job, Problem, Zone, burdens
from moms.schedule.season.objective import mean_burden, worst_burden
from moms.schedule.season.solve import lexicographic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from moms.ledger.accounts import Ledger

WEEK, WEEKS = 7, 26
OWNERS = tuple(f"owner{k}" for k in range(8))
LIAR = OWNERS[1]
"""Who tries each manipulation; not the fastest, who has the queue already."""
JOBS_EACH = 4
HEADROOM_MW = 250.0
NEEDS = (Need.DEADLINE, Need.DUE, Need.FREE)
EVIDENCE = "0" * 64
RULES = LedgerRules()
OPENING = datetime(2027, 1, 1, tzinfo=UTC)


def season(rng: np.random.Generator) -> Problem:
    """Draw a season: half of all wishes fall into six popular weeks."""
    jobs = []
    for owner in OWNERS:
        for k in range(JOBS_EACH):
            weeks = int(rng.integers(1, 5))
            popular = rng.random() < 0.5
            week = int(rng.integers(8, 14)) if popular else int(rng.integers(0, WEEKS - weeks + 1))
            wished = min(week, WEEKS - weeks)
            starts = tuple(WEEK * w for w in range(max(wished - 8, 0), min(wished + 8, WEEKS - weeks) + 1))
            jobs.append(
                Job(id=f"{owner}-{k}", owner=owner, zone="z", need=int(rng.integers(2, 4)),
                    size_mw=float(rng.integers(4, 13) * 10), days=WEEK * weeks, earliest=0, latest_end=WEEK * WEEKS,
                    preferred=WEEK * wished, only=starts)
            )  # fmt: skip
    return Problem(days=WEEK * WEEKS, jobs=tuple(jobs),
                   zones=(Zone(id="z", headroom_mw=(HEADROOM_MW,) * (WEEK * WEEKS)),))  # fmt: skip


def ask_of(job: Job, *, rank: int) -> Ask:
    """Give the honest ask of a job: starts nearest to its wish first."""
    starts = sorted(job.only or (), key=lambda s: (abs(s - job.preferred), s))
    return Ask(id=job.id, owner=job.owner, rank=rank, need=NEEDS[job.need - 1], size_kw=round(1000 * job.size_mw),
               days=job.days, preferences=tuple(starts), evidence=EVIDENCE if job.need == 1 else None)  # fmt: skip


def honest(problem: Problem) -> tuple[Ask, ...]:
    """Give everyone's honest asks, the largest work first."""
    ranked = sorted(problem.jobs, key=lambda j: (j.owner, -j.size_mw * j.days, j.id))
    return tuple(ask_of(job, rank=k) for k, job in enumerate(ranked))


def claims_deadline(ask: Ask) -> Ask:
    """Claim the highest class, with a hash nobody has looked at yet."""
    return replace(ask, need=Need.DEADLINE, evidence=EVIDENCE)


def shifts_wish(ask: Ask) -> Ask:
    """Say that a start two weeks later is wished most."""
    first = ask.preferences[0] + 2 * WEEK
    return replace(ask, preferences=tuple(sorted(ask.preferences, key=lambda s: (abs(s - first), s))))


def hides_choices(ask: Ask) -> Ask:
    """Say that only the three best starts would do."""
    return replace(ask, preferences=ask.preferences[:3])


def turns_order(ask: Ask) -> Ask:
    """Ask for the smallest work first."""
    return replace(ask, rank=-ask.rank)


LIES: Mapping[str, Callable[[Ask], Ask]] = {
    "claims a deadline falsely": claims_deadline,
    "says it wishes for two weeks later": shifts_wish,
    "hides all but three starts": hides_choices,
    "asks for the smallest work first": turns_order,
}


def first_come(problem: Problem, asks: Sequence[Ask], *, rng: np.random.Generator) -> dict[str, int]:
    """Give places in order of filing: the fastest owner files all of its work first, the others as chance has it."""
    order = [a for a in asks if a.owner == OWNERS[0]]
    rest = [a for a in asks if a.owner != OWNERS[0]]
    order += [rest[k] for k in rng.permutation(len(rest))]
    board = Board(problem)
    for ask in order:
        start = next((s for s in ask.starts if board.blocked(board.held, ask.id, s) is None), None)
        if start is not None:
            board.put(ask.id, start)
    return dict(board.held)


def optimum(problem: Problem, *, nodes: int) -> dict[str, int]:
    """Give the plan of least mean burden: what a solver would do that nobody has to be explained to."""
    found = lexicographic(problem, start=None, budget=Budget(nodes=nodes, gap=0.005),
                          terms=(("mean_burden", "share", mean_burden),))  # fmt: skip
    return dict(found.plan or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A season by draft, and what the optimiser made of it."""

    drafted: Mapping[str, int]
    improved: Mapping[str, int]
    ledger: Ledger


def by_draft(problem: Problem, asks: Sequence[Ask], *, ledger: Ledger, seed: str, nodes: int) -> Held:
    """Hold the draft, let the optimiser help without hurting anyone, and close the season's accounts."""
    weights = {owner: sum(a.size_kw * a.days for a in asks if a.owner == owner) for owner in OWNERS}
    terms = Terms(prices=_prices(problem), weights=weights, opening_milli={o: ledger.of(o) for o in OWNERS},
                  lot=lots(seed), rules=RULES)  # fmt: skip
    result = draft(asks, hall=Board(problem), terms=terms)
    by_id = {a.id: a for a in asks}
    at = OPENING + timedelta(days=len(ledger.entries))
    before = len(ledger.entries)
    ledger = entered(ledger, result, asks=by_id, rules=RULES.fingerprint, at=at)
    for turn in result.turns:
        booking = booking_of(turn, by_id)
        if booking is not None:
            ledger = post(ledger, used(booking), at=at)
    charges = sum(p.amount_milli for e in ledger.entries[before:] for p in e.event.postings)
    ledger = post(ledger, close(ledger, weights=weights), at=at)
    ledger = post(ledger, decay(ledger, weights=weights, season_charge_milli=charges, rules=RULES), at=at)
    better = _improved(problem, asks, result.starts, terms, nodes) if nodes else result.starts
    return Held(drafted=result.starts, improved=better, ledger=ledger)


def _prices(problem: Problem) -> PriceList:
    """Give the list every season of this world has: the expected use of each week, known beforehand.

    Half of the wishes fall into weeks 8 to 13 and the rest anywhere, whatever this season's asks are.
    """
    work = len(OWNERS) * JOBS_EACH * 80.0 * 2.5
    expected = [work * (0.5 / 6 if 8 <= day // WEEK < 14 else 0.0) + work * 0.5 / WEEKS for day in range(problem.days)]
    return price_list(expected_mw=expected, headroom_mw=problem.zones[0].headroom_mw, rules=RULES)


def _improved(
    problem: Problem, asks: Sequence[Ask], drafted: Mapping[str, int], terms: Terms, nodes: int
) -> Mapping[str, int]:
    """Plan with the starts that hurt nobody; keep the draft where the plan does not hold up."""
    starts = {a.id: may_start(a, drafted=drafted.get(a.id), prices=terms.prices) for a in asks}
    found = lexicographic(
        problem, start=drafted, budget=Budget(nodes=nodes, gap=0.005), starts=starts,
        terms=(("worst_burden", "share", worst_burden), ("mean_burden", "share", mean_burden)),
    )  # fmt: skip
    plan = found.plan or drafted
    return drafted if worse_off(asks, drafted=drafted, planned=plan, prices=terms.prices) else plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way of allotting, over all seasons."""

    name: str
    mean_burden: float
    worst_burden: float
    """The burden of the owner who bears most over all seasons."""
    jain: float
    fastest: float
    """Burden of the owner who always files first."""
    price_of_fairness: float
    """How much of the mean utility of the optimum is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What came of it."""

    seasons: int
    arms: tuple[Arm, ...]
    gains: Mapping[str, float]
    """By manipulation: burden the liar saved, mean over the seasons; negative: it was hurt."""


def simulate(*, seasons: int, rng: np.random.Generator, nodes: int, tick: Callable[[int], None]) -> Simulated:
    """Hold so many seasons each way."""
    rows: dict[str, list[Mapping[str, float]]] = {"first come": [], "optimum": [], "draft": [], "draft improved": []}
    gains: dict[str, list[float]] = {name: [] for name in LIES}
    ledger = empty(kind=Kind.GENERATION, rules=RULES.fingerprint)
    for number in range(seasons):
        problem = season(rng)
        asks, seed = honest(problem), f"{number}-{rng.integers(2**63)}"
        held = by_draft(problem, asks, ledger=ledger, seed=seed, nodes=nodes)
        rows["first come"].append(burdens(problem, first_come(problem, asks, rng=rng)))
        rows["optimum"].append(burdens(problem, optimum(problem, nodes=nodes)))
        rows["draft"].append(burdens(problem, held.drafted))
        rows["draft improved"].append(burdens(problem, held.improved))
        for name, lie in LIES.items():
            told = tuple(lie(a) if a.owner == LIAR else a for a in asks)
            other = by_draft(problem, told, ledger=ledger, seed=seed, nodes=0).drafted
            gains[name].append(rows["draft"][-1][LIAR] - burdens(problem, other)[LIAR])
        ledger = held.ledger
        tick(1)
    best = 1 - fmean(fmean(row.values()) for row in rows["optimum"])
    return Simulated(seasons=seasons, arms=tuple(_arm(name, of, best=best) for name, of in rows.items()),
                     gains={name: fmean(values) for name, values in gains.items()})  # fmt: skip


def _arm(name: str, rows: Sequence[Mapping[str, float]], *, best: float) -> Arm:
    by_owner = {owner: fmean(row[owner] for row in rows) for owner in OWNERS}
    mean = fmean(by_owner.values())
    return Arm(name=name, mean_burden=mean, worst_burden=max(by_owner.values()), jain=jain(list(by_owner.values())),
               fastest=by_owner[OWNERS[0]], price_of_fairness=(best - (1 - mean)) / best)  # fmt: skip
