"""The peers of the maintenance rows: the same problems, valued from their plans alone."""

from __future__ import annotations

import pytest

from moms.bench import schedule
from moms.bench.cpsat import there
from moms.bench.gms_cpsat import cp_sat
from moms.bench.gms_peers import highs_max_min, least_reserve, squares
from moms.bench.schedule_data import rts79, twenty_one
from moms.schedule._mip import Budget
from moms.schedule.gms import largest_level

CERTIFICATE = {
    1: 6, 3: 22, 4: 1, 6: 2, 7: 24, 9: 13, 10: 14, 11: 5, 13: 12, 14: 16, 15: 10, 16: 20, 21: 6,
    2: 32, 5: 27, 8: 46, 12: 43, 17: 52, 18: 36, 19: 42, 20: 38,
}  # fmt: skip
"""A plan of the 21 units known from elsewhere: starts in weeks from 1."""


def test_highs_alone_reaches_the_level_that_the_bisection_proves():
    level = largest_level(rts79(), where_out_only=False, budget=Budget(seconds=30.0))
    alone, _ = highs_max_min(rts79(), seconds=30.0)
    assert level is not None
    assert alone == level.value == least_reserve(rts79(), level.starts) == 555.0


def test_a_plan_is_valued_from_its_starts_and_refused_where_it_breaks_something():
    fleet = twenty_one()
    starts = {u.id: CERTIFICATE[int("".join(c for c in u.id if c.isdigit()))] - 1 for u in fleet.units}
    assert squares(fleet, starts) == 13_669_295.0
    with pytest.raises(AssertionError, match="models differ"):
        squares(fleet, {**starts, fleet.units[0].id: 40})


def test_the_rows_say_why_a_peer_is_missing(monkeypatch):
    monkeypatch.setattr(schedule, "there", lambda: False)
    rows = {row.id: row for row in schedule._max_min_peers(seconds=10.0)}
    assert rows["schedule.gms.max-min.highs"].value == 555.0
    assert rows["schedule.gms.max-min.cpsat"].why == "ortools is not installed"
    assert schedule._squares_peer(seconds=1.0) == (None, "ortools is not installed")


@pytest.mark.skipif(not there(), reason="ortools is not installed: it is a peer of the bench alone")
def test_cp_sat_alone_reaches_the_same_level():
    plan, _ = cp_sat(rts79(), objective="max-min", seconds=30.0)
    assert least_reserve(rts79(), plan) == 555.0
