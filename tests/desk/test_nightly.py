"""Nights: who climbs and who falls, what a night twice does, what is promised and what broke it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from moms.adequacy import RecallRules
from moms.cli.commands.firmness import document, show
from moms.desk import operate, settle, submit
from moms.desk.forecast import keep
from moms.desk.nightly import FIRMNESS, NotANight, keep_night, retold, tell
from moms.desk.ports import NotYours
from moms.exchange.drawnfile import read_drawn, write_drawn
from moms.outages import State, Status
from moms.outages.lifecycle import Verb
from moms.risk import Firmness, Rung
from moms.values import SYSTEM, Actor, Role, Window, plain
from tests.desk.test_certain import away, filed, learnt, margins
from tests.desk.test_forecast import an_issue
from tests.desk.worlds import DAY, ENGINEER, NOW, OWNER, START, a_world, ask

if TYPE_CHECKING:
    from pathlib import Path

    from moms.desk.nightly import Night, Retold
    from moms.desk.world import World
    from moms.outages import Outage, Request
    from moms.store.book import PostgresBook

ROOM = Actor(name="rosa", organisation="operator", role=Role.CONTROL_ROOM)
SPRING = Window(start=NOW - 5 * DAY, end=NOW + 60 * DAY)


@pytest.fixture(scope="module")
def world() -> World:
    """A world with so much margin that nothing is called back."""
    base = a_world()
    recall = RecallRules(level_mw=-1e6, scenarios=2000, weather_years=30)
    return replace(base, rules=replace(base.rules, recall=recall))


def with_level(world: World, level_mw: float) -> World:
    return replace(world, rules=replace(world.rules, recall=replace(world.rules.recall, level_mw=level_mw)))


def told(world: World, outage: Outage, *, before: Rung | None = Rung.FIRM, over: int = 0, clean: bool | None = True,
         now=NOW, **more: object) -> Retold:  # fmt: skip
    last = {} if before is None else {outage.id: Firmness(rung=before, nights_over=over)}
    (row,) = retold(world=world, ahead=(outage,), holding=(outage,), last=last, granted={}, cleans={outage.id: clean},
                    now=now, **more)  # fmt: skip
    return row


def stands(outage: Outage) -> Outage:
    return replace(outage, state=State.DECIDED, status=Status.ACCEPTED_EXEMPT)


# ---------------------------------------------------------------- one night, as values
def test_an_outage_climbs_when_it_may_and_the_reason_is_told_when_not(world):
    near, far = stands(away()), stands(away(start=START + 30 * DAY))
    assert told(world, near).after == Firmness(rung=Rung.GUARANTEED)
    held = told(world, far)
    assert held.after == Firmness(rung=Rung.FIRM)
    assert held.why == ("39 days ahead, not within 14",)
    assert not held.changed
    assert told(world, near, clean=False).after == Firmness(rung=Rung.FIRM, nights_over=1)


def test_it_falls_on_the_third_night_beyond_its_bound_and_not_before(world):
    tight = with_level(world, 1e6)
    rows = [told(tight, stands(away()), over=over) for over in range(3)]
    assert [row.after.rung for row in rows] == [Rung.FIRM, Rung.FIRM, Rung.TENTATIVE]
    assert rows[2].changed
    assert rows[0].recall == 1.0
    assert rows[0].why[0] == "recall up to 100.00%, not within 2.00%"


def test_an_outage_is_not_counted_twice_beside_itself(world):
    """It holds in the book already; taken twice, its margin would be too small."""
    unit = stands(away())
    least = margins(world, (), days=3).margin_mw[0].min(axis=0)
    quiet = with_level(world, float(np.quantile(least, 0.1)))
    alone = told(quiet, unit)
    (beside,) = retold(world=quiet, ahead=(unit,), holding=(unit, stands(away(unit=9))), last={}, granted={},
                       cleans={}, now=NOW)  # fmt: skip
    (none,) = retold(world=quiet, ahead=(unit,), holding=(), last={}, granted={}, cleans={}, now=NOW)
    assert 0 < alone.recall == none.recall < 1
    assert beside.recall > alone.recall


def test_an_old_forecast_makes_the_recall_of_what_begins_soon_unknown(world):
    soon, later = stands(away()), stands(away(start=START + 20 * DAY))
    old = an_issue(issued=NOW - 2 * DAY)
    row = told(world, soon, issue=old)
    assert row.recall_high is None
    assert row.after == Firmness(rung=Rung.FIRM, nights_over=1)
    assert row.why == ("the probability of recall is not known", "the newest forecast is 48 h old")
    assert told(world, later, issue=old).recall_high is not None
    assert told(world, soon, issue=an_issue(load=0.1)).recall_high is not None


def test_a_line_stands_as_its_history_lets_it(world):
    line = replace(filed(ask(start=START)), state=State.DECIDED, status=Status.APPROVED)
    assert told(world, line, before=Rung.REQUESTED).why == ("the probability of recall is not known",)
    history = learnt()
    seen = replace(history, model=replace(history.model, recalls={"line": (0, 4000)}))
    assert told(replace(world, learnt=seen), line, before=Rung.REQUESTED).after.rung == Rung.TENTATIVE


# ---------------------------------------------------------------- nights on a book
def grant(book: PostgresBook, world: World, request: Request, *, now=NOW) -> str:
    who = replace(OWNER, organisation=request.organisation)
    one = submit.submit(book=book, world=world, actor=who, now=now, request=request)
    answer = settle.decide(book=book, world=world, now=now, outage_id=one.outage.id, asked_by=SYSTEM)
    assert answer.record["outcome"] in {"approve", "accept"}
    return str(one.outage.id)


def night(book: PostgresBook, world: World, *, at=NOW, write: bool = True, **more: object) -> Night:
    found, _ = tell(book=book, world=world, now=at, days=60, **more)
    if write:
        keep_night(book=book, actor=ENGINEER, night=found, rule_book="test v1")
    return found


def rungs(found: Night) -> list[tuple[Rung, int]]:
    return [(row.after.rung, row.after.nights_over) for row in found.rows]


def test_a_new_outage_begins_with_what_its_decision_said_and_a_night_twice_counts_once(book: PostgresBook, world):
    key = grant(book, world, ask("gen:4", start=START + 20 * DAY))
    first = night(book, world)
    assert [(row.outage.id, row.is_new, row.before.rung) for row in first.rows] == [(key, True, Rung.FIRM)]
    tight = with_level(world, 1e6)
    assert rungs(night(book, tight, at=NOW + DAY)) == [(Rung.FIRM, 1)]
    again = night(book, tight, at=NOW + DAY + timedelta(hours=3))
    assert rungs(again) == [(Rung.FIRM, 1)]
    assert rungs(night(book, tight, at=NOW + DAY + timedelta(hours=4))) == [(Rung.FIRM, 1)]
    assert rungs(night(book, tight, at=NOW + 2 * DAY)) == [(Rung.FIRM, 2)]
    assert rungs(night(book, tight, at=NOW + 3 * DAY, write=False)) == [(Rung.TENTATIVE, 0)]
    assert rungs(night(book, tight, at=NOW + 3 * DAY)) == [(Rung.TENTATIVE, 0)]
    assert not night(book, tight, at=NOW + 4 * DAY, write=False).rows[0].is_new


def test_a_newer_forecast_tells_another_story(book: PostgresBook, world):
    grant(book, world, ask("gen:4", days=2.0))
    level = with_level(world, 600.0)
    chances = []
    for hours, load in enumerate((0.4, 0.9)):
        at = NOW + timedelta(hours=hours)
        keep(book=book, world=world, actor=ENGINEER, now=at, issue=an_issue(load=load, issued=at))
        found = night(book, level, at=at, write=False)
        chances.append(found.rows[0].recall)
        assert found.forecast.age_h == 0.0
    assert chances[0] < chances[1]


def test_what_begun_or_lies_beyond_the_days_is_not_told(book: PostgresBook, world):
    soon = grant(book, world, ask("gen:4"))
    grant(book, world, ask("gen:9", start=START + 100 * DAY))
    assert [row.outage.id for row in night(book, world, write=False).rows] == [soon]
    step = {"book": book, "world": world, "outage_id": soon}
    operate.step(**step, actor=ROOM, now=START, verb=Verb.START)
    assert night(book, world, at=START + timedelta(hours=1), write=False).rows == ()


def test_a_recall_of_a_promised_outage_uses_the_budget_and_one_that_was_not_promised_does_not(book, world):
    promised = grant(book, world, ask("gen:4", days=3.0))
    loose = grant(book, world, ask("gen:9", days=3.0), now=NOW)
    first = night(book, world, season=SPRING)
    assert set(first.promises) == {promised, loose}
    assert first.budget.allowed == pytest.approx(2 * 0.002)
    assert (first.budget.recalled, first.budget.season_gone) == (0, pytest.approx(5 / 65))
    fallen = replace(first, promises={promised: first.promises[promised]})
    keep_night(book=book, actor=ENGINEER, night=fallen, rule_book="test v1")
    for key in (promised, loose):
        step = {"book": book, "world": world, "outage_id": key, "actor": ROOM}
        operate.step(**step, now=START, verb=Verb.START)
        operate.step(**step, now=START + DAY, verb=Verb.RECALL, reason="a unit tripped")
    after = night(book, world, at=START + DAY, season=SPRING)
    assert after.budget.recalled == 1
    assert after.budget.action == "freeze"
    assert after.budget.alarm
    assert (
        night(book, world, at=START + DAY, season=Window(start=START + DAY, end=START + 9 * DAY)).budget.recalled == 0
    )
    much_later = night(book, world, at=START + 420 * DAY)
    assert much_later.promises == {}


def test_only_the_operator_keeps_nights_and_days_are_counted_from_one(book: PostgresBook, world):
    found = night(book, world, write=False)
    with pytest.raises(NotYours):
        keep_night(book=book, actor=OWNER, night=found, rule_book="test v1")
    with book.as_(SYSTEM) as page:
        assert page.entries(FIRMNESS) == ()
    with book.as_(OWNER) as page:
        assert page.entries(FIRMNESS) == ()
    for days in (0, 401):
        with pytest.raises(NotANight):
            tell(book=book, world=world, now=NOW, days=days)


# ---------------------------------------------------------------- the file, and what people see
def test_scenarios_are_read_back_whole_and_those_of_another_grid_or_broken_are_left_aside(book, world, tmp_path: Path):
    grant(book, world, ask("gen:4", days=3.0))
    _, drawn = tell(book=book, world=world, now=NOW, days=20)
    path = tmp_path / "home" / "scenarios.npz"
    assert read_drawn(path, grid="g") is None
    write_drawn(path, drawn, grid="g")
    found = read_drawn(path, grid="g")
    for name in ("day", "seed", "lead_days"):
        assert getattr(found, name) == getattr(drawn, name)
    for name in ("year", "stress", "running_mw", "lost_unit", "lost_mw", "error"):
        assert np.array_equal(getattr(found, name), getattr(drawn, name))
    assert read_drawn(path, grid="h") is None
    path.write_bytes(path.read_bytes()[:-200])
    assert read_drawn(path, grid="g") is None
    path.write_text("no")
    assert read_drawn(path, grid="g") is None


def test_people_see_the_counts_first_and_then_only_what_changed(book: PostgresBook, world, capsys):
    grant(book, world, ask("gen:4", start=START + 20 * DAY))
    night(book, world)
    show(night(book, world, at=NOW + DAY, write=False, season=SPRING), every=False, written=False)
    quiet = capsys.readouterr().out
    assert quiet.startswith("1 granted outages ahead: 1 firm; 0 climbed, 0 fell.")
    assert "gen:4" not in quiet
    assert "error budget of the season: 0 recalls" in quiet
    found = night(book, with_level(world, 1e6), at=NOW + DAY, write=False)
    show(found, every=False, written=True)
    loud = capsys.readouterr().out
    assert "gen:4" in loud
    assert "night 1 over its bound" in loud
    (row,) = plain(document(found))["outages"]
    assert (row["before"], row["after"], row["nights_over"], row["recall"]) == ("firm", "firm", 1, 1.0)
