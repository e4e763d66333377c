from __future__ import annotations

import statistics

from hypothesis import given
from hypothesis import strategies as st

from moms.bench import intake
from moms.bench.intake import Sent, held, percentile


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.integers(1, 100))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values, hundredths):
    found = percentile(values, hundredths / 100)
    assert found in values
    assert 100 * sum(v <= found for v in values) >= hundredths * len(values)
    less = [v for v in values if v < found]
    assert 100 * len(less) < hundredths * len(values) + 1e-6 * len(values)


def test_the_middle_of_many_is_the_median_of_others():
    values = [float(v) for v in range(1, 100)]
    assert percentile(values, 0.5) == statistics.median(values)


def test_a_rate_holds_only_if_all_are_taken_in_and_in_time():
    good = [Sent(status=202, late_ms=10.0)] * 99
    assert held([*good, Sent(status=202, late_ms=9000.0)])
    assert not held([*good, Sent(status=503, late_ms=1.0)])
    assert not held([*good, Sent(status=0, late_ms=1.0)])
    assert not held([Sent(status=202, late_ms=301.0)] * 100)


def test_no_two_requests_are_of_one_branch_on_one_day():
    organisation, asks = intake._asks()
    found = [next(asks) for _ in range(500)]
    assert {one["organisation"] for one in found} == {organisation}
    assert len({(one["assets"][0], one["window"]["start"]) for one in found}) == 500
    assert len({one["external_id"] for one in found}) == 500


def test_the_running_service_is_measured_and_loses_nothing():
    rows = {row.id: row for row in intake.rows(quick=True)}
    assert rows["intake.p95"].runs == 12
    assert rows["intake.p95"].value > 0.0
    assert rows["intake.not_taken"].value == 0.0, "each request of the benchmark can be taken"
    assert rows["intake.lost"].value == 0.0
    assert rows["intake.lost"].runs >= 12
    assert rows["intake.decided"].value >= 0.0
    drained = rows["intake.drain"]
    assert (drained.value is None) == bool(drained.why)
    assert 0.0 < rows["intake.cpu"].value < 60_000.0
