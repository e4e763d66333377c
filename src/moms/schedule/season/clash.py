"""Why there is no plan: a set of constraints that clash, none of which can be left out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.schedule._mip import Program, Status
from moms.schedule.season.constraints import CONSTRAINTS
from moms.schedule.season.model import Model

if TYPE_CHECKING:
    from moms.schedule._mip import Budget
    from moms.schedule.season.model import Tag
    from moms.schedule.season.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """What cannot hold together."""

    rules: tuple[Tag, ...]
    owners: tuple[str, ...]
    smallest: bool
    """Whether leaving out any one of them was proved to mend it; no other set was looked for."""

    @property
    def says(self) -> str:
        """Say it in a line."""
        return "; ".join(tag.says for tag in self.rules)


def smallest_clash(problem: Problem, *, budget: Budget) -> Clash | None:
    """Find it by leaving out rule after rule: what stays infeasible without a rule does not need it."""
    model = Model(problem)
    for constraint in CONSTRAINTS:
        constraint(model)
    groups = sorted({tag.says: tag for tag in model.tags if tag is not None}.items())
    kept = [tag for _, tag in groups]
    if _status(model, kept, budget) is not Status.INFEASIBLE:
        return None
    sure, size = True, max(len(kept) // 2, 1)
    while size:
        # Halves first, single rules last: most of a season has nothing to do with the clash.
        at = 0
        while at < len(kept):
            without = kept[:at] + kept[at + size :]
            status = _status(model, without, budget)
            if status is Status.INFEASIBLE:
                kept = without
            else:
                sure = sure and (status is Status.OPTIMAL or size > 1)
                at += size
        size //= 2
    jobs = {job for tag in kept for job in tag.jobs if tag.rule in {"placed", "precedence", "bundles"}}
    owners = tuple(sorted({problem.job[job].owner for job in jobs}))
    return Clash(rules=tuple(kept), owners=owners, smallest=sure)


def _status(model: Model, kept: list[Tag], budget: Budget) -> Status:
    """Tell whether the rows of these rules, and those that only say what a column means, can hold together."""
    words = {tag.says for tag in kept}
    whole, some = model.program, Program()
    for k in range(len(whole.cost)):
        some.column(lower=whole.lower[k], upper=whole.upper[k], whole=whole.whole[k])
    for k, tag in enumerate(model.tags):
        if tag is None or tag.says in words:
            first, last = whole.row_start[k], whole.row_start[k + 1]
            some.row(whole.index[first:last], whole.value[first:last], lower=whole.row_lower[k],
                     upper=whole.row_upper[k] if np.isfinite(whole.row_upper[k]) else np.inf)  # fmt: skip
    return some.solve(budget=budget).status
