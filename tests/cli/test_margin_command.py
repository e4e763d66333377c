from __future__ import annotations

import json
from dataclasses import replace

import pytest

from moms.adequacy import Taken
from moms.cli.commands import margin
from moms.grid import NoSuchElement
from moms.values import Window
from tests.adequacy import five
from tests.adequacy.five import MIDNIGHT, RULES, U1, U3, out

DAY = Window(start=MIDNIGHT, end=five.hours(0, 24).end)


def shown(capsys, *, taken=(), asked=(), as_json=False, grid=None):
    code = margin.show(grid=grid or five.grid(), window=DAY, taken=taken, asked=asked, rules=RULES, as_json=as_json)
    return code, capsys.readouterr().out


def test_the_answer_begins_with_the_least_margin_and_names_its_row(capsys):
    code, text = shown(capsys)
    assert code == 0
    assert text.splitlines()[0] == "The least margin is 51.9 MW, on 2027-07-15, zone B P90."
    assert "2027-07-15 HE 19" in text


def test_a_request_that_hurts_a_day_exits_1_and_says_which(capsys):
    code, text = shown(capsys, asked=[out(U3)])
    assert code == 1
    assert text.splitlines()[0] == "The request hurts 1 day(s); the worst is 2027-07-15, zone B P90: -95.1 MW."
    assert "51.9" in text


def test_a_request_that_hurts_nothing_exits_0(capsys):
    code, text = shown(capsys, asked=[out(U1, derate_mw=10.0)])
    assert code == 0
    assert text.startswith("The request hurts no day")


def test_what_is_missing_is_said_and_exits_1(capsys):
    code, text = shown(capsys, grid=replace(five.grid(), shapes=None))
    assert code == 1
    assert "has no hourly load, wind and solar" in text


def test_machines_get_every_row_of_every_day(capsys):
    code, text = shown(capsys, asked=[out(U3, cut_off_by="branch:2")], as_json=True)
    answer = json.loads(text)
    assert code == 1
    assert len(answer["days"][0]["rows"]) == 8
    assert answer["days"][0]["binding"] == "zone B P90"
    assert answer["hurt"][-1]["margin_mw"] == -95.12
    assert answer["hurt"][-1]["before_mw"] == 51.88
    assert answer["cut_off"] == [{"unit": "gen:3", "by": "branch:2"}]


def test_a_taking_is_a_unit_a_derate_and_a_window():
    grid = five.grid()
    assert margin.taking("gen:3", grid=grid, window=DAY) == Taken(unit=2, window=DAY)
    assert margin.taking("gen:3:50", grid=grid, window=DAY) == Taken(unit=2, window=DAY, derate_mw=50.0)
    span = margin.taking("gen:3=2027-07-15T06:00-05:00/2027-07-15T08:00-05:00", grid=grid, window=DAY)
    assert span == Taken(unit=2, window=five.hours(6, 8))


@pytest.mark.parametrize("text", ["branch:3", "gen:3:much", "gen:3:-5", "gen:3:nan", "gen", "gen:3=2027-07-15T06:00Z"])
def test_what_is_no_taking_is_refused(text):
    with pytest.raises(margin.NotATaking):
        margin.taking(text, grid=five.grid(), window=DAY)


def test_a_unit_the_grid_does_not_have_is_refused():
    with pytest.raises(NoSuchElement):
        margin.taking("gen:6", grid=five.grid(), window=DAY)
