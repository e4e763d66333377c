from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from moms.grid import Season, Shapes, season_of, shape_columns
from moms.values.clock import market_day_of


def columns(*starts, first_weekday=None):
    shapes = cast("Shapes", SimpleNamespace(first_weekday=first_weekday))
    return shape_columns(shapes=shapes, starts=starts).tolist()


def test_the_first_column_is_midnight_of_the_market_clock():
    assert columns(datetime(2027, 1, 1, 5, tzinfo=UTC)) == [0]
    assert columns(datetime(2027, 1, 1, 4, tzinfo=UTC)) == [8759]


def test_a_common_year_visits_every_column_once_in_order():
    start = datetime(2027, 1, 1, 5, tzinfo=UTC)
    assert columns(*(start + timedelta(hours=k) for k in range(8760))) == list(range(8760))


def test_the_leap_day_takes_the_day_before_and_march_stays_where_it_is():
    assert columns(datetime(2028, 2, 29, 17, tzinfo=UTC)) == columns(datetime(2028, 2, 28, 17, tzinfo=UTC))
    assert columns(datetime(2028, 3, 1, 17, tzinfo=UTC)) == columns(datetime(2027, 3, 1, 17, tzinfo=UTC))


@pytest.mark.parametrize("year", [2026, 2027, 2028, 2029])
def test_weekends_fall_on_weekends_and_no_day_moves_more_than_three(year):
    weather_year = date(2021, 1, 1)  # a common year that begins on a Friday
    for k in range(365):
        start = datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=k)
        (column,) = columns(start, first_weekday=weather_year.weekday())
        (plain,) = columns(start)
        assert (weather_year + timedelta(days=column // 24)).weekday() == market_day_of(start).weekday()
        assert abs(column - plain) // 24 <= (3 if 3 <= k < 362 else 6)


def test_seasons_change_with_the_market_month():
    assert season_of(datetime(2027, 6, 1, 5, tzinfo=UTC)) is Season.SUMMER
    assert season_of(datetime(2027, 9, 1, 4, tzinfo=UTC)) is Season.SUMMER
    assert season_of(datetime(2027, 12, 1, 5, tzinfo=UTC)) is Season.WINTER
    assert season_of(datetime(2027, 10, 10, tzinfo=UTC)) is Season.SHOULDER
