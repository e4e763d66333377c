"""How the flow on an element, before or after a contingency, answers to injections.

After the loss of branches K: PTDF_l + LODF_lK PTDF_K (models 6.3), with the block form of the
factors for several branches. A contingency that cuts buses off, or trips units, is solved on the
island that is left, what is missing picked up in proportion to headroom as the study does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from moms.powerflow import DcFactor, adjacency, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moms.grid import BoolArray, Contingency, FloatArray, IntArray
    from moms.powerflow import Adjacency

NOTHING_MW = 1e-6
HELD_MOST = 1 << 23
"""Numbers of distribution factors kept at once, 64 MB, unless one hour's pairs alone need more."""
LEFT_MOST = 16
"""Islands kept that are left after a loss: on a large grid each holds a factor of 10 MB."""
SINGULAR = 1e-9
"""1 - LODF's own term below this: the contingency cuts the island in two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """One element that must come down to a limit, before (None) or after a contingency, at one hour."""

    contingency: Contingency | None
    element: int
    """Row of the branch."""
    hour: int
    limit_mw: float
    yields_mw: float = 0.0
    """How far over that limit it may stay where no dispatch keeps it: growth that does not count as worse."""

    @property
    def key(self) -> tuple[str, int]:
        """Name the pair, whatever the hour."""
        return ("" if self.contingency is None else self.contingency.id, self.element)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """The flow at one hour as an affine function: flow_mw + per_mw . (change of unit outputs).

    Changes add up to nothing; shares of pick-up stay as they are.
    """

    flow_mw: float
    per_mw: FloatArray
    """(g,)."""
    exact: bool
    """False where units pick up: their shares are held as they are at this dispatch."""


class Sensitivities:
    """Answers of pairs on one topology; distribution factors are solved once and kept, as long as they are not many."""

    def __init__(self, factor: DcFactor) -> None:
        self.factor = factor
        self._shifts = factor.shift_injection_mw()
        self._ptdf: dict[int, FloatArray] = {}
        self._graph: Adjacency | None = None
        self._pieces: dict[tuple[int, ...], IntArray] = {}
        self._left: dict[tuple[tuple[int, ...], int], Sensitivities] = {}

    def prepare_if_few(self, pairs: Sequence[Over]) -> None:
        """Solve what the pairs of many hours need together, unless that is more than is kept at once."""
        if self._fit(len(self._wanted(pairs))):
            self.prepare(pairs)

    def prepare(self, pairs: Sequence[Over]) -> None:
        """Solve the distribution factors that the pairs need, together."""
        wanted = self._wanted(pairs)
        rows = np.array(sorted(wanted - self._ptdf.keys()), dtype=np.int64)
        if len(rows):
            if not self._fit(len(self._ptdf) + len(rows)):
                self._ptdf = {row: kept for row, kept in self._ptdf.items() if row in wanted}
            self._ptdf.update(zip(rows.tolist(), self.factor.ptdf_rows(rows), strict=True))

    def _wanted(self, pairs: Sequence[Over]) -> set[int]:
        return {p.element for p in pairs} | {b for p in pairs if p.contingency for b in p.contingency.branches}

    def _fit(self, rows: int) -> bool:
        return rows * len(self.factor.island) <= HELD_MOST

    def answer(self, pair: Over, *, injection_mw: FloatArray, unit_mw: FloatArray, running: BoolArray) -> Answer | None:
        """Give the answer of one pair at bus injections (n,) made of unit outputs (g,).

        `running` (g,) units may pick up. None where nothing is left to pick up what is missing.
        """
        if pair.contingency is None:
            return self.before(pair.element, injection_mw=injection_mw)
        self.prepare([pair])
        lost = tuple(b for b in pair.contingency.branches if self.factor.live[b])
        if not pair.contingency.units:
            block = self._block(pair.element, lost)
            if block is not None:
                return self._affine(block, pair.element, lost, injection_mw)
        return self._on_what_is_left(pair, lost, injection_mw, unit_mw, running)

    def before(self, element: int, *, injection_mw: FloatArray) -> Answer:
        """Give the answer of an element with nothing lost."""
        self.prepare([Over(contingency=None, element=element, hour=0, limit_mw=0.0)])
        return self._affine(self._ptdf[element], element, (), injection_mw)

    def _affine(self, per_bus: FloatArray, element: int, lost: tuple[int, ...], injection_mw: FloatArray) -> Answer:
        """Put the flow beside its sensitivities: with phase shifts a flow is not PTDF times injection alone."""
        shifted = injection_mw + self._shifts
        constant = -self.factor.shift_mw[element] - self._lodf(element, lost) @ self.factor.shift_mw[list(lost)]
        # Summed by numpy itself: a product by BLAS wakes other threads for it, and rounds as many threads as there are.
        moved = float((per_bus * shifted).sum())
        return Answer(flow_mw=float(moved + constant), per_mw=per_bus[self.factor.network.units.bus], exact=True)

    def _lodf(self, element: int, lost: tuple[int, ...]) -> FloatArray:
        """Give LODF_lK, (|K|,)."""
        if not lost:
            return np.zeros(0)
        rows = list(lost)
        f, t = self.factor.network.branches.from_bus[rows], self.factor.network.branches.to_bus[rows]
        own = np.array([self._ptdf[k][f] - self._ptdf[k][t] for k in rows])
        onto = self._ptdf[element][f] - self._ptdf[element][t]
        result: FloatArray = np.linalg.solve((np.eye(len(rows)) - own).T, onto)
        return result

    def _block(self, element: int, lost: tuple[int, ...]) -> FloatArray | None:
        """Give PTDF_l + LODF_lK PTDF_K, (n,), or None where the loss of K cuts the island."""
        if not lost:
            return self._ptdf[element]
        rows = list(lost)
        f, t = self.factor.network.branches.from_bus[rows], self.factor.network.branches.to_bus[rows]
        own = np.array([self._ptdf[k][f] - self._ptdf[k][t] for k in rows])
        if np.linalg.svd(np.eye(len(rows)) - own, compute_uv=False)[-1] < SINGULAR:
            return None
        stacked = np.array([self._ptdf[k] for k in rows])
        result: FloatArray = self._ptdf[element] + self._lodf(element, lost) @ stacked
        return result

    def _on_what_is_left(
        self,
        pair: Over,
        lost: tuple[int, ...],
        injection_mw: FloatArray,
        unit_mw: FloatArray,
        running: BoolArray,
    ) -> Answer | None:
        factor, network = self.factor, self.factor.network
        pieces = self._pieces_without(lost)
        piece = int(pieces[network.branches.from_bus[pair.element]])
        main = pieces == piece
        units = () if pair.contingency is None else pair.contingency.units
        tripped = np.zeros(len(unit_mw), dtype=bool)
        tripped[list(units)] = True
        stays_in = main[network.units.bus]
        stays = running & ~tripped & stays_in
        injection = injection_mw.copy()
        np.add.at(injection, network.units.bus[tripped], -unit_mw[tripped])
        injection[~main] = 0.0
        missing = -float(injection.sum())
        share = _pick_up(factor, unit_mw, stays, missing_mw=missing)
        if share is None:
            return None
        after = self._without(lost, piece, main)
        np.add.at(injection, network.units.bus, missing * share)
        found = after.before(pair.element, injection_mw=injection)
        picked = found.per_mw @ share
        per_mw = np.where(stays_in & ~tripped, found.per_mw - picked, 0.0)
        return Answer(flow_mw=found.flow_mw, per_mw=per_mw, exact=False)

    def _pieces_without(self, lost: tuple[int, ...]) -> IntArray:
        """Number the islands that are left, (n,)."""
        if lost not in self._pieces:
            if self._graph is None:
                self._graph = adjacency(self.factor.network, self.factor.live)
            self._pieces[lost] = label(self._graph, self.factor.island, np.array(lost, dtype=np.int64))
        return self._pieces[lost]

    def _without(self, lost: tuple[int, ...], piece: int, main: BoolArray) -> Sensitivities:
        """Give the answers of one island that is left, factorised once."""
        if not lost:
            return self
        if (lost, piece) not in self._left:
            if len(self._left) == LEFT_MOST:
                del self._left[next(iter(self._left))]
            live = self.factor.live.copy()
            live[list(lost)] = False
            self._left[lost, piece] = Sensitivities(DcFactor.on_island(self.factor.network, live=live, island=main))
        return self._left[lost, piece]


def _pick_up(factor: DcFactor, unit_mw: FloatArray, stays: BoolArray, *, missing_mw: float) -> FloatArray | None:
    """Give each unit's share of what is picked up, (g,): by headroom, or by output where there is too much.

    None where the units have less than what is missing: that is a shortfall, which no flow describes.
    """
    units = factor.network.units
    room = np.maximum(units.p_max_mw - unit_mw, 0.0) if missing_mw > 0 else np.maximum(unit_mw, 0.0)
    room = np.where(stays & units.picks_up, room, 0.0)
    if room.sum() < max(abs(missing_mw), NOTHING_MW):
        return np.zeros_like(room) if abs(missing_mw) < NOTHING_MW else None
    share: FloatArray = room / room.sum()
    return share
