"""Imported grids are kept whole or not at all, and any grid opens by what it is called."""

from __future__ import annotations

import numpy as np
import pytest

from moms.exchange import gridfile
from moms.exchange.grids import UnknownGrid, names, open_grid
from moms.exchange.gridstore import BadGridName, GridNameTaken, NoSuchImport, fetch, folder, keep, kept
from moms.exchange.matpower import BadCaseFile, parse_case
from moms.values import Refused
from tests.exchange.casefiles import EVERYTHING, FIVE_BUSES

FIVE = parse_case(FIVE_BUSES.encode(), name="five")
ALL = parse_case(EVERYTHING.encode(), name="all")


def test_a_kept_grid_comes_back_the_same(tmp_path):
    path = keep(ALL, name="all", home=tmp_path)
    again = fetch("all", home=tmp_path)
    for table in ("buses", "branches", "units", "dclines"):
        for column in getattr(ALL.network, table).__slots__:
            np.testing.assert_array_equal(
                getattr(getattr(again.network, table), column), getattr(getattr(ALL.network, table), column)
            )
    for name, value in ALL.extras.items():
        assert np.array_equal(np.asarray(again.extras[name]), np.asarray(value))
    assert again.notes == ALL.notes
    assert again.licence == ALL.licence
    assert [p.name for p in path.parent.iterdir()] == ["all.momsgrid"]


def test_the_same_grid_again_changes_nothing_and_another_needs_replace(tmp_path):
    path = keep(FIVE, name="x", home=tmp_path)
    before = path.stat()
    keep(FIVE, name="x", home=tmp_path)
    assert path.stat().st_ino == before.st_ino
    with pytest.raises(GridNameTaken, match="another grid is kept as 'x'"):
        keep(ALL, name="x", home=tmp_path)
    assert len(fetch("x", home=tmp_path).network.buses) == 5
    keep(ALL, name="x", home=tmp_path, replace=True)
    assert len(fetch("x", home=tmp_path).network.buses) == 4
    assert kept(home=tmp_path) == ("x",)


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "../x", ".hidden", "a b", "x" * 65, "case.m", "x.momsgrid", "é", "a\n"]
)
def test_a_name_that_is_no_file_name_is_refused(name, tmp_path):
    with pytest.raises(BadGridName):
        keep(FIVE, name=name, home=tmp_path)
    assert kept(home=tmp_path) == ()


def test_the_name_of_a_bundled_grid_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(gridfile, "bundled", lambda: ("miso",))
    with pytest.raises(BadGridName, match="bundled"):
        keep(FIVE, name="miso", home=tmp_path)


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def broken(_):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        keep(FIVE, name="x", home=tmp_path)
    assert list(folder(home=tmp_path).iterdir()) == []


def test_the_folder_is_under_moms_home(tmp_path, monkeypatch):
    monkeypatch.setenv("MOMS_HOME", str(tmp_path / "there"))
    assert folder() == tmp_path / "there" / "grids"
    assert kept() == ()
    keep(FIVE, name="x")
    assert kept() == ("x",)


def test_a_grid_opens_by_file_by_imported_name_or_not_at_all(tmp_path):
    case = tmp_path / "case1.m"
    case.write_text(FIVE_BUSES)
    assert open_grid(case, home=tmp_path).name == "case1"
    path = keep(ALL, name="all", home=tmp_path)
    assert len(open_grid("all", home=tmp_path).network.buses) == 4
    assert len(open_grid(path, home=tmp_path).network.buses) == 4
    assert "all" in names(home=tmp_path)
    with pytest.raises(UnknownGrid, match=r"no grid is called 'nope'; there is .*all"):
        open_grid("nope", home=tmp_path)
    with pytest.raises(BadCaseFile, match=r"none\.m cannot be opened"):
        open_grid(tmp_path / "none.m", home=tmp_path)
    other = tmp_path / "grid.xlsx"
    other.write_text("x")
    with pytest.raises(UnknownGrid, match="no kind of grid file"):
        open_grid(other, home=tmp_path)
    with pytest.raises(NoSuchImport):
        fetch("nope", home=tmp_path)


def test_a_damaged_import_is_refused(tmp_path):
    path = keep(FIVE, name="x", home=tmp_path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(Refused, match="cut off"):
        fetch("x", home=tmp_path)
