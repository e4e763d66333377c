"""Find other windows for a request that cannot have the asked one: look, then study each like the request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.decide import Outcome, Verdict, run_checks, settle
from moms.desk.assess import assess
from moms.desk.called_back import recall_of
from moms.desk.look import Lookout
from moms.desk.progress import DATES, Progress
from moms.desk.situation import read
from moms.desk.submit import entry_findings
from moms.outages import Category
from moms.schedule import candidates, patterns, shorter
from moms.values import SYSTEM, many

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.decide import RecallRank, Security, Settled, StormThreat
    from moms.desk.assess import Assessed
    from moms.desk.called_back import Recall
    from moms.desk.ports import Book
    from moms.desk.situation import Situation
    from moms.desk.world import World
    from moms.outages import Recurrence
    from moms.schedule import Candidate
    from moms.values import Window

STUDIED_MOST = {Category.TRANSMISSION: 6, Category.GENERATION: 3}
"""How many windows that look free are studied like the request before the search stops.

For a generator only the margin was looked at before, and each of its studies takes twice the work of a line's.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A window that was studied like the request and would be given."""

    window: Window
    shift_days: int
    within_owner: bool
    outcome: str
    conditions: tuple[str, ...]
    held_until: datetime | None
    """Until when it is kept for the owner; None: not held, and whoever asks first gets it."""
    evidence: str
    """Digest of the study it rests on."""
    recurrence: Recurrence | None = None
    """The daily hours it is free in, where it is not free through."""
    study: Security | None = None
    """The study itself, for what weighs it besides."""
    storm: StormThreat | None = None
    """What a storm threatens while it is out; None where no forecast kept reaches it or the dates beside it."""
    called_back: Recall | None = None
    """What is known of its recall in this window, for what ranks it."""
    recall: RecallRank | None = None
    """How likely want of capacity calls it back, and how that ranks; None where it takes no capacity away."""

    def document(self) -> dict[str, object]:
        """Give it as it stands in a record."""
        return {
            "window": {"start": self.window.start, "end": self.window.end},
            "shift_days": self.shift_days,
            "within_owner_limits": self.within_owner,
            "outcome": self.outcome,
            "conditions": self.conditions,
            "held_until": self.held_until,
            "evidence": self.evidence,
            "recurrence": self.recurrence,
            "says": self.says(),
            "storm": self.storm,
            "recall": self.recall,
        }

    def says(self) -> str:
        """Say it in a line."""
        moved = self._moved()
        held = "not held" if self.held_until is None else f"held until {self.held_until:%Y-%m-%d %H:%MZ}"
        extra = f"; {'; '.join(self.conditions)}" if self.conditions else ""
        return f"{moved}, {held}{extra}"

    def _moved(self) -> str:
        if self.recurrence is not None:
            way = "nights only" if self.recurrence.end < self.recurrence.start else "back each evening"
            return f"same dates, {way}, {self.recurrence.start} to {self.recurrence.end} {self.recurrence.zone}"
        if self.shift_days == 0:
            return "same start, shorter"
        days = abs(self.shift_days)
        return f"{days} day{'s' if days > 1 else ''} {'later' if self.shift_days > 0 else 'earlier'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The decision, with other windows where the asked one fails."""

    settled: Settled
    offers: tuple[Offer, ...]
    searched: str


def place(*, world: World, situation: Situation, assessed: Assessed, now: datetime, book: Book) -> Placed:
    """Settle a request; where a verified limit stands against it, look for other windows first."""
    outage = situation.outage
    rules = world.rules.decision
    checks = run_checks(request=outage.request, evidence=assessed.evidence, findings=outage.findings, rules=rules)
    verdicts = {c.verdict for c in checks}
    offers: tuple[Offer, ...] = ()
    searched = ""
    if Verdict.FAIL in verdicts and Verdict.MISSING not in verdicts and not outage.request.urgent_report:
        offers, searched = _search(world, situation, assessed, now=now, book=book)
    settled = settle(
        request=outage.request,
        evidence=assessed.evidence,
        findings=outage.findings,
        rules=rules,
        windows_left=any(o.within_owner or outage.request.category == Category.GENERATION for o in offers),
    )
    return Placed(settled=settled, offers=offers, searched=searched)


