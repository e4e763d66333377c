"""Triples that no factor tells: with the asset out, one more loss cuts off what neither cuts off alone.

Such a pair of asset and loss is one loss of all its branches on the topology of the board, so the
study's own screen holds it: what is cut off is found on the graph, who picks up is what is left, flows
are compared with those after the same loss without the asset (semantics 1.4, 2.1a).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.grid import Contingency
from moms.study._board import CLEAN, OVER, TIGHT
from moms.study.judge import judge
from moms.study.result import OLD
from moms.study.screen import EDGE_MW, Found, Screen
from moms.study.slices import Out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import BoolArray, FloatArray, IntArray
    from moms.study.plan import CutOff
    from moms.study.slices import StudyRules
    from moms.study.state import Case

AT_ONCE = 4096
"""Pairs screened together: moves memory, not results."""


class Pair(NamedTuple):
    """An asset, by the one branch that it amounts to, and the place of a loss in the list."""

    branch: int
    loss: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """What each pair causes, (p,)."""

    level: IntArray
    """CLEAN, TIGHT or OVER."""
    element: IntArray
    """Row of the branch that is loaded most at that level, -1 for none; and the hour's place."""
    hour: IntArray
    unsolved: BoolArray
    cuts: BoolArray
    """It cuts off something that the loss alone does not, be it dead."""
    load_mw: FloatArray
    """What it cuts off, in the worst hour of each; 0 where the loss alone cuts off as much."""
    generation_mw: FloatArray
    critical: BoolArray
    """Load that the caller calls critical is cut off."""
    shortfall_mw: FloatArray
    """What headroom cannot pick up after it, beyond what it cannot after the loss alone."""


def hold(
    case: Case,
    pairs: Sequence[Pair],
    losses: tuple[Contingency, ...],
    *,
    rules: StudyRules,
    critical: BoolArray | None = None,
) -> Held:
    """Hold pairs against all limits after the loss; `critical` are buses, (n,)."""
    parts = [
        _some(case, pairs[at : at + AT_ONCE], losses, rules, critical) for at in range(0, len(pairs), AT_ONCE)
    ] or [nothing_held(0)]
    return Held(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Held.__slots__})


def nothing_held(count: int) -> Held:
    """Give so many pairs that cause nothing."""
    return Held(
        level=np.full(count, CLEAN, np.int64),
        element=np.full(count, -1, np.int64),
        hour=np.full(count, -1, np.int64),
        unsolved=np.zeros(count, np.bool_),
        cuts=np.zeros(count, np.bool_),
        load_mw=np.zeros(count),
        generation_mw=np.zeros(count),
        critical=np.zeros(count, np.bool_),
        shortfall_mw=np.zeros(count),
    )


def _some(
    case: Case,
    pairs: Sequence[Pair],
    losses: tuple[Contingency, ...],
    rules: StudyRules,
    critical: BoolArray | None,
) -> Held:
    alone, back = np.unique([pair.loss for pair in pairs], return_inverse=True)
    joined, of = _joined(pairs, losses)
    after = Screen.of(case, joined, own=Out())
    before = Screen.of(case, tuple(losses[k] for k in alone.tolist()), own=Out())
    made, loading = nothing_held(len(pairs)), np.zeros(len(pairs))
    for found in after.over(share=rules.watch_share, counted=np.zeros(case.theta.shape[1], np.int64)):
        each = _by_pair(found, of)
        _note(each, after, *before.flows(each._replace(contingency=back[each.contingency])), rules, made, loading)
    made.unsolved[np.isin(of, sorted(after.unsolved)) | np.isin(back, sorted(before.unsolved))] = True
    for k, (both, one) in enumerate(zip(of.tolist(), back.tolist(), strict=True)):
        short = after.plan.shortfall.get(both, np.zeros(1)) - before.plan.shortfall.get(one, 0.0)
        made.shortfall_mw[k] = np.max(short, initial=0.0)
        _cut(case, made, k, after.plan.islanding.of(both), before.plan.islanding.of(one), critical)
    return made


def _joined(pairs: Sequence[Pair], losses: tuple[Contingency, ...]) -> tuple[tuple[Contingency, ...], IntArray]:
    """Give the losses that pairs amount to, each once, and which one is each pair's: two branches are two pairs."""
    names: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    of = [
        names.setdefault((tuple(sorted((*losses[k].branches, branch))), losses[k].units), len(names))
        for branch, k in pairs
    ]
    made = (Contingency(id=f"{k}", branches=branches, units=units) for (branches, units), k in names.items())
    return tuple(made), np.array(of, np.int64)


def _by_pair(found: Found, of: IntArray) -> Found:
    """Give what was found after joined losses once for each pair that amounts to it."""
    by = np.argsort(of, kind="stable")
    first, last = np.searchsorted(of[by], found.contingency), np.searchsorted(of[by], found.contingency, side="right")
    count = last - first
    row = np.repeat(np.arange(len(count)), count)
    at = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return Found(by[first[row] + at], found.place[row], found.hour[row], found.flow[row])


def _note(  # noqa: PLR0917 - one caller, a few lines away
    found: Found,
    screen: Screen,
    without: FloatArray,
    compared: BoolArray,
    rules: StudyRules,
    made: Held,
    loading: FloatArray,
) -> None:
    """Note the highest level that flows over the watched share are at, and the most loaded element at it."""
    limit = screen.limit[found.place]
    level = np.full(len(found.flow), CLEAN)
    for share, here in ((rules.watch_share, TIGHT), (1.0, OVER)):
        caused = judge(found.flow, without, compared, share * limit, worse_mw=rules.worsened_share * limit)
        level[(np.abs(found.flow) > share * limit + EDGE_MW) & (caused != OLD)] = here
    loaded = np.abs(found.flow) / np.maximum(limit, EDGE_MW)
    for e in np.flatnonzero(level > CLEAN).tolist():
        k = int(found.contingency[e])
        if (level[e], loaded[e]) > (made.level[k], loading[k]):
            made.level[k], loading[k] = level[e], loaded[e]
            made.element[k], made.hour[k] = screen.rows[found.place[e]], found.hour[e]


def _cut(  # noqa: PLR0917 - as above
    case: Case, made: Held, k: int, part: CutOff | None, alone: CutOff | None, critical: BoolArray | None
) -> None:
    """Note what a pair cuts off, where the loss alone cuts off less."""
    if part is None or (alone is not None and alone.size >= part.size):
        return
    made.cuts[k] = True
    made.load_mw[k] = part.load_mw.max(initial=0.0)
    made.generation_mw[k] = part.generation_mw.max(initial=0.0)
    if critical is not None and made.load_mw[k] > 0.0:
        made.critical[k] = critical[_buses(case, part)].any()


def _buses(case: Case, part: CutOff) -> IntArray:
    if part.place is None:
        return part.buses
    start, stop, is_rest = part.place
    walk = case.tree.walk
    return np.r_[walk[:start], walk[stop:]] if is_rest else walk[start:stop]
