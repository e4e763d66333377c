"""The AC network that a layer makes of a DC model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moms.exchange.gridfile import load_bundled
from moms.exchange.matpower import read_case
from moms.grid import BranchKind
from tests.study.layers import layered
from tests.study.test_ac_check import a_case


@given(level=st.floats(0.3, 1.2))
def test_between_levels_lie_straight_lines_through_what_was_solved(level: float) -> None:
    model = load_layer()
    load = model.outside_mw[:, 0]
    assert model.between(model.outside_mw, level) == pytest.approx(level * load, abs=1e-9)
    for k, known in enumerate(model.level.tolist()):
        assert model.between(model.outside_mvar, known) == pytest.approx(model.outside_mvar[:, k], abs=1e-9)


def load_layer():
    model = layered(read_case(a_case("case118"))).ac
    assert model is not None
    return model


def test_rows_of_the_dc_model_stay_and_its_equivalents_are_out() -> None:
    grid = load_bundled("miso")
    model, network = grid.ac, grid.network
    assert model is not None
    n, m, g = len(network.buses), len(network.branches), len(network.units)
    ac = model.on(network, level=0.7, load_mw=np.zeros(len(model.vmin)), load_mvar=np.zeros(len(model.vmin)))
    assert np.array_equal(ac.buses.number[:n], network.buses.number)
    assert np.array_equal(ac.branches.from_bus[:m], network.branches.from_bus)
    assert np.array_equal(ac.units.bus[:g], network.units.bus)
    real = network.branches.kind != BranchKind.EQUIVALENT
    assert np.array_equal(ac.branches.in_service[:m], network.branches.in_service & real)
    added = slice(m, len(ac.branches))
    assert (ac.branches.kind[added] == BranchKind.AC_EQUIVALENT).all()
    assert not ac.branches.monitored[added].any()
    assert not ac.branches.contingency[added].any()
    banks = model.banks(network)
    assert np.array_equal(ac.units.bus[banks], model.bank_bus)
    assert not ac.units.p_max_mw[banks].any()
    assert len(set(ac.buses.number.tolist())) == len(ac.buses)
