"""A request and all that has become of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from moms.outages.request import Request
    from moms.values import Finding, Window


class State(StrEnum):
    """Where the machinery stands (architecture decision 8)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    VALIDATED = "validated"
    IN_STUDY = "in_study"
    NEGOTIATING = "negotiating"
    DECIDED = "decided"
    OPPORTUNITY_WAITING = "opportunity_waiting"
    ACTIVE = "active"
    PENDING_COMPLETE = "pending_complete"
    COMPLETED = "completed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Status(StrEnum):
    """What has been decided."""

    NONE = "none"
    PRE_APPROVED = "pre_approved"
    APPROVED = "approved"
    APPROVED_WITH_CONDITIONS = "approved_with_conditions"
    AT_RISK = "at_risk"
    DENIED = "denied"
    REVOKED = "revoked"
    RECALLED = "recalled"
    ACCEPTED_EXEMPT = "accepted_exempt"
    ACCEPTED_NOT_EXEMPT = "accepted_not_exempt"


STANDING = frozenset(
    {
        Status.PRE_APPROVED,
        Status.APPROVED,
        Status.APPROVED_WITH_CONDITIONS,
        Status.AT_RISK,
        Status.RECALLED,
        Status.ACCEPTED_EXEMPT,
        Status.ACCEPTED_NOT_EXEMPT,
    }
)
"""Statuses under which the outage holds its window in the book."""

OVER = frozenset({State.COMPLETED, State.CLOSED, State.WITHDRAWN, State.CANCELLED, State.EXPIRED})
"""States in which nothing is out any more, nor will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Hours asked for after the rest: they stand in the queue from `stamp`, not from the outage's own."""

    window: Window
    stamp: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A change of a standing outage that waits for its decision; what stands is untouched until then."""

    request: Request
    stamp: datetime
    added: tuple[Added, ...]
    stamped_h: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One outage in the book.

    `window` is what stands now: the asked one until decided, then the approved or moved one, then
    with the extended end. `stamp` is the queue stamp (semantics 4). While a change of a standing outage
    waits, `request`, `window` and `stamp` stay those that were granted, and `wish` is what is asked.
    """

    id: str
    request: Request
    state: State
    status: Status
    window: Window
    stamp: datetime
    filed_at: datetime
    revision: int = 1
    conditions: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    decision_id: str | None = None
    actual_start: datetime | None = None
    actual_end: datetime | None = None
    requester: str = ""
    """The name of who filed it; who settles must be somebody else."""
    added: tuple[Added, ...] = ()
    """Lengthenings since the stamp, with stamps of their own (semantics 4)."""
    granted: Status | None = None
    """While at risk: what had been granted, and comes back if the risk is cleared."""
    stamped_h: float | None = None
    """Hours asked for when the stamp was given, against which a shortening is measured; None: those of the request."""
    wish: Wish | None = None

    @property
    def asked(self) -> Request:
        """What is to be decided: the change that waits, or the request itself."""
        return self.wish.request if self.wish else self.request

    @property
    def holds(self) -> bool:
        """Whether it occupies its window: standing, active, or past its end with no end reported."""
        return self.state not in OVER and (
            self.status in STANDING or self.state in {State.ACTIVE, State.PENDING_COMPLETE}
        )

    @property
    def pending(self) -> bool:
        """Whether it still waits for its decision."""
        return self.state in {State.SUBMITTED, State.VALIDATED, State.IN_STUDY, State.NEGOTIATING} and not self.holds
