from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from moms.adequacy import MarginRules, NoScenarios, band
from moms.cli.commands.adequacy import show_recall
from moms.values import NotAnElement, Window
from tests.adequacy.test_scenarios import away, warm_grid

WINDOW = Window(start=datetime(2027, 1, 1, 5, tzinfo=UTC), end=datetime(2027, 2, 10, 5, tzinfo=UTC))


def shown(capsys, *, taken=(), as_json=True, unit="gen:3", days=3, years=30):
    code = show_recall(grid=warm_grid(), rules=MarginRules(), window=WINDOW, taken=taken, unit=unit, days=days,
                       scenarios=300, years=years, seed=2, level_mw=-190.0, as_json=as_json)  # fmt: skip
    text = capsys.readouterr().out
    return code, json.loads(text) if as_json else text


def test_every_start_has_its_probability_inside_its_bounds_and_the_best_come_first(capsys):
    code, found = shown(capsys)
    assert code == 0
    assert len(found["starts"]) == 40 - 3 + 1
    for one in found["starts"]:
        assert 0 <= one["low"] <= one["probability"] <= one["high"] <= 1
    assert any(0 < one["probability"] < 1 for one in found["starts"])
    by_day = {one["start"]: one["high"] for one in found["starts"]}
    assert by_day[found["best"][0]] == min(by_day.values())
    assert len(found["best"]) == 3


def test_the_same_seed_gives_the_same_answer(capsys):
    assert shown(capsys) == shown(capsys)


def test_the_book_makes_recall_likelier_where_it_takes_units(capsys):
    free, booked = (shown(capsys, taken=t)[1]["starts"] for t in ((), (away(0, 10, 20),)))
    assert booked[12]["probability"] > free[12]["probability"]
    assert booked[25] == free[25]


def test_few_weather_years_give_bands_and_no_numbers(capsys):
    _, found = shown(capsys, years=10)
    assert {one["probability"] for one in found["starts"]} == {None}
    assert all(one["band"] in {"very low", "low", "some", "high"} for one in found["starts"])
    _, text = shown(capsys, years=10, as_json=False)
    assert "fewer than 20 weather years" in text
    assert "%" not in text.splitlines()[0]


def test_people_see_the_best_start_first(capsys):
    _, text = shown(capsys, as_json=False)
    assert text.startswith("gen:3 out for 3 days is least likely to be called back from 2027-")
    code, text = shown(capsys, as_json=False, days=50)
    assert (code, text.strip()) == (1, "No start fits into these days.")


def test_what_is_no_unit_that_fails_is_refused():
    for unit, refusal in (("gen:4", NoScenarios), ("branch:1", NotAnElement)):
        with pytest.raises(refusal):
            show_recall(grid=warm_grid(), rules=MarginRules(), window=WINDOW, taken=(), unit=unit, days=2, scenarios=60,
                        years=30, seed=1, level_mw=0.0, as_json=True)  # fmt: skip


def test_bands_are_those_of_the_ladder():
    assert [band(p) for p in (0.002, 0.0021, 0.02, 0.1, 0.11)] == ["very low", "low", "low", "some", "high"]
