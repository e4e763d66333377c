"""Ask a redispatch about what a request causes, and confirm it by the whole study (semantics 2.1)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.decide import Move, Remedy
from moms.desk.kept_studies import KeptStudies
from moms.desk.progress import REDISPATCH, Progress, redispatch_over
from moms.market import Over, Relief, Reliefs
from moms.powerflow import DcFactor, Disconnected
from moms.study import some_hours, study
from moms.values import ElementKind, Remembered, element, many, mw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from moms.desk.security import Studied
    from moms.desk.world import World
    from moms.grid import FloatArray, IntArray
    from moms.market import HourRelief
    from moms.study import Slice, StudyResult, StudyRules, ViolationTable

ROUNDS = 12
"""Rounds of redispatch and study: what the moved hours newly exceed is added each time. Four are usual."""
OF_ONE_ELEMENT, AT_ONCE = 5, 100
"""How many pairs of one element, and of all, an hour takes on in a round, the worst first.

An element loaded to its limit is over after thousands of contingencies that hardly touch it, and each that
cuts something off holds a factor of its own: all of them at once once took 22 GB. What the worst do not
bring down the study finds again, and a part that cannot be relieved proves that the whole cannot.
"""
HOURS_AT_ONCE = 256
"""Hours whose programs are held while their rounds last, megabytes each; a week is one block."""
OLD = 0
Key = tuple[int, int]
"""Slice, and hour inside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """What must come down, by slice: `Over` with hours counted inside the slice."""

    by_slice: dict[int, list[Over]]

    @property
    def keys(self) -> list[Key]:
        """Where something is over, in order."""
        return sorted({(place, row.hour) for place, rows in self.by_slice.items() for row in rows})

    def at(self, keys: set[Key]) -> _Pairs:
        """Give the pairs of these hours alone."""
        found = {
            place: [row for row in rows if (place, row.hour) in keys] for place, rows in sorted(self.by_slice.items())
        }
        return _Pairs(by_slice={place: rows for place, rows in found.items() if rows})

    def placed(self, places: Sequence[Sequence[Key]]) -> _Pairs:
        """Give the pairs of some hours where these are in the slices they were taken from."""
        found: dict[int, list[Over]] = {}
        for place, rows in self.by_slice.items():
            for row in rows:
                whole, hour = places[place][row.hour]
                found.setdefault(whole, []).append(replace(row, hour=hour))
        return _Pairs(by_slice=found)


class Changed(NamedTuple):
    """The units of one hour that give something else, (k,) each: all outputs of all hours would be megabytes kept."""

    unit: IntArray
    after_mw: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redispatched:
    """What a redispatch can do, and the hours as they are with it."""

    remedy: Remedy | None
    """None where nothing is over after a contingency, or nothing may be moved."""
    studied: Studied
    moved: Mapping[Key, Changed]
    """The hours that are moved, where the redispatch was verified."""

    @property
    def slices(self) -> tuple[Slice, ...]:
        """The study's hours with it."""
        found = []
        for place, one in enumerate(self.studied.slices):
            unit_mw = one.hours.unit_mw.copy()
            mine = [(hour, changed) for (p, hour), changed in self.moved.items() if p == place]
            for hour, changed in mine:
                unit_mw[changed.unit, hour] = changed.after_mw
            found.append(replace(one, hours=replace(one.hours, unit_mw=unit_mw)) if mine else one)
        return tuple(found)


KEPT: Remembered[KeptStudies[Redispatched]] = Remembered()
"""By grid, rules and contingencies, under the fingerprint of the study that asks."""


def redispatch_of(world: World, studied: Studied) -> Redispatched:
    """Give what a redispatch can do, and the study's hours with it where it was verified.

    The worst hour is asked first: where that cannot be cured the rest need not be. A cure counts as
    verified only when the whole study, repeated on the moved hours, finds nothing caused over a limit,
    nothing caused above the tight share, and no further load cut off.
    """
    kept = KEPT.of(world.grid, world.rules, world.contingencies, make=KeptStudies[Redispatched])
    known = kept.get(studied.key)
    if known is None:
        studied = replace(studied, made=studied.slices)  # of a kept study they are made once, not each time
        moved: dict[Key, HourRelief] = {}
        remedy = _remedy(world, studied, moved)
        cured = remedy is not None and remedy.possible and remedy.verified
        changed = _changed(studied.slices, moved) if cured else {}
        known = Redispatched(remedy=remedy, studied=replace(studied, made=None, pairs={}), moved=changed)
        kept.put(studied.key, known)
    if known.remedy is not None:
        world.tell(redispatch_over(known.remedy))
    return replace(known, studied=studied)


