"""What a study shows hour by hour: the worst loadings with the request and without it, and the margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.decide import Crossing
from moms.study import Out, flows_before, some_hours
from moms.study.result import loading
from moms.values import ElementKind, element, market_day_of, mw, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from moms.adequacy import MarginChange
    from moms.desk.security import Studied
    from moms.desk.world import World
    from moms.grid import FloatArray, IntArray
    from moms.study import Slice, StudyResult

AT_ONCE = 168
"""Hours whose flows are held at once: of a large grid a week is some 30 MB."""
HOURS_KEPT = 336
"""Rows of hours an answer has at most; of more, the worst hour of each market day is kept, and that is said."""
MOVED_KEPT = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """The most loaded branch of an hour before any contingency, in per cent of rate A."""

    element: str
    percent: float
    without_percent: float | None
    """The same branch without the request; None where it carries nothing then, or this is the case without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourMargin:
    """The least margin of an hour over all places, MW."""

    row: str
    with_mw: float
    without_mw: float
    """Of the same place without the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourSeen:
    """One operating point of the study."""

    hour: str
    out: int
    """Other outages that are out at it."""
    before: Loading | None
    """With the request, before any contingency; None where no branch has a limit."""
    before_without: Loading | None
    after: Crossing | None
    """The worst pair after a contingency that the request brings above the shown share of its limit; None: none."""
    margin: HourMargin | None
    """None for a point that is no hour of the calendar, or where no margin is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A branch whose loading before any contingency the request changes, in the hour it is loaded most with it."""

    element: str
    hour: str
    without_mw: float
    with_mw: float
    limit_mw: float
    percent: float
    by_percent: float
    """How much the request adds, in per cent of the limit; negative where it relieves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hourly:
    """What a study shows hour by hour."""

    hours: tuple[HourSeen, ...]
    points: int
    """Operating points studied; of more than are kept, `hours` has the worst of each market day."""
    shown_percent: float
    """Of the limit after a contingency: what the request brings above it is shown, over the limit or not.

    It is the share that the rule book watches: the base states are repaired to stay below it, so that what they
    park at their own limit does not crowd the rest out.
    """
    near: tuple[Crossing, ...]
    """Pairs that the request brings above the shown share of their limit and not over it, most loaded first."""
    moved: tuple[Moved, ...]
    """The branches whose loading it changes most."""


def hourly(world: World, studied: Studied, *, margin: MarginChange | None, out: dict[str, int]) -> Hourly:
    """Give what a study shows by hour; `out` counts the other outages at each label."""
    studied = replace(studied, made=studied.slices)  # of a kept study they are made once, not each time
    after, near = _after(world, studied)
    before: dict[str, tuple[Loading | None, Loading | None]] = {}
    moves: dict[str, Moved] = {}
    for part in _pieces(studied.slices):
        _look_before(part, before, moves)
    margins = _margins(margin)
    rows = tuple(
        HourSeen(
            hour=one.label, out=out.get(one.label, 0), before=before[one.label][0],
            before_without=before[one.label][1], after=after.get(one.label),
            margin=None if one.start is None else margins.get((one.start, one.label[:1].isdigit())),
        )
        for one in studied.result.hours
    )  # fmt: skip
    largest = sorted(moves.values(), key=lambda m: (-abs(m.by_percent), m.element))[:MOVED_KEPT]
    kept = _kept(rows, [one.start for one in studied.result.hours])
    return Hourly(
        hours=kept,
        points=len(rows),
        shown_percent=percent(100.0 * world.rules.study.watch_share),
        near=near,
        moved=tuple(largest),
    )


def _after(world: World, studied: Studied) -> tuple[dict[str, Crossing], tuple[Crossing, ...]]:
    """Give the worst pair of each hour above the shown share, and the pairs that stay within their limit."""
    share = world.rules.study.watch_share
    result = replace(studied.result, violations=studied.result.watched)  # held against that share already
    worst = {
        result.hours[int(result.violations.hour[e])].label: _pair(result, e, share) for e in _worst_of_hours(result)
    }
    over = {(c.contingency, c.element) for c in studied.security.crossings}
    pairs = [_pair(result, e, share, hours=hours) for e, hours in _worst_of_pairs(result)]
    near = [c for c in pairs if c.percent <= 100.0 and (c.contingency, c.element) not in over]
    return worst, tuple(sorted(near, key=lambda c: (-c.percent, c.contingency or "", c.element)))


def _worst_of_hours(result: StudyResult) -> Iterable[int]:
    table = result.violations
    by = np.lexsort((table.element, table.contingency, -_share(result), table.hour))
    first = np.r_[True, np.diff(table.hour[by]) != 0] if len(by) else np.empty(0, np.bool_)
    return [int(e) for e in by[first]]


def _worst_of_pairs(result: StudyResult) -> Iterable[tuple[int, int]]:
    table = result.violations
    if not len(table):
        return []
    by = np.lexsort((table.hour, -_share(result), table.element, table.contingency))
    first = np.r_[True, (np.diff(table.contingency[by]) != 0) | (np.diff(table.element[by]) != 0)]
    counts = np.diff(np.r_[np.flatnonzero(first), len(by)])
    return [(int(e), int(n)) for e, n in zip(by[first], counts, strict=True)]


