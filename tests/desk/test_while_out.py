"""Risk while out: the storm's chance of each contingency times what it does only because the asset is out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from moms.desk.security import secure
from moms.desk.while_out import NotInTheStorm, ranked_while_out, taken_in
from moms.desk.windows import unfiled
from moms.grid import BranchKind
from moms.risk import Lines, StormRisk
from moms.values import Window
from tests.decide.builders import a_crossing, a_cut_off, a_security
from tests.desk.worlds import NOW, START, a_world

HOURS = 6
SPAN = Window(start=START, end=START + timedelta(hours=HOURS))


def a_storm(world, chance) -> StormRisk:
    """A storm over all lines of the world, whose cumulated chances by hour are these, (L, H)."""
    rows = np.flatnonzero(world.grid.network.branches.kind == BranchKind.LINE)
    by_hour = np.broadcast_to(np.asarray(chance, dtype=float), (len(rows), HOURS)).copy()
    nowhere = np.zeros((len(rows), 3))
    return StormRisk(
        lines=Lines(row=rows, latitude=nowhere, longitude=nowhere, length_km=np.ones(len(rows))),
        hour=tuple(START + timedelta(hours=h) for h in range(HOURS)), by_hour=by_hour,
        peril=np.zeros((len(rows), 6)), gust_ms=np.zeros(len(rows)), rating=np.ones(len(rows)), calibrated=False,
    )  # fmt: skip


def ranked(world, storm, *, hours=2, asset="branch:3"):
    outage = unfiled(world, (asset,), window=SPAN, now=NOW)
    return ranked_while_out(world=world, outage=outage, holding=(), storm=storm, hours=hours, now=NOW)


def test_the_chance_of_a_window_is_that_of_failing_in_it_having_stood_before():
    world = a_world()
    grown = np.array([0.1, 0.1, 0.3, 0.3, 0.5, 1.0])
    storm = a_storm(world, grown)
    assert taken_in(storm, 0, 2)[0] == pytest.approx(0.1)
    assert taken_in(storm, 1, 3)[0] == pytest.approx(0.2 / 0.9)
    assert taken_in(storm, 2, 4)[0] == pytest.approx(0.2 / 0.9)
    stays = np.prod([1 - taken_in(storm, h, h + 1)[0] for h in range(5)])
    assert stays == pytest.approx(1 - grown[4])
    assert taken_in(storm, 5, 6)[0] == 1.0
    gone = replace(storm, by_hour=np.ones_like(storm.by_hour))
    assert taken_in(gone, 3, 5)[0] == 1.0


def test_calm_hours_come_first_and_the_sum_is_chance_times_what_it_does_only_because_of_it():
    world = a_world(slack=0.6)
    storm = a_storm(world, [0.0, 0.0, 0.01, 0.2, 0.5, 0.5])
    outage = unfiled(world, ("branch:3",), window=SPAN, now=NOW)
    found = secure(world, outage, (), book="storm", window=outage.window, now=NOW).security
    lines = {int(row) for row in storm.lines.row}
    chances = {c.id: 1 - 0.5 ** len([row for row in c.branches if row in lines]) for c in world.contingencies}
    over = sum(c.over_mw * chances[c.contingency] for c in found.crossings if c.contingency)
    cut = sum(c.load_mw * chances[c.contingency] for c in found.cut_off if c.contingency)
    assert over + cut > 0
    (whole,) = ranked(world, storm, hours=HOURS)
    assert whole.expected_mw == pytest.approx(over + cut)
    windows = ranked(world, storm)
    assert [w.expected_mw for w in windows] == sorted(w.expected_mw for w in windows)
    assert windows[0].label == f"{START:%Y-%m-%dT%H:%MZ}"
    assert windows[0].expected_mw == 0.0
    assert windows[-1].expected_mw > 0
    assert windows[-1].worst in {c.contingency for c in (*found.crossings, *found.cut_off)}


def test_where_nothing_depends_on_it_there_is_no_risk_whatever_the_storm():
    assert {w.expected_mw for w in ranked(a_world(slack=50.0), a_storm(a_world(), 0.9))} == {0.0}


def test_both_overloads_and_load_cut_off_count_and_base_case_rows_do_not():
    from moms.desk.while_out import consequences

    rows = (a_crossing(contingency="branch:9", flow_mw=110.0, limit_mw=100.0),
            a_crossing(contingency="branch:9", element="branch:2", flow_mw=-55.0, limit_mw=50.0),
            a_crossing(contingency=None))  # fmt: skip
    cost = consequences(a_security(crossings=rows, cut_off=(a_cut_off(contingency="branch:9", load_mw=7.0),)))
    assert cost == {"branch:9": pytest.approx(10.0 + 5.0 + 7.0)}


@pytest.mark.parametrize("hours", [0, HOURS + 1])
def test_a_window_that_does_not_fit_is_refused(hours):
    with pytest.raises(NotInTheStorm):
        ranked(a_world(), a_storm(a_world(), 0.1), hours=hours)
