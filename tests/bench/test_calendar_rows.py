from __future__ import annotations

from pathlib import Path

from moms.bench import calendar


def test_a_small_case_is_measured_with_its_shares():
    rows = {row.id: row for row in calendar.rows(home=Path(), quick=True)}
    assert rows["calendar.day_case_ACTIVSg500"].value > 0
    assert rows["calendar.year_case_ACTIVSg500"].goal is None
    shares = [rows[f"calendar.{state}_case_ACTIVSg500"].value for state in ("clean", "tight", "over", "open")]
    assert 0.0 < sum(shares) <= 100.0
    assert shares[0] > 0.0
    assert shares[-1] == 0.0