def _share(result: StudyResult) -> FloatArray:
    table = result.violations
    found: FloatArray = np.abs(table.flow_mw) / np.maximum(table.limit_mw, 1e-9)
    return found


def _pair(result: StudyResult, e: int, share: float, *, hours: int = 1) -> Crossing:
    """Give one row of a study held against the shown share, with the limit itself."""
    row = result.violation(e)
    limit = float(result.violations.limit_mw[e]) / share
    return Crossing(
        contingency=row.contingency, element=row.element, hour=row.hour, flow_mw=row.flow_mw, limit_mw=mw(limit),
        percent=loading(row.flow_mw, limit), base_mw=row.base_mw, without_mw=row.without_mw, caused=str(row.caused),
        hours=hours,
    )  # fmt: skip


def _pieces(slices: Sequence[Slice]) -> Iterable[Slice]:
    """Give the slices in parts of so many hours."""
    for one in slices:
        same = one.hours is one.hours_without
        for start in range(0, len(one.hours), AT_ONCE):
            index = np.arange(start, min(start + AT_ONCE, len(one.hours)))
            hours = some_hours(one.hours, index)
            yield replace(one, hours=hours, hours_without=hours if same else some_hours(one.hours_without, index))


def _look_before(
    part: Slice, before: dict[str, tuple[Loading | None, Loading | None]], moves: dict[str, Moved]
) -> None:
    """Note the worst loading before any contingency of each hour, and how each branch is moved."""
    without = flows_before(replace(part, request=Out(), hours=part.hours_without))
    asked = flows_before(part)
    lines = part.network.branches
    rows = np.flatnonzero(lines.monitored & lines.in_service & np.isfinite(lines.rate_a_mw) & (lines.rate_a_mw > 0.0))
    if not len(rows):
        before.update(dict.fromkeys(part.hours.label, (None, None)))
        return
    limit = lines.rate_a_mw[rows, None]
    then, now = 100.0 * np.abs(without[rows]) / limit, 100.0 * np.abs(asked[rows]) / limit
    gone = set(part.request.branches.tolist())
    for h, label in enumerate(part.hours.label):
        k, j = int(np.argmax(now[:, h])), int(np.argmax(then[:, h]))
        before[label] = (
            Loading(element=_name(rows[k]), percent=percent(now[k, h]), without_percent=percent(then[k, h])),
            Loading(element=_name(rows[j]), percent=percent(then[j, h]), without_percent=None),
        )
    _note_moves(part, rows, without, asked, gone, moves)


def _note_moves(  # noqa: PLR0917 - one caller, a few lines above
    part: Slice, rows: IntArray, without: FloatArray, asked: FloatArray, gone: set[int], moves: dict[str, Moved]
) -> None:
    """Keep of each branch the hour in which it is moved most, of those that are moved at all."""
    limit = part.network.branches.rate_a_mw
    by = 100.0 * (np.abs(asked[rows]) - np.abs(without[rows])) / limit[rows, None]
    hour = np.argmax(np.abs(by), axis=1)
    largest = np.abs(by[np.arange(len(rows)), hour])
    for k in np.argsort(-largest, kind="stable")[: MOVED_KEPT + len(gone)].tolist():
        row, h = int(rows[k]), int(hour[k])
        name, change = _name(row), percent(by[k, h])
        if row in gone or not change or (name in moves and abs(moves[name].by_percent) >= abs(change)):
            continue
        moves[name] = Moved(
            element=name, hour=part.hours.label[h], without_mw=mw(without[row, h]), with_mw=mw(asked[row, h]),
            limit_mw=mw(limit[row]), percent=percent(100.0 * abs(asked[row, h]) / limit[row]), by_percent=change,
        )  # fmt: skip


def _name(row: int) -> str:
    return element(ElementKind.BRANCH, int(row))


def _margins(change: MarginChange | None) -> dict[tuple[datetime, bool], HourMargin]:
    """Give the least margin of each clock hour, by its start; True says that the point is that very hour."""
    if change is None or not change.after.rows:
        return {}
    after, before = change.after.margin_mw, change.before.margin_mw
    found = {}
    for h, start in enumerate(change.after.start):
        r = int(np.argmin(after[:, h]))
        row = change.after.rows[r].name
        found[start, True] = HourMargin(row=row, with_mw=mw(after[r, h]), without_mw=mw(before[r, h]))
    return found


def _kept(rows: tuple[HourSeen, ...], starts: Sequence[datetime | None]) -> tuple[HourSeen, ...]:
    """Give the hours in order; of too many, the worst of each market day and of what is no hour."""
    order = sorted(range(len(rows)), key=lambda k: (starts[k] is None, str(starts[k]), rows[k].hour))
    if len(rows) <= HOURS_KEPT:
        return tuple(rows[k] for k in order)
    days: dict[object, list[int]] = {}
    for k in order:
        start = starts[k]
        days.setdefault(None if start is None else market_day_of(start), []).append(k)
    return tuple(rows[max(some, key=lambda k: (_weight(rows[k]), -k))] for some in days.values())[:HOURS_KEPT]


def _weight(row: HourSeen) -> float:
    after = row.after.percent if row.after is not None else 0.0
    return max(after, row.before.percent if row.before is not None else 0.0)