def _remedy(world: World, studied: Studied, moved: dict[Key, HourRelief]) -> Remedy | None:
    """Look for a redispatch; what it moves is put into `moved`.

    Only the hours that a round moved are studied again: all others are as they were, and nothing that the
    request causes was over in them.
    """
    if not _asks_for_it(studied):
        return None
    slices = studied.slices
    rules = replace(world.rules.study, watch_share=studied.tight_share)
    result = studied.result
    pairs = _over(_first(world, studied, slices, rules), slices, rules)
    first = _worst_hour(pairs)
    if first is None:
        return None
    hours, clean = _Hours(world, slices), True
    failed = hours.alone(pairs, first)
    if failed is not None:
        return failed
    blocks = list(_blocks(pairs, first))
    for number, block in enumerate(blocks):
        more = block
        for k in range(ROUNDS):
            world.tell(Progress(part=REDISPATCH, done=number * ROUNDS + k, of=len(blocks) * ROUNDS))
            failed = hours.take(more) if k else hours.begin(more, first)
            if failed is not None:
                return failed
            keys = more.keys
            moved.update(hours.moved(keys))
            places, some = _some(slices, moved, keys)
            again = study(slices=some, rules=rules, standing=False, pairs=studied.pairs)
            more = _over(again, some, rules).placed(places)
            clean = clean and _stands(result, again, more, places)
            open_ = set(more.keys)
            hours.let_go([key for key in keys if key not in open_])
            if not open_:
                break
        else:
            return replace(_relief(moved, verified=False), says=f"a redispatch was not settled in {ROUNDS} rounds")
    return _relief(moved, verified=clean)


def _blocks(pairs: _Pairs, first: Key) -> Iterator[_Pairs]:
    """Give the pairs of so many hours at a time as may be held at once, those of the first hour among the first."""
    keys = sorted(pairs.keys, key=lambda key: (key != first, key))
    for at in range(0, len(keys), HOURS_AT_ONCE):
        yield pairs.at(set(keys[at : at + HOURS_AT_ONCE]))


def _asks_for_it(studied: Studied) -> bool:
    """Tell whether thermal loadings after contingencies are all that stands in the way."""
    found = studied.security
    if any(c.contingency is None for c in found.crossings):
        return False  # a base case violation is not cured by redispatch (semantics 2.1)
    tight = studied.tight_share < 1.0 and bool(found.tight)
    return bool(found.crossings) or tight


def _first(world: World, studied: Studied, slices: Sequence[Slice], rules: StudyRules) -> StudyResult:
    """Give what the request causes, watched above the tight share: the study has it where that is what it watches."""
    if rules.watch_share == world.rules.study.watch_share:
        return studied.result
    if rules.watch_share == 1.0:
        return replace(studied.result, watched=studied.result.violations)
    return study(slices=slices, rules=rules, standing=False)


class _Asked(NamedTuple):
    """What has to come down after contingencies, (e,) each."""

    contingency: IntArray
    element: IntArray
    hour: IntArray
    flow_mw: FloatArray
    most_mw: FloatArray
    """What it has to come down to."""
    yields_mw: FloatArray
    """By how much it may stay over that where no dispatch brings it down so far."""


def _over(result: StudyResult, slices: Sequence[Slice], rules: StudyRules) -> _Pairs:
    """Give what the request causes after contingencies, with the loading it must come down to."""
    asked = _asked(result, rules)
    starts = np.cumsum([0, *(len(s.hours) for s in slices)])
    by_id = [{c.id: c for c in s.contingencies} for s in slices]  # open breakers change what an id takes with it
    found: dict[int, list[Over]] = {}
    for e in _worst(asked):
        place = int(np.searchsorted(starts, asked.hour[e], side="right")) - 1
        found.setdefault(place, []).append(
            Over(
                contingency=by_id[place][result.contingencies[asked.contingency[e]]],
                element=int(asked.element[e]),
                hour=int(asked.hour[e] - starts[place]),
                limit_mw=float(asked.most_mw[e]),
                yields_mw=float(asked.yields_mw[e]),
            )
        )
    return _Pairs(by_slice=found)


