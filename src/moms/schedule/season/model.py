"""The season as a start-indexed program: x[job, start] is 1 if it starts then, u[job] if it finds no place.

Every row carries the rule it is of and the jobs it speaks of, so that a clash can be told in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.schedule._mip import Program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moms.grid import FloatArray
    from moms.schedule.season.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """Which rule a row is of, and in words what it says."""

    rule: str
    says: str
    jobs: tuple[str, ...]


class Model:
    """A program under construction."""

    def __init__(self, problem: Problem, *, starts: Mapping[str, Sequence[int]] | None = None) -> None:
        self.problem, self.program = problem, Program()
        self.x: dict[str, dict[int, int]] = {}
        self.u: dict[str, int] = {}
        self.tags: list[Tag | None] = []
        allowed = problem.starts if starts is None else starts
        for job in problem.jobs:
            self.x[job.id] = {s: self.program.column(upper=1.0, whole=True) for s in allowed[job.id]}
            self.u[job.id] = self.program.column(upper=1.0, whole=True)
        self._out: dict[str, dict[int, list[int]]] = {}

    def out(self, job: str) -> Mapping[int, list[int]]:
        """Give, by day, the columns under which a job is out: never a variable of its own."""
        if job not in self._out:
            found: dict[int, list[int]] = {}
            for start, column in self.x[job].items():
                for day in range(start, start + self.problem.job[job].length(start)):
                    found.setdefault(day, []).append(column)
            self._out[job] = found
        return self._out[job]

    def row(
        self, terms: Mapping[int, float], *, lower: float = -np.inf, upper: float = np.inf, tag: Tag | None = None
    ) -> None:
        """Add a row."""
        self.program.row(list(terms), list(terms.values()), lower=lower, upper=upper)
        self.tags.append(tag)

    def plan_of(self, x: FloatArray) -> dict[str, int]:
        """Read a plan from a solution."""
        return {job: s for job, places in self.x.items() for s, column in places.items() if x[column] > 0.5}
