"""How often load begins to be lost while maintenance changes the fleet, alone or with what others spare.

Within an hour the fleet and the load stand still, and units fail: that is the frequency of the hour's table.
Between two hours the load moves and maintenance begins or ends, while no unit changes its state. Units that are
the same in both hours are in the same state in both, so what is asked is in how many of their states load is lost
after and was served before. The units that change are few: each of their joint states is gone through.
So they come last into the tables of frequency, which begin with those that never change.
Away for maintenance a unit's own failures and repairs go on unseen, as in years that are followed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.adequacy._states import NANO
from moms.adequacy.frequency import NOTHING_OUT, laws_of, with_units
from moms.adequacy.imports import NOTHING
from moms.adequacy.system import states_of, table_of_units, units_left
from moms.adequacy.table import TIE_MW, OutageTable, first_lost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.adequacy.frequency import Known, Visits
    from moms.adequacy.system import Left, System, Unit
    from moms.grid import FloatArray, IntArray

MOST_JOINT = 1 << 14
"""Joint states of the units that change at one hour; with more the frequency is not given."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """Some units through the hours: what maintenance leaves of them, with the tables."""

    members: tuple[int, ...]
    left: tuple[Left, ...]
    table: tuple[OutageTable, ...]
    """One for each of `left`."""

    def at(self) -> IntArray:
        """Give which of `left` stands in each hour, (H,)."""
        place: IntArray = np.zeros(len(self.left[0].hours), dtype=np.int64)
        for k, one in enumerate(self.left):
            place[one.hours] = k
        return place

    def often(self) -> tuple[FloatArray, ...] | None:
        """Give the frequencies of each table; None where one is not known."""
        moved = {row for one in self.left for row in one.lost_mw}
        steady: dict[float, Known] = {}
        found = []
        for one, table in zip(self.left, self.table, strict=True):
            laws = _laws(one.units, table)
            if laws is None or table.step_mw is None:
                return None
            same = [law for row, law in zip(one.row, laws, strict=True) if row not in moved]
            if table.step_mw not in steady:
                size = max(len(t.out_mw) for t in self.table if t.step_mw == table.step_mw)
                steady[table.step_mw] = with_units(NOTHING_OUT, same, size=size)
            others = [law for row, law in zip(one.row, laws, strict=True) if row in moved]
            found.append(with_units(steady[table.step_mw], others, size=len(table.out_mw)).often)
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turn:
    """What is there before and after one hour's end: units that stay as they are, and joint states of the others."""

    table: OutageTable
    """Of the units that stay as they are."""
    before_mw: FloatArray
    """(n,) what the others give before; so is `after_mw`."""
    after_mw: FloatArray
    probability: FloatArray
    """(n,)."""


def side_of(members: Sequence[int], left: Sequence[Left]) -> Side:
    """Join some units with their tables.

    Raises:
        NotAFleet: a unit that cannot be.
    """
    return Side(members=tuple(members), left=tuple(left), table=tuple(table_of_units(one.units) for one in left))


def losses_begun(*, system: System, side: Side, load_mw: FloatArray) -> list[float] | None:
    """Give how often load begins to be lost over the hours, for each row of loads (K, H).

    The hours are taken as a circle, so that a loss in the first hour is not counted as a new one if the last
    had it too. None where a unit's repair time is not known, a table is off its grid, or too many units change
    at one hour.
    """
    often = side.often()
    turns = None if often is None else _Turns(system, side)
    if often is None or turns is None or not turns.known():
        return None
    found = []
    for row in load_mw:
        within = [often[k][_first(side.table[k], row[one.hours])] for k, one in enumerate(side.left)]
        between = [_served_then_lost(turn, row[hours - 1], row[hours]) for turn, hours in turns.all()]
        found.append(math.fsum(np.concatenate([*within, *between])))
    return found


def spared_begun(
    *, system: System, side: Side, load_mw: FloatArray, others: Side, others_load_mw: FloatArray, limit_mw: float
) -> list[float] | None:
    """Give the same for an area that gets what others have to spare, up to a limit (`helped`)."""
    often, theirs = side.often(), others.often()
    own, their = _Turns(system, side), _Turns(system, others)
    if often is None or theirs is None or not own.known() or not their.known():
        return None
    mine, outside, turns, their_turns = side.at(), others.at(), own.by_hour(), their.by_hour()
    found = []
    for row, also in zip(load_mw, others_load_mw, strict=True):
        total = []
        for hour in range(len(mine)):
            k, j = int(mine[hour]), int(outside[hour])
            if side.table[k].s0[_first(side.table[k], row[hour : hour + 1])][0] < NOTHING:
                continue
            pair = (side.table[k], often[k]), (others.table[j], theirs[j])
            loads = (float(row[hour - 1]), float(row[hour])), (float(also[hour - 1]), float(also[hour]))
            total.append(_within(*pair, loads[0][1], loads[1][1], limit_mw))
            total.append(_between(turns[hour], their_turns[hour], *loads, limit_mw))
        found.append(math.fsum(total))
    return found


def _laws(units: Sequence[Unit], table: OutageTable) -> list[Visits] | None:
    repair = [unit.repair_h for unit in units]
    if any(h is None and 0 < u.outage_rate < 1 for h, u in zip(repair, units, strict=True)):
        return None
    return laws_of(table=table, repair_h=np.array([1.0 if h is None else h for h in repair]))


def _first(table: OutageTable, load_mw: FloatArray) -> IntArray:
    return first_lost(table=table, spare_mw=table.installed_mw - load_mw)


