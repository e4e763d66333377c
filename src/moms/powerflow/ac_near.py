"""Solutions near a solved AC state, each from the one factor of that state.

A contingency changes a few rows of the Jacobian: those of the ends of what is lost, and those of
buses that reach or leave a reactive limit. With J = the Jacobian of the base state (angles and
voltages of all buses, the slack in place of the reference angle, V = V_set where a voltage is held)
and B the changes of the rows C, a step solves (J + E_C B) dx = -r by Woodbury:
u = -J^-1 r, X = J^-1 E_C, (I + B X) w = B u, dx = u - X w. The Jacobian is not built anew, so steps
converge linearly; what is left over of the equations is measured after each, and nothing that did
not settle counts as answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from moms.powerflow.ac import AT_MAX, AT_MIN, BACK_AT_MOST, EDGE_MVAR, EDGE_PU, HELD, LOWEST_PU

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy.sparse.linalg import SuperLU

    from moms.grid import BoolArray, FloatArray, IntArray
    from moms.powerflow.ac import AcPoint, AcState
    from moms.powerflow.admittance import Admittance, ComplexArray

SETTLED_PU = 2e-4
"""What may be left over of any equation, per unit power: 0.02 MVA on a base of 100 MVA."""
STEPS_AT_MOST = 12
BASE_PU = 1e-6
"""What a solved base state may leave over."""
HIGHEST_PU = 2.0
TOGETHER = 16
"""Losses carried side by side."""
FAR_PU = 10.0
"""A leftover this large means that steps lead away."""
KEEP_BYTES = 200_000_000
"""Columns of the inverse kept for the next contingencies."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Near:
    """An answer near the base state; `settled` False means it has to be solved in full."""

    settled: bool
    v: ComplexArray
    """(k,) per unit, by place on the island."""
    limited: IntArray
    """(k,) as `AcState.limited`."""
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loss:
    """What a contingency takes: live branches, and another point where units change what they give."""

    branches: tuple[int, ...]
    point: AcPoint | None = None
    cut: tuple[int, ...] = ()
    """Branches lost that the equations keep: they lead to `dark` alone, and nothing flows there."""
    dark: IntArray | None = None
    """Rows of buses cut off: what the answer says of them is nothing."""


@dataclass(slots=True, kw_only=True, eq=False)
class NearSolver:
    """The factor of one base state and the columns of its inverse that were asked for."""

    net: Admittance
    point: AcPoint
    base: AcState
    angle_row: sparse.csr_matrix
    """(k, 2k) derivatives of active power by place; column `reference` is the slack's."""
    volt_row: sparse.csr_matrix
    """(k, 2k) derivatives of reactive power."""
    factor: SuperLU
    x: FloatArray
    """(2k,) angles (the slack at the reference), voltages."""
    held: BoolArray
    """(k,) whose voltage the base state holds."""
    columns: dict[int, FloatArray] = field(default_factory=dict)

    @classmethod
    def of(cls, net: Admittance, point: AcPoint, base: AcState) -> NearSolver:
        """Factorise the Jacobian of a converged state."""
        v = base.v[net.rows]
        k, reference = len(v), int(net.place[base.reference])
        by_angle, by_volt = derivatives(net.matrix, v)
        slack = sparse.csc_matrix((-point.share[net.rows], (np.arange(k), np.full(k, reference))), shape=(k, k))
        keep = sparse.diags((np.arange(k) != reference).astype(np.float64))
        p_row = sparse.hstack([by_angle.real @ keep + slack, by_volt.real]).tocsr()
        q_row = sparse.hstack([by_angle.imag @ keep, by_volt.imag]).tocsr()
        held = (point.holds & (base.limited == HELD))[net.rows]
        fixed = sparse.hstack([sparse.csr_matrix((k, k)), sparse.identity(k)])
        lower = sparse.diags((~held).astype(np.float64)) @ q_row + sparse.diags(held.astype(np.float64)) @ fixed
        jacobian = sparse.vstack([p_row, lower]).tocsc()
        factor = splu(jacobian, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options={"SymmetricMode": True})
        x = np.r_[np.angle(v), np.abs(v)]
        x[reference] = base.slack_mw / net.network.base_mva
        return cls(net=net, point=point, base=base, angle_row=p_row, volt_row=q_row, factor=factor, x=x, held=held)

    def solve(self, losses: Sequence[Loss]) -> list[Near]:
        """Solve each loss by itself; some are carried side by side, as a factor solves many sides cheaply."""
        found: list[Near] = []
        for at in range(0, len(losses), TOGETHER):
            block = [_Steps.of(self, loss) for loss in losses[at : at + TOGETHER]]
            self._settle(block)
            found += [steps.close() for steps in block]
        return found

    def _settle(self, block: list[_Steps]) -> None:
        going = block
        for _ in range(STEPS_AT_MOST):
            going = [steps for steps in going if steps.look()]
            if not going:
                return
            changes = [steps.changes() for steps in going]
            self._fetch(sorted({row for rows in changes for row in rows}))
            wide = [
                k for k, steps in enumerate(going) if not set(np.flatnonzero(steps.rest).tolist()) <= set(changes[k])
            ]
            side = np.stack([going[k].rest for k in wide], axis=1) if wide else np.zeros((len(self.x), 0))
            solved = self.factor.solve(np.asfortranarray(side)) if wide else side
            place = {k: j for j, k in enumerate(wide)}
            for k, (steps, rows) in enumerate(zip(going, changes, strict=True)):
                steps.take(rows, solved[:, place[k]] if k in place else None)

    def branch_part(self, row: int) -> tuple[IntArray, FloatArray]:
        """Give a branch's unknowns, (4,) angles then voltages of its ends, and d(P, Q)/d(unknowns), (4, 4)."""
        net, lines, k = self.net, self.net.network.branches, len(self.net.rows)
        f, t = int(net.place[lines.from_bus[row]]), int(net.place[lines.to_bus[row]])
        v = self.base.v[[lines.from_bus[row], lines.to_bus[row]]]
        y = np.array([[net.yff[row], net.yft[row]], [net.ytf[row], net.ytt[row]]])
        flow = v[:, None] * np.conj(y * v)
        by_volt = flow / np.abs(v) + np.diag(flow.sum(axis=1) / np.abs(v))
        by_angle = -1j * flow + np.diag(1j * flow.sum(axis=1))
        by_angle[:, [i == self.net.place[self.base.reference] for i in (f, t)]] = 0.0
        part = np.hstack([by_angle, by_volt])
        return np.array([f, t, k + f, k + t]), np.vstack([part.real, part.imag])

    def _fetch(self, rows: list[int]) -> None:
        """Make sure that these columns of the inverse are at hand."""
        missing = [row for row in rows if row not in self.columns]
        if not missing:
            return
        if (len(self.columns) + len(missing)) * self.x.nbytes > KEEP_BYTES:
            self.columns = {row: self.columns[row] for row in rows if row in self.columns}
        unit = np.zeros((len(self.x), len(missing)), order="F")
        unit[missing, np.arange(len(missing))] = 1.0
        found = self.factor.solve(unit)
        self.columns |= {row: found[:, j] for j, row in enumerate(missing)}


