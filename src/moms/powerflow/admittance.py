"""The AC network as admittances: what a branch draws from both its buses, and the bus matrix.

Convention (MATPOWER manual §3.2): with y = 1/(r + jx), charging b and the tap t = tap e^(j shift) at
the from end, Yff = (y + jb/2)/|t|^2, Yft = -y/conj(t), Ytf = -y/t, Ytt = y + jb/2, per unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import sparse

from moms.powerflow.islands import live_branches

if TYPE_CHECKING:
    from moms.grid import BoolArray, IntArray, Network

ComplexArray = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Admittance:
    """One topology's admittances on one island; buses of the island are counted from 0 up (`place`)."""

    network: Network
    live: BoolArray
    """(m,) branches that carry, both ends on the island."""
    rows: IntArray
    """(k,) rows of the island's buses, rising."""
    place: IntArray
    """(n,) place of each bus on the island, -1 elsewhere."""
    yff: ComplexArray
    """(m,) per unit, 0 where not live; the other three alike."""
    yft: ComplexArray
    ytf: ComplexArray
    ytt: ComplexArray
    matrix: sparse.csc_matrix
    """(k, k) per unit, shunts in it."""
    entry: IntArray
    """(m, 4) where ff, ft, tf, tt of a live branch stand in `matrix.data`; -1 elsewhere."""

    @classmethod
    def of(cls, network: Network, *, island: BoolArray, out: IntArray | None = None) -> Admittance:
        """Give the admittances of an island, (n,) buses, with the branches `out` (rows) taken out."""
        lines, buses = network.branches, network.buses
        live = live_branches(network, out=out) & island[lines.from_bus] & island[lines.to_bus]
        rows = np.flatnonzero(island)
        place = np.full(len(buses), -1, np.int64)
        place[rows] = np.arange(len(rows))
        y = np.zeros(len(lines), np.complex128)
        y[live] = 1.0 / (lines.r[live] + 1j * lines.x[live])
        half = np.where(live, 0.5j * lines.b, 0.0)
        tap = lines.tap * np.exp(1j * np.deg2rad(lines.shift_deg))
        parts = ((y + half) / np.abs(tap) ** 2, -y / tap.conj(), -y / tap, y + half)
        shunt = np.asarray((buses.shunt_mw[rows] + 1j * buses.shunt_mvar[rows]) / network.base_mva, np.complex128)
        f, t = place[lines.from_bus[live]], place[lines.to_bus[live]]
        matrix = _matrix(f, t, [part[live] for part in parts], shunt)
        entry = np.full((len(lines), 4), -1, np.int64)
        entry[live] = np.stack([_find(matrix, a, b) for a, b in ((f, f), (f, t), (t, f), (t, t))], axis=1)
        yff, yft, ytf, ytt = parts
        return cls(network=network, live=live, rows=rows, place=place, yff=yff, yft=yft, ytf=ytf, ytt=ytt,
                   matrix=matrix, entry=entry)  # fmt: skip

    def without(self, lost: IntArray) -> sparse.csc_matrix:
        """Give the matrix when some live branches are lost too: same pattern, other values."""
        changed = self.matrix.copy()
        for part, column in zip((self.yff, self.yft, self.ytf, self.ytt), range(4), strict=True):
            np.subtract.at(changed.data, self.entry[lost, column], part[lost])
        return changed

    def with_shunts(self, network: Network, bus: IntArray, mva: ComplexArray) -> Admittance:
        """Give the same island with more shunts, MVA at 1 per unit (MW + j MVAr) at rows of buses."""
        at = self.place[bus]
        changed = self.matrix.copy()
        np.add.at(changed.data, _find(changed, at, at), mva / network.base_mva)
        return replace(self, network=network, matrix=changed)

    def flows_mva(self, v: ComplexArray, *, lost: IntArray | None = None) -> tuple[ComplexArray, ComplexArray]:
        """Give what enters each branch at its from and its to end, (m,) MVA, at voltages v (n,) per unit."""
        lines = self.network.branches
        vf, vt = v[lines.from_bus], v[lines.to_bus]
        at_from = vf * np.conj(self.yff * vf + self.yft * vt) * self.network.base_mva
        at_to = vt * np.conj(self.ytf * vf + self.ytt * vt) * self.network.base_mva
        if lost is not None:
            at_from[lost] = 0.0
            at_to[lost] = 0.0
        return at_from, at_to


def _matrix(f: IntArray, t: IntArray, parts: list[ComplexArray], shunt: ComplexArray) -> sparse.csc_matrix:
    own = np.arange(len(shunt))
    ends = np.r_[f, f, t, t, own], np.r_[f, t, f, t, own]
    matrix = sparse.coo_matrix((np.concatenate([*parts, shunt]), ends), shape=(len(shunt), len(shunt))).tocsc()
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix


def _find(matrix: sparse.csc_matrix, row: IntArray, column: IntArray) -> IntArray:
    """Give the place of entries in a CSC matrix's data; sorted, so one search finds all."""
    size = matrix.shape[0]
    key = np.repeat(np.arange(size), np.diff(matrix.indptr)) * size + matrix.indices
    found: IntArray = np.searchsorted(key, column * size + row).astype(np.int64)
    return found
