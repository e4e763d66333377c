"""Change tables: contingencies by label, nothing dropped in silence; hourly loads of areas."""

from __future__ import annotations

import re

import numpy as np
import pytest

from moms.exchange.changes import (
    area_hours,
    parse_area_loads,
    parse_contingencies,
    read_area_loads,
    read_contingencies,
)
from moms.exchange.matpower import BadCaseFile, parse_case, read_case
from tests.exchange.casefiles import EVERYTHING, FIVE_BUSES, wheel_data

FIVE = parse_case(FIVE_BUSES.encode(), name="five")
ALL = parse_case(EVERYTHING.encode(), name="all")


def _table(rows: str) -> str:
    return f"function chgtab = t\ndefine_constants;\nchgtab = [\n{rows}\n];\n"


def test_rows_of_one_label_are_lost_together():
    found = parse_contingencies(
        _table(
            "1 0 CT_TBRCH 3 BR_STATUS CT_REP 0;\n2 0.1 CT_TBRCH 4 BR_STATUS CT_REP 0; 2 0.1 CT_TBRCH 5 11 1 0\n"
            "3 0 CT_TGEN 1 GEN_STATUS CT_REP 0;\n4 0 CT_TGEN 1 PG CT_REP 0; 4 0 3 1 11 CT_REL 0;"
        ),
        network=FIVE.network,
    )
    got = [(c.id, c.branches, c.units) for c in found.contingencies]
    assert got == [("label:1", (2,), ()), ("label:2", (3, 4), ()), ("label:3", (), (0,)), ("label:4", (0,), (0,))]
    assert found.unsupported == ()
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("CT_TLOAD 4 CT_LOAD_ALL_P CT_REP 0", "load of a bus"),
        ("CT_TAREALOAD 1 CT_LOAD_ALL_P CT_REP 0", "load of an area"),
        ("CT_TBRCH 1 RATE_A CT_REP 0", "column 6 of branch"),
        ("CT_TBRCH 1 BR_STATUS CT_REP 1", "by 1"),
        ("CT_TBRCH 0 BR_STATUS CT_REP 0", "all rows"),
        ("CT_TGEN 1 PG CT_REP 100", "by 100"),
        ("CT_TGEN 1 PG CT_ADD 0", "adds to"),
        ("CT_TGENCOST 1 CT_MODCOST_F CT_REL 0", "cost"),
        ("CT_TBUS 1 PD CT_REP 0", "of bus"),
    ],
)
def test_a_row_that_is_no_outage_is_named_and_its_label_left_out_whole(row, says):
    text = _table(f"1 0 CT_TBRCH 3 BR_STATUS CT_REP 0;\n7 0 CT_TBRCH 4 BR_STATUS CT_REP 0;\n7 0 {row};")
    found = parse_contingencies(text, network=FIVE.network)
    assert [c.id for c in found.contingencies] == ["label:1"]
    assert found.left_out == ("7",)
    (told,) = found.unsupported
    assert told.startswith("line 6: label 7 ")
    assert says in told


def test_a_label_with_nothing_in_service_is_left_out_and_named():
    text = _table("1 0 CT_TBRCH 4 BR_STATUS CT_REP 0;\n2 0 CT_TGEN 4 GEN_STATUS CT_REP 0;")
    found = parse_contingencies(text, network=ALL.network)
    assert found.contingencies == ()
    assert found.left_out == ("1", "2")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (_table("1 0 CT_TBRCH 9 BR_STATUS CT_REP 0;"), "line 4: branch:9 does not exist"),
        (_table("1 0 CT_TBRCH 3 BR_STATUS CT_REP;"), "6 columns"),
        (_table("1 0 CT_TBRCH 3 BR_STATES CT_REP 0;"), "'BR_STATES' is not a number"),
        (_table("1.5 0 CT_TBRCH 3 BR_STATUS CT_REP 0;"), "not a whole number"),
        (_table(""), "no change"),
        ("function chgtab = t\ndefine_constants;\n", "no change"),
        ("function chgtab = t\nx = psse2chg('a');\n", "does not run"),
        (_table("1 0 CT_TBRCH 3 BR_STATUS CT_REP 0;")[:-5], "never closed"),
    ],
)
def test_a_bad_table_is_refused(text, says):
    with pytest.raises(BadCaseFile, match=says):
        parse_contingencies(text, network=FIVE.network)