class _Turns:
    """The turns from each fleet to the next that follows it, made once."""

    def __init__(self, system: System, side: Side) -> None:
        at = side.at()
        self._steps = np.stack([np.roll(at, 1), at])
        steps = sorted(set(map(tuple, self._steps.T.tolist())))
        self._made = {step: _turn(system, side, *step) for step in steps}

    def known(self) -> bool:
        """Tell whether all of them could be made."""
        return all(one is not None for one in self._made.values())

    def all(self) -> list[tuple[Turn, IntArray]]:
        """Give each turn with the hours that begin with it."""
        found = [
            (one, np.flatnonzero((np.array(step) == self._steps.T).all(axis=1))) for step, one in self._made.items()
        ]
        return [(one, hours) for one, hours in found if one is not None]

    def by_hour(self) -> list[Turn]:
        """Give the turn with which each hour begins."""
        place = {step: k for k, step in enumerate(self._made)}
        made = [one for one in self._made.values() if one is not None]
        return [made[place[a, b]] for a, b in self._steps.T.tolist()]


def _turn(system: System, side: Side, before: int, after: int) -> Turn | None:
    if before == after:
        return Turn(table=side.table[after], before_mw=np.zeros(1), after_mw=np.zeros(1), probability=np.ones(1))
    old, new = side.left[before].lost_mw, side.left[after].lost_mw
    moved = [k for k in side.members if old.get(k, 0.0) != new.get(k, 0.0)]
    joint = {(0, 0): 1.0}
    for k in moved:
        unit, found = system.units[k], dict[tuple[int, int], float]()
        for out, p in states_of(unit):
            gives = [round((unit.capacity_mw - max(out, lost.get(k, 0.0))) / NANO) for lost in (old, new)]
            for (a, b), q in joint.items() if p > 0 else ():
                key = a + max(gives[0], 0), b + max(gives[1], 0)
                found[key] = found.get(key, 0.0) + p * q
        if len(found) > MOST_JOINT:
            return None
        joint = found
    stays = [k for k in side.members if k not in set(moved)]
    table = table_of_units(units_left(system, stays, old))
    pairs = np.array(list(joint), dtype=np.float64) * NANO
    return Turn(table=table, before_mw=pairs[:, 0], after_mw=pairs[:, 1], probability=np.array(list(joint.values())))


def _served_then_lost(turn: Turn, before_mw: FloatArray, after_mw: FloatArray) -> FloatArray:
    """Give the chance that load was served and is lost, (n,), with the loads before and after.

    Of the units that stay, fewer MW than the load after less what the others give then, and as many or more
    than the load before less what they gave before.
    """
    lost, was = (
        turn.table.s0[_first(turn.table, load[:, None] - gives)]
        for load, gives in ((after_mw, turn.after_mw), (before_mw, turn.before_mw))
    )
    chance: FloatArray = np.maximum(lost - was, 0.0) @ turn.probability
    return chance


def _within(
    own: tuple[OutageTable, FloatArray], others: tuple[OutageTable, FloatArray], load_mw: float,
    others_load_mw: float, limit_mw: float,
) -> float:  # fmt: skip
    """Give how often an hour an area with help passes into loss: by a unit of its own, or by one of the others.

    With y MW out at the others the area's own threshold is known, and with x MW out in the area that of the others.
    """
    (table, often), (theirs, their_often) = own, others
    spare, their_spare = table.installed_mw - load_mw, theirs.installed_mw - others_load_mw
    near, far = first_lost(table=theirs, spare_mw=np.array([their_spare - limit_mw, their_spare]))
    help_mw = np.concatenate([[limit_mw], their_spare - theirs.out_mw[near:far], [0.0]])
    chance = np.concatenate([[1.0 - theirs.s0[near]], theirs.probability[near:far], [theirs.s0[far]]])
    by_own = chance @ often[first_lost(table=table, spare_mw=spare + help_mw)]
    first, stop = first_lost(table=table, spare_mw=np.array([spare, spare + limit_mw]))
    short = table.out_mw[first:stop] - spare
    by_theirs = table.probability[first:stop] @ their_often[first_lost(table=theirs, spare_mw=their_spare - short)]
    return float(by_own + by_theirs)


def _between(
    own: Turn, others: Turn, load_mw: tuple[float, float], others_load_mw: tuple[float, float], limit_mw: float
) -> float:
    """Give the chance that an area with help was served and is lost as one hour goes over into the next.

    For each state of its units that stay, both are upper parts of the others' outages: one lies in the other.
    """
    found = []
    for a, b, p in zip(own.before_mw, own.after_mw, own.probability, strict=True):
        spare = own.table.installed_mw + np.array([a, b]) - load_mw
        first = int(first_lost(table=own.table, spare_mw=spare[1:])[0])
        out, chance = own.table.out_mw[first:], own.table.probability[first:]
        for c, d, q in zip(others.before_mw, others.after_mw, others.probability, strict=True):
            their_spare = others.table.installed_mw + np.array([c, d]) - others_load_mw
            was, lost = (
                _lost(out - own_mw, others.table, their_mw, limit_mw)
                for own_mw, their_mw in zip(spare, their_spare, strict=True)
            )
            found.append(p * q * float(chance @ np.maximum(lost - was, 0.0)))
    return math.fsum(found)


def _lost(short_mw: FloatArray, others: OutageTable, their_spare_mw: float, limit_mw: float) -> FloatArray:
    """Give the chance that others cannot cover so many MW short, by state of the area."""
    chance = others.s0[first_lost(table=others, spare_mw=their_spare_mw - short_mw)]
    found: FloatArray = np.where(short_mw > limit_mw + TIE_MW, 1.0, np.where(short_mw > TIE_MW, chance, 0.0))
    return found
