"""What a study is asked: operating points, what is out, what may fail, and the numbers of the rule book."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from moms.grid import Contingency, Hours, IntArray, Network


def _nothing() -> IntArray:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Out:
    """Rows of branches and units that are out."""

    branches: IntArray = field(default_factory=_nothing)
    units: IntArray = field(default_factory=_nothing)

    def __post_init__(self) -> None:
        for name in ("branches", "units"):
            object.__setattr__(self, name, np.unique(np.asarray(getattr(self, name), dtype=np.int64)))

    def __len__(self) -> int:
        return len(self.branches) + len(self.units)

    def plus(self, other: Out) -> Out:
        """Give both together."""
        return Out(branches=np.r_[self.branches, other.branches], units=np.r_[self.units, other.units])


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRules:
    """The rule book's numbers that a study needs."""

    worsened_share: float = 0.01
    """An old violation counts as worse when it grows by this share of its limit (semantics 1.4)."""
    watch_share: float = 0.95
    """Post-contingency loadings above this share of rate B are compared too, for the rule that a plain
    approval stays below it until AC is in (semantics 1.7). At most 1."""
    generator_trips: bool = True
    """Whether contingencies that lose a unit are studied."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcStart:
    """Where the AC solution of an hour begins, beside the network's voltages; and which units are switched banks."""

    banks: IntArray
    """Rows of units: they hold voltages before a contingency, and are locked after one."""
    limited: IntArray
    """(n,) buses known to be at a reactive limit at those voltages, as `AcState.limited`."""
    slack_mw: float
    """What losses take there."""
    dc: Slice
    """The same hours as DC studies them: what tells which contingencies a request can change anything of."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slice:
    """Hours that share a topology: the network in its season, what is out, what is asked for on top.

    `hours` holds the request (units of a generator request redispatched), `hours_without` the same
    hours without it: the identical object for a transmission request (semantics 1.2).
    """

    network: Network
    hours: Hours
    hours_without: Hours
    out: Out
    request: Out
    contingencies: tuple[Contingency, ...]
    contingencies_without: tuple[Contingency, ...] | None = None
    """The list without the request, where it changes what trips together (semantics 1.6): the same ids
    in the same order, other elements. None: the same list."""
    ac: AcStart | None = None
    """What AC needs besides, where the grid has banks that are switched."""
