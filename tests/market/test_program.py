"""The program that grows by rows: a solver that loses its way is begun from nothing, then the other way round."""

from __future__ import annotations

import highspy
import numpy as np
import pytest

from moms.market._program import DUAL, Program, Status


class Lost:
    """HiGHS that does not know, so many times, until it is cleared."""

    def __init__(self, real: highspy.Highs, times: int) -> None:
        self._real, self.times, self.cleared = real, times, 0

    def __getattr__(self, name: str):
        return getattr(self._real, name)

    def getModelStatus(self):  # noqa: N802 - the solver's own name
        if self.times:
            self.times -= 1
            return highspy.HighsModelStatus.kUnknown
        return self._real.getModelStatus()

    def clearSolver(self) -> None:  # noqa: N802 - the solver's own name
        self.cleared += 1
        self._real.clearSolver()


def lost(times: int, *, least: float) -> tuple[Program, Lost]:
    """Give the cheapest of x + 3 y with x <= 2, y <= 5 and x + y at least as much."""
    program = Program(cost=np.array([1.0, 3.0]), upper=np.array([2.0, 5.0]))
    program.add_rows(lower=np.array([least]), upper=np.array([np.inf]), value=np.ones((1, 2)))
    solver = Lost(program._highs, times)
    vars(program)["_highs"] = solver
    return program, solver


@pytest.mark.parametrize("times", [1, 2])
def test_a_solver_that_loses_its_way_is_begun_from_nothing_and_then_the_other_way_round(times: int) -> None:
    program, solver = lost(times, least=4.0)
    found = program.solve()
    assert (found.status, solver.cleared) == (Status.OPTIMAL, times)
    assert found.x == pytest.approx([2.0, 2.0])
    assert found.cost == pytest.approx(8.0)
    assert solver.getOptionValue("simplex_strategy")[1] == DUAL
    program, solver = lost(times, least=8.0)
    assert (program.solve().status, solver.cleared) == (Status.INFEASIBLE, times)


def test_a_solver_that_knows_is_not_begun_again_and_one_that_never_does_says_so() -> None:
    program, solver = lost(0, least=4.0)
    assert (program.solve().status, solver.cleared) == (Status.OPTIMAL, 0)
    program, solver = lost(3, least=4.0)
    found = program.solve()
    assert (found.status, found.says, solver.cleared) == (Status.FAILED, "Unknown", 2)
    assert not len(found.x)
    assert program.solve().status is Status.OPTIMAL