def test_the_load_of_an_area_is_spread_over_its_buses_in_proportion():
    loads = parse_area_loads(
        _table(
            "1 0 CT_TAREALOAD 1 CT_LOAD_ALL_P CT_REP 120;\n1 0 8 2 4 1 35;\n"
            "2 0 CT_TAREALOAD 2 CT_LOAD_ALL_P CT_REP 140;"
        )
    )
    assert loads.label == ("1", "2")
    assert loads.area.tolist() == [1, 2]
    points = area_hours(loads, grid=FIVE)
    np.testing.assert_allclose(points.hours.load_mw[:, 0], [0, 35, 0, 85, 35])
    np.testing.assert_allclose(points.hours.load_mw[:, 1], [0, 70, 0, 170, 140])  # area 1 as in the case
    np.testing.assert_allclose(points.hours.unit_mw[0], [155, 380])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("1 0 CT_TBRCH 3 BR_STATUS CT_REP 0;", "not an area's load"),
        ("1 0 CT_TAREALOAD 1 CT_LOAD_ALL_P CT_REL 1.1;", "not an area's load"),
        ("1 0 CT_TAREALOAD 1 CT_LOAD_ALL_P CT_REP NaN;", "not an area's load"),
        ("1 0 CT_TAREALOAD 1 CT_LOAD_ALL_P CT_REP 5;\n1 0 CT_TAREALOAD 1 CT_LOAD_ALL_P CT_REP 6;", "line 5: .*twice"),
    ],
)
def test_other_hourly_changes_are_refused(rows, says):
    with pytest.raises(BadCaseFile, match=says):
        parse_area_loads(_table(rows))


def test_an_area_the_grid_does_not_have_is_refused():
    loads = parse_area_loads(_table("1 0 CT_TAREALOAD 3 CT_LOAD_ALL_P CT_REP 5;"))
    with pytest.raises(BadCaseFile, match="area 3 has no load"):
        area_hours(loads, grid=FIVE)


@pytest.mark.parametrize("size", ["200", "500", "2000", "10k"])
def test_the_published_contingency_tables_are_read_to_the_last_row(size, must_have):
    folder = wheel_data()
    must_have(folder is not None, "the package matpower")
    assert folder is not None
    network = read_case(folder / f"case_ACTIVSg{size}.m").network
    path = folder / f"contab_ACTIVSg{size}.m"
    found = read_contingencies(path, network=network)
    rows = re.findall(r"^\t(\d+)\t\S+\tCT_T(BRCH|GEN)\t(\d+)\t", path.read_text(), re.MULTILINE)
    assert len({label for label, _, _ in rows}) == len(found.contingencies) + len(found.left_out)
    lost = {(c.id, "BRCH", k + 1) for c in found.contingencies for k in c.branches}
    lost |= {(c.id, "GEN", k + 1) for c in found.contingencies for k in c.units}
    gone = set(found.left_out)
    assert lost == {(f"label:{label}", kind, int(row)) for label, kind, row in rows if label not in gone}
    assert found.unsupported == ()
    down = {str(label) for label, kind, row in rows if kind == "GEN" and not network.units.in_service[int(row) - 1]}
    assert gone <= down


@pytest.mark.parametrize(("size", "column", "areas"), [("200", "bus_zone", 6), ("2000", "bus_area", 8)])
def test_a_published_year_of_area_loads_gives_balanced_hours(size, column, areas, must_have):
    folder = wheel_data()
    must_have(folder is not None, "the package matpower")
    assert folder is not None
    loads = read_area_loads(folder / f"scenarios_ACTIVSg{size}.m")
    assert loads.load_mw.shape[0] == areas
    assert loads.given.all()
    first = tuple(loads.label[:24])
    day = type(loads)(label=first, area=loads.area, load_mw=loads.load_mw[:, :24], given=loads.given[:, :24])
    grid = read_case(folder / f"case_ACTIVSg{size}.m")
    points = area_hours(day, grid=grid, column=column)
    assert np.abs(points.hours.injection_mw(grid.network).sum(axis=0)).max() < 1e-6
    number = grid.extras[column]
    assert isinstance(number, np.ndarray)
    for k, area in enumerate(day.area.tolist()):
        np.testing.assert_allclose(points.hours.load_mw[number == area].sum(axis=0), day.load_mw[k])
