from __future__ import annotations

import numpy as np

from moms.bench import adequacy, rts79
from tests.adequacy import rts79 as again


def test_the_systems_of_bench_and_tests_are_the_same():
    assert np.array([c for c, _ in rts79.FLEET]).tolist() == again.capacity_mw().tolist()
    assert np.array([q for _, q in rts79.FLEET]).tolist() == again.outage_rate().tolist()
    assert (rts79.hourly_mw() == again.load_mw()).all()


def test_exactness_is_measured_and_met():
    rows = {row.id: row for row in adequacy._exact()}
    assert set(rows) == {"adequacy.rts79_lolh", "adequacy.rts79_eue", "adequacy.rts79_lole", "adequacy.rts79_fft"}
    assert all(row.met for row in rows.values())


def test_what_is_not_measured_says_why():
    row = adequacy._request()
    assert row.value is None
    assert row.met is None
    assert row.why
