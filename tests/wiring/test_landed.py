"""Whoever keeps the world of the files has that of the moment by asking; it is made only when it has to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from moms.wiring.landed import current, current_rules
from moms.wiring.work import StudyProcess
from tests.desk.changing import ADMIN, Changing, asset, chosen, rule
from tests.desk.worlds import ENGINEER, NOW

DAY = timedelta(days=1)


def test_the_world_is_made_anew_where_something_landed_and_where_a_date_turns(book):
    desk = Changing.on(book)
    base = desk.ground.base

    def world(now=NOW):
        return current(book, base, chosen(), now=now)

    first = world()
    assert world() is first
    assert first.grid is base.grid
    may = (NOW + 90 * DAY).isoformat()
    desk.merged(desk.opened(asset("branch:3", "rate_c_mw", 500.0, valid_from=may)))
    second = world()
    assert (second.landed, world()) == (1, second)
    assert second.grid.network.branches.rate_c_mw[2] < 500.0
    then = world(NOW + 91 * DAY)
    assert then.grid.network.branches.rate_c_mw[2] == 500.0
    assert world().grid.digest == second.grid.digest, "a clock that is set back has the world of then"


def test_what_landed_for_another_grid_or_rule_book_is_not_this_worlds(book):
    desk = Changing.on(book)
    desk.merged(desk.opened(asset("branch:3", "rate_c_mw", 500.0), rule("decision", "load_at_risk_mw", 5), actor=ADMIN))
    base = desk.ground.base
    other = replace(base, grid=replace(base.grid, name="another"))
    found = current(book, other, chosen(), now=NOW)
    assert (found.grid is other.grid, found.rules.decision.load_at_risk_mw, found.landed) == (True, 5, 1)
    renamed = replace(base, rules=replace(base.rules, id="another"))
    found = current(book, renamed, chosen(), now=NOW)
    assert found.rules is renamed.rules
    assert found.grid.network.branches.rate_c_mw[2] == 500.0


def test_a_worker_that_runs_has_what_landed_with_its_next_duty(book):
    desk = Changing.on(book)
    mine = StudyProcess(place=_Place(book), base=desk.ground.base, chosen=chosen())  # type: ignore[arg-type]  # its book
    assert mine.world(NOW).rules.version == desk.ground.base.rules.version
    desk.merged(desk.opened(rule("clock", "night_at_h", 3.0), actor=ADMIN), actor=ENGINEER)
    assert mine.world(NOW).rules.clock.night_at_h == 3.0
    assert current_rules(book, chosen(), now=NOW).clock.night_at_h == 3.0


class _Place:
    def __init__(self, book) -> None:
        self.book = book
