from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from moms.market import dispatch, study_hours
from moms.values import Window
from moms.values.clock import market_day_of

from .worlds import world

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def points(start, days, **change):
    window = Window(start=start, end=start + timedelta(days=days))
    return study_hours(window=window, now=NOW, grid=change.get("grid", world(seed=1, loose=True)))


def test_every_clock_hour_of_the_window_is_studied():
    start = datetime(2027, 3, 4, 13, 30, tzinfo=UTC)
    found = points(start, 2)
    assert found.starts[0] == datetime(2027, 3, 4, 13, tzinfo=UTC)
    assert len(found.starts) == 49
    assert found.starts == found.weather_at
    assert (found.load_factor == 1.0).all()
    assert "weather of one bundled year" in found.notes[0]


def test_beyond_fourteen_days_each_week_is_also_studied_at_its_extremes():
    found = points(datetime(2027, 4, 8, 5, tzinfo=UTC), 7)  # Thursday to Thursday: two market weeks
    extra = found.labels[7 * 24 :]
    assert extra == tuple(f"{what} {week}" for week in ("2027-W14", "2027-W15") for what in
                          ("P90 load", "minimum load", "high wind"))  # fmt: skip
    assert found.load_factor[7 * 24 :].tolist() == [1.06, 1.0, 1.0] * 2
    first_of_second_week = datetime(2027, 4, 12, 5, tzinfo=UTC)
    assert found.starts[7 * 24 :] == (datetime(2027, 4, 8, 5, tzinfo=UTC),) * 3 + (first_of_second_week,) * 3
    assert found.notes[1].startswith("2 weeks beyond 14 days")


def test_the_extremes_are_those_of_the_whole_market_week():
    grid = world(seed=1, loose=True)
    found = points(datetime(2027, 4, 8, 5, tzinfo=UTC), 1, grid=grid)
    monday = datetime(2027, 4, 5, 5, tzinfo=UTC)
    week = tuple(monday + timedelta(hours=k) for k in range(168))
    whole = dispatch(grid=grid, starts=week).hours
    inside = grid.network.buses.zone >= 0
    load = whole.load_mw[inside].sum(axis=0)
    units = grid.network.units
    blows = (units.fuel == "wind") & (grid.network.buses.zone[units.bus] >= 0)
    wind = np.array([grid.shapes.wind[grid.network.buses.zone[units.bus[u]]] * units.p_max_mw[u]
                     for u in np.flatnonzero(blows)]).sum(axis=0)  # fmt: skip
    columns = [(market_day_of(s) - market_day_of(week[0])).days * 24 + k % 24 for k, s in enumerate(week)]
    assert columns == list(range(168))
    first = (31 + 28 + 31 + 4) * 24  # 5 April, from 0
    assert found.weather_at[24:] == (
        week[int(np.argmax(load))],
        week[int(np.argmin(load))],
        week[int(np.argmax(wind[first : first + 168]))],
    )


def test_a_window_across_the_fourteenth_day_has_extremes_for_the_weeks_after_it_alone():
    found = points(NOW + timedelta(days=13), 3)  # 14 March noon to 17 March noon; later than 15 March 12:00
    assert found.labels[72:] == ("P90 load 2027-W11", "minimum load 2027-W11", "high wind 2027-W11")
    assert found.starts[72] == NOW + timedelta(days=14)


def test_the_points_go_to_the_dispatch_as_they_are():
    grid = world(seed=1, loose=True)
    found = points(datetime(2027, 4, 8, 5, tzinfo=UTC), 1, grid=grid)
    made = dispatch(
        grid=grid,
        starts=found.starts,
        weather_at=found.weather_at,
        load_factor=found.load_factor,
        labels=found.labels,
    ).hours
    assert made.label == found.labels
    assert np.abs(made.injection_mw(grid.network).sum(axis=0)).max() < 1e-6
    inside = grid.network.buses.zone >= 0
    total = made.load_mw[inside].sum(axis=0)
    assert total[24] == pytest.approx(total.max())
    assert total[25] <= total[:24].min() + 1e-9
