"""The AC outside: what the elimination leaves gives the same voltages, whatever is lost inside."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from miso import ward

from tests.tools.test_miso_rules import a_mesh, pieces

N = 24
INSIDE = 9


def bus_matrix(f: np.ndarray, t: np.ndarray, y: np.ndarray, shunt: np.ndarray) -> np.ndarray:
    matrix = np.diag(shunt.astype(complex))
    for i, j, one in zip(f, t, y, strict=True):
        matrix[i, i] += one
        matrix[j, j] += one
        matrix[i, j] -= one
        matrix[j, i] -= one
    return matrix


@given(seed=st.integers(0, 2**32 - 1), most=st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_voltages_are_those_of_the_whole_model_whatever_is_lost_inside(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    f, t, size = a_mesh(rng, n=N, extra=20)
    y = size * (0.2 - 1j)
    shunt = 1j * rng.uniform(-0.5, 0.5, N)
    v = rng.uniform(0.95, 1.05, N) * np.exp(1j * rng.uniform(-0.3, 0.3, N))
    matrix = bus_matrix(f, t, y, shunt)
    keep = (np.arange(N) < INSIDE) | (rng.random(N) < 0.2)
    found = ward.reduced(sparse.csc_matrix(matrix), v, keep=keep, most=most)
    assert found.left[keep].all()
    real = found.left[f] & found.left[t]
    own = np.zeros(N, complex)
    np.add.at(own, f[real], y[real])
    np.add.at(own, t[real], y[real])
    rest = ward.equivalent(found, f=f[real], t=t[real], mutual=-y[real], own=own)
    assert not (rest.shunt[~found.left]).any()
    inside = np.flatnonzero((f < INSIDE) & (t < INSIDE))
    assume(len(inside) > 0)
    stays = np.arange(len(f)) != rng.choice(inside)
    assume(pieces(N, f[stays], t[stays]) == 1)
    whole = np.linalg.solve(bus_matrix(f[stays], t[stays], y[stays], shunt), matrix @ v)
    live = real & stays
    small = bus_matrix(np.r_[f[live], rest.f], np.r_[t[live], rest.t], np.r_[y[live], rest.y], rest.shunt)
    at = np.flatnonzero(found.left)
    assert np.linalg.solve(small[np.ix_(at, at)], found.current[at]) == pytest.approx(whole[at], abs=1e-9)


def test_hops_are_counted_over_branches() -> None:
    inside = np.array([True, False, False, False, False])
    found = ward.hops(inside, np.array([0, 2, 0]), np.array([1, 1, 3]))
    assert found.tolist() == [0, 1, 2, 1, 5]


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_several_states_are_reduced_as_each_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    f, t, size = a_mesh(rng, n=N, extra=20)
    matrix = sparse.csc_matrix(bus_matrix(f, t, size * (0.2 - 1j), 1j * rng.uniform(-0.5, 0.5, N)))
    v = rng.uniform(0.95, 1.05, (N, 3)) * np.exp(1j * rng.uniform(-0.3, 0.3, (N, 3)))
    keep = np.arange(N) < INSIDE
    together = ward.reduced(matrix, v, keep=keep)
    for k in range(3):
        alone = ward.reduced(matrix, v[:, k], keep=keep)
        assert together.current[:, k] == pytest.approx(alone.current, abs=1e-12)
        assert np.array_equal(together.y, alone.y)
