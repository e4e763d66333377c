"""Gathers what each group of hours showed, and makes the result of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from moms.grid import RatingSource
from moms.study.plan import Skipped
from moms.study.result import (
    CODES,
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

    from moms.grid import Contingency
    from moms.study.slices import Slice

Columns = dict[str, "npt.NDArray[np.generic]"]

VIOLATION = ("contingency", "element", "hour", "flow_mw", "limit_mw", "base_mw", "without_mw", "compared", "caused")
BASE = ("element", "hour", "flow_mw", "limit_mw", "without_mw", "compared", "caused")
KINDS = {"flow_mw": np.float64, "limit_mw": np.float64, "base_mw": np.float64, "without_mw": np.float64, "compared": np.bool_}


@dataclass(slots=True, kw_only=True, eq=False)
class Collector:
    """What has been found so far in a study, over all groups of hours."""

    hours: tuple[Hour, ...]
    contingencies: dict[str, int]
    """Place of each id, in order of first appearance."""
    content: dict[str, Contingency]
    violations: list[Columns] = field(default_factory=list)
    base: list[Columns] = field(default_factory=list)
    near: tuple[tuple[float, int, int, int], ViolationRow] | None = None
    islanding: dict[int, tuple[tuple[float, ...], IslandingRow]] = field(default_factory=dict)
    """By contingency: rank (what is caused, then load, then generation, then the earlier hour), row."""
    old_islanding: set[int] = field(default_factory=set)
    islands: set[int] = field(default_factory=set)
    cut_off: list[RequestCutOff] = field(default_factory=list)
    shortfalls: dict[int, ShortfallRow] = field(default_factory=dict)
    skipped: dict[int, Skipped] = field(default_factory=dict)
    studied: set[int] = field(default_factory=set)
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
        names: dict[str, int] = {}
        content: dict[str, Contingency] = {}
        for one in slices:
            starts = one.hours.start or (None,) * len(one.hours)
            hours += [Hour(label=label, start=start) for label, start in zip(one.hours.label, starts, strict=True)]
            for contingency in one.contingencies:
                names.setdefault(contingency.id, len(names))
                content.setdefault(contingency.id, contingency)
        return cls(
            hours=tuple(hours),
            contingencies=names,
            content=content,
            caused_by_hour=np.zeros(len(hours), np.bool_),
            standing=np.zeros(len(hours), np.int64),
            request_load=np.zeros(len(hours)),
            request_generation=np.zeros(len(hours)),
        )

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
        base = _table(self.base, BASE, ("element", "hour"))
        return StudyResult(
            hours=self.hours,
            contingencies=names,
            base=BaseTable(**base),  # type: ignore[arg-type]  # columns by name, typed in KINDS
            violations=ViolationTable(**violations),  # type: ignore[arg-type]  # likewise
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
        several = branch = unit = 0
        place = {k: name for name, k in self.contingencies.items()}
        for k in self.studied:
            one = self.content[place[k]]
            several += len(one.branches) + len(one.units) > 1
            branch += len(one.branches) == 1 and not one.units
            unit += len(one.units) == 1 and not one.branches
        why = [str(reason) for k, reason in self.skipped.items() if k not in self.studied]
        lines = slices[0].network.branches
        watched = lines.monitored & lines.in_service
        return Counts(
            hours=len(self.hours),
            contingencies=len(self.studied),
            branch=branch,
            islanding=len(self.islands),
            unit=unit,
            several=several,
            skipped={str(reason): why.count(str(reason)) for reason in Skipped if str(reason) in why},
            monitored=int(watched.sum()),
            unrated=int((watched & ~np.isfinite(lines.rate_b_mw)).sum()),
            synthetic=int((watched & (lines.rating_source == RatingSource.SYNTHETIC)).sum()),
            new=int(self.kinds[NEW]),
            worse=int(self.kinds[WORSE]),
            old=int(self.kinds[OLD]),
            old_islanding=len(self.old_islanding),
        )


def _table(parts: list[Columns], names: tuple[str, ...], by: tuple[str, ...]) -> Columns:
    columns: Columns = {
        name: np.concatenate([part[name] for part in parts]).astype(KINDS.get(name, np.int64))
        if parts
        else np.empty(0, KINDS.get(name, np.int64))
        for name in names
    }
    order = np.lexsort([columns[name] for name in reversed(by)])
    return {name: column[order] for name, column in columns.items()}
