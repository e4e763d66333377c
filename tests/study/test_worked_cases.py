"""The small exact cases worked by hand: what is new, worse, old; parallel circuits."""

from __future__ import annotations

import numpy as np
import pytest

from moms.grid import Network
from moms.study import Caused, Out, Slice, StudyResult, StudyRules, contingencies_of, study
from tests.study.grids import a_network, scaled_hours

CASE_1 = a_network(
    bus=[
        [1, 3, 0, 0, 0, 0, 1, 1, 0, 345],
        [2, 1, 70, 0, 0, 0, 1, 1, 0, 345],
        [3, 1, 0, 0, 0, 0, 1, 1, 0, 345],
        [4, 1, 170, 0, 0, 0, 1, 1, 0, 345],
        [5, 1, 70, 0, 0, 0, 1, 1, 0, 345],
    ],
    gen=[[1, 310, 0, 999, -999, 1, 100, 1, 400, 0]],
    branch=[
        [1, 2, 0, 0.1, 0, 160, 192, 192, 0, 0, 1],
        [1, 4, 0, 0.2, 0, 220, 264, 264, 0, 0, 1],
        [1, 5, 0, 0.2, 0, 80, 96, 96, 0, 0, 1],
        [2, 3, 0, 0.05, 0, 240, 288, 288, 0, 0, 1],
        [3, 4, 0, 0.05, 0, 120, 144, 144, 0, 0, 1],
        [4, 5, 0, 0.1, 0, 90, 108, 108, 0, 0, 1],
        [2, 4, 0, 0.2, 0, 140, 168, 168, 0, 0, 1],
        [2, 5, 0, 0.2, 0, 220, 264, 264, 0, 0, 1],
    ],
)
CASE_2 = a_network(
    bus=[[1, 3, 0, 0, 0, 0, 1, 1, 0, 345], [2, 1, 300, 0, 0, 0, 1, 1, 0, 345]],
    gen=[[1, 300, 0, 999, -999, 1, 100, 1, 500, 0]],
    branch=[
        [1, 2, 0, 0.1, 0, 320, 320, 320, 0, 0, 1],
        [1, 2, 0, 0.2, 0, 200, 250, 250, 0, 0, 1],
        [1, 2, 0, 0.4, 0, 200, 250, 250, 0, 0, 1],
        [1, 2, 0, 0.1, 0, 320, 320, 320, 0, 0, 0],
    ],
)


def studied(network: Network, *, out: list[int], keep_old: bool = True) -> StudyResult:
    hours = scaled_hours(network, np.array([1.0]))
    one = Slice(
        network=network,
        hours=hours,
        hours_without=hours,
        out=Out(),
        request=Out(branches=np.array(out, np.int64)),
        contingencies=contingencies_of(network, which="branches"),
    )
    return study(slices=[one], rules=StudyRules(), keep_old=keep_old)


def test_new_worse_and_old_are_told_apart_and_what_is_relieved_is_not_listed() -> None:
    rows = {
        (row.contingency, row.element): (row.flow_mw, row.limit_mw, row.percent, row.without_mw, row.caused)
        for row in studied(CASE_1, out=[5]).violation_rows()
    }
    assert rows == {
        ("branch:3", "branch:1"): (194.545, 192.0, pytest.approx(101.3258, abs=1e-3), 189.231, Caused.NEW),
        ("branch:2", "branch:1"): (220.0, 192.0, pytest.approx(114.5833, abs=1e-3), 198.605, Caused.WORSE),
        ("branch:1", "branch:3"): (128.0, 96.0, pytest.approx(133.3333, abs=1e-3), 144.615, Caused.OLD),
    }


def test_base_flows_exactly_on_rate_a_are_not_over_it() -> None:
    result = studied(CASE_1, out=[5])
    assert list(result.base_rows(keep_old=True)) == []
    assert {row.element: row.base_mw for row in result.violation_rows()} == {"branch:1": 143.077, "branch:3": 70.769}


def test_old_violations_are_left_out_unless_asked_for_and_counted_either_way() -> None:
    result = studied(CASE_1, out=[5], keep_old=False)
    assert sorted(row.caused for row in result.violation_rows()) == [Caused.NEW, Caused.WORSE]
    assert (result.counts.new, result.counts.worse, result.counts.old) == (1, 1, 1)
    assert result.caused_by_hour.tolist() == [True]
    assert result.standing_by_hour is not None
    assert result.standing_by_hour.tolist() == [3]
    assert result.counts.skipped == {"own": 1}


def test_parallel_circuits_are_branches_of_their_own_and_one_out_in_the_file_is_no_path() -> None:
    result = studied(CASE_2, out=[2])
    (row,) = result.violation_rows()
    assert (row.contingency, row.element, row.flow_mw, row.limit_mw, row.percent) == (
        "branch:1", "branch:2", 300.0, 250.0, 120.0,
    )  # fmt: skip
    assert (row.base_mw, row.without_mw, row.caused) == (100.0, 200.0, Caused.NEW)
    assert result.islanding == ()
    assert list(result.base_rows(keep_old=True)) == []
    assert result.contingencies == ("branch:1", "branch:2", "branch:3")