def _search(
    world: World, situation: Situation, assessed: Assessed, *, now: datetime, book: Book
) -> tuple[tuple[Offer, ...], str]:
    request = situation.outage.request
    rules = world.rules.decision
    looked = candidates(request=request, now=now, limit_days=rules.search_days)
    offers: list[Offer] = []
    tried: list[Candidate] = []
    most = STUDIED_MOST[request.category]

    def tell(_: Progress | None = None) -> None:
        found = many(len(offers), "other window") if offers else "none so far"
        world.tell(
            Progress(part=DATES, says=f"{found}, {many(len(tried), 'window')} studied", done=len(tried), of=most)
        )

    there = replace(world, tell=tell)  # whatever is at work in another window, it is the search that goes on
    lookout = Lookout(world=there, situation=situation, now=now, book=book)
    if assessed.book is not None:
        lookout.learns(assessed.book.security)
    for candidate in (*looked, *shorter(request=request, now=now), *patterns(request=request, now=now)):
        if len(offers) == rules.alternatives or len(tried) == most:
            break
        if _near_one(candidate, offers) or not lookout.looks_free(candidate):
            continue
        tried.append(candidate)
        offer, found = _studied(there, situation, candidate, now=now, book=book)
        if offer is not None:
            offers.append(offer)
        elif found is not None:
            lookout.learns(found)
    said = _searched(world, looked, lookout, tried, offers)
    world.tell(
        Progress(part=DATES, over=True, says=f"{many(len(offers), 'other window')} found" if offers else "none found")
    )
    return tuple(offers), said


def _near_one(candidate: Candidate, offers: Sequence[Offer]) -> bool:
    """Tell whether an offer starts within a day of it: offers are distinct (semantics 2.7)."""
    day = timedelta(days=1)
    return any(abs(candidate.window.start - o.window.start) < day and not candidate.shorter for o in offers)


def _studied(
    world: World, situation: Situation, candidate: Candidate, *, now: datetime, book: Book
) -> tuple[Offer | None, Security | None]:
    """Study a window like the request; give the offer, if it would be given, and what the study found."""
    outage = situation.outage
    request = candidate.of(outage.request)
    with book.as_(SYSTEM) as page:
        asked = replace(outage, request=request, window=candidate.window)
        there = read(page, asked, window=candidate.window, now=now)
        findings = entry_findings(page, world=world, now=now, outage=asked)
    assessed = assess(world=world, situation=there, window=candidate.window, now=now)
    settled = settle(
        request=request,
        evidence=assessed.evidence,
        findings=findings,
        rules=world.rules.decision,
        windows_left=False,
    )
    found = assessed.evidence.security
    if settled.outcome not in {Outcome.APPROVE, Outcome.ACCEPT} or found is None:
        return None, found
    hold = world.rules.decision.offer_held_h
    offer = Offer(
        window=candidate.window,
        shift_days=candidate.shift_days,
        within_owner=candidate.within_owner,
        outcome=str(settled.outcome),
        conditions=tuple(c.says for c in settled.conditions),
        held_until=now + timedelta(hours=hold) if hold > 0 else None,
        evidence=found.digest,
        recurrence=candidate.recurrence,
        study=found,
        called_back=recall_of(
            world=world, outage=asked, holding=there.holding, now=now, issue=there.issue,
            cut_off=() if assessed.book is None else assessed.book.cut_off_units,
        ),
    )  # fmt: skip
    return offer, found


def _searched(
    world: World,
    looked: Sequence[Candidate],
    lookout: Lookout,
    tried: Sequence[Candidate],
    offers: Sequence[Offer],
) -> str:
    reach = world.rules.decision.search_days
    seen = f", {many(lookout.looks, 'window')} looked at" if lookout.looks else ""
    says = (
        f"looked up to {reach} days either side ({many(len(looked), 'start')}{seen}),"
        f" {many(len(tried), 'window')} studied like the request, {len(offers)} free"
    )
    if lookout.stopped or len(tried) == STUDIED_MOST[lookout.situation.outage.request.category]:
        says += "; stopped at its limit of work, so farther windows were not looked at"
    return says + (lookout.says() if len(offers) < world.rules.decision.alternatives else "")


__all__ = ["Offer", "Placed", "place"]
