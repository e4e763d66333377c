"""Bands of the margin against units drawn by another generator, and days drawn in pieces against days drawn at once."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from moms.adequacy import (
    MarginRules,
    NoScenarios,
    RecallRules,
    Taken,
    margin_bands,
    scenario_margins,
    weather_years,
)
from moms.adequacy.bands import CHUNK_DAYS
from moms.cli.commands.margin import show_ahead
from moms.grid import shape_columns
from moms.values import Window

from . import five
from .five import MIDNIGHT, U1, U3

RULES = MarginRules(reserve_share=0.06, uncertainty_mw=12.5)
DRAWN = RecallRules(scenarios=8000, weather_years=20, seed=4)
DAYS = 6
STARTS = tuple(MIDNIGHT + timedelta(hours=h) for h in range(24 * DAYS))
STEADY = {0: ((200.0, 0.10), (100.0, 0.05)), 1: ((150.0, 0.02),)}
"""Units that fail, by zone; the one for emergencies does not count."""


def booked(*, days: int = DAYS) -> tuple[Taken, ...]:
    return (Taken(unit=U3, window=Window(start=MIDNIGHT, end=MIDNIGHT + timedelta(days=days // 2))),)


def drawn_otherwise(*, day: int, gone: bool, count: int = 200_000) -> np.ndarray:
    """Footprint margins of one day: load, weather, units and forecast error put together with NumPy's own numbers."""
    grid, rng = five.grid(), np.random.default_rng(77 + day)
    columns = shape_columns(shapes=grid.shapes, starts=STARTS[24 * day : 24 * day + 24])
    years = weather_years(shapes=grid.shapes, years=20, seed=4, columns=columns)
    base = np.array([150.0, 100.0])
    net = 1.06 * (base[:, None] * years.load[:, :2]).sum(axis=1) - 96.0 * years.wind[:, 1]  # 100 MW that fail at 4 %
    most = net.max(axis=1)[rng.integers(0, 20, count)]
    sigma = 0.04 * np.sqrt(1 - np.exp(-(day + 1.0) / 4.0))
    up = sum(c * (rng.random(count) >= q) for zone, units in STEADY.items() for c, q in units if not (gone and zone))
    return up + 5.0 - most * (1 + sigma * rng.standard_normal(count))


def test_bands_are_the_quantiles_of_margins_drawn_otherwise():
    found = margin_bands(grid=five.grid(), starts=STARTS, taken=booked(), rules=RULES, drawn=DRAWN)
    assert found.day[0].isoformat() == "2027-07-15"
    table = found.of("footprint")
    assert table.shape == (3, DAYS)
    for day in range(DAYS):
        values = np.sort(drawn_otherwise(day=day, gone=day < DAYS // 2))
        for k, share in enumerate((0.1, 0.5, 0.9)):
            # Bounds by ranks, which hold whatever the law: five standard errors of both samples.
            error = 5 * np.sqrt(share * (1 - share) * (1 / DRAWN.scenarios + 1 / len(values)))
            low, high = (values[int(np.clip(share + e, 0, 1) * (len(values) - 1))] for e in (-error, error))
            assert low - 1e-3 <= table[k, day] <= high + 1e-3


def test_the_book_lowers_every_quantile_of_the_days_it_takes():
    free, with_it = (margin_bands(grid=five.grid(), starts=STARTS, taken=t, rules=RULES, drawn=DRAWN)
                     for t in ((), booked()))  # fmt: skip
    assert (with_it.mw <= free.mw + 1e-3).all()
    assert (with_it.of("footprint")[:, : DAYS // 2] < free.of("footprint")[:, : DAYS // 2] - 50.0).all()
    assert with_it.of("footprint")[:, DAYS // 2 :] == pytest.approx(free.of("footprint")[:, DAYS // 2 :])
    assert (np.diff(with_it.mw, axis=1) >= 0).all()


def test_days_drawn_in_pieces_are_days_drawn_at_once_but_for_chance():
    count = CHUNK_DAYS + 20
    starts = tuple(MIDNIGHT + timedelta(hours=h) for h in range(24 * count))
    heard: list[int] = []
    ask = replace(DRAWN, scenarios=2000)
    found = margin_bands(grid=five.grid(), starts=starts, taken=booked(days=count), rules=RULES, drawn=ask,
                         told=heard.append)  # fmt: skip
    assert sum(heard) == count == len(found.day)
    whole = scenario_margins(
        grid=five.grid(), starts=starts, taken=booked(days=count), rules=RULES, scenarios=2000, seed=4,
        years=weather_years(shapes=five.grid().shapes, years=20, seed=4),
    )  # fmt: skip
    # Of the margins drawn at once as many lie below each quantile as its share says, but for chance.
    for k, share in enumerate((0.1, 0.5, 0.9)):
        below = (whole.margin_mw < found.mw[:, k][:, :, None]).mean(axis=2)
        assert np.abs(below - share).max() < 6 * np.sqrt(2 * share * (1 - share) / 2000)


def test_a_grid_without_zones_has_no_bands():
    with pytest.raises(NoScenarios):
        margin_bands(grid=replace(five.grid(), zones=None), starts=STARTS, taken=(), rules=RULES, drawn=DRAWN)


def test_the_command_gives_bands_to_people_to_machines_and_in_the_chart(capsys, tmp_path):
    window = Window(start=STARTS[0], end=STARTS[-1] + timedelta(hours=1))
    ask = {"grid": five.grid(), "window": window, "rules": RULES, "drawn": replace(DRAWN, scenarios=200)}
    taken = (Taken(unit=U1, window=window),)
    assert show_ahead(**ask, taken=taken, as_json=True, svg=tmp_path / "m.svg") == 0
    answer = json.loads(capsys.readouterr().out)["bands"]
    found = margin_bands(grid=five.grid(), starts=STARTS, taken=taken, rules=RULES, drawn=ask["drawn"])
    assert (answer["scenarios"], answer["weather_years"]) == (200, 20)
    assert [row["place"] for row in answer["rows"]] == list(found.place)
    assert answer["rows"][0]["p10_mw"] == pytest.approx(found.of("footprint")[0], abs=6e-4)
    root = ET.fromstring((tmp_path / "m.svg").read_text())  # noqa: S314 - drawn a line above
    (area,) = [e for e in root.iter() if e.tag.endswith("polygon")]
    assert len(area.get("points").split()) == 2 * DAYS
    assert show_ahead(**ask, taken=taken, as_json=False) == 0
    assert "of 200 scenarios of 20 synthetic weather years" in capsys.readouterr().out
