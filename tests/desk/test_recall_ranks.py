"""Dates that are offered carry how likely want of capacity calls the outage back, and the rank of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from moms.adequacy import MarginRules, RecallRules, Taken, margin, scenario_margins, weather_years
from moms.desk import settle, submit
from moms.desk.called_back import Recall
from moms.desk.recall_ranks import ranked
from moms.values import SYSTEM, Window, market_day, market_day_of, parse_instant
from tests.desk.worlds import DAY, NOW, OWNER, START, a_world, ask

UNIT, OTHER = 4, 9
GENERATION = replace(OWNER, organisation="GO-1")
FIRST = market_day(market_day_of(START)).start


def the_span(first, days: int) -> Window:
    return Window(start=first, end=first + days * DAY)


def least_mw(world, first, days: int, *units: int) -> float:
    """The least margin of some days with these units out."""
    window = the_span(first, days)
    taken = [Taken(unit=u - 1, window=window) for u in units]
    return margin(grid=world.grid, starts=window.clock_hours(), taken=taken, rules=world.rules.margin).least().margin_mw


def short_with_both(world):
    """The least reserve with which the asked day is short with both units out, and no day with either alone."""
    for reserve_mw in range(0, 4000, 5):
        rules = replace(world.rules, margin=MarginRules(uncertainty_mw=float(reserve_mw)))
        there = replace(world, rules=rules)
        if least_mw(there, FIRST, 1, UNIT, OTHER) < 0:
            assert min(least_mw(there, FIRST - 2 * DAY, 5, unit) for unit in (UNIT, OTHER)) >= 0
            return there
    raise AssertionError("no such reserve")


def table_of(world, window: Window, taken):
    rules = world.rules.recall
    return scenario_margins(
        grid=world.grid, starts=window.clock_hours(), taken=taken, rules=world.rules.margin, scenarios=rules.scenarios,
        years=weather_years(shapes=world.grid.shapes, years=rules.weather_years, seed=rules.seed), seed=rules.seed,
        lead_days=(market_day_of(window.start) - market_day_of(NOW)).days,
    )  # fmt: skip


@pytest.fixture(scope="module")
def world():
    base = short_with_both(a_world())
    level = float(np.quantile(table_of(base, the_span(FIRST, 1), ()).margin_mw[0].min(axis=0), 0.1))
    return replace(base, rules=replace(base.rules, recall=RecallRules(level_mw=level, scenarios=600, weather_years=30)))


def answered(book, world, *, years: int = 30):
    """Both units asked for on the same day: the second is offered another."""
    world = replace(world, rules=replace(world.rules, recall=replace(world.rules.recall, weather_years=years)))
    for unit in (OTHER, UNIT):
        filed = submit.submit(book=book, world=world, actor=GENERATION, now=NOW,
                              request=ask(f"gen:{unit}", start=FIRST, days=1.0))  # fmt: skip
        assert filed.outage is not None, filed.findings
        answer = settle.decide(book=book, world=world, now=NOW, outage_id=filed.outage.id, asked_by=SYSTEM)
    return world, answer.record


def test_other_dates_of_a_unit_carry_their_recall_and_rank_beside_the_asked_ones(book, world):
    world, record = answered(book, world)
    assert record["outcome"] == "counter"
    assert record["evidence"]["certainty"] is None  # nothing is granted, and still the dates are weighed
    dates = [(record["window"], record["evidence"]["recall"])]
    dates += [(one["window"], one["recall"]) for one in record["alternatives"]]
    assert len(dates) > 1
    zone = int(world.grid.network.buses.zone[world.grid.network.units.bus[UNIT - 1]])
    values = []
    for span, found in dates:
        window = Window(start=parse_instant(span["start"], field="start"), end=parse_instant(span["end"], field="end"))
        taken = [Taken(unit=UNIT - 1, window=window), Taken(unit=OTHER - 1, window=the_span(FIRST, 1))]
        drawn = table_of(world, _whole(window), taken)
        places = [p for p, zones in enumerate(drawn.zones) if zone in zones]
        short = (drawn.margin_mw[places].min(axis=(0, 1)) < np.float32(world.rules.recall.level_mw)).mean()
        assert found["chance"]["value"] == pytest.approx(short, abs=1e-6)
        assert found["chance"]["low"] <= short <= found["chance"]["high"]
        values.append(short)
    assert values[0] == max(values)
    assert max(values) > min(values)
    assert [one["rank"] for _, one in dates] == [1 + sum(v < mine for v in values) for mine in values]


def _whole(window: Window) -> Window:
    first, last = market_day_of(window.start), market_day_of(window.end - timedelta(seconds=1))
    return Window(start=market_day(first).start, end=market_day(last).end)


def test_under_twenty_weather_years_there_are_bands_and_no_rank(book, world):
    _, record = answered(book, world, years=10)
    for found in (record["evidence"]["recall"], *(one["recall"] for one in record["alternatives"])):
        assert found["chance"]["value"] is None
        assert found["chance"]["band"] in {"very low", "low", "some", "high"}
        assert found["rank"] is None


def test_dates_of_a_line_that_takes_no_capacity_have_none(book):
    tight = a_world(slack=0.7)
    filed = submit.submit(book=book, world=tight, actor=OWNER, now=NOW, request=ask("branch:21", recall_h=2.0))
    answer = settle.decide(book=book, world=tight, now=NOW, outage_id=filed.outage.id, asked_by=SYSTEM)
    assert len(answer.record["alternatives"]) == 2
    assert answer.record["evidence"]["recall"] is None
    assert [one["recall"] for one in answer.record["alternatives"]] == [None, None]


def test_what_takes_no_capacity_has_no_rank_and_takes_none_from_others(world):
    assert ranked(world, [Recall(), None]) == (None, None)
