"""What an approval is worth: recall against counting, bands where no number may be shown, promises with reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from moms.adequacy import RecallRules, Taken, draw, scenario_margins, weather_years
from moms.desk import settle, submit
from moms.desk.certain import certain
from moms.grid import shape_columns
from moms.outages import Kind, Outage, State, Status
from moms.risk import Bin, Learnt, simulated, train
from moms.values import SYSTEM, Window, market_day, market_day_of, parse_instant
from tests.desk.worlds import DAY, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from moms.decide import Certainty, Chance
    from moms.desk.world import World
    from moms.outages import Request
    from moms.store.book import PostgresBook

BOUND = 0.02
UNIT = 4


def filed(request: Request, key: str = "OTG-1") -> Outage:
    return Outage(id=key, request=request, state=State.IN_STUDY, status=Status.NONE, window=request.window,
                  stamp=NOW, filed_at=NOW)  # fmt: skip


def away(*, days: float = 3.0, unit: int = UNIT, start=START, **more: object) -> Outage:
    return filed(ask(f"gen:{unit}", days=days, start=start, **more), f"OTG-{unit}")


@pytest.fixture(scope="module")
def world() -> World:
    """A world whose recall level lies where one window in ten or so goes below it."""
    base = a_world()
    table = margins(base, (), days=3)
    level = float(np.quantile(table.margin_mw[0].min(axis=0), 0.05))
    return replace(base, rules=replace(base.rules, recall=RecallRules(level_mw=level, scenarios=600, weather_years=30)))


def margins(world: World, taken: tuple[Taken, ...], *, days: int):
    rules = world.rules.recall
    starts = Window(start=START, end=START + days * DAY).clock_hours()
    return scenario_margins(
        grid=world.grid, starts=starts, taken=taken, rules=world.rules.margin, scenarios=rules.scenarios,
        years=weather_years(shapes=world.grid.shapes, years=rules.weather_years, seed=rules.seed), seed=rules.seed,
        lead_days=(market_day_of(START) - market_day_of(NOW)).days,
    )  # fmt: skip


def told(world: World, outage: Outage, *, holding=(), clean: bool | None = True, cut_off=(), now=NOW) -> Certainty:
    return certain(world=world, outage=outage, holding=holding, now=now, cut_off=cut_off, clean=clean)


def the(found: Certainty, what: str) -> Chance:
    return next(c for c in found.chances if c.what == what)


def learnt(*, made_up: bool = False, **more: object) -> Learnt:
    rng = np.random.default_rng(5)
    history, _ = simulated(count=4000, rng=rng)
    model, card = train(history=history, source="a test", rng=rng, owners=("TO-1", "GO-1"))
    base = Learnt(model=model, version="v1", source="a test", simulated=made_up, goes=card.goes.bins,
                  on_time=card.on_time.bins, goes_published=True, on_time_published=True, recall_fits=True)  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]  # tests name fields


@pytest.fixture(scope="module")
def history() -> Learnt:
    return learnt()


def taking(world: World, *units: int, window: Window | None = None, **more: float) -> tuple[Taken, ...]:
    span = window or Window(start=START, end=START + 3 * DAY)
    return tuple(Taken(unit=u - 1, window=span, **more) for u in units)


# ---------------------------------------------------------------- recall
@pytest.mark.parametrize("derate", [None, 40.0])
def test_recall_is_the_share_of_scenarios_in_which_margin_runs_short_with_it_and_the_book(world, derate):
    p_max = float(world.grid.network.units.p_max_mw[UNIT - 1])
    asked = away() if derate is None else away(kind=Kind.DERATE, derate_to_mw=p_max - derate)
    other = replace(away(unit=9), state=State.DECIDED, status=Status.ACCEPTED_EXEMPT)
    found = the(told(world, asked, holding=(other,)), "called back for capacity")
    table = margins(world, (*taking(world, UNIT, derate_mw=derate), *taking(world, 9)), days=3)
    places = [p for p, zones in enumerate(table.zones) if int(
        world.grid.network.buses.zone[world.grid.network.units.bus[UNIT - 1]]) in zones]  # fmt: skip
    short = sum(
        any(table.margin_mw[p, d, s] < np.float32(world.rules.recall.level_mw) for p in places for d in range(3))
        for s in range(600)
    )
    assert 0 < short < 600
    assert found.value == pytest.approx(short / 600, abs=1e-6)
    low, high = (stats.beta.ppf(0.025, short, 601 - short), stats.beta.ppf(0.975, short + 1, 600 - short))
    assert found.low <= low + 1e-6
    assert found.high >= high - 1e-6


def test_the_book_and_the_request_each_make_recall_likelier(world):
    other = replace(away(unit=9), state=State.DECIDED, status=Status.ACCEPTED_EXEMPT)
    alone, with_book = told(world, away()), told(world, away(), holding=(other,))
    assert alone.recall_without < the(alone, "called back for capacity").value
    assert with_book.recall_without > alone.recall_without
    assert the(with_book, "called back for capacity").value > the(alone, "called back for capacity").value


def test_scenarios_drawn_beforehand_give_the_same_answer_and_those_of_another_day_are_not_used(world):
    rules = world.rules.recall
    first = market_day_of(NOW)
    starts = Window(start=market_day(first).start, end=market_day(first).start + 30 * DAY).clock_hours()
    other = replace(away(unit=9), state=State.DECIDED, status=Status.ACCEPTED_EXEMPT)
    drawn = draw(
        grid=world.grid, starts=starts, taken=taking(world, 17), scenarios=rules.scenarios, seed=rules.seed,
        years=weather_years(shapes=world.grid.shapes, years=rules.weather_years, seed=rules.seed,
                            columns=shape_columns(shapes=world.grid.shapes, starts=starts)),
    )  # fmt: skip
    ready = replace(world, drawn=drawn)
    found = told(ready, away(), holding=(other,))
    whole = scenario_margins(
        grid=world.grid, starts=starts, taken=(*taking(world, UNIT), *taking(world, 9)), rules=world.rules.margin,
        years=weather_years(shapes=world.grid.shapes, years=rules.weather_years, seed=rules.seed),
        scenarios=rules.scenarios, seed=rules.seed,
    )  # fmt: skip
    d = (market_day_of(START) - first).days
    least = whole.margin_mw[0, d : d + 3].min(axis=0)
    assert the(found, "called back for capacity").value == pytest.approx(
        (least < np.float32(rules.level_mw)).mean(), abs=1e-6
    )
    assert f"from {first} at a lead of 0 days" in found.versions["scenarios"]
    tomorrow = told(ready, away(), now=NOW + DAY)
    assert f"from {market_day_of(START)} at a lead of" in tomorrow.versions["scenarios"]


def test_a_window_until_midnight_does_not_reach_into_the_next_day(world):
    midnight = market_day(market_day_of(START)).start
    one = told(world, away(days=1.0, start=midnight))
    more = told(
        world, filed(replace(away().request, window=Window(start=midnight, end=midnight + timedelta(hours=25))))
    )
    assert "from" in one.versions["scenarios"]
    assert the(one, "called back for capacity").value < the(more, "called back for capacity").value


def test_under_twenty_weather_years_there_are_bands_and_no_firm_level(world):
    few = replace(
        world, rules=replace(world.rules, recall=replace(world.rules.recall, weather_years=19, level_mw=-1e6))
    )
    found = told(few, away())
    chance = the(found, "called back for capacity")
    assert (chance.value, chance.low, chance.high) == (None, None, None)
    assert chance.band in {"very low", "low", "some", "high"}
    assert "fewer than 20 weather years" in chance.source
    assert found.firmness == "tentative"
    assert found.next_level_needs == ("19 weather years, fewer than 20",)


@pytest.mark.parametrize(("made_up", "shown"), [(False, False), (True, True)])
def test_recall_is_a_band_where_real_recalls_did_not_come_as_computed(world, history, made_up, shown):
    off = replace(history, recall_fits=False, simulated=made_up)
    chance = the(told(replace(world, learnt=off), away()), "called back for capacity")
    assert (chance.value is not None) == shown
    assert ("did not come as computed" in chance.source) != shown
    assert the(told(replace(world, learnt=history), away()), "called back for capacity").value is not None


# ---------------------------------------------------------------- firmness
def test_a_unit_with_plenty_of_margin_is_firm_and_near_its_start_guaranteed(world):
    plenty = replace(world, rules=replace(world.rules, recall=RecallRules(level_mw=-1e6)))
    far = told(plenty, away(start=START + 60 * DAY))
    assert far.firmness == "firm"
    assert far.next_level_needs[0].endswith("days ahead, not within 14")
    assert "at most 2.0%" in far.firmness_says
    assert told(plenty, away()).firmness == "guaranteed"
    assert told(plenty, away(), clean=False).firmness == "tentative"
    assert told(plenty, away(), clean=None).next_level_needs == ("N-1 has not been studied",)
    assert told(plenty, away(start=START + 200 * DAY)).firmness == "tentative"


def test_without_a_history_a_line_has_no_level_and_only_bands_and_says_why(world):
    found = told(world, filed(ask()))
    assert found.firmness == "requested"
    assert found.next_level_needs == ("the probability of recall is not known",)
    assert [c.what for c in found.chances] == ["back in time"]
    assert found.chances[0].value is None
    assert any("recall for the network is not computed" in text for text in found.unknown)


@pytest.mark.parametrize(("called", "level"), [(0, "guaranteed"), (30, "firm"), (150, "tentative"), (900, "requested")])
def test_a_lines_level_rests_on_how_often_lines_were_called_back(world, history, called, level):
    model = replace(history.model, recalls={"line": (called, 3000)})
    found = told(replace(world, learnt=replace(history, model=model)), filed(ask()))
    assert found.firmness == level
    seen = the(found, "called back for the network")
    assert seen.value == pytest.approx(called / 3000, abs=1e-6)
    assert stats.binom.cdf(called, 3000, seen.high) == pytest.approx(0.025, abs=1e-3)


def test_a_simulated_history_promises_nothing_and_says_that_it_is_one(world):
    found = told(replace(world, learnt=learnt(made_up=True)), filed(ask()))
    assert found.firmness == "requested"
    assert any("simulated" in text for text in found.unknown)
    assert the(found, "as approved").says.startswith("in a simulated history, ")


def test_a_line_that_cuts_off_a_unit_takes_capacity_and_both_bounds_count(world, history):
    model = replace(history.model, recalls={"line": (30, 3000)})
    known = replace(world, learnt=replace(history, model=model))
    found = told(known, filed(ask(days=3.0)), cut_off=(UNIT - 1,))
    capacity, network = the(found, "called back for capacity"), the(found, "called back for the network")
    assert capacity.value == the(told(world, away()), "called back for capacity").value
    assert found.next_level_needs[0].startswith(f"recall up to {capacity.high + network.high:.2%}")
    assert told(world, filed(ask(days=3.0)), cut_off=(UNIT - 1,)).firmness == "requested"


# ---------------------------------------------------------------- what others like it did
def test_what_ran_as_approved_is_what_began_and_was_back_in_time(world, history):
    found = told(replace(world, learnt=history), filed(ask(start=START + 80 * DAY)))
    both, starts, back = (the(found, what) for what in ("as approved", "starts", "back in time"))
    assert both.value == pytest.approx(starts.value * back.value, abs=2e-6)
    for one in (both, starts, back):
        assert 0 <= one.low <= one.value <= one.high <= 1
    assert f"{both.value:.0%} of approved outages like this ran as approved" in both.says
    assert found.low_h < 24.0 < found.high_h
    assert sum(found.causes.values()) == pytest.approx(1 - starts.value, abs=1e-5)
    assert found.versions["certainty_model"] == "v1"


def test_probabilities_that_are_not_calibrated_are_bands(world, history):
    some = told(replace(world, learnt=replace(history, goes_published=False)), filed(ask()))
    assert the(some, "starts").value is None
    assert the(some, "as approved").value is None
    assert the(some, "back in time").value is not None
    assert some.causes == {}
    assert "not calibrated" in the(some, "starts").source


def test_the_bounds_move_with_what_was_seen_of_outages_told_as_much(world, history):
    off = tuple(Bin(forecasts=b.forecasts, mean_forecast=b.mean_forecast, share=b.mean_forecast - 0.1,
                    low=b.mean_forecast - 0.15, high=b.mean_forecast - 0.05) for b in history.goes)  # fmt: skip
    chance = the(told(replace(world, learnt=replace(history, goes=off)), filed(ask())), "starts")
    assert chance.low == pytest.approx(chance.value - 0.15, abs=1e-5)
    assert chance.high == chance.value


# ---------------------------------------------------------------- in the record
def decided(book: PostgresBook, world: World, request: Request, **more: object):
    who = replace(OWNER, organisation=request.organisation)
    one = submit.submit(book=book, world=world, actor=who, now=NOW, request=request)
    return settle.decide(book=book, world=world, now=NOW, outage_id=one.outage.id, asked_by=SYSTEM, **more)


def test_an_approval_carries_it_and_a_denial_and_a_forced_outage_do_not(book: PostgresBook, world) -> None:
    record = decided(book, world, ask("gen:4", days=2.0)).record
    assert record["outcome"] == "accept"
    found = record["evidence"]["certainty"]
    assert found["firmness"] in {"requested", "tentative", "firm", "guaranteed"}
    assert found["chances"][-1]["what"] == "called back for capacity"
    tight = decided(book, a_world(slack=0.6), ask("branch:3")).record
    assert tight["outcome"] in {"deny", "counter"}
    assert tight["evidence"]["certainty"] is None
    late = ask("branch:7", kind=Kind.FORCED, start=NOW - DAY, days=3.0)
    assert decided(book, world, late).record["evidence"]["certainty"] is None


def test_it_decides_nothing(book: PostgresBook, world) -> None:
    """The same request is settled the same whatever the history says and however likely its recall is."""
    outcomes = set()
    for level in (-1e6, 0.0, 1e6):
        rules = replace(world.rules, recall=replace(world.rules.recall, level_mw=level))
        one = replace(world, rules=rules)
        who = replace(OWNER, organisation="GO-1")
        seen = submit.preview(book=book, world=one, actor=who, now=NOW, request=ask("gen:4"))
        answer = settle.decide(
            book=book, world=one, now=NOW, outage_id="", asked_by=SYSTEM, preview=True, unfiled=seen.outage
        )
        outcomes.add((answer.record["outcome"], answer.record["status"]))
    assert len(outcomes) == 1


# ---------------------------------------------------------------- calendars and odd units
@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2027-03-13T22:00-05:00", "2027-03-15T04:00-05:00", 3),  # clocks go forward in the night between
        ("2027-11-06T00:00-05:00", "2027-11-08T00:00-05:00", 2),  # clocks go back
        ("2028-02-28T12:00-05:00", "2028-03-01T12:00-05:00", 3),  # a leap day
        ("2027-12-31T12:00-05:00", "2028-01-01T12:00-05:00", 2),  # two weather years meet
    ],
)
def test_a_window_is_its_market_days_whatever_the_calendar(world, first, last, days):
    window = Window(start=parse_instant(first), end=parse_instant(last))
    found = the(told(world, filed(replace(away().request, window=window))), "called back for capacity")
    midnight = market_day(market_day_of(window.start)).start
    whole = Window(start=midnight, end=midnight + days * DAY)
    again = the(told(world, filed(replace(away().request, window=whole))), "called back for capacity")
    assert found.value == again.value


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_unit_that_never_runs_takes_nothing_and_one_that_never_fails_takes_all_of_it(world, rate):
    units = world.grid.network.units
    rates = units.outage_rate.copy()
    rates[UNIT - 1] = rate
    grid = replace(world.grid, network=replace(world.grid.network, units=replace(units, outage_rate=rates)))
    found = told(replace(world, grid=grid), away())
    if rate == 1.0:
        assert the(found, "called back for capacity").value == pytest.approx(found.recall_without)
    else:
        assert the(found, "called back for capacity").value > found.recall_without


def test_a_unit_larger_than_all_the_rest_is_called_back_for_sure(world):
    units = world.grid.network.units
    sizes = units.p_max_mw.copy()
    sizes[UNIT - 1] = 1e5
    grid = replace(world.grid, network=replace(world.grid.network, units=replace(units, p_max_mw=sizes)))
    level = replace(world.rules, recall=replace(world.rules.recall, level_mw=5e4))
    found = told(replace(world, grid=grid, rules=level), away())
    assert the(found, "called back for capacity").value == 1.0
    assert 0.0 < found.recall_without < 1.0
