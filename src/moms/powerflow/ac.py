"""AC power flow of one operating point: Newton's method with reactive limits and a shared slack.

lightsim2grid solves each Newton problem; the rounds around it are ours. A round solves with what is
held now, then (1) buses that give more reactive power than their units can stop holding their
voltage and give the limit, and those at a limit that would hold it again with less do so, at most
`BACK_AT_MOST` times each; (2) what the reference bus gave beyond its own share (losses) goes to all
units that share, in fixed proportion. It ends when a round changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import lightsim2grid_cpp
import numpy as np

if TYPE_CHECKING:
    from typing import Protocol

    from scipy import sparse

    from moms.grid import BoolArray, FloatArray, IntArray
    from moms.powerflow.admittance import Admittance, ComplexArray

    class _Newton(Protocol):
        """What is used of lightsim2grid's solvers."""

        def solve(self, *given: object) -> bool: ...
        def converged(self) -> bool: ...
        def get_nb_iter(self) -> int: ...
        def get_error(self) -> object: ...
        def get_Vm(self) -> FloatArray: ...  # noqa: N802 - its name
        def get_Va(self) -> FloatArray: ...  # noqa: N802 - its name


TOLERANCE_PU = 1e-8
NEWTON_AT_MOST = 20
ROUNDS_AT_MOST = 40
BACK_AT_MOST = 3
"""How often a bus may go back to holding its voltage: a bus that keeps changing stays at its limit."""
EDGE_MVAR = 1e-3
EDGE_PU = 1e-6
HELD, AT_MAX, AT_MIN = 0, 1, -1
LOWEST_PU = 0.3
"""A solution with a voltage below this is none: it lies on the lower branch of the nose curve."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcPoint:
    """What one operating point asks of an island, by bus row, (n,) each; off the island nothing is read."""

    p_mw: FloatArray
    """Units less load and DC lines; shunts are admittances, not injections."""
    q_mvar: FloatArray
    """What is fixed: less load, plus units at buses that hold no voltage."""
    share: FloatArray
    """Of losses, by bus; sums to 1 on the island."""
    holds: BoolArray
    """Buses whose units hold the voltage, while they can."""
    v_set: FloatArray
    """Per unit, where held."""
    q_max_mvar: FloatArray
    q_min_mvar: FloatArray
    reference: int
    """Row of the bus whose angle is given."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcState:
    """A solution, or how far one got: not to converge is a result."""

    converged: bool
    why: str
    """What stopped it; empty when converged."""
    v: ComplexArray
    """(n,) per unit; 0 off the island."""
    limited: IntArray
    """(n,) 1 at the upper reactive limit, -1 at the lower, 0 elsewhere."""
    reference: int
    slack_mw: float
    """Losses and shunts shared out, beyond what the point injects."""
    left_mw: float
    """What stayed at the reference bus, at most `AcRules.slack_mw`."""
    rounds: int
    newton: int
    """Newton steps in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcRules:
    """How a solution is looked for."""

    limits: bool = True
    """Whether reactive limits are enforced."""
    share_slack: bool = True
    """Whether losses are shared; else the reference bus gives them all."""
    slack_mw: float = 0.01
    """What may stay at the reference bus."""
    patient: bool = False
    """Whether losses are shared out before a reactive limit is looked at: slower, and reaches what is far off."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """One solution on its way; by place on the island, per unit, generation positive."""

    point: AcPoint
    rules: AcRules
    rows: IntArray
    base_mva: float
    v: ComplexArray
    reference: int
    """By place."""
    limited: IntArray
    slack: float = 0.0
    left: float = 0.0
    back: dict[int, int] = field(default_factory=dict)
    newton: int = 0
    rounds: int = 0
    why: str = ""

    def by_place(self, column: FloatArray) -> FloatArray:
        taken: FloatArray = column[self.rows] / self.base_mva
        return taken


def solve_ac(
    net: Admittance,
    point: AcPoint,
    *,
    start: AcState | ComplexArray,
    lost: IntArray | None = None,
    rules: AcRules | None = None,
) -> AcState:
    """Solve one operating point from a start: a state near by, or voltages (n,) per unit.

    `lost` are live branches taken out of `net` too; the island has to hold without them.
    """
    run = _open(net, point, start, rules or AcRules())
    matrix = net.matrix if lost is None or not len(lost) else net.without(lost)
    solver = _solver()
    while run.rounds < ROUNDS_AT_MOST:
        run.rounds += 1
        if not _newton(run, matrix, solver):
            return _close(net, run)
        given = run.v * np.conj(matrix @ run.v)
        moved = _share(run, given)
        waits = moved and run.rules.patient
        if run.rules.limits and not waits and _switch(run, given):
            moved = True
        if run.why or not moved:
            return _close(net, run)
    run.why = f"reactive limits and losses did not settle in {ROUNDS_AT_MOST} rounds"
    return _close(net, run)


def _solver() -> _Newton:
    best = getattr(lightsim2grid_cpp, "NRSing_KLU", None) or lightsim2grid_cpp.NRSing_SparseLU
    solver: _Newton = best()
    return solver


def _open(net: Admittance, point: AcPoint, start: AcState | ComplexArray, rules: AcRules) -> _Run:
    if isinstance(start, AcState):
        v, limited, reference, slack = start.v, start.limited, start.reference, start.slack_mw
        if net.place[reference] < 0 or not point.holds[reference]:
            reference = point.reference
        limited = np.where(point.holds, limited, HELD)
        limited[reference] = HELD
    else:
        v, limited, reference, slack = start, np.zeros(len(net.place), np.int64), point.reference, 0.0
    rows = net.rows
    run = _Run(point=point, rules=rules, rows=rows, base_mva=net.network.base_mva, v=v[rows].copy(),
               reference=int(net.place[reference]), limited=limited[rows].copy())  # fmt: skip
    run.slack = slack / run.base_mva if rules.share_slack else 0.0
    held = point.holds[rows] & (run.limited == HELD)
    run.v[held] *= point.v_set[rows][held] / np.abs(run.v[held])
    return run


def _newton(run: _Run, matrix: sparse.csc_matrix, solver: _Newton) -> bool:
    """Take Newton steps with what is held now; tell whether they converged."""
    point = run.point
    held = point.holds[run.rows] & (run.limited == HELD)
    q = run.by_place(point.q_mvar)
    q = q + np.where(run.limited == AT_MAX, run.by_place(point.q_max_mvar), 0.0)
    q = q + np.where(run.limited == AT_MIN, run.by_place(point.q_min_mvar), 0.0)
    s = run.by_place(point.p_mw) + point.share[run.rows] * run.slack + 1j * q
    held[run.reference] = False
    pv = np.flatnonzero(held).astype(np.int32)
    held[run.reference] = True
    pq = np.flatnonzero(~held).astype(np.int32)
    weight = np.zeros(len(s))
    weight[run.reference] = 1.0
    slack = np.array([run.reference], np.int32)
    solver.solve(matrix, run.v.copy(), s, slack, weight, pv, pq, NEWTON_AT_MOST, TOLERANCE_PU)
    run.newton += int(solver.get_nb_iter())
    if not solver.converged():
        run.why = f"Newton's method did not converge ({str(solver.get_error()).rpartition('.')[2]})"
        return False
    vm = solver.get_Vm()
    run.v = vm * np.exp(1j * solver.get_Va())
    low = int(np.argmin(vm))
    if vm[low] < LOWEST_PU:
        run.why = f"the voltage of bus row {int(run.rows[low]) + 1} is {vm[low]:.3f} pu: no operable solution"
        return False
    return True


def _share(run: _Run, given: ComplexArray) -> bool:
    """Share out what the reference bus gave beyond its own; tell whether that was anything."""
    r = run.reference
    own = run.by_place(run.point.p_mw)[r] + run.point.share[run.rows[r]] * run.slack
    run.left = float(given[r].real - own)
    if not run.rules.share_slack or abs(run.left) * run.base_mva <= run.rules.slack_mw:
        return False
    run.slack += run.left
    return True


def _switch(run: _Run, given: ComplexArray) -> bool:
    """Let buses stop and take up holding their voltage; tell whether any did."""
    point, rows = run.point, run.rows
    holds = point.holds[rows]
    q = given.imag - run.by_place(point.q_mvar)
    edge = EDGE_MVAR / run.base_mva
    held = holds & (run.limited == HELD)
    over = held & (q > run.by_place(point.q_max_mvar) + edge)
    under = held & (q < run.by_place(point.q_min_mvar) - edge)
    gap = np.abs(run.v) - point.v_set[rows]
    back = ((run.limited == AT_MAX) & (gap > EDGE_PU)) | ((run.limited == AT_MIN) & (gap < -EDGE_PU))
    for k in np.flatnonzero(back).tolist():
        run.back[k] = run.back.get(k, 0) + 1
        back[k] = run.back[k] <= BACK_AT_MOST
    if not (over | under | back).any():
        return False
    run.limited[over], run.limited[under], run.limited[back] = AT_MAX, AT_MIN, HELD
    run.v[back] *= point.v_set[rows][back] / np.abs(run.v[back])
    if run.limited[run.reference] != HELD:
        _next_reference(run)
    return True


def _next_reference(run: _Run) -> None:
    """Hand the reference to the bus that still holds its voltage with the widest reactive range."""
    point = run.point
    held = np.flatnonzero(point.holds[run.rows] & (run.limited == HELD))
    if not len(held):
        run.why = "no bus holds its voltage any more: all units are at a reactive limit"
        return
    at = run.rows[held]
    wide = np.minimum(point.q_max_mvar[at] - point.q_min_mvar[at], 1e9)
    run.reference = int(held[np.argmax(wide)])


def _close(net: Admittance, run: _Run) -> AcState:
    v = np.zeros(len(net.place), np.complex128)
    v[run.rows] = run.v
    limited = np.zeros(len(net.place), np.int64)
    limited[run.rows] = run.limited
    return AcState(
        converged=not run.why,
        why=run.why,
        v=v,
        limited=limited,
        reference=int(run.rows[run.reference]),
        slack_mw=run.slack * run.base_mva,
        left_mw=run.left * run.base_mva,
        rounds=run.rounds,
        newton=run.newton,
    )


def unit_mvar(net: Admittance, point: AcPoint, state: AcState, *, lost: IntArray | None = None) -> FloatArray:
    """Give what the units that hold voltages give at each bus, (n,) MVAr; 0 elsewhere."""
    matrix = net.matrix if lost is None or not len(lost) else net.without(lost)
    v = state.v[net.rows]
    q = np.zeros(len(net.place))
    q[net.rows] = (v * np.conj(matrix @ v)).imag * net.network.base_mva
    result: FloatArray = np.where(point.holds, q - point.q_mvar, 0.0)
    return result
