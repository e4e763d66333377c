"""The file of an AC layer: what is written is read back, and what is not whole or not the grid's is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.exchange import acfile
from moms.exchange._columns import GridFileDamaged
from moms.exchange.gridfile import load_bundled
from moms.exchange.matpower import read_case
from tests.study.layers import layered
from tests.study.test_ac_check import a_case

if TYPE_CHECKING:
    from moms.grid import AcModel


def a_layer() -> AcModel:
    model = layered(read_case(a_case("case118"))).ac
    assert model is not None
    return model


def test_what_is_written_is_read_back_to_the_bit() -> None:
    model = a_layer()
    content = acfile.dump(model)
    again = acfile.read(content)
    assert acfile.dump(model) == content
    assert again.grid == model.grid
    for name in acfile.COLUMNS:
        ours, theirs = getattr(model, name), getattr(again, name)
        assert np.array_equal(ours, theirs), name


@pytest.mark.parametrize("at", [60, 400, -5])
def test_a_changed_byte_is_found(at: int) -> None:
    content = bytearray(acfile.dump(a_layer()))
    content[at] ^= 1
    with pytest.raises(GridFileDamaged, match="cut off or changed"):
        acfile.read(bytes(content))


def test_what_is_no_layer_is_refused() -> None:
    with pytest.raises(acfile.NotAnAcFile, match="is no AC layer"):
        acfile.read(b"MOMSGRID" + bytes(100))
    content = bytearray(acfile.dump(a_layer()))
    content[8] = 9
    with pytest.raises(acfile.NotAnAcFile, match="has format 9"):
        acfile.read(bytes(content))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bank_bus": np.array([1, 10**6])}, "bank_bus"),
        ({"vm": np.ones((3, 2))}, "vm has shape"),
        ({"level": np.array([0.5, 1.0])}, "level: at least two, falling"),
        ({"unit_reactive": np.ones(2, bool)}, "unit_reactive has shape"),
    ],
)
def test_columns_that_do_not_fit_are_named(change, says: str) -> None:
    model = a_layer()
    if "bank_bus" in change:
        size = len(model.bank_bus)
        change = {"bank_bus": np.r_[model.bank_bus[:-1], 10**6][:size]}
    with pytest.raises(acfile.AcModelInconsistent, match=says):
        acfile.read(acfile.dump(replace(model, **change)))


def test_the_layer_of_miso_is_that_of_its_grid_and_no_other() -> None:
    grid = load_bundled("miso")
    assert grid.ac is not None
    assert acfile.fitted(grid.ac, grid) is grid.ac
    with pytest.raises(acfile.OtherGridsLayer, match="was made for the grid"):
        acfile.fitted(grid.ac, replace(grid, digest="0" * 64))
    small = replace(grid.ac, unit_v_set=np.ones(3), unit_reactive=np.ones(3, bool))
    with pytest.raises(acfile.AcModelInconsistent, match="other buses or units"):
        acfile.fitted(small, grid)
