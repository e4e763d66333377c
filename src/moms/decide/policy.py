"""What a rule book says about deciding: numbers and powers, no code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Authority(StrEnum):
    """How far the system may go by itself for a class of asset (semantics 2.6)."""

    OBSERVE = "observe"
    """Computes and records; a person decides without being shown a recommendation first."""
    ADVISE = "advise"
    """Recommends; a person decides."""
    DECIDE = "decide"
    """Decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityRow:
    """Authority for one class of asset; the first row that fits holds."""

    category: str
    """`transmission` or `generation`."""
    up_to_kv: float | None
    """Holds for assets of less than this voltage; None for any."""
    authority: Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class AcNeed:
    """A class of asset whose outage is granted only where AC verified it (semantics 2.0)."""

    category: str
    """`transmission` or `generation`."""
    from_kv: float | None
    """Holds for assets of this voltage and up; None for any. An unknown voltage counts as high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRules:
    """The decision part of a rule book (semantics §1.7, §2)."""

    ac_needed: tuple[AcNeed, ...]
    """Classes that need AC; empty where none does."""
    tight_share: float
    """Without AC a plain approval needs every caused loading at or below this share of rate B."""
    voltage_kv: float
    """Without AC, lines of this voltage and up refer."""
    load_at_risk_mw: float
    model_error_share: float
    """A new crossing smaller than this share of its limit neither approves nor denies."""
    system_may_deny: bool
    recall_within_h: float
    redispatch_most_mw: float
    """A redispatch that moves more than this in an hour is a person's to accept (semantics 2.1)."""
    alternatives: int
    search_days: int
    """How far, in days either side of the asked start, alternatives are looked for."""
    offer_held_h: float
    """How long an offered window is held; 0 if it is not."""
    full_exemption_lead_days: float
    partial_exemption_lead_days: float
    authority: tuple[AuthorityRow, ...]
    forecast_within_days: float = 14.0
    """A window that begins sooner is one that a forecast reaches."""
    forecast_most_age_h: float = 36.0
    forecast_needed: bool = False
    """Whether such a window refers where no forecast issue is kept at all."""
    rates_most_age_d: float = 400.0
    """Outage rates that were issued longer ago refer what takes capacity away."""
    rates_needed: bool = False
    """Whether that refers where no issue of outage rates is kept at all."""

    def needs_ac(self, *, category: str, base_kv: float | None) -> bool:
        """Tell whether an outage of such an asset needs AC verification to be granted."""
        return any(
            row.category == category and (row.from_kv is None or base_kv is None or base_kv >= row.from_kv)
            for row in self.ac_needed
        )

    def authority_over(self, *, category: str, base_kv: float | None) -> Authority:
        """Give the authority for an asset; an asset no row fits is a person's to decide."""
        for row in self.authority:
            if row.category != category:
                continue
            if row.up_to_kv is None or (base_kv is not None and base_kv < row.up_to_kv):
                return row.authority
        return Authority.ADVISE