@dataclass(slots=True, kw_only=True, eq=False)
class _Steps:
    """One loss on its way from the base state; vectors by place on the island, per unit."""

    of_base: NearSolver
    loss: Loss
    point: AcPoint
    x: FloatArray
    reference: int
    fixed: ComplexArray
    """What is injected before slack and limits."""
    share: FloatArray
    v_set: FloatArray
    q_max: FloatArray
    q_min: FloatArray
    holds: BoolArray
    limited: IntArray
    v: ComplexArray
    ends: list[tuple[IntArray, FloatArray]]
    """For each branch lost its unknowns (4,) and its derivatives, rows P and Q of both ends, (4, 4)."""
    rest: FloatArray
    """(2k,) what is left over of the equations."""
    change: dict[int, tuple[IntArray, FloatArray]] = field(default_factory=dict)
    back: dict[int, int] = field(default_factory=dict)
    settled: bool = False
    failed: bool = False
    steps: int = 0

    @classmethod
    def of(cls, solver: NearSolver, loss: Loss) -> _Steps:
        net, base, point = solver.net, solver.base, loss.point or solver.point
        rows, mva = net.rows, net.network.base_mva
        holds = point.holds[rows]
        fixed = np.asarray((point.p_mw[rows] + 1j * point.q_mvar[rows]) / mva, np.complex128)
        return cls(
            of_base=solver,
            loss=loss,
            point=point,
            x=solver.x.copy(),
            reference=int(net.place[base.reference]),
            fixed=fixed,
            share=point.share[rows],
            v_set=point.v_set[rows],
            q_max=point.q_max_mvar[rows] / mva,
            q_min=point.q_min_mvar[rows] / mva,
            holds=holds,
            limited=np.where(holds, base.limited[rows], HELD),
            v=base.v[rows],
            ends=[solver.branch_part(row) for row in loss.branches],
            rest=np.zeros(0),
        )

    def look(self) -> bool:
        """Let buses switch, and tell whether another step is needed and possible."""
        if self.failed:
            return False
        own = self._given() - self.fixed
        switched = self._switch(own.imag)
        held = self.holds & (self.limited == HELD)
        limit = np.where(self.limited == AT_MAX, self.q_max, np.where(self.limited == AT_MIN, self.q_min, 0.0))
        k = len(self.v)
        lower = np.where(held, self.x[k:] - self.v_set, own.imag - limit)
        self.rest = np.r_[own.real - self.share * self.x[self.reference], lower]
        worst = float(np.max(np.abs(self.rest)))
        self.settled = worst <= SETTLED_PU and not switched
        self.failed = not worst < FAR_PU
        if self.steps == 0:  # the base state leaves only what the loss takes away; the rest is the base's own tolerance
            self.rest[np.abs(self.rest) < BASE_PU] = 0.0
        return not self.settled and not self.failed

    def _given(self) -> ComplexArray:
        """Give what each bus puts into the network at the voltages so far."""
        net, v = self.of_base.net, self.v
        current = net.matrix @ v
        lines = net.network.branches
        for row in self.loss.branches:
            f, t = net.place[lines.from_bus[row]], net.place[lines.to_bus[row]]
            current[f] -= net.yff[row] * v[f] + net.yft[row] * v[t]
            current[t] -= net.ytf[row] * v[f] + net.ytt[row] * v[t]
        given: ComplexArray = v * np.conj(current)
        return given

    def _switch(self, q: FloatArray) -> bool:
        """Let buses stop and take up holding their voltage, by the rule of `powerflow.ac`."""
        edge = EDGE_MVAR / self.of_base.net.network.base_mva + SETTLED_PU
        held = self.holds & (self.limited == HELD)
        gap = self.x[len(self.v) :] - self.v_set
        over, under = held & (q > self.q_max + edge), held & (q < self.q_min - edge)
        back = ((self.limited == AT_MAX) & (gap > EDGE_PU)) | ((self.limited == AT_MIN) & (gap < -EDGE_PU))
        for i in np.flatnonzero(back).tolist():
            self.back[i] = self.back.get(i, 0) + 1
            back[i] = self.back[i] <= BACK_AT_MOST
        self.limited[over], self.limited[under], self.limited[back] = AT_MAX, AT_MIN, HELD
        return bool((over | under | back).any())

    def changes(self) -> list[int]:
        """Find the rows of the Jacobian that differ from the base state's, and by what."""
        solver, k = self.of_base, len(self.v)
        held = self.holds & (self.limited == HELD)
        self.change = {}
        for i in np.flatnonzero(held != solver.held).tolist():
            line = slice(solver.volt_row.indptr[i], solver.volt_row.indptr[i + 1])
            sign = 1.0 if solver.held[i] else -1.0
            unknowns = np.r_[solver.volt_row.indices[line], k + i]
            self.change[k + i] = unknowns, sign * np.r_[solver.volt_row.data[line], -1.0]
        for unknowns, part in self.ends:
            f, t = int(unknowns[2]) - k, int(unknowns[3]) - k
            for row, values in zip((f, t, k + f, k + t), part, strict=True):
                if row < k or not held[row - k]:
                    had = self.change.get(row)
                    both = (unknowns, -values) if had is None else (np.r_[had[0], unknowns], np.r_[had[1], -values])
                    self.change[row] = both
        return list(self.change)

    def take(self, rows: list[int], solved: FloatArray | None) -> None:
        """Take one step; `solved` is J^-1 of what is left over, None where that stands on `rows` only."""
        self.steps += 1
        columns = [self.of_base.columns[row] for row in rows]
        if solved is None:
            u = -sum(
                (self.rest[row] * column for row, column in zip(rows, columns, strict=True)), np.zeros(len(self.x))
            )
        else:
            u = -solved
        if rows:
            w = self._weights(rows, columns, u)
            if w is None:
                return
            for weight, column in zip(w, columns, strict=True):
                u -= weight * column
        self.x += u
        self._place()

    def _weights(self, rows: list[int], columns: list[FloatArray], u: FloatArray) -> FloatArray | None:
        system = np.eye(len(rows))
        side = np.zeros(len(rows))
        for a, row in enumerate(rows):
            unknowns, values = self.change[row]
            system[a] += [values @ column[unknowns] for column in columns]
            side[a] = values @ u[unknowns]
        try:
            weights: FloatArray = np.linalg.solve(system, side).astype(np.float64)
            return weights
        except np.linalg.LinAlgError:
            self.failed = True
            return None

    def _place(self) -> None:
        k = len(self.v)
        angle = self.x[:k].copy()
        angle[self.reference] = np.angle(self.of_base.base.v[self.of_base.base.reference])
        volt = self.x[k:]
        low, high = float(volt.min()), float(volt.max())
        self.failed = not (low >= LOWEST_PU and high <= HIGHEST_PU)
        if not self.failed:
            self.v = volt * np.exp(1j * angle)

    def close(self) -> Near:
        return Near(settled=self.settled, v=self.v, limited=self.limited, steps=self.steps)


def derivatives(matrix: sparse.csc_matrix, v: ComplexArray) -> tuple[sparse.csc_matrix, sparse.csc_matrix]:
    """Give the derivatives of S = v conj(Y v) by angle and by voltage magnitude, (k, k) each."""
    at, direction = sparse.diags(v), sparse.diags(v / np.abs(v))
    current = matrix @ v
    by_angle = 1j * at @ (sparse.diags(current) - matrix @ at).conj()
    by_volt = at @ (matrix @ direction).conj() + sparse.diags(current.conj()) @ direction
    return by_angle.tocsc(), by_volt.tocsc()
