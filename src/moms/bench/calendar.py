"""Figures of the availability calendar: days of all branches at once, and the year that follows from them.

The published cases have one hour and no secure dispatch: 24 hours are that hour with all loads scaled by
one shape and all output in proportion. Work and shares depend on it, so both are told.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from moms.bench.ac import cases_folder
from moms.bench.rows import Row
from moms.desk.board_day import see_day
from moms.desk.windows import day_window, unfiled
from moms.exchange.hours import base_point
from moms.exchange.matpower import read_case
from moms.powerflow import DcFactor
from moms.study import Out, Slice, StudyRules, board, contingencies_of
from moms.study.board import STANDINGS
from moms.wiring.worlds import open_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from moms.grid import Grid, Hours, IntArray, Network


class Size(NamedTuple):
    """A case: how many branches are out each day, how many days are measured, seconds a year may take."""

    name: str
    out: int
    days: int
    goal_s: float | None


CASES = (Size("case_ACTIVSg2000", 8, 6, 30.0), Size("case_ACTIVSg10k", 25, 2, 240.0))
QUICK = (Size("case_ACTIVSg500", 4, 2, None),)
YEAR = 365
MISO_GOAL_S = 900.0
MISO_DAY = date(2027, 4, 14)
HOURS = 24
SHAPE = 0.85 + 0.15 * np.sin(np.arange(HOURS) * (2 * np.pi / HOURS))
"""Of a day's load, (24,)."""
RATE_B = 1.1
"""Rate B over the case's own rate A."""


def rows(*, home: Path, quick: bool) -> list[Row]:
    """Measure them; `quick` takes a small case without goals."""
    found = [row for one in (QUICK if quick else CASES) for row in _case(one)]
    return found if quick else [*found, *_miso(home)]


def _miso(home: Path) -> list[Row]:
    """Hold one day of the bundled grid, by its own dispatch, with nothing out."""
    world = open_world(grid="miso", rule_book="miso-demo-1", home=home)
    sets = tuple(c for c in world.contingencies if not c.units)
    now = datetime.combine(MISO_DAY, datetime.min.time(), UTC) - timedelta(days=60)
    outage = unfiled(world, (sets[0].id,), window=day_window(MISO_DAY), now=now)
    before = time.process_time()
    seen = see_day(world, sets, outage, (), now=now)
    spent = time.process_time() - before
    told = Counter(STANDINGS[one.standing] for one in seen.assets)
    what = f"miso, {len(sets)} branches, every contingency, {seen.points} operating points, empty book, dispatched"
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 30 if sys.platform == "darwin" else 1 << 20)
    memory = Row(id="calendar.memory_miso", what="most memory of the process, all of the above in it",
                 value=gigabytes, unit="GB", goal=3.0, runs=1)  # fmt: skip
    return [*_rows("miso", what, [spent], told, goal=MISO_GOAL_S), memory]


def _case(size: Size) -> list[Row]:
    grid = read_case(cases_folder() / f"{size.name}.m")
    lines = grid.network.branches
    limits = {"a": lines.rate_a_mw, "b": RATE_B * lines.rate_a_mw, "c": RATE_B * lines.rate_a_mw}
    grid = replace(grid, network=grid.network.with_ratings(**limits))
    asked = contingencies_of(grid, which="branches")
    spent, told, known = [], Counter[str](), None
    for number, one in enumerate(days(grid, size)):
        if number == 0:
            board(one, asked, rules=StudyRules())  # compiles
        before = time.process_time()
        made = board(one, asked, rules=StudyRules(), known=known)
        spent.append(time.process_time() - before)
        told.update(made.told())
        known = made.witness
    what = f"{size.name}, {len(asked)} branches, every contingency, {HOURS} hours, {size.out} out"
    return _rows(size.name, what, spent, told, goal=size.goal_s)


def days(grid: Grid, size: Size) -> Iterator[Slice]:
    """Give so many days of a case, each with its own branches out and its own load."""
    rng, base = np.random.default_rng(size.days), base_point(grid).hours
    some = contingencies_of(grid, which="equipment")
    for _ in range(size.days):
        hours = _hours(grid.network, base, rng.uniform(0.6, 0.9))
        yield Slice(network=grid.network, hours=hours, hours_without=hours, request=Out(), contingencies=some,
                    out=Out(branches=_gone(grid.network, rng, size.out)))  # fmt: skip


def _hours(network: Network, base: Hours, scale: float) -> Hours:
    load = base.load_mw[:, :1] * (scale * SHAPE)
    rest = float(base.injection_mw(network)[:, 0].sum() - base.unit_mw[:, 0].sum() + base.load_mw[:, 0].sum())
    return replace(
        base,
        label=tuple(f"hour {h + 1}" for h in range(HOURS)),
        load_mw=load,
        unit_mw=base.unit_mw[:, :1] * ((load.sum(axis=0) - rest) / base.unit_mw[:, 0].sum()),
        dcline_mw=np.repeat(base.dcline_mw[:, :1], HOURS, axis=1),
        season=base.season[:1] * HOURS,
    )


def _gone(network: Network, rng: np.random.Generator, count: int) -> IntArray:
    """Draw branches that leave the grid whole."""
    factor = DcFactor.of(network)
    gone: list[int] = []
    for k in rng.permutation(np.flatnonzero(factor.live)).tolist():
        if len(gone) == count:
            break
        if not DcFactor.of(network, out=np.array(gone, np.int64)).bridges()[k]:
            gone.append(k)
    return np.array(gone, np.int64)


def _rows(name: str, what: str, spent: list[float], told: Counter[str], *, goal: float | None) -> list[Row]:
    year, count = YEAR * sum(spent) / len(spent), sum(told.values())
    shares = {state: told[state] / count for state in ("clean", "tight", "over", "open")}
    return [
        Row(id=f"calendar.day_{name}", what=f"{what}: one day", value=sorted(spent)[len(spent) // 2], unit="s",
            spread=(min(spent), max(spent)), runs=len(spent)),
        Row(id=f"calendar.year_{name}", what=f"{YEAR} times the mean of {len(spent)} days measured, one core",
            value=year, unit="s", goal=goal, runs=len(spent)),
        *(Row(id=f"calendar.{state}_{name}", what=f"cells that are {state}", value=100 * share, unit="%")
          for state, share in shares.items()),
    ]  # fmt: skip
