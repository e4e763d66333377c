"""One market day of the book for many assets at once: what the network says to each being out that day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from moms.desk.points import points_of, stretches
from moms.desk.security import slice_of
from moms.study import CLEAN, CUTS_OFF, OPEN, OUT, OVER, TIGHT, board
from moms.study.board import BEFORE
from moms.values import ElementKind, mw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from moms.desk.points import Stretch
    from moms.desk.world import World
    from moms.grid import BoolArray, Contingency, FloatArray, Switched
    from moms.outages import Outage
    from moms.study import Slice
    from moms.study.board import Board

WORST = {CLEAN: 0, TIGHT: 1, OPEN: 2, CUTS_OFF: 3, OUT: 4, OVER: 5}
"""Which standing speaks for a day whose points do not agree."""
BEFORE_ANY = 6
"""The rank of a limit exceeded before any contingency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the network says to one asset being out on one day."""

    standing: int
    """As the board's."""
    before: bool
    """Over a limit before any contingency."""
    contingency: str | None = None
    """The witness, where there is one."""
    element: str | None = None
    hour: str | None = None
    cut_by: str | None = None
    """The loss that cuts off most once the asset is out; None where none cuts off anything."""
    load_mw: float = 0.0
    generation_mw: float = 0.0
    critical_load: bool = False
    shortfall_mw: float = 0.0

    @property
    def rank(self) -> int:
        """How bad it is."""
        return BEFORE_ANY if self.before else WORST[self.standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenDay:
    """A day's answers, in the order of the assets asked, and what was held for them."""

    assets: tuple[Seen, ...]
    missing: tuple[str, ...]
    """What is not known about the day: nothing is free then."""
    contingencies: int
    points: int


def see_day(
    world: World, asked: Sequence[Contingency], outage: Outage, others: Sequence[Outage], *, now: datetime
) -> SeenDay:
    """Hold all assets against every contingency at the points of an outage's window, with these others out.

    `outage` is any unfiled request over the day: only its window counts.
    """
    points, _ = points_of(world, (outage,), now=now)
    parts = stretches(points=points, asked=(outage,), others=others, now=now)
    lists: dict[frozenset[int], Switched] = {}
    critical, days = critical_buses(world), []
    missing: list[str] = []
    for part in parts:
        one, unknown, _ = slice_of(world, _alone(part), lists)
        missing += unknown
        made = board(one, asked, rules=world.rules.study, critical=critical)
        days.append([_seen(one, made, a) for a in range(len(asked))])
    return SeenDay(
        assets=tuple(worst(rows) for rows in zip(*days, strict=True)),
        missing=tuple(dict.fromkeys(missing)),
        contingencies=len(world.contingencies),
        points=len(points),
    )


def critical_buses(world: World) -> BoolArray:
    """Tell which buses serve load that may never be put at risk: all where nobody has said (as `World.critical`)."""
    register = world.grid.register
    if register is None:
        return np.ones(len(world.grid.network.buses), np.bool_)
    return register.critical_load


def worst(rows: Sequence[Seen]) -> Seen:
    """Give what several points or books say together: the worst standing, the most that is cut off."""
    most = max(rows, key=lambda row: row.rank)
    cut = max(rows, key=lambda row: (row.cut_by is not None, row.load_mw, row.generation_mw))
    return replace(
        most,
        cut_by=cut.cut_by,
        load_mw=cut.load_mw,
        generation_mw=max(row.generation_mw for row in rows),
        critical_load=any(row.critical_load for row in rows),
        shortfall_mw=max(row.shortfall_mw for row in rows),
    )


def _alone(part: Stretch) -> Stretch:
    """Give a stretch without what is asked for: the board takes each asset out itself."""
    return replace(part, asked=())


def _seen(one: Slice, made: Board, a: int) -> Seen:
    standing, witness, cuts = int(made.standing[a]), made.witness, made.cuts
    proven = standing in {TIGHT, OVER}
    lost, next_ = int(witness.loss[a]), int(witness.next[a])
    return Seen(
        standing=standing,
        before=standing == OVER and lost < 0 and next_ == BEFORE,
        contingency=_named(one, lost, next_) if proven else None,
        element=one.network.name_of(ElementKind.BRANCH, int(witness.element[a])) if proven else None,
        hour=one.hours.label[int(witness.hour[a])] if proven else None,
        cut_by=one.contingencies[int(cuts.loss[a])].id if cuts.loss[a] >= 0 else None,
        load_mw=_told(cuts.load_mw, a),
        generation_mw=_told(cuts.generation_mw, a),
        critical_load=bool(cuts.critical[a]),
        shortfall_mw=_told(cuts.shortfall_mw, a),
    )


def _named(one: Slice, lost: int, branch: int) -> str | None:
    if lost >= 0:
        return one.contingencies[lost].id
    return None if branch < 0 else one.network.name_of(ElementKind.BRANCH, branch)


def _told(amounts: FloatArray, a: int) -> float:
    return mw(float(amounts[a]))
