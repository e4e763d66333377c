"""A rule book: what an operator has decided, dated and versioned, a value of each room that follows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moms.adequacy import RecallRules
from moms.desk.clock import ClockRules
from moms.ledger import LedgerRules
from moms.records.told import NoticeRules
from moms.risk import LadderRules
from moms.study.ac_rows import AcLimits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from moms.adequacy import MarginRules
    from moms.decide import DecisionRules
    from moms.market import DispatchRules, RedispatchRules
    from moms.outages.policy import EntryRules
    from moms.study import StudyRules


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """All rules of one operator that hold from one day on."""

    id: str
    version: int
    valid_from: date
    operator: str
    entry: EntryRules
    study: StudyRules
    margin: MarginRules
    dispatch: DispatchRules
    redispatch: RedispatchRules
    decision: DecisionRules
    ac: AcLimits = field(default_factory=AcLimits)
    """Of AC verification, where a class of request needs it."""
    ledger: LedgerRules = field(default_factory=LedgerRules)
    """Of the draft and its accounts; the design's own where a book says nothing."""
    recall: RecallRules = field(default_factory=RecallRules)
    ladder: LadderRules = field(default_factory=LadderRules)
    clock: ClockRules = field(default_factory=ClockRules)
    """Of what happens by the clock."""
    notices: NoticeRules = field(default_factory=NoticeRules)
    """Of who is told of what, and who is next."""
    template: Mapping[str, Any] = field(default_factory=dict)
    """What the calendar fills into a request that nobody has filed, so that only its dates speak."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where each number comes from, by its path."""

    @property
    def name(self) -> str:
        """Name it with its version, as records do."""
        return f"{self.id} v{self.version}"
