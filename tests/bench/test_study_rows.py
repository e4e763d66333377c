"""`moms bench study`: both engines see the same grid, and what is counted as missed can be."""

from __future__ import annotations

import pytest

from moms.bench import study

pytest.importorskip("pypowsybl", reason="the oracle is an optional extra")


def test_the_rows_are_measured_on_the_same_flows():
    found = {row.id.rsplit("_case", 1)[0]: row for row in study.rows(quick=True)}
    assert found["study.agree"].met
    assert found["study.missed"].met
    for name in ("hour", "kept", "week", "lightsim", "lightsim_kept", "powsybl"):
        assert found[f"study.{name}"].value > 0, name


def test_a_pair_that_the_study_leaves_out_is_counted():
    problem = study.problem_of("case_ACTIVSg500", rating=0.5)
    found = study.over_limit(problem, problem.hours)
    assert found, "nothing is over its limit: the count shows nothing"
    assert study.missed(problem, found) == 0
    assert study.missed(problem, found - {min(found)}) == 1
