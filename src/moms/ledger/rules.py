"""What the ledger's rules are made of: every number an operator could want otherwise, with its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from moms.ledger.standards import Standards
from moms.values import Refused, digest


class Kind(StrEnum):
    """Which ledger: the two are kept apart, as the standards of conduct keep the two businesses (semantics 8)."""

    GENERATION = "generation"
    TRANSMISSION = "transmission"


class Need(StrEnum):
    """How hard the date is. Emergencies and safety orders (P0) stand outside the draft."""

    DEADLINE = "P1"
    """A hard deadline from outside, with the hash of the document that sets it."""
    DUE = "P2"
    """Routine work that is due."""
    FREE = "P3"
    """Work at the owner's discretion."""


NEEDS = (Need.DEADLINE, Need.DUE, Need.FREE)
"""In the order in which the draft serves them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A price for days whose expected use, as a share of headroom, stays below a bound."""

    below_permille: int | None
    """None: no upper bound."""
    price: int
    """Credits per MW-day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forfeit:
    """The share of the price that is lost by cancelling with at least so many days of notice."""

    least_lead_days: int
    permille: int


class NotARuleSet(Refused):
    """Numbers that cannot be the rules of a ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRules:
    """The rules of one ledger. The defaults are those of the design: none is a tariff's number."""

    version: str = "ledger-1"
    bands: tuple[Band, ...] = (
        Band(below_permille=500, price=1),
        Band(below_permille=800, price=2),
        Band(below_permille=1000, price=4),
        Band(below_permille=None, price=8),
    )
    forfeits: tuple[Forfeit, ...] = (  # the 120 days are MISO's line for timely requests (KA-01500)
        Forfeit(least_lead_days=120, permille=0),
        Forfeit(least_lead_days=60, permille=250),
        Forfeit(least_lead_days=30, permille=500),
        Forfeit(least_lead_days=7, permille=750),
        Forfeit(least_lead_days=0, permille=1000),
    )
    no_show_permille: int = 1500
    recall_times: int = 2
    """The operator pays so many times what the owner would have lost by cancelling as late."""
    carry_permille: int = 500
    """What is left of a balance after a season: old history is forgotten."""
    cap_permille: int = 1000
    """Largest balance, as a share of the mean season charge for the owner's need."""
    bond_permille: int = 1000
    """Bond for a claim of a deadline, as a share of the price; lost twice over if the evidence is rejected."""
    short_notice_days: int = 14
    short_notice_permille: int = 1500
    early_return_permille: int = 500
    early_return_notice_h: int = 24
    overrun_times: int = 2
    overrun_tolerance_permille: int = 100
    overrun_tolerance_days: int = 1
    standard_slack_permille: int = 1250
    """A declared duration counts in the need weight up to this share of the standard of its class."""
    least_used_permille: int = 800
    """Use it or lose it, as airport slots (IATA WSG: 80/20)."""
    ageing_seasons: int = 2
    """Unserved for so many seasons past the need date, work rises one class."""
    firm_most: int = 1
    tentative_most: int = 2
    """Live bookings of one work order."""
    standards: Standards = field(default_factory=Standards)
    """What the classes of assets need and use."""

    def __post_init__(self) -> None:
        """Refuse rules under which cancelling late could be cheaper than cancelling early."""
        leads = [one.least_lead_days for one in self.forfeits]
        shares = [one.permille for one in self.forfeits]
        if leads != sorted(leads, reverse=True) or leads[-1] != 0 or shares != sorted(shares):
            raise NotARuleSet("the forfeits do not grow as notice shrinks to 0", field="forfeits", fix="order them")
        if not shares[0] >= 0 or shares[-1] > self.no_show_permille:
            raise NotARuleSet(
                "a no-show is cheaper than a cancellation", field="no_show_permille", fix="make it the largest"
            )
        if not self.bands or self.bands[-1].below_permille is not None:
            raise NotARuleSet("the last band has an upper bound", field="bands", fix="leave below_permille out of it")

    def forfeit_permille(self, lead_days: int) -> int:
        """Give the share lost by cancelling with so many days of notice.

        >>> [LedgerRules().forfeit_permille(days) for days in (200, 120, 119, 45, 7, 0)]
        [0, 0, 250, 500, 750, 1000]
        """
        return next((one.permille for one in self.forfeits if lead_days >= one.least_lead_days), 1000)

    @property
    def fingerprint(self) -> str:
        """Tell these rules from any others."""
        return digest(self)


def part(amount_milli: int, permille: int) -> int:
    """Give a share of an amount, rounded up: rounding never pays an owner, so splitting never pays either.

    >>> part(10, 250), part(0, 250)
    (3, 0)
    """
    return -((-amount_milli * permille) // 1000)
