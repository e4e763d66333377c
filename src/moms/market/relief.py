"""What a redispatch comes to: moves, cost, and what stays over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moms.grid import FloatArray
    from moms.market.sensitivity import Over


class Relief(StrEnum):
    """What came of it."""

    NOT_NEEDED = "not needed"
    RELIEVED = "relieved"
    CANNOT = "cannot"
    """No change of output within the units' limits brings all pairs within theirs."""
    NOT_KNOWN = "not known"
    """The solver failed, or the rounds ran out, or a contingency has no pick-up: a person looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One unit's change."""

    unit: int
    before_mw: float
    after_mw: float

    @property
    def starts(self) -> bool:
        """Whether the unit has to be started for it."""
        return self.before_mw <= 0.0 < self.after_mw


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """A pair that stays over its limit when the total over is as small as it can be, or that binds then."""

    pair: Over
    flow_mw: float
    over_mw: float
    """0 for a pair that is within its limit but stands in the way of another."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HourRelief:
    """What one hour needs."""

    hour: int
    relief: Relief
    says: str
    moves: tuple[Move, ...] = ()
    """By unit, the MW changed."""
    moved_mw: float = 0.0
    """MW up (as many go down)."""
    cost_per_h: float = 0.0
    """$/h paid to move units away from the hour's price: never negative."""
    production_per_h: float = 0.0
    """$/h by which the units' own cost curves change: negative where the dispatch was dear."""
    exact: bool = True
    """False where a row holds shares of pick-up still (a unit trip, a contingency that cuts buses off):
    what is relieved was checked by the study, but "cannot" is then no proof."""
    remaining: tuple[Remaining, ...] = ()
    clash: tuple[Remaining, ...] = ()
    """The pairs that bind together with the remaining ones."""
    pairs: int = 0
    """Rows in the last program."""
    rounds: int = 0
    unit_mw: FloatArray | None = None
    """(g,) the moved dispatch, for the study that checks it; None where there is none."""

    @property
    def over_mw(self) -> float:
        """Sum of MW that stay over limits."""
        return sum(r.over_mw for r in self.remaining)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redispatch:
    """What the hours of a slice need, worst first where one is named."""

    hours: tuple[HourRelief, ...]
    source: str

    @property
    def relief(self) -> Relief:
        """The worst outcome of all hours."""
        found = {h.relief for h in self.hours}
        return next((r for r in (Relief.CANNOT, Relief.NOT_KNOWN, Relief.RELIEVED) if r in found), Relief.NOT_NEEDED)

    @property
    def worst(self) -> HourRelief | None:
        """The hour that stays over by most, else the one that moves most; the earliest of equals."""
        return max(self.hours, key=lambda h: (h.over_mw, h.moved_mw, -h.hour), default=None)