def _asked(result: StudyResult, rules: StudyRules) -> _Asked:
    """Give what is caused above the watched share of the limits, and what is caused over the limits beside it.

    Neither holds the other: what stands just above the watched share without the request and comes over its limit
    by less than counts as worse is caused over the limit alone. It must come down to the watched share, or to
    what it carries without the request where that is more. Where no dispatch does that, less growth than counts
    as worse will do (semantics 1.4), up to the limit where it was within it.
    """
    lower, over = result.watched, result.violations
    lower_rows = np.flatnonzero(lower.caused != OLD)
    keys = _keys(lower)[lower_rows]
    over_rows = np.flatnonzero((over.caused != OLD) & ~np.isin(_keys(over), keys))
    limit = np.r_[lower.limit_mw[lower_rows] / rules.watch_share, over.limit_mw[over_rows]]
    least = np.r_[lower.limit_mw[lower_rows], over.limit_mw[over_rows]]
    before = np.where(
        np.r_[lower.compared[lower_rows], over.compared[over_rows]],
        np.abs(np.r_[lower.without_mw[lower_rows], over.without_mw[over_rows]]),
        0.0,
    )
    grows = np.where(before > least, rules.worsened_share * least, 0.0)
    return _Asked(
        contingency=np.r_[lower.contingency[lower_rows], over.contingency[over_rows]],
        element=np.r_[lower.element[lower_rows], over.element[over_rows]],
        hour=np.r_[lower.hour[lower_rows], over.hour[over_rows]],
        flow_mw=np.r_[lower.flow_mw[lower_rows], over.flow_mw[over_rows]],
        most_mw=np.maximum(least, before),
        yields_mw=np.where(before > limit, grows, np.clip(limit - before, 0.0, grows)),
    )


def _keys(table: ViolationTable) -> IntArray:
    """Name each row by contingency, element and hour, (e,)."""
    found: IntArray = (table.contingency * 2**42) + (table.element * 2**21) + table.hour
    return found


def _worst(asked: _Asked) -> list[int]:
    """Give the rows, in order, the worst of each hour as far as it takes them on."""
    rows = np.argsort(asked.most_mw - np.abs(asked.flow_mw), kind="stable")
    of_one: Counter[tuple[int, int]] = Counter()
    of_all: Counter[int] = Counter()
    kept = []
    for e in rows.tolist():
        hour, key = int(asked.hour[e]), (int(asked.hour[e]), int(asked.element[e]))
        if of_one[key] < OF_ONE_ELEMENT and of_all[hour] < AT_ONCE:
            of_one[key] += 1
            of_all[hour] += 1
            kept.append(e)
    return sorted(kept)


def _worst_hour(pairs: _Pairs) -> Key | None:
    """Give where most pairs are over, the earliest of equals."""
    counts: dict[Key, int] = {}
    for place, rows in pairs.by_slice.items():
        for row in rows:
            counts[place, row.hour] = counts.get((place, row.hour), 0) + 1
    return max(sorted(counts), key=lambda k: counts[k], default=None)


