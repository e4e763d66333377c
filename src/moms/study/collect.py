"""Gathers what each group of hours showed, and makes the result of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import RatingSource
from moms.study.listed import BRANCH, SEVERAL, UNIT, listed
from moms.study.plan import Skipped
from moms.study.result import (
    NEW,
    OLD,
    WORSE,
    BaseTable,
    Counts,
    Hour,
    IslandingRow,
    RequestCutOff,
    ShortfallRow,
    StudyResult,
    ViolationRow,
    ViolationTable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from moms.grid import Contingency, IntArray
    from moms.study.slices import Slice

Columns = dict[str, "npt.NDArray[np.generic]"]

VIOLATION = ("contingency", "element", "hour", "flow_mw", "limit_mw", "base_mw", "without_mw", "compared", "caused")
BASE = ("element", "hour", "flow_mw", "limit_mw", "without_mw", "compared", "caused")
KINDS = {
    "flow_mw": np.float64,
    "limit_mw": np.float64,
    "base_mw": np.float64,
    "without_mw": np.float64,
    "compared": np.bool_,
}


@dataclass(slots=True, kw_only=True, eq=False)
class Collector:
    """What has been found so far in a study, over all groups of hours."""

    hours: tuple[Hour, ...]
    contingencies: dict[str, int]
    """Place of each id, in order of first appearance."""
    kind: IntArray
    """(c,) what each loses, as in `Listed`: as it stands where it first appears."""
    violations: list[Columns] = field(default_factory=list)
    watched: list[Columns] = field(default_factory=list)
    base: list[Columns] = field(default_factory=list)
    near: tuple[tuple[float, int, int, int], ViolationRow] | None = None
    islanding: dict[int, tuple[tuple[float, ...], IslandingRow]] = field(default_factory=dict)
    """By contingency: rank (what is caused, then load, then generation, then the earlier hour), row."""
    old_islanding: set[int] = field(default_factory=set)
    islands: set[int] = field(default_factory=set)
    cut_off: list[RequestCutOff] = field(default_factory=list)
    shortfalls: dict[int, ShortfallRow] = field(default_factory=dict)
    skipped: dict[int, Skipped] = field(default_factory=dict)
    studied: npt.NDArray[np.bool_]
    """(c,)"""
    unsolved: set[int] = field(default_factory=set)
    kinds: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(3, np.int64))
    """Violations counted by `CODES`."""
    caused_by_hour: npt.NDArray[np.bool_]
    standing: npt.NDArray[np.int64]
    request_load: npt.NDArray[np.float64]
    request_generation: npt.NDArray[np.float64]

    @classmethod
    def of(cls, slices: Sequence[Slice]) -> Collector:
        """Open the tables for all hours and contingencies of a study."""
        hours: list[Hour] = []
        for one in slices:
            starts = one.hours.start or (None,) * len(one.hours)
            hours += [Hour(label=label, start=start) for label, start in zip(one.hours.label, starts, strict=True)]
        names, kind = _named(slices)
        return cls(
            hours=tuple(hours),
            contingencies=names,
            kind=kind,
            studied=np.zeros(len(names), np.bool_),
            caused_by_hour=np.zeros(len(hours), np.bool_),
            standing=np.zeros(len(hours), np.int64),
            request_load=np.zeros(len(hours)),
            request_generation=np.zeros(len(hours)),
        )

    def empty(self) -> Collector:
        """Give one for the same study in which nothing is found yet."""
        return Collector(
            hours=self.hours,
            contingencies=self.contingencies,
            kind=self.kind,
            studied=np.zeros_like(self.studied),
            caused_by_hour=np.zeros_like(self.caused_by_hour),
            standing=np.zeros_like(self.standing),
            request_load=np.zeros_like(self.request_load),
            request_generation=np.zeros_like(self.request_generation),
        )

    def take(self, other: Collector) -> None:
        """Take what another group of hours of the same study showed: in the order of the groups, whoever was first."""
        self.violations += other.violations
        self.watched += other.watched
        self.base += other.base
        if other.near is not None and (self.near is None or other.near[0] < self.near[0]):
            self.near = other.near
        for k, (rank, row) in other.islanding.items():
            self.keep_islanding(k, rank, row)
        self.old_islanding |= other.old_islanding
        self.islands |= other.islands
        self.cut_off += other.cut_off
        for place, short in other.shortfalls.items():
            held = self.shortfalls.get(place)
            if held is None or short.shortfall_mw > held.shortfall_mw:
                self.shortfalls[place] = short
        self.skipped.update(other.skipped)
        self.unsolved |= other.unsolved
        self.kinds += other.kinds
        self.studied |= other.studied
        self.caused_by_hour |= other.caused_by_hour
        self.standing += other.standing  # each hour is of one group
        self.request_load += other.request_load
        self.request_generation += other.request_generation

    def places_of(self, contingencies: tuple[Contingency, ...]) -> IntArray:
        """Give where contingencies stand in the tables, (k,)."""
        return np.array([self.contingencies[name] for name in listed(contingencies).ids], np.int64)

    def keep_islanding(self, k: int, rank: tuple[float, ...], row: IslandingRow) -> None:
        """Keep the worst row of a contingency, and count its hours over all groups of the same kind."""
        held = self.islanding.get(k)
        if held is None or rank[0] > held[0][0]:
            self.islanding[k] = (rank, row)
            return
        if rank[0] < held[0][0]:
            return
        best_rank, best = (rank, row) if rank > held[0] else held
        values = {name: getattr(best, name) for name in best.__slots__} | {"hours": held[1].hours + row.hours}
        self.islanding[k] = (best_rank, IslandingRow(**values))

    def result(self, slices: Sequence[Slice], *, standing: bool) -> StudyResult:
        """Make the result: tables sorted by contingency, element and hour."""
        names = tuple(self.contingencies)
        violations = _table(self.violations, VIOLATION, ("contingency", "element", "hour"))
        watched = _table(self.watched, VIOLATION, ("contingency", "element", "hour"))
        base = _table(self.base, BASE, ("element", "hour"))
        return StudyResult(
            hours=self.hours,
            contingencies=names,
            base=BaseTable(**base),  # type: ignore[arg-type]  # columns by name, typed in KINDS
            violations=ViolationTable(**violations),  # type: ignore[arg-type]  # likewise
            watched=ViolationTable(**watched),  # type: ignore[arg-type]  # likewise
            islanding=tuple(self.islanding[k][1] for k in sorted(self.islanding)),
            request_cuts_off=tuple(self.cut_off),
            shortfalls=tuple(self.shortfalls[k] for k in sorted(self.shortfalls)),
            near=None if self.near is None else self.near[1],
            counts=self._counts(slices),
            unsolved=tuple(names[k] for k in sorted(self.unsolved)),
            caused_by_hour=self.caused_by_hour,
            standing_by_hour=self.standing if standing else None,
            request_load_mw=self.request_load,
            request_generation_mw=self.request_generation,
        )

    def _counts(self, slices: Sequence[Slice]) -> Counts:
        kind = np.bincount(self.kind[self.studied], minlength=SEVERAL + 1)
        why = [str(reason) for k, reason in self.skipped.items() if not self.studied[k]]
        lines = slices[0].network.branches
        watched = lines.monitored & lines.in_service
        return Counts(
            hours=len(self.hours),
            contingencies=int(self.studied.sum()),
            branch=int(kind[BRANCH]),
            islanding=len(self.islands),
            unit=int(kind[UNIT]),
            several=int(kind[SEVERAL]),
            skipped={str(reason): why.count(str(reason)) for reason in Skipped if str(reason) in why},
            monitored=int(watched.sum()),
            unrated=int((watched & ~np.isfinite(lines.rate_b_mw)).sum()),
            synthetic=int((watched & (lines.rating_source == RatingSource.SYNTHETIC)).sum()),
            new=int(self.kinds[NEW]),
            worse=int(self.kinds[WORSE]),
            old=int(self.kinds[OLD]),
            old_islanding=len(self.old_islanding),
        )


def _named(slices: Sequence[Slice]) -> tuple[dict[str, int], IntArray]:
    """Give the place of each id over the lists of all slices, and what it loses."""
    lists = {id(one.contingencies): listed(one.contingencies) for one in slices}
    names: dict[str, int] = {}
    kinds: list[IntArray] = [np.empty(0, np.int64)]
    for some in lists.values():
        if not names:
            names, kinds = dict(some.place), [some.kind]
            continue
        fresh = [k for k, name in enumerate(some.ids) if name not in names]
        names.update({some.ids[k]: len(names) + at for at, k in enumerate(fresh)})
        kinds.append(some.kind[fresh])
    return names, np.concatenate(kinds)


def _table(parts: list[Columns], names: tuple[str, ...], by: tuple[str, ...]) -> Columns:
    columns: Columns = {
        name: np.concatenate([part[name] for part in parts]).astype(KINDS.get(name, np.int64))
        if parts
        else np.empty(0, KINDS.get(name, np.int64))
        for name in names
    }
    order = np.lexsort([columns[name] for name in reversed(by)])
    return {name: column[order] for name, column in columns.items()}
