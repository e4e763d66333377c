"""The least that has to move: a plan repaired, two plans compared (models 1.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moms.schedule.season.check import breaks
from moms.schedule.season.objective import TERMS, NamedTerm
from moms.schedule.season.solve import lexicographic
from moms.schedule.season.together import Together, filled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moms.schedule._mip import Budget
    from moms.schedule.season.problem import Problem
    from moms.schedule.season.solve import Planned

_BY_NAME: Mapping[str, NamedTerm] = {row[0]: row for row in TERMS}
CHANGE = tuple(_BY_NAME[name] for name in ("unserved_P1", "unserved_P2", "unserved_P3", "perturbation", "displacement"))
"""What counts where a plan stands: nobody loses a place, then few move, then not far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One job that two plans place differently; None: no place."""

    job: str
    before: int | None
    after: int | None


def difference(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Difference, ...]:
    """Give what differs between two plans, by id."""
    names = sorted({*before, *after})
    return tuple(
        Difference(job=n, before=before.get(n), after=after.get(n)) for n in names if before.get(n) != after.get(n)
    )


def smallest_change(problem: Problem, *, budget: Budget) -> Planned:
    """Repair a plan whose jobs say where they stand (`held`): the fewest leave their place, none without need."""
    start = _kept(problem)
    usable = None if breaks(problem, start) else start
    return lexicographic(problem, start=usable, budget=budget, terms=CHANGE)


def _kept(problem: Problem) -> dict[str, int]:
    """Give a plan to start from: who can stay stays, in order of class and size; the others where they fit."""
    hall = Together(problem)
    waiting, again = sorted(problem.jobs, key=lambda j: (j.need, -j.size_mw * j.days, j.id)), True
    while again:  # what waits for other work stays in a later pass
        left = []
        for job in waiting:
            if job.id in hall.board.held:
                continue
            if job.held is not None and hall.free(job.id, job.held):
                hall.put(job.id, job.held)
            else:
                left.append(job)
        again, waiting = len(left) < len(waiting), left
    return filled(hall, problem.jobs)