class _Hours:
    """The hours that are moved, of all slices: solved once, and grown by what the study of the moved hours finds."""

    def __init__(self, world: World, slices: Sequence[Slice]) -> None:
        self._world, self._slices = world, slices
        self._of: dict[int, Reliefs] = {}

    def alone(self, pairs: _Pairs, first: Key) -> Remedy | None:
        """Solve the first hour before all others: where it cannot be cured the rest need not be."""
        return self._begin(first[0], pairs.at({first}).by_slice[first[0]])

    def begin(self, pairs: _Pairs, first: Key) -> Remedy | None:
        """Solve hours by slice, but for the first, which has been; gives what stands in the way, if anything does."""
        for place, rows in sorted(pairs.by_slice.items()):
            failed = self._begin(place, [row for row in rows if (place, row.hour) != first])
            if failed is not None:
                return failed
        return None

    def _begin(self, place: int, rows: Sequence[Over]) -> Remedy | None:
        if not rows:
            return None
        try:
            self._at(place).begin(rows)
        except Disconnected:  # the request or the book splits the grid here: a person looks
            return _cannot(None, self._slices[place], (place, rows[0].hour))
        return self._failed(place, [row.hour for row in rows])

    def let_go(self, keys: Sequence[Key]) -> None:
        """Forget hours that nothing is over in any more."""
        for place, hour in keys:
            self._of[place].let_go([hour])

    def take(self, more: _Pairs) -> Remedy | None:
        """Solve hours again with what was found over at them as they are moved; gives what stands in the way."""
        for place, rows in sorted(more.by_slice.items()):
            at = sorted({row.hour for row in rows})
            self._of[place].take(rows, at=at)
            failed = self._failed(place, at)
            if failed is not None:
                return failed
        return None

    def moved(self, keys: Sequence[Key]) -> dict[Key, HourRelief]:
        """Give hours as they are moved now."""
        return {key: self._of[key[0]].outcome(key[1], checked=True) for key in keys}

    def _at(self, place: int) -> Reliefs:
        if place not in self._of:
            one = self._slices[place]
            out = np.zeros((len(one.network.units), len(one.hours)), np.bool_)
            out[one.out.units] = True
            out[one.request.units] = True
            factor = DcFactor.of(one.network, out=np.union1d(one.out.branches, one.request.branches).astype(np.int64))
            rules = self._world.rules.redispatch
            self._of[place] = Reliefs(factor=factor, hours=one.hours, units_out=out, rules=rules)
        return self._of[place]

    def _failed(self, place: int, hours: Sequence[int]) -> Remedy | None:
        for hour in sorted(set(hours)):
            found = self._of[place].outcome(hour, checked=True)
            if found.relief in {Relief.CANNOT, Relief.NOT_KNOWN}:
                return _cannot(found, self._slices[place], (place, hour))
        return None


def _some(
    slices: Sequence[Slice], moved: dict[Key, HourRelief], keys: Sequence[Key]
) -> tuple[list[list[Key]], list[Slice]]:
    """Give the slices with these hours alone, as they are moved, and by slice where each hour is from."""
    places, some = [], []
    for place in sorted({place for place, _ in keys}):
        mine = sorted(key for key in keys if key[0] == place)
        index = np.array([hour for _, hour in mine], np.int64)
        one, whole = _moved(slices[place], place, moved), slices[place]
        part = replace(one, hours=some_hours(one.hours, index), hours_without=some_hours(whole.hours_without, index))
        places.append(mine)
        some.append(part)
    return places, some


def _stands(before: StudyResult, again: StudyResult, more: _Pairs, places: Sequence[Sequence[Key]]) -> bool:
    """Tell whether the hours studied again that need nothing more are as they must be.

    Nothing caused before contingencies, an answer to every contingency, and nothing more cut off. Whatever
    has more to move is studied once more and told then.
    """
    every = [key for mine in places for key in mine]
    open_ = set(more.keys)
    dirty = {every[hour] for hour in again.base.hour[again.base.caused != OLD].tolist()}
    return not dirty - open_ and not again.unsolved and _no_more_islands(before, again)


def _changed(slices: Sequence[Slice], moved: dict[Key, HourRelief]) -> dict[Key, Changed]:
    found = {}
    for (place, hour), relief in moved.items():
        if relief.unit_mw is not None:
            unit = np.flatnonzero(relief.unit_mw != slices[place].hours.unit_mw[:, hour])
            found[place, hour] = Changed(unit, relief.unit_mw[unit])
    return found


def _moved(one: Slice, place: int, moved: dict[Key, HourRelief]) -> Slice:
    mine = {hour: found.unit_mw for (p, hour), found in moved.items() if p == place and found.unit_mw is not None}
    if not mine:
        return one
    unit_mw = one.hours.unit_mw.copy()
    for hour, column in mine.items():
        unit_mw[:, hour] = column
    return replace(one, hours=replace(one.hours, unit_mw=unit_mw))


def _no_more_islands(before: StudyResult, after: StudyResult) -> bool:
    def caused(result: StudyResult) -> set[str]:
        return {row.contingency for row in result.islanding if row.caused != "old"}

    return caused(after) <= caused(before)


def _cannot(found: HourRelief | None, one: Slice, key: Key) -> Remedy:
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


def _relief(moved: dict[Key, HourRelief], *, verified: bool) -> Remedy:
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
