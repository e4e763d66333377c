"""A clock that has jumped, or differs from the database's, is not acted by."""

from __future__ import annotations

from datetime import timedelta

import pytest

from moms.flow.steady import Steady
from tests.desk.worlds import NOW

HOUR = timedelta(hours=1)


class Clocks:
    """A machine's clocks, moved by hand."""

    def __init__(self):
        self.wall = self.database = NOW
        self.ticks = 5.0

    def pass_(self, span):
        self.wall, self.database, self.ticks = self.wall + span, self.database + span, self.ticks + span.total_seconds()


@pytest.fixture
def clocks():
    return Clocks()


@pytest.fixture
def steady(clocks):
    return Steady(wall=lambda: clocks.wall, ticks=lambda: clocks.ticks, database=lambda: clocks.database)


def test_a_clock_that_only_runs_is_never_doubted(clocks, steady):
    for hours in (0, 1, 24, 8760):
        clocks.pass_(hours * HOUR)
        assert steady.doubt() == ""


@pytest.mark.parametrize("jump", [HOUR, -HOUR, timedelta(days=365), timedelta(minutes=3)])
def test_a_clock_that_jumped_is_doubted_for_good_even_with_the_databases(clocks, steady, jump):
    assert steady.doubt() == ""
    clocks.pass_(HOUR)
    clocks.wall += jump
    clocks.database += jump
    for _ in range(2):
        assert "jumped" in steady.doubt()
        clocks.pass_(HOUR)


def test_a_clock_that_is_corrected_by_a_little_is_not_doubted(clocks, steady):
    assert steady.doubt() == ""
    clocks.wall += timedelta(seconds=30)
    assert steady.doubt() == ""


def test_a_clock_apart_from_the_databases_is_doubted_until_they_agree(clocks, steady):
    clocks.database += HOUR
    assert "from the database's" in steady.doubt()
    clocks.database -= HOUR
    assert steady.doubt() == ""
