from __future__ import annotations

import numpy as np

from moms.bench import adequacy, adequacy_checks, rts79
from tests.adequacy import rts79 as again


def test_the_systems_of_bench_and_tests_are_the_same():
    assert np.array([c for c, _ in rts79.FLEET]).tolist() == again.capacity_mw().tolist()
    assert np.array([q for _, q in rts79.FLEET]).tolist() == again.outage_rate().tolist()
    assert (rts79.hourly_mw() == again.load_mw()).all()


def test_exactness_is_measured_and_met():
    rows = {row.id: row for row in adequacy._exact()}
    assert set(rows) == {"adequacy.rts79_lolh", "adequacy.rts79_eue", "adequacy.rts79_lole", "adequacy.rts79_fft"}
    assert all(row.met for row in rows.values())


def test_small_systems_are_those_of_all_their_states_and_the_other_package_is_no_part_of_moms():
    rows = {row.id: row for row in adequacy_checks.rows(quick=True)}
    assert set(rows) == {"adequacy.rbts_lolh", "adequacy.rbts_eue", "adequacy.rbts_lolf", "adequacy.rts79_assetra"}
    other = rows.pop("adequacy.rts79_assetra")
    assert (other.value, other.why) == (None, "not in --quick")
    for row in rows.values():
        assert row.met
        assert row.value < 1e-9


def test_recall_of_every_start_is_that_of_the_windows_one_by_one():
    rows = {row.id: row for row in adequacy._recall(1)}
    assert rows["adequacy.recall_exact"].met
    assert rows["adequacy.recall"].peer > 0


def test_what_certainty_adds_to_a_decision_is_measured_both_ways():
    rows = adequacy._request(quick=True)
    assert [row.id for row in rows] == ["adequacy.request", "adequacy.request_cold"]
    assert all(row.value > 0 and row.goal == 100.0 for row in rows)


def test_a_small_history_is_held_to_no_goal_and_says_so():
    rows = adequacy._certainty(quick=True)
    assert {row.met for row in rows} == {None}
    assert all(row.why for row in rows)
