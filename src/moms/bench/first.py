"""The figures of one study, of starting, and of the demo, on the bundled grid."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from moms.bench.own_home import own_home
from moms.bench.rows import Row, timed
from moms.desk.security import secure
from moms.exchange.season import bundled
from moms.exchange.stories import bundled_stories
from moms.outages import Outage, State, Status
from moms.values import Window
from moms.wiring.worlds import open_world

if TYPE_CHECKING:
    from pathlib import Path

    from moms.desk.world import World

WEEK = timedelta(days=7)


def rows(*, home: Path, quick: bool) -> list[Row]:
    """Measure them; `quick` studies a day instead of a week, and once instead of three times."""
    runs, days = (1, 1) if quick else (3, 7)
    load_s, load_spread = timed(lambda: open_world(grid="miso", rule_book="miso-demo-1", home=home), runs=runs)
    world = open_world(grid="miso", rule_book="miso-demo-1", home=home)
    asked = _outage(days)
    before = time.process_time()
    _study(world, asked)
    cold = time.process_time() - before
    study_s, study_spread = timed(lambda: _study(world, asked), runs=runs)
    help_s, help_spread = _help(runs)
    return [
        Row(id="first.study", what=f"study of one line for {days} days, {days * 24} hours and more, on miso, warm",
            value=study_s, unit="s", spread=study_spread, goal=60.0, runs=runs),
        Row(id="first.study_cold", what="the same, first in its process (compiled code from its cache)",
            value=cold, unit="s", runs=1),
        Row(id="first.load", what="grid and rule book read",
            value=load_s, unit="s", spread=load_spread, goal=1.0, runs=runs),
        Row(id="first.help", what="moms --help",
            value=help_s, unit="s", spread=help_spread, goal=0.3, clock="wall", runs=max(runs, 3)),
        Row(id="first.demo_fresh", what="demo from a fresh clone, install included", value=None, unit="s", goal=360.0,
            clock="wall", why="needs a fresh clone: `git clone`, then `time ./moms demo --exit`"),
        *_demo(quick=quick),
    ]  # fmt: skip


def _demo(*, quick: bool) -> list[Row]:
    """Time the demo in an empty home, and again in the same one; both in wall time."""
    names = (("first.demo", "demo, installed, empty home"), ("first.demo_again", "demo, second start"))
    if quick:
        why = "left out of --quick"
        return [Row(id=k, what=what, value=None, unit="s", clock="wall", why=why) for k, what in names]
    found = []
    with own_home() as home:
        for key, what in names:
            before = time.perf_counter()
            env = {**os.environ, "MOMS_HOME": str(home)}
            subprocess.run([sys.executable, "-m", "moms", "demo", "--exit"], check=True, capture_output=True, env=env)
            goal = 60.0 if key == "first.demo_again" else None
            took = time.perf_counter() - before
            found.append(Row(id=key, what=what, value=took, unit="s", goal=goal, clock="wall", runs=1))
    return found


def _outage(days: int) -> Outage:
    """Give the first story's request, for so many days, as nobody has filed it."""
    season, story = bundled("starter"), bundled_stories()[0]
    request = story.request
    window = Window(start=request.window.start, end=request.window.start + timedelta(days=days))
    request = replace(request, window=window)
    return Outage(id="bench", request=request, state=State.VALIDATED, status=Status.NONE, window=window,
                  stamp=season.clock, filed_at=season.clock, requester="bench")  # fmt: skip


def _study(world: World, asked: Outage) -> None:
    world = replace(world, rules=replace(world.rules))  # of other rules nothing is kept: each run studies
    secure(world, asked, (), book="book", window=asked.window, now=asked.stamp)


def _help(runs: int) -> tuple[float, tuple[float, float]]:
    found = []
    for _ in range(max(runs, 3)):
        before = time.perf_counter()
        subprocess.run([sys.executable, "-m", "moms", "--help"], check=True, capture_output=True)
        found.append(time.perf_counter() - before)
    found.sort()
    return found[len(found) // 2], (found[0], found[-1])
