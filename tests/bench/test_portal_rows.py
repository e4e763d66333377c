from __future__ import annotations

import sys

import pytest

from moms.bench import portal


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process holds")
def test_a_hundred_streams_are_opened_measured_and_hear():
    rows = {row.id: row for row in portal.rows(quick=True)}
    assert rows["portal.idle"].value > 20.0
    assert rows["portal.streams"].value < rows["portal.idle"].value
    assert rows["portal.streams"].goal is None
    assert rows["portal.heard"].value > 0.0
