"""The hours AC verifies: each topology has its own, the extremes are among them, the bound holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moms.exchange.hours import base_point
from moms.exchange.matpower import read_case
from moms.grid import Hours, Season
from moms.study import Out, Slice, flows_before
from moms.study.ac_hours import hours_that_matter
from tests.study.test_ac_check import a_case

GRID = read_case(a_case("case9"))
BASE = base_point(GRID).hours
FIRST = datetime(2027, 3, 1, 5, tzinfo=UTC)


def a_slice(factors: list[float], *, name: str = "", out: int = 1) -> Slice:
    f = np.array(factors)
    count = len(factors)
    hours = Hours(
        label=tuple(f"{name}{k}" for k in range(count)),
        start=tuple(FIRST + timedelta(hours=k) for k in range(count)),
        load_mw=BASE.load_mw * f,
        unit_mw=BASE.unit_mw * f,
        dcline_mw=np.zeros((0, count)),
        season=(Season.WINTER,) * count,
    )
    request = Out(branches=np.array([out], np.int64))
    return Slice(network=GRID.network, hours=hours, hours_without=hours, out=Out(), request=request, contingencies=())


def picked(slices: list[Slice], *, most: int, nearest: str | None = None, weather: int | None = None):
    blows = np.zeros(3, np.bool_)
    if weather is not None:
        blows[weather] = True
    return hours_that_matter(slices, nearest=nearest, weather=blows, most=most)


def test_the_extremes_of_load_and_the_hour_the_study_named_are_among_them():
    found = picked([a_slice([0.8, 0.5, 1.0, 0.9])], most=4, nearest="3")
    assert {h.label: h.why for h in found.hours} == {
        "3": "the largest loading", "2": "the most reactive losses, the most load", "1": "the least load",
    }  # fmt: skip
    assert found.of == 4
    assert found.slices[0].hours.label == ("1", "2", "3")
    assert found.slices[0].hours is found.slices[0].hours_without


def test_the_windiest_hour_is_among_them_whatever_its_load():
    one = a_slice([0.8, 0.5, 1.0, 0.9])
    unit = one.hours.unit_mw.copy()
    unit[:, 0] += [-20.0, 0.0, 20.0]
    unit[:, 2] += [20.0, 0.0, -20.0]
    hours = replace(one.hours, unit_mw=unit)
    found = picked([replace(one, hours=hours, hours_without=hours)], most=4, weather=2)
    assert {"0": "the most wind and solar"}.items() <= {h.label: h.why for h in found.hours}.items()


def test_more_topologies_than_hours_are_nobodys_to_verify():
    assert picked([a_slice([1.0], name=n) for n in "abc"], most=2) is None


@settings(max_examples=60, deadline=None)
@given(
    factors=st.lists(st.lists(st.floats(0.3, 1.0), min_size=1, max_size=9), min_size=1, max_size=4),
    most=st.integers(1, 9),
)
def test_each_topology_has_an_hour_and_the_bound_holds(factors, most):
    slices = [a_slice(row, name=f"{k}.", out=k) for k, row in enumerate(factors)]
    found = picked(slices, most=most)
    if len(slices) > most:
        assert found is None
        return
    assert len(found.hours) == len({h.label for h in found.hours}) <= most
    assert [len(one.hours) for one in found.slices] == [
        sum(h.label.startswith(f"{k}.") for h in found.hours) for k in range(len(slices))
    ]
    for one, cut in zip(slices, found.slices, strict=True):
        assert len(cut.hours) >= 1
        heaviest = max(range(len(one.hours)), key=lambda k: _losses(one)[k])
        assert _losses(one)[heaviest] == pytest.approx(max(_losses(cut)))


def _losses(one: Slice) -> list[float]:
    """Give sum x f^2 branch by branch, the slow way."""
    flow = flows_before(one)
    return [sum(x * f * f for x, f in zip(one.network.branches.x, column, strict=True)) for column in flow.T]
