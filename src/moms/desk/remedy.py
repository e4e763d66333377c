"""Ask a redispatch about what a request causes, and confirm it by the whole study (semantics 2.1)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.decide import Move, Remedy
from moms.market import Over, Relief, redispatch
from moms.powerflow import CutsOff, DcFactor, Disconnected
from moms.study import study
from moms.values import ElementKind, element, many, mw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.desk.security import Studied
    from moms.desk.world import World
    from moms.grid import FloatArray, Network
    from moms.market import HourRelief
    from moms.outages import Outage
    from moms.study import Slice, StudyResult

ROUNDS = 6
"""Rounds of redispatch and study: what the moved hours newly exceed is added each time."""
OF_ONE_ELEMENT, AT_ONCE = 5, 100
"""How many pairs of one element, and of all, an hour takes on in a round, the worst first.

An element loaded to its limit is over after thousands of contingencies that hardly touch it, and each that
cuts something off holds a factor of its own: all of them at once once took 22 GB. What the worst do not
bring down the study finds again, and a part that cannot be relieved proves that the whole cannot.
"""
OLD = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """What must come down, by slice: `Over` with hours counted inside the slice."""

    by_slice: dict[int, list[Over]]

    @property
    def hours(self) -> int:
        return len({(s, o.hour) for s, rows in self.by_slice.items() for o in rows})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redispatched:
    """What a redispatch can do, and the hours as they are with it."""

    remedy: Remedy | None
    """None where nothing is over after a contingency, or nothing may be moved."""
    slices: tuple[Slice, ...]


def redispatched(world: World, outage: Outage, studied: Studied) -> Remedy | None:
    """Give what a redispatch can do: as `redispatch_of`."""
    return redispatch_of(world, outage, studied).remedy


def redispatch_of(world: World, outage: Outage, studied: Studied) -> Redispatched:
    """Give what a redispatch can do, and the study's hours with it where it was verified.

    The worst hour is asked first: where that cannot be cured the rest need not be. A cure counts as
    verified only when the whole study, repeated on the moved hours, finds nothing caused, nothing
    above the tight share, and no further load cut off.
    """
    moved: dict[tuple[int, int], HourRelief] = {}
    remedy = _remedy(world, outage, studied, moved)
    cured = remedy is not None and remedy.possible and remedy.verified
    slices = [_moved(s, k, moved) for k, s in enumerate(studied.slices)] if cured else studied.slices
    return Redispatched(remedy=remedy, slices=tuple(slices))


def _remedy(world: World, outage: Outage, studied: Studied, moved: dict[tuple[int, int], HourRelief]) -> Remedy | None:
    """Look for a redispatch; what it moves is put into `moved`, by slice and hour."""
    if not _asks_for_it(studied):
        return None
    slices = [tightened(one, studied.tight_share) for one in studied.slices]
    rules = replace(world.rules.study, watch_share=1.0)
    result = study(slices=slices, rules=rules, standing=False)
    pairs = _over(result, slices)
    first = _worst_hour(pairs)
    if first is None:
        return None
    asked = pairs
    for _ in range(ROUNDS):
        for key in _ordered(asked, first):
            found = _solve(world, outage, slices[key[0]], pairs, key)
            if found is None or found.relief in {Relief.CANNOT, Relief.NOT_KNOWN}:
                return _cannot(found, slices[key[0]], key)
            moved[key] = found
        again = study(slices=[_moved(s, k, moved) for k, s in enumerate(slices)], rules=rules, standing=False)
        more = _over(again, slices)
        if not more.by_slice:
            clean = not (again.base.caused != OLD).any() and not again.unsolved
            return _relief(moved, verified=clean and _no_more_islands(result, again))
        pairs, asked = _joined(pairs, more), more
    return replace(_relief(moved, verified=False), says=f"a redispatch was not settled in {ROUNDS} rounds")


def _asks_for_it(studied: Studied) -> bool:
    """Tell whether thermal loadings after contingencies are all that stands in the way."""
    found = studied.security
    if any(c.contingency is None for c in found.crossings):
        return False  # a base case violation is not cured by redispatch (semantics 2.1)
    tight = studied.tight_share < 1.0 and bool(found.tight)
    return bool(found.crossings) or tight


def tightened(one: Slice, share: float) -> Slice:
    """Give a slice held against the tight share of rate B: what is clean there needs no voltage study (1.7)."""
    lines = one.network.branches
    network = one.network.with_ratings(a=lines.rate_a_mw, b=lines.rate_b_mw * share, c=lines.rate_c_mw)
    return replace(one, network=network)


def _over(result: StudyResult, slices: Sequence[Slice]) -> _Pairs:
    """Give what the request causes after contingencies, with the loading it must come down to.

    That is the limit of the slice, or the loading without the request where that is higher.
    """
    table = result.violations
    starts = np.cumsum([0, *(len(s.hours) for s in slices)])
    by_id = [{c.id: c for c in s.contingencies} for s in slices]  # open breakers change what an id takes with it
    found: dict[int, list[Over]] = {}
    for e in _worst(result):
        place = int(np.searchsorted(starts, table.hour[e], side="right")) - 1
        without = abs(float(table.without_mw[e])) if table.compared[e] else 0.0
        found.setdefault(place, []).append(
            Over(
                contingency=by_id[place][result.contingencies[table.contingency[e]]],
                element=int(table.element[e]),
                hour=int(table.hour[e] - starts[place]),
                limit_mw=max(float(table.limit_mw[e]), without),
            )
        )
    return _Pairs(by_slice=found)


def _worst(result: StudyResult) -> list[int]:
    """Give the rows of what the request causes, in order, the worst of each hour as far as it takes them on."""
    table = result.violations
    rows = np.flatnonzero(table.caused != OLD)
    over = np.abs(table.flow_mw[rows]) - table.limit_mw[rows]
    rows = rows[np.argsort(-over, kind="stable")]
    of_one: Counter[tuple[int, int]] = Counter()
    of_all: Counter[int] = Counter()
    kept = []
    for e in rows.tolist():
        hour, key = int(table.hour[e]), (int(table.hour[e]), int(table.element[e]))
        if of_one[key] < OF_ONE_ELEMENT and of_all[hour] < AT_ONCE:
            of_one[key] += 1
            of_all[hour] += 1
            kept.append(e)
    return sorted(kept)


def _worst_hour(pairs: _Pairs) -> tuple[int, int] | None:
    """Give the (slice, hour) with most pairs over, the earliest of equals."""
    counts: dict[tuple[int, int], int] = {}
    for place, rows in pairs.by_slice.items():
        for row in rows:
            counts[place, row.hour] = counts.get((place, row.hour), 0) + 1
    return max(sorted(counts), key=lambda k: counts[k], default=None)


def _ordered(pairs: _Pairs, first: tuple[int, int]) -> list[tuple[int, int]]:
    keys = sorted({(place, row.hour) for place, rows in pairs.by_slice.items() for row in rows})
    return [first, *(k for k in keys if k != first)] if first in keys else keys


def _solve(world: World, outage: Outage, one: Slice, pairs: _Pairs, key: tuple[int, int]) -> HourRelief | None:
    del outage
    rows = [row for row in pairs.by_slice[key[0]] if row.hour == key[1]]
    units = one.network.units
    out = np.zeros((len(units), len(one.hours)), np.bool_)
    out[one.out.units] = True
    out[one.request.units] = True
    try:
        factor = _factor(one.network, np.union1d(one.out.branches, one.request.branches))
        found = redispatch(factor=factor, hours=one.hours, over=rows, units_out=out, rules=world.rules.redispatch)
    except (Disconnected, CutsOff):
        return None  # the request or the book splits the grid here: a person looks
    return found.hours[0]


_FACTORS: dict[tuple[int, bytes], DcFactor] = {}
"""The last topology asked about; a slice asks for the same one hour after hour."""


def _factor(network: Network, out: FloatArray) -> DcFactor:
    key = (id(network), np.ascontiguousarray(out).tobytes())
    found = _FACTORS.get(key)
    if found is None:
        found = DcFactor.of(network, out=out.astype(np.int64))
        _FACTORS.clear()
        _FACTORS[key] = found  # it holds the network, so that no other gets its id
    return found


def _moved(one: Slice, place: int, moved: dict[tuple[int, int], HourRelief]) -> Slice:
    mine = {hour: found.unit_mw for (p, hour), found in moved.items() if p == place and found.unit_mw is not None}
    if not mine:
        return one
    unit_mw = one.hours.unit_mw.copy()
    for hour, column in mine.items():
        unit_mw[:, hour] = column
    return replace(one, hours=replace(one.hours, unit_mw=unit_mw))


def _joined(before: _Pairs, more: _Pairs) -> _Pairs:
    found: dict[int, list[Over]] = {}
    for part in (before, more):
        for place, rows in part.by_slice.items():
            seen = {(r.key, r.hour) for r in found.get(place, [])}
            found.setdefault(place, []).extend(r for r in rows if (r.key, r.hour) not in seen)
    return _Pairs(by_slice=found)


def _no_more_islands(before: StudyResult, after: StudyResult) -> bool:
    def caused(result: StudyResult) -> set[str]:
        return {row.contingency for row in result.islanding if row.caused != "old"}

    return caused(after) <= caused(before)


def _cannot(found: HourRelief | None, one: Slice, key: tuple[int, int]) -> Remedy:
    if found is None:
        return Remedy(possible=True, verified=False, says="a redispatch was not tried: the request splits the grid")
    hour = one.hours.label[key[1]]
    if found.relief == Relief.NOT_KNOWN:
        return Remedy(possible=True, verified=False, says=f"no redispatch was settled at {hour}: {found.says}")
    if not found.exact:
        return Remedy(
            possible=True,
            verified=False,
            left_mw=mw(found.over_mw),
            says=f"no redispatch was found at {hour}, nor ruled out",
        )
    names = ", ".join(
        f"{element(ElementKind.BRANCH, r.pair.element)} after {getattr(r.pair.contingency, 'id', 'nothing')}"
        for r in found.remaining[:2]
    )
    return Remedy(
        possible=False,
        verified=False,
        left_mw=mw(found.over_mw),
        hours=1,
        says=f"no redispatch helps: {found.over_mw:.1f} MW stay over at {hour} ({names})",
    )


def _relief(moved: dict[tuple[int, int], HourRelief], *, verified: bool) -> Remedy:
    rows = [found for found in moved.values() if found.relief == Relief.RELIEVED]
    by_unit: dict[int, float] = {}
    for found in rows:
        for move in found.moves:
            change = move.after_mw - move.before_mw
            by_unit[move.unit] = max(by_unit.get(move.unit, 0.0), change, key=abs)
    ranked = sorted(by_unit.items(), key=lambda item: (-abs(item[1]), item[0]))
    most = max((found.moved_mw for found in rows), default=0.0)
    cost = sum(found.cost_per_h for found in rows)
    return Remedy(
        possible=True,
        verified=verified,
        moves=tuple(Move(unit=element(ElementKind.GEN, unit), mw=mw(change)) for unit, change in ranked),
        mw=mw(most),
        cost_per_h=round(max((found.cost_per_h for found in rows), default=0.0), 2),
        cost=round(cost, 2),
        hours=len(rows),
        says=f"a redispatch of up to {most:.0f} MW in {many(len(rows), 'hour')}, about ${cost:,.0f} in all, cures it",
    )
