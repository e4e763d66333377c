"""MATPOWER cases become grids row by row, with what was filled in said."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from moms.exchange.matpower import parse_case, read_case
from moms.grid import UNRATED, BranchKind, Grid, RatingSource
from tests.exchange.casefiles import EVERYTHING, FIVE_BUSES, table, texts, wheel_cases

BIG = {"case_ACTIVSg25k", "case_ACTIVSg70k", "case_SyntheticUSA"}


def _grid(text: str = EVERYTHING) -> Grid:
    return parse_case(text.encode(), name="t")


def _params():
    return [
        pytest.param(path, id=path.stem, marks=[pytest.mark.long] if path.stem in BIG else []) for path in wheel_cases()
    ]


@pytest.mark.parametrize("path", _params())
def test_every_published_case_has_the_numbers_of_an_independent_reading(path):
    text = path.read_text(encoding="utf-8", errors="replace")
    bus, gen, branch = (table(text, name) for name in ("bus", "gen", "branch"))
    assert bus is not None
    assert gen is not None
    assert branch is not None
    if "/ (Vbase^2 / Sbase);" in text:
        base = 50 / 3 if "baseMVA = 50/3" in text else float(text.split("mpc.baseMVA = ")[1].split(";")[0])
        branch[:, 2:4] /= (bus[0, 9] * 1e3) ** 2 / (base * 1e6)
    if "mpc.bus(:, [PD, QD]) / 1e3;" in text:
        bus[:, 2:4] /= 1e3
    if "pf = 0.85;" in text:
        bus[:, 3] = bus[:, 2] * np.sin(np.arccos(0.85))
        bus[:, 2] *= 0.85
    network = read_case(path).network
    buses, units, lines = network.buses, network.units, network.branches
    assert buses.number.tolist() == bus[:, 0].tolist()
    assert buses.kind.tolist() == bus[:, 1].tolist()
    for column, k in {"load_mw": 2, "load_mvar": 3, "shunt_mw": 4, "shunt_mvar": 5, "base_kv": 9}.items():
        np.testing.assert_allclose(getattr(buses, column), bus[:, k], rtol=1e-14, err_msg=column)
    assert buses.number[units.bus].tolist() == gen[:, 0].tolist()
    assert units.in_service.tolist() == (gen[:, 7] > 0).tolist()
    np.testing.assert_array_equal(units.p_mw, gen[:, 1])
    bounded = np.isfinite(gen[:, 8])
    np.testing.assert_array_equal(units.p_max_mw[bounded], gen[bounded, 8])
    assert buses.number[lines.from_bus].tolist() == branch[:, 0].tolist()
    assert buses.number[lines.to_bus].tolist() == branch[:, 1].tolist()
    for column, k in {"r": 2, "x": 3, "b": 4, "shift_deg": 9}.items():
        np.testing.assert_allclose(getattr(lines, column), branch[:, k], rtol=1e-14, err_msg=column)
    assert lines.tap.tolist() == [t or 1.0 for t in branch[:, 8]]
    assert lines.rate_a_mw.tolist() == [a or UNRATED for a in branch[:, 5]]
    assert lines.in_service.tolist() == (branch[:, 10] == 1).tolist()
    if (fuels := texts(text, "genfuel")) is not None:
        assert units.fuel.tolist() == fuels
    if (dc := table(text, "dcline")) is not None:
        np.testing.assert_array_equal(network.dclines.p_mw, dc[:, 3])


def test_the_rows_stand_as_in_the_file_those_out_of_service_included():
    network = _grid().network
    assert network.row("branch:4") == 3
    assert network.branches.in_service.tolist() == [True, True, True, False, False]
    assert network.units.in_service.tolist() == [True, True, True, False]
    assert network.buses.number[network.branches.to_bus].tolist() == [20, 20, 30, 30, 40]


def test_taps_shifts_parallel_circuits_and_negative_reactances_are_kept():
    lines = _grid().network.branches
    assert lines.tap.tolist() == [1, 1, 0.98, 1, 1]
    assert lines.shift_deg.tolist() == [0, 0, 0, -30, 0]
    assert lines.x.tolist() == [0.1, 0.2, 0.05, -0.05, 0.1]
    assert lines.kind.tolist() == [BranchKind.LINE, BranchKind.LINE, *[BranchKind.TRANSFORMER] * 2, BranchKind.LINE]


def test_a_missing_rating_is_none_and_a_missing_b_or_c_is_the_one_before_by_a_rule_that_is_told():
    grid = _grid()
    lines = grid.network.branches
    assert lines.rate_a_mw.tolist() == [150, UNRATED, 100, UNRATED, 50]
    assert lines.rate_b_mw.tolist() == [170, UNRATED, 100, 90, 50]
    assert lines.rate_c_mw.tolist() == [190, UNRATED, 100, 90, 50]
    assert lines.rating_source.tolist() == [1, RatingSource.NONE, 1, 1, 1]
    assert "1 branches have no rating and are unlimited" in grid.notes
    assert "1 branches have no rating B: B = A by rule" in grid.notes
    assert "2 branches have no rating C: C = B by rule" in grid.notes
    assert "1 branches have no rating A but a B or C: A is unlimited" in grid.notes


def test_what_stands_at_an_isolated_bus_is_out_of_service_and_its_load_left_out():
    grid = _grid()
    assert grid.network.buses.load_mw.tolist() == [0, 90, 60, 0]
    assert not grid.network.branches.in_service[4]
    assert "1 loads (5 MW) at isolated buses are left out" in grid.notes
    assert "1 branch rows at isolated buses are out of service" in grid.notes


def test_dc_lines_are_injections_with_matpowers_losses():
    grid = _grid()
    dc = grid.network.dclines
    assert dc.p_mw.tolist() == [20, 5]
    assert dc.loss_mw.tolist() == [1.2, 0]
    assert dc.in_service.tolist() == [True, False]
    assert not any("PT" in note for note in grid.notes)


def test_a_dc_line_whose_far_end_is_not_what_its_losses_say_is_told():
    grid = _grid(EVERYTHING.replace("18.8", "15.8"))
    assert any(note.startswith("1 DC lines whose PT is 3 MW") for note in grid.notes)


def test_costs_of_up_to_the_second_degree_are_exact():
    units = _grid().network.units
    costs = np.column_stack([units.cost_c2, units.cost_c1, units.cost_c0])
    np.testing.assert_allclose(costs, np.array([[0.01, 20.0, 100.0], [0, 25, 50], [0, 50, 0], [0, 0, 70]]))


def test_a_piecewise_linear_cost_keeps_its_ends_and_bends_upwards():
    rows = "\t1\t0\t0\t3\t0\t0\t100\t1000\t200\t3000;\n" * 4
    start, end = EVERYTHING.index("mpc.gencost"), EVERYTHING.index("mpc.dcline")
    grid = _grid(f"{EVERYTHING[:start]}mpc.gencost = [\n{rows}];\n{EVERYTHING[end:]}")
    c2, c1, c0 = (
        float(c[0]) for c in (grid.network.units.cost_c2, grid.network.units.cost_c1, grid.network.units.cost_c0)
    )
    for p, cost in ((0, 0), (100, 1000), (200, 3000)):  # three points lie on one parabola
        assert c2 * p * p + c1 * p + c0 == pytest.approx(cost)
    assert any("piecewise linear" in note for note in grid.notes)


def test_dispatchable_loads_stay_units_with_negative_output():
    grid = _grid()
    assert grid.network.units.p_mw[2] == -10
    assert not grid.network.units.picks_up[2]
    assert "1 units are dispatchable loads (negative output)" in grid.notes


def test_names_fuels_areas_licence_and_title_come_from_the_file():
    grid = _grid()
    assert grid.network.units.fuel.tolist() == ["coal", "wind", "other", "ng"]
    names = grid.extras["bus_name"]
    assert isinstance(names, np.ndarray)
    assert names.tolist() == ["NORTH", "O'HARE; 50% {x}", "SOUTH", "ALONE"]
    area = grid.extras["bus_area"]
    assert isinstance(area, np.ndarray)
    assert area.tolist() == [1, 1, 2, 2]
    assert grid.title == "Four buses with every optional table"
    assert grid.licence == "CC-BY 4.0"


def test_what_a_case_does_not_have_is_absent_and_said():
    grid = _grid(FIVE_BUSES)
    assert grid.zones is None
    assert grid.register is None
    assert grid.shapes is None
    assert not grid.network.units.outage_rate_known.any()
    assert "tables in the file: bus, gen, branch; none of: gencost, dcline, genfuel, gentype, bus_name" in grid.notes
    assert "unit costs are not in the file and count as 0" in grid.notes


def test_the_digest_is_that_of_the_file():
    assert _grid(FIVE_BUSES).digest == hashlib.sha256(FIVE_BUSES.encode()).hexdigest()


def test_units_without_limits_are_held_at_their_dispatch():
    grid = _grid(FIVE_BUSES.replace("100 1 400 0;", "100 1 Inf -Inf;"))
    assert grid.network.units.p_max_mw.tolist() == [310]
    assert grid.network.units.p_min_mw.tolist() == [310]
    assert "1 units without Pmax are held at their dispatch" in grid.notes


def test_the_tables_may_be_written_in_one_line_each():
    folded = FIVE_BUSES.replace("[\n", "[").replace(";\n ", "; ").replace(";\n]", "]")
    assert folded.count("\n") < 10
    np.testing.assert_array_equal(_grid(folded).network.branches.x, _grid(FIVE_BUSES).network.branches.x)


def test_windings_of_one_transformer_and_sections_in_series_are_one_equipment():
    network = _grid(FIVE_BUSES).network
    assert network.branches.equipment.tolist() == [0, 1, 2, 3, 3, 5, 6, 7]  # 2-3 and 3-4 in series through bus 3
    star = FIVE_BUSES.replace(" 2 3 0 0.05 0 240 288 288 0 0 ", " 2 3 0 0.05 0 240 288 288 1 0 ")
    star = star.replace(" 3 4 0 0.05 0 120 144 144 0 0 ", " 3 4 0 0.05 0 120 144 144 1 0 ")
    star = star.replace(" 2 5 0 0.2 0 220 264 264 0 0 ", " 3 5 0 0.2 0 220 264 264 1 0 ")
    lines = _grid(star).network.branches
    assert lines.equipment.tolist() == [0, 1, 2, 3, 3, 5, 6, 3]
    assert np.flatnonzero(lines.kind == BranchKind.WINDING).tolist() == [3, 4, 7]
