"""What a study found: compact tables, and rows a person or a machine reads.

MW are rounded to 0.001 where rows are made and nowhere before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from moms.values import ElementKind, element, mw, percent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from moms.grid import BoolArray, FloatArray, IntArray


class Caused(StrEnum):
    """What the request has to do with a violation (semantics 1.4)."""

    OLD = "old"
    NEW = "new"
    WORSE = "worse"


CODES = (Caused.OLD, Caused.NEW, Caused.WORSE)
OLD, NEW, WORSE = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """One operating point of a study."""

    label: str
    start: datetime | None
    """None for a point that is no hour of a calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRow:
    """A branch over rate A before any contingency."""

    element: str
    hour: str
    flow_mw: float
    limit_mw: float
    percent: float
    without_mw: float | None
    """The same without the request; None where the branch carries nothing without it."""
    caused: Caused


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationRow:
    """A branch over rate B after a contingency, in one hour."""

    contingency: str
    element: str
    hour: str
    flow_mw: float
    limit_mw: float
    percent: float
    base_mw: float
    """Its flow before the contingency, with the request."""
    without_mw: float | None
    """Same contingency, element and hour without the request; None if the branch is then cut off."""
    caused: Caused


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstRow:
    """The worst hour of one contingency and element, and in how many hours the pair is over."""

    worst: ViolationRow
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IslandingRow:
    """A contingency that cuts off a part of the grid: its worst hour."""

    contingency: str
    hour: str
    load_mw: float
    generation_mw: float
    without_load_mw: float
    without_generation_mw: float
    buses: tuple[str, ...]
    units: tuple[str, ...]
    hours: int
    """In how many hours of the study it is so."""
    caused: Caused


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCutOff:
    """A part of the grid that the request itself cuts off, before any contingency."""

    hour: str
    """The hour of the most load."""
    load_mw: float
    generation_mw: float
    """The most in any hour."""
    hours: int
    buses: tuple[str, ...]
    units: tuple[str, ...]
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortfallRow:
    """A loss that headroom cannot make up for: its worst hour."""

    contingency: str
    hour: str
    shortfall_mw: float
    without_mw: float
    hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a study covered (semantics 1.8)."""

    hours: int
    contingencies: int
    """Studied in at least one hour."""
    branch: int
    islanding: int
    """Those that cut off a part of the grid."""
    unit: int
    several: int
    """Of more than one element."""
    skipped: dict[str, int]
    """By reason: own, already out, not asked."""
    monitored: int
    unrated: int
    """Monitored branches without a rate B: loaded without limit."""
    synthetic: int
    """Monitored branches whose ratings were made by rule."""
    new: int
    worse: int
    old: int
    """Violations by kind: one a contingency, element and hour."""
    old_islanding: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaseTable:
    """Flows over rate A before any contingency, (e,)."""

    element: IntArray
    hour: IntArray
    flow_mw: FloatArray
    limit_mw: FloatArray
    without_mw: FloatArray
    compared: BoolArray
    caused: IntArray

    def __len__(self) -> int:
        return len(self.element)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViolationTable:
    """Flows over rate B after contingencies, (e,), by contingency, element, hour."""

    contingency: IntArray
    """Index into `StudyResult.contingencies`."""
    element: IntArray
    """Branch row."""
    hour: IntArray
    """Index into `StudyResult.hours`."""
    flow_mw: FloatArray
    limit_mw: FloatArray
    base_mw: FloatArray
    without_mw: FloatArray
    compared: BoolArray
    """Whether `without_mw` means anything: not where the branch is cut off without the request."""
    caused: IntArray
    """0 old, 1 new, 2 worse."""

    def __len__(self) -> int:
        return len(self.element)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyResult:
    """What breaks with the request, hour by hour, and what of it the request caused."""

    hours: tuple[Hour, ...]
    contingencies: tuple[str, ...]
    base: BaseTable
    violations: ViolationTable
    """All that is caused; what is old too if the study was asked to keep it."""
    watched: ViolationTable
    """All that is caused where the watched share of rate B is the limit."""
    islanding: tuple[IslandingRow, ...]
    request_cuts_off: tuple[RequestCutOff, ...]
    shortfalls: tuple[ShortfallRow, ...]
    near: ViolationRow | None
    """The largest loading above the watched share of rate B that the request causes there: what the
    rule of semantics 1.7 asks. None: no pair that the request moves is above that share."""
    counts: Counts
    unsolved: tuple[str, ...]
    """Contingencies without a reliable answer; a result with any is not clean."""
    caused_by_hour: BoolArray
    """(H,) whether the request causes anything: over a limit, islanding, or cut off by itself."""
    standing_by_hour: IntArray | None
    """(H,) violations after contingencies without the request; None if not asked."""
    request_load_mw: FloatArray
    """(H,) load the request itself cuts off."""
    request_generation_mw: FloatArray

    @property
    def clean(self) -> bool:
        """Tell whether the request causes nothing and everything was answered."""
        return not self.caused_by_hour.any() and not self.unsolved

    def base_rows(self, *, keep_old: bool = False) -> Iterator[BaseRow]:
        """Give the rows before any contingency, by element and hour; caused ones unless all are asked."""
        t = self.base
        for e in np.flatnonzero(t.caused != OLD).tolist() if not keep_old else range(len(t)):
            yield BaseRow(
                element=element(ElementKind.BRANCH, int(t.element[e])),
                hour=self.hours[t.hour[e]].label,
                flow_mw=mw(t.flow_mw[e]),
                limit_mw=mw(t.limit_mw[e]),
                percent=percent(100.0 * abs(t.flow_mw[e]) / t.limit_mw[e]) if t.limit_mw[e] else 0.0,
                without_mw=mw(t.without_mw[e]) if t.compared[e] else None,
                caused=CODES[t.caused[e]],
            )

    def violation(self, e: int) -> ViolationRow:
        """Give one row after a contingency."""
        t = self.violations
        return ViolationRow(
            contingency=self.contingencies[t.contingency[e]],
            element=element(ElementKind.BRANCH, int(t.element[e])),
            hour=self.hours[t.hour[e]].label,
            flow_mw=mw(t.flow_mw[e]),
            limit_mw=mw(t.limit_mw[e]),
            percent=loading(t.flow_mw[e], t.limit_mw[e]),
            base_mw=mw(t.base_mw[e]),
            without_mw=mw(t.without_mw[e]) if t.compared[e] else None,
            caused=CODES[t.caused[e]],
        )

    def violation_rows(self) -> Iterator[ViolationRow]:
        """Give all rows after contingencies, by contingency, element, hour."""
        return (self.violation(e) for e in range(len(self.violations)))

    def worst_rows(self) -> tuple[WorstRow, ...]:
        """Give one row a (contingency, element): the hour of the highest loading, most loaded pair first.

        Pairs and hours that are caused go before old ones; `hours` counts those of the kind shown
        (caused, or old where none is caused).
        """
        t = self.violations
        if not len(t):
            return ()
        is_caused = t.caused != OLD
        share = np.abs(t.flow_mw) / np.where(t.limit_mw > 0.0, t.limit_mw, 1e-9)
        by = np.lexsort((t.hour, -share, ~is_caused, t.element, t.contingency))
        first = np.r_[True, (np.diff(t.contingency[by]) != 0) | (np.diff(t.element[by]) != 0)]
        pair = np.cumsum(first) - 1
        shown = is_caused[by[first]]
        hours = np.bincount(pair, weights=is_caused[by] == shown[pair]).astype(np.int64)
        heads = by[first]
        ranked = np.lexsort((t.element[heads], t.contingency[heads], -share[heads], ~shown))
        return tuple(WorstRow(worst=self.violation(int(heads[k])), hours=int(hours[k])) for k in ranked)


def loading(flow: float, limit: float) -> float:
    """Give the loading in per cent of the limit; 0 where the limit is 0 (the flow says it all)."""
    return percent(100.0 * abs(float(flow)) / float(limit)) if limit else 0.0
